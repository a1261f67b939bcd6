//! Every scenario at UK Open Banking and at NextGenPSD2: the provider's answer, the order's end, and
//! whether money moves. Also the choice of a payment's scenario.

use serde_json::{Value, json};

use crate::next_gen_psd2::Asked;
use crate::support::*;

const SEVEN_HOURS_MS: i64 = 7 * 3_600_000;

/// How a scenario shows: the HTTP status of the message that it strikes (0: silence), whether the
/// bank has the order, the order's status soon and late, and whether money has moved soon and late.
struct Shown {
    word: &'static str,
    http: u16,
    taken: bool,
    soon: Word,
    late: Word,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Nothing,
    Waits,
    InProcess,
    Done,
    Rejected,
}

use Word::{Done, InProcess, Nothing, Rejected, Waits};

const fn shown(word: &'static str, http: u16, taken: bool, soon: Word, late: Word) -> Shown {
    Shown { word, http, taken, soon, late }
}

const SCENARIOS: [Shown; 25] = [
    shown("completed", 201, true, Done, Done),
    shown("failure", 201, true, Rejected, Rejected),
    shown("forbidden", 403, false, Nothing, Nothing),
    shown("never_final", 201, true, InProcess, InProcess),
    shown("cancelled", 201, true, Rejected, Rejected),
    shown("insufficient_funds", 201, true, Rejected, Rejected),
    shown("never_started", 201, true, InProcess, InProcess),
    shown("declined", 201, true, Rejected, Rejected),
    shown("funds_in_words", 201, true, Rejected, Rejected),
    shown("permission_denied", 201, true, Rejected, Rejected),
    shown("customer", 201, true, Rejected, Rejected),
    shown("not_executed", 201, true, Rejected, Rejected),
    shown("silent_after_effect", 0, true, Done, Done),
    shown("silent_before_effect", 0, false, Nothing, Nothing),
    shown("error_after_effect", 500, true, Done, Done),
    shown("error_before_effect", 503, false, Nothing, Nothing),
    shown("too_many_requests", 429, false, Nothing, Nothing),
    shown("malformed_answer", 201, true, Done, Done),
    shown("wrong_signature", 201, true, Done, Done),
    shown("slow", 201, true, Done, Done),
    shown("late_execution", 201, true, Waits, Done),
    shown("rejected_after_accepted", 201, true, InProcess, Rejected),
    shown("missing_callback", 201, true, Done, Done),
    shown("duplicate_callback", 201, true, Done, Done),
    shown("expired_certificate", 401, false, Nothing, Nothing),
];

/// A consent with a keyword in its unstructured reference.
fn worded(amount: &str, reference: &str) -> Value {
    let mut body = consent_body(amount);
    let text = json!({ "Unstructured": format!("Rent {reference}."), "Reference": "R-1" });
    body["Data"]["Initiation"]["RemittanceInformation"] = text;
    body
}

/// Consent and approval by a customer: the consent's id and what the browser gets.
async fn approved_by(
    world: &World,
    bank: &str,
    (username, account): (&str, &str),
    body: &Value,
) -> (String, Reply) {
    let consent_id = world.create_consent(bank, body).await;
    let request = keys().jwt(&world.request_object(bank, &consent_id));
    let opened = world.authorize(bank, &request, &[]).await;
    let visit = opened.header("location").strip_suffix("/sign-in").unwrap().to_owned();
    let password = format!("{username}-pass");
    let fields = [("username", username), ("password", password.as_str())];
    world.post_form(&format!("{visit}/sign-in"), &fields).await;
    let fields = [("account", account), ("decision", "approve")];
    (consent_id, world.post_form(&format!("{visit}/consent"), &fields).await)
}

/// The code of an approval: in the address, or in the second of two links.
fn code_of(back: &Reply) -> Option<String> {
    let page = back.text();
    let link = page.split("href=\"").last().filter(|_| back.status == 200).unwrap_or_default();
    let link = link.split('"').next().unwrap_or_default().replace("&#38;", "&");
    let address = if back.status == 303 { back.header("location") } else { link.as_str() };
    let (_, fragment) = address.split_once('#')?;
    let mut pairs = url::form_urlencoded::parse(fragment.as_bytes());
    pairs.find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
}

