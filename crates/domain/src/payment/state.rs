//! The states of a payment: [`State`] with its data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Stage;
use crate::authorisation::{Authorisation, Challenge, Opened};
use crate::sealed::Sealed;

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

/// The state of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum OrderState {
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
    #[serde(rename = "order_sent")]
    Sent {
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
    /// The bank has set the standing order up and repeats it by itself. To callers it is completed;
    /// only a cancellation still changes it.
    SetUp {
        /// The order.
        order: SentOrder,
        /// The bank's id of the order; unknown where its answer was lost.
        bank_payment_id: Option<String>,
    },
}

impl OrderState {
    /// The order, once it may have left.
    #[must_use]
    pub fn sent(&self) -> Option<&SentOrder> {
        match self {
            OrderState::Authorised { .. } => None,
            OrderState::Sent { order }
            | OrderState::Uncertain { order }
            | OrderState::Processing { order, .. }
            | OrderState::SetUp { order, .. } => Some(order),
        }
    }
}

/// The state of a payment. Each variant carries its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub enum State {
    /// The payer has not chosen a bank on the hosted pages yet.
    AwaitingBankChoice,
    /// The payer approves it at the bank.
    Approving(Authorisation),
    /// The bank confirmed the approval; the order is sent once the member asks for it.
    AwaitingRedemption {
        /// The bank's id of the consent.
        consent_id: String,
        /// The access grant bound to the consent.
        grant: Sealed,
        /// Until when the order can be sent.
        usable_until: Timestamp,
    },
    /// The order is wanted, was sent, or is with the bank.
    Ordered(OrderState),
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
    /// The bank executed the order. A standing order that the bank has set up is
    /// [`OrderState::SetUp`]; earlier releases stored it as completed.
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
    /// The bank never gave its final status; the order may have been executed.
    NoFinalStatus,
    /// The member took it back: before an order was sent, or at the bank. A standing order may have
    /// been executed some times before.
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

/// [`State`] as it is stored: one object whose `name` says which of all states it is, as in every
/// release.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Own(Own),
    Approving(Authorisation),
    Ordered(OrderState),
}

/// The states of a payment's own.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
enum Own {
    AwaitingBankChoice,
    AwaitingRedemption { consent_id: String, grant: Sealed, usable_until: Timestamp },
    Final { end: End },
}

impl From<Stored> for State {
    fn from(stored: Stored) -> State {
        match stored {
            Stored::Own(Own::AwaitingBankChoice) => State::AwaitingBankChoice,
            Stored::Own(Own::AwaitingRedemption { consent_id, grant, usable_until }) => {
                State::AwaitingRedemption { consent_id, grant, usable_until }
            }
            Stored::Own(Own::Final { end }) => State::Final { end },
            Stored::Approving(authorisation) => State::Approving(authorisation),
            Stored::Ordered(order) => State::Ordered(order),
        }
    }
}

impl From<State> for Stored {
    fn from(state: State) -> Stored {
        match state {
            State::AwaitingBankChoice => Stored::Own(Own::AwaitingBankChoice),
            State::AwaitingRedemption { consent_id, grant, usable_until } => {
                Stored::Own(Own::AwaitingRedemption { consent_id, grant, usable_until })
            }
            State::Final { end } => Stored::Own(Own::Final { end }),
            State::Approving(authorisation) => Stored::Approving(authorisation),
            State::Ordered(order) => Stored::Ordered(order),
        }
    }
}

impl State {
    /// The state without what it carries.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            State::AwaitingBankChoice => Stage::AwaitingBankChoice,
            State::Approving(authorisation) => match authorisation {
                Authorisation::Opening { .. } => Stage::Opening,
                Authorisation::OpeningUncertain { .. } => Stage::OpeningUncertain,
                Authorisation::AwaitingRedirect { .. } => Stage::AwaitingRedirect,
                Authorisation::AwaitingCredentials { .. } => Stage::AwaitingCredentials,
                Authorisation::AwaitingDecoupled { .. } => Stage::AwaitingDecoupled,
                Authorisation::VerifyingReturn { .. } => Stage::VerifyingReturn,
                Authorisation::VerifyingCredentials { .. } => Stage::VerifyingCredentials,
            },
            State::AwaitingRedemption { .. } => Stage::AwaitingRedemption,
            State::Ordered(order) => match order {
                OrderState::Authorised { .. } => Stage::Authorised,
                OrderState::Sent { .. } => Stage::OrderSent,
                OrderState::Uncertain { .. } => Stage::Uncertain,
                OrderState::Processing { .. } => Stage::Processing,
                OrderState::SetUp { .. } => Stage::Completed,
            },
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

    /// The payer's approval, while it is under way.
    #[must_use]
    pub fn approving(&self) -> Option<&Authorisation> {
        match self {
            State::Approving(authorisation) => Some(authorisation),
            State::AwaitingBankChoice
            | State::AwaitingRedemption { .. }
            | State::Ordered(_)
            | State::Final { .. } => None,
        }
    }

    /// The bank's open questions, while answering them is the payer's next step.
    #[must_use]
    pub fn challenge(&self) -> Option<&Challenge> {
        match self.approving() {
            Some(Authorisation::AwaitingCredentials { challenge, .. }) => Some(challenge),
            _ => None,
        }
    }

    /// Whether the bank may execute without a further word of ours, so that only its own word
    /// can end the payment.
    #[must_use]
    pub fn may_execute_unseen(&self) -> bool {
        self.approving().is_some_and(Authorisation::may_execute_unseen)
    }

    /// Whether only an approved payment can have this state.
    #[must_use]
    pub fn shows_approval(&self) -> bool {
        match self {
            State::AwaitingRedemption { .. }
            | State::Ordered(_)
            | State::Final { end: End::Completed | End::NoFinalStatus } => true,
            State::AwaitingBankChoice
            | State::Approving(_)
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

    /// Whether only a payment whose order was requested, sent, or is with the bank can have this state: it
    /// is with a bank that executes at the approval as soon as that bank holds the payment.
    #[must_use]
    pub fn shows_order(&self) -> bool {
        match self {
            State::Approving(authorisation) => {
                authorisation.may_execute_unseen()
                    || authorisation.opened().is_some_and(Opened::may_execute)
            }
            State::Ordered(_) => true,
            State::AwaitingBankChoice | State::AwaitingRedemption { .. } => false,
            State::Final { .. } => self.shows_approval(),
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, State::Final { .. })
    }

    /// Whether nothing more happens by itself: the state is final, or the bank has set the standing
    /// order up.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_final() || matches!(self, State::Ordered(OrderState::SetUp { .. }))
    }
}
