//! `POST /token-requests`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::token_request::RequestText;
use gateway::idempotency::IdempotencyKey;
use gateway::token_requests::{self, NewTokenRequest};
use gateway::{App, GatewayError, members};

use super::errors::from_gateway;
use super::model::{StoreTokenRequest, TokenRequestResponse};
use super::payees::{self, Payees};
use super::{envelope, mapping};
use crate::api::auth::MemberRequest;
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
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    let run = |key| store(&app, &incoming, key);
    idempotency::once_or(&app, &incoming, run, |_| again(&app, &incoming)).await
}

async fn store(
    app: &Arc<App>,
    incoming: &MemberRequest,
    key: Option<IdempotencyKey>,
) -> Result<TokenRequestResponse, ApiError> {
    let mut asked: StoreTokenRequest = json::read_either_name(&incoming.body)?;
    mapping::refuse_other_payloads(&asked)?;
    envelope::check_alias(app, &incoming.member, &asked).await?;
    envelope::check_envelope(&mut asked, incoming.member.id(), app.settings().sandbox)?;
    if asked.request_payload.acting_as.is_some() {
        members::check_acting_as(app, &incoming.member)
            .await
            .map_err(|error| from_gateway(error, "", &asked))?;
    }
    mapping::refuse_card_numbers(&asked)?;
    envelope::name_payer(app, &mut asked, incoming.member.id());
    if let Some(instructions) = asked.request_payload.instructions_mut() {
        instructions.show_types();
    }
    let text = serde_json::to_value(&asked).map_err(unwritable)?;
    let Payees { initiation, payees } = payees::of(&asked, app.settings().sandbox, app.now())?;
    let body = asked.request_payload.transfer_body.as_ref();
    let new = NewTokenRequest {
        asked: RequestText(text.to_string()),
        initiation,
        payees,
        destinations_url: body.and_then(|body| body.set_transfer_destinations_url.clone()),
        receipt_to: envelope::receipt_to(&asked)?,
    };
    let request = token_requests::create(app, &incoming.member, new, key)
        .await
        .map_err(|error| from_gateway(error, "", &asked))?;
    TokenRequestResponse::of(&request)
}

/// It was recorded and never answered: the body names it.
async fn again(app: &Arc<App>, incoming: &MemberRequest) -> Result<TokenRequestResponse, ApiError> {
    let asked: StoreTokenRequest = json::read_either_name(&incoming.body)?;
    let ref_id = &asked.request_payload.ref_id;
    let request = token_requests::of_reference(app, &incoming.member, ref_id)
        .await
        .map_err(|error: GatewayError| from_gateway(error, "", &asked))?;
    TokenRequestResponse::of(&request)
}

fn unwritable(error: serde_json::Error) -> ApiError {
    ApiError::Internal { detail: format!("a token request: {error}") }
}
