//! Planned faults that strike a message on its way in or out, in all standards: a layer around
//! the banks' APIs. The layer ignores the bank's own work, so a repetition of a struck
//! message is handled as any other.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::Operation;
use crate::engine::banks::{self, Standard};
use crate::engine::delivery::{keep_silent, keep_waiting};
use crate::engine::outcome::{Fault, SLOW_MS};
use crate::engine::shared::Shared;
use crate::simulation::exchanges::{self, Exchange};
use crate::standards::uk_open_banking::dialect::Version;

/// Longer answers than the banks give.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The error code of UK Open Banking 3.1 for what has no code of its own; `U000` in 4.0.
const UNEXPECTED: &str = "UK.OBIE.UnexpectedError";
const SIGNATURE: &str = "x-jws-signature";

/// The purpose of a message to a bank's API; `None` for pages and for everything outside the banks.
fn operation(method: &Method, path: &str) -> Option<(String, Operation)> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (bank, rest) = segments.split_first()?;
    if !crate::simulation::is_bank(bank) {
        return None;
    }
    let posts = method == Method::POST;
    let found = match rest {
        ["token"] | ["oauth", "token"] | ["psd2", "token"] | [_, "auth", _, "token"] => {
            Operation::Token
        }
        ["open-banking", _, "pisp", resource @ ..] => match resource {
            [name] if posts && name.ends_with("-consents") => Operation::Create,
            [_] if posts => Operation::Confirm,
            [_, _] | [_, _, "payment-details"] => Operation::Status,
            _ => Operation::Any,
        },
        ["v1", "payments" | "periodic-payments", _, resource @ ..] => match resource {
            [] if posts => Operation::Create,
            [_, "authorisations", _] if method == Method::PUT => Operation::Confirm,
            [_] | [_, "status"] | [_, "authorisations", _] if method == Method::GET => {
                Operation::Status
            }
            _ => Operation::Any,
        },
        ["psd2", "payment-requests", resource @ ..] => match resource {
            [] if posts => Operation::Create,
            [_, "confirmation" | "o-confirmation"] if posts => Operation::Confirm,
            [_] if method == Method::GET => Operation::Status,
            _ => Operation::Any,
        },
        [_, "auth", _, "authorize" | "authorizeExt"] => Operation::Create,
        [_, "payments", _, "domestic" | "recurring"] => Operation::Confirm,
        [_, "payments", _, "getPayment" | "getRecurringPayment"] => Operation::Status,
        ["par"] | ["register"] | ["oauth" | "psd2", "register"] => Operation::Any,
        [version, "payments" | "confirmation", _, _] if version.starts_with("v2_") => {
            Operation::Any
        }
        _ => return None,
    };
    Some(((*bank).to_owned(), found))
}

/// The layer.
pub(crate) async fn strike(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let planned =
        operation(request.method(), request.uri().path()).and_then(|(bank, operation)| {
            let fault = shared.faults.take_for_message(&bank, operation)?.fault?;
            Some((bank, fault))
        });
    let Some((bank, fault)) = planned else { return next.run(request).await };
    match fault {
        Fault::Forbidden
        | Fault::SilentBeforeEffect
        | Fault::UnavailableBeforeEffect
        | Fault::TooManyAtFirst
        | Fault::ExpiredCertificate => instead(&shared, &bank, fault, request).await,
        Fault::SilentAfterEffect
        | Fault::ErrorAfterEffect
        | Fault::MalformedAnswer
        | Fault::WrongSignature
        | Fault::Slow => spoil(&shared, &bank, fault, next.run(request).await).await,
    }
}

/// The bank learns nothing of the message.
async fn instead(shared: &Shared, bank: &str, fault: Fault, request: Request) -> Response {
    let status = match fault {
        Fault::Forbidden => StatusCode::FORBIDDEN,
        Fault::TooManyAtFirst => StatusCode::TOO_MANY_REQUESTS,
        Fault::ExpiredCertificate => StatusCode::UNAUTHORIZED,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let silent = fault == Fault::SilentBeforeEffect;
    let mut response = if silent {
        Response::new(keep_silent(shared).await)
    } else {
        (status, Json(error(bank, status, fault))).into_response()
    };
    if fault == Fault::TooManyAtFirst {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    shared.exchanges.record(Exchange {
        bank: bank.to_owned(),
        method: request.method().to_string(),
        path_template: "",
        path: request.uri().path().to_owned(),
        request_headers: exchanges::headers_as_json(request.headers()),
        request_body: String::new(),
        status: (!silent).then_some(status.as_u16()),
        response_headers: exchanges::headers_as_json(response.headers()),
        response_body: String::new(),
    });
    response
}

/// The bank has done what was asked; its answer suffers.
async fn spoil(shared: &Shared, bank: &str, fault: Fault, answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    match fault {
        Fault::SilentAfterEffect => Response::from_parts(parts, keep_silent(shared).await),
        Fault::ErrorAfterEffect => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            (status, Json(error(bank, status, fault))).into_response()
        }
        Fault::MalformedAnswer => {
            let whole = to_bytes(body, ANSWER_BYTES_MAX).await.unwrap_or_default();
            parts.headers.remove(CONTENT_LENGTH);
            let half = whole.slice(..whole.len() / 2);
            Response::from_parts(parts, Body::from(half))
        }
        Fault::WrongSignature => {
            forge(&mut parts.headers);
            Response::from_parts(parts, body)
        }
        _ => {
            keep_waiting(shared, SLOW_MS).await;
            Response::from_parts(parts, body)
        }
    }
}

/// Another signature of the same shape, if there is one.
fn forge(headers: &mut HeaderMap) {
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let Some((head, own)) = signature.and_then(|text| text.rsplit_once('.')) else { return };
    let first = if own.starts_with('A') { 'B' } else { 'A' };
    let rest: String = own.chars().skip(1).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("{head}.{first}{rest}")) {
        headers.insert(SIGNATURE, value);
    }
}

