//! The effect of one fact or command: a [`Step`], saved whole or not at all.

use jiff::Timestamp;

use crate::case::CaseKind;

/// The work for a payer's approval, of any owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthorisationJob {
    /// Create what is to be approved at the bank.
    OpenAtBank,
    /// Verify the return of the payer's browser and exchange it for an access grant.
    CompleteAuthorisation,
    /// Send the payer's answers to the bank's questions (embedded approach), once.
    SendCredentials,
    /// Ask the bank whether the payer has approved.
    AskApproval,
}

impl AuthorisationJob {
    /// Every kind, in the order of an authorisation's life.
    pub const ALL: [AuthorisationJob; 4] = [
        AuthorisationJob::OpenAtBank,
        AuthorisationJob::CompleteAuthorisation,
        AuthorisationJob::SendCredentials,
        AuthorisationJob::AskApproval,
    ];
}

/// The work for a payment alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentJob {
    /// Send the order.
    Redeem,
    /// Ask the bank for the status of the order.
    AskStatus,
    /// Ask the bank not to execute.
    Cancel,
    /// Send the payer a receipt by mail.
    SendReceipt,
}

/// Effects on the outside that follow a Step. One of a kind is pending per subject at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// For the payer's approval.
    Authorisation(AuthorisationJob),
    /// For a payment.
    Payment(PaymentJob),
    /// Check whether the subject's time has run out.
    Expire,
    /// Deliver the subject's events to the member's webhook endpoint, in order.
    Deliver,
}

/// Jobs of different lanes never wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Work at banks, and deadlines.
    Bank,
    /// Messages to members and payers: webhooks, receipts.
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
    /// Every kind, in the order of a payment's life.
    pub const ALL: [JobKind; 10] = [
        JobKind::Authorisation(AuthorisationJob::OpenAtBank),
        JobKind::Authorisation(AuthorisationJob::CompleteAuthorisation),
        JobKind::Authorisation(AuthorisationJob::SendCredentials),
        JobKind::Authorisation(AuthorisationJob::AskApproval),
        JobKind::Payment(PaymentJob::Redeem),
        JobKind::Payment(PaymentJob::AskStatus),
        JobKind::Payment(PaymentJob::Cancel),
        JobKind::Expire,
        JobKind::Deliver,
        JobKind::Payment(PaymentJob::SendReceipt),
    ];

    /// The lane in which jobs of this kind run.
    #[must_use]
    pub fn lane(self) -> Lane {
        match self {
            JobKind::Authorisation(_)
            | JobKind::Payment(PaymentJob::Redeem | PaymentJob::AskStatus | PaymentJob::Cancel)
            | JobKind::Expire => Lane::Bank,
            JobKind::Deliver | JobKind::Payment(PaymentJob::SendReceipt) => Lane::Outbound,
        }
    }

    /// The name under which the job is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            JobKind::Authorisation(AuthorisationJob::OpenAtBank) => "open_at_bank",
            JobKind::Authorisation(AuthorisationJob::CompleteAuthorisation) => {
                "complete_authorisation"
            }
            JobKind::Authorisation(AuthorisationJob::SendCredentials) => "send_credentials",
            JobKind::Authorisation(AuthorisationJob::AskApproval) => "ask_approval",
            JobKind::Payment(PaymentJob::Redeem) => "redeem",
            JobKind::Payment(PaymentJob::AskStatus) => "ask_status",
            JobKind::Payment(PaymentJob::Cancel) => "cancel",
            JobKind::Payment(PaymentJob::SendReceipt) => "send_receipt",
            JobKind::Expire => "expire",
            JobKind::Deliver => "deliver",
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
    /// The kind.
    pub kind: CaseKind,
    /// The situation, in words for an operator: no account numbers, names or secrets.
    pub text: String,
}

/// The consequence of one fact or command: written in one commit, or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<S, E> {
    /// The aggregate as it is now.
    pub state: S,
    /// The changes, for history and webhooks.
    pub events: Vec<E>,
    /// Jobs that begin or end.
    pub jobs: Vec<JobChange>,
    /// Cases for a person.
    pub cases: Vec<Case>,
}

/// The effect of a fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<S, E> {
    /// It moved the aggregate.
    Moved(Box<Step<S, E>>),
    /// It was known, or no longer matters: nothing to write.
    Already,
    /// It does not fit: nothing moves, and the case is written.
    Unexpected(Case),
}
