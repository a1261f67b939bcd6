//! Table `jobs`: effects that are due. Claim in one commit, run outside, finish in another.
//!
//! A claim moves `due_ms` to the end of the lease and writes the lease's token. A runner that finishes
//! or repeats a job gives the token. The statement ignores a job that was rescheduled meanwhile, or
//! whose lease expired and was taken by another runner.

use domain::ids::MemberId;
use domain::step::{JobKind, Lane};
use domain::subject::Subject;
use jiff::Timestamp;

use crate::Row;
use crate::db::{Statement, StoreError, Tx};

pub(crate) const SCHEDULE: &str = "INSERT INTO jobs \
     (subject, kind, member_id, due_ms, lease, attempts, lane) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (subject, kind) DO UPDATE SET \
     due_ms = excluded.due_ms, lease = excluded.lease, attempts = excluded.attempts";
pub(crate) const CANCEL: &str = "DELETE FROM jobs WHERE subject = $1 AND kind = $2";
pub(crate) const FINISH: &str = "DELETE FROM jobs WHERE subject = $1 AND kind = $2 AND lease = $3";
pub(crate) const REPEAT: &str = "UPDATE jobs SET due_ms = $1, lease = '' \
     WHERE subject = $2 AND kind = $3 AND lease = $4";
pub(crate) const POSTPONE: &str = "UPDATE jobs SET due_ms = $1, lease = '', \
     attempts = attempts - 1 WHERE subject = $2 AND kind = $3 AND (lease = $4 OR lease = 'more')";
pub(crate) const WAKE: &str = "UPDATE jobs SET due_ms = $1 \
     WHERE subject = $2 AND kind = $3 AND lease = '' AND due_ms > $4 AND due_ms <= $5";
/// The conditions are repeated outside, because PostgreSQL checks only those again on a row that
/// another transaction has just claimed.
pub(crate) const WAKE_DELIVERIES: &str = "UPDATE jobs SET due_ms = $1 WHERE (subject, kind) IN \
     (SELECT subject, kind FROM jobs WHERE lane = 1 AND member_id = $2 AND kind = $3 \
     AND lease = '' AND due_ms > $1 ORDER BY due_ms LIMIT $4) AND lease = '' AND due_ms > $1";
/// A delivery job whose lease was taken by a newer event; see `deliveries::FAN_OUT_JOB`.
pub(crate) const REPEAT_DELIVERY: &str = "UPDATE jobs SET due_ms = $1, lease = '' \
     WHERE subject = $2 AND kind = $3 AND (lease = $4 OR lease = 'more')";
pub(crate) const DELIVER_AGAIN: &str = "UPDATE jobs SET due_ms = $1, lease = '' \
     WHERE subject = $2 AND kind = $3 AND lease = 'more'";
pub(crate) const CLAIM_SQLITE: &str = "UPDATE jobs SET due_ms = $1, lease = $2, \
     attempts = attempts + 1 WHERE (subject, kind) IN \
     (SELECT subject, kind FROM jobs WHERE lane = $3 AND due_ms <= $4 ORDER BY due_ms LIMIT $5) \
     RETURNING subject, kind, member_id, attempts";
pub(crate) const CLAIM_WAITING: &str = "UPDATE jobs SET due_ms = $1, lease = $2, \
     attempts = attempts + 1 WHERE subject = $3 AND kind = $4 AND lease = '' AND due_ms > $5 AND due_ms <= $6 \
     RETURNING subject, kind, member_id, attempts";
/// The one place that may skip locked rows: other nodes claim at the same time.
pub(crate) const CLAIM_POSTGRES: &str = "UPDATE jobs SET due_ms = $1, lease = $2, \
     attempts = attempts + 1 WHERE (subject, kind) IN \
     (SELECT subject, kind FROM jobs WHERE lane = $3 AND due_ms <= $4 ORDER BY due_ms LIMIT $5 \
     FOR UPDATE SKIP LOCKED) \
     RETURNING subject, kind, member_id, attempts";
pub(crate) const NEXT_DUE: &str = "SELECT MIN(due_ms) FROM jobs WHERE lane = $1";
pub(crate) const RELEASE_ALL: &str =
    "UPDATE jobs SET due_ms = $1, lease = '' WHERE lease <> '' AND due_ms > $1";
