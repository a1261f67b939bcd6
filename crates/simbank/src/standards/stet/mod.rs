//! STET PSD2 1.4 and 1.5: payment requests and their confirmation.
//!
//! [`handle`] is the envelope: the provider's certificate, its token, its signature. A payment
//! request waits for the payer; its confirmation sets it going, except at a bank that executes at
//! the approval.
//!
//! | checked | answer when wrong |
//! |---|---|
//! | certificate and role | 401, 403 |
//! | token of the client | 401 |
//! | `X-Request-ID`, `Digest`, `Signature` as the bank wants it | 400, 401 |
//! | body | 400 |

pub(crate) mod banks;
mod register;
mod requests;
mod signature;

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::any;
use axum::{Extension, Router};
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::PeerCertificate;
use crate::engine::banks::{self as all_banks, Bank, Standard};
use crate::engine::certificate::{self, Provider};
use crate::engine::delivery::{self, BODY_BYTES_MAX, Delivery, Outgoing};
use crate::engine::form::parse_parameters;
use crate::engine::grant::{Grant, key};
use crate::engine::shared::Shared;
use crate::engine::state::{self, after_seconds};
use crate::engine::tokens;
use banks::Stet;

/// How long a client's own token works.
const TOKEN_SECONDS: i64 = 300;

/// Every path of these banks, the payer's visits excepted.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/{bank}/psd2/{*resource}", any(handle))
}

/// The answer of a resource.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    body: Option<Value>,
    location: Option<String>,
    delivery: Delivery,
}

impl Answer {
    fn body(status: u16, body: Value) -> Answer {
        Answer { status, body: Some(body), location: None, delivery: Delivery::Proper }
    }

    /// The standard's error.
    fn refuse(status: u16, message: &str) -> Answer {
        let error = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let error = error.unwrap_or("Error");
        Answer::body(status, json!({ "status": status, "error": error, "message": message }))
    }
}

/// A request whose sender is known.
struct ProviderRequest<'request> {
    shared: &'request Shared,
    bank: &'static Bank,
    own: Stet,
    provider: &'request Provider,
    method: &'request Method,
    /// The whole path, as signed.
    path: &'request str,
    headers: &'request HeaderMap,
    body: &'request [u8],
    now: Timestamp,
}

impl ProviderRequest<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn commit(
        &self,
        work: impl FnOnce(&mut state::State) -> Result<Answer, Answer>,
    ) -> Result<Answer, Answer> {
        self.shared
            .commit(work)
            .unwrap_or_else(|_| Err(Answer::refuse(500, "the bank cannot keep its state")))
    }
}

/// Any request below `/{bank}/psd2/`.
pub(crate) async fn handle(
    State(shared): State<Arc<Shared>>,
    Path((bank, resource)): Path<(String, String)>,
    certificate: Option<Extension<PeerCertificate>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let found = all_banks::find(&bank).and_then(|bank| match bank.standard {
        Standard::Stet(own) => Some((bank, own)),
        _ => None,
    });
    let Some((bank, own)) = found else { return delivery::not_found() };
    let received = to_bytes(body, BODY_BYTES_MAX).await;
    let body = received.as_ref().map(AsRef::as_ref).unwrap_or_default();
    let now = shared.now();
    let shown = certificate.as_ref().map(|Extension(PeerCertificate(der))| der.as_slice());
    let answer = match certificate::read(shown, now) {
        Err(_) => no_certificate(),
        Ok(provider) if !provider.initiates_payments => {
            Answer::refuse(403, "the certificate has no role PSP_PI")
        }
        Ok(provider) => {
            let (headers, path) = (&parts.headers, parts.uri.path());
            let method = &parts.method;
            let provider = &provider;
            let incoming = ProviderRequest {
                shared: &shared,
                bank,
                own,
                provider,
                method,
                path,
                headers,
                body,
                now,
            };
            match received.is_err() {
                true => Answer::refuse(400, "the body is longer than 1 MiB"),
                false => answer(&incoming, &resource).unwrap_or_else(|refusal| refusal),
            }
        }
    };
    let (headers, sent) = dress(own, &parts.headers, &answer);
    let Answer { status, delivery, .. } = answer;
    let outgoing = Outgoing { status, headers, body: sent, delivery };
    delivery::deliver(&shared, bank, (&parts, body, "/psd2"), outgoing).await
}

/// The provider's certificate is missing or malformed, or a fault says so.
fn no_certificate() -> Answer {
    Answer::refuse(401, "no client certificate that is a valid QWAC")
}

