//! Message signatures: the header `x-jws-signature`, a detached JWS over the body.
//!
//! The form of OBIE 3.1.4 and later: PS256, the payload base64url-encoded in the signing input, no
//! `b64`, and `crit` naming exactly the three claims of Open Banking. The TPP signs its POST
//! requests; the bank signs every answer that has a body.

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use crate::banks::Bank;
use crate::jose::{base64url, from_base64url};
use crate::shared::{Client, Shared};

pub(crate) const HEADER: &str = "x-jws-signature";

const IAT: &str = "http://openbanking.org.uk/iat";
const ISS: &str = "http://openbanking.org.uk/iss";
const TAN: &str = "http://openbanking.org.uk/tan";
/// The trust anchor of keys that a TPP has in the directory.
const DIRECTORY: &str = "openbanking.org.uk";
/// `iat` must be in the past; clocks differ by at most this much.
const CLOCK_SKEW_SECONDS: i64 = 10;

fn problem(code: &'static str, message: impl Into<String>) -> Problem {
    Problem::at(code, HEADER, message)
}

/// Verifies the signature of a request.
pub(crate) fn verify(
    headers: &HeaderMap,
    body: &[u8],
    client: &Client,
    now: Timestamp,
) -> Result<(), Problem> {
    let value = headers
        .get(HEADER)
        .ok_or_else(|| problem("Signature.Missing", "the request is not signed"))?;
    let malformed = |what: &str| problem("Signature.Malformed", what);
    let text = value.to_str().map_err(|_| malformed("the signature is not text"))?;
    let parts: Vec<&str> = text.split('.').collect();
    let [header64, "", signature64] = parts[..] else {
        return Err(malformed("the signature is not a detached JWS"));
    };
    let header = from_base64url(header64)
        .and_then(|json| serde_json::from_slice::<Map<String, Value>>(&json).ok())
        .ok_or_else(|| malformed("the signature's header is not base64url JSON"))?;
    let signature = from_base64url(signature64)
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| malformed("the signature is not base64url"))?;
    check_claims(&header, client, now)?;
    let input = format!("{header64}.{}", base64url(body));
    let kid = header.get("kid").and_then(Value::as_str);
    if client.keys.verify("PS256", kid, input.as_bytes(), &signature) {
        Ok(())
    } else {
        Err(problem("Signature.Invalid", "the signature does not fit the body"))
    }
}

fn check_claims(
    header: &Map<String, Value>,
    client: &Client,
    now: Timestamp,
) -> Result<(), Problem> {
    for name in ["alg", "kid", "crit", IAT, ISS, TAN] {
        if !header.contains_key(name) {
            return Err(problem("Signature.MissingClaim", format!("{name} is missing")));
        }
    }
    let invalid = |what: &str| problem("Signature.InvalidClaim", what);
    let known = ["alg", "kid", "crit", "typ", "cty", IAT, ISS, TAN];
    if let Some(name) = header.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(invalid(&format!("{name} must be absent")));
    }
    let text = |name: &str| header.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("alg") != "PS256" {
        return Err(invalid("alg must be PS256"));
    }
    if header.contains_key("typ") && text("typ") != "JOSE" {
        return Err(invalid("typ must be JOSE"));
    }
    if header.contains_key("cty") && !matches!(text("cty"), "json" | "application/json") {
        return Err(invalid("cty must be application/json"));
    }
    if !names_exactly(&header["crit"], &[IAT, ISS, TAN]) {
        return Err(invalid("crit must name iat, iss and tan, and nothing else"));
    }
    match header[IAT].as_i64() {
        Some(issued) if issued <= now.as_second() + CLOCK_SKEW_SECONDS => {}
        _ => return Err(invalid("iat must be a time in the past, in seconds")),
    }
    if text(ISS) != client.registration.jws_issuer {
        return Err(invalid("iss is not the issuer registered for this client"));
    }
    if text(TAN) != DIRECTORY {
        return Err(invalid("tan must be openbanking.org.uk"));
    }
    if !client.keys.has_kid(text("kid")) {
        return Err(invalid("kid is not a key registered for this client"));
    }
    Ok(())
}

fn names_exactly(list: &Value, names: &[&str]) -> bool {
    list.as_array().is_some_and(|list| {
        list.len() == names.len()
            && names.iter().all(|name| list.iter().any(|entry| entry.as_str() == Some(name)))
    })
}

/// The signature of an answer; `None` when the key does not work.
pub(crate) fn make(shared: &Shared, bank: &Bank, body: &[u8], now: Timestamp) -> Option<String> {
    let header = json!({
        "alg": "PS256",
        "kid": shared.key.kid(bank.organisation_id),
        "typ": "JOSE",
        "cty": "application/json",
        IAT: now.as_second(),
        ISS: bank.organisation_id,
        TAN: DIRECTORY,
        "crit": [IAT, ISS, TAN],
    });
    let header64 = base64url(header.to_string());
    let input = format!("{header64}.{}", base64url(body));
    let signature = shared.key.sign(input.as_bytes()).ok()?;
    Some(format!("{header64}..{}", base64url(signature)))
}
