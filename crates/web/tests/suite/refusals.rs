//! `POST /v2/payments`: everything that is refused, with its code and its path (reference, section
//! 1.8). Nothing of a refused request is kept.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::support::{
    Answer, HOST, World, assert_error, hosted_order, order, with, without, worlds, worlds_with,
};

fn assert_field(answer: &Answer, code: &str, path: &str, what: &str) {
    let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(!message.is_empty(), "{what}: {}", answer.text());
    let error = json!({ "errorCode": code, "message": message, "paths": [path] });
    assert_error(answer, 400, error);
}

async fn assert_nothing_was_kept(world: &World) {
    assert_eq!(world.get("/v2/payments").await.json()["payments"], json!([]), "{}", world.name);
    assert_eq!(world.wire.count("create-domestic-payment-consent"), 0);
}

#[tokio::test]
async fn what_is_required_must_be_there_and_be_of_the_right_type() {
    let texts = [
        "refId",
        "remittanceInformationPrimary",
        "amount.value",
        "amount.currency",
        "callbackUrl",
        "creditor.name",
    ];
    let objects = ["amount", "creditor"];
    for world in worlds().await {
        for field in texts.iter().chain(&objects).chain(&["localInstrument"]) {
            let path = format!("initiation.{field}");
            let answer = world.post("/v2/payments", &without(&order(), &path)).await;
            assert_field(&answer, "Field.Expected", &path, "missing");
        }
        for field in texts {
            let path = format!("initiation.{field}");
            let null = world.post("/v2/payments", &with(&order(), &path, json!(null))).await;
            assert_field(&null, "Field.Expected", &path, "null");
            // Digits are taken as text where text may be digits only.
            let is_reference = ["refId", "remittanceInformationPrimary"].contains(&field);
            let number = if is_reference { json!(7.5) } else { json!(7) };
            for value in [number, json!(true), json!([]), json!({}), json!(["a"])] {
                let answer = world.post("/v2/payments", &with(&order(), &path, value)).await;
                assert_field(&answer, "Field.InvalidFormat", &path, "wrong type");
            }
        }
        for field in objects {
            let path = format!("initiation.{field}");
            let null = world.post("/v2/payments", &with(&order(), &path, json!(null))).await;
            assert_field(&null, "Field.Expected", &path, "null");
            for value in [json!("text"), json!(7), json!(["10.23", "GBP"])] {
                let answer = world.post("/v2/payments", &with(&order(), &path, value)).await;
                assert_field(&answer, "Field.InvalidFormat", &path, "wrong type");
            }
        }
        let path = "initiation.localInstrument";
        let null = world.post("/v2/payments", &with(&order(), path, json!(null))).await;
        assert_field(&null, "Field.Expected", path, "null");
        for value in [json!(7), json!(["SEPA"]), json!({ "SEPA": null })] {
            let path = "initiation.localInstrument";
            let answer = world.post("/v2/payments", &with(&order(), path, value)).await;
            assert_field(&answer, "Field.InvalidFormat", path, "wrong type");
        }
        let answer = world.post("/v2/payments", &json!({})).await;
        assert_field(&answer, "Field.Expected", "initiation", "empty");
        assert_nothing_was_kept(&world).await;
    }
}

#[tokio::test]
async fn optional_fields_of_the_wrong_type_are_refused_too() {
    let cases = [
        ("initiation.bankId", json!(7)),
        ("initiation.debtor", json!("text")),
        ("initiation.debtor", json!([])),
        ("initiation.risk", json!(7)),
        ("initiation.risk.contractPresentIndicator", json!("yes")),
        ("initiation.risk.deliveryAddress", json!([])),
        ("initiation.risk.deliveryAddress.addressLine", json!("line")),
        ("initiation.creditor.address", json!(["a"])),
        ("initiation.confirmFunds", json!("yes")),
        ("initiation.returnRefundAccount", json!(1)),
        ("initiation.callbackState", json!({})),
        ("initiation.flowType", json!(1)),
        ("initiation.chargeBearer", json!([])),
        ("pispConsentAccepted", json!("")),
        ("pispConsentAccepted", json!(0)),
    ];
    for world in worlds().await {
        for (path, value) in &cases {
            let answer = world.post("/v2/payments", &with(&order(), path, value.clone())).await;
            assert_field(&answer, "Field.InvalidFormat", path, &value.to_string());
        }
        assert_nothing_was_kept(&world).await;
    }
}

