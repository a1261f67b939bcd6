//! Where a payment stands: [`State`] with what is known then, [`Stage`] without.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::approval::{Approach, Challenge};

/// Text that only the gateway's sealing key can open: tokens, codes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(pub String);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// How the creation at a bank may be repeated when its answer was lost. It follows from the bank's
/// standard and profile; see `docs/decisions/0008-lost-creations.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatedCreation {
    /// With the same keys: the bank recognises the repetition and creates nothing twice.
    SameKeys,
    /// With new keys: what the lost creation left at the bank can never be executed.
    NewKeys,
    /// Never: what the lost creation left at the bank may be executed.
    Never,
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
    /// The secret of PKCE (RFC 7636), 43 to 128 characters.
    #[serde(default)]
    pub code_verifier: String,
    /// Whether this bank executes at the approval, without an order from us.
    #[serde(default)]
    pub executes_at_approval: bool,
    /// How the creation may be repeated. Absent in bodies of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated_creation: Option<RepeatedCreation>,
    /// Counts the openings of a payment at its bank, from 1.
    #[serde(default = "first_opening")]
    pub opening: u32,
}

fn first_opening() -> u32 {
    1
}

impl Attempt {
    /// How the creation may be repeated; the careful answer for bodies of earlier releases.
    #[must_use]
    pub fn repeated_creation(&self) -> RepeatedCreation {
        self.repeated_creation.unwrap_or(match self.executes_at_approval {
            true => RepeatedCreation::Never,
            false => RepeatedCreation::SameKeys,
        })
    }

    /// Whether a creation whose answer was lost can be executed without a further word of ours.
    #[must_use]
    pub fn lost_creation_may_execute(&self) -> bool {
        match self.repeated_creation() {
            RepeatedCreation::NewKeys => false,
            RepeatedCreation::SameKeys => self.executes_at_approval,
            RepeatedCreation::Never => true,
        }
    }
}

/// What waits for, or has, the payer's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// The attempt that made it.
    pub attempt: Attempt,
    /// The bank's id of the consent, or of the payment where the bank executes at the approval.
    /// Unknown where the bank wants to know the payer first.
    pub consent_id: Option<String>,
    /// What the bank's standard must remember between two steps; only it can read this.
    #[serde(default)]
    pub context: Option<Sealed>,
}

/// An order that has left, or may have left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentOrder {
    /// The bank's id of the consent that the order uses.
    pub consent_id: String,
    /// `x-idempotency-key` of the order, at most 40 characters.
    pub idempotency_key: String,
    /// When the sending was recorded, or the bank was seen to have the order.
    pub sent_at: Timestamp,
    /// The access grant: for the order itself, and where the bank wants it for status questions.
    #[serde(default)]
    pub grant: Option<Sealed>,
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
        /// What the member already knows of the bank's questions (API `initialEmbeddedAuth`).
        #[serde(default)]
        credentials: Option<Sealed>,
        /// Whether the creation may have left. Recorded before it leaves, where it cannot be
        /// repeated with the same keys.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sent: bool,
    },
    /// The creation left and its answer was lost: the bank may hold, and execute, a payment whose
    /// id nobody knows.
    OpeningUncertain {
        /// The keys of this attempt.
        attempt: Attempt,
        /// As in [`State::Opening`], for a creation that is repeated with the same keys.
        #[serde(default)]
        credentials: Option<Sealed>,
    },
    /// The payer has to approve at the bank.
    AwaitingRedirect {
        /// What is to be approved.
        authorisation: Authorisation,
        /// Where. Empty in bodies of the first release: such an approval has to begin anew.
        #[serde(default)]
        redirect_url: String,
    },
    /// The payer has to answer the bank's questions.
    AwaitingCredentials {
        /// What is to be approved.
        authorisation: Authorisation,
        /// The questions.
        challenge: Challenge,
    },
    /// The payer has to confirm on another device.
    AwaitingDecoupled {
        /// What is to be approved.
        authorisation: Authorisation,
        /// What the bank wants the payer to read.
        message: Option<String>,
    },
    /// The payer came back; what the browser brought is being verified.
    VerifyingReturn {
        /// What was approved.
        authorisation: Authorisation,
        /// What the browser brought; absent once it is used up and the bank is only asked.
        returned: Option<Sealed>,
        /// Whether the authorisation code may have left. Recorded before it leaves: a code works
        /// once.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sent: bool,
        /// The step that the payer was to take, to go back to where the return proves nothing.
        /// Absent in bodies of earlier releases.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Approach>,
    },
    /// The payer has answered; the bank verifies the answers.
    VerifyingCredentials {
        /// What is to be approved.
        authorisation: Authorisation,
        /// The questions that were answered.
        challenge: Challenge,
        /// The answers; absent once they may have left and the bank is only asked.
        credentials: Option<Sealed>,
    },
    /// The bank confirmed the approval; the order is sent once the member asks for it.
    AwaitingRedemption {
        /// The bank's id of the consent.
        consent_id: String,
        /// The access grant bound to the consent.
        grant: Sealed,
        /// Until when the order can be sent.
        usable_until: Timestamp,
    },
    /// The bank confirmed the approval and the order is wanted; none has been sent.
    Authorised {
        /// The bank's id of the consent.
        consent_id: String,
        /// The access grant bound to the consent.
        grant: Sealed,
        /// When the member asked for the order, where it had to.
        #[serde(default)]
        redeemed_at: Option<Timestamp>,
    },
    /// The sending of the order is recorded; no answer is known.
    OrderSent {
        /// The order.
        order: SentOrder,
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
    /// The payer did not approve in time: no order was sent, or the bank says that it had no answer.
    Expired,
    /// The bank never gave its last word; the order may have been executed.
    NoFinalStatus,
    /// The member took it back before an order was sent.
    Cancelled,
}

