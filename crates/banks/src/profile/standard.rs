//! The standard that a bank speaks, with what each standard leaves to the bank: the table
//! `[standard.<name>]` of a profile.
//!
//! Quirks are words of closed lists here: an unknown word does not load.

use serde::Deserialize;

use crate::jose::DetachedForm;

use super::{Check, ensure};

/// A published standard, its version at this bank, and the bank's choices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub enum Standard {
    /// UK Open Banking Read/Write Data API.
    #[serde(rename = "uk-open-banking")]
    UkOpenBanking(UkOpenBanking),
    /// Berlin Group NextGenPSD2 XS2A.
    #[serde(rename = "next-gen-psd2")]
    NextGenPsd2(NextGenPsd2),
    /// STET PSD2.
    #[serde(rename = "stet")]
    Stet(Stet),
    /// PolishAPI.
    #[serde(rename = "polish-api")]
    PolishApi(PolishApi),
}

impl Standard {
    /// The standard's name as profiles have it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Standard::UkOpenBanking(_) => "uk-open-banking",
            Standard::NextGenPsd2(_) => "next-gen-psd2",
            Standard::Stet(_) => "stet",
            Standard::PolishApi(_) => "polish-api",
        }
    }

    pub(super) fn check(&self, check_url: impl Fn(&'static str, &str) -> Check) -> Check {
        match self {
            Standard::UkOpenBanking(bank) => {
                check_url("issuer", &bank.issuer)?;
                ensure("response_modes", "must not be empty", !bank.response_modes.is_empty())?;
                let anchor = &bank.signing.trust_anchor;
                ensure("signing.trust_anchor", "must not be empty", !anchor.is_empty())
            }
            Standard::NextGenPsd2(bank) => {
                let known = bank.oauth_metadata_url.as_deref();
                known.map_or(Ok(()), |url| check_url("oauth_metadata_url", url))?;
                ensure("oauth_metadata_url", "is needed with `oauth_before_payment`", {
                    known.is_some() || !bank.oauth_before_payment
                })
            }
            Standard::PolishApi(bank) => {
                let keys = bank.bank_key_set_url.as_deref();
                keys.map_or(Ok(()), |url| check_url("bank_key_set_url", url))
            }
            Standard::Stet(bank) => check_url("token_url", &bank.token_url),
        }
    }
}

/// UK Open Banking at one bank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UkOpenBanking {
    /// Which version.
    pub version: UkOpenBankingVersion,
    /// OpenID issuer; discovery is at `{issuer}/.well-known/openid-configuration`.
    pub issuer: String,
    /// Ways back for the browser, best first.
    pub response_modes: Vec<ResponseMode>,
    /// The last status of a successful single payment, as either version spells it.
    pub final_status: AcceptedStatus,
    /// Message signatures.
    pub signing: Signing,
    /// Our client id, where it is not the installation's.
    pub client_id: Option<String>,
    /// How we prove who we are at the token endpoint.
    #[serde(default)]
    pub token_endpoint_auth: TokenEndpointAuth,
    /// Whether what is asked of the payer goes to the bank first and the browser carries only a
    /// reference to it (RFC 9126). PKCE comes with it.
    #[serde(default)]
    pub pushed_authorization_requests: bool,
}

/// Client authentication at a token endpoint, as OpenID Connect discovery spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEndpointAuth {
    /// A signed assertion (OpenID Connect Core, section 9).
    #[default]
    PrivateKeyJwt,
    /// The certificate on the connection, with the client id in the body (RFC 8705, section 2.1).
    TlsClientAuth,
}

/// A version of UK Open Banking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum UkOpenBankingVersion {
    /// 3.1.11.
    #[serde(rename = "3.1.11")]
    V3_1_11,
    /// 4.0: the resources of 3.1 with ISO 20022 words for statuses and reasons.
    #[serde(rename = "4.0")]
    V4_0,
}

/// How the bank hands the payer's browser back (OpenID Connect response modes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// A form that the browser posts to us.
    FormPost,
    /// In the URL's fragment, which a page of ours must read; the standard's default.
    Fragment,
    /// One signed parameter instead of several (JARM), the bank chooses how it comes. As all of its
    /// kind, it goes with a code alone: the payer's `id_token` comes with the access token.
    Jwt,
    /// The same in the URL's query.
    #[serde(rename = "query.jwt")]
    QueryJwt,
    /// The same in the URL's fragment.
    #[serde(rename = "fragment.jwt")]
    FragmentJwt,
    /// The same in a posted form.
    #[serde(rename = "form_post.jwt")]
    FormPostJwt,
}

