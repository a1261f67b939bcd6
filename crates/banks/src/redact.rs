//! The parts of an exchange that may be kept: its shape, codes, dates and amounts; no secret, account
//! number or name. Of the text that travels with the money, a keyed hash is kept: the text may hold a
//! card number, and a person who knows the text can find its payments.

use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::error::{cut, words};
use crate::wire::{Request, Response};

/// The most bytes of one body that are kept.
pub const BODY_KEPT_BYTES_MAX: usize = 8 * 1024;
/// The most bytes of a body that is looked into; a longer one is kept by its length only.
const BODY_READ_BYTES_MAX: usize = 256 * 1024;
const MASK: &str = "•";
/// The prefix of a keyed hash.
const HASH: &str = "hmac:";

/// Fields whose texts say nothing about a person, whatever the standard; compared without case.
const HARMLESS_FIELDS: [&str; 60] = [
    "amount",
    "appliedauthenticationapproach",
    "authenticationmethodid",
    "authenticationtype",
    "category",
    "code",
    "codeid",
    "consentid",
    "creationdatetime",
    "currency",
    "deliverymode",
    "detailedstatus",
    "domesticpaymentid",
    "domesticscheduledpaymentid",
    "domesticstandingorderid",
    "endtoendid",
    "endtoendidentification",
    "error",
    "errorcode",
    "executionmode",
    "expires_in",
    "frequency",
    "fundsavailable",
    "generalstatus",
    "grant_type",
    "instructionid",
    "instructionidentification",
    "isretry",
    "localinstrument",
    "numberoftransactions",
    "otpformat",
    "otpmaxlength",
    "path",
    "paymentid",
    "paymentinformationid",
    "paymentinformationstatus",
    "requestedexecutiondate",
    "requestid",
    "response_type",
    "scaapproach",
    "scastatus",
    "schemename",
    "scope",
    "scopegrouptype",
    "senddate",
    "servicelevel",
    "status",
    "statusreason",
    "statusreasoncode",
    "statusreasondescription",
    "statusreasoninformation",
    "statusupdatedatetime",
    "system",
    "timestamp",
    "token_type",
    "tppmessages",
    "tpptransactionid",
    "transactionstatus",
    "value",
    "version",
];

/// Headers whose values may be kept; of the others only the name is.
const HARMLESS_HEADERS: [&str; 20] = [
    "accept",
    "aspsp-sca-approach",
    "cache-control",
    "content-length",
    "content-type",
    "date",
    "digest",
    "psu-http-method",
    "psu-id-type",
    "retry-after",
    "server",
    "tpp-explicit-authorisation-preferred",
    "tpp-redirect-preferred",
    "warning",
    "x-fapi-interaction-id",
    "x-idempotency-key",
    "x-request-id",
    "x-correlation-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
];

/// Fields whose texts travel with the money, or that hold such texts; compared without case.
const REMITTANCE_FIELDS: [&str; 4] = [
    // PolishAPI `transferData.description`.
    "description",
    "remittanceinformation",
    "remittanceinformationstructured",
    "remittanceinformationunstructured",
];

/// Fields of a form whose values may be kept.
const HARMLESS_FORM_FIELDS: [&str; 3] = ["client_assertion_type", "grant_type", "redirect_uri"];
/// Fields of a form that are kept.
const FORM_FIELDS_MAX: usize = 50;

/// Makes a keyed hash of a text that must be recognised and not be read.
pub type KeyedHash<'a> = &'a dyn Fn(&str) -> String;

/// A request as it may be kept.
#[must_use]
pub fn request(request: &Request, hash: KeyedHash<'_>) -> Value {
    json!({
        "method": request.method.as_str(),
        "url": url(&request.url),
        "headers": headers(&request.headers),
        "body": match is_form(&request.headers) {
            true => form(&request.body),
            false => body(&request.body, hash),
        },
    })
}

/// Whether the body is a form, as requests at token endpoints are.
fn is_form(headers: &[(String, String)]) -> bool {
    let kind = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    kind.is_some_and(|(_, value)| value.starts_with("application/x-www-form-urlencoded"))
}

/// The names of a form, and the values of those that say which request it is.
fn form(bytes: &[u8]) -> Value {
    let pairs = form_urlencoded::parse(bytes).take(FORM_FIELDS_MAX).map(|(name, value)| {
        let kept = HARMLESS_FORM_FIELDS.contains(&name.as_ref());
        let value = if kept { words(&value) } else { mask() };
        (cut(&name), Value::String(value))
    });
    Value::Object(pairs.collect())
}

/// A response as it may be kept.
#[must_use]
pub fn response(response: &Response, hash: KeyedHash<'_>) -> Value {
    json!({
        "status": response.status,
        "headers": headers(&response.headers),
        "body": body(&response.body, hash),
    })
}

/// Without query, fragment and user: they hold codes and states.
fn url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return MASK.to_owned();
    };
    if url.query().is_some() {
        url.set_query(Some(MASK));
    }
    url.set_fragment(None);
    // Only URLs that cannot have a user refuse, and these have none.
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return MASK.to_owned();
    }
    url.into()
}

