//! `GET /transfers/{transferId}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway::payments::Update;
use gateway::{App, transfers};
use store::payments::Role;

use super::model::{Transfer, TransferResponse};
use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::parts::places::Only;
use crate::api::path::Path;

/// Read a transfer
#[utoipa::path(
    get, path = "/transfers/{transferId}", tag = "Transfers (payments v1)",
    operation_id = "GatewayService.GetTransfer",
    params(("transferId" = String, Path, description = "The transfer's id"),
        ("skipTransferUpdate" = Option<bool>, Query,
            description = "Whether the bank is not asked what became of the order"),
        ("request-timeout" = Option<i32>, Header,
            description = "Seconds to wait for the bank, 1 to 120")),
    responses((status = 200, description = "The transfer", body = TransferResponse),
        (status = 400, description = "A parameter is wrong"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such transfer of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn get_transfer(
    State(app): State<Arc<App>>,
    Path(transfer_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Json<TransferResponse>, ApiError> {
    let skipped = incoming.query()?.truth("skipTransferUpdate")?.unwrap_or(false);
    let timeout_ms = incoming.request_timeout_ms().unwrap_or(app.settings().request_timeout_ms);
    let update = if skipped { Update::Skipped } else { Update::Within(timeout_ms) };
    let found = transfers::get(&app, &incoming.member, &transfer_id, Role::Transfer, update)
        .await
        .map_err(|error| ApiError::from_gateway(error, &transfer_id, &Only("")))?;
    Ok(Json(TransferResponse { transfer: Transfer::of(&app, &found)? }))
}
