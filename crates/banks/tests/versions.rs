//! UK Open Banking 3.1 and 4.0, at once, on a later day and as a standing order: requests and words
//! are those of the published documents.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::profile::{Capability, UkOpenBankingVersion};
use banks::{AccessToken, BankError, PaymentOrder, Proof, Protocols};
use domain::authorisation::BankRefusal;
use domain::bank::{ConsentProgress, OrderProgress, RefundAccount};
use domain::initiation::{Frequency, Schedule};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use support::bank::{consent_with, order_named, signed, unsigned};
use support::judge::Judge;
use support::{Scene, consent_status, open_payment, order, run};

/// A resource as the documents name it.
struct Named {
    schedule: Schedule,
    operation: &'static str,
    path: &'static str,
    id_field: &'static str,
    consent_request: &'static str,
    order_request: &'static str,
    consent_response: &'static str,
    order_response: &'static str,
}

const FIRST: Date = Date::constant(2026, 2, 17);

const RESOURCES: [Named; 3] = [
    Named {
        schedule: Schedule::Immediate,
        operation: "domestic-payment",
        path: "/domestic-payments",
        id_field: "DomesticPaymentId",
        consent_request: "OBWriteDomesticConsent4",
        order_request: "OBWriteDomestic2",
        consent_response: "OBWriteDomesticConsentResponse5",
        order_response: "OBWriteDomesticResponse5",
    },
    Named {
        schedule: Schedule::FutureDated { date: FIRST },
        operation: "domestic-scheduled-payment",
        path: "/domestic-scheduled-payments",
        id_field: "DomesticScheduledPaymentId",
        consent_request: "OBWriteDomesticScheduledConsent4",
        order_request: "OBWriteDomesticScheduled2",
        consent_response: "OBWriteDomesticScheduledConsentResponse5",
        order_response: "OBWriteDomesticScheduledResponse5",
    },
    Named {
        schedule: Schedule::StandingOrder {
            first: FIRST,
            frequency: Frequency::Mnth,
            last: Some(Date::constant(2027, 2, 17)),
        },
        operation: "domestic-standing-order",
        path: "/domestic-standing-orders",
        id_field: "DomesticStandingOrderId",
        consent_request: "OBWriteDomesticStandingOrderConsent5",
        order_request: "OBWriteDomesticStandingOrder3",
        consent_response: "OBWriteDomesticStandingOrderConsentResponse6",
        order_response: "OBWriteDomesticStandingOrderResponse6",
    },
];

/// Bank, version, name of the document, and the words for a new consent and the new orders.
type Version = (&'static str, UkOpenBankingVersion, &'static str, &'static str, [&'static str; 3]);

const VERSIONS: [Version; 2] = [
    (
        "ob-iron",
        UkOpenBankingVersion::V3_1_11,
        "v3.1.11",
        "AwaitingAuthorisation",
        ["Pending", "InitiationPending", "InitiationPending"],
    ),
    ("ob-quartz", UkOpenBankingVersion::V4_0, "v4.0-update4", "AWAU", ["RCVD", "RCVD", "RCVD"]),
];

fn proof() -> Proof {
    Proof::Token(AccessToken {
        access_token: "psu-token".to_owned(),
        expires_at: Timestamp::MAX,
        refresh: None,
    })
}

fn order_at(version: UkOpenBankingVersion, schedule: Schedule) -> PaymentOrder {
    let mut order = order();
    let standing = matches!(schedule, Schedule::StandingOrder { .. });
    if standing && version == UkOpenBankingVersion::V3_1_11 {
        order.content.remittance_secondary = None;
    }
    // Version 3.1 has no place for it.
    order.content.creditor.ultimate_name = Some("ACME Group plc".to_owned());
    order.content.confirm_funds = schedule == Schedule::Immediate;
    order.content.schedule = schedule;
    order
}

/// The name of an operation lives as long as the program, as in the protocol.
fn operation(verb: &str, resource: &str, end: &str) -> &'static str {
    Box::leak(format!("{verb}-{resource}{end}").into_boxed_str())
}

