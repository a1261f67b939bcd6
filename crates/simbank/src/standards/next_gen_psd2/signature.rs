//! Message signatures of NextGenPSD2 (section 12 of the guidelines; draft-cavage-http-signatures-10):
//! checked where the bank insists on them, and wherever they are there.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::banks::Signing;
use super::{Answer, ProviderRequest};
use crate::engine::certificate::check_seal;

/// The headers that may be signed, in the standard's order.
const SIGNABLE: [&str; 5] =
    ["digest", "x-request-id", "psu-id", "psu-corporate-id", "tpp-redirect-uri"];

/// Checks the signature of a request.
pub(super) fn check(incoming: &ProviderRequest<'_>) -> Result<(), Answer> {
    let Some(signature) = incoming.header("signature") else {
        let wanted = incoming.bank.next_gen_psd2().signing.is_some();
        let missing = || Answer::refuse(401, "SIGNATURE_MISSING", "this bank wants a signature");
        return if wanted { Err(missing()) } else { Ok(()) };
    };
    verify(incoming, signature)
        .map_err(|what| Answer::refuse(401, "SIGNATURE_INVALID", &format!("signature: {what}")))
}

fn verify(incoming: &ProviderRequest<'_>, signature: &str) -> Result<(), &'static str> {
    let parts = parameters(signature).ok_or("it cannot be read")?;
    let part = |name: &str| parts.get(name).map(String::as_str).ok_or("a parameter is missing");
    let hash = match part("algorithm")? {
        "rsa-sha256" => Signing::Sha256,
        "rsa-sha512" => Signing::Sha512,
        _ => return Err("the algorithm is not one of the standard"),
    };
    if incoming.bank.next_gen_psd2().signing.is_some_and(|wanted| wanted != hash) {
        return Err("this bank wants the other algorithm");
    }
    let (prefix, body_digest) = match hash {
        Signing::Sha256 => ("SHA-256=", digest(&SHA256, incoming.body)),
        Signing::Sha512 => ("SHA-512=", digest(&SHA512, incoming.body)),
    };
    let expected = format!("{prefix}{}", STANDARD.encode(body_digest.as_ref()));
    if incoming.header("digest") != Some(expected.as_str()) {
        return Err("`Digest` is not that of the body");
    }
    let names: Vec<&str> = part("headers")?.split(' ').collect();
    let there: Vec<&str> =
        SIGNABLE.into_iter().filter(|name| incoming.header(name).is_some()).collect();
    if names != there {
        return Err("`headers` are not those of the standard that are there, in its order");
    }
    let lines: Vec<String> = names
        .iter()
        .map(|name| format!("{name}: {}", incoming.header(name).unwrap_or_default()))
        .collect();
    let der = incoming.header("tpp-signature-certificate").ok_or("the certificate is missing")?;
    let der = STANDARD.decode(der).map_err(|_| "the certificate is not base64")?;
    let (_, certificate) =
        X509Certificate::from_der(&der).map_err(|_| "the certificate is not X.509")?;
    check_seal(&der, incoming.provider, incoming.shared.authorities(), incoming.now)?;
    let serial: String =
        certificate.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect();
    let wanted = format!("SN={},CA=", serial.trim_start_matches('0'));
    if !part("keyId")?.starts_with(&wanted) {
        return Err("`keyId` does not begin with the certificate's serial number");
    }
    let algorithm = match hash {
        Signing::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        Signing::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
    };
    let key = certificate.public_key().subject_public_key.data.as_ref();
    let value = STANDARD.decode(part("signature")?).map_err(|_| "it is not base64")?;
    UnparsedPublicKey::new(algorithm, key)
        .verify(lines.join("\n").as_bytes(), &value)
        .map_err(|_| "it does not verify")
}

/// `name="value",…`; values hold no quotes.
pub(crate) fn parameters(text: &str) -> Option<HashMap<String, String>> {
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
