//! `/members/{memberId}` and `/resolve-alias`: how published clients find the keys that verify what
//! the gateway signs (reference, members and signatures, "Token member and callback verification").

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway::App;
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiError;
use super::auth::{Caller, Visitor};
use super::keys::{GetKey, keys_of};
use super::path::Path;

/// The alias under which published clients look for the gateway's own member: type and value.
const GATEWAY_ALIAS: (&str, &str) = ("DOMAIN", "token.io");

/// A public key of a member.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceKey {
    /// 16 base64url characters.
    id: String,
    /// As it was registered; base64url of the raw key for the gateway's own.
    public_key: String,
    /// `ED25519`, `ECDSA_SHA256` or `RS256`.
    algorithm: String,
    /// Always `STANDARD`: keys have no levels here.
    level: String,
}

/// A member with its keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberResource {
    /// Its id.
    id: String,
    /// Its public keys.
    keys: Vec<ResourceKey>,
}

/// A member in its envelope.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberResponse {
    /// The member.
    member: MemberResource,
}

/// The id of a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResolvedMember {
    /// The id.
    id: String,
}

/// Which member an alias names.
#[derive(Debug, Serialize, ToSchema)]
pub struct AliasResponse {
    /// The member; absent if the alias names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<ResolvedMember>,
}

/// Read a member with its keys
#[utoipa::path(
    get, path = "/members/{memberId}", tag = "Authentication keys", operation_id = "getMember",
    security((), ("Bearer" = []), ("BasicAuth" = [])),
    params(("memberId" = String, Path, description = "The caller's own member id, or the gateway's")),
    responses((status = 200, description = "The member", body = MemberResponse),
        (status = 400, description = "`memberId` is not a member id"),
        (status = 401, description = "Not authenticated"),
        (status = 403, description = "Another member"))
)]
pub async fn get_member(
    State(app): State<Arc<App>>,
    Path(member_id): Path<String>,
    caller: Caller,
) -> Result<Json<MemberResponse>, ApiError> {
    let keys = keys_of(&app, &member_id, caller).await?;
    let keys = keys
        .into_iter()
        .map(|GetKey { id, key_algorithm: algorithm, public_key }| ResourceKey {
            id,
            public_key,
            algorithm,
            level: "STANDARD".to_owned(),
        })
        .collect();
    Ok(Json(MemberResponse { member: MemberResource { id: member_id, keys } }))
}

/// Find the member that an alias names
#[utoipa::path(
    get, path = "/resolve-alias", tag = "Authentication keys", operation_id = "resolveAlias",
    description = "The gateway's own member alone is found, under the alias that published clients \
                   ask for. Members' aliases are not for others to look up.",
    security((), ("Bearer" = []), ("BasicAuth" = [])),
    params(("alias.type" = Option<String>, Query, description = "The kind of alias"),
        ("alias.value" = Option<String>, Query, description = "The alias")),
    responses((status = 200, description = "The member, if there is one", body = AliasResponse),
        (status = 400, description = "Too many parameters"),
        (status = 401, description = "Not authenticated"))
)]
pub async fn resolve_alias(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Json<AliasResponse>, ApiError> {
    let query = visitor.query()?;
    let asked = (query.text("alias.type"), query.text("alias.value"));
    let (kind, value) = GATEWAY_ALIAS;
    let is_gateway = asked == (Some(kind), Some(value));
    let member =
        is_gateway.then(|| ResolvedMember { id: app.gateway_key().member_id().to_string() });
    Ok(Json(AliasResponse { member }))
}
