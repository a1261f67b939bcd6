//! Table `deliveries`: events on their way to a member's endpoint, in order per subject.

use domain::event::EventKind;
use domain::ids::MemberId;
use domain::step::JobKind;
use domain::subject::Subject;
use jiff::Timestamp;

use crate::db::{Statement, StoreError, Tx};

/// Written for each event whose kind the member subscribes to, in the event's own commit.
pub(crate) const FAN_OUT: &str = "INSERT INTO deliveries \
     (subject, version, member_id, state, attempts, first_ms) \
     SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), member_id, 'pending', 0, CAST($3 AS BIGINT) \
     FROM webhook_types WHERE member_id = $4 AND kind = $5 \
     ON CONFLICT (subject, version) DO NOTHING";
/// The subject's delivery job. A job that waits for its next attempt keeps waiting, because events
/// go out in order. A running job loses its lease to the word `more`, which shows its runner that more
/// events wait. If the runner dies, the job is due at the end of the lease, like any other.
pub(crate) const FAN_OUT_JOB: &str = "INSERT INTO jobs \
     (subject, kind, member_id, due_ms, lease, attempts, lane) \
     SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), member_id, CAST($3 AS BIGINT), '', 0, 1 \
     FROM webhook_types WHERE member_id = $4 AND kind = $5 \
     ON CONFLICT (subject, kind) DO UPDATE SET \
     lease = CASE WHEN jobs.lease = '' THEN '' ELSE 'more' END";
pub(crate) const NEXT: &str = "SELECT version, attempts, first_ms FROM deliveries \
     WHERE subject = $1 AND state = 'pending' ORDER BY version LIMIT 1";
pub(crate) const ATTEMPTED: &str = "UPDATE deliveries SET attempts = attempts + 1, \
     last_result = $1 WHERE subject = $2 AND version = $3 AND state = 'pending'";
pub(crate) const ENDED: &str = "UPDATE deliveries SET attempts = attempts + 1, \
     last_result = $1, state = $2, ended_ms = $3 \
     WHERE subject = $4 AND version = $5 AND state = 'pending'";
pub(crate) const OF_SUBJECT: &str = "SELECT version, state, attempts, last_result \
     FROM deliveries WHERE subject = $1 ORDER BY version LIMIT 1000";

/// A delivery that is to be attempted next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The version of its subject whose event it carries.
    pub version: i64,
    /// Attempts so far.
    pub attempts: i64,
    /// When the event was written.
    pub first_at: Timestamp,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The endpoint took it.
    Delivered,
    /// It was given up.
    Abandoned,
}

/// The oldest pending delivery of a subject.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn next(tx: &mut Tx, subject: &Subject) -> Result<Option<Pending>, StoreError> {
    let Some(row) = tx.query_first(NEXT, &[subject.as_str().into()]).await? else {
        return Ok(None);
    };
    let first_at = Timestamp::from_millisecond(row.int(2)?)
        .map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(Some(Pending { version: row.int(0)?, attempts: row.int(1)?, first_at }))
}

/// An attempt failed; the delivery stays pending. `result` says how, in a few words.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn attempted(
    tx: &mut Tx,
    subject: &Subject,
    version: i64,
    result: &str,
) -> Result<(), StoreError> {
    let params = [result.into(), subject.as_str().into(), version.into()];
    tx.execute(ATTEMPTED, &params).await.map(|_| ())
}

/// The delivery ended.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn ended(
    tx: &mut Tx,
    subject: &Subject,
    version: i64,
    ending: Ending,
    result: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let state = match ending {
        Ending::Delivered => "delivered",
        Ending::Abandoned => "abandoned",
    };
    let params = [
        result.into(),
        state.into(),
        now.as_millisecond().into(),
        subject.as_str().into(),
        version.into(),
    ];
    tx.execute(ENDED, &params).await.map(|_| ())
}

/// Version, state, attempts and last result of a subject's deliveries, for operators and tests.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn of_subject(
    tx: &mut Tx,
    subject: &Subject,
) -> Result<Vec<(i64, String, i64, Option<String>)>, StoreError> {
    let rows = tx.query(OF_SUBJECT, &[subject.as_str().into()]).await?;
    rows.iter()
        .map(|row| {
            let last_result = row.optional_text(3)?.map(str::to_owned);
            Ok((row.int(0)?, row.text(1)?.to_owned(), row.int(2)?, last_result))
        })
        .collect()
}

/// The deliveries of an event that was written at `at`, and their job.
pub(crate) fn fan_out(
    subject: &Subject,
    member_id: &MemberId,
    version: i64,
    kind: EventKind,
    at: Timestamp,
) -> [Statement; 2] {
    let at_ms = at.as_millisecond();
    let (subject, member_id) = (subject.as_str(), member_id.as_str());
    [
        (
            FAN_OUT,
            vec![
                subject.into(),
                version.into(),
                at_ms.into(),
                member_id.into(),
                kind.name().into(),
            ],
        ),
        (
            FAN_OUT_JOB,
            vec![
                subject.into(),
                JobKind::Deliver.name().into(),
                at_ms.into(),
                member_id.into(),
                kind.name().into(),
            ],
        ),
    ]
}
