//! `PUT /tokens/{tokenId}/cancel`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway::{App, transfers};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::Token;
use crate::api::ApiError;
use crate::api::auth::Call;
use crate::api::path::Path;

/// How the cancellation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TokenOperationStatus {
    /// The token cannot be redeemed any more.
    Success,
}

/// What became of the token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenOperationResult {
    /// How it went.
    status: TokenOperationStatus,
    /// The token.
    token: Token,
}

/// What became of the token, in its envelope.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelTokenResponse {
    /// What became of it.
    result: TokenOperationResult,
}

/// Cancel a token
#[utoipa::path(
    put, path = "/tokens/{tokenId}/cancel", tag = "Tokens (payments v1)",
    operation_id = "GatewayService.CancelToken",
    description = "Takes an approval back before it is redeemed. Asked again it does nothing. \
                   A body is not read.",
    params(("tokenId" = String, Path, description = "The token's id")),
    responses((status = 200, description = "It is cancelled", body = CancelTokenResponse),
        (status = 400, description = "It has been redeemed"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such token of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn cancel_token(
    State(app): State<Arc<App>>,
    Path(token_id): Path<String>,
    call: Call,
) -> Result<Json<CancelTokenResponse>, ApiError> {
    let found = transfers::cancel(&app, &call.member, &token_id)
        .await
        .map_err(|error| ApiError::from_gateway(error, &token_id, "tokenId"))?;
    let token = Token::of(&app, &found)?;
    let result = TokenOperationResult { status: TokenOperationStatus::Success, token };
    Ok(Json(CancelTokenResponse { result }))
}
