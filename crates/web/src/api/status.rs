//! Our stages in the public API's words: one exhaustive table for payments (reference, section 3.7)
//! and the transfers of payments v1 (section 2.12).

use domain::payment::Stage;
use domain::transfer as core;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Status of a payment, v2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the published names; their meaning is the stage's")]
pub enum PaymentStatus {
    InitiationPending,
    InitiationPendingRedirectAuth,
    InitiationPendingRedirectAuthVerification,
    InitiationPendingRedirectHp,
    InitiationPendingRedirectPbl,
    InitiationPendingEmbeddedAuth,
    InitiationPendingEmbeddedAuthVerification,
    InitiationPendingDecoupledAuth,
    InitiationPendingRedemption,
    InitiationPendingRedemptionVerification,
    InitiationProcessing,
    InitiationCompleted,
    InitiationRejected,
    InitiationRejectedInsufficientFunds,
    InitiationFailed,
    InitiationDeclined,
    InitiationExpired,
    InitiationNoFinalStatusAvailable,
    SettlementInProgress,
    SettlementCompleted,
    SettlementIncomplete,
    Canceled,
}

impl PaymentStatus {
    /// Whether a payment under a consent for variable recurring payments can have it.
    #[must_use]
    pub fn is_of_recurring_payments(self) -> bool {
        match self {
            PaymentStatus::InitiationPending
            | PaymentStatus::InitiationProcessing
            | PaymentStatus::InitiationCompleted
            | PaymentStatus::InitiationRejected
            | PaymentStatus::InitiationRejectedInsufficientFunds
            | PaymentStatus::InitiationFailed
            | PaymentStatus::InitiationNoFinalStatusAvailable => true,
            PaymentStatus::InitiationPendingRedirectAuth
            | PaymentStatus::InitiationPendingRedirectAuthVerification
            | PaymentStatus::InitiationPendingRedirectHp
            | PaymentStatus::InitiationPendingRedirectPbl
            | PaymentStatus::InitiationPendingEmbeddedAuth
            | PaymentStatus::InitiationPendingEmbeddedAuthVerification
            | PaymentStatus::InitiationPendingDecoupledAuth
            | PaymentStatus::InitiationPendingRedemption
            | PaymentStatus::InitiationPendingRedemptionVerification
            | PaymentStatus::InitiationDeclined
            | PaymentStatus::InitiationExpired
            | PaymentStatus::SettlementInProgress
            | PaymentStatus::SettlementCompleted
            | PaymentStatus::SettlementIncomplete
            | PaymentStatus::Canceled => false,
        }
    }
}

impl PaymentStatus {
    /// Every status.
    pub const ALL: [PaymentStatus; 22] = [
        PaymentStatus::InitiationPending,
        PaymentStatus::InitiationPendingRedirectAuth,
        PaymentStatus::InitiationPendingRedirectAuthVerification,
        PaymentStatus::InitiationPendingRedirectHp,
        PaymentStatus::InitiationPendingRedirectPbl,
        PaymentStatus::InitiationPendingEmbeddedAuth,
        PaymentStatus::InitiationPendingEmbeddedAuthVerification,
        PaymentStatus::InitiationPendingDecoupledAuth,
        PaymentStatus::InitiationPendingRedemption,
        PaymentStatus::InitiationPendingRedemptionVerification,
        PaymentStatus::InitiationProcessing,
        PaymentStatus::InitiationCompleted,
        PaymentStatus::InitiationRejected,
        PaymentStatus::InitiationRejectedInsufficientFunds,
        PaymentStatus::InitiationFailed,
        PaymentStatus::InitiationDeclined,
        PaymentStatus::InitiationExpired,
        PaymentStatus::InitiationNoFinalStatusAvailable,
        PaymentStatus::SettlementInProgress,
        PaymentStatus::SettlementCompleted,
        PaymentStatus::SettlementIncomplete,
        PaymentStatus::Canceled,
    ];

