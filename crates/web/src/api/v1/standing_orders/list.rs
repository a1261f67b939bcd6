//! `GET /standing-order-submissions`: the member's standing orders, newest first (reference,
//! section 1.11). The answer's `offset` loads the next page and is empty on the last page.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway::App;
use serde::Serialize;
use store::payments::Role;
use utoipa::ToSchema;

use super::model::StandingOrderSubmission;
use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::v1::page::{Wanted, page};

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingOrderSubmissionsResponse {
    /// Loads the next page; empty on the last page.
    offset: String,
    /// The standing orders.
    submissions: Vec<StandingOrderSubmission>,
}

/// List standing orders
#[utoipa::path(
    get, path = "/standing-order-submissions", tag = "Standing orders (payments v1)",
    operation_id = "GatewayService.GetStandingOrderSubmissions",
    params(
        ("page.limit" = Option<i32>, Query, description = "1 to 200; anything else is 200"),
        ("page.offset" = Option<String>, Query, description = "`offset` of the page before"),
        ("tokenId" = Option<String>, Query, description = "Only that of this token"),
        ("filter.startTimeMs" = Option<String>, Query,
            description = "Only those of this moment or later, milliseconds since 1970"),
        ("filter.endTimeMs" = Option<String>, Query,
            description = "Only those of this moment or earlier, milliseconds since 1970"),
        ("filter.actingAsRefId" = Option<String>, Query,
            description = "Only those of this sub-TPP")),
    responses((status = 200, description = "One page", body = StandingOrderSubmissionsResponse),
        (status = 400, description = "A parameter is wrong"),
        (status = 401, description = "Not authenticated"),
        (status = 500, description = "Internal error"))
)]
pub async fn list_standing_order_submissions(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Json<StandingOrderSubmissionsResponse>, ApiError> {
    let query = incoming.query().map_err(ApiError::bare)?;
    let wanted = Wanted {
        id: query.text("tokenId").map(str::to_owned),
        ref_id: None,
        statuses: vec![],
        none: false,
    };
    let (found, offset) = page(&app, &incoming.member, &query, Role::StandingOrder, wanted).await?;
    let submissions =
        found.iter().map(StandingOrderSubmission::of).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(StandingOrderSubmissionsResponse { offset, submissions }))
}
