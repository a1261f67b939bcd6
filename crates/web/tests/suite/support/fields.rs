//! Orders on every rail, and what is wrong with one.

use serde_json::{Value, json};

use super::{World, hosted_order, with};

pub const FORMAT: &str = "Field.InvalidFormat";
pub const INVALID: &str = "Field.Invalid";
pub const EXPECTED: &str = "Field.Expected";

/// A rail, a currency of it, and a payee's account there.
pub fn rails() -> Vec<(&'static str, &'static str, Value)> {
    let iban = json!({ "iban": "DE89370400440532013000" });
    let british = json!({ "sortCode": "123456", "accountNumber": "12345678" });
    vec![
        ("SEPA", "EUR", iban.clone()),
        ("SEPA_INSTANT", "EUR", iban.clone()),
        ("FASTER_PAYMENTS", "GBP", british.clone()),
        ("ELIXIR", "PLN", json!({ "accountNumber": "61109010140000071219812874" })),
        ("EU_DOMESTIC_NON_EURO", "SEK", json!({ "iban": "SE4550000000058398257466" })),
        ("EU_DOMESTIC_NON_EURO_INSTANT", "NOK", json!({ "bban": "86011117947" })),
        ("BANKGIRO", "SEK", json!({ "bankgiroNumber": "50501055" })),
        ("PLUSGIRO", "SEK", json!({ "plusgiroNumber": "42" })),
        ("AUTO_SELECT", "EUR", iban),
        ("AUTO_SELECT", "GBP", british),
    ]
}

/// A hosted order without a bank on that rail.
pub fn order_on(rail: &str, currency: &str, account: &Value) -> Value {
    let body = with(&hosted_order(), "initiation.localInstrument", rail);
    let body = with(&body, "initiation.amount.currency", currency);
    with(&body, "initiation.creditor", with(account, "name", "Customer Inc."))
}

/// The answer is `code` at `path` below `initiation`, or the payment where `code` is empty.
pub async fn expect(world: &World, body: &Value, code: &str, path: &str, what: &str) -> Value {
    let answer = world.post("/v2/payments", body).await;
    let what = format!("{}: {what}: {}", world.name, answer.text());
    if code.is_empty() {
        assert_eq!(answer.status, 200, "{what}");
        return answer.json()["payment"]["initiation"].clone();
    }
    assert_eq!(answer.status, 400, "{what}");
    let error = &answer.json()["error"];
    assert_eq!(error["errorCode"], code, "{what}");
    assert_eq!(error["paths"], json!([format!("initiation.{path}")]), "{what}");
    assert!(error["message"].as_str().unwrap().ends_with('.'), "{what}");
    error.clone()
}
