//! `POST /{bank}/psd2/register` (RFC 7591; STET 1.4, registration of providers): a document about the
//! provider, signed with the certificate that is in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{Answer, ProviderRequest, signature};
use crate::engine::registration::{
    RegisteredClient, certificate_of_keys, has, keep, redirect_uris,
};

pub(super) fn register(incoming: &ProviderRequest<'_>) -> Result<Answer, Answer> {
    let metadata: Map<String, Value> = serde_json::from_slice(incoming.body)
        .map_err(|_| Answer::refuse(400, "the body is not a JSON object"))?;
    if incoming.header("x-request-id").is_none_or(str::is_empty) {
        return Err(Answer::refuse(400, "X-Request-ID is missing"));
    }
    let certificate = certificate_of_keys(&metadata)
        .ok_or_else(|| Answer::refuse(400, "jwks has no certificate (x5c) in its first key"))?;
    signature::check_with(incoming, &certificate)
        .map_err(|what| Answer::refuse(401, &format!("signature: {what}")))?;
    let rules = [
        ("token_endpoint_auth_method", "tls_client_auth"),
        ("grant_types", "client_credentials"),
        ("response_types", "code"),
        ("scope", "pisp"),
    ];
    if let Some((name, word)) = rules.into_iter().find(|(name, word)| !has(&metadata, name, word)) {
        return Err(Answer::refuse(400, &format!("{name} must have {word}")));
    }
    let name = metadata.get("client_name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(Answer::refuse(400, "client_name is missing"));
    }
    let client = RegisteredClient {
        bank: incoming.bank.id.to_owned(),
        name: name.to_owned(),
        organisation_identifier: incoming.provider.organisation_identifier.clone(),
        jws_issuer: String::new(),
        jwks: None,
        redirect_uris: redirect_uris(&metadata).map_err(|why| Answer::refuse(400, why))?,
        secret: None,
        seal_certificate: Some(STANDARD.encode(&certificate)),
    };
    let made = keep(incoming.shared, incoming.bank, client, metadata);
    made.map(|answer| Answer::body(201, answer)).map_err(|reason| Answer::refuse(500, &reason))
}
