//! Certificates for development: a certification authority of one's own, and what it issues.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::{CertificateError, Subject, statement};

/// organizationIdentifier (X.520, 2.5.4.97).
const ORGANISATION_IDENTIFIER: [u64; 4] = [2, 5, 4, 97];
/// Certificates begin this much before they are made, for clocks that are behind.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);
/// How long the authority lasts.
const AUTHORITY_DAYS: i64 = 10 * 365;

/// The certificates of one chain.
const CHAIN_MAX: usize = 10;

/// The purpose of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// QWAC: connections, as client and as server.
    Qwac,
    /// QSealC: messages.
    QSealC,
}

/// A certificate and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, DER.
    pub certificate_der: Vec<u8>,
    /// The same, PEM.
    pub certificate_pem: String,
    /// The private key, PKCS#8 DER.
    pub private_key_pkcs8_der: Vec<u8>,
    /// The same, PEM.
    pub private_key_pem: String,
}

/// The key stays out of logs.
impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").finish_non_exhaustive()
    }
}

/// A certification authority that only its maker trusts.
pub struct DevelopmentAuthority {
    /// Its own certificate and key.
    pub issued: Issued,
    issuer: Issuer<'static, KeyPair>,
}

impl DevelopmentAuthority {
    /// Makes an authority. `serial` are random bytes.
    ///
    /// # Errors
    /// [`CertificateError`] if no key can be made.
    pub fn create(name: &str, now: Timestamp, serial: [u8; 16]) -> Result<Self, CertificateError> {
        let key = new_key()?;
        let mut params = params(now, AUTHORITY_DAYS, serial)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, name);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(failed)?;
        let issued = issued(&certificate, &key);
        Ok(DevelopmentAuthority { issued, issuer: Issuer::new(params, key) })
    }

    /// An authority that was made before.
    ///
    /// # Errors
    /// [`CertificateError`] if certificate and key cannot be read.
    pub fn load(certificate_pem: &str, private_key_pem: &str) -> Result<Self, CertificateError> {
        let key = KeyPair::from_pem(private_key_pem).map_err(failed)?;
        let der = pem_content(certificate_pem)?;
        let issued = Issued {
            certificate_der: der,
            certificate_pem: certificate_pem.to_owned(),
            private_key_pkcs8_der: key.serialize_der(),
            private_key_pem: private_key_pem.to_owned(),
        };
        let issuer = Issuer::from_ca_cert_pem(certificate_pem, key).map_err(failed)?;
        Ok(DevelopmentAuthority { issued, issuer })
    }

    /// Issues a look-alike of a qualified certificate. `serial` are random bytes.
    ///
    /// # Errors
    /// [`CertificateError`] if the subject's identifiers do not fit.
    pub fn issue(
        &self,
        subject: &Subject,
        purpose: Purpose,
        (now, days): (Timestamp, i64),
        serial: [u8; 16],
    ) -> Result<Issued, CertificateError> {
        let key = new_key()?;
        let mut params = params(now, days, serial)?;
        qualify(&mut params, subject, purpose)?;
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(issued(&certificate, &key))
    }

    /// Issues a server's certificate for host names and addresses.
    ///
    /// # Errors
    /// [`CertificateError`] if a name cannot be in a certificate.
    pub fn issue_for_server(
        &self,
        names: &[&str],
        (now, days): (Timestamp, i64),
        serial: [u8; 16],
    ) -> Result<Issued, CertificateError> {
        let key = new_key()?;
        let mut params = params(now, days, serial)?;
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        params.subject_alt_names = CertificateParams::new(names).map_err(failed)?.subject_alt_names;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Simulated banks");
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(issued(&certificate, &key))
    }
}

/// Subject, uses and statements of a qualified certificate, or of a request for one (ETSI
/// TS 119 495; EN 319 412-3 and -4).
pub(super) fn qualify(
    params: &mut CertificateParams,
    subject: &Subject,
    purpose: Purpose,
) -> Result<(), CertificateError> {
    let web = purpose == Purpose::Qwac;
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, subject.country.as_str());
    name.push(DnType::OrganizationName, subject.organisation_name.as_str());
    name.push(
        DnType::CustomDnType(ORGANISATION_IDENTIFIER.to_vec()),
        DnValue::Utf8String(subject.organisation_identifier.clone()),
    );
    name.push(DnType::CommonName, subject.common_name.as_str());
    params.distinguished_name = name;
    if web {
        let names = CertificateParams::new(vec![subject.common_name.clone()]).map_err(failed)?;
        params.subject_alt_names = names.subject_alt_names;
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    } else {
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    }
    let statements = statement::encode(subject, web)?;
    params.custom_extensions =
        vec![CustomExtension::from_oid_content(&statement::EXTENSION, statements)];
    Ok(())
}

