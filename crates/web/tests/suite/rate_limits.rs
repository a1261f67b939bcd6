//! How often a member may call: headers on every answer to a signed request, and the refusal of
//! one too many, which changes nothing.

use std::collections::HashMap;

use gateway::rate_limits::RateLimit;
use http::Request;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Answer, World, assert_error, order, worlds, worlds_with};

/// Every member may send three requests at once and one every ten seconds.
const LIMIT: RateLimit = RateLimit { per_minute: 6, burst: 3 };
const MESSAGE: &str =
    "Too many requests: the header `Retry-After` says when the next one is taken.";

async fn limited() -> Vec<World> {
    worlds_with(|settings| settings.rate_limits.default = Some(LIMIT)).await
}

/// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`; empty where they are absent.
fn told(answer: &Answer) -> [&str; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| answer.header(name))
}

fn assert_refused(answer: &Answer, reset_s: &str, retry_after_s: &str) {
    let error =
        json!({ "errorCode": "RESOURCE_EXHAUSTED", "message": MESSAGE, "paymentId": MESSAGE });
    assert_error(answer, 429, error);
    assert_eq!(told(answer), ["3", "0", reset_s]);
    assert_eq!(answer.header("retry-after"), retry_after_s);
}

#[tokio::test]
async fn every_signed_request_is_counted_and_one_too_many_is_refused() {
    for world in limited().await {
        let list = world.get("/v2/payments").await;
        assert_eq!((list.status, told(&list)), (200, ["3", "2", "10"]));
        assert_eq!(list.header("retry-after"), "");
        let missing = world.get("/v2/payments/pm2:nothing:here").await;
        assert_eq!((missing.status, told(&missing)), (404, ["3", "1", "20"]), "an error, too");
        let banks = world.get("/banks").await;
        assert_eq!((banks.status, told(&banks)), (200, ["3", "0", "30"]), "signed, so counted");
        assert_refused(&world.get("/v2/payments").await, "30", "10");
        assert_refused(&world.post("/v2/payments", &order()).await, "30", "10");
        world.clock.advance(SignedDuration::from_secs(9));
        assert_refused(&world.get("/v2/payments").await, "21", "1");
        // After the stated wait the request is accepted; refusals have cost nothing.
        world.clock.advance(SignedDuration::from_secs(1));
        let later = world.get("/v2/payments").await;
        assert_eq!((later.status, told(&later)), (200, ["3", "0", "30"]));
        assert_eq!(later.json()["payments"], json!([]), "a refused order was carried out");
        world.clock.advance(SignedDuration::from_secs(3_600));
        assert_eq!(told(&world.get("/v2/payments").await), ["3", "2", "10"]);
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_each_family_of_errors() {
    for world in limited().await {
        for _ in 0..3 {
            world.get("/webhook/config").await;
        }
        let wish = |wish| [("token-json-error", wish)];
        let request = world.request("GET", "/webhook/config", b"", &wish("true"));
        let error = json!({
            "code": 429, "errorCode": "RESOURCE_EXHAUSTED", "error_origin": "token",
            "message": MESSAGE, "paymentId": MESSAGE,
        });
        let answer = world.send(request).await;
        let mut told_error = answer.json()["error"].clone();
        for name in ["tokenTraceId", "token_trace_id"] {
            let trace_id = told_error.as_object_mut().unwrap().remove(name);
            assert_eq!(trace_id.unwrap(), answer.header("token-trace-id"));
        }
        assert_eq!((answer.status, told_error), (429, error));
        let request = world.request("GET", "/webhook/config", b"", &wish("false"));
        let text = world.send_unjudged(request).await;
        assert_eq!((text.status, text.text()), (429, format!("RESOURCE_EXHAUSTED: {MESSAGE}")));
        assert_eq!((told(&text), text.header("retry-after")), (["3", "0", "30"], "10"));
    }
}

#[tokio::test]
async fn a_refused_request_changes_nothing_and_leaves_its_key_unused() {
    for world in limited().await {
        for _ in 0..3 {
            world.get("/v2/payments").await;
        }
        let body = order().to_string();
        let keyed = || {
            world.request("POST", "/v2/payments", body.as_bytes(), &[("Idempotency-Key", "key-1")])
        };
        assert_refused(&world.send(keyed()).await, "30", "10");
        let webhook = json!({ "config": { "url": "https://shop.example/hook", "type": [] } });
        assert_refused(&world.put("/webhook/config", &webhook).await, "30", "10");
        assert_eq!(world.settle().await, 0, "a refused request has left a job");
        assert_eq!(world.bank_json("/sim/orders").await, json!([]));
        world.clock.advance(SignedDuration::from_secs(30));
        assert_eq!(world.get("/webhook/config").await.status, 404);
        let created = world.send(keyed()).await;
        assert_eq!((created.status, created.header("idempotent-replayed")), (200, ""));
        assert_eq!(told(&created), ["3", "1", "20"]);
        // A repetition costs as much as any other request.
        let again = world.send(keyed()).await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(told(&again), ["3", "0", "30"]);
    }
}

#[tokio::test]
async fn members_have_limits_of_their_own_and_do_not_use_up_each_others() {
    let mut worlds = limited().await;
    for world in &mut worlds {
        let other = world.other.id.clone();
        let single = Some(RateLimit { per_minute: 60, burst: 1 });
        world.change_settings(|settings| {
            settings.rate_limits.by_member = HashMap::from([(other.clone(), single)]);
        });
        assert_eq!(told(&world.get("/v2/payments").await), ["3", "2", "10"]);
        let of_other = world.call(&world.other, "GET", "/v2/payments", b"").await;
        assert_eq!(told(&of_other), ["1", "0", "1"]);
        let of_other = world.call(&world.other, "GET", "/v2/payments", b"").await;
        assert_eq!((of_other.status, of_other.header("retry-after")), (429, "1"));
        assert_eq!(told(&world.get("/v2/payments").await), ["3", "1", "20"]);
        // Without a limit, among others that have one.
        world.change_settings(|settings| {
            settings.rate_limits.by_member = HashMap::from([(other.clone(), None)]);
        });
        for _ in 0..5 {
            let of_other = world.call(&world.other, "GET", "/v2/payments", b"").await;
            assert_eq!((of_other.status, told(&of_other)), (200, ["", "", ""]));
        }
    }
}

#[tokio::test]
async fn who_is_not_authenticated_is_not_counted() {
    for world in limited().await {
        let send = |path: &'static str, authorization: Option<String>| {
            let mut request = Request::get(path).header("host", "localhost:8000");
            if let Some(value) = authorization {
                request = request.header("authorization", value);
            }
            world.send(request.body(axum::body::Body::empty()).unwrap())
        };
        for _ in 0..4 {
            let banks = send("/banks", None).await;
            assert_eq!((banks.status, told(&banks)), (200, ["", "", ""]));
            // Nobody can use up a member's requests without its key.
            let mut claims = world.member.claims(world.now(), "GET", "/v2/payments");
            claims["path"] = "/other".into();
            let token = world.member.token(&claims, b"", crate::support::Payload::Detached);
            let refused = send("/v2/payments", Some(format!("Bearer {token}"))).await;
            assert_eq!((refused.status, told(&refused)), (401, ["", "", ""]));
        }
        let basic = send("/v2/payments", Some(world.member.basic.clone())).await;
        assert_eq!((basic.status, told(&basic)), (200, ["3", "2", "10"]));
    }
}

#[tokio::test]
async fn without_a_limit_nothing_is_said() {
    for world in worlds().await {
        for _ in 0..5 {
            let answer = world.get("/v2/payments").await;
            assert_eq!((answer.status, told(&answer)), (200, ["", "", ""]));
            assert_eq!(answer.header("retry-after"), "");
        }
    }
}
