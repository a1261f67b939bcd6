//! Table `cases`: what a person must read.

use domain::ids::PaymentId;
use domain::payment::Payment;
use domain::step::Case;
use jiff::Timestamp;

use crate::db::{Statement, StoreError, Tx};

pub(crate) const INSERT: &str = "INSERT INTO cases \
     (id, subject, member_id, kind, explanation, at_ms) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (id) DO NOTHING";
pub(crate) const OF_SUBJECT: &str =
    "SELECT kind, explanation FROM cases WHERE subject = $1 ORDER BY id LIMIT 1000";

/// Opens a case beside a payment that does not move. The same case on the same version of the
/// payment is written once.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn open(
    tx: &mut Tx,
    payment: &Payment,
    case: &Case,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = format!("{}:{:06}:{}", payment.id.core(), payment.version, case.kind);
    let (sql, params) = statement(payment, id, case, now);
    tx.execute(sql, &params).await.map(|_| ())
}

/// The cases of a payment, oldest first, at most 1,000.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn of_payment(tx: &mut Tx, payment_id: &PaymentId) -> Result<Vec<Case>, StoreError> {
    let rows = tx.query(OF_SUBJECT, &[payment_id.as_str().into()]).await?;
    rows.iter()
        .map(|row| Ok(Case { kind: row.text(0)?.to_owned(), text: row.text(1)?.to_owned() }))
        .collect()
}

pub(crate) fn insert(payment: &Payment, number: usize, case: &Case) -> Statement {
    let id = format!("{}:{:06}:{number}", payment.id.core(), payment.version);
    statement(payment, id, case, payment.updated_at)
}

fn statement(payment: &Payment, id: String, case: &Case, now: Timestamp) -> Statement {
    (
        INSERT,
        vec![
            id.into(),
            payment.id.as_str().into(),
            payment.member_id.as_str().into(),
            case.kind.as_str().into(),
            case.text.as_str().into(),
            now.as_millisecond().into(),
        ],
    )
}