/// A fresh RSA key of 2048 bits.
pub(super) fn new_key() -> Result<KeyPair, CertificateError> {
    let no_key = |_| CertificateError("no RSA key could be made".to_owned());
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(no_key)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(no_key)?;
    KeyPair::try_from(der.as_ref()).map_err(failed)
}

fn params(
    now: Timestamp,
    days: i64,
    serial: [u8; 16],
) -> Result<CertificateParams, CertificateError> {
    let moment = |at: Option<Timestamp>| {
        let at = at.ok_or_else(|| CertificateError("its dates are out of range".to_owned()))?;
        OffsetDateTime::from_unix_timestamp(at.as_second())
            .map_err(|_| CertificateError("its dates are out of range".to_owned()))
    };
    let mut params = CertificateParams::default();
    params.not_before = moment(now.checked_sub(BEFORE).ok())?;
    params.not_after =
        moment(now.checked_add(SignedDuration::from_hours(24 * days.clamp(-3_650, 36_500))).ok())?;
    let mut serial = serial.to_vec();
    // Positive, and not longer than 20 bytes (RFC 5280, section 4.1.2.2).
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7F | 0x40;
    }
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

fn issued(certificate: &rcgen::Certificate, key: &KeyPair) -> Issued {
    Issued {
        certificate_der: certificate.der().to_vec(),
        certificate_pem: certificate.pem(),
        private_key_pkcs8_der: key.serialize_der(),
        private_key_pem: key.serialize_pem(),
    }
}

/// The DER inside the first block of a PEM text.
pub fn pem_content(pem: &str) -> Result<Vec<u8>, CertificateError> {
    let (_, block) = x509_parser::pem::parse_x509_pem(pem.as_bytes())
        .map_err(|_| CertificateError("it is not PEM text".to_owned()))?;
    Ok(block.contents)
}

/// The DER inside each block of a PEM text, at most [`CHAIN_MAX`].
///
/// # Errors
/// [`CertificateError`] for no block, another kind of block, or more blocks.
pub fn pem_contents(pem: &str) -> Result<Vec<Vec<u8>>, CertificateError> {
    let blocks: Result<Vec<Vec<u8>>, CertificateError> =
        x509_parser::pem::Pem::iter_from_buffer(pem.as_bytes())
            .take(CHAIN_MAX + 1)
            .map(|block| {
                let block = block.map_err(|_| CertificateError("it is not PEM text".to_owned()))?;
                Ok(block.contents)
            })
            .collect();
    match blocks?.as_slice() {
        [] => Err(CertificateError("it is not PEM text".to_owned())),
        found if found.len() > CHAIN_MAX => {
            Err(CertificateError(format!("it has more than {CHAIN_MAX} certificates")))
        }
        found => Ok(found.to_vec()),
    }
}

/// Whether the key of an authority's certificate signed a certificate (both DER), and by its name.
/// False for other algorithms than RSA with SHA-256.
#[must_use]
pub fn issued_by(certificate_der: &[u8], authority_der: &[u8]) -> bool {
    let (Ok((_, certificate)), Ok((_, authority))) =
        (X509Certificate::from_der(certificate_der), X509Certificate::from_der(authority_der))
    else {
        return false;
    };
    let key = authority.public_key().subject_public_key.data.as_ref();
    certificate.issuer() == authority.subject()
        && UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
            .verify(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
            .is_ok()
}

/// Whether a private key (PKCS#8, DER) is that of a certificate (DER).
#[must_use]
pub fn key_fits(certificate_der: &[u8], private_key_pkcs8_der: &[u8]) -> bool {
    let Ok(key) = KeyPair::try_from(private_key_pkcs8_der) else { return false };
    let Ok((_, certificate)) = X509Certificate::from_der(certificate_der) else { return false };
    certificate.public_key().subject_public_key.data.as_ref() == key.public_key_raw()
}

pub(super) fn failed(error: rcgen::Error) -> CertificateError {
    CertificateError(error.to_string())
}
