//! One process uses a database alone: an advisory lock that a connection of its own holds. The lock
//! ends with the connection, also where the process is killed, so nothing has to run out.

use deadpool_postgres::{ClientWrapper, Object};

use crate::StoreError;
use crate::postgres::{Postgres, failed};

/// Which advisory lock it is; the first number is that of the migrations.
const TAKE: &str = "SELECT pg_try_advisory_lock(2272853, 1)";
/// The name that the holder's connection has.
const HOLDER: &str = "SELECT a.application_name FROM pg_locks l \
     JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' \
     AND l.classid = 2272853 AND l.objid = 1 AND l.objsubid = 2 AND l.database = \
     (SELECT oid FROM pg_database WHERE datname = current_database())";
/// The most characters of a connection's name that PostgreSQL keeps.
const NAME_CHARACTERS_MAX: usize = 63;

/// Whose the database is.
pub enum Ownership {
    /// This process's, until the value is dropped.
    Mine(Option<Owner>),
    /// Another process's; how that one calls itself.
    Of(String),
}

/// Holds the lock until it is dropped.
pub struct Owner {
    client: ClientWrapper,
}

impl Owner {
    /// Whether the connection that held the lock is gone.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.client.is_closed()
    }
}

impl Postgres {
    pub(crate) async fn own(&self, owner: &str) -> Result<Ownership, StoreError> {
        let client = Object::take(self.connection().await?);
        // Letters, digits and a few signs: the name is written into the statement.
        let name: String = owner
            .chars()
            .filter(|character| character.is_ascii_alphanumeric() || " .-_".contains(*character))
            .take(NAME_CHARACTERS_MAX)
            .collect();
        let naming = format!("SET application_name = '{name}'");
        let asking = async {
            client.batch_execute(&naming).await?;
            let row = client.query_one(TAKE, &[]).await?;
            if row.try_get(0)? {
                return Ok(None);
            }
            let holder = client.query_opt(HOLDER, &[]).await?;
            let holder = holder.map(|row| row.try_get::<_, String>(0)).transpose()?;
            Ok(Some(holder.unwrap_or_default()))
        };
        let asked = self.within_unit(asking).await?;
        Ok(match asked.map_err(|error| failed(&error))? {
            None => Ownership::Mine(Some(Owner { client })),
            Some(holder) => Ownership::Of(holder),
        })
    }
}
