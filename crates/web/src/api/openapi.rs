//! `GET /openapi.json`: the document of this very router.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| crate::openapi().to_pretty_json().unwrap_or_else(|_| "{}".to_owned()));

/// The document.
pub async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}
