//! PolishAPI at one bank: the table `[standard.polish-api]` of a profile.

use serde::Deserialize;

/// PolishAPI at one bank. Its payers approve on the bank's pages, or, at a bank whose only
/// `sca_methods` is `decoupled`, in the bank's app after they gave us a code from there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolishApi {
    /// Which version.
    #[serde(default)]
    pub version: PolishApiVersion,
    /// The form of our message signatures: the standard requires only detached ones.
    #[serde(default)]
    pub signature: PolishApiSignature,
    /// Where the keys are that the bank signs its answers with, a JWK set; where it is there, an
    /// unsigned answer is not believed.
    pub bank_key_set_url: Option<String>,
    /// Our client id at the bank, if it is not our organisation identifier.
    pub client_id: Option<String>,
}

/// A version of PolishAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum PolishApiVersion {
    /// 2.1.1.
    #[serde(rename = "2.1.1")]
    V2_1_1,
    /// 2.1.2.
    #[default]
    #[serde(rename = "2.1.2")]
    V2_1_2,
}

impl PolishApiVersion {
    /// The version as paths have it, twice: `/v2_1_2.1/payments/v2_1_2.1/domestic`.
    #[must_use]
    pub fn segment(self) -> &'static str {
        match self {
            PolishApiVersion::V2_1_1 => "v2_1_1.1",
            PolishApiVersion::V2_1_2 => "v2_1_2.1",
        }
    }
}

/// Message signatures of PolishAPI (header `X-JWS-SIGNATURE`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolishApiSignature {
    /// The algorithm.
    pub algorithm: JwsAlgorithm,
    /// Whether the body is signed as it is, with `b64: false` (RFC 7797).
    pub unencoded: bool,
    /// Whether the header names where our QSealC can be fetched (`x5u`).
    pub certificate_url: bool,
}

/// A signature algorithm of JSON Web Signatures for RSA keys (RFC 7518).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum JwsAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
}

impl JwsAlgorithm {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            JwsAlgorithm::Rs256 => "RS256",
            JwsAlgorithm::Ps256 => "PS256",
        }
    }
}
