//! Signatures over HTTP messages (draft-cavage-http-signatures-10) as NextGenPSD2 and STET use them.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::BankError;
use crate::jose::SigningKey;
use crate::profile::HttpSignature;

impl HttpSignature {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            HttpSignature::RsaSha256 => "rsa-sha256",
            HttpSignature::RsaSha512 => "rsa-sha512",
        }
    }

    /// The value of the header `Digest` (RFC 3230) for a body, also an empty one.
    pub(crate) fn digest(self, body: &[u8]) -> String {
        match self {
            HttpSignature::RsaSha256 => {
                format!("SHA-256={}", STANDARD.encode(digest(&SHA256, body).as_ref()))
            }
            HttpSignature::RsaSha512 => {
                format!("SHA-512={}", STANDARD.encode(digest(&SHA512, body).as_ref()))
            }
        }
    }
}

/// The value of the header `Signature` over `signed`, names in lower case and values, in order.
pub(crate) fn signature(
    key: &SigningKey,
    key_id: &str,
    algorithm: HttpSignature,
    signed: &[(&str, &str)],
) -> Result<String, BankError> {
    let lines: Vec<String> =
        signed.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    let signature = key
        .sign_pkcs1(algorithm, lines.join("\n").as_bytes())
        .map_err(|error| BankError::Unavailable { text: format!("our signature: {error}") })?;
    Ok(format!(
        "keyId=\"{key_id}\",algorithm=\"{}\",headers=\"{}\",signature=\"{}\"",
        algorithm.word(),
        names.join(" "),
        STANDARD.encode(signature)
    ))
}
