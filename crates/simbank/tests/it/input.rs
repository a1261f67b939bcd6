//! The requests that the API refuses, and its answers.

use serde_json::{Value, json};

use crate::support::*;

const BANK: &str = "ob-modelo";
const CONSENTS: &str = "/domestic-payment-consents";

#[tokio::test]
async fn the_envelope_of_a_request() {
    let world = World::new();
    let token = world.client_token(BANK).await;
    let good = world.signed(CONSENTS, &token, &consent_body("1.00"));
    let elsewhere = world.client_token("ob-iron").await;
    let cases: Vec<(ApiCall, u16, &str)> = vec![
        (good.clone().without("authorization").bad(), 401, ""),
        (good.clone().header("authorization", "Bearer nonsense"), 401, ""),
        (good.clone().header("authorization", "Basic abc"), 401, ""),
        (good.clone().header("authorization", &format!("Bearer {elsewhere}")), 401, ""),
        (good.clone().without("content-type").bad(), 415, ""),
        (good.clone().header("content-type", "text/plain").bad(), 415, ""),
        (good.clone().header("content-type", "application/json; charset=latin1"), 415, ""),
        (good.clone().header("accept", "text/html"), 406, ""),
        (good.clone().without("x-idempotency-key").bad(), 400, "Header.Missing"),
        (good.clone().header("x-idempotency-key", "").bad(), 400, "Header.Invalid"),
        (good.clone().header("x-idempotency-key", &"k".repeat(41)).bad(), 400, "Header.Invalid"),
        (good.clone().header("x-fapi-interaction-id", "not a uuid"), 400, "Header.Invalid"),
        (good.clone().header("accept", "text/html, application/json;q=0.5"), 201, ""),
        (good.clone().header("content-type", "application/json; charset=UTF-8"), 201, ""),
    ];
    for (call, status, code) in cases {
        let shown = format!("{:?}", call.headers);
        let reply = world.api(BANK, call).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (status, code), "{shown}");
        assert_eq!(reply.header("x-fapi-interaction-id").len(), 36);
    }
    world.environment.advance(3_600_000);
    assert_eq!(world.api(BANK, good).await.status, 401, "the token has expired");
}

#[tokio::test]
async fn the_interaction_id_comes_back() {
    let world = World::new();
    let id = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a";
    let call = ApiCall::new("GET", "/domestic-payments/unknown", "nonsense")
        .header("x-fapi-interaction-id", id);
    assert_eq!(world.api(BANK, call).await.header("x-fapi-interaction-id"), id);
}

#[tokio::test]
async fn unknown_paths_methods_and_resources() {
    let world = World::new();
    let token = world.client_token(BANK).await;
    for path in ["/domestic-payments/unknown", "/domestic-payment-consents/unknown"] {
        let reply = world.api(BANK, ApiCall::new("GET", path, &token)).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (400, "Resource.NotFound"));
    }
    let consent_id = world.create_consent(BANK, &consent_body("1.00")).await;
    let mut other = world.assertion(BANK);
    (other["iss"], other["sub"]) = (json!("tpp-2"), json!("tpp-2"));
    let fields = [("grant_type", "client_credentials"), ("scope", "payments")];
    let reply = world.token(BANK, &keys().jwt(&other), &fields).await.json();
    let other = reply["access_token"].as_str().unwrap();
    let call = ApiCall::new("GET", &format!("{CONSENTS}/{consent_id}"), other);
    assert_eq!(world.api(BANK, call).await.error_code(), "Resource.NotFound", "another's consent");

    let wrong = ApiCall::new("DELETE", CONSENTS, &token).bad().broken();
    let reply = world.api(BANK, wrong).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "POST"));
    for path in ["/no-such-thing", "/domestic-payments/1/more", "/domestic-payments/"] {
        let reply = world.api(BANK, ApiCall::new("GET", path, &token).bad().broken()).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.header("x-fapi-interaction-id").len(), 36);
    }
    let reply = world.api("no-bank", ApiCall::new("GET", CONSENTS, &token).bad().broken()).await;
    assert_eq!(reply.status, 404);
}

