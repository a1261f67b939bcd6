//! Browser pages of other origins: the readable resources, and the answers to preflight requests.

use axum::body::Body;
use http::Request;

use crate::support::{Answer, HOST, World, order, worlds, worlds_with};

const OWN: &str = "https://shop.example";
const FOREIGN: &str = "https://elsewhere.example";
const ALLOWED: &str = "access-control-allow-origin";

impl World {
    async fn asked_by_browser(&self, method: &str, path: &str, origin: &str) -> Answer {
        let request = Request::options(path)
            .header("host", HOST)
            .header("origin", origin)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "authorization,content-type");
        self.send_unjudged(request.body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn public_data_is_for_pages_of_every_origin_and_the_rest_for_named_ones() {
    let named = |settings: &mut gateway::Settings| settings.browser_origins = vec![OWN.to_owned()];
    for world in worlds_with(named).await {
        let keys = format!("/member/{}/keys", world.app.gateway_key().member_id());
        let public = ["/banks", "/bank/countries", "/v2/banks", "/openapi.json", &keys];
        for path in public {
            let request = world.request("GET", path, b"", &[("origin", FOREIGN)]);
            let answer = world.send(request).await;
            assert_eq!(answer.header(ALLOWED), FOREIGN, "{path}");
            assert!(answer.header("access-control-expose-headers").contains("tokentraceid"));
            let preflight = world.asked_by_browser("GET", path, FOREIGN).await;
            assert_eq!((preflight.status, preflight.header(ALLOWED)), (200, FOREIGN), "{path}");
        }
        for (method, path) in [("GET", "/v2/payments"), ("POST", "/v2/payments"), ("PUT", "/banks")]
        {
            assert_eq!(world.asked_by_browser(method, path, FOREIGN).await.header(ALLOWED), "");
            let preflight = world.asked_by_browser(method, path, OWN).await;
            assert_eq!(preflight.header(ALLOWED), OWN, "{method} {path}");
            assert_eq!(preflight.header("access-control-allow-methods"), method);
            let headers = preflight.header("access-control-allow-headers");
            assert_eq!(headers, "authorization,content-type");
            // A page with cookies has nothing here.
            assert_eq!(preflight.header("access-control-allow-credentials"), "");
        }
        let body = order().to_string();
        let request = world.request("POST", "/v2/payments", body.as_bytes(), &[("origin", OWN)]);
        assert_eq!(world.send(request).await.header(ALLOWED), OWN);
    }
}

#[tokio::test]
async fn without_named_origins_no_page_reads_payments() {
    for world in worlds().await {
        for origin in [OWN, FOREIGN, "null"] {
            let request = world.request("GET", "/v2/payments", b"", &[("origin", origin)]);
            let answer = world.send(request).await;
            assert_eq!((answer.status, answer.header(ALLOWED)), (200, ""), "{origin}");
        }
    }
}
