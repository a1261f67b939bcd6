//! `PUT /tokens/{tokenId}/cancel`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway::payments::Update;
use gateway::{App, transfers};
use serde::{Deserialize, Serialize};
use store::payments::Role;
use utoipa::ToSchema;

use super::model::Token;
use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::parts::places::Only;
use crate::api::path::Path;
use crate::api::v1::transfers::create::check_description;

/// How the cancellation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TokenOperationStatus {
    /// The token cannot be redeemed any more, and nothing is executed.
    Success,
    /// The bank holds the order, and the bank or the payer has not agreed yet; the order continues
    /// until then. `POST /token-requests/{tokenRequestId}/authorization` returns the payer's next step.
    MoreSignaturesNeeded,
}

/// The result of the cancellation.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenOperationResult {
    /// How it went.
    status: TokenOperationStatus,
    /// The token.
    token: Token,
}

/// The result in its envelope.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelTokenResponse {
    /// The result.
    result: TokenOperationResult,
}

/// The body that a client may send.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CancelTokenRequest {
    /// That of the token request, or `refId` where it has none.
    #[serde(default)]
    description: Option<String>,
}

/// Cancel a token
#[utoipa::path(
    put, path = "/tokens/{tokenId}/cancel", tag = "Tokens (payments v1)",
    operation_id = "GatewayService.CancelToken",
    description = "Cancels an approval before it is redeemed, an order that the bank holds until \
                   its day, or a standing order that the bank repeats. Some banks ask the payer to \
                   approve the cancellation. A second request does nothing. A `description` should \
                   be that of the token request.",
    request_body(content = Option<CancelTokenRequest>, content_type = "application/json"),
    params(("tokenId" = String, Path, description = "The token's id")),
    responses((status = 200, description = "It is cancelled", body = CancelTokenResponse),
        (status = 400, description = "It has been executed, the bank does not cancel it, or the \
                                         description differs"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such token of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn cancel_token(
    State(app): State<Arc<App>>,
    Path(token_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Json<CancelTokenResponse>, ApiError> {
    // Clients send bodies of all kinds here; one field of them says what is cancelled.
    if let Ok(CancelTokenRequest { description: Some(description) }) =
        serde_json::from_slice(&incoming.body)
    {
        let failed = |error| ApiError::from_gateway(error, &token_id, &Only("tokenId"));
        let token = transfers::get(&app, &incoming.member, &token_id, Role::Token, Update::Skipped)
            .await
            .map_err(failed)?;
        check_description(&token, Some(&description), "description")?;
    }
    let timeout_ms = incoming.request_timeout_ms();
    let found = transfers::cancel(&app, &incoming.member, &token_id, incoming.psu(), timeout_ms)
        .await
        .map_err(|error| ApiError::from_gateway(error, &token_id, &Only("tokenId")))?;
    let token = Token::of(&app, &found)?;
    let status = match found.payment.state.is_final() {
        true => TokenOperationStatus::Success,
        false => TokenOperationStatus::MoreSignaturesNeeded,
    };
    let result = TokenOperationResult { status, token };
    Ok(Json(CancelTokenResponse { result }))
}
