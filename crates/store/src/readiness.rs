//! Table `readiness`: one row, overwritten to find out whether the database takes writes.

use jiff::Timestamp;

use crate::db::{StoreError, Tx};

pub(crate) const WRITE: &str = "INSERT INTO readiness (id, checked_ms) VALUES (1, $1) \
     ON CONFLICT (id) DO UPDATE SET checked_ms = excluded.checked_ms";
pub(crate) const LAST: &str = "SELECT checked_ms FROM readiness WHERE id = 1";

/// Overwrites the row.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn write(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(WRITE, &[now.as_millisecond().into()]).await.map(|_| ())
}

/// When the row was last overwritten, if ever.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn last(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    let Some(row) = tx.query_first(LAST, &[]).await? else {
        return Ok(None);
    };
    let at = Timestamp::from_millisecond(row.int(0)?);
    at.map(Some).map_err(|error| StoreError::Corrupt(error.to_string()))
}
