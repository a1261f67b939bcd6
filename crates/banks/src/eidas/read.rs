//! Reading a certificate.

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::statement::{Psd2Statement, decode};
use super::{CertificateError, issue};

const QC_STATEMENTS: &str = "1.3.6.1.5.5.7.1.3";
const ORGANISATION_IDENTIFIER: &str = "2.5.4.97";

/// The facts of a certificate that matter between banks and providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Lower-case hexadecimal, without leading zeros.
    pub serial_hex: String,
    /// The same in decimal.
    pub serial_decimal: String,
    /// The issuer's distinguished name in the certificate's order, `C=…,O=…,CN=…`, escaped as in
    /// RFC 4514.
    pub issuer: String,
    /// The same from the last part to the first (RFC 4514, section 2.1).
    pub issuer_rfc4514: String,
    /// The subject's distinguished name, in the same form.
    pub subject: String,
    /// organizationIdentifier of the subject.
    pub organisation_identifier: Option<String>,
    /// Organisation name of the subject.
    pub organisation_name: Option<String>,
    /// The PSD2 statement.
    pub psd2: Option<Psd2Statement>,
    /// From then on it is valid.
    pub not_before: Timestamp,
    /// Until then it is valid.
    pub not_after: Timestamp,
    /// SHA-256 of the DER, lower-case hexadecimal.
    pub fingerprint: String,
}

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// [`CertificateError`] if it is no X.509 certificate.
    pub fn parse(der: &[u8]) -> Result<Certificate, CertificateError> {
        let unreadable = |what: &str| CertificateError(format!("it cannot be read: {what}"));
        let (_, certificate) =
            X509Certificate::from_der(der).map_err(|_| unreadable("no X.509 in DER"))?;
        let moment = |seconds: i64| {
            Timestamp::from_second(seconds).map_err(|_| unreadable("a date is out of range"))
        };
        let of_subject = |wanted: &str| {
            certificate
                .subject()
                .iter_attributes()
                .find(|attribute| attribute.attr_type().to_id_string() == wanted)
                .and_then(|attribute| attribute.as_str().ok())
                .map(str::to_owned)
        };
        let psd2 = certificate
            .extensions()
            .iter()
            .find(|extension| extension.oid.to_id_string() == QC_STATEMENTS)
            .and_then(|extension| decode(extension.value));
        let serial = hex::encode(certificate.raw_serial());
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
        Ok(Certificate {
            serial_hex: serial.trim_start_matches('0').to_owned(),
            serial_decimal: certificate.serial.to_string(),
            issuer: parts_of_name(certificate.issuer()).join(","),
            issuer_rfc4514: {
                let mut parts = parts_of_name(certificate.issuer());
                parts.reverse();
                parts.join(",")
            },
            subject: parts_of_name(certificate.subject()).join(","),
            organisation_identifier: of_subject(ORGANISATION_IDENTIFIER),
            organisation_name: of_subject("2.5.4.10"),
            psd2,
            not_before: moment(certificate.validity().not_before.timestamp())?,
            not_after: moment(certificate.validity().not_after.timestamp())?,
            fingerprint: hex::encode(digest.as_ref()),
        })
    }

    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    /// [`CertificateError`] if the text has no certificate.
    pub fn parse_pem(pem: &str) -> Result<Certificate, CertificateError> {
        Certificate::parse(&issue::pem_content(pem)?)
    }
}

/// `C=GB`, `O=Example`, `organizationIdentifier=PSDGB-FCA-1`, `CN=example` in the certificate's order.
/// Attributes of one part are joined with `+`.
fn parts_of_name(name: &x509_parser::x509::X509Name<'_>) -> Vec<String> {
    let short = |identifier: &str| match identifier {
        "2.5.4.6" => "C".to_owned(),
        "2.5.4.10" => "O".to_owned(),
        "2.5.4.11" => "OU".to_owned(),
        "2.5.4.3" => "CN".to_owned(),
        "2.5.4.7" => "L".to_owned(),
        "2.5.4.8" => "ST".to_owned(),
        ORGANISATION_IDENTIFIER => "organizationIdentifier".to_owned(),
        other => other.to_owned(),
    };
    let parts = name.iter_rdn().map(|part| {
        let attributes = part.iter().map(|attribute| {
            let value = attribute.as_str().unwrap_or("");
            format!("{}={}", short(&attribute.attr_type().to_id_string()), escaped(value))
        });
        attributes.collect::<Vec<_>>().join("+")
    });
    parts.collect()
}

/// RFC 4514, section 2.4.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::new();
    for (place, character) in value.chars().enumerate() {
        let at_an_end = match character {
            '#' => place == 0,
            ' ' => place == 0 || place == last,
            _ => false,
        };
        if at_an_end || matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn names_are_escaped_as_rfc_4514_wants_it() {
        for (value, written) in [
            ("Example", "Example"),
            ("Example, Inc.", "Example\\, Inc."),
            ("#1 CA", "\\#1 CA"),
            ("CA #1", "CA #1"),
            (" two ", "\\ two\\ "),
            ("a+b;c<d>e\"f\\g", "a\\+b\\;c\\<d\\>e\\\"f\\\\g"),
            ("Bank & Söhne=1", "Bank & Söhne=1"),
        ] {
            assert_eq!(escaped(value), written);
        }
    }
}
