//! The authorisation server of a bank of NextGenPSD2: the table `[standard.next-gen-psd2.oauth]`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::secret::Secret;
use super::uk_authorisation::{
    TokenParameter, check_authorization_parameters, check_token_parameters,
};
use super::uk_open_banking::TokenEndpointAuth;
use super::{Check, ensure};

/// Placeholder for the payment's id in a scope or a parameter.
pub const PAYMENT_ID_PLACEHOLDER: &str = "{id}";
/// The longest scope, name or client id, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// OAuth 2.0 at one bank of NextGenPSD2 (1.3.12, section 13).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OAuth {
    /// Whether every call needs a token that the payer's own sign-in gives first.
    pub before_payment: bool,
    /// Where the authorisation server describes itself (RFC 8414), where the bank gives no link.
    pub metadata_url: Option<String>,
    /// Where the payer's browser goes; counts in place of the metadata's.
    pub authorization_endpoint: Option<String>,
    /// The token endpoint; counts in place of the metadata's.
    pub token_endpoint: Option<String>,
    /// The target of the link `scaOAuth`.
    pub link: OAuthLink,
    /// `scope` of the sign-in before a payment.
    pub scope_of_sign_in: String,
    /// `scope` of the approval of a payment; `{id}` is the payment's id.
    pub scope_of_payment: String,
    /// `response_type` of the authorisation request.
    pub response_type: String,
    /// Further parameters of the authorisation request. `{id}` in a value is the payment's id; before
    /// there is a payment, such a parameter is left out.
    pub authorization_parameters: BTreeMap<String, String>,
    /// Parameters of the authorisation request that have another name at this bank.
    pub renamed_parameters: BTreeMap<RenamedParameter, String>,
    /// Further parameters at the token endpoint. Those of the grant `authorization_code` are sent with a
    /// refresh token, too.
    pub token_parameters: Vec<TokenParameter>,
    /// Whether each call before the payer's token carries a token of our own (`client_credentials`).
    pub client_token_first: bool,
    /// `scope` of that token; none is sent if absent.
    pub scope_of_client_token: Option<String>,
    /// Our client id, where it is not our organisation identifier.
    pub client_id: Option<String>,
    /// How we prove who we are at the token endpoint: by the certificate, or a secret.
    pub token_endpoint_auth: TokenEndpointAuth,
    /// Our secret at the token endpoint, for the two methods that have one.
    pub client_secret: Option<Secret>,
}

impl Default for OAuth {
    fn default() -> Self {
        OAuth {
            before_payment: false,
            metadata_url: None,
            authorization_endpoint: None,
            token_endpoint: None,
            link: OAuthLink::Metadata,
            scope_of_sign_in: "PIS".to_owned(),
            scope_of_payment: format!("PIS:{PAYMENT_ID_PLACEHOLDER}"),
            response_type: "code".to_owned(),
            authorization_parameters: BTreeMap::new(),
            renamed_parameters: BTreeMap::new(),
            token_parameters: vec![],
            client_token_first: false,
            scope_of_client_token: None,
            client_id: None,
            token_endpoint_auth: TokenEndpointAuth::TlsClientAuth,
            client_secret: None,
        }
    }
}

/// The target of a bank's link `scaOAuth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OAuthLink {
    /// The server's metadata (RFC 8414), as in the standard.
    #[default]
    Metadata,
    /// The authorisation request itself, for the payer's browser.
    AuthorizationUrl,
}

/// A parameter of the authorisation request that some banks rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenamedParameter {
    /// `client_id`.
    ClientId,
    /// `response_type`.
    ResponseType,
}

impl RenamedParameter {
    /// The standard's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RenamedParameter::ClientId => "client_id",
            RenamedParameter::ResponseType => "response_type",
        }
    }
}

impl OAuth {
    /// The name of a parameter of the authorisation request at this bank.
    #[must_use]
    pub fn name_of(&self, parameter: RenamedParameter) -> &str {
        self.renamed_parameters.get(&parameter).map_or(parameter.word(), String::as_str)
    }

    pub(super) fn check(
        &self,
        (simulated, registers): (bool, bool),
        check_url: impl Fn(&'static str, &str) -> Check,
    ) -> Check {
        for (key, address) in [
            ("oauth.metadata_url", &self.metadata_url),
            ("oauth.authorization_endpoint", &self.authorization_endpoint),
            ("oauth.token_endpoint", &self.token_endpoint),
        ] {
            address.iter().try_for_each(|text| check_url(key, text))?;
        }
        let described = self.metadata_url.is_some();
        let tokens_at = described || self.token_endpoint.is_some();
        ensure(
            "oauth.metadata_url",
            "is needed with `before_payment`, or both `authorization_endpoint` and `token_endpoint`",
            !self.before_payment
                || described
                || (self.authorization_endpoint.is_some() && self.token_endpoint.is_some()),
        )?;
        ensure("oauth.token_endpoint", "or `metadata_url` is needed with `client_token_first`", {
            tokens_at || !self.client_token_first
        })?;
        ensure("oauth.token_endpoint", "or `metadata_url` is needed with this `link`", {
            tokens_at || self.link == OAuthLink::Metadata
        })?;
        ensure("oauth.scope_of_client_token", "has no use without `client_token_first`", {
            self.client_token_first || self.scope_of_client_token.is_none()
        })?;
        self.check_texts()?;
        let own = |checked: Check, key| checked.map_err(|(_, why)| (key, why));
        let parameters = check_authorization_parameters(&self.authorization_parameters);
        own(parameters, "oauth.authorization_parameters")?;
        own(check_token_parameters(&self.token_parameters), "oauth.token_parameters")?;
        self.check_client(simulated, registers)
    }

    fn check_texts(&self) -> Check {
        let fits = |text: &str| {
            (1..=TEXT_BYTES_MAX).contains(&text.len())
                && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        };
        let rule = "must be 1 to 256 visible ASCII characters";
        let fixed = [
            ("oauth.scope_of_sign_in", &self.scope_of_sign_in),
            ("oauth.scope_of_payment", &self.scope_of_payment),
            ("oauth.response_type", &self.response_type),
        ];
        let client_token = self.scope_of_client_token.iter();
        let named = client_token.map(|text| ("oauth.scope_of_client_token", text));
        let client = self.client_id.iter().map(|text| ("oauth.client_id", text));
        let renamed = self.renamed_parameters.values();
        let renamed = renamed.map(|text| ("oauth.renamed_parameters", text));
        let mut texts = fixed.into_iter().chain(named).chain(client).chain(renamed);
        texts.try_for_each(|(key, text)| ensure(key, rule, fits(text)))
    }

    fn check_client(&self, simulated: bool, registers: bool) -> Check {
        let by_secret = match self.token_endpoint_auth {
            TokenEndpointAuth::TlsClientAuth => false,
            TokenEndpointAuth::ClientSecretBasic | TokenEndpointAuth::ClientSecretPost => true,
            TokenEndpointAuth::PrivateKeyJwt => {
                let why = "cannot be `private_key_jwt` in this standard".to_owned();
                return Err(("oauth.token_endpoint_auth", why));
            }
        };
        ensure(
            "oauth.client_secret",
            "is needed with `client_secret_basic` and `client_secret_post`, and has no use else",
            registers || by_secret == self.client_secret.is_some(),
        )?;
        ensure("oauth.client_secret", "has a form that only simulated banks have", {
            simulated || !self.client_secret.as_ref().is_some_and(Secret::is_simulated)
        })
    }
}