const FORMAT: &str = "Field.InvalidFormat";
const INVALID: &str = "Field.Invalid";
const EXPECTED: &str = "Field.Expected";

/// An order, a field below `initiation`, its value, and the error's code; none where it is fine.
type Case = (Value, &'static str, Value, &'static str);

fn sepa_order() -> Value {
    let body = with(&hosted_order(), "initiation.localInstrument", "SEPA");
    let body = with(&body, "initiation.amount.currency", "EUR");
    with(&body, "initiation.creditor", json!({ "name": "A", "iban": "DE89370400440532013000" }))
}

/// Texts that are too long, and malformed amounts.
fn texts_and_amounts() -> Vec<Case> {
    let sepa = sepa_order();
    let long = |length: usize| Value::from("a".repeat(length));
    vec![
        (order(), "refId", long(36), FORMAT),
        (order(), "refId", "".into(), FORMAT),
        (order(), "refId", "a\nb".into(), INVALID),
        (order(), "refId", "a\u{1}b".into(), INVALID),
        (order(), "remittanceInformationPrimary", long(19), FORMAT),
        (order(), "remittanceInformationPrimary", "".into(), FORMAT),
        (sepa.clone(), "remittanceInformationPrimary", long(36), FORMAT),
        (order(), "remittanceInformationSecondary", long(141), FORMAT),
        (order(), "onBehalfOfId", long(65), FORMAT),
        (order(), "callbackState", long(2_049), FORMAT),
        (order(), "externalPsuReference", long(65), FORMAT),
        (order(), "creditor.name", long(141), FORMAT),
        (order(), "creditor.name", "".into(), FORMAT),
        (order(), "creditor.ultimateCreditorName", long(141), FORMAT),
        (order(), "creditor.bankName", long(141), FORMAT),
        (order(), "creditor.address", json!({ "streetName": "a".repeat(141) }), FORMAT),
        (order(), "creditor.address", json!({ "addressLine": vec!["a"; 8] }), FORMAT),
        (order(), "amount.value", "0".into(), INVALID),
        (order(), "amount.value", "0.00".into(), INVALID),
        (order(), "amount.value", "-1".into(), FORMAT),
        (order(), "amount.value", "1,00".into(), FORMAT),
        (order(), "amount.value", "1.00001".into(), FORMAT),
        (order(), "amount.value", "1.".into(), FORMAT),
        (order(), "amount.value", ".5".into(), FORMAT),
        (order(), "amount.value", "1e3".into(), FORMAT),
        (order(), "amount.value", " 1".into(), FORMAT),
        (order(), "amount.value", "".into(), FORMAT),
        (order(), "amount.value", "10000000000000".into(), FORMAT),
        (order(), "amount.value", "1".repeat(100_000).into(), FORMAT),
        (order(), "amount.currency", "EUR".into(), INVALID),
        (order(), "amount.currency", "gbp".into(), INVALID),
        (order(), "amount.currency", "XXY".into(), INVALID),
        (order(), "amount.currency", "".into(), INVALID),
        (sepa.clone(), "amount.currency", "GBP".into(), INVALID),
    ]
}

