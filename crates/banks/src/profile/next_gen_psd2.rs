//! NextGenPSD2 at one bank: the table `[standard.next-gen-psd2]` of a profile.

use std::collections::BTreeMap;

use domain::rail::Rail;
use serde::Deserialize;

use super::Check;
use super::app_start::AppStartPlaces;
use super::http_signature::{
    HttpSignature, HttpSignatureRules, KeyId, KeyIdIssuer, KeyIdSerial, SignedHeader,
    check_signed_headers, headers_of_next_gen_psd2,
};
use super::oauth::OAuth;
use super::payment_products::{AccountForm, usual_forms};
use super::standard::{AcceptedStatus, accepted, settled};
use super::uk_order::{ExtraStatus, check_extra_statuses};

/// NextGenPSD2 at one bank. Its banks execute at the approval, unless they have a `release_call`.
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
    /// The algorithm of signatures; without it requests are not signed.
    pub signature: Option<HttpSignature>,
    /// The headers that signatures cover, in order.
    #[serde(default = "headers_of_next_gen_psd2")]
    pub signed_headers: Vec<SignedHeader>,
    /// `keyId` of signatures: the standard has serial number and issuer.
    #[serde(default = "serial_and_issuer")]
    pub key_id: KeyId,
    /// How `keyId` writes the serial number.
    #[serde(default)]
    pub key_id_serial: KeyIdSerial,
    /// The order of the issuer's name in `keyId`.
    #[serde(default)]
    pub key_id_issuer: KeyIdIssuer,
    /// Whether requests without a body have a `Digest`.
    #[serde(default = "always")]
    pub digest_without_body: bool,
    /// Where the bank gives the reason of a rejection, the best place first.
    #[serde(default = "usual_reason_places")]
    pub rejection_reasons: Vec<ReasonPlace>,
    /// Statuses of payments that the standard does not have, with their meaning. They count before the
    /// standard's.
    #[serde(default)]
    pub extra_statuses: BTreeMap<String, ExtraStatus>,
    /// Headers about the payer that the bank wants in every request, also while no payer is there.
    #[serde(default)]
    pub required_headers: Vec<RequiredHeader>,
    /// The bank's authorisation server.
    #[serde(default)]
    pub oauth: Box<OAuth>,
    /// When the bank wants the payer's id.
    #[serde(default)]
    pub psu_id: PsuIdRule,
    /// Header `PSU-ID-Type`, where the bank knows several kinds of ids.
    pub psu_id_type: Option<String>,
    /// The bank's reaction to a creation with a known `X-Request-ID`.
    #[serde(default)]
    pub repeated_request_id: RepeatedRequestId,
    /// Whether the bank, asked by `TPP-Explicit-Authorisation-Preferred: true`, starts no
    /// authorisation by itself: a creation alone then leads to nothing.
    #[serde(default)]
    pub explicit_authorisation: bool,
    /// Where answers about an approval in the bank's app say how the payer opens the app.
    pub app_start: Option<AppStartPlaces>,
    /// The call that has an approved payment executed, at banks that wait for one.
    pub release_call: Option<ReleaseCall>,
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

/// When a bank wants the payer's id (header `PSU-ID`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PsuIdRule {
    /// Before the payment is created, if the profile has the question `psuId`.
    #[default]
    Required,
    /// When an answer of the bank wants it; a known one is sent before.
    Optional,
    /// When an answer of the bank wants it, and never with the creation.
    Forbidden,
}

/// The call that has an approved payment executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCall {
    /// `PUT` of the payment itself.
    Put,
    /// `POST …/{paymentId}/confirm`.
    PostConfirm,
}

/// A place where a bank gives the reason of a rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonPlace {
    /// `psuMessage` of the status.
    PsuMessage,
    /// `text` of the first of its `tppMessages` that has one.
    TppMessageText,
    /// `code` of the first of its `tppMessages` that has one.
    TppMessageCode,
    /// `error_description` of the payer's return. It is believed as a reason only after the bank
    /// itself says that nothing is executed.
    Redirect,
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

impl NextGenPsd2 {
    /// How messages are signed; `None` where they are not.
    #[must_use]
    pub fn signature_rules(&self) -> Option<HttpSignatureRules<'_>> {
        Some(HttpSignatureRules {
            algorithm: self.signature?,
            headers: &self.signed_headers,
            key_id: self.key_id,
            key_id_serial: self.key_id_serial,
            key_id_issuer: self.key_id_issuer,
            digest_without_body: self.digest_without_body,
        })
    }

    pub(super) fn check(
        &self,
        (simulated, registers): (bool, bool),
        check_url: impl Fn(&'static str, &str) -> Check,
    ) -> Check {
        check_signed_headers(&self.signed_headers)?;
        check_extra_statuses(&self.extra_statuses)?;
        self.app_start.as_ref().map_or(Ok(()), |places| places.check(simulated))?;
        self.oauth.check((simulated, registers), check_url)
    }
}

fn serial_and_issuer() -> KeyId {
    KeyId::SerialAndIssuer
}

fn always() -> bool {
    true
}

fn usual_reason_places() -> Vec<ReasonPlace> {
    vec![ReasonPlace::PsuMessage, ReasonPlace::TppMessageText, ReasonPlace::TppMessageCode]
}
