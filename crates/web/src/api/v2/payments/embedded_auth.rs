//! `POST /v2/payments/{paymentId}/embedded-auth`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::ids::PaymentId;
use gateway::idempotency::IdempotencyKey;
use gateway::{App, payments};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::PaymentResponse;
use crate::api::auth::MemberRequest;
use crate::api::parts::credentials::credentials;
use crate::api::parts::places::Only;
use crate::api::path::Path;
use crate::api::{ApiError, idempotency, json};

/// The payer's answers to the bank's questions.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmbeddedAuthRequest {
    /// By field id.
    embedded_auth: BTreeMap<String, String>,
}

/// Answer the bank's questions
#[utoipa::path(
    post, path = "/v2/payments/{paymentId}/embedded-auth", tag = "Payments v2",
    operation_id = "GatewayService.ProvideEmbeddedAuth",
    params(("paymentId" = String, Path, description = "The payment's id"),
        ("request-timeout" = Option<i32>, Header,
            description = "Seconds to wait for the bank, 1 to 120")),
    request_body = EmbeddedAuthRequest,
    responses((status = 200, description = "The payment", body = PaymentResponse),
        (status = 400, description = "A value is missing or wrong, or the bank asks nothing now"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such payment of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn provide_embedded_auth(
    State(app): State<Arc<App>>,
    Path(payment_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    idempotency::once(&app, &incoming, |key| answer(&app, &payment_id, &incoming, key)).await
}

async fn answer(
    app: &Arc<App>,
    payment_id: &str,
    incoming: &MemberRequest,
    key: Option<IdempotencyKey>,
) -> Result<PaymentResponse, ApiError> {
    let id: PaymentId = payment_id.parse().map_err(|_| ApiError::payment_not_found(payment_id))?;
    let asked: EmbeddedAuthRequest = json::read(&incoming.body)?;
    let answers = credentials("embeddedAuth", asked.embedded_auth)?;
    let timeout_ms = incoming.request_timeout_ms();
    payments::check_single(app, &incoming.member, &id)
        .await
        .map_err(|error| ApiError::from_gateway(error, payment_id, &Only("")))?;
    let payment = payments::answer_questions(
        app,
        &incoming.member,
        &id,
        answers,
        incoming.psu(),
        timeout_ms,
        key,
    )
    .await
    .map_err(|error| ApiError::from_gateway(error, payment_id, &Only("embeddedAuth")))?;
    Ok(PaymentResponse::of(&payment, &app.settings().public_url))
}
