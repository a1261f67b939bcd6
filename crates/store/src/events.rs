//! Table `events`: what happened, append-only, one row per change of its subject.

use domain::event::EventKind;
use domain::ids::PaymentId;
use domain::payment::{Payment, PaymentChanged};

use crate::Row;
use crate::bodies::Bodies;
use crate::db::{Statement, StoreError, Tx};

/// Whoever lost the race for a version writes nothing here, and finds out by the payment's row.
pub(crate) const INSERT: &str = "INSERT INTO events \
     (subject, version, id, member_id, kind, at_ms, body) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (subject, version) DO NOTHING";
pub(crate) const OF_SUBJECT: &str =
    "SELECT version, id, kind, body FROM events WHERE subject = $1 ORDER BY version LIMIT 1000";
pub(crate) const GET: &str =
    "SELECT version, id, kind, body FROM events WHERE subject = $1 AND version = $2";

/// What a body here is sealed as.
const KIND: &str = "an event";

/// One event of a payment.
#[derive(Debug, Clone, PartialEq)]
pub struct PaymentEvent {
    /// Stable id, the same in each delivery of the event.
    pub id: String,
    /// The payment's version after the change.
    pub version: i64,
    /// The public kind.
    pub kind: EventKind,
    /// What changed.
    pub changed: PaymentChanged,
}

/// The events of one payment from its creation on, at most 1,000.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn of_payment(
    tx: &mut Tx,
    payment_id: &PaymentId,
) -> Result<Vec<PaymentEvent>, StoreError> {
    let rows = tx.query(OF_SUBJECT, &[payment_id.as_str().into()]).await?;
    rows.iter().map(|row| event(tx.bodies(), row)).collect()
}

/// The event that made `version` of a payment.
///
/// # Errors
/// [`StoreError`] of the database, or where there is no such event.
pub async fn get(
    tx: &mut Tx,
    payment_id: &PaymentId,
    version: i64,
) -> Result<PaymentEvent, StoreError> {
    let params = [payment_id.as_str().into(), version.into()];
    let row = tx.query_first(GET, &params).await?;
    let missing = || StoreError::Corrupt(format!("{payment_id} lacks event {version}"));
    event(tx.bodies(), &row.ok_or_else(missing)?)
}

pub(crate) fn insert(
    bodies: &Bodies,
    payment: &Payment,
    kind: EventKind,
    changed: &PaymentChanged,
) -> Result<Statement, StoreError> {
    let body = bodies.write(KIND, changed)?;
    Ok((
        INSERT,
        vec![
            payment.id.as_str().into(),
            changed.version.into(),
            id_of(&payment.id, changed.version).into(),
            payment.member_id.as_str().into(),
            kind.name().into(),
            changed.at.as_millisecond().into(),
            body.into(),
        ],
    ))
}

/// An event's id follows from its subject and version, so a repeated unit makes the same event.
fn id_of(payment_id: &PaymentId, version: i64) -> String {
    format!("ev:{}:{version}", payment_id.core())
}

fn event(bodies: &Bodies, row: &Row) -> Result<PaymentEvent, StoreError> {
    let changed = bodies.read(KIND, row.text(3)?)?;
    let kind = EventKind::from_name(row.text(2)?)
        .ok_or_else(|| StoreError::Corrupt("an unknown kind of event".to_owned()))?;
    Ok(PaymentEvent { id: row.text(1)?.to_owned(), version: row.int(0)?, kind, changed })
}
