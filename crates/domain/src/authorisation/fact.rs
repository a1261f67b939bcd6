//! What can happen to an authorisation. Facts come from banks and payers; none is refused.

use jiff::Timestamp;

use super::{Approach, Attempt};
use crate::bank::{Decline, OrderStatus, RefundAccount};
use crate::sealed::Sealed;

/// What a bank's clear "no" is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The bank does not know who asks, or no longer accepts the payer's approval.
    NotAuthenticated,
    /// The bank knows who asks, and does not allow it.
    NotPermitted,
    /// What was asked for.
    Content,
}

/// A bank's clear "no", in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankRefusal {
    /// What it is about.
    pub kind: RefusalKind,
    /// The HTTP status of the answer, for people; nothing is decided by it.
    pub http_status: u16,
    /// The bank's error code, where it gave one (`UK.OBIE.Field.Invalid`).
    pub code: Option<String>,
    /// The bank's text.
    pub text: String,
}

/// An order that the bank has with the approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOrder {
    /// The bank's id of the order.
    pub bank_payment_id: String,
    /// Its status.
    pub status: OrderStatus,
    /// The payer's account, where the bank tells.
    pub refund_account: Option<RefundAccount>,
    /// For status questions, sealed.
    pub grant: Option<Sealed>,
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
    OrderTaken(Box<TakenOrder>),
    /// Approved, and with that the bank has cancelled the order: where that is what is authorised.
    Cancelled,
    /// The payer said no, or failed the bank's check. Nothing is executed.
    Declined {
        /// The bank's words.
        text: Option<String>,
        /// What they say of the decline.
        decline: Option<Decline>,
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
