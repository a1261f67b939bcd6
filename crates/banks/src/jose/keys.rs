//! Our private key, and the public keys of a bank.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::json;

use crate::profile::HttpSignature;

use super::trust::{Trust, trusted_key};
use super::{Algorithm, JoseError, decode, encode};

/// The most keys of one set that are read.
pub const KEYS_MAX: usize = 200;

/// An RSA private key for `PS256`, and its name.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    pair: Arc<RsaKeyPair>,
}

impl SigningKey {
    /// Reads an RSA private key of 2048 to 8192 bits.
    ///
    /// # Errors
    /// If `der` is not PKCS#8 DER of such a key, or `kid` is empty.
    pub fn from_pkcs8_der(kid: impl Into<String>, der: &[u8]) -> Result<SigningKey, JoseError> {
        let kid = kid.into();
        if kid.is_empty() {
            return Err(JoseError::Key("its `kid` is empty"));
        }
        let pair = RsaKeyPair::from_pkcs8(der)
            .map_err(|_| JoseError::Key("not PKCS#8 DER of an RSA key of 2048 to 8192 bits"))?;
        Ok(SigningKey { kid, pair: Arc::new(pair) })
    }

    /// The key's name in our key set.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half as a JWK (RFC 7517), for our published key set.
    ///
    /// # Errors
    /// If the key's own encoding cannot be read, which a loaded key's can.
    pub fn public_jwk(&self) -> Result<serde_json::Value, JoseError> {
        let (n, e) = rsa_public_numbers(self.pair.public_key().as_ref())
            .ok_or(JoseError::Key("its public half has no modulus and exponent"))?;
        Ok(json!({
            "kty": "RSA", "use": "sig", "alg": "PS256", "kid": self.kid,
            "n": encode(n), "e": encode(e),
        }))
    }

    /// A signature of RSA PKCS#1 v1.5, for standards that sign HTTP messages.
    pub(crate) fn sign_pkcs1(
        &self,
        algorithm: HttpSignature,
        message: &[u8],
    ) -> Result<Vec<u8>, JoseError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let encoding: &'static dyn RsaEncoding = match algorithm {
            HttpSignature::RsaSha256 => &RSA_PKCS1_SHA256,
            HttpSignature::RsaSha512 => &RSA_PKCS1_SHA512,
        };
        self.pair
            .sign(encoding, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| JoseError::Key("signing failed"))?;
        Ok(signature)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| JoseError::Key("signing failed"))?;
        Ok(signature)
    }
}

/// The private key stays out of logs.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Modulus and exponent of `RSAPublicKey ::= SEQUENCE { INTEGER, INTEGER }` (RFC 8017, A.1.1).
fn rsa_public_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = der_element(der, 0x30)?;
    let (modulus, rest) = der_element(sequence, 0x02)?;
    let (exponent, _) = der_element(rest, 0x02)?;
    Some((without_leading_zeros(modulus), without_leading_zeros(exponent)))
}

/// The content of the DER element at the start of `bytes`, and what follows it.
fn der_element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = match *length {
        short @ 0..=0x7F => (usize::from(short), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), rest.get(2..)?),
        _ => return None,
    };
    Some((rest.get(..length)?, rest.get(length..)?))
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// The public keys of a bank (RFC 7517). Keys of other kinds or for other uses are left out.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

#[derive(Debug, Clone)]
struct PublicKey {
    /// Some banks name no keys, or several alike.
    kid: Option<String>,
    /// The one algorithm that the key is for, where its owner says so.
    alg: Option<String>,
    numbers: Numbers,
}

#[derive(Debug, Clone)]
enum Numbers {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The uncompressed point: `04 || x || y`.
    P256(Vec<u8>),
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    x5c: Option<Vec<String>>,
}

impl KeySet {
    /// Reads a JWK set. A key that cannot be read is left out, and so never hides the others. Several
    /// keys may have the same `kid`, or none.
    ///
    /// # Errors
    /// If it is not one, or has more than [`KEYS_MAX`] keys.
    pub fn parse(body: &[u8]) -> Result<KeySet, JoseError> {
        KeySet::parse_trusted(body, None)
    }

    /// The same; with authorities, only keys count whose certificate one of them issued.
    ///
    /// # Errors
    /// See [`KeySet::parse`].
    pub fn parse_trusted(body: &[u8], trust: Option<Trust<'_>>) -> Result<KeySet, JoseError> {
        let set: JwkSet =
            serde_json::from_slice(body).map_err(|_| JoseError::Malformed("not a JWK set"))?;
        if set.keys.len() > KEYS_MAX {
            return Err(JoseError::TooLong);
        }
        let keys = set
            .keys
            .into_iter()
            .filter_map(|value| serde_json::from_value(value).ok())
            .filter_map(|jwk| PublicKey::trusted(jwk, trust))
            .collect();
        Ok(KeySet { keys })
    }

