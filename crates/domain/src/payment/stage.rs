//! [`Stage`]: the bare name of a payment's state.

use serde::{Deserialize, Serialize};

/// A [`State`](super::State) without its data: the form that is stored, filtered, shown and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is documented at the state or end of the same name")]
pub enum Stage {
    AwaitingBankChoice,
    /// [`Stage::AwaitingBankChoice`] where the payer comes by a link.
    AwaitingBankChoiceByLink,
    Opening,
    OpeningUncertain,
    AwaitingRedirect,
    AwaitingCredentials,
    /// [`Stage::AwaitingCredentials`] where our hosted pages, not the member's, ask the payer.
    AwaitingCredentialsOnPages,
    AwaitingDecoupled,
    VerifyingReturn,
    VerifyingCredentials,
    AwaitingRedemption,
    Authorised,
    OrderSent,
    Uncertain,
    Processing,
    Completed,
    Rejected,
    RejectedInsufficientFunds,
    Declined,
    Failed,
    Expired,
    NoFinalStatus,
    Cancelled,
}

impl Stage {
    /// Every stage, in the order of a payment's life.
    pub const ALL: [Stage; 23] = [
        Stage::AwaitingBankChoice,
        Stage::AwaitingBankChoiceByLink,
        Stage::Opening,
        Stage::OpeningUncertain,
        Stage::AwaitingRedirect,
        Stage::AwaitingCredentials,
        Stage::AwaitingCredentialsOnPages,
        Stage::AwaitingDecoupled,
        Stage::VerifyingReturn,
        Stage::VerifyingCredentials,
        Stage::AwaitingRedemption,
        Stage::Authorised,
        Stage::OrderSent,
        Stage::Uncertain,
        Stage::Processing,
        Stage::Completed,
        Stage::Rejected,
        Stage::RejectedInsufficientFunds,
        Stage::Declined,
        Stage::Failed,
        Stage::Expired,
        Stage::NoFinalStatus,
        Stage::Cancelled,
    ];

    /// The name under which the stage is stored and shown to operators.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stage::AwaitingBankChoice => "awaiting_bank_choice",
            Stage::AwaitingBankChoiceByLink => "awaiting_bank_choice_by_link",
            Stage::Opening => "opening",
            Stage::OpeningUncertain => "opening_uncertain",
            Stage::AwaitingRedirect => "awaiting_redirect",
            Stage::AwaitingCredentials => "awaiting_credentials",
            Stage::AwaitingCredentialsOnPages => "awaiting_credentials_on_pages",
            Stage::AwaitingDecoupled => "awaiting_decoupled",
            Stage::VerifyingReturn => "verifying_return",
            Stage::VerifyingCredentials => "verifying_credentials",
            Stage::AwaitingRedemption => "awaiting_redemption",
            Stage::Authorised => "authorised",
            Stage::OrderSent => "order_sent",
            Stage::Uncertain => "uncertain",
            Stage::Processing => "processing",
            Stage::Completed => "completed",
            Stage::Rejected => "rejected",
            Stage::RejectedInsufficientFunds => "rejected_insufficient_funds",
            Stage::Declined => "declined",
            Stage::Failed => "failed",
            Stage::Expired => "expired",
            Stage::NoFinalStatus => "no_final_status",
            Stage::Cancelled => "cancelled",
        }
    }
}
