//! Table `readiness`: one row, overwritten to find out whether the database takes writes.

use jiff::Timestamp;

use crate::db::{StoreError, Tx};

pub(crate) const WRITE: &str = "INSERT INTO readiness (id, checked_ms) VALUES (1, $1) \
     ON CONFLICT (id) DO UPDATE SET checked_ms = excluded.checked_ms";

/// Overwrites the row.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn write(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(WRITE, &[now.as_millisecond().into()]).await.map(|_| ())
}
