//! What one fact or command leads to: a [`Step`], saved whole or not at all.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::case::CaseKind;

/// Effects on the outside that follow a Step. One of a kind is pending per payment at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Create the payment's consent at the bank.
    OpenAtBank,
    /// Verify what the payer's browser brought back and exchange it for an access grant.
    CompleteAuthorisation,
    /// Bring the payer's answers to the bank's questions (embedded approach), once.
    SendCredentials,
    /// Ask the bank whether the payer has approved.
    AskApproval,
    /// Send the order.
    Redeem,
    /// Ask the bank what became of the order.
    AskStatus,
    /// Tell the payment that its time may have run out.
    Expire,
    /// Bring the payment's events to the member's webhook endpoint, in order.
    Deliver,
    /// Send the payer a receipt by mail.
    SendReceipt,
}

/// Jobs of different lanes never wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Work at banks, and deadlines.
    Bank,
    /// What goes to members and payers: webhooks, receipts.
    Outbound,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Lane; 2] = [Lane::Bank, Lane::Outbound];

    /// The number under which it is stored.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Lane::Bank => 0,
            Lane::Outbound => 1,
        }
    }
}

impl JobKind {
    /// The lane in which jobs of this kind run.
    #[must_use]
    pub fn lane(self) -> Lane {
        match self {
            JobKind::OpenAtBank
            | JobKind::CompleteAuthorisation
            | JobKind::SendCredentials
            | JobKind::AskApproval
            | JobKind::Redeem
            | JobKind::AskStatus
            | JobKind::Expire => Lane::Bank,
            JobKind::Deliver | JobKind::SendReceipt => Lane::Outbound,
        }
    }

    /// Every kind, in the order of a payment's life.
    pub const ALL: [JobKind; 9] = [
        JobKind::OpenAtBank,
        JobKind::CompleteAuthorisation,
        JobKind::SendCredentials,
        JobKind::AskApproval,
        JobKind::Redeem,
        JobKind::AskStatus,
        JobKind::Expire,
        JobKind::Deliver,
        JobKind::SendReceipt,
    ];

    /// The name under which the job is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            JobKind::OpenAtBank => "open_at_bank",
            JobKind::CompleteAuthorisation => "complete_authorisation",
            JobKind::SendCredentials => "send_credentials",
            JobKind::AskApproval => "ask_approval",
            JobKind::Redeem => "redeem",
            JobKind::AskStatus => "ask_status",
            JobKind::Expire => "expire",
            JobKind::Deliver => "deliver",
            JobKind::SendReceipt => "send_receipt",
        }
    }

    /// The kind with that [`JobKind::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<JobKind> {
        JobKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A change to the pending jobs of a Step's subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobChange {
    /// The job is due at that moment; one that was pending is moved there.
    Schedule(JobKind, Timestamp),
    /// The job is no longer wanted.
    Cancel(JobKind),
}

/// Something unexpected that a person must read. Cases never stop the flow by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What kind of surprise.
    pub kind: CaseKind,
    /// What happened, in words for an operator: no account numbers, names or secrets.
    pub text: String,
}

/// The consequence of one fact or command: written in one commit, or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<S, E> {
    /// The aggregate as it is now.
    pub state: S,
    /// What happened, for history and webhooks.
    pub events: Vec<E>,
    /// Jobs that begin or end.
    pub jobs: Vec<JobChange>,
    /// What a person must read.
    pub cases: Vec<Case>,
}

/// What a fact did.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<S, E> {
    /// It moved the aggregate.
    Moved(Box<Step<S, E>>),
    /// It was known, or no longer matters: nothing to write.
    Already,
    /// It does not fit: nothing moves, and the case is written.
    Unexpected(Case),
}
