//! How long a payment waits, and how often it asks.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{
    AUTHORISATION_WINDOW, Authorisation, LINK_WINDOW, Payment, RepeatedCreation, STATUS_WINDOW,
    State, TOKEN_REQUEST_AUTHORISATION_WINDOW,
};
use crate::initiation::Schedule;
use crate::step::JobKind;

impl State {
    /// What waits for the payer's approval, or is being verified.
    #[must_use]
    pub fn authorisation(&self) -> Option<&Authorisation> {
        match self {
            State::AwaitingRedirect { authorisation, .. }
            | State::AwaitingCredentials { authorisation, .. }
            | State::AwaitingDecoupled { authorisation, .. }
            | State::VerifyingReturn { authorisation, .. }
            | State::VerifyingCredentials { authorisation, .. } => Some(authorisation),
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::OpeningUncertain { .. }
            | State::AwaitingRedemption { .. }
            | State::Authorised { .. }
            | State::OrderSent { .. }
            | State::Uncertain { .. }
            | State::Processing { .. }
            | State::Final { .. } => None,
        }
    }

    /// Whether the bank may execute without a further word of ours, so that only its own word
    /// can end the payment.
    #[must_use]
    pub fn may_execute_unseen(&self) -> bool {
        match self {
            State::Opening { attempt, sent, .. } => *sent && attempt.lost_creation_may_execute(),
            State::OpeningUncertain { .. } => true,
            State::AwaitingRedirect { authorisation, .. }
            | State::AwaitingDecoupled { authorisation, .. } => authorisation.may_execute(),
            State::VerifyingReturn { authorisation, sent, .. } => {
                authorisation.may_execute() || (*sent && authorisation.is_being_created())
            }
            // The answers may be what creates the payment.
            State::VerifyingCredentials { authorisation, .. } => {
                authorisation.may_execute() || authorisation.is_being_created()
            }
            State::AwaitingBankChoice
            | State::AwaitingCredentials { .. }
            | State::AwaitingRedemption { .. }
            | State::Authorised { .. }
            | State::OrderSent { .. }
            | State::Uncertain { .. }
            | State::Processing { .. }
            | State::Final { .. } => false,
        }
    }

    /// The question that is asked once more when the time is over; `None` where the bank has no
    /// word on it, or cannot be asked.
    pub(super) fn last_question(&self) -> Option<JobKind> {
        match self {
            State::OpeningUncertain { attempt, .. } => {
                let repeats = attempt.repeated_creation() == RepeatedCreation::SameKeys;
                repeats.then_some(JobKind::OpenAtBank)
            }
            State::AwaitingRedirect { authorisation, .. }
            | State::AwaitingCredentials { authorisation, .. }
            | State::AwaitingDecoupled { authorisation, .. }
            | State::VerifyingReturn { authorisation, .. }
            | State::VerifyingCredentials { authorisation, .. } => {
                authorisation.consent_id.is_some().then_some(JobKind::AskApproval)
            }
            State::Uncertain { .. } | State::Processing { .. } => Some(JobKind::AskStatus),
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::AwaitingRedemption { .. }
            | State::Authorised { .. }
            | State::OrderSent { .. }
            | State::Final { .. } => None,
        }
    }
}

impl Authorisation {
    /// Whether the bank holds something that it executes at the approval.
    #[must_use]
    pub fn may_execute(&self) -> bool {
        self.attempt.executes_at_approval && self.consent_id.is_some()
    }

    /// Whether the payment is yet to be created at a bank that may execute a creation whose answer
    /// is lost.
    pub(super) fn is_being_created(&self) -> bool {
        self.consent_id.is_none() && self.attempt.lost_creation_may_execute()
    }
}

