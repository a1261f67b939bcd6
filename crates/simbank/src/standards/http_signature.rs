//! Message signatures as NextGenPSD2 and STET have them (draft-cavage-http-signatures-10). A bank takes
//! exactly the form that its [`Habits`] say, and refuses every other.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

/// How far a `Date` may be from the bank's clock, in seconds.
const DATE_TOLERANCE_S: u64 = 300;

/// A signature algorithm; `Digest` has the same hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha512,
}

/// What `keyId` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyName {
    /// The address of the certificate.
    Address,
    /// The client's id.
    Client,
    /// The serial number in decimal.
    Serial,
    /// `SN=` the serial number in hexadecimal, `,CA=` the issuer in the certificate's order.
    SerialAndIssuer,
    /// The same with a decimal number and the issuer from the last part to the first.
    DecimalAndReversedIssuer,
}

/// How a bank wants signatures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    pub(crate) hash: Hash,
    /// The headers that are signed, in order, as far as a request has them.
    pub(crate) headers: &'static [&'static str],
    pub(crate) key_name: KeyName,
    /// A request without a body has a `Digest`, too; elsewhere it must have none.
    pub(crate) digest_without_body: bool,
}

/// A signed request.
pub(crate) struct Message<'a> {
    pub(crate) method: &'a Method,
    /// As signed: the whole path.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// The id of the client that sends it.
    pub(crate) client: &'a str,
    pub(crate) now: Timestamp,
}

impl Message<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The value of a header that may be signed.
    fn value(&self, name: &str) -> Option<String> {
        match name {
            "(request-target)" => {
                Some(format!("{} {}", self.method.as_str().to_lowercase(), self.path))
            }
            name => self.header(name).map(str::to_owned),
        }
    }

    /// `keyId` of the message's signature.
    pub(crate) fn key_id(&self) -> Result<String, &'static str> {
        let parts = self.header("signature").and_then(parameters).ok_or("it cannot be read")?;
        parts.get("keyId").cloned().ok_or("`keyId` is missing")
    }

    /// Whether the message's signature is one of `habits` with the key of the certificate `der`. The
    /// address of a certificate is for the caller to compare.
    pub(crate) fn verify(&self, habits: &Habits, der: &[u8]) -> Result<(), &'static str> {
        let parts = self.header("signature").and_then(parameters).ok_or("it cannot be read")?;
        let part = |name: &str| parts.get(name).map(String::as_str).ok_or("a parameter is missing");
        let (_, certificate) =
            X509Certificate::from_der(der).map_err(|_| "the certificate is not X.509")?;
        let (word, algorithm) = match habits.hash {
            Hash::Sha256 => ("rsa-sha256", &RSA_PKCS1_2048_8192_SHA256),
            Hash::Sha512 => ("rsa-sha512", &RSA_PKCS1_2048_8192_SHA512),
        };
        if part("algorithm")? != word {
            return Err("the algorithm is not the one that this bank wants");
        }
        self.check_digest(habits)?;
        let there = habits.headers.iter().filter(|name| self.value(name).is_some());
        let wanted: Vec<&str> = there.copied().collect();
        if part("headers")?.split(' ').collect::<Vec<_>>() != wanted {
            return Err("`headers` are not those that this bank wants, in its order");
        }
        if habits.headers.contains(&"date") {
            self.check_date()?;
        }
        let expected = match habits.key_name {
            KeyName::Address => part("keyId")?.to_owned(),
            KeyName::Client => self.client.to_owned(),
            KeyName::Serial => certificate.serial.to_string(),
            KeyName::SerialAndIssuer => {
                let issuer = parts_of(certificate.issuer()).join(",");
                format!("SN={:x},CA={issuer}", certificate.serial)
            }
            KeyName::DecimalAndReversedIssuer => {
                let issuer: Vec<String> =
                    parts_of(certificate.issuer()).into_iter().rev().collect();
                format!("SN={},CA={}", certificate.serial, issuer.join(","))
            }
        };
        if part("keyId")? != expected {
            return Err("`keyId` does not name the certificate as this bank wants it");
        }
        let lines: Vec<String> = wanted
            .iter()
            .map(|name| format!("{name}: {}", self.value(name).unwrap_or_default()))
            .collect();
        let key = certificate.public_key().subject_public_key.data.as_ref();
        let value = STANDARD.decode(part("signature")?).map_err(|_| "it is not base64")?;
        UnparsedPublicKey::new(algorithm, key)
            .verify(lines.join("\n").as_bytes(), &value)
            .map_err(|_| "it does not verify")
    }

    fn check_digest(&self, habits: &Habits) -> Result<(), &'static str> {
        if self.body.is_empty() && !habits.digest_without_body {
            return match self.header("digest") {
                None => Ok(()),
                Some(_) => Err("there is a `Digest` without a body"),
            };
        }
        let (prefix, found) = match habits.hash {
            Hash::Sha256 => ("SHA-256=", digest(&SHA256, self.body)),
            Hash::Sha512 => ("SHA-512=", digest(&SHA512, self.body)),
        };
        let expected = format!("{prefix}{}", STANDARD.encode(found.as_ref()));
        match self.header("digest") == Some(expected.as_str()) {
            true => Ok(()),
            false => Err("`Digest` is not that of the body"),
        }
    }

    fn check_date(&self) -> Result<(), &'static str> {
        let date = self.header("date").ok_or("`Date` is missing")?;
        let date = rfc2822::parse(date).map_err(|_| "`Date` is not a date")?;
        let apart = date.timestamp().as_second().abs_diff(self.now.as_second());
        if apart <= DATE_TOLERANCE_S { Ok(()) } else { Err("`Date` is not now") }
    }
}

/// The parts of a name as `O=…`, in the certificate's order (RFC 4514, section 2.4).
fn parts_of(name: &X509Name<'_>) -> Vec<String> {
    let attributes = name.iter_attributes().map(|attribute| {
        let kind = match attribute.attr_type().to_id_string().as_str() {
            "2.5.4.3" => "CN",
            "2.5.4.6" => "C",
            "2.5.4.10" => "O",
            "2.5.4.97" => "organizationIdentifier",
            _ => "?",
        };
        let mut value = String::new();
        for character in attribute.as_str().unwrap_or_default().chars() {
            if ",+\"\\<>;".contains(character) {
                value.push('\\');
            }
            value.push(character);
        }
        format!("{kind}={value}")
    });
    attributes.collect()
}

/// `name="value",…`; values hold no quotes.
fn parameters(text: &str) -> Option<HashMap<String, String>> {
    let mut parts = HashMap::new();
    let mut rest = text;
    for _ in 0..8 {
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        parts.insert(name.trim().to_owned(), value.to_owned());
        rest = after.trim_start_matches([',', ' ']);
        if rest.is_empty() {
            return Some(parts);
        }
    }
    None
}