#[test]
fn every_kind_of_order_is_written_as_its_document_says() {
    for (bank, version, document, waiting, words) in VERSIONS {
        for (named, word) in RESOURCES.iter().zip(words) {
            let (scene, banks) = (Scene::at(bank), Protocols::new());
            let order = order_at(version, named.schedule);
            let create_consent = operation("create", named.operation, "-consent");
            let create_order = operation("create", named.operation, "");
            scene.bank.on(create_consent, move |request| {
                Ok(signed(201, &consent_with(waiting, &request.body)))
            });
            let id_field = named.id_field;
            scene.bank.on(create_order, move |request| {
                Ok(signed(201, &order_named(id_field, word, &request.body)))
            });
            let protocol = banks.protocol_for(&scene.profile);
            let (call, proof) = (scene.call(), proof());
            let opened = run(open_payment(protocol, &call, &order, "s", "n", "key-1"));
            assert_eq!(opened.unwrap().consent_id, "58923");
            let sent = run(protocol.submit(&call, &order, "58923", &proof, "key-2"));
            let answered = sent.unwrap();
            assert_eq!(answered.bank_payment_id, "58923-001");
            assert_eq!(answered.status.progress, OrderProgress::InProcess);
            assert!(matches!(answered.refund_account, Some(RefundAccount { .. })));

            let consent = scene.bank.last(create_consent);
            let end = format!("{}-consents", named.path.trim_end_matches('s'));
            assert!(consent.url.ends_with(&end), "{}", consent.url);
            let sent = scene.bank.last(create_order);
            assert!(sent.url.ends_with(named.path), "{}", sent.url);
            let consent: Value = serde_json::from_slice(&consent.body).unwrap();
            let sent: Value = serde_json::from_slice(&sent.body).unwrap();
            for part in ["/Data/Initiation", "/Risk"] {
                assert_eq!(consent.pointer(part), sent.pointer(part), "the order is the consent");
            }
            let name = format!("{}_{}", document.split('.').next().unwrap(), named.operation);
            insta::assert_json_snapshot!(name, consent["Data"]);
            let Some(judge) = Judge::of(document) else { continue };
            judge.accept(named.consent_request, &consent);
            judge.accept(named.order_request, &sent);
        }
    }
}

#[test]
fn every_status_of_the_published_documents_is_known() {
    for (bank, version, document, ..) in VERSIONS {
        let Some(judge) = Judge::of(document) else { return };
        for named in &RESOURCES {
            let order = order_at(version, named.schedule);
            for word in judge.statuses(named.order_response) {
                let (scene, banks) = (Scene::at(bank), Protocols::new());
                let answer = json!({ "Data": { named.id_field: "1", "Status": word } });
                let get = operation("get", named.operation, "");
                scene.bank.always(get, Ok(signed(200, &answer)));
                let details = json!({ "Data": {} });
                let get_details = operation("get", named.operation, "-details");
                scene.bank.always(get_details, Ok(signed(200, &details)));
                let protocol = banks.protocol_for(&scene.profile);
                let status = run(protocol.ask_status(&scene.call(), &order, "1", None));
                let progress = status.unwrap().progress;
                assert_ne!(progress, OrderProgress::Unrecognised, "{document} {word}");
            }
            for word in judge.statuses(named.consent_response) {
                let (scene, banks) = (Scene::at(bank), Protocols::new());
                let answer = json!({ "Data": { "ConsentId": "1", "Status": word } });
                let get = operation("get", named.operation, "-consent");
                scene.bank.always(get, Ok(signed(200, &answer)));
                let protocol = banks.protocol_for(&scene.profile);
                let lost = run(protocol.ask_lost_order(&scene.call(), &order, "1", None));
                assert!(lost.is_ok(), "{document} {word}: {lost:?}");
            }
        }
    }
}

#[test]
fn a_reason_that_comes_with_the_order_is_not_asked_for_again() {
    let (scene, banks) = (Scene::at("ob-quartz"), Protocols::new());
    let protocol = banks.protocol_for(&scene.profile);
    for (reasons, progress, words) in [
        (
            json!([{ "StatusReasonCode": "AM04", "StatusReasonDescription": "No money" }]),
            OrderProgress::InsufficientFunds,
            "No money",
        ),
        (json!([{}, { "StatusReasonCode": "CUST" }]), OrderProgress::Declined, "CUST"),
        (json!([{ "StatusReasonCode": "MS03" }]), OrderProgress::Rejected, "MS03"),
    ] {
        let data = json!({ "DomesticPaymentId": "1", "Status": "RJCT", "StatusReason": reasons });
        scene.bank.always("get-domestic-payment", Ok(signed(200, &json!({ "Data": data }))));
        let status = run(protocol.ask_status(&scene.call(), &order(), "1", None)).unwrap();
        assert_eq!((status.progress, status.reason.as_deref()), (progress, Some(words)));
        assert_eq!(scene.bank.count("get-domestic-payment-details"), 0);
    }
    // Reasons in a form that nobody knows are left out; the details may still tell.
    let data = json!({ "DomesticPaymentId": "1", "Status": "RJCT", "StatusReason": "why" });
    scene.bank.always("get-domestic-payment", Ok(signed(200, &json!({ "Data": data }))));
    let details = json!({ "Data": { "PaymentStatus": [{ "Status": "RJCT",
        "StatusDetail": { "Status": "RJCT", "StatusReason": "AM04" } }] } });
    scene.bank.always("get-domestic-payment-details", Ok(signed(200, &details)));
    let status = run(protocol.ask_status(&scene.call(), &order(), "1", None)).unwrap();
    assert_eq!(status.progress, OrderProgress::InsufficientFunds);
}

