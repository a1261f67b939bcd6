//! A fresh, empty database of each kind, removed when the test is over.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;

use store::{Db, StoreError};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;

use crate::{TestClock, skipped};

/// Names a throw-away PostgreSQL server on which databases may be created and dropped: a URL or a
/// connection string (`host=/run/test user=postgres`).
pub const POSTGRES_URL: &str = "BASCULE_TEST_POSTGRES_URL";
/// Connections of one test database.
const CONNECTIONS: usize = 8;

/// An empty database, up to date with the newest schema.
pub struct TestDatabase {
    /// Which kind, for messages of a failing test.
    pub name: &'static str,
    /// The database. Clones of it end with the test.
    pub db: Db,
    place: Place,
}

enum Place {
    Sqlite(TempDir),
    Postgres(OnServer),
}

/// A database on the test server; dropped with this.
struct OnServer {
    server: String,
    name: String,
    url: String,
}

impl TestDatabase {
    /// Opens the same database once more, as another process would.
    ///
    /// # Errors
    /// That of opening it.
    pub async fn open_again(&self) -> Result<Db, StoreError> {
        self.place.open().await
    }

    /// Closes the database, with everything that waits in its queue, and opens it again.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub async fn reopen(self) -> Result<TestDatabase, StoreError> {
        let TestDatabase { name, db, place } = self;
        drop(db);
        let db = place.open().await?;
        Ok(TestDatabase { name, db, place })
    }

    /// The connection string of a PostgreSQL database.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match &self.place {
            Place::Sqlite(_) => None,
            Place::Postgres(database) => Some(&database.url),
        }
    }

    /// Takes the database from everybody, as a server that stops; whether this one can be taken.
    pub async fn go_away(&self) -> bool {
        let Place::Postgres(OnServer { server, name, .. }) = &self.place else { return false };
        administer(server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
        let ending = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        administer(server, &ending).await;
        true
    }

    /// The server is back.
    pub async fn come_back(&self) {
        if let Place::Postgres(OnServer { server, name, .. }) = &self.place {
            administer(server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
        }
    }

    /// The file of an SQLite database.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Sqlite(dir) => Some(sqlite_file(dir)),
            Place::Postgres(_) => None,
        }
    }
}

impl Place {
    async fn open(&self) -> Result<Db, StoreError> {
        match self {
            Place::Sqlite(dir) => Db::open_sqlite(&sqlite_file(dir)).await,
            Place::Postgres(database) => open_postgres(&database.url).await,
        }
    }
}

fn sqlite_file(dir: &TempDir) -> PathBuf {
    dir.path().join("bascule.db")
}

/// A fresh SQLite database and, where [`POSTGRES_URL`] is set, a fresh PostgreSQL database.
pub async fn databases() -> Vec<TestDatabase> {
    let mut databases = vec![sqlite().await];
    match std::env::var(POSTGRES_URL) {
        Ok(server) => databases.push(postgres(server).await),
        Err(_) => skipped(&format!("PostgreSQL ({POSTGRES_URL} is not set)")),
    }
    databases
}

/// A fresh SQLite database.
pub async fn sqlite() -> TestDatabase {
    let dir = TempDir::new().expect("a temporary directory");
    std::fs::write(sqlite_file(&dir), migrated_file().await).expect("the database is copied");
    let db = Db::open_sqlite(&sqlite_file(&dir)).await.expect("a new database");
    TestDatabase { name: "sqlite", db, place: Place::Sqlite(dir) }
}

/// An empty SQLite database with the newest schema. It is made once in a process, because a few
/// hundred tests would else migrate for longer than they test.
#[expect(clippy::disallowed_methods, reason = "copies what `Db` has made")]
async fn migrated_file() -> &'static [u8] {
    static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let make = || async {
        let dir = TempDir::new().expect("a temporary directory");
        drop(Db::open_sqlite(&sqlite_file(&dir)).await.expect("a new database"));
        // A copy of the file alone may lack what is still in its log only.
        let whole = dir.path().join("whole.db");
        rusqlite::Connection::open(sqlite_file(&dir))
            .and_then(|file| file.execute("VACUUM INTO ?1", [whole.to_string_lossy()]))
            .expect("a copy of the new database");
        std::fs::read(whole).expect("the copy is read")
    };
    FILE.get_or_init(make).await
}

async fn postgres(server: String) -> TestDatabase {
    // Random, because other machines may use the same server, and a killed test leaves its own.
    let random = RandomState::new().build_hasher().finish();
    let name = format!("bascule_test_{random:016x}");
    administer(&server, &format!("CREATE DATABASE {name}")).await;
    let url = with_database(&server, &name);
    let db = open_postgres(&url).await.expect("a new database");
    TestDatabase { name: "postgres", db, place: Place::Postgres(OnServer { server, name, url }) }
}

async fn open_postgres(url: &str) -> Result<Db, StoreError> {
    // The clock only bounds the wait for a connection; with a stopped clock the wait has no bound.
    let clock = Arc::new(TestClock::at("2026-01-05T10:00:00Z"));
    Db::open_postgres(url, CONNECTIONS, clock).await
}

/// The connection string `server` with another database; of two names the last one counts.
fn with_database(server: &str, name: &str) -> String {
    if server.contains("://") {
        let separator = if server.contains('?') { '&' } else { '?' };
        format!("{server}{separator}dbname={name}")
    } else {
        format!("{server} dbname={name}")
    }
}

#[expect(clippy::disallowed_methods, reason = "creates and drops what `Db` then opens")]
async fn administer(server: &str, sql: &str) {
    let (client, connection) = match tokio_postgres::connect(server, NoTls).await {
        Ok(connected) => connected,
        Err(error) => panic!("the server that {POSTGRES_URL} names: {error}"),
    };
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("databases may be created and dropped");
    drop(client);
    driver.await.expect("the connection ends").expect("without an error");
}

impl Drop for OnServer {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let server = self.server.clone();
        // A runtime of its own: the test's may be busy with nothing but this drop.
        let dropping = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(administer(&server, &sql));
        });
        if dropping.join().is_err() && !std::thread::panicking() {
            panic!("the test database {} was not dropped", self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_connection_string_is_replaced() {
        for server in [
            "host=/run/test user=tester dbname=postgres",
            "postgres://tester@localhost/postgres",
            "postgres://tester@localhost:5433/postgres?connect_timeout=5",
        ] {
            let config: tokio_postgres::Config = with_database(server, "other").parse().unwrap();
            assert_eq!(config.get_dbname(), Some("other"), "{server}");
            assert_eq!(config.get_user(), Some("tester"), "{server}");
        }
    }
}
