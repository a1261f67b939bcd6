//! Unpublished forms of real clients that the API accepts: `docs/leniency.md` has a
//! line for each, with the name of its test.

use serde_json::{Value, json};

use crate::support::{
    Fault, World, assert_error, full_order, hosted_order, order, with, without, worlds,
};

/// Every truth value of an order.
const TRUTHS: [&str; 6] = [
    "pispConsentAccepted",
    "initiation.confirmFunds",
    "initiation.returnRefundAccount",
    "initiation.disableFutureDatedPaymentConversion",
    "initiation.risk.contractPresentIndicator",
    "initiation.risk.beneficiaryPrepopulatedIndicator",
];

fn at<'a>(payment: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(payment, |value, name| &value[name])
}

#[tokio::test]
async fn truth_values_may_be_texts() {
    for world in worlds().await {
        for (text, value) in
            [("true", true), ("True", true), ("TRUE", true), ("false", false), ("False", false)]
        {
            let body = TRUTHS.iter().fold(full_order(), |body, path| with(&body, path, text));
            let payment = world.create(&body).await;
            for path in TRUTHS.iter().filter(|path| path.starts_with("initiation.")) {
                assert_eq!(at(&payment, path), value, "{path} as {text}");
            }
        }
        for text in ["", "yes", "1", "t", "true "] {
            let body = with(&order(), "initiation.confirmFunds", text);
            let answer = world.post("/v2/payments", &body).await;
            // The value is not repeated: it may be anything.
            let message = "`confirmFunds`: expected true or false.";
            let error = json!({
                "errorCode": "Field.InvalidFormat", "message": message,
                "paths": ["initiation.confirmFunds"],
            });
            assert_error(&answer, 400, error);
        }
        let tokenized = with(&order(), "initiation.returnTokenizedAccount", "true");
        let payment = world.create(&tokenized).await;
        assert_eq!(payment["initiation"]["returnTokenizedAccount"], true);
        let tokenized = with(&order(), "initiation.returnTokenizedAccount", "false");
        assert_eq!(world.post("/v2/payments", &tokenized).await.status, 200);
    }
}

#[tokio::test]
async fn references_and_account_numbers_may_be_json_numbers() {
    for world in worlds().await {
        let body = with(&order(), "initiation.refId", 1001);
        let body = with(&body, "initiation.remittanceInformationPrimary", 77);
        let body = with(&body, "initiation.remittanceInformationSecondary", 78);
        let body = with(&body, "initiation.creditor.sortCode", 123_456);
        let body = with(&body, "initiation.creditor.accountNumber", 12_345_678);
        let initiation = world.create(&body).await["initiation"].clone();
        assert_eq!(initiation["refId"], "1001");
        assert_eq!(initiation["remittanceInformationPrimary"], "77");
        assert_eq!(initiation["remittanceInformationSecondary"], "78");
        assert_eq!(initiation["creditor"]["sortCode"], "123456");
        assert_eq!(initiation["creditor"]["accountNumber"], "12345678");
        // A number has lost its leading zeros. Which account was meant is not ours to guess.
        let short = with(&order(), "initiation.creditor.sortCode", 40_005);
        let answer = world.post("/v2/payments", &short).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert_eq!(answer.json()["error"]["paths"], json!(["initiation.creditor.sortCode"]));
        for wrong in [json!(1.5), json!(-7), json!(true), json!(["7"])] {
            let answer =
                world.post("/v2/payments", &with(&order(), "initiation.refId", wrong)).await;
            assert_eq!(answer.status, 400, "{}", answer.text());
        }
        let body = with(&world.token_request(), "requestPayload.refId", 1001);
        let mut body = with(&body, "requestPayload.transferBody.remittanceReference", 77);
        let instructions = &mut body["requestPayload"]["transferBody"]["instructions"];
        instructions["transferDestinations"][0]["fasterPayments"] =
            json!({ "sort_code": 123_456, "account_number": 12_345_678 });
        let stored = world.store(&body).await["requestPayload"].clone();
        assert_eq!(stored["refId"], "1001");
        let payee = &stored["transferBody"]["instructions"]["transferDestinations"][0];
        let expected = json!({ "sortCode": "123456", "accountNumber": "12345678" });
        assert_eq!(payee["fasterPayments"], expected);
    }
}

