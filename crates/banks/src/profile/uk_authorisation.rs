//! How a British bank leaves the usual way of an approval: flow, parameters, claims.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Check, ensure};

/// The way of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// OpenID Connect with a signed request object: hybrid, or a code alone with signed responses.
    #[default]
    #[serde(rename = "openid")]
    OpenId,
    /// OAuth 2.0 with a code alone and PKCE: no request object and no `id_token`. The bank learns
    /// from `authorization_parameters` which consent the payer is to approve.
    Code,
}

/// A grant of the token endpoint (RFC 6749, section 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenGrant {
    /// Our own token.
    ClientCredentials,
    /// The payer's token.
    AuthorizationCode,
}

impl TokenGrant {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TokenGrant::ClientCredentials => "client_credentials",
            TokenGrant::AuthorizationCode => "authorization_code",
        }
    }
}

/// Where a parameter is in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterPlace {
    /// In the body.
    #[default]
    Form,
    /// In the URL.
    Query,
}

/// A parameter that a bank wants at its token endpoint beside those of the standard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenParameter {
    /// The name. `scope` replaces the standard's value; the other standard names are refused.
    pub name: String,
    /// The value.
    pub value: String,
    /// Where it is.
    #[serde(default)]
    pub place: ParameterPlace,
    /// The requests that have it.
    #[serde(default = "every_grant")]
    pub grants: Vec<TokenGrant>,
}

fn every_grant() -> Vec<TokenGrant> {
    vec![TokenGrant::ClientCredentials, TokenGrant::AuthorizationCode]
}

/// The most parameters of one kind that a profile has.
const PARAMETERS_MAX: usize = 20;
/// The longest name or value of a parameter, in bytes.
const PARAMETER_BYTES_MAX: usize = 256;

/// Names that the token endpoint's standards give a meaning that no bank changes.
const NAMES_OF_TOKEN_REQUESTS: [&str; 9] = [
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "refresh_token",
];

/// The same of authorisation requests and request objects.
const NAMES_OF_AUTHORISATION_REQUESTS: [&str; 18] = [
    "aud",
    "claims",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// Placeholder for the consent's id in a value of `authorization_parameters`.
pub const CONSENT_ID_PLACEHOLDER: &str = "{consent_id}";

fn fits(name: &str, value: &str) -> bool {
    let short = |text: &str| (1..=PARAMETER_BYTES_MAX).contains(&text.len());
    let visible = |text: &str| text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    short(name) && short(value) && visible(name) && visible(value)
}

pub(super) fn check_token_parameters(parameters: &[TokenParameter]) -> Check {
    let key = "token_parameters";
    ensure(key, "must have at most 20 entries", parameters.len() <= PARAMETERS_MAX)?;
    ensure(key, "must have names and values of 1 to 256 visible ASCII characters", {
        parameters.iter().all(|one| fits(&one.name, &one.value))
    })?;
    ensure(key, "must have at least one grant each", {
        parameters.iter().all(|one| !one.grants.is_empty())
    })?;
    match parameters.iter().find(|one| NAMES_OF_TOKEN_REQUESTS.contains(&one.name.as_str())) {
        Some(one) => Err((key, format!("has `{}`, which the standard sets itself", one.name))),
        None => Ok(()),
    }
}

pub(super) fn check_authorization_parameters(parameters: &BTreeMap<String, String>) -> Check {
    let key = "authorization_parameters";
    ensure(key, "must have at most 20 entries", parameters.len() <= PARAMETERS_MAX)?;
    ensure(key, "must have names and values of 1 to 256 visible ASCII characters", {
        parameters.iter().all(|(name, value)| fits(name, value))
    })?;
    match parameters.keys().find(|name| NAMES_OF_AUTHORISATION_REQUESTS.contains(&name.as_str())) {
        Some(name) => Err((key, format!("has `{name}`, which the standard sets itself"))),
        None => Ok(()),
    }
}

/// A claim that the bank leaves out of an `id_token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdTokenClaim {
    /// `nonce`, at the token endpoint: in front, it alone binds the token to the payer's browser.
    Nonce,
    /// `openbanking_intent_id`, at the token endpoint for the same reason.
    OpenbankingIntentId,
    /// `s_hash`. The state is then not signed, the code is.
    SHash,
}

/// How a bank's `id_token` leaves the standard. A claim that is there must always be right.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdTokenRules {
    /// Claims that may be missing.
    pub omits: Vec<IdTokenClaim>,
    /// Whether `exp` is in milliseconds.
    pub exp_in_milliseconds: bool,
}

impl IdTokenRules {
    /// Whether a claim may be missing, of a token that comes with the browser or of one from the
    /// token endpoint.
    #[must_use]
    pub fn may_lack(&self, claim: IdTokenClaim, in_front: bool) -> bool {
        let allowed = match claim {
            IdTokenClaim::SHash => true,
            IdTokenClaim::Nonce | IdTokenClaim::OpenbankingIntentId => !in_front,
        };
        allowed && self.omits.contains(&claim)
    }
}

/// A claim of our request objects that a bank may refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestObjectClaim {
    /// When it was made.
    Iat,
    /// When its time begins.
    Nbf,
}

/// How a bank wants our request objects.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestObjectRules {
    /// From `nbf` to `exp`, in seconds, 60 to 3600. FAPI 1.0 Advanced, section 5.2.2: at most 60 minutes.
    pub lifetime_s: i64,
    /// Claims that are left out. `exp` never is.
    pub omits: Vec<RequestObjectClaim>,
}

impl Default for RequestObjectRules {
    fn default() -> Self {
        RequestObjectRules { lifetime_s: 3600, omits: Vec::new() }
    }
}
