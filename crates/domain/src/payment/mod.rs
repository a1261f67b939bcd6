//! A payment: one order from the payer's account, initiated by us.
//!
//! [`Payment`] is the row of truth, [`State`] where it stands, [`Fact`] what can happen to it.
//! The transitions are in [`machine`](self) (`Payment::observe`), the commands in `commands`.
//!
//! ```text
//! AwaitingBankChoice ─▶ Opening ─▶ AwaitingRedirect ─▶ VerifyingReturn ─▶ Authorised ─▶ OrderSent
//!                                                                             ▲            │ │
//!                                                                             └─ not sent ─┘ │
//!                                         Final ◀── Processing ◀── Uncertain ◀── no answer ──┘
//! ```

mod commands;
mod fact;
mod machine;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::fact::{
    AuthorisationFact, BankRefusal, Fact, OpeningFact, OrderFact, PsuFact, StatusFact,
};
use crate::bank::RefundAccount;
use crate::ids::{MemberId, PaymentId};
use crate::initiation::Initiation;
use crate::step::{Outcome, Step};

/// How long a payer has to approve, counted from the payment's creation: 40 minutes (reference,
/// section 3.7, timeouts).
pub const AUTHORISATION_WINDOW: SignedDuration = SignedDuration::from_mins(40);
/// How long a bank is asked for its last word, counted from the order: 30 days (the same section).
pub const STATUS_WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);
/// No reason that is kept or shown is longer (API `statusReasonInformation`).
pub const REASON_LENGTH_MAX: usize = 256;

/// Text that only the gateway's sealing key can open: tokens, codes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(pub String);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// What one opening of a payment at a bank uses; drawn and stored before the first attempt, so
/// that a repeated attempt is the same attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// `x-idempotency-key` of the consent, at most 40 characters.
    pub idempotency_key: String,
    /// OAuth `state`: ties the browser's return to this payment.
    pub oauth_state: String,
    /// OpenID `nonce`: ties the bank's `id_token` to this attempt.
    pub nonce: String,
}

/// A consent that waits for, or has, the payer's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// The attempt that made it.
    pub attempt: Attempt,
    /// The bank's id of the consent.
    pub consent_id: String,
    /// Where the payer approves.
    pub redirect_url: String,
}

/// An order that has left, or may have left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentOrder {
    /// The bank's id of the consent that the order uses.
    pub consent_id: String,
    /// `x-idempotency-key` of the order, at most 40 characters.
    pub idempotency_key: String,
    /// When the sending was recorded.
    pub sent_at: Timestamp,
}

/// Where a payment stands. Each variant carries what is known then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum State {
    /// The payer has not chosen a bank on the hosted pages yet.
    AwaitingBankChoice,
    /// The consent is being created at the bank.
    Opening {
        /// The keys of this attempt.
        attempt: Attempt,
    },
    /// The payer has to approve at the bank.
    AwaitingRedirect {
        /// The consent to approve.
        authorisation: Authorisation,
    },
    /// The payer came back; what the browser brought is being verified.
    VerifyingReturn {
        /// The consent that was approved.
        authorisation: Authorisation,
        /// Code and `id_token` as the browser brought them.
        returned: Sealed,
    },
    /// The bank confirmed the approval; no order has been sent.
    Authorised {
        /// The bank's id of the consent.
        consent_id: String,
        /// The access grant bound to the consent.
        grant: Sealed,
    },
    /// The sending of the order is recorded; no answer is known.
    OrderSent {
        /// The order.
        order: SentOrder,
        /// The grant, needed again only if the order provably never left.
        grant: Sealed,
    },
    /// The answer was lost: the order may exist. Only status questions follow.
    Uncertain {
        /// The order.
        order: SentOrder,
    },
    /// The bank has the order.
    Processing {
        /// The order.
        order: SentOrder,
        /// The bank's id of the order; unknown where its answer was lost.
        bank_payment_id: Option<String>,
    },
    /// Nothing more will happen.
    Final {
        /// How it ended.
        end: End,
    },
}

