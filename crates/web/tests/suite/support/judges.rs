//! Every answer of the API that the suite sees is judged: by our own OpenAPI document and, where
//! the published documents are there, by the published one.

use std::sync::OnceLock;

use judge::{Judge, Violation};

use super::Answer;

fn own() -> &'static Judge {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    JUDGE.get_or_init(|| {
        let document = serde_json::to_value(web::openapi()).unwrap();
        Judge::from_document(document).unwrap()
    })
}

fn published() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    JUDGE.get_or_init(|| Judge::load("public-api/token-openapi.repaired.json")).as_ref()
}

/// Statuses of ours that the published document has for none of its operations, or not for all:
/// a body that is too large, a parameter that cannot be read, an idempotency key, a rate limit.
const BEYOND_THE_PUBLISHED: [u16; 6] = [400, 409, 413, 422, 429, 503];

/// Whether the answer is a list of payments with nothing but id and status.
fn in_short(path: &str, answer: &Answer) -> bool {
    let body = answer.json();
    let payments = body["payments"].as_array().filter(|_| path == "/v2/payments");
    payments.is_some_and(|payments| {
        payments.iter().all(|payment| {
            let keys: Vec<&String> = payment.as_object().unwrap().keys().collect();
            keys == ["id", "status"]
        })
    })
}

/// Operations of ours that the published document leaves out, and how it judges their answers: as
/// those of an operation that answers alike, or not at all.
fn as_published<'a>(method: &'a str, path: &'a str) -> Option<(&'a str, &'a str)> {
    match method {
        _ if path.starts_with("/standing-order-submissions") => None,
        "GET" if path.starts_with("/members/") || path == "/resolve-alias" => None,
        "POST" if path == "/callback/initiation" => None,
        "POST" if path.ends_with("/transfer-destinations") => None,
        "POST" => Some(match path.strip_suffix("/redeem") {
            Some(of_payment) => ("GET", of_payment),
            None => (method, path),
        }),
        "DELETE" if path.starts_with("/v2/payments/") => Some(("GET", path)),
        _ => Some((method, path)),
    }
}

/// Panics where the answer departs from a document. URLs that no document knows are passed over.
pub fn judge(method: &str, path: &str, answer: &Answer) {
    let judged_as = |judge: &Judge, (method, path): (&str, &str)| -> Vec<Violation> {
        judge.response(method, path, answer.status, &answer.headers, &answer.body)
    };
    let unknown = |found: &[Violation]| {
        found.iter().any(|violation| violation.what == "the document has no such operation")
    };
    let found = judged_as(own(), (method, path));
    if unknown(&found) {
        return;
    }
    assert_eq!(found, [], "our document: {method} {path} {} {}", answer.status, answer.text());
    let Some(published) = published() else { return };
    let Some(operation) = as_published(method, path) else { return };
    let mut found = judged_as(published, operation);
    if in_short(path, answer) {
        // The published schema has no form for what its `partial` is said to answer.
        found.retain(|violation| !violation.at.contains("/payments/"));
    }
    let instructions = "/tokenRequest/requestPayload/transferBody/instructions";
    let told = answer.json().pointer(&format!("{instructions}/transferDestinations")).cloned();
    if told == Some(serde_json::json!([])) {
        // The payee arrives later, although the published schema requires one destination.
        found.retain(|violation| !violation.at.ends_with("/requestPayload"));
    }
    found.retain(|violation| {
        let undocumented = violation.at == "status";
        // The document has the status of such links, and their older description the flow.
        let by_link = violation.what.starts_with("\"PAY_BY_LINK_HOSTED_PAGES\" is not one of");
        let beyond = undocumented && BEYOND_THE_PUBLISHED.contains(&answer.status);
        !(by_link || beyond)
    });
    assert_eq!(
        found,
        [],
        "the published document: {method} {path} {} {}",
        answer.status,
        answer.text()
    );
}

/// The published documents of the banks' standards, where they are there.
pub(super) fn obie() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    JUDGE.get_or_init(|| Judge::load("banks/obie/v3.1.11-payment-initiation-judge.json")).as_ref()
}

pub(super) fn obie_4_0() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    JUDGE
        .get_or_init(|| Judge::load("banks/obie/v4.0-update4-payment-initiation-judge.json"))
        .as_ref()
}

pub(super) fn next_gen_psd2() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    JUDGE.get_or_init(|| Judge::load("banks/berlin-group/psd2-api_v1.3.12-judge.json")).as_ref()
}

pub(super) fn stet_1_4() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    JUDGE.get_or_init(|| Judge::load("banks/stet/stet-1.4.2.17-rebuilt-openapi.json")).as_ref()
}

pub(super) fn stet_1_5() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    JUDGE.get_or_init(|| Judge::load("banks/stet/stet-1.5.0.43-judge.json")).as_ref()
}

pub(super) fn polish_api() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    JUDGE.get_or_init(|| Judge::load("banks/polishapi/ZBP-polish-api-2_1_2-swagger.json")).as_ref()
}
