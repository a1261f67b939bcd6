//! Table `certificates`: qualified certificates with their keys, which the caller seals.

use domain::ids::MemberId;
use jiff::Timestamp;

use crate::Row;
use crate::db::{StoreError, Tx};

/// Certificates that one gateway holds.
pub const CERTIFICATES_MAX: usize = 10_000;

pub(crate) const INSERT: &str = "INSERT INTO certificates \
     (fingerprint, owner, purpose, chain_pem, sealed_key, not_before_ms, not_after_ms, created_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (fingerprint) DO NOTHING";
pub(crate) const ALL: &str = "SELECT fingerprint, owner, purpose, chain_pem, sealed_key, \
     not_before_ms, not_after_ms, created_ms FROM certificates \
     ORDER BY owner, purpose, created_ms, fingerprint LIMIT 10000";
pub(crate) const DELETE: &str = "DELETE FROM certificates WHERE fingerprint = $1";

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldCertificate {
    /// SHA-256 of the certificate, lower-case hexadecimal.
    pub fingerprint: String,
    /// Whose it is; none for the gateway's own.
    pub owner: Option<MemberId>,
    /// `qwac` or `qseal`.
    pub purpose: String,
    /// The certificate and the ones above it, PEM.
    pub chain_pem: String,
    /// The private key, sealed by the caller.
    pub sealed_key: String,
    /// From then on it is valid.
    pub not_before: Timestamp,
    /// Until then it is valid.
    pub not_after: Timestamp,
    /// When it was added.
    pub created_at: Timestamp,
}

impl HeldCertificate {
    fn of(row: &Row) -> Result<HeldCertificate, StoreError> {
        let moment = |place: usize| {
            Timestamp::from_millisecond(row.int(place)?)
                .map_err(|error| StoreError::Corrupt(format!("a time of certificates: {error}")))
        };
        let owner = match row.text(1)? {
            "" => None,
            id => Some(id.parse().map_err(|_| {
                StoreError::Corrupt("the owner of a certificate is not a member id".to_owned())
            })?),
        };
        Ok(HeldCertificate {
            fingerprint: row.text(0)?.to_owned(),
            owner,
            purpose: row.text(2)?.to_owned(),
            chain_pem: row.text(3)?.to_owned(),
            sealed_key: row.text(4)?.to_owned(),
            not_before: moment(5)?,
            not_after: moment(6)?,
            created_at: moment(7)?,
        })
    }
}

/// Adds a certificate; one that is there stays as it is. Whether it was new.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn insert(tx: &mut Tx, held: &HeldCertificate) -> Result<bool, StoreError> {
    let owner = held.owner.as_ref().map_or("", MemberId::as_str);
    let params = [
        held.fingerprint.as_str().into(),
        owner.into(),
        held.purpose.as_str().into(),
        held.chain_pem.as_str().into(),
        held.sealed_key.as_str().into(),
        held.not_before.as_millisecond().into(),
        held.not_after.as_millisecond().into(),
        held.created_at.as_millisecond().into(),
    ];
    Ok(tx.execute(INSERT, &params).await? > 0)
}

/// All certificates, by owner and purpose, the oldest first; at most [`CERTIFICATES_MAX`].
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<HeldCertificate>, StoreError> {
    tx.query(ALL, &[]).await?.iter().map(HeldCertificate::of).collect()
}

/// Removes a certificate; whether it was there.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn delete(tx: &mut Tx, fingerprint: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, &[fingerprint.into()]).await? > 0)
}