impl ResponseMode {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ResponseMode::FormPost => "form_post",
            ResponseMode::Fragment => "fragment",
            ResponseMode::Jwt => "jwt",
            ResponseMode::QueryJwt => "query.jwt",
            ResponseMode::FragmentJwt => "fragment.jwt",
            ResponseMode::FormPostJwt => "form_post.jwt",
        }
    }

    /// Whether the whole answer is signed (JARM).
    #[must_use]
    pub fn is_signed(self) -> bool {
        match self {
            ResponseMode::FormPost | ResponseMode::Fragment => false,
            ResponseMode::Jwt
            | ResponseMode::QueryJwt
            | ResponseMode::FragmentJwt
            | ResponseMode::FormPostJwt => true,
        }
    }
}

/// Message signatures (OBIE 3.1.11, "Message Signing").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// Whether the bank signs its responses; then an unsigned one is not believed.
    pub bank_signs: bool,
    /// The form of both sides' signatures.
    #[serde(default)]
    pub form: DetachedForm,
    /// The trust anchor of both sides' keys, a DNS name (header `tan`).
    pub trust_anchor: String,
    /// The bank's organisation in the trust anchor's directory (header `iss`). Where it is not
    /// known, any issuer is accepted that signs with a key of the bank's key set.
    pub organisation_id: Option<String>,
}

/// NextGenPSD2 at one bank. Its banks execute at the approval.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextGenPsd2 {
    /// Which version.
    pub version: NextGenPsd2Version,
    /// The last status of a successful payment.
    #[serde(default = "settled")]
    pub final_status: AcceptedStatus,
    /// The last status of a successful standing order: it is accepted, not executed.
    #[serde(default = "accepted")]
    pub final_status_of_standing_orders: AcceptedStatus,
    /// How requests are signed; not at all if absent.
    pub signature: Option<HttpSignature>,
    /// Whether every call needs a token that the payer's own sign-in gives first.
    #[serde(default)]
    pub oauth_before_payment: bool,
    /// Where the authorisation server describes itself (RFC 8414), where the bank gives no link.
    pub oauth_metadata_url: Option<String>,
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

/// How far an accepted payment is, from the least to the most: one ladder for every standard. The
/// words are those of ISO 20022 (external payment transaction status) or the long ones of UK Open
/// Banking 3.1. A payment that the payee's bank has (`ACWP`) is settled on the payer's side
/// (`ACSC`), so it is further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AcceptedStatus {
    /// The syntax is right.
    Actc,
    /// The customer's profile was checked.
    Accp,
    /// The funds were checked.
    Acfc,
    /// Execution has begun.
    #[serde(alias = "AcceptedSettlementInProcess")]
    Acsp,
    /// Accepted with a change, of the date for example; execution continues.
    Acwc,
    /// The payer's side is settled.
    #[serde(alias = "AcceptedSettlementCompleted")]
    Acsc,
    /// At the payee's bank, not yet on the account.
    #[serde(alias = "AcceptedWithoutPosting")]
    Acwp,
    /// On the payee's account.
    #[serde(alias = "AcceptedCreditSettlementCompleted")]
    Accc,
}

impl AcceptedStatus {
    /// Every status, from the least to the most.
    pub const ALL: [AcceptedStatus; 8] = [
        AcceptedStatus::Actc,
        AcceptedStatus::Accp,
        AcceptedStatus::Acfc,
        AcceptedStatus::Acsp,
        AcceptedStatus::Acwc,
        AcceptedStatus::Acsc,
        AcceptedStatus::Acwp,
        AcceptedStatus::Accc,
    ];

    /// The word of ISO 20022.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            AcceptedStatus::Actc => "ACTC",
            AcceptedStatus::Accp => "ACCP",
            AcceptedStatus::Acfc => "ACFC",
            AcceptedStatus::Acsp => "ACSP",
            AcceptedStatus::Acwc => "ACWC",
            AcceptedStatus::Acsc => "ACSC",
            AcceptedStatus::Acwp => "ACWP",
            AcceptedStatus::Accc => "ACCC",
        }
    }

    /// Reads a word of ISO 20022; `None` for every other.
    #[must_use]
    pub fn of(word: &str) -> Option<AcceptedStatus> {
        AcceptedStatus::ALL.into_iter().find(|status| status.word() == word)
    }
}

fn settled() -> AcceptedStatus {
    AcceptedStatus::Acsc
}

fn begun() -> AcceptedStatus {
    AcceptedStatus::Acsp
}

fn accepted() -> AcceptedStatus {
    AcceptedStatus::Actc
}

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
