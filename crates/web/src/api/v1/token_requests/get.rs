//! `GET /token-requests/{requestId}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::token_request::TokenRequest;
use gateway::{App, GatewayError, token_requests};

use super::model::TokenRequestResponse;
use crate::api::ApiError;
use crate::api::auth::Caller;
use crate::api::parts::places::Only;
use crate::api::path::Path;

/// Read a token request
#[utoipa::path(
    get, path = "/token-requests/{requestId}", tag = "Token requests (payments v1)",
    operation_id = "GatewayService.RetrieveTokenRequest",
    security((), ("Bearer" = []), ("BasicAuth" = [])),
    params(("requestId" = String, Path, description = "The token request's id")),
    responses((status = 200, description = "As it was sent", body = TokenRequestResponse),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such token request of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn get_token_request(
    State(app): State<Arc<App>>,
    Path(request_id): Path<String>,
    caller: Caller,
) -> Result<Json<TokenRequestResponse>, ApiError> {
    let request = read(&app, caller, &request_id).await?;
    Ok(Json(TokenRequestResponse::of(&request)?))
}

/// The token request that the caller may read: its member's own by any id that names it, and, where
/// unsigned reads are open, anybody's by its own id.
pub(super) async fn read(
    app: &Arc<App>,
    caller: Caller,
    id: &str,
) -> Result<TokenRequest, ApiError> {
    let found = match (caller.or_everybody(app)?, id.parse()) {
        (Some(call), _) => token_requests::get(app, &call.member, id).await,
        (None, Ok(parsed)) => token_requests::by_link(app, &parsed).await,
        (None, Err(_)) => Err(GatewayError::TokenRequestNotFound),
    };
    found.map_err(|error| ApiError::from_gateway(error, id, &Only("")))
}