#[tokio::test]
async fn every_optional_field_may_be_null() {
    let top = ["initialEmbeddedAuth", "pispConsentAccepted"];
    let initiation = [
        "remittanceInformationSecondary",
        "onBehalfOfId",
        "vrpConsentId",
        "debtor",
        "executionDate",
        "confirmFunds",
        "returnRefundAccount",
        "disableFutureDatedPaymentConversion",
        "returnTokenizedAccount",
        "callbackState",
        "chargeBearer",
        "risk",
        "flowType",
        "externalPsuReference",
    ];
    let party = ["iban", "bic", "bban", "clearingNumber", "bankgiroNumber", "plusgiroNumber"];
    let creditor = ["virtualAccountId", "accountVerificationId", "bankName", "address"];
    let address = ["addressLine", "streetName", "postCode", "townName", "state", "country"];
    let risk = ["psuId", "paymentContextCode", "contractPresentIndicator", "deliveryAddress"];
    let mut paths: Vec<String> = top.map(str::to_owned).to_vec();
    let mut below = |place: &str, names: &[&str]| {
        paths.extend(names.iter().map(|name| format!("{place}.{name}")));
    };
    below("initiation", &initiation);
    below("initiation.creditor", &party);
    below("initiation.creditor", &creditor);
    below("initiation.creditor.address", &address);
    below("initiation.debtor", &party);
    below("initiation.debtor", &["tokenizedAccountId", "ultimateDebtorName", "address"]);
    below("initiation.risk", &risk);
    for world in worlds().await {
        for path in &paths {
            let answer = world.post("/v2/payments", &with(&full_order(), path, json!(null))).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let payment = answer.json()["payment"].clone();
            let shown = at(&payment, path);
            assert!(!shown.is_string() || shown == "API_ONLY", "{path}: {shown}");
        }
        let hosted = with(&hosted_order(), "initiation.bankId", json!(null));
        assert_eq!(world.post("/v2/payments", &hosted).await.status, 200);
    }
}

#[tokio::test]
async fn an_absent_flow_type_is_api_only() {
    for world in worlds().await {
        for body in [
            without(&order(), "initiation.flowType"),
            with(&order(), "initiation.flowType", json!(null)),
        ] {
            let payment = world.create(&body).await;
            assert_eq!(payment["initiation"]["flowType"], "API_ONLY");
            assert_eq!(payment["status"], "INITIATION_PENDING_REDIRECT_AUTH");
        }
    }
}

#[tokio::test]
async fn array_parameters_may_be_repeated_separated_by_commas_or_in_brackets() {
    for world in worlds().await {
        for number in 1..=3 {
            let reference = format!("REF-{number}");
            world.create(&with(&hosted_order(), "initiation.refId", reference)).await;
        }
        for (query, found) in [
            ("refIds=REF-1&refIds=REF-2", 2),
            ("refIds=REF-1,REF-2", 2),
            ("refIds=REF-1,%20REF-2&refIds=REF-3,", 3),
            ("refIds%5B%5D=REF-1&refIds[]=REF-3", 2),
            ("refIds[0]=REF-1&refIds[1]=REF-2", 2),
            ("refIds[x]=REF-1", 3),
            ("refIds=", 3),
            ("refIds=REF-4", 0),
        ] {
            let answer = world.get(&format!("/v2/payments?{query}")).await;
            assert_eq!(answer.status, 200, "{query}: {}", answer.text());
            let payments = answer.json()["payments"].as_array().unwrap().len();
            assert_eq!(payments, found, "{query}");
        }
    }
}

