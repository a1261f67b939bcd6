//! Basic keys (reference, section 1.2): base64 of the member's id with `-` for `:`, a colon, and
//! a secret.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ids::MemberId;
use gateway::{App, Member, members};

use super::Refused;

pub(super) async fn member(app: &Arc<App>, key: &str) -> Result<Member, Refused> {
    let wrong = || Refused::because("the Basic key is not one of ours");
    let decoded = STANDARD.decode(key).map_err(|_| wrong())?;
    let decoded = String::from_utf8(decoded).map_err(|_| wrong())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(wrong)?;
    let member_id: MemberId = id.replace('-', ":").parse().map_err(|_| wrong())?;
    let digest = secret_sha256(secret);
    app.may_authenticate(&member_id, &digest).map_err(Refused::later)?;
    let valid =
        members::api_key_is_valid(app, &member_id, &digest).await.map_err(Refused::store)?;
    app.authenticated(&member_id, &digest, valid);
    if valid { Ok(Member::authenticated(member_id)) } else { Err(wrong()) }
}

/// The stored form of a Basic secret: its SHA-256 in hexadecimal. The secret is random,
/// so nothing slower is needed.
#[must_use]
pub fn secret_sha256(secret: &str) -> String {
    hex::encode(digest(&SHA256, secret.as_bytes()).as_ref())
}

/// The whole `Authorization` header of a Basic key.
#[must_use]
pub fn header_value(member_id: &MemberId, secret: &str) -> String {
    let plain = format!("{}:{secret}", member_id.as_str().replace(':', "-"));
    format!("Basic {}", STANDARD.encode(plain))
}
