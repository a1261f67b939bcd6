//! Clients that registered by themselves: the parts that the standards share. A client is known at the
//! bank that registered it, and nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

use super::banks::Bank;
use super::jose::{KeySet, base64url};
use super::shared::{Client, Shared};
use super::table::Row;
use crate::Registration;

/// A client may name at most this many addresses.
const REDIRECT_URIS_MAX: usize = 20;

/// A client that registered, keyed by its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RegisteredClient {
    pub(crate) bank: String,
    pub(crate) name: String,
    /// Of its certificates.
    pub(crate) organisation_identifier: String,
    /// `iss` of its message signatures; empty where the standard has none.
    pub(crate) jws_issuer: String,
    /// Its public keys; none where its certificates say enough.
    pub(crate) jwks: Option<Value>,
    pub(crate) redirect_uris: Vec<String>,
    /// Its secret, at banks that know clients by one.
    pub(crate) secret: Option<String>,
    /// The QSealC that it registered with, base64 of the DER.
    #[serde(default)]
    pub(crate) seal_certificate: Option<String>,
}

impl Row for RegisteredClient {
    const TABLE: &'static str = "registered_client";
    const CAPACITY: usize = 1_000;
    fn is_finished(&self, _now: jiff::Timestamp) -> bool {
        false
    }
}

impl RegisteredClient {
    /// The client as the banks look it up.
    pub(crate) fn client(&self, client_id: &str) -> Result<Client, String> {
        let jwks = self.jwks.clone().unwrap_or_else(|| json!({ "keys": [] }));
        let keys = match self.jwks.is_some() {
            true => KeySet::parse(&jwks)?,
            false => KeySet::empty(),
        };
        let registration = Registration {
            client_id: client_id.to_owned(),
            name: self.name.clone(),
            jwks,
            redirect_uris: self.redirect_uris.clone(),
            jws_issuer: self.jws_issuer.clone(),
            organisation_identifier: Some(self.organisation_identifier.clone()),
            seal_certificate_der: self
                .seal_certificate
                .as_ref()
                .and_then(|text| STANDARD.decode(text).ok()),
            seal_certificate_url: None,
        };
        let (bank, secret) = (Some(self.bank.clone()), self.secret.clone());
        Ok(Client { registration, keys, bank, secret })
    }
}

/// The parts of a registration that every standard checks alike; `redirect_uris` must be there.
pub(crate) fn redirect_uris(metadata: &Map<String, Value>) -> Result<Vec<String>, &'static str> {
    let listed = metadata.get("redirect_uris").and_then(Value::as_array);
    let listed = listed.ok_or("redirect_uris is missing")?;
    let texts: Option<Vec<String>> =
        listed.iter().map(|uri| uri.as_str().map(str::to_owned)).collect();
    texts
        .filter(|uris| (1..=REDIRECT_URIS_MAX).contains(&uris.len()))
        .filter(|uris| uris.iter().all(|uri| url::Url::parse(uri).is_ok()))
        .ok_or("redirect_uris is not a list of URLs")
}

/// Whether a member has exactly that value, or is a list with it.
pub(crate) fn has(metadata: &Map<String, Value>, name: &str, word: &str) -> bool {
    match metadata.get(name) {
        Some(Value::Array(list)) => list.iter().any(|value| value == word),
        Some(value) => value == word,
        None => false,
    }
}

/// Keeps a client; the answer to its request (RFC 7591, section 3.2.1).
pub(crate) fn keep(
    shared: &Shared,
    bank: &Bank,
    client: RegisteredClient,
    metadata: Map<String, Value>,
) -> Result<Value, String> {
    let client_id = format!("{}-{}", bank.id, shared.uuid());
    let secret = client.secret.clone();
    shared.register(&client_id, client)?;
    let mut answer = Value::Object(metadata);
    answer["client_id"] = json!(client_id);
    answer["client_id_issued_at"] = json!(shared.now().as_second());
    if let Some(secret) = secret {
        answer["client_secret"] = json!(secret);
        answer["client_secret_expires_at"] = json!(0);
    }
    Ok(answer)
}

/// A certificate's RSA key as a JSON Web Key.
pub(crate) fn jwk_of_certificate(der: &[u8], key_id: &str) -> Option<Value> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let PublicKey::RSA(key) = certificate.public_key().parsed().ok()? else { return None };
    let number = |bytes: &[u8]| {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        base64url(&bytes[zeros..])
    };
    Some(json!({
        "kty": "RSA", "use": "sig", "alg": "PS256", "kid": key_id,
        "n": number(key.modulus), "e": number(key.exponent),
        "x5c": [STANDARD.encode(der)],
    }))
}

/// The first certificate of a key of a client (`x5c`), DER.
pub(crate) fn certificate_of_keys(metadata: &Map<String, Value>) -> Option<Vec<u8>> {
    let first = metadata.get("jwks")?["keys"].as_array()?.first()?;
    STANDARD.decode(first["x5c"].as_array()?.first()?.as_str()?).ok()
}
