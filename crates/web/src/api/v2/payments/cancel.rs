//! `DELETE /v2/payments/{paymentId}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::ids::PaymentId;
use gateway::{App, payments};

use super::model::PaymentResponse;
use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::parts::places::Only;
use crate::api::path::Path;

/// Take a payment back
#[utoipa::path(
    delete, path = "/v2/payments/{paymentId}", tag = "Payments v2",
    operation_id = "GatewayService.CancelPayment",
    description = "As long as nothing can have been executed, the payment is CANCELED at once. A \
                   payment that its bank holds, until its day or until the payer approves it, is \
                   cancelled by the bank, where the bank does that. Where \
                   the bank wants the payer's approval, `authentication` says how the payer gives \
                   it, and the payment goes its way until then.",
    params(("paymentId" = String, Path, description = "The payment's id"),
        ("request-timeout" = Option<i32>, Header,
            description = "Seconds to wait for the bank, 1 to 120")),
    responses((status = 200, description = "The payment: CANCELED, or as it stands while the bank \
                                            or the payer has not answered", body = PaymentResponse),
        (status = 400, description = "The payment may have been executed, has ended, or its bank \
                                      does not cancel it"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such payment of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn cancel_payment(
    State(app): State<Arc<App>>,
    Path(payment_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Json<PaymentResponse>, ApiError> {
    let id: PaymentId = payment_id.parse().map_err(|_| ApiError::payment_not_found(&payment_id))?;
    let failed = |error| ApiError::from_gateway(error, &payment_id, &Only("paymentId"));
    payments::check_single(&app, &incoming.member, &id).await.map_err(failed)?;
    let timeout_ms = incoming.request_timeout_ms();
    let payment = payments::cancel(&app, &incoming.member, &id, incoming.psu(), timeout_ms)
        .await
        .map_err(failed)?;
    Ok(Json(PaymentResponse::of(&payment, &app.settings().public_url)))
}
