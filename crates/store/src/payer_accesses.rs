//! Table `payer_accesses`: which payments of one payer depend on the payer's access, at banks where a
//! new sign-in ends the access to the payments before.

use domain::ids::PaymentId;
use jiff::Timestamp;

use crate::db::{StoreError, Tx};

/// The most payments of one payer that are remembered: older ones have ended, as a rule.
pub const PAYMENTS_MAX: i64 = 20;

pub(crate) const INSERT: &str = "INSERT INTO payer_accesses (payer, at_ms, payment_id) \
     VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
pub(crate) const NEWEST: &str = "SELECT payment_id FROM payer_accesses WHERE payer = $1 \
     ORDER BY at_ms DESC, payment_id LIMIT $2";
pub(crate) const DELETE_OLD: &str = "DELETE FROM payer_accesses WHERE payer = $1 AND at_ms < $2";

pub(crate) const DELETE_ALL_OLD: &str = "DELETE FROM payer_accesses WHERE at_ms < $1";

/// Forgets what is older than `before`, of all payers; how many rows.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn delete_old(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(DELETE_ALL_OLD, &[before.as_millisecond().into()]).await
}

/// Remembers that `payer` is about to sign in for this payment, forgets what is older than `since`,
/// and returns the payer's other payments, the newest first, at most [`PAYMENTS_MAX`].
///
/// # Errors
/// [`StoreError`] of the database, or a row that cannot be read.
pub async fn remember(
    tx: &mut Tx,
    payer: &str,
    payment_id: &PaymentId,
    now: Timestamp,
    since: Timestamp,
) -> Result<Vec<PaymentId>, StoreError> {
    tx.execute(DELETE_OLD, &[payer.into(), since.as_millisecond().into()]).await?;
    let rows = tx.query(NEWEST, &[payer.into(), PAYMENTS_MAX.into()]).await?;
    let new = [payer.into(), now.as_millisecond().into(), payment_id.as_str().into()];
    tx.execute(INSERT, &new).await?;
    let mut others = vec![];
    for row in &rows {
        let id = row.text(0)?;
        let id: PaymentId = id
            .parse()
            .map_err(|_| StoreError::Corrupt(format!("a payer's access names `{id}`")))?;
        if id != *payment_id && !others.contains(&id) {
            others.push(id);
        }
    }
    Ok(others)
}
