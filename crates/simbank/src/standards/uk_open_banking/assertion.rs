//! Client authentication `private_key_jwt` (OpenID Connect Core, section 9; RFC 7523): an assertion
//! signed with PS256 or ES256 whose `iss` and `sub` are the client id, whose `aud` is the token
//! endpoint or the issuer, and whose `jti` was not used before.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::token::{
    CLOCK_SKEW_SECONDS, TokenError, address, has_audience, numeric_date, server_error, token_issuer,
};
use crate::engine::banks::Bank;
use crate::engine::jose::verify_jwt;
use crate::engine::shared::{Client, Shared};
use crate::engine::state::{UsedAssertion, after_seconds};

/// An assertion may be valid for at most this long from now.
const MAXIMUM_ASSERTION_SECONDS: i64 = 3600;
const MAXIMUM_JTI_LENGTH: usize = 255;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client that an assertion is from.
pub(crate) fn authenticate(
    shared: &Shared,
    bank: &Bank,
    form: &HashMap<String, String>,
) -> Result<Arc<Client>, TokenError> {
    if form.get("client_assertion_type").map(String::as_str) != Some(ASSERTION_TYPE) {
        return Err(TokenError::client("client_assertion_type is not jwt-bearer"));
    }
    let assertion = form
        .get("client_assertion")
        .ok_or_else(|| TokenError::client("client_assertion is missing"))?;
    // Which client it claims to be; nothing of this is believed before the signature is verified.
    let claimed = assertion
        .split('.')
        .nth(1)
        .and_then(crate::engine::jose::from_base64url)
        .and_then(|json| serde_json::from_slice::<Value>(&json).ok())
        .and_then(|claims| claims["sub"].as_str().map(str::to_owned))
        .ok_or_else(|| TokenError::client("the client assertion has no sub"))?;
    let client = shared
        .client(bank, &claimed)
        .ok_or_else(|| TokenError::client("the client is not registered"))?;
    let claims = verify_jwt(assertion, &client.keys)
        .map_err(|reason| TokenError::client(format!("the client assertion: {reason}")))?;
    let now = shared.now();
    let audiences = match bank.uk_open_banking().assertion_audience {
        "" => {
            let address = address(shared, bank);
            let issuer = token_issuer(shared, bank);
            vec![issuer, format!("{address}/token"), format!("{address}/par")]
        }
        only => vec![only.to_owned()],
    };
    let (jti, expires_at) =
        check_assertion(&claims, &claimed, &audiences, now).map_err(TokenError::client)?;
    if form.get("client_id").is_some_and(|client_id| *client_id != claimed) {
        return Err(TokenError::client("client_id is not the assertion's sub"));
    }
    let key = format!("{}|{claimed}|{jti}", bank.id);
    let fresh = shared.commit(|state| {
        if state.used_assertions.get(&key).is_some_and(|used| used.expires_at > now) {
            return false;
        }
        let row = UsedAssertion { expires_at };
        state.used_assertions.put(&key, row, now, &mut state.changes);
        true
    });
    match fresh {
        Ok(true) => Ok(client),
        Ok(false) => Err(TokenError::client("the client assertion's jti was used before")),
        Err(_) => Err(server_error()),
    }
}

/// The `jti` of a good assertion and until when it must be remembered.
fn check_assertion(
    claims: &Map<String, Value>,
    client_id: &str,
    audiences: &[String],
    now: Timestamp,
) -> Result<(String, Timestamp), &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(client_id) {
        return Err("the client assertion's iss is not its sub");
    }
    if !has_audience(claims, audiences) {
        return Err("the client assertion's aud is not this bank");
    }
    let seconds = now.as_second();
    let expires = numeric_date(claims, "exp").ok_or("the client assertion has no exp")?;
    if expires <= seconds - CLOCK_SKEW_SECONDS {
        return Err("the client assertion has expired");
    }
    if expires > seconds.saturating_add(MAXIMUM_ASSERTION_SECONDS + CLOCK_SKEW_SECONDS) {
        return Err("the client assertion is valid for more than an hour");
    }
    for name in ["iat", "nbf"] {
        if numeric_date(claims, name).is_some_and(|at| at > seconds + CLOCK_SKEW_SECONDS) {
            return Err("the client assertion is not valid yet");
        }
    }
    let jti = text("jti").ok_or("the client assertion has no jti")?;
    if jti.is_empty() || jti.len() > MAXIMUM_JTI_LENGTH {
        return Err("the client assertion's jti is empty or too long");
    }
    let remember_until = after_seconds(now, expires - seconds + CLOCK_SKEW_SECONDS);
    Ok((jti.to_owned(), remember_until))
}
