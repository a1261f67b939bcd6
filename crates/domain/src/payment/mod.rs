//! A payment: one order from the payer's account, initiated by us.
//!
//! [`Payment`] is the record, [`State`] its state, [`Fact`] the possible facts.
//! The transitions are in `machine` (`Payment::observe`), what they do in `approving` and `order`,
//! the commands in `commands`, deadlines and intervals in `patience`.
//!
//! ```text
//! AwaitingBankChoice ─▶ Approving ┬───────────────────────▶ Ordered: Authorised ─▶ Sent
//!                  (an authorisation) │                     ▲   ▲               │  │  │
//!  the member sends the order         ├▶ AwaitingRedemption ┘   └── not sent ───┘  │  │
//!  by its word                        │                        Uncertain ◀─────────┘  │
//!  the bank executes at the approval  └──────────────────────▶ Processing ◀───────────┘
//!                                                                  │
//!                                           Final ◀─┬──────────────┤
//!                                                   └── SetUp ◀────┘ (a standing order)
//! ```
//!
//! Two kinds of banks. Where an order follows the approval (*redemption*; UK Open Banking, STET,
//! PolishAPI), nothing can be executed before `Sent` is recorded. Where the bank executes at the
//! approval itself (Berlin Group), the approval is out of our hands once the payer has the link:
//! such a payment never expires without the bank's word, and its bank cannot be changed.

mod access;
mod approving;
mod cancellation;
mod commands;
mod fact;
mod machine;
mod order;
mod patience;
mod stage;
mod standing_order;
mod state;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::cancellation::{Cancellation, CancellationState, CancelledBy};
pub use self::commands::Creation;
pub use self::fact::{CancellationFact, Fact, OrderFact, StatusFact, TokenFact};
pub use self::stage::Stage;
pub use self::state::{End, OrderState, SentOrder, State};
use crate::account::AccountIdentifier;
use crate::bank::{Decline, RefundAccount};
use crate::event::EventKind;
use crate::execution::Execution;
use crate::ids::{MemberId, PaymentId, TokenRequestId};
use crate::initiation::{Flow, Initiation};
use crate::mail::MailAddress;
use crate::sealed::Sealed;
use crate::step::{Outcome, Step};

/// How long a payer has to approve, counted from the payment's creation: 40 minutes (reference,
/// section 3.7, timeouts).
pub const AUTHORISATION_WINDOW: SignedDuration = SignedDuration::from_mins(40);
/// The same for a payment that comes from a token request: 30 minutes from the redirect, and such a
/// payment begins with that (reference, section 2.10, expiry).
pub const TOKEN_REQUEST_AUTHORISATION_WINDOW: SignedDuration = SignedDuration::from_mins(30);
/// How long a link works where the member does not say: a day (reference, section 5.1).
pub const LINK_WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// The longest lifetime of a link, from the payment's creation: 90 days (the same section).
pub const LINK_WINDOW_MAX: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How long a member that redeems by itself has for it, counted from the bank's confirmation: at
/// most a day; less if the bank's grant expires earlier. The reference names no time.
pub const REDEMPTION_WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// How long a bank is asked for its final status, counted from the order: 30 days (the same section).
pub const STATUS_WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The longest reason that is kept or shown (API `statusReasonInformation`), in characters.
pub const REASON_LENGTH_MAX: usize = 256;

/// An error that a member should see beside the status (API `errorInfo`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorInfo {
    /// The HTTP status of the bank's answer; none where none came that is one.
    #[serde(rename = "http_status", skip_serializing_if = "Option::is_none", default)]
    pub bank_http_status: Option<u16>,
    /// The error in words, at most [`REASON_LENGTH_MAX`] characters.
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

/// The settings of a member, as far as they affect a payment. They are kept with the payment, so that
/// a later change of the settings does not affect a running payment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// Whether an approved payment waits for the member's word before its order is sent
    /// (auto-redeem is off; reference, section 2.11).
    pub redeems_on_request: bool,
    /// The address to which the bank sends the payer's browser: the member's own address, which then
    /// forwards the query to us (reference, section 3.9). Ours if absent.
    pub return_url: Option<String>,
}