    /// The published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PaymentStatus::InitiationPending => "INITIATION_PENDING",
            PaymentStatus::InitiationPendingRedirectAuth => "INITIATION_PENDING_REDIRECT_AUTH",
            PaymentStatus::InitiationPendingRedirectAuthVerification => {
                "INITIATION_PENDING_REDIRECT_AUTH_VERIFICATION"
            }
            PaymentStatus::InitiationPendingRedirectHp => "INITIATION_PENDING_REDIRECT_HP",
            PaymentStatus::InitiationPendingRedirectPbl => "INITIATION_PENDING_REDIRECT_PBL",
            PaymentStatus::InitiationPendingEmbeddedAuth => "INITIATION_PENDING_EMBEDDED_AUTH",
            PaymentStatus::InitiationPendingEmbeddedAuthVerification => {
                "INITIATION_PENDING_EMBEDDED_AUTH_VERIFICATION"
            }
            PaymentStatus::InitiationPendingDecoupledAuth => "INITIATION_PENDING_DECOUPLED_AUTH",
            PaymentStatus::InitiationPendingRedemption => "INITIATION_PENDING_REDEMPTION",
            PaymentStatus::InitiationPendingRedemptionVerification => {
                "INITIATION_PENDING_REDEMPTION_VERIFICATION"
            }
            PaymentStatus::InitiationProcessing => "INITIATION_PROCESSING",
            PaymentStatus::InitiationCompleted => "INITIATION_COMPLETED",
            PaymentStatus::InitiationRejected => "INITIATION_REJECTED",
            PaymentStatus::InitiationRejectedInsufficientFunds => {
                "INITIATION_REJECTED_INSUFFICIENT_FUNDS"
            }
            PaymentStatus::InitiationFailed => "INITIATION_FAILED",
            PaymentStatus::InitiationDeclined => "INITIATION_DECLINED",
            PaymentStatus::InitiationExpired => "INITIATION_EXPIRED",
            PaymentStatus::InitiationNoFinalStatusAvailable => {
                "INITIATION_NO_FINAL_STATUS_AVAILABLE"
            }
            PaymentStatus::SettlementInProgress => "SETTLEMENT_IN_PROGRESS",
            PaymentStatus::SettlementCompleted => "SETTLEMENT_COMPLETED",
            PaymentStatus::SettlementIncomplete => "SETTLEMENT_INCOMPLETE",
            PaymentStatus::Canceled => "CANCELED",
        }
    }
}

/// The public status of a stage.
#[must_use]
pub fn of_stage(stage: Stage) -> PaymentStatus {
    match stage {
        Stage::AwaitingBankChoice | Stage::AwaitingCredentialsOnPages => {
            PaymentStatus::InitiationPendingRedirectHp
        }
        Stage::AwaitingBankChoiceByLink => PaymentStatus::InitiationPendingRedirectPbl,
        Stage::Opening => PaymentStatus::InitiationPending,
        Stage::AwaitingRedirect => PaymentStatus::InitiationPendingRedirectAuth,
        Stage::AwaitingCredentials => PaymentStatus::InitiationPendingEmbeddedAuth,
        Stage::AwaitingDecoupled => PaymentStatus::InitiationPendingDecoupledAuth,
        Stage::VerifyingReturn => PaymentStatus::InitiationPendingRedirectAuthVerification,
        Stage::VerifyingCredentials => PaymentStatus::InitiationPendingEmbeddedAuthVerification,
        Stage::AwaitingRedemption | Stage::Authorised => PaymentStatus::InitiationPendingRedemption,
        Stage::OpeningUncertain | Stage::OrderSent | Stage::Uncertain => {
            PaymentStatus::InitiationPendingRedemptionVerification
        }
        Stage::Processing => PaymentStatus::InitiationProcessing,
        Stage::Completed => PaymentStatus::InitiationCompleted,
        Stage::Rejected => PaymentStatus::InitiationRejected,
        Stage::RejectedInsufficientFunds => PaymentStatus::InitiationRejectedInsufficientFunds,
        Stage::Declined => PaymentStatus::InitiationDeclined,
        Stage::Failed => PaymentStatus::InitiationFailed,
        Stage::Expired => PaymentStatus::InitiationExpired,
        Stage::NoFinalStatus => PaymentStatus::InitiationNoFinalStatusAvailable,
        Stage::Cancelled => PaymentStatus::Canceled,
    }
}

