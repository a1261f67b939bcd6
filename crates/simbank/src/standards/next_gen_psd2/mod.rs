//! NextGenPSD2 1.3.12 (Berlin Group): payments and periodic payments with every approach to SCA.
//!
//! [`handle`] is the envelope that all resources share: the provider's certificate, the request id,
//! the message signature, the token where the bank wants one. The resources turn a checked [`ProviderRequest`]
//! into an [`Answer`].
//!
//! | checked | answer when wrong |
//! |---|---|
//! | path, method | 404, 405 `SERVICE_INVALID` |
//! | certificate | 401 `CERTIFICATE_MISSING`, `CERTIFICATE_INVALID`, `CERTIFICATE_EXPIRED`, `ROLE_INVALID` |
//! | `X-Request-ID` | 400 `FORMAT_ERROR` |
//! | headers that the bank wants besides | 401 `SERVICE_BLOCKED`, 400 `FORMAT_ERROR` |
//! | `Digest`, `Signature`, `TPP-Signature-Certificate` | 401 `SIGNATURE_MISSING`, `SIGNATURE_INVALID` |
//! | token, where the bank wants one | 401 `TOKEN_UNKNOWN` |

mod answers;
mod authorisations;
pub(crate) mod banks;
mod cancellation;
pub(crate) mod domestic;
pub(crate) mod domestic_banks;
pub(crate) mod habits;
pub(crate) mod oauth;
mod payments;
mod signature;

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::PeerCertificate;
use crate::engine::banks::{self as all_banks, Bank, Standard};
use crate::engine::certificate::{self, Provider, Refused};
use crate::engine::delivery::{self, BODY_BYTES_MAX, Delivery, Outgoing};
use crate::engine::order::Purpose;
use crate::engine::shared::Shared;
use crate::engine::state;

const REQUEST_ID: &str = "x-request-id";

/// Every path of these banks, the payer's visits excepted.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/{bank}/.well-known/oauth-authorization-server", get(oauth::metadata))
        .route("/{bank}/oauth/authorize", get(oauth::authorize))
        .route("/{bank}/oauth/token", post(oauth::token))
        .route("/{bank}/oauth/register", post(oauth::register))
        .route("/{bank}/v1/{*resource}", any(handle))
}

/// The bank of this standard with this id.
fn find(id: &str) -> Option<&'static Bank> {
    all_banks::find(id).filter(|bank| matches!(bank.standard, Standard::NextGenPsd2(_)))
}

/// The answer of a resource.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    body: Option<Value>,
    headers: Vec<(&'static str, String)>,
    delivery: Delivery,
}

impl Answer {
    fn empty(status: u16) -> Answer {
        Answer { status, body: None, headers: vec![], delivery: Delivery::Proper }
    }

    fn body(status: u16, body: Value) -> Answer {
        Answer { body: Some(body), ..Answer::empty(status) }
    }

    /// An error with one message (section 4.13 of the guidelines).
    fn refuse(status: u16, code: &str, text: &str) -> Answer {
        let messages = json!([{ "category": "ERROR", "code": code, "text": text }]);
        Answer::body(status, json!({ "tppMessages": messages }))
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    fn delivered(self, delivery: Delivery) -> Answer {
        Answer { delivery, ..self }
    }
}

/// A request whose sender is known.
struct ProviderRequest<'request> {
    shared: &'request Shared,
    bank: &'static Bank,
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

    fn json(&self) -> Result<Value, Answer> {
        if self.body.is_empty() {
            return Ok(json!({}));
        }
        let refused = || Answer::refuse(400, "FORMAT_ERROR", "the body is not a JSON object");
        let value: Value = serde_json::from_slice(self.body).map_err(|_| refused())?;
        if value.is_object() { Ok(value) } else { Err(refused()) }
    }

    /// Runs work on the state and keeps what it changed, also when it refuses.
    fn commit(
        &self,
        work: impl FnOnce(&mut state::State) -> Result<Answer, Answer>,
    ) -> Result<Answer, Answer> {
        self.shared.commit(work).unwrap_or_else(|_| {
            Err(Answer::refuse(500, "INTERNAL_SERVER_ERROR", "the bank cannot keep its state"))
        })
    }
}

/// A path of the API.
#[derive(Debug, Clone, Copy)]
enum Resource<'path> {
    Payments,
    Payment(&'path str),
    Status(&'path str),
    Authorisations(&'path str, Purpose),
    Authorisation(&'path str, &'path str, Purpose),
}

/// Service, product and resource of a path.
type Found<'path> = (&'path str, &'path str, Resource<'path>);

fn find_resource(path: &str) -> Option<Found<'_>> {
    let segments: Vec<&str> = path.split('/').collect();
    let [service, product, rest @ ..] = segments.as_slice() else { return None };
    if !matches!(*service, "payments" | "periodic-payments") {
        return None;
    }
    let resource = match rest {
        [] => Resource::Payments,
        [id] => Resource::Payment(id),
        [id, "status"] => Resource::Status(id),
        [id, kind] => Resource::Authorisations(id, purpose_of(kind)?),
        [id, kind, authorisation] => Resource::Authorisation(id, authorisation, purpose_of(kind)?),
        _ => return None,
    };
    Some((service, product, resource))
}

