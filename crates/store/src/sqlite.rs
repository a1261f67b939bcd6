//! SQLite behind the seam: one writer thread with group commit, and reader connections.
//!
//! Units wait in a bounded queue. The writer takes what is there, up to [`BATCH_UNITS_MAX`], runs
//! each inside a savepoint of one `BEGIN IMMEDIATE` transaction, commits once with
//! `synchronous=FULL`, and only then answers. So every answered unit is on the disk, and one
//! `fdatasync` is shared by all units of a batch. A full or failing disk ends the transaction in
//! the middle of a batch; then no further unit of it runs, and all of them hear of it.
//!
//! Readers are WAL connections used on the caller's thread: a read by key takes some ten
//! microseconds, less than handing it to another thread would.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;

use domain::seams::BoxFuture;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};
use tokio::sync::{mpsc, oneshot};

use crate::bodies::Bodies;
use crate::db::{StoreError, Tx, Unit};
use crate::{Row, Value};

/// Units that share one commit, at the most.
const BATCH_UNITS_MAX: usize = 256;
/// Units that may wait for the writer; more wait outside, which slows their callers down.
const QUEUE_UNITS_MAX: usize = 4_096;
/// Reader connections.
const READERS: usize = 8;
/// Prepared statements that each connection keeps.
const STATEMENTS_KEPT: usize = 128;
/// A damaged file is searched for damage at start up to this size; larger ones would delay it.
const CHECKED_BYTES_MAX: u64 = 16 * 1024 * 1024;

const PRAGMAS: &str = "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 1000; \
     PRAGMA cache_size = -16384; PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;";

/// What the batch came to: passed to each unit's reply.
type CommitResult = Result<(), StoreError>;
type Reply = Box<dyn FnOnce(&CommitResult) + Send>;
/// Runs a unit, if there is a transaction to run it in.
type Task = Box<dyn FnOnce(Option<&mut Tx>) -> Reply + Send>;

/// The embedded database.
pub struct Sqlite {
    tasks: Option<mpsc::Sender<Task>>,
    writer: Option<JoinHandle<()>>,
    readers: Vec<Mutex<Option<Connection>>>,
    path: PathBuf,
    bodies: Bodies,
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Result<Sqlite, StoreError> {
        let connection = connect(path, false)?;
        connection.execute_batch(PRAGMAS).map_err(|error| opening(path, &error))?;
        check_damage(&connection, path)?;
        let mut readers = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            readers.push(Mutex::new(Some(connect(path, true)?)));
        }
        let (tasks, queue) = mpsc::channel(QUEUE_UNITS_MAX);
        let bodies = Bodies::default();
        let writer = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn({
                let bodies = bodies.clone();
                move || write_batches(connection, bodies, queue)
            })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Sqlite {
            tasks: Some(tasks),
            writer: Some(writer),
            readers,
            path: path.to_owned(),
            bodies,
        })
    }

    pub(crate) fn bodies(&self) -> &Bodies {
        &self.bodies
    }

    pub(crate) async fn transact<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t> Fn(&'t I, &'t mut Tx) -> Unit<'t, T> + Send + Sync + 'static,
    {
        let (send, receive) = oneshot::channel();
        let task: Task = Box::new(move |tx| {
            let result = match tx {
                Some(tx) => run_in_savepoint(tx, &input, &work),
                None => Err(StoreError::Unavailable("no transaction".to_owned())),
            };
            Box::new(move |commit: &CommitResult| {
                let answer = match commit {
                    Ok(()) => result,
                    Err(error) => Err(error.clone()),
                };
                // The caller may have gone away; its unit stands all the same.
                let _gone = send.send(answer);
            })
        });
        let closed = || StoreError::Unavailable("the writer has stopped".to_owned());
        let tasks = self.tasks.as_ref().ok_or_else(closed)?;
        tasks.send(task).await.map_err(|_| closed())?;
        receive.await.map_err(|_| closed())?
    }

    pub(crate) fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> Unit<'t, T>,
    {
        self.on_a_reader(|tx| run_now(tx, work))
    }

    pub(crate) fn snapshot<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> Unit<'t, T>,
    {
        self.on_a_reader(|tx| {
            control(tx, "BEGIN")?;
            let result = run_now(tx, work);
            // Nothing was written: only the end of the transaction counts.
            control(tx, "ROLLBACK")?;
            result
        })
    }

    /// Searches the whole file for damage, on a thread and a connection of its own, at most for
    /// `limit`. It reads one state of the database meanwhile, so the write-ahead log grows.
    pub(crate) async fn search_for_damage(
        &self,
        limit: BoxFuture<'static, ()>,
    ) -> Result<(), StoreError> {
        let (connection, path) = (connect(&self.path, true)?, self.path.clone());
        let interrupt = connection.get_interrupt_handle();
        let searching = tokio::task::spawn_blocking(move || search_for_damage(&connection, &path));
        match select(searching, limit).await {
            Either::Left((found, _)) => {
                found.map_err(|error| StoreError::Unavailable(error.to_string()))?
            }
            Either::Right(_) => {
                interrupt.interrupt();
                Err(StoreError::Unavailable("the search for damage took too long".to_owned()))
            }
        }
    }

    fn on_a_reader<T>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut slot = self.free_reader();
        let connection = match slot.take() {
            Some(connection) => connection,
            None => connect(&self.path, true)?,
        };
        let mut tx = Tx::Sqlite(SqliteTx { connection, bodies: self.bodies.clone() });
        let result = work(&mut tx);
        // One that is still in a transaction would show its next reader the past.
        if let Tx::Sqlite(SqliteTx { connection, .. }) = tx
            && connection.is_autocommit()
        {
            *slot = Some(connection);
        }
        result
    }

    fn free_reader(&self) -> MutexGuard<'_, Option<Connection>> {
        for reader in &self.readers {
            match reader.try_lock() {
                Ok(slot) => return slot,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.readers[0].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // The writer closes last: that moves the write-ahead log into the file, so that after an
        // orderly end the one file is the whole database.
        self.readers.clear();
        drop(self.tasks.take());
        if let Some(writer) = self.writer.take() {
            let _panicked = writer.join();
        }
    }
}

