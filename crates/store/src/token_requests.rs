//! Table `token_requests`: requests of members for a payer's approval, payments v1.

use domain::ids::{MemberId, TokenRequestId};
use domain::token_request::TokenRequest;

use crate::Row;
use crate::bodies::Bodies;
use crate::db::{Statement, StoreError, Tx};
use crate::payments::list::padded;

/// The kind that seals these bodies.
const KIND: &str = "a token request";
/// Ids that one statement may name.
const IDS_AT_ONCE: usize = 32;

pub(crate) const INSERT: &str = "INSERT INTO token_requests \
     (id, member_id, ref_id, payment_id, created_ms, version, body) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (member_id, ref_id) DO NOTHING";
pub(crate) const GET: &str = "SELECT body FROM token_requests WHERE id = $1 AND member_id = $2";
pub(crate) const GET_ANY: &str = "SELECT body FROM token_requests WHERE id = $1";
pub(crate) const OF_REFERENCE: &str =
    "SELECT body FROM token_requests WHERE member_id = $1 AND ref_id = $2";
pub(crate) const OF_IDS: &str = "SELECT body FROM token_requests WHERE id IN ($1, $2, $3, $4, $5, \
     $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, \
     $26, $27, $28, $29, $30, $31, $32) AND member_id || '' = $33";
pub(crate) const UPDATE: &str = "UPDATE token_requests SET payment_id = $1, version = $2, body = $3 \
     WHERE id = $4 AND version = $5";

/// Adds a token request; `false`, and nothing is written, where the member has one with the same
/// reference.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn insert(tx: &mut Tx, request: &TokenRequest) -> Result<bool, StoreError> {
    let params = [
        request.id.as_str().into(),
        request.member_id.as_str().into(),
        request.initiation.order.ref_id.as_str().into(),
        request.payment_id.as_ref().map(|id| id.as_str().to_owned()).into(),
        request.created_at.as_millisecond().into(),
        request.version.into(),
        tx.bodies().write(KIND, request)?.into(),
    ];
    Ok(tx.execute(INSERT, &params).await? == 1)
}

/// The member's token request of that id.
///
/// # Errors
/// [`StoreError`] of the database, or a row that cannot be read.
pub async fn get(
    tx: &mut Tx,
    member_id: &MemberId,
    id: &TokenRequestId,
) -> Result<Option<TokenRequest>, StoreError> {
    let params = [id.as_str().into(), member_id.as_str().into()];
    tx.query_first(GET, &params).await?.map(|row| request(tx.bodies(), &row)).transpose()
}

/// The token request of that id, whoever's it is: for payers, who hold its link.
///
/// # Errors
/// [`StoreError`] of the database, or a row that cannot be read.
pub async fn get_any(tx: &mut Tx, id: &TokenRequestId) -> Result<Option<TokenRequest>, StoreError> {
    tx.query_first(GET_ANY, &[id.as_str().into()])
        .await?
        .map(|row| request(tx.bodies(), &row))
        .transpose()
}

/// The member's token request with that reference.
///
/// # Errors
/// [`StoreError`] of the database, or a row that cannot be read.
pub async fn of_reference(
    tx: &mut Tx,
    member_id: &MemberId,
    ref_id: &str,
) -> Result<Option<TokenRequest>, StoreError> {
    let params = [member_id.as_str().into(), ref_id.into()];
    tx.query_first(OF_REFERENCE, &params).await?.map(|row| request(tx.bodies(), &row)).transpose()
}

/// Those of the member's token requests, in any order.
///
/// # Errors
/// [`StoreError`] of the database, or a row that cannot be read.
pub async fn of_ids(
    tx: &mut Tx,
    member_id: &MemberId,
    ids: &[TokenRequestId],
) -> Result<Vec<TokenRequest>, StoreError> {
    let ids: Vec<&str> = ids.iter().map(TokenRequestId::as_str).collect();
    let statements: Vec<Statement> = ids
        .chunks(IDS_AT_ONCE)
        .map(|ids| {
            let mut params = padded(ids, IDS_AT_ONCE)?;
            params.push(member_id.as_str().into());
            Ok((OF_IDS, params))
        })
        .collect::<Result<_, StoreError>>()?;
    let answers = tx.query_all(&statements).await?;
    answers.iter().flatten().map(|row| request(tx.bodies(), row)).collect()
}

/// Writes a changed token request.
///
/// # Errors
/// [`StoreError::Conflict`] if it has changed since it was read.
pub async fn update(tx: &mut Tx, request: &TokenRequest) -> Result<(), StoreError> {
    let params = [
        request.payment_id.as_ref().map(|id| id.as_str().to_owned()).into(),
        request.version.into(),
        tx.bodies().write(KIND, request)?.into(),
        request.id.as_str().into(),
        (request.version - 1).into(),
    ];
    match tx.execute(UPDATE, &params).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

fn request(bodies: &Bodies, row: &Row) -> Result<TokenRequest, StoreError> {
    bodies.read(KIND, row.text(0)?)
}
