//! [`Db`] and [`Tx`]: the seam between our units of work and two databases.

use std::pin::Pin;
use std::sync::Arc;

use domain::seams::BoxFuture;

use crate::bodies::{Bodies, BodySealer};
use crate::postgres::{Patience, Postgres, PostgresTx};
use crate::postgres_owner::Ownership;
use crate::sqlite::{Sqlite, SqliteTx};
use crate::{Row, Value};

/// A unit that met a conflict is run again this many times at the most.
pub const ATTEMPTS_MAX: u32 = 5;

/// Why the store could not do what it was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed the same row first. [`Db::transact`] runs the unit again.
    #[error("another change came first")]
    Conflict,
    /// The database is not there, full, or refuses to work; nothing of the unit was kept.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The commit was sent and no answer came: the unit may or may not have been kept.
    #[error("the database did not confirm the commit: {0}")]
    Unconfirmed(String),
    /// What is stored does not make sense, or a statement is wrong: a defect or a damaged file.
    #[error("the database holds something unexpected: {0}")]
    Corrupt(String),
}

/// The future of a unit of work.
pub type Unit<'t, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 't>>;

/// Wraps the body of a unit of work: `|tx| unit(async move { … })`.
pub fn unit<'t, T>(body: impl Future<Output = Result<T, StoreError>> + Send + 't) -> Unit<'t, T> {
    Box::pin(body)
}

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub enum Db {
    /// Embedded.
    Sqlite(Arc<Sqlite>),
    /// A server.
    Postgres(Arc<Postgres>),
}

impl Db {
    /// From now on bodies are sealed with `sealer`. The first one that is set stays.
    pub fn seal_bodies_with(&self, sealer: Arc<dyn BodySealer>) {
        match self {
            Db::Sqlite(sqlite) => sqlite.bodies().seal_with(sealer),
            Db::Postgres(postgres) => postgres.bodies().seal_with(sealer),
        }
    }

    /// `sqlite` or `postgres`, for people.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Db::Sqlite(_) => "sqlite",
            Db::Postgres(_) => "postgres",
        }
    }

    /// Runs a unit of work on `input` and commits it durably. The unit may run more than once, so it
    /// gets its input by reference, and must change nothing but the database; it must await nothing
    /// but its [`Tx`].
    ///
    /// # Errors
    /// The unit's own error (nothing is kept), or that of the commit; [`StoreError::Conflict`]
    /// only after [`ATTEMPTS_MAX`] runs. (On SQLite units run one after the other, so a unit that
    /// reads what it changes never meets one, and none is run again.)
    pub async fn transact<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t> Fn(&'t I, &'t mut Tx) -> Unit<'t, T> + Send + Sync + 'static,
    {
        match self {
            Db::Sqlite(sqlite) => sqlite.transact(input, work).await,
            Db::Postgres(postgres) => {
                let mut attempt = 1;
                loop {
                    match postgres.transact(&input, &work, Patience::OfUnit).await {
                        Err(StoreError::Conflict) if attempt < ATTEMPTS_MAX => attempt += 1,
                        result => return result,
                    }
                }
            }
        }
    }

    /// Runs the unit that brings the schema up to date, however long that takes.
    pub(crate) async fn migrate<F>(&self, work: F) -> Result<(), StoreError>
    where
        F: for<'t> Fn(&'t (), &'t mut Tx) -> Unit<'t, ()> + Send + Sync + 'static,
    {
        match self {
            Db::Sqlite(sqlite) => sqlite.transact((), work).await,
            Db::Postgres(postgres) => postgres.transact(&(), &work, Patience::Endless).await,
        }
    }

    /// Runs a unit that only reads.
    ///
    /// # Errors
    /// The unit's own, or [`StoreError::Unavailable`].
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'t> FnOnce(&'t mut Tx) -> Unit<'t, T> + Send,
    {
        match self {
            Db::Sqlite(sqlite) => sqlite.read(work),
            Db::Postgres(postgres) => postgres.read(work).await,
        }
    }

    /// Searches the file of an SQLite database for damage, at most until `limit` ends, without holding
    /// anybody up. PostgreSQL looks after its own files.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] says where the damage is; [`StoreError::Unavailable`] where the search
    /// was not finished.
    pub async fn search_for_damage(&self, limit: BoxFuture<'static, ()>) -> Result<(), StoreError> {
        match self {
            Db::Sqlite(sqlite) => sqlite.search_for_damage(limit).await,
            Db::Postgres(_) => Ok(()),
        }
    }

    /// Makes the process `owner` the only one that uses the database, as long as the result lives. A
    /// server forgets it with its connection. An SQLite database has the lock of its data directory.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the server does not answer.
    pub async fn own(&self, owner: &str) -> Result<Ownership, StoreError> {
        match self {
            Db::Sqlite(_) => Ok(Ownership::Mine(None)),
            Db::Postgres(postgres) => postgres.own(owner).await,
        }
    }

    /// Runs a unit that only reads, with all its statements at the same state of the database.
    ///
    /// # Errors
    /// The unit's own, or [`StoreError::Unavailable`].
    pub async fn snapshot<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send,
        F: for<'t> FnOnce(&'t mut Tx) -> Unit<'t, T> + Send,
    {
        match self {
            Db::Sqlite(sqlite) => sqlite.snapshot(work),
            Db::Postgres(postgres) => postgres.snapshot(work).await,
        }
    }
}

