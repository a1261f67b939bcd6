//! `/member/{memberId}/keys`: public keys with which a member signs its requests, and the
//! gateway's own public key, with which webhooks are verified.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::ids::MemberId;
use gateway::idempotency::IdempotencyKey;
use gateway::public_key::{KeyFault, PublicKey};
use gateway::{App, members};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::members::MemberKey;
use utoipa::ToSchema;

use super::auth::{Caller, MemberRequest};
use super::error::FieldFault;
use super::path::Path;
use super::{ApiError, idempotency, json};
use crate::api::parts::places::Only;

/// A public key to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmitKey {
    /// `ED25519`, `ECDSA_SHA256` or `RS256`.
    key_algorithm: String,
    /// PEM, or base64url of the raw key.
    public_key: String,
}

/// The id of a registered key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyId {
    /// 16 base64url characters.
    key_id: String,
}

/// A registered key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetKey {
    /// 16 base64url characters.
    pub(super) id: String,
    /// `ED25519`, `ECDSA_SHA256` or `RS256`.
    pub(super) key_algorithm: String,
    /// As it was registered.
    pub(super) public_key: String,
}

/// Keys in the published nesting.
#[derive(Debug, Serialize, ToSchema)]
pub struct Keys {
    /// The keys.
    key: Vec<GetKey>,
}

/// Nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
pub struct Empty {}

/// Register a public key
#[utoipa::path(
    post, path = "/member/{memberId}/keys", tag = "Authentication keys",
    operation_id = "GatewayService.AddMemberKey",
    params(("memberId" = String, Path, description = "The caller's own member id")),
    request_body = SubmitKey,
    responses((status = 200, description = "The key's id", body = KeyId),
        (status = 400, description = "The key cannot be read"),
        (status = 401, description = "Not authenticated"),
        (status = 403, description = "Another member's keys"))
)]
pub async fn add_key(
    State(app): State<Arc<App>>,
    Path(member_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    own(&incoming, &member_id)?;
    idempotency::once(&app, &incoming, |key| register(&app, &incoming, key)).await
}

async fn register(
    app: &Arc<App>,
    incoming: &MemberRequest,
    idempotency: Option<IdempotencyKey>,
) -> Result<KeyId, ApiError> {
    let submitted: SubmitKey = json::read(&incoming.body)?;
    let key = PublicKey::parse(&submitted.key_algorithm, &submitted.public_key)
        .map_err(|fault| ApiError::BadRequest { message: in_words(&fault) })?;
    let key_id = gateway::signing::key_id(key.bytes());
    let key = MemberKey {
        key_id: key_id.clone(),
        algorithm: submitted.key_algorithm,
        public_key: submitted.public_key,
    };
    members::add_key(app, &incoming.member, key, idempotency)
        .await
        .map_err(|error| ApiError::from_gateway(error, "", &Only("")))?;
    Ok(KeyId { key_id })
}

fn in_words(fault: &KeyFault) -> String {
    match fault {
        KeyFault::Algorithm { .. } => format!("`keyAlgorithm` {fault}."),
        KeyFault::Key(_) => format!("`publicKey` {fault}."),
    }
}

/// List the keys of a member
#[utoipa::path(
    get, path = "/member/{memberId}/keys", tag = "Authentication keys",
    operation_id = "GatewayService.GetMemberKeys",
    security((), ("Bearer" = []), ("BasicAuth" = [])),
    params(("memberId" = String, Path, description = "The caller's own member id, or the gateway's")),
    responses((status = 200, description = "The keys, in one element", body = Vec<Keys>),
        (status = 401, description = "Not authenticated"),
        (status = 403, description = "Another member's keys"))
)]
pub async fn list_keys(
    State(app): State<Arc<App>>,
    Path(member_id): Path<String>,
    caller: Caller,
) -> Result<Json<Vec<Keys>>, ApiError> {
    Ok(Json(vec![Keys { key: keys_of(&app, &member_id, caller).await? }]))
}

