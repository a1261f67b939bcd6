//! Reasons to refuse a command. Facts are never refused.

use crate::payment::Stage;

/// Why a command was not carried out. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The payer chose a bank for a payment that no longer waits for one.
    #[error("the payment is {}: its bank can no longer be chosen", stage.name())]
    BankChoiceClosed {
        /// The payment's stage.
        stage: Stage,
    },
    /// An order was about to be sent for a payment that has no unused authorisation.
    #[error("the payment is {}: no order may be sent", stage.name())]
    OrderNotAllowed {
        /// The payment's stage.
        stage: Stage,
    },
    /// An order was asked for that the payer has not approved, or that has ended without one.
    #[error("the payment is {}: it cannot be redeemed", stage.name())]
    NotRedeemable {
        /// The payment's stage.
        stage: Stage,
    },
    /// An order was asked for again, with another reference than the first time.
    #[error("the transfer has another reference")]
    RedeemedUnderOtherReference,
    /// A payment was to be taken back that may have been executed, or has ended.
    #[error("the payment is {}: it cannot be cancelled", stage.name())]
    NotCancellable {
        /// The payment's stage.
        stage: Stage,
    },
    /// Answers came for a payment whose bank asks nothing.
    #[error("the payment is {}: its bank asks no question", stage.name())]
    NoQuestionOpen {
        /// The payment's stage.
        stage: Stage,
    },
    /// A token request was to be authorised too late.
    #[error("the token request has expired: create a new one")]
    TokenRequestExpired,
    /// A token request was to be authorised that is a payment already.
    #[error("the token request has been authorised already")]
    TokenRequestUsed,
    /// A token request was to be authorised that the payer has declined.
    #[error("the payer has declined the token request: create a new one")]
    TokenRequestDeclined,
    /// A token request without a payee was to be authorised.
    #[error("the token request has no transfer destination yet")]
    TokenRequestWithoutPayee,
    /// A payment that needs its bank from the start named none.
    #[error("a bank is required unless the payer chooses it on the hosted pages")]
    BankRequired,
}
