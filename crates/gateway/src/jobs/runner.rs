//! The runner: claims due jobs and performs them, a bounded number at the same time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use banks::call::PsuContext;
use domain::step::Lane;
use futures_util::future::{join_all, select};
use jiff::Timestamp;
use store::jobs::{self, Claim};
use store::{idempotency, unit};
use tokio::sync::Semaphore;
use tracing::{error, warn};

use super::{Next, finish, postpone, repeat, run};
use crate::{App, GatewayError};

/// The pause between two reads of the table when no job is announced, because other nodes may have
/// written one, in milliseconds.
const LOOK_AGAIN_MS: u64 = 1_000;
/// The pause after an error of the database, in milliseconds.
const DATABASE_RETRY_MS: u64 = 1_000;
/// The smallest step back of the clock that counts as a clock that was set back, in milliseconds.
const CLOCK_BACK_MS: i64 = 5_000;
/// Waits between the attempts to give an interrupted job back, in milliseconds: until its lease ends.
const GIVE_BACK_AFTER_MS: [u64; 8] = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000];
/// Jobs that follow one another for one payment before the runner lets go; a payment has fewer.
const CHAIN_MAX: usize = 16;

/// Jobs that one call of [`run_due`] claims.
const CLAIMS_OF_ONE_CALL_MAX: usize = 10_000;

/// Performs jobs until it is dropped or [`Runner::run`] is: those of each lane by themselves.
pub struct Runner {
    app: Arc<App>,
}

/// The jobs of one lane.
struct LaneRunner {
    app: Arc<App>,
    lane: Lane,
    room: Arc<Semaphore>,
}

impl Runner {
    /// A runner for this process.
    #[must_use]
    pub fn new(app: Arc<App>) -> Runner {
        Runner { app }
    }

    /// Claims and performs jobs without an end. It waits out errors of the database.
    pub async fn run(self) {
        let lanes = Lane::ALL.map(|lane| LaneRunner::new(&self.app, lane).run());
        join_all(lanes).await;
    }
}

impl LaneRunner {
    fn new(app: &Arc<App>, lane: Lane) -> LaneRunner {
        let room = Arc::new(Semaphore::new(app.settings().jobs_at_once));
        LaneRunner { app: Arc::clone(app), lane, room }
    }

    async fn run(self) {
        loop {
            match self.claim_and_start().await {
                Ok(0) => self.wait().await,
                Ok(_) => {}
                Err(error) => {
                    error!(%error, "jobs cannot be claimed");
                    self.app.clock().sleep(DATABASE_RETRY_MS).await;
                }
            }
        }
    }

    /// Waits until a job may be due: announced, known from the table, or after a while.
    async fn wait(&self) {
        let (now, lane) = (self.app.now(), self.lane);
        let next =
            self.app.db().read(move |tx| unit(async move { jobs::next_due(tx, lane).await })).await;
        let wait_ms = match next {
            Ok(Some(due)) => {
                let until_due = due.as_millisecond() - now.as_millisecond();
                u64::try_from(until_due).unwrap_or(0).clamp(1, LOOK_AGAIN_MS)
            }
            Ok(None) => LOOK_AGAIN_MS,
            Err(_) => DATABASE_RETRY_MS,
        };
        let sleep = self.app.clock().sleep(wait_ms);
        let number = usize::try_from(lane.number()).unwrap_or(0);
        match self.app.jobs_due.get(number) {
            Some(announced) => drop(select(Box::pin(announced.notified()), sleep).await),
            None => sleep.await,
        }
    }

    async fn claim_and_start(&self) -> Result<usize, GatewayError> {
        // A fact that waits for the database goes first: a job that is claimed now might be the one
        // that it ends.
        if *self.app.facts_waiting.borrow() > 0 {
            return Ok(0);
        }
        // Waits for room first, so that no job is claimed that cannot run at once.
        let first = Arc::clone(&self.room).acquire_owned().await;
        let Ok(first) = first else {
            return Ok(0);
        };
        let limit = self.room.available_permits() + 1;
        let claims = claim(&self.app, self.lane, limit).await?;
        let started = claims.len();
        let mut permit = Some(first);
        for claim in claims {
            let permit = match permit.take() {
                Some(permit) => Some(permit),
                None => Arc::clone(&self.room).acquire_owned().await.ok(),
            };
            let app = Arc::clone(&self.app);
            let chain = run_chain(app, claim, PsuContext::default());
            drop(tokio::spawn(async move {
                chain.await;
                drop(permit);
            }));
        }
        Ok(started)
    }
}

async fn claim(app: &Arc<App>, lane: Lane, limit: usize) -> Result<Vec<Claim>, GatewayError> {
    let now = app.now();
    follow_the_clock(app, now).await?;
    let due = app.db().read(move |tx| unit(async move { jobs::next_due(tx, lane).await })).await?;
    if due.is_none_or(|due| due > now) {
        return Ok(vec![]);
    }
    let lease = app.new_lease();
    let claims = app
        .db()
        .transact(lease, move |lease, tx| {
            unit(async move { jobs::claim(tx, lease, now, limit, lane).await })
        })
        .await?;
    Ok(claims)
}

