//! PostgreSQL behind the seam: a bounded pool, `READ COMMITTED`, optimistic versions.
//!
//! A unit is one transaction; its writes go out in one flush. A serialisation failure or a
//! deadlock is a [`StoreError::Conflict`], and [`crate::Db::transact`] runs the unit again. A
//! connection whose unit was dropped half-way is closed, never given back to the pool. So is one whose
//! unit takes too long: a server that answers nobody is noticed, and callers hear of it.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use domain::seams::{BoxFuture, Clock};
use futures_util::future::{Either, select, try_join_all};
use tokio_postgres::Statement as Prepared;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use crate::bodies::Bodies;
use crate::db::{Statement, StoreError, Tx, Unit};
use crate::{Row, Value, postgres_tls};

/// Begins a transaction that sees one state of the database.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// What each connection is opened with. Lists are read in the order of an index; a plan that finds
/// more than a page and sorts it looks cheap where the server expects little, and is not where it is
/// wrong.
/// The server ends a statement after the time that a unit has, and a transaction whose client
/// vanished: nobody waits for either.
const SETTINGS: &str = "-c enable_sort=off -c statement_timeout=3000 \
     -c idle_in_transaction_session_timeout=10000";
/// How long a unit waits for a connection, in milliseconds: for a free one or for a new one.
const CONNECTION_WAIT_MS: u64 = 1_500;
/// How long a unit may take with its commit, in milliseconds. The server bounds its statements, too;
/// this bound also notices a server that does not answer at all.
const UNIT_MS: u64 = 3_000;
/// How long the peer of a TCP connection may leave data unacknowledged, in milliseconds.
const UNACKNOWLEDGED_MS: u64 = 10_000;

/// How long a unit may take.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    /// [`UNIT_MS`].
    OfUnit,
    /// As long as it takes: a migration of a large table.
    Endless,
}

/// A PostgreSQL server.
pub struct Postgres {
    pool: Pool,
    clock: Arc<dyn Clock>,
    bodies: Bodies,
}

impl Postgres {
    pub(crate) fn open(
        url: &str,
        connections_max: usize,
        clock: Arc<dyn Clock>,
    ) -> Result<Postgres, StoreError> {
        let unusable = |what| StoreError::Unavailable(format!("the connection string: {what}"));
        let (url, tls) = postgres_tls::read(url).map_err(unusable)?;
        let mut config: tokio_postgres::Config =
            url.parse().map_err(|error| unusable(format!("{error}")))?;
        // The operator's own settings come last: they win.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_millis(UNACKNOWLEDGED_MS));
        }
        let settings = config.get_options().map(|own| format!("{SETTINGS} {own}"));
        config.options(settings.as_deref().unwrap_or(SETTINGS));
        let manager = Manager::from_config(
            config,
            tls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let pool = Pool::builder(manager)
            .max_size(connections_max)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts::default())
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Postgres { pool, clock, bodies: Bodies::default() })
    }

    pub(crate) fn bodies(&self) -> &Bodies {
        &self.bodies
    }

    pub(crate) async fn connection(&self) -> Result<Object, StoreError> {
        let patience = self.clock.sleep(CONNECTION_WAIT_MS);
        match select(Box::pin(self.pool.get()), patience).await {
            Either::Left((Ok(client), _)) => Ok(client),
            Either::Left((Err(error), _)) => Err(StoreError::Unavailable(error.to_string())),
            Either::Right(_) => Err(StoreError::Unavailable(format!(
                "no connection became free within {CONNECTION_WAIT_MS} ms"
            ))),
        }
    }

    fn patience(&self, patience: Patience) -> BoxFuture<'static, ()> {
        match patience {
            Patience::OfUnit => self.clock.sleep(UNIT_MS),
            Patience::Endless => Box::pin(std::future::pending()),
        }
    }

    /// What `work` comes to within the time of a unit.
    pub(crate) async fn within_unit<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, StoreError> {
        within(&mut self.patience(Patience::OfUnit), work).await.ok_or_else(unanswered)
    }

    pub(crate) async fn transact<I, T, F>(
        &self,
        input: &I,
        work: &F,
        patience: Patience,
    ) -> Result<T, StoreError>
    where
        I: Sync,
        F: for<'t> Fn(&'t I, &'t mut Tx) -> Unit<'t, T> + Send + Sync,
    {
        let client = self.connection().await?;
        let mut tx = Tx::Postgres(PostgresTx { client: Some(client), bodies: self.bodies.clone() });
        let mut patience = self.patience(patience);
        let working = async {
            tx.batch("BEGIN").await?;
            work(input, &mut tx).await
        };
        // Without an answer the connection is closed, which ends the transaction.
        match within(&mut patience, working).await.ok_or_else(unanswered)? {
            Ok(value) => {
                let committed = within(&mut patience, commit(&mut tx)).await;
                committed.unwrap_or_else(|| Err(StoreError::Unconfirmed(no_answer())))?;
                give_back(tx);
                Ok(value)
            }
            Err(error) => {
                if let Some(Ok(())) = within(&mut patience, tx.batch("ROLLBACK")).await {
                    give_back(tx);
                }
                Err(error)
            }
        }
    }

    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> Unit<'t, T> + Send,
    {
        let client = self.connection().await?;
        let mut tx = Tx::Postgres(PostgresTx { client: Some(client), bodies: self.bodies.clone() });
        let mut patience = self.patience(Patience::OfUnit);
        let result = within(&mut patience, work(&mut tx)).await.ok_or_else(unanswered)?;
        give_back(tx);
        result
    }

    pub(crate) async fn snapshot<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> Unit<'t, T> + Send,
    {
        let client = self.connection().await?;
        let mut tx = Tx::Postgres(PostgresTx { client: Some(client), bodies: self.bodies.clone() });
        let mut patience = self.patience(Patience::OfUnit);
        let working = async {
            tx.batch(SNAPSHOT).await?;
            let result = work(&mut tx).await;
            // Nothing was written: only the end of the transaction counts. Where it does not end, the
            // connection is closed.
            tx.batch("ROLLBACK").await?;
            Ok(result)
        };
        let result = within(&mut patience, working).await.ok_or_else(unanswered)??;
        give_back(tx);
        result
    }
}

