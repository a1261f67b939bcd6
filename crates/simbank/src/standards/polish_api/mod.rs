//! PolishAPI 2.1: authorisation service and domestic payments.
//!
//! [`handle`] is the envelope: the provider's certificate, its signature, the ids that must agree. A
//! consent to one payment comes first, the payment itself with the token that the consent gave.
//!
//! | checked | answer when wrong |
//! |---|---|
//! | certificate and role | 401, 403 |
//! | POST of JSON, the headers of the standard | 405, 415, 400 |
//! | `X-REQUEST-ID` = `requestHeader.requestId`, a UUID with a time | 400 |
//! | `X-JWS-SIGNATURE` | 400 |
//! | token of the payer, where the operation has one | 401 |
//! | body | 422 |

mod authorisation;
pub(crate) mod banks;
mod payments;
mod signature;

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::any;
use axum::{Extension, Router};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use authorisation::{app_code, call_back};

use crate::PeerCertificate;
use crate::engine::banks::{self as all_banks, Bank, Standard};
use crate::engine::certificate::{self, Provider};
use crate::engine::delivery::{self, BODY_BYTES_MAX, Delivery, Outgoing};
use crate::engine::shared::Shared;
use crate::engine::state;
use banks::PolishApi;
use payments::Service;

const SIGNATURE: HeaderName = HeaderName::from_static("x-jws-signature");

/// Every path of these banks, the payer's visits excepted.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/{bank}/{version}/{service}/{again}/{operation}", any(handle))
}

/// The answer of an operation.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    /// None for 204. The response's head is put in later.
    body: Option<Value>,
    delivery: Delivery,
}

impl Answer {
    fn body(body: Value) -> Answer {
        Answer { status: 200, body: Some(body), delivery: Delivery::Proper }
    }

    /// The standard's error.
    fn refuse(status: u16, code: &str, message: &str) -> Answer {
        let body = json!({ "code": code, "message": message });
        Answer { status, body: Some(body), delivery: Delivery::Proper }
    }

    /// A validation error of the standard.
    fn wrong(message: &str) -> Answer {
        Answer::refuse(422, "VALIDATION_ERROR", message)
    }
}

/// A request whose sender is known.
struct ProviderRequest<'request> {
    shared: &'request Shared,
    bank: &'static Bank,
    own: PolishApi,
    provider: &'request Provider,
    headers: &'request HeaderMap,
    body: &'request [u8],
    json: Value,
    now: Timestamp,
}

impl ProviderRequest<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A text of the body, by JSON pointer; empty if it is absent.
    fn text(&self, pointer: &str) -> &str {
        self.json.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    fn commit(
        &self,
        work: impl FnOnce(&mut state::State) -> Result<Answer, Answer>,
    ) -> Result<Answer, Answer> {
        let failed = || Err(Answer::refuse(500, "INTERNAL", "the bank cannot keep its state"));
        self.shared.commit(work).unwrap_or_else(|_| failed())
    }
}

/// Any request below `/{bank}/v2_1_1.1/` and `/{bank}/v2_1_2.1/`.
pub(crate) async fn handle(
    State(shared): State<Arc<Shared>>,
    Path((bank, version, service, again, operation)): Path<(
        String,
        String,
        String,
        String,
        String,
    )>,
    certificate: Option<Extension<PeerCertificate>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let found = all_banks::find(&bank).and_then(|bank| match bank.standard {
        Standard::PolishApi(own) if own.version == version && again == version => Some((bank, own)),
        _ => None,
    });
    let Some((bank, own)) = found else { return delivery::not_found() };
    let received = to_bytes(body, BODY_BYTES_MAX).await;
    let body = received.as_ref().map(AsRef::as_ref).unwrap_or_default();
    let now = shared.now();
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let request_id = json["requestHeader"]["requestId"].as_str().unwrap_or_default().to_owned();
    let shown = certificate.as_ref().map(|Extension(PeerCertificate(der))| der.as_slice());
    let answer = match certificate::read(shown, now) {
        Err(_) => no_certificate(),
        Ok(provider) if !provider.initiates_payments => {
            Answer::refuse(403, "ROLE", "the certificate has no role PSP_PI")
        }
        Ok(provider) => {
            let (headers, shared, provider) = (&parts.headers, &*shared, &provider);
            let incoming =
                ProviderRequest { shared, bank, own, provider, headers, body, json, now };
            answer(&incoming, &parts.method, &service, &operation).unwrap_or_else(|refusal| refusal)
        }
    };
    let (headers, sent) = dress(&shared, bank, own, &request_id, &answer);
    let Answer { status, delivery, .. } = answer;
    let outgoing = Outgoing { status, headers, body: sent, delivery };
    delivery::deliver(&shared, bank, (&parts, body, "/polish-api"), outgoing).await
}

