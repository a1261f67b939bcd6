//! Discovery, keys and the token endpoint (RFC 6749, OpenID Connect Core 1.0, FAPI 1 Advanced).
//!
//! Clients authenticate with `private_key_jwt` (RFC 7523): an assertion signed with PS256 or ES256
//! whose `iss` and `sub` are the client id, whose `aud` is the token endpoint or the issuer, and
//! whose `jti` was not used before. Two grants: `client_credentials` gives a token for consents and
//! for reading orders; `authorization_code` gives a token bound to the consent the PSU authorised.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::banks::{self, Bank};
use crate::jose::{base64url, sha256, verify_jwt};
use crate::shared::{Client, Shared};
use crate::state::{self, Token, UsedAssertion, after_seconds};

const ACCESS_TOKEN_SECONDS: i64 = 3600;
/// How far a client's clock may differ from the bank's.
pub(crate) const CLOCK_SKEW_SECONDS: i64 = 60;
/// An assertion may be valid for at most this long from now.
const MAXIMUM_ASSERTION_SECONDS: i64 = 3600;
const MAXIMUM_JTI_LENGTH: usize = 255;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How the PSU was authenticated: with strong customer authentication.
pub(crate) const ACR_SCA: &str = "urn:openbanking:psd2:sca";

/// The issuer of a bank.
pub(crate) fn issuer(shared: &Shared, bank: &Bank) -> String {
    format!("{}/{}", shared.base_url, bank.id)
}

/// `GET /{bank}/.well-known/openid-configuration` (OpenID Connect Discovery 1.0).
pub(crate) async fn configuration(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
) -> Response {
    let Some(bank) = banks::find(&bank) else { return StatusCode::NOT_FOUND.into_response() };
    let issuer = issuer(&shared, bank);
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "scopes_supported": ["openid", "payments"],
        "response_types_supported": ["code id_token"],
        "response_modes_supported": bank.response_modes,
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "acr_values_supported": [ACR_SCA],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["PS256"],
        "request_object_signing_alg_values_supported": ["PS256", "ES256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["PS256", "ES256"],
        "claims_supported": ["acr", "openbanking_intent_id"],
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": false,
        "require_signed_request_object": true,
    }))
    .into_response()
}

/// `GET /{bank}/jwks`.
pub(crate) async fn jwks(State(shared): State<Arc<Shared>>, Path(bank): Path<String>) -> Response {
    let Some(bank) = banks::find(&bank) else {
        return match crate::continental::polish_api::key_set(&shared, &bank) {
            Some(keys) => Json(keys).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        };
    };
    Json(json!({ "keys": [shared.key.public_jwk(bank.organisation_id)] })).into_response()
}

/// An error answer of the token endpoint (RFC 6749, 5.2).
struct TokenError {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl TokenError {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into() }
    }

    fn client(description: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::new("invalid_client", description) }
    }
}

/// `POST /{bank}/token`.
pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(bank) = banks::find(&bank) else { return StatusCode::NOT_FOUND.into_response() };
    let (status, body) = match grant(&shared, bank, &headers, &body) {
        Ok(body) => (StatusCode::OK, body),
        Err(problem) => {
            let body = json!({ "error": problem.error, "error_description": problem.description });
            (problem.status, body)
        }
    };
    (status, [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")], Json(body)).into_response()
}

fn grant(
    shared: &Shared,
    bank: &Bank,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, TokenError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(TokenError::new("invalid_request", "the body is not a URL-encoded form"));
    }
    let form = parse_parameters(body).map_err(|name| {
        TokenError::new("invalid_request", format!("the parameter {name} is repeated"))
    })?;
    let client = authenticate(shared, bank, &form)?;
    match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") => client_credentials(shared, bank, client, &form),
        Some("authorization_code") => authorization_code(shared, bank, client, &form),
        Some(_) => Err(TokenError::new("unsupported_grant_type", "this grant is not offered")),
        None => Err(TokenError::new("invalid_request", "grant_type is missing")),
    }
}

/// A URL-encoded form or query; an error names a parameter that is repeated, which RFC 6749 forbids.
pub(crate) fn parse_parameters(text: &[u8]) -> Result<HashMap<String, String>, String> {
    let mut parameters = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        if parameters.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(name.into_owned());
        }
    }
    Ok(parameters)
}

fn authenticate<'shared>(
    shared: &'shared Shared,
    bank: &Bank,
    form: &HashMap<String, String>,
) -> Result<&'shared Client, TokenError> {
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
        .and_then(crate::jose::from_base64url)
        .and_then(|json| serde_json::from_slice::<Value>(&json).ok())
        .and_then(|claims| claims["sub"].as_str().map(str::to_owned))
        .ok_or_else(|| TokenError::client("the client assertion has no sub"))?;
    let client = shared
        .client(&claimed)
        .ok_or_else(|| TokenError::client("the client is not registered"))?;
    let claims = verify_jwt(assertion, &client.keys)
        .map_err(|reason| TokenError::client(format!("the client assertion: {reason}")))?;
    let now = shared.now();
    let issuer = issuer(shared, bank);
    let audiences = [issuer.clone(), format!("{issuer}/token")];
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

