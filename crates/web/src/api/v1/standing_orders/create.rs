//! `POST /standing-order-submissions`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Refusal;
use domain::ids::PaymentId;
use gateway::idempotency::IdempotencyKey;
use gateway::payments::Update;
use gateway::{App, GatewayError, transfers};
use serde::Deserialize;
use store::payments::Role;
use utoipa::ToSchema;

use super::model::StandingOrderSubmissionResponse;
use super::status::SubmissionStatus;
use crate::api::auth::MemberRequest;
use crate::api::error::FieldFault;
use crate::api::parts::places::Only;
use crate::api::{ApiError, idempotency, json};

/// Which standing order is to be set up.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandingOrderSubmissionRequest {
    /// The token of an approved standing order: `tt:…`.
    token_id: String,
}

/// Send the order of an approved standing order
#[utoipa::path(
    post, path = "/standing-order-submissions", tag = "Standing orders (payments v1)",
    operation_id = "GatewayService.CreateStandingOrder",
    description = "For members whose approved standing orders wait for their word (auto-redeem is \
                   off). Asking again sends nothing again.",
    params(("request-timeout" = Option<i32>, Header,
        description = "Seconds to wait for the bank, 1 to 120")),
    request_body = StandingOrderSubmissionRequest,
    responses(
        (status = 200, description = "The standing order", body = StandingOrderSubmissionResponse),
        (status = 400, description = "It has ended without an order, or the token is that of a \
            single payment"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such token of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn create_standing_order_submission(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    let run = |key| create(&app, &incoming, key);
    idempotency::once_or(&app, &incoming, run, |payment| again(&app, &incoming, payment)).await
}

async fn create(
    app: &Arc<App>,
    incoming: &MemberRequest,
    key: Option<IdempotencyKey>,
) -> Result<StandingOrderSubmissionResponse, ApiError> {
    let asked: StandingOrderSubmissionRequest = json::read(&incoming.body)?;
    let (member, id, timeout_ms) =
        (&incoming.member, &asked.token_id, incoming.request_timeout_ms());
    let failed = |error| ApiError::from_gateway(error, id, &Only("tokenId"));
    let token =
        transfers::get(app, member, id, Role::Token, Update::Skipped).await.map_err(failed)?;
    if !token.payment.is_standing_order() {
        let message = "`tokenId` is that of a single payment: use POST /transfers.";
        return Err(ApiError::field(FieldFault::Invalid, "tokenId", message));
    }
    let found = transfers::redeem(app, member, id, None, incoming.psu(), timeout_ms, key).await;
    let found = found.map_err(|error| match error {
        GatewayError::Refused(Refusal::NotRedeemable { stage }) => {
            let message = format!(
                "The standing order of `tokenId` is {}: it has ended without an order.",
                SubmissionStatus::of(stage).name()
            );
            ApiError::field(FieldFault::Invalid, "tokenId", message)
        }
        error => failed(error),
    })?;
    StandingOrderSubmissionResponse::of(&found)
}

/// The first request was carried out and its answer was lost: the retry returns the current state.
async fn again(
    app: &Arc<App>,
    incoming: &MemberRequest,
    payment: Option<PaymentId>,
) -> Result<StandingOrderSubmissionResponse, ApiError> {
    let missing = || ApiError::Internal { detail: "a submission without payment".to_owned() };
    let id = payment.ok_or_else(missing)?;
    let found =
        transfers::get(app, &incoming.member, id.as_str(), Role::StandingOrder, Update::Skipped)
            .await
            .map_err(|error| ApiError::from_gateway(error, id.as_str(), &Only("")))?;
    StandingOrderSubmissionResponse::of(&found)
}