impl End {
    /// Every end.
    pub const ALL: [End; 8] = [
        End::Completed,
        End::Rejected,
        End::RejectedInsufficientFunds,
        End::Declined,
        End::Failed,
        End::Expired,
        End::NoFinalStatus,
        End::Cancelled,
    ];
}

/// A [`State`] without what it carries: what is stored, filtered, shown and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is documented at the State or End of the same name")]
pub enum Stage {
    AwaitingBankChoice,
    /// [`State::AwaitingBankChoice`] where the payer comes by a link.
    AwaitingBankChoiceByLink,
    Opening,
    OpeningUncertain,
    AwaitingRedirect,
    AwaitingCredentials,
    /// [`State::AwaitingCredentials`] where our hosted pages, not the member's, ask the payer.
    AwaitingCredentialsOnPages,
    AwaitingDecoupled,
    VerifyingReturn,
    VerifyingCredentials,
    AwaitingRedemption,
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
    Cancelled,
}

impl Stage {
    /// Every stage, in the order of a payment's life.
    pub const ALL: [Stage; 23] = [
        Stage::AwaitingBankChoice,
        Stage::AwaitingBankChoiceByLink,
        Stage::Opening,
        Stage::OpeningUncertain,
        Stage::AwaitingRedirect,
        Stage::AwaitingCredentials,
        Stage::AwaitingCredentialsOnPages,
        Stage::AwaitingDecoupled,
        Stage::VerifyingReturn,
        Stage::VerifyingCredentials,
        Stage::AwaitingRedemption,
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
        Stage::Cancelled,
    ];

    /// The name under which the stage is stored and shown to operators.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stage::AwaitingBankChoice => "awaiting_bank_choice",
            Stage::AwaitingBankChoiceByLink => "awaiting_bank_choice_by_link",
            Stage::Opening => "opening",
            Stage::OpeningUncertain => "opening_uncertain",
            Stage::AwaitingRedirect => "awaiting_redirect",
            Stage::AwaitingCredentials => "awaiting_credentials",
            Stage::AwaitingCredentialsOnPages => "awaiting_credentials_on_pages",
            Stage::AwaitingDecoupled => "awaiting_decoupled",
            Stage::VerifyingReturn => "verifying_return",
            Stage::VerifyingCredentials => "verifying_credentials",
            Stage::AwaitingRedemption => "awaiting_redemption",
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
            Stage::Cancelled => "cancelled",
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
            State::OpeningUncertain { .. } => Stage::OpeningUncertain,
            State::AwaitingRedirect { .. } => Stage::AwaitingRedirect,
            State::AwaitingCredentials { .. } => Stage::AwaitingCredentials,
            State::AwaitingDecoupled { .. } => Stage::AwaitingDecoupled,
            State::VerifyingReturn { .. } => Stage::VerifyingReturn,
            State::VerifyingCredentials { .. } => Stage::VerifyingCredentials,
            State::AwaitingRedemption { .. } => Stage::AwaitingRedemption,
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
                End::Cancelled => Stage::Cancelled,
            },
        }
    }

    /// [`Stage::name`] of the state.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.stage().name()
    }

    /// Whether only a payment that the payer has approved stands there.
    #[must_use]
    pub fn shows_approval(&self) -> bool {
        match self {
            State::AwaitingRedemption { .. }
            | State::Authorised { .. }
            | State::OrderSent { .. }
            | State::Uncertain { .. }
            | State::Processing { .. }
            | State::Final { end: End::Completed | End::NoFinalStatus } => true,
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::OpeningUncertain { .. }
            | State::AwaitingRedirect { .. }
            | State::AwaitingCredentials { .. }
            | State::AwaitingDecoupled { .. }
            | State::VerifyingReturn { .. }
            | State::VerifyingCredentials { .. }
            | State::Final {
                end:
                    End::Rejected
                    | End::RejectedInsufficientFunds
                    | End::Declined
                    | End::Failed
                    | End::Expired
                    | End::Cancelled,
            } => false,
        }
    }

    /// Whether only a payment stands there whose order is wanted, was sent, or is with the bank: it
    /// is with a bank that executes at the approval as soon as that bank holds the payment.
    #[must_use]
    pub fn shows_order(&self) -> bool {
        let approved = self.shows_approval() && !matches!(self, State::AwaitingRedemption { .. });
        approved
            || self.may_execute_unseen()
            || self.authorisation().is_some_and(Authorisation::may_execute)
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, State::Final { .. })
    }
}
