//! The provider's identity, from the certificate of its connection (ETSI TS 119 495). The checks are
//! strict, because no test notices a certificate that the bank accepts by mistake.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::ber::{BerObject, BerObjectContent};
use x509_parser::der_parser::der::parse_der;
use x509_parser::prelude::FromDer;

const ORGANISATION_IDENTIFIER: &str = "2.5.4.97";
const QC_STATEMENTS: &str = "1.3.6.1.5.5.7.1.3";
const PSD2_STATEMENT: &str = "0.4.0.19495.2";
/// QcType (EN 319 412-5, section 4.2.3), and what it may say.
const QC_TYPE: &str = "0.4.0.1862.1.6";
const FOR_SEALS: &str = "0.4.0.1862.1.6.2";
const FOR_WEBSITES: &str = "0.4.0.1862.1.6.3";
/// PSP_PI.
const PAYMENT_INITIATION: &str = "0.4.0.19495.1.2";

/// The contents of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provider {
    /// `PSDGB-FCA-123456`.
    pub(crate) organisation_identifier: String,
    /// Whether it may initiate payments.
    pub(crate) initiates_payments: bool,
}

/// The statements of a certificate and its qualification; a missing one is absent.
struct Facts {
    provider: Provider,
    qualified_for: Vec<String>,
}

impl Facts {
    fn is_for(&self, kind: &str) -> bool {
        self.qualified_for.is_empty() || self.qualified_for.iter().any(|one| one == kind)
    }
}

/// Why a certificate is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Missing,
    Invalid,
    Expired,
}

/// Reads a certificate at a time.
pub(crate) fn read(der: Option<&[u8]>, now: Timestamp) -> Result<Provider, Refused> {
    let der = der.ok_or(Refused::Missing)?;
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| Refused::Invalid)?;
    if !may_sign(&certificate) || !may_connect(&certificate) {
        return Err(Refused::Invalid);
    }
    let facts = facts(&certificate, now)?;
    if facts.is_for(FOR_WEBSITES) { Ok(facts.provider) } else { Err(Refused::Invalid) }
}

/// The certificate of a PEM text, DER.
pub(crate) fn of_pem(text: &str) -> Option<Vec<u8>> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(text.as_bytes()).ok()?;
    Some(pem.contents)
}

/// The common name of a certificate's subject.
pub(crate) fn common_name(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?;
    Some(name.to_owned())
}

/// Who a certificate names, at a time when it is valid.
fn facts(certificate: &X509Certificate<'_>, now: Timestamp) -> Result<Facts, Refused> {
    let validity = certificate.validity();
    if now.as_second() >= validity.not_after.timestamp() {
        return Err(Refused::Expired);
    }
    if now.as_second() < validity.not_before.timestamp() {
        return Err(Refused::Invalid);
    }
    let organisation_identifier = certificate
        .subject()
        .iter_attributes()
        .find(|attribute| attribute.attr_type().to_id_string() == ORGANISATION_IDENTIFIER)
        .and_then(|attribute| attribute.as_str().ok())
        .filter(|identifier| identifier.starts_with("PSD"))
        .ok_or(Refused::Invalid)?
        .to_owned();
    let statements = certificate
        .extensions()
        .iter()
        .find(|extension| extension.oid.to_id_string() == QC_STATEMENTS)
        .ok_or(Refused::Invalid)?;
    let (_, statements) = parse_der(statements.value).map_err(|_| Refused::Invalid)?;
    let roles = psd2_roles(&statements).ok_or(Refused::Invalid)?;
    let initiates_payments = roles.iter().any(|role| role == PAYMENT_INITIATION);
    let provider = Provider { organisation_identifier, initiates_payments };
    Ok(Facts { provider, qualified_for: qualified_for(&statements) })
}

