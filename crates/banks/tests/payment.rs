//! A payment from consent to status, as a bank sees it: every request is checked against the
//! published document and its signature against our key.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::Approvable;
use banks::jose::{
    DetachedClaim, DetachedExpectation, DetachedForm, KeySet, verify_compact, verify_detached,
};
use banks::payments::PaymentOrder;
use banks::{AccessToken, Approval, BankError, Pending, Proof, Protocols, Request};
use domain::account::Address;
use domain::bank::{ConsentProgress, OrderProgress};
use jiff::Timestamp;
use serde_json::{Value, json};
use support::bank::{BANK_KEY, CLIENT_KEY, encode, jws, key_set, order_of, signed, unsigned};
use support::judge::Judge;
use support::{
    START_S, Scene, attempt, consent_status, issuer, open_payment, order, returned, run,
};

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn our_keys() -> KeySet {
    KeySet::parse(key_set("our-key", &CLIENT_KEY).to_string().as_bytes()).unwrap()
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&verify_compact(token, &our_keys()).unwrap()).unwrap()
}

fn proof() -> Proof {
    Proof::Token(AccessToken {
        access_token: "psu-token".to_owned(),
        expires_at: Timestamp::MAX,
        refresh: None,
    })
}

/// Headers, signature and body of a POST, and the body.
fn check_post(request: &Request, schema: &str, key: &str) -> Value {
    assert_eq!(header(request, "x-idempotency-key"), Some(key));
    assert_eq!(header(request, "content-type"), Some("application/json"));
    assert_eq!(header(request, "accept"), Some("application/json"));
    assert_eq!(header(request, "x-fapi-customer-ip-address"), Some("203.0.113.7"));
    assert_eq!(header(request, "x-customer-user-agent"), Some("Mozilla/5.0 (X11)"));
    assert_eq!(header(request, "x-fapi-interaction-id").unwrap().len(), 36);
    let expected = DetachedExpectation {
        form: DetachedForm::Encoded,
        claims: &DetachedClaim::ALL,
        trust_anchor: "openbanking.org.uk",
        issuer: Some("0015800001041RHAAY/HQuZPIt3ipkh33Uxytox1E"),
        now_s: START_S,
    };
    let signature = header(request, "x-jws-signature").unwrap();
    verify_detached(signature, &request.body, &our_keys(), &expected).unwrap();
    let body = serde_json::from_slice(&request.body).unwrap();
    if let Some(judge) = Judge::load() {
        judge.accept(schema, &body);
    }
    body
}

#[test]
fn the_payees_address_goes_along_in_its_parts_or_is_refused() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let protocol = banks.protocol_for(&scene.profile);
    let some = |text: &str| Some(text.to_owned());
    let mut order = order();
    order.content.creditor.address = Some(Address {
        address_line: vec!["Behind the oak".to_owned()],
        sub_department: some("Flat 2"),
        department: some("The Red Lodge"),
        building_number: some("1"),
        street_name: some("High Street"),
        post_code: some("YO62 5JB"),
        town_name: some("York"),
        district: some("North Yorkshire"),
        country: some("GB"),
        ..Address::default()
    });
    let open = |order: &PaymentOrder| {
        let opened =
            run(open_payment(protocol, &scene.call(), order, "state-1", "nonce-1", "key-1"));
        opened.map(|_| ())
    };
    open(&order).unwrap();
    let request = scene.bank.last("create-domestic-payment-consent");
    let body = check_post(&request, "OBWriteDomesticConsent4", "key-1");
    let expected = serde_json::json!({
        "Department": "The Red Lodge", "SubDepartment": "Flat 2", "StreetName": "High Street",
        "BuildingNumber": "1", "PostCode": "YO62 5JB", "TownName": "York",
        "CountrySubDivision": "North Yorkshire", "Country": "GB", "AddressLine": ["Behind the oak"],
    });
    assert_eq!(body["Data"]["Initiation"]["CreditorPostalAddress"], expected);

    let address = order.content.creditor.address.as_mut().unwrap();
    address.town_name = Some("Y".repeat(36));
    let error = open(&order).unwrap_err().to_string();
    assert!(error.contains("creditor address") && error.contains("35"), "{error}");
}

