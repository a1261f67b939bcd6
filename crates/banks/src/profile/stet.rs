//! STET at one bank: the table `[standard.stet]` of a profile.

use serde::Deserialize;

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
    /// The headers that signatures cover, in order; banks differ. `digest` is left out of requests
    /// without a body.
    #[serde(default = "signed_headers")]
    pub signed_headers: Vec<SignedHeader>,
    /// What `keyId` of signatures is.
    #[serde(default)]
    pub key_id: KeyId,
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

/// A header that signatures cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SignedHeader {
    /// Method and path.
    #[serde(rename = "(request-target)")]
    RequestTarget,
    /// The body's digest.
    #[serde(rename = "digest")]
    Digest,
    /// The request's id.
    #[serde(rename = "x-request-id")]
    RequestId,
    /// The date of the request.
    #[serde(rename = "date")]
    Date,
    /// The payer's address, where it is known.
    #[serde(rename = "psu-ip-address")]
    PsuIpAddress,
}

/// The identifier of our certificate in a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyId {
    /// The address of our QSealC: the standard's way.
    #[default]
    CertificateUrl,
    /// Our client id (BPCE).
    ClientId,
    /// The certificate's serial number (LCL).
    Serial,
}

fn signed_headers() -> Vec<SignedHeader> {
    vec![SignedHeader::RequestTarget, SignedHeader::Digest, SignedHeader::RequestId]
}
