//! Table `payments`: one row per payment, the truth about it.

pub mod list;
pub mod roles;

use domain::event::EventKind;
use domain::ids::{MemberId, PaymentId};
use domain::payment::{Payment, PaymentChanged};
use domain::subject::Subject;
use jiff::Timestamp;

pub use self::list::{Entry, Filter, IDS_MAX, Position, REFERENCES_MAX, Seek, list, list_entries};
pub use self::roles::{RoleFilter, list_in_role, position_in_role};
use crate::Row;
use crate::bodies::Bodies;
use crate::db::{Statement, StoreError, Tx};
use crate::step::Aggregate;
pub use domain::transfer::Role;

/// A payment of that member.
pub(crate) const GET: &str = "SELECT body FROM payments WHERE id = $1 AND member_id = $2";
/// A payment of whichever member: for jobs and for the payer's own pages.
pub(crate) const GET_ANY: &str = "SELECT body FROM payments WHERE id = $1";
pub(crate) const INSERT: &str = "INSERT INTO payments \
     (id, member_id, state, ref_id, created_ms, version, body, flow, on_behalf_of_id, \
     external_psu_reference, token_ms, transfer_ms, transfer_status, submission_ms, kind) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
pub(crate) const UPDATE: &str = "UPDATE payments SET state = $1, version = $2, body = $3, \
     token_ms = $4, transfer_ms = $5, transfer_status = $6, submission_ms = $7 \
     WHERE id = $8 AND version = $9";
pub(crate) const UNFILLED: &str = "SELECT body FROM payments WHERE id > $1 ORDER BY id LIMIT $2";
pub(crate) const FILL: &str = "UPDATE payments SET flow = $1, on_behalf_of_id = $2, \
     external_psu_reference = $3 WHERE id = $4";

/// What a body here is sealed as.
const KIND: &str = "a payment";
/// Payments whose columns are filled at a time.
const FILLED_AT_ONCE: i64 = 500;

/// The payment `id` of `member_id`; another member's does not exist.
///
/// # Errors
/// [`StoreError`] of the database, or a row that contradicts itself.
pub async fn get(
    tx: &mut Tx,
    member_id: &MemberId,
    id: &PaymentId,
) -> Result<Option<Payment>, StoreError> {
    let params = [id.as_str().into(), member_id.as_str().into()];
    let row = tx.query_first(GET, &params).await?;
    row.map(|row| payment_of(tx, &row, id)).transpose()
}

/// The payment `id` of whichever member: only for jobs, and for the payer who holds its link.
///
/// # Errors
/// [`StoreError`] of the database, or a row that contradicts itself.
pub async fn get_any(tx: &mut Tx, id: &PaymentId) -> Result<Option<Payment>, StoreError> {
    let row = tx.query_first(GET_ANY, &[id.as_str().into()]).await?;
    row.map(|row| payment_of(tx, &row, id)).transpose()
}

/// Fills the columns that lists are filtered by from the bodies, once, in the migration that adds
/// them.
pub(crate) async fn fill_columns(tx: &mut Tx) -> Result<(), StoreError> {
    let mut last = String::new();
    loop {
        let rows = tx.query(UNFILLED, &[last.as_str().into(), FILLED_AT_ONCE.into()]).await?;
        let Some(row) = rows.last() else { return Ok(()) };
        last = payment(tx.bodies(), row)?.id.as_str().to_owned();
        let mut statements = Vec::with_capacity(rows.len());
        for row in &rows {
            let payment = payment(tx.bodies(), row)?;
            let asked = payment.initiation;
            let params = vec![
                asked.visit.flow.name().into(),
                asked.order.on_behalf_of_id.into(),
                asked.visit.external_psu_reference.into(),
                payment.id.as_str().into(),
            ];
            statements.push((FILL, params));
        }
        tx.execute_all(&statements).await?;
    }
}

impl Aggregate for Payment {
    type Event = PaymentChanged;

    fn subject(&self) -> Subject {
        Subject::Payment(self.id.clone())
    }

    fn member_id(&self) -> &MemberId {
        &self.member_id
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn changed_at(&self) -> Timestamp {
        self.updated_at
    }

    fn event_kind(&self) -> EventKind {
        Payment::event_kind(self)
    }

    fn tells_changes(&self) -> bool {
        Payment::tells_changes(self)
    }

    fn insert(&self, bodies: &Bodies) -> Result<Statement, StoreError> {
        let mut params = vec![
            self.id.as_str().into(),
            self.member_id.as_str().into(),
            self.stage().name().into(),
            self.initiation.order.ref_id.as_str().into(),
            self.created_at.as_millisecond().into(),
            self.version.into(),
            body(bodies, self)?.into(),
            self.initiation.visit.flow.name().into(),
            self.initiation.order.on_behalf_of_id.clone().into(),
            self.initiation.visit.external_psu_reference.clone().into(),
        ];
        params.extend(roles::columns(self));
        params.push(kind(self).into());
        Ok((INSERT, params))
    }

    fn update(&self, bodies: &Bodies) -> Result<Statement, StoreError> {
        let mut params =
            vec![self.stage().name().into(), self.version.into(), body(bodies, self)?.into()];
        params.extend(roles::columns(self));
        params.extend([self.id.as_str().into(), (self.version - 1).into()]);
        Ok((UPDATE, params))
    }
}

/// Only what is executed once is in the lists of payments.
fn kind(payment: &Payment) -> &'static str {
    match payment.is_standing_order() {
        true => "standing_order",
        false => "single",
    }
}

fn body(bodies: &Bodies, payment: &Payment) -> Result<String, StoreError> {
    payment.check().map_err(|error| StoreError::Corrupt(error.to_string()))?;
    bodies.write(KIND, payment)
}

/// The payment of a row that was found by `id`: a body that was moved to another row is refused.
fn payment_of(tx: &Tx, row: &Row, id: &PaymentId) -> Result<Payment, StoreError> {
    let payment = payment(tx.bodies(), row)?;
    if payment.id != *id {
        return Err(StoreError::Corrupt(format!("the row of {id} holds another payment")));
    }
    Ok(payment)
}

fn payment(bodies: &Bodies, row: &Row) -> Result<Payment, StoreError> {
    let payment: Payment = bodies.read(KIND, row.text(0)?)?;
    payment.check().map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(payment)
}
