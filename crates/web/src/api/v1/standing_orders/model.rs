//! A standing order on the wire (reference, section 2.11), and in webhooks (section 7.3).

use domain::payment::{Payment, PaymentChanged};
use gateway::transfers::Requested;
use serde::Serialize;
use serde_json::{Value, json};
use store::payments::Role;
use utoipa::ToSchema;

use super::status::SubmissionStatus;
use crate::api::ApiError;
use crate::api::v1::token_requests::model::asked_in;
use crate::api::v1::token_requests::standing_order::StandingOrderBody;
use crate::api::v1::transfers::model::{RefundInfo, refund};

/// A standing order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandingOrderSubmission {
    /// `so:…`.
    id: String,
    /// The bank's id of it, once it has given one.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing_order_id: Option<String>,
    /// The token: `tt:…`.
    token_id: String,
    /// Milliseconds since 1970.
    created_at_ms: String,
    /// As it was asked for.
    payload: StandingOrderBody,
    /// Its status.
    status: SubmissionStatus,
    /// Why, at most 256 characters; empty where there is nothing to say, because published
    /// clients need the field.
    status_reason_information: String,
    /// Only where a refund account was asked for and given.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<RefundInfo>,
}

/// A standing order in its envelope.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingOrderSubmissionResponse {
    /// The standing order.
    submission: StandingOrderSubmission,
}

impl StandingOrderSubmissionResponse {
    /// The current standing order.
    ///
    /// # Errors
    /// [`ApiError::Internal`] where the request that was kept cannot be read.
    pub fn of(found: &Requested) -> Result<StandingOrderSubmissionResponse, ApiError> {
        Ok(StandingOrderSubmissionResponse { submission: StandingOrderSubmission::of(found)? })
    }
}

impl StandingOrderSubmission {
    /// The current standing order.
    ///
    /// # Errors
    /// [`ApiError::Internal`] where the request that was kept cannot be read.
    pub fn of(found: &Requested) -> Result<StandingOrderSubmission, ApiError> {
        let Requested { payment, request } = found;
        let lost = || ApiError::Internal { detail: "a standing order without body".to_owned() };
        let payload = asked_in(request)?.request_payload.standing_order_body.ok_or_else(lost)?;
        let since = Role::StandingOrder.since(payment).unwrap_or(payment.created_at);
        Ok(StandingOrderSubmission {
            id: payment.id.standing_order_submission_id().to_string(),
            standing_order_id: payment.bank.payment_id.clone(),
            token_id: payment.id.token_id().to_string(),
            created_at_ms: since.as_millisecond().to_string(),
            payload,
            status: SubmissionStatus::of(payment.stage()),
            status_reason_information: payment.reason.clone().unwrap_or_default(),
            refund: refund(payment).map(|(refund, _)| refund),
        })
    }
}

/// `standingOrderStatusChanged` of a webhook: unpublished, made after that of transfers.
#[must_use]
pub fn status_changed(payment: &Payment, changed: &PaymentChanged) -> Value {
    let mut told = json!({
        "refId": payment.initiation.order.ref_id,
        "standingOrderSubmissionId": payment.id.standing_order_submission_id().to_string(),
        "tokenRequestId": payment.token_request_id,
        "status": SubmissionStatus::of(changed.stage),
        "statusReasonInformation": changed.reason.as_deref().unwrap_or_default(),
    });
    if let (Some(status), Some(fields)) = (&changed.bank.payment_status, told.as_object_mut()) {
        fields.insert("bankPaymentStatus".to_owned(), status.as_str().into());
    }
    told
}
