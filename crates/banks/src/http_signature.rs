//! Signatures over HTTP messages (draft-cavage-http-signatures-10) as NextGenPSD2 and STET use them.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use jiff::Timestamp;
use url::Url;

use crate::call::EidasIdentity;
use crate::eidas::Certificate;
use crate::error::BankError;
use crate::exchange::header;
use crate::jose::SigningKey;
use crate::profile::{
    HttpSignature, HttpSignatureRules, KeyId, KeyIdIssuer, KeyIdSerial, SignedHeader,
};

impl HttpSignature {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            HttpSignature::RsaSha256 => "rsa-sha256",
            HttpSignature::RsaSha512 => "rsa-sha512",
        }
    }

    /// The value of the header `Digest` (RFC 3230) for a body, also an empty one.
    pub(crate) fn digest(self, body: &[u8]) -> String {
        match self {
            HttpSignature::RsaSha256 => {
                format!("SHA-256={}", STANDARD.encode(digest(&SHA256, body).as_ref()))
            }
            HttpSignature::RsaSha512 => {
                format!("SHA-512={}", STANDARD.encode(digest(&SHA512, body).as_ref()))
            }
        }
    }
}

/// The value of the header `Signature` over `signed`, names in lower case and values, in order.
fn signature(
    key: &SigningKey,
    key_id: &str,
    algorithm: HttpSignature,
    signed: &[(&str, String)],
) -> Result<String, BankError> {
    let lines: Vec<String> =
        signed.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    let signature = key
        .sign_pkcs1(algorithm, lines.join("\n").as_bytes())
        .map_err(|error| BankError::Unavailable { text: format!("our signature: {error}") })?;
    Ok(format!(
        "keyId=\"{key_id}\",algorithm=\"{}\",headers=\"{}\",signature=\"{}\"",
        algorithm.word(),
        names.join(" "),
        STANDARD.encode(signature)
    ))
}

/// The text of the header `Date` (RFC 9110, section 5.6.7).
pub(crate) fn date(now: Timestamp) -> String {
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A request that is to be signed.
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a http::Method,
    pub(crate) url: &'a str,
    /// The headers that are sent, but `Date`, `Digest` and `Signature`.
    pub(crate) headers: &'a [(String, String)],
    /// `None` is no body; its digest is that of the empty text.
    pub(crate) body: Option<&'a [u8]>,
}

/// The headers that sign a request as a bank wants it: `Digest`, `Date` if it is signed and not there
/// yet, and `Signature`. `client_id` is ours at the bank.
pub(crate) fn signature_headers(
    identity: &EidasIdentity,
    rules: &HttpSignatureRules<'_>,
    client_id: &str,
    now: Timestamp,
    request: &Unsigned<'_>,
) -> Result<Vec<(String, String)>, BankError> {
    let url = Url::parse(request.url)
        .map_err(|error| BankError::Unavailable { text: format!("our URL: {error}") })?;
    let mut added = vec![];
    if request.body.is_some() || rules.digest_without_body {
        let digest = rules.algorithm.digest(request.body.unwrap_or_default());
        added.push(header("digest", digest));
    }
    let has_date = request.headers.iter().any(|(name, _)| name == "date");
    if rules.headers.contains(&SignedHeader::Date) && !has_date {
        added.push(header("date", date(now)));
    }
    let value_of = |signed: SignedHeader| match signed {
        SignedHeader::RequestTarget => Some(target(request.method, &url)),
        SignedHeader::Host => authority(&url),
        _ => {
            let mut sent = request.headers.iter().chain(&added);
            let found = sent.find(|(name, _)| name == signed.word());
            found.map(|(_, value)| value.clone())
        }
    };
    let signed: Vec<(&str, String)> = rules
        .headers
        .iter()
        .filter_map(|signed| Some((signed.word(), value_of(*signed)?)))
        .collect();
    let key_id = key_id(identity, rules, client_id)?;
    let value = signature(&identity.seal_key, &key_id, rules.algorithm, &signed)?;
    added.push(header("signature", value));
    Ok(added)
}

/// `(request-target)`: method, path and query.
fn target(method: &http::Method, url: &Url) -> String {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{} {}{query}", method.as_str().to_lowercase(), url.path())
}

/// The header `Host`, as the HTTP client sends it: without the scheme's usual port.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// `keyId` as the bank wants it.
fn key_id(
    identity: &EidasIdentity,
    rules: &HttpSignatureRules<'_>,
    client_id: &str,
) -> Result<String, BankError> {
    let certificate = || {
        Certificate::parse(&identity.seal_certificate_der)
            .map_err(|error| BankError::Unavailable { text: format!("our QSealC: {error}") })
    };
    let serial = |certificate: &Certificate| match rules.key_id_serial {
        KeyIdSerial::Hexadecimal => certificate.serial_hex.clone(),
        KeyIdSerial::Decimal => certificate.serial_decimal.clone(),
    };
    Ok(match rules.key_id {
        KeyId::CertificateUrl => identity.seal_certificate_url.clone(),
        KeyId::ClientId => client_id.to_owned(),
        KeyId::Serial => serial(&certificate()?),
        KeyId::SerialAndIssuer => {
            let certificate = certificate()?;
            let issuer = match rules.key_id_issuer {
                KeyIdIssuer::CertificateOrder => &certificate.issuer,
                KeyIdIssuer::Rfc4514 => &certificate.issuer_rfc4514,
            };
            format!("SN={},CA={issuer}", serial(&certificate))
        }
    })
}