#[test]
fn words_of_the_other_version_are_not_guessed() {
    for (bank, consent, status) in
        [("ob-iron", "AUTH", "ACSC"), ("ob-quartz", "Authorised", "AcceptedSettlementCompleted")]
    {
        let (scene, banks) = (Scene::at(bank), Protocols::new());
        let protocol = banks.protocol_for(&scene.profile);
        let data = json!({ "Data": { "ConsentId": "1", "Status": consent } });
        scene.bank.always("get-domestic-payment-consent", Ok(signed(200, &data)));
        let read = run(consent_status(protocol, &scene.call(), "1"));
        assert!(matches!(read, Err(BankError::Malformed { .. })), "{read:?}");
        let data = json!({ "Data": { "DomesticPaymentId": "1", "Status": status } });
        scene.bank.always("get-domestic-payment", Ok(signed(200, &data)));
        let read = run(protocol.ask_status(&scene.call(), &order(), "1", None)).unwrap();
        assert_eq!((read.progress, read.raw.as_str()), (OrderProgress::Unrecognised, status));
    }
    let (scene, banks) = (Scene::at("ob-quartz"), Protocols::new());
    let data = json!({ "Data": { "ConsentId": "1", "Status": "COND" } });
    scene.bank.always("get-domestic-payment-consent", Ok(signed(200, &data)));
    let protocol = banks.protocol_for(&scene.profile);
    let read = run(consent_status(protocol, &scene.call(), "1"));
    assert_eq!(read, Ok(ConsentProgress::Consumed));
}

#[test]
fn an_error_of_4_0_needs_nothing_but_its_code() {
    let (scene, banks) = (Scene::at("ob-quartz"), Protocols::new());
    let errors = json!({ "Errors": [{ "ErrorCode": "U004" }] });
    if let Some(judge) = Judge::of("v4.0-update4") {
        judge.accept("OBErrorResponse1", &errors);
    }
    let answer = unsigned(400, errors.to_string());
    scene.bank.always("create-domestic-payment-consent", Ok(answer));
    let protocol = banks.protocol_for(&scene.profile);
    let opened = run(open_payment(protocol, &scene.call(), &order(), "s", "n", "key-1"));
    let Err(BankError::Refused(BankRefusal { code, http_status: status, text, .. })) = opened
    else {
        panic!("{opened:?}")
    };
    assert_eq!((code.as_deref(), status, text.as_str()), (Some("U004"), 400, ""));
}

#[test]
fn a_consent_that_is_rejected_at_once_comes_with_its_reason() {
    for (reasons, code, said) in [
        (
            json!([{ "StatusReasonCode": "U033", "StatusReasonDescription": "no, 12345678" }]),
            Some("U033"),
            "the bank created the consent as rejected: no, ••••",
        ),
        (json!({}), None, "the bank created the consent as rejected"),
    ] {
        let (scene, banks) = (Scene::at("ob-quartz"), Protocols::new());
        scene.bank.on("create-domestic-payment-consent", move |request| {
            let mut consent = consent_with("RJCT", &request.body);
            consent["Data"]["StatusReason"] = reasons.clone();
            Ok(signed(201, &consent))
        });
        let protocol = banks.protocol_for(&scene.profile);
        let opened = run(open_payment(protocol, &scene.call(), &order(), "s", "n", "key-1"));
        let Err(BankError::Refused(BankRefusal { code: told, text, .. })) = opened else {
            panic!("{opened:?}")
        };
        assert_eq!((told.as_deref(), text.as_str()), (code, said));
    }
}

#[test]
fn what_a_version_or_a_bank_has_no_place_for_is_refused_before_sending() {
    let [(iron, v3, ..), (quartz, v4, ..)] = VERSIONS;
    let standing = RESOURCES[2].schedule;
    let mut second_text = order_at(v3, standing);
    second_text.content.remittance_secondary = Some("more".to_owned());
    let mut funds = order_at(v4, RESOURCES[1].schedule);
    funds.content.confirm_funds = true;
    let mut context = order();
    let risk = context.content.risk.as_mut().unwrap();
    risk.payment_context_code = Some("PISP_PAYEE".to_owned());
    for (bank, order, code) in [
        (iron, second_text, "unsupported"),
        (quartz, funds, "unsupported"),
        (quartz, context.clone(), "field-invalid"),
    ] {
        let (scene, banks) = (Scene::at(bank), Protocols::new());
        let protocol = banks.protocol_for(&scene.profile);
        let opened = run(open_payment(protocol, &scene.call(), &order, "s", "n", "key-1"));
        let Err(BankError::Refused(BankRefusal { code: found, http_status: 0, .. })) = opened
        else {
            panic!("{opened:?}")
        };
        assert_eq!(found.as_deref(), Some(code));
        assert_eq!(scene.bank.seen().len(), 0, "nothing was sent");
    }
    // 3.1 has that context.
    let (scene, banks) = (Scene::at(iron), Protocols::new());
    let protocol = banks.protocol_for(&scene.profile);
    run(open_payment(protocol, &scene.call(), &context, "s", "n", "key-1")).unwrap();

    let (mut scene, banks) = (Scene::at(iron), Protocols::new());
    scene.profile.capabilities.retain(|one| *one != Capability::StandingOrder);
    let order = order_at(v3, standing);
    let protocol = banks.protocol_for(&scene.profile);
    let opened = run(open_payment(protocol, &scene.call(), &order, "s", "n", "key-1"));
    assert!(
        matches!(opened, Err(BankError::Refused(BankRefusal { http_status: 0, .. }))),
        "{opened:?}"
    );
}
