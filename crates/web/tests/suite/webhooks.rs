//! Webhooks: configuration, order, signature, stable ids, and patience with endpoints.

use std::collections::BTreeSet;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Endpoint, HOOKS_URL, World, id, order, worlds};

async fn subscribe(world: &World) {
    let config = json!({ "config": { "type": ["PAYMENT_STATUS_CHANGED"], "url": HOOKS_URL } });
    assert_eq!(world.put("/webhook/config", &config).await.status, 200);
}

fn statuses(world: &World) -> Vec<String> {
    let text = |hook: &serde_json::Value| hook["payment"]["status"].as_str().unwrap().to_owned();
    world.wire.hooks().iter().map(|hook| text(&hook.json())).collect()
}

#[tokio::test]
async fn every_change_is_told_in_order_and_signed() {
    for world in worlds().await {
        subscribe(&world).await;
        let id = world.approved(&order()).await;
        world.half_a_minute().await;
        let expected = [
            "INITIATION_PENDING",
            "INITIATION_PENDING_REDIRECT_AUTH",
            "INITIATION_PENDING_REDIRECT_AUTH_VERIFICATION",
            "INITIATION_PENDING_REDEMPTION",
            "INITIATION_PENDING_REDEMPTION_VERIFICATION",
            "INITIATION_PROCESSING",
            "INITIATION_COMPLETED",
        ];
        assert_eq!(statuses(&world), expected, "{}", world.name);
        let key = URL_SAFE_NO_PAD.decode(world.app.gateway_key().public_key()).unwrap();
        let key = UnparsedPublicKey::new(&ED25519, key);
        let mut ids = BTreeSet::new();
        for hook in world.wire.hooks() {
            assert_eq!((hook.url.as_str(), hook.taken), (HOOKS_URL, true));
            let event = hook.json();
            assert_eq!(event["payment"]["id"], id);
            assert_eq!(event["eventType"], "PAYMENT_STATUS_CHANGED");
            assert_eq!(hook.header("token-event"), "PAYMENT_STATUS_CHANGED");
            let signature = URL_SAFE_NO_PAD.decode(hook.header("token-signature")).unwrap();
            key.verify(event.to_string().as_bytes(), &signature).unwrap();
            assert!(ids.insert(event["id"].as_str().unwrap().to_owned()), "an id came twice");
        }
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_gets_the_same_event_again_before_any_later_one() {
    for world in worlds().await {
        subscribe(&world).await;
        world.wire.script_endpoint([Endpoint::Answers(500), Endpoint::Answers(404)]);
        let id = id(&world.create(&order()).await);
        world.settle().await;
        assert_eq!(statuses(&world), ["INITIATION_PENDING"], "{}", world.name);
        world.pass(SignedDuration::from_mins(9)).await;
        assert_eq!(world.wire.hooks().len(), 1, "too early");
        world.pass(SignedDuration::from_mins(1)).await;
        assert_eq!(world.wire.hooks().len(), 2);
        world.pass(SignedDuration::from_mins(20)).await;
        let told =
            ["INITIATION_PENDING"; 3].into_iter().chain(["INITIATION_PENDING_REDIRECT_AUTH"]);
        assert_eq!(statuses(&world), told.collect::<Vec<_>>());
        let first = &world.wire.hooks()[..3];
        let ids: BTreeSet<String> =
            first.iter().map(|hook| hook.json()["id"].to_string()).collect();
        assert_eq!(ids.len(), 1, "{id}: the same event has one id");
    }
}

#[tokio::test]
async fn an_endpoint_that_never_answers_is_given_up_after_nine_attempts() {
    for world in worlds().await {
        subscribe(&world).await;
        let silent = [Endpoint::Silent; 8].into_iter();
        world.wire.script_endpoint(silent.chain([Endpoint::Unreachable]));
        world.create(&order()).await;
        world.settle().await;
        for _ in 0..72 * 6 {
            world.pass(SignedDuration::from_mins(10)).await;
        }
        let of_first =
            statuses(&world).iter().filter(|status| *status == "INITIATION_PENDING").count();
        assert!(world.wire.hooks()[..8].iter().all(|hook| !hook.taken));
        assert_eq!(of_first, 8, "{}", world.name);
        assert_eq!(statuses(&world).last().unwrap(), "INITIATION_EXPIRED");
    }
}

#[tokio::test]
async fn every_2xx_is_success_whatever_the_body() {
    for world in worlds().await {
        subscribe(&world).await;
        world.wire.script_endpoint([
            Endpoint::UnreadableBody,
            Endpoint::Answers(201),
            Endpoint::Answers(204),
            Endpoint::Answers(299),
        ]);
        world.approved(&order()).await;
        world.half_a_minute().await;
        let told = statuses(&world);
        assert_eq!(told.last().unwrap(), "INITIATION_COMPLETED", "{}", world.name);
        assert_eq!(told.len(), 7, "nothing came twice: {told:?}");
    }
}

#[tokio::test]
async fn a_configuration_that_comes_back_gets_what_waited() {
    for world in worlds().await {
        subscribe(&world).await;
        world.wire.script_endpoint([Endpoint::Answers(500)]);
        world.create(&order()).await;
        world.settle().await;
        assert_eq!(world.delete("/webhook/config").await.status, 200);
        for _ in 0..60 * 6 {
            world.pass(SignedDuration::from_mins(10)).await;
        }
        assert_eq!(statuses(&world), ["INITIATION_PENDING"], "{}: nowhere to send", world.name);
        subscribe(&world).await;
        world.settle().await;
        let expected =
            ["INITIATION_PENDING", "INITIATION_PENDING", "INITIATION_PENDING_REDIRECT_AUTH"];
        assert_eq!(statuses(&world), expected, "{}: at once, in order", world.name);
    }
}

#[tokio::test]
async fn without_a_configuration_events_are_given_up_after_72_hours() {
    for world in worlds().await {
        subscribe(&world).await;
        world.wire.script_endpoint([Endpoint::Answers(500)]);
        world.create(&order()).await;
        world.settle().await;
        assert_eq!(world.delete("/webhook/config").await.status, 200);
        for _ in 0..72 * 6 {
            world.pass(SignedDuration::from_mins(10)).await;
        }
        subscribe(&world).await;
        world.settle().await;
        assert_eq!(statuses(&world), ["INITIATION_PENDING"], "{}", world.name);
    }
}

#[tokio::test]
async fn the_configuration_is_one_per_member_and_checked() {
    for world in worlds().await {
        assert_eq!(world.get("/webhook/config").await.status, 404);
        assert_eq!(world.delete("/webhook/config").await.status, 404);
        for config in [
            json!({}),
            json!({ "config": { "type": [], "url": HOOKS_URL } }),
            json!({ "config": { "type": ["NONSENSE"], "url": HOOKS_URL } }),
            json!({ "config": { "type": "PAYMENT_STATUS_CHANGED", "url": HOOKS_URL } }),
            json!({ "config": { "type": ["PAYMENT_STATUS_CHANGED"], "url": "nowhere" } }),
            json!({ "config": { "type": ["PAYMENT_STATUS_CHANGED"], "url": "ftp://a.example/" } }),
        ] {
            assert_eq!(world.put("/webhook/config", &config).await.status, 400, "{config}");
        }
        subscribe(&world).await;
        let config = world.get("/webhook/config").await.json();
        assert_eq!(config["config"]["url"], HOOKS_URL);
        assert_eq!(world.delete("/webhook/config").await.status, 200);
        assert_eq!(world.get("/webhook/config").await.status, 404);
        world.create(&order()).await;
        world.settle().await;
        assert_eq!(world.wire.hooks().len(), 0, "nobody asked for it");
    }
}

/// A member that subscribes to everything keeps working when the next kind of event is built.
#[tokio::test]
async fn every_published_type_but_invalid_can_be_subscribed_to() {
    let types: Vec<&str> = domain::event::EventKind::ALL.iter().map(|kind| kind.name()).collect();
    for world in worlds().await {
        let config = json!({ "config": { "type": types, "url": HOOKS_URL } });
        assert_eq!(world.put("/webhook/config", &config).await.status, 200);
        assert_eq!(world.get("/webhook/config").await.json(), config);
        for wrong in ["INVALID", "NONSENSE", "payment_status_changed", ""] {
            let config = json!({ "config": { "type": [types[0], wrong], "url": HOOKS_URL } });
            let answer = world.put("/webhook/config", &config).await;
            assert_eq!(answer.status, 400, "{wrong}: {}", answer.text());
        }
        if let Some(published) = crate::conformance::published() {
            let words = &published["components"]["schemas"]["EventType"]["enum"];
            let words = words.as_array().unwrap().iter().map(|word| word.as_str().unwrap());
            let words: BTreeSet<&str> = words.filter(|word| *word != "INVALID").collect();
            assert_eq!(words, types.iter().copied().collect());
        }
    }
}
