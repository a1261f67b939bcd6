//! Discovery, keys and the token endpoint (RFC 6749, OpenID Connect Core 1.0, FAPI 1 Advanced).
//!
//! Each bank knows its clients in one way: by an assertion (`assertion.rs`), a secret
//! (`client_secret.rs`), or the certificate on the connection, to which tokens are then bound (RFC
//! 8705). Two grants: `client_credentials` gives a token for consents and for reading orders;
//! `authorization_code` gives a token bound to the consent the PSU authorised.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::banks::{ClientAuthentication, USUAL_DISCOVERY_PATH};
use super::{assertion, client_secret, find};
use crate::PeerCertificate;
use crate::engine::banks::Bank;
use crate::engine::certificate;
use crate::engine::form::parse_parameters;
use crate::engine::grant::{Grant, key};
use crate::engine::jose::{base64url, sha256};
use crate::engine::shared::{Client, Shared};
use crate::engine::state::{self, after_seconds};
use crate::engine::tokens;
use crate::standards::polish_api;

/// How long a client's own token works.
const ACCESS_TOKEN_SECONDS: i64 = 3600;
const ID_TOKEN_SECONDS: i64 = 3600;
/// How far a client's clock may differ from the bank's.
pub(crate) const CLOCK_SKEW_SECONDS: i64 = 60;
/// How the PSU was authenticated: with strong customer authentication.
pub(crate) const ACR_SCA: &str = "urn:openbanking:psd2:sca";

/// Where a bank's addresses begin, without a slash at the end.
pub(crate) fn address(shared: &Shared, bank: &Bank) -> String {
    format!("{}/{}", shared.base_url, bank.id)
}

/// The issuer of a bank.
fn issuer(shared: &Shared, bank: &Bank) -> String {
    format!("{}{}", address(shared, bank), bank.uk_open_banking().issuer_end)
}

/// `iss` of a bank's tokens, and `aud` of request objects to it.
pub(crate) fn token_issuer(shared: &Shared, bank: &Bank) -> String {
    match bank.uk_open_banking().token_issuer_end {
        Some(end) => format!("{}{end}", address(shared, bank)),
        None => issuer(shared, bank),
    }
}

/// `GET /{bank}/.well-known/openid-configuration` (OpenID Connect Discovery 1.0).
pub(crate) async fn configuration(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
) -> Response {
    configuration_at(&shared, &bank, USUAL_DISCOVERY_PATH)
}

/// `GET /{bank}/openid-configuration`: where a few banks have the same document.
pub(crate) async fn configuration_elsewhere(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
) -> Response {
    configuration_at(&shared, &bank, "openid-configuration")
}

fn configuration_at(shared: &Shared, bank: &str, path: &str) -> Response {
    let found = find(bank).filter(|bank| bank.uk_open_banking().discovery_path == path);
    let Some(bank) = found else { return StatusCode::NOT_FOUND.into_response() };
    let address = address(shared, bank);
    let by_certificate = bank.uk_open_banking().knows_clients_by_certificate();
    let token_base = if by_certificate { shared.tls_base_url() } else { &shared.base_url };
    let method = bank.uk_open_banking().client_authentication.word();
    let mut configuration = json!({
        "issuer": issuer(shared, bank),
        "authorization_endpoint": format!("{address}/authorize"),
        "token_endpoint": format!("{token_base}/{}/token", bank.id),
        "jwks_uri": format!("{address}/jwks"),
        "registration_endpoint": format!("{}/{}/register", shared.tls_base_url(), bank.id),
        "scopes_supported": ["openid", "payments"],
        "response_types_supported": [bank.uk_open_banking().response_type()],
        "response_modes_supported": bank.uk_open_banking().response_modes,
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "acr_values_supported": [ACR_SCA],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["PS256"],
        "request_object_signing_alg_values_supported": ["PS256", "ES256"],
        "token_endpoint_auth_methods_supported": [method],
        "tls_client_certificate_bound_access_tokens": by_certificate,
        "token_endpoint_auth_signing_alg_values_supported": ["PS256", "ES256"],
        "claims_supported": ["acr", "openbanking_intent_id"],
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": false,
        "require_signed_request_object": true,
    });
    if bank.uk_open_banking().wants_pushed_requests {
        configuration["require_pushed_authorization_requests"] = json!(true);
        configuration["pushed_authorization_request_endpoint"] = json!(format!("{address}/par"));
        configuration["code_challenge_methods_supported"] = json!(["S256"]);
    }
    if bank.uk_open_banking().signs_responses() {
        configuration["authorization_signing_alg_values_supported"] = json!(["PS256"]);
    }
    Json(configuration).into_response()
}

