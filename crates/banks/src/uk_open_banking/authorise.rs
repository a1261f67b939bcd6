//! The payer's way to the bank (OBIE Security Profile; FAPI 1.0 Advanced; OpenID Connect Core; RFC
//! 9126): we sign the request object, and it travels with the browser or is pushed to the bank.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use domain::authorisation::Attempt;
use domain::ids::random_uuid;
use serde::Serialize;
use url::{Url, form_urlencoded};

use super::discovery::Discovery;
use super::{UkOpenBanking, client_id, settings, signing_failed};
use crate::call::Call;
use crate::error::BankError;
use crate::jose::{encode, sign_compact};
use crate::profile::{
    CONSENT_ID_PLACEHOLDER, Flow, RequestObjectClaim, ResponseMode, UkOpenBanking as Settings,
};

const SCOPE: &str = "openid payments";
/// The scope of a bank without OpenID.
const SCOPE_OF_OAUTH: &str = "payments";
/// `nbf` lies this much back, for a bank whose clock is behind.
const NOT_BEFORE_S: i64 = 30;
/// "The payer was strongly authenticated", in the standard's words.
const SCA: &str = "urn:openbanking:psd2:sca";

#[derive(Serialize)]
struct RequestObject<'a> {
    iss: &'a str,
    aud: &'a str,
    client_id: &'a str,
    response_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mode: Option<&'static str>,
    redirect_uri: &'a str,
    scope: &'static str,
    state: &'a str,
    nonce: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_challenge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_challenge_method: Option<&'static str>,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
    /// The bank's own parameters.
    #[serde(flatten)]
    own: BTreeMap<&'a str, &'a str>,
    claims: RequestedClaims<'a>,
}

#[derive(Serialize)]
struct RequestedClaims<'a> {
    id_token: RequestedIdToken<'a>,
}

#[derive(Serialize)]
struct RequestedIdToken<'a> {
    openbanking_intent_id: IntentId<'a>,
    acr: AuthenticationClass,
}

#[derive(Serialize)]
struct IntentId<'a> {
    value: &'a str,
    essential: bool,
}

#[derive(Serialize)]
struct AuthenticationClass {
    values: [&'static str; 1],
    essential: bool,
}

/// A signed response goes with the code alone (FAPI 1.0 Advanced, section 5.2.2, clause 2).
fn response_type(mode: ResponseMode) -> &'static str {
    if mode.is_signed() { "code" } else { "code id_token" }
}

/// Whether the code is bound to a secret of ours: where an `id_token` in front does not bind it,
/// and where requests are pushed (FAPI 1.0 Advanced, section 5.2.2, clause 18).
pub(super) fn uses_pkce(bank: &Settings, response_is_signed: bool) -> bool {
    response_is_signed || bank.pushed_authorization_requests || bank.flow == Flow::Code
}

fn code_challenge(attempt: &Attempt) -> String {
    encode(digest(&SHA256, attempt.code_verifier.as_bytes()).as_ref())
}

/// The bank's own parameters, with the consent's id where they want it.
fn own_parameters<'a>(bank: &'a Settings, consent_id: &str) -> Vec<(&'a str, String)> {
    let value = |text: &str| text.replace(CONSENT_ID_PLACEHOLDER, consent_id);
    bank.authorization_parameters.iter().map(|(name, text)| (name.as_str(), value(text))).collect()
}

fn request_object(
    call: &Call<'_>,
    discovery: &Discovery,
    consent_id: &str,
    own: &[(&str, String)],
    attempt: &Attempt,
) -> Result<String, BankError> {
    let bank = settings(call.bank)?;
    let now_s = call.clock.now().as_second();
    let rules = &bank.request_object;
    let sends = |claim| !rules.omits.contains(&claim);
    let nbf = sends(RequestObjectClaim::Nbf).then(|| now_s.saturating_sub(NOT_BEFORE_S));
    let mode = discovery.response_mode(bank);
    let identity = call.identity;
    let code_challenge = uses_pkce(bank, mode.is_signed()).then(|| code_challenge(attempt));
    let claims = RequestObject {
        iss: client_id(call),
        aud: bank.token_issuer(),
        client_id: client_id(call),
        response_type: response_type(mode),
        response_mode: told_mode(mode),
        redirect_uri: call.return_url,
        scope: SCOPE,
        state: &attempt.oauth_state,
        nonce: &attempt.nonce,
        code_challenge_method: code_challenge.as_ref().map(|_| "S256"),
        code_challenge,
        jti: random_uuid(call.ids),
        iat: sends(RequestObjectClaim::Iat).then_some(now_s),
        nbf,
        exp: nbf.unwrap_or(now_s).saturating_add(rules.lifetime_s),
        own: own.iter().map(|(name, value)| (*name, value.as_str())).collect(),
        claims: RequestedClaims {
            id_token: RequestedIdToken {
                openbanking_intent_id: IntentId { value: consent_id, essential: true },
                acr: AuthenticationClass { values: [SCA], essential: true },
            },
        },
    };
    sign_compact(&identity.signing_key, &claims).map_err(signing_failed)
}

