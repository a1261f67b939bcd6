//! The seams through which time and randomness enter.
//!
//! The declarations live here because every crate may use them; the pure functions of this crate
//! never do: they take `now` as a parameter. The real ones are in the binary, and a simulation
//! has its own. The other seams are `banks::wire::Wire`, `store::Db` and `gateway::Mailer`.

use std::pin::Pin;

use jiff::Timestamp;

/// A future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Time. The only way to know it and the only way to wait.
pub trait Clock: Send + Sync + 'static {
    /// The current moment (UTC).
    fn now(&self) -> Timestamp;

    /// Completes when `duration_ms` milliseconds have passed.
    fn sleep(&self, duration_ms: u64) -> BoxFuture<'static, ()>;
}

/// Randomness, and the ids made from it.
pub trait Ids: Send + Sync + 'static {
    /// Fills `bytes` with unpredictable bytes (a simulation: with repeatable ones).
    fn fill(&self, bytes: &mut [u8]);
}