/// Words that nobody knows, accounts that cannot be, URLs that lead nowhere good.
fn words_accounts_and_urls() -> Vec<Case> {
    let sepa = sepa_order();
    vec![
        (order(), "localInstrument", "CHAPS".into(), INVALID),
        (order(), "localInstrument", "faster_payments".into(), INVALID),
        (order(), "chargeBearer", "OUR".into(), INVALID),
        (order(), "creditor.sortCode", "12345".into(), INVALID),
        (order(), "creditor.sortCode", "12345a".into(), INVALID),
        (order(), "creditor.sortCode", "１２３４５６".into(), INVALID),
        (order(), "creditor.accountNumber", "1234567".into(), INVALID),
        (order(), "creditor.accountNumber", "123456789".into(), INVALID),
        (sepa.clone(), "creditor.iban", "DE89370400440532013001".into(), INVALID),
        (sepa.clone(), "creditor.iban", "DE".into(), INVALID),
        (sepa.clone(), "creditor.iban", "XX89370400440532013000".into(), INVALID),
        (sepa.clone(), "creditor.bic", "COBA".into(), INVALID),
        (order(), "bankId", "ob-unknown".into(), INVALID),
        (order(), "bankId", "../etc/passwd".into(), INVALID),
        (order(), "risk", json!({ "paymentContextCode": "NONSENSE" }), INVALID),
        (order(), "callbackUrl", "".into(), FORMAT),
        (order(), "callbackUrl", "shop.example/return".into(), FORMAT),
        (order(), "callbackUrl", "/return".into(), FORMAT),
        (order(), "callbackUrl", "https://".into(), FORMAT),
        (order(), "callbackUrl", "https://shop.example/".to_owned().into(), ""),
        (order(), "callbackUrl", "javascript:alert(1)".into(), INVALID),
        (order(), "callbackUrl", "JavaScript:alert(1)".into(), INVALID),
        (order(), "callbackUrl", " javascript:alert(1)".into(), INVALID),
        (order(), "callbackUrl", "data:text/html,hi".into(), INVALID),
        (order(), "callbackUrl", "file:///etc/passwd".into(), INVALID),
        (
            order(),
            "callbackUrl",
            format!("https://shop.example/{}", "a".repeat(2_048)).into(),
            FORMAT,
        ),
    ]
}

/// Features that this release lacks, and parties and risks that lack a part.
fn parts_that_are_missing_or_not_there_yet() -> Vec<Case> {
    vec![
        (order(), "vrpConsentId", "vc:1:2".into(), INVALID),
        (order(), "executionDate", "2026-01-03".into(), INVALID),
        (order(), "executionDate", "2027-02-01".into(), INVALID),
        (order(), "executionDate", "tomorrow".into(), FORMAT),
        (order(), "debtor", json!({ "tokenizedAccountId": "tai:1:2" }), INVALID),
        (order(), "creditor.virtualAccountId", "pa:1:2".into(), INVALID),
        (order(), "creditor.accountVerificationId", "avr-1".into(), INVALID),
        (order(), "debtor", json!({ "name": "A", "sortCode": "123456" }), EXPECTED),
        (order(), "debtor", json!({ "sortCode": "123456", "accountNumber": "12345678" }), EXPECTED),
        (order(), "debtor", json!({ "name": "A" }), EXPECTED),
        (order(), "debtor", json!({}), EXPECTED),
        (order(), "risk", json!({ "merchantCategoryCode": "48129" }), INVALID),
        (order(), "risk", json!({ "beneficiaryAccountType": "SECRET" }), INVALID),
        (order(), "risk", json!({ "paymentPurposeCode": "NONE" }), INVALID),
        (order(), "risk", json!({ "psuId": "a".repeat(71) }), FORMAT),
        (order(), "risk", json!({ "deliveryAddress": { "townName": "a".repeat(141) } }), FORMAT),
        (
            order(),
            "debtor",
            json!({ "name": "", "sortCode": "123456", "accountNumber": "12345678" }),
            FORMAT,
        ),
    ]
}

#[tokio::test]
async fn values_that_cannot_be_are_refused_with_their_place() {
    let mut cases = texts_and_amounts();
    cases.extend(words_accounts_and_urls());
    cases.extend(parts_that_are_missing_or_not_there_yet());
    for world in worlds().await {
        for (body, field, value, code) in &cases {
            let what =
                format!("{field}: {}", value.to_string().chars().take(60).collect::<String>());
            let path = format!("initiation.{field}");
            let answer = world.post("/v2/payments", &with(body, &path, value.clone())).await;
            if code.is_empty() {
                assert_eq!(answer.status, 200, "{what}: {}", answer.text());
                continue;
            }
            assert_eq!(answer.status, 400, "{what}: {}", answer.text());
            let error = &answer.json()["error"];
            assert_eq!(error["errorCode"], *code, "{what}: {error}");
            let told = error["paths"][0].as_str().unwrap();
            assert!(told.starts_with(&path), "{what}: {error}");
        }
    }
}

