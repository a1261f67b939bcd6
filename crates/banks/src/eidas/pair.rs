//! A QWAC and a QSealC with their keys, as a folder holds them.
//!
//! | file | content, PEM |
//! |---|---|
//! | `qwac.pem`, `qseal.pem` | the certificate, then the ones above it |
//! | `qwac.key.pem`, `qseal.key.pem` | its private key, PKCS#8 |

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::issue::{pem_content, pem_contents};
use super::{Certificate, CertificateError, key_fits};
use crate::call::{EidasIdentity, Identity};
use crate::jose::SigningKey;
use crate::wire::ClientCertificate;

/// The longest file of a certificate or a key, in bytes.
pub const PEM_BYTES_MAX: u64 = 64 * 1024;

/// The certificates of one organisation.
#[derive(Clone)]
pub struct CertificatePair {
    /// `organizationIdentifier` of both.
    pub organisation_identifier: String,
    /// The organisation's name in the QSealC.
    pub organisation_name: String,
    /// The QWAC.
    pub transport: Arc<ClientCertificate>,
    /// The QSealC, DER.
    pub seal_certificate_der: Vec<u8>,
    /// SHA-256 of the QSealC, lower-case hexadecimal.
    pub seal_fingerprint: String,
    /// The QSealC's key.
    pub seal_key: SigningKey,
    /// From when both are valid.
    pub not_before: Timestamp,
    /// Until when both are valid.
    pub not_after: Timestamp,
}

impl CertificatePair {
    /// Reads the four files of a folder. `key_id` is the name (`kid`) of the QSealC's key at banks that
    /// know keys by name.
    ///
    /// # Errors
    /// The first file that is missing or cannot be used, and why.
    pub fn read_folder(folder: &Path, key_id: &str) -> Result<CertificatePair, CertificateError> {
        let (qwac_pem, qwac, qwac_key) = certificate_and_key(folder, "qwac")?;
        let (_, qseal, qseal_key) = certificate_and_key(folder, "qseal")?;
        let wrong = |text: String| CertificateError(format!("{}: {text}", folder.display()));
        let (web, seal) = (parsed(folder, "qwac", &qwac)?, parsed(folder, "qseal", &qseal)?);
        let Some(organisation_identifier) = seal.organisation_identifier else {
            return Err(wrong("qseal.pem has no organizationIdentifier".to_owned()));
        };
        if web.organisation_identifier.as_deref() != Some(organisation_identifier.as_str()) {
            return Err(wrong("qwac.pem and qseal.pem are of different organisations".to_owned()));
        }
        let seal_key = SigningKey::from_pkcs8_der(key_id, &qseal_key)
            .map_err(|error| wrong(format!("qseal.key.pem cannot sign: {error}")))?;
        let chain_der =
            pem_contents(&qwac_pem).map_err(|error| wrong(format!("qwac.pem: {error}")))?;
        Ok(CertificatePair {
            organisation_identifier,
            organisation_name: seal.organisation_name.unwrap_or_default(),
            transport: Arc::new(ClientCertificate {
                chain_der,
                private_key_pkcs8_der: qwac_key,
                fingerprint: web.fingerprint,
            }),
            seal_certificate_der: qseal,
            seal_fingerprint: seal.fingerprint,
            seal_key,
            not_before: web.not_before.max(seal.not_before),
            not_after: web.not_after.min(seal.not_after),
        })
    }
}

impl CertificatePair {
    /// Who we are by these certificates. The client id is the organisation identifier, unless the bank's
    /// profile has another.
    #[must_use]
    pub fn identity(&self, redirect_uri: &str, seal_certificate_url: String) -> Identity {
        Identity {
            client_id: self.organisation_identifier.clone(),
            redirect_uri: redirect_uri.to_owned(),
            jws_issuer: self.organisation_identifier.clone(),
            signing_key: self.seal_key.clone(),
            eidas: Some(EidasIdentity {
                organisation_identifier: self.organisation_identifier.clone(),
                organisation_name: self.organisation_name.clone(),
                transport: Arc::clone(&self.transport),
                seal_certificate_der: self.seal_certificate_der.clone(),
                seal_key: self.seal_key.clone(),
                seal_certificate_url,
            }),
        }
    }
}

/// Only public facts.
impl fmt::Debug for CertificatePair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificatePair")
            .field("organisation_identifier", &self.organisation_identifier)
            .field("qwac", &self.transport.fingerprint)
            .field("qseal", &self.seal_fingerprint)
            .finish_non_exhaustive()
    }
}

/// The same certificates.
impl PartialEq for CertificatePair {
    fn eq(&self, other: &CertificatePair) -> bool {
        (&self.transport.fingerprint, &self.seal_fingerprint)
            == (&other.transport.fingerprint, &other.seal_fingerprint)
    }
}

impl Eq for CertificatePair {}

/// The PEM text of a certificate, its DER, and its key's DER.
fn certificate_and_key(
    folder: &Path,
    name: &str,
) -> Result<(String, Vec<u8>, Vec<u8>), CertificateError> {
    let (file, key_file) = (format!("{name}.pem"), format!("{name}.key.pem"));
    let (pem, key_pem) = (text(folder, &file)?, text(folder, &key_file)?);
    let content = |file: &str, pem: &str| {
        pem_content(pem).map_err(|error| of_file(folder, file, &error.to_string()))
    };
    let (certificate, key) = (content(&file, &pem)?, content(&key_file, &key_pem)?);
    if !key_fits(&certificate, &key) {
        return Err(of_file(folder, &key_file, &format!("is not the key of {file}")));
    }
    Ok((pem, certificate, key))
}

fn parsed(folder: &Path, name: &str, der: &[u8]) -> Result<Certificate, CertificateError> {
    Certificate::parse(der)
        .map_err(|error| of_file(folder, &format!("{name}.pem"), &error.to_string()))
}

fn of_file(folder: &Path, file: &str, why: &str) -> CertificateError {
    let why = why.trim_start_matches("certificate: ");
    let why = why.strip_prefix("it ").unwrap_or(why);
    CertificateError(format!("{} {why}", folder.join(file).display()))
}

/// A text of at most [`PEM_BYTES_MAX`].
pub(crate) fn text(folder: &Path, file: &str) -> Result<String, CertificateError> {
    let wrong = |why: &str| of_file(folder, file, why);
    let unreadable = |error: std::io::Error| wrong(&format!("cannot be read: {error}"));
    let opened = std::fs::File::open(folder.join(file)).map_err(unreadable)?;
    let mut text = String::new();
    opened.take(PEM_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > PEM_BYTES_MAX {
        return Err(wrong(&format!("is longer than {PEM_BYTES_MAX} bytes")));
    }
    Ok(text)
}
