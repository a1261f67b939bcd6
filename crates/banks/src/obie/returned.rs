//! The payer's way back (OBIE Security Profile; FAPI 1.0 Advanced; OpenID Connect Core; JARM).
//!
//! Two ways, and nothing is believed without the bank's signature. Hybrid: the `id_token` in front
//! is the signature under the code, the state and the consent. JARM: the whole answer is signed, and
//! the `id_token` that names the consent comes with the access token.

use aws_lc_rs::digest::{SHA256, digest};
use domain::payment::Attempt;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::authorise::uses_pkce;
use super::{Obie, settings};
use crate::error::AuthorisationError;
use crate::jose::{CLOCK_SKEW_S, JoseError, KeySet, encode, verify_compact};
use crate::protocol::{AccessGrant, Call};
use crate::psu_return::Returned;

#[derive(Deserialize)]
struct IdTokenClaims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: Option<i64>,
    nonce: String,
    c_hash: Option<String>,
    s_hash: Option<String>,
    openbanking_intent_id: String,
}

/// JARM, section 4.1.
#[derive(Deserialize)]
struct ResponseClaims {
    iss: String,
    aud: Audience,
    exp: i64,
    code: String,
    state: String,
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

/// What an `id_token` must fit.
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
    settings(call.bank).is_ok_and(|bank| iss == bank.issuer)
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
    let client_id = call.identity.client_id.as_str();
    let now_s = call.clock.now().as_second();
    let latest_iat = now_s.saturating_add(CLOCK_SKEW_S);
    let several = claims.aud.is_several();
    let attempt = expected.attempt;
    // In front both hashes must be there; behind they may, and then must fit.
    let hash_fits = |claimed: &Option<String>, text: &str| match claimed {
        Some(claimed) => *claimed == left_half_hash(text),
        None => !expected.in_front,
    };
    first_broken(&[
        ("iss", is_issuer(call, &claims.iss)),
        ("aud", claims.aud.names(client_id)),
        ("azp", claims.azp.as_deref().map_or(!several, |azp| azp == client_id)),
        ("exp", now_s < claims.exp.saturating_add(CLOCK_SKEW_S)),
        ("iat", claims.iat.is_none_or(|iat| iat <= latest_iat)),
        ("nonce", claims.nonce == attempt.nonce),
        ("c_hash", hash_fits(&claims.c_hash, expected.code)),
        ("s_hash", hash_fits(&claims.s_hash, &attempt.oauth_state)),
        ("openbanking_intent_id", claims.openbanking_intent_id == expected.consent_id),
    ])
}

/// The code of a signed response.
fn check_response(
    call: &Call<'_>,
    keys: &KeySet,
    attempt: &Attempt,
    response: &str,
) -> Result<String, JoseError> {
    let claims: ResponseClaims = claims_of(response, keys)?;
    let now_s = call.clock.now().as_second();
    first_broken(&[
        ("iss", is_issuer(call, &claims.iss)),
        ("aud", claims.aud.names(&call.identity.client_id)),
        ("exp", now_s < claims.exp.saturating_add(CLOCK_SKEW_S)),
        ("state", claims.state == attempt.oauth_state),
        ("code", !claims.code.is_empty()),
    ])?;
    Ok(claims.code)
}

fn invalid(text: impl Into<String>) -> AuthorisationError {
    AuthorisationError::Invalid(text.into())
}

impl Obie {
    /// Verifies what the browser brought and exchanges it for the payer's token.
    pub(super) async fn redeem(
        &self,
        call: &Call<'_>,
        attempt: &Attempt,
        consent_id: &str,
        returned: &Returned,
    ) -> Result<AccessGrant, AuthorisationError> {
        if returned.state != attempt.oauth_state {
            return Err(invalid("`state` is another's"));
        }
        let response = returned.get("response");
        let verifier = uses_pkce(settings(call.bank)?, response.is_some())
            .then_some(attempt.code_verifier.as_str());
        let Some(response) = response else {
            let code = returned.get("code").ok_or_else(|| invalid("`code` is missing"))?;
            let id_token =
                returned.get("id_token").ok_or_else(|| invalid("`id_token` is missing"))?;
            let expected = Expected { attempt, consent_id, code, in_front: true };
            self.verified(call, "id_token", |keys| check_id_token(call, keys, &expected, id_token))
                .await?;
            return Ok(self.exchange_code(call, code, verifier).await?.0);
        };
        let code = self
            .verified(call, "response", |keys| check_response(call, keys, attempt, response))
            .await?;
        let (grant, id_token) = self.exchange_code(call, &code, verifier).await?;
        let id_token = id_token.ok_or_else(|| invalid("`id_token` did not come with the token"))?;
        let expected = Expected { attempt, consent_id, code: &code, in_front: false };
        self.verified(call, "id_token", |keys| check_id_token(call, keys, &expected, &id_token))
            .await?;
        Ok(grant)
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
        checked.map_err(|error| invalid(format!("{what}: {error}")))
    }
}
