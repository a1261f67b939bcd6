//! The banks' authorisation server (section 13 of the guidelines; RFC 6749, 7636, 8414): the way to
//! approve at one bank, and the sign-in before everything else at another.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::habits::Approach;
use super::{Answer, ProviderRequest, bearer, find};
use crate::PeerCertificate;
use crate::engine::banks::Bank;
use crate::engine::certificate;
use crate::engine::client_secret::{CLIENT_SECRET, basic_credentials};
use crate::engine::form::parse_parameters;
use crate::engine::grant::{Grant, key};
use crate::engine::jose::{base64url, sha256};
use crate::engine::pages;
use crate::engine::registration::{RegisteredClient, has, keep, redirect_uris};
use crate::engine::shared::Shared;
use crate::engine::state::{State as Kept, after_seconds};
use crate::engine::tokens::{self, Issued, TokenTerms};

const REQUEST_SECONDS: i64 = 15 * 60;

/// `GET /{bank}/.well-known/oauth-authorization-server`.
pub(crate) async fn metadata(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
) -> Response {
    let Some(bank) = find(&bank) else {
        return pages::problem(404, "There is no such bank here.");
    };
    let (base, tls) = (&shared.base_url, shared.tls_base_url());
    let refreshes = shared.token_terms(bank).refresh.is_some();
    let grant_types: &[&str] = match refreshes {
        true => &["authorization_code", "refresh_token"],
        false => &["authorization_code"],
    };
    Json(json!({
        "issuer": format!("{base}/{}", bank.id),
        "authorization_endpoint": format!("{base}/{}/oauth/authorize", bank.id),
        "token_endpoint": format!("{tls}/{}/oauth/token", bank.id),
        "response_types_supported": ["code"],
        "grant_types_supported": grant_types,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["tls_client_auth"],
    }))
    .into_response()
}

/// `GET /{bank}/oauth/authorize`: opens a visit.
pub(crate) async fn authorize(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(bank) = find(&bank) else {
        return pages::problem(404, "There is no such bank here.");
    };
    let query = match parse_parameters(query.unwrap_or_default().as_bytes()) {
        Ok(query) => query,
        Err(name) => return pages::problem(400, &format!("The parameter {name} is repeated.")),
    };
    let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let habits = bank.next_gen_psd2().oauth;
    let client = text(habits.client_id_name);
    if !shared.provider_returns_to(client, text("redirect_uri")) {
        return pages::problem(400, "The provider that sent you here is not registered.");
    }
    let challenge = text("code_challenge");
    let (response_type, code) = habits.response_type;
    let sound = text(response_type) == code
        && habits.authorization_parameter.is_none_or(|(name, value)| text(name) == value)
        && text("code_challenge_method") == "S256"
        && challenge.len() == 43;
    if !sound {
        return pages::problem(400, "The provider's request is not one of this standard.");
    }
    let scope = text("scope").to_owned();
    let order_id = match scope.strip_prefix(habits.payment_scope) {
        Some(id) => Some(id.to_owned()),
        None if scope == habits.sign_in_scope
            && bank.next_gen_psd2().approach == Approach::SignInBefore =>
        {
            None
        }
        None => {
            return pages::problem(400, "The provider asked for something else than a payment.");
        }
    };
    let id = shared.secret();
    let grant = Grant {
        scope,
        order_id: order_id.clone(),
        redirect_uri: text("redirect_uri").to_owned(),
        state: text("state").to_owned(),
        code_challenge: challenge.to_owned(),
        ..Grant::of(bank.id, client, after_seconds(shared.now(), REQUEST_SECONDS))
    };
    let now = shared.now();
    let opened = shared.commit(|state| {
        let there = order_id.as_deref().is_none_or(|id| {
            state
                .orders
                .get(id)
                .is_some_and(|found| found.bank == bank.id && found.client == client)
        });
        if there {
            state.grants.put(&key("request", &id), grant, now, &mut state.changes);
        }
        there
    });
    match opened {
        Ok(true) => pages::see_other(&format!("/{}/sca/{id}", bank.id)),
        Ok(false) => pages::problem(404, "The payment to approve does not exist."),
        Err(_) => pages::problem(500, "The bank cannot keep its state."),
    }
}