pub(crate) const RELEASE: &str = "UPDATE jobs SET due_ms = $1, lease = '' WHERE lease = $2";
pub(crate) const MOVE_BACK: &str = "UPDATE jobs SET due_ms = due_ms - $1 WHERE due_ms > $2";
pub(crate) const OF_SUBJECT: &str =
    "SELECT kind, due_ms FROM jobs WHERE subject = $1 ORDER BY kind LIMIT 100";

/// When a job is due that somebody would like to be run sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Later than this; what is due before comes by itself.
    pub after: Timestamp,
    /// At this moment at the latest; what is due later was run a moment ago.
    pub until: Timestamp,
}

/// The right to run one job until `until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Random; who holds it may finish the job.
    pub token: String,
    /// When the job is due again if it was not finished.
    pub until: Timestamp,
}

/// A job that we hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The subject of the job.
    pub subject: Subject,
    /// The effect to perform.
    pub kind: JobKind,
    /// Whose that is.
    pub member_id: MemberId,
    /// How often it was claimed, this time included.
    pub attempts: i64,
    /// The lease's token.
    pub token: String,
}

/// Claims up to `limit` jobs of the lane that are due at `now`.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn claim(
    tx: &mut Tx,
    lease: &Lease,
    now: Timestamp,
    limit: usize,
    lane: Lane,
) -> Result<Vec<Claim>, StoreError> {
    let sql = if tx.is_postgres() { CLAIM_POSTGRES } else { CLAIM_SQLITE };
    let params = [
        lease.until.as_millisecond().into(),
        lease.token.as_str().into(),
        lane.number().into(),
        now.as_millisecond().into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
    ];
    let rows = tx.query(sql, &params).await?;
    rows.iter().map(|row| claimed(row, lease)).collect()
}

/// The job is done.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn finish(tx: &mut Tx, claim: &Claim) -> Result<bool, StoreError> {
    let (sql, params) = finishing(claim);
    Ok(tx.execute(sql, &params).await? > 0)
}

/// The job is to run again at `due`.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn repeat(tx: &mut Tx, claim: &Claim, due: Timestamp) -> Result<(), StoreError> {
    let params = [
        due.as_millisecond().into(),
        claim.subject.as_str().into(),
        claim.kind.name().into(),
        claim.token.as_str().into(),
    ];
    tx.execute(REPEAT, &params).await.map(|_| ())
}

/// The job has done nothing and is to run at `due`; the attempt does not count.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn postpone(tx: &mut Tx, claim: &Claim, due: Timestamp) -> Result<(), StoreError> {
    let params = [
        due.as_millisecond().into(),
        claim.subject.as_str().into(),
        claim.kind.name().into(),
        claim.token.as_str().into(),
    ];
    tx.execute(POSTPONE, &params).await.map(|_| ())
}

/// Finishes a delivery job. A job that lost its lease to a newer event is due again at once.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn finish_delivery(tx: &mut Tx, claim: &Claim, now: Timestamp) -> Result<(), StoreError> {
    if finish(tx, claim).await? {
        return Ok(());
    }
    let params =
        [now.as_millisecond().into(), claim.subject.as_str().into(), claim.kind.name().into()];
    tx.execute(DELIVER_AGAIN, &params).await.map(|_| ())
}

/// A delivery job is to run again at `due`, whether or not a newer event took its lease: that
/// event waits for its turn.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn repeat_delivery(tx: &mut Tx, claim: &Claim, due: Timestamp) -> Result<(), StoreError> {
    let params = [
        due.as_millisecond().into(),
        claim.subject.as_str().into(),
        claim.kind.name().into(),
        claim.token.as_str().into(),
    ];
    tx.execute(REPEAT_DELIVERY, &params).await.map(|_| ())
}

/// A job that waits without a lease until a moment of `waiting` becomes due at `now`.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn wake(
    tx: &mut Tx,
    subject: &Subject,
    kind: JobKind,
    now: Timestamp,
    waiting: Waiting,
) -> Result<(), StoreError> {
    let params = [
        now.as_millisecond().into(),
        subject.as_str().into(),
        kind.name().into(),
        waiting.after.as_millisecond().into(),
        waiting.until.as_millisecond().into(),
    ];
    tx.execute(WAKE, &params).await.map(|_| ())
}