/// Fragment is the flow's default, and some banks refuse an explicit default. A bank that answers in
/// the query does so unasked.
fn told_mode(mode: ResponseMode) -> Option<&'static str> {
    let unasked = matches!(mode, ResponseMode::Fragment | ResponseMode::Query);
    (!unasked).then_some(mode.word())
}

fn endpoint(discovery: &Discovery) -> Result<Url, BankError> {
    Url::parse(&discovery.authorization_endpoint)
        .map_err(|_| BankError::malformed("discovery: `authorization_endpoint`", b""))
}

fn by_value(
    call: &Call<'_>,
    discovery: &Discovery,
    own: &[(&str, String)],
    attempt: &Attempt,
    object: &str,
) -> Result<String, BankError> {
    let mode = discovery.response_mode(settings(call.bank)?);
    let mut url = endpoint(discovery)?;
    url.query_pairs_mut()
        .append_pair("response_type", response_type(mode))
        .append_pair("client_id", client_id(call))
        .append_pair("redirect_uri", call.return_url)
        .append_pair("scope", SCOPE)
        .append_pair("state", &attempt.oauth_state)
        .append_pair("nonce", &attempt.nonce)
        .extend_pairs(told_mode(mode).map(|mode| ("response_mode", mode)))
        .extend_pairs(own)
        .append_pair("request", object);
    Ok(url.into())
}

/// OAuth 2.0 without OpenID (RFC 6749, section 4.1.1; RFC 7636): nothing is signed.
fn without_openid(
    call: &Call<'_>,
    discovery: &Discovery,
    own: &[(&str, String)],
    attempt: &Attempt,
) -> Result<String, BankError> {
    let mut url = endpoint(discovery)?;
    let parameters = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id(call))
        .append_pair("redirect_uri", call.return_url)
        .append_pair("scope", SCOPE_OF_OAUTH)
        .append_pair("state", &attempt.oauth_state)
        .append_pair("code_challenge", &code_challenge(attempt))
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(own)
        .finish();
    match &settings(call.bank)?.packed_parameters {
        Some(name) => url.query_pairs_mut().append_pair(name, &encode(parameters.as_bytes())),
        None => url.query_pairs_mut().extend_pairs(form_urlencoded::parse(parameters.as_bytes())),
    };
    Ok(url.into())
}

/// RFC 9126, section 4: the browser carries the reference and nothing that could contradict it.
fn by_reference(
    call: &Call<'_>,
    discovery: &Discovery,
    reference: &str,
) -> Result<String, BankError> {
    let mut url = endpoint(discovery)?;
    url.query_pairs_mut()
        .append_pair("client_id", client_id(call))
        .append_pair("request_uri", reference);
    Ok(url.into())
}

impl UkOpenBanking {
    pub(super) async fn authorisation_url(
        &self,
        call: &Call<'_>,
        consent_id: &str,
        attempt: &Attempt,
    ) -> Result<String, BankError> {
        let discovery = self.discovery(call).await?;
        let bank = settings(call.bank)?;
        let own = own_parameters(bank, consent_id);
        if bank.flow == Flow::Code {
            return without_openid(call, &discovery, &own, attempt);
        }
        let object = request_object(call, &discovery, consent_id, &own, attempt)?;
        if !bank.pushed_authorization_requests {
            return by_value(call, &discovery, &own, attempt, &object);
        }
        let endpoint = discovery.pushed_request_address(call);
        let missing = || BankError::malformed("discovery: no endpoint for pushed requests", b"");
        let reference = self.push_request(call, endpoint.ok_or_else(missing)?, &object).await?;
        by_reference(call, &discovery, &reference)
    }
}
