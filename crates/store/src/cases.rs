//! Table `cases`: situations that a person must read, who closed them and why.

use domain::step::Case;
use domain::subject::Subject;
use jiff::Timestamp;

use crate::db::{Statement, StoreError, Tx};
use crate::step::Aggregate;
use crate::value::Row;

pub(crate) const INSERT: &str = "INSERT INTO cases \
     (id, subject, member_id, kind, explanation, at_ms) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (id) DO NOTHING";
pub(crate) const OF_SUBJECT: &str = "SELECT id, subject, member_id, kind, explanation, at_ms, \
     closed_ms, closed_by, close_reason FROM cases WHERE subject = $1 ORDER BY id LIMIT 1000";
pub(crate) const OPEN: &str = "SELECT id, subject, member_id, kind, explanation, at_ms, \
     closed_ms, closed_by, close_reason FROM cases WHERE closed_ms IS NULL ORDER BY at_ms, id LIMIT $1";
pub(crate) const NEWEST: &str = "SELECT id, subject, member_id, kind, explanation, at_ms, \
     closed_ms, closed_by, close_reason FROM cases ORDER BY at_ms DESC, id DESC LIMIT $1";
pub(crate) const GET: &str = "SELECT id, subject, member_id, kind, explanation, at_ms, \
     closed_ms, closed_by, close_reason FROM cases WHERE id = $1";
pub(crate) const CLOSE: &str = "UPDATE cases SET closed_ms = $1, closed_by = $2, close_reason = $3 \
     WHERE id = $4 AND closed_ms IS NULL";

/// A case as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCase {
    /// Its id.
    pub id: String,
    /// The id of what it is about.
    pub subject: String,
    /// Whose that is.
    pub member_id: String,
    /// The name of its kind, which an earlier release may have known alone.
    pub kind: String,
    /// The situation: no account numbers, names or secrets.
    pub text: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How a person closed it; none while it is open.
    pub closing: Option<Closing>,
}

/// How a person closed a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// Who: a user and a machine.
    pub by: String,
    /// Why, in that person's words.
    pub reason: String,
}

/// Opens a case beside an aggregate that does not move. The same case on the same version of it is
/// written once.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn open(
    tx: &mut Tx,
    of: &impl Aggregate,
    case: &Case,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = format!("{}:{:06}:{}", of.subject().core(), of.version(), case.kind.name());
    let (sql, params) = statement(of, id, case, now);
    tx.execute(sql, &params).await.map(|_| ())
}

/// The cases of a subject, oldest first, at most 1,000.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn of_subject(tx: &mut Tx, subject: &Subject) -> Result<Vec<StoredCase>, StoreError> {
    let rows = tx.query(OF_SUBJECT, &[subject.as_str().into()]).await?;
    rows.iter().map(read).collect()
}

/// The open cases of all members, oldest first.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn open_ones(tx: &mut Tx, limit: u32) -> Result<Vec<StoredCase>, StoreError> {
    let rows = tx.query(OPEN, &[i64::from(limit).into()]).await?;
    rows.iter().map(read).collect()
}

/// The cases of all members, open and closed, newest first.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn newest(tx: &mut Tx, limit: u32) -> Result<Vec<StoredCase>, StoreError> {
    let rows = tx.query(NEWEST, &[i64::from(limit).into()]).await?;
    rows.iter().map(read).collect()
}

/// The case with this id.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn get(tx: &mut Tx, id: &str) -> Result<Option<StoredCase>, StoreError> {
    tx.query_first(GET, &[id.into()]).await?.as_ref().map(read).transpose()
}

/// Closes an open case; whether it was open. A closed one keeps who closed it first.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn close(tx: &mut Tx, id: &str, closing: &Closing) -> Result<bool, StoreError> {
    let closed_ms = closing.at.as_millisecond();
    let (by, reason) = (closing.by.as_str(), closing.reason.as_str());
    let params = [closed_ms.into(), by.into(), reason.into(), id.into()];
    Ok(tx.execute(CLOSE, &params).await? == 1)
}

pub(crate) fn insert(of: &impl Aggregate, number: usize, case: &Case) -> Statement {
    let id = format!("{}:{:06}:{number}", of.subject().core(), of.version());
    statement(of, id, case, of.changed_at())
}

fn statement(of: &impl Aggregate, id: String, case: &Case, now: Timestamp) -> Statement {
    (
        INSERT,
        vec![
            id.into(),
            of.subject().as_str().into(),
            of.member_id().as_str().into(),
            case.kind.name().into(),
            case.text.as_str().into(),
            now.as_millisecond().into(),
        ],
    )
}

fn read(row: &Row) -> Result<StoredCase, StoreError> {
    let moment = |ms: i64| {
        Timestamp::from_millisecond(ms).map_err(|error| StoreError::Corrupt(error.to_string()))
    };
    let closing = match row.optional_int(6)? {
        None => None,
        Some(ms) => Some(Closing {
            at: moment(ms)?,
            by: row.optional_text(7)?.unwrap_or_default().to_owned(),
            reason: row.optional_text(8)?.unwrap_or_default().to_owned(),
        }),
    };
    Ok(StoredCase {
        id: row.text(0)?.to_owned(),
        subject: row.text(1)?.to_owned(),
        member_id: row.text(2)?.to_owned(),
        kind: row.text(3)?.to_owned(),
        text: row.text(4)?.to_owned(),
        opened_at: moment(row.int(5)?)?,
        closing,
    })
}
