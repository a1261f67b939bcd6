//! The authorisation server of a bank (NextGenPSD2 1.3.12, section 13; RFC 8414, 6749, 7636): before
//! a payment, or as the way to approve one.

use aws_lc_rs::digest::{SHA256, digest};
use domain::authorisation::Attempt;
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::exchange::success;
use super::settings;
use crate::cache::{Cache, after};
use crate::call::Call;
use crate::error::{AuthorisationError, BankError};
use crate::exchange::{eidas, header, no_response, own_headers, read};
use crate::jose::encode;
use crate::profile::{PAYMENT_ID_PLACEHOLDER, RenamedParameter, TokenEndpointAuth, TokenGrant};
use crate::psu_return::Returned;
use crate::registration::{self, client_secret};
use crate::token::{AccessToken, RefreshToken};
use crate::token_request::{basic, not_looked_at, own_parameters};
use crate::wire::{Request, Response};

/// How long a token is taken to be good for when the bank does not say, in seconds.
const LIFETIME_UNSAID_S: i64 = 600;
/// The longest lifetime that is believed, in seconds.
const LIFETIME_MAX_S: i64 = 366 * 24 * 3600;
/// How long before its end our own token is renewed, in seconds.
const RENEW_BEFORE_S: i64 = 30;
/// The longest token that is accepted, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

#[derive(Deserialize)]
pub(super) struct Metadata {
    issuer: Option<String>,
    authorization_endpoint: String,
    token_endpoint: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: Option<i64>,
    refresh_token: Option<String>,
}

/// RFC 8414. The document is small and asked for once or twice per payment, so it is not kept.
pub(super) async fn metadata(call: &Call<'_>, url: &str) -> Result<Metadata, BankError> {
    if !call.bank.allows_url(url) {
        return Err(BankError::malformed("the metadata is not on a host of the profile", b""));
    }
    let request = Request {
        operation: "get-oauth-metadata",
        method: http::Method::GET,
        url: url.to_owned(),
        headers: [vec![header("accept", "application/json")], own_headers(call)?].concat(),
        body: vec![],
        timeout_ms: call.timeout_ms,
        client_certificate: Some(std::sync::Arc::clone(&eidas(call)?.transport)),
        tls_authorities: None,
    };
    let response = success(call.wire.send(request).await.map_err(no_response)?)?;
    let found: Metadata = read(&response.body)?;
    for url in [&found.authorization_endpoint, &found.token_endpoint] {
        if !call.bank.allows_url(url) {
            return Err(BankError::malformed(
                "an OAuth endpoint is not on a host of the profile",
                &response.body,
            ));
        }
    }
    Ok(found)
}

