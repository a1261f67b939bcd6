//! What can happen to a payment. Facts come from banks, payers and the clock; none is refused.

use crate::bank::{ConsentProgress, OrderStatus, RefundAccount};
use crate::payment::Sealed;

/// A bank's clear "no", in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankRefusal {
    /// The HTTP status of the answer.
    pub http_status: u16,
    /// The bank's error code, where it gave one (`UK.OBIE.Field.Invalid`).
    pub code: Option<String>,
    /// The bank's text.
    pub text: String,
}

/// What can become of opening a payment at the bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpeningFact {
    /// The consent exists and the payer can approve it.
    Opened {
        /// The bank's id of the consent.
        consent_id: String,
        /// Where the payer approves.
        redirect_url: String,
    },
    /// The bank refuses the consent.
    Refused(BankRefusal),
    /// The bank could not be reached, however often we tried. No order exists without a consent.
    GivenUp {
        /// What the last attempt met.
        text: String,
    },
}

/// What the payer's browser brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PsuFact {
    /// Code and `id_token`, not yet verified.
    Returned {
        /// Both, sealed.
        returned: Sealed,
    },
    /// The bank says that the payer declined, or that it will not go on.
    Denied {
        /// OAuth error code (`access_denied`).
        error: String,
        /// The bank's words.
        description: Option<String>,
    },
}

/// What became of the payer's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorisationFact {
    /// Verified, and exchanged for an access grant.
    Verified {
        /// The grant, sealed.
        grant: Sealed,
    },
    /// What the browser brought is forged or wrong.
    Invalid {
        /// Which check failed.
        text: String,
    },
    /// The bank refuses to exchange the code, or to answer for funds.
    Refused(BankRefusal),
    /// The bank could not be reached, however often we tried. No order was sent.
    GivenUp {
        /// What the last attempt met.
        text: String,
    },
    /// The bank says that the account does not hold enough.
    FundsUnavailable,
}

/// What became of sending the order.
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
        /// What happened instead.
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
}

/// Something that happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// To its opening at the bank.
    Opening {
        /// The key of the attempt; the answer to an abandoned attempt changes nothing.
        idempotency_key: String,
        /// What happened.
        what: OpeningFact,
    },
    /// In the payer's browser.
    Psu {
        /// The OAuth `state` that came back; that of an abandoned attempt changes nothing.
        oauth_state: String,
        /// What happened.
        what: PsuFact,
    },
    /// To the approval.
    Authorisation(AuthorisationFact),
    /// To the order.
    Order(OrderFact),
    /// An answer to a status question.
    Status(StatusFact),
    /// The clock passed a moment at which the deadline was to be looked at.
    TimeRanOut,
}
