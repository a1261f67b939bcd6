//! Table `idempotency_keys`: requests that may be repeated, and their answers.

use domain::subject::Subject;
use jiff::Timestamp;

use crate::db::{StoreError, Tx};

pub(crate) const INSERT: &str = "INSERT INTO idempotency_keys \
     (id, request_sha256, created_ms, running_until_ms, subject, answer) \
     VALUES ($1, $2, $3, $4, $5, NULL) ON CONFLICT (id) DO NOTHING";
pub(crate) const GET: &str = "SELECT request_sha256, running_until_ms, subject, answer \
     FROM idempotency_keys WHERE id = $1";
pub(crate) const ANSWERED: &str =
    "UPDATE idempotency_keys SET answer = $1 WHERE id = $2 AND answer IS NULL";
pub(crate) const RELEASE_ALL: &str = "UPDATE idempotency_keys SET running_until_ms = $1 \
     WHERE answer IS NULL AND running_until_ms > $1";
pub(crate) const DELETE_OLD: &str = "DELETE FROM idempotency_keys WHERE id IN \
     (SELECT id FROM idempotency_keys WHERE created_ms < $1 ORDER BY created_ms, id LIMIT $2)";

/// The kind that seals these answers.
const KIND: &str = "an idempotent answer";

/// A request as it is recorded with what it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Digest of member, route and key, hexadecimal.
    pub id: String,
    /// SHA-256 of the request's body, hexadecimal.
    pub request_sha256: String,
    /// When it came.
    pub created_at: Timestamp,
    /// By then it has been answered, or will never be.
    pub running_until: Timestamp,
}

/// A request that came before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// SHA-256 of its body, hexadecimal.
    pub request_sha256: String,
    /// By then it has been answered, or will never be.
    pub running_until: Timestamp,
    /// The subject that the request created or changed.
    pub subject: Option<Subject>,
    /// The body of its answer, once it is there.
    pub answer: Option<String>,
}

/// Records a request; `false`, and nothing is written, where its id is there already.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn insert(
    tx: &mut Tx,
    key: &NewKey,
    subject: Option<&Subject>,
) -> Result<bool, StoreError> {
    let params = [
        key.id.as_str().into(),
        key.request_sha256.as_str().into(),
        key.created_at.as_millisecond().into(),
        key.running_until.as_millisecond().into(),
        subject.map(Subject::as_str).into(),
    ];
    Ok(tx.execute(INSERT, &params).await? > 0)
}

/// The request that came with this id.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn get(tx: &mut Tx, id: &str) -> Result<Option<KnownKey>, StoreError> {
    let Some(row) = tx.query_first(GET, &[id.into()]).await? else {
        return Ok(None);
    };
    let damaged = |what: &str| StoreError::Corrupt(format!("{what} of idempotency_keys"));
    let subject = row.optional_text(2)?.map(str::parse).transpose();
    Ok(Some(KnownKey {
        request_sha256: row.text(0)?.to_owned(),
        running_until: Timestamp::from_millisecond(row.int(1)?).map_err(|_| damaged("a time"))?,
        subject: subject.map_err(|_| damaged("a subject"))?,
        answer: row
            .optional_text(3)?
            .map(|stored| tx.bodies().read_text(KIND, stored))
            .transpose()?,
    }))
}

/// Keeps the body of an answer; the first one stays.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn answered(tx: &mut Tx, id: &str, answer: &str) -> Result<(), StoreError> {
    let stored = tx.bodies().write_text(KIND, answer.to_owned())?;
    tx.execute(ANSWERED, &[stored.into(), id.into()]).await.map(|_| ())
}

/// Releases requests without an answer: the process that ran them is dead. For the start of a process
/// that is alone on the database.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn release_all(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(RELEASE_ALL, &[now.as_millisecond().into()]).await
}

/// Deletes up to `limit` requests that came before `before`, the oldest first; returns how many.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn delete_old(tx: &mut Tx, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.execute(DELETE_OLD, &[before.as_millisecond().into(), limit.into()]).await
}