/// `GET /{bank}/jwks`.
pub(crate) async fn jwks(State(shared): State<Arc<Shared>>, Path(bank): Path<String>) -> Response {
    let Some(bank) = find(&bank) else {
        return match polish_api::key_set(&shared, &bank) {
            Some(keys) => Json(keys).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        };
    };
    let own = bank.uk_open_banking();
    let key = shared.key.public_jwk(own.organisation_id);
    if !own.untidy_key_set {
        return Json(json!({ "keys": [key] })).into_response();
    }
    // As of an elliptic curve, of the right name; without a number; of another RSA key, likewise.
    let name = &key["kid"];
    let number = base64url([0x41; 32]);
    let modulus = base64url([0xc1; 256]);
    Json(json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "kid": name, "use": "sig", "x": number, "y": number },
        { "kty": "RSA", "kid": name, "use": "sig", "e": "AQAB" },
        { "kty": 1 },
        { "kty": "RSA", "kid": name, "use": "sig", "alg": "PS256", "n": modulus, "e": "AQAB" },
        key,
    ] }))
    .into_response()
}

/// An error answer of the token endpoint (RFC 6749, 5.2).
pub(crate) struct TokenError {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl TokenError {
    pub(crate) fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into() }
    }

    pub(crate) fn client(description: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::new("invalid_client", description) }
    }
}

/// `POST /{bank}/token`.
pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
    certificate: Option<Extension<PeerCertificate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(bank) = find(&bank) else { return StatusCode::NOT_FOUND.into_response() };
    let shown = certificate.as_ref().map(|Extension(PeerCertificate(der))| der.as_slice());
    answer(StatusCode::OK, grant(&shared, bank, shown, &headers, &body))
}

