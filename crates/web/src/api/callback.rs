//! `POST /callback/initiation`: a member in TPP-callback mode forwards the parameters of the payer's
//! return from the bank (reference, section 3.9).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use banks::psu_return::parameters_of;
use gateway::App;
use gateway::payments::{PsuReturnOutcome, psu_returned_to_member};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::MemberRequest;
use super::error::FieldFault;
use super::v2::payments::model::Payment;
use super::{ApiError, idempotency, json};
use crate::api::parts::places::Only;

/// The parameters of the browser's return.
#[derive(Deserialize, ToSchema)]
pub struct InitiationCallbackRequest {
    /// The query string, or the fragment, as it was received: percent-encoded.
    query: String,
}

/// The result.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitiationCallbackResponse {
    /// Where the payer has to go next, where the bank wants another visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_url: Option<String>,
    /// The payment.
    payment: Payment,
}

/// Forward the parameters of the payer's return
#[utoipa::path(
    post, path = "/callback/initiation", tag = "Payments v2",
    operation_id = "GatewayService.OnBankAuthCallback",
    description = "For members to whose own address banks send the payer back. Bringing it again \
                   changes nothing.",
    params(("request-timeout" = Option<i32>, Header,
        description = "Seconds to wait for the bank, 1 to 120")),
    request_body = InitiationCallbackRequest,
    responses((status = 200, description = "The payment", body = InitiationCallbackResponse),
        (status = 400, description = "The query belongs to no payment of this member"),
        (status = 401, description = "Not authenticated"),
        (status = 500, description = "Internal error"))
)]
pub async fn initiation_callback(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    // A repeated return is already known: there is nothing to record beside it.
    idempotency::once(&app, &incoming, |_| bring(&app, &incoming)).await
}

async fn bring(
    app: &Arc<App>,
    incoming: &MemberRequest,
) -> Result<InitiationCallbackResponse, ApiError> {
    let asked: InitiationCallbackRequest = json::read(&incoming.body)?;
    // Members pass on the whole address, or what follows its `?` or `#`.
    let parameters = parameters_of(&asked.query);
    let timeout_ms = incoming.request_timeout_ms();
    let outcome =
        psu_returned_to_member(app, &incoming.member, &parameters, incoming.psu(), timeout_ms)
            .await
            .map_err(|error| ApiError::from_gateway(error, "", &Only("query")))?;
    match outcome {
        PsuReturnOutcome::NotOurs(why) => {
            let message = format!("`query` belongs to no payment of this member: {why}.");
            Err(ApiError::field(FieldFault::Invalid, "query", message))
        }
        PsuReturnOutcome::Payment { payment, .. } => {
            let redirect_url = payment.redirect_url().map(str::to_owned);
            let payment = Payment::of(&payment, &app.settings().public_url);
            Ok(InitiationCallbackResponse { redirect_url, payment })
        }
    }
}
