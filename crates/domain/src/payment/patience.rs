//! How long a payment waits, and how often it asks.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{
    AUTHORISATION_WINDOW, CancellationState, LINK_WINDOW, OrderState, Payment, STATUS_WINDOW,
    State, TOKEN_REQUEST_AUTHORISATION_WINDOW,
};
use crate::authorisation::Patience;
pub(super) use crate::authorisation::after;
use crate::authorisation::part_of_age;
use crate::initiation::Schedule;

impl Payment {
    /// When the payment's patience ends; `None` once it is settled, except while the outcome of the
    /// cancellation of a standing order is open.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        let (start, window) = match &self.state {
            _ if self.state.may_execute_unseen() => {
                (self.executes_from(self.payer_came_at()), STATUS_WINDOW)
            }
            State::AwaitingBankChoice if self.is_link() => {
                let until = self.initiation.visit.link_expires_at;
                return Some(until.unwrap_or_else(|| after(self.created_at, LINK_WINDOW)));
            }
            State::Approving(_) => return Some(self.approval_ends_at()),
            State::AwaitingBankChoice
            | State::Ordered(OrderState::Authorised { redeemed_at: None, .. }) => {
                (self.payer_came_at(), self.authorisation_window())
            }
            State::AwaitingRedemption { usable_until, .. } => return Some(*usable_until),
            State::Ordered(OrderState::Authorised { redeemed_at: Some(redeemed_at), .. }) => {
                (*redeemed_at, AUTHORISATION_WINDOW)
            }
            State::Ordered(
                OrderState::Sent { order }
                | OrderState::Uncertain { order }
                | OrderState::Processing { order, .. },
            ) => (self.executes_from(order.sent_at), STATUS_WINDOW),
            State::Ordered(OrderState::SetUp { .. }) => {
                let open = self.cancellation.as_ref().filter(|known| known.is_open())?;
                (open.wanted_at, STATUS_WINDOW)
            }
            State::Final { .. } => return None,
        };
        let usual = after(start, window);
        Some(self.silence_ends_at().map_or(usual, |silence| silence.min(usual)))
    }

    /// When a bank that never says how a payment ended has been silent for long enough.
    pub(super) fn silence_ends_at(&self) -> Option<Timestamp> {
        let State::Ordered(OrderState::Processing { bank_payment_id: Some(_), .. }) = &self.state
        else {
            return None;
        };
        let hours = self.execution?.status.silence_is_final_after_h?;
        let last_word_at = self.executes_from(self.updated_at);
        Some(after(last_word_at, SignedDuration::from_hours(hours.into())))
    }

    /// The bank has nothing to say of an order before the day that the order is for.
    fn executes_from(&self, sent_at: Timestamp) -> Timestamp {
        let asked = match self.initiation.order.schedule {
            Schedule::FutureDated { date } => Some(date),
            Schedule::Immediate | Schedule::StandingOrder { .. } => None,
        };
        let day = match self.execution {
            Some(execution) => execution.day,
            None => asked,
        };
        let begins = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
        begins.map_or(sent_at, |begins| begins.timestamp().max(sent_at))
    }

    /// How long the payer has to approve.
    fn authorisation_window(&self) -> SignedDuration {
        match self.token_request_id {
            Some(_) => TOKEN_REQUEST_AUTHORISATION_WINDOW,
            None => AUTHORISATION_WINDOW,
        }
    }

    /// When the payer's time to approve ends, which the bank may end sooner.
    fn approval_ends_at(&self) -> Timestamp {
        let ours = after(self.payer_came_at(), self.authorisation_window());
        let seconds = self.execution.and_then(|own| own.status.approval_timeout_s);
        let of_bank =
            |seconds| after(self.updated_at, SignedDuration::from_secs(i64::from(seconds)));
        seconds.map_or(ours, |seconds| of_bank(seconds).min(ours))
    }

    /// From when the payer's time is counted.
    fn payer_came_at(&self) -> Timestamp {
        self.link_used_at.unwrap_or(self.created_at)
    }

    /// Whether the bank is asked for the order's status until it gives one.
    #[must_use]
    pub fn waits_for_status(&self) -> bool {
        match &self.state {
            State::Ordered(OrderState::SetUp { .. }) => {
                let known = self.cancellation.as_ref().map(|known| &known.state);
                matches!(known, Some(CancellationState::Uncertain))
            }
            State::AwaitingBankChoice
            | State::Approving(_)
            | State::AwaitingRedemption { .. }
            | State::Ordered(_) => true,
            State::Final { .. } => false,
        }
    }

    /// When to ask the bank again: half of the order's age (of a standing order that is set up, half of
    /// the age of its cancellation), between half a second and two hours.
    /// That is some thirty questions on the first day and twelve on each later one. A bank may want
    /// longer intervals.
    #[must_use]
    pub fn next_status_question(&self, now: Timestamp) -> Timestamp {
        let sent_at = match &self.state {
            State::Ordered(OrderState::SetUp { .. }) => {
                self.cancellation.as_ref().map_or(now, |known| known.wanted_at)
            }
            State::Ordered(order) => order.sent().map_or(now, |order| order.sent_at),
            State::AwaitingBankChoice
            | State::Approving(_)
            | State::AwaitingRedemption { .. }
            | State::Final { .. } => now,
        };
        let least_ms = self.question_interval_min_ms().max(500);
        after(now, part_of_age(sent_at, now, 2, least_ms, least_ms.max(7_200_000)))
    }

    /// The shortest time between two questions to its bank; 0 where the bank has no rule.
    #[must_use]
    pub fn question_interval_min_ms(&self) -> i64 {
        let seconds = self.execution.and_then(|own| own.status.question_interval_min_s);
        i64::from(seconds.unwrap_or(0)).saturating_mul(1000)
    }

    /// The times that rule the payer's approval.
    pub(super) fn approval_patience(&self) -> Patience {
        Patience {
            payer_came_at: self.payer_came_at(),
            window: match self.state {
                State::Approving(_) => self.approval_ends_at().duration_since(self.payer_came_at()),
                _ => self.authorisation_window(),
            },
            changed_at: self.updated_at,
            deadline: None,
            question_interval_min_ms: self.question_interval_min_ms(),
        }
    }

    /// When to ask the bank again whether the payer has approved; now where nothing is approved.
    #[must_use]
    pub fn next_approval_question(&self, now: Timestamp) -> Timestamp {
        match (self.cancelling(), self.state.approving()) {
            (Some(cancelling), _) => self.cancellation_patience().next_question(cancelling, now),
            (None, Some(approving)) => self.approval_patience().next_question(approving, now),
            (None, None) => now,
        }
    }
}
