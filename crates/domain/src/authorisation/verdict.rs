//! What a fact means for an authorisation and for what is authorised.

use jiff::Timestamp;

use super::{Authorisation, BankRefusal, TakenOrder};
use crate::bank::Decline;
use crate::case::CaseKind;
use crate::sealed::Sealed;
use crate::step::{AuthorisationJob, Case};

/// What the payer and the member should read; the owner has the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// What they read before.
    Unchanged,
    /// Nothing: all goes its way.
    Nothing,
    /// The bank's answer was lost: the payer has to approve again.
    ApproveAgain,
    /// The answer to the creation was lost: the bank may hold what was opened.
    OpeningLost,
    /// The bank did not receive the payer's answers: they are asked for again.
    AnswersNotReceived,
    /// The bank may have received the payer's answers: it is being asked.
    AnswersLost,
}

/// An authorisation that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continued {
    /// Where it stands now.
    pub authorisation: Authorisation,
    /// The returns that wait for their turn.
    pub early_returns: Vec<Sealed>,
    /// Of the jobs of an authorisation this one alone goes on.
    pub job: Option<(AuthorisationJob, Timestamp)>,
    /// What is to be read.
    pub notice: Notice,
    /// What a person must look at.
    pub cases: Vec<Case>,
    /// Whether the public sees nothing of it: the pending jobs stay too.
    pub silent: bool,
    /// The bank has just said that it still waits: where the owner's time is over, that ends it.
    pub bank_still_waits: bool,
}

/// What follows from a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it was known, or no longer matters.
    Already,
    /// Nothing but a case: it does not fit.
    Unexpected(CaseKind),
    /// The bank has no word: where the owner's time is over, that ends it.
    NoWord {
        /// What came in place of a word.
        case: Option<Case>,
    },
    /// It goes on.
    Continues(Box<Continued>),
    /// The payer has approved, and our request may follow.
    Granted {
        /// The bank's id of the consent.
        consent_id: String,
        /// The access grant.
        grant: Sealed,
        /// From then on the bank refuses it.
        usable_until: Timestamp,
    },
    /// The payer has approved, and the bank has executed it, or will.
    OrderTaken(TakenOrder),
    /// The payer has approved the cancellation, and the bank will not execute.
    Cancelled,
    /// The payer said no, or failed the bank's check.
    Declined {
        /// The bank's words.
        text: Option<String>,
        /// What they say of the decline.
        decline: Option<Decline>,
        /// Whether it was the payer's answers that were wrong: a payer who answers does not say no.
        answers_were_wrong: bool,
    },
    /// The bank's time for the approval is over.
    Expired,
    /// The bank refuses.
    Refused(BankRefusal),
    /// The bank could not be reached, or not be understood. Nothing is executed.
    GivenUp {
        /// What the last attempt met.
        text: String,
        /// Whether a person must look at what the bank answered.
        malformed: bool,
    },
    /// The payer's account does not hold enough.
    FundsUnavailable,
}