#[test]
fn opening_a_payment_creates_a_consent_and_a_signed_url() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let protocol = banks.protocol_for(&scene.profile);
    let opened =
        run(open_payment(protocol, &scene.call(), &order(), "state-1", "nonce-1", "key-1"))
            .unwrap();
    assert_eq!(opened.consent_id, "58923");

    let request = scene.bank.last("create-domestic-payment-consent");
    assert_eq!(request.url, format!("{}/domestic-payment-consents", scene.profile.api_base_url));
    assert_eq!(header(&request, "authorization"), Some("Bearer token-1"));
    insta::assert_json_snapshot!(check_post(&request, "OBWriteDomesticConsent4", "key-1"));

    let url = url::Url::parse(&opened.redirect_url).unwrap();
    assert!(opened.redirect_url.starts_with(&format!("{}/authorize?", issuer(&scene.profile))));
    let query: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["client_id"], "client-1");
    assert_eq!(query["response_type"], "code id_token");
    assert_eq!(query["response_mode"], "form_post");
    let mut object = claims(&query["request"]);
    assert!(object["exp"].as_i64().unwrap() - object["nbf"].as_i64().unwrap() <= 3600);
    object["jti"] = json!("…");
    insta::assert_json_snapshot!(object);
}

/// Which references the payer's bank and the payee get.
#[test]
fn the_members_references_go_along() {
    let sent = |change: fn(&mut domain::initiation::Order)| {
        let (scene, banks) = (Scene::new(), Protocols::new());
        let mut order = order();
        change(&mut order.content);
        let protocol = banks.protocol_for(&scene.profile);
        run(open_payment(protocol, &scene.call(), &order, "s", "n", "k")).unwrap();
        let request = scene.bank.last("create-domestic-payment-consent");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let made = &body["Data"]["Initiation"];
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("InstructionIdentification"), text("EndToEndIdentification"))
    };
    let both = |one: &str, two: &str| (one.to_owned(), two.to_owned());
    let ours = "FRESCO.21302.GFX.20";
    assert_eq!(sent(|_| ()), both("ACME412", ours));
    // A reference that the bank has no room for stays with us.
    assert_eq!(sent(|asked| asked.ref_id = "x".repeat(36)), both("our-id", ours));
    let own = sent(|asked| {
        asked.own_references.uk_instruction = Some("I-1".to_owned());
        asked.own_references.uk_end_to_end = Some("E-1".to_owned());
        asked.own_references.stet_end_to_end = Some("S-1".to_owned());
    });
    assert_eq!(own, both("I-1", "E-1"));
}

#[test]
fn a_bank_that_returns_by_fragment_is_not_told_a_mode() {
    let (scene, banks) = (Scene::at("ob-modelo"), Protocols::new());
    let opened = run(open_payment(
        banks.protocol_for(&scene.profile),
        &scene.call(),
        &order(),
        "s",
        "n",
        "k",
    ))
    .unwrap();
    assert!(!opened.redirect_url.contains("response_mode"));
}

#[test]
fn our_client_assertion_is_for_the_token_endpoint_and_used_once() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let protocol = banks.protocol_for(&scene.profile);
    run(open_payment(protocol, &scene.call(), &order(), "s", "n", "k1")).unwrap();
    let first = form(&scene.bank.last("get-client-token"));
    assert_eq!(first["grant_type"], "client_credentials");
    assert_eq!(first["scope"], "payments");
    let assertion = claims(&first["client_assertion"]);
    assert_eq!(assertion["iss"], "client-1");
    assert_eq!(assertion["sub"], "client-1");
    assert_eq!(assertion["aud"], format!("{}/token", issuer(&scene.profile)));
    assert_eq!(assertion["exp"], START_S + 300);

    run(open_payment(protocol, &scene.call(), &order(), "s", "n", "k2")).unwrap();
    assert_eq!(scene.bank.count("get-client-token"), 1, "the token is kept");
    assert_eq!(scene.bank.count("discover"), 1);
    assert_eq!(scene.bank.count("get-keys"), 1);
    scene.clock.advance_s(271);
    run(open_payment(protocol, &scene.call(), &order(), "s", "n", "k3")).unwrap();
    assert_eq!(scene.bank.count("get-client-token"), 2, "and renewed before it expires");
    let second = form(&scene.bank.last("get-client-token"));
    assert_ne!(claims(&second["client_assertion"])["jti"], assertion["jti"]);
}

