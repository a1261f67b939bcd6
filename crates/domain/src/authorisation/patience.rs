//! How often a bank is asked whether the payer has approved.

use jiff::{SignedDuration, Timestamp};

use super::Authorisation;

/// The times that rule an authorisation; its owner knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From when the payer's time is counted.
    pub payer_came_at: Timestamp,
    /// How long the payer has to approve.
    pub window: SignedDuration,
    /// When what is authorised last changed.
    pub changed_at: Timestamp,
    /// When the owner's patience with the present state ends.
    pub deadline: Option<Timestamp>,
    /// The shortest time between two questions that the bank wants, in milliseconds; 0 without one.
    pub question_interval_min_ms: i64,
}

impl Patience {
    /// Whether the payer's time to approve is over.
    #[must_use]
    pub fn approval_is_late(&self, now: Timestamp) -> bool {
        now >= after(self.payer_came_at, self.window)
    }

    /// Whether the owner waits no longer.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| now >= deadline)
    }

    /// When to ask the bank again whether the payer has approved. A payer who confirms on another
    /// device looks at our page meanwhile: between one second and thirty. A payer who is at the
    /// bank's own pages returns, as a rule; for the one who does not, between fifteen seconds
    /// and five minutes. Once the payer's time is over, a bank that may still execute is asked at
    /// half of the age, at most every two hours.
    #[must_use]
    pub fn next_question(&self, of: &Authorisation, now: Timestamp) -> Timestamp {
        // A bank may want longer intervals.
        let interval = SignedDuration::from_millis(self.question_interval_min_ms);
        self.usual_question(of, now).max(after(now, interval))
    }

    fn usual_question(&self, of: &Authorisation, now: Timestamp) -> Timestamp {
        if self.approval_is_late(now) {
            return after(now, part_of_age(self.payer_came_at, now, 2, 300_000, 7_200_000));
        }
        let wait = match of {
            Authorisation::AwaitingRedirect { .. } | Authorisation::OpeningUncertain { .. } => {
                part_of_age(self.changed_at, now, 2, 15_000, 300_000)
            }
            // The way into the app ends within seconds, and the bank's answer has the next one.
            Authorisation::AwaitingDecoupled { app_start: Some(_), .. } => {
                part_of_age(self.changed_at, now, 4, 1_000, 3_000)
            }
            Authorisation::Opening { .. }
            | Authorisation::AwaitingCredentials { .. }
            | Authorisation::AwaitingDecoupled { .. }
            | Authorisation::VerifyingReturn { .. }
            | Authorisation::VerifyingCredentials { .. } => {
                part_of_age(self.changed_at, now, 4, 1_000, 30_000)
            }
        };
        after(now, wait)
    }

    /// The same for a state that begins now.
    pub(crate) fn first_question(&self, of: &Authorisation, now: Timestamp) -> Timestamp {
        Patience { changed_at: now.max(self.changed_at), ..*self }.next_question(of, now)
    }
}

/// `wait` after `start`, or the end of time.
pub(crate) fn after(start: Timestamp, wait: SignedDuration) -> Timestamp {
    start.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// A part of the time since `start`, within bounds in milliseconds.
pub(crate) fn part_of_age(
    start: Timestamp,
    now: Timestamp,
    parts: i128,
    least_ms: i64,
    most_ms: i64,
) -> SignedDuration {
    let part_ms = now.duration_since(start).as_millis() / parts;
    SignedDuration::from_millis(i64::try_from(part_ms).unwrap_or(i64::MAX).clamp(least_ms, most_ms))
}
