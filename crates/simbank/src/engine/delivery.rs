//! How the answer of a bank's API reaches the provider, if it does; alike at every standard.

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use super::banks::Bank;
use super::outcome::{Fault, SLOW_MS};
use super::shared::Shared;
use crate::simulation::exchanges::{self, Exchange};

/// The longest body that a bank reads, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long a request that is never answered is kept open.
const SILENCE_MS: u64 = 120_000;

/// How an answer is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Proper,
    /// The connection is held and then closed without a byte.
    Never,
    /// Half of the body.
    CutOff,
    /// With a signature over something else.
    WronglySigned,
    /// After a long while.
    Late,
}

impl Delivery {
    /// The effect of a fault on an answer on its way; faults that change the answer itself have no effect
    /// here.
    pub(crate) fn of(fault: Fault) -> Delivery {
        match fault {
            Fault::SilentAfterEffect | Fault::SilentBeforeEffect => Delivery::Never,
            Fault::MalformedAnswer => Delivery::CutOff,
            Fault::WrongSignature => Delivery::WronglySigned,
            Fault::Slow => Delivery::Late,
            Fault::Forbidden
            | Fault::ErrorAfterEffect
            | Fault::UnavailableBeforeEffect
            | Fault::TooManyAtFirst
            | Fault::ExpiredCertificate => Delivery::Proper,
        }
    }

    /// The body as it leaves.
    pub(crate) fn cut(self, mut body: Vec<u8>) -> Vec<u8> {
        if self == Delivery::CutOff {
            body.truncate(body.len() / 2);
        }
        body
    }
}

/// An answer that is ready to leave.
pub(crate) struct Outgoing {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
}

/// Records the exchange and delivers the answer.
pub(crate) async fn deliver(
    shared: &Shared,
    bank: &Bank,
    asked: (&Parts, &[u8], &'static str),
    outgoing: Outgoing,
) -> Response {
    let (parts, received, path_template) = asked;
    let Outgoing { status, headers, body, delivery } = outgoing;
    let silent = delivery == Delivery::Never;
    shared.exchanges.record(Exchange {
        bank: bank.id.to_owned(),
        method: parts.method.to_string(),
        path_template,
        path: parts.uri.path().to_owned(),
        request_headers: exchanges::headers_as_json(&parts.headers),
        request_body: exchanges::body_as_text(received),
        status: (!silent).then_some(status),
        response_headers: exchanges::headers_as_json(&headers),
        response_body: if silent { String::new() } else { exchanges::body_as_text(&body) },
    });
    if delivery == Delivery::Late {
        keep_waiting(shared, SLOW_MS).await;
    }
    let body = if silent { keep_silent(shared).await } else { Body::from(body) };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, headers, body)
}

/// The answer to a request that no bank here serves.
pub(crate) fn not_found() -> Response {
    respond(StatusCode::NOT_FOUND, HeaderMap::new(), Body::empty())
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Waits as long as a client may be kept waiting, then gives a body that fails before its first
/// byte: the server closes the connection without having sent anything.
pub(crate) async fn keep_silent(shared: &Shared) -> Body {
    keep_waiting(shared, SILENCE_MS).await;
    let broken = Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    Body::from_stream(futures_util::stream::iter([broken]))
}

/// Lets a client wait; no longer than the banks are there.
pub(crate) async fn keep_waiting(shared: &Shared, milliseconds: u64) {
    let mut stopped = shared.stop.subscribe();
    tokio::select! {
        () = shared.environment.sleep(milliseconds) => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}
