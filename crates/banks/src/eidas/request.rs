//! Requests for real qualified certificates (PKCS#10, RFC 2986) with the extensions that a trust
//! service provider copies into them.

use rcgen::CertificateParams;

use super::issue::{failed, new_key, qualify};
use super::{CertificateError, Purpose, Subject};

/// A request and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Requested {
    /// The request, PEM: to be sent to the trust service provider.
    pub request_pem: String,
    /// The private key, PKCS#8 PEM: to be kept.
    pub private_key_pem: String,
}

/// The key stays out of logs.
impl std::fmt::Debug for Requested {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requested").finish_non_exhaustive()
    }
}

/// Makes a request with a fresh RSA key of 2048 bits.
///
/// # Errors
/// [`CertificateError`] if the subject's identifiers do not fit.
pub fn request(subject: &Subject, purpose: Purpose) -> Result<Requested, CertificateError> {
    let key = new_key()?;
    let mut params = CertificateParams::default();
    qualify(&mut params, subject, purpose)?;
    let request = params.serialize_request(&key).map_err(failed)?;
    Ok(Requested {
        request_pem: request.pem().map_err(failed)?,
        private_key_pem: key.serialize_pem(),
    })
}
