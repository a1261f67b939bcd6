//! The gateway's own Ed25519 key, with which it signs webhooks.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::MemberId;

use crate::GatewayError;

/// Signs what the gateway sends to members.
pub struct GatewayKey {
    pair: Ed25519KeyPair,
    key_id: String,
    member_id: MemberId,
}

impl GatewayKey {
    /// A key from its 32-byte seed; `member_id` is the member that represents the gateway itself.
    ///
    /// # Errors
    /// [`GatewayError::Sealing`] if the seed is not one.
    pub fn from_seed(seed: &[u8], member_id: MemberId) -> Result<GatewayKey, GatewayError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed)
            .map_err(|_| GatewayError::Sealing("the gateway's signing key is unusable".into()))?;
        let key_id = key_id(pair.public_key().as_ref());
        Ok(GatewayKey { pair, key_id, member_id })
    }

    /// The member that represents the gateway: its keys are this key.
    #[must_use]
    pub fn member_id(&self) -> &MemberId {
        &self.member_id
    }

    /// 16 base64url characters.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The public key: base64url of its 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref())
    }

    /// Header `token-signature` of a webhook: Ed25519 over the raw body, base64url without padding
    /// (reference, section 7.2).
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.sign(body).as_ref())
    }
}

/// The id of a public key: the first 16 base64url characters of its SHA-256.
#[must_use]
pub fn key_id(public_key: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, public_key);
    URL_SAFE_NO_PAD.encode(digest.as_ref()).chars().take(16).collect()
}
