//! A payment as a transfer of payments v1: the names of its states there (reference,
//! section 2.12).

use crate::names::names;
use crate::payment::{Payment, PaymentChanged, Stage};

/// The status of a transfer. The three statuses of settlement accounts do not exist yet.
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

/// Words or codes of banks for an order that was cancelled (`DS02` of ISO 20022 is
/// "order cancelled").
const TAKEN_BACK: [&str; 3] = ["cancel", "canc", "ds02"];
/// Words of banks for an order that is not permitted.
const NOT_PERMITTED: [&str; 2] = ["permission_denied", "permission denied"];
/// The reason of the published mock bank if it gives no other one (reference, section 8.1).
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
        let status = payment.bank.payment_status.as_deref();
        TransferStatus::told(payment.stage(), payment.reason.as_deref(), status)
    }

    /// The status after a change of the payment.
    #[must_use]
    pub fn after(changed: &PaymentChanged) -> TransferStatus {
        let status = changed.bank.payment_status.as_deref();
        TransferStatus::told(changed.stage, changed.reason.as_deref(), status)
    }

    /// The status at a stage. `INITIATION_DECLINED` of v2 has three names in v1; the reason
    /// and the bank's own status decide which one it is.
    #[must_use]
    pub fn told(stage: Stage, reason: Option<&str>, bank_status: Option<&str>) -> TransferStatus {
        let says = |words: &[&str]| {
            let texts = [reason, bank_status].into_iter().flatten().map(str::to_lowercase);
            texts.into_iter().any(|text| words.iter().any(|word| text.contains(word)))
        };
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
            Stage::Declined if says(&NOT_PERMITTED) => TransferStatus::FailurePermissionDenied,
            Stage::Declined if says(&TAKEN_BACK) => TransferStatus::FailureCanceled,
            Stage::Declined => TransferStatus::FailureDeclined,
            Stage::Cancelled => TransferStatus::FailureCanceled,
            Stage::Failed => TransferStatus::FailureGeneric,
            Stage::Expired => TransferStatus::FailureExpired,
        }
    }
}
