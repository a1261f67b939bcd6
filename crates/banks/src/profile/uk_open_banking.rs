//! UK Open Banking at one bank: the table `[standard.uk-open-banking]` of a profile.

use std::collections::BTreeMap;

use domain::rail::Rail;
use serde::Deserialize;
use url::Url;

use super::secret::Secret;
use super::standard::AcceptedStatus;
use super::uk_authorisation::{
    CONSENT_ID_PLACEHOLDER, Flow, IdTokenRules, RequestObjectRules, TokenParameter,
    check_authorization_parameters, check_token_parameters,
};
use super::uk_order::{
    ContractIndicator, ExtraStatus, PaymentContextCode, RejectionReasonPlace, SignatureIssuer,
    check_extra_statuses, usual_rejection_reasons,
};
use super::{Check, ensure};
use crate::jose::{DetachedClaim, DetachedForm};

/// UK Open Banking at one bank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UkOpenBanking {
    /// Which version.
    pub version: UkOpenBankingVersion,
    /// OpenID issuer, letter by letter: with a slash at the end where the bank has one.
    pub issuer: String,
    /// Where the discovery document is, if not at `{issuer}/.well-known/openid-configuration`.
    pub discovery_url: Option<String>,
    /// `iss` of the bank's tokens and `aud` of our request objects, if not the issuer.
    pub token_issuer: Option<String>,
    /// Addresses that count in place of those in the discovery document.
    #[serde(default)]
    pub endpoints: Endpoints,
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
    /// `aud` of our client assertions, if not the token endpoint.
    pub token_endpoint_audience: Option<String>,
    /// Our secret at the token endpoint, for the two methods that have one.
    pub client_secret: Option<Secret>,
    /// Whether what is asked of the payer goes to the bank first and the browser carries only a
    /// reference to it (RFC 9126). PKCE comes with it.
    #[serde(default)]
    pub pushed_authorization_requests: bool,
    /// With OpenID, or OAuth 2.0 alone.
    #[serde(default)]
    pub flow: Flow,
    /// With [`Flow::Code`]: the parameter of the authorisation request in which all others are, as a query
    /// string in base64url.
    pub packed_parameters: Option<String>,
    /// Further parameters at the token endpoint.
    #[serde(default)]
    pub token_parameters: Vec<TokenParameter>,
    /// Further parameters of the authorisation request. They are in the request object too, where
    /// there is one. `{consent_id}` in a value is the id of the consent.
    #[serde(default)]
    pub authorization_parameters: BTreeMap<String, String>,
    /// How the bank's `id_token` leaves the standard.
    #[serde(default)]
    pub id_token: IdTokenRules,
    /// How the bank wants our request objects.
    #[serde(default)]
    pub request_object: RequestObjectRules,
    /// How `Risk` names the contract, if not as the version's schema.
    pub contract_indicator: Option<ContractIndicator>,
    /// Rails whose payments are international ones at this bank; domestic ones if empty.
    #[serde(default)]
    pub international_rails: Vec<Rail>,
    /// The codes that the bank takes; all of the version if empty. A payment with another is refused.
    #[serde(default)]
    pub payment_context_codes: Vec<PaymentContextCode>,
    /// The code that is sent where the member gives none; the first of `payment_context_codes` if
    /// absent.
    pub default_payment_context_code: Option<PaymentContextCode>,
    /// The bank's id in the directory, for banks that want it in `x-fapi-financial-id`.
    pub financial_id: Option<String>,
    /// Where the bank gives the reason of a rejection.
    #[serde(default = "usual_rejection_reasons")]
    pub rejection_reasons: Vec<RejectionReasonPlace>,
    /// The bank's own statuses of orders.
    #[serde(default)]
    pub extra_statuses: BTreeMap<String, ExtraStatus>,
    /// Whether amounts in answers are JSON numbers, `1.00` and not `"1.00"`.
    #[serde(default)]
    pub amounts_are_numbers: bool,
    /// How long after the approval the bank takes the order, in seconds, 1 to 86,400; if absent, as
    /// long as the payer's token works.
    pub order_within_s: Option<i64>,
}

