//! `POST /token-requests`, repeated with its `Idempotency-Key`.

use domain::token_request::RequestText;
use gateway::idempotency::IdempotencyKey;
use gateway::token_requests::{self, NewTokenRequest};

use crate::support::{with, worlds};

const KEY: &str = "Idempotency-Key";

#[tokio::test]
async fn a_token_request_with_a_key_is_stored_once() {
    for world in worlds().await {
        let body = world.token_request().to_string();
        let send = || world.request("POST", "/token-requests", body.as_bytes(), &[(KEY, "key-1")]);
        let first = world.send(send()).await;
        assert_eq!(first.status, 200, "{}", first.text());
        let again = world.send(send()).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
}

#[tokio::test]
async fn after_a_crash_the_repetition_gets_the_token_request() {
    for mut world in worlds().await {
        let body = world.token_request();
        world.store(&body).await;
        let member = gateway::Member::authenticated(world.member.id.clone());
        let stored = token_requests::of_reference(&world.app, &member, "ORDER-1001").await.unwrap();
        // The next request is recorded, and the process ends before it is answered.
        let body = with(&body, "requestPayload.refId", "ORDER-1002").to_string();
        let key = IdempotencyKey::new(&member, "POST /token-requests", "key-1", body.as_bytes());
        let mut initiation = stored.initiation;
        initiation.order.ref_id = "ORDER-1002".to_owned();
        let new = NewTokenRequest {
            asked: RequestText(body.clone()),
            initiation,
            payees: stored.payees,
            destinations_url: None,
            receipt_to: None,
        };
        let made = token_requests::create(&world.app, &member, new, Some(key));
        let made = made.await.unwrap();
        world.restart().await;
        let request = world.request("POST", "/token-requests", body.as_bytes(), &[(KEY, "key-1")]);
        let again = world.send(request).await;
        assert_eq!(again.status, 200, "{}", again.text());
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.json()["tokenRequest"]["id"], made.id.as_str());
    }
}