fn server_error() -> TokenError {
    let problem = TokenError::new("server_error", "the bank cannot keep its state");
    TokenError { status: StatusCode::INTERNAL_SERVER_ERROR, ..problem }
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

/// Whether `aud`, a text or a list of texts, names one of the audiences.
pub(crate) fn has_audience(claims: &Map<String, Value>, audiences: &[String]) -> bool {
    let matches = |value: &Value| {
        value.as_str().is_some_and(|text| audiences.iter().any(|audience| audience == text))
    };
    match claims.get("aud") {
        Some(Value::Array(list)) => list.iter().any(matches),
        Some(value) => matches(value),
        None => false,
    }
}

/// A claim in seconds since 1970 (RFC 7519, NumericDate); fractions are cut off.
pub(crate) fn numeric_date(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    let text = claims.get(name)?.as_number()?.to_string();
    text.split('.').next()?.parse().ok()
}

/// Whether a scope consists of known words and contains `payments`.
pub(crate) fn is_payments_scope(scope: &str) -> bool {
    let mut words = scope.split_ascii_whitespace();
    words.clone().any(|word| word == "payments")
        && words.all(|word| matches!(word, "openid" | "payments"))
}

/// The key under which a secret is kept.
pub(crate) fn secret_key(secret: &str) -> String {
    base64url(sha256(secret.as_bytes()))
}

fn client_credentials(
    shared: &Shared,
    bank: &Bank,
    client: &Client,
    form: &HashMap<String, String>,
) -> Result<Value, TokenError> {
    let scope = form.get("scope").map(String::as_str).unwrap_or_default();
    if !is_payments_scope(scope) {
        return Err(TokenError::new("invalid_scope", "the scope must be payments"));
    }
    let now = shared.now();
    let access_token = shared.secret();
    let token = Token {
        bank: bank.id.to_owned(),
        client_id: client.registration.client_id.clone(),
        scope: "payments".to_owned(),
        consent_id: None,
        expires_at: after_seconds(now, ACCESS_TOKEN_SECONDS),
    };
    shared
        .commit(|state| {
            state.tokens.put(&secret_key(&access_token), token, now, &mut state.changes);
        })
        .map_err(|_| server_error())?;
    Ok(json!({ "access_token": access_token, "token_type": "Bearer",
        "expires_in": ACCESS_TOKEN_SECONDS, "scope": "payments" }))
}

fn authorization_code(
    shared: &Shared,
    bank: &Bank,
    client: &Client,
    form: &HashMap<String, String>,
) -> Result<Value, TokenError> {
    let parameter = |name: &'static str| {
        form.get(name)
            .ok_or_else(|| TokenError::new("invalid_request", format!("{name} is missing")))
    };
    let code_key = secret_key(parameter("code")?);
    let redirect_uri = parameter("redirect_uri")?;
    let now = shared.now();
    let access_token = shared.secret();
    let token_key = secret_key(&access_token);
    let client_id = client.registration.client_id.as_str();
    let redeemed = shared.commit(|state| {
        redeem(state, &code_key, &token_key, bank.id, client_id, redirect_uri, now)
    });
    let code = redeemed
        .map_err(|_| server_error())?
        .map_err(|reason| TokenError::new("invalid_grant", reason))?;
    let claims = json!({
        "iss": issuer(shared, bank), "aud": code.client_id, "sub": code.consent_id,
        "iat": now.as_second(), "exp": now.as_second() + ACCESS_TOKEN_SECONDS,
        "nonce": code.nonce, "acr": ACR_SCA, "openbanking_intent_id": code.consent_id,
    });
    let id_token =
        shared.key.sign_jwt(bank.organisation_id, &claims).map_err(|_| server_error())?;
    Ok(json!({ "access_token": access_token, "token_type": "Bearer",
        "expires_in": ACCESS_TOKEN_SECONDS, "scope": code.scope, "id_token": id_token }))
}

/// Exchanges a code for a token. A code that comes a second time takes its token with it
/// (RFC 6749, 4.1.2).
fn redeem(
    state: &mut state::State,
    code_key: &str,
    token_key: &str,
    bank: &str,
    client_id: &str,
    redirect_uri: &str,
    now: Timestamp,
) -> Result<state::Code, &'static str> {
    let code = state.codes.get(code_key).cloned().ok_or("the code is unknown or has expired")?;
    if code.bank != bank || code.client_id != client_id {
        return Err("the code was given to another client");
    }
    if let Some(earlier) = &code.used_for {
        state.tokens.remove(earlier, &mut state.changes);
        return Err("the code was used before; its access token is revoked");
    }
    if code.expires_at <= now {
        return Err("the code is unknown or has expired");
    }
    if code.redirect_uri != redirect_uri {
        return Err("redirect_uri is not that of the authorisation request");
    }
    state.codes.update(code_key, &mut state.changes, |code| {
        code.used_for = Some(token_key.to_owned());
    });
    let token = Token {
        bank: bank.to_owned(),
        client_id: client_id.to_owned(),
        scope: code.scope.clone(),
        consent_id: Some(code.consent_id.clone()),
        expires_at: after_seconds(now, ACCESS_TOKEN_SECONDS),
    };
    state.tokens.put(token_key, token, now, &mut state.changes);
    Ok(code)
}
