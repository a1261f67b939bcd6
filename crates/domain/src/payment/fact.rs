//! What can happen to a payment. Facts come from banks, payers and the clock; none is refused.

use jiff::Timestamp;

use crate::approval::Approach;
use crate::bank::{ConsentProgress, OrderStatus, RefundAccount};
use crate::payment::{Attempt, Sealed};

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

/// What became of the opening at the bank, or of the payer's approval there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorisationFact {
    /// The payer has another step to take.
    Continues {
        /// The bank's id of the consent or payment, once it exists.
        consent_id: Option<String>,
        /// What the standard must remember, sealed.
        context: Option<Sealed>,
        /// The step.
        approach: Approach,
    },
    /// The bank has no word on the approval yet.
    Waiting,
    /// Approved; the order may follow.
    Granted {
        /// The bank's id of the consent.
        consent_id: String,
        /// The access grant, sealed.
        grant: Sealed,
        /// From then on the bank refuses the grant.
        usable_until: Timestamp,
    },
    /// Approved, and with that the bank has the order.
    OrderTaken {
        /// The bank's id of the order.
        bank_payment_id: String,
        /// Its status.
        status: OrderStatus,
        /// The payer's account, where the bank tells.
        refund_account: Option<RefundAccount>,
        /// For status questions, sealed.
        grant: Option<Sealed>,
    },
    /// The payer said no, or failed the bank's check. Nothing is executed.
    Declined {
        /// The bank's words.
        text: Option<String>,
    },
    /// The bank's own time for the approval is over. Nothing is executed.
    Expired,
    /// What the browser brought was verified, and the bank still waits for the payer.
    StillOpen,
    /// What the browser brought proves nothing: it is forged, wrong, or not signed by the bank.
    Unproven {
        /// Which check failed.
        text: String,
    },
    /// The bank refuses: to open, to exchange the code, to answer for funds.
    Refused(BankRefusal),
    /// The bank could not be reached, or not be understood, however often we tried. Nothing is
    /// executed.
    GivenUp {
        /// What the last attempt met.
        text: String,
        /// Whether the bank answered something that cannot be read: a person must look.
        malformed: bool,
    },
    /// The bank says that the account does not hold enough.
    FundsUnavailable,
    /// The bank answered a question about the approval with something that says nothing.
    Unreadable {
        /// What is wrong with it.
        what: String,
    },
    /// The bank was asked about the approval and gave no answer.
    NoWord,
    /// What could not be repeated provably never reached the bank.
    NotSent,
    /// What left could not be repeated, and no answer came back: a creation, the payer's answers,
    /// or an authorisation code with a creation after it.
    AnswerLost {
        /// What happened instead.
        text: String,
        /// The keys of a new opening, where there is to be one.
        renewed: Box<Attempt>,
    },
    /// The authorisation code is spent and the bank's access token was lost; nothing else was
    /// asked of the bank. Whatever was approved, we cannot use it.
    GrantLost {
        /// What happened instead.
        text: String,
        /// The keys of a new opening, where there is to be one.
        renewed: Box<Attempt>,
    },
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
        /// What is wrong with it.
        what: String,
    },
    /// The bank gave no answer.
    NoWord,
}

/// Something that happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The payer's browser came back.
    PsuReturned {
        /// The OAuth `state` that came back; that of an abandoned attempt changes nothing.
        oauth_state: String,
        /// What the browser, or the bank's callback in its place, brought, sealed. Nothing in it
        /// is believed before the bank has confirmed it.
        returned: Sealed,
    },
    /// To its opening at the bank, or to the approval.
    Authorisation {
        /// The key of the attempt; what becomes of an abandoned attempt changes nothing.
        idempotency_key: String,
        /// What happened.
        what: AuthorisationFact,
    },
    /// To the order.
    Order(OrderFact),
    /// An answer to a status question.
    Status(StatusFact),
    /// The clock passed a moment at which the deadline was to be looked at.
    TimeRanOut,
}
