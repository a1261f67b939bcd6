//! The JWS that signs one request (reference, section 1.1).
//!
//! Its claims are in the protected header. The payload segment is the request's body, either
//! attached or left out (detached); a request without a body has an empty one. An attached payload
//! may write the same JSON in another way than the body; the operation then works on the payload,
//! because that is what was signed.

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use domain::ids::MemberId;
use gateway::{App, Member, members};
use percent_encoding::percent_decode;
use serde::Deserialize;
use serde_json::Value;

use super::Refused;

/// How far ahead a token may expire, in milliseconds. The published advice is "less than ten
/// minutes ahead"; a known client sends exactly ten.
const LIFETIME_MAX_MS: i64 = 10 * 60_000;
/// The longest `kid`, in bytes; ids of keys have 16 characters.
const KID_BYTES_MAX: usize = 64;
/// How much the clocks may differ, in milliseconds.
const SKEW_MS: i64 = 60_000;

/// The claims, in the protected header. Unknown members are ignored.
#[derive(Debug, Deserialize)]
struct Claims {
    alg: String,
    kid: String,
    mid: String,
    host: String,
    method: String,
    path: String,
    exp: Milliseconds,
    query: Option<String>,
}

/// Milliseconds since 1970; known clients send them as a number or as text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Milliseconds {
    Number(i64),
    Text(String),
}

/// The member that signed the request, and the body that it signed.
pub(super) async fn member(
    app: &Arc<App>,
    parts: &Parts,
    body: &Bytes,
    token: &str,
) -> Result<(Member, Bytes), Refused> {
    let mut segments = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Err(Refused::because("the token is not of the form header.payload.signature"));
    };
    let unreadable =
        |error: serde_json::Error| Refused::because(format!("the token's header: {error}"));
    let header_bytes = decoded("header", header)?;
    let claims: Value = serde_json::from_slice(&header_bytes).map_err(unreadable)?;
    if claims.get("crit").is_some() {
        // RFC 7515, section 4.1.11: an extension that is not understood makes the token invalid.
        return Err(Refused::because("`crit` names extensions, and none is understood here"));
    }
    let claims: Claims = serde_json::from_slice(&header_bytes).map_err(unreadable)?;
    check_claims(app, parts, &claims)?;
    let signed_body = signed_body(payload, body)?;
    let member_id: MemberId = claims
        .mid
        .parse()
        .map_err(|_| Refused::because(format!("`mid` {} is not a member id", claims.mid)))?;
    if claims.kid.len() > KID_BYTES_MAX || !claims.kid.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refused::because("`kid` is not the id of a key"));
    }
    app.may_authenticate(&member_id, &claims.kid).map_err(Refused::later)?;
    let verified = verify(app, &member_id, &claims, (header, payload, signature), body).await;
    match &verified {
        Ok(()) => app.authenticated(&member_id, &claims.kid, true),
        Err(Refused::Because(_)) => app.authenticated(&member_id, &claims.kid, false),
        Err(Refused::Broken(_)) => {}
    }
    verified.map(|()| (Member::authenticated(member_id), signed_body))
}

/// Whether the member's key made the signature.
async fn verify(
    app: &Arc<App>,
    member_id: &MemberId,
    claims: &Claims,
    (header, payload, signature): (&str, &str, &str),
    body: &Bytes,
) -> Result<(), Refused> {
    let key = members::key_for_authentication(app, member_id, &claims.kid)
        .await
        .map_err(Refused::store)?
        .ok_or_else(|| {
            Refused::because(format!("member {member_id} has no key with `kid` {}", claims.kid))
        })?;
    if key.jose_algorithm() != claims.alg {
        let text = format!("`alg` {} does not fit the key ({})", claims.alg, key.jose_algorithm());
        return Err(Refused::because(text));
    }
    let signing_input = if payload.is_empty() {
        format!("{header}.{}", URL_SAFE_NO_PAD.encode(body))
    } else {
        format!("{header}.{payload}")
    };
    key.verify(signing_input.as_bytes(), &decoded("signature", signature)?)
        .map_err(Refused::because)
}

