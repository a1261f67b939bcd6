//! Header `Idempotency-Key`, optional on every POST: a request that is repeated with its key is
//! carried out once and answered alike. Our addition (reference, section 1.10, has none).

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::ids::PaymentId;
use gateway::idempotency::{self, IdempotencyKey, Known};
use gateway::{App, payments};
use serde::Serialize;

use super::ApiError;
use super::auth::MemberRequest;
use super::error::FieldFault;
use super::v2::payments::model::PaymentResponse;
use crate::api::parts::places::Only;

/// The header, as errors name it.
pub const HEADER: &str = "Idempotency-Key";
/// Longest key, in bytes.
pub(super) const KEY_BYTES_MAX: usize = 255;
/// On an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How a request with or without a key begins.
enum Begun {
    /// It was answered before.
    Replayed(Response),
    /// It is to be carried out; the key, if there is one, has to be recorded.
    New(Option<IdempotencyKey>),
    /// It was carried out and never answered; the payment that it made or changed.
    Unanswered(IdempotencyKey, Option<PaymentId>),
}

/// Carries a POST out with `run`, or returns the answer that its key already has. `run` gets a new key,
/// to record it in the commit of the request's change. If the first request completed but its answer
/// was lost, the retry returns the payment. If it created none, it runs
/// again: its effect is the same however often it runs, and its row exists.
///
/// # Errors
/// [`ApiError::KeyReused`], [`ApiError::RequestInProgress`], and those of `run`; then the key is
/// as good as never used.
pub(super) async fn once<T, Running>(
    app: &Arc<App>,
    incoming: &MemberRequest,
    run: impl FnOnce(Option<IdempotencyKey>) -> Running,
) -> Result<Response, ApiError>
where
    T: Serialize,
    Running: Future<Output = Result<T, ApiError>>,
{
    match begin(app, incoming).await? {
        Begun::Replayed(response) => Ok(response),
        Begun::New(key) => answered(app, key.clone(), &run(key).await?).await,
        Begun::Unanswered(key, None) => answered(app, Some(key), &run(None).await?).await,
        Begun::Unanswered(key, Some(id)) => {
            let failed = |error| ApiError::from_gateway(error, "", &Only(""));
            let payment = payments::get(app, &incoming.member, &id).await.map_err(failed)?;
            let answer = PaymentResponse::of(&payment, &app.settings().public_url);
            answered_again(app, &key, &answer).await
        }
    }
}

/// As [`once`]; what was carried out and never answered is answered by `again`, which gets the
/// payment that the request made or changed, if there is one.
///
/// # Errors
/// As [`once`], and those of `again`.
pub(super) async fn once_or<T, Running, Answering>(
    app: &Arc<App>,
    incoming: &MemberRequest,
    run: impl FnOnce(Option<IdempotencyKey>) -> Running,
    again: impl FnOnce(Option<PaymentId>) -> Answering,
) -> Result<Response, ApiError>
where
    T: Serialize,
    Running: Future<Output = Result<T, ApiError>>,
    Answering: Future<Output = Result<T, ApiError>>,
{
    match begin(app, incoming).await? {
        Begun::Replayed(response) => Ok(response),
        Begun::New(key) => answered(app, key.clone(), &run(key).await?).await,
        Begun::Unanswered(key, id) => answered_again(app, &key, &again(id).await?).await,
    }
}

async fn begin(app: &Arc<App>, incoming: &MemberRequest) -> Result<Begun, ApiError> {
    let Some(key) = key_of(incoming)? else { return Ok(Begun::New(None)) };
    let failed = |error| ApiError::from_gateway(error, "", &Only(""));
    match idempotency::find(app, &key).await.map_err(failed)? {
        Known::OtherBody => Err(ApiError::KeyReused),
        Known::Running => Err(ApiError::RequestInProgress),
        Known::Answered(answer) => Ok(Begun::Replayed(replayed(answer))),
        Known::Unanswered(about) => {
            Ok(Begun::Unanswered(key, about.and_then(|about| about.payment_id().cloned())))
        }
        Known::New => Ok(Begun::New(Some(key))),
    }
}

async fn answered<T: Serialize>(
    app: &Arc<App>,
    key: Option<IdempotencyKey>,
    value: &T,
) -> Result<Response, ApiError> {
    let answer = json_of(value)?;
    if let Some(key) = key {
        keep(app, &key, &answer).await;
    }
    Ok(as_response(answer))
}

async fn answered_again<T: Serialize>(
    app: &Arc<App>,
    key: &IdempotencyKey,
    value: &T,
) -> Result<Response, ApiError> {
    let answer = json_of(value)?;
    keep(app, key, &answer).await;
    Ok(replayed(answer))
}

/// The request has been carried out: it is answered, even if the answer cannot be kept.
async fn keep(app: &Arc<App>, key: &IdempotencyKey, answer: &str) {
    if let Err(error) = idempotency::answered(app, key, answer.to_owned()).await {
        tracing::warn!(%error, "an answer was not kept for repetitions");
    }
}

fn key_of(incoming: &MemberRequest) -> Result<Option<IdempotencyKey>, ApiError> {
    if !["idempotency-key", "idempotency_key"]
        .iter()
        .any(|name| incoming.headers.contains_key(*name))
    {
        return Ok(None);
    }
    let text = incoming.header("idempotency-key").unwrap_or_default();
    if text.is_empty() || text.len() > KEY_BYTES_MAX {
        let message = format!("`{HEADER}` should be 1 to {KEY_BYTES_MAX} characters of ASCII.");
        return Err(ApiError::field(FieldFault::InvalidFormat, HEADER, message));
    }
    let route = format!("POST {}", incoming.path);
    Ok(Some(IdempotencyKey::new(&incoming.member, &route, text, &incoming.body)))
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
