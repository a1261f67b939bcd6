//! Pushed authorization requests (RFC 9126): the TPP sends its request object to the bank, and the
//! browser carries a reference to it, which works once and not for long.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::authorize::Request;
use super::find;
use super::token::{TokenError, answer, authenticate, parse_form, secret_key, server_error};
use crate::PeerCertificate;
use crate::engine::banks::Bank;
use crate::engine::jose::verify_jwt;
use crate::engine::shared::Shared;
use crate::engine::state::{PushedRequest, after_seconds};

/// How long a reference can be used.
const REFERENCE_SECONDS: i64 = 90;
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// `POST /{bank}/par`.
pub(crate) async fn push(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
    certificate: Option<Extension<PeerCertificate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let found = find(&bank).filter(|bank| bank.uk_open_banking().wants_pushed_requests);
    let Some(bank) = found else {
        return answer(StatusCode::NOT_FOUND, Ok(Value::Null));
    };
    let shown = certificate.as_ref().map(|Extension(PeerCertificate(der))| der.as_slice());
    answer(StatusCode::CREATED, keep(&shared, bank, shown, &headers, &body))
}

fn keep(
    shared: &Shared,
    bank: &'static Bank,
    certificate: Option<&[u8]>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, TokenError> {
    let form = parse_form(headers, body)?;
    let client = authenticate(shared, bank, certificate, headers, &form)?;
    let object = form
        .get("request")
        .ok_or_else(|| TokenError::new("invalid_request", "the request object is missing"))?;
    let claims = verify_jwt(object, &client.keys)
        .map_err(|reason| TokenError::new("invalid_request_object", reason))?;
    let nothing = HashMap::new();
    let request = Request { query: &nothing, claims: &claims };
    let redirect_uri = request
        .safe_redirect_uri(&client)
        .ok_or_else(|| TokenError::new("invalid_request", "redirect_uri is not registered"))?;
    request
        .check(shared, bank, &client, redirect_uri)
        .map_err(|(error, description)| TokenError::new(error, description))?;
    let reference = format!("{PREFIX}{}", shared.secret());
    let now = shared.now();
    let row = PushedRequest {
        bank: bank.id.to_owned(),
        client_id: client.registration.client_id.clone(),
        request: object.clone(),
        expires_at: after_seconds(now, REFERENCE_SECONDS),
    };
    shared
        .commit(|state| {
            state.pushed_requests.put(&secret_key(&reference), row, now, &mut state.changes);
        })
        .map_err(|_| server_error())?;
    Ok(json!({ "request_uri": reference, "expires_in": REFERENCE_SECONDS }))
}

/// The request object behind a reference, which is spent with that.
pub(crate) fn take(
    shared: &Shared,
    bank: &Bank,
    client_id: &str,
    reference: &str,
) -> Option<String> {
    let (key, now) = (secret_key(reference), shared.now());
    let taken = shared.commit(|state| {
        let found = state.pushed_requests.get(&key).cloned().filter(|pushed| {
            pushed.bank == bank.id && pushed.client_id == client_id && pushed.expires_at > now
        })?;
        state.pushed_requests.remove(&key, &mut state.changes);
        Some(found.request)
    });
    taken.ok().flatten()
}
