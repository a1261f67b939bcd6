//! Table `payments`: one row per payment, the truth about it.

use domain::ids::{MemberId, PaymentId};
use domain::payment::{Payment, Stage};
use jiff::Timestamp;

use crate::db::{Statement, StoreError, Tx};
use crate::{Row, Value};

/// References by which one list may be filtered.
pub const REFERENCES_MAX: usize = 32;
/// States by which one list may be filtered: all of them.
const STATES_MAX: usize = 24;

/// A payment of that member.
pub(crate) const GET: &str = "SELECT body FROM payments WHERE id = $1 AND member_id = $2";
/// A payment of whichever member: for jobs and for the payer's own pages.
pub(crate) const GET_ANY: &str = "SELECT body FROM payments WHERE id = $1";
pub(crate) const INSERT: &str = "INSERT INTO payments \
     (id, member_id, state, ref_id, created_ms, version, body) VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(crate) const UPDATE: &str =
    "UPDATE payments SET state = $1, version = $2, body = $3 WHERE id = $4 AND version = $5";
pub(crate) const LIST: &str = "SELECT body FROM payments \
     WHERE member_id = $1 AND created_ms > $2 AND created_ms < $3 \
     AND (created_ms, id) < ($4, $5) AND (CAST($6 AS BIGINT) = 0 OR state IN ($7, $8, $9, $10, $11, $12, $13, $14, \
     $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)) \
     ORDER BY created_ms DESC, id DESC LIMIT $31";
pub(crate) const LIST_BY_REFERENCE: &str = "SELECT body FROM payments \
     WHERE member_id = $1 AND created_ms > $2 AND created_ms < $3 \
     AND (created_ms, id) < ($4, $5) AND (CAST($6 AS BIGINT) = 0 OR state IN ($7, $8, $9, $10, $11, $12, $13, $14, \
     $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)) \
     AND ref_id IN ($31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, \
     $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62) \
     ORDER BY created_ms DESC, id DESC LIMIT $63";

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
    tx.query_first(GET, &params).await?.map(|row| payment(&row)).transpose()
}

/// The payment `id` of whichever member: only for jobs, and for the payer who holds its link.
///
/// # Errors
/// [`StoreError`] of the database, or a row that contradicts itself.
pub async fn get_any(tx: &mut Tx, id: &PaymentId) -> Result<Option<Payment>, StoreError> {
    tx.query_first(GET_ANY, &[id.as_str().into()]).await?.map(|row| payment(&row)).transpose()
}

/// Which payments a list holds. The newest come first.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Stages; empty for all.
    pub stages: Vec<Stage>,
    /// References, at most [`REFERENCES_MAX`]; empty for all.
    pub references: Vec<String>,
    /// Only payments created later than this.
    pub created_after: Option<Timestamp>,
    /// Only payments created earlier than this.
    pub created_before: Option<Timestamp>,
    /// Only payments that come after this position of the list.
    pub after: Option<Position>,
}

/// The place of one payment in a list: survives inserts, because it names a row and not a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Milliseconds since 1970 at which the payment was created.
    pub created_ms: i64,
    /// Its id.
    pub id: String,
}

/// The first `limit` payments of `member_id` that `filter` lets through.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn list(
    tx: &mut Tx,
    member_id: &MemberId,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<Payment>, StoreError> {
    let after =
        filter.after.clone().unwrap_or(Position { created_ms: i64::MAX, id: String::new() });
    let mut params: Vec<Value> = vec![
        member_id.as_str().into(),
        filter.created_after.map_or(-1, Timestamp::as_millisecond).into(),
        filter.created_before.map_or(i64::MAX, Timestamp::as_millisecond).into(),
        after.created_ms.into(),
        after.id.into(),
        i64::from(!filter.stages.is_empty()).into(),
    ];
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let names: Vec<&str> = filter.stages.iter().map(|stage| stage.name()).collect();
    params.extend(padded(&names, STATES_MAX)?);
    let sql = if filter.references.is_empty() {
        LIST
    } else {
        params.extend(padded(&filter.references, REFERENCES_MAX)?);
        LIST_BY_REFERENCE
    };
    params.push(limit.into());
    let rows = tx.query(sql, &params).await?;
    rows.iter().map(payment).collect()
}

/// `values` repeated to the fixed number of places that the statement has.
fn padded<S: AsRef<str>>(values: &[S], places: usize) -> Result<Vec<Value>, StoreError> {
    if values.len() > places {
        return Err(StoreError::Corrupt(format!("a filter of more than {places} values")));
    }
    let texts = values.iter().map(AsRef::as_ref);
    Ok(texts.chain(std::iter::repeat("")).take(places).map(Value::from).collect())
}

pub(crate) fn insert(payment: &Payment) -> Result<Statement, StoreError> {
    Ok((
        INSERT,
        vec![
            payment.id.as_str().into(),
            payment.member_id.as_str().into(),
            payment.stage().name().into(),
            payment.initiation.ref_id.as_str().into(),
            payment.created_at.as_millisecond().into(),
            payment.version.into(),
            body(payment)?.into(),
        ],
    ))
}

pub(crate) fn update(payment: &Payment) -> Result<Statement, StoreError> {
    Ok((
        UPDATE,
        vec![
            payment.stage().name().into(),
            payment.version.into(),
            body(payment)?.into(),
            payment.id.as_str().into(),
            (payment.version - 1).into(),
        ],
    ))
}

fn body(payment: &Payment) -> Result<String, StoreError> {
    payment.check().map_err(|error| StoreError::Corrupt(error.to_string()))?;
    serde_json::to_string(payment).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn payment(row: &Row) -> Result<Payment, StoreError> {
    let payment: Payment = serde_json::from_str(row.text(0)?)
        .map_err(|error| StoreError::Corrupt(format!("the body of a payment: {error}")))?;
    payment.check().map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(payment)
}