fn refuse(status: u16, error: &str) -> Response {
    let status = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_REQUEST);
    (status, Json(json!({ "error": error }))).into_response()
}

/// `POST /{bank}/oauth/token`.
pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
    RawQuery(query): RawQuery,
    certificate: Option<Extension<PeerCertificate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(bank) = find(&bank) else { return refuse(404, "invalid_request") };
    let shown = certificate.as_ref().map(|Extension(PeerCertificate(der))| der.as_slice());
    let Ok(provider) = certificate::read(shown, shared.now()) else {
        return refuse(401, "invalid_client");
    };
    // A token is for payments: a provider of account information gets none.
    if !provider.initiates_payments {
        return refuse(400, "unauthorized_client");
    }
    let form: HashMap<String, String> = parse_parameters(&body).unwrap_or_default();
    let application = bank.next_gen_psd2().client_header;
    let shown = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if application.is_some_and(|(name, value)| shown(name) != Some(value)) {
        return refuse(401, "invalid_client");
    }
    let habits = bank.next_gen_psd2().oauth;
    let query = parse_parameters(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let wanted = |(name, value): (&str, &str)| query.get(name).map(String::as_str) == Some(value);
    if !habits.token_query.is_none_or(wanted) {
        return refuse(400, "invalid_request");
    }
    let client = provider.organisation_identifier.as_str();
    let named = match habits.by_secret {
        true => basic_credentials(&headers),
        false => form.get("client_id").map(|id| (id.clone(), CLIENT_SECRET.to_owned())),
    };
    let fits = |(id, secret): (String, String)| match shared.client(bank, &id) {
        Some(own) if own.bank.is_some() => {
            let organisation = own.registration.organisation_identifier.as_deref();
            organisation == Some(client) && own.secret.as_ref().is_none_or(|own| *own == secret)
        }
        _ => id == client && secret == CLIENT_SECRET,
    };
    if !named.is_some_and(fits) {
        return refuse(401, "invalid_client");
    }
    grant_token(&shared, bank, client, &form)
}

/// `POST /{bank}/oauth/register` (RFC 7591): a document about the provider, over a connection with its
/// certificate.
pub(crate) async fn register(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
    certificate: Option<Extension<PeerCertificate>>,
    body: Bytes,
) -> Response {
    let Some(bank) = find(&bank) else { return refuse(404, "invalid_request") };
    let shown = certificate.as_ref().map(|Extension(PeerCertificate(der))| der.as_slice());
    let provider = certificate::read(shown, shared.now());
    let Some(provider) = provider.ok().filter(|provider| provider.initiates_payments) else {
        return refuse(401, "invalid_client");
    };
    let Ok(metadata) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return refuse(400, "invalid_client_metadata");
    };
    let by_secret = bank.next_gen_psd2().oauth.by_secret;
    let method = if by_secret { "client_secret_basic" } else { "tls_client_auth" };
    let name = metadata.get("client_name").and_then(Value::as_str).unwrap_or_default();
    let sound = has(&metadata, "token_endpoint_auth_method", method)
        && has(&metadata, "grant_types", "authorization_code")
        && has(&metadata, "response_types", "code")
        && !name.is_empty();
    let Ok(redirect_uris) = redirect_uris(&metadata) else {
        return refuse(400, "invalid_redirect_uri");
    };
    if !sound {
        return refuse(400, "invalid_client_metadata");
    }
    let client = RegisteredClient {
        bank: bank.id.to_owned(),
        name: name.to_owned(),
        organisation_identifier: provider.organisation_identifier,
        jws_issuer: String::new(),
        jwks: None,
        redirect_uris,
        secret: by_secret.then(|| shared.secret()),
        seal_certificate: None,
    };
    match keep(&shared, bank, client, metadata) {
        Ok(answer) => (http::StatusCode::CREATED, Json(answer)).into_response(),
        Err(_) => refuse(500, "server_error"),
    }
}