/// How a payment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The bank executed the order.
    Completed,
    /// The bank refused.
    Rejected,
    /// The payer's account did not hold enough.
    RejectedInsufficientFunds,
    /// The payer said no.
    Declined,
    /// The bank could not be reached, or the approval could not be verified. No order was sent.
    Failed,
    /// The payer did not approve in time. No order was sent.
    Expired,
    /// The bank never gave its last word; the order may have been executed.
    NoFinalStatus,
}

impl End {
    /// Every end.
    pub const ALL: [End; 7] = [
        End::Completed,
        End::Rejected,
        End::RejectedInsufficientFunds,
        End::Declined,
        End::Failed,
        End::Expired,
        End::NoFinalStatus,
    ];
}

/// A [`State`] without what it carries: what is stored, filtered, shown and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is documented at the State or End of the same name")]
pub enum Stage {
    AwaitingBankChoice,
    Opening,
    AwaitingRedirect,
    VerifyingReturn,
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
}

impl Stage {
    /// Every stage, in the order of a payment's life.
    pub const ALL: [Stage; 15] = [
        Stage::AwaitingBankChoice,
        Stage::Opening,
        Stage::AwaitingRedirect,
        Stage::VerifyingReturn,
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
    ];

    /// The name under which the stage is stored and shown to operators.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stage::AwaitingBankChoice => "awaiting_bank_choice",
            Stage::Opening => "opening",
            Stage::AwaitingRedirect => "awaiting_redirect",
            Stage::VerifyingReturn => "verifying_return",
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
        }
    }
}

impl State {
    /// The state without what it carries.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            State::AwaitingBankChoice => Stage::AwaitingBankChoice,
            State::Opening { .. } => Stage::Opening,
            State::AwaitingRedirect { .. } => Stage::AwaitingRedirect,
            State::VerifyingReturn { .. } => Stage::VerifyingReturn,
            State::Authorised { .. } => Stage::Authorised,
            State::OrderSent { .. } => Stage::OrderSent,
            State::Uncertain { .. } => Stage::Uncertain,
            State::Processing { .. } => Stage::Processing,
            State::Final { end } => match end {
                End::Completed => Stage::Completed,
                End::Rejected => Stage::Rejected,
                End::RejectedInsufficientFunds => Stage::RejectedInsufficientFunds,
                End::Declined => Stage::Declined,
                End::Failed => Stage::Failed,
                End::Expired => Stage::Expired,
                End::NoFinalStatus => Stage::NoFinalStatus,
            },
        }
    }

    /// [`Stage::name`] of the state.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.stage().name()
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, State::Final { .. })
    }
}

/// An error that a member should see beside the status (API `errorInfo`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorInfo {
    /// The HTTP status that describes it best.
    pub http_status: u16,
    /// What went wrong, at most [`REASON_LENGTH_MAX`] characters.
    pub message: String,
    /// Whether the bank, not the gateway, failed.
    pub from_bank: bool,
}

/// The bank's own words about a payment, kept beside our reading.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BankRecord {
    /// The bank's id of the consent.
    pub consent_id: Option<String>,
    /// The bank's id of the order.
    pub payment_id: Option<String>,
    /// The bank's last status code, untouched.
    pub payment_status: Option<String>,
    /// The payer's account for refunds, where asked for and given.
    pub refund_account: Option<RefundAccount>,
}

/// One payment: the row of truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Whose it is.
    pub member_id: MemberId,
    /// What was asked for.
    pub initiation: Initiation,
    /// The bank, once known.
    pub bank_id: Option<String>,
    /// Where it stands.
    pub state: State,
    /// The bank's own words.
    pub bank: BankRecord,
    /// Why it stands there, for people; at most [`REASON_LENGTH_MAX`] characters.
    pub reason: Option<String>,
    /// The error behind an unsuccessful end.
    pub error: Option<ErrorInfo>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1; a save expects the version that was read.
    pub version: i64,
}

