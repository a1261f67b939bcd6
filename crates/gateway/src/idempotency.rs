//! Requests that a client may repeat: header `Idempotency-Key` (our addition; reference, section
//! 1.10, has none).
//!
//! The key is recorded in the commit of what the request changes, so a crash leaves both or
//! neither. The answer is recorded when it is there. A repetition gets the answer; where the
//! process died in between, it gets the payment as it stands.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256, digest};
use domain::subject::Subject;
use jiff::SignedDuration;
use store::idempotency::{self, KnownKey, NewKey};
use store::unit;

use crate::{App, GatewayError, Member};

/// How long after its own time limit a request may need for its answer.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// The key of one request: who sends it, where to, with which body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    id: String,
    request_sha256: String,
    /// The digest of the body byte by byte, with which keys were recorded up to release 0.3.
    bytes_sha256: String,
}

/// The body with one form only: keys of objects in order, no white space. A client that writes the
/// same value again may write it otherwise. What is no JSON stands for itself.
fn in_one_form(body: &[u8]) -> Vec<u8> {
    // The map of this library is in the order of its keys.
    serde_json::from_slice::<serde_json::Value>(body)
        .map_or_else(|_| body.to_vec(), |value| value.to_string().into_bytes())
}

impl IdempotencyKey {
    /// The key `key` of a request of `member` to `route` (method and path).
    #[must_use]
    pub fn new(member: &Member, route: &str, key: &str, body: &[u8]) -> IdempotencyKey {
        let mut context = Context::new(&SHA256);
        for part in [member.id().as_str(), route, key] {
            // The length first: no two triples are written alike.
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
        IdempotencyKey {
            id: hex::encode(context.finish().as_ref()),
            request_sha256: hex::encode(digest(&SHA256, &in_one_form(body)).as_ref()),
            bytes_sha256: hex::encode(digest(&SHA256, body).as_ref()),
        }
    }

    /// The row for a request that is answered within `timeout_ms`.
    pub(crate) fn row(&self, app: &App, timeout_ms: u64) -> NewKey {
        let now = app.now();
        let patience = SignedDuration::from_millis(i64::try_from(timeout_ms).unwrap_or(i64::MAX));
        let until = now.checked_add(patience).and_then(|until| until.checked_add(MARGIN));
        NewKey {
            id: self.id.clone(),
            request_sha256: self.request_sha256.clone(),
            created_at: now,
            running_until: until.unwrap_or(now),
        }
    }
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: the request is to be carried out.
    New,
    /// It came with another body.
    OtherBody,
    /// The first request is still being carried out.
    Running,
    /// The body of the first answer.
    Answered(String),
    /// The first request was carried out and never answered; what it made or changed, where that is
    /// something.
    Unanswered(Option<Subject>),
}

/// What is known of a key.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn find(app: &Arc<App>, key: &IdempotencyKey) -> Result<Known, GatewayError> {
    let id = key.id.clone();
    let found = app.db().read(move |tx| unit(async move { idempotency::get(tx, &id).await }));
    Ok(match found.await? {
        None => Known::New,
        Some(known)
            if ![&key.request_sha256, &key.bytes_sha256].contains(&&known.request_sha256) =>
        {
            Known::OtherBody
        }
        Some(KnownKey { answer: Some(answer), .. }) => Known::Answered(answer),
        Some(known) if app.now() < known.running_until => Known::Running,
        Some(known) => Known::Unanswered(known.subject),
    })
}

/// Keeps the body of the answer for repetitions; the first one stays.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn answered(
    app: &Arc<App>,
    key: &IdempotencyKey,
    answer: String,
) -> Result<(), GatewayError> {
    let (id, answer) = (key.id.clone(), Arc::<str>::from(answer));
    app.db()
        .transact((id, answer), move |(id, answer), tx| {
            unit(async move { idempotency::answered(tx, id, answer).await })
        })
        .await?;
    Ok(())
}
