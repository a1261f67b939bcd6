//! Public keys that verify members' requests: Ed25519, ECDSA P-256 and RSA (reference, section 1.3).

use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use curve25519_dalek::edwards::CompressedEdwardsY;

/// Longest key text that is read, in bytes: an RSA key of 8,192 bits in PEM has less than half.
const KEY_BYTES_MAX: usize = 4_096;
/// Sizes of RSA keys that are used, in bits.
const RSA_BITS_MIN: usize = 2_048;
const RSA_BITS_MAX: usize = 8_192;
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

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The algorithm is none of ours.
    #[error("should be ED25519, ECDSA_SHA256 or RS256, not `{shown}`")]
    Algorithm {
        /// Its first characters.
        shown: String,
    },
    /// The key does not fit the algorithm, or must not be used.
    #[error("{0}")]
    Key(String),
}

impl PublicKey {
    /// Reads a key as members upload it: PEM (`-----BEGIN PUBLIC KEY-----`), or base64 of its DER
    /// form or, for Ed25519, of its 32 bytes.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn parse(algorithm: &str, text: &str) -> Result<PublicKey, KeyFault> {
        let algorithm = match algorithm {
            "ED25519" => Algorithm::Ed25519,
            "ECDSA_SHA256" => Algorithm::EcdsaSha256,
            "RS256" => Algorithm::Rs256,
            other => {
                let shown: String = other.chars().take(32).collect();
                return Err(KeyFault::Algorithm { shown });
            }
        };
        let mut bytes = key_bytes(text)?;
        if let Some(raw) = bytes.strip_prefix(ED25519_DER_PREFIX.as_slice()) {
            bytes = raw.to_vec();
        }
        if algorithm == Algorithm::Ed25519 && bytes.len() != 32 {
            return Err(KeyFault::Key("is not an Ed25519 key of 32 bytes".to_owned()));
        }
        usable(algorithm, &bytes)?;
        let scheme: &'static dyn VerificationAlgorithm = match algorithm {
            Algorithm::Ed25519 => &ED25519,
            Algorithm::EcdsaSha256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        let parse = |scheme| {
            ParsedPublicKey::new(scheme, &bytes).map_err(|_| match algorithm {
                Algorithm::Ed25519 => KeyFault::Key("is not an Ed25519 key".to_owned()),
                Algorithm::EcdsaSha256 => KeyFault::Key("is not an ECDSA key on P-256".to_owned()),
                Algorithm::Rs256 => {
                    KeyFault::Key("is not an RSA key of 2,048 to 8,192 bits".to_owned())
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

/// Keys that parse and must not be used: a signature under an Ed25519 key of small order fits any
/// message, a key that is no point verifies none, and short RSA keys can be factored.
fn usable(algorithm: Algorithm, bytes: &[u8]) -> Result<(), KeyFault> {
    match algorithm {
        Algorithm::Ed25519 => {
            let compressed = CompressedEdwardsY::from_slice(bytes)
                .map_err(|_| KeyFault::Key("is not an Ed25519 key of 32 bytes".to_owned()))?;
            let point = compressed.decompress().filter(|point| point.compress() == compressed);
            match point {
                None => Err(KeyFault::Key("is not a point of Ed25519's curve".to_owned())),
                Some(point) if point.is_small_order() => Err(KeyFault::Key(
                    "is an Ed25519 key of small order: anybody can sign for it. \
                         Make a new key"
                        .to_owned(),
                )),
                Some(_) => Ok(()),
            }
        }
        Algorithm::Rs256 => match PublicEncryptingKey::from_der(bytes) {
            Ok(key) if (RSA_BITS_MIN..=RSA_BITS_MAX).contains(&key.key_size_bits()) => Ok(()),
            Ok(_) | Err(_) => {
                Err(KeyFault::Key("is not an RSA key of 2,048 to 8,192 bits".to_owned()))
            }
        },
        Algorithm::EcdsaSha256 => Ok(()),
    }
}

fn key_bytes(text: &str) -> Result<Vec<u8>, KeyFault> {
    if text.len() > KEY_BYTES_MAX {
        return Err(KeyFault::Key(format!("should not be longer than {KEY_BYTES_MAX} bytes")));
    }
    let text = text.trim();
    let base64: String = if text.starts_with("-----BEGIN") {
        if !text.starts_with("-----BEGIN PUBLIC KEY-----") {
            return Err(KeyFault::Key("should begin with -----BEGIN PUBLIC KEY-----".to_owned()));
        }
        text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect()
    } else {
        text.split_whitespace().collect()
    };
    let plain = base64.trim_end_matches('=').replace('+', "-").replace('/', "_");
    URL_SAFE_NO_PAD
        .decode(plain)
        .map_err(|_| KeyFault::Key("should be PEM or base64url".to_owned()))
}

/// The DER form of an Ed25519 public key of 32 bytes (RFC 8410).
#[must_use]
pub fn ed25519_der(raw: &[u8]) -> Vec<u8> {
    ED25519_DER_PREFIX.iter().chain(raw).copied().collect()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        ::hex::decode(text).unwrap()
    }

    #[test]
    fn ed25519_keys_that_prove_nothing_are_refused() {
        let high = |first: &str| format!("{first}{}7f", "ff".repeat(30));
        let refused = [
            // The points of small order, and other encodings of them.
            "00".repeat(32),
            format!("01{}", "00".repeat(31)),
            format!("{}80", "00".repeat(31)),
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05".to_owned(),
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85".to_owned(),
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a".to_owned(),
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa".to_owned(),
            high("ec"),
            high("ed"),
            high("ee"),
            // Not on the curve.
            format!("02{}", "00".repeat(31)),
        ];
        for text in refused {
            let key = URL_SAFE_NO_PAD.encode(hex(&text));
            let error = PublicKey::parse("ED25519", &key).unwrap_err();
            assert!(matches!(error, KeyFault::Key(_)), "{text}: {error}");
        }
        // RFC 8032, section 7.1, test 1.
        let sound = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        PublicKey::parse("ED25519", &URL_SAFE_NO_PAD.encode(hex(sound))).unwrap();
    }

    /// A `SubjectPublicKeyInfo` of an RSA key with that modulus and exponent.
    fn rsa_der(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
            let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
            let length = match (high, low) {
                (0, 0..0x80) => vec![low],
                (0, _) => vec![0x81, low],
                _ => vec![0x82, high, low],
            };
            [&[tag], length.as_slice(), content].concat()
        }
        let number = |bytes: &[u8]| tagged(0x02, &[&[0], bytes].concat());
        let key = tagged(0x30, &[number(modulus), tagged(0x02, exponent)].concat());
        let algorithm = hex("300d06092a864886f70d0101010500");
        tagged(0x30, &[algorithm, tagged(0x03, &[&[0], key.as_slice()].concat())].concat())
    }

    #[test]
    fn rsa_keys_below_2048_bits_are_refused() {
        for bytes in [64, 96, 128, 192, 255] {
            let key = STANDARD.encode(rsa_der(&vec![0xC3; bytes], &[1, 0, 1]));
            let error = PublicKey::parse("RS256", &key).unwrap_err();
            assert!(error.to_string().contains("2,048"), "{bytes}: {error}");
        }
        let sound = STANDARD.encode(rsa_der(&[0xC3; 256], &[1, 0, 1]));
        PublicKey::parse("RS256", &sound).unwrap();
        for exponent in [[1_u8].as_slice(), &[2]] {
            let key = STANDARD.encode(rsa_der(&[0xC3; 256], exponent));
            assert!(PublicKey::parse("RS256", &key).is_err(), "{exponent:?}");
        }
    }
}