/// Something that happened to a payment: what its history and its webhooks show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentChanged {
    /// The stage that was reached.
    pub stage: Stage,
    /// The bank, once known.
    pub bank_id: Option<String>,
    /// The bank's own words.
    pub bank: BankRecord,
    /// Why, for people.
    pub reason: Option<String>,
    /// The error behind an unsuccessful end.
    pub error: Option<ErrorInfo>,
    /// When.
    pub at: Timestamp,
    /// The payment's version after the change.
    pub version: i64,
}

/// A Step of a payment.
pub type PaymentStep = Step<Payment, PaymentChanged>;
/// The outcome of a fact on a payment.
pub type PaymentOutcome = Outcome<Payment, PaymentChanged>;

/// A contradiction inside a payment: a defect of ours, found before it is saved or after loading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("payment {payment_id} contradicts itself: {what}")]
pub struct Contradiction {
    /// The payment.
    pub payment_id: PaymentId,
    /// The rule that is broken.
    pub what: &'static str,
}

impl Payment {
    /// When the payment's patience ends; `None` once it is final.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        let (start, window) = match &self.state {
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::AwaitingRedirect { .. }
            | State::VerifyingReturn { .. }
            | State::Authorised { .. } => (self.created_at, AUTHORISATION_WINDOW),
            State::OrderSent { order, .. }
            | State::Uncertain { order }
            | State::Processing { order, .. } => (order.sent_at, STATUS_WINDOW),
            State::Final { .. } => return None,
        };
        Some(start.checked_add(window).unwrap_or(Timestamp::MAX))
    }

    /// When to ask the bank again: half of the order's age, between half a second and two hours.
    /// That is some thirty questions on the first day and twelve on each later one.
    #[must_use]
    pub fn next_status_question(&self, now: Timestamp) -> Timestamp {
        let sent_at = match &self.state {
            State::OrderSent { order, .. }
            | State::Uncertain { order }
            | State::Processing { order, .. } => order.sent_at,
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::AwaitingRedirect { .. }
            | State::VerifyingReturn { .. }
            | State::Authorised { .. }
            | State::Final { .. } => now,
        };
        let half_age_ms = now.duration_since(sent_at).as_millis() / 2;
        let wait_ms = i64::try_from(half_age_ms).unwrap_or(i64::MAX).clamp(500, 7_200_000);
        now.checked_add(SignedDuration::from_millis(wait_ms)).unwrap_or(Timestamp::MAX)
    }

    /// Rules that hold for every payment at rest.
    ///
    /// # Errors
    /// [`Contradiction`] names the rule that is broken.
    pub fn check(&self) -> Result<(), Contradiction> {
        let rules = [
            (self.version >= 1, "versions count from 1"),
            (self.updated_at >= self.created_at, "it changed before it was created"),
            (
                self.bank_id.is_some()
                    || matches!(
                        self.state,
                        State::AwaitingBankChoice | State::Final { end: End::Expired }
                    ),
                "it has no bank, though one must be known by now",
            ),
            (
                self.state != State::Final { end: End::Completed }
                    || self.bank.payment_status.is_some(),
                "it is completed without the bank's word",
            ),
            (
                self.reason.as_ref().is_none_or(|text| text.chars().count() <= REASON_LENGTH_MAX),
                "its reason is too long",
            ),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, what)) => Err(Contradiction { payment_id: self.id.clone(), what }),
            None => Ok(()),
        }
    }

    /// The public part of the payment as an event shows it.
    #[must_use]
    pub fn changed(&self) -> PaymentChanged {
        PaymentChanged {
            stage: self.state.stage(),
            bank_id: self.bank_id.clone(),
            bank: self.bank.clone(),
            reason: self.reason.clone(),
            error: self.error.clone(),
            at: self.updated_at,
            version: self.version,
        }
    }
}

/// `text` cut to [`REASON_LENGTH_MAX`] characters.
#[must_use]
pub fn reason(text: &str) -> String {
    text.chars().take(REASON_LENGTH_MAX).collect()
}