/// An error as the bank's standard writes it.
fn error(bank: &str, status: StatusCode, fault: Fault) -> Value {
    let (code, text) = match fault {
        Fault::Forbidden => ("PRODUCT_INVALID", "this is not permitted"),
        Fault::TooManyAtFirst => ("ACCESS_EXCEEDED", "too many requests"),
        Fault::ExpiredCertificate => ("CERTIFICATE_EXPIRED", "the certificate has expired"),
        Fault::UnavailableBeforeEffect => ("SERVICE_UNAVAILABLE", "try again later"),
        _ => ("INTERNAL_SERVER_ERROR", "something went wrong"),
    };
    match banks::find(bank).map(|bank| bank.standard) {
        Some(Standard::NextGenPsd2(_)) => {
            json!({ "tppMessages": [{ "category": "ERROR", "code": code, "text": text }] })
        }
        Some(Standard::Stet(_)) => {
            let reason = status.canonical_reason().unwrap_or_default();
            json!({ "status": status.as_u16(), "error": reason, "message": text })
        }
        Some(Standard::PolishApi(_)) => json!({ "code": code, "message": text }),
        Some(Standard::UkOpenBanking(_)) | None => {
            let known = banks::find(bank).map(|bank| bank.uk_open_banking().version);
            let code = if known == Some(Version::V4_0) { "U000" } else { UNEXPECTED };
            let errors = json!([{ "ErrorCode": code, "Message": text }]);
            json!({ "Code": status.as_str(), "Message": text, "Errors": errors })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: Method, path: &str) -> Option<Operation> {
        operation(&method, path).map(|(_, operation)| operation)
    }

    #[test]
    fn every_standard_has_its_operations() {
        let table = [
            (Method::POST, "/ob-iron/token", Operation::Token),
            (
                Method::POST,
                "/ob-iron/open-banking/v3.1/pisp/domestic-payment-consents",
                Operation::Create,
            ),
            (Method::POST, "/ob-iron/open-banking/v3.1/pisp/domestic-payments", Operation::Confirm),
            (Method::GET, "/ob-iron/open-banking/v3.1/pisp/domestic-payments/1", Operation::Status),
            (Method::POST, "/bg-linden/v1/payments/sepa-credit-transfers", Operation::Create),
            (
                Method::GET,
                "/bg-linden/v1/payments/sepa-credit-transfers/1/status",
                Operation::Status,
            ),
            (Method::DELETE, "/bg-linden/v1/payments/sepa-credit-transfers/1", Operation::Any),
            (
                Method::PUT,
                "/bg-ahorn/v1/payments/sepa-credit-transfers/1/authorisations/2",
                Operation::Confirm,
            ),
            (Method::POST, "/bg-olmo/oauth/token", Operation::Token),
            (Method::POST, "/stet-chene/psd2/token", Operation::Token),
            (Method::POST, "/stet-chene/psd2/payment-requests", Operation::Create),
            (Method::POST, "/stet-chene/psd2/payment-requests/1/confirmation", Operation::Confirm),
            (Method::GET, "/stet-chene/psd2/payment-requests/1", Operation::Status),
            (Method::POST, "/pl-dab/v2_1_2.1/auth/v2_1_2.1/authorize", Operation::Create),
            (Method::POST, "/pl-dab/v2_1_2.1/auth/v2_1_2.1/token", Operation::Token),
            (Method::POST, "/pl-dab/v2_1_2.1/payments/v2_1_2.1/domestic", Operation::Confirm),
            (Method::POST, "/pl-dab/v2_1_2.1/payments/v2_1_2.1/getPayment", Operation::Status),
        ];
        for (method, path, wanted) in table {
            assert_eq!(of(method, path), Some(wanted), "{path}");
        }
        for path in ["/sim/orders", "/bg-linden/sca/1", "/ob-iron/authorize", "/nobody/token", "/"]
        {
            assert_eq!(of(Method::POST, path), None, "{path}");
        }
    }
}
