//! `GET /v2/payments/{paymentId}`: looking at a payment has its bank asked what became of the
//! order, but not more often than banks bear.

use std::cell::Cell;

use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Answer, Fault, World, assert_error, order_of, worlds};

const QUESTION: &str = "get-domestic-payment";

/// A payment at whose bank nothing moves, two hours after its order; questions are far apart then.
async fn old_payment(world: &World) -> String {
    let id = world.approved(&order_of("mock-redirect", "105")).await;
    for _ in 0..8 {
        world.pass(SignedDuration::from_mins(15)).await;
    }
    assert_eq!(world.status(&id).await, "INITIATION_PROCESSING");
    world.settle().await;
    id
}

async fn look(world: &World, id: &str, query: &str, timeout: Option<&str>) -> Answer {
    let path = format!("/v2/payments/{id}");
    let bearer = world.member.bearer(world.now(), "GET", &path, b"");
    let mut request = http::Request::get(format!("{path}{query}"))
        .header("host", crate::support::HOST)
        .header("authorization", bearer);
    if let Some(timeout) = timeout {
        request = request.header("request-timeout", timeout);
    }
    world.send(request.body(axum::body::Body::empty()).unwrap()).await
}

#[tokio::test]
async fn looking_costs_a_bank_at_most_one_question_a_minute() {
    for world in worlds().await {
        let id = old_payment(&world).await;
        let asked = || world.wire.count(QUESTION);
        let mut before = asked();
        // It was asked a moment ago.
        for timeout in [None, Some("5")] {
            look(&world, &id, "", timeout).await;
            world.settle().await;
            assert_eq!(asked(), before);
        }
        for timeout in [None, Some("5")] {
            world.clock.advance(SignedDuration::from_secs(60));
            for _ in 0..3 {
                look(&world, &id, "", timeout).await;
                world.settle().await;
            }
            assert_eq!(asked(), before + 1, "{}: {timeout:?}", world.name);
            before = asked();
        }
    }
}

#[tokio::test]
async fn an_update_may_be_skipped() {
    for world in worlds().await {
        let id = old_payment(&world).await;
        world.clock.advance(SignedDuration::from_secs(60));
        let before = world.wire.count(QUESTION);
        for query in ["?skipPaymentUpdate=true", "?skipPaymentUpdate=True"] {
            for timeout in [None, Some("5")] {
                let answer = look(&world, &id, query, timeout).await;
                assert_eq!(answer.json()["payment"]["status"], "INITIATION_PROCESSING");
                world.settle().await;
            }
        }
        assert_eq!(world.wire.count(QUESTION), before);
        look(&world, &id, "?skipPaymentUpdate=false", None).await;
        world.settle().await;
        assert_eq!(world.wire.count(QUESTION), before + 1);
        let wrong = look(&world, &id, "?skipPaymentUpdate=perhaps", None).await;
        let error = json!({
            "errorCode": "Field.InvalidFormat", "paths": ["skipPaymentUpdate"],
            "message": "`skipPaymentUpdate` should be true or false.",
        });
        assert_error(&wrong, 400, error);
    }
}

/// A payment that its bank has executed two hours ago, and could not be asked about since.
async fn executed_unseen(world: &World) -> String {
    let id = world.approved(&order_of("ob-modelo", "10.23")).await;
    world.wire.plan(QUESTION, Fault::LostAfter, 1_000);
    for _ in 0..8 {
        world.pass(SignedDuration::from_mins(15)).await;
    }
    assert_eq!(world.status(&id).await, "INITIATION_PROCESSING", "{}", world.name);
    world.settle().await;
    world.wire.forget_faults();
    world.clock.advance(SignedDuration::from_secs(60));
    id
}

#[tokio::test]
async fn the_banks_answer_is_waited_for_as_long_as_the_client_says() {
    for world in worlds().await {
        let id = executed_unseen(&world).await;
        world.wire.plan(QUESTION, Fault::HeldBefore, 1);
        let answered = Cell::new(false);
        let looking = async {
            let answer = look(&world, &id, "", Some("5")).await;
            answered.set(true);
            answer
        };
        let waiting = async {
            world.wire.until_held().await;
            world.clock.advance(SignedDuration::from_millis(4_999));
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert!(!answered.get(), "answered too early");
            world.clock.advance(SignedDuration::from_millis(1));
        };
        let (answer, ()) = tokio::join!(looking, waiting);
        assert_eq!(answer.json()["payment"]["status"], "INITIATION_PROCESSING");
        world.wire.release();
        world.settle().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
    }
}

#[tokio::test]
async fn what_the_bank_says_in_time_is_the_answer() {
    for world in worlds().await {
        let id = executed_unseen(&world).await;
        let answer = look(&world, &id, "", Some("5")).await;
        assert_eq!(answer.json()["payment"]["status"], "INITIATION_COMPLETED", "{}", world.name);
        // Who does not say how long has the answer at once, and the news next time.
        let id = executed_unseen(&world).await;
        let answer = look(&world, &id, "", None).await;
        assert_eq!(answer.json()["payment"]["status"], "INITIATION_PROCESSING");
        world.settle().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
    }
}