    /// Verifies with the keys that `kid` names and that fit the algorithm.
    pub(super) fn verify(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), JoseError> {
        match algorithm {
            Algorithm::Ps256 => self.verify_any(kid, "PS256", |key| match &key.numbers {
                Numbers::Rsa { n, e } => Some(
                    RsaPublicKeyComponents { n, e }
                        .verify(&RSA_PSS_2048_8192_SHA256, message, signature)
                        .is_ok(),
                ),
                Numbers::P256(_) => None,
            }),
            Algorithm::Es256 => self.verify_any(kid, "ES256", |key| match &key.numbers {
                Numbers::P256(point) => Some(
                    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                        .verify(message, signature)
                        .is_ok(),
                ),
                Numbers::Rsa { .. } => None,
            }),
        }
    }

    /// Verifies `RS256` with the keys that `kid` names; for standards without FAPI only.
    pub(super) fn verify_pkcs1(
        &self,
        kid: &str,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), JoseError> {
        self.verify_any(Some(kid), "RS256", |key| match &key.numbers {
            Numbers::Rsa { n, e } => Some(
                RsaPublicKeyComponents { n, e }
                    .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                    .is_ok(),
            ),
            Numbers::P256(_) => None,
        })
    }

    /// Tries the keys of that name; where none has it, or the signature names none, those without a
    /// name or all. `verifies` is `None` for a key of another kind.
    fn verify_any(
        &self,
        kid: Option<&str>,
        algorithm: &str,
        verifies: impl Fn(&PublicKey) -> Option<bool>,
    ) -> Result<(), JoseError> {
        let named = |key: &&PublicKey| key.kid.is_some() && key.kid.as_deref() == kid;
        let is_named = self.keys.iter().any(|key| named(&key));
        let chosen = |key: &&PublicKey| match kid {
            Some(_) if is_named => named(key),
            Some(_) => key.kid.is_none(),
            None => true,
        };
        let usable = |key: &&PublicKey| key.is_for(algorithm);
        let mut tried = false;
        let mut other_kind = false;
        for key in self.keys.iter().filter(chosen).filter(usable) {
            match verifies(key) {
                Some(true) => return Ok(()),
                Some(false) => tried = true,
                None => other_kind = true,
            }
        }
        match (is_named, tried, other_kind) {
            (true, true, _) => Err(JoseError::Signature),
            (true, false, true) => Err(JoseError::KeyMismatch),
            // Newer keys may help.
            (false, ..) | (true, false, false) => Err(JoseError::UnknownKey),
        }
    }
}

impl PublicKey {
    /// The key, if it counts.
    fn trusted(jwk: Jwk, trust: Option<Trust<'_>>) -> Option<PublicKey> {
        let Some(trust) = trust else { return PublicKey::of(jwk) };
        let certified = trusted_key(jwk.x5c.as_deref().unwrap_or_default(), trust)?;
        let key = PublicKey::of(jwk)?;
        let same = match &key.numbers {
            Numbers::Rsa { n, e } => {
                rsa_public_numbers(&certified) == Some((n.as_slice(), e.as_slice()))
            }
            Numbers::P256(point) => *point == certified,
        };
        same.then_some(key)
    }

    /// Whether the owner did not make the key for the other RSA algorithm.
    fn is_for(&self, algorithm: &str) -> bool {
        let other = match algorithm {
            "PS256" => Some("RS256"),
            "RS256" => Some("PS256"),
            _ => None,
        };
        self.alg.is_none() || self.alg.as_deref() != other
    }

    /// `None` for a key that cannot verify `PS256`, `RS256` or `ES256` signatures.
    fn of(jwk: Jwk) -> Option<PublicKey> {
        if jwk.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let number = |text: Option<String>| decode(&text?).ok().filter(|bytes| bytes.len() <= 1024);
        let made_for = |names: &[&str]| jwk.alg.as_deref().is_none_or(|alg| names.contains(&alg));
        let numbers = match jwk.kty.as_str() {
            "RSA" if made_for(&["PS256", "RS256"]) => Numbers::Rsa {
                n: without_leading_zeros(&number(jwk.n)?).to_vec(),
                e: without_leading_zeros(&number(jwk.e)?).to_vec(),
            },
            "EC" if made_for(&["ES256"]) && jwk.crv.as_deref() == Some("P-256") => {
                let (x, y) = (number(jwk.x)?, number(jwk.y)?);
                if x.len() != 32 || y.len() != 32 {
                    return None;
                }
                Numbers::P256([&[0x04], x.as_slice(), y.as_slice()].concat())
            }
            _ => return None,
        };
        Some(PublicKey { kid: jwk.kid, alg: jwk.alg, numbers })
    }
}