async fn order(world: &World, bank: &str, customer: (&str, &str), body: &Value) -> (String, Reply) {
    let (consent_id, back) = approved_by(world, bank, customer, body).await;
    let code = code_of(&back).unwrap();
    let token = world.code_token(bank, &code).await.json();
    let token = token["access_token"].as_str().unwrap();
    let call = world.signed("/domestic-payments", token, &order_body(&consent_id, body));
    (consent_id, world.api(bank, call.broken()).await)
}

fn uk_open_banking(status: &Value) -> Word {
    match status.as_str() {
        None => Nothing,
        Some("Pending") => Waits,
        Some("AcceptedSettlementInProcess") => InProcess,
        Some("AcceptedSettlementCompleted") => Done,
        Some("Rejected") => Rejected,
        Some(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_scenario_at_uk_open_banking() {
    for scenario in SCENARIOS {
        let word = scenario.word;
        if ["expired_certificate", "missing_callback"].contains(&word) {
            continue; // No certificate is shown here; nobody comes back to send an order.
        }
        let world = World::new();
        let payer = ("alice", "70000112345601");
        let body = worded("12.34", &format!("SIM:{word}"));
        let before = world.balance(payer.1).await;
        let (consent_id, reply) = order(&world, "ob-modelo", payer, &body).await;
        assert_eq!(reply.status, scenario.http, "{word}: {}", reply.text());
        let books = world.books(&consent_id).await;
        assert_eq!(books["accepted"], i32::from(scenario.taken), "{word}");
        let broken = word == "malformed_answer" || [0, 429].contains(&reply.status);
        assert_eq!(serde_json::from_slice::<Value>(&reply.bytes).is_err(), broken, "{word}");
        if word == "wrong_signature" {
            assert!(!world.signature_verifies("ob-modelo", &reply).await);
        }
        for (pass, wanted) in [(2_000, scenario.soon), (SEVEN_HOURS_MS, scenario.late)] {
            world.environment.advance(pass);
            let status = world.books(&consent_id).await["order_status"].clone();
            assert_eq!(uk_open_banking(&status), wanted, "{word}");
            let paid = before - world.balance(payer.1).await;
            assert_eq!(paid, if wanted == Done { 1_234 } else { 0 }, "{word}");
        }
    }
}

#[tokio::test]
async fn a_missing_way_back_leads_nowhere_and_a_double_one_twice_to_the_same() {
    let world = World::new();
    for (bank, payer) in
        [("ob-modelo", ("alice", "70000112345601")), ("ob-iron", ("dave", "80000112345601"))]
    {
        let body = worded("12.34", "SIM:missing-callback");
        let (consent_id, page) = approved_by(&world, bank, payer, &body).await;
        assert_eq!((page.status, page.header("location")), (200, ""));
        assert!(!page.text().contains("href=") && !page.text().contains("action="));
        assert_eq!(world.books(&consent_id).await["consent_status"], "Authorised");
        let body = worded("12.34", "SIM:duplicate-callback");
        let (_, page) = approved_by(&world, bank, payer, &body).await;
        assert_eq!(page.text().matches(&format!("href=\"{REDIRECT_URI}#")).count(), 2);
    }
}

fn iso(status: &str) -> Word {
    match status {
        "ACTC" => Waits,
        "ACSP" => InProcess,
        "ACSC" => Done,
        "RJCT" => Rejected,
        other => panic!("{other}"),
    }
}

/// Runs a scenario at a bank and checks everything that shows.
async fn run_berlin(bank: &str, scenario: &Shown) {
    let (world, word) = (World::new(), scenario.word);
    let reference = format!("Rent SIM:{word}");
    let asked = Asked::at(bank, "12.34", &reference);
    let (account, embedded) = (asked.debtor.unwrap(), ["bg-ahorn", "bg-eiche"].contains(&bank));
    let before = world.balance(account).await;
    let created = world.next_gen_psd2_create(&asked).await;
    let refused = !scenario.taken;
    let wanted = if embedded && !refused { 201 } else { scenario.http };
    assert_eq!(created.status, wanted, "{bank}: {word}: {}", created.text());
    let payments = world.payments_at(bank).await;
    assert_eq!(payments.len(), usize::from(scenario.taken), "{bank}: {word}");
    let Some(payment) = payments.first() else { return };
    let id = payment["order_id"].as_str().unwrap();
    let last = world.next_gen_psd2_approve(&asked, id).await;
    if embedded {
        // The same as elsewhere, but the answer to the factor is a 200.
        let wanted = if scenario.http == 201 { 200 } else { scenario.http };
        assert_eq!(last.status, wanted, "{bank}: {word}: {}", last.text());
    }
    let struck = if embedded { &last } else { &created };
    let broken = word == "malformed_answer" || struck.status == 0;
    assert_eq!(serde_json::from_slice::<Value>(&struck.bytes).is_err(), broken, "{bank}: {word}");
    for (pass, wanted) in [(2_000, scenario.soon), (SEVEN_HOURS_MS, scenario.late)] {
        world.environment.advance(pass);
        let status = world.next_gen_psd2_status(bank, id).await;
        assert_eq!(iso(&status), wanted, "{bank}: {word}");
        let paid = before - world.balance(account).await;
        assert_eq!(paid, if wanted == Done { 1_234 } else { 0 }, "{bank}: {word}");
    }
}

#[tokio::test]
async fn every_scenario_at_nextgenpsd2_by_redirect_by_questions_and_in_the_app() {
    for bank in ["bg-linden", "bg-ahorn", "bg-eiche", "bg-birke"] {
        for scenario in &SCENARIOS {
            run_berlin(bank, scenario).await;
        }
    }
}

#[tokio::test]
async fn too_many_requests_are_too_many_once() {
    let world = World::new();
    for bank in ["bg-linden", "bg-ahorn"] {
        let asked = Asked::at(bank, "124", "Rent");
        let body = json!({
            "endToEndIdentification": "same",
            "instructedAmount": { "currency": "EUR", "amount": "124" },
            "creditorAccount": { "iban": "DE02120300000000202051" },
            "creditorName": "Customer Inc.",
        });
        let first = world.next_gen_psd2_create_as(&asked, body.clone()).await;
        assert_eq!((first.status, first.header("retry-after")), (429, "1"));
        assert_eq!(world.next_gen_psd2_create_as(&asked, body).await.status, 201);
    }
}

#[tokio::test]
async fn ways_back_of_a_bank_of_next_gen_psd2() {
    let world = World::new();
    for (word, links) in [("missing_callback", 0), ("duplicate_callback", 2)] {
        let reference = format!("SIM:{word}");
        let asked = Asked::at("bg-linden", "12.34", &reference);
        for decision in ["approve", "decline"] {
            let created = world.next_gen_psd2_create(&asked).await.json();
            let id = created["paymentId"].as_str().unwrap();
            let page = world.next_gen_psd2_decide(&asked, id, decision).await;
            assert_eq!((page.status, page.header("location")), (200, ""), "{word}");
            let found = page.text().matches("href=\"https://tpp.example/callback").count();
            assert_eq!(found, links, "{word}: {decision}");
            assert!(page.text().contains("<html lang=\"de\">"));
        }
    }
}

#[tokio::test]
async fn the_reference_counts_more_than_the_customer_who_counts_more_than_the_amount() {
    // Oliver's payments are accepted and rejected later; 119 is rejected at once.
    let world = World::new();
    let oliver = ("oliver", "70000156789001");
    for (amount, reference, customer, wanted) in [
        ("119.00", "", oliver, InProcess),
        ("119.00", "SIM:completed", oliver, Done),
        ("119.00", "", ("alice", "70000112345601"), Rejected),
        ("118.99", "", ("alice", "70000112345601"), Done),
    ] {
        let body = worded(amount, reference);
        let (consent_id, reply) = order(&world, "ob-modelo", customer, &body).await;
        assert_eq!(reply.status, 201);
        world.environment.advance(2_000);
        let status = world.books(&consent_id).await["order_status"].clone();
        assert_eq!(uk_open_banking(&status), wanted, "{amount} {reference} {customer:?}");
    }
    // Whose account is named is known from the start, at banks that want it.
    let linus = Asked {
        username: "linus",
        debtor: Some("DE58700202700000002007"),
        ..Asked::at("bg-linden", "105", "Rent")
    };
    assert_eq!(world.next_gen_psd2_create(&linus).await.status, 0, "silent after the effect");
    let said = Asked { reference: "SIM:slow", ..linus };
    assert_eq!(world.next_gen_psd2_create(&said).await.status, 201);
}