#[tokio::test]
async fn parameters_may_be_written_as_languages_write_them() {
    for world in worlds().await {
        world.create(&hosted_order()).await;
        for (query, found) in [
            // A plus that was not escaped arrives as a space.
            ("createdAfter=2026-01-01T00:00:00+01:00", 1),
            ("createdAfter=2026-01-01T00:00:00%2B01:00", 1),
            ("createdAfter=2027-01-01T00:00:00Z", 0),
            ("limit=0", 1),
            ("limit=100000", 1),
            ("limit=-1", 1),
            ("limit=", 1),
        ] {
            let answer = world.get(&format!("/v2/payments?{query}")).await;
            assert_eq!(answer.status, 200, "{query}: {}", answer.text());
            assert_eq!(answer.json()["payments"].as_array().unwrap().len(), found, "{query}");
        }
        let listed = |value: &'static str| {
            let world = &world;
            async move {
                let path = format!("/v2/banks?supportsFundsConfirmation={value}");
                let answer = world.get(&path).await;
                assert_eq!(answer.status, 200, "{value}: {}", answer.text());
                // As many may have it as lack it, so the banks themselves are compared.
                answer.json()["banks"].clone()
            }
        };
        let (with_it, without_it) = (listed("true").await, listed("false").await);
        assert_ne!(with_it, without_it);
        for (value, expected) in
            [("True", &with_it), ("1", &with_it), ("FALSE", &without_it), ("0", &without_it)]
        {
            assert_eq!(listed(value).await, *expected, "{value}");
        }
    }
}

/// The status of a payment that was asked for with this header while its bank keeps silent for
/// five seconds.
async fn asked_with(world: &World, header: (&str, &str)) -> Value {
    world.wire.plan("create-domestic-payment-consent", Fault::HeldBefore, 1);
    let body = order().to_string();
    let request = world.request("POST", "/v2/payments", body.as_bytes(), &[header]);
    let waiting = async {
        world.wire.until_held().await;
        world.clock.advance(jiff::SignedDuration::from_secs(5));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        world.wire.release();
    };
    let (answer, ()) = tokio::join!(world.send(request), waiting);
    answer.json()["payment"]["status"].clone()
}

#[tokio::test]
async fn headers_may_be_written_with_underscores() {
    for (name, status) in [
        ("request-timeout", "INITIATION_PENDING"),
        ("request_timeout", "INITIATION_PENDING"),
        ("Request_Timeout", "INITIATION_PENDING"),
        ("requesttimeout", "INITIATION_PENDING_REDIRECT_AUTH"),
    ] {
        for world in worlds().await {
            assert_eq!(asked_with(&world, (name, "5")).await, status, "{name}");
        }
    }
    for world in worlds().await {
        let wish = [("token_json_error", "true")];
        let answer = world.send(world.request("GET", "/webhook/config", b"", &wish)).await;
        assert_eq!(answer.json()["error"]["code"], 404, "{}", answer.text());
    }
}

#[tokio::test]
async fn parts_of_a_token_may_be_padded() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE;
    for world in worlds().await {
        let claims = world.member.claims(world.now(), "GET", "/v2/payments").to_string();
        // Of a length at which base64 is padded.
        let claims = format!("{claims}{}", &"   "[..(4 - claims.len() % 3) % 3]);
        let header = URL_SAFE.encode(&claims);
        let signature = URL_SAFE.encode(world.member.key.sign(format!("{header}.").as_bytes()));
        assert!(header.ends_with('=') && signature.ends_with('='));
        let mut request = world.request("GET", "/v2/payments", b"", &[]);
        let bearer = format!("Bearer {header}..{signature}");
        request.headers_mut().insert("authorization", bearer.parse().unwrap());
        let answer = world.send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// The documents name a test for each line, and each is there.
#[test]
fn each_line_of_the_documents_has_its_test() {
    for document in ["leniency", "payments", "payments-fields"] {
        each_line_has_its_test(document);
    }
}

fn each_line_has_its_test(document: &str) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let document = std::fs::read_to_string(format!("{root}/docs/{document}.md")).unwrap();
    let lines: Vec<&str> =
        document.lines().filter(|line| line.starts_with("| ") && !line.contains("---")).collect();
    assert!(lines.len() > 10, "the document has no table");
    for line in lines.into_iter().filter(|line| !line.contains("| Test |")) {
        for test in line.trim_end_matches(" |").rsplit("| ").next().unwrap().split(", ") {
            let test = test.trim_matches('`');
            let (module, function) = test.split_once("::").unwrap_or_else(|| panic!("{line}"));
            let path = format!("{root}/crates/web/tests/suite/{module}.rs");
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(source.contains(&format!("async fn {function}()")), "no such test: {line}");
        }
    }
}