/// One statement and its parameters.
pub type Statement = (&'static str, Vec<Value>);

/// A transaction: the only way to a table.
pub enum Tx {
    /// On the writer thread, or on a reader connection.
    Sqlite(SqliteTx),
    /// On a pooled connection.
    Postgres(PostgresTx),
}

impl Tx {
    /// All rows of `sql`.
    ///
    /// # Errors
    /// [`StoreError`]; the unit should end with it.
    pub async fn query(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        match self {
            Tx::Sqlite(tx) => tx.query(sql, params),
            Tx::Postgres(tx) => tx.query(sql, params).await,
        }
    }

    /// All rows of each of `statements`, in order; PostgreSQL gets them in one flush.
    ///
    /// # Errors
    /// [`StoreError`]; the unit should end with it.
    pub async fn query_all(
        &mut self,
        statements: &[Statement],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        match self {
            Tx::Sqlite(tx) => {
                statements.iter().map(|(sql, params)| tx.query(sql, params)).collect()
            }
            Tx::Postgres(tx) => tx.query_all(statements).await,
        }
    }

    /// The first row of `sql`, if any.
    ///
    /// # Errors
    /// [`StoreError`]; the unit should end with it.
    pub async fn query_first(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Runs `sql` and tells how many rows it changed.
    ///
    /// # Errors
    /// [`StoreError`]; the unit should end with it.
    pub async fn execute(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<u64, StoreError> {
        match self {
            Tx::Sqlite(tx) => tx.execute(sql, params),
            Tx::Postgres(tx) => tx.execute(sql, params).await,
        }
    }

    /// Runs `statements` in order; PostgreSQL gets them in one flush. Tells how many rows each
    /// changed.
    ///
    /// # Errors
    /// [`StoreError`]; the unit should end with it.
    pub async fn execute_all(&mut self, statements: &[Statement]) -> Result<Vec<u64>, StoreError> {
        match self {
            Tx::Sqlite(tx) => {
                statements.iter().map(|(sql, params)| tx.execute(sql, params)).collect()
            }
            Tx::Postgres(tx) => tx.execute_all(statements).await,
        }
    }

    /// Prepares `sql` without running it.
    pub(crate) async fn prepare(&mut self, sql: &str) -> Result<(), StoreError> {
        match self {
            Tx::Sqlite(tx) => tx.prepare(sql),
            Tx::Postgres(tx) => tx.check(sql).await,
        }
    }

    /// Runs several statements without parameters (migrations).
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        match self {
            Tx::Sqlite(tx) => tx.batch(sql),
            Tx::Postgres(tx) => tx.batch(sql).await,
        }
    }

    /// Seals and opens the bodies of this database.
    pub(crate) fn bodies(&self) -> &Bodies {
        match self {
            Tx::Sqlite(tx) => &tx.bodies,
            Tx::Postgres(tx) => &tx.bodies,
        }
    }

    /// Whether this is PostgreSQL; for [`crate::jobs`] and [`crate::migrate`] only.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Tx::Postgres(_))
    }
}
