//! Detached signatures of bodies with a free header, as PolishAPI has them (`X-JWS-SIGNATURE`): the
//! standard says no more than "detached", so the header is the bank's choice.

use serde::{Deserialize, Serialize};

use super::{HEADER_BYTES_MAX, JoseError, KeySet, SigningKey, TOKEN_BYTES_MAX, decode, encode};
use crate::profile::{HttpSignature, JwsAlgorithm};

/// The header of our signature.
#[derive(Debug, Clone)]
pub struct JwsHeader<'a> {
    /// The algorithm.
    pub algorithm: JwsAlgorithm,
    /// SHA-256 of our QSealC in base64url (RFC 7515, `x5t#S256`).
    pub certificate_digest: String,
    /// Where our QSealC is (`x5u`).
    pub certificate_url: Option<&'a str>,
    /// Whether the body is signed as it is (RFC 7797).
    pub unencoded: bool,
}

#[derive(Serialize)]
struct OurHeader<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
    #[serde(rename = "x5t#S256")]
    certificate_digest: &'a str,
    #[serde(rename = "x5u", skip_serializing_if = "Option::is_none")]
    certificate_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b64: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crit: Option<[&'static str; 1]>,
}

#[derive(Deserialize)]
struct TheirHeader {
    alg: String,
    kid: String,
    b64: Option<bool>,
    #[serde(default)]
    crit: Vec<String>,
}

/// Signs `body`.
///
/// # Errors
/// If the key fails.
pub fn sign_body(key: &SigningKey, jws: &JwsHeader<'_>, body: &[u8]) -> Result<String, JoseError> {
    let header = OurHeader {
        alg: jws.algorithm.word(),
        typ: "JOSE",
        kid: key.kid(),
        certificate_digest: &jws.certificate_digest,
        certificate_url: jws.certificate_url,
        b64: jws.unencoded.then_some(false),
        crit: jws.unencoded.then_some(["b64"]),
    };
    let header = serde_json::to_vec(&header)
        .map_err(|_| JoseError::Malformed("header that is not JSON"))
        .map(|json| encode(&json))?;
    let message = message(&header, body, jws.unencoded);
    let signature = match jws.algorithm {
        JwsAlgorithm::Rs256 => key.sign_pkcs1(HttpSignature::RsaSha256, &message)?,
        JwsAlgorithm::Ps256 => key.sign(&message)?,
    };
    Ok(format!("{header}..{}", encode(&signature)))
}

/// Verifies that `signature` is that of a key in `keys` over exactly `body`, in `RS256`, `PS256` or
/// `ES256`.
///
/// # Errors
/// [`JoseError::UnknownKey`] if a newer key set may help; everything else is final.
pub fn verify_body(signature: &str, body: &[u8], keys: &KeySet) -> Result<(), JoseError> {
    if signature.len() > TOKEN_BYTES_MAX {
        return Err(JoseError::TooLong);
    }
    let (header64, signature64) = signature
        .split_once("..")
        .ok_or(JoseError::Malformed("not two parts with two dots between"))?;
    if header64.len() > HEADER_BYTES_MAX {
        return Err(JoseError::TooLong);
    }
    let header: TheirHeader = serde_json::from_slice(&decode(header64)?)
        .map_err(|_| JoseError::Malformed("header without `alg` or `kid`"))?;
    let unencoded = header.b64 == Some(false);
    // An extension that we do not know must not be passed over (RFC 7515, section 4.1.11).
    if header.crit.iter().any(|name| name != "b64") {
        return Err(JoseError::Claim("crit"));
    }
    let message = message(header64, body, unencoded);
    let value = decode(signature64)?;
    match header.alg.as_str() {
        "RS256" => keys.verify_pkcs1(&header.kid, &message, &value),
        "PS256" => keys.verify(Some(&header.kid), super::Algorithm::Ps256, &message, &value),
        "ES256" => keys.verify(Some(&header.kid), super::Algorithm::Es256, &message, &value),
        _ => Err(JoseError::Claim("alg")),
    }
}

fn message(header64: &str, body: &[u8], unencoded: bool) -> Vec<u8> {
    let mut message = format!("{header64}.").into_bytes();
    match unencoded {
        true => message.extend_from_slice(body),
        false => message.extend_from_slice(encode(body).as_bytes()),
    }
    message
}
