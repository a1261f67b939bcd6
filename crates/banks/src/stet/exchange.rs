//! One exchange with a bank: token, headers and signature out, status and errors in (STET 1.4 and
//! 1.5, "Security"; draft-cavage-http-signatures).

use domain::authorisation::BankRefusal;
use domain::ids::random_uuid;
use serde::Deserialize;
use url::form_urlencoded;

use super::{Stet, settings};
use crate::cache::after;
use crate::call::Call;
use crate::error::{BankError, words};
use crate::exchange::{eidas, header, no_response, own_headers, psu_headers, read};
use crate::http_signature::{Unsigned, date, signature_headers};
use crate::registration;
use crate::wire::{BODY_BYTES_MAX, Request, Response};

/// How long a token is taken to be good for when the bank does not say, in seconds.
const LIFETIME_UNSAID_S: i64 = 60;
/// The longest lifetime that is believed, in seconds.
const LIFETIME_MAX_S: i64 = 24 * 3600;
/// How long before its end our token is renewed, in seconds.
const RENEW_BEFORE_S: i64 = 30;

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<i64>,
}

/// The request to a resource.
pub(super) struct Ask {
    pub(super) operation: &'static str,
    pub(super) method: http::Method,
    /// Relative to the profile's `api_base_url`, with a leading slash.
    pub(super) path: String,
    pub(super) body: Option<Vec<u8>>,
}

impl Stet {
    /// Our client id at the bank.
    fn client_id<'a>(call: &'a Call<'_>) -> Result<&'a str, BankError> {
        let own = settings(call.bank)?.client_id.as_deref();
        match own.or(registration::client_id(call)) {
            Some(client_id) => Ok(client_id),
            None => Ok(&eidas(call)?.organisation_identifier),
        }
    }

    /// Our own token, from the cache while it is good.
    pub(super) async fn client_token(&self, call: &Call<'_>) -> Result<String, BankError> {
        if let Some(known) = self.tokens.get(call) {
            return Ok(known);
        }
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", Stet::client_id(call)?)
            .append_pair("scope", "pisp")
            .finish();
        let mut headers = vec![
            header("accept", "application/json"),
            header("content-type", "application/x-www-form-urlencoded"),
        ];
        headers.extend(own_headers(call)?);
        let request = Request {
            operation: "get-client-token",
            method: http::Method::POST,
            url: settings(call.bank)?.token_url.clone(),
            headers,
            body: form.into_bytes(),
            timeout_ms: call.timeout_ms,
            client_certificate: Some(std::sync::Arc::clone(&eidas(call)?.transport)),
            tls_authorities: None,
        };
        let answered = call.wire.send(request).await.map_err(no_response).and_then(success);
        // A token that we never saw is useless to anybody.
        let response = answered.map_err(BankError::without_effect)?;
        let token: TokenAnswer = read(&response.body).map_err(BankError::without_effect)?;
        let visible = token.access_token.bytes().all(|byte| byte.is_ascii_graphic());
        if !visible || !(1..=8192).contains(&token.access_token.len()) {
            let unusable = BankError::malformed("`access_token` is not a token", &response.body);
            return Err(unusable.without_effect());
        }
        let lifetime_s = token.expires_in.unwrap_or(LIFETIME_UNSAID_S).clamp(0, LIFETIME_MAX_S);
        let until = after(call.clock.now(), lifetime_s - RENEW_BEFORE_S);
        self.tokens.put(call, token.access_token.clone(), until);
        Ok(token.access_token)
    }

    /// Sends with our token and lets only a success through. A token that the bank no longer
    /// takes is replaced once: a 401 comes before any effect.
    pub(super) async fn send(&self, call: &Call<'_>, ask: &Ask) -> Result<Response, BankError> {
        let token = self.client_token(call).await?;
        let first = call.wire.send(request(call, ask, &token)?).await.map_err(no_response);
        match first.and_then(success) {
            Err(BankError::Refused(BankRefusal { http_status: 401, .. })) => {
                self.tokens.forget(call);
                let token = self.client_token(call).await?;
                success(call.wire.send(request(call, ask, &token)?).await.map_err(no_response)?)
            }
            answered => answered,
        }
    }
}

fn request(call: &Call<'_>, ask: &Ask, token: &str) -> Result<Request, BankError> {
    let url = format!("{}{}", call.bank.api_base_url, ask.path);
    signed_request(call, ask, url, Some(token))
}

/// The same at any address, with or without a token.
pub(super) fn signed_request(
    call: &Call<'_>,
    ask: &Ask,
    url: String,
    token: Option<&str>,
) -> Result<Request, BankError> {
    let own = settings(call.bank)?;
    let identity = eidas(call)?;
    let now = call.clock.now();
    let mut headers = vec![
        header("accept", "application/hal+json"),
        header("x-request-id", random_uuid(call.ids)),
        header("date", date(now)),
    ];
    headers.extend(token.map(|token| header("authorization", format!("Bearer {token}"))));
    headers.extend(psu_headers(call));
    headers.extend(own_headers(call)?);
    if ask.body.is_some() {
        headers.push(header("content-type", "application/json"));
    }
    let unsigned =
        Unsigned { method: &ask.method, url: &url, headers: &headers, body: ask.body.as_deref() };
    let rules = own.signature_rules();
    let signed = signature_headers(identity, &rules, Stet::client_id(call)?, now, &unsigned)?;
    headers.extend(signed);
    Ok(Request {
        operation: ask.operation,
        method: ask.method.clone(),
        url,
        headers,
        body: ask.body.clone().unwrap_or_default(),
        timeout_ms: call.timeout_ms,
        client_certificate: Some(std::sync::Arc::clone(&identity.transport)),
        tls_authorities: None,
    })
}

/// The standard's error, and OAuth's.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorBody {
    error: Option<String>,
    message: Option<String>,
    error_description: Option<String>,
}

/// Lets 200 and 201 through: several banks swap them. Anything else is an error by its class.
pub(super) fn success(response: Response) -> Result<Response, BankError> {
    let status = response.status;
    if response.body.len() > BODY_BYTES_MAX {
        let text = format!("HTTP status {status} with more than {BODY_BYTES_MAX} bytes");
        return Err(BankError::Unknown { text });
    }
    match status {
        200 | 201 => Ok(response),
        429 => Err(BankError::Unavailable { text: "HTTP status 429".to_owned() }),
        408 | 409 | 500.. => Err(BankError::Unknown { text: format!("HTTP status {status}") }),
        400..=499 => {
            let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
            let text = body.message.or(body.error_description).unwrap_or_default();
            let code = body.error.map(|code| words(&code));
            Err(BankError::refused(code, status, words(&text)))
        }
        _ => Err(BankError::malformed(
            format!("HTTP status {status} where the standard has 200 or 201"),
            &response.body,
        )),
    }
}