#[tokio::test]
async fn each_operation_wants_its_kind_of_token() {
    let world = World::new();
    let body = consent_body("1.00");
    let (consent_id, psu_token) = world.authorised(BANK, &body).await;
    let client_token = world.client_token(BANK).await;
    let consent = format!("{CONSENTS}/{consent_id}");
    let calls = [
        world.signed("/domestic-payments", &client_token, &order_body(&consent_id, &body)),
        ApiCall::new("GET", &format!("{consent}/funds-confirmation"), &client_token),
        world.signed(CONSENTS, &psu_token, &body),
        ApiCall::new("GET", &consent, &psu_token),
        ApiCall::new("GET", "/domestic-payments/x", &psu_token),
        ApiCall::new("GET", "/domestic-payments/x/payment-details", &psu_token),
    ];
    for call in calls {
        let path = call.path.clone();
        assert_eq!(world.api(BANK, call).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn each_fault_of_a_message_signature_has_its_error() {
    let world = World::new();
    let token = world.client_token(BANK).await;
    let good = world.signed(CONSENTS, &token, &consent_body("1.00"));
    let header = message_header(world.now());
    let claim = |name: &str| format!("http://openbanking.org.uk/{name}");
    let with = |name: &str, value: Value| {
        let mut changed = header.clone();
        changed[name] = value;
        sign(&changed, &good.body)
    };
    let without = |name: &str| {
        let mut changed = header.clone();
        changed.as_object_mut().unwrap().remove(name).unwrap();
        sign(&changed, &good.body)
    };
    let fine = sign(&header, &good.body);
    let (first, last) = fine.split_once("..").unwrap();
    let attached = format!("{first}.{}.{last}", base64url(&good.body));
    let names = ["iat", "iss", "tan"].map(claim);
    let with_b64 = json!([names[0], names[1], names[2], "b64"]);
    let future = json!(world.now() + 11);
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "Signature.Malformed"),
        ("abc".to_owned(), "Signature.Malformed"),
        (attached, "Signature.Malformed"),
        (format!("{first}.."), "Signature.Malformed"),
        (format!("!!..{last}"), "Signature.Malformed"),
        (format!("{}..{last}", base64url("[]")), "Signature.Malformed"),
        (without("alg"), "Signature.MissingClaim"),
        (without("kid"), "Signature.MissingClaim"),
        (without("crit"), "Signature.MissingClaim"),
        (without(&claim("iat")), "Signature.MissingClaim"),
        (without(&claim("iss")), "Signature.MissingClaim"),
        (without(&claim("tan")), "Signature.MissingClaim"),
        (with("alg", json!("RS256")), "Signature.InvalidClaim"),
        (with("kid", json!("unknown")), "Signature.InvalidClaim"),
        (with("b64", json!(false)), "Signature.InvalidClaim"),
        (with("x5c", json!([])), "Signature.InvalidClaim"),
        (with("typ", json!("JWT")), "Signature.InvalidClaim"),
        (with("cty", json!("text/plain")), "Signature.InvalidClaim"),
        (with("crit", json!(names[..2])), "Signature.InvalidClaim"),
        (with("crit", with_b64), "Signature.InvalidClaim"),
        (with(&claim("iat"), future), "Signature.InvalidClaim"),
        (with(&claim("iat"), json!("now")), "Signature.InvalidClaim"),
        (with(&claim("iss"), json!("somebody")), "Signature.InvalidClaim"),
        (with(&claim("tan"), json!("example.com")), "Signature.InvalidClaim"),
        (sign(&header, "another body"), "Signature.Invalid"),
        (with("kid", json!("ec-1")), "Signature.Invalid"),
    ];
    for (signature, code) in cases {
        let reply = world.api(BANK, good.clone().header("x-jws-signature", &signature)).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (400, code), "{signature}");
    }
    let missing = world.api(BANK, good.clone().without("x-jws-signature").bad()).await;
    assert_eq!(missing.error_code(), "Signature.Missing");
    let get = ApiCall::new("GET", "/domestic-payments/x", &token).header("x-jws-signature", &fine);
    assert_eq!(world.api(BANK, get).await.error_code(), "Signature.Unexpected");
    let plain = without("typ");
    assert_eq!(world.api(BANK, good.header("x-jws-signature", &plain)).await.status, 201);
}