/// Where a bank's authorisation server is found.
#[derive(Clone, Copy)]
pub(super) enum ServerAt<'a> {
    /// At the addresses of the profile, or of this metadata.
    Described(Option<&'a str>),
    /// The bank has sent the address for the payer's browser.
    ForBrowser(&'a str),
}

/// The token endpoint, with the issuer if metadata names it.
async fn token_endpoint(
    call: &Call<'_>,
    metadata_url: Option<&str>,
) -> Result<(Option<String>, String), BankError> {
    let own = &settings(call.bank)?.oauth;
    if let Some(endpoint) = &own.token_endpoint {
        return Ok((None, endpoint.clone()));
    }
    let url = metadata_url.or(own.metadata_url.as_deref()).unwrap_or_default();
    let metadata = metadata(call, url).await?;
    Ok((metadata.issuer, metadata.token_endpoint))
}

/// Our client id at the bank.
pub(super) fn client_id<'a>(call: &'a Call<'_>) -> Result<&'a str, BankError> {
    let own = settings(call.bank)?.oauth.client_id.as_deref();
    match own.or(registration::client_id(call)) {
        Some(client_id) => Ok(client_id),
        None => Ok(&eidas(call)?.organisation_identifier),
    }
}

/// Where the payer's browser goes: to approve the payment with that id, or to sign in before there is
/// one.
pub(super) async fn authorisation_url(
    call: &Call<'_>,
    at: ServerAt<'_>,
    payment_id: Option<&str>,
    attempt: &Attempt,
) -> Result<String, BankError> {
    let own = &settings(call.bank)?.oauth;
    let endpoint = match (at, &own.authorization_endpoint) {
        (ServerAt::ForBrowser(url), _) => url.to_owned(),
        (ServerAt::Described(_), Some(endpoint)) => endpoint.clone(),
        (ServerAt::Described(url), None) => {
            let url = url.or(own.metadata_url.as_deref()).unwrap_or_default();
            metadata(call, url).await?.authorization_endpoint
        }
    };
    let challenge = encode(digest(&SHA256, attempt.code_verifier.as_bytes()).as_ref());
    let scope = match payment_id {
        Some(id) => own.scope_of_payment.replace(PAYMENT_ID_PLACEHOLDER, id),
        None => own.scope_of_sign_in.clone(),
    };
    let mut parameters = vec![
        (own.name_of(RenamedParameter::ResponseType), own.response_type.clone()),
        (own.name_of(RenamedParameter::ClientId), client_id(call)?.to_owned()),
        ("scope", scope),
        ("redirect_uri", call.return_url.to_owned()),
        ("state", attempt.oauth_state.clone()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".to_owned()),
    ];
    parameters.extend(own.authorization_parameters.iter().filter_map(|(name, value)| {
        let value = match payment_id {
            Some(id) => value.replace(PAYMENT_ID_PLACEHOLDER, id),
            None if value.contains(PAYMENT_ID_PLACEHOLDER) => return None,
            None => value.clone(),
        };
        Some((name.as_str(), value))
    }));
    let mut url = Url::parse(&endpoint)
        .map_err(|_| BankError::malformed("`authorization_endpoint` is not a URL", b""))?;
    // The bank's own parameters stay, unless they are ours.
    let is_ours = |name: &str| parameters.iter().any(|(ours, _)| *ours == name);
    let kept: Vec<_> = url.query_pairs().filter(|(name, _)| !is_ours(name)).collect();
    let kept: Vec<(String, String)> =
        kept.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(parameters);
    Ok(url.into())
}

/// The token for the code of the browser's return.
pub(super) async fn exchange_code(
    call: &Call<'_>,
    metadata_url: Option<&str>,
    attempt: &Attempt,
    returned: &Returned,
) -> Result<AccessToken, AuthorisationError> {
    let unproven = |text: &str| AuthorisationError::Unproven(text.to_owned());
    if returned.state != attempt.oauth_state {
        return Err(unproven("`state` is another's"));
    }
    let code = returned.get("code").ok_or_else(|| unproven("`code` is missing"))?;
    let found = token_endpoint(call, metadata_url).await.map_err(BankError::without_effect)?;
    let (issuer, endpoint) = found;
    // RFC 9207.
    let issuers = returned.get("iss").zip(issuer.as_deref());
    if issuers.is_some_and(|(claimed, issuer)| claimed != issuer) {
        return Err(unproven("`iss` is another bank's"));
    }
    let content = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", call.return_url),
        ("code_verifier", &attempt.code_verifier),
    ];
    let grant = TokenGrant::AuthorizationCode;
    let request = token_request(call, "exchange-code", &endpoint, grant, &content)?;
    let exchanged = call.wire.send(request).await.map_err(no_response);
    let exchanged = exchanged.and_then(not_looked_at).and_then(success);
    let token = exchanged.and_then(|response| token(call, &response, metadata_url));
    token.map_err(|error| AuthorisationError::of_exchange(error, false))
}

/// Another token for a refresh token (RFC 6749, section 6).
pub(super) async fn refresh(
    call: &Call<'_>,
    refresh: &RefreshToken,
) -> Result<AccessToken, BankError> {
    let metadata_url = refresh.metadata_url.as_deref();
    let found = token_endpoint(call, metadata_url).await.map_err(BankError::without_effect)?;
    let (_, endpoint) = found;
    let content = [("grant_type", "refresh_token"), ("refresh_token", refresh.token.as_str())];
    let grant = TokenGrant::AuthorizationCode;
    let asked = ask_for_token(call, "refresh-token", &endpoint, grant, &content).await;
    let mut renewed = token(call, &asked?, metadata_url)?;
    // A bank that gives no new one takes the old one again.
    renewed.refresh.get_or_insert_with(|| refresh.clone());
    Ok(renewed)
}

/// A token of our own (RFC 6749, section 4.4), from the cache while it is good.
pub(super) async fn client_token(
    call: &Call<'_>,
    kept: &Cache<String>,
) -> Result<String, BankError> {
    if let Some(known) = kept.get(call) {
        return Ok(known);
    }
    let own = &settings(call.bank)?.oauth;
    let (_, endpoint) = token_endpoint(call, None).await.map_err(BankError::without_effect)?;
    let mut content = vec![("grant_type", "client_credentials")];
    content.extend(own.scope_of_client_token.as_deref().map(|scope| ("scope", scope)));
    let grant = TokenGrant::ClientCredentials;
    let asked = ask_for_token(call, "get-client-token", &endpoint, grant, &content).await;
    // A token that we never saw is useless to anybody.
    let answered = asked.and_then(|response| token(call, &response, None));
    let answered = answered.map_err(BankError::without_effect)?;
    kept.put(call, answered.access_token.clone(), after(answered.expires_at, -RENEW_BEFORE_S));
    Ok(answered.access_token)
}

async fn ask_for_token(
    call: &Call<'_>,
    operation: &'static str,
    endpoint: &str,
    grant: TokenGrant,
    content: &[(&str, &str)],
) -> Result<Response, BankError> {
    let request = token_request(call, operation, endpoint, grant, content)?;
    call.wire.send(request).await.map_err(no_response).and_then(success)
}

fn token_request(
    call: &Call<'_>,
    operation: &'static str,
    endpoint: &str,
    grant: TokenGrant,
    content: &[(&str, &str)],
) -> Result<Request, BankError> {
    let own = &settings(call.bank)?.oauth;
    let (parameters, url) = own_parameters(&own.token_parameters, Some(grant.word()), endpoint)?;
    let replaced = |name: &str| parameters.iter().any(|(own, _)| *own == name);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(content.iter().filter(|(name, _)| !replaced(name))).extend_pairs(&parameters);
    let mut headers = vec![
        header("accept", "application/json"),
        header("content-type", "application/x-www-form-urlencoded"),
    ];
    headers.extend(own_headers(call)?);
    let client_id = client_id(call)?;
    match own.token_endpoint_auth {
        // The check of profiles refuses the first.
        TokenEndpointAuth::PrivateKeyJwt | TokenEndpointAuth::TlsClientAuth => {
            form.append_pair("client_id", client_id);
        }
        TokenEndpointAuth::ClientSecretBasic => {
            let secret = client_secret(call, own.client_secret.as_ref())?;
            headers.push(header("authorization", basic(client_id, secret)));
        }
        TokenEndpointAuth::ClientSecretPost => {
            let secret = client_secret(call, own.client_secret.as_ref())?;
            form.append_pair("client_id", client_id).append_pair("client_secret", secret);
        }
    }
    Ok(Request {
        operation,
        method: http::Method::POST,
        url,
        headers,
        body: form.finish().into_bytes(),
        timeout_ms: call.timeout_ms,
        client_certificate: Some(std::sync::Arc::clone(&eidas(call)?.transport)),
        tls_authorities: None,
    })
}

fn token(
    call: &Call<'_>,
    response: &Response,
    metadata_url: Option<&str>,
) -> Result<AccessToken, BankError> {
    let token: TokenAnswer = read(&response.body)?;
    let visible = token.access_token.bytes().all(|byte| byte.is_ascii_graphic());
    let length = token.access_token.len();
    if !token.token_type.eq_ignore_ascii_case("bearer")
        || !visible
        || !(1..=TOKEN_BYTES_MAX).contains(&length)
    {
        return Err(BankError::malformed("the token is not a Bearer token", &response.body));
    }
    let lifetime_s = token.expires_in.unwrap_or(LIFETIME_UNSAID_S).clamp(0, LIFETIME_MAX_S);
    let expires_at = after(call.clock.now(), lifetime_s);
    let refresh = token
        .refresh_token
        .filter(|token| is_token(token))
        .map(|token| RefreshToken { token, metadata_url: metadata_url.map(str::to_owned) });
    Ok(AccessToken { access_token: token.access_token, expires_at, refresh })
}

/// A text that is too long, or malformed, counts as no token.
fn is_token(text: &str) -> bool {
    (1..=TOKEN_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
