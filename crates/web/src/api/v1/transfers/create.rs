//! `POST /transfers`: redeems a token (reference, section 2.11).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Refusal;
use domain::card_number::resembles_card_number;
use domain::field::{Field, FieldError};
use domain::initiation::Schedule;
use domain::money;
use domain::text::within;
use gateway::idempotency::IdempotencyKey;
use gateway::payments::Update;
use gateway::transfers::{self, Requested};
use gateway::{App, GatewayError};
use serde::Deserialize;
use store::payments::Role;
use utoipa::ToSchema;

use super::model::{Transfer, TransferResponse, written};
use crate::api::auth::MemberRequest;
use crate::api::error::FieldFault;
use crate::api::parts::amount::Amount;
use crate::api::parts::draft::REF_ID_CHARACTERS_MAX;
use crate::api::parts::places::Only;
use crate::api::v1::token_requests::instructions::Destination;
use crate::api::v1::token_requests::metadata::Metadata;
use crate::api::v1::token_requests::model::asked_in;
use crate::api::{ApiError, idempotency, json};

/// Where a request has the reference.
const REF_ID: &str = "payload.refId";

/// The order, as the payer has approved it in the token request. Absent fields have their values
/// from there; the others, except `refId`, should have the same values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransferPayloadRequest {
    /// The token: `tt:…`.
    token_id: String,
    /// How much: as much as was approved.
    #[serde(default, deserialize_with = "json::optional_object")]
    amount: Option<Amount>,
    /// The member's reference of this transfer, at most 35 characters; it may be another than that of
    /// the token request, which the bank keeps. Each one needs its own.
    #[serde(default, deserialize_with = "json::optional_text")]
    ref_id: Option<String>,
    /// For the payer to read.
    #[serde(default)]
    description: Option<String>,
    /// Whether the bank is asked for funds first.
    #[serde(default, deserialize_with = "json::optional_truth")]
    confirm_funds: Option<bool>,
    /// How.
    #[serde(default, deserialize_with = "json::optional_object")]
    metadata: Option<Metadata>,
    /// Where to.
    #[serde(default)]
    transfer_destinations: Option<Vec<Destination>>,
}

/// `POST /transfers`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateTransferRequest {
    /// The order.
    #[serde(deserialize_with = "json::object")]
    payload: TransferPayloadRequest,
}