/// The answer of an endpoint for clients.
pub(crate) fn answer(good: StatusCode, result: Result<Value, TokenError>) -> Response {
    let (status, body) = match result {
        Ok(body) => (good, body),
        Err(problem) => {
            let body = json!({ "error": problem.error, "error_description": problem.description });
            (problem.status, body)
        }
    };
    (status, [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")], Json(body)).into_response()
}

/// The parameters of a request to an endpoint for clients.
pub(crate) fn parse_form(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<HashMap<String, String>, TokenError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(TokenError::new("invalid_request", "the body is not a URL-encoded form"));
    }
    parse_parameters(body).map_err(|name| {
        TokenError::new("invalid_request", format!("the parameter {name} is repeated"))
    })
}

fn grant(
    shared: &Shared,
    bank: &Bank,
    certificate: Option<&[u8]>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, TokenError> {
    let form = parse_form(headers, body)?;
    let client = authenticate(shared, bank, certificate, headers, &form)?;
    let bound = certificate.filter(|_| bank.uk_open_banking().knows_clients_by_certificate());
    let bound = bound.map(certificate_name);
    match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") => client_credentials(shared, bank, &client, bound, &form),
        Some("authorization_code") => authorization_code(shared, bank, &client, bound, &form),
        Some(_) => Err(TokenError::new("unsupported_grant_type", "this grant is not offered")),
        None => Err(TokenError::new("invalid_request", "grant_type is missing")),
    }
}

/// The thumbprint that a token bound to a certificate keeps (RFC 8705, 3.1: `x5t#S256`).
pub(crate) fn certificate_name(der: &[u8]) -> String {
    base64url(sha256(der))
}

/// The client of a request, by the bank's only method.
pub(crate) fn authenticate(
    shared: &Shared,
    bank: &Bank,
    shown: Option<&[u8]>,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Result<Arc<Client>, TokenError> {
    if !has_client_header(bank, headers) {
        return Err(TokenError::client("the header of the client's application is missing"));
    }
    match bank.uk_open_banking().client_authentication {
        ClientAuthentication::Assertion => assertion::authenticate(shared, bank, form),
        ClientAuthentication::SecretInHeader => {
            client_secret::in_header(shared, bank, headers, form)
        }
        ClientAuthentication::SecretInBody => client_secret::in_body(shared, bank, headers, form),
        ClientAuthentication::Certificate => by_certificate(shared, bank, shown, form),
    }
}

/// Whether a request has the header that the bank wants of its clients, if it wants one.
pub(crate) fn has_client_header(bank: &Bank, headers: &HeaderMap) -> bool {
    bank.uk_open_banking().client_header.is_none_or(|(name, value)| {
        headers.get(name).is_some_and(|found| found.as_bytes() == value.as_bytes())
    })
}

fn by_certificate(
    shared: &Shared,
    bank: &Bank,
    shown: Option<&[u8]>,
    form: &HashMap<String, String>,
) -> Result<Arc<Client>, TokenError> {
    if form.contains_key("client_assertion") {
        return Err(TokenError::client("clients are known by their certificates here"));
    }
    let provider = certificate::read(shown, shared.now())
        .map_err(|_| TokenError::client("the connection has no good certificate"))?;
    if !provider.initiates_payments {
        return Err(TokenError::client("the certificate has no role PSP_PI"));
    }
    form.get("client_id")
        .and_then(|client_id| shared.client(bank, client_id))
        .filter(|client| {
            let registered = client.registration.organisation_identifier.as_deref();
            registered == Some(provider.organisation_identifier.as_str())
        })
        .ok_or_else(|| TokenError::client("client_id is not that of the certificate"))
}

pub(crate) fn server_error() -> TokenError {
    let problem = TokenError::new("server_error", "the bank cannot keep its state");
    TokenError { status: StatusCode::INTERNAL_SERVER_ERROR, ..problem }
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
    certificate: Option<String>,
    form: &HashMap<String, String>,
) -> Result<Value, TokenError> {
    let scope = form.get("scope").map(String::as_str).unwrap_or_default();
    if !is_payments_scope(scope) {
        return Err(TokenError::new("invalid_scope", "the scope must be payments"));
    }
    let now = shared.now();
    let access_token = shared.secret();
    let client_id = &client.registration.client_id;
    let token = Grant {
        scope: "payments".to_owned(),
        certificate,
        ..Grant::of(bank.id, client_id, after_seconds(now, ACCESS_TOKEN_SECONDS))
    };
    shared
        .commit(|state| {
            state.grants.put(&key("token", &access_token), token, now, &mut state.changes);
        })
        .map_err(|_| server_error())?;
    Ok(json!({ "access_token": access_token, "token_type": "Bearer",
        "expires_in": ACCESS_TOKEN_SECONDS, "scope": "payments" }))
}

fn authorization_code(
    shared: &Shared,
    bank: &Bank,
    client: &Client,
    certificate: Option<String>,
    form: &HashMap<String, String>,
) -> Result<Value, TokenError> {
    let parameter = |name: &'static str| {
        form.get(name)
            .ok_or_else(|| TokenError::new("invalid_request", format!("{name} is missing")))
    };
    let code_key = key("code", parameter("code")?);
    if bank.uk_open_banking().wants_scope_with_code
        && !form.get("scope").is_some_and(|scope| is_payments_scope(scope))
    {
        return Err(TokenError::new("invalid_scope", "the scope must come again with the code"));
    }
    let redirect_uri = parameter("redirect_uri")?;
    let now = shared.now();
    let secrets = shared.token_secrets();
    let terms = shared.token_terms(bank);
    let verifier = form.get("code_verifier").map(|verifier| base64url(sha256(verifier.as_bytes())));
    let asked = Redemption {
        code_key: &code_key,
        token_key: &key("token", &secrets.access),
        bank: bank.id,
        client_id: client.registration.client_id.as_str(),
        redirect_uri,
        challenge: verifier.as_deref().unwrap_or_default(),
    };
    let redeemed = shared.commit(|state| {
        redeem(state, &asked, now).map(|code| {
            let grant = Grant { certificate, ..code.clone() };
            let issued = tokens::issue(state, &code_key, &grant, &secrets, &terms, now);
            (code, issued)
        })
    });
    let (code, issued) = redeemed
        .map_err(|_| server_error())?
        .map_err(|reason| TokenError::new("invalid_grant", reason))?;
    let consent_id = code.order_id.unwrap_or_default();
    let own = bank.uk_open_banking();
    if own.plain_oauth {
        return Ok(json!({ "access_token": issued.access_token, "token_type": "bearer",
            "expires_in": issued.expires_in, "scope": code.scope }));
    }
    let claims = own.id_token(json!({
        "iss": token_issuer(shared, bank), "aud": code.client, "sub": consent_id,
        "iat": now.as_second(), "exp": now.as_second() + ID_TOKEN_SECONDS,
        "nonce": code.nonce, "acr": ACR_SCA, "openbanking_intent_id": consent_id,
    }));
    let id_token = shared.key.sign_jwt(own.organisation_id, &claims).map_err(|_| server_error())?;
    Ok(json!({ "access_token": issued.access_token, "token_type": "Bearer",
        "expires_in": issued.expires_in, "scope": code.scope, "id_token": id_token }))
}

/// A code that is to be exchanged.
struct Redemption<'asked> {
    code_key: &'asked str,
    token_key: &'asked str,
    bank: &'asked str,
    client_id: &'asked str,
    redirect_uri: &'asked str,
    /// The expected hash of the verifier; empty without PKCE.
    challenge: &'asked str,
}

/// Redeems a code. A second use of a code also revokes its token (RFC 6749, 4.1.2).
fn redeem(
    state: &mut state::State,
    asked: &Redemption,
    now: Timestamp,
) -> Result<Grant, &'static str> {
    let unknown = "the code is unknown or has expired";
    let code = state.grants.get(asked.code_key).cloned().ok_or(unknown)?;
    if code.bank != asked.bank || code.client != asked.client_id {
        return Err("the code was given to another client");
    }
    if code.used_for.is_some() {
        tokens::end_family(state, asked.code_key);
        return Err("the code was used before; its access token is revoked");
    }
    if code.expires_at <= now {
        return Err(unknown);
    }
    if code.redirect_uri != asked.redirect_uri {
        return Err("redirect_uri is not that of the authorisation request");
    }
    if code.code_challenge != asked.challenge {
        return Err("code_verifier is not that of the authorisation request");
    }
    state.grants.update(asked.code_key, &mut state.changes, |code| {
        code.used_for = Some(asked.token_key.to_owned());
    });
    Ok(code)
}
