//! The seams of `domain`, in the hand of a test.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::seams::{BoxFuture, Clock, Ids};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// A clock that a test moves by hand.
pub struct TestClock {
    now: watch::Sender<Timestamp>,
}

impl TestClock {
    /// A clock that shows `now`, e.g. `2026-01-05T10:00:00Z`.
    #[must_use]
    pub fn at(now: &str) -> TestClock {
        let now = now.parse().expect("a timestamp such as 2026-01-05T10:00:00Z");
        TestClock { now: watch::Sender::new(now) }
    }

    /// Moves the clock; whoever slept until then wakes.
    pub fn advance(&self, duration: SignedDuration) {
        self.now.send_modify(|now| {
            *now = now.checked_add(duration).expect("a moment that can be expressed");
        });
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep(&self, duration_ms: u64) -> BoxFuture<'static, ()> {
        let mut watched = self.now.subscribe();
        let duration = SignedDuration::from_millis(i64::try_from(duration_ms).unwrap_or(i64::MAX));
        let due = self.now().checked_add(duration).unwrap_or(Timestamp::MAX);
        Box::pin(async move {
            if watched.wait_for(|now| *now >= due).await.is_err() {
                // The clock is gone: time will not pass any more.
                std::future::pending::<()>().await;
            }
        })
    }
}

/// Randomness that a seed repeats (SplitMix64).
pub struct TestIds {
    state: AtomicU64,
}

impl TestIds {
    /// The same seed gives the same bytes.
    #[must_use]
    pub fn seeded(seed: u64) -> TestIds {
        TestIds { state: AtomicU64::new(seed) }
    }
}

impl Ids for TestIds {
    fn fill(&self, bytes: &mut [u8]) {
        const STRIDE: u64 = 0x9E37_79B9_7F4A_7C15;
        for chunk in bytes.chunks_mut(8) {
            let mut mixed = self.state.fetch_add(STRIDE, Ordering::Relaxed).wrapping_add(STRIDE);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^= mixed >> 31;
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn who_sleeps_wakes_when_the_clock_gets_there_and_not_before() {
        let clock = TestClock::at("2026-01-05T10:00:00Z");
        let mut context = Context::from_waker(Waker::noop());
        let mut sleep = clock.sleep(1_000);
        assert_eq!(sleep.as_mut().poll(&mut context), Poll::Pending);
        clock.advance(SignedDuration::from_millis(999));
        assert_eq!(sleep.as_mut().poll(&mut context), Poll::Pending);
        clock.advance(SignedDuration::from_millis(1));
        assert_eq!(sleep.as_mut().poll(&mut context), Poll::Ready(()));
        assert_eq!(clock.now().to_string(), "2026-01-05T10:00:01Z");
    }

    #[test]
    fn a_seed_repeats_its_bytes_and_they_differ_among_themselves() {
        let draw = |seed| {
            let ids = TestIds::seeded(seed);
            (domain::ids::random_hex(20, &ids), domain::ids::random_hex(20, &ids))
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_ne!(draw(7).0, draw(7).1);
    }
}