impl UkOpenBanking {
    /// `iss` of the bank's tokens, and `aud` of our request objects.
    #[must_use]
    pub fn token_issuer(&self) -> &str {
        self.token_issuer.as_deref().unwrap_or(&self.issuer)
    }

    /// Where the discovery document is; `None` at a bank whose file has all addresses.
    ///
    /// A slash at the issuer's end does not count in this address (OpenID Connect Discovery 1.0,
    /// section 4).
    #[must_use]
    pub fn discovery_address(&self) -> Option<String> {
        let Endpoints { authorization, token, keys, .. } = &self.endpoints;
        let needs_keys = self.flow == Flow::OpenId || self.signing.bank_signs;
        if authorization.is_some() && token.is_some() && (keys.is_some() || !needs_keys) {
            return None;
        }
        let usual = || {
            let issuer = self.issuer.strip_suffix('/').unwrap_or(&self.issuer);
            format!("{issuer}/.well-known/openid-configuration")
        };
        Some(self.discovery_url.clone().unwrap_or_else(usual))
    }

    pub(super) fn check(
        &self,
        (simulated, registers): (bool, bool),
        check_url: impl Fn(&'static str, &str) -> Check,
    ) -> Check {
        // The rule of all other addresses, but for the slash that an issuer may end with.
        let check_name = |key, text: &str| check_url(key, text.strip_suffix('/').unwrap_or(text));
        check_name("issuer", &self.issuer)?;
        self.token_issuer.iter().try_for_each(|text| check_name("token_issuer", text))?;
        self.discovery_url.iter().try_for_each(|text| check_url("discovery_url", text))?;
        self.endpoints.check(simulated, check_url)?;
        ensure("discovery_url", "has no use: `endpoints` has every address", {
            self.discovery_url.is_none() || self.discovery_address().is_some()
        })?;
        ensure("response_modes", "must not be empty", !self.response_modes.is_empty())?;
        self.signing.check()?;
        ensure("financial_id", "must be 1 to 40 visible ASCII characters", {
            self.financial_id.as_ref().is_none_or(|id| {
                (1..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
            })
        })?;
        check_extra_statuses(&self.extra_statuses)?;
        ensure("order_within_s", "must be 1 to 86400", {
            self.order_within_s.is_none_or(|seconds| (1..=86_400).contains(&seconds))
        })?;
        check_token_parameters(&self.token_parameters)?;
        check_authorization_parameters(&self.authorization_parameters)?;
        ensure("request_object.lifetime_s", "must be 60 to 3600", {
            (60..=3600).contains(&self.request_object.lifetime_s)
        })?;
        self.check_flow()?;
        self.check_client(simulated, registers)
    }

    /// OAuth 2.0 alone has no signed response and no place but the parameters for the consent's id.
    fn check_flow(&self) -> Check {
        ensure("packed_parameters", "must be a name, and has no use without the flow `code`", {
            self.packed_parameters.as_ref().is_none_or(|name| {
                let short = (1..=64).contains(&name.len());
                self.flow == Flow::Code && short && name.bytes().all(|byte| byte.is_ascii_graphic())
            })
        })?;
        if self.flow == Flow::OpenId {
            return Ok(());
        }
        ensure("response_modes", "must be [\"query\"] with the flow `code`", {
            self.response_modes == [ResponseMode::Query]
        })?;
        let names_consent = |value: &String| value.contains(CONSENT_ID_PLACEHOLDER);
        ensure(
            "authorization_parameters",
            "must have `{consent_id}` in a value: the flow `code` has no other place for it",
            self.authorization_parameters.values().any(names_consent),
        )?;
        ensure("pushed_authorization_requests", "cannot be true with the flow `code`", {
            !self.pushed_authorization_requests
        })
    }

    fn check_client(&self, simulated: bool, registers: bool) -> Check {
        let by_assertion = self.token_endpoint_auth == TokenEndpointAuth::PrivateKeyJwt;
        ensure("token_endpoint_audience", "has a use with `private_key_jwt` only", {
            self.token_endpoint_audience.is_none() || by_assertion
        })?;
        ensure("token_endpoint_audience", "must not be empty", {
            self.token_endpoint_audience.as_deref() != Some("")
        })?;
        let by_secret = matches!(
            self.token_endpoint_auth,
            TokenEndpointAuth::ClientSecretBasic | TokenEndpointAuth::ClientSecretPost
        );
        ensure(
            "client_secret",
            "is needed with `client_secret_basic` and `client_secret_post`, and has no use else",
            registers || by_secret == self.client_secret.is_some(),
        )?;
        ensure("client_secret", "has a form that only simulated banks have", {
            simulated || !self.client_secret.as_ref().is_some_and(Secret::is_simulated)
        })
    }
}

/// Addresses of a bank's authorisation server. Each that is here counts in place of the discovery
/// document's. With the first three, no document is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Endpoints {
    /// Where the payer's browser goes. An app's own scheme is allowed: `bank-app://authorise`.
    pub authorization: Option<String>,
    /// The token endpoint.
    pub token: Option<String>,
    /// The bank's key set (RFC 7517).
    pub keys: Option<String>,
    /// Where requests are pushed to (RFC 9126).
    pub pushed_authorization_request: Option<String>,
}

/// Schemes that no app has: a browser runs, shows or fetches what they name.
const SCHEMES_OF_NO_APP: [&str; 10] = [
    "about",
    "blob",
    "data",
    "file",
    "filesystem",
    "ftp",
    "javascript",
    "view-source",
    "vbscript",
    "ws",
];

impl Endpoints {
    fn check(&self, simulated: bool, check_url: impl Fn(&'static str, &str) -> Check) -> Check {
        let key = "endpoints.authorization";
        if let Some(text) = &self.authorization {
            let url = Url::parse(text).map_err(|error| (key, format!("is not a URL: {error}")))?;
            let secure = match url.scheme() {
                "https" => true,
                "http" => simulated,
                other => !SCHEMES_OF_NO_APP.contains(&other),
            };
            ensure(key, "must be https, or have the scheme of an app", secure)?;
            ensure(key, "must have no fragment", url.fragment().is_none())?;
        }
        for (key, address) in [
            ("endpoints.token", &self.token),
            ("endpoints.keys", &self.keys),
            ("endpoints.pushed_authorization_request", &self.pushed_authorization_request),
        ] {
            address.iter().try_for_each(|text| check_url(key, text))?;
        }
        Ok(())
    }
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
    /// Client id and secret in the header `Authorization` (RFC 6749, section 2.3.1).
    ClientSecretBasic,
    /// The same in the body.
    ClientSecretPost,
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
    /// In the URL's query. The bank answers so without being asked; asking for it is against the
    /// specification where an `id_token` comes with the browser.
    Query,
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
            ResponseMode::Query => "query",
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
            ResponseMode::FormPost | ResponseMode::Fragment | ResponseMode::Query => false,
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
    /// The claims of Open Banking in a signature's header; each is critical there.
    #[serde(default = "every_claim")]
    pub header_claims: Vec<DetachedClaim>,
    /// `iss` of our signatures.
    #[serde(default)]
    pub issuer: SignatureIssuer,
    /// The trust anchor of both sides' keys, a DNS name (header `tan`); needed with that claim.
    pub trust_anchor: Option<String>,
    /// The bank's organisation in the trust anchor's directory (header `iss`). Where it is not
    /// known, any issuer is accepted that signs with a key of the bank's key set.
    pub organisation_id: Option<String>,
}

fn every_claim() -> Vec<DetachedClaim> {
    DetachedClaim::ALL.to_vec()
}

impl Signing {
    fn check(&self) -> Check {
        let names = |claim| self.header_claims.contains(&claim);
        let times = |claim| self.header_claims.iter().filter(|own| **own == claim).count();
        ensure("signing.header_claims", "must name each claim once", {
            DetachedClaim::ALL.into_iter().all(|claim| times(claim) <= 1)
        })?;
        ensure("signing.trust_anchor", "must not be empty", {
            self.trust_anchor.as_deref() != Some("")
        })?;
        ensure("signing.trust_anchor", "is needed, or `tan` must not be in `header_claims`", {
            self.trust_anchor.is_some() || !names(DetachedClaim::Tan)
        })?;
        ensure("signing.organisation_id", "has no use without `iss` in `header_claims`", {
            self.organisation_id.is_none() || names(DetachedClaim::Iss)
        })
    }
}
