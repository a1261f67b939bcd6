//! Header `Idempotency-Key`, optional on every POST: a request that is repeated with its key is
//! carried out once and answered alike. Our addition (reference, section 1.10, has none).

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use gateway::idempotency::{self, IdempotencyKey, Known};
use gateway::{App, payments};
use serde::Serialize;

use super::ApiError;
use super::auth::Call;
use super::error::FieldFault;
use super::v2::payments::model::PaymentResponse;

/// The header, as errors name it.
pub const HEADER: &str = "Idempotency-Key";
/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 255;
/// On an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Carries a POST out with `run`, or gives the answer that its key has already. `run` gets the key
/// where it has to be recorded, in the commit of what the request changes.
///
/// # Errors
/// [`ApiError::KeyReused`], [`ApiError::RequestInProgress`], and those of `run`; then the key is
/// as good as never used.
pub(super) async fn once<T, Running>(
    app: &Arc<App>,
    call: &Call,
    run: impl FnOnce(Option<IdempotencyKey>) -> Running,
) -> Result<Response, ApiError>
where
    T: Serialize,
    Running: Future<Output = Result<T, ApiError>>,
{
    let Some(key) = key_of(call)? else {
        return Ok(as_response(json_of(&run(None).await?)?));
    };
    let failed = |error| ApiError::from_gateway(error, "", "");
    let unrecorded = match idempotency::find(app, &key).await.map_err(failed)? {
        Known::OtherBody => return Err(ApiError::KeyReused),
        Known::Running => return Err(ApiError::RequestInProgress),
        Known::Answered(answer) => return Ok(replayed(answer)),
        Known::Unanswered(Some(id)) => {
            let payment = payments::get(app, &call.member, &id).await.map_err(failed)?;
            let answer = json_of(&PaymentResponse::of(&payment, &app.settings().public_url))?;
            keep(app, &key, &answer).await;
            return Ok(replayed(answer));
        }
        // What it changes is the same however often it is done, and its row is there.
        Known::Unanswered(None) => None,
        Known::New => Some(key.clone()),
    };
    let answer = json_of(&run(unrecorded).await?)?;
    keep(app, &key, &answer).await;
    Ok(as_response(answer))
}

/// The request has been carried out: it is answered, even if the answer cannot be kept.
async fn keep(app: &Arc<App>, key: &IdempotencyKey, answer: &str) {
    if let Err(error) = idempotency::answered(app, key, answer.to_owned()).await {
        tracing::warn!(%error, "an answer was not kept for repetitions");
    }
}

fn key_of(call: &Call) -> Result<Option<IdempotencyKey>, ApiError> {
    if !["idempotency-key", "idempotency_key"].iter().any(|name| call.headers.contains_key(*name)) {
        return Ok(None);
    }
    let text = call.header("idempotency-key").unwrap_or_default();
    if text.is_empty() || text.len() > KEY_BYTES_MAX {
        let message = format!("`{HEADER}` should be 1 to {KEY_BYTES_MAX} characters of ASCII.");
        return Err(ApiError::field(FieldFault::InvalidFormat, HEADER, message));
    }
    let route = format!("POST {}", call.path);
    Ok(Some(IdempotencyKey::new(&call.member, &route, text, &call.body)))
}

fn json_of<T: Serialize>(value: &T) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|error| ApiError::Internal { detail: error.to_string() })
}

fn as_response(json: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

fn replayed(json: String) -> Response {
    let mut response = as_response(json);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
