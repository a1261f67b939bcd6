//! The real clock and the real randomness.

use std::time::Duration;

use domain::seams::{BoxFuture, Clock, Ids};
use jiff::Timestamp;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the real clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the real clock")]
    fn sleep(&self, duration_ms: u64) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(duration_ms)))
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the real randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            // Without randomness no id and no key is safe: nothing sensible can go on.
            std::process::abort();
        }
    }
}

/// Clock and randomness as the simulated banks want them.
#[derive(Debug, Clone, Copy, Default)]
pub struct BankEnvironment;

impl simbank::Environment for BankEnvironment {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        SystemIds.fill(bytes);
    }

    fn sleep(&self, milliseconds: u64) -> BoxFuture<'static, ()> {
        SystemClock.sleep(milliseconds)
    }
}
