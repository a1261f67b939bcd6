//! The published bodies of errors (reference, section 1.8): typed JSON, the older JSON, and text.
//!
//! Values that the schemas carry in odd places (`paymentId` as a message slot) are sent beside the sensible
//! form.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::auth::lenient_header;
use super::error::ApiError;

/// Says that a 5xx is the bank's.
const EXTERNAL_ERROR: HeaderName = HeaderName::from_static("token-external-error");
/// Operations whose errors are typed, whatever the client prefers.
const TYPED_PATHS: [&str; 4] = ["/v2/", "/vrp-consents", "/vrps/", "/tokenized-accounts"];

/// Operations of payments v1, whose errors are text unless the client prefers JSON.
pub(super) const TEXT_PATHS: [&str; 4] =
    ["/token-requests", "/transfers", "/tokens", "/standing-order-submissions"];

/// In which form a client wants errors (header `token-json-error`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorForm {
    /// Nothing is said, and it is no operation of payments v1: the JSON that the published document
    /// declares.
    Declared,
    /// `true`: the members of the older JSON, beside those that the document declares.
    BothFamilies,
    /// `false`, at the older operations, and nothing said at those of payments v1: text that begins
    /// with the gRPC status.
    Text,
}

impl ErrorForm {
    /// The form that the request asks for.
    pub(super) fn wanted(headers: &HeaderMap, path: &str) -> ErrorForm {
        let wish = lenient_header(headers, "token-json-error").unwrap_or("").trim();
        let typed = TYPED_PATHS.iter().any(|start| path.starts_with(start));
        let text = TEXT_PATHS.iter().any(|start| path.starts_with(start));
        if wish.eq_ignore_ascii_case("true") {
            ErrorForm::BothFamilies
        } else if text || (wish.eq_ignore_ascii_case("false") && !typed) {
            ErrorForm::Text
        } else {
            ErrorForm::Declared
        }
    }
}

/// The answer for an error.
pub(super) fn render(error: &ApiError, trace_id: &str, form: ErrorForm) -> Response {
    let (content_type, body) = match form {
        ErrorForm::Declared => ("application/json", body(error, trace_id).to_string()),
        ErrorForm::BothFamilies => {
            let mut body = body(error, trace_id);
            add_older_members(&mut body["error"], error, trace_id);
            ("application/json", body.to_string())
        }
        ErrorForm::Text => ("text/plain; charset=utf-8", text(error)),
    };
    let mut response = (error.status(), body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(seconds) = error.retry_after_s() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.is_from_bank() {
        headers.insert(EXTERNAL_ERROR, HeaderValue::from_static("true"));
    }
    response
}

/// `INVALID_ARGUMENT: the error`; only the status if there is no message.
fn text(error: &ApiError) -> String {
    let (status, message) = (error.grpc().name(), message(error));
    if message.is_empty() { status.to_owned() } else { format!("{status}: {message}") }
}

fn add_older_members(object: &mut Value, error: &ApiError, trace_id: &str) {
    object["code"] = error.status().as_u16().into();
    object["token_trace_id"] = trace_id.into();
    object["error_origin"] = if error.is_from_bank() { "bank" } else { "token" }.into();
}

/// The error in words; empty if the caller gets no reason.
fn message(error: &ApiError) -> &str {
    match error {
        ApiError::Field { message, .. }
        | ApiError::Bank { message, .. }
        | ApiError::BadRequest { message }
        | ApiError::Unauthenticated { message }
        | ApiError::PermissionDenied { message }
        | ApiError::NotFound { message, .. }
        | ApiError::NotImplemented { message }
        | ApiError::BankSlow { message }
        | ApiError::BankUnavailable { message } => message,
        ApiError::PanDetected => "A text holds a card number.",
        ApiError::MethodNotAllowed => "This method is not allowed here: see /openapi.json.",
        ApiError::TooLarge => "The body should not be larger than 1 MiB.",
        ApiError::TooManyRequests { .. } => {
            "Too many requests: the header `Retry-After` says when the next one is taken."
        }
        ApiError::RequestInProgress => {
            "The first request with this `Idempotency-Key` is still being carried out. Try again."
        }
        ApiError::KeyReused => {
            "This `Idempotency-Key` came before with another body: use a new key."
        }
        ApiError::Unavailable { .. } => {
            "The service cannot store data now; nothing was changed. Try again."
        }
        ApiError::Internal { .. } => "Internal error: quote the trace id to the operator.",
    }
}

fn body(error: &ApiError, trace_id: &str) -> Value {
    match error {
        ApiError::Field { fault, message, path, bare } => {
            let mut fields = json!({
                "errorCode": fault.code(), "message": message, "tokenTraceId": trace_id,
                "paths": [path],
            });
            if *bare {
                // The schema has these fields at the top; clients look under `error`. Both get it.
                let copy = fields.clone();
                fields["error"] = copy;
                return fields;
            }
            json!({ "error": fields })
        }
        ApiError::PanDetected => json!({ "error": {
            "errorCode": "PanDetected", "message": message(error), "tokenTraceId": trace_id,
        }}),
        ApiError::Bank { code, message, bank_id } => json!({ "error": {
            "errorCode": code, "message": message, "tokenTraceId": trace_id, "bankId": bank_id,
        }}),
        ApiError::BadRequest { message } => {
            json!({ "error": { "message": message, "tokenTraceId": trace_id }})
        }
        ApiError::Unauthenticated { .. } => {
            json!({ "error": { "message": text(error), "tokenTraceId": trace_id }})
        }
        ApiError::PermissionDenied { message } => coded("PermissionDenied", message, trace_id, ""),
        ApiError::NotFound { message, id } => coded("NOT_FOUND", message, trace_id, id),
        ApiError::MethodNotAllowed => coded("MethodNotAllowed", message(error), trace_id, ""),
        ApiError::TooLarge => coded("TooLarge", message(error), trace_id, ""),
        ApiError::RequestInProgress => {
            coded("Idempotency.InProgress", message(error), trace_id, "")
        }
        ApiError::KeyReused => coded("Idempotency.KeyReused", message(error), trace_id, ""),
        ApiError::TooManyRequests { .. } => {
            coded("RESOURCE_EXHAUSTED", message(error), trace_id, message(error))
        }
        ApiError::BankUnavailable { .. } | ApiError::Unavailable { .. } => {
            coded("UNAVAILABLE", message(error), trace_id, message(error))
        }
        ApiError::NotImplemented { message } => coded("UNIMPLEMENTED", message, trace_id, message),
        ApiError::BankSlow { message } => coded("DEADLINE_EXCEEDED", message, trace_id, message),
        ApiError::Internal { .. } => coded("InternalServerError", message(error), trace_id, ""),
    }
}

fn coded(code: &str, message: &str, trace_id: &str, payment_id: &str) -> Value {
    json!({ "error": {
        "errorCode": code, "message": message, "tokenTraceId": trace_id, "paymentId": payment_id,
    }})
}
