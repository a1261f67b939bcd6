//! The journal: the data that survives a restart, tolerated damage, and refused damage.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use http::Request;
use serde_json::json;
use simbank::StartError;

use crate::next_gen_psd2::Asked;
use crate::support::*;

/// A directory below the build's own temporary directory, empty at the start of the test.
fn directory(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    path
}

const JOURNAL: &str = "simbank-journal.jsonl";

#[tokio::test]
async fn a_second_start_continues_where_the_first_ended() {
    let path = directory("restart-continues");
    let first = World::open(Some(path.clone()), environment());
    let bank = "ob-iron";
    let (done_id, done) = first.pay(bank, "10.00").await;
    first.environment.advance(2_000);
    let order_id = done.json()["Data"]["DomesticPaymentId"].as_str().unwrap().to_owned();
    let order = first.read(bank, &format!("/domestic-payments/{order_id}")).await.json();
    let (_, waiting) = first.pay(bank, "20.00").await;
    let waiting = waiting.json()["Data"]["DomesticPaymentId"].as_str().unwrap().to_owned();
    let body = consent_body("30.00");
    let (consent_id, token) = first.authorised(bank, &body).await;
    let visited = first.create_consent(bank, &body).await;
    let visit = first.sign_in(bank, &visited, &[]).await;
    let jwks = first.get("/ob-iron/jwks").await.json();
    let environment = first.environment.clone();
    drop(first);

    let second = World::open(Some(path), environment);
    assert_eq!(second.get("/ob-iron/jwks").await.json(), jwks, "the key stays");
    let kept = second.read(bank, &format!("/domestic-payments/{order_id}")).await.json();
    assert_eq!(kept["Data"], order["Data"]);
    assert_eq!(second.books(&done_id).await["executed"], 1);
    assert_eq!(second.balance("80000112345601").await, 990_000 - 1_000);
    second.environment.advance(2_000);
    let found = second.read(bank, &format!("/domestic-payments/{waiting}")).await.json();
    assert_eq!(found["Data"]["Status"], "AcceptedCreditSettlementCompleted");
    assert_eq!(second.balance("80000112345601").await, 990_000 - 3_000);
    let call = second.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
    assert_eq!(second.api(bank, call).await.status, 201, "token and consent are known");
    let fields = [("account", "80000112345601"), ("decision", "approve")];
    let code = second.post_form(&format!("{visit}/consent"), &fields).await.fragment();
    assert_eq!(second.code_token(bank, &code["code"]).await.status, 200, "the visit went on");
}

#[tokio::test]
async fn a_repetition_after_a_restart_is_noticed() {
    let path = directory("restart-repetition");
    let first = World::open(Some(path.clone()), environment());
    let body = consent_body("10.00");
    let (consent_id, token) = first.authorised("ob-modelo", &body).await;
    let call = first.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
    let order = first.api("ob-modelo", call.clone()).await.json();
    let assertion = keys().jwt(&first.assertion("ob-modelo"));
    let fields = [("grant_type", "client_credentials"), ("scope", "payments")];
    assert_eq!(first.token("ob-modelo", &assertion, &fields).await.status, 200);

    let second = World::open(Some(path), first.environment.clone());
    let again = second.api("ob-modelo", call).await.json();
    assert_eq!(again["Data"]["DomesticPaymentId"], order["Data"]["DomesticPaymentId"]);
    assert_eq!(second.books(&consent_id).await["accepted"], 1);
    assert_eq!(second.token("ob-modelo", &assertion, &fields).await.status, 401, "jti used");
}

#[tokio::test]
async fn a_last_line_that_was_cut_off_is_dropped_wherever_it_was_cut() {
    let path = directory("restart-torn");
    let world = World::open(Some(path.clone()), environment());
    let money = world.all_money().await;
    let (consent_id, _) = world.pay("ob-modelo", "10.00").await;
    let before = fs::read(path.join(JOURNAL)).unwrap();
    world.environment.advance(2_000);
    assert_eq!(world.books(&consent_id).await["executed"], 1);
    let after = fs::read(path.join(JOURNAL)).unwrap();
    assert!(after.starts_with(&before) && after.len() > before.len() + 100);
    for length in [before.len() + 1, before.len() + 100, after.len() - 1] {
        fs::write(path.join(JOURNAL), &after[..length]).unwrap();
        let world = World::open(Some(path.clone()), environment());
        assert_eq!(world.books(&consent_id).await["executed"], 0, "{length}");
        assert_eq!(world.all_money().await, money, "the line was lost whole");
        world.environment.advance(2_000);
        assert_eq!(world.books(&consent_id).await["executed"], 1);
        assert_eq!(world.balance("70000112345601").await, 1_250_000 - 1_000);
    }
}

