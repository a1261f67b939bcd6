//! The banks' authorisation server (section 13 of the guidelines; RFC 6749, 7636, 8414): the way to
//! approve at one bank, and the sign-in before everything else at another.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::super::banks::{self, Approach};
use super::super::certificate;
use super::super::transfer::Grant;
use super::{Answer, Call, bearer};
use crate::PeerCertificate;
use crate::jose::{base64url, sha256};
use crate::oauth::parse_parameters;
use crate::pages;
use crate::shared::Shared;
use crate::state::after_seconds;

const REQUEST_SECONDS: i64 = 15 * 60;
const CODE_SECONDS: i64 = 10 * 60;
const TOKEN_SECONDS: i64 = 24 * 3600;

/// The key of a secret in the table of grants: the secret itself is not kept.
pub(crate) fn key(kind: &str, secret: &str) -> String {
    format!("{kind}:{}", base64url(sha256(secret.as_bytes())))
}

/// The key of an OAuth request by its visible id.
pub(crate) fn request_key(id: &str) -> String {
    key("request", id)
}

/// `GET /{bank}/.well-known/oauth-authorization-server`.
pub(crate) async fn metadata(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
) -> Response {
    let Some(bank) = banks::find(&bank) else {
        return pages::problem(404, "There is no such bank here.");
    };
    let (base, tls) = (&shared.base_url, shared.tls_base_url());
    Json(json!({
        "issuer": format!("{base}/{}", bank.id),
        "authorization_endpoint": format!("{base}/{}/oauth/authorize", bank.id),
        "token_endpoint": format!("{tls}/{}/oauth/token", bank.id),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
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
    let Some(bank) = banks::find(&bank) else {
        return pages::problem(404, "There is no such bank here.");
    };
    let query = match parse_parameters(query.unwrap_or_default().as_bytes()) {
        Ok(query) => query,
        Err(name) => return pages::problem(400, &format!("The parameter {name} is repeated.")),
    };
    let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let client = text("client_id");
    if !shared.provider_returns_to(client, text("redirect_uri")) {
        return pages::problem(400, "The provider that sent you here is not registered.");
    }
    let challenge = text("code_challenge");
    let sound = text("response_type") == "code"
        && text("code_challenge_method") == "S256"
        && challenge.len() == 43;
    if !sound {
        return pages::problem(400, "The provider's request is not one of this standard.");
    }
    let scope = text("scope").to_owned();
    let transfer_id = match scope.split_once(':') {
        Some(("PIS", id)) => Some(id.to_owned()),
        None if scope == "PIS" && bank.berlin_group().approach == Approach::SignInBefore => None,
        _ => return pages::problem(400, "The provider asked for something else than a payment."),
    };
    let id = shared.secret();
    let grant = Grant {
        bank: bank.id.to_owned(),
        client: client.to_owned(),
        scope,
        transfer_id: transfer_id.clone(),
        redirect_uri: text("redirect_uri").to_owned(),
        state: text("state").to_owned(),
        code_challenge: challenge.to_owned(),
        username: None,
        wrong: 0,
        expires_at: after_seconds(shared.now(), REQUEST_SECONDS),
    };
    let now = shared.now();
    let opened = shared.commit(|state| {
        let there = transfer_id.as_deref().is_none_or(|id| {
            state
                .transfers
                .get(id)
                .is_some_and(|found| found.bank == bank.id && found.client == client)
        });
        if there {
            state.grants.put(&request_key(&id), grant, now, &mut state.changes);
        }
        there
    });
    match opened {
        Ok(true) => pages::see_other(&format!("/{}/sca/{id}", bank.id)),
        Ok(false) => pages::problem(404, "The payment to approve does not exist."),
        Err(_) => pages::problem(500, "The bank cannot keep its state."),
    }
}

/// Back to the provider with a fresh code for a decided request.
pub(crate) fn back_with_code(shared: &Shared, request_id: &str) -> Response {
    let code = shared.secret();
    let now = shared.now();
    let made = shared.commit(|state| {
        let mut grant = state.grants.get(&request_key(request_id))?.clone();
        grant.expires_at = after_seconds(now, CODE_SECONDS);
        let address = answer_address(&grant, &[("code", &code)]);
        state.grants.put(&key("code", &code), grant, now, &mut state.changes);
        Some(address)
    });
    match made {
        Ok(Some(address)) => pages::see_other(&address),
        Ok(None) => pages::problem(404, "This approval has ended."),
        Err(_) => pages::problem(500, "The bank cannot keep its state."),
    }
}

/// Back to the provider after a refusal.
pub(crate) fn refusal_address(grant: &Grant) -> String {
    answer_address(grant, &[("error", "access_denied")])
}

fn answer_address(grant: &Grant, parameters: &[(&str, &str)]) -> String {
    match url::Url::parse(&grant.redirect_uri) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(parameters).append_pair("state", &grant.state);
            url.into()
        }
        Err(_) => grant.redirect_uri.clone(),
    }
}

/// `POST /{bank}/oauth/token`.
pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
    certificate: Option<Extension<PeerCertificate>>,
    body: Bytes,
) -> Response {
    let refuse = |status: u16, error: &str| {
        let status = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_REQUEST);
        (status, Json(json!({ "error": error }))).into_response()
    };
    let shown = certificate.as_ref().map(|Extension(PeerCertificate(der))| der.as_slice());
    let now = shared.now();
    let Ok(provider) = certificate::read(shown, now) else {
        return refuse(401, "invalid_client");
    };
    // A token is for payments: a provider of account information gets none.
    if !provider.initiates_payments {
        return refuse(400, "unauthorized_client");
    }
    let form: HashMap<String, String> = parse_parameters(&body).unwrap_or_default();
    let text = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if text("grant_type") != "authorization_code" {
        return refuse(400, "unsupported_grant_type");
    }
    if text("client_id") != provider.organisation_identifier {
        return refuse(401, "invalid_client");
    }
    let code_key = key("code", text("code"));
    let challenge = base64url(sha256(text("code_verifier").as_bytes()));
    let token = shared.secret();
    let made = shared.commit(|state| {
        let grant = state.grants.get(&code_key).cloned()?;
        // A code works once, whoever tries it.
        state.grants.remove(&code_key, &mut state.changes);
        let fits = grant.bank == bank
            && grant.client == provider.organisation_identifier
            && grant.redirect_uri == text("redirect_uri")
            && grant.code_challenge == challenge
            && grant.expires_at > now;
        let grant = Some(grant).filter(|_| fits)?;
        let scope = grant.scope.clone();
        let grant = Grant { expires_at: after_seconds(now, TOKEN_SECONDS), ..grant };
        state.grants.put(&key("token", &token), grant, now, &mut state.changes);
        Some(scope)
    });
    match made {
        Ok(Some(scope)) => Json(json!({
            "access_token": token, "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS, "scope": scope,
        }))
        .into_response(),
        Ok(None) => refuse(400, "invalid_grant"),
        Err(_) => refuse(500, "server_error"),
    }
}

/// A bank whose payers sign in before everything else wants their token on every call; where a
/// token comes to another bank, it must be a good one.
pub(super) fn check_token(call: &Call<'_>) -> Result<(), Answer> {
    let wanted = call.bank.berlin_group().approach == Approach::SignInBefore;
    let Some(token) = bearer(call.headers) else {
        let missing = || Answer::refuse(401, "TOKEN_UNKNOWN", "this bank wants the payer's token");
        return if wanted { Err(missing()) } else { Ok(()) };
    };
    let known = call.commit(|state| {
        let grant = state.grants.get(&key("token", token));
        let good = grant.is_some_and(|grant| {
            grant.bank == call.bank.id
                && grant.client == call.provider.organisation_identifier
                && grant.expires_at > call.now
        });
        match good {
            true => Ok(Answer::body(200, Value::Null)),
            false => Err(Answer::refuse(401, "TOKEN_INVALID", "the token is not known")),
        }
    });
    known.map(|_| ())
}
