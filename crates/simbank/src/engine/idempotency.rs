//! Creations that must not happen twice: the past use of a client's idempotency key.

use serde::{Deserialize, Serialize};

use jiff::Timestamp;

use super::jose::{base64url, sha256};
use super::state::{State, after_seconds};

/// How long a key is remembered.
const LIFE_SECONDS: i64 = 24 * 3600;

/// A creation; keyed by bank, client, resource and key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IdempotentCall {
    pub(crate) body_sha256: String,
    pub(crate) resource_id: String,
    pub(crate) expires_at: Timestamp,
}

/// The past use of a key.
pub(crate) enum Earlier {
    /// Nothing, or so long ago that it is forgotten.
    None,
    /// The same body made this resource.
    Same(String),
    /// Another body made this resource.
    Changed(String),
}

/// Looks for an earlier call with the key.
pub(crate) fn find(state: &State, key: &str, body: &[u8], now: Timestamp) -> Earlier {
    match state.idempotent_calls.get(key).filter(|earlier| earlier.expires_at > now) {
        None => Earlier::None,
        Some(earlier) if earlier.body_sha256 == base64url(sha256(body)) => {
            Earlier::Same(earlier.resource_id.clone())
        }
        Some(earlier) => Earlier::Changed(earlier.resource_id.clone()),
    }
}

/// Keeps what the key was used for.
pub(crate) fn remember(
    state: &mut State,
    key: &str,
    body: &[u8],
    resource_id: &str,
    now: Timestamp,
) {
    let row = IdempotentCall {
        body_sha256: base64url(sha256(body)),
        resource_id: resource_id.to_owned(),
        expires_at: after_seconds(now, LIFE_SECONDS),
    };
    state.idempotent_calls.put(key, row, now, &mut state.changes);
}
