//! `POST /token-requests`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::token_request::Asked;
use gateway::idempotency::IdempotencyKey;
use gateway::{App, GatewayError, members, token_requests};
use jiff::tz::TimeZone;

use super::errors::{from_gateway, in_token_request};
use super::mapping;
use super::model::{StoreTokenRequest, TokenRequestResponse};
use crate::api::auth::Call;
use crate::api::v2::payments::initiation::Rules;
use crate::api::{ApiError, idempotency, json};

/// Ask for a payer's approval
#[utoipa::path(
    post, path = "/token-requests", tag = "Token requests (payments v1)",
    operation_id = "GatewayService.StoreTokenRequest",
    description = "Records what a payer is to approve: a single payment, `transferBody`, or a \
                   standing order, `standingOrderBody`. It can be authorised for 20 minutes.",
    request_body = StoreTokenRequest,
    responses((status = 200, description = "The token request", body = TokenRequestResponse),
        (status = 400, description = "A field is missing or wrong, the reference was used before, \
            or the bank cannot do this"),
        (status = 401, description = "Not authenticated"),
        (status = 403, description = "The member may not act on behalf of others"),
        (status = 500, description = "Internal error"),
        (status = 501, description = "Access to accounts does not exist yet"))
)]
pub async fn store_token_request(
    State(app): State<Arc<App>>,
    call: Call,
) -> Result<Response, ApiError> {
    let run = |key| store(&app, &call, key);
    idempotency::once_or(&app, &call, run, |_| again(&app, &call)).await
}

async fn store(
    app: &Arc<App>,
    call: &Call,
    key: Option<IdempotencyKey>,
) -> Result<TokenRequestResponse, ApiError> {
    let mut asked: StoreTokenRequest = json::read_either_name(&call.body)?;
    mapping::refuse_other_payloads(&asked)?;
    mapping::check_envelope(&mut asked, call.member.id())?;
    if asked.request_payload.acting_as.is_some() {
        members::check_acting_as(app, &call.member)
            .await
            .map_err(|error| from_gateway(error, "", &asked))?;
    }
    let text = serde_json::to_value(&asked).map_err(unwritable)?;
    mapping::refuse_card_numbers(&text)?;
    let mut initiation = mapping::initiation(&asked)?
        .into_domain_by(Rules::V1, app.settings().sandbox, app.now())
        .map_err(|error| in_token_request(error, &asked))?;
    if let Some(body) = &asked.request_payload.standing_order_body {
        let today = app.now().to_zoned(TimeZone::UTC).date();
        initiation.schedule = body.schedule(initiation.amount, today)?;
    }
    let kept = Asked(text.to_string());
    let receipt_to = mapping::receipt_to(&asked)?;
    let request = token_requests::create(app, &call.member, kept, initiation, receipt_to, key)
        .await
        .map_err(|error| from_gateway(error, "", &asked))?;
    TokenRequestResponse::of(&request)
}

/// It was recorded and never answered: the body names it.
async fn again(app: &Arc<App>, call: &Call) -> Result<TokenRequestResponse, ApiError> {
    let asked: StoreTokenRequest = json::read_either_name(&call.body)?;
    let ref_id = &asked.request_payload.ref_id;
    let request = token_requests::of_reference(app, &call.member, ref_id)
        .await
        .map_err(|error: GatewayError| from_gateway(error, "", &asked))?;
    TokenRequestResponse::of(&request)
}

fn unwritable(error: serde_json::Error) -> ApiError {
    ApiError::Internal { detail: format!("a token request: {error}") }
}
