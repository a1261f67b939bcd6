//! The standard's own examples, read through the protocol. They are served by a bank that does
//! not sign, because the documentation gives no signatures.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::profile::Standard;
use banks::{AccessToken, Proof, Protocols};
use domain::bank::{ConsentProgress, OrderProgress};
use jiff::Timestamp;
use serde_json::Value;
use support::bank::unsigned;
use support::judge::{Judge, documented};
use support::{Scene, consent_status, order, run};

const USAGE: &str = "references_usage-examples_domestic-payments-usage-examples-";
const CONSENTS: &str = "resources-and-data-models_pisp_domestic-payment-consents-";
const PAYMENTS: &str = "resources-and-data-models_pisp_domestic-payments-";

fn scene() -> Scene {
    let mut scene = Scene::new();
    let Standard::UkOpenBanking(settings) = &mut scene.profile.standard else { panic!() };
    settings.signing.bank_signs = false;
    scene
}

fn text<'a>(example: &'a Value, pointer: &str) -> &'a str {
    example.pointer(pointer).and_then(Value::as_str).unwrap()
}

#[test]
fn documented_consents_are_read() {
    let pages = [
        (USAGE, "02"),
        (USAGE, "06"),
        (USAGE, "09"),
        (USAGE, "12"),
        (USAGE, "15"),
        (USAGE, "17"),
        (USAGE, "19"),
        (USAGE, "21"),
        (CONSENTS, "02"),
        (CONSENTS, "03"),
    ];
    for (page, number) in pages {
        let Some(example) = documented(&format!("{page}{number}")) else { return };
        let (scene, banks) = (scene(), Protocols::new());
        let answer = unsigned(200, example.to_string());
        scene.bank.always("get-domestic-payment-consent", Ok(answer));
        let id = text(&example, "/Data/ConsentId");
        let protocol = banks.protocol_for(&scene.profile);
        let progress = run(consent_status(protocol, &scene.call(), id)).unwrap();
        let expected = match text(&example, "/Data/Status") {
            "AwaitingAuthorisation" => ConsentProgress::AwaitingAuthorisation,
            "Authorised" => ConsentProgress::Authorised,
            "Consumed" => ConsentProgress::Consumed,
            other => panic!("{page}{number} has status {other}"),
        };
        assert_eq!(progress, expected, "{page}{number}");
    }
}

#[test]
fn documented_orders_are_read() {
    let pages = [
        (USAGE, "05"),
        (USAGE, "07"),
        (USAGE, "11"),
        (USAGE, "13"),
        (PAYMENTS, "02"),
        (PAYMENTS, "03"),
    ];
    for (page, number) in pages {
        let Some(example) = documented(&format!("{page}{number}")) else { return };
        let (scene, banks) = (scene(), Protocols::new());
        scene.bank.always("get-domestic-payment", Ok(unsigned(200, example.to_string())));
        let id = text(&example, "/Data/DomesticPaymentId");
        let protocol = banks.protocol_for(&scene.profile);
        let status = run(protocol.ask_status(&scene.call(), &order(), id, None)).unwrap();
        assert_eq!(status.raw, text(&example, "/Data/Status"), "{page}{number}");
        assert_ne!(status.progress, OrderProgress::Unrecognised, "{page}{number}");
    }
}

/// The documentation's order, through our own submission: same request, same answer.
#[test]
fn the_documented_payment_is_made() {
    let (Some(request), Some(answer), Some(funds)) = (
        documented(&format!("{USAGE}04")),
        documented(&format!("{USAGE}05")),
        documented(&format!("{USAGE}03")),
    ) else {
        return;
    };
    let (order, scene, banks) = (order(), scene(), Protocols::new());
    let proof = Proof::Token(AccessToken {
        access_token: "t".to_owned(),
        expires_at: Timestamp::MAX,
        refresh: None,
    });
    scene.bank.always("create-domestic-payment", Ok(unsigned(201, answer.to_string())));
    scene.bank.always("confirm-funds", Ok(unsigned(200, funds.to_string())));
    let protocol = banks.protocol_for(&scene.profile);
    assert_eq!(run(protocol.confirm_funds(&scene.call(), &order, "58923", &proof)), Ok(true));
    let answered = run(protocol.submit(&scene.call(), &order, "58923", &proof, "k")).unwrap();
    assert_eq!(answered.bank_payment_id, "58923-001");

    let sent = scene.bank.last("create-domestic-payment");
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    let mut ours = sent["Data"]["Initiation"].clone();
    let mut theirs = request["Data"]["Initiation"].clone();
    // Beyond the example we name the rail; beyond us the example names a roll number.
    assert_eq!(ours["LocalInstrument"], "UK.OBIE.FPS");
    ours.as_object_mut().unwrap().remove("LocalInstrument");
    theirs["CreditorAccount"].as_object_mut().unwrap().remove("SecondaryIdentification");
    assert_eq!(ours, theirs);
}

/// The judge itself: if it accepted anything, its verdicts elsewhere would be worth nothing.
#[test]
fn the_judge_refuses_what_the_schema_does_not_have() {
    let Some(judge) = Judge::load() else { return };
    let good = serde_json::json!({ "Data": { "FundsAvailableResult": {
        "FundsAvailableDateTime": "2026-01-02T03:04:05+00:00", "FundsAvailable": true } } });
    judge.accept("OBWriteFundsConfirmationResponse1", &good);
    let mut bad = good.clone();
    bad["Data"]["FundsAvailableResult"]["FundsAvailable"] = "true".into();
    assert!(!judge.faults("OBWriteFundsConfirmationResponse1", &bad).is_empty());
    let mut bad = good;
    bad["Extra"] = true.into();
    assert!(!judge.faults("OBWriteFundsConfirmationResponse1", &bad).is_empty());
}
