//! Where the bank's endpoints and keys are (OpenID Connect Discovery 1.0).
//!
//! Endpoints are used only within the profile's hosts: a discovery document that was tampered
//! with must not lead our credentials elsewhere.

use std::sync::Arc;

use serde::Deserialize;

use super::exchange::client_certificate;
use super::{UkOpenBanking, settings};
use crate::cache::after;
use crate::call::Call;
use crate::error::{BankError, cut};
use crate::exchange::{header, read, trust};
use crate::jose::KeySet;
use crate::misfit::unsupported;
use crate::profile::{BankProfile, Endpoints, ResponseMode, UkOpenBanking as Settings};
use crate::wire::{Request, Response};

/// How long a discovery document is kept, in seconds.
const DISCOVERY_LIFETIME_S: i64 = 3600;
/// How long a key set is kept, in seconds; an unknown `kid` fetches it earlier.
const KEYS_LIFETIME_S: i64 = 600;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Discovery {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    /// `None` only of a bank whose file says that it signs nothing.
    pub(super) jwks_uri: Option<String>,
    /// RFC 9126.
    pub(super) pushed_authorization_request_endpoint: Option<String>,
    /// Where clients register (RFC 7591).
    pub(super) registration_endpoint: Option<String>,
    /// The same endpoints for connections with a client certificate.
    #[serde(default)]
    mtls_endpoint_aliases: Aliases,
    response_modes_supported: Option<Vec<String>>,
}

/// Addresses for connections with a client certificate (RFC 8705, section 5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Aliases {
    token_endpoint: Option<String>,
    pushed_authorization_request_endpoint: Option<String>,
    registration_endpoint: Option<String>,
}

impl Discovery {
    /// The address of the token endpoint for us, and the endpoint's name.
    pub(super) fn token_address(&self, call: &Call<'_>) -> (&str, &str) {
        let alias = self.mtls_endpoint_aliases.token_endpoint.as_deref();
        (for_us(call, alias, &self.token_endpoint), &self.token_endpoint)
    }

    /// The same of the endpoint for pushed requests (RFC 9126).
    pub(super) fn pushed_request_address(&self, call: &Call<'_>) -> Option<(&str, &str)> {
        let endpoint = self.pushed_authorization_request_endpoint.as_deref()?;
        let alias = self.mtls_endpoint_aliases.pushed_authorization_request_endpoint.as_deref();
        Some((for_us(call, alias, endpoint), endpoint))
    }

    /// The address at which we register.
    pub(super) fn registration_address(&self, call: &Call<'_>) -> Option<&str> {
        let endpoint = self.registration_endpoint.as_deref();
        let alias = self.mtls_endpoint_aliases.registration_endpoint.as_deref();
        Some(for_us(call, alias, endpoint.or(alias)?))
    }

    /// The addresses of a bank whose file has them all.
    fn of_profile(bank: &Settings) -> Option<Discovery> {
        let Endpoints { authorization, token, keys, pushed_authorization_request } =
            bank.endpoints.clone();
        Some(Discovery {
            issuer: bank.issuer.clone(),
            authorization_endpoint: authorization?,
            token_endpoint: token?,
            jwks_uri: keys,
            pushed_authorization_request_endpoint: pushed_authorization_request,
            registration_endpoint: None,
            mtls_endpoint_aliases: Aliases::default(),
            response_modes_supported: None,
        })
    }

    /// With the addresses that the bank's file has. The operator wrote them, so any host will do.
    fn with(mut self, own: &Endpoints) -> Discovery {
        let own = own.clone();
        self.authorization_endpoint = own.authorization.unwrap_or(self.authorization_endpoint);
        if let Some(token) = own.token {
            self.token_endpoint = token;
            self.mtls_endpoint_aliases.token_endpoint = None;
        }
        self.jwks_uri = own.keys.or(self.jwks_uri);
        let pushed = own.pushed_authorization_request;
        if pushed.is_some() {
            self.mtls_endpoint_aliases.pushed_authorization_request_endpoint = None;
        }
        self.pushed_authorization_request_endpoint =
            pushed.or(self.pushed_authorization_request_endpoint);
        self
    }

    /// The profile's best mode that the bank lists; the profile's word where it lists none. Where the
    /// two have nothing in common, a profile that knows of signed responses or of answers in the
    /// query is believed, and else the standard's default is taken.
    pub(super) fn response_mode(&self, bank: &Settings) -> ResponseMode {
        let listed = |mode: &&ResponseMode| {
            let modes = self.response_modes_supported.as_ref();
            modes.is_none_or(|modes| modes.iter().any(|word| word == mode.word()))
        };
        let mut modes = bank.response_modes.iter();
        let best = modes
            .clone()
            .find(listed)
            .or_else(|| modes.find(|mode| mode.is_signed() || **mode == ResponseMode::Query));
        best.copied().unwrap_or(ResponseMode::Fragment)
    }
}

