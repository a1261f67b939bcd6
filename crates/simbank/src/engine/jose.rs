//! JSON Web Signatures (RFC 7515) and keys (RFC 7517) with the two algorithms that FAPI 1 Advanced
//! allows: PS256 and ES256.
//!
//! The banks of one process share one RSA-2048 signing key. Client keys come from their
//! registration and are parsed once, at start.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

/// A client may register at most this many keys.
const MAXIMUM_KEYS: usize = 32;

/// Base64url without padding, as everywhere in JOSE.
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The reverse of [`base64url`]; `None` when the text is something else.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// The left half of the SHA-256 of a value, as `c_hash` and `s_hash` want it (OpenID Connect Core
/// 3.3.2.11, FAPI 1 Advanced 5.1.1).
pub(crate) fn half_hash(text: &str) -> String {
    base64url(&sha256(text.as_bytes())[..16])
}

/// A signature could not be made, or a key could not be used.
#[derive(Debug, thiserror::Error)]
#[error("the signing key cannot be used")]
pub(crate) struct KeyFailure;

/// The banks' RSA key.
pub(crate) struct SigningKey {
    pair: KeyPair,
    modulus: String,
    exponent: String,
    thumbprint: String,
}

impl SigningKey {
    /// Makes a new RSA-2048 key.
    pub(crate) fn generate() -> Result<Self, KeyFailure> {
        Self::from_pair(KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyFailure)?)
    }

    /// Reads a key from PKCS#8 DER.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyFailure> {
        Self::from_pair(KeyPair::from_pkcs8(der).map_err(|_| KeyFailure)?)
    }

    /// The key as PKCS#8 DER.
    pub(crate) fn to_pkcs8(&self) -> Result<Vec<u8>, KeyFailure> {
        Ok(self.pair.as_der().map_err(|_| KeyFailure)?.as_ref().to_vec())
    }

    fn from_pair(pair: KeyPair) -> Result<Self, KeyFailure> {
        let (modulus, exponent) =
            rsa_public_numbers(pair.public_key().as_ref()).ok_or(KeyFailure)?;
        let (modulus, exponent) = (base64url(modulus), base64url(exponent));
        // RFC 7638: the required members in this order, without spaces.
        let canonical = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
        let thumbprint = base64url(sha256(canonical.as_bytes()));
        Ok(Self { pair, modulus, exponent, thumbprint })
    }

    /// The key identifier under which a bank publishes the key.
    pub(crate) fn kid(&self, organisation_id: &str) -> String {
        format!("{organisation_id}-{}", &self.thumbprint[..12])
    }

    /// The public half as a JSON Web Key.
    pub(crate) fn public_jwk(&self, organisation_id: &str) -> Value {
        json!({ "kty": "RSA", "use": "sig", "alg": "PS256", "kid": self.kid(organisation_id),
            "n": self.modulus, "e": self.exponent })
    }

    /// A PS256 signature.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyFailure)?;
        Ok(signature)
    }

    /// An RS256 signature, for banks without FAPI.
    pub(crate) fn sign_pkcs1(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyFailure)?;
        Ok(signature)
    }

    /// A signed JSON Web Token in compact form.
    pub(crate) fn sign_jwt(
        &self,
        organisation_id: &str,
        claims: &Value,
    ) -> Result<String, KeyFailure> {
        let header = json!({ "alg": "PS256", "typ": "JWT", "kid": self.kid(organisation_id) });
        let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        let signature = self.sign(input.as_bytes())?;
        Ok(format!("{input}.{}", base64url(signature)))
    }
}

/// Modulus and exponent from an `RSAPublicKey` in DER (RFC 8017, A.1.1): a sequence of two integers.
fn rsa_public_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = der_element(der, 0x30)?;
    let (modulus, rest) = der_element(sequence, 0x02)?;
    let (exponent, _) = der_element(rest, 0x02)?;
    let unsigned = |bytes| <[u8]>::strip_prefix(bytes, &[0]).unwrap_or(bytes);
    Some((unsigned(modulus), unsigned(exponent)))
}