#[tokio::test]
async fn a_damaged_line_stops_the_start_and_is_named() {
    let path = directory("restart-damaged");
    drop(World::open(Some(path.clone()), environment()));
    let good = fs::read_to_string(path.join(JOURNAL)).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let damaged = ["{", "[[\"account\",\"x\",{}]]", "[[\"nonsense\",\"x\",{}]]", ""];
    for line in damaged {
        let text = format!("{}\n{line}\n{}\n", lines[0], lines[1..].join("\n"));
        fs::write(path.join(JOURNAL), text).unwrap();
        let error = simbank::router(options(Some(path.clone())), environment()).unwrap_err();
        assert!(matches!(error, StartError::Journal { line: 2, .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains(JOURNAL) && message.contains("line 2"), "{message}");
        assert!(!message.contains('\n'));
    }
}

#[tokio::test]
async fn the_journal_is_compacted_at_the_start() {
    let path = directory("restart-compacted");
    let world = World::open(Some(path.clone()), environment());
    for _ in 0..150 {
        world.client_token("ob-modelo").await;
    }
    let grown = fs::metadata(path.join(JOURNAL)).unwrap().len();
    world.environment.advance(25 * 3600 * 1000);
    drop(World::open(Some(path.clone()), world.environment.clone()));
    let compacted = fs::metadata(path.join(JOURNAL)).unwrap().len();
    assert!(compacted < grown / 2, "{compacted} of {grown} bytes");
}

#[test]
fn what_cannot_be_used_is_named() {
    let path = directory("restart-unusable");
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("simbank-signing-key.p8"), "not a key").unwrap();
    let error = simbank::router(options(Some(path.clone())), environment()).unwrap_err();
    assert!(matches!(error, StartError::KeyFile(_)), "{error}");

    let file = path.join("file");
    fs::write(&file, "").unwrap();
    let error = simbank::router(options(Some(file)), environment()).unwrap_err();
    assert!(matches!(error, StartError::DataDirectory { .. }), "{error}");

    let mut wrong = options(None);
    wrong.registrations[0].jwks = serde_json::json!({ "keys": [] });
    let error = simbank::router(wrong, Arc::clone(&environment()) as _).unwrap_err();
    assert!(error.to_string().contains(CLIENT_ID), "{error}");

    for url in ["nonsense", "http://localhost:8001/path", "http://localhost:8001?a=b"] {
        let mut wrong = options(None);
        wrong.public_url = Some(url.to_owned());
        let error = simbank::router(wrong, environment()).unwrap_err();
        assert!(matches!(error, StartError::PublicUrl(_)), "{error}");
    }
}

#[tokio::test]
async fn what_a_payment_is_to_meet_survives_and_what_is_only_planned_does_not() {
    let path = directory("restart-scenarios");
    let first = World::open(Some(path.clone()), environment());
    for _ in 0..2 {
        let plan = json!({ "bank": "bg-linden", "operation": "create", "scenario": "failure" });
        let request = Request::post("/sim/faults").body(Body::from(plan.to_string())).unwrap();
        assert_eq!(first.send(request).await.status, 201);
    }
    let asked = Asked::at("bg-linden", "12.34", "Rent");
    let planned = first.next_gen_psd2_create(&asked).await.json();
    let planned = planned["paymentId"].as_str().unwrap().to_owned();
    let later = Asked::at("bg-linden", "129", "SIM:rejected-after-accepted");
    let second_thought = first.next_gen_psd2_create(&later).await.json();
    let second_thought = second_thought["paymentId"].as_str().unwrap().to_owned();
    // The second plan was used by this payment, and counts more than its reference.
    first.next_gen_psd2_approve(&later, &second_thought).await;
    let third = first.next_gen_psd2_create(&later).await.json();
    let third = third["paymentId"].as_str().unwrap().to_owned();
    first.next_gen_psd2_approve(&later, &third).await;
    let (_, late) = first.pay("ob-iron", "128.00").await;
    let late = late.json()["Data"]["DomesticPaymentId"].as_str().unwrap().to_owned();
    first.environment.advance(2_000);
    assert_eq!(first.next_gen_psd2_status("bg-linden", &second_thought).await, "RJCT");
    assert_eq!(first.next_gen_psd2_status("bg-linden", &third).await, "ACSP");
    let plan = json!({ "operation": "any", "scenario": "failure", "times": 5 });
    let request = Request::post("/sim/faults").body(Body::from(plan.to_string())).unwrap();
    assert_eq!(first.send(request).await.status, 201);
    let environment = first.environment.clone();
    drop(first);

    let second = World::open(Some(path), environment);
    assert_eq!(second.get("/sim/faults").await.json(), json!([]));
    second.next_gen_psd2_approve(&asked, &planned).await;
    second.environment.advance(600_000);
    assert_eq!(second.next_gen_psd2_status("bg-linden", &planned).await, "RJCT");
    assert_eq!(second.next_gen_psd2_status("bg-linden", &third).await, "RJCT");
    let status = async || {
        let order = second.read("ob-iron", &format!("/domestic-payments/{late}")).await.json();
        order["Data"]["Status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status().await, "Pending");
    second.environment.advance(6 * 3_600_000);
    assert_eq!(status().await, "AcceptedCreditSettlementCompleted");
}

/// Earlier releases kept the orders of each standard in tables of their own.
#[tokio::test]
async fn a_journal_of_an_earlier_release_keeps_its_money_and_loses_its_orders() {
    let path = directory("restart-earlier");
    fs::create_dir_all(&path).unwrap();
    let account = json!({ "bank": "ob-modelo", "owner": "alice", "name": "Alice Archer",
        "balance_minor": 777 });
    let mut lines = format!("{}\n", json!([["account", "70000112345601", account]]));
    for table in ["consent", "order", "transfer", "token", "code", "authorisation"] {
        lines.push_str(&format!("{}\n", json!([[table, "x", { "bank": "ob-modelo" }]])));
    }
    fs::write(path.join(JOURNAL), lines).unwrap();
    let world = World::open(Some(path), environment());
    assert_eq!(world.balance("70000112345601").await, 777);
    assert_eq!(world.get("/sim/orders").await.json(), json!([]));
}
