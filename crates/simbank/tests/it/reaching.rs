//! Banks that are found elsewhere and know clients otherwise: each refuses what the others take.

use axum::body::Body;
use http::Request;
use serde_json::json;

use crate::support::*;

const OWN: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("scope", "payments")];
/// `tpp-1:open%2Bsecret%2F1`.
const BASIC: &str = "Basic dHBwLTE6b3BlbiUyQnNlY3JldCUyRjE=";

fn token_request(bank: &str, headers: &[(&str, &str)], more: &[(&str, &str)]) -> Request<Body> {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(OWN)
        .extend_pairs(more)
        .finish();
    let request = Request::post(format!("/{bank}/token"))
        .header("content-type", "application/x-www-form-urlencoded");
    let request = headers.iter().fold(request, |all, (name, value)| all.header(*name, *value));
    request.body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn discovery_documents_are_where_the_bank_has_them() {
    let world = World::new();
    let usual = "/.well-known/openid-configuration";
    for (bank, path, there) in [
        ("ob-iron", usual, true),
        ("ob-iron", "/openid-configuration", false),
        ("ob-basalt", usual, false),
        ("ob-basalt", "/openid-configuration", true),
        ("ob-flint", usual, false),
        ("ob-flint", "/openid-configuration", false),
    ] {
        let status = world.get(&format!("/{bank}{path}")).await.status;
        assert_eq!(status, if there { 200 } else { 404 }, "{bank}{path}");
    }
    let basalt = world.get("/ob-basalt/openid-configuration").await.json();
    assert_eq!(basalt["issuer"], format!("{BASE}/ob-basalt/"));
    assert_eq!(basalt["token_endpoint_auth_methods_supported"], json!(["client_secret_basic"]));
}

#[tokio::test]
async fn a_client_secret_is_taken_in_its_place_only() {
    let world = World::new();
    assert_eq!(CLIENT_ID, "tpp-1");
    let post = [("client_id", CLIENT_ID), ("client_secret", "open+secret/1")];
    let application = ("x-client-application", "flint-application-1");
    let raw = "Basic dHBwLTE6b3BlbitzZWNyZXQvMQ==";
    for (bank, headers, more, status) in [
        ("ob-basalt", vec![("authorization", BASIC)], vec![], 200),
        ("ob-basalt", vec![("authorization", raw)], vec![], 401),
        ("ob-basalt", vec![("authorization", "Basic eA==")], vec![], 401),
        ("ob-basalt", vec![], post.to_vec(), 401),
        ("ob-basalt", vec![("authorization", BASIC)], post.to_vec(), 401),
        ("ob-flint", vec![application], post.to_vec(), 200),
        ("ob-flint", vec![], post.to_vec(), 401),
        ("ob-flint", vec![("x-client-application", "other")], post.to_vec(), 401),
        ("ob-flint", vec![application, ("authorization", BASIC)], vec![], 401),
        ("ob-flint", vec![application], vec![post[0], ("client_secret", "open")], 401),
        ("ob-iron", vec![("authorization", BASIC)], vec![], 401),
    ] {
        let reply = world.send(token_request(bank, &headers, &more)).await;
        assert_eq!(reply.status, status, "{bank} {headers:?} {more:?}: {}", reply.text());
    }
}

#[tokio::test]
async fn an_assertion_must_be_for_the_banks_only_audience() {
    let world = World::new();
    let mut claims = world.assertion("ob-agate");
    let refused = world.token("ob-agate", &keys().jwt(&claims), &OWN).await;
    assert_eq!(refused.status, 401, "the token endpoint is no audience there");
    claims["aud"] = json!("https://agate.example/clients");
    let known = world.token("ob-agate", &keys().jwt(&claims), &OWN).await;
    assert_eq!(known.status, 200, "{}", known.text());
}
