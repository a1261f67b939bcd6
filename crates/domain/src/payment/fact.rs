//! The facts about a payment. Facts come from banks, payers and the clock; none can be refused.

use crate::authorisation::{Approach, AuthorisationFact, BankRefusal};
use crate::bank::{ConsentProgress, OrderStatus, RefundAccount};
use crate::sealed::Sealed;

/// The outcome of sending the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderFact {
    /// The bank took the order.
    Answered {
        /// The bank's id of the order.
        bank_payment_id: String,
        /// Its first status.
        status: OrderStatus,
        /// The payer's account, where asked for.
        refund_account: Option<RefundAccount>,
    },
    /// The bank refuses the order: nothing was executed.
    Refused(BankRefusal),
    /// The order provably never reached the bank.
    NotSent {
        /// Why.
        text: String,
    },
    /// No answer that can be read: the order may exist.
    AnswerLost {
        /// The error in place of the answer.
        text: String,
    },
}

/// An answer to a status question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusFact {
    /// About the order itself.
    Order(OrderStatus),
    /// About the consent, where the order's id is not known.
    Consent(ConsentProgress),
    /// An order whose answer was lost, found again.
    Found {
        /// The bank's id of the order.
        bank_payment_id: String,
        /// Its status.
        status: OrderStatus,
        /// The payer's account, where asked for.
        refund_account: Option<RefundAccount>,
    },
    /// Something that cannot be read.
    Unreadable {
        /// The defect of the answer.
        what: String,
    },
    /// The bank gave no answer.
    NoWord,
}

/// The outcome of the request for a new access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenFact {
    /// There is another one.
    Refreshed {
        /// The token, sealed.
        grant: Sealed,
    },
    /// The bank gives none any more.
    Refused {
        /// Why.
        text: String,
    },
    /// The bank could not be reached, or its answer was lost: it is asked again.
    NotRefreshed,
}

/// The bank's answer to a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancellationFact {
    /// It will not execute.
    Cancelled,
    /// The payer has to approve that first.
    NeedsApproval {
        /// The bank's id of what is cancelled.
        consent_id: String,
        /// Data that the standard must remember, sealed.
        context: Option<Sealed>,
        /// The payer's step.
        approach: Approach,
    },
    /// It does not cancel: it has executed, or never cancels; or it could not be reached.
    Refused {
        /// Why.
        text: String,
    },
    /// No answer that can be read: it may have cancelled.
    AnswerLost,
}

/// Something that happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The payer's browser returned.
    PsuReturned {
        /// The OAuth `state` that returned; that of an abandoned attempt changes nothing.
        oauth_state: String,
        /// The parameters of the browser's return, or of the bank's callback, sealed. The gateway
        /// believes nothing in them before the bank has confirmed it.
        returned: Sealed,
    },
    /// To its opening at the bank, or to the approval.
    Authorisation {
        /// The key of the attempt; what becomes of an abandoned attempt changes nothing.
        idempotency_key: String,
        /// The fact about the authorisation.
        what: AuthorisationFact,
    },
    /// To the order.
    Order(OrderFact),
    /// The bank's answer to the cancellation.
    Cancellation(CancellationFact),
    /// To the access token of the order.
    Token(TokenFact),
    /// An answer to a status question.
    Status(StatusFact),
    /// The clock passed a moment at which the deadline was to be looked at.
    TimeRanOut,
}
