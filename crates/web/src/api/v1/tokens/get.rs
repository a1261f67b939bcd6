//! `GET /tokens/{tokenId}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway::payments::Update;
use gateway::{App, transfers};
use store::payments::Role;

use super::model::{Token, TokenResponse};
use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::parts::places::Only;
use crate::api::path::Path;

/// Read a token
#[utoipa::path(
    get, path = "/tokens/{tokenId}", tag = "Tokens (payments v1)",
    operation_id = "GatewayService.GetToken",
    params(("tokenId" = String, Path, description = "The token's id")),
    responses((status = 200, description = "The token", body = TokenResponse),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such token of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn get_token(
    State(app): State<Arc<App>>,
    Path(token_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Json<TokenResponse>, ApiError> {
    let found = transfers::get(&app, &incoming.member, &token_id, Role::Token, Update::Skipped)
        .await
        .map_err(|error| ApiError::from_gateway(error, &token_id, &Only("")))?;
    Ok(Json(TokenResponse { token: Token::of(&app, &found)? }))
}
