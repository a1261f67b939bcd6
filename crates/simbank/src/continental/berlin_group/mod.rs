//! Berlin Group NextGenPSD2 1.3.12: payments and periodic payments with every approach to SCA.
//!
//! [`handle`] is the envelope that all resources share: the provider's certificate, the request id,
//! the message signature, the token where the bank wants one. The resources turn a checked [`Call`]
//! into an [`Answer`].
//!
//! | checked | answer when wrong |
//! |---|---|
//! | path, method | 404, 405 `SERVICE_INVALID` |
//! | certificate | 401 `CERTIFICATE_MISSING`, `CERTIFICATE_INVALID`, `CERTIFICATE_EXPIRED`, `ROLE_INVALID` |
//! | `X-Request-ID` | 400 `FORMAT_ERROR` |
//! | `Digest`, `Signature`, `TPP-Signature-Certificate` | 401 `SIGNATURE_MISSING`, `SIGNATURE_INVALID` |
//! | token, where the bank wants one | 401 `TOKEN_UNKNOWN` |

mod authorisations;
pub(crate) mod oauth;
mod payments;
pub(super) mod signature;

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::banks::{self, Bank, Standard};
use super::certificate::{self, Provider, Refused};
use crate::PeerCertificate;
use crate::exchanges::{self, Exchange};
use crate::outcome::SLOW_MS;
use crate::shared::Shared;

const BODY_BYTES_MAX: usize = 1024 * 1024;
const REQUEST_ID: &str = "x-request-id";

/// How an answer reaches the provider, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Proper,
    /// The connection is held and then closed without a byte.
    Never,
    /// Half of the body.
    CutOff,
    /// After a long while.
    Late,
}

/// What a resource answers.
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
struct Call<'request> {
    shared: &'request Shared,
    bank: &'static Bank,
    provider: &'request Provider,
    headers: &'request HeaderMap,
    body: &'request [u8],
    now: Timestamp,
}

impl Call<'_> {
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
        work: impl FnOnce(&mut crate::state::State) -> Result<Answer, Answer>,
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
    Authorisations(&'path str),
    Authorisation(&'path str, &'path str),
    CancellationAuthorisations(&'path str),
    CancellationAuthorisation(&'path str),
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
        [id, "authorisations"] => Resource::Authorisations(id),
        [id, "authorisations", authorisation] => Resource::Authorisation(id, authorisation),
        [id, "cancellation-authorisations"] => Resource::CancellationAuthorisations(id),
        [id, "cancellation-authorisations", _] => Resource::CancellationAuthorisation(id),
        _ => return None,
    };
    Some((service, product, resource))
}

/// Any request below `/{bank}/v1/`.
pub(crate) async fn handle(
    State(shared): State<Arc<Shared>>,
    Path((bank, path)): Path<(String, String)>,
    certificate: Option<Extension<PeerCertificate>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let berlin = |bank: &&Bank| matches!(bank.standard, Standard::BerlinGroup(_));
    let Some(bank) = banks::find(&bank).filter(berlin) else {
        return respond(StatusCode::NOT_FOUND, HeaderMap::new(), Body::empty());
    };
    let received = to_bytes(body, BODY_BYTES_MAX).await;
    let body = received.as_ref().map(AsRef::as_ref).unwrap_or_default();
    let now = shared.now();
    let shown = certificate.as_ref().map(|Extension(PeerCertificate(der))| der.as_slice());
    let answer = match certificate::read(shown, now) {
        Err(refused) => refuse_certificate(refused),
        Ok(provider) => {
            let headers = &parts.headers;
            let call = Call { shared: &shared, bank, provider: &provider, headers, body, now };
            match received.is_err() {
                true => Answer::refuse(400, "FORMAT_ERROR", "the body is longer than 1 MiB"),
                false => answer(&call, &parts.method, &path).unwrap_or_else(|refusal| refusal),
            }
        }
    };
    let (headers, sent) = dress(&parts.headers, &answer);
    let silent = answer.delivery == Delivery::Never;
    shared.exchanges.record(Exchange {
        bank: bank.id.to_owned(),
        method: parts.method.to_string(),
        path_template: "/v1/{service}/{product}",
        path: parts.uri.path().to_owned(),
        request_headers: exchanges::headers_as_json(&parts.headers),
        request_body: exchanges::body_as_text(body),
        status: (!silent).then_some(answer.status),
        response_headers: exchanges::headers_as_json(&headers),
        response_body: if silent { String::new() } else { exchanges::body_as_text(&sent) },
    });
    if answer.delivery == Delivery::Late {
        crate::obie::keep_waiting(&shared, SLOW_MS).await;
    }
    let body = match silent {
        true => crate::obie::keep_silent(&shared).await,
        false => Body::from(sent),
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, headers, body)
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

fn answer(call: &Call<'_>, method: &Method, path: &str) -> Result<Answer, Answer> {
    if !call.provider.initiates_payments {
        return Err(Answer::refuse(401, "ROLE_INVALID", "the certificate has no role PSP_PI"));
    }
    let Some((service, product, resource)) = find_resource(path) else {
        return Err(Answer::refuse(404, "RESOURCE_UNKNOWN", "there is no such path"));
    };
    if call.header(REQUEST_ID).is_none_or(|id| !is_uuid(id)) {
        return Err(Answer::refuse(400, "FORMAT_ERROR", "X-Request-ID is not a UUID"));
    }
    signature::check(call)?;
    oauth::check_token(call)?;
    match (resource, method) {
        (Resource::Payments, &Method::POST) => payments::create(call, service, product),
        (Resource::Payment(id), &Method::GET) => payments::read(call, id),
        (Resource::Payment(id), &Method::DELETE) => payments::cancel(call, id),
        (Resource::Status(id), &Method::GET) => payments::status(call, id),
        (Resource::Authorisations(id), &Method::POST) => authorisations::start(call, path, id),
        (Resource::Authorisations(id), &Method::GET) => authorisations::list(call, id),
        (Resource::Authorisation(id, authorisation), &Method::GET) => {
            authorisations::read(call, id, authorisation)
        }
        (Resource::Authorisation(id, authorisation), &Method::PUT) => {
            authorisations::update(call, path, id, authorisation)
        }
        (Resource::CancellationAuthorisations(id), &Method::POST) => {
            payments::start_cancellation(call, path, id)
        }
        (Resource::CancellationAuthorisation(id), &Method::GET) => {
            payments::read_cancellation(call, id)
        }
        _ => Err(Answer::refuse(405, "SERVICE_INVALID", "not with this method")),
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
    if answer.delivery == Delivery::CutOff {
        sent.truncate(sent.len() / 2);
    }
    (headers, sent)
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The Bearer token of a request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
