//! Every example of a domestic consent or order in the documentation of both versions, read through
//! the protocol. They are served by a bank that does not sign, because the documentation gives no
//! signatures.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::{LostOrder, PaymentOrder, Protocols};
use domain::bank::{ConsentProgress, OrderProgress};
use domain::initiation::{Frequency, Schedule};
use jiff::civil::Date;
use serde_json::Value;
use support::bank::unsigned;
use support::judge::specs;
use support::{Scene, order, run, settings_mut};

/// The resources by what their examples' names contain, the longest first.
const RESOURCES: [(&str, &str, &str, Schedule); 3] = [
    (
        "domestic-scheduled-payment",
        "get-domestic-scheduled-payment",
        "DomesticScheduledPaymentId",
        Schedule::FutureDated { date: Date::constant(2018, 8, 6) },
    ),
    (
        "domestic-standing-order",
        "get-domestic-standing-order",
        "DomesticStandingOrderId",
        Schedule::StandingOrder {
            first: Date::constant(2018, 8, 6),
            frequency: Frequency::Dail,
            last: None,
        },
    ),
    ("domestic-payment", "get-domestic-payment", "DomesticPaymentId", Schedule::Immediate),
];

/// File names and examples of a version.
fn examples(version: &str) -> Vec<(String, Value)> {
    let Some(specs) = specs() else { return Vec::new() };
    let folder = specs.join("banks/fixtures/obie-docs").join(version);
    let mut found: Vec<(String, Value)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let wanted = name.contains("_domestic-") && !name.contains("vrp");
            wanted.then(|| (name, serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap()))
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn order_of(schedule: Schedule) -> PaymentOrder {
    let mut order = order();
    order.content.schedule = schedule;
    order
}

fn scene(bank: &str) -> Scene {
    let mut scene = Scene::at(bank);
    settings_mut(&mut scene.profile).signing.bank_signs = false;
    scene
}

#[test]
fn every_documented_consent_and_order_is_read() {
    for (bank, version, least) in [("ob-iron", "v3.1.11", 24), ("ob-quartz", "v4.0", 18)] {
        let examples = examples(version);
        if examples.is_empty() {
            return;
        }
        let mut read = 0;
        for (name, example) in examples {
            let (_, operation, id_field, schedule) =
                RESOURCES.iter().find(|(part, ..)| name.contains(part)).unwrap();
            let data = &example["Data"];
            let Some(status) = data["Status"].as_str() else { continue };
            let (scene, banks, order) = (scene(bank), Protocols::new(), order_of(*schedule));
            let protocol = banks.protocol_for(&scene.profile);
            let answer = unsigned(200, example.to_string());
            read += 1;
            if let Some(id) = data[*id_field].as_str() {
                scene.bank.always(operation, Ok(answer));
                let told = run(protocol.ask_status(&scene.call(), &order, id, None)).unwrap();
                assert_eq!(told.raw, status, "{version} {name}");
                assert_ne!(told.progress, OrderProgress::Unrecognised, "{version} {name}");
                continue;
            }
            let consent: &'static str = match *operation {
                "get-domestic-payment" => "get-domestic-payment-consent",
                "get-domestic-scheduled-payment" => "get-domestic-scheduled-payment-consent",
                _ => "get-domestic-standing-order-consent",
            };
            scene.bank.always(consent, Ok(answer));
            let id = data["ConsentId"].as_str().unwrap();
            let told = run(protocol.ask_lost_order(&scene.call(), &order, id, None)).unwrap();
            let expected = match status {
                "AwaitingAuthorisation" | "AWAU" => ConsentProgress::AwaitingAuthorisation,
                "Authorised" | "AUTH" => ConsentProgress::Authorised,
                "Consumed" | "COND" => ConsentProgress::Consumed,
                other => panic!("{version} {name} has status {other}"),
            };
            assert_eq!(told, LostOrder::Consent(expected), "{version} {name}");
        }
        assert!(read >= least, "{version}: {read} examples");
    }
}

/// The order of 4.0 that the documentation makes, against ours: the initiations are the same but
/// for what one of the two leaves out.
#[test]
fn our_standing_order_is_the_documented_one() {
    let name = "resources-and-data-models_pisp_domestic-standing-order-consents-01";
    let Some(theirs) = support::judge::documented_in("v4.0", name) else { return };
    let theirs = &theirs["Data"]["Initiation"];
    let (scene, banks) = (scene("ob-quartz"), Protocols::new());
    let mut order = order();
    order.content.confirm_funds = false;
    order.content.schedule = RESOURCES[1].3;
    scene.bank.on("create-domestic-standing-order-consent", |request| {
        let answer = support::bank::consent_with("AWAU", &request.body);
        Ok(unsigned(201, answer.to_string()))
    });
    let protocol = banks.protocol_for(&scene.profile);
    run(support::open_payment(protocol, &scene.call(), &order, "s", "n", "key-1")).unwrap();
    let sent = scene.bank.last("create-domestic-standing-order-consent");
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    let ours = &sent["Data"]["Initiation"];
    for (name, value) in ours.as_object().unwrap() {
        let known = theirs.get(name).unwrap_or_else(|| panic!("the example has no {name}"));
        assert_eq!(value.is_object(), known.is_object(), "{name}");
    }
    let frequency = |initiation: &Value| {
        initiation["MandateRelatedInformation"]["Frequency"]["Type"].as_str().map(str::to_owned)
    };
    assert_eq!(frequency(ours), frequency(theirs));
}
