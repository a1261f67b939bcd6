//! Tables `members`, `member_keys` and `api_keys`: who may call, and with which keys.

use domain::account::AccountIdentifier;
use domain::alias::Alias;
use domain::ids::MemberId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Row;
use crate::db::{StoreError, Tx};

/// Keys that one member may have.
pub const KEYS_MAX: usize = 100;
/// Aliases that one member may have.
pub const ALIASES_MAX: usize = 16;
/// Accounts to which one member's payments may be restricted.
pub const BENEFICIARIES_MAX: usize = 200;

pub(crate) const INSERT: &str = "INSERT INTO members (id, name, created_ms) VALUES ($1, $2, $3) \
     ON CONFLICT (id) DO NOTHING";
pub(crate) const GET: &str = "SELECT name FROM members WHERE id = $1";
pub(crate) const LIST: &str =
    "SELECT id, name, settings FROM members ORDER BY created_ms, id LIMIT 1000";
pub(crate) const GET_SETTINGS: &str = "SELECT settings FROM members WHERE id = $1";
pub(crate) const SET_SETTINGS: &str = "UPDATE members SET settings = $1 WHERE id = $2";
pub(crate) const FIRST: &str = "SELECT id FROM members ORDER BY created_ms, id LIMIT 1";
pub(crate) const INSERT_KEY: &str = "INSERT INTO member_keys \
     (member_id, key_id, algorithm, public_key, created_ms) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (member_id, key_id) DO NOTHING";
pub(crate) const GET_KEY: &str = "SELECT key_id, algorithm, public_key FROM member_keys \
     WHERE member_id = $1 AND key_id = $2";
pub(crate) const LIST_KEYS: &str = "SELECT key_id, algorithm, public_key FROM member_keys \
     WHERE member_id = $1 ORDER BY created_ms, key_id LIMIT 100";
pub(crate) const DELETE_KEY: &str = "DELETE FROM member_keys WHERE member_id = $1 AND key_id = $2";
pub(crate) const INSERT_API_KEY: &str = "INSERT INTO api_keys \
     (member_id, secret_sha256, created_ms) VALUES ($1, $2, $3) \
     ON CONFLICT (member_id, secret_sha256) DO NOTHING";
pub(crate) const HAS_API_KEY: &str =
    "SELECT member_id FROM api_keys WHERE member_id = $1 AND secret_sha256 = $2";

/// The settings of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberSettings {
    /// Whether approved payments wait for the member's word before their orders are sent
    /// (auto-redeem is off).
    pub redeems_on_request: bool,
    /// The member's own address to which banks send the payer's browser back, in place of ours;
    /// every bank that the member uses must know it (TPP callback; reference, section 3.9).
    pub return_url: Option<String>,
    /// Whether the member may ask for payments on behalf of others (`actingAs` of payments v1;
    /// permission ACT_ON_BEHALF_OF; reference, section 1.14).
    pub acts_on_behalf: bool,
    /// Whether only [`MemberSettings::beneficiaries`] may be paid.
    pub restricts_beneficiaries: bool,
    /// The accounts that may be paid where that is restricted; at most [`BENEFICIARIES_MAX`].
    pub beneficiaries: Vec<AccountIdentifier>,
    /// Other names of the member, each of one member alone; at most [`ALIASES_MAX`].
    pub aliases: Vec<Alias>,
}

/// A member as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMember {
    /// Its id.
    pub id: MemberId,
    /// Its name.
    pub name: String,
    /// The member's settings.
    pub settings: MemberSettings,
}

/// A public key of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberKey {
    /// 16 base64url characters.
    pub key_id: String,
    /// `ED25519`, `ECDSA_SHA256` or `RS256`.
    pub algorithm: String,
    /// As the member gave it: PEM, or base64url of the raw key.
    pub public_key: String,
}

/// Adds a member; one that exists stays as it is.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn insert(
    tx: &mut Tx,
    id: &MemberId,
    name: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let params = [id.as_str().into(), name.into(), now.as_millisecond().into()];
    tx.execute(INSERT, &params).await.map(|_| ())
}