/// Delivery jobs of the member that wait for their next attempt become due at `now`: up to `limit`,
/// those that are due first.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn wake_deliveries(
    tx: &mut Tx,
    member_id: &MemberId,
    now: Timestamp,
    limit: usize,
) -> Result<u64, StoreError> {
    let params = [
        now.as_millisecond().into(),
        member_id.as_str().into(),
        JobKind::Deliver.name().into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
    ];
    tx.execute(WAKE_DELIVERIES, &params).await
}

/// Claims a job that waits without a lease until a moment of `waiting`, for whoever cannot wait.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn claim_waiting(
    tx: &mut Tx,
    lease: &Lease,
    subject: &Subject,
    kind: JobKind,
    waiting: Waiting,
) -> Result<Option<Claim>, StoreError> {
    let params = [
        lease.until.as_millisecond().into(),
        lease.token.as_str().into(),
        subject.as_str().into(),
        kind.name().into(),
        waiting.after.as_millisecond().into(),
        waiting.until.as_millisecond().into(),
    ];
    tx.query_first(CLAIM_WAITING, &params).await?.map(|row| claimed(&row, lease)).transpose()
}

/// When the next job of the lane is due, if any is pending.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn next_due(tx: &mut Tx, lane: Lane) -> Result<Option<Timestamp>, StoreError> {
    let row = tx.query_first(NEXT_DUE, &[lane.number().into()]).await?;
    let due_ms = row.and_then(|row| row.int(0).ok());
    Ok(due_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
}

/// Takes back every lease: for the start of a process that alone uses the database.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn release_all(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(RELEASE_ALL, &[now.as_millisecond().into()]).await
}

/// Takes back the leases with this token: their jobs are due at `now`.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn release(tx: &mut Tx, token: &str, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(RELEASE, &[now.as_millisecond().into(), token.into()]).await
}

/// Moves every job that is due after `now` back by `back_ms`, leases included: the clock was set
/// back by so much.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn move_back(tx: &mut Tx, now: Timestamp, back_ms: i64) -> Result<u64, StoreError> {
    tx.execute(MOVE_BACK, &[back_ms.into(), now.as_millisecond().into()]).await
}

/// Kinds and due times of the pending jobs of a subject.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn of_subject(
    tx: &mut Tx,
    subject: &Subject,
) -> Result<Vec<(JobKind, Timestamp)>, StoreError> {
    let rows = tx.query(OF_SUBJECT, &[subject.as_str().into()]).await?;
    rows.iter()
        .map(|row| {
            let due = Timestamp::from_millisecond(row.int(1)?)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            Ok((kind(row.text(0)?)?, due))
        })
        .collect()
}

/// A job that is due at `due`, or is already leased to whoever schedules it.
pub(crate) fn schedule(
    subject: &Subject,
    kind: JobKind,
    member_id: &MemberId,
    due: Timestamp,
    lease: Option<&Lease>,
) -> Statement {
    let (due, token, attempts) = match lease {
        Some(lease) => (lease.until, lease.token.as_str(), 1_i64),
        None => (due, "", 0),
    };
    (
        SCHEDULE,
        vec![
            subject.as_str().into(),
            kind.name().into(),
            member_id.as_str().into(),
            due.as_millisecond().into(),
            token.into(),
            attempts.into(),
            kind.lane().number().into(),
        ],
    )
}

pub(crate) fn cancel(subject: &Subject, kind: JobKind) -> Statement {
    (CANCEL, vec![subject.as_str().into(), kind.name().into()])
}

pub(crate) fn finishing(claim: &Claim) -> Statement {
    let params =
        vec![claim.subject.as_str().into(), claim.kind.name().into(), claim.token.as_str().into()];
    (FINISH, params)
}

fn claimed(row: &Row, lease: &Lease) -> Result<Claim, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("a job's {what}"));
    Ok(Claim {
        subject: row.text(0)?.parse().map_err(|_| corrupt("subject"))?,
        kind: kind(row.text(1)?)?,
        member_id: row.text(2)?.parse().map_err(|_| corrupt("member"))?,
        attempts: row.int(3)?,
        token: lease.token.clone(),
    })
}

fn kind(name: &str) -> Result<JobKind, StoreError> {
    JobKind::from_name(name)
        .ok_or_else(|| StoreError::Corrupt(format!("a job of unknown kind `{name}`")))
}
