//! Sealing: what must not be readable in the database is encrypted with AES-256-GCM under one key
//! that comes from outside it.
//!
//! A sealed text is base64url of nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes). The purpose and
//! the subject are authenticated with it, so a sealed text that is moved to another row does not
//! open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::payment::Sealed;
use domain::seams::Ids;

use crate::GatewayError;

/// Length of the sealing key in bytes.
pub const KEY_BYTES: usize = 32;

/// Seals and opens.
pub struct Sealer {
    key: LessSafeKey,
}

impl Sealer {
    /// A sealer for a key of [`KEY_BYTES`] random bytes.
    ///
    /// # Errors
    /// [`GatewayError::Sealing`] where the key has another length.
    pub fn new(key: &[u8]) -> Result<Sealer, GatewayError> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| {
            GatewayError::Sealing(format!("the key must have {KEY_BYTES} bytes, not {}", key.len()))
        })?;
        Ok(Sealer { key: LessSafeKey::new(key) })
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

    /// Opens what [`Sealer::seal`] made for the same purpose and subject.
    ///
    /// # Errors
    /// [`GatewayError::Sealing`] where it was sealed otherwise, or changed since.
    pub fn open(
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
        assert_eq!(sealer.open("grant", "pm2:a:x", &sealed).unwrap(), b"token");
        assert!(sealer.open("grant", "pm2:b:x", &sealed).is_err());
        assert!(sealer.open("return", "pm2:a:x", &sealed).is_err());
        assert!(Sealer::new(&[8; KEY_BYTES]).unwrap().open("grant", "pm2:a:x", &sealed).is_err());
        let changed = Sealed(sealed.0.replace(&sealed.0[..1], "Z"));
        assert!(sealer.open("grant", "pm2:a:x", &changed).is_err());
        assert!(sealer.open("grant", "pm2:a:x", &Sealed("short".to_owned())).is_err());
        assert!(Sealer::new(b"short").is_err());
    }
}
