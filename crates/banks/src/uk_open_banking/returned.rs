//! The payer's way back (OBIE Security Profile; FAPI 1.0 Advanced; OpenID Connect Core; JARM).
//!
//! Three ways. Hybrid: the `id_token` in front is the signature under the code, the state and the
//! consent. JARM: the whole answer is signed, and the `id_token` that names the consent comes with the
//! access token. OAuth 2.0 alone: nothing is signed, so the verifier binds the code (RFC 7636). In
//! every way only the bank's own word ends an approval: an unsigned error is a reason to ask it.

use aws_lc_rs::digest::{SHA256, digest};
use domain::authorisation::Attempt;
use domain::bank::ConsentProgress;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::authorise::uses_pkce;
use super::status::has_reasons_in;
use super::{UkOpenBanking, client_id, settings};
use crate::approvals::{Approval, Pending};
use crate::call::Call;
use crate::error::{AuthorisationError, BankError, words};
use crate::jose::{CLOCK_SKEW_S, JoseError, KeySet, encode, verify_compact};
use crate::payments::PaymentOrder;
use crate::profile::{Flow, IdTokenClaim, RejectionReasonPlace};
use crate::psu_return::Returned;
use crate::token::{AccessToken, Proof};

/// An `exp` from here on, in the year 5138, is in milliseconds: read as seconds, it would never pass.
const EXPIRY_S_MAX: i64 = 100_000_000_000;

#[derive(Deserialize)]
struct IdTokenClaims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: Option<i64>,
    nonce: Option<String>,
    c_hash: Option<String>,
    s_hash: Option<String>,
    openbanking_intent_id: Option<String>,
}

/// JARM, section 4.1.
#[derive(Deserialize)]
struct ResponseClaims {
    iss: String,
    aud: Audience,
    exp: i64,
    code: Option<String>,
    state: String,
    error: Option<String>,
    error_description: Option<String>,
}

/// The contents of a bank's signed response.
enum SignedResponse {
    Code(String),
    /// RFC 6749, section 4.1.2.1.
    Error {
        code: String,
        description: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, client_id: &str) -> bool {
        match self {
            Audience::One(audience) => audience == client_id,
            Audience::Many(audiences) => audiences.iter().any(|audience| audience == client_id),
        }
    }

    fn is_several(&self) -> bool {
        matches!(self, Audience::Many(audiences) if audiences.len() > 1)
    }
}

/// `c_hash` and `s_hash`: the left half of the SHA-256, in base64url.
fn left_half_hash(text: &str) -> String {
    encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

/// The required values of an `id_token`.
struct Expected<'a> {
    attempt: &'a Attempt,
    consent_id: &'a str,
    code: &'a str,
    /// Whether it came with the browser; then it is all that binds code and state.
    in_front: bool,
}

fn claims_of<T: DeserializeOwned>(token: &str, keys: &KeySet) -> Result<T, JoseError> {
    serde_json::from_slice(&verify_compact(token, keys)?)
        .map_err(|_| JoseError::Malformed("without the claims it must have"))
}

fn is_issuer(call: &Call<'_>, iss: &str) -> bool {
    settings(call.bank).is_ok_and(|bank| iss == bank.token_issuer())
}

