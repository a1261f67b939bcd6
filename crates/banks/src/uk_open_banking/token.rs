//! Access tokens: our own (`client_credentials`) and the payer's (`authorization_code`); and what
//! else is sent in the same way, a pushed authorization request.
//!
//! RFC 6749, sections 4.1.3 and 4.4; RFC 9126. Client authentication: `private_key_jwt` (OpenID Connect
//! Core, section 9; RFC 7523), `tls_client_auth` (RFC 8705, section 2.1), `client_secret_basic` and
//! `client_secret_post` (RFC 6749, section 2.3.1).

use domain::ids::random_uuid;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::errors::success;
use super::exchange::client_certificate;
use super::{UkOpenBanking, client_id, settings, signing_failed};
use crate::cache::after;
use crate::call::Call;
use crate::error::BankError;
use crate::exchange::{header, no_response, own_headers, read};
use crate::jose::sign_compact;
use crate::misfit::unsupported;
use crate::profile::TokenEndpointAuth;
use crate::registration::client_secret;
use crate::token::AccessToken;
use crate::token_request::{basic, not_looked_at, own_parameters};
use crate::wire::{Request, Response};

/// How long a client assertion is good for, in seconds.
const ASSERTION_LIFETIME_S: i64 = 300;
/// How long a token is taken to be good for when the bank does not say, in seconds.
const LIFETIME_UNSAID_S: i64 = 60;
/// The longest lifetime that is believed, in seconds: a year.
const LIFETIME_MAX_S: i64 = 366 * 24 * 3600;
/// How long before its end our own token is renewed, in seconds.
const RENEW_BEFORE_S: i64 = 30;
/// The longest access token that is accepted, in bytes.
const ACCESS_TOKEN_BYTES_MAX: usize = 8 * 1024;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest reference to a pushed request that is accepted, in bytes.
const REQUEST_URI_BYTES_MAX: usize = 1024;

#[derive(Serialize)]
struct AssertionClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: Option<i64>,
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct PushedAnswer {
    request_uri: String,
}

fn ask(
    call: &Call<'_>,
    operation: &'static str,
    (address, endpoint): (&str, &str),
    content: &[(&str, &str)],
) -> Result<Request, BankError> {
    let certificate = client_certificate(call, address);
    let bank = settings(call.bank)?;
    let grant = content.iter().find(|(name, _)| *name == "grant_type").map(|(_, word)| *word);
    let (own, url) = own_parameters(&bank.token_parameters, grant, address)?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    let replaced = |name: &str| own.iter().any(|(own, _)| *own == name);
    form.extend_pairs(content.iter().filter(|(name, _)| !replaced(name))).extend_pairs(&own);
    let mut headers = vec![
        header("accept", "application/json"),
        header("content-type", "application/x-www-form-urlencoded"),
        header("x-fapi-interaction-id", random_uuid(call.ids)),
    ];
    headers.extend(own_headers(call)?);
    match bank.token_endpoint_auth {
        TokenEndpointAuth::PrivateKeyJwt => {
            let audience = bank.token_endpoint_audience.as_deref().unwrap_or(endpoint);
            form.append_pair("client_assertion_type", ASSERTION_TYPE)
                .append_pair("client_assertion", &assertion(call, audience)?);
        }
        TokenEndpointAuth::TlsClientAuth if certificate.is_some() => {
            form.append_pair("client_id", client_id(call));
        }
        TokenEndpointAuth::TlsClientAuth => {
            return Err(unsupported("this bank knows us by a certificate, and we have none").into());
        }
        TokenEndpointAuth::ClientSecretBasic => {
            headers.push(header(
                "authorization",
                basic(client_id(call), client_secret(call, bank.client_secret.as_ref())?),
            ));
        }
        TokenEndpointAuth::ClientSecretPost => {
            form.append_pair("client_id", client_id(call))
                .append_pair("client_secret", client_secret(call, bank.client_secret.as_ref())?);
        }
    }
    Ok(Request {
        operation,
        method: http::Method::POST,
        url,
        headers,
        body: form.finish().into_bytes(),
        timeout_ms: call.timeout_ms,
        client_certificate: certificate,
        tls_authorities: None,
    })
}

