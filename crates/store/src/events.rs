//! Table `events`: past changes, append-only, one row per change of its subject.

use domain::event::EventKind;
use domain::subject::Subject;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::Row;
use crate::bodies::Bodies;
use crate::db::{Statement, StoreError, Tx};
use crate::step::Aggregate;

/// A unit that lost the race for a version inserts nothing here, and fails on the subject's row.
pub(crate) const INSERT: &str = "INSERT INTO events \
     (subject, version, id, member_id, kind, at_ms, body) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (subject, version) DO NOTHING";
pub(crate) const OF_SUBJECT: &str =
    "SELECT version, id, kind, body FROM events WHERE subject = $1 ORDER BY version LIMIT 1000";
pub(crate) const GET: &str =
    "SELECT version, id, kind, body FROM events WHERE subject = $1 AND version = $2";

/// The kind that seals these bodies.
const KIND: &str = "an event";

/// One event; `E` is what its aggregate says of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<E> {
    /// Stable id, the same in each delivery of the event.
    pub id: String,
    /// The subject's version after the change.
    pub version: i64,
    /// The public kind.
    pub kind: EventKind,
    /// The change.
    pub changed: E,
}

/// The events of a subject from its creation on, at most 1,000.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn of_subject<E: DeserializeOwned>(
    tx: &mut Tx,
    subject: &Subject,
) -> Result<Vec<Event<E>>, StoreError> {
    let rows = tx.query(OF_SUBJECT, &[subject.as_str().into()]).await?;
    rows.iter().map(|row| event(tx.bodies(), row)).collect()
}

/// The event that made `version` of a subject.
///
/// # Errors
/// [`StoreError`] of the database, or where there is no such event.
pub async fn get<E: DeserializeOwned>(
    tx: &mut Tx,
    subject: &Subject,
    version: i64,
) -> Result<Event<E>, StoreError> {
    let params = [subject.as_str().into(), version.into()];
    let row = tx.query_first(GET, &params).await?;
    let missing = || StoreError::Corrupt(format!("{subject} lacks event {version}"));
    event(tx.bodies(), &row.ok_or_else(missing)?)
}

/// The event that made the present version of an aggregate.
pub(crate) fn insert<A: Aggregate>(
    bodies: &Bodies,
    of: &A,
    changed: &A::Event,
    at: Timestamp,
) -> Result<Statement, StoreError> {
    let (subject, version) = (of.subject(), of.version());
    let body = bodies.write(KIND, changed)?;
    Ok((
        INSERT,
        vec![
            subject.as_str().into(),
            version.into(),
            id_of(&subject, version).into(),
            of.member_id().as_str().into(),
            of.event_kind().name().into(),
            at.as_millisecond().into(),
            body.into(),
        ],
    ))
}

/// An event's id follows from its subject and version, so a repeated unit makes the same event.
fn id_of(subject: &Subject, version: i64) -> String {
    format!("ev:{}:{version}", subject.core())
}

fn event<E: DeserializeOwned>(bodies: &Bodies, row: &Row) -> Result<Event<E>, StoreError> {
    let changed = bodies.read(KIND, row.text(3)?)?;
    let kind = EventKind::from_name(row.text(2)?)
        .ok_or_else(|| StoreError::Corrupt("an unknown kind of event".to_owned()))?;
    Ok(Event { id: row.text(1)?.to_owned(), version: row.int(0)?, kind, changed })
}