/// What `work` comes to, unless `patience` ends first.
async fn within<T>(
    patience: &mut BoxFuture<'static, ()>,
    work: impl Future<Output = T>,
) -> Option<T> {
    match select(std::pin::pin!(work), patience).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

fn unanswered() -> StoreError {
    StoreError::Unavailable(no_answer())
}

fn no_answer() -> String {
    format!("the server did not answer within {UNIT_MS} ms")
}

async fn commit(tx: &mut Tx) -> Result<(), StoreError> {
    tx.batch("COMMIT").await.map_err(|error| match error {
        StoreError::Unavailable(text) => StoreError::Unconfirmed(text),
        other => other,
    })
}

fn give_back(tx: Tx) {
    if let Tx::Postgres(mut tx) = tx {
        drop(tx.client.take());
    }
}

/// A PostgreSQL transaction. Dropped with its client still inside, it closes the connection.
pub struct PostgresTx {
    client: Option<Object>,
    pub(crate) bodies: Bodies,
}

impl Drop for PostgresTx {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

impl PostgresTx {
    fn client(&self) -> Result<&Object, StoreError> {
        self.client
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("the transaction is over".to_owned()))
    }

    pub(crate) async fn prepare(&self, sql: &str) -> Result<Prepared, StoreError> {
        self.client()?.prepare_cached(sql).await.map_err(|error| failed(&error))
    }

    /// Prepares `sql` and finds parameters that a [`Value`] cannot fill: the server takes an
    /// untyped one that meets a small literal for an `INTEGER`.
    pub(crate) async fn check(&self, sql: &str) -> Result<(), StoreError> {
        let prepared = self.prepare(sql).await?;
        match prepared.params().iter().find(|kind| ![Type::INT8, Type::TEXT].contains(kind)) {
            Some(kind) => Err(StoreError::Corrupt(format!("a parameter of type {kind}"))),
            None => Ok(()),
        }
    }

    pub(crate) async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepare(sql).await?;
        let rows = self
            .client()?
            .query(&statement, &borrowed(params))
            .await
            .map_err(|error| failed(&error))?;
        rows.iter().map(row_of).collect()
    }

    pub(crate) async fn query_all(
        &self,
        statements: &[Statement],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut prepared = Vec::with_capacity(statements.len());
        for (sql, params) in statements {
            prepared.push((self.prepare(sql).await?, borrowed(params)));
        }
        let client = self.client()?;
        let answers = try_join_all(
            prepared.iter().map(|(statement, params)| client.query(statement, params)),
        )
        .await
        .map_err(|error| failed(&error))?;
        answers.iter().map(|rows| rows.iter().map(row_of).collect()).collect()
    }

    pub(crate) async fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let statement = self.prepare(sql).await?;
        self.client()?.execute(&statement, &borrowed(params)).await.map_err(|error| failed(&error))
    }

    pub(crate) async fn execute_all(
        &self,
        statements: &[Statement],
    ) -> Result<Vec<u64>, StoreError> {
        let mut prepared = Vec::with_capacity(statements.len());
        for (sql, params) in statements {
            prepared.push((self.prepare(sql).await?, borrowed(params)));
        }
        let client = self.client()?;
        try_join_all(prepared.iter().map(|(statement, params)| client.execute(statement, params)))
            .await
            .map_err(|error| failed(&error))
    }

    pub(crate) async fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.client()?.batch_execute(sql).await.map_err(|error| failed(&error))
    }
}

fn borrowed(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn row_of(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let mut values = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(index).map(Value::from),
            Type::INT4 => row.try_get::<_, Option<i32>>(index).map(|v| v.map(i64::from).into()),
            _ => row.try_get::<_, Option<String>>(index).map(Value::from),
        };
        values.push(value.map_err(|error| StoreError::Corrupt(error.to_string()))?);
    }
    Ok(Row(values))
}

pub(crate) fn failed(error: &tokio_postgres::Error) -> StoreError {
    let Some(state) = error.code() else {
        return StoreError::Unavailable(error.to_string());
    };
    let text = error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned());
    if [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(state) {
        return StoreError::Conflict;
    }
    // Classes 08 (connection), 53 (no resources: disk full, too many connections), 57 (operator).
    if ["08", "53", "57"].iter().any(|class| state.code().starts_with(class)) {
        return StoreError::Unavailable(text);
    }
    StoreError::Corrupt(format!("{text} (SQLSTATE {})", state.code()))
}
