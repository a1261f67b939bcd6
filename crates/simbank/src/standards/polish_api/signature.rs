//! `X-JWS-SIGNATURE`: a detached JWS over the body. The provider signs with its QSealC, which the
//! header names by its SHA-256; the bank with its own key in `RS256`.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
};
use serde_json::{Value, json};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::ProviderRequest;
use crate::engine::banks::Bank;
use crate::engine::certificate::check_seal;
use crate::engine::jose::{base64url, from_base64url};
use crate::engine::shared::Shared;

/// Checks the signature of a request.
pub(super) fn check(incoming: &ProviderRequest<'_>) -> Result<(), &'static str> {
    let text = incoming.header("x-jws-signature").ok_or("it is missing")?;
    let (header64, signature64) = text.split_once("..").ok_or("it is not detached")?;
    let header: Value = from_base64url(header64)
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or("its header is not base64url JSON")?;
    let unencoded = header["b64"] == json!(false);
    if unencoded != incoming.own.unencoded {
        return Err("`b64` is not what this bank wants");
    }
    if unencoded && header["crit"] != json!(["b64"]) {
        return Err("`crit` does not name `b64`");
    }
    let fingerprint = header["x5t#S256"].as_str().and_then(from_base64url);
    let fingerprint = fingerprint.ok_or("`x5t#S256` is missing")?;
    let organisation = &incoming.provider.organisation_identifier;
    let der = &incoming
        .shared
        .seal_certificate(organisation, &fingerprint)
        .ok_or("`x5t#S256` is not that of a QSealC of the provider")?;
    check_seal(der, incoming.provider, incoming.shared.authorities(), incoming.now)?;
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| "the certificate is malformed")?;
    let key = certificate.public_key().subject_public_key.data.as_ref();
    let mut message = format!("{header64}.").into_bytes();
    match unencoded {
        true => message.extend_from_slice(incoming.body),
        false => message.extend_from_slice(base64url(incoming.body).as_bytes()),
    }
    let value = from_base64url(signature64).ok_or("it is not base64url")?;
    let algorithm = match header["alg"].as_str() {
        Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
        Some("PS256") => &RSA_PSS_2048_8192_SHA256,
        _ => return Err("its algorithm is neither RS256 nor PS256"),
    };
    UnparsedPublicKey::new(algorithm, key)
        .verify(&message, &value)
        .map_err(|_| "it does not verify")
}

/// The bank's signature over a body.
pub(super) fn make(shared: &Shared, bank: &Bank, body: &[u8]) -> Option<String> {
    let header = json!({ "alg": "RS256", "typ": "JOSE", "kid": shared.key.kid(bank.id) });
    let header64 = base64url(header.to_string());
    let input = format!("{header64}.{}", base64url(body));
    let signature = shared.key.sign_pkcs1(input.as_bytes()).ok()?;
    Some(format!("{header64}..{}", base64url(signature)))
}

/// The bank's public key as a set.
pub(super) fn key_set(shared: &Shared, bank: &Bank) -> Value {
    let mut key = shared.key.public_jwk(bank.id);
    key["alg"] = json!("RS256");
    json!({ "keys": [key] })
}
