//! A merchant that uses the public API like any other: the demo shop and `bascule pay` are ones.

use std::sync::Arc;

use anyhow::Context;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use banks::wire::{Request, Wire};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::seams::Clock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::wire::HttpWire;

/// How long the gateway may take to answer a merchant, in milliseconds.
const TIMEOUT_MS: u64 = 30_000;
/// How far ahead a merchant's tokens expire, in milliseconds.
const TOKEN_LIFETIME_MS: i64 = 5 * 60_000;

/// The access of a merchant to the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// `m:…`.
    pub member_id: String,
    /// The id of the key below.
    pub key_id: String,
    /// base64url of the 32-byte seed of the Ed25519 key.
    pub key_seed: String,
}

/// An answer of the gateway that is not 200.
#[derive(Debug)]
pub struct Refusal {
    /// Method and path of the request.
    what: String,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    text: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: HTTP {}: {}", self.what, self.status, self.text)
    }
}

impl std::error::Error for Refusal {}

/// A client of the public API.
pub struct Merchant {
    wire: Arc<HttpWire>,
    clock: Arc<dyn Clock>,
    base_url: String,
    credentials: Credentials,
    pair: Ed25519KeyPair,
}

impl Merchant {
    /// A client of the gateway at `base_url`.
    ///
    /// # Errors
    /// If the key is not an Ed25519 seed.
    pub fn new(
        wire: Arc<HttpWire>,
        clock: Arc<dyn Clock>,
        base_url: &str,
        credentials: Credentials,
    ) -> anyhow::Result<Merchant> {
        let seed = URL_SAFE_NO_PAD.decode(&credentials.key_seed).context("the key's seed")?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| anyhow::anyhow!("the key's seed is not one of Ed25519"))?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Merchant { wire, clock, base_url, credentials, pair })
    }

    /// Calls the API with a signed request; the answer's JSON.
    ///
    /// # Errors
    /// If there is no answer, or it is not 200: then it is a [`Refusal`].
    pub async fn call(
        &self,
        method: http::Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let token = self.token(method.as_str(), path, &body)?;
        let headers = vec![
            ("authorization".to_owned(), format!("Bearer {token}")),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        let what = format!("{method} {path}");
        let request = Request {
            operation: "merchant",
            method,
            url: format!("{}{path}", self.base_url),
            headers,
            body,
            timeout_ms: TIMEOUT_MS,
            client_certificate: None,
            tls_authorities: None,
        };
        let response = self.wire.send(request).await.with_context(|| what.clone())?;
        let text = String::from_utf8_lossy(&response.body).into_owned();
        if response.status != 200 {
            return Err(Refusal { what, status: response.status, text }.into());
        }
        serde_json::from_str(&text).with_context(|| format!("{what}: the answer is not JSON"))
    }

    /// The detached JWS of one request (reference, section 1.1).
    fn token(&self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<String> {
        let host = self.base_url.split("://").nth(1).context("the base URL has no host")?;
        let header = json!({
            "alg": "EdDSA", "kid": self.credentials.key_id, "mid": self.credentials.member_id,
            "host": host, "method": method, "path": path,
            "exp": self.clock.now().as_millisecond() + TOKEN_LIFETIME_MS,
        });
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let signing_input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(body));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signing_input.as_bytes()).as_ref());
        Ok(format!("{header}..{signature}"))
    }

    /// The gateway's public key: base64url of 32 bytes.
    ///
    /// # Errors
    /// If the gateway does not answer with one.
    pub async fn gateway_public_key(&self) -> anyhow::Result<String> {
        let keys = self.call(http::Method::GET, "/.well-known/jwks.json", None).await?;
        let key = keys["keys"][0]["x"].as_str().context("the gateway publishes no key")?;
        Ok(key.to_owned())
    }
}

/// Whether `signature` (header `token-signature`) fits the raw body of a webhook.
#[must_use]
pub fn webhook_is_genuine(public_key: &str, signature: &str, body: &[u8]) -> bool {
    let key = URL_SAFE_NO_PAD.decode(public_key);
    let signature = URL_SAFE_NO_PAD.decode(signature);
    match (key, signature) {
        (Ok(key), Ok(signature)) => {
            UnparsedPublicKey::new(&ED25519, key).verify(body, &signature).is_ok()
        }
        _ => false,
    }
}

/// The public key of a seed: 32 bytes.
///
/// # Errors
/// If the seed is not one of Ed25519.
pub fn public_key_of(seed: &[u8]) -> anyhow::Result<Vec<u8>> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed)
        .map_err(|_| anyhow::anyhow!("the seed is not one of Ed25519"))?;
    Ok(pair.public_key().as_ref().to_vec())
}
