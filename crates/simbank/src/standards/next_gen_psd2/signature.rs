//! Message signatures of NextGenPSD2 (section 12 of the guidelines): checked where the bank insists on
//! them, and wherever they are there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Answer, ProviderRequest};
use crate::engine::certificate::check_seal;
use crate::standards::http_signature::{Habits, Hash, KeyName, Message};

/// The standard's own way.
pub(super) const USUAL: Habits = Habits {
    hash: Hash::Sha256,
    headers: &["digest", "x-request-id", "psu-id", "psu-corporate-id", "tpp-redirect-uri"],
    key_name: KeyName::SerialAndIssuer,
    digest_without_body: true,
};

/// Checks the signature of a request.
pub(super) fn check(incoming: &ProviderRequest<'_>) -> Result<(), Answer> {
    let own = incoming.bank.next_gen_psd2().signing;
    if incoming.header("signature").is_none() {
        let missing = || Answer::refuse(401, "SIGNATURE_MISSING", "this bank wants a signature");
        return if own.is_some() { Err(missing()) } else { Ok(()) };
    }
    verify(incoming, &own.unwrap_or(USUAL))
        .map_err(|what| Answer::refuse(401, "SIGNATURE_INVALID", &format!("signature: {what}")))
}

fn verify(incoming: &ProviderRequest<'_>, habits: &Habits) -> Result<(), &'static str> {
    let der = incoming.header("tpp-signature-certificate").ok_or("the certificate is missing")?;
    let der = STANDARD.decode(der).map_err(|_| "the certificate is not base64")?;
    check_seal(&der, incoming.provider, incoming.shared.authorities(), incoming.now)?;
    let message = Message {
        method: incoming.method,
        path: incoming.path,
        headers: incoming.headers,
        body: incoming.body,
        client: &incoming.provider.organisation_identifier,
        now: incoming.now,
    };
    message.verify(habits, &der)
}
