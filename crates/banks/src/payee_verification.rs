//! Verification of payee: does the name belong to the account?
//!
//! The question goes to a routing and verification mechanism (RVM) or a responding bank, in the
//! form of the European Payments Council's scheme (EPC103-24, inter-PSP API, `POST
//! /payee-verifications`) as we read it. It moves nothing and may be asked again.

use std::sync::Arc;

use domain::ids::random_uuid;
use domain::seams::{Clock, Ids};
use serde::{Deserialize, Serialize};

use crate::wire::{ClientCertificate, Request, Wire};

/// The longest name of an answer that is kept, in characters (ISO 20022 `Max140Text`).
pub const NAME_CHARACTERS_MAX: usize = 140;

/// Where payees are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationService {
    /// The address below which `/payee-verifications` is, without a trailing slash.
    pub base_url: String,
    /// BIC with which we take part in the scheme.
    pub bic: String,
}

/// The surroundings of one question.
pub struct Surroundings<'a> {
    /// The network.
    pub wire: &'a dyn Wire,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub ids: &'a dyn Ids,
    /// Our QWAC, which the scheme wants.
    pub client_certificate: Option<Arc<ClientCertificate>>,
    /// How long the answer may take, in milliseconds. The scheme allows a responding bank five
    /// seconds.
    pub timeout_ms: u64,
}

/// The answer of the payee's bank about the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum NameMatch {
    /// It is the holder's.
    Match,
    /// It is nearly the holder's.
    CloseMatch {
        /// The holder's name, if the bank returns it.
        name: Option<String>,
    },
    /// It is not the holder's.
    NoMatch,
    /// Nobody could say.
    NotPossible,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    party: Party<'a>,
    party_account: Account<'a>,
    requesting_agent: Agent<'a>,
}

#[derive(Serialize)]
struct Party<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Account<'a> {
    iban: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Agent<'a> {
    financial_institution_id: Institution<'a>,
}

#[derive(Serialize)]
struct Institution<'a> {
    bicfi: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    party_name_match: String,
    #[serde(default)]
    matched_name: Option<String>,
}

/// Asks whether `name` is the holder of `iban`. Without an answer the result is
/// [`NameMatch::NotPossible`]; the second part is the reason, for an operator.
pub async fn verify(
    service: &VerificationService,
    around: &Surroundings<'_>,
    iban: &str,
    name: &str,
) -> (NameMatch, Option<String>) {
    match ask(service, around, iban, name).await {
        Ok(found) => (found, None),
        Err(why) => (NameMatch::NotPossible, Some(why)),
    }
}

async fn ask(
    service: &VerificationService,
    around: &Surroundings<'_>,
    iban: &str,
    name: &str,
) -> Result<NameMatch, String> {
    let question = Question {
        party: Party { name },
        party_account: Account { iban },
        requesting_agent: Agent { financial_institution_id: Institution { bicfi: &service.bic } },
    };
    let body = serde_json::to_vec(&question).map_err(|error| error.to_string())?;
    let header = |name: &str, value: String| (name.to_owned(), value);
    let request = Request {
        operation: "verify-payee",
        method: http::Method::POST,
        url: format!("{}/payee-verifications", service.base_url),
        headers: vec![
            header("accept", "application/json".to_owned()),
            header("content-type", "application/json".to_owned()),
            header("x-request-id", random_uuid(around.ids)),
            header("x-request-timestamp", around.clock.now().to_string()),
        ],
        body,
        timeout_ms: around.timeout_ms,
        client_certificate: around.client_certificate.clone(),
        tls_authorities: None,
    };
    let response = around.wire.send(request).await.map_err(|error| error.to_string())?;
    if response.status != 200 {
        return Err(format!("HTTP status {}", response.status));
    }
    let answer: Answer = serde_json::from_slice(&response.body)
        .map_err(|error| format!("the answer cannot be read: {error}"))?;
    match answer.party_name_match.as_str() {
        "MTCH" => Ok(NameMatch::Match),
        "CMTC" => {
            let name =
                answer.matched_name.map(|name| name.chars().take(NAME_CHARACTERS_MAX).collect());
            Ok(NameMatch::CloseMatch { name })
        }
        "NMTC" => Ok(NameMatch::NoMatch),
        "NOAP" => Ok(NameMatch::NotPossible),
        other => {
            let shown: String = other.chars().take(35).collect();
            Err(format!("`partyNameMatch` is `{shown}`, which the scheme does not have"))
        }
    }
}
