//! Payments whose payer comes by a link: one payment, one link (reference, section 5.1, the older
//! design).

use domain::initiation::Flow;
use domain::payment::{LINK_WINDOW_MAX, Stage};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::ApiError;
use crate::api::error::FieldFault;

/// Where the options are.
const LINK: &str = "initiation.payByLinkOptions";
/// Where its end is.
const EXPIRY: &str = "initiation.payByLinkOptions.expiresDateTime";

/// How long the link works.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PayByLinkOptions {
    /// ISO 8601 with an offset or `Z`, at most 90 days ahead; a day where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_date_time: Option<String>,
}

impl PayByLinkOptions {
    /// Until when the link works, if the member states it.
    pub(super) fn until(&self, flow: Flow, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
        if flow != Flow::PayByLinkHostedPages {
            let message = "`payByLinkOptions` is for `flowType` PAY_BY_LINK_HOSTED_PAGES.";
            return Err(ApiError::field(FieldFault::Invalid, LINK, message));
        }
        let Some(text) = self.expires_date_time.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let until: Timestamp = text.parse().map_err(|_| {
            let message = "`expiresDateTime` should be a moment such as 2026-04-05T17:02:11Z.";
            ApiError::field(FieldFault::InvalidFormat, EXPIRY, message)
        })?;
        let latest = now.checked_add(LINK_WINDOW_MAX).unwrap_or(Timestamp::MAX);
        if until <= now || until > latest {
            let message = "`expiresDateTime` should be in the future, at most 90 days ahead.";
            return Err(ApiError::field(FieldFault::Invalid, EXPIRY, message));
        }
        Ok(Some(until))
    }

    pub(super) fn of(until: Timestamp) -> PayByLinkOptions {
        PayByLinkOptions { expires_date_time: Some(super::model::moment(until)) }
    }
}

/// The state of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentLinkStatus {
    /// The payer can still pay with it.
    LinkActive,
    /// Nobody has paid in time.
    LinkExpired,
    /// The member took it back.
    LinkCanceled,
    /// The payer has used it, whatever the bank says.
    LinkRedeemed,
}

impl PaymentLinkStatus {
    pub(super) fn of(stage: Stage) -> PaymentLinkStatus {
        match stage {
            Stage::AwaitingBankChoice
            | Stage::AwaitingBankChoiceByLink
            | Stage::Opening
            | Stage::AwaitingRedirect
            | Stage::AwaitingCredentials
            | Stage::AwaitingCredentialsOnPages
            | Stage::AwaitingDecoupled
            | Stage::VerifyingReturn
            | Stage::VerifyingCredentials => PaymentLinkStatus::LinkActive,
            Stage::Expired => PaymentLinkStatus::LinkExpired,
            Stage::Cancelled => PaymentLinkStatus::LinkCanceled,
            Stage::OpeningUncertain
            | Stage::AwaitingRedemption
            | Stage::Authorised
            | Stage::OrderSent
            | Stage::Uncertain
            | Stage::Processing
            | Stage::Completed
            | Stage::Rejected
            | Stage::RejectedInsufficientFunds
            | Stage::Declined
            | Stage::Failed
            | Stage::NoFinalStatus => PaymentLinkStatus::LinkRedeemed,
        }
    }
}