/// The provider's certificate is missing or malformed, or a fault says so.
fn no_certificate() -> Answer {
    Answer::refuse(401, "CERTIFICATE", "no client certificate that is a valid QWAC")
}

fn answer(
    incoming: &ProviderRequest<'_>,
    method: &Method,
    service: &str,
    operation: &str,
) -> Result<Answer, Answer> {
    check_envelope(incoming, method)?;
    match (service, operation) {
        ("auth", "authorize") if !incoming.own.by_code => authorisation::authorize(incoming),
        ("auth", "authorizeExt") if incoming.own.by_code => {
            authorisation::authorize_by_code(incoming)
        }
        ("auth", "token") => authorisation::token(incoming),
        ("payments", "domestic") => payments::create(incoming, Service::Domestic),
        ("payments", "recurring") => payments::create(incoming, Service::Recurring),
        ("payments", "getPayment") => payments::read(incoming, Service::Domestic),
        ("payments", "getRecurringPayment") => payments::read(incoming, Service::Recurring),
        ("payments", "cancelPayments") => payments::cancel(incoming, Service::Domestic),
        ("payments", "cancelRecurringPayment") => payments::cancel(incoming, Service::Recurring),
        ("confirmation", "getConfirmationOfFunds") => payments::funds(incoming),
        _ => Err(Answer::refuse(501, "NOT_IMPLEMENTED", "this bank does not have that")),
    }
}

fn check_envelope(incoming: &ProviderRequest<'_>, method: &Method) -> Result<(), Answer> {
    let wrong = |message: &str| Err(Answer::refuse(400, "BAD_REQUEST", message));
    if method != Method::POST {
        return Err(Answer::refuse(405, "METHOD", "everything is a POST"));
    }
    if !incoming.header("content-type").unwrap_or_default().starts_with("application/json") {
        return Err(Answer::refuse(415, "MEDIA_TYPE", "the body is not said to be JSON"));
    }
    if !incoming.json.is_object() {
        return wrong("the body is no JSON object");
    }
    if !matches!(incoming.header("accept-encoding"), Some("gzip" | "deflate")) {
        return wrong("Accept-Encoding is not gzip or deflate");
    }
    if incoming.header("accept-charset") != Some("utf-8")
        || incoming.header("accept-language").is_none()
    {
        return wrong("Accept-Charset is not utf-8, or Accept-Language is missing");
    }
    let id = incoming.text("/requestHeader/requestId");
    if incoming.header("x-request-id") != Some(id) {
        return wrong("X-REQUEST-ID is not requestHeader.requestId");
    }
    if id.len() != 36 || id.as_bytes().get(14) != Some(&b'1') {
        return wrong("requestId is not a UUID of version 1");
    }
    if incoming.text("/requestHeader/tppId") != incoming.provider.organisation_identifier {
        return wrong("requestHeader.tppId is not the certificate's organisation");
    }
    signature::check(incoming)
        .map_err(|what| Answer::refuse(400, "SIGNATURE", &format!("X-JWS-SIGNATURE: {what}")))
}

fn dress(
    shared: &Shared,
    bank: &Bank,
    own: PolishApi,
    request_id: &str,
    answer: &Answer,
) -> (HeaderMap, Vec<u8>) {
    let mut headers = HeaderMap::new();
    if answer.status == 429 {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let Some(mut body) = answer.body.clone() else { return (headers, vec![]) };
    let sent_at = format!("{:.3}", shared.now());
    body["responseHeader"] =
        json!({ "requestId": request_id, "sendDate": sent_at, "isCallback": false });
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let sent = body.to_string().into_bytes();
    if own.signs {
        let over: &[u8] = if answer.delivery == Delivery::WronglySigned { b"other" } else { &sent };
        let signature = signature::make(shared, bank, over);
        let value = signature.and_then(|text| HeaderValue::from_str(&text).ok());
        if let Some(value) = value {
            headers.insert(SIGNATURE, value);
        }
    }
    (headers, answer.delivery.cut(sent))
}

/// The keys of a bank that signs.
pub(crate) fn key_set(shared: &Shared, bank: &str) -> Option<Value> {
    let bank = all_banks::find(bank)?;
    match bank.standard {
        Standard::PolishApi(own) if own.signs => Some(signature::key_set(shared, bank)),
        _ => None,
    }
}
