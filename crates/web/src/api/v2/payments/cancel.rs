//! `DELETE /v2/payments/{paymentId}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::ids::PaymentId;
use gateway::{App, payments};

use super::model::PaymentResponse;
use crate::api::ApiError;
use crate::api::auth::Call;
use crate::api::path::Path;

/// Take a payment back
#[utoipa::path(
    delete, path = "/v2/payments/{paymentId}", tag = "Payments v2",
    operation_id = "GatewayService.CancelPayment",
    description = "Possible as long as nothing can have been executed: no order was sent, and the \
                   payer cannot approve the payment at a bank that executes with the approval.",
    params(("paymentId" = String, Path, description = "The payment's id")),
    responses((status = 200, description = "The payment, CANCELED", body = PaymentResponse),
        (status = 400, description = "The payment may have been executed, or has ended"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such payment of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn cancel_payment(
    State(app): State<Arc<App>>,
    Path(payment_id): Path<String>,
    call: Call,
) -> Result<Json<PaymentResponse>, ApiError> {
    let id: PaymentId = payment_id.parse().map_err(|_| ApiError::payment_not_found(&payment_id))?;
    let failed = |error| ApiError::from_gateway(error, &payment_id, "paymentId");
    payments::check_single(&app, &call.member, &id).await.map_err(failed)?;
    let payment = payments::cancel(&app, &call.member, &id).await.map_err(failed)?;
    Ok(Json(PaymentResponse::of(&payment, &app.settings().public_url)))
}
