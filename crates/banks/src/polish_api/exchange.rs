//! One exchange with a bank: head, headers and signature out; signature, status and errors in
//! (PolishAPI 2.1, "Security" and header `X-JWS-SIGNATURE`).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::time_uuid;
use jiff::Timestamp;
use serde::Serialize;

use super::answers::ErrorIn;
use super::wire::{RequestHeader, WithHeader, moment};
use super::{PolishApi, settings};
use crate::cache::after;
use crate::call::{Call, EidasIdentity};
use crate::error::{BankError, words};
use crate::exchange::{
    body_of, eidas, header, no_response, own_headers, psu_ip_address, psu_user_agent, trust,
};
use crate::jose::{JoseError, JwsHeader, KeySet, sign_body, verify_body};
use crate::wire::{BODY_BYTES_MAX, Request, Response};

/// How long a key set is kept, in seconds; an unknown `kid` fetches it earlier.
const KEYS_LIFETIME_S: i64 = 600;

/// The request to a resource.
pub(super) struct Ask<'a, T> {
    pub(super) operation: &'static str,
    /// `payments/domestic`.
    pub(super) service: &'static str,
    pub(super) method_name: &'static str,
    pub(super) content: T,
    /// The payer's token.
    pub(super) token: Option<&'a str>,
    /// Where the bank calls back, and the key that it shows there.
    pub(super) callback: Option<(&'a str, &'a str)>,
}

/// Our client id at the bank.
pub(super) fn client_id<'a>(call: &'a Call<'_>) -> Result<&'a str, BankError> {
    match &settings(call.bank)?.client_id {
        Some(client_id) => Ok(client_id),
        None => Ok(&eidas(call)?.organisation_identifier),
    }
}

/// The id of a request: the standard wants the time in it.
pub(super) fn request_id(call: &Call<'_>) -> String {
    time_uuid(call.clock.now(), call.ids)
}

impl PolishApi {
    /// Sends and lets only a success through, signed where the bank signs.
    pub(super) async fn send<T: Serialize>(
        &self,
        call: &Call<'_>,
        request_id: &str,
        ask: Ask<'_, T>,
    ) -> Result<Response, BankError> {
        // Fetched before anything is sent, so that a missing key set never leaves an order open.
        let keys = self.bank_keys(call, false).await?;
        let request = request(call, request_id, ask)?;
        let response = success(call.wire.send(request).await.map_err(no_response)?)?;
        if let Some(keys) = keys.filter(|_| response.status != 204) {
            self.verify(call, &keys, &response).await.map_err(|why| {
                BankError::malformed(format!("X-JWS-SIGNATURE: {why}"), &response.body)
            })?;
        }
        Ok(response)
    }

    async fn verify(
        &self,
        call: &Call<'_>,
        keys: &KeySet,
        response: &Response,
    ) -> Result<(), String> {
        let signature = response.header("x-jws-signature").ok_or("missing")?;
        let verified = match verify_body(signature, &response.body, keys) {
            Err(JoseError::UnknownKey) => {
                let newer = self.bank_keys(call, true).await.map_err(|error| error.to_string())?;
                verify_body(signature, &response.body, &newer.unwrap_or_default())
            }
            first => first,
        };
        verified.map_err(|error| error.to_string())
    }

    /// The keys that answers are signed with; none where the bank does not sign.
    async fn bank_keys(
        &self,
        call: &Call<'_>,
        afresh: bool,
    ) -> Result<Option<Arc<KeySet>>, BankError> {
        let Some(url) = &settings(call.bank)?.bank_key_set_url else { return Ok(None) };
        if let (Some(known), false) = (self.keys.get(call), afresh) {
            return Ok(Some(known));
        }
        let fail = |why: String| BankError::Unavailable { text: format!("get-keys: {why}") };
        let request = Request {
            operation: "get-keys",
            method: http::Method::GET,
            url: url.clone(),
            headers: vec![header("accept", "application/json")],
            body: Vec::new(),
            timeout_ms: call.timeout_ms,
            client_certificate: None,
            tls_authorities: None,
        };
        let response = call.wire.send(request).await.map_err(|error| fail(error.to_string()))?;
        if response.status != 200 || response.body.len() > BODY_BYTES_MAX {
            return Err(fail(format!("HTTP status {}", response.status)));
        }
        let keys = KeySet::parse_trusted(&response.body, trust(call))
            .map_err(|error| fail(error.to_string()))?;
        let keys = Arc::new(keys);
        self.keys.put(call, Arc::clone(&keys), after(call.clock.now(), KEYS_LIFETIME_S));
        Ok(Some(keys))
    }
}

