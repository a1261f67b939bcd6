//! The phase of a connection and its start. They decide its timeouts, and whether the connection is
//! closed for a newer one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::seams::Clock;
use tokio::sync::Notify;

use super::Limits;

/// The four things that a connection can be doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It waits for a request; nothing of it has come.
    Idle,
    /// A part of a request's head has come.
    Head,
    /// The head has come, and a part of the body is missing.
    Body,
    /// The whole request has come; the response has not left yet.
    Answering,
}

/// The phase and when it began.
struct Current {
    phase: Phase,
    since_ms: i64,
    /// Whether the connection was asked to close.
    closing: bool,
}

/// The phase of one connection.
pub(super) struct Activity {
    clock: Arc<dyn Clock>,
    current: Mutex<Current>,
    close: Notify,
}

impl Activity {
    /// Of a connection that was just made.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Activity {
        let now_ms = clock.now().as_millisecond();
        let current = Current { phase: Phase::Idle, since_ms: now_ms, closing: false };
        Activity { clock, current: Mutex::new(current), close: Notify::new() }
    }

    /// Bytes came.
    pub(super) fn bytes_came(&self) {
        self.enter(Phase::Head, |phase| phase == Phase::Idle);
    }

    /// The head of a request came.
    pub(super) fn head_came(&self, body_follows: bool) {
        self.enter(if body_follows { Phase::Body } else { Phase::Answering }, |_| true);
    }

    /// The body of the request came, or nobody wants it.
    pub(super) fn body_ended(&self) {
        self.enter(Phase::Answering, |phase| phase == Phase::Body);
    }

    /// The response left.
    pub(super) fn answered(&self) {
        self.enter(Phase::Idle, |_| true);
    }

    fn enter(&self, next: Phase, fits: impl Fn(Phase) -> bool) {
        let now_ms = self.clock.now().as_millisecond();
        let mut current = self.lock();
        if !fits(current.phase) {
            return;
        }
        current.phase = next;
        current.since_ms = now_ms;
    }

    /// Since when the connection waits for its client; `None` while it is being answered. Whether it
    /// waits for the first byte, for the rest of a head or of a body makes no difference: clients that
    /// do nothing wrong keep each of these short, or do not mind being closed.
    pub(super) fn waits_since_ms(&self) -> Option<i64> {
        let current = self.lock();
        match current.phase {
            _ if current.closing => None,
            Phase::Idle | Phase::Head | Phase::Body => Some(current.since_ms),
            Phase::Answering => None,
        }
    }

    /// Asks the connection to close.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.close.notify_one();
    }

    /// Waits until the connection is asked to close, or its phase has taken too long.
    pub(super) async fn over(&self, limits: &Limits) {
        let overdue = async {
            while let Some(remaining_ms) = self.remaining_ms(limits) {
                self.clock.sleep(remaining_ms.min(limits.shortest_ms())).await;
            }
        };
        tokio::select! {
            () = self.close.notified() => {}
            () = overdue => {}
        }
    }

    /// How long the phase may still last; `None` if that time is over.
    fn remaining_ms(&self, limits: &Limits) -> Option<u64> {
        let now_ms = self.clock.now().as_millisecond();
        let mut current = self.lock();
        // A clock that was set back must not keep connections open.
        current.since_ms = current.since_ms.min(now_ms);
        let lasted_ms = u64::try_from(now_ms - current.since_ms).unwrap_or(0);
        let limit_ms = match current.phase {
            Phase::Idle => limits.idle_ms,
            Phase::Head => limits.head_ms,
            Phase::Body => limits.body_ms,
            Phase::Answering => limits.answer_ms,
        };
        limit_ms.checked_sub(lasted_ms).filter(|remaining_ms| *remaining_ms > 0)
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use jiff::SignedDuration;
    use testkit::TestClock;

    use super::*;

    const LIMITS: Limits = Limits {
        connections: 1,
        idle_ms: 60_000,
        head_ms: 10_000,
        body_ms: 30_000,
        answer_ms: 90_000,
    };

    /// Passes `seconds` and says whether the connection is over then.
    fn over_after(clock: &TestClock, activity: &Activity, seconds: i64) -> bool {
        clock.advance(SignedDuration::from_secs(seconds));
        activity.over(&LIMITS).now_or_never().is_some()
    }

    #[test]
    fn each_phase_has_a_time_of_its_own_and_begins_once() {
        let clock = Arc::new(TestClock::at("2026-01-05T10:00:00Z"));
        let activity = Activity::new(Arc::clone(&clock) as Arc<dyn Clock>);
        assert!(!over_after(&clock, &activity, 59), "idle");
        activity.bytes_came();
        assert!(!over_after(&clock, &activity, 9), "head");
        activity.bytes_came();
        assert!(over_after(&clock, &activity, 1), "another byte gives no more time");
        activity.head_came(true);
        assert!(!over_after(&clock, &activity, 29), "body");
        activity.bytes_came();
        assert!(over_after(&clock, &activity, 1));
        activity.body_ended();
        assert!(!over_after(&clock, &activity, 89), "answering");
        assert!(over_after(&clock, &activity, 1));
        activity.answered();
        activity.body_ended();
        assert!(!over_after(&clock, &activity, 59), "idle again");
        assert!(over_after(&clock, &activity, 1));
        activity.head_came(false);
        assert!(!over_after(&clock, &activity, 31), "without a body it is being answered");
    }

    #[test]
    fn a_clock_that_is_set_back_closes_nothing_early_and_keeps_nothing_open() {
        let clock = Arc::new(TestClock::at("2026-01-05T10:00:00Z"));
        let activity = Activity::new(Arc::clone(&clock) as Arc<dyn Clock>);
        assert!(!over_after(&clock, &activity, -3_600));
        assert!(over_after(&clock, &activity, 60));
    }

    #[test]
    fn who_waits_longest_is_closed_first_and_nobody_who_is_being_answered() {
        let clock = Arc::new(TestClock::at("2026-01-05T10:00:00Z"));
        let made = || Activity::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let later = || clock.advance(SignedDuration::from_secs(1));
        let [uploading, slow_head, idle, answering] = [made(), made(), made(), made()];
        later();
        uploading.head_came(true);
        answering.head_came(false);
        later();
        slow_head.bytes_came();
        assert!(idle.waits_since_ms() < uploading.waits_since_ms());
        assert!(uploading.waits_since_ms() < slow_head.waits_since_ms());
        assert_eq!(answering.waits_since_ms(), None);
        later();
        answering.answered();
        assert!(slow_head.waits_since_ms() < answering.waits_since_ms());
        idle.close();
        assert_eq!(idle.waits_since_ms(), None, "once is enough");
        assert!(idle.over(&LIMITS).now_or_never().is_some());
    }
}
