//! Message signatures of STET (draft-cavage-http-signatures): the certificate is named by its
//! address.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::ProviderRequest;
use crate::engine::certificate::check_seal;
use crate::standards::next_gen_psd2::signature::parameters;

/// Checks the signature of a request.
pub(super) fn check(incoming: &ProviderRequest<'_>) -> Result<(), &'static str> {
    let parts = incoming.header("signature").and_then(parameters).ok_or("it is missing")?;
    let address = parts.get("keyId").map(String::as_str).ok_or("a parameter is missing")?;
    check_with(incoming, &seal_certificate(incoming, address)?)
}

/// The same with a certificate (DER).
pub(super) fn check_with(incoming: &ProviderRequest<'_>, der: &[u8]) -> Result<(), &'static str> {
    let parts = incoming.header("signature").and_then(parameters).ok_or("it is missing")?;
    let part = |name: &str| parts.get(name).map(String::as_str).ok_or("a parameter is missing");
    if part("algorithm")? != "rsa-sha256" {
        return Err("the algorithm is not rsa-sha256");
    }
    let names: Vec<&str> = part("headers")?.split(' ').collect();
    let mut wanted = vec!["(request-target)", "x-request-id"];
    if !incoming.body.is_empty() {
        wanted.push("digest");
        let expected =
            format!("SHA-256={}", STANDARD.encode(digest(&SHA256, incoming.body).as_ref()));
        if incoming.header("digest") != Some(expected.as_str()) {
            return Err("`Digest` is not that of the body");
        }
    }
    if !wanted.iter().all(|name| names.contains(name)) {
        return Err("it does not cover (request-target), digest and x-request-id");
    }
    let target = format!("{} {}", incoming.method.as_str().to_lowercase(), incoming.path);
    let lines: Option<Vec<String>> = names
        .iter()
        .map(|name| match *name {
            "(request-target)" => Some(format!("(request-target): {target}")),
            name => incoming.header(name).map(|value| format!("{name}: {value}")),
        })
        .collect();
    let lines = lines.ok_or("it covers a header that is not there")?;
    check_seal(der, incoming.provider, incoming.shared.authorities(), incoming.now)?;
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| "the certificate is malformed")?;
    let key = certificate.public_key().subject_public_key.data.as_ref();
    let value = STANDARD.decode(part("signature")?).map_err(|_| "it is not base64")?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
        .verify(lines.join("\n").as_bytes(), &value)
        .map_err(|_| "it does not verify")
}

/// The QSealC at the address that `keyId` names: the registered one, or one that the provider
/// publishes under its fingerprint.
fn seal_certificate(
    incoming: &ProviderRequest<'_>,
    address: &str,
) -> Result<Vec<u8>, &'static str> {
    let client = incoming.shared.provider(&incoming.provider.organisation_identifier);
    let registration = &client.ok_or("the provider is not known")?.registration;
    let published = || {
        let fingerprint = address.rsplit('/').next().unwrap_or_default();
        incoming.shared.environment.published_certificate(fingerprint)
    };
    let registered = registration
        .seal_certificate_der
        .clone()
        .filter(|_| registration.seal_certificate_url.as_deref() == Some(address));
    registered.or_else(published).ok_or("`keyId` is not the address of a QSealC of the provider")
}
