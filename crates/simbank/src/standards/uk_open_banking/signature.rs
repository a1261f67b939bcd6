//! Message signatures: the header `x-jws-signature`, a detached JWS over the body.
//!
//! The form of OBIE 3.1.4 and later: PS256, the payload base64url-encoded in the signing input, no
//! `b64`, and `crit` naming exactly the three claims of Open Banking. One bank has the form before
//! that: the payload as it is, and `b64: false`, named in `crit` too. The TPP signs its POST
//! requests; the bank signs every answer that has a body.

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use crate::engine::banks::Bank;
use crate::engine::jose::{base64url, from_base64url};
use crate::engine::shared::{Client, Shared};

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

/// The signing input.
fn signing_input(bank: &Bank, header64: &str, body: &[u8]) -> Vec<u8> {
    let mut input = format!("{header64}.").into_bytes();
    if bank.uk_open_banking().signs_raw_bodies {
        input.extend_from_slice(body);
    } else {
        input.extend_from_slice(base64url(body).as_bytes());
    }
    input
}

/// The claims that `crit` names.
fn critical(bank: &Bank) -> &'static [&'static str] {
    let own = bank.uk_open_banking();
    match (own.signs_raw_bodies, own.signs_without_trust_anchor) {
        (true, _) => &["b64", IAT, ISS, TAN],
        (false, false) => &[IAT, ISS, TAN],
        (false, true) => &[IAT, ISS],
    }
}

/// Verifies the signature of a request.
pub(crate) fn verify(
    bank: &Bank,
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
    check_claims(bank, &header, client, now)?;
    let input = signing_input(bank, header64, body);
    let kid = header.get("kid").and_then(Value::as_str);
    if client.keys.verify("PS256", kid, &input, &signature) {
        Ok(())
    } else {
        Err(problem("Signature.Invalid", "the signature does not fit the body"))
    }
}

fn check_claims(
    bank: &Bank,
    header: &Map<String, Value>,
    client: &Client,
    now: Timestamp,
) -> Result<(), Problem> {
    for name in ["alg", "kid", "crit"].iter().chain(critical(bank)) {
        if !header.contains_key(*name) {
            return Err(problem("Signature.MissingClaim", format!("{name} is missing")));
        }
    }
    let invalid = |what: &str| problem("Signature.InvalidClaim", what);
    let known = ["alg", "kid", "crit", "typ", "cty"];
    let is_known = |name: &str| known.contains(&name) || critical(bank).contains(&name);
    if let Some(name) = header.keys().find(|name| !is_known(name)) {
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
    if !names_exactly(&header["crit"], critical(bank)) {
        return Err(invalid("crit must name what is critical, and nothing else"));
    }
    if header.get("b64").is_some_and(|b64| *b64 != false) {
        return Err(invalid("b64 must be false"));
    }
    match header[IAT].as_i64() {
        Some(issued) if issued <= now.as_second() + CLOCK_SKEW_SECONDS => {}
        _ => return Err(invalid("iat must be a time in the past, in seconds")),
    }
    let without_anchor = bank.uk_open_banking().signs_without_trust_anchor;
    let registered = match &client.registration.organisation_identifier {
        Some(organisation) if without_anchor => organisation,
        _ => &client.registration.jws_issuer,
    };
    if text(ISS) != registered {
        return Err(invalid("iss is not the issuer registered for this client"));
    }
    if !without_anchor && text(TAN) != DIRECTORY {
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
    let own = bank.uk_open_banking();
    let mut header = json!({
        "alg": "PS256",
        "kid": shared.key.kid(bank.uk_open_banking().organisation_id),
        "typ": "JOSE",
        "cty": "application/json",
        IAT: now.as_second(),
        ISS: bank.uk_open_banking().organisation_id,
        "crit": critical(bank),
    });
    if !own.signs_without_trust_anchor {
        header[TAN] = json!(DIRECTORY);
    }
    if bank.uk_open_banking().signs_raw_bodies {
        header["b64"] = json!(false);
    }
    let header64 = base64url(header.to_string());
    let signature = shared.key.sign(&signing_input(bank, &header64, body)).ok()?;
    Some(format!("{header64}..{}", base64url(signature)))
}
