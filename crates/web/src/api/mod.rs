//! The JSON API, in the published words.
//!
//! [`envelope`] gives each request a trace id and turns an [`ApiError`] into the published body
//! for it; handlers only return one. [`auth`] says who calls.

pub mod account_verifications;
pub mod auth;
pub mod banks;
pub mod callback;
pub mod cross_origin;
pub mod error;
mod error_body;
#[cfg(test)]
mod error_catalogue;
pub mod error_schema;
pub mod event;
mod gateway_error;
pub mod grpc;
pub mod health;
pub mod idempotency;
pub mod json;
pub mod keys;
pub mod members;
pub mod not_built;
pub mod openapi;
pub mod page;
pub mod parts;
pub mod path;
pub mod qr_code;
pub mod query;
pub mod query_schema;
mod rate_limit;
pub mod security;
pub mod status;
pub mod tokenized_accounts;
pub mod v1;
pub mod v2;
pub mod webhook_config;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use gateway::App;

pub use error::ApiError;
use error::FieldFault;
use error_body::ErrorForm;
use rate_limit::Meter;

/// Larger bodies are refused.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The trace id, under the published spelling and the one that HTTP libraries expect.
const TRACE_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("tokentraceid"), HeaderName::from_static("token-trace-id")];

/// Gives the request a trace id, writes it and the member's rate limit on the answer, and renders
/// errors.
pub async fn envelope(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let trace_id = domain::ids::random_hex(8, app.ids());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let form = ErrorForm::wanted(request.headers(), &path);
    let meter = Meter::default();
    request.extensions_mut().insert(meter.clone());
    let nul = has_nul(request.uri());
    let mut response = if nul {
        let message = "The URL should not hold the character U+0000 (%00).";
        ApiError::field(FieldFault::Invalid, "", message).bare().into_response()
    } else {
        next.run(request).await
    };
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        if error.is_failure_of_ours() {
            tracing::error!(%trace_id, %method, path, error = %error.detail(), "request failed");
        }
        response = error_body::render(&error, &trace_id, form);
    }
    meter.write(response.headers_mut());
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if response.status() == StatusCode::UNAUTHORIZED {
        let schemes = if app.settings().sandbox { "Bearer, Basic" } else { "Bearer" };
        let value = HeaderValue::from_static(schemes);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    if let Ok(value) = HeaderValue::from_str(&trace_id) {
        for name in TRACE_HEADERS {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// Whether path or query hold U+0000: no id has it, and PostgreSQL stores no text with it.
pub(crate) fn has_nul(uri: &Uri) -> bool {
    uri.path_and_query().is_some_and(|text| text.as_str().contains("%00"))
}

/// No such URL. Some banks append their answer with `&` to an address that has no query: it is led to
/// the address that they meant.
pub async fn not_found(method: Method, uri: Uri) -> Response {
    let whole = uri.path_and_query().map_or("", |whole| whole.as_str());
    match whole.strip_prefix("/callback&") {
        Some(answer) if method == Method::GET => {
            Redirect::temporary(&format!("/callback?{answer}")).into_response()
        }
        _ => ApiError::no_such_url().into_response(),
    }
}

/// The URL exists, but not with this method.
pub async fn method_not_allowed() -> Response {
    ApiError::method_not_allowed().into_response()
}