/// Redeem a token
#[utoipa::path(
    post, path = "/transfers", tag = "Transfers (payments v1)",
    operation_id = "GatewayService.CreateTransfer",
    description = "Sends the order of an approved payment, for members whose approved payments wait \
                   for their word (auto-redeem is off). Asked again, or where the order was sent \
                   already, it answers with the transfer as it stands.",
    params(("request-timeout" = Option<i32>, Header,
            description = "Seconds to wait for the bank, 1 to 120")),
    request_body = CreateTransferRequest,
    responses((status = 200, description = "The transfer", body = TransferResponse),
        (status = 400, description = "A field is not as it was approved, or the token cannot be \
            redeemed"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such token of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn create_transfer(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    let run = |key| create(&app, &incoming, key);
    idempotency::once_or(&app, &incoming, run, |_| again(&app, &incoming)).await
}

async fn create(
    app: &Arc<App>,
    incoming: &MemberRequest,
    key: Option<IdempotencyKey>,
) -> Result<TransferResponse, ApiError> {
    let CreateTransferRequest { payload } = json::read_either_name(&incoming.body)?;
    let id = payload.token_id.clone();
    let failed = |error| failed(error, &id);
    let token = transfers::get(app, &incoming.member, &id, Role::Token, Update::Skipped)
        .await
        .map_err(failed)?;
    check(&payload, &token)?;
    let timeout_ms = incoming.request_timeout_ms();
    let ref_id = payload.ref_id.filter(|ref_id| !ref_id.is_empty());
    let found =
        transfers::redeem(app, &incoming.member, &id, ref_id, incoming.psu(), timeout_ms, key)
            .await
            .map_err(failed)?;
    Ok(TransferResponse { transfer: Transfer::of(app, &found)? })
}

/// It was carried out and never answered: the body names the token.
async fn again(app: &Arc<App>, incoming: &MemberRequest) -> Result<TransferResponse, ApiError> {
    let CreateTransferRequest { payload } = json::read_either_name(&incoming.body)?;
    let id = &payload.token_id;
    let found = transfers::get(app, &incoming.member, id, Role::Transfer, Update::Skipped)
        .await
        .map_err(|error| failed(error, id))?;
    Ok(TransferResponse { transfer: Transfer::of(app, &found)? })
}

/// Whether a description that is sent again is that of the token request; one that was left out
/// there is read as `refId`.
pub(in crate::api::v1) fn check_description(
    token: &Requested,
    description: Option<&str>,
    path: &str,
) -> Result<(), ApiError> {
    let asked = asked_in(&token.request)?.request_payload.description;
    let known = asked.as_deref().filter(|text| !text.is_empty());
    let known = known.unwrap_or(&token.payment.initiation.order.ref_id);
    if description.is_none_or(|text| text.is_empty() || text == known) {
        return Ok(());
    }
    let message = "`description` should be that of the token request, or be left out.";
    Err(ApiError::field(FieldFault::Invalid, path, message))
}

fn failed(error: GatewayError, id: &str) -> ApiError {
    match error {
        GatewayError::Refused(Refusal::NotRedeemable { .. }) => {
            ApiError::from_gateway(error, id, &Only("payload.tokenId"))
        }
        GatewayError::Refused(Refusal::RedeemedUnderOtherReference) => {
            let message = "`refId` should be that of the transfer, which was redeemed before, or be \
                           left out.";
            ApiError::field(FieldFault::Invalid, REF_ID, message)
        }
        GatewayError::ReferenceTaken => {
            let message = "`refId` is that of another token request or transfer: each one needs its \
                           own.";
            ApiError::field(FieldFault::NotUnique, REF_ID, message)
        }
        error => ApiError::from_gateway(error, id, &Only("")),
    }
}

/// Whether what is asked for is what was approved.
fn check(payload: &TransferPayloadRequest, token: &Requested) -> Result<(), ApiError> {
    let differs = |field: &str, expected: &str| {
        let message = format!("`{field}` should be {expected}, or be left out.");
        Err(ApiError::field(FieldFault::Invalid, format!("payload.{field}"), message))
    };
    let payment = &token.payment;
    let initiation = &payment.initiation;
    if matches!(initiation.order.schedule, Schedule::StandingOrder { .. }) {
        let message =
            "`tokenId` is that of a standing order: use POST /standing-order-submissions.";
        return Err(ApiError::field(FieldFault::Invalid, "payload.tokenId", message));
    }
    if let Some(amount) = &payload.amount {
        let approved = &initiation.order.amount;
        let asked = money::Amount::parse(&amount.value, approved.currency());
        let same = asked.is_ok_and(|asked| asked.ten_thousandths() == approved.ten_thousandths());
        if amount.currency != approved.currency().code() || !same {
            return differs("amount", &format!("the approved amount, {approved}"));
        }
    }
    let asked = asked_in(&token.request)?;
    if let Some(ref_id) = &payload.ref_id {
        within(ref_id, 0, REF_ID_CHARACTERS_MAX).map_err(|fault| {
            ApiError::of_field(&FieldError::new(Field::RefId, fault), &Only(REF_ID))
        })?;
        if resembles_card_number(ref_id) {
            return Err(ApiError::PanDetected);
        }
    }
    check_description(token, payload.description.as_deref(), "payload.description")?;
    if payload.confirm_funds == Some(true) && !initiation.order.confirm_funds {
        return differs("confirmFunds", "that of the token request");
    }
    let instructions = asked.request_payload.transfer_body.map(|body| body.instructions);
    let (approved, metadata) =
        instructions.map(|one| (one.transfer_destinations, one.metadata)).unwrap_or_default();
    // The first one counts.
    let first = payload.transfer_destinations.as_deref().unwrap_or_default().first();
    let first = first.map(Destination::with_type);
    let approved_first = approved.first().map(Destination::with_type);
    if first.is_some() && written(&first)? != written(&approved_first)? {
        return differs("transferDestinations", "those of the token request");
    }
    if payload.metadata.is_some() && written(&payload.metadata)? != written(&metadata)? {
        return differs("metadata", "that of the token request");
    }
    Ok(())
}
