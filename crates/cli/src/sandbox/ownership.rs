//! One sandbox uses a database alone: it takes back at its start what another one holds, so a second
//! one beside it would send orders twice.

use anyhow::anyhow;
use domain::seams::Clock;
use store::{Db, Owner};

/// The most attempts to take the database; a server notices a killed process only after a moment.
const TRIES_MAX: u32 = 50;
/// The pause between two attempts, in milliseconds.
const TRY_AGAIN_MS: u64 = 100;
/// The pause between two checks that the database is still ours, in milliseconds.
const LOOK_AGAIN_MS: u64 = 1_000;

/// The right to use the database.
pub struct Ownership {
    owner: Option<Owner>,
}

impl Ownership {
    /// Takes the database, or says who has it.
    ///
    /// # Errors
    /// If another process uses it, or it does not answer.
    pub async fn take(db: &Db, clock: &dyn Clock) -> anyhow::Result<Ownership> {
        let own_name = own_name();
        let mut holder = String::new();
        for _ in 0..TRIES_MAX {
            match db.own(&own_name).await.map_err(|error| anyhow!("{error}"))? {
                store::Ownership::Mine(owner) => return Ok(Ownership { owner }),
                store::Ownership::Of(other) => holder = other,
            }
            clock.sleep(TRY_AGAIN_MS).await;
        }
        Err(anyhow!(
            "another process uses the database ({holder}): stop it, or name another database with \
             --database"
        ))
    }

    /// Waits until another process has taken the database; a lock that only got lost, with its
    /// connection, is taken again.
    pub async fn until_lost(mut self, db: &Db, clock: &dyn Clock) -> anyhow::Error {
        loop {
            clock.sleep(LOOK_AGAIN_MS).await;
            if !self.owner.as_ref().is_some_and(Owner::is_lost) {
                continue;
            }
            match db.own(&own_name()).await {
                Ok(store::Ownership::Mine(owner)) => self.owner = owner,
                Ok(store::Ownership::Of(other)) => {
                    return anyhow!("another process took the database over ({other})");
                }
                Err(error) => tracing::warn!(%error, "the database's owner is not recorded now"),
            }
        }
    }
}

/// The name of the owner in messages of other processes: machine and process.
fn own_name() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("bascule sandbox process {} on {host}", std::process::id())
}