fn connect(path: &Path, read_only: bool) -> Result<Connection, StoreError> {
    let flags = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
    };
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| opening(path, &error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    if read_only {
        connection
            .execute_batch("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4096;")
            .map_err(|error| opening(path, &error))?;
    }
    Ok(connection)
}

fn check_damage(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let size = std::fs::metadata(path).map(|file| file.len()).unwrap_or(0);
    if size > CHECKED_BYTES_MAX {
        return Ok(());
    }
    search_for_damage(connection, path)
}

fn search_for_damage(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| opening(path, &error))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(StoreError::Corrupt(format!("{} is damaged: {verdict}", path.display())))
    }
}

fn opening(path: &Path, error: &rusqlite::Error) -> StoreError {
    let text = format!("{}: {error}", path.display());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StoreError::Corrupt(format!("{text} (restore it from a backup, or move it away)"))
        }
        _ => StoreError::Unavailable(text),
    }
}

fn write_batches(connection: Connection, bodies: Bodies, mut queue: mpsc::Receiver<Task>) {
    let mut tx = Tx::Sqlite(SqliteTx { connection, bodies });
    let mut batch = Vec::with_capacity(BATCH_UNITS_MAX);
    while queue.blocking_recv_many(&mut batch, BATCH_UNITS_MAX) > 0 {
        write_batch(&mut tx, &mut batch);
    }
}

fn write_batch(tx: &mut Tx, batch: &mut Vec<Task>) {
    let mut transaction = control(tx, "BEGIN IMMEDIATE");
    let mut replies = Vec::with_capacity(batch.len());
    for task in batch.drain(..) {
        let open = transaction.is_ok();
        replies.push(task(open.then_some(&mut *tx)));
        if open && !in_transaction(tx) {
            transaction = Err(StoreError::Unavailable(
                "the disk is full or failing; nothing of the batch was kept".to_owned(),
            ));
        }
    }
    let commit = transaction.and_then(|()| control(tx, "COMMIT"));
    if commit.is_err() && in_transaction(tx) {
        // It must not leak into the next batch; where even this fails, the next `BEGIN` will.
        let _failing = control(tx, "ROLLBACK");
    }
    for reply in replies {
        reply(&commit);
    }
}

fn run_in_savepoint<I, T, F>(tx: &mut Tx, input: &I, work: &F) -> Result<T, StoreError>
where
    F: for<'t> Fn(&'t I, &'t mut Tx) -> Unit<'t, T>,
{
    control(tx, "SAVEPOINT unit")?;
    let result = finished(work(input, tx));
    match &result {
        Ok(_) => control(tx, "RELEASE unit")?,
        Err(_) => control(tx, "ROLLBACK TO unit").and_then(|()| control(tx, "RELEASE unit"))?,
    }
    result
}

fn run_now<T>(
    tx: &mut Tx,
    work: impl for<'t> FnOnce(&'t mut Tx) -> Unit<'t, T>,
) -> Result<T, StoreError> {
    finished(work(tx))
}

/// The result of a unit, which awaits nothing: SQLite answers at once.
fn finished<T>(unit: Unit<'_, T>) -> Result<T, StoreError> {
    unit.now_or_never().unwrap_or_else(|| {
        Err(StoreError::Corrupt("a unit of work awaited something but its database".to_owned()))
    })
}

/// Whether a transaction is open: some errors end it by themselves.
fn in_transaction(tx: &Tx) -> bool {
    matches!(tx, Tx::Sqlite(tx) if !tx.connection.is_autocommit())
}

fn control(tx: &mut Tx, sql: &'static str) -> Result<(), StoreError> {
    match tx {
        Tx::Sqlite(tx) => tx.execute(sql, &[]).map(|_| ()),
        Tx::Postgres(_) => Err(StoreError::Corrupt("not a SQLite transaction".to_owned())),
    }
}

/// A SQLite transaction.
pub struct SqliteTx {
    connection: Connection,
    pub(crate) bodies: Bodies,
}

impl SqliteTx {
    pub(crate) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| failed(&e))?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(params)).map_err(|e| failed(&e))?;
        let mut found = vec![];
        while let Some(row) = rows.next().map_err(|e| failed(&e))? {
            let mut values = Vec::with_capacity(columns);
            for index in 0..columns {
                values.push(value_of(row.get_ref(index).map_err(|e| failed(&e))?)?);
            }
            found.push(Row(values));
        }
        Ok(found)
    }

    pub(crate) fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| failed(&e))?;
        let changed = statement.execute(params_from_iter(params)).map_err(|e| failed(&e))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare(sql).map(|_| ()).map_err(|e| failed(&e))
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).map_err(|e| failed(&e))
    }
}

fn value_of(value: rusqlite::types::ValueRef<'_>) -> Result<Value, StoreError> {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(value) => Ok(Value::Int(value)),
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec())
            .map(Value::Text)
            .map_err(|_| StoreError::Corrupt("text that is not UTF-8".to_owned())),
        ValueRef::Real(_) | ValueRef::Blob(_) => {
            Err(StoreError::Corrupt("a column type that no table of ours has".to_owned()))
        }
    }
}

fn failed(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory,
        ) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Corrupt(error.to_string()),
    }
}