/// A clock that was set back would leave every due job waiting until it is as late again:
/// pending jobs move back with the clock. Jobs that check a deadline check again when it comes.
async fn follow_the_clock(app: &Arc<App>, now: Timestamp) -> Result<(), GatewayError> {
    let now_ms = now.as_millisecond();
    let before_ms = app.claimed_until_ms.swap(now_ms, Ordering::SeqCst);
    let back_ms = before_ms.saturating_sub(now_ms);
    if before_ms == i64::MIN || back_ms < CLOCK_BACK_MS {
        return Ok(());
    }
    warn!(back_ms, "the clock was set back; pending jobs move back with it");
    app.db()
        .transact((), move |(), tx| unit(async move { jobs::move_back(tx, now, back_ms).await }))
        .await?;
    Ok(())
}

/// Runs a held job and what follows from it at once. `psu` is for the first only. The chain counts
/// as running from this call on, not only once its future is polled.
pub(super) fn run_chain(
    app: Arc<App>,
    first: Claim,
    psu: PsuContext,
) -> impl Future<Output = ()> + Send + 'static {
    let running = Running::enter(&app);
    async move {
        perform_chain(&app, first, psu).await;
        drop(running);
    }
}

async fn perform_chain(app: &Arc<App>, first: Claim, psu: PsuContext) {
    let mut claim = first;
    let mut psu = Some(psu);
    for _ in 0..CHAIN_MAX {
        let ended = match run(app, &claim, psu.take().unwrap_or_default()).await {
            Ok(Next::Job(next)) => {
                claim = next;
                continue;
            }
            Ok(Next::Done) => Ok(()),
            Ok(Next::Finish) => finish(app, &claim).await,
            Ok(Next::Repeat(due)) => repeat(app, &claim, due).await,
            Ok(Next::Postpone(due)) => postpone(app, &claim, due).await,
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            // Nothing that only this process knows is lost: the job is taken up again, at the
            // latest when its lease ends.
            warn!(job = claim.kind.name(), subject = %claim.subject, %error, "job interrupted");
            if repeat(app, &claim, super::backoff(app, claim.attempts)).await.is_err() {
                drop(tokio::spawn(give_back_later(Arc::clone(app), claim)));
            }
        }
        return;
    }
    warn!(job = claim.kind.name(), subject = %claim.subject, "too many jobs in a row");
}

/// The database could not even take the job back: it is tried again, so that the job does not wait for
/// the end of its lease when the database returns. Another process that has the job by then keeps it.
async fn give_back_later(app: Arc<App>, claim: Claim) {
    for wait_ms in GIVE_BACK_AFTER_MS {
        app.clock().sleep(wait_ms).await;
        if repeat(&app, &claim, app.now()).await.is_ok() {
            return;
        }
    }
}

/// Counts as a running chain until it is dropped, however the chain ends.
struct Running {
    app: Arc<App>,
}

impl Running {
    fn enter(app: &Arc<App>) -> Running {
        app.jobs_running.send_modify(|running| *running += 1);
        Running { app: Arc::clone(app) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.app.jobs_running.send_modify(|running| *running = running.saturating_sub(1));
    }
}

/// Lets every job end that this process runs now, and performs due jobs, one after the other,
/// until none is due. For tests and simulations, whose clock does not move meanwhile:
/// it is [`Runner::run`] with a beginning and an end. Returns how many jobs it claimed.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn run_due(app: &Arc<App>) -> Result<usize, GatewayError> {
    for claimed in 0..CLAIMS_OF_ONE_CALL_MAX {
        // Drops the value at once: it is a read lock. The sender lives as long as the application,
        // so waiting cannot fail.
        drop(app.jobs_running.subscribe().wait_for(|running| *running == 0).await);
        let mut found = None;
        for lane in Lane::ALL {
            if found.is_none() {
                found = claim(app, lane, 1).await?.pop();
            }
        }
        let Some(claim) = found else {
            return Ok(claimed);
        };
        run_chain(Arc::clone(app), claim, PsuContext::default()).await;
    }
    Ok(CLAIMS_OF_ONE_CALL_MAX)
}

/// Runs once at the start of a process that is alone on its database. Every lease belongs to a dead
/// process, so its job is due now instead of at the end of the lease. Requests with an idempotency key
/// that the dead process was running can be repeated now.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn recover(app: &Arc<App>) -> Result<u64, GatewayError> {
    let now = app.now();
    let released = app
        .db()
        .transact((), move |(), tx| {
            unit(async move {
                idempotency::release_all(tx, now).await?;
                jobs::release_all(tx, now).await
            })
        })
        .await?;
    Ok(released)
}
