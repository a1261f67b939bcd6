//! `GET /transfers`: the member's transfers, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway::App;
use serde::{Deserialize, Serialize};
use store::payments::Role;
use utoipa::ToSchema;

use super::model::Transfer;
use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::query::{Query, name, word};
use crate::api::status::TransferStatus;
use crate::api::v1::page::{Wanted, page};

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransfersResponse {
    /// Loads the next page; empty on the last page.
    offset: String,
    /// The transfers.
    transfers: Vec<Transfer>,
}

/// The member's part in a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum TransferRole {
    /// Anything.
    Any,
    /// Who pays; no member is.
    Payer,
    /// Who is paid.
    Payee,
}

/// How much has been refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum TransferRefundStatus {
    /// Whatever.
    Unset,
    /// Nothing; nothing is refunded yet.
    None,
    /// Some of it.
    Partial,
    /// All of it.
    Full,
}

/// List transfers
#[utoipa::path(
    get, path = "/transfers", tag = "Transfers (payments v1)",
    operation_id = "GatewayService.GetTransfers",
    params(
        ("page.limit" = Option<i32>, Query, description = "1 to 200; anything else is 200"),
        ("page.offset" = Option<String>, Query, description = "`offset` of the page before"),
        ("tokenId" = Option<String>, Query, description = "Only that of this token"),
        ("filter.tokenId" = Option<String>, Query, description = "The same"),
        ("filter.startTimeMs" = Option<String>, Query,
            description = "Only those of this moment or later, milliseconds since 1970"),
        ("filter.endTimeMs" = Option<String>, Query,
            description = "Only those of this moment or earlier, milliseconds since 1970"),
        ("filter.transactionStatus" = Option<TransferStatus>, Query,
            description = "Only this status"),
        ("filter.transactionStatuses" = Option<Vec<TransferStatus>>, Query,
            description = "Only these statuses"),
        ("filter.role" = Option<String>, Query, description = "ANY, PAYER or PAYEE"),
        ("filter.actingAsRefId" = Option<String>, Query, description = "Only those of this sub-TPP"),
        ("filter.refId" = Option<String>, Query, description = "Only that with this reference"),
        ("filter.transferRefundStatus" = Option<String>, Query,
            description = "UNSET, NONE, PARTIAL or FULL; nothing is refunded yet")),
    responses((status = 200, description = "One page", body = TransfersResponse),
        (status = 400, description = "A parameter is wrong"),
        (status = 401, description = "Not authenticated"),
        (status = 500, description = "Internal error"))
)]
pub async fn list_transfers(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Json<TransfersResponse>, ApiError> {
    let query = incoming.query().map_err(ApiError::bare)?;
    let wanted = wanted(&query).map_err(ApiError::bare)?;
    let (found, offset) = page(&app, &incoming.member, &query, Role::Transfer, wanted).await?;
    let transfers =
        found.iter().map(|one| Transfer::of(&app, one)).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(TransfersResponse { offset, transfers }))
}

fn wanted(query: &Query) -> Result<Wanted, ApiError> {
    let asked = statuses(query)?;
    let statuses: Vec<_> = asked.iter().filter_map(|status| status.in_domain()).collect();
    let role: Option<TransferRole> =
        query.text("filter.role").map(|text| word("filter.role", text)).transpose()?;
    let refunded = "filter.transferRefundStatus";
    let refunded: Option<TransferRefundStatus> =
        query.text(refunded).map(|text| word(refunded, text)).transpose()?;
    let nothing_fits = role == Some(TransferRole::Payer)
        || matches!(refunded, Some(TransferRefundStatus::Partial | TransferRefundStatus::Full))
        || (!asked.is_empty() && statuses.is_empty());
    let token = query.text("filter.tokenId").or_else(|| query.text("tokenId"));
    Ok(Wanted {
        id: token.map(str::to_owned),
        ref_id: name(query, "filter.refId")?,
        statuses,
        none: nothing_fits,
    })
}

/// The statuses, each once. One of them is published with a space.
fn statuses(query: &Query) -> Result<Vec<TransferStatus>, ApiError> {
    let mut statuses: Vec<TransferStatus> = vec![];
    for parameter in ["filter.transactionStatus", "filter.transactionStatuses"] {
        for text in query.texts(parameter) {
            let status = word(parameter, &text)?;
            if !statuses.contains(&status) {
                statuses.push(status);
            }
        }
    }
    Ok(statuses)
}
