//! How a bank wants HTTP messages signed (draft-cavage-http-signatures-10). NextGenPSD2 and STET share
//! the words; their defaults differ.

use serde::Deserialize;

use super::{Check, ensure};

/// Signature algorithms. The header `Digest` has the same hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum HttpSignature {
    /// RSA PKCS#1 v1.5 with SHA-256.
    #[default]
    #[serde(rename = "rsa-sha256")]
    RsaSha256,
    /// RSA PKCS#1 v1.5 with SHA-512.
    #[serde(rename = "rsa-sha512")]
    RsaSha512,
}

/// A header that signatures cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedHeader {
    /// Method and path.
    #[serde(rename = "(request-target)")]
    RequestTarget,
    /// Host and port of the bank.
    Host,
    /// When the request was made.
    Date,
    /// The body's digest.
    Digest,
    /// The request's id.
    #[serde(rename = "x-request-id")]
    RequestId,
    /// The type of the body.
    ContentType,
    /// The payer's id.
    PsuId,
    /// The id of the payer's company.
    PsuCorporateId,
    /// The payer's address.
    PsuIpAddress,
    /// Where the payer's browser returns to.
    TppRedirectUri,
}

impl SignedHeader {
    /// The name on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            SignedHeader::RequestTarget => "(request-target)",
            SignedHeader::Host => "host",
            SignedHeader::Date => "date",
            SignedHeader::Digest => "digest",
            SignedHeader::RequestId => "x-request-id",
            SignedHeader::ContentType => "content-type",
            SignedHeader::PsuId => "psu-id",
            SignedHeader::PsuCorporateId => "psu-corporate-id",
            SignedHeader::PsuIpAddress => "psu-ip-address",
            SignedHeader::TppRedirectUri => "tpp-redirect-uri",
        }
    }
}

/// `keyId`: the name of our certificate in a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyId {
    /// The address of our QSealC.
    CertificateUrl,
    /// Our client id.
    ClientId,
    /// The certificate's serial number.
    Serial,
    /// `SN=<serial number>,CA=<issuer>`.
    SerialAndIssuer,
}

/// How a serial number is written in `keyId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyIdSerial {
    /// In lower-case hexadecimal, without leading zeros.
    #[default]
    Hexadecimal,
    /// In decimal.
    Decimal,
}

/// The order of an issuer's name in `keyId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyIdIssuer {
    /// As in the certificate: `C=…,O=…,CN=…`.
    #[default]
    CertificateOrder,
    /// From the last part to the first, as RFC 4514 (section 2.1) has it: `CN=…,O=…,C=…`.
    Rfc4514,
}

/// All of it, for one bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpSignatureRules<'a> {
    /// The algorithm.
    pub algorithm: HttpSignature,
    /// The headers that signatures cover, in order. A header that a request does not have is not covered.
    pub headers: &'a [SignedHeader],
    /// `keyId`.
    pub key_id: KeyId,
    /// Its serial number.
    pub key_id_serial: KeyIdSerial,
    /// Its issuer.
    pub key_id_issuer: KeyIdIssuer,
    /// Whether a request without a body has a `Digest`, of the empty text.
    pub digest_without_body: bool,
}

/// The standard's list of NextGenPSD2 (1.3.12, section 12.2), in its order.
pub(super) fn headers_of_next_gen_psd2() -> Vec<SignedHeader> {
    vec![
        SignedHeader::Digest,
        SignedHeader::RequestId,
        SignedHeader::PsuId,
        SignedHeader::PsuCorporateId,
        SignedHeader::TppRedirectUri,
    ]
}

/// The least that STET has.
pub(super) fn headers_of_stet() -> Vec<SignedHeader> {
    vec![SignedHeader::RequestTarget, SignedHeader::Digest, SignedHeader::RequestId]
}

pub(super) fn check_signed_headers(headers: &[SignedHeader]) -> Check {
    let once = headers.iter().enumerate().all(|(at, header)| !headers[..at].contains(header));
    ensure("signed_headers", "must have a header, and each once", !headers.is_empty() && once)
}
