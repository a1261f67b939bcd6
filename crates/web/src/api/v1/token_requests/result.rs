//! `GET /token-requests/{tokenRequestId}/result` (reference, sections 2.10, 2.14 and 2.19).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::payment::{self as core, Stage};
use domain::token_request::{Retry, TokenRequest};
use gateway::{App, token_requests};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::get;
use crate::api::ApiError;
use crate::api::auth::Caller;
use crate::api::parts::places::Only;
use crate::api::path::Path;
use crate::api::v1::signature::Signature;

/// Why a token request is rejected whose payer said no on our pages.
pub(crate) const DECLINED: &str = "The payer declined the payment.";

/// The outcome of a token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ResultStatus {
    /// The payer has not approved it yet.
    Pending,
    /// The payer has approved it, whatever became of the order.
    Processed,
    /// The payer or the bank said no.
    Rejected,
    /// It was not approved in time.
    Expired,
}

/// The outcome of a token request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequestResult {
    /// `tt:…`, once the payer has approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<String>,
    /// `t:…`, once the order is wanted or with the bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_id: Option<String>,
    /// `so:…` in the place of `transferId`, where the payer has approved a standing order.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing_order_submission_id: Option<String>,
    /// Its status.
    status: ResultStatus,
    /// Why, at most 256 characters; empty where there is nothing to say, because published
    /// clients need the field.
    status_reason_information: String,
    /// The bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_id: Option<String>,
    /// Ties the token to the request's state.
    signature: Signature,
}

/// Read what has become of a token request
#[utoipa::path(
    get, path = "/token-requests/{tokenRequestId}/result", tag = "Token requests (payments v1)",
    operation_id = "GatewayService.GetTokenRequestResultWithStatus",
    security((), ("Bearer" = []), ("BasicAuth" = [])),
    params(("tokenRequestId" = String, Path, description = "The token request's id")),
    responses((status = 200, description = "Where it stands", body = TokenRequestResult),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such token request of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn get_token_request_result(
    State(app): State<Arc<App>>,
    Path(token_request_id): Path<String>,
    caller: Caller,
) -> Result<Json<TokenRequestResult>, ApiError> {
    let request = get::read(&app, caller, &token_request_id).await?;
    let payment = token_requests::payment_of(&app, &request)
        .await
        .map_err(|error| ApiError::from_gateway(error, &token_request_id, &Only("")))?;
    Ok(Json(match payment {
        None => TokenRequestResult::without_payment(&app, &request),
        Some(payment) => TokenRequestResult::of(&app, &request, &payment),
    }))
}

impl TokenRequestResult {
    fn without_payment(app: &App, request: &TokenRequest) -> TokenRequestResult {
        TokenRequestResult {
            token_id: None,
            transfer_id: None,
            standing_order_submission_id: None,
            status: match (request.declined_at, request.is_expired(app.now())) {
                (Some(_), _) => ResultStatus::Rejected,
                (None, true) => ResultStatus::Expired,
                (None, false) => ResultStatus::Pending,
            },
            status_reason_information: request
                .declined_at
                .map(|_| DECLINED.to_owned())
                .unwrap_or_default(),
            bank_id: request.initiation.visit.bank_id.clone(),
            signature: Signature::default(),
        }
    }

    fn of(app: &App, request: &TokenRequest, payment: &core::Payment) -> TokenRequestResult {
        let token_id = payment.approved_at.map(|_| payment.id.token_id().to_string());
        // A bank that executes at the approval holds the order before that.
        let ordered = payment.approved_at.is_some() && payment.ordered_at.is_some();
        let (transfer, standing_order) = match payment.initiation.order.schedule.is_standing_order()
        {
            false => (ordered.then(|| payment.id.transfer_id().to_string()), None),
            true => (None, ordered.then(|| payment.id.standing_order_submission_id().to_string())),
        };
        TokenRequestResult {
            transfer_id: transfer,
            standing_order_submission_id: standing_order,
            status: match request.retry_of(payment, app.now()) {
                Retry::No => status(payment.stage(), token_id.is_some()),
                Retry::OnceSeen | Retry::Next => ResultStatus::Pending,
                Retry::TooLate => ResultStatus::Expired,
            },
            status_reason_information: payment.reason.clone().unwrap_or_default(),
            bank_id: payment.bank_id.clone(),
            signature: signature(app, payment).unwrap_or_default(),
            token_id,
        }
    }
}

/// The status of a stage. How a payment ended does not say whether it had been approved, and a
/// request that was processed stays so.
fn status(stage: Stage, approved: bool) -> ResultStatus {
    match stage {
        _ if approved => ResultStatus::Processed,
        Stage::AwaitingBankChoice
        | Stage::AwaitingBankChoiceByLink
        | Stage::Opening
        | Stage::OpeningUncertain
        | Stage::AwaitingRedirect
        | Stage::AwaitingCredentials
        | Stage::AwaitingCredentialsOnPages
        | Stage::AwaitingDecoupled
        | Stage::VerifyingReturn
        | Stage::VerifyingCredentials => ResultStatus::Pending,
        Stage::AwaitingRedemption
        | Stage::Authorised
        | Stage::OrderSent
        | Stage::Uncertain
        | Stage::Processing
        | Stage::Completed
        | Stage::NoFinalStatus => ResultStatus::Processed,
        Stage::Rejected
        | Stage::RejectedInsufficientFunds
        | Stage::Declined
        | Stage::Failed
        | Stage::Cancelled => ResultStatus::Rejected,
        Stage::Expired => ResultStatus::Expired,
    }
}

/// Ties the token to the state as it was sent, by the gateway's key; none before the payer has
/// approved.
pub(crate) fn signature(app: &App, payment: &core::Payment) -> Option<Signature> {
    payment.approved_at?;
    let state = payment.initiation.visit.callback_state.as_deref().unwrap_or("");
    let token_id = payment.id.token_id();
    Some(Signature::over(app, &json!({ "state": state, "tokenId": token_id.as_str() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_and_its_result() {
        let name = |status| serde_json::to_value(status).unwrap().as_str().unwrap().to_owned();
        let table: String = Stage::ALL
            .into_iter()
            .map(|stage| {
                let (before, after) = (name(status(stage, false)), name(status(stage, true)));
                format!("{:<28} {before:<10} once approved {after}\n", stage.name())
            })
            .collect();
        insta::assert_snapshot!(table);
    }
}