/// The HTTP request: the bytes that are signed are the bytes that are sent.
fn request<T: Serialize>(
    call: &Call<'_>,
    request_id: &str,
    ask: Ask<'_, T>,
) -> Result<Request, BankError> {
    let own = settings(call.bank)?;
    let identity = eidas(call)?;
    let head = RequestHeader {
        request_id,
        user_agent: psu_user_agent(call),
        ip_address: psu_ip_address(call),
        send_date: moment(call.clock.now()),
        tpp_id: client_id(call)?,
        token: ask.token,
        callback_url: ask.callback.map(|(url, _)| url),
        api_key: ask.callback.map(|(_, key)| key),
    };
    let body = body_of(&WithHeader { request_header: head, content: ask.content })?;
    let signature = signature(call, identity, &body)?;
    let version = own.version.segment();
    let (service, method_name) = (ask.service, ask.method_name);
    let mut headers = vec![
        header("accept", "application/json"),
        // The document allows gzip and deflate only; what comes unpacked is as welcome.
        header("accept-encoding", "gzip"),
        header("accept-language", "pl"),
        header("accept-charset", "utf-8"),
        header("content-type", "application/json"),
        header("x-jws-signature", signature),
        header("x-request-id", request_id),
    ];
    headers.extend(ask.token.map(|token| header("authorization", format!("Bearer {token}"))));
    headers.extend(own_headers(call)?);
    Ok(Request {
        operation: ask.operation,
        method: http::Method::POST,
        url: format!("{}/{version}/{service}/{version}/{method_name}", call.bank.api_base_url),
        headers,
        body,
        timeout_ms: call.timeout_ms,
        client_certificate: Some(Arc::clone(&identity.transport)),
        tls_authorities: None,
    })
}

fn signature(call: &Call<'_>, identity: &EidasIdentity, body: &[u8]) -> Result<String, BankError> {
    let own = &settings(call.bank)?.signature;
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &identity.seal_certificate_der);
    let jws = JwsHeader {
        algorithm: own.algorithm,
        certificate_digest: URL_SAFE_NO_PAD.encode(digest.as_ref()),
        certificate_url: own.certificate_url.then_some(identity.seal_certificate_url.as_str()),
        unencoded: own.unencoded,
    };
    sign_body(&identity.seal_key, &jws, body)
        .map_err(|error| BankError::Unavailable { text: format!("our signature: {error}") })
}

/// Lets 200 and 204 through. Anything else is an error by its class.
fn success(response: Response) -> Result<Response, BankError> {
    let status = response.status;
    if response.body.len() > BODY_BYTES_MAX {
        let text = format!("HTTP status {status} with more than {BODY_BYTES_MAX} bytes");
        return Err(BankError::Unknown { text });
    }
    match status {
        200 | 204 => Ok(response),
        429 => Err(BankError::Unavailable { text: "HTTP status 429".to_owned() }),
        408 | 409 | 500.. => Err(BankError::Unknown { text: format!("HTTP status {status}") }),
        400..=499 => {
            let body: ErrorIn = serde_json::from_slice(&response.body).unwrap_or_default();
            let text = words(&body.message.unwrap_or_default());
            Err(BankError::refused(body.code.map(|code| words(&code)), status, text))
        }
        _ => Err(BankError::malformed(
            format!("HTTP status {status} where the standard has 200 or 204"),
            &response.body,
        )),
    }
}

/// When a token ends.
pub(super) fn token_end(now: Timestamp, expires_in: Option<&serde_json::Value>) -> Timestamp {
    /// The lifetime of a token for which the bank states none, in seconds.
    const UNSAID_S: i64 = 300;
    /// The longest lifetime that is believed, in seconds: a year.
    const MAX_S: i64 = 366 * 24 * 3600;
    let said = expires_in.and_then(|said| match said {
        serde_json::Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    });
    after(now, said.unwrap_or(UNSAID_S).clamp(0, MAX_S))
}