impl Payment {
    /// When the payment's patience ends; `None` once it is final.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        let (start, window) = match &self.state {
            _ if self.state.may_execute_unseen() => {
                (self.executes_from(self.payer_came_at()), STATUS_WINDOW)
            }
            State::AwaitingBankChoice if self.is_link() => {
                let until = self.initiation.link_expires_at;
                return Some(until.unwrap_or_else(|| after(self.created_at, LINK_WINDOW)));
            }
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::OpeningUncertain { .. }
            | State::AwaitingRedirect { .. }
            | State::AwaitingCredentials { .. }
            | State::AwaitingDecoupled { .. }
            | State::VerifyingReturn { .. }
            | State::VerifyingCredentials { .. }
            | State::Authorised { redeemed_at: None, .. } => {
                (self.payer_came_at(), self.authorisation_window())
            }
            State::AwaitingRedemption { usable_until, .. } => return Some(*usable_until),
            State::Authorised { redeemed_at: Some(redeemed_at), .. } => {
                (*redeemed_at, AUTHORISATION_WINDOW)
            }
            State::OrderSent { order }
            | State::Uncertain { order }
            | State::Processing { order, .. } => (self.executes_from(order.sent_at), STATUS_WINDOW),
            State::Final { .. } => return None,
        };
        Some(after(start, window))
    }

    /// The bank has nothing to say of an order before the day that the order is for.
    fn executes_from(&self, sent_at: Timestamp) -> Timestamp {
        let asked = match self.initiation.schedule {
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

    /// Whether the payer's time to approve is over.
    pub(super) fn approval_is_late(&self, now: Timestamp) -> bool {
        now >= after(self.payer_came_at(), self.authorisation_window())
    }

    /// How long the payer has to approve.
    fn authorisation_window(&self) -> SignedDuration {
        match self.token_request_id {
            Some(_) => TOKEN_REQUEST_AUTHORISATION_WINDOW,
            None => AUTHORISATION_WINDOW,
        }
    }

    /// From when the payer's time is counted.
    fn payer_came_at(&self) -> Timestamp {
        self.link_used_at.unwrap_or(self.created_at)
    }

    /// When to ask the bank again: half of the order's age, between half a second and two hours.
    /// That is some thirty questions on the first day and twelve on each later one.
    #[must_use]
    pub fn next_status_question(&self, now: Timestamp) -> Timestamp {
        let sent_at = match &self.state {
            State::OrderSent { order }
            | State::Uncertain { order }
            | State::Processing { order, .. } => order.sent_at,
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::OpeningUncertain { .. }
            | State::AwaitingRedirect { .. }
            | State::AwaitingCredentials { .. }
            | State::AwaitingDecoupled { .. }
            | State::VerifyingReturn { .. }
            | State::VerifyingCredentials { .. }
            | State::AwaitingRedemption { .. }
            | State::Authorised { .. }
            | State::Final { .. } => now,
        };
        after(now, part_of_age(sent_at, now, 2, 500, 7_200_000))
    }

    /// When to ask the bank again whether the payer has approved. A payer who confirms on another
    /// device looks at our page meanwhile: between one second and thirty. A payer who is at the
    /// bank's own pages comes back, as a rule; for the one who does not, between fifteen seconds
    /// and five minutes. Once the payer's time is over, a bank that may still execute is asked at
    /// half of the payment's age, at most every two hours.
    #[must_use]
    pub fn next_approval_question(&self, now: Timestamp) -> Timestamp {
        if self.approval_is_late(now) {
            return after(now, part_of_age(self.payer_came_at(), now, 2, 300_000, 7_200_000));
        }
        let age =
            |parts, least_ms, most_ms| part_of_age(self.updated_at, now, parts, least_ms, most_ms);
        let wait = match &self.state {
            State::AwaitingRedirect { .. } | State::OpeningUncertain { .. } => {
                age(2, 15_000, 300_000)
            }
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::AwaitingCredentials { .. }
            | State::AwaitingDecoupled { .. }
            | State::VerifyingReturn { .. }
            | State::VerifyingCredentials { .. }
            | State::AwaitingRedemption { .. }
            | State::Authorised { .. }
            | State::OrderSent { .. }
            | State::Uncertain { .. }
            | State::Processing { .. }
            | State::Final { .. } => age(4, 1_000, 30_000),
        };
        after(now, wait)
    }
}

pub(super) fn after(start: Timestamp, wait: SignedDuration) -> Timestamp {
    start.checked_add(wait).unwrap_or(Timestamp::MAX)
}

fn part_of_age(
    start: Timestamp,
    now: Timestamp,
    parts: i128,
    least_ms: i64,
    most_ms: i64,
) -> SignedDuration {
    let part_ms = now.duration_since(start).as_millis() / parts;
    SignedDuration::from_millis(i64::try_from(part_ms).unwrap_or(i64::MAX).clamp(least_ms, most_ms))
}
