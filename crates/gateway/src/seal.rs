//! Sealing: what must not be readable in the database is encrypted with AES-256-GCM under one key
//! that comes from outside it.
//!
//! A sealed text is base64url of nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes). The purpose and
//! the subject are authenticated with it, so a sealed text that is moved to another row does not
//! open.

use std::sync::Arc;

use aws_lc_rs::aead::{
    AES_256_GCM, AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::sealed::Sealed;
use domain::seams::Ids;

use crate::GatewayError;

/// Length of the sealing key in bytes.
pub const KEY_BYTES: usize = 32;

/// Domain separation of the key of [`SealedBodies`].
const BODY_KEY: &[u8] = b"bascule bodies 1";
/// Domain separation of the key of [`Sealer::keyed_hash`].
const HASH_KEY: &[u8] = b"bascule keyed hash 1";

/// Seals and opens.
pub struct Sealer {
    key: LessSafeKey,
    body_key: Arc<LessSafeKey>,
    hash_key: hmac::Key,
}

/// Seals the bodies of the database: payments, their events, token requests, repeated answers.
///
/// A payment is written about ten times, so one key sees more messages than random nonces of
/// AES-GCM allow (2³²). AES-GCM-SIV stays safe where a nonce repeats; the key is derived, so that
/// no key is used with two ciphers.
pub struct SealedBodies {
    key: Arc<LessSafeKey>,
    ids: Arc<dyn Ids>,
}

impl Sealer {
    /// A sealer for a key of [`KEY_BYTES`] random bytes.
    ///
    /// # Errors
    /// [`GatewayError::Sealing`] where the key has another length.
    pub fn new(key: &[u8]) -> Result<Sealer, GatewayError> {
        let wrong = || {
            GatewayError::Sealing(format!("the key must have {KEY_BYTES} bytes, not {}", key.len()))
        };
        let root = hmac::Key::new(hmac::HMAC_SHA256, key);
        let derived = hmac::sign(&root, BODY_KEY);
        let body_key = UnboundKey::new(&AES_256_GCM_SIV, derived.as_ref()).map_err(|_| wrong())?;
        let hash_key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, HASH_KEY).as_ref());
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| wrong())?;
        Ok(Sealer {
            key: LessSafeKey::new(key),
            body_key: Arc::new(LessSafeKey::new(body_key)),
            hash_key,
        })
    }

    /// The part that seals bodies; `ids` draws nonces.
    #[must_use]
    pub fn bodies(&self, ids: Arc<dyn Ids>) -> SealedBodies {
        SealedBodies { key: Arc::clone(&self.body_key), ids }
    }

    /// Recognises a text without showing it: the first 32 hexadecimal digits of its HMAC-SHA-256.
    #[must_use]
    pub fn keyed_hash(&self, text: &str) -> String {
        let tag = hmac::sign(&self.hash_key, text.as_bytes());
        tag.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Seals `plain` for `purpose` (a fixed word) and `subject` (an id).
    ///
    /// # Errors
    /// [`GatewayError::Sealing`] where the text is too long for the cipher.
    pub fn seal(
        &self,
        purpose: &str,
        subject: &str,
        plain: &[u8],
        ids: &dyn Ids,
    ) -> Result<Sealed, GatewayError> {
        let mut nonce = [0_u8; NONCE_LEN];
        ids.fill(&mut nonce);
        let mut text = plain.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context(purpose, subject)),
                &mut text,
            )
            .map_err(|_| GatewayError::Sealing("the text is too long".to_owned()))?;
        let mut sealed = nonce.to_vec();
        sealed.append(&mut text);
        Ok(Sealed(URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Unseals what [`Sealer::seal`] made for the same purpose and subject.
    ///
    /// # Errors
    /// [`GatewayError::Sealing`] where it was sealed otherwise, or changed since.
    pub fn unseal(
        &self,
        purpose: &str,
        subject: &str,
        sealed: &Sealed,
    ) -> Result<Vec<u8>, GatewayError> {
        let wrong = || {
            GatewayError::Sealing(format!(
                "the {purpose} of {subject} does not open: is the sealing key the right one?"
            ))
        };
        let bytes = URL_SAFE_NO_PAD.decode(&sealed.0).map_err(|_| wrong())?;
        let (nonce, text) = bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(wrong)?;
        let mut text = text.to_vec();
        let plain = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(context(purpose, subject)),
                &mut text,
            )
            .map_err(|_| wrong())?;
        Ok(plain.to_vec())
    }
}

