//! The effect of the bank's answer to the opening on a new payment (reference, section 1.6).

use std::cell::Cell;

use axum::body::Body;
use http::Request;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Answer, Fault, HOST, World, id, order, worlds};

const OPENING: &str = "create-domestic-payment-consent";

/// `POST /v2/payments` with a header `request-timeout`.
async fn create_with_timeout(world: &World, timeout: Option<&str>) -> Answer {
    let body = order().to_string();
    let bearer = world.member.bearer(world.now(), "POST", "/v2/payments", body.as_bytes());
    let mut request =
        Request::post("/v2/payments").header("host", HOST).header("authorization", bearer);
    if let Some(timeout) = timeout {
        request = request.header("request-timeout", timeout);
    }
    world.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_slow_bank_is_waited_for_as_long_as_the_client_says_and_then_goes_on_by_itself() {
    let cases = [
        (Some("5"), 5),
        (Some("1"), 1),
        (Some("120"), 120),
        (None, 25),
        (Some("0"), 25),
        (Some("121"), 25),
        (Some("-1"), 25),
        (Some("soon"), 25),
    ];
    for (timeout, seconds) in cases {
        for world in worlds().await {
            world.wire.plan(OPENING, Fault::HeldBefore, 1);
            let answered = Cell::new(false);
            let asking = async {
                let answer = create_with_timeout(&world, timeout).await;
                answered.set(true);
                answer
            };
            let waiting = async {
                world.wire.until_held().await;
                world.clock.advance(SignedDuration::from_millis(seconds * 1_000 - 1));
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                assert!(!answered.get(), "{timeout:?}: answered too early");
                world.clock.advance(SignedDuration::from_millis(1));
            };
            let (answer, ()) = tokio::join!(asking, waiting);
            assert_eq!(answer.status, 200, "{timeout:?}: {}", answer.text());
            let payment = answer.json()["payment"].clone();
            assert_eq!(payment["status"], "INITIATION_PENDING");
            assert!(payment["authentication"].is_null());
            world.wire.release();
            world.settle().await;
            let payment = world.payment(&id(&payment)).await;
            assert_eq!(payment["status"], "INITIATION_PENDING_REDIRECT_AUTH");
            assert!(payment["authentication"]["redirectUrl"].is_string());
            assert_eq!(world.at_the_bank(&id(&payment)).await.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_bank_that_is_down_is_asked_five_times_and_then_the_payment_has_failed() {
    for operation in [OPENING, "discover", "get-keys", "get-client-token"] {
        for fault in [Fault::NotSent, Fault::LostBefore, Fault::Instead(503), Fault::Instead(500)] {
            for world in worlds().await {
                world.wire.plan(operation, fault, 5);
                let id = id(&world.create(&order()).await);
                let what = format!("{}: {operation} {fault:?}", world.name);
                assert_eq!(world.status(&id).await, "INITIATION_PENDING", "{what}");
                for seconds in [1, 2, 4] {
                    world.pass(SignedDuration::from_secs(seconds)).await;
                    assert_eq!(world.status(&id).await, "INITIATION_PENDING", "{what}");
                }
                world.pass(SignedDuration::from_secs(8)).await;
                let payment = world.payment(&id).await;
                assert_eq!(payment["status"], "INITIATION_FAILED", "{what}");
                assert_eq!(payment["errorInfo"]["httpErrorCode"], 503, "{what}");
                assert_eq!(payment["errorInfo"]["tokenExternalError"], true, "{what}");
                assert!(payment["statusReasonInformation"].is_string(), "{what}");
                assert_eq!(world.wire.count(operation), 5, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_bank_that_comes_back_in_time_is_used() {
    for world in worlds().await {
        world.wire.plan(OPENING, Fault::NotSent, 4);
        let id = id(&world.create(&order()).await);
        for seconds in [1, 2, 4, 8] {
            world.pass(SignedDuration::from_secs(seconds)).await;
        }
        assert_eq!(world.status(&id).await, "INITIATION_PENDING_REDIRECT_AUTH");
    }
}

#[tokio::test]
async fn a_lost_answer_to_the_opening_makes_no_second_consent() {
    for fault in [Fault::LostAfter, Fault::After(500), Fault::CutOff, Fault::Garbage] {
        for world in worlds().await {
            world.wire.plan(OPENING, fault, 1);
            let id = id(&world.create(&order()).await);
            world.pass(SignedDuration::from_secs(1)).await;
            assert_eq!(world.status(&id).await, "INITIATION_PENDING_REDIRECT_AUTH", "{fault:?}");
            assert_eq!(world.at_the_bank(&id).await.len(), 1, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_bank_that_says_no_to_the_opening_has_rejected_the_payment() {
    for world in worlds().await {
        world.wire.plan(OPENING, Fault::Instead(400), 1);
        let payment = world.create(&order()).await;
        assert_eq!(payment["status"], "INITIATION_REJECTED");
        assert_eq!(payment["errorInfo"]["httpErrorCode"], 400);
        assert_eq!(payment["errorInfo"]["tokenExternalError"], true);
        assert!(payment["authentication"].is_null());
        world.pass(SignedDuration::from_mins(10)).await;
        assert_eq!(world.wire.count(OPENING), 1);
    }
}

#[tokio::test]
async fn the_payers_address_and_browser_reach_the_bank_only_where_they_are_what_they_say() {
    for world in worlds().await {
        for (address, agent) in [("172.16.254.1", "Browser/1.0"), ("not an address", "é")] {
            let body = order().to_string();
            let bearer = world.member.bearer(world.now(), "POST", "/v2/payments", body.as_bytes());
            let request = Request::post("/v2/payments")
                .header("host", HOST)
                .header("authorization", bearer)
                .header("token-customer-ip-address", address)
                .header("token-customer-user-agent", agent.as_bytes())
                .body(Body::from(body))
                .unwrap();
            let answer = world.send(request).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let exchanges = world.bank_json("/sim/exchanges").await;
        let openings: Vec<_> = exchanges
            .as_array()
            .unwrap()
            .iter()
            .filter(|exchange| exchange["path_template"] == "/domestic-payment-consents")
            .map(|exchange| &exchange["request_headers"])
            .collect();
        assert_eq!(openings[0]["x-fapi-customer-ip-address"], "172.16.254.1");
        assert_eq!(openings[0]["x-customer-user-agent"], "Browser/1.0");
        assert_eq!(openings[1].get("x-fapi-customer-ip-address"), None);
        assert_eq!(openings[1].get("x-customer-user-agent"), None::<&serde_json::Value>);
        assert_ne!(openings[0]["x-idempotency-key"], json!(null));
    }
}