fn assertion(call: &Call<'_>, audience: &str) -> Result<String, BankError> {
    let now_s = call.clock.now().as_second();
    let claims = AssertionClaims {
        iss: client_id(call),
        sub: client_id(call),
        aud: audience,
        jti: random_uuid(call.ids),
        iat: now_s,
        exp: now_s.saturating_add(ASSERTION_LIFETIME_S),
    };
    sign_compact(&call.identity.signing_key, &claims).map_err(signing_failed)
}

/// The token, and the `id_token` that came with it.
fn answer(response: &Response, now: Timestamp) -> Result<(AccessToken, Option<String>), BankError> {
    let token: TokenAnswer = read(&response.body)?;
    let fail = |what: &str| Err(BankError::malformed(what, &response.body));
    if !token.token_type.eq_ignore_ascii_case("bearer") {
        return fail("`token_type` is not `Bearer`");
    }
    let visible = token.access_token.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible || !(1..=ACCESS_TOKEN_BYTES_MAX).contains(&token.access_token.len()) {
        return fail("`access_token` is not 1 to 8192 visible ASCII characters");
    }
    let lifetime_s = token.expires_in.unwrap_or(LIFETIME_UNSAID_S).clamp(0, LIFETIME_MAX_S);
    let expires_at = after(now, lifetime_s);
    Ok((
        AccessToken { access_token: token.access_token, expires_at, refresh: None },
        token.id_token,
    ))
}

fn answer_pushed(response: &Response) -> Result<String, BankError> {
    let PushedAnswer { request_uri } = read(&response.body)?;
    let visible = request_uri.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible || !(1..=REQUEST_URI_BYTES_MAX).contains(&request_uri.len()) {
        let what = "`request_uri` is not 1 to 1024 visible ASCII characters";
        return Err(BankError::malformed(what, &response.body));
    }
    Ok(request_uri)
}

/// A token that we never received is useless to anybody: another request is harmless.
fn without_effect(error: BankError) -> BankError {
    match error {
        BankError::Unknown { text } => BankError::Unavailable { text },
        other => other,
    }
}

impl UkOpenBanking {
    /// Our own token, from the cache while it is good.
    pub(super) async fn client_token(&self, call: &Call<'_>) -> Result<String, BankError> {
        if let Some(known) = self.tokens.get(call) {
            return Ok(known);
        }
        let grant = [("grant_type", "client_credentials"), ("scope", "payments")];
        let discovery = self.discovery(call).await?;
        let request = ask(call, "get-client-token", discovery.token_address(call), &grant)?;
        let response = call.wire.send(request).await.map_err(no_response).and_then(success);
        let (token, _) = response
            .and_then(|response| answer(&response, call.clock.now()))
            .map_err(without_effect)?;
        let until = after(token.expires_at, -RENEW_BEFORE_S);
        self.tokens.put(call, token.access_token.clone(), until);
        Ok(token.access_token)
    }

    /// Pushes a request object to an address of the endpoint of that name; the reference to it (RFC 9126, section 2).
    pub(super) async fn push_request(
        &self,
        call: &Call<'_>,
        addresses: (&str, &str),
        request_object: &str,
    ) -> Result<String, BankError> {
        let content = [("request", request_object)];
        let request = ask(call, "push-authorization-request", addresses, &content)?;
        let response = call.wire.send(request).await.map_err(no_response).and_then(success);
        response.and_then(|response| answer_pushed(&response)).map_err(without_effect)
    }

    /// The payer's token for a verified code, and the `id_token` that came with it. A code works
    /// once: after `Unknown` it may be spent.
    pub(super) async fn exchange_code(
        &self,
        call: &Call<'_>,
        code: &str,
        code_verifier: Option<&str>,
    ) -> Result<(AccessToken, Option<String>), BankError> {
        let mut grant = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", call.return_url),
        ];
        grant.extend(code_verifier.map(|verifier| ("code_verifier", verifier)));
        let discovery = self.discovery(call).await?;
        let request = ask(call, "exchange-code", discovery.token_address(call), &grant)?;
        let response = call.wire.send(request).await.map_err(no_response)?;
        let response = not_looked_at(response)?;
        let now = call.clock.now();
        let (mut token, id_token) = answer(&success(response)?, now)?;
        // Later the token may still work, and the order is refused.
        if let Some(order_within_s) = settings(call.bank)?.order_within_s {
            token.expires_at = token.expires_at.min(after(now, order_within_s));
        }
        Ok((token, id_token))
    }
}