#[tokio::test]
async fn a_payee_without_the_account_that_its_rail_needs_is_refused_with_the_missing_field() {
    let cases = [
        ("FASTER_PAYMENTS", "GBP", json!({}), "sortCode"),
        ("FASTER_PAYMENTS", "GBP", json!({ "sortCode": "123456" }), "accountNumber"),
        ("FASTER_PAYMENTS", "GBP", json!({ "accountNumber": "12345678" }), "sortCode"),
        ("FASTER_PAYMENTS", "GBP", json!({ "iban": "GB33BUKB20201555555555" }), "sortCode"),
        ("SEPA", "EUR", json!({}), "iban"),
        ("SEPA", "EUR", json!({ "sortCode": "123456", "accountNumber": "12345678" }), "iban"),
        ("ELIXIR", "PLN", json!({}), "accountNumber"),
        ("EU_DOMESTIC_NON_EURO", "SEK", json!({}), "iban"),
        ("BANKGIRO", "SEK", json!({}), "bankgiroNumber"),
        ("PLUSGIRO", "SEK", json!({ "bankgiroNumber": "50501055" }), "plusgiroNumber"),
        ("AUTO_SELECT", "GBP", json!({}), "sortCode"),
        ("AUTO_SELECT", "GBP", json!({ "sortCode": "123456" }), "accountNumber"),
    ];
    for world in worlds().await {
        for (rail, currency, account, field) in &cases {
            let mut body = with(&hosted_order(), "initiation.localInstrument", *rail);
            body = with(&body, "initiation.amount.currency", *currency);
            body = with(&body, "initiation.creditor", with(account, "name", "Customer Inc."));
            let answer = world.post("/v2/payments", &body).await;
            assert_field(&answer, "Field.Expected", &format!("initiation.creditor.{field}"), rail);
        }
        assert_nothing_was_kept(&world).await;
    }
}

#[tokio::test]
async fn a_bank_is_required_unless_the_payer_chooses_it() {
    for world in worlds().await {
        for flow in [json!("API_ONLY"), json!("EMBEDDED_HOSTED_PAGES"), json!(null)] {
            let body = with(&hosted_order(), "initiation.flowType", flow);
            let answer = world.post("/v2/payments", &body).await;
            assert_field(&answer, "Field.Expected", "initiation.bankId", "no bank");
        }
        assert_nothing_was_kept(&world).await;
    }
}

#[tokio::test]
async fn a_text_with_a_card_number_is_refused_and_not_repeated() {
    let fields = [
        ("refId", "4111111111111111"),
        ("remittanceInformationPrimary", "4222222222222"),
        ("remittanceInformationSecondary", "card 4111 1111 1111 1111"),
        ("remittanceInformationSecondary", "5555.5555.5555.4444 12/26"),
        ("remittanceInformationSecondary", "6011111111111117 0128"),
    ];
    let debtor = json!({ "name": "A", "sortCode": "123456", "accountNumber": "12345678" });
    let body = with(&hosted_order(), "initiation.debtor", debtor);
    for world in worlds().await {
        for (field, text) in fields {
            let body = with(&body, &format!("initiation.{field}"), text);
            let answer = world.post("/v2/payments", &body).await;
            let error = json!({
                "errorCode": "PanDetected", "message": "A text holds a card number.",
            });
            assert_error(&answer, 400, error);
        }
        assert_nothing_was_kept(&world).await;
        let order_number = with(&body, "initiation.refId", "2026010500000004");
        assert_eq!(world.post("/v2/payments", &order_number).await.status, 200);
    }
}

#[tokio::test]
async fn what_the_bank_cannot_do_is_refused_in_the_banks_name() {
    let sepa = with(&order(), "initiation.localInstrument", "SEPA");
    let sepa = with(&sepa, "initiation.amount.currency", "EUR");
    let iban = json!({ "name": "A", "iban": "DE89370400440532013000" });
    let sepa = with(&sepa, "initiation.creditor", iban.clone());
    let euro = with(&sepa, "initiation.localInstrument", "AUTO_SELECT");
    for world in worlds().await {
        for body in [&sepa, &euro] {
            let answer = world.post("/v2/payments", body).await;
            assert_eq!(answer.status, 400, "{}", answer.text());
            let error = &answer.json()["error"];
            assert_eq!(error["errorCode"], "Bank.FeatureNotSupported");
            assert_eq!(error["bankId"], "ob-modelo");
        }
        assert_nothing_was_kept(&world).await;
    }
}

