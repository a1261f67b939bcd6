//! Opening a database, with its migrations.

use std::path::Path;
use std::sync::Arc;

use domain::seams::Clock;

use crate::db::{Db, StoreError};
use crate::migrate;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;

impl Db {
    /// Opens, or creates, the SQLite database in the file `path`, and migrates it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the file cannot be opened, [`StoreError::Corrupt`] if it is
    /// damaged or of a newer release.
    pub async fn open_sqlite(path: &Path) -> Result<Db, StoreError> {
        let db = Db::Sqlite(Arc::new(Sqlite::open(path)?));
        migrate::run(&db).await?;
        Ok(db)
    }

    /// Connects to PostgreSQL 15 or later with a connection string or URL, and migrates the
    /// database up to date. `connections_max` bounds the pool.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] without a connection.
    pub async fn open_postgres(
        url: &str,
        connections_max: usize,
        clock: Arc<dyn Clock>,
    ) -> Result<Db, StoreError> {
        let db = Db::Postgres(Arc::new(Postgres::open(url, connections_max, clock)?));
        migrate::run(&db).await?;
        Ok(db)
    }
}