/// The token for a grant of that client.
fn grant_token(
    shared: &Shared,
    bank: &'static Bank,
    client: &str,
    form: &HashMap<String, String>,
) -> Response {
    let text = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let terms = shared.token_terms(bank);
    let grant_type = text("grant_type");
    let refreshes = grant_type == "refresh_token" && terms.refresh.is_some();
    let own_scope = bank.next_gen_psd2().oauth.client_token_scope;
    let own_scope = own_scope.filter(|_| grant_type == "client_credentials");
    if grant_type != "authorization_code" && !refreshes && own_scope.is_none() {
        return refuse(400, "unsupported_grant_type");
    }
    if own_scope.is_some_and(|scope| scope != text("scope")) {
        return refuse(400, "invalid_scope");
    }
    let (secrets, now) = (shared.token_secrets(), shared.now());
    let made = shared.commit(|state| {
        if let Some(scope) = own_scope {
            let expires_at = after_seconds(now, terms.access_seconds);
            let grant = Grant { scope: scope.to_owned(), ..Grant::of(bank.id, client, expires_at) };
            let terms = TokenTerms { refresh: None, ..terms };
            let family = key("client", &secrets.access);
            return Some((tokens::issue(state, &family, &grant, &secrets, &terms, now), grant));
        }
        if refreshes {
            let token = text("refresh_token");
            let made = tokens::refresh(state, (bank.id, client), token, &secrets, &terms, now);
            return made.ok();
        }
        let code_key = key("code", text("code"));
        let grant = exchange(state, &code_key)?;
        let fits = grant.bank == bank.id
            && grant.client == client
            && grant.redirect_uri == text("redirect_uri")
            && grant.code_challenge == base64url(sha256(text("code_verifier").as_bytes()))
            && grant.expires_at > now;
        let grant = Some(grant).filter(|_| fits)?;
        if bank.next_gen_psd2().one_token_per_payer {
            tokens::end_of_payer(state, &grant);
        }
        Some((tokens::issue(state, &code_key, &grant, &secrets, &terms, now), grant))
    });
    match made {
        Ok(Some((issued, grant))) => Json(token_answer(&issued, &grant)).into_response(),
        Ok(None) => refuse(400, "invalid_grant"),
        Err(_) => refuse(500, "server_error"),
    }
}

/// The grant behind a code, which works once, for any caller.
fn exchange(state: &mut Kept, code_key: &str) -> Option<Grant> {
    let grant = state.grants.get(code_key).cloned()?;
    state.grants.remove(code_key, &mut state.changes);
    Some(grant)
}

fn token_answer(issued: &Issued, grant: &Grant) -> Value {
    let mut answer = json!({
        "access_token": issued.access_token, "token_type": "Bearer",
        "expires_in": issued.expires_in, "scope": grant.scope,
    });
    if let Some(refresh_token) = &issued.refresh_token {
        answer["refresh_token"] = json!(refresh_token);
    }
    answer
}

/// A bank whose payers sign in first requires their token on every call, and some banks require one of
/// the client. At other banks a token is
/// optional, but must be valid.
pub(super) fn check_token(incoming: &ProviderRequest<'_>) -> Result<(), Answer> {
    let own = incoming.bank.next_gen_psd2();
    let wanted = own.approach == Approach::SignInBefore || own.oauth.client_token_scope.is_some();
    let Some(token) = bearer(incoming.headers) else {
        let missing = || Answer::refuse(401, "TOKEN_UNKNOWN", "this bank wants a token");
        return if wanted { Err(missing()) } else { Ok(()) };
    };
    let client = incoming.provider.organisation_identifier.as_str();
    let known = incoming.commit(|state| {
        if tokens::find(state, (incoming.bank.id, client), token, incoming.now).is_some() {
            return Ok(Answer::body(200, Value::Null));
        }
        let found = state.grants.get(&key("token", token));
        let own = found.is_some_and(|one| one.bank == incoming.bank.id && one.client == client);
        Err(match own {
            true => Answer::refuse(401, "TOKEN_EXPIRED", "the token has expired"),
            false => Answer::refuse(401, "TOKEN_INVALID", "the token is not known"),
        })
    });
    known.map(|_| ())
}
