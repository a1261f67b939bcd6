//! The payer's way to the bank and back (OBIE Security Profile; FAPI 1.0 Advanced; OpenID Connect
//! Core, hybrid flow with `code id_token`).
//!
//! On the way there, what is asked is signed by us. On the way back, the `id_token` is the bank's
//! signature under the code and the state: only with it are they believed.

use aws_lc_rs::digest::{SHA256, digest};
use domain::ids::random_uuid;
use domain::payment::Attempt;
use serde::{Deserialize, Serialize};
use url::Url;

use super::discovery::Discovery;
use super::{Obie, settings, signing_failed};
use crate::error::{AuthorisationError, BankError};
use crate::jose::{CLOCK_SKEW_S, JoseError, KeySet, encode, sign_compact, verify_compact};
use crate::profile::ResponseMode;
use crate::protocol::Call;
use crate::psu_return::Returned;

const RESPONSE_TYPE: &str = "code id_token";
const SCOPE: &str = "openid payments";
/// FAPI 1.0 Advanced, section 5.2.2: `exp` at most 60 minutes after `nbf`.
const REQUEST_LIFETIME_S: i64 = 3600;
/// `nbf` lies this much back, for a bank whose clock is behind.
const NOT_BEFORE_S: i64 = 30;
/// "The payer was strongly authenticated", in the standard's words.
const SCA: &str = "urn:openbanking:psd2:sca";

#[derive(Serialize)]
struct RequestObject<'a> {
    iss: &'a str,
    aud: &'a str,
    client_id: &'a str,
    response_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mode: Option<&'static str>,
    redirect_uri: &'a str,
    scope: &'static str,
    state: &'a str,
    nonce: &'a str,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    claims: RequestedClaims<'a>,
}

#[derive(Serialize)]
struct RequestedClaims<'a> {
    id_token: RequestedIdToken<'a>,
}

#[derive(Serialize)]
struct RequestedIdToken<'a> {
    openbanking_intent_id: IntentId<'a>,
    acr: AuthenticationClass,
}

#[derive(Serialize)]
struct IntentId<'a> {
    value: &'a str,
    essential: bool,
}

