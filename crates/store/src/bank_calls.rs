//! Table `bank_calls`: every exchange with a bank, redacted, for operators.

use domain::subject::Subject;
use jiff::Timestamp;

use crate::db::{Statement, StoreError, Tx};

pub(crate) const INSERT: &str = "INSERT INTO bank_calls \
     (id, subject, bank_id, operation, started_ms, duration_ms, outcome, http_status, body) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING";
pub(crate) const OF_SUBJECT: &str = "SELECT id, bank_id, operation, started_ms, duration_ms, \
     outcome, http_status, body FROM bank_calls WHERE subject = $1 ORDER BY id LIMIT $2";
pub(crate) const DELETE_OLD: &str = "DELETE FROM bank_calls WHERE id IN \
     (SELECT id FROM bank_calls WHERE id < $1 ORDER BY id LIMIT $2)";

/// One exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankCall {
    /// Time-ordered: begins with the milliseconds at which it started, 13 digits.
    pub id: String,
    /// The bank.
    pub bank_id: String,
    /// The operation, e.g. `create-domestic-payment`.
    pub operation: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// How it ended, one word: `answered`, `refused`, `bank_error`, `no_answer`, `not_sent`.
    pub outcome: String,
    /// The HTTP status, where there was an answer.
    pub http_status: Option<i64>,
    /// Request and response as JSON, without what must not be kept.
    pub body: String,
}

/// The id of a call that began at that time; `suffix` distinguishes calls of one millisecond.
#[must_use]
pub fn id(started_at: Timestamp, suffix: &str) -> String {
    format!("{:013}-{suffix}", started_at.as_millisecond().max(0))
}

/// Keeps calls that were made for a subject.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn insert(tx: &mut Tx, subject: &Subject, calls: &[BankCall]) -> Result<(), StoreError> {
    let statements: Vec<Statement> = calls
        .iter()
        .map(|call| {
            let params = vec![
                call.id.as_str().into(),
                subject.as_str().into(),
                call.bank_id.as_str().into(),
                call.operation.as_str().into(),
                call.started_at.as_millisecond().into(),
                call.duration_ms.into(),
                call.outcome.as_str().into(),
                call.http_status.into(),
                call.body.as_str().into(),
            ];
            (INSERT, params)
        })
        .collect();
    tx.execute_all(&statements).await.map(|_| ())
}

/// The first `limit` calls for a subject, oldest first.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn of_subject(
    tx: &mut Tx,
    subject: &Subject,
    limit: usize,
) -> Result<Vec<BankCall>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.query(OF_SUBJECT, &[subject.as_str().into(), limit.into()]).await?;
    rows.iter()
        .map(|row| {
            let started_at = Timestamp::from_millisecond(row.int(3)?)
                .map_err(|error| StoreError::Corrupt(format!("a time of bank_calls: {error}")))?;
            Ok(BankCall {
                id: row.text(0)?.to_owned(),
                bank_id: row.text(1)?.to_owned(),
                operation: row.text(2)?.to_owned(),
                started_at,
                duration_ms: row.int(4)?,
                outcome: row.text(5)?.to_owned(),
                http_status: row.optional_int(6)?,
                body: row.text(7)?.to_owned(),
            })
        })
        .collect()
}

/// Deletes up to `limit` calls that began before `before`, the oldest first; returns how many.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn delete_old(tx: &mut Tx, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.execute(DELETE_OLD, &[id(before, "").into(), limit.into()]).await
}
