//! Tables `webhook_configs` and `webhook_types`: where a member's events go.

use domain::event::EventKind;
use domain::ids::MemberId;
use jiff::Timestamp;

use crate::db::{Statement, StoreError, Tx};

pub(crate) const PUT: &str = "INSERT INTO webhook_configs (member_id, url, updated_ms) \
     VALUES ($1, $2, $3) ON CONFLICT (member_id) DO UPDATE SET \
     url = excluded.url, updated_ms = excluded.updated_ms";
pub(crate) const PUT_TYPE: &str = "INSERT INTO webhook_types (member_id, kind, position) \
     VALUES ($1, $2, $3) ON CONFLICT (member_id, kind) DO NOTHING";
pub(crate) const GET: &str = "SELECT url FROM webhook_configs WHERE member_id = $1";
pub(crate) const GET_TYPES: &str =
    "SELECT kind FROM webhook_types WHERE member_id = $1 ORDER BY position LIMIT 100";
pub(crate) const SUBSCRIBERS: &str =
    "SELECT member_id FROM webhook_types WHERE kind = $1 ORDER BY member_id LIMIT $2";
pub(crate) const DELETE: &str = "DELETE FROM webhook_configs WHERE member_id = $1";
pub(crate) const DELETE_TYPES: &str = "DELETE FROM webhook_types WHERE member_id = $1";

/// The most subscribers that one reading returns.
pub const SUBSCRIBERS_MAX: i64 = 10_000;

/// The one webhook configuration of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Where events are posted.
    pub url: String,
    /// Which events.
    pub kinds: Vec<EventKind>,
}

/// Replaces the member's configuration.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn put(
    tx: &mut Tx,
    member_id: &MemberId,
    config: &WebhookConfig,
    now: Timestamp,
) -> Result<(), StoreError> {
    let member = || member_id.as_str().into();
    let mut statements: Vec<Statement> = vec![
        (DELETE_TYPES, vec![member()]),
        (PUT, vec![member(), config.url.as_str().into(), now.as_millisecond().into()]),
    ];
    for (position, kind) in (0_i64..).zip(&config.kinds) {
        statements.push((PUT_TYPE, vec![member(), kind.name().into(), position.into()]));
    }
    tx.execute_all(&statements).await.map(|_| ())
}

/// The member's configuration, if there is one.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn get(tx: &mut Tx, member_id: &MemberId) -> Result<Option<WebhookConfig>, StoreError> {
    let params = [member_id.as_str().into()];
    let Some(row) = tx.query_first(GET, &params).await? else {
        return Ok(None);
    };
    let url = row.text(0)?.to_owned();
    let mut kinds = vec![];
    for row in tx.query(GET_TYPES, &params).await? {
        kinds.extend(EventKind::from_name(row.text(0)?));
    }
    Ok(Some(WebhookConfig { url, kinds }))
}

/// The members that get events of this kind, at most [`SUBSCRIBERS_MAX`].
///
/// # Errors
/// [`StoreError`] of the database, or a row that cannot be read.
pub async fn subscribers(tx: &mut Tx, kind: EventKind) -> Result<Vec<MemberId>, StoreError> {
    let rows = tx.query(SUBSCRIBERS, &[kind.name().into(), SUBSCRIBERS_MAX.into()]).await?;
    let corrupt = |_| StoreError::Corrupt("a subscriber's id".to_owned());
    rows.iter().map(|row| row.text(0)?.parse().map_err(corrupt)).collect()
}

/// Removes the member's configuration. Returns whether it existed.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn delete(tx: &mut Tx, member_id: &MemberId) -> Result<bool, StoreError> {
    let member = || member_id.as_str().into();
    let statements = [(DELETE_TYPES, vec![member()]), (DELETE, vec![member()])];
    let changed = tx.execute_all(&statements).await?;
    Ok(changed.last() == Some(&1))
}
