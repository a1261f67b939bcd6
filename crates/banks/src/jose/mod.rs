//! Signed JSON: the small part of JOSE that banks use, on aws-lc-rs.
//!
//! RFC 7515 (JWS compact form), 7517 (JWK), 7518 (`PS256`, `ES256`), 7797 (unencoded payload) and
//! the detached form of OBIE 3.1.11, "Message Signing". We sign with `PS256` only and accept
//! `PS256` and `ES256` only (FAPI 1.0 Advanced, section 8.6): the algorithm must fit the key that
//! `kid` names, never the other way round. PolishAPI has a form of its own, in `body`, in which
//! `RS256` is common.

mod body;
mod compact;
mod detached;
mod keys;
mod trust;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

pub use body::{JwsHeader, sign_body, verify_body};
pub use compact::{sign_compact, verify_compact};
pub use detached::{
    DetachedClaim, DetachedExpectation, DetachedForm, DetachedSigner, sign_detached,
    verify_detached,
};
pub use keys::{KeySet, SigningKey};
pub use trust::Trust;

/// The longest compact token that is read, in bytes.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The longest protected header that is read, in bytes of base64url.
pub const HEADER_BYTES_MAX: usize = 4 * 1024;
/// How far another machine's clock may be off, in seconds.
pub const CLOCK_SKEW_S: i64 = 60;

/// The signature algorithms that we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA on P-256 with SHA-256, signature as `r || s`.
    #[serde(rename = "ES256")]
    Es256,
}

/// Why something is not signed as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    /// Longer than we read.
    #[error("longer than the limit")]
    TooLong,
    /// Not the form that it should have.
    #[error("{0}")]
    Malformed(&'static str),
    /// `kid` names no key of the key set: perhaps a new one.
    #[error("the key set has no key of this `kid`")]
    UnknownKey,
    /// The algorithm does not fit the key.
    #[error("the algorithm does not fit the key")]
    KeyMismatch,
    /// The signature is not the key's signature of this content.
    #[error("the signature is wrong")]
    Signature,
    /// A header or claim is missing, or has a value that it must not have.
    #[error("`{0}` is missing or has a wrong value")]
    Claim(&'static str),
    /// A key that cannot be used.
    #[error("the key cannot be used: {0}")]
    Key(&'static str),
}

/// Base64url without padding (RFC 4648, section 5).
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, JoseError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JoseError::Malformed("not base64url without padding"))
}
