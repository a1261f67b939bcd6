//! Table `bank_registrations`: our registrations at banks. The caller seals the client that a bank made.

use jiff::Timestamp;

use crate::Row;
use crate::db::{StoreError, Tx};

pub(crate) const GET: &str = "SELECT bank_id, begun_ms, registered_ms, sealed \
     FROM bank_registrations WHERE bank_id = $1";
pub(crate) const ALL: &str = "SELECT bank_id, begun_ms, registered_ms, sealed \
     FROM bank_registrations ORDER BY bank_id LIMIT 10000";
pub(crate) const BEGIN: &str = "INSERT INTO bank_registrations \
     (bank_id, begun_ms, registered_ms, sealed) VALUES ($1, $2, NULL, NULL) \
     ON CONFLICT (bank_id) DO NOTHING";
pub(crate) const END: &str = "UPDATE bank_registrations SET registered_ms = $1, sealed = $2 \
     WHERE bank_id = $3";
pub(crate) const FORGET: &str = "DELETE FROM bank_registrations WHERE bank_id = $1";

/// A registration, or an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankRegistration {
    /// The bank's id in the directory.
    pub bank_id: String,
    /// When it was recorded, before anything was sent.
    pub begun_at: Timestamp,
    /// When the bank answered, and what it gave, sealed; `None` while that is not known.
    pub registered: Option<(Timestamp, String)>,
}

impl BankRegistration {
    fn of(row: &Row) -> Result<BankRegistration, StoreError> {
        let moment = |ms: i64| {
            Timestamp::from_millisecond(ms)
                .map_err(|error| StoreError::Corrupt(format!("a time of registrations: {error}")))
        };
        let registered = match (row.optional_int(2)?, row.optional_text(3)?) {
            (Some(at_ms), Some(sealed)) => Some((moment(at_ms)?, sealed.to_owned())),
            _ => None,
        };
        let (bank_id, begun_at) = (row.text(0)?.to_owned(), moment(row.int(1)?)?);
        Ok(BankRegistration { bank_id, begun_at, registered })
    }
}

/// Records that a registration is about to be sent. Returns the row that is there already: then
/// nothing is recorded, and nothing may be sent.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn begin(
    tx: &mut Tx,
    bank_id: &str,
    now: Timestamp,
) -> Result<Option<BankRegistration>, StoreError> {
    let params = [bank_id.into(), now.as_millisecond().into()];
    if tx.execute(BEGIN, &params).await? > 0 {
        return Ok(None);
    }
    let row = tx.query_first(GET, &[bank_id.into()]).await?;
    row.as_ref().map(BankRegistration::of).transpose()
}

/// Keeps what the bank gave.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn end(
    tx: &mut Tx,
    bank_id: &str,
    now: Timestamp,
    sealed: &str,
) -> Result<(), StoreError> {
    let params = [now.as_millisecond().into(), sealed.into(), bank_id.into()];
    tx.execute(END, &params).await.map(|_| ())
}

/// Forgets a registration or an attempt; whether there was one.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn forget(tx: &mut Tx, bank_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(FORGET, &[bank_id.into()]).await? > 0)
}

/// All registrations and attempts, by bank; at most 10,000.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<BankRegistration>, StoreError> {
    tx.query(ALL, &[]).await?.iter().map(BankRegistration::of).collect()
}
