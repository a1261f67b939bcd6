//! `GET /v2/payments/{paymentId}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::ids::PaymentId;
use gateway::{App, payments};

use super::model::PaymentResponse;
use crate::api::ApiError;
use crate::api::auth::Call;
use crate::api::path::Path;

/// Read a payment
#[utoipa::path(
    get, path = "/v2/payments/{paymentId}", tag = "Payments v2",
    operation_id = "GatewayService.GetPayment",
    params(("paymentId" = String, Path, description = "The payment's id"),
        ("request-timeout" = Option<i32>, Header,
            description = "Accepted; the stored payment is answered at once")),
    responses((status = 200, description = "The payment", body = PaymentResponse),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such payment of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn get_payment(
    State(app): State<Arc<App>>,
    Path(payment_id): Path<String>,
    call: Call,
) -> Result<Json<PaymentResponse>, ApiError> {
    let id: PaymentId = payment_id.parse().map_err(|_| ApiError::payment_not_found(&payment_id))?;
    let payment = payments::get(&app, &call.member, &id)
        .await
        .map_err(|error| ApiError::from_gateway(error, &payment_id, ""))?;
    Ok(Json(PaymentResponse::of(&payment, &app.settings().public_url)))
}