impl store::BodySealer for SealedBodies {
    fn seal(&self, kind: &'static str, plain: &str) -> Result<String, String> {
        let mut nonce = [0_u8; NONCE_LEN];
        self.ids.fill(&mut nonce);
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM_SIV.tag_len());
        sealed.extend_from_slice(plain.as_bytes());
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(nonce_used, Aad::from(kind.as_bytes()), &mut sealed)
            .map_err(|_| "it is too long to be sealed".to_owned())?;
        sealed.extend_from_slice(&nonce);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    fn unseal(&self, kind: &'static str, sealed: &str) -> Result<String, String> {
        let wrong = || "it does not open: is the sealing key the right one?".to_owned();
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| wrong())?;
        let (text, nonce) = bytes.split_last_chunk_mut::<NONCE_LEN>().ok_or_else(wrong)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain =
            self.key.open_in_place(nonce, Aad::from(kind.as_bytes()), text).map_err(|_| wrong())?;
        std::str::from_utf8(plain).map(str::to_owned).map_err(|_| wrong())
    }
}

fn context(purpose: &str, subject: &str) -> Vec<u8> {
    format!("{purpose}\n{subject}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Ids for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn a_sealed_text_opens_only_where_and_as_it_was_sealed() {
        let ids = Counting(0.into());
        let sealer = Sealer::new(&[7; KEY_BYTES]).unwrap();
        let sealed = sealer.seal("grant", "pm2:a:x", b"token", &ids).unwrap();
        assert_eq!(sealer.unseal("grant", "pm2:a:x", &sealed).unwrap(), b"token");
        assert!(sealer.unseal("grant", "pm2:b:x", &sealed).is_err());
        assert!(sealer.unseal("return", "pm2:a:x", &sealed).is_err());
        assert!(Sealer::new(&[8; KEY_BYTES]).unwrap().unseal("grant", "pm2:a:x", &sealed).is_err());
        let changed = Sealed(sealed.0.replace(&sealed.0[..1], "Z"));
        assert!(sealer.unseal("grant", "pm2:a:x", &changed).is_err());
        assert!(sealer.unseal("grant", "pm2:a:x", &Sealed("short".to_owned())).is_err());
        assert!(Sealer::new(b"short").is_err());
    }

    #[test]
    fn a_sealed_body_opens_only_as_its_kind_and_with_its_key() {
        use store::BodySealer;
        let ids: Arc<dyn Ids> = Arc::new(Counting(0.into()));
        let bodies = Sealer::new(&[7; KEY_BYTES]).unwrap().bodies(Arc::clone(&ids));
        let sealed = bodies.seal("a payment", "{\"a\":1}").unwrap();
        assert_eq!(bodies.unseal("a payment", &sealed).unwrap(), "{\"a\":1}");
        assert_ne!(bodies.seal("a payment", "{\"a\":1}").unwrap(), sealed);
        assert!(bodies.unseal("an event", &sealed).is_err());
        let others = Sealer::new(&[8; KEY_BYTES]).unwrap().bodies(ids);
        assert!(others.unseal("a payment", &sealed).is_err());
        assert!(bodies.unseal("a payment", "short").is_err());
    }

    #[test]
    fn a_keyed_hash_depends_on_the_text_and_the_key() {
        let one = Sealer::new(&[7; KEY_BYTES]).unwrap();
        let two = Sealer::new(&[8; KEY_BYTES]).unwrap();
        assert_eq!(one.keyed_hash("a"), one.keyed_hash("a"));
        assert_ne!(one.keyed_hash("a"), one.keyed_hash("b"));
        assert_ne!(one.keyed_hash("a"), two.keyed_hash("a"));
    }
}