/// The member's name, if the member exists.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn name(tx: &mut Tx, id: &MemberId) -> Result<Option<String>, StoreError> {
    let row = tx.query_first(GET, &[id.as_str().into()]).await?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// The members, oldest first, at most 1,000.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn list(tx: &mut Tx) -> Result<Vec<ListedMember>, StoreError> {
    let rows = tx.query(LIST, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(ListedMember {
                id: member_id(row.text(0)?)?,
                name: row.text(1)?.to_owned(),
                settings: settings_of(row.text(2)?)?,
            })
        })
        .collect()
}

/// The settings of the member, if the member exists.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn settings(tx: &mut Tx, id: &MemberId) -> Result<Option<MemberSettings>, StoreError> {
    let row = tx.query_first(GET_SETTINGS, &[id.as_str().into()]).await?;
    row.map(|row| settings_of(row.text(0)?)).transpose()
}

/// Replaces the settings of the member. Returns whether the member exists. Running payments keep the
/// terms from their creation.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn set_settings(
    tx: &mut Tx,
    id: &MemberId,
    settings: &MemberSettings,
) -> Result<bool, StoreError> {
    let text = serde_json::to_string(settings)
        .map_err(|error| StoreError::Corrupt(format!("a member's settings: {error}")))?;
    Ok(tx.execute(SET_SETTINGS, &[text.into(), id.as_str().into()]).await? > 0)
}

fn settings_of(text: &str) -> Result<MemberSettings, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Corrupt(format!("a member's settings: {error}")))
}

fn member_id(text: &str) -> Result<MemberId, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt("a member's id".to_owned()))
}

/// The member that was added first: the sandbox's own.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn first(tx: &mut Tx) -> Result<Option<MemberId>, StoreError> {
    let row = tx.query_first(FIRST, &[]).await?;
    row.map(|row| member_id(row.text(0)?)).transpose()
}

/// Adds a key. The same key again changes nothing.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn insert_key(
    tx: &mut Tx,
    member_id: &MemberId,
    key: &MemberKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    let params = [
        member_id.as_str().into(),
        key.key_id.as_str().into(),
        key.algorithm.as_str().into(),
        key.public_key.as_str().into(),
        now.as_millisecond().into(),
    ];
    tx.execute(INSERT_KEY, &params).await.map(|_| ())
}

/// One key of a member.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn key(
    tx: &mut Tx,
    member_id: &MemberId,
    key_id: &str,
) -> Result<Option<MemberKey>, StoreError> {
    let row = tx.query_first(GET_KEY, &[member_id.as_str().into(), key_id.into()]).await?;
    row.map(|row| member_key(&row)).transpose()
}

/// The keys of a member, oldest first, at most [`KEYS_MAX`].
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn keys(tx: &mut Tx, member_id: &MemberId) -> Result<Vec<MemberKey>, StoreError> {
    let rows = tx.query(LIST_KEYS, &[member_id.as_str().into()]).await?;
    rows.iter().map(member_key).collect()
}

/// Removes a key. Returns whether it existed.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn delete_key(
    tx: &mut Tx,
    member_id: &MemberId,
    key_id: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE_KEY, &[member_id.as_str().into(), key_id.into()]).await? > 0)
}

/// Adds the SHA-256 (hexadecimal) of a Basic secret.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn insert_api_key(
    tx: &mut Tx,
    member_id: &MemberId,
    secret_sha256: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let params = [member_id.as_str().into(), secret_sha256.into(), now.as_millisecond().into()];
    tx.execute(INSERT_API_KEY, &params).await.map(|_| ())
}

/// Whether the member has a Basic secret with that SHA-256 (hexadecimal).
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn has_api_key(
    tx: &mut Tx,
    member_id: &MemberId,
    secret_sha256: &str,
) -> Result<bool, StoreError> {
    let params = [member_id.as_str().into(), secret_sha256.into()];
    Ok(tx.query_first(HAS_API_KEY, &params).await?.is_some())
}

fn member_key(row: &Row) -> Result<MemberKey, StoreError> {
    Ok(MemberKey {
        key_id: row.text(0)?.to_owned(),
        algorithm: row.text(1)?.to_owned(),
        public_key: row.text(2)?.to_owned(),
    })
}
