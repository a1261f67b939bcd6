//! How British banks leave the usual way of an order: the values that their requests may have, and
//! where their answers have status, reason and amounts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::jose::{
    DetachedClaim, DetachedExpectation, DetachedForm, DetachedSigner, KeySet, sign_detached,
    verify_detached,
};
use banks::profile::{
    ContractIndicator, ExtraStatus, PaymentContextCode, RejectionReasonPlace, SignatureIssuer,
    UkOpenBankingVersion,
};
use banks::{
    AccessToken, Approvable, Approval, BankError, BankProfile, OrderAnswer, PaymentOrder, Pending,
    Proof, Protocols, Request, Response, Returned, SigningKey,
};
use domain::bank::{OrderProgress, OrderStatus};
use jiff::Timestamp;
use serde_json::{Value, json};
use support::bank::{
    CLIENT_KEY, consent_of, consent_with, key_set, order_named, signed, signed_with, token,
    unsigned,
};
use support::{START_S, Scene, attempt, open_payment, order, run, settings_mut};

fn open(scene: &Scene, order: &PaymentOrder) -> Result<Value, BankError> {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    run(open_payment(protocol, &scene.call(), order, "state-1", "nonce-1", "key-1"))?;
    Ok(body(&scene.bank.last("create-domestic-payment-consent")))
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn grant() -> Proof {
    Proof::Token(AccessToken {
        access_token: "t".to_owned(),
        expires_at: Timestamp::MAX,
        refresh: None,
    })
}

fn submit(scene: &Scene) -> Result<OrderAnswer, BankError> {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    run(protocol.submit(&scene.call(), &order(), "58923", &grant(), "key-2"))
}

fn ask(scene: &Scene) -> OrderStatus {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    run(protocol.ask_status(&scene.call(), &order(), "58923-001", None)).unwrap()
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

// Values of requests.

#[test]
fn the_contract_indicator_is_spelt_as_the_bank_takes_it_or_left_out() {
    let mut scene = Scene::new();
    let (misspelt, spelt) = ("ContractPresentInidicator", "ContractPresentIndicator");
    for (choice, there) in [
        (None, Some(misspelt)),
        (Some(ContractIndicator::Misspelt), Some(misspelt)),
        (Some(ContractIndicator::Spelt), Some(spelt)),
        (Some(ContractIndicator::Omit), None),
    ] {
        settings_mut(&mut scene.profile).contract_indicator = choice;
        submit(&scene).unwrap();
        for risk in [
            &open(&scene, &order()).unwrap()["Risk"],
            &body(&scene.bank.last("create-domestic-payment"))["Risk"],
        ] {
            for name in [misspelt, spelt] {
                assert_eq!(risk.get(name).is_some(), there == Some(name), "{choice:?} {name}");
            }
        }
    }
}

#[test]
fn a_context_code_that_the_bank_does_not_take_is_refused_and_none_becomes_its_default() {
    let mut scene = Scene::new();
    let mut with = order();
    let mut without = order();
    without.content.risk = None;
    let code = |scene: &Scene, order: &PaymentOrder| {
        open(scene, order).unwrap()["Risk"].get("PaymentContextCode").cloned()
    };
    assert_eq!(code(&scene, &with), Some(json!("EcommerceMerchantInitiatedPayment")));
    assert_eq!(code(&scene, &without), None);
    settings_mut(&mut scene.profile).payment_context_codes =
        vec![PaymentContextCode::PartyToParty, PaymentContextCode::TransferToSelf];
    let refused = open(&scene, &with).unwrap_err().to_string();
    let allowed = "the payment context code should be absent, or PartyToParty, TransferToSelf";
    assert!(refused.contains(allowed), "{refused}");
    assert_eq!(code(&scene, &without), Some(json!("PartyToParty")));
    settings_mut(&mut scene.profile).default_payment_context_code =
        Some(PaymentContextCode::TransferToSelf);
    assert_eq!(code(&scene, &without), Some(json!("TransferToSelf")));
    let risk = with.content.risk.as_mut().unwrap();
    risk.payment_context_code = Some("TRANSFER_TO_SELF".to_owned());
    assert_eq!(code(&scene, &with), Some(json!("TransferToSelf")));
}

#[test]
fn a_bank_gets_its_own_id_where_it_wants_it() {
    let mut scene = Scene::new();
    open(&scene, &order()).unwrap();
    let asked = scene.bank.last("create-domestic-payment-consent");
    assert_eq!(header(&asked, "x-fapi-financial-id"), None);
    settings_mut(&mut scene.profile).financial_id = Some("0015800000jfwxX".to_owned());
    open(&scene, &order()).unwrap();
    let asked = scene.bank.last("create-domestic-payment-consent");
    assert_eq!(header(&asked, "x-fapi-financial-id"), Some("0015800000jfwxX"));
}

// Signatures.

#[test]
fn signatures_have_the_claims_and_the_issuer_that_the_bank_wants() {
    let mut scene = Scene::flint();
    let consent = |claims: &'static [&'static str]| {
        move |request: &Request| Ok(signed_with(claims, 201, &consent_of(&request.body)))
    };
    scene.bank.on("create-domestic-payment-consent", consent(&["iat", "iss"]));
    open(&scene, &order()).unwrap();
    let sent = scene.bank.last("create-domestic-payment-consent");
    let keys = KeySet::parse(key_set("our-key", &CLIENT_KEY).to_string().as_bytes()).unwrap();
    let signature = header(&sent, "x-jws-signature").unwrap();
    let expected = DetachedExpectation {
        form: DetachedForm::Encoded,
        claims: &[DetachedClaim::Iat, DetachedClaim::Iss],
        trust_anchor: "",
        issuer: Some("PSDGB-FCA-123456"),
        now_s: START_S,
    };
    verify_detached(signature, &sent.body, &keys, &expected).unwrap();
    let usual = DetachedExpectation { claims: &DetachedClaim::ALL, ..expected };
    assert!(verify_detached(signature, &sent.body, &keys, &usual).is_err());

    // The bank's answers have the same claims, no more and no fewer.
    for claims in [&["iat", "iss", "tan"][..], &["iat"], &["iss"], &[]] {
        let answer =
            move |request: &Request| Ok(signed_with(claims, 201, &consent_of(&request.body)));
        scene.bank.on("create-domestic-payment-consent", answer);
        let opened = open(&scene, &order());
        assert!(matches!(opened, Err(BankError::Malformed { .. })), "{claims:?}: {opened:?}");
    }

    scene.bank.on("create-domestic-payment-consent", consent(&["iat", "iss"]));
    settings_mut(&mut scene.profile).signing.issuer =
        SignatureIssuer::OrganisationIdentifierAndSoftware;
    open(&scene, &order()).unwrap();
    let sent = scene.bank.last("create-domestic-payment-consent");
    let issuer = Some("PSDGB-FCA-123456/HQuZPIt3ipkh33Uxytox1E");
    let expected = DetachedExpectation { issuer, ..expected };
    let signature = header(&sent, "x-jws-signature").unwrap();
    verify_detached(signature, &sent.body, &keys, &expected).unwrap();

    // Without certificates nothing is sent.
    scene.identity.eidas = None;
    let before = scene.bank.count("create-domestic-payment-consent");
    assert!(matches!(open(&scene, &order()), Err(BankError::Refused(_))));
    assert_eq!(scene.bank.count("create-domestic-payment-consent"), before);
}

#[test]
fn a_signature_without_claims_says_so_everywhere() {
    let key = SigningKey::from_pkcs8_der("k", &CLIENT_KEY).unwrap();
    let keys = KeySet::parse(key_set("k", &CLIENT_KEY).to_string().as_bytes()).unwrap();
    let every: [&[DetachedClaim]; 4] = [
        &[],
        &[DetachedClaim::Iat],
        &[DetachedClaim::Iat, DetachedClaim::Iss],
        &DetachedClaim::ALL,
    ];
    for claims in every {
        let signer = DetachedSigner {
            form: DetachedForm::Encoded,
            claims,
            issuer: "us",
            trust_anchor: "a.test",
            now_s: START_S,
        };
        let signature = sign_detached(&key, &signer, b"{}").unwrap();
        for expected in every {
            let expectation = DetachedExpectation {
                form: DetachedForm::Encoded,
                claims: expected,
                trust_anchor: "a.test",
                issuer: None,
                now_s: START_S,
            };
            let verified = verify_detached(&signature, b"{}", &keys, &expectation);
            assert_eq!(verified.is_ok(), claims == expected, "{claims:?} {expected:?}");
        }
    }
}

#[test]
fn unsigned_answers_are_believed_only_where_the_bank_signs_none() {
    let mut scene = Scene::new();
    let answer = |request: &Request| Ok(unsigned(201, consent_of(&request.body).to_string()));
    scene.bank.on("create-domestic-payment-consent", answer);
    assert!(matches!(open(&scene, &order()), Err(BankError::Malformed { .. })));
    settings_mut(&mut scene.profile).signing.bank_signs = false;
    open(&scene, &order()).unwrap();
}

// Answers.

#[test]
fn amounts_may_be_numbers_where_the_file_says_so_and_are_read_digit_by_digit() {
    let mut scene = Scene::new();
    for (amount, numbers, good) in [
        ("165.88", true, true),
        ("165.880", true, true),
        ("165.8800000000000000001", true, false),
        ("165.8799999999999999999", true, false),
        ("1.6588e2", true, false),
        ("165.88", false, false),
        ("\"165.88\"", true, true),
        ("\"165.88\"", false, true),
        ("null", true, false),
        ("{}", true, false),
    ] {
        settings_mut(&mut scene.profile).amounts_are_numbers = numbers;
        settings_mut(&mut scene.profile).signing.bank_signs = false;
        let answer = move |request: &Request| {
            let text = consent_of(&request.body).to_string();
            assert!(text.contains("\"165.88\""));
            Ok(unsigned(201, text.replace("\"165.88\"", amount)))
        };
        scene.bank.on("create-domestic-payment-consent", answer);
        let opened = open(&scene, &order());
        assert_eq!(opened.is_ok(), good, "{amount} {numbers}: {opened:?}");
    }
}

fn order_status(status: &str, reason: &str) -> Response {
    let body = json!({ "Data": {
        "DomesticPaymentId": "58923-001", "ConsentId": "58923", "Status": status,
        "StatusReason": [{ "StatusReasonDescription": "beside" }],
        "Initiation": { "SupplementaryData": { "RejectionReason": reason } } } });
    signed(200, &body)
}

#[test]
fn the_reason_of_a_rejection_is_where_the_bank_has_it() {
    let mut scene = Scene::new();
    let details = json!({ "Data": { "PaymentStatus": [{ "Status": "Rejected",
        "StatusDetail": { "StatusReasonDescription": "details" } }] } });
    scene.bank.always("get-domestic-payment-details", Ok(signed(200, &details)));
    scene.bank.always("get-domestic-payment", Ok(order_status("Rejected", "Insufficient funds")));
    use RejectionReasonPlace::{PaymentDetails, Redirect, StatusReason, SupplementaryData};
    for (places, reason) in [
        (vec![StatusReason, PaymentDetails], Some("beside")),
        (vec![PaymentDetails], Some("details")),
        (vec![SupplementaryData], Some("Insufficient funds")),
        (vec![SupplementaryData, PaymentDetails], Some("Insufficient funds")),
        (vec![Redirect], None),
    ] {
        settings_mut(&mut scene.profile).rejection_reasons = places.clone();
        let status = ask(&scene);
        assert_eq!(status.reason.as_deref(), reason, "{places:?}");
    }
    // Nothing is asked of a resource that the bank does not have.
    let before = scene.bank.count("get-domestic-payment-details");
    settings_mut(&mut scene.profile).rejection_reasons = vec![SupplementaryData];
    scene.profile.reasons.insufficient_funds = vec!["Insufficient funds".to_owned()];
    let refused = ask(&scene).progress;
    assert_ne!(refused, OrderProgress::Rejected, "it means more than rejected: {refused:?}");
    assert_eq!(scene.bank.count("get-domestic-payment-details"), before);
    // The order's own answer has it, too.
    scene.bank.on("create-domestic-payment", |request| {
        let mut body = order_named("DomesticPaymentId", "Rejected", &request.body);
        body["Data"]["Initiation"]["SupplementaryData"] = json!({ "RejectionReason": "Blocked" });
        Ok(signed(201, &body))
    });
    assert_eq!(submit(&scene).unwrap().status.reason.as_deref(), Some("Blocked"));
}

#[test]
fn words_at_the_redirect_are_a_reason_only_of_a_rejection_that_the_bank_confirms() {
    let mut scene = Scene::new();
    let parameters = [
        ("error", "access_denied"),
        ("error_description", "Insufficient funds"),
        ("state", "state-1"),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let returned = Returned { state: "state-1".to_owned(), parameters };
    let complete = |scene: &Scene, status: &str| {
        let consent = consent_with(status, b"{\"Data\":{\"Initiation\":{}},\"Risk\":{}}");
        scene.bank.always("get-domestic-payment-consent", Ok(signed(200, &consent)));
        let banks = Protocols::new();
        let attempt = attempt("state-1", "nonce-1", "key-1");
        let pending = Pending { attempt: &attempt, consent_id: Some("58923"), context: None };
        let protocol = banks.protocol_for(&scene.profile);
        let call = scene.call();
        run(protocol.complete(&call, Approvable::Payment(&order()), pending, &returned)).unwrap()
    };
    let Approval::Declined { reason: None } = complete(&scene, "Rejected") else { panic!() };
    settings_mut(&mut scene.profile).rejection_reasons = vec![RejectionReasonPlace::Redirect];
    let Approval::Declined { reason } = complete(&scene, "Rejected") else { panic!() };
    assert_eq!(reason.as_deref(), Some("Insufficient funds"));
    let Approval::Waiting = complete(&scene, "AwaitingAuthorisation") else { panic!() };
}

#[test]
fn a_banks_own_status_means_what_its_file_says() {
    let mut scene = Scene::new();
    scene.bank.always("get-domestic-payment-details", Ok(unsigned(404, "")));
    scene.bank.always("get-domestic-payment", Ok(order_status("OnHold", "")));
    assert_eq!(ask(&scene).progress, OrderProgress::Unrecognised);
    for (meaning, progress) in [
        (ExtraStatus::Pending, OrderProgress::InProcess),
        (ExtraStatus::Final, OrderProgress::Completed),
        (ExtraStatus::Rejected, OrderProgress::Rejected),
        (ExtraStatus::Cancelled, OrderProgress::Declined),
    ] {
        settings_mut(&mut scene.profile).extra_statuses = [("OnHold".to_owned(), meaning)].into();
        assert_eq!(ask(&scene).progress, progress, "{meaning:?}");
    }
}

#[test]
fn an_order_must_follow_the_approval_within_the_banks_time() {
    let mut scene = Scene::flint();
    let mut answer = token();
    answer["expires_in"] = json!(7200);
    scene.bank.always("exchange-code", Ok(unsigned(200, answer.to_string())));
    let until = |scene: &Scene| {
        let banks = Protocols::new();
        let attempt = attempt("state-1", "nonce-1", "key-1");
        let pending = Pending { attempt: &attempt, consent_id: Some("58923"), context: None };
        let parameters = [("code", "code-1"), ("state", "state-1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let returned = Returned { state: "state-1".to_owned(), parameters: parameters.into() };
        let protocol = banks.protocol_for(&scene.profile);
        let call = scene.call();
        let order = order();
        let approval = protocol.complete(&call, Approvable::Payment(&order), pending, &returned);
        let Ok(Approval::Granted { proof, .. }) = run(approval) else { panic!() };
        proof.token().unwrap().expires_at.as_second() - START_S
    };
    for (order_within_s, expected) in [(None, 7200), (Some(3600), 3600), (Some(9000), 7200)] {
        settings_mut(&mut scene.profile).order_within_s = order_within_s;
        assert_eq!(until(&scene), expected);
    }
}

#[test]
fn keys_of_orders_that_contradict_each_other_do_not_load() {
    let good = include_str!("../../../banks/sim/ob-flint.toml")
        .replace("{simbank}", "https://bank.test")
        .replace("simulated = true\n", "")
        .replace("simulated:", "env:");
    let bank = BankProfile::parse("bank.toml", &good).unwrap();
    assert_eq!(support::settings(&bank).version, UkOpenBankingVersion::V3_1_11);
    for (from, to, named) in [
        ("[\"iat\", \"iss\"]", "[\"iat\", \"iss\", \"tan\"]", "trust_anchor"),
        ("[\"iat\", \"iss\"]", "[\"iat\", \"iat\"]", "header_claims"),
        ("[\"iat\", \"iss\"]", "[\"iat\"]\norganisation_id = \"a\"", "organisation_id"),
        ("\"organisation_identifier\"", "\"me\"", "signing.issuer"),
        ("contract_indicator = \"spelt\"", "contract_indicator = \"never\"", "contract_indicator"),
        ("\"supplementary_data\"", "\"elsewhere\"", "rejection_reasons"),
        ("OnHold = \"pending\"", "OnHold = \"perhaps\"", "extra_statuses"),
        ("OnHold = \"pending\"", "\"On hold\" = \"pending\"", "extra_statuses"),
        ("financial_id = \"0015800001FLINT000\"", "financial_id = \"\"", "financial_id"),
        ("order_within_s = 3600", "order_within_s = 0", "order_within_s"),
        ("flow = ", "payment_context_codes = [\"Gift\"]\nflow = ", "payment_context_codes"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = BankProfile::parse("bank.toml", &good.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(named), "{named}: {error}");
    }
}
