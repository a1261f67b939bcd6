//! Faults that are planned by API, and what an operator moves by hand.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::next_gen_psd2::Asked;
use crate::support::*;

impl World {
    async fn post_json(&self, path: &str, body: &Value) -> Reply {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }

    async fn plan(&self, bank: Option<&str>, operation: &str, scenario: &str, times: u32) {
        let mut body = json!({ "operation": operation, "scenario": scenario, "times": times });
        if let Some(bank) = bank {
            body["bank"] = json!(bank);
        }
        let reply = self.post_json("/sim/faults", &body).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
    }

    async fn plans(&self) -> Value {
        self.get("/sim/faults").await.json()
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_plan_is_said_by_field() {
    let world = World::new();
    let good = json!({ "bank": "pl-dab", "operation": "any", "scenario": "slow", "times": 1 });
    for (field, value) in [
        ("bank", json!("nobody")),
        ("bank", json!(5)),
        ("operation", json!("sing")),
        ("operation", Value::Null),
        ("scenario", json!("sing")),
        ("scenario", Value::Null),
        ("times", json!(0)),
        ("times", json!(1_001)),
        ("times", json!(-1)),
        ("times", json!(1.5)),
        ("times", json!("1")),
        ("times", json!(u64::from(u32::MAX) + 2)),
        ("colour", json!("red")),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let reply = world.post_json("/sim/faults", &body).await;
        assert_eq!(reply.status, 400, "{field} {value}");
        assert_eq!(reply.json()["field"], field, "{}", reply.text());
    }
    for operation in ["confirm", "status", "token"] {
        let body = json!({ "operation": operation, "scenario": "never_final" });
        let reply = world.post_json("/sim/faults", &body).await;
        assert_eq!((reply.status, reply.json()["field"].as_str()), (400, Some("operation")));
    }
    assert_eq!(world.post_json("/sim/faults", &json!([])).await.status, 400);
    assert_eq!(world.plans().await, json!([]), "nothing of this was planned");
    for _ in 0..100 {
        assert_eq!(world.post_json("/sim/faults", &good).await.status, 201);
    }
    assert_eq!(world.post_json("/sim/faults", &good).await.status, 409, "the list is bounded");
    assert_eq!(world.plans().await[99], good);
    let request = Request::delete("/sim/faults").body(Body::empty()).unwrap();
    assert_eq!(world.send(request).await.status, 204);
    assert_eq!(world.plans().await, json!([]));
}

#[tokio::test]
async fn a_planned_scenario_of_an_order_counts_more_than_everything_and_is_used_once() {
    let world = World::new();
    world.plan(Some("bg-linden"), "create", "never_final", 1).await;
    world.plan(None, "any", "failure", 1).await;
    for (bank, wanted) in
        [("bg-birke", "RJCT"), ("bg-linden", "ACSP"), ("bg-linden", "ACSC"), ("bg-birke", "ACSC")]
    {
        let asked = Asked::at(bank, "12.34", "SIM:completed");
        let created = world.next_gen_psd2_create(&asked).await.json();
        let id = created["paymentId"].as_str().unwrap();
        world.next_gen_psd2_approve(&asked, id).await;
        world.environment.advance(2_000);
        assert_eq!(world.next_gen_psd2_status(bank, id).await, wanted, "{bank}");
    }
    assert_eq!(world.plans().await, json!([]));
    world.plan(Some("ob-iron"), "create", "never_final", 1).await;
    let (consent_id, reply) = world.pay("ob-iron", "10.00").await;
    assert_eq!(reply.status, 201);
    world.environment.advance(2_000);
    let books = world.books(&consent_id).await;
    assert_eq!(books["order_status"], "AcceptedSettlementInProcess");
}

#[tokio::test]
async fn a_planned_fault_strikes_its_operation_at_its_bank_so_many_times() {
    let world = World::new();
    world.plan(Some("ob-iron"), "token", "error_before_effect", 2).await;
    let assertion = async || keys().jwt(&world.assertion("ob-iron"));
    let fields = [("grant_type", "client_credentials"), ("scope", "payments")];
    world.client_token("ob-modelo").await;
    for wanted in [503, 503, 200] {
        assert_eq!(world.token("ob-iron", &assertion().await, &fields).await.status, wanted);
    }
    let (consent_id, token) = world.authorised("ob-iron", &consent_body("10.00")).await;
    let path = format!("/domestic-payment-consents/{consent_id}");
    let client = world.client_token("ob-iron").await;
    let read = ApiCall::new("GET", &path, &client).broken();
    for (word, status) in [
        ("forbidden", 403),
        ("silent_before_effect", 0),
        ("silent_after_effect", 0),
        ("error_before_effect", 503),
        ("error_after_effect", 500),
        ("too_many_requests", 429),
        ("expired_certificate", 401),
        ("slow", 200),
        ("malformed_answer", 200),
        ("wrong_signature", 200),
    ] {
        world.plan(None, "status", word, 1).await;
        let reply = world.api("ob-iron", read.clone()).await;
        assert_eq!(reply.status, status, "{word}");
        let whole = serde_json::from_slice::<Value>(&reply.bytes).is_ok();
        assert_eq!(whole, status != 0 && word != "malformed_answer", "{word}");
        if status == 200 && whole {
            let verifies = world.signature_verifies("ob-iron", &reply).await;
            assert_eq!(verifies, word != "wrong_signature", "{word}");
        }
        assert_eq!(world.api("ob-iron", read.clone()).await.status, 200, "{word}: once");
    }
    // The order itself: the bank has it, though it said nothing; the repetition finds it.
    world.plan(None, "confirm", "silent_after_effect", 1).await;
    let body = order_body(&consent_id, &consent_body("10.00"));
    let call = world.signed("/domestic-payments", &token, &body).broken();
    assert_eq!(world.api("ob-iron", call.clone()).await.status, 0);
    assert_eq!(world.api("ob-iron", call).await.status, 201);
    assert_eq!(world.books(&consent_id).await["accepted"], 1);
}

#[tokio::test]
async fn planned_faults_speak_the_banks_standard() {
    let world = World::new();
    for (word, status, code) in [
        ("error_before_effect", 503, "SERVICE_UNAVAILABLE"),
        ("expired_certificate", 401, "CERTIFICATE_EXPIRED"),
        ("error_after_effect", 500, "INTERNAL_SERVER_ERROR"),
    ] {
        world.plan(Some("bg-linden"), "create", word, 1).await;
        let reply = world.next_gen_psd2_create(&Asked::at("bg-linden", "12.34", "Rent")).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.json()["tppMessages"][0]["code"], code, "{}", reply.text());
    }
    assert_eq!(world.payments_at("bg-linden").await.len(), 1, "one of them was after the effect");
    let exchanges = world.get("/sim/exchanges").await.json();
    assert_eq!(exchanges.as_array().unwrap().len(), 3, "a struck message is kept, too");
}

#[tokio::test]
async fn a_balance_is_set_and_no_money_is_made() {
    let world = World::new();
    let money = world.all_money().await;
    for (account, balance) in [("80000112345601", 5), ("DE65700202700000001008", 99_999_999)] {
        let body = json!({ "account": account, "balance_minor": balance });
        assert_eq!(world.post_json("/sim/balances", &body).await.status, 200);
        assert_eq!(world.balance(account).await, balance);
    }
    assert_eq!(world.all_money().await, money);
    for (field, body) in [
        ("account", json!({ "account": "outside", "balance_minor": 1 })),
        ("account", json!({ "account": "?", "balance_minor": 1 })),
        ("balance_minor", json!({ "account": "80000112345601", "balance_minor": -1 })),
        ("balance_minor", json!({ "account": "80000112345601", "balance_minor": 0.5 })),
        ("balance", json!({ "account": "80000112345601", "balance": 1 })),
    ] {
        let reply = world.post_json("/sim/balances", &body).await;
        assert_eq!((reply.status, reply.json()["field"].as_str()), (400, Some(field)));
    }
    let (consent_id, _) = world.pay("ob-iron", "10.00").await;
    world.environment.advance(2_000);
    assert_eq!(world.books(&consent_id).await["order_status"], "Rejected", "five pence are left");
}

#[tokio::test]
async fn an_order_is_moved_by_hand_until_it_has_its_last_status() {
    let world = World::new();
    let set = async |id: &str, status: &str| {
        let reply = world
            .post_json(&format!("/sim/orders/{id}/status"), &json!({ "status": status }))
            .await;
        (reply.status, reply.json()["status"].as_str().unwrap_or_default().to_owned())
    };
    let done = "AcceptedCreditSettlementCompleted".to_owned();
    for (amount, way) in [
        ("10.00", vec![("in_process", "AcceptedSettlementInProcess"), ("completed", &*done)]),
        ("103.00", vec![("completed", &*done)]),
        ("105.00", vec![("in_process", "AcceptedSettlementInProcess"), ("rejected", "Rejected")]),
    ] {
        let (_, reply) = world.pay("ob-iron", amount).await;
        let id = reply.json()["Data"]["DomesticPaymentId"].as_str().unwrap().to_owned();
        for (word, status) in way {
            assert_eq!(set(&id, word).await, (200, status.to_owned()), "{amount} {word}");
            world.environment.advance(3_600_000);
            let read = world.read("ob-iron", &format!("/domestic-payments/{id}")).await.json();
            assert_eq!(read["Data"]["Status"], status, "{amount} {word}: it stays");
        }
        assert_eq!(set(&id, "rejected").await.0, 409, "{amount}");
        assert_eq!(set(&id, "sing").await.0, 400);
    }
    assert_eq!(set("nobody", "rejected").await.0, 404);

    let asked = Asked::at("bg-tulp", "105", "Rent");
    let before = world.balance(asked.debtor.unwrap()).await;
    let id =
        world.next_gen_psd2_create(&asked).await.json()["paymentId"].as_str().unwrap().to_owned();
    assert_eq!(set(&id, "completed").await.0, 409, "nobody has approved it");
    world.next_gen_psd2_approve(&asked, &id).await;
    world.environment.advance(2_000);
    assert_eq!(set(&id, "in_process").await, (200, "ACTC".to_owned()));
    assert_eq!(set(&id, "completed").await, (200, "ACCP".to_owned()), "of what is never final");
    assert_eq!(before - world.balance(asked.debtor.unwrap()).await, 10_500);
    assert_eq!(set(&id, "rejected").await.0, 409);
}