fn answer(incoming: &ProviderRequest<'_>, resource: &str) -> Result<Answer, Answer> {
    let segments: Vec<&str> = resource.split('/').collect();
    let application = incoming.own.client_header;
    if application.is_some_and(|(name, value)| incoming.header(name) != Some(value)) {
        return Err(Answer::refuse(401, "the application is not known"));
    }
    if segments.as_slice() == ["token"] {
        return token(incoming);
    }
    if segments.as_slice() == ["register"] {
        return register::register(incoming);
    }
    check_token(incoming)?;
    if incoming.header("x-request-id").is_none_or(str::is_empty) {
        return Err(Answer::refuse(400, "X-Request-ID is missing"));
    }
    signature::check(incoming)
        .map_err(|what| Answer::refuse(401, &format!("signature: {what}")))?;
    match (segments.as_slice(), incoming.method) {
        (["payment-requests"], &Method::POST) => requests::create(incoming),
        (["payment-requests", id], &Method::GET) => requests::read(incoming, id),
        (["payment-requests", id], &Method::PUT) => requests::cancel(incoming, id),
        (["payment-requests", id, "confirmation"], &Method::POST) => {
            requests::confirm(incoming, id)
        }
        (["payment-requests", id, "o-confirmation"], &Method::POST)
            if !incoming.own.beneficiary_in_transaction =>
        {
            requests::confirm(incoming, id)
        }
        (["payment-requests", ..], _) => Err(Answer::refuse(405, "not with this method")),
        _ => Err(Answer::refuse(404, "there is no such path")),
    }
}

/// `POST /token`: a token of the client itself.
fn token(incoming: &ProviderRequest<'_>) -> Result<Answer, Answer> {
    let form = parse_parameters(incoming.body).unwrap_or_default();
    let text = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let refuse = |status, error: &str| Err(Answer::body(status, json!({ "error": error })));
    if text("grant_type") != "client_credentials" {
        return refuse(400, "unsupported_grant_type");
    }
    let organisation = incoming.provider.organisation_identifier.as_str();
    let registered = || {
        let client = incoming.shared.client(incoming.bank, text("client_id"));
        client.is_some_and(|client| {
            client.registration.organisation_identifier.as_deref() == Some(organisation)
        })
    };
    if text("client_id") != organisation && !registered() {
        return refuse(401, "invalid_client");
    }
    if text("scope") != "pisp" {
        return refuse(400, "invalid_scope");
    }
    let token = incoming.shared.secret();
    let client = &incoming.provider.organisation_identifier;
    let grant = Grant {
        scope: "pisp".to_owned(),
        ..Grant::of(incoming.bank.id, client, after_seconds(incoming.now, TOKEN_SECONDS))
    };
    incoming.commit(|state| {
        state.grants.put(&key("token", &token), grant, incoming.now, &mut state.changes);
        Ok(Answer::body(
            200,
            json!({ "access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS }),
        ))
    })
}

fn check_token(incoming: &ProviderRequest<'_>) -> Result<(), Answer> {
    let token = incoming.header("authorization").and_then(|text| text.strip_prefix("Bearer "));
    let token = token.ok_or_else(|| Answer::refuse(401, "the token is missing"))?;
    let client = incoming.provider.organisation_identifier.as_str();
    let known = incoming.commit(|state| {
        match tokens::find(state, (incoming.bank.id, client), token, incoming.now) {
            Some(_) => Ok(Answer::body(200, Value::Null)),
            None => Err(Answer::refuse(401, "the token is not known, or has expired")),
        }
    });
    known.map(|_| ())
}

fn dress(own: Stet, asked: &HeaderMap, answer: &Answer) -> (HeaderMap, Vec<u8>) {
    let mut headers = HeaderMap::new();
    if let Some(id) = asked.get("x-request-id") {
        headers.insert("x-request-id", id.clone());
    }
    if let Some(location) = answer.location.as_deref().and_then(|text| text.parse().ok()) {
        headers.insert(LOCATION, location);
    }
    if answer.status == 429 {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let mut sent = vec![];
    if let Some(body) = &answer.body {
        // 1.4 has another type for errors.
        let kind = match (answer.status, own.beneficiary_in_transaction) {
            (200 | 201, _) | (_, true) => "application/hal+json; charset=utf-8",
            (_, false) => "application/json",
        };
        let kind = HeaderValue::from_static(kind);
        headers.insert(CONTENT_TYPE, kind);
        sent = body.to_string().into_bytes();
    }
    (headers, answer.delivery.cut(sent))
}