fn first_broken(rules: &[(&'static str, bool)]) -> Result<(), JoseError> {
    match rules.iter().find(|(_, holds)| !holds) {
        Some((name, _)) => Err(JoseError::Claim(name)),
        None => Ok(()),
    }
}

fn check_id_token(
    call: &Call<'_>,
    keys: &KeySet,
    expected: &Expected<'_>,
    id_token: &str,
) -> Result<(), JoseError> {
    let claims: IdTokenClaims = claims_of(id_token, keys)?;
    let client_id = client_id(call);
    let now_s = call.clock.now().as_second();
    let latest_iat = now_s.saturating_add(CLOCK_SKEW_S);
    let several = claims.aud.is_several();
    let attempt = expected.attempt;
    let rules = settings(call.bank).map(|bank| bank.id_token.clone()).unwrap_or_default();
    let lacks = |claim| rules.may_lack(claim, expected.in_front);
    let is = |claimed: &Option<String>, wanted: &str, may_lack: bool| match claimed {
        Some(claimed) => claimed == wanted,
        None => may_lack,
    };
    // In front both hashes must be there; behind they may, and then must fit.
    let behind = !expected.in_front;
    let s_hash_may_lack = behind || lacks(IdTokenClaim::SHash);
    let exp_s = if rules.exp_in_milliseconds { claims.exp / 1000 } else { claims.exp };
    let consent = &claims.openbanking_intent_id;
    first_broken(&[
        ("iss", is_issuer(call, &claims.iss)),
        ("aud", claims.aud.names(client_id)),
        ("azp", claims.azp.as_deref().map_or(!several, |azp| azp == client_id)),
        ("exp", now_s < exp_s.saturating_add(CLOCK_SKEW_S) && exp_s < EXPIRY_S_MAX),
        ("iat", claims.iat.is_none_or(|iat| iat <= latest_iat)),
        ("nonce", is(&claims.nonce, &attempt.nonce, lacks(IdTokenClaim::Nonce))),
        ("c_hash", is(&claims.c_hash, &left_half_hash(expected.code), behind)),
        ("s_hash", is(&claims.s_hash, &left_half_hash(&attempt.oauth_state), s_hash_may_lack)),
        (
            "openbanking_intent_id",
            is(consent, expected.consent_id, lacks(IdTokenClaim::OpenbankingIntentId)),
        ),
    ])
}

fn check_response(
    call: &Call<'_>,
    keys: &KeySet,
    attempt: &Attempt,
    response: &str,
) -> Result<SignedResponse, JoseError> {
    let claims: ResponseClaims = claims_of(response, keys)?;
    let now_s = call.clock.now().as_second();
    let code = claims.code.filter(|code| !code.is_empty());
    first_broken(&[
        ("iss", is_issuer(call, &claims.iss)),
        ("aud", claims.aud.names(client_id(call))),
        ("exp", now_s < claims.exp.saturating_add(CLOCK_SKEW_S)),
        ("state", claims.state == attempt.oauth_state),
        ("code", code.is_some() != claims.error.is_some()),
    ])?;
    Ok(match (code, claims.error) {
        (Some(code), _) => SignedResponse::Code(code),
        (None, error) => SignedResponse::Error {
            code: error.unwrap_or_default(),
            description: claims.error_description,
        },
    })
}

fn unproven(text: impl Into<String>) -> AuthorisationError {
    AuthorisationError::Unproven(text.into())
}

/// Any error after the code was used loses the access token.
fn spent(error: AuthorisationError) -> AuthorisationError {
    match error {
        lost @ AuthorisationError::GrantLost(_) => lost,
        AuthorisationError::Unproven(text) => AuthorisationError::GrantLost(text),
        AuthorisationError::Bank(error) => AuthorisationError::GrantLost(error.to_string()),
    }
}

/// Whether the return carries an authorisation code, which works once.
pub(super) fn has_code(returned: &Returned) -> bool {
    returned.get("code").is_some() || returned.get("response").is_some()
}

impl UkOpenBanking {
    /// Verifies the browser's return and exchanges it for the payer's token. The gateway does not believe an
    /// error that the bank did not sign: the consent shows whether the payer declined.
    pub(super) async fn returned(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        pending: Pending<'_>,
        returned: &Returned,
    ) -> Result<Approval, AuthorisationError> {
        let attempt = pending.attempt;
        let consent_id = pending.consent_id.unwrap_or_default();
        if returned.state != attempt.oauth_state {
            return Err(unproven("`state` is another's"));
        }
        // RFC 9207.
        if returned.get("iss").is_some_and(|iss| !is_issuer(call, iss)) {
            return Err(unproven("`iss` is another bank's"));
        }
        let granted = |token| Approval::Granted {
            consent_id: consent_id.to_owned(),
            proof: Proof::Token(token),
        };
        if let Some(response) = returned.get("response") {
            let check = |keys: &KeySet| check_response(call, keys, attempt, response);
            return match self.verified(call, "response", check).await? {
                SignedResponse::Code(code) => {
                    self.exchange(call, order, pending, (&code, true)).await.map(granted)
                }
                SignedResponse::Error { code, description } if code == "access_denied" => {
                    Ok(Approval::Declined { reason: description.as_deref().map(words) })
                }
                SignedResponse::Error { .. } => Ok(self.approval(call, order, consent_id).await?),
            };
        }
        let (None, Some(code)) = (returned.get("error"), returned.get("code")) else {
            let said = returned.get("error_description").map(words);
            let asked = self.approval(call, order, consent_id).await?;
            return Ok(match asked {
                // The bank says so itself, so its words in the return may be the reason.
                Approval::Declined { reason: None }
                    if has_reasons_in(call.bank, RejectionReasonPlace::Redirect) =>
                {
                    Approval::Declined { reason: said }
                }
                other => other,
            });
        };
        // Without OpenID nothing is signed: our verifier binds the code to this payer's browser.
        if settings(call.bank).is_ok_and(|bank| bank.flow == Flow::Code) {
            return self.exchange(call, order, pending, (code, false)).await.map(granted);
        }
        let id_token = returned.get("id_token").ok_or_else(|| unproven("`id_token` is missing"))?;
        let expected = Expected { attempt, consent_id, code, in_front: true };
        self.verified(call, "id_token", |keys| check_id_token(call, keys, &expected, id_token))
            .await?;
        self.exchange(call, order, pending, (code, false)).await.map(granted)
    }

    /// The access token for a code that the bank has signed. `behind`: the `id_token` comes with it.
    async fn exchange(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        pending: Pending<'_>,
        (code, behind): (&str, bool),
    ) -> Result<AccessToken, AuthorisationError> {
        let attempt = pending.attempt;
        let consent_id = pending.consent_id.unwrap_or_default();
        let verifier =
            uses_pkce(settings(call.bank)?, behind).then_some(attempt.code_verifier.as_str());
        let exchanged = self.exchange_code(call, code, verifier).await;
        let exchanged = exchanged.map_err(|error| AuthorisationError::of_exchange(error, true));
        let (grant, id_token) = match exchanged {
            Ok(exchanged) => exchanged,
            Err(AuthorisationError::GrantLost(text)) => {
                // The bank's own word on the consent decides if it has one.
                if let Ok(ConsentProgress::Rejected) =
                    self.read_consent(call, order, consent_id).await
                {
                    let text = "the bank withdrew the consent".to_owned();
                    let refused = BankError::refused(None, 0, text);
                    return Err(refused.into());
                }
                return Err(AuthorisationError::GrantLost(text));
            }
            Err(error) => return Err(error),
        };
        if behind {
            let missing = || spent(unproven("`id_token` did not come with the token"));
            let id_token = id_token.ok_or_else(missing)?;
            let expected = Expected { attempt, consent_id, code, in_front: false };
            self.verified(call, "id_token", |keys| {
                check_id_token(call, keys, &expected, &id_token)
            })
            .await
            .map_err(spent)?;
        }
        Ok(grant)
    }

    /// The state of the approval, from the consent. An authorised consent is useless without the
    /// code in the browser's return.
    pub(super) async fn approval(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        consent_id: &str,
    ) -> Result<Approval, BankError> {
        Ok(match self.read_consent(call, order, consent_id).await? {
            ConsentProgress::Rejected => Approval::Declined { reason: None },
            ConsentProgress::AwaitingAuthorisation
            | ConsentProgress::Authorised
            | ConsentProgress::Consumed => Approval::Waiting,
        })
    }

    /// Checks with the known keys, and once more with the bank's newer ones where they may help.
    async fn verified<T>(
        &self,
        call: &Call<'_>,
        what: &str,
        check: impl Fn(&KeySet) -> Result<T, JoseError>,
    ) -> Result<T, AuthorisationError> {
        let known = self.keys(call).await?;
        let checked = match check(&known) {
            Err(JoseError::UnknownKey) => check(&*self.newer_keys(call).await?),
            first => first,
        };
        checked.map_err(|error| unproven(format!("{what}: {error}")))
    }
}
