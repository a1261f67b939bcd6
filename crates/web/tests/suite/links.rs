//! Payments whose payer comes by a link (`flowType` PAY_BY_LINK_HOSTED_PAGES).

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Decision, hosted_order, id, order, with, worlds};

const WAITS: &str = "INITIATION_PENDING_REDIRECT_PBL";

fn link() -> Value {
    with(&hosted_order(), "initiation.flowType", "PAY_BY_LINK_HOSTED_PAGES")
}

fn until(moment: &str) -> Value {
    with(&link(), "initiation.payByLinkOptions", json!({ "expiresDateTime": moment }))
}

#[tokio::test]
async fn a_payer_pays_days_later() {
    for world in worlds().await {
        let payment = world.create(&until("2026-01-20T10:00:00Z")).await;
        let id = id(&payment);
        assert_eq!(
            (&payment["status"], &payment["paymentLinkStatus"]),
            (&json!(WAITS), &json!("LINK_ACTIVE")),
            "{payment}"
        );
        let options = json!({ "expiresDateTime": "2026-01-20T10:00:00.000Z" });
        assert_eq!(payment["initiation"]["payByLinkOptions"], options);
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
        assert!(url.ends_with(&format!("/session/{id}")), "{url}");
        world.pass(SignedDuration::from_hours(14 * 24)).await;
        assert_eq!(world.status(&id).await, WAITS);
        let path = format!("/session/{id}");
        assert_eq!(world.submit(&path, &[("bank-id", "ob-iron")]).await.status, 303);
        // The payer's time to approve begins with that.
        world.pass(SignedDuration::from_mins(39)).await;
        let payment = world.payment(&id).await;
        assert_eq!(payment["status"], "INITIATION_PENDING_REDIRECT_AUTH", "{payment}");
        world.play_payer(&payment, Decision::Approve).await;
        world.half_a_minute().await;
        let payment = world.payment(&id).await;
        assert_eq!(payment["status"], "INITIATION_COMPLETED", "{payment}");
        assert_eq!(payment["paymentLinkStatus"], "LINK_REDEEMED");
        let listed = world.get("/v2/payments?limit=1&flowTypes=PAY_BY_LINK_HOSTED_PAGES").await;
        assert_eq!(listed.json()["payments"][0]["id"], id, "{}", listed.text());
    }
}

#[tokio::test]
async fn a_link_that_nobody_uses_ends() {
    for (body, hours) in [(link(), 24), (until("2026-01-05T13:00:00+01:00"), 2)] {
        for world in worlds().await {
            let id = id(&world.create(&body).await);
            world.pass(SignedDuration::from_mins(hours * 60 - 1)).await;
            assert_eq!(world.status(&id).await, WAITS, "{hours}");
            world.pass(SignedDuration::from_mins(1)).await;
            let payment = world.payment(&id).await;
            assert_eq!(payment["status"], "INITIATION_EXPIRED", "{hours}");
            assert_eq!(payment["paymentLinkStatus"], "LINK_EXPIRED");
        }
    }
}

#[tokio::test]
async fn a_payer_who_began_and_left_has_forty_minutes() {
    for world in worlds().await {
        let id = id(&world.create(&link()).await);
        world.pass(SignedDuration::from_hours(20)).await;
        world.submit(&format!("/session/{id}"), &[("bank-id", "ob-iron")]).await;
        world.pass(SignedDuration::from_mins(40)).await;
        assert_eq!(world.status(&id).await, "INITIATION_EXPIRED");
    }
}

#[tokio::test]
async fn a_link_is_taken_back() {
    for world in worlds().await {
        let id = id(&world.create(&link()).await);
        let answer = world.delete(&format!("/v2/payments/{id}")).await.json();
        assert_eq!(answer["payment"]["status"], "CANCELED");
        assert_eq!(answer["payment"]["paymentLinkStatus"], "LINK_CANCELED");
    }
}

#[tokio::test]
async fn options_that_fit_no_link_are_refused() {
    for world in worlds().await {
        for (moment, code) in [
            ("2026-01-05T10:00:00Z", "Field.Invalid"),
            ("2025-12-31T10:00:00Z", "Field.Invalid"),
            ("2026-04-05T10:00:01Z", "Field.Invalid"),
            ("tomorrow", "Field.InvalidFormat"),
        ] {
            let answer = world.post("/v2/payments", &until(moment)).await;
            let error = answer.json()["error"].clone();
            assert_eq!((answer.status, &error["errorCode"]), (400, &json!(code)), "{moment}");
        }
        let options = json!({ "expiresDateTime": "2026-01-06T10:00:00Z" });
        let other_flow = with(&order(), "initiation.payByLinkOptions", options);
        let answer = world.post("/v2/payments", &other_flow).await;
        let paths = &answer.json()["error"]["paths"];
        assert_eq!((answer.status, paths), (400, &json!(["initiation.payByLinkOptions"])));
    }
}