/// Read one key of a member
#[utoipa::path(
    get, path = "/member/{memberId}/keys/{keyId}", tag = "Authentication keys",
    operation_id = "GatewayService.GetMemberKey",
    security((), ("Bearer" = []), ("BasicAuth" = [])),
    params(("memberId" = String, Path, description = "The caller's own member id, or the gateway's"),
        ("keyId" = String, Path, description = "The key's id")),
    responses((status = 200, description = "The key", body = Keys),
        (status = 401, description = "Not authenticated"),
        (status = 403, description = "Another member's keys"),
        (status = 404, description = "No such key"))
)]
pub async fn get_key(
    State(app): State<Arc<App>>,
    Path((member_id, key_id)): Path<(String, String)>,
    caller: Caller,
) -> Result<Json<Keys>, ApiError> {
    let keys = keys_of(&app, &member_id, caller).await?;
    let key: Vec<GetKey> = keys.into_iter().filter(|key| key.id == key_id).collect();
    if key.is_empty() { Err(no_such_key(&key_id)) } else { Ok(Json(Keys { key })) }
}

/// Remove a key of a member
#[utoipa::path(
    delete, path = "/member/{memberId}/keys/{keyId}", tag = "Authentication keys",
    operation_id = "GatewayService.DeleteMemberKey",
    params(("memberId" = String, Path, description = "The caller's own member id"),
        ("keyId" = String, Path, description = "The key's id")),
    responses((status = 200, description = "The key is removed", body = Empty),
        (status = 401, description = "Not authenticated"),
        (status = 403, description = "Another member's keys"),
        (status = 404, description = "No such key"))
)]
pub async fn delete_key(
    State(app): State<Arc<App>>,
    Path((member_id, key_id)): Path<(String, String)>,
    incoming: MemberRequest,
) -> Result<Json<Empty>, ApiError> {
    own(&incoming, &member_id)?;
    let deleted = members::delete_key(&app, &incoming.member, &key_id)
        .await
        .map_err(|error| ApiError::from_gateway(error, "", &Only("")))?;
    if deleted { Ok(Json(Empty {})) } else { Err(no_such_key(&key_id)) }
}

/// `GET /.well-known/jwks.json`: the key that signs webhooks, as a JSON Web Key Set (RFC 8037).
pub async fn jwks(State(app): State<Arc<App>>) -> Json<Value> {
    let key = app.gateway_key();
    Json(json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
        "kid": key.key_id(), "x": key.public_key(),
    }]}))
}

/// `GET /.well-known/qseal/{fingerprint}`: a certificate with which we sign messages to banks, DER
/// (STET, header `Signature`, `keyId`; PolishAPI, `x5u`). Certificates are public.
pub async fn seal_certificate(
    State(app): State<Arc<App>>,
    Path(fingerprint): Path<String>,
) -> Result<Response, ApiError> {
    match app.seal_certificate(&fingerprint) {
        Some(der) => Ok(([(CONTENT_TYPE, "application/pkix-cert")], der).into_response()),
        None => {
            let id: String = fingerprint.chars().take(64).collect();
            Err(ApiError::NotFound { message: format!("Certificate {id} not found."), id })
        }
    }
}

/// The gateway's own key verifies its signatures, so it is everybody's to read.
pub(super) async fn keys_of(
    app: &App,
    member_id: &str,
    caller: Caller,
) -> Result<Vec<GetKey>, ApiError> {
    let gateway = app.gateway_key();
    if same_member(member_id, gateway.member_id()) {
        return Ok(vec![GetKey {
            id: gateway.key_id().to_owned(),
            key_algorithm: "ED25519".to_owned(),
            public_key: gateway.public_key(),
        }]);
    }
    let incoming = caller.known(app)?;
    own(&incoming, member_id)?;
    let keys = members::keys(app, &incoming.member)
        .await
        .map_err(|error| ApiError::from_gateway(error, "", &Only("")))?;
    Ok(keys
        .into_iter()
        .map(|key| GetKey {
            id: key.key_id,
            key_algorithm: key.algorithm,
            public_key: key.public_key,
        })
        .collect())
}

fn own(incoming: &MemberRequest, member_id: &str) -> Result<(), ApiError> {
    if member_id.parse::<MemberId>().is_err() {
        let message = "`memberId` should be a member id such as `m:…:…`.";
        return Err(ApiError::field(FieldFault::InvalidFormat, "memberId", message));
    }
    if same_member(member_id, incoming.member.id()) {
        Ok(())
    } else {
        let message = "A member may see and change its own keys only.".to_owned();
        Err(ApiError::PermissionDenied { message })
    }
}

fn same_member(text: &str, id: &MemberId) -> bool {
    text == id.as_str()
}

fn no_such_key(key_id: &str) -> ApiError {
    let shown: String = key_id.chars().take(64).collect();
    ApiError::NotFound { message: format!("Key {shown} not found."), id: shown }
}