/// Whether the certificate's key may sign: a handshake or a message. A certificate without key usage
/// restricts nothing (RFC 5280, section 4.2.1.3).
fn may_sign(certificate: &X509Certificate<'_>) -> bool {
    match certificate.key_usage() {
        Ok(Some(usage)) => usage.value.digital_signature() || usage.value.non_repudiation(),
        Ok(None) => true,
        Err(_) => false,
    }
}

/// Whether the certificate may be shown on a connection.
fn may_connect(certificate: &X509Certificate<'_>) -> bool {
    match certificate.extended_key_usage() {
        Ok(Some(usage)) => usage.value.client_auth || usage.value.any,
        Ok(None) => true,
        Err(_) => false,
    }
}

/// Checks a seal certificate with which `provider` signs messages: its dates, key usage and role, and
/// that one of `authorities` (DER) issued it. Without authorities nobody can say who issued it.
pub(crate) fn check_seal(
    der: &[u8],
    provider: &Provider,
    authorities: &[Vec<u8>],
    now: Timestamp,
) -> Result<(), &'static str> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| "the certificate is not X.509")?;
    if !may_sign(&certificate) {
        return Err("the certificate's key usage does not allow signatures");
    }
    if certificate.extended_key_usage().ok().flatten().is_some_and(|usage| !usage.value.any) {
        return Err("the certificate is for connections, not for messages");
    }
    let issued = authorities.is_empty() || authorities.iter().any(|one| issued_by(der, one));
    if !issued {
        return Err("no authority that this bank trusts issued the certificate");
    }
    match facts(&certificate, now) {
        Err(Refused::Expired) => Err("the certificate has expired"),
        Err(Refused::Missing | Refused::Invalid) => Err("the certificate is no QSealC"),
        Ok(facts) => seals_for(&facts, provider),
    }
}

fn seals_for(facts: &Facts, provider: &Provider) -> Result<(), &'static str> {
    if facts.provider.organisation_identifier != provider.organisation_identifier {
        return Err("the certificate is another organisation's");
    }
    if !facts.provider.initiates_payments {
        return Err("the certificate has no role PSP_PI");
    }
    if !facts.is_for(FOR_SEALS) {
        return Err("the certificate is not qualified for seals");
    }
    Ok(())
}

/// Whether an authority's key signed a certificate (RSA with SHA-256, as qualified ones are).
fn issued_by(der: &[u8], authority: &[u8]) -> bool {
    let (Ok((_, certificate)), Ok((_, authority))) =
        (X509Certificate::from_der(der), X509Certificate::from_der(authority))
    else {
        return false;
    };
    let key = authority.public_key().subject_public_key.data.as_ref();
    certificate.issuer() == authority.subject()
        && UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
            .verify(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
            .is_ok()
}

fn items<'a>(object: &'a BerObject<'a>) -> Option<&'a [BerObject<'a>]> {
    match &object.content {
        BerObjectContent::Sequence(items) => Some(items),
        _ => None,
    }
}

fn identifier(object: &BerObject<'_>) -> Option<String> {
    object.as_oid_val().ok().map(|identifier| identifier.to_id_string())
}

/// The contents of a qualified statement of this kind.
fn statement<'a>(statements: &'a BerObject<'a>, kind: &str) -> Option<&'a BerObject<'a>> {
    let found = items(statements)?.iter().find(|statement| {
        items(statement).and_then(|parts| identifier(parts.first()?)).as_deref() == Some(kind)
    })?;
    items(found)?.get(1)
}

/// The object identifiers of the statement of what it is qualified for.
fn qualified_for(statements: &BerObject<'_>) -> Vec<String> {
    let kinds = statement(statements, QC_TYPE).and_then(items).unwrap_or_default();
    kinds.iter().filter_map(identifier).collect()
}

/// The roles' object identifiers in the PSD2 statement.
fn psd2_roles(statements: &BerObject<'_>) -> Option<Vec<String>> {
    let info = items(statement(statements, PSD2_STATEMENT)?)?;
    items(info.first()?)?.iter().map(|role| identifier(items(role)?.first()?)).collect()
}

#[cfg(test)]
mod tests;