fn form(request: &Request) -> std::collections::HashMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

#[test]
fn a_verified_return_is_exchanged_for_the_payers_token() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let attempt = attempt("state-1", "nonce-1", "key-1");
    let pending = Pending { attempt: &attempt, consent_id: Some("58923"), context: None };
    let half = |text: &str| {
        encode(
            &aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref()[..16],
        )
    };
    let id_token = jws(
        &BANK_KEY,
        &json!({ "alg": "PS256", "kid": "bank-key", "typ": "JWT" }),
        &json!({ "iss": issuer(&scene.profile), "aud": ["client-1"], "exp": START_S + 60,
            "iat": START_S, "nonce": "nonce-1", "c_hash": half("code-1"),
            "s_hash": half("state-1"), "openbanking_intent_id": "58923", "sub": "58923" }),
    );
    let returned = returned("code-1", &id_token, "state-1");
    let protocol = banks.protocol_for(&scene.profile);
    let call = scene.call();
    let approval = run(protocol.complete(&call, Approvable::Payment(&order()), pending, &returned));
    let Approval::Granted { consent_id, proof } = approval.unwrap() else { panic!("not granted") };
    let token = proof.token().unwrap();
    assert_eq!(consent_id, "58923");
    assert_eq!(token.access_token, "token-1");
    assert_eq!(token.expires_at, Timestamp::from_second(START_S + 300).unwrap());
    let sent = form(&scene.bank.last("exchange-code"));
    assert_eq!(sent["grant_type"], "authorization_code");
    assert_eq!(sent["code"], "code-1");
    assert_eq!(sent["redirect_uri"], "https://gateway.test/bank-return");
}

#[test]
fn an_order_is_its_consent_again_with_the_payers_token() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let protocol = banks.protocol_for(&scene.profile);
    run(open_payment(protocol, &scene.call(), &order(), "s", "n", "key-1")).unwrap();
    let answered =
        run(protocol.submit(&scene.call(), &order(), "58923", &proof(), "key-2")).unwrap();
    assert_eq!(answered.bank_payment_id, "58923-001");
    assert_eq!(answered.status.progress, OrderProgress::InProcess);
    assert_eq!(answered.status.raw, "AcceptedSettlementInProcess");
    let refund = answered.refund_account.unwrap();
    assert_eq!(refund.name.as_deref(), Some("D Jones"));
    assert_eq!(refund.account.masked(), "••••5678");

    let consent = scene.bank.last("create-domestic-payment-consent");
    let request = scene.bank.last("create-domestic-payment");
    assert_eq!(header(&request, "authorization"), Some("Bearer psu-token"));
    let body = check_post(&request, "OBWriteDomestic2", "key-2");
    let consent: Value = serde_json::from_slice(&consent.body).unwrap();
    assert_eq!(body["Data"]["ConsentId"], "58923");
    assert_eq!(body["Data"]["Initiation"], consent["Data"]["Initiation"]);
    assert_eq!(body["Risk"], consent["Risk"]);
    if let Some(judge) = Judge::load() {
        judge.accept("OBWriteDomesticResponse5", &order_of(&request.body));
    }
}

#[test]
fn funds_are_asked_with_the_payers_token() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let protocol = banks.protocol_for(&scene.profile);
    assert_eq!(run(protocol.confirm_funds(&scene.call(), &order(), "58923", &proof())), Ok(true));
    scene.bank.always("confirm-funds", Ok(signed(200, &support::bank::funds(false))));
    assert_eq!(run(protocol.confirm_funds(&scene.call(), &order(), "58923", &proof())), Ok(false));
    let request = scene.bank.last("confirm-funds");
    assert_eq!(header(&request, "authorization"), Some("Bearer psu-token"));
    assert!(request.url.ends_with("/domestic-payment-consents/58923/funds-confirmation"));
}

fn order_with_status(status: &str) -> Value {
    let body = json!({ "Data": { "ConsentId": "58923", "Initiation": {
        "InstructionIdentification": "a", "EndToEndIdentification": "b",
        "InstructedAmount": { "Amount": "165.88", "Currency": "GBP" },
        "CreditorAccount": { "SchemeName": "UK.OBIE.IBAN", "Identification": "x", "Name": "y" } } } });
    let mut order = order_of(body.to_string().as_bytes());
    order["Data"]["Status"] = json!(status);
    order
}