/// One payment: the row of truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Whose it is.
    pub member_id: MemberId,
    /// The member's request.
    pub initiation: Initiation,
    /// The bank, once known.
    pub bank_id: Option<String>,
    /// How and when the bank executes it, decided when the bank is known and the payment goes there.
    /// Absent before, and in payments of earlier releases, which were executed as asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<Execution>,
    /// Random, and not derived from the payment's id: a reader of a bank statement must not be able
    /// to open the payer's page. Absent in payments of earlier releases, which sent their id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_to_end_id: Option<String>,
    /// The payer's account as the payer gave it on the hosted pages, where the bank wants it and
    /// the member did not know it.
    #[serde(default)]
    pub payer_account: Option<AccountIdentifier>,
    /// When the payer took the link up, where it is one: the time to approve begins then.
    #[serde(default)]
    pub link_used_at: Option<Timestamp>,
    /// The member's settings when the payment was created.
    #[serde(default)]
    pub terms: Terms,
    /// The token request that it came from (payments v1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_request_id: Option<TokenRequestId>,
    /// The reference that the member gave the order when it redeemed the approval, where that is
    /// another than `initiation.ref_id`. The bank gets the one that the payer approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_ref_id: Option<String>,
    /// Where a receipt goes once it is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_to: Option<MailAddress>,
    /// When the payer's approval was confirmed, however the payment ended: a payment that ended
    /// does not show it otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<Timestamp>,
    /// When the payer cancelled it on the hosted pages; the bank then has said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_by_payer_at: Option<Timestamp>,
    /// When the bank ended the approval because the payer's answers were wrong; it is declined then,
    /// though the payer did not say no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_failed_at: Option<Timestamp>,
    /// When the order became wanted, or the bank was seen to have it, however the payment ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<Timestamp>,
    /// The state.
    pub state: State,
    /// Since when the bank is being asked for another access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refreshing_since: Option<Timestamp>,
    /// The cancellation that its bank was asked for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// The returns of browsers, or the bank's callbacks, that arrived before they could be verified, the
    /// oldest first; at most [`EARLY_RETURNS_MAX`](crate::authorisation::EARLY_RETURNS_MAX). They belong to the running
    /// approval.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub early_returns: Vec<Sealed>,
    /// The bank's own words.
    pub bank: BankRecord,
    /// The reason for the state, for people; at most [`REASON_LENGTH_MAX`] characters.
    pub reason: Option<String>,
    /// The kind of decline, as the bank reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline: Option<Decline>,
    /// The error behind an unsuccessful end.
    pub error: Option<ErrorInfo>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1; a save expects the version that was read.
    pub version: i64,
}

/// A past change of a payment, for its history and its webhooks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentChanged {
    /// The stage that was reached.
    pub stage: Stage,
    /// The bank, once known.
    pub bank_id: Option<String>,
    /// How and when that bank executes, once decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<Execution>,
    /// The bank's own words.
    pub bank: BankRecord,
    /// Why, for people.
    pub reason: Option<String>,
    /// The kind of decline, as the bank reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline: Option<Decline>,
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
    /// The order's id as the bank gets it and shows it on statements (EndToEndIdentification and
    /// InstructionIdentification): the same in every request about the payment.
    #[must_use]
    pub fn end_to_end_id(&self) -> &str {
        self.end_to_end_id.as_deref().unwrap_or_else(|| self.id.core())
    }

    /// The reference of its transfer: the member's own, or that of the token request.
    #[must_use]
    pub fn transfer_ref_id(&self) -> &str {
        self.transfer_ref_id.as_deref().unwrap_or(&self.initiation.order.ref_id)
    }

    /// Whether the approval may be retried, as another payment: it failed by wrong answers or by an
    /// error, nobody refused it, and nothing can have been executed.
    #[must_use]
    pub fn may_be_tried_again(&self) -> bool {
        let failed = match &self.state {
            State::Final { end: End::Failed } => true,
            State::Final { end: End::Declined } => self.authentication_failed_at.is_some(),
            State::Final { .. }
            | State::AwaitingBankChoice
            | State::Approving(_)
            | State::AwaitingRedemption { .. }
            | State::Ordered(_) => false,
        };
        // A bank that executes at the approval has the order before that, and drops it with this end.
        failed && self.approved_at.is_none()
    }

    /// The kind of event for its changes: a payment of v1 shows as its transfer or standing order.
    #[must_use]
    pub fn event_kind(&self) -> EventKind {
        match (self.is_standing_order(), &self.token_request_id) {
            (true, _) => EventKind::StandingOrderStatusChanged,
            (false, None) => EventKind::PaymentStatusChanged,
            (false, Some(_)) => EventKind::TransferStatusChanged,
        }
    }

    /// Whether the bank executes it again and again.
    #[must_use]
    pub fn is_standing_order(&self) -> bool {
        self.initiation.order.schedule.is_standing_order()
    }

    /// Whether the member gets its changes: those of a transfer or standing order only once it
    /// exists (reference, section 7.3).
    #[must_use]
    pub fn tells_changes(&self) -> bool {
        self.token_request_id.is_none() || self.ordered_at.is_some()
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
                        State::AwaitingBankChoice
                            | State::Final { end: End::Expired | End::Cancelled | End::Declined }
                    ),
                "it has no bank, though one must be known by now",
            ),
            (
                self.stage() != Stage::Completed || self.bank.payment_status.is_some(),
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

    /// The stage, as it is stored, filtered and shown.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match (self.state.stage(), self.initiation.visit.flow) {
            (Stage::AwaitingCredentials, Flow::EmbeddedHostedPages) => {
                Stage::AwaitingCredentialsOnPages
            }
            (Stage::AwaitingBankChoice, Flow::PayByLinkHostedPages) => {
                Stage::AwaitingBankChoiceByLink
            }
            (
                stage,
                Flow::ApiOnly
                | Flow::FullHostedPages
                | Flow::EmbeddedHostedPages
                | Flow::PayByLinkHostedPages,
            ) => stage,
        }
    }

    /// Whether the payer comes by a link.
    #[must_use]
    pub fn is_link(&self) -> bool {
        self.initiation.visit.flow == Flow::PayByLinkHostedPages
    }

    /// The public part of the payment as an event shows it.
    #[must_use]
    pub fn changed(&self) -> PaymentChanged {
        PaymentChanged {
            stage: self.stage(),
            bank_id: self.bank_id.clone(),
            execution: self.execution,
            bank: self.bank.clone(),
            reason: self.reason.clone(),
            decline: self.decline,
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