/// The alias where we can show a certificate. One on another host than the profile's does not count: the
/// endpoint itself may still do.
fn for_us<'a>(call: &Call<'_>, alias: Option<&'a str>, endpoint: &'a str) -> &'a str {
    let usable =
        |alias: &&str| client_certificate(call, alias).is_some() && call.bank.allows_url(alias);
    alias.filter(usable).unwrap_or(endpoint)
}

fn ask(call: &Call<'_>, operation: &'static str, url: String) -> Request {
    Request {
        operation,
        method: http::Method::GET,
        url,
        headers: vec![header("accept", "application/json")],
        body: Vec::new(),
        timeout_ms: call.timeout_ms,
        client_certificate: None,
        tls_authorities: None,
    }
}

fn answer(bank: &BankProfile, response: &Response) -> Result<Discovery, BankError> {
    let discovery: Discovery = read(&response.body)?;
    let fail = |what: &str| Err(BankError::malformed(what, &response.body));
    let own = settings(bank)?;
    if discovery.issuer != own.issuer && discovery.issuer != own.token_issuer() {
        return fail(&cut(&format!(
            "discovery: `issuer` is not the profile's: it is `{}`, the profile has `{}`",
            discovery.issuer, own.issuer
        )));
    }
    let Some(keys) = &discovery.jwks_uri else {
        return fail("discovery: `jwks_uri` is missing");
    };
    let pushed = discovery.pushed_authorization_request_endpoint.iter();
    let pushed = pushed.map(|url| ("pushed_authorization_request_endpoint", url));
    for (name, url) in [
        ("authorization_endpoint", &discovery.authorization_endpoint),
        ("token_endpoint", &discovery.token_endpoint),
        ("jwks_uri", keys),
    ]
    .into_iter()
    .chain(pushed)
    {
        if !bank.allows_url(url) {
            return fail(&cut(&format!(
                "discovery: `{name}` is not on a host of the profile: `{url}`"
            )));
        }
    }
    Ok(discovery.with(&own.endpoints))
}

fn answer_keys(call: &Call<'_>, response: &Response) -> Result<KeySet, BankError> {
    KeySet::parse_trusted(&response.body, trust(call))
        .map_err(|error| BankError::malformed(format!("key set: {error}"), &response.body))
}

impl UkOpenBanking {
    pub(super) async fn discovery(&self, call: &Call<'_>) -> Result<Arc<Discovery>, BankError> {
        if let Some(known) = self.discovery.get(call) {
            return Ok(known);
        }
        let bank = settings(call.bank)?;
        let Some(url) = bank.discovery_address() else {
            let missing = || unsupported("the bank's file lacks an address");
            return Ok(Arc::new(Discovery::of_profile(bank).ok_or_else(missing)?));
        };
        let response = fetch(call, ask(call, "discover", url)).await?;
        let found = Arc::new(answer(call.bank, &response)?);
        let until = after(call.clock.now(), DISCOVERY_LIFETIME_S);
        self.discovery.put(call, Arc::clone(&found), until);
        Ok(found)
    }

    /// The bank's public keys.
    pub(super) async fn keys(&self, call: &Call<'_>) -> Result<Arc<KeySet>, BankError> {
        match self.keys.get(call) {
            Some(known) => Ok(known),
            None => self.newer_keys(call).await,
        }
    }

    /// The bank's public keys as they are now.
    pub(super) async fn newer_keys(&self, call: &Call<'_>) -> Result<Arc<KeySet>, BankError> {
        let discovery = self.discovery(call).await?;
        let missing = || unsupported("the bank's file names no key set");
        let url = discovery.jwks_uri.clone().ok_or_else(missing)?;
        let response = fetch(call, ask(call, "get-keys", url)).await?;
        let found = Arc::new(answer_keys(call, &response)?);
        self.keys.put(call, Arc::clone(&found), after(call.clock.now(), KEYS_LIFETIME_S));
        Ok(found)
    }
}

/// Fetching has no effect at the bank, so whatever fails, nothing happened.
async fn fetch(call: &Call<'_>, request: Request) -> Result<Response, BankError> {
    let operation = request.operation;
    let fail = |why: String| BankError::Unavailable { text: format!("{operation}: {why}") };
    let response = call.wire.send(request).await.map_err(|error| fail(error.to_string()))?;
    match response.status {
        200 => super::errors::success(response).map_err(|error| fail(error.to_string())),
        status => Err(fail(format!("HTTP status {status}"))),
    }
}
