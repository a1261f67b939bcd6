//! Header `Idempotency-Key`: a request that is repeated is carried out once and answered alike,
//! whatever became of the first answer.

use axum::body::Body;
use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Fault, Key, World, assert_error, id, order, order_of, with, worlds};

const OPENING: &str = "create-domestic-payment-consent";
const KEY: &str = "Idempotency-Key";

pub fn keyed(world: &World, path: &str, body: &Value, key: &str) -> Request<Body> {
    world.request("POST", path, body.to_string().as_bytes(), &[(KEY, key)])
}

async fn create(world: &World, body: &Value, key: &str) -> Answer {
    world.send(keyed(world, "/v2/payments", body, key)).await
}

async fn payments(world: &World) -> usize {
    world.get("/v2/payments").await.json()["payments"].as_array().unwrap().len()
}

fn assert_in_progress(answer: &Answer) {
    let message =
        "The first request with this `Idempotency-Key` is still being carried out. Try again.";
    let error =
        json!({ "errorCode": "Idempotency.InProgress", "message": message, "paymentId": "" });
    assert_error(answer, 409, error);
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn the_same_request_is_carried_out_once_and_answered_alike() {
    for world in worlds().await {
        let first = create(&world, &order(), "key-1").await;
        assert_eq!(first.status, 200, "{}", first.text());
        assert_eq!(first.header("idempotent-replayed"), "");
        let payment = id(&first.json()["payment"]);
        // The payment continues; the answer does not.
        world.decide(&first.json()["payment"], crate::support::Decision::Approve).await;
        let again = create(&world, &order(), "key-1").await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.header("content-type"), "application/json");
        assert_eq!(payments(&world).await, 1);
        assert_eq!(world.at_the_bank(&payment).await.len(), 1);
        let underscores = [("idempotency_key", "key-1")];
        let body = order().to_string();
        let request = world.request("POST", "/v2/payments", body.as_bytes(), &underscores);
        assert_eq!(world.send(request).await.body, first.body);
        assert_eq!(payments(&world).await, 1);
    }
}

/// Clients build the body again for the second try, and not every language keeps the order.
#[tokio::test]
async fn the_same_value_written_otherwise_is_the_same_request() {
    let body = r#"{"pispConsentAccepted":true,"initiation":INITIATION}"#;
    for world in worlds().await {
        let first = create(&world, &order(), "key-1").await;
        let spaced = serde_json::to_string_pretty(&order()["initiation"]).unwrap();
        let text = body.replace("INITIATION", &spaced);
        assert_ne!(text, order().to_string());
        let request = world.request("POST", "/v2/payments", text.as_bytes(), &[(KEY, "key-1")]);
        let again = world.send(request).await;
        assert_eq!((again.status, &again.body), (200, &first.body), "{}", again.text());
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(payments(&world).await, 1);
    }
}

#[tokio::test]
async fn another_key_another_member_and_another_route_are_other_requests() {
    for mut world in worlds().await {
        create(&world, &order(), "key-1").await;
        create(&world, &order(), "key-2").await;
        world.create(&order()).await;
        assert_eq!(payments(&world).await, 3);
        let body = json!({ "keyAlgorithm": "RS256", "publicKey": Key::rsa().pem() });
        let path = format!("/member/{}/keys", world.member.id);
        let registered = world.send(keyed(&world, &path, &body, "key-1")).await;
        assert_eq!(registered.status, 200, "{}", registered.text());
        assert_eq!(registered.header("idempotent-replayed"), "");
        let again = world.send(keyed(&world, &path, &body, "key-1")).await;
        assert_eq!(again.body, registered.body);
        assert_eq!(again.header("idempotent-replayed"), "true");
        let World { member, other, .. } = &mut world;
        std::mem::swap(member, other);
        let of_other = create(&world, &order(), "key-1").await;
        assert_eq!(of_other.header("idempotent-replayed"), "");
        assert_eq!(payments(&world).await, 1);
    }
}

