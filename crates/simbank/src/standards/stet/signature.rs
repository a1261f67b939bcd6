//! Message signatures of STET: the certificate is named by its address, or as the bank wants it
//! otherwise.

use super::ProviderRequest;
use crate::engine::certificate::check_seal;
use crate::standards::http_signature::{Habits, Hash, KeyName, Message};

/// The least that the standard has.
pub(super) const USUAL: Habits = Habits {
    hash: Hash::Sha256,
    headers: &["(request-target)", "digest", "x-request-id"],
    key_name: KeyName::Address,
    digest_without_body: false,
};

/// Checks the signature of a request.
pub(super) fn check(incoming: &ProviderRequest<'_>) -> Result<(), &'static str> {
    if incoming.header("signature").is_none() {
        return Err("it is missing");
    }
    let message = message(incoming);
    let habits = &incoming.own.signing;
    let address = (habits.key_name == KeyName::Address).then(|| message.key_id()).transpose()?;
    let checked = seal_certificate(incoming, address.as_deref())
        .and_then(|certificate| check_with(incoming, &certificate));
    let organisation = &incoming.provider.organisation_identifier;
    let registered = incoming.shared.registered_seals(incoming.bank, organisation);
    match registered.iter().any(|certificate| check_with(incoming, certificate).is_ok()) {
        true => Ok(()),
        false => checked,
    }
}

fn message<'a>(incoming: &'a ProviderRequest<'_>) -> Message<'a> {
    Message {
        method: incoming.method,
        path: incoming.path,
        headers: incoming.headers,
        body: incoming.body,
        client: &incoming.provider.organisation_identifier,
        now: incoming.now,
    }
}

/// The same with a certificate (DER).
pub(super) fn check_with(incoming: &ProviderRequest<'_>, der: &[u8]) -> Result<(), &'static str> {
    if incoming.header("signature").is_none() {
        return Err("it is missing");
    }
    check_seal(der, incoming.provider, incoming.shared.authorities(), incoming.now)?;
    message(incoming).verify(&incoming.own.signing, der)
}

/// The provider's QSealC in the directory: the registered one, or at a bank that fetches it from the address that
/// `keyId` names, one that the provider publishes there under its fingerprint.
fn seal_certificate(
    incoming: &ProviderRequest<'_>,
    address: Option<&str>,
) -> Result<Vec<u8>, &'static str> {
    let client = incoming.shared.provider(&incoming.provider.organisation_identifier);
    let registration = &client.ok_or("the provider is not known")?.registration;
    let published = || {
        let fingerprint = address?.rsplit('/').next().unwrap_or_default();
        incoming.shared.environment.published_certificate(fingerprint)
    };
    let fits = address.is_none() || registration.seal_certificate_url.as_deref() == address;
    let registered = registration.seal_certificate_der.clone().filter(|_| fits);
    registered.or_else(published).ok_or("`keyId` is not the address of a QSealC of the provider")
}
