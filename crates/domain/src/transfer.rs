//! A payment as a transfer of payments v1: what its changes are called there (reference,
//! section 2.12).

use jiff::Timestamp;

use crate::bank::Decline;
use crate::initiation::Schedule;
use crate::names::names;
use crate::payment::{Payment, PaymentChanged, Stage};

/// Where a transfer stands. The three of settlement accounts do not exist yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferStatus {
    /// Approved; the order is about to be sent.
    Pending,
    /// The payer approves at a bank that executes with that.
    PendingExternalAuthorization,
    /// With the bank, or perhaps with it.
    Processing,
    /// The bank has accepted it.
    Success,
    /// The bank said nothing final for as long as it was asked.
    Initiated,
    /// It failed without a word of why.
    FailureGeneric,
    /// The bank did not permit it.
    FailurePermissionDenied,
    /// It was taken back before it was executed.
    FailureCanceled,
    /// The payer was too late.
    FailureExpired,
    /// The payer lacks the money.
    FailureInsufficientFunds,
    /// The bank said no.
    FailureDeclined,
}

/// What the published mock bank says where it says nothing else (reference, section 8.1).
const NOTHING_SAID: &str = "failure";

names! { TransferStatus: name;
    Pending = "pending",
    PendingExternalAuthorization = "pending_external_authorization",
    Processing = "processing",
    Success = "success",
    Initiated = "initiated",
    FailureGeneric = "failure_generic",
    FailurePermissionDenied = "failure_permission_denied",
    FailureCanceled = "failure_canceled",
    FailureExpired = "failure_expired",
    FailureInsufficientFunds = "failure_insufficient_funds",
    FailureDeclined = "failure_declined",
}

impl TransferStatus {
    /// The status of a payment's transfer.
    #[must_use]
    pub fn of(payment: &Payment) -> TransferStatus {
        TransferStatus::at(payment.stage(), payment.reason.as_deref(), payment.decline)
    }

    /// The status after a change of the payment.
    #[must_use]
    pub fn after(changed: &PaymentChanged) -> TransferStatus {
        TransferStatus::at(changed.stage, changed.reason.as_deref(), changed.decline)
    }

    /// The status at a stage. What v2 calls declined has three names in v1; which one it is follows
    /// from what the bank said of the decline.
    #[must_use]
    pub fn at(stage: Stage, reason: Option<&str>, decline: Option<Decline>) -> TransferStatus {
        match stage {
            // Only a bank that executes at the approval has the order then.
            Stage::AwaitingBankChoice
            | Stage::AwaitingBankChoiceByLink
            | Stage::Opening
            | Stage::AwaitingRedirect
            | Stage::AwaitingCredentials
            | Stage::AwaitingCredentialsOnPages
            | Stage::AwaitingDecoupled
            | Stage::VerifyingReturn
            | Stage::VerifyingCredentials => TransferStatus::PendingExternalAuthorization,
            Stage::AwaitingRedemption | Stage::Authorised => TransferStatus::Pending,
            Stage::OpeningUncertain | Stage::OrderSent | Stage::Uncertain | Stage::Processing => {
                TransferStatus::Processing
            }
            Stage::Completed => TransferStatus::Success,
            Stage::NoFinalStatus => TransferStatus::Initiated,
            Stage::Rejected if reason == Some(NOTHING_SAID) => TransferStatus::FailureGeneric,
            Stage::Rejected => TransferStatus::FailureDeclined,
            Stage::RejectedInsufficientFunds => TransferStatus::FailureInsufficientFunds,
            Stage::Declined => match decline {
                Some(Decline::NotPermitted) => TransferStatus::FailurePermissionDenied,
                Some(Decline::TakenBack) => TransferStatus::FailureCanceled,
                None => TransferStatus::FailureDeclined,
            },
            Stage::Cancelled => TransferStatus::FailureCanceled,
            Stage::Failed => TransferStatus::FailureGeneric,
            Stage::Expired => TransferStatus::FailureExpired,
        }
    }
}

/// What a payment of a token request is seen as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The approval.
    Token,
    /// The order of a single payment.
    Transfer,
    /// The order of a standing order.
    StandingOrder,
}

impl Role {
    /// When `payment` began to be seen so; `None` where it is not.
    #[must_use]
    pub fn since(self, payment: &Payment) -> Option<Timestamp> {
        payment.token_request_id.as_ref()?;
        match (self, payment.initiation.order.schedule) {
            (Role::Token, _) => payment.approved_at,
            (Role::Transfer, Schedule::Immediate | Schedule::FutureDated { .. })
            | (Role::StandingOrder, Schedule::StandingOrder { .. }) => payment.ordered_at,
            (Role::Transfer, Schedule::StandingOrder { .. })
            | (Role::StandingOrder, Schedule::Immediate | Schedule::FutureDated { .. }) => None,
        }
    }
}
