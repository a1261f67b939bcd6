//! Public keys that verify members' requests: Ed25519, ECDSA P-256 and RSA (reference, section 1.3).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Longest key text that is read, in bytes: an RSA key of 8,192 bits in PEM has less than half.
const KEY_BYTES_MAX: usize = 4_096;
/// How the key of RFC 8410 begins in DER; its 32 bytes follow.
const ED25519_DER_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The published names of the algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Ed25519,
    EcdsaSha256,
    Rs256,
}

/// A key that verifies signatures of requests, parsed once.
#[derive(Debug)]
pub struct PublicKey {
    algorithm: Algorithm,
    bytes: Vec<u8>,
    key: ParsedPublicKey,
    /// The same key for signatures in DER, where ECDSA has two forms.
    key_for_der: Option<ParsedPublicKey>,
}

impl PublicKey {
    /// Reads a key as members upload it: PEM (`-----BEGIN PUBLIC KEY-----`), or base64 of its DER
    /// form or, for Ed25519, of its 32 bytes.
    ///
    /// # Errors
    /// What is wrong, in words for the member.
    pub fn parse(algorithm: &str, text: &str) -> Result<PublicKey, String> {
        let algorithm = match algorithm {
            "ED25519" => Algorithm::Ed25519,
            "ECDSA_SHA256" => Algorithm::EcdsaSha256,
            "RS256" => Algorithm::Rs256,
            other => {
                let shown: String = other.chars().take(32).collect();
                return Err(format!(
                    "`keyAlgorithm` should be ED25519, ECDSA_SHA256 or RS256, not `{shown}`"
                ));
            }
        };
        let mut bytes = key_bytes(text)?;
        if let Some(raw) = bytes.strip_prefix(ED25519_DER_PREFIX.as_slice()) {
            bytes = raw.to_vec();
        }
        if algorithm == Algorithm::Ed25519 && bytes.len() != 32 {
            return Err("`publicKey` is not an Ed25519 key of 32 bytes".to_owned());
        }
        let scheme: &'static dyn VerificationAlgorithm = match algorithm {
            Algorithm::Ed25519 => &ED25519,
            Algorithm::EcdsaSha256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        let parse = |scheme| {
            ParsedPublicKey::new(scheme, &bytes).map_err(|_| match algorithm {
                Algorithm::Ed25519 => "`publicKey` is not an Ed25519 key".to_owned(),
                Algorithm::EcdsaSha256 => "`publicKey` is not an ECDSA key on P-256".to_owned(),
                Algorithm::Rs256 => {
                    "`publicKey` is not an RSA key of 2,048 to 8,192 bits".to_owned()
                }
            })
        };
        let key = parse(scheme)?;
        let key_for_der = match algorithm {
            Algorithm::EcdsaSha256 => Some(parse(&ECDSA_P256_SHA256_ASN1)?),
            Algorithm::Ed25519 | Algorithm::Rs256 => None,
        };
        Ok(PublicKey { algorithm, bytes, key, key_for_der })
    }

    /// The value of `alg` in tokens that this key verifies.
    #[must_use]
    pub fn jose_algorithm(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Ed25519 => "EdDSA",
            Algorithm::EcdsaSha256 => "ES256",
            Algorithm::Rs256 => "RS256",
        }
    }

    /// The key's bytes: 32 for Ed25519, DER otherwise. Its id is made from them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Verifies a signature. ECDSA signatures may be r ‖ s, as JOSE has them, or DER, as a known
    /// client sends them.
    ///
    /// # Errors
    /// That it does not fit, in words for the member.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), String> {
        let key = match &self.key_for_der {
            Some(key) if signature.len() != 64 => key,
            _ => &self.key,
        };
        key.verify_sig(message, signature)
            .map_err(|_| "the signature does not fit header, body and key".to_owned())
    }
}

fn key_bytes(text: &str) -> Result<Vec<u8>, String> {
    if text.len() > KEY_BYTES_MAX {
        return Err(format!("`publicKey` should not be longer than {KEY_BYTES_MAX} bytes"));
    }
    let text = text.trim();
    let base64: String = if text.starts_with("-----BEGIN") {
        if !text.starts_with("-----BEGIN PUBLIC KEY-----") {
            return Err("`publicKey` should begin with -----BEGIN PUBLIC KEY-----".to_owned());
        }
        text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect()
    } else {
        text.split_whitespace().collect()
    };
    let plain = base64.trim_end_matches('=').replace('+', "-").replace('/', "_");
    URL_SAFE_NO_PAD.decode(plain).map_err(|_| "`publicKey` should be PEM or base64url".to_owned())
}

/// The PEM form of an Ed25519 public key of 32 bytes (RFC 8410).
#[must_use]
pub fn ed25519_pem(raw: &[u8]) -> String {
    let der: Vec<u8> = ED25519_DER_PREFIX.iter().chain(raw).copied().collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}
