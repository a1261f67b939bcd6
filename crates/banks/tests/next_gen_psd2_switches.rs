//! The options of NextGenPSD2 about statuses, reasons and the call after the approval, switch by switch.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::profile::{
    BankProfile, ExtraStatus, NextGenPsd2, PsuIdRule, ReasonPlace, ReleaseCall, Standard,
};
use banks::{
    Approvable, Approval, BankError, Credentials, LostOrder, OrderAnswer, Pending, Proof,
    Protocols, Request, parse_return,
};
use domain::authorisation::Approach;
use domain::bank::{ConsentProgress, OrderProgress, OrderStatus};
use serde_json::{Value, json};
use support::bank::unsigned;
use support::{Scene, attempt, run, sepa_order};

fn own(profile: &mut BankProfile) -> &mut NextGenPsd2 {
    match &mut profile.standard {
        Standard::NextGenPsd2(own) => own,
        other => panic!("{} has no such settings", other.name()),
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// A bank without deviations, whose payers approve on its pages.
fn bank() -> Scene {
    let mut scene = Scene::at("bg-linden");
    scene.identity.eidas = Scene::flint().identity.eidas;
    let created = json!({
        "transactionStatus": "RCVD", "paymentId": "p-1", "authorisationId": "a-1",
        "_links": { "scaRedirect": { "href": "https://bank.test:8002/approve" } },
    });
    scene.bank.always("create-payment", Ok(unsigned(201, created.to_string())));
    says(&scene, "get-payment-status", &json!({ "transactionStatus": "RCVD" }));
    says(&scene, "get-sca-status", &json!({ "scaStatus": "finalised" }));
    scene
}

fn says(scene: &Scene, operation: &'static str, body: &Value) {
    scene.bank.always(operation, Ok(unsigned(200, body.to_string())));
}

/// The status of a payment at the bank.
fn status(scene: &Scene) -> OrderStatus {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    run(protocol.ask_status(&scene.call(), &sepa_order(), "p-1", None)).unwrap()
}

/// The payer approves and returns, with these parameters beside the state.
fn returned(scene: &Scene, more: &[(&str, &str)]) -> Approval {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let (order, call) = (sepa_order(), scene.call());
    let attempt = attempt("state-1", "nonce-1", "key-1");
    let what = Approvable::Payment(&order);
    let opened = run(protocol.open(&call, what, &attempt, &Credentials::default())).unwrap();
    let Approval::Continue { context, .. } = opened else { panic!("{opened:?}") };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut parameters = vec![pair("state", "state-1")];
    parameters.extend(more.iter().map(|(name, value)| pair(name, value)));
    let back = parse_return(&parameters).unwrap();
    let pending =
        Pending { attempt: &attempt, consent_id: Some("p-1"), context: context.as_deref() };
    run(protocol.complete(&call, what, pending, &back)).unwrap()
}

#[test]
fn a_banks_own_status_means_what_its_file_says() {
    let mut scene = bank();
    says(&scene, "get-payment-status", &json!({ "transactionStatus": "OnHold" }));
    assert_eq!(status(&scene).progress, OrderProgress::Unrecognised);
    for (meaning, progress) in [
        (ExtraStatus::Pending, OrderProgress::InProcess),
        (ExtraStatus::Final, OrderProgress::Completed),
        (ExtraStatus::Rejected, OrderProgress::Rejected),
        (ExtraStatus::Cancelled, OrderProgress::Declined),
    ] {
        own(&mut scene.profile).extra_statuses = [("OnHold".to_owned(), meaning)].into();
        assert_eq!(status(&scene).progress, progress, "{meaning:?}");
    }
    // A standard's word may mean something else at a bank.
    says(&scene, "get-payment-status", &json!({ "transactionStatus": "PDNG" }));
    own(&mut scene.profile).extra_statuses = [("PDNG".to_owned(), ExtraStatus::Final)].into();
    assert_eq!(status(&scene).progress, OrderProgress::Completed);
}

#[test]
fn a_reason_is_read_where_the_bank_gives_it() {
    use ReasonPlace::{PsuMessage, TppMessageCode, TppMessageText};
    let mut scene = bank();
    let rejected = json!({
        "transactionStatus": "RJCT",
        "psuMessage": "Contact the bank.",
        "tppMessages": [{ "category": "ERROR", "code": "FUNDS_NOT_AVAILABLE", "text": "No money" }],
    });
    says(&scene, "get-payment-status", &rejected);
    let codes = vec!["FUNDS_NOT_AVAILABLE".to_owned()];
    scene.profile.reasons.insufficient_funds = codes;
    let (rejection, no_funds) = (OrderProgress::Rejected, OrderProgress::InsufficientFunds);
    for (places, words, progress) in [
        (vec![PsuMessage, TppMessageText, TppMessageCode], Some("Contact the bank."), rejection),
        (vec![TppMessageText], Some("No money"), rejection),
        (vec![TppMessageCode], Some("FUNDS_NOT_AVAILABLE"), no_funds),
        (vec![], None, rejection),
    ] {
        own(&mut scene.profile).rejection_reasons = places.clone();
        let status = status(&scene);
        assert_eq!((status.reason.as_deref(), status.progress), (words, progress), "{places:?}");
    }
}

#[test]
fn words_of_the_return_are_a_reason_only_once_the_bank_has_rejected() {
    let mut scene = bank();
    let words = [("error", "access_denied"), ("error_description", "No money")];
    says(&scene, "get-sca-status", &json!({ "scaStatus": "failed" }));
    let Approval::Declined { reason: None } = returned(&scene, &words) else { panic!() };
    own(&mut scene.profile).rejection_reasons = vec![ReasonPlace::Redirect];
    let Approval::Declined { reason } = returned(&scene, &words) else { panic!() };
    assert_eq!(reason.as_deref(), Some("No money"));
    says(&scene, "get-sca-status", &json!({ "scaStatus": "received" }));
    let Approval::Waiting = returned(&scene, &words) else { panic!() };
}

/// The bank waits for our call after the approval.
fn releasing(call: ReleaseCall) -> Scene {
    let mut scene = bank();
    own(&mut scene.profile).release_call = Some(call);
    scene.profile.executes_at_approval = false;
    says(&scene, "release-payment", &json!({ "transactionStatus": "ACSP" }));
    scene
}

fn submit(scene: &Scene, proof: &Proof) -> Result<OrderAnswer, BankError> {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    run(protocol.submit(&scene.call(), &sepa_order(), "p-1", proof, "key-of-order"))
}

#[test]
fn an_approved_payment_is_released_by_the_banks_own_call() {
    for (call, method, path) in [
        (ReleaseCall::Put, "PUT", "/v1/payments/sepa-credit-transfers/p-1"),
        (ReleaseCall::PostConfirm, "POST", "/v1/payments/sepa-credit-transfers/p-1/confirm"),
    ] {
        let scene = releasing(call);
        let Approval::Granted { consent_id, proof } = returned(&scene, &[]) else { panic!() };
        assert_eq!(consent_id, "p-1");
        assert_eq!(scene.bank.count("release-payment"), 0, "the approval moves no money");
        let answer = submit(&scene, &proof).unwrap();
        assert_eq!(answer.bank_payment_id, "p-1");
        assert_eq!(answer.status.progress, OrderProgress::InProcess);
        let sent = scene.bank.last("release-payment");
        assert_eq!(sent.method.as_str(), method);
        assert!(sent.url.ends_with(path), "{}", sent.url);
        // The same order has the same id.
        let id = header(&sent, "x-request-id").unwrap().to_owned();
        submit(&scene, &proof).unwrap();
        assert_eq!(header(&scene.bank.last("release-payment"), "x-request-id"), Some(id.as_str()));
    }
}

#[test]
fn a_payment_that_waits_for_its_release_is_no_order_yet() {
    let scene = releasing(ReleaseCall::Put);
    let lost = |word: &str| {
        says(&scene, "get-payment-status", &json!({ "transactionStatus": word }));
        let banks = Protocols::new();
        let protocol = banks.protocol_for(&scene.profile);
        run(protocol.ask_lost_order(&scene.call(), &sepa_order(), "p-1", None)).unwrap()
    };
    for word in ["RCVD", "ACTC", "ACFC"] {
        assert_eq!(lost(word), LostOrder::Consent(ConsentProgress::Authorised), "{word}");
    }
    for (word, progress) in [
        ("ACSP", OrderProgress::InProcess),
        ("ACSC", OrderProgress::Completed),
        ("RJCT", OrderProgress::Rejected),
    ] {
        let LostOrder::Found(answer) = lost(word) else { panic!("{word}") };
        assert_eq!(answer.status.progress, progress, "{word}");
    }
}

#[test]
fn the_answer_to_a_release_is_its_own_word() {
    let scene = releasing(ReleaseCall::Put);
    let Approval::Granted { proof, .. } = returned(&scene, &[]) else { panic!() };
    scene.bank.always("release-payment", Ok(unsigned(409, "{}")));
    assert!(matches!(submit(&scene, &proof), Err(BankError::Refused(_))));
    scene.bank.always("release-payment", Ok(unsigned(500, "{}")));
    assert!(matches!(submit(&scene, &proof), Err(BankError::Unknown { .. })));
    scene.bank.always("release-payment", Ok(unsigned(200, "{\"transactionStatus\":")));
    assert!(matches!(submit(&scene, &proof), Err(BankError::Unknown { .. })));
    scene.bank.always("release-payment", Ok(unsigned(204, "")));
    let answer = submit(&scene, &proof).unwrap();
    assert_eq!(answer.status.progress, OrderProgress::InProcess);
    // A payment that was rejected meanwhile cannot be released.
    says(&scene, "get-payment-status", &json!({ "transactionStatus": "RJCT" }));
    let Approval::Declined { .. } = returned(&scene, &[]) else { panic!() };
}

#[test]
fn the_call_and_the_kind_of_execution_belong_together() {
    let text = include_str!("../../../banks/sim/bg-tulp.toml")
        .replace("{simbank_tls}", "https://bank.test")
        .replace("{simbank_host}", "bank.test");
    for changed in [
        text.replace("executes_at_approval = false", "executes_at_approval = true"),
        text.replace("release_call = \"put\"\n", ""),
    ] {
        assert_ne!(changed, text);
        let error = BankProfile::parse("nl/bg-tulp.toml", &changed).unwrap_err().to_string();
        assert!(error.contains("`executes_at_approval` must be true"), "{error}");
    }
}

/// Opens a payment at a bank that asks who the payer is by this link; the member knows `known`.
fn opened_by(scene: &Scene, link: &str, known: &[(&str, &str)]) -> Approval {
    let authorisation = "/v1/payments/sepa-credit-transfers/p-1/authorisations/a-1";
    let created = json!({
        "transactionStatus": "RCVD", "paymentId": "p-1",
        "_links": { link: { "href": authorisation }, "scaStatus": { "href": authorisation } },
    });
    scene.bank.always("create-payment", Ok(unsigned(201, created.to_string())));
    let redirect = json!({
        "scaStatus": "psuIdentified", "authorisationId": "a-1",
        "_links": { "scaRedirect": { "href": "https://bank.test:8002/approve" } },
    });
    for operation in ["update-authorisation", "start-authorisation"] {
        says(scene, operation, &redirect);
    }
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let (order, attempt) = (sepa_order(), attempt("state-1", "nonce-1", "key-1"));
    let pairs = known.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let known = Credentials(pairs.collect());
    run(protocol.open(&scene.call(), Approvable::Payment(&order), &attempt, &known)).unwrap()
}

/// The payer says who it is.
fn said_who(scene: &Scene, context: Option<&str>) -> Approval {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let (order, attempt) = (sepa_order(), attempt("state-1", "nonce-1", "key-1"));
    let pending = Pending { attempt: &attempt, consent_id: Some("p-1"), context };
    let who = Credentials([("psuId".to_owned(), "lena".to_owned())].into());
    let what = Approvable::Payment(&order);
    run(protocol.send_credentials(&scene.call(), what, pending, &who)).unwrap()
}

fn is_redirect(approval: &Approval) -> bool {
    matches!(approval, Approval::Continue { approach: Approach::Redirect { .. }, .. })
}

#[test]
fn a_bank_asks_who_the_payer_is_and_then_sends_the_payer_on() {
    for (link, operation, method) in [
        ("updatePsuIdentification", "update-authorisation", "PUT"),
        ("startAuthorisationWithPsuIdentification", "start-authorisation", "POST"),
    ] {
        let mut scene = bank();
        own(&mut scene.profile).psu_id = PsuIdRule::Optional;
        let opened = opened_by(&scene, link, &[]);
        let Approval::Continue { context, approach: Approach::Embedded { challenge }, .. } = opened
        else {
            panic!("{link}: {opened:?}")
        };
        assert_eq!(challenge.fields.len(), 1, "{link}");
        assert_eq!(challenge.fields[0].id, "psuId", "{link}");
        assert_eq!(scene.bank.count(operation), 0, "{link}: nothing to say yet");
        assert!(is_redirect(&said_who(&scene, context.as_deref())), "{link}");
        let sent = scene.bank.last(operation);
        assert_eq!((sent.method.as_str(), header(&sent, "psu-id")), (method, Some("lena")));
        assert!(sent.url.contains("/p-1/authorisations"), "{link}: {}", sent.url);
        // A member that knows it is not asked.
        assert!(is_redirect(&opened_by(&scene, link, &[("psuId", "lena")])), "{link}");
        let created = scene.bank.last("create-payment");
        assert_eq!(header(&created, "psu-id"), Some("lena"), "{link}");
        // A bank that wants it later only.
        own(&mut scene.profile).psu_id = PsuIdRule::Forbidden;
        assert!(is_redirect(&opened_by(&scene, link, &[("psuId", "lena")])), "{link}");
        assert_eq!(header(&scene.bank.last("create-payment"), "psu-id"), None, "{link}");
        assert_eq!(header(&scene.bank.last(operation), "psu-id"), Some("lena"), "{link}");
    }
}

#[test]
fn a_payers_company_has_an_id_of_its_own() {
    let scene = bank();
    let known = [("psuId", "lena"), ("psuCorporateId", "1234567890")];
    opened_by(&scene, "scaRedirect", &known);
    let created = scene.bank.last("create-payment");
    assert_eq!(header(&created, "psu-corporate-id"), Some("1234567890"));
    opened_by(&scene, "scaRedirect", &known[..1]);
    assert_eq!(header(&scene.bank.last("create-payment"), "psu-corporate-id"), None);
}

#[test]
fn the_way_into_the_app_is_read_where_the_profile_says() {
    let mut scene = bank();
    let places = json!({ "token": "/challengeData/start", "qr_code": "/qr",
        "url": "bankid:///?autostarttoken={token}&redirect=null" });
    own(&mut scene.profile).app_start = Some(serde_json::from_value(places).unwrap());
    let created = |start: &str| {
        let body = json!({ "transactionStatus": "RCVD", "paymentId": "p-1",
            "authorisationId": "a-1", "scaStatus": "started",
            "challengeData": { "start": start }, "qr": "bankid.1.2", "_links": {} });
        scene.bank.always("create-payment", Ok(unsigned(201, body.to_string())));
        let banks = Protocols::new();
        let protocol = banks.protocol_for(&scene.profile);
        let (order, attempt) = (sepa_order(), attempt("state-1", "nonce-1", "key-1"));
        let known = Credentials::default();
        let what = Approvable::Payment(&order);
        match run(protocol.open(&scene.call(), what, &attempt, &known)).unwrap() {
            Approval::Continue { approach: Approach::Decoupled { app_start, .. }, .. } => app_start,
            other => panic!("{other:?}"),
        }
    };
    let start = created("a b&redirect=https://evil.test").unwrap();
    assert_eq!(start.qr_code.as_deref(), Some("bankid.1.2"));
    let url = start.url.unwrap();
    assert_eq!(url.matches('&').count(), 1, "the token stays one value: {url}");
    assert!(url.starts_with("bankid:///?autostarttoken=a%20b%26redirect%3D"), "{url}");
    assert_eq!(start.ends_at.as_second(), support::START_S + 30);
    assert_eq!(created("line\nbreak").unwrap().url, None, "not a token");
}

#[test]
fn places_of_an_app_start_that_cannot_work_do_not_load() {
    let text = include_str!("../../../banks/sim/bg-birke.toml")
        .replace("{simbank_tls}", "https://bank.test")
        .replace("{simbank_host}", "bank.test")
        .replace("{simbank}", "http://bank.test");
    for (was, is, named) in [
        ("\nurl = \"http", "\nurl = \"javascript", "app_start.url"),
        ("token={token}", "token=", "app_start.url"),
        ("token = \"/challenge", "token = \"challenge", "app_start.token"),
        ("qr_code = \"/", "lifetime_s = 3\nqr_code = \"/", "app_start.lifetime_s"),
        ("simulated = true", "simulated = false", "app_start.url"),
    ] {
        let changed = text.replacen(was, is, 1);
        assert_ne!(changed, text, "{was}");
        let error = BankProfile::parse("de/bg-birke.toml", &changed).unwrap_err().to_string();
        assert!(error.contains(named), "{was}: {error}");
    }
}
