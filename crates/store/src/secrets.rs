//! Table `gateway_secrets`: the gateway's own keys, sealed by the caller.

use jiff::Timestamp;

use crate::db::{StoreError, Tx};

pub(crate) const GET: &str = "SELECT sealed FROM gateway_secrets WHERE name = $1";
pub(crate) const INSERT: &str = "INSERT INTO gateway_secrets (name, sealed, created_ms) \
     VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";

/// The sealed secret of that name. If it does not exist, `candidate` becomes it. If several nodes
/// start at once, all get the first candidate.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn get_or_insert(
    tx: &mut Tx,
    name: &str,
    candidate: Option<&str>,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    if let Some(candidate) = candidate {
        let params = [name.into(), candidate.into(), now.as_millisecond().into()];
        tx.execute(INSERT, &params).await?;
    }
    let row = tx.query_first(GET, &[name.into()]).await?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}