fn check_claims(app: &App, parts: &Parts, claims: &Claims) -> Result<(), Refused> {
    let method = parts.method.as_str();
    if !claims.method.eq_ignore_ascii_case(method) {
        let text = format!("`method` is {}, the request's is {method}", claims.method);
        return Err(Refused::because(text));
    }
    let path = parts.uri.path();
    if claims.path != path && !same_once_decoded(&claims.path, path) {
        let text = format!("`path` is {}, the request's is {path}", claims.path);
        return Err(Refused::because(text));
    }
    if let Some(query) = &claims.query
        && query.trim_start_matches('?') != parts.uri.query().unwrap_or("")
    {
        return Err(Refused::because("`query` differs from the request's"));
    }
    check_host(app, &parts.headers, &claims.host)?;
    check_expiry(app, &claims.exp)
}

/// Ids hold colons, which clients sign, and send, as they are or percent-encoded. An encoded slash or
/// percent sign makes another path, and bytes that are no text have no second form.
fn same_once_decoded(signed: &str, sent: &str) -> bool {
    let decoded = |path: &str| -> Option<String> {
        let upper = path.to_ascii_uppercase();
        if upper.contains("%2F") || upper.contains("%25") {
            return None;
        }
        let bytes: Vec<u8> = url_bytes(path)?;
        String::from_utf8(bytes).ok()
    };
    decoded(signed).is_some_and(|signed| decoded(sent) == Some(signed))
}

/// `path` with its percent-encoded bytes; `None` if a percent sign begins none.
fn url_bytes(path: &str) -> Option<Vec<u8>> {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = path.as_bytes();
    let begins_one = |at: usize| digit(bytes.get(at + 1)) && digit(bytes.get(at + 2));
    path.match_indices('%').all(|(at, _)| begins_one(at)).then(|| percent_decode(bytes).collect())
}

/// A host that we are known by; a sandbox is also reached under other names.
fn check_host(app: &App, headers: &HeaderMap, claimed: &str) -> Result<(), Refused> {
    let settings = app.settings();
    let claimed = plain_host(claimed);
    let ours = plain_host(&settings.public_url);
    if claimed == ours || settings.accepted_hosts.iter().any(|host| plain_host(host) == claimed) {
        return Ok(());
    }
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(plain_host);
    if settings.sandbox && asked.as_ref() == Some(&claimed) {
        return Ok(());
    }
    Err(Refused::because(format!("`host` is {claimed}, expected {ours}")))
}

/// A host as it is compared: without its scheme, a path, or the default port.
fn plain_host(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_prefix("https://").or(text.strip_prefix("http://")).unwrap_or(&text);
    let host = text.split('/').next().unwrap_or_default();
    host.strip_suffix(":443").or(host.strip_suffix(":80")).unwrap_or(host).to_owned()
}

fn check_expiry(app: &App, exp: &Milliseconds) -> Result<(), Refused> {
    let exp_ms = match exp {
        Milliseconds::Number(number) => *number,
        Milliseconds::Text(text) => text
            .trim()
            .parse()
            .map_err(|_| Refused::because("`exp` should be milliseconds since 1970"))?,
    };
    let now_ms = app.now().as_millisecond();
    if exp_ms <= now_ms {
        return Err(Refused::because("`exp` has passed (it is in milliseconds since 1970)"));
    }
    if exp_ms > now_ms + LIFETIME_MAX_MS + SKEW_MS {
        return Err(Refused::because("`exp` is more than ten minutes ahead"));
    }
    Ok(())
}

/// The body that the token signs: the request's, or an attached payload with the same JSON in it.
fn signed_body(payload: &str, body: &Bytes) -> Result<Bytes, Refused> {
    if payload.is_empty() {
        return Ok(body.clone());
    }
    let payload = decoded("payload", payload)?;
    if payload == body.as_ref() {
        return Ok(body.clone());
    }
    let json = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
    let same = json(&payload).is_some_and(|signed| json(body).as_ref() == Some(&signed));
    if !same {
        return Err(Refused::because("the token's payload differs from the request's body"));
    }
    Ok(Bytes::from(payload))
}

fn decoded(part: &str, text: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| Refused::because(format!("the token's {part} is not base64url")))
}
