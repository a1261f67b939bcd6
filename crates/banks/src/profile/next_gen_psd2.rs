//! NextGenPSD2 at one bank: the table `[standard.next-gen-psd2]` of a profile.

use std::collections::BTreeMap;

use domain::rail::Rail;
use serde::Deserialize;

use super::oauth::OAuth;
use super::payment_products::{AccountForm, usual_forms};
use super::standard::{AcceptedStatus, accepted, settled};

/// NextGenPSD2 at one bank. Its banks execute at the approval.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextGenPsd2 {
    /// Which version.
    pub version: NextGenPsd2Version,
    /// The last status of a successful payment.
    #[serde(default = "settled")]
    pub final_status: AcceptedStatus,
    /// The same on a rail whose payments end with another status.
    #[serde(default)]
    pub final_status_of_rails: BTreeMap<Rail, AcceptedStatus>,
    /// The last status of a successful standing order: it is accepted, not executed.
    #[serde(default = "accepted")]
    pub final_status_of_standing_orders: AcceptedStatus,
    /// The bank's words for payment products, in its URLs. SEPA has those of the standard by default;
    /// other rails have none.
    #[serde(default)]
    pub payment_products: BTreeMap<Rail, String>,
    /// How the bank takes the payer's account.
    #[serde(default = "usual_forms")]
    pub debtor_account_forms: Vec<AccountForm>,
    /// How the bank takes the payee's account.
    #[serde(default = "usual_forms")]
    pub creditor_account_forms: Vec<AccountForm>,
    /// How requests are signed; not at all if absent.
    pub signature: Option<HttpSignature>,
    /// Headers about the payer that the bank wants in every request, also while no payer is there.
    #[serde(default)]
    pub required_headers: Vec<RequiredHeader>,
    /// The bank's authorisation server.
    #[serde(default)]
    pub oauth: Box<OAuth>,
    /// Header `PSU-ID-Type`, where the bank knows several kinds of ids.
    pub psu_id_type: Option<String>,
    /// The bank's reaction to a creation with a known `X-Request-ID`.
    #[serde(default)]
    pub repeated_request_id: RepeatedRequestId,
    /// Whether the bank, asked by `TPP-Explicit-Authorisation-Preferred: true`, starts no
    /// authorisation by itself: a creation alone then leads to nothing.
    #[serde(default)]
    pub explicit_authorisation: bool,
    /// Whether `TPP-Redirect-Preferred: true` is sent, for banks that offer several approaches.
    #[serde(default)]
    pub redirect_preferred: bool,
}

/// A bank's reaction to a creation with a known `X-Request-ID`. The standard leaves it open, so the
/// careful reading is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatedRequestId {
    /// It answers as it did the first time.
    Replay,
    /// It creates another payment.
    #[default]
    NewPayment,
}

/// A header about the payer that some banks want in every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredHeader {
    /// `PSU-IP-Address`; without a payer it is our own address.
    PsuIpAddress,
    /// `PSU-User-Agent`; without a payer it is the gateway's name.
    PsuUserAgent,
}

/// A version of NextGenPSD2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum NextGenPsd2Version {
    /// 1.3.x; differences up to 1.3.12 are additions.
    #[serde(rename = "1.3.12")]
    V1_3_12,
}

/// Signature algorithms of HTTP messages (draft-cavage-http-signatures-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum HttpSignature {
    /// RSA PKCS#1 v1.5 with SHA-256.
    #[serde(rename = "rsa-sha256")]
    RsaSha256,
    /// RSA PKCS#1 v1.5 with SHA-512.
    #[serde(rename = "rsa-sha512")]
    RsaSha512,
}