#[tokio::test]
async fn the_key_of_another_body_is_refused() {
    for world in worlds().await {
        create(&world, &order(), "key-1").await;
        let answer = create(&world, &with(&order(), "initiation.refId", "OTHER"), "key-1").await;
        let error = json!({
            "errorCode": "Idempotency.KeyReused", "paymentId": "",
            "message": "This `Idempotency-Key` came before with another body: use a new key.",
        });
        assert_error(&answer, 422, error);
        assert_eq!(payments(&world).await, 1);
    }
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_unused() {
    for world in worlds().await {
        let wrong = with(&order(), "initiation.amount.value", "0");
        assert_eq!(create(&world, &wrong, "key-1").await.status, 400);
        let right = create(&world, &order(), "key-1").await;
        assert_eq!((right.status, right.header("idempotent-replayed")), (200, ""));
    }
}

#[tokio::test]
async fn a_key_has_bounds() {
    for world in worlds().await {
        for (key, status) in [("", 400), (&"k".repeat(256), 400), (&"k".repeat(255), 200)] {
            let answer = create(&world, &order(), key).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            if status == 400 {
                let error = json!({
                    "errorCode": "Field.InvalidFormat", "paths": [KEY],
                    "message": "`Idempotency-Key` should be 1 to 255 characters of ASCII.",
                });
                assert_error(&answer, 400, error);
            }
        }
        assert_eq!(payments(&world).await, 1);
    }
}

#[tokio::test]
async fn a_repetition_while_the_first_request_waits_for_its_bank_has_to_wait() {
    for world in worlds().await {
        world.wire.plan(OPENING, Fault::HeldBefore, 1);
        let repeating = async {
            world.wire.until_held().await;
            assert_in_progress(&create(&world, &order(), "key-1").await);
            world.wire.release();
        };
        let body = order();
        let (first, ()) = tokio::join!(create(&world, &body, "key-1"), repeating);
        assert_eq!(first.status, 200, "{}", first.text());
        let again = create(&world, &order(), "key-1").await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        assert_eq!(payments(&world).await, 1);
    }
}

#[tokio::test]
async fn requests_that_come_at_the_same_moment_make_one_payment() {
    for world in worlds().await {
        let body = order();
        let requests = (0..8).map(|_| create(&world, &body, "key-1"));
        let answers = futures_util::future::join_all(requests).await;
        let mut made = vec![];
        for answer in &answers {
            match answer.status {
                200 => made.push(id(&answer.json()["payment"])),
                _ => assert_in_progress(answer),
            }
        }
        made.dedup();
        assert_eq!((made.len(), payments(&world).await), (1, 1), "{}", world.name);
    }
}

#[tokio::test]
async fn after_a_crash_the_repetition_gets_the_payment_and_makes_no_second_one() {
    for mut world in worlds().await {
        world.wire.plan(OPENING, Fault::HeldBefore, 1);
        {
            let body = order();
            let first = create(&world, &body, "key-1");
            let held = world.wire.until_held();
            // The process ends while the bank is asked: the first answer is never given.
            tokio::select! {
                answer = first => panic!("answered: {}", answer.text()),
                () = held => {}
            }
        }
        assert_in_progress(&create(&world, &order(), "key-1").await);
        world.restart().await;
        world.settle().await;
        let again = create(&world, &order(), "key-1").await;
        assert_eq!(again.status, 200, "{}", again.text());
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.json()["payment"]["status"], "INITIATION_PENDING_REDIRECT_AUTH");
        assert_eq!(payments(&world).await, 1);
        assert_eq!(create(&world, &order(), "key-1").await.body, again.body);
        world.wire.release();
    }
}

#[tokio::test]
async fn answers_to_the_banks_questions_are_taken_once() {
    for world in worlds().await {
        let order = order_of("bg-ahorn", "10.23");
        let order = with(&order, "initiation.localInstrument", "SEPA");
        let order = with(&order, "initiation.amount.currency", "EUR");
        let creditor = json!({ "iban": "DE02120300000000202051", "name": "Customer Inc." });
        let order = with(&order, "initiation.creditor", creditor);
        let debtor = json!({ "iban": "DE32370400440000001036", "name": "Payer" });
        let payment = world.create(&with(&order, "initiation.debtor", debtor)).await;
        let path = format!("/v2/payments/{}/embedded-auth", id(&payment));
        let mut answers = serde_json::Map::new();
        for field in payment["authentication"]["fields"].as_array().unwrap() {
            answers.insert(field["id"].as_str().unwrap().to_owned(), json!("nobody"));
        }
        let body = json!({ "embeddedAuth": answers });
        let first = world.send(keyed(&world, &path, &body, "key-1")).await;
        assert_eq!(first.status, 200, "{}", first.text());
        let asked = world.bank_json("/sim/exchanges").await;
        let again = world.send(keyed(&world, &path, &body, "key-1")).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(world.bank_json("/sim/exchanges").await, asked);
    }
}

#[tokio::test]
async fn keys_are_kept_for_thirty_days() {
    for world in worlds().await {
        let first = create(&world, &order(), "key-1").await;
        world.clock.advance(SignedDuration::from_hours(30 * 24));
        gateway::housekeeping::delete_old(&world.app).await.unwrap();
        assert_eq!(create(&world, &order(), "key-1").await.body, first.body);
        world.clock.advance(SignedDuration::from_millis(1));
        gateway::housekeeping::delete_old(&world.app).await.unwrap();
        let new = create(&world, &order(), "key-1").await;
        assert_eq!((new.status, new.header("idempotent-replayed")), (200, ""));
        assert_eq!(payments(&world).await, 2);
    }
}
