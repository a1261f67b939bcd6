//! `POST /token-requests/{requestId}/transfer-destinations`: the answer to
//! `setTransferDestinationsUrl` (reference, section 2.15). The published document does not have it;
//! its shape is that of the published client.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::token_request::RequestText;
use gateway::idempotency::IdempotencyKey;
use gateway::{App, token_requests};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::errors::from_gateway;
use super::instructions::Destination;
use super::model::asked_in;
use super::payees;
use crate::api::auth::MemberRequest;
use crate::api::parts::places::Only;
use crate::api::path::Path;
use crate::api::{ApiError, idempotency, json};

/// Whom to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetTransferDestinations {
    /// The payee's accounts, 1 to 16; the first one that the bank pays to counts.
    transfer_destinations: Vec<Destination>,
}

/// Nothing: it has been done.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferDestinationsSet {}

/// Send the payees of a token request
#[utoipa::path(
    post, path = "/token-requests/{requestId}/transfer-destinations",
    tag = "Token requests (payments v1)",
    operation_id = "GatewayService.SetTokenRequestTransferDestinations",
    description = "The answer to `setTransferDestinationsUrl`, and possible for every token request \
                   that is not at a bank yet. What was told before no longer counts.",
    params(("requestId" = String, Path, description = "The token request's id")),
    request_body = SetTransferDestinations,
    responses((status = 200, description = "They are in place", body = TransferDestinationsSet),
        (status = 400, description = "A destination is wrong, or the token request is at a bank, \
            declined or expired"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such token request of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn set_transfer_destinations(
    State(app): State<Arc<App>>,
    Path(request_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    let run = |key| set(&app, &request_id, &incoming, key);
    // It was carried out and never answered: the answer says no more than that.
    let again = |_| async { Ok(TransferDestinationsSet {}) };
    idempotency::once_or(&app, &incoming, run, again).await
}

async fn set(
    app: &Arc<App>,
    id: &str,
    incoming: &MemberRequest,
    key: Option<IdempotencyKey>,
) -> Result<TransferDestinationsSet, ApiError> {
    let given: SetTransferDestinations = json::read_either_name(&incoming.body)?;
    if given.transfer_destinations.is_empty() {
        return Err(payees::none_told());
    }
    let request = token_requests::get(app, &incoming.member, id)
        .await
        .map_err(|error| ApiError::from_gateway(error, id, &Only("")))?;
    let mut asked = asked_in(&request)?;
    if let Some(instructions) = asked.request_payload.instructions_mut() {
        instructions.transfer_destinations = given.transfer_destinations;
        instructions.show_types();
    }
    let text = serde_json::to_value(&asked)
        .map_err(|error| ApiError::Internal { detail: format!("a token request: {error}") })?;
    // A day to come was checked when it was asked for; it may be today by now.
    let payments = payees::told_later(&asked, app.settings().sandbox, request.created_at)?;
    let kept = RequestText(text.to_string());
    token_requests::tell_destinations(app, &incoming.member, id, kept, payments, key)
        .await
        .map_err(|error| from_gateway(error, id, &asked))?;
    Ok(TransferDestinationsSet {})
}