/// One DER element with the given tag: its content and what follows.
fn der_element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let octets = usize::from(first & 0x7f);
        if octets > 2 {
            return None;
        }
        let (length, rest) = rest.split_at_checked(octets)?;
        (length.iter().fold(0, |sum, &octet| sum << 8 | usize::from(octet)), rest)
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}

#[derive(Debug)]
enum PublicNumbers {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256 { point: Vec<u8> },
}

#[derive(Debug)]
struct PublicKey {
    kid: Option<String>,
    numbers: PublicNumbers,
}

/// The public signing keys of one client.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<PublicKey>);

impl KeySet {
    /// Reads a JSON Web Key Set; keys for encryption and of other types are passed over.
    pub(crate) fn parse(jwks: &Value) -> Result<Self, String> {
        let list = jwks["keys"].as_array().ok_or("it has no array \"keys\"")?;
        if list.len() > MAXIMUM_KEYS {
            return Err(format!("it has more than {MAXIMUM_KEYS} keys"));
        }
        let mut keys = Vec::new();
        for jwk in list.iter().filter(|jwk| jwk["use"].as_str().is_none_or(|usage| usage == "sig"))
        {
            let kid = jwk["kid"].as_str().map(str::to_owned);
            let number = |name: &str| {
                jwk[name]
                    .as_str()
                    .and_then(from_base64url)
                    .ok_or_else(|| format!("a key's \"{name}\" is missing or not base64url"))
            };
            let numbers = match (jwk["kty"].as_str(), jwk["crv"].as_str()) {
                (Some("RSA"), _) => {
                    PublicNumbers::Rsa { modulus: number("n")?, exponent: number("e")? }
                }
                (Some("EC"), Some("P-256")) => {
                    // An uncompressed point (SEC 1, 2.3.3).
                    let point = [vec![4], number("x")?, number("y")?].concat();
                    PublicNumbers::P256 { point }
                }
                _ => continue,
            };
            keys.push(PublicKey { kid, numbers });
        }
        if keys.is_empty() {
            return Err("it has no RSA or P-256 key for signatures".to_owned());
        }
        Ok(Self(keys))
    }

    /// No keys: nothing verifies.
    pub(crate) fn empty() -> Self {
        Self(vec![])
    }

    /// Whether a key with this identifier is registered.
    pub(crate) fn has_kid(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// Whether the signature fits one of the keys (that with the identifier, if one is given).
    pub(crate) fn verify(
        &self,
        algorithm: &str,
        kid: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self.0
            .iter()
            .filter(|key| kid.is_none() || key.kid.as_deref() == kid)
            .any(|key| key.verify(algorithm, message, signature))
    }
}

impl PublicKey {
    fn verify(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        match (&self.numbers, algorithm) {
            (PublicNumbers::Rsa { modulus, exponent }, "PS256") => {
                RsaPublicKeyComponents { n: modulus, e: exponent }
                    .verify(&RSA_PSS_2048_8192_SHA256, message, signature)
                    .is_ok()
            }
            (PublicNumbers::P256 { point }, "ES256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
            _ => false,
        }
    }
}

/// The claims of a compact JWT signed by one of `keys`; otherwise what is wrong, for the client.
pub(crate) fn verify_jwt(compact: &str, keys: &KeySet) -> Result<Map<String, Value>, &'static str> {
    let (input, signature) = compact.rsplit_once('.').ok_or("it is not a compact JWS")?;
    let (header, payload) = input.split_once('.').ok_or("it is not a compact JWS")?;
    let object = |text: &str| match serde_json::from_slice(&from_base64url(text)?) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    };
    let header = object(header).ok_or("its header is not base64url JSON")?;
    let claims = object(payload).ok_or("its payload is not base64url JSON")?;
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    if !matches!(algorithm, "PS256" | "ES256") {
        return Err("its alg is neither PS256 nor ES256");
    }
    if header.contains_key("crit") {
        return Err("it has critical headers that this bank does not know");
    }
    let kid = header.get("kid").and_then(Value::as_str);
    let signature = from_base64url(signature).ok_or("its signature is not base64url")?;
    if !keys.verify(algorithm, kid, input.as_bytes(), &signature) {
        return Err("its signature does not verify with the registered keys");
    }
    Ok(claims)
}
