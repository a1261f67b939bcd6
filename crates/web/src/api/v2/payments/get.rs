//! `GET /v2/payments/{paymentId}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::ids::PaymentId;
use gateway::App;
use gateway::payments::{self, Update};

use super::model::PaymentResponse;
use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::parts::places::Only;
use crate::api::path::Path;

/// Read a payment
#[utoipa::path(
    get, path = "/v2/payments/{paymentId}", tag = "Payments v2",
    operation_id = "GatewayService.GetPayment",
    params(("paymentId" = String, Path, description = "The payment's id"),
        ("skipPaymentUpdate" = Option<bool>, Query,
            description = "Whether the bank is not asked what became of the order"),
        ("request-timeout" = Option<i32>, Header,
            description = "Seconds to wait for the bank, 1 to 120; without it the stored payment \
                is answered at once, and the bank is asked meanwhile")),
    responses((status = 200, description = "The payment", body = PaymentResponse),
        (status = 400, description = "A parameter is wrong"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such payment of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn get_payment(
    State(app): State<Arc<App>>,
    Path(payment_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Json<PaymentResponse>, ApiError> {
    let id: PaymentId = payment_id.parse().map_err(|_| ApiError::payment_not_found(&payment_id))?;
    let skipped = incoming.query()?.truth("skipPaymentUpdate")?.unwrap_or(false);
    let update = match incoming.request_timeout_ms() {
        _ if skipped => Update::Skipped,
        None => Update::Soon,
        Some(timeout_ms) => Update::Within(timeout_ms),
    };
    let payment = payments::look_at(&app, &incoming.member, &id, update)
        .await
        .map_err(|error| ApiError::from_gateway(error, &payment_id, &Only("")))?;
    if payment.is_standing_order() {
        return Err(ApiError::payment_not_found(&payment_id));
    }
    Ok(Json(PaymentResponse::of(&payment, &app.settings().public_url)))
}
