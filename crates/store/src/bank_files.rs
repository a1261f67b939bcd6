//! Table `bank_files`: the files of the operator's banks, one row for each standard and version of a bank.

use jiff::Timestamp;

use crate::Row;
use crate::db::{StoreError, Tx};

pub(crate) const ALL: &str = "SELECT bank_id, version, file, body, first_ms, last_ms \
     FROM bank_files ORDER BY bank_id, version LIMIT 20000";
pub(crate) const PUT: &str = "INSERT INTO bank_files \
     (bank_id, version, file, body, first_ms, last_ms) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (bank_id, version) DO UPDATE SET \
     file = excluded.file, body = excluded.body, first_ms = excluded.first_ms, \
     last_ms = excluded.last_ms";
pub(crate) const DELETE: &str = "DELETE FROM bank_files WHERE bank_id = $1 AND version = $2";

/// A file as it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankFile {
    /// The bank's id.
    pub bank_id: String,
    /// Standard and version.
    pub version: String,
    /// The path.
    pub file: String,
    /// TOML, without secrets.
    pub body: String,
    /// From when the bank had this version.
    pub first_at: Timestamp,
    /// When the files were last loaded with this one among them; of a file that was replaced, until when
    /// it was used.
    pub last_at: Timestamp,
}

impl BankFile {
    fn of(row: &Row) -> Result<BankFile, StoreError> {
        let moment = |place: usize| {
            Timestamp::from_millisecond(row.int(place)?)
                .map_err(|error| StoreError::Corrupt(format!("a time of bank files: {error}")))
        };
        let text = |place: usize| row.text(place).map(str::to_owned);
        Ok(BankFile {
            bank_id: text(0)?,
            version: text(1)?,
            file: text(2)?,
            body: text(3)?,
            first_at: moment(4)?,
            last_at: moment(5)?,
        })
    }
}

/// All files, by bank; at most 20,000.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<BankFile>, StoreError> {
    tx.query(ALL, &[]).await?.iter().map(BankFile::of).collect()
}

/// Keeps a file, in place of the one that is known of that version.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn put(tx: &mut Tx, own: &BankFile) -> Result<(), StoreError> {
    let params = [
        own.bank_id.as_str().into(),
        own.version.as_str().into(),
        own.file.as_str().into(),
        own.body.as_str().into(),
        own.first_at.as_millisecond().into(),
        own.last_at.as_millisecond().into(),
    ];
    tx.execute(PUT, &params).await.map(|_| ())
}

/// Forgets a file.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn delete(tx: &mut Tx, bank_id: &str, version: &str) -> Result<(), StoreError> {
    tx.execute(DELETE, &[bank_id.into(), version.into()]).await.map(|_| ())
}
