//! Who a provider is, by the certificate on its connection (ETSI TS 119 495). Read strictly: what a
//! bank lets through by mistake nobody notices in tests.

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::ber::{BerObject, BerObjectContent};
use x509_parser::der_parser::der::parse_der;
use x509_parser::prelude::FromDer;

const ORGANISATION_IDENTIFIER: &str = "2.5.4.97";
const QC_STATEMENTS: &str = "1.3.6.1.5.5.7.1.3";
const PSD2_STATEMENT: &str = "0.4.0.19495.2";
/// PSP_PI.
const PAYMENT_INITIATION: &str = "0.4.0.19495.1.2";

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provider {
    /// `PSDGB-FCA-123456`.
    pub(crate) organisation_identifier: String,
    /// Whether it may initiate payments.
    pub(crate) initiates_payments: bool,
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
    Ok(Provider { organisation_identifier, initiates_payments })
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

/// The roles' object identifiers in the PSD2 statement.
fn psd2_roles(statements: &BerObject<'_>) -> Option<Vec<String>> {
    let psd2 = items(statements)?.iter().find(|statement| {
        items(statement).and_then(|parts| identifier(parts.first()?)).as_deref()
            == Some(PSD2_STATEMENT)
    })?;
    let info = items(items(psd2)?.get(1)?)?;
    items(info.first()?)?.iter().map(|role| identifier(items(role)?.first()?)).collect()
}
