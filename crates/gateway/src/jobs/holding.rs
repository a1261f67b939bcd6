//! What a job does with a fact that the database does not take: it holds it and tries again for as
//! long as the process lives, at first before anything else is claimed. A bank's answer that only this
//! process has heard would be lost otherwise.

use std::sync::Arc;

use store::jobs::{self, Claim, Lease};
use store::{StoreError, unit};
use tracing::{error, warn};

use crate::{App, GatewayError};

/// The first wait, in milliseconds; each later one is twice as long.
const WAIT_FIRST_MS: u64 = 100;
/// The longest wait, in milliseconds.
const WAIT_MAX_MS: u64 = 5_000;
/// How many tries keep runners from claiming other jobs, some minute and a half: a database that
/// refuses one fact for good must not stall every other payment.
const BLOCKING_TRIES_MAX: u32 = 20;
/// How often what is recorded before something is sent is tried: nothing is lost by giving up.
const RECORDS_MAX: u32 = 8;

/// A fact that waits for the database. Runners claim nothing during its first tries.
pub(super) struct Holding {
    app: Arc<App>,
    what: String,
    tries: u32,
    tries_max: u32,
    unconfirmed: bool,
    /// Whether it is counted in [`App::facts_waiting`].
    blocks: bool,
}

impl Holding {
    /// For a fact of that job.
    pub(super) fn new(app: &Arc<App>, claim: &Claim) -> Holding {
        let what = format!("{} of {}", claim.kind.name(), claim.subject);
        let app = Arc::clone(app);
        Holding { app, what, tries: 0, tries_max: u32::MAX, unconfirmed: false, blocks: false }
    }

    /// For what is recorded before something is sent.
    pub(super) fn before_sending(app: &Arc<App>, claim: &Claim) -> Holding {
        let mut holding = Holding::new(app, claim);
        holding.tries_max = RECORDS_MAX;
        holding
    }

    /// Whether a commit was sent that nobody confirmed.
    pub(super) fn may_have_committed(&self) -> bool {
        self.unconfirmed
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// `failed`, where another try would fail too.
    pub(super) async fn wait(&mut self, failed: GatewayError) -> Result<(), GatewayError> {
        match &failed {
            GatewayError::Store(StoreError::Unavailable(_) | StoreError::Conflict) => {}
            GatewayError::Store(StoreError::Unconfirmed(_)) => self.unconfirmed = true,
            _ => return Err(failed),
        }
        if self.tries + 1 >= self.tries_max {
            return Err(failed);
        }
        if self.tries == 0 {
            self.app.facts_waiting.send_modify(|waiting| *waiting += 1);
            self.blocks = true;
            warn!(job = self.what, error = %failed, "a fact waits for the database");
        }
        self.tries = self.tries.saturating_add(1);
        if self.tries > BLOCKING_TRIES_MAX {
            self.unblock();
        }
        let wait_ms = WAIT_FIRST_MS.saturating_mul(1 << self.tries.min(6)).min(WAIT_MAX_MS);
        self.app.clock().sleep(wait_ms).await;
        Ok(())
    }
}

impl Holding {
    fn unblock(&mut self) {
        if std::mem::take(&mut self.blocks) {
            self.app.facts_waiting.send_modify(|waiting| *waiting -= 1);
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.unblock();
    }
}

/// Makes what is kept under a lease due now.
pub(super) async fn release(app: &Arc<App>, lease: &Lease) {
    let (token, now) = (lease.token.clone(), app.now());
    let released = app
        .db()
        .transact(token, move |token, tx| unit(async move { jobs::release(tx, token, now).await }))
        .await;
    if let Err(error) = released {
        error!(%error, "a job stays leased until its lease ends");
    }
    app.jobs_may_be_due();
}