/// The purpose of the authorisations of a sub-resource.
fn purpose_of(kind: &str) -> Option<Purpose> {
    match kind {
        "authorisations" => Some(Purpose::Payment),
        "cancellation-authorisations" => Some(Purpose::Cancellation),
        _ => None,
    }
}

/// Any request below `/{bank}/v1/`.
pub(crate) async fn handle(
    State(shared): State<Arc<Shared>>,
    Path((bank, path)): Path<(String, String)>,
    certificate: Option<Extension<PeerCertificate>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(bank) = find(&bank) else { return delivery::not_found() };
    let received = to_bytes(body, BODY_BYTES_MAX).await;
    let body = received.as_ref().map(AsRef::as_ref).unwrap_or_default();
    let now = shared.now();
    let shown = certificate.as_ref().map(|Extension(PeerCertificate(der))| der.as_slice());
    let answer = match certificate::read(shown, now) {
        Err(refused) => refuse_certificate(refused),
        Ok(provider) => {
            let incoming = ProviderRequest {
                shared: &shared,
                bank,
                provider: &provider,
                method: &parts.method,
                path: parts.uri.path(),
                headers: &parts.headers,
                body,
                now,
            };
            match received.is_err() {
                true => Answer::refuse(400, "FORMAT_ERROR", "the body is longer than 1 MiB"),
                false => answer(&incoming, &path).unwrap_or_else(|refusal| refusal),
            }
        }
    };
    let (headers, sent) = dress(&parts.headers, &answer);
    let Answer { status, delivery, .. } = answer;
    let outgoing = Outgoing { status, headers, body: sent, delivery };
    delivery::deliver(&shared, bank, (&parts, body, "/v1/{service}/{product}"), outgoing).await
}

/// The provider's certificate has expired, or the bank thinks so.
fn expired() -> Answer {
    Answer::refuse(401, "CERTIFICATE_EXPIRED", "it has expired")
}

fn refuse_certificate(refused: Refused) -> Answer {
    match refused {
        Refused::Missing => Answer::refuse(401, "CERTIFICATE_MISSING", "no client certificate"),
        Refused::Invalid => Answer::refuse(401, "CERTIFICATE_INVALID", "it is not a QWAC"),
        Refused::Expired => expired(),
    }
}

fn answer(incoming: &ProviderRequest<'_>, path: &str) -> Result<Answer, Answer> {
    if !incoming.provider.initiates_payments {
        return Err(Answer::refuse(401, "ROLE_INVALID", "the certificate has no role PSP_PI"));
    }
    let Some((service, product, resource)) = find_resource(path) else {
        return Err(Answer::refuse(404, "RESOURCE_UNKNOWN", "there is no such path"));
    };
    if incoming.header(REQUEST_ID).is_none_or(|id| !is_uuid(id)) {
        return Err(Answer::refuse(400, "FORMAT_ERROR", "X-Request-ID is not a UUID"));
    }
    check_headers(incoming)?;
    signature::check(incoming)?;
    oauth::check_token(incoming)?;
    match (resource, incoming.method) {
        (Resource::Payments, &Method::POST) => payments::create(incoming, service, product),
        (Resource::Payment(id), &Method::GET) => answers::read(incoming, id),
        (Resource::Payment(id), &Method::PUT) if incoming.bank.next_gen_psd2().releases => {
            payments::release(incoming, id)
        }
        (Resource::Payment(id), &Method::DELETE) => cancellation::ask(incoming, path, id),
        (Resource::Status(id), &Method::GET) => answers::status(incoming, id),
        (Resource::Authorisations(id, purpose), &Method::POST) => {
            authorisations::start(incoming, path, id, purpose)
        }
        (Resource::Authorisations(id, purpose), &Method::GET) => {
            authorisations::list(incoming, id, purpose)
        }
        (Resource::Authorisation(id, authorisation, purpose), &Method::GET) => {
            authorisations::read(incoming, id, authorisation, purpose)
        }
        (Resource::Authorisation(id, authorisation, purpose), &Method::PUT) => {
            authorisations::update(incoming, path, (id, authorisation), purpose)
        }
        _ => Err(Answer::refuse(405, "SERVICE_INVALID", "not with this method")),
    }
}

/// The headers that this bank wants beside those of the standard.
fn check_headers(incoming: &ProviderRequest<'_>) -> Result<(), Answer> {
    let own = incoming.bank.next_gen_psd2();
    if own.client_header.is_some_and(|(name, value)| incoming.header(name) != Some(value)) {
        return Err(Answer::refuse(401, "SERVICE_BLOCKED", "the application is not known"));
    }
    match own.required_headers.iter().find(|name| incoming.header(name).is_none()) {
        Some(name) => Err(Answer::refuse(400, "FORMAT_ERROR", &format!("{name} is missing"))),
        None => Ok(()),
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn dress(asked: &HeaderMap, answer: &Answer) -> (HeaderMap, Vec<u8>) {
    let mut headers = HeaderMap::new();
    if let Some(id) = asked.get(REQUEST_ID) {
        headers.insert(REQUEST_ID, id.clone());
    }
    for (name, value) in &answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    let mut sent = vec![];
    if let Some(body) = &answer.body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        sent = body.to_string().into_bytes();
    }
    (headers, answer.delivery.cut(sent))
}

/// The Bearer token of a request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
