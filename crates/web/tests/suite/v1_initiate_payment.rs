//! `GET /initiatePayment/callback?redirect-url=…`, the `redirectUrl` of guides for banks that want
//! credentials first.

use serde_json::json;

use crate::support::payer::unescaped;
use crate::support::{Decision, PUBLIC_URL, World, assert_error, id, with, worlds};

const SHOP: &str = "https://shop.example/return?cart=7";

/// The address that guides give, around the member's own.
fn address(target: &str) -> String {
    let target: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
    format!("{PUBLIC_URL}/initiatePayment/callback?redirect-url={target}")
}

impl World {
    async fn request_with(&self, redirect_url: &str) -> String {
        let body = with(&self.token_request(), "requestPayload.redirectUrl", redirect_url);
        id(&self.store(&body).await)
    }
}

#[tokio::test]
async fn the_payer_comes_back_to_the_members_own_address() {
    for world in worlds().await {
        // Some clients write the member's address as it is.
        for redirect_url in
            [address(SHOP), format!("{}/initiatePayment/callback?redirect-url={SHOP}", PUBLIC_URL)]
        {
            let body = with(&world.token_request(), "requestPayload.redirectUrl", &*redirect_url);
            let body = with(&body, "requestPayload.refId", world.now().as_nanosecond().to_string());
            let request = id(&world.store(&body).await);
            let authorization = world.authorize(&request, &json!({})).await;
            let page = unescaped(&world.decide_on(&authorization, Decision::Approve).await);
            let start = page.find("/initiatePayment/callback").unwrap_or_else(|| panic!("{page}"));
            let end = page[start..].find(['"', '\'', '<']).unwrap();
            let onward = world.page(&page[start..start + end]).await;
            assert_eq!(onward.status, 303, "{}", onward.text());
            let location = onward.header("location");
            let id = request.replace(':', "%3A");
            let expected = format!("{SHOP}&request-id={id}&request_id={id}");
            assert!(location.starts_with(&expected), "{location}");
            assert!(location.ends_with("&state=state-1"), "{location}");
            world.half_a_minute().await;
        }
    }
}

#[tokio::test]
async fn it_leads_nowhere_but_to_the_address_of_the_token_request() {
    for world in worlds().await {
        let request = world.request_with(&address(SHOP)).await;
        let path = |target: &str, request: &str| {
            let address = address(target);
            format!("{}&request-id={request}", address.strip_prefix(PUBLIC_URL).unwrap())
        };
        assert_eq!(world.page(&path(SHOP, &request)).await.status, 303);
        for target in ["https://evil.example/", "//evil.example", "javascript:alert(1)", "", "/"] {
            let answer = world.page(&path(target, &request)).await;
            assert_eq!(answer.status, 400, "{target}: {}", answer.text());
            assert_eq!(answer.header("location"), "", "{target}");
        }
        for unknown in ["", "nonsense", "rq:111:bscuLe", "pm2:111:bscuLe"] {
            assert_eq!(world.page(&path(SHOP, unknown)).await.status, 400, "{unknown}");
        }
        for query in ["", "?", "?redirect-url=https://shop.example/return", "?redirect-url=%00"] {
            let answer = world.page(&format!("/initiatePayment/callback{query}")).await;
            assert_eq!(answer.status, 400, "{query}");
        }
        // A token request with an address of its own has none behind ours.
        let other = with(&world.token_request(), "requestPayload.refId", "ORDER-2");
        let other = id(&world.store(&other).await);
        assert_eq!(world.page(&path("https://shop.example/return", &other)).await.status, 400);
    }
}

#[tokio::test]
async fn the_address_behind_ours_has_the_rules_of_redirect_urls() {
    for world in worlds().await {
        for (target, message) in [
            (
                "javascript:alert(1)",
                "`redirect-url` should not begin with javascript:. Send a URL with https or with your app's own scheme.",
            ),
            (
                "https://a:b@shop.example/",
                "`redirect-url` should not contain the name or password of a user.",
            ),
        ] {
            let redirect_url = address(target);
            let body = with(&world.token_request(), "requestPayload.redirectUrl", redirect_url);
            let error = json!({ "errorCode": "Field.Invalid",
                "paths": ["requestPayload.redirectUrl"], "message": message });
            assert_error(&world.post("/token-requests", &body).await, 400, error);
        }
    }
}
