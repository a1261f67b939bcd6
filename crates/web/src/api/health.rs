//! `GET /healthz` and `GET /readyz`: for machines that watch the process.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::step::Lane;
use gateway::App;
use serde_json::json;
use store::unit;

use super::ApiError;

/// The process answers.
pub async fn alive() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// The process and its database answer.
pub async fn ready(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    app.db()
        .read(|tx| unit(async move { store::jobs::next_due(tx, Lane::Bank).await }))
        .await
        .map_err(|error| ApiError::Unavailable { detail: error.to_string() })?;
    Ok(Json(json!({ "status": "ready", "database": app.db().kind() })).into_response())
}
