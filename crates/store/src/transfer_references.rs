//! Table `transfer_references`: references that members gave transfers when they redeemed a token,
//! other than those of the token requests.

use domain::ids::{MemberId, PaymentId};

use crate::db::{StoreError, Tx};

pub(crate) const INSERT: &str = "INSERT INTO transfer_references (member_id, ref_id, payment_id) \
     VALUES ($1, $2, $3) ON CONFLICT (member_id, ref_id) DO NOTHING";
pub(crate) const GET: &str =
    "SELECT payment_id FROM transfer_references WHERE member_id = $1 AND ref_id = $2";

/// Records that the member's payment has this reference; `false`, and nothing is written, where
/// another payment of the member has it.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn insert(
    tx: &mut Tx,
    member_id: &MemberId,
    ref_id: &str,
    payment_id: &PaymentId,
) -> Result<bool, StoreError> {
    let params = [member_id.as_str().into(), ref_id.into(), payment_id.as_str().into()];
    Ok(tx.execute(INSERT, &params).await? == 1)
}

/// The member's payment whose transfer has this reference.
///
/// # Errors
/// [`StoreError`] of the database, or a row that cannot be read.
pub async fn payment_of(
    tx: &mut Tx,
    member_id: &MemberId,
    ref_id: &str,
) -> Result<Option<PaymentId>, StoreError> {
    let Some(row) = tx.query_first(GET, &[member_id.as_str().into(), ref_id.into()]).await? else {
        return Ok(None);
    };
    let id = row.text(0)?;
    let unreadable = |_| StoreError::Corrupt(format!("a transfer's reference names `{id}`"));
    id.parse().map(Some).map_err(unreadable)
}
