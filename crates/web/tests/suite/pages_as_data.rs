//! The hosted pages as data: a program plays the payer without reading HTML.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::*;

impl World {
    /// The page at `path` as data, with its status.
    async fn data(&self, path: &str, accept: &str) -> Answer {
        let request = Request::get(path).header("accept", accept);
        self.send_unjudged(request.body(Body::empty()).unwrap()).await
    }
}

const JSON: &str = "application/json";

#[tokio::test]
async fn a_program_reads_forms_and_ways_in_place_of_html() {
    for world in worlds().await {
        let payment = world.create(&hosted_order()).await;
        let path = format!("/session/{}", id(&payment));
        let answer = world.data(&path, JSON).await;
        assert_eq!(answer.header("content-type"), JSON);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
        let page: Value = answer.json();
        assert_eq!(page["page"], "pick_bank");
        let [main, cancel] = [&page["forms"][0], &page["forms"][1]];
        assert_eq!((&main["name"], &cancel["name"]), (&json!("main"), &json!("cancel")));
        let button = json!({ "name": "bank-id", "value": "ob-iron" });
        assert!(main["buttons"].as_array().unwrap().contains(&button), "{main}");
        let visit = main["fields"][0]["value"].as_str().unwrap();
        let fields = [("bascule-visit", visit), ("bank-id", "ob-iron")];
        let chosen = world.submit_as_it_is(main["action"].as_str().unwrap(), &fields).await;
        assert_eq!(chosen.status, 303, "{}", chosen.text());
        let leave: Value = world.data(chosen.header("location"), JSON).await.json();
        assert_eq!(
            (&leave["page"], &leave["onward"]["at_once"]),
            (&json!("to_bank"), &json!(true))
        );
        assert_eq!(leave["onward"]["url"], leave["links"][0]);
    }
}

#[tokio::test]
async fn people_get_html_and_a_problem_keeps_its_status() {
    let world = world().await;
    let payment = world.create(&hosted_order()).await;
    let path = format!("/session/{}", id(&payment));
    for accept in ["text/html,application/json;q=0.9", "*/*"] {
        let answer = world.data(&path, accept).await;
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{accept}");
    }
    let unknown = world.data("/session/pm2:nothing:here", JSON).await;
    assert_eq!(unknown.status, 404);
    let page: Value = unknown.json();
    assert_eq!(page["texts"][0], "This payment does not exist", "{page}");
    // A form without a visit token changes nothing, in data as in HTML.
    let refused = world.submit_as_it_is(&path, &[("bank-id", "ob-iron")]).await;
    assert_eq!(refused.status, 403);
}
