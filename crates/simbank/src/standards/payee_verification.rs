//! Verification of payee as every simulated euro bank answers it: `POST /vop/v1/payee-verifications`
//! (European Payments Council, EPC103-24), on the port that wants a certificate.
//!
//! | the account | the name | answer |
//! |---|---|---|
//! | of a customer here | the holder's, whatever its case, accents, titles and order | `MTCH` |
//! | of a customer here | with initials, a name left out, or up to two wrong letters | `CMTC` and the holder's name |
//! | of a customer here | another | `NMTC` |
//! | of a bank here, of nobody | any | `NMTC` |
//! | elsewhere | any | `NOAP` |

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use serde_json::{Value, json};

use crate::PeerCertificate;
use crate::engine::shared::Shared;

/// Wrong letters that are a slip.
const SLIPS_MAX: usize = 2;
/// Names longer than this are cut before they are compared, in characters.
const NAME_CHARACTERS_MAX: usize = 140;
/// Words that are no part of a name.
const TITLES: [&str; 12] =
    ["mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "mme", "m", "pan", "pani"];
/// Country, check digits and the first digits of the bank code, which IBANs of one bank share.
const BANK_PART: std::ops::Range<usize> = 4..8;

/// `POST /vop/v1/payee-verifications`.
pub(crate) async fn verify(
    State(shared): State<Arc<Shared>>,
    certificate: Option<Extension<PeerCertificate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if certificate.is_none() {
        return refuse(StatusCode::UNAUTHORIZED, "CLIENT_INVALID", "no certificate was shown");
    }
    if !["x-request-id", "x-request-timestamp"].iter().all(|name| headers.contains_key(*name)) {
        let what = "X-Request-ID and X-Request-Timestamp are needed";
        return refuse(StatusCode::BAD_REQUEST, "FORMAT_ERROR", what);
    }
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let name = asked["party"]["name"].as_str().unwrap_or_default();
    let iban = asked["partyAccount"]["iban"].as_str().unwrap_or_default();
    let agent = &asked["requestingAgent"]["financialInstitutionId"]["bicfi"];
    if name.is_empty() || iban.is_empty() || !agent.is_string() {
        let what = "party.name, partyAccount.iban and requestingAgent are needed";
        return refuse(StatusCode::BAD_REQUEST, "FORMAT_ERROR", what);
    }
    let found = shared.commit(|state| {
        let account = state.accounts.get(iban).filter(|account| !account.owner.is_empty());
        let holder = account.map(|account| account.name.clone());
        let bank_is_here = state.accounts.all().iter().any(|(id, account)| {
            !account.owner.is_empty()
                && id.get(..2) == iban.get(..2)
                && id.get(BANK_PART) == iban.get(BANK_PART)
        });
        (holder, bank_is_here)
    });
    match found {
        Ok((Some(holder), _)) => match compare(name, &holder) {
            Likeness::Same => Json(json!({ "partyNameMatch": "MTCH" })).into_response(),
            Likeness::Close => {
                Json(json!({ "partyNameMatch": "CMTC", "matchedName": holder })).into_response()
            }
            Likeness::Other => Json(json!({ "partyNameMatch": "NMTC" })).into_response(),
        },
        Ok((None, true)) => Json(json!({ "partyNameMatch": "NMTC" })).into_response(),
        Ok((None, false)) => Json(json!({ "partyNameMatch": "NOAP" })).into_response(),
        Err(_) => refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL_SERVER_ERROR",
            "the state cannot be kept",
        ),
    }
}

fn refuse(status: StatusCode, code: &str, text: &str) -> Response {
    (status, Json(json!({ "code": code, "additionalInformation": text }))).into_response()
}

/// How near two names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    Close,
    Other,
}

fn compare(asked: &str, holder: &str) -> Likeness {
    let (mut asked, mut holder) = (words(asked), words(holder));
    asked.sort();
    holder.sort();
    if asked == holder {
        return Likeness::Same;
    }
    let initials = asked.len() == holder.len()
        && asked.iter().zip(&holder).all(|(one, two)| {
            one == two || (one.chars().count() == 1 && two.starts_with(one.as_str()))
        })
        && asked.iter().any(|word| word.chars().count() > 1);
    let left_out = !asked.is_empty()
        && asked.iter().all(|word| word.chars().count() > 1 && holder.contains(word));
    let slips = strsim::levenshtein(&asked.concat(), &holder.concat()) <= SLIPS_MAX;
    if initials || left_out || slips { Likeness::Close } else { Likeness::Other }
}

/// The words of a name in lower case, without accents and titles.
fn words(name: &str) -> Vec<String> {
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::is_combining_mark;
    let plain: String = name
        .chars()
        .take(NAME_CHARACTERS_MAX)
        .nfd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase)
        .map(|letter| if letter.is_alphanumeric() { letter } else { ' ' })
        .collect();
    plain
        .split_whitespace()
        .filter(|word| !TITLES.contains(word))
        .map(|word| word.replace('ł', "l"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_close_or_other() {
        for (asked, holder, likeness) in [
            ("Lena Lindner", "Lena Lindner", Likeness::Same),
            ("LINDNER, Lena", "Lena Lindner", Likeness::Same),
            ("Frau Dr. Lena Lindner", "Lena Lindner", Likeness::Same),
            ("Helene Hetre", "Hélène Hêtre", Likeness::Same),
            ("Lukasz Dab", "Łukasz Dąb", Likeness::Same),
            ("L. Lindner", "Lena Lindner", Likeness::Close),
            ("Lena Lindnar", "Lena Lindner", Likeness::Close),
            ("Lindner", "Lena Lindner", Likeness::Close),
            ("L L", "Lena Lindner", Likeness::Other),
            ("L", "Lena Lindner", Likeness::Other),
            ("Hans Albers", "Lena Lindner", Likeness::Other),
            ("...", "Lena Lindner", Likeness::Other),
            ("Lena Schmidt", "Lena Lindner", Likeness::Other),
        ] {
            assert_eq!(compare(asked, holder), likeness, "{asked} / {holder}");
        }
    }
}