#[derive(Serialize)]
struct AuthenticationClass {
    values: [&'static str; 1],
    essential: bool,
}

#[derive(Deserialize)]
struct IdTokenClaims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: Option<i64>,
    nonce: String,
    c_hash: String,
    s_hash: String,
    openbanking_intent_id: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

fn ask(
    call: &Call<'_>,
    discovery: &Discovery,
    consent_id: &str,
    attempt: &Attempt,
) -> Result<String, BankError> {
    let (state, nonce) = (attempt.oauth_state.as_str(), attempt.nonce.as_str());
    let now_s = call.clock.now().as_second();
    let not_before_s = now_s.saturating_sub(NOT_BEFORE_S);
    let mode = discovery.response_mode(settings(call.bank)?);
    // Fragment is the flow's default, and some banks refuse a mode they need not be told.
    let response_mode = (mode != ResponseMode::Fragment).then_some(mode.word());
    let identity = call.identity;
    let claims = RequestObject {
        iss: &identity.client_id,
        aud: &discovery.issuer,
        client_id: &identity.client_id,
        response_type: RESPONSE_TYPE,
        response_mode,
        redirect_uri: &identity.redirect_uri,
        scope: SCOPE,
        state,
        nonce,
        jti: random_uuid(call.ids),
        iat: now_s,
        nbf: not_before_s,
        exp: not_before_s.saturating_add(REQUEST_LIFETIME_S),
        claims: RequestedClaims {
            id_token: RequestedIdToken {
                openbanking_intent_id: IntentId { value: consent_id, essential: true },
                acr: AuthenticationClass { values: [SCA], essential: true },
            },
        },
    };
    let object = sign_compact(&identity.signing_key, &claims).map_err(signing_failed)?;
    let mut url = Url::parse(&discovery.authorization_endpoint)
        .map_err(|_| BankError::malformed("discovery: `authorization_endpoint`", b""))?;
    url.query_pairs_mut()
        .append_pair("response_type", RESPONSE_TYPE)
        .append_pair("client_id", &identity.client_id)
        .append_pair("redirect_uri", &identity.redirect_uri)
        .append_pair("scope", SCOPE)
        .append_pair("state", state)
        .append_pair("nonce", nonce)
        .extend_pairs(response_mode.map(|mode| ("response_mode", mode)))
        .append_pair("request", &object);
    Ok(url.into())
}

/// `c_hash` and `s_hash`: the left half of the SHA-256, in base64url.
fn left_half_hash(text: &str) -> String {
    encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

fn answer(
    call: &Call<'_>,
    keys: &KeySet,
    attempt: &Attempt,
    consent_id: &str,
    (code, id_token): (&str, &str),
) -> Result<(), JoseError> {
    let claims = verify_compact(id_token, keys)?;
    let claims: IdTokenClaims = serde_json::from_slice(&claims)
        .map_err(|_| JoseError::Malformed("id_token without the claims it must have"))?;
    let client_id = call.identity.client_id.as_str();
    let for_us = match &claims.aud {
        Audience::One(audience) => audience == client_id,
        Audience::Many(audiences) => audiences.iter().any(|audience| audience == client_id),
    };
    let several = matches!(&claims.aud, Audience::Many(audiences) if audiences.len() > 1);
    let now_s = call.clock.now().as_second();
    let latest_iat = now_s.saturating_add(CLOCK_SKEW_S);
    let rules = [
        ("iss", settings(call.bank).is_ok_and(|bank| claims.iss == bank.issuer)),
        ("aud", for_us),
        ("azp", claims.azp.as_deref().map_or(!several, |azp| azp == client_id)),
        ("exp", now_s < claims.exp.saturating_add(CLOCK_SKEW_S)),
        ("iat", claims.iat.is_none_or(|iat| iat <= latest_iat)),
        ("nonce", claims.nonce == attempt.nonce),
        ("c_hash", claims.c_hash == left_half_hash(code)),
        ("s_hash", claims.s_hash == left_half_hash(&attempt.oauth_state)),
        ("openbanking_intent_id", claims.openbanking_intent_id == consent_id),
    ];
    match rules.into_iter().find(|(_, holds)| !holds) {
        Some((name, _)) => Err(JoseError::Claim(name)),
        None => Ok(()),
    }
}

impl Obie {
    pub(super) async fn authorisation_url(
        &self,
        call: &Call<'_>,
        consent_id: &str,
        attempt: &Attempt,
    ) -> Result<String, BankError> {
        ask(call, &*self.discovery(call).await?, consent_id, attempt)
    }

    /// The verified code.
    pub(super) async fn verify_return(
        &self,
        call: &Call<'_>,
        attempt: &Attempt,
        consent_id: &str,
        returned: &Returned,
    ) -> Result<String, AuthorisationError> {
        let invalid = |text: &str| AuthorisationError::Invalid(text.to_owned());
        if returned.state != attempt.oauth_state {
            return Err(invalid("`state` is another's"));
        }
        let code = returned.get("code").ok_or_else(|| invalid("`code` is missing"))?;
        let id_token = returned.get("id_token").ok_or_else(|| invalid("`id_token` is missing"))?;
        let brought = (code, id_token);
        let keys = self.keys(call).await?;
        let verified = match answer(call, &keys, attempt, consent_id, brought) {
            Err(JoseError::UnknownKey) => {
                answer(call, &*self.newer_keys(call).await?, attempt, consent_id, brought)
            }
            first => first,
        };
        verified.map_err(|error| AuthorisationError::Invalid(format!("id_token: {error}")))?;
        Ok(code.to_owned())
    }
}
