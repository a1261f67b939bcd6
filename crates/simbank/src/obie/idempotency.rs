//! `x-idempotency-key` (OBIE 3.1.11, Basics, Idempotency): a key lives 24 hours per client and
//! resource. The same key with the same body gives the resource as it is now and has no second
//! effect; with a changed body it is refused with 400.

use super::problem::Problem;
use super::{Answer, Call};
use crate::jose::{base64url, sha256};
use crate::state::{IdempotentCall, State, after_seconds};

const LIFE_SECONDS: i64 = 24 * 3600;

/// What a key was used for.
pub(crate) enum Earlier {
    /// Nothing, or so long ago that it is forgotten.
    None,
    /// The same body made this resource.
    Same(String),
    /// Another body.
    Changed,
}

/// Looks for an earlier call with the key.
pub(crate) fn find(state: &State, key: &str, call: &Call) -> Earlier {
    match state.idempotent_calls.get(key).filter(|earlier| earlier.expires_at > call.now) {
        None => Earlier::None,
        Some(earlier) if earlier.body_sha256 == base64url(sha256(call.body)) => {
            Earlier::Same(earlier.resource_id.clone())
        }
        Some(_) => Earlier::Changed,
    }
}

/// Keeps what the key was used for.
pub(crate) fn remember(state: &mut State, key: &str, resource_id: &str, call: &Call) {
    let row = IdempotentCall {
        body_sha256: base64url(sha256(call.body)),
        resource_id: resource_id.to_owned(),
        expires_at: after_seconds(call.now, LIFE_SECONDS),
    };
    state.idempotent_calls.put(key, row, call.now, &mut state.changes);
}

/// The answer to a key that comes again with another body.
pub(crate) fn changed() -> Answer {
    let what = "the idempotency key was used before with another body";
    Answer::refuse(400, vec![Problem::at("Header.Invalid", "x-idempotency-key", what)])
}
