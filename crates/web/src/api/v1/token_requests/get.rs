//! `GET /token-requests/{requestId}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway::{App, token_requests};

use super::model::TokenRequestResponse;
use crate::api::ApiError;
use crate::api::auth::Call;
use crate::api::path::Path;

/// Read a token request
#[utoipa::path(
    get, path = "/token-requests/{requestId}", tag = "Token requests (payments v1)",
    operation_id = "GatewayService.RetrieveTokenRequest",
    params(("requestId" = String, Path, description = "The token request's id")),
    responses((status = 200, description = "As it was sent", body = TokenRequestResponse),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such token request of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn get_token_request(
    State(app): State<Arc<App>>,
    Path(request_id): Path<String>,
    call: Call,
) -> Result<Json<TokenRequestResponse>, ApiError> {
    let request = token_requests::get(&app, &call.member, &request_id)
        .await
        .map_err(|error| ApiError::from_gateway(error, &request_id, ""))?;
    Ok(Json(TokenRequestResponse::of(&request)?))
}
