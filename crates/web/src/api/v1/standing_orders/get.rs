//! `GET /standing-order-submissions/{submissionId}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway::payments::Update;
use gateway::{App, transfers};
use store::payments::Role;

use super::model::StandingOrderSubmissionResponse;
use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::parts::places::Only;
use crate::api::path::Path;

/// Read a standing order
#[utoipa::path(
    get, path = "/standing-order-submissions/{submissionId}",
    tag = "Standing orders (payments v1)",
    operation_id = "GatewayService.GetStandingOrderSubmission",
    params(("submissionId" = String, Path, description = "The standing order's id"),
        ("request-timeout" = Option<i32>, Header,
            description = "Seconds to wait for the bank, 1 to 120")),
    responses(
        (status = 200, description = "The standing order", body = StandingOrderSubmissionResponse),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such standing order of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn get_standing_order_submission(
    State(app): State<Arc<App>>,
    Path(submission_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Json<StandingOrderSubmissionResponse>, ApiError> {
    let timeout_ms = incoming.request_timeout_ms().unwrap_or(app.settings().request_timeout_ms);
    let update = Update::Within(timeout_ms);
    let found = transfers::get(&app, &incoming.member, &submission_id, Role::StandingOrder, update)
        .await
        .map_err(|error| ApiError::from_gateway(error, &submission_id, &Only("")))?;
    Ok(Json(StandingOrderSubmissionResponse::of(&found)?))
}