#[tokio::test]
async fn plain_http_and_app_schemes_are_for_callbacks_of_the_right_place() {
    let cases = [
        ("http://localhost:3000/return", 200, 400),
        ("https://shop.example/return", 200, 200),
        ("paymentdemoapp://return", 200, 200),
        ("com.example.shop:/return", 200, 200),
        ("mailto:a@shop.example", 400, 400),
        ("tel:+441632960000", 400, 400),
        ("sms:+441632960000", 400, 400),
        ("ms-settings:privacy", 400, 400),
        ("ms-word:ofe|u|https://shop.example/a.docx", 400, 400),
        ("x-apple.systempreferences:", 400, 400),
        ("intent://return#Intent;scheme=shop;end", 400, 400),
        ("android-app://com.example/https/return", 400, 400),
        ("vbscript:msgbox(1)", 400, 400),
        ("view-source:https://shop.example/", 400, 400),
        ("ftp://shop.example/return", 400, 400),
        ("wss://shop.example/return", 400, 400),
        ("https://user@shop.example/return", 400, 400),
        ("https://user:secret@shop.example/return", 400, 400),
        ("https://:secret@shop.example/return", 400, 400),
        ("paymentdemoapp://user@return", 400, 400),
    ];
    for sandbox in [true, false] {
        for world in worlds_with(|settings| settings.sandbox = sandbox).await {
            for (url, in_sandbox, in_production) in cases {
                let body = with(&hosted_order(), "initiation.callbackUrl", url);
                let answer = world.post("/v2/payments", &body).await;
                let status = if sandbox { in_sandbox } else { in_production };
                assert_eq!(answer.status, status, "{url}: {}", answer.text());
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let twice = order().to_string().replacen("\"refId\"", "\"refId\":\"a\",\"refId\"", 1);
    let good = order().to_string();
    let bodies: Vec<Vec<u8>> = vec![
        b"{".to_vec(),
        b"not json".to_vec(),
        b"\"\xff\"".to_vec(),
        b"{\"initiation\":{\"refId\":\"\xc3\x28\"}}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"\x00".to_vec(),
        good.as_bytes()[..good.len() / 2].to_vec(),
        format!("{good}{good}").into_bytes(),
        good.replace("\"10.23\"", "NaN").into_bytes(),
        good.replace("\"10.23\"", "1e99999").into_bytes(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"7".to_vec(),
        b"\"text\"".to_vec(),
        deep.into_bytes(),
        twice.into_bytes(),
    ];
    for world in worlds().await {
        for body in &bodies {
            let what = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let answer = world.call(&world.member, "POST", "/v2/payments", body).await;
            assert_eq!(answer.status, 400, "{what}: {}", answer.text());
            assert_eq!(answer.json()["error"]["errorCode"], "Field.InvalidFormat", "{what}");
        }
        for body in ["", " \n"] {
            let answer = world.call(&world.member, "POST", "/v2/payments", body.as_bytes()).await;
            assert_field(&answer, "Field.Expected", "", "empty");
        }
        assert_nothing_was_kept(&world).await;
    }
}

#[tokio::test]
async fn a_body_of_one_mebibyte_is_read_and_a_larger_one_is_not() {
    const LIMIT: usize = 1024 * 1024;
    let good = order().to_string().into_bytes();
    let padded = |length: usize| {
        let mut body = good.clone();
        body.resize(length, b' ');
        body
    };
    for world in worlds().await {
        for (length, status) in [(LIMIT, 200), (LIMIT + 1, 413), (3 * LIMIT, 413)] {
            let body = padded(length);
            let answer = world.call(&world.member, "POST", "/v2/payments", &body).await;
            assert_eq!(answer.status, status, "{length}: {}", answer.text());
        }
        // Without a length in its headers, and without any credentials.
        let chunks = vec![Ok::<_, std::io::Error>(padded(LIMIT)), Ok(b"x".to_vec())];
        let stream = futures_util::stream::iter(chunks);
        let request = Request::post("/v2/payments")
            .header("host", HOST)
            .body(Body::from_stream(stream))
            .unwrap();
        assert_eq!(world.send(request).await.status, 413);
    }
}
