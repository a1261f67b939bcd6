//! Keys of a key set that come with a certificate (RFC 7517, section 4.7), and who issued it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter,
    anchor_from_trusted_cert,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::wire::Authorities;

/// The most certificates of one key that are read.
const CHAIN_MAX: usize = 6;

/// Whose certificates count, and when.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    /// The authorities.
    pub authorities: &'a Authorities,
    /// The time, in seconds since 1970.
    pub now_s: i64,
}

/// Certificates for seals have the purposes of their authority, or none; what counts is who issued them.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, _iter: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// The public key (the bit string of its SubjectPublicKeyInfo) of the first certificate of `x5c`, if an
/// authority issued it, directly or by the certificates after it, and all are valid now.
pub(super) fn trusted_key(x5c: &[String], trust: Trust<'_>) -> Option<Vec<u8>> {
    let chain: Option<Vec<CertificateDer<'static>>> = x5c
        .iter()
        .take(CHAIN_MAX)
        .map(|text| STANDARD.decode(text).ok().map(CertificateDer::from))
        .collect();
    let chain = chain?;
    let (first, above) = chain.split_first()?;
    let leaf = EndEntityCert::try_from(first).ok()?;
    let roots: Vec<CertificateDer<'_>> = trust
        .authorities
        .certificates_der()
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let anchors: Vec<_> =
        roots.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(
        u64::try_from(trust.now_s).unwrap_or(0),
    ));
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, above, now, AnyPurpose, None, None)
        .ok()?;
    let (_, certificate) = X509Certificate::from_der(first).ok()?;
    Some(certificate.public_key().subject_public_key.data.to_vec())
}