/// Pointer to a field, the value to put there, and the error expected. Shapes that the published
/// schema allows and the bank refuses are marked good.
fn field_cases() -> Vec<(&'static str, Value, &'static str, Meant)> {
    use Meant::{Bad, Good};
    let initiation = |rest: &'static str| -> &'static str {
        Box::leak(format!("/Data/Initiation{rest}").into_boxed_str())
    };
    let missing = Value::Null;
    let amount = initiation("/InstructedAmount/Amount");
    let account = initiation("/CreditorAccount/Identification");
    let scheme = initiation("/CreditorAccount/SchemeName");
    vec![
        ("/Data", json!([]), "Field.Invalid", Bad),
        ("/Data/Unknown", json!(1), "Field.Unexpected", Bad),
        ("/Unknown", json!(1), "Field.Unexpected", Bad),
        ("/Risk/Unknown", json!("x"), "Field.Unexpected", Bad),
        ("/Risk", missing.clone(), "Field.Invalid", Bad),
        ("/Data/ReadRefundAccount", json!("yes"), "Field.Invalid", Bad),
        ("/Data/ReadRefundAccount", missing, "Field.Invalid", Bad),
        ("/Data/Authorisation", json!({}), "Field.Missing", Bad),
        (
            "/Data/Authorisation",
            json!({ "AuthorisationType": "Any", "CompletionDateTime": "2024-01-01T00:00:00" }),
            "Field.InvalidDate",
            Bad,
        ),
        (initiation("/InstructionIdentification"), json!("x".repeat(36)), "Field.Invalid", Bad),
        (initiation("/EndToEndIdentification"), json!(""), "Field.Invalid", Bad),
        (initiation("/EndToEndIdentification"), json!("é".repeat(36)), "Field.Invalid", Bad),
        (amount, json!(12), "Field.Invalid", Bad),
        (amount, json!("-1.00"), "Field.Invalid", Bad),
        (amount, json!("1."), "Field.Invalid", Bad),
        (amount, json!("1,00"), "Field.Invalid", Bad),
        (amount, json!("1.000001"), "Field.Invalid", Bad),
        (amount, json!("12345678901234"), "Field.Invalid", Bad),
        (amount, json!("0.00"), "Field.Invalid", Good),
        (amount, json!("1.001"), "Field.Invalid", Good),
        (initiation("/InstructedAmount/Currency"), json!("EUR"), "Unsupported.Currency", Good),
        (initiation("/InstructedAmount/Currency"), json!("gbp"), "Field.Invalid", Bad),
        (
            initiation("/LocalInstrument"),
            json!("UK.OBIE.SWIFT"),
            "Unsupported.LocalInstrument",
            Good,
        ),
        (account, json!("1234567890123"), "Field.Invalid", Good),
        (account, json!("1234567890123x"), "Field.Invalid", Good),
        (account, json!("1".repeat(257)), "Field.Invalid", Bad),
        (scheme, json!("UK.OBIE.PAN"), "Unsupported.AccountIdentifier", Good),
        (initiation("/CreditorAccount/Name"), json!("x".repeat(351)), "Field.Invalid", Bad),
        (
            initiation("/RemittanceInformation/Reference"),
            json!("x".repeat(36)),
            "Field.Invalid",
            Bad,
        ),
        (initiation("/CreditorPostalAddress"), json!({ "Country": "gb" }), "Field.Invalid", Bad),
        (
            initiation("/CreditorPostalAddress"),
            json!({ "AddressLine": vec!["x"; 8] }),
            "Field.Invalid",
            Bad,
        ),
        (initiation("/SupplementaryData"), json!([]), "Field.Invalid", Bad),
        ("/Risk/PaymentContextCode", json!("Gift"), "Field.Invalid", Bad),
        ("/Risk/MerchantCategoryCode", json!("12345"), "Field.Invalid", Bad),
        ("/Risk/ContractPresentInidicator", json!("true"), "Field.Invalid", Bad),
        ("/Risk/DeliveryAddress", json!({ "TownName": "T" }), "Field.Missing", Bad),
    ]
}

#[tokio::test]
async fn each_wrong_field_has_its_error() {
    let world = World::new();
    let token = world.client_token(BANK).await;
    for (pointer, value, code, meant) in field_cases() {
        let mut body = consent_body("1.00");
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value.clone();
        let mut call = world.signed(CONSENTS, &token, &body);
        call.meant = meant;
        let reply = world.api(BANK, call).await;
        assert_eq!((reply.status, &*reply.error_code()), (400, code), "{pointer} {value}");
        let path = reply.json()["Errors"][0]["Path"].as_str().unwrap_or_default().to_owned();
        let expected = pointer.trim_start_matches('/').replace('/', ".");
        assert!(path.starts_with(&expected) || expected.starts_with(&path), "{path} {expected}");
    }
}

#[tokio::test]
async fn each_required_field_is_missed() {
    let world = World::new();
    let token = world.client_token(BANK).await;
    let required = [
        "/Data",
        "/Risk",
        "/Data/Initiation",
        "/Data/Initiation/InstructionIdentification",
        "/Data/Initiation/EndToEndIdentification",
        "/Data/Initiation/InstructedAmount",
        "/Data/Initiation/InstructedAmount/Amount",
        "/Data/Initiation/InstructedAmount/Currency",
        "/Data/Initiation/CreditorAccount",
        "/Data/Initiation/CreditorAccount/SchemeName",
        "/Data/Initiation/CreditorAccount/Identification",
        "/Data/Initiation/CreditorAccount/Name",
    ];
    for pointer in required {
        let mut body = consent_body("1.00");
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        let reply = world.api(BANK, world.signed(CONSENTS, &token, &body).bad()).await;
        assert_eq!((reply.status, &*reply.error_code()), (400, "Field.Missing"), "{pointer}");
    }
}

#[tokio::test]
async fn bodies_that_are_not_an_object() {
    let world = World::new();
    let token = world.client_token(BANK).await;
    let deep = "[".repeat(10_000);
    let long = format!("\"{}\"", "x".repeat(1024 * 1024));
    for body in ["", "{", "nonsense", "[]", "null", "\u{0}", deep.as_str(), long.as_str()] {
        let signature = sign(&message_header(world.now()), body);
        let call = world
            .signed(CONSENTS, &token, &json!({}))
            .body(body.to_owned())
            .header("x-jws-signature", &signature)
            .bad();
        let reply = world.api(BANK, call).await;
        assert_eq!((reply.status, &*reply.error_code()), (400, "Resource.InvalidFormat"));
    }
}