/// The stages that show as a status; none for a status that no payment reaches yet.
#[must_use]
pub fn stages_of(status: PaymentStatus) -> Vec<Stage> {
    Stage::ALL.into_iter().filter(|stage| of_stage(*stage) == status).collect()
}

/// Status of a transfer, v1 (reference, section 2.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the published names; their meaning is the stage's")]
pub enum TransferStatus {
    Pending,
    PendingExternalAuthorization,
    Processing,
    Success,
    Initiated,
    #[serde(alias = "FAILURE GENERIC")]
    FailureGeneric,
    FailurePermissionDenied,
    FailureCanceled,
    FailureExpired,
    FailureInsufficientFunds,
    FailureDeclined,
    SettlementInProgress,
    SettlementCompleted,
    SettlementIncomplete,
}

impl TransferStatus {
    /// Every status.
    pub const ALL: [TransferStatus; 14] = [
        TransferStatus::Pending,
        TransferStatus::PendingExternalAuthorization,
        TransferStatus::Processing,
        TransferStatus::Success,
        TransferStatus::Initiated,
        TransferStatus::FailureGeneric,
        TransferStatus::FailurePermissionDenied,
        TransferStatus::FailureCanceled,
        TransferStatus::FailureExpired,
        TransferStatus::FailureInsufficientFunds,
        TransferStatus::FailureDeclined,
        TransferStatus::SettlementInProgress,
        TransferStatus::SettlementCompleted,
        TransferStatus::SettlementIncomplete,
    ];

    /// The published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TransferStatus::Pending => "PENDING",
            TransferStatus::PendingExternalAuthorization => "PENDING_EXTERNAL_AUTHORIZATION",
            TransferStatus::Processing => "PROCESSING",
            TransferStatus::Success => "SUCCESS",
            TransferStatus::Initiated => "INITIATED",
            TransferStatus::FailureGeneric => "FAILURE_GENERIC",
            TransferStatus::FailurePermissionDenied => "FAILURE_PERMISSION_DENIED",
            TransferStatus::FailureCanceled => "FAILURE_CANCELED",
            TransferStatus::FailureExpired => "FAILURE_EXPIRED",
            TransferStatus::FailureInsufficientFunds => "FAILURE_INSUFFICIENT_FUNDS",
            TransferStatus::FailureDeclined => "FAILURE_DECLINED",
            TransferStatus::SettlementInProgress => "SETTLEMENT_IN_PROGRESS",
            TransferStatus::SettlementCompleted => "SETTLEMENT_COMPLETED",
            TransferStatus::SettlementIncomplete => "SETTLEMENT_INCOMPLETE",
        }
    }

    /// The domain's name of it; `None` for a status that no transfer reaches yet.
    #[must_use]
    pub fn in_domain(self) -> Option<core::TransferStatus> {
        core::TransferStatus::ALL.into_iter().find(|status| TransferStatus::from(*status) == self)
    }
}

impl From<core::TransferStatus> for TransferStatus {
    fn from(status: core::TransferStatus) -> TransferStatus {
        match status {
            core::TransferStatus::Pending => TransferStatus::Pending,
            core::TransferStatus::PendingExternalAuthorization => {
                TransferStatus::PendingExternalAuthorization
            }
            core::TransferStatus::Processing => TransferStatus::Processing,
            core::TransferStatus::Success => TransferStatus::Success,
            core::TransferStatus::Initiated => TransferStatus::Initiated,
            core::TransferStatus::FailureGeneric => TransferStatus::FailureGeneric,
            core::TransferStatus::FailurePermissionDenied => {
                TransferStatus::FailurePermissionDenied
            }
            core::TransferStatus::FailureCanceled => TransferStatus::FailureCanceled,
            core::TransferStatus::FailureExpired => TransferStatus::FailureExpired,
            core::TransferStatus::FailureInsufficientFunds => {
                TransferStatus::FailureInsufficientFunds
            }
            core::TransferStatus::FailureDeclined => TransferStatus::FailureDeclined,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_on_the_wire() {
        for status in PaymentStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        for status in TransferStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
    }
}
