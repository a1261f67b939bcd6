//! `POST /v2/payments/{paymentId}/redeem`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::ids::PaymentId;
use gateway::idempotency::IdempotencyKey;
use gateway::{App, payments};

use super::model::PaymentResponse;
use crate::api::auth::MemberRequest;
use crate::api::parts::places::Only;
use crate::api::path::Path;
use crate::api::{ApiError, idempotency};

/// Send the order of an approved payment
#[utoipa::path(
    post, path = "/v2/payments/{paymentId}/redeem", tag = "Payments v2",
    operation_id = "GatewayService.RedeemPayment",
    description = "For members whose approved payments wait for their word (auto-redeem is off). \
                   Asking again sends nothing again. A body is not read.",
    params(("paymentId" = String, Path, description = "The payment's id"),
        ("request-timeout" = Option<i32>, Header,
            description = "Seconds to wait for the bank, 1 to 120")),
    responses((status = 200, description = "The payment", body = PaymentResponse),
        (status = 400, description = "The payment is not approved, or has ended without an order"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such payment of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn redeem_payment(
    State(app): State<Arc<App>>,
    Path(payment_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    idempotency::once(&app, &incoming, |key| redeem(&app, &payment_id, &incoming, key)).await
}

async fn redeem(
    app: &Arc<App>,
    payment_id: &str,
    incoming: &MemberRequest,
    key: Option<IdempotencyKey>,
) -> Result<PaymentResponse, ApiError> {
    let id: PaymentId = payment_id.parse().map_err(|_| ApiError::payment_not_found(payment_id))?;
    let timeout_ms = incoming.request_timeout_ms();
    let failed = |error| ApiError::from_gateway(error, payment_id, &Only("paymentId"));
    payments::check_single(app, &incoming.member, &id).await.map_err(failed)?;
    let payment = payments::redeem(app, &incoming.member, &id, incoming.psu(), timeout_ms, key)
        .await
        .map_err(failed)?;
    Ok(PaymentResponse::of(&payment, &app.settings().public_url))
}
