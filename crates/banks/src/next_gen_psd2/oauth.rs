//! The authorisation server of a bank (NextGenPSD2 1.3.12, section 13; RFC 8414, 6749, 7636): before
//! a payment, or as the way to approve one.

use aws_lc_rs::digest::{SHA256, digest};
use domain::authorisation::Attempt;
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::exchange::success;
use super::settings;
use crate::cache::after;
use crate::call::Call;
use crate::error::{AuthorisationError, BankError};
use crate::exchange::{eidas, header, no_response, read};
use crate::jose::encode;
use crate::psu_return::Returned;
use crate::token::{AccessToken, RefreshToken};
use crate::wire::{Request, Response};

/// How long a token is taken to be good for when the bank does not say, in seconds.
const LIFETIME_UNSAID_S: i64 = 600;
/// The longest lifetime that is believed, in seconds.
const LIFETIME_MAX_S: i64 = 366 * 24 * 3600;
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
        return Err(BankError::malformed("`scaOAuth` is not on a host of the profile", b""));
    }
    let request = Request {
        operation: "get-oauth-metadata",
        method: http::Method::GET,
        url: url.to_owned(),
        headers: vec![header("accept", "application/json")],
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

/// Where the payer's browser goes for `scope`.
pub(super) async fn authorisation_url(
    call: &Call<'_>,
    metadata_url: &str,
    scope: &str,
    attempt: &Attempt,
) -> Result<String, BankError> {
    let metadata = metadata(call, metadata_url).await?;
    let challenge = encode(digest(&SHA256, attempt.code_verifier.as_bytes()).as_ref());
    let mut url = Url::parse(&metadata.authorization_endpoint)
        .map_err(|_| BankError::malformed("`authorization_endpoint` is not a URL", b""))?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &eidas(call)?.organisation_identifier)
        .append_pair("scope", scope)
        .append_pair("redirect_uri", call.return_url)
        .append_pair("state", &attempt.oauth_state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    Ok(url.into())
}

/// The token for the code of the browser's return.
pub(super) async fn exchange_code(
    call: &Call<'_>,
    metadata_url: &str,
    attempt: &Attempt,
    returned: &Returned,
) -> Result<AccessToken, AuthorisationError> {
    let unproven = |text: &str| AuthorisationError::Unproven(text.to_owned());
    if returned.state != attempt.oauth_state {
        return Err(unproven("`state` is another's"));
    }
    let code = returned.get("code").ok_or_else(|| unproven("`code` is missing"))?;
    let metadata = metadata(call, metadata_url).await.map_err(BankError::without_effect)?;
    // RFC 9207.
    let issuers = returned.get("iss").zip(metadata.issuer.as_deref());
    if issuers.is_some_and(|(claimed, issuer)| claimed != issuer) {
        return Err(unproven("`iss` is another bank's"));
    }
    let client_id = &eidas(call)?.organisation_identifier;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("client_id", client_id)
        .append_pair("code", code)
        .append_pair("redirect_uri", call.return_url)
        .append_pair("code_verifier", &attempt.code_verifier)
        .finish();
    let exchanged = ask_for_token(call, "exchange-code", metadata.token_endpoint, form).await;
    let token = exchanged.and_then(|response| token(call, &response, metadata_url));
    token.map_err(|error| AuthorisationError::of_exchange(error, false))
}

/// Another token for a refresh token (RFC 6749, section 6).
pub(super) async fn refresh(
    call: &Call<'_>,
    refresh: &RefreshToken,
) -> Result<AccessToken, BankError> {
    let own = settings(call.bank)?.oauth_metadata_url.as_deref();
    let metadata_url = refresh.metadata_url.as_deref().or(own).unwrap_or_default();
    let metadata = metadata(call, metadata_url).await.map_err(BankError::without_effect)?;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "refresh_token")
        .append_pair("client_id", &eidas(call)?.organisation_identifier)
        .append_pair("refresh_token", &refresh.token)
        .finish();
    let asked = ask_for_token(call, "refresh-token", metadata.token_endpoint, form).await;
    let mut renewed = token(call, &asked?, metadata_url)?;
    // A bank that gives no new one takes the old one again.
    renewed.refresh.get_or_insert_with(|| refresh.clone());
    Ok(renewed)
}

async fn ask_for_token(
    call: &Call<'_>,
    operation: &'static str,
    url: String,
    form: String,
) -> Result<Response, BankError> {
    let request = Request {
        operation,
        method: http::Method::POST,
        url,
        headers: vec![
            header("accept", "application/json"),
            header("content-type", "application/x-www-form-urlencoded"),
        ],
        body: form.into_bytes(),
        timeout_ms: call.timeout_ms,
        client_certificate: Some(std::sync::Arc::clone(&eidas(call)?.transport)),
        tls_authorities: None,
    };
    call.wire.send(request).await.map_err(no_response).and_then(success)
}

fn token(
    call: &Call<'_>,
    response: &Response,
    metadata_url: &str,
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
        .map(|token| RefreshToken { token, metadata_url: Some(metadata_url.to_owned()) });
    Ok(AccessToken { access_token: token.access_token, expires_at, refresh })
}

/// A text that is too long, or malformed, counts as no token.
fn is_token(text: &str) -> bool {
    (1..=TOKEN_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
