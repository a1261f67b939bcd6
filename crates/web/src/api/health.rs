//! `GET /healthz` and `GET /readyz`: for machines that watch the process.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gateway::{App, readiness};
use serde_json::json;

/// The process answers.
pub async fn alive() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// The process can serve: its database took a write just now and is not known to be damaged. 503
/// otherwise, with the check that failed; the reason is in the log.
pub async fn ready(State(app): State<Arc<App>>) -> Response {
    let found = readiness::check(&app).await;
    let word = |passed: bool| if passed { "ok" } else { "failed" };
    let (status, said) = match found.is_ready() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    };
    let body = json!({
        "status": said,
        "database": app.db().kind(),
        "checks": { "databaseWrite": word(found.writes), "databaseIntegrity": word(found.intact) },
    });
    (status, Json(body)).into_response()
}
