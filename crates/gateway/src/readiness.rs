//! Whether this process can serve: its database answers, takes writes, and is not damaged.

use std::sync::{Mutex, PoisonError};

use futures_util::future::{Either, select};
use jiff::SignedDuration;
use store::{StoreError, readiness, unit};

use crate::App;

/// How long a check may take, in milliseconds.
const CHECK_MS: u64 = 4_000;
/// How long an answer serves everybody who asks, in milliseconds: anybody may ask, and each check
/// writes.
const KEPT_MS: i64 = 1_000;
/// How long one search for damage may take, in milliseconds: the write-ahead log grows meanwhile.
const SEARCH_MS: u64 = 60_000;
/// Between two searches.
const SEARCH_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// Whether the database took a write.
    pub writes: bool,
    /// Whether no damage is known.
    pub intact: bool,
}

impl Readiness {
    /// Whether requests should be sent here.
    #[must_use]
    pub fn is_ready(self) -> bool {
        self.writes && self.intact
    }
}

/// What is remembered between checks.
#[derive(Default)]
pub(crate) struct Memory {
    /// When the database last took or refused a write, in milliseconds since 1970.
    written: tokio::sync::Mutex<Option<(i64, bool)>>,
    damage: Mutex<Option<String>>,
}

/// Checks now, or says what was found a moment ago. The reasons go to the log.
pub async fn check(app: &App) -> Readiness {
    // Who asks meanwhile waits for the same check.
    let mut written = app.readiness.written.lock().await;
    let now = app.now();
    let age_ms = |at_ms: i64| now.as_millisecond().saturating_sub(at_ms);
    let kept = written.filter(|(at_ms, _)| (0..KEPT_MS).contains(&age_ms(*at_ms)));
    let writes = match kept {
        Some((_, writes)) => writes,
        None => {
            let writing = app
                .db()
                .transact((), move |(), tx| unit(async move { readiness::write(tx, now).await }));
            let outcome = match select(Box::pin(writing), app.clock().sleep(CHECK_MS)).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(_) => {
                    Err(StoreError::Unavailable(format!("no answer within {CHECK_MS} ms")))
                }
            };
            if let Err(error) = &outcome {
                tracing::error!(%error, "not ready: the database takes no writes");
            }
            *written = Some((app.now().as_millisecond(), outcome.is_ok()));
            outcome.is_ok()
        }
    };
    let damage = app.readiness.damage.lock().unwrap_or_else(PoisonError::into_inner);
    Readiness { writes, intact: damage.is_none() }
}

/// Searches the database for damage once.
pub async fn search_for_damage(app: &App) {
    let found = app.db().search_for_damage(app.clock().sleep(SEARCH_MS)).await;
    let damage = match found {
        Ok(()) => None,
        Err(StoreError::Corrupt(what)) => {
            tracing::error!(what, "the database is damaged: restore it from a backup");
            Some(what)
        }
        Err(error) => {
            tracing::warn!(%error, "the database was not searched for damage");
            return;
        }
    };
    *app.readiness.damage.lock().unwrap_or_else(PoisonError::into_inner) = damage;
}

/// Searches for damage again and again.
pub async fn watch(app: std::sync::Arc<App>) {
    loop {
        search_for_damage(&app).await;
        app.clock().sleep(u64::try_from(SEARCH_EVERY.as_millis()).unwrap_or(u64::MAX)).await;
    }
}