fn details(code: &str, reason: &str) -> Value {
    json!({ "Data": { "PaymentStatus": [{
        "PaymentTransactionId": "58923-001", "Status": "Rejected",
        "StatusUpdateDateTime": "2026-01-02T03:04:05+00:00",
        "StatusDetail": { "Status": "Rejected", "StatusReason": code,
            "StatusReasonDescription": reason } }] },
        "Links": { "Self": "http://bank.test:8001/x" }, "Meta": {} })
}

#[test]
fn a_rejection_is_asked_for_its_reason() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let protocol = banks.protocol_for(&scene.profile);
    if let Some(judge) = Judge::load() {
        judge.accept("OBWriteDomesticResponse5", &order_with_status("Rejected"));
        judge.accept(
            "OBWritePaymentDetailsResponse1",
            &details("PendingFailingSettlement", "Insufficient funds"),
        );
    }
    scene.bank.always("get-domestic-payment", Ok(signed(200, &order_with_status("Rejected"))));
    let other = "ProprietaryRejection";
    for (code, reason, progress) in [
        ("PendingFailingSettlement", "Insufficient funds", OrderProgress::InsufficientFunds),
        (other, "Insufficient funds", OrderProgress::Rejected),
        (other, "Payment initiation has been declined.", OrderProgress::Declined),
        (other, "Account closed", OrderProgress::Rejected),
    ] {
        scene.bank.always("get-domestic-payment-details", Ok(signed(200, &details(code, reason))));
        let status = run(protocol.ask_status(&scene.call(), &order(), "58923-001", None)).unwrap();
        assert_eq!((status.progress, status.reason.as_deref()), (progress, Some(reason)));
    }
    scene.bank.always("get-domestic-payment-details", Ok(unsigned(404, "")));
    let status = run(protocol.ask_status(&scene.call(), &order(), "58923-001", None)).unwrap();
    assert_eq!((status.progress, status.reason), (OrderProgress::Rejected, None));
    scene.bank.always("get-domestic-payment-details", Ok(unsigned(503, "")));
    let error = run(protocol.ask_status(&scene.call(), &order(), "58923-001", None)).unwrap_err();
    assert!(matches!(error, BankError::Unknown { .. }), "{error}");
}

#[test]
fn an_order_that_is_rejected_at_once_comes_with_its_reason() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let protocol = banks.protocol_for(&scene.profile);
    scene.bank.always("create-domestic-payment", Ok(signed(201, &order_with_status("Rejected"))));
    let submit =
        || run(protocol.submit(&scene.call(), &order(), "58923", &proof(), "k")).unwrap().status;
    scene.bank.always(
        "get-domestic-payment-details",
        Ok(signed(200, &details("ProprietaryRejection", "CUST"))),
    );
    assert_eq!(submit().progress, OrderProgress::Declined);
    scene.bank.always("get-domestic-payment-details", Ok(unsigned(500, "")));
    assert_eq!(submit().progress, OrderProgress::Rejected);
}

#[test]
fn an_unknown_status_is_not_interpreted() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    scene.bank.always("get-domestic-payment", Ok(signed(200, &order_with_status("ACSC"))));
    let protocol = banks.protocol_for(&scene.profile);
    let status = run(protocol.ask_status(&scene.call(), &order(), "58923-001", None)).unwrap();
    assert_eq!((status.progress, status.raw.as_str()), (OrderProgress::Unrecognised, "ACSC"));
}

#[test]
fn the_consent_tells_whether_an_order_has_used_it() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let protocol = banks.protocol_for(&scene.profile);
    run(open_payment(protocol, &scene.call(), &order(), "s", "n", "k")).unwrap();
    let request = scene.bank.last("create-domestic-payment-consent");
    let mut consent = support::bank::consent_of(&request.body);
    for (word, progress) in
        [("Consumed", ConsentProgress::Consumed), ("Authorised", ConsentProgress::Authorised)]
    {
        consent["Data"]["Status"] = json!(word);
        if let Some(judge) = Judge::load() {
            judge.accept("OBWriteDomesticConsentResponse5", &consent);
        }
        scene.bank.always("get-domestic-payment-consent", Ok(signed(200, &consent)));
        assert_eq!(run(consent_status(protocol, &scene.call(), "58923")), Ok(progress));
    }
}
