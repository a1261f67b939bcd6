//! Records of a member that are sealed whole: accounts on file, verifications of payees.

use domain::ids::MemberId;
use domain::sealed::Sealed;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::sealed_records::{self, RecordKind};
use store::{idempotency, unit};

use crate::idempotency::IdempotencyKey;
use crate::{App, GatewayError, Member};

/// What a record is sealed for: it opens as nothing else.
fn purpose(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::TokenizedAccount => "account on file",
        RecordKind::AccountVerification => "account verification",
    }
}

/// The content of a record as it is stored.
pub(crate) fn seal<T: Serialize>(
    app: &App,
    kind: RecordKind,
    id: &str,
    content: &T,
) -> Result<String, GatewayError> {
    let plain =
        serde_json::to_vec(content).map_err(|error| GatewayError::Sealing(error.to_string()))?;
    Ok(app.parts.sealer.seal(purpose(kind), id, &plain, app.ids())?.0)
}

/// Keeps a record of the member, with the idempotency key of the request in the same commit.
pub(crate) async fn keep<T: Serialize>(
    app: &App,
    member: &Member,
    kind: RecordKind,
    id: &str,
    content: &T,
    key: Option<IdempotencyKey>,
) -> Result<(), GatewayError> {
    let sealed = seal(app, kind, id, content)?;
    let (member_id, id, now) = (member.id().clone(), id.to_owned(), app.now());
    let key = key.map(|key| key.row(app, 0));
    app.db()
        .transact((member_id, id, sealed, key), move |(member_id, id, sealed, key), tx| {
            unit(async move {
                if let Some(key) = key
                    && !idempotency::insert(tx, key, None).await?
                {
                    return Ok(Err(GatewayError::KeyTaken));
                }
                sealed_records::insert(tx, kind, id, member_id, sealed, now).await.map(Ok)
            })
        })
        .await?
}

/// The member's record of that id.
pub(crate) async fn get<T: DeserializeOwned>(
    app: &App,
    member_id: &MemberId,
    kind: RecordKind,
    id: &str,
) -> Result<Option<T>, GatewayError> {
    let (owner, wanted) = (member_id.clone(), id.to_owned());
    let sealed = app
        .db()
        .read(move |tx| unit(async move { sealed_records::get(tx, kind, &wanted, &owner).await }))
        .await?;
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    let plain = app.parts.sealer.unseal(purpose(kind), id, &Sealed(sealed))?;
    serde_json::from_slice(&plain)
        .map(Some)
        .map_err(|error| GatewayError::Sealing(format!("the {} {id}: {error}", purpose(kind))))
}
