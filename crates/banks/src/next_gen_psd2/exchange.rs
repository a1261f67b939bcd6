//! One exchange with a bank: headers and signature out (NextGenPSD2 1.3.12, sections 4 and 12),
//! status and errors in (section 4.13).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::authorisation::BankRefusal;
use domain::ids::random_uuid;
use serde::Deserialize;

use super::wire::TppMessage;
use super::{oauth, settings};
use crate::cache::Cache;
use crate::call::Call;
use crate::error::{BankError, words};
use crate::exchange::{eidas, header, no_response, own_headers, psu_headers};
use crate::http_signature::{Unsigned, signature_headers};
use crate::profile::RequiredHeader;
use crate::wire::{BODY_BYTES_MAX, Request, Response};

/// Our name where a bank wants the payer's browser and no payer is there.
const USER_AGENT: &str = "Bascule";

/// The request to a resource.
pub(super) struct Ask<'a> {
    pub(super) operation: &'static str,
    pub(super) method: http::Method,
    /// Relative to the profile's `api_base_url`, with a leading slash.
    pub(super) path: String,
    pub(super) body: Option<Vec<u8>>,
    /// The same at each attempt, where the bank may recognise a repeated request by it.
    pub(super) request_id: Option<String>,
    /// Further headers.
    pub(super) headers: Vec<(String, String)>,
    pub(super) bearer: Option<&'a str>,
}

impl<'a> Ask<'a> {
    pub(super) fn get(operation: &'static str, path: String, bearer: Option<&'a str>) -> Ask<'a> {
        let method = http::Method::GET;
        Ask { operation, method, path, body: None, request_id: None, headers: vec![], bearer }
    }

    pub(super) fn with_body(
        operation: &'static str,
        method: http::Method,
        path: String,
        body: Vec<u8>,
        bearer: Option<&'a str>,
    ) -> Ask<'a> {
        Ask { operation, method, path, body: Some(body), request_id: None, headers: vec![], bearer }
    }
}

/// Sends and lets only a success through. Where the bank wants a token of ours on calls without one of
/// the payer, `client_tokens` has it; one that the bank no longer takes is replaced once: a 401 comes
/// before any effect.
pub(super) async fn send(
    call: &Call<'_>,
    client_tokens: &Cache<String>,
    ask: Ask<'_>,
) -> Result<Response, BankError> {
    let sent = async |token: Option<&str>| {
        let request = request(call, &ask, token)?;
        success(call.wire.send(request).await.map_err(no_response)?)
    };
    if ask.bearer.is_some() || !settings(call.bank)?.oauth.client_token_first {
        return sent(ask.bearer).await;
    }
    let token = oauth::client_token(call, client_tokens).await?;
    match sent(Some(&token)).await {
        Err(BankError::Refused(BankRefusal { http_status: 401, .. })) => {
            client_tokens.forget(call);
            let token = oauth::client_token(call, client_tokens).await?;
            sent(Some(&token)).await
        }
        answered => answered,
    }
}

pub(super) fn request(
    call: &Call<'_>,
    ask: &Ask<'_>,
    bearer: Option<&str>,
) -> Result<Request, BankError> {
    let identity = eidas(call)?;
    let request_id = ask.request_id.clone().unwrap_or_else(|| random_uuid(call.ids));
    let mut headers =
        vec![header("accept", "application/json"), header("x-request-id", &request_id)];
    headers.extend(psu_headers(call));
    headers.extend(bearer.map(|token| header("authorization", format!("Bearer {token}"))));
    headers.extend(ask.body.as_ref().map(|_| header("content-type", "application/json")));
    headers.extend(ask.headers.iter().cloned());
    headers.extend(own_headers(call)?);
    for required in &settings(call.bank)?.required_headers {
        // Nobody is there: the address is ours, and the program that calls is the gateway.
        let (name, value) = match required {
            RequiredHeader::PsuIpAddress => ("psu-ip-address", call.own_address.to_string()),
            RequiredHeader::PsuUserAgent => ("psu-user-agent", USER_AGENT.to_owned()),
        };
        if headers.iter().all(|(found, _)| found != name) {
            headers.push(header(name, value));
        }
    }
    let url = format!("{}{}", call.bank.api_base_url, ask.path);
    if let Some(rules) = settings(call.bank)?.signature_rules() {
        let unsigned = Unsigned {
            method: &ask.method,
            url: &url,
            headers: &headers,
            body: ask.body.as_deref(),
        };
        let now = call.clock.now();
        let client_id = oauth::client_id(call)?;
        headers.extend(signature_headers(identity, &rules, client_id, now, &unsigned)?);
        let seal = STANDARD.encode(&identity.seal_certificate_der);
        headers.push(header("tpp-signature-certificate", seal));
    }
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

/// Both published forms of errors at once: `tppMessages`, and RFC 7807.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ErrorBody {
    tpp_messages: Vec<TppMessage>,
    code: Option<String>,
    title: Option<String>,
    detail: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Lets 2xx through. Anything else is an error by its class, whatever the body.
pub(super) fn success(response: Response) -> Result<Response, BankError> {
    let status = response.status;
    if response.body.len() > BODY_BYTES_MAX {
        let text = format!("HTTP status {status} with more than {BODY_BYTES_MAX} bytes");
        return Err(BankError::Unknown { text });
    }
    match status {
        200 | 201 | 202 | 204 => Ok(response),
        429 => Err(BankError::Unavailable { text: "HTTP status 429".to_owned() }),
        408 | 500.. => Err(BankError::Unknown {
            text: format!("HTTP status {status}: {}", refusal(&response).1)
                .trim_end_matches(": ")
                .to_owned(),
        }),
        400..=499 => {
            let (code, text) = refusal(&response);
            Err(BankError::refused(code, status, text))
        }
        _ => Err(BankError::malformed(
            format!("HTTP status {status} where the standard has a 2xx"),
            &response.body,
        )),
    }
}

/// The most specific code of an error body, and the bank's words.
fn refusal(response: &Response) -> (Option<String>, String) {
    let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
    let first = body.tpp_messages.into_iter().next();
    let (code, text) = first.map_or((None, None), |message| (message.code, message.text));
    let code = code.or(body.code).or(body.error).map(|code| words(&code));
    let text = text.or(body.detail).or(body.title).or(body.error_description);
    let text = text.or_else(|| code.clone()).unwrap_or_default();
    (code, words(&text))
}

/// A UUID that follows from a text, so that each attempt sends the same (version 8, RFC 9562).
pub(super) fn request_id_of(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    // The variant's two further bits do not follow from the text, as in earlier releases: an attempt that
    // a new release repeats keeps its id.
    bytes[8] = bytes[8] & 0x0F | 0xA0;
    domain::ids::custom_uuid(bytes)
}
