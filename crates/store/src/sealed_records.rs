//! Tables `tokenized_accounts` and `account_verifications`: records of a member that are sealed
//! whole, found by their id.

use domain::ids::MemberId;
use jiff::Timestamp;

use crate::db::{StoreError, Tx};

pub(crate) const INSERT_ACCOUNT: &str = "INSERT INTO tokenized_accounts \
     (id, member_id, sealed, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
pub(crate) const GET_ACCOUNT: &str =
    "SELECT sealed FROM tokenized_accounts WHERE id = $1 AND member_id = $2";
pub(crate) const DELETE_ACCOUNT: &str =
    "DELETE FROM tokenized_accounts WHERE id = $1 AND member_id = $2";
pub(crate) const INSERT_VERIFICATION: &str = "INSERT INTO account_verifications \
     (id, member_id, sealed, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
pub(crate) const GET_VERIFICATION: &str =
    "SELECT sealed FROM account_verifications WHERE id = $1 AND member_id = $2";

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// `tokenized_accounts`.
    TokenizedAccount,
    /// `account_verifications`.
    AccountVerification,
}

/// Adds a record. An existing record stays unchanged.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn insert(
    tx: &mut Tx,
    kind: RecordKind,
    id: &str,
    member_id: &MemberId,
    sealed: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = match kind {
        RecordKind::TokenizedAccount => INSERT_ACCOUNT,
        RecordKind::AccountVerification => INSERT_VERIFICATION,
    };
    let params = [id.into(), member_id.as_str().into(), sealed.into(), now.as_millisecond().into()];
    tx.execute(sql, &params).await.map(|_| ())
}

/// The sealed content of the member's record.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn get(
    tx: &mut Tx,
    kind: RecordKind,
    id: &str,
    member_id: &MemberId,
) -> Result<Option<String>, StoreError> {
    let sql = match kind {
        RecordKind::TokenizedAccount => GET_ACCOUNT,
        RecordKind::AccountVerification => GET_VERIFICATION,
    };
    let row = tx.query_first(sql, &[id.into(), member_id.as_str().into()]).await?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// Removes the member's account on file. Returns whether it existed.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn delete_account(
    tx: &mut Tx,
    id: &str,
    member_id: &MemberId,
) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE_ACCOUNT, &[id.into(), member_id.as_str().into()]).await? > 0)
}