fn headers(headers: &[(String, String)]) -> Value {
    let kept = headers.iter().map(|(name, value)| {
        let name = name.to_lowercase();
        let value = if HARMLESS_HEADERS.contains(&name.as_str()) { words(value) } else { mask() };
        (name, Value::String(value))
    });
    Value::Object(kept.collect())
}

fn mask() -> String {
    MASK.to_owned()
}

fn body(bytes: &[u8], hash: KeyedHash<'_>) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    if bytes.len() > BODY_READ_BYTES_MAX {
        return Value::String(format!("({} bytes)", bytes.len()));
    }
    let text = shape_with(bytes, BODY_KEPT_BYTES_MAX, Some(hash));
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// The shape of a JSON text in at most `bytes_max` bytes; of anything else, its length.
pub(crate) fn shape(bytes: &[u8], bytes_max: usize) -> String {
    shape_with(bytes, bytes_max, None)
}

fn shape_with(bytes: &[u8], bytes_max: usize, hash: Option<KeyedHash<'_>>) -> String {
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else {
        return format!("({} bytes that are not JSON)", bytes.len());
    };
    keep_only(&mut value, Kept::Nothing, hash);
    let mut text = value.to_string();
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// The kept part of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Nothing,
    Words,
    Hash,
}

impl Kept {
    fn of(field: &str) -> Kept {
        let field = field.to_lowercase();
        if HARMLESS_FIELDS.contains(&field.as_str()) {
            Kept::Words
        } else if REMITTANCE_FIELDS.contains(&field.as_str()) {
            Kept::Hash
        } else {
            Kept::Nothing
        }
    }
}

/// Depth is bounded by `serde_json`, which refuses more than 128 levels.
fn keep_only(value: &mut Value, kept: Kept, hash: Option<KeyedHash<'_>>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let inside = if kept == Kept::Hash { Kept::Hash } else { Kept::of(name) };
                keep_only(field, inside, hash);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| keep_only(item, kept, hash)),
        Value::String(text) => {
            *text = match (kept, hash) {
                (Kept::Words, _) => words(text),
                (Kept::Hash, Some(hash)) => format!("{HASH}{}", hash(text)),
                (Kept::Hash, None) | (Kept::Nothing, _) => mask(),
            }
        }
        Value::Number(_) if kept != Kept::Words => *value = Value::String(mask()),
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_amounts_stay_and_persons_and_secrets_go() {
        let asked = Request {
            operation: "exchange-code",
            method: http::Method::POST,
            url: "https://user:pass@bank.example/token?code=secret#x".to_owned(),
            headers: vec![
                ("Authorization".to_owned(), "Bearer secret".to_owned()),
                ("PSU-IP-Address".to_owned(), "203.0.113.9".to_owned()),
                ("X-Request-ID".to_owned(), "a-b".to_owned()),
            ],
            body:
                br#"{"instructedAmount":{"amount":"12.50","currency":"EUR"},"creditorName":"Jones",
                "remittanceInformationUnstructured":"4111 1111",
                "RemittanceInformation":{"Reference":"4111 1111 1"},"creditorAccount":{"iban":"DE02120300000000202051"},"psuData":{"password":"secret"},
                "transactionStatus":"RJCT","tppMessages":[{"code":"FORMAT_ERROR","text":"Jones"}]}"#
                    .to_vec(),
            timeout_ms: 1,
            client_certificate: None,
            tls_authorities: None,
        };
        let kept = request(&asked, &|text| format!("h{}", text.len())).to_string();
        for wanted in [
            "12.50",
            "EUR",
            "RJCT",
            "FORMAT_ERROR",
            "a-b",
            "https://bank.example/token",
            "\"remittanceInformationUnstructured\":\"hmac:h9\"",
            "\"Reference\":\"hmac:h11\"",
        ] {
            assert!(kept.contains(wanted), "{wanted} in {kept}");
        }
        for secret in ["secret", "Jones", "DE02", "4111", "203.0", "user", "pass@"] {
            assert!(!kept.contains(secret), "{secret} in {kept}");
        }
    }

    fn body_of(bytes: &[u8]) -> Value {
        body(bytes, &|_| String::new())
    }

    #[test]
    fn a_form_is_kept_by_its_names() {
        let kept = form(b"grant_type=authorization_code&code=secret&client_id=x&a+b=1");
        assert_eq!(
            kept.to_string(),
            r#"{"a b":"•","client_id":"•","code":"•","grant_type":"authorization_code"}"#
        );
    }

    #[test]
    fn what_is_no_json_is_kept_by_its_length() {
        assert_eq!(
            body_of(b"<html>Jones</html>"),
            Value::String("(18 bytes that are not JSON)".into())
        );
        assert_eq!(body_of(b""), Value::Null);
        assert_eq!(body_of(&vec![b'1'; 300_000]), Value::String("(300000 bytes)".into()));
    }
}
