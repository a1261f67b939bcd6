//! The least store: one writer thread that commits many payments at once, and reader connections.
//!
//! SQLite with a write-ahead log, `synchronous=FULL` and pages of 16 KiB. A payment is three rows:
//! itself, its event, its job.

use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, anyhow};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

/// The most payments that share a commit.
const BATCH_MAX: usize = 256;
/// Payments that may wait.
const QUEUE_MAX: usize = 4_096;
/// Reader connections.
const READERS: usize = 8;

const SCHEMA: &str = "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; PRAGMA cache_size = -16384; \
     CREATE TABLE payments (id TEXT PRIMARY KEY, member_id TEXT, ref_id TEXT, created_ms BIGINT, \
     body TEXT); CREATE INDEX by_member ON payments (member_id, created_ms, id); \
     CREATE TABLE events (subject TEXT, version BIGINT, body TEXT, PRIMARY KEY (subject, version)); \
     CREATE TABLE jobs (subject TEXT, kind TEXT, due_ms BIGINT, PRIMARY KEY (subject, kind)); \
     CREATE INDEX by_due ON jobs (due_ms);";
const PAYMENT: &str = "INSERT INTO payments (id, member_id, ref_id, created_ms, body) \
     VALUES (?1, ?2, ?3, ?4, ?5)";
const EVENT: &str = "INSERT INTO events (subject, version, body) VALUES (?1, 1, ?2)";
const JOB: &str = "INSERT INTO jobs (subject, kind, due_ms) VALUES (?1, 'expire', ?2)";
const READ: &str = "SELECT body FROM payments WHERE id = ?1 AND member_id = ?2";
/// The body of an event, beside its payment's id.
const EVENT_BODY: &str = "{\"stage\":\"awaiting_bank_choice\",\"bank_id\":null,\"reason\":null}";
/// How long a payer has, in milliseconds.
const PATIENCE_MS: i64 = 40 * 60_000;

/// The stored fields of a payment.
pub struct NewPayment {
    /// Its id, ordered by time.
    pub id: String,
    /// Whose it is.
    pub member_id: String,
    /// The member's reference.
    pub ref_id: String,
    /// Milliseconds since 1970.
    pub created_ms: i64,
    /// The order as it came.
    pub body: String,
}

type Task = (NewPayment, oneshot::Sender<bool>);

/// The store.
pub struct Store {
    tasks: mpsc::Sender<Task>,
    readers: Vec<Mutex<Connection>>,
}

impl Store {
    /// A new store in the file `path`.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn open(path: &Path) -> anyhow::Result<Store> {
        let writer = connect(path)?;
        writer.execute_batch(SCHEMA)?;
        let readers =
            (0..READERS).map(|_| connect(path).map(Mutex::new)).collect::<anyhow::Result<_>>()?;
        let (tasks, queue) = mpsc::channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || write(&writer, queue))?;
        Ok(Store { tasks, readers })
    }

    /// Writes a payment; returns once it is on the disk.
    ///
    /// # Errors
    /// If it was not written.
    pub async fn insert(&self, payment: NewPayment) -> anyhow::Result<()> {
        let (sender, receiver) = oneshot::channel();
        self.tasks.send((payment, sender)).await.map_err(|_| anyhow!("the writer has stopped"))?;
        receiver.await?.then_some(()).context("the commit failed")
    }

    /// The order of a payment.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn get(&self, id: &str, member_id: &str) -> anyhow::Result<Option<String>> {
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        let reader = match free {
            Some(reader) => reader,
            None => self.readers[0].lock().map_err(|_| anyhow!("a reader has failed"))?,
        };
        let mut statement = reader.prepare_cached(READ)?;
        Ok(statement.query_row(params![id, member_id], |row| row.get(0)).optional()?)
    }
}

#[expect(clippy::disallowed_methods, reason = "the floor is a program of its own, without seams")]
fn connect(path: &Path) -> anyhow::Result<Connection> {
    Ok(Connection::open(path)?)
}

fn write(connection: &Connection, mut queue: mpsc::Receiver<Task>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while queue.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        let written = write_batch(connection, &batch).is_ok();
        for (_, reply) in batch.drain(..) {
            let _gone = reply.send(written);
        }
    }
}

fn write_batch(connection: &Connection, batch: &[Task]) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let mut payment = connection.prepare_cached(PAYMENT)?;
    let mut event = connection.prepare_cached(EVENT)?;
    let mut job = connection.prepare_cached(JOB)?;
    for (new, _) in batch {
        payment.execute(params![new.id, new.member_id, new.ref_id, new.created_ms, new.body])?;
        event.execute(params![new.id, EVENT_BODY])?;
        job.execute(params![new.id, new.created_ms + PATIENCE_MS])?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_written_payment_is_read_by_its_member_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("floor.db")).unwrap();
        let new = || NewPayment {
            id: "pm2:1:x".to_owned(),
            member_id: "m:a:x".to_owned(),
            ref_id: "ORDER-1".to_owned(),
            created_ms: 1,
            body: "{}".to_owned(),
        };
        store.insert(new()).await.unwrap();
        assert_eq!(store.get("pm2:1:x", "m:a:x").unwrap().as_deref(), Some("{}"));
        assert_eq!(store.get("pm2:1:x", "m:b:x").unwrap(), None);
        assert!(store.insert(new()).await.is_err(), "an id is used once");
        assert_eq!(store.get("pm2:2:x", "m:a:x").unwrap(), None);
    }
}
