//! STET at one bank: the table `[standard.stet]` of a profile.

use serde::Deserialize;

use super::Check;
use super::http_signature::{
    HttpSignature, HttpSignatureRules, KeyId, KeyIdIssuer, KeyIdSerial, SignedHeader,
    check_signed_headers, headers_of_stet,
};
use super::standard::{AcceptedStatus, begun, settled};

/// STET at one bank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stet {
    /// Which version.
    pub version: StetVersion,
    /// The OAuth token endpoint.
    pub token_url: String,
    /// Our client id at the bank, if it is not our organisation identifier.
    pub client_id: Option<String>,
    /// The algorithm of signatures.
    #[serde(default)]
    pub signature: HttpSignature,
    /// The headers that signatures cover, in order; banks differ.
    #[serde(default = "headers_of_stet")]
    pub signed_headers: Vec<SignedHeader>,
    /// `keyId` of signatures: the standard has the address of our QSealC.
    #[serde(default = "certificate_url")]
    pub key_id: KeyId,
    /// How `keyId` writes a serial number.
    #[serde(default)]
    pub key_id_serial: KeyIdSerial,
    /// The order of the issuer's name in `keyId`.
    #[serde(default)]
    pub key_id_issuer: KeyIdIssuer,
    /// Whether requests without a body have a `Digest`.
    #[serde(default)]
    pub digest_without_body: bool,
    /// Whether amounts are texts, as several banks have them, and not numbers as the standard has.
    #[serde(default)]
    pub amounts_are_texts: bool,
    /// Whether the confirmation needs the factor from the payer's return, so that an approval without it
    /// is useless.
    #[serde(default)]
    pub confirmation_needs_factor: bool,
    /// The last status of a successful payment.
    #[serde(default = "settled")]
    pub final_status: AcceptedStatus,
    /// The last status of a successful standing order: it is accepted, not executed.
    #[serde(default = "begun")]
    pub final_status_of_standing_orders: AcceptedStatus,
}

/// A version of STET.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum StetVersion {
    /// 1.4: the payee is once in the request.
    #[serde(rename = "1.4")]
    V1_4,
    /// 1.5: the payee is in each transaction.
    #[serde(rename = "1.5")]
    V1_5,
}

impl Stet {
    /// How messages are signed.
    #[must_use]
    pub fn signature_rules(&self) -> HttpSignatureRules<'_> {
        HttpSignatureRules {
            algorithm: self.signature,
            headers: &self.signed_headers,
            key_id: self.key_id,
            key_id_serial: self.key_id_serial,
            key_id_issuer: self.key_id_issuer,
            digest_without_body: self.digest_without_body,
        }
    }

    pub(super) fn check(&self, check_url: impl Fn(&'static str, &str) -> Check) -> Check {
        check_url("token_url", &self.token_url)?;
        check_signed_headers(&self.signed_headers)
    }
}

fn certificate_url() -> KeyId {
    KeyId::CertificateUrl
}
