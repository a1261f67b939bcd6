//! Discovery and the token endpoint.

use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn discovery_names_what_the_bank_does() {
    let world = World::new();
    for bank in BANKS {
        let path = format!("/{bank}/.well-known/openid-configuration");
        let found = world.get(&path).await.json();
        let issuer = format!("{BASE}/{bank}");
        assert_eq!(found["issuer"], issuer);
        assert_eq!(found["token_endpoint"], format!("{issuer}/token"));
        assert_eq!(found["authorization_endpoint"], format!("{issuer}/authorize"));
        assert_eq!(found["jwks_uri"], format!("{issuer}/jwks"));
        let modes = if bank == "ob-modelo" {
            json!(["fragment"])
        } else {
            json!(["fragment", "form_post"])
        };
        assert_eq!(found["response_modes_supported"], modes);
        let key = &world.get(&format!("/{bank}/jwks")).await.json()["keys"][0];
        assert!(key.get("d").is_none(), "the private key is not published");
        assert_eq!(from_base64url(key["n"].as_str().unwrap()).len(), 256);
        assert_eq!(from_base64url(key["e"].as_str().unwrap()), [1, 0, 1]);
    }
    for path in ["/no-bank/jwks", "/no-bank/.well-known/openid-configuration"] {
        assert_eq!(world.get(path).await.status, 404);
    }
}

const CLIENT_CREDENTIALS: [(&str, &str); 2] =
    [("grant_type", "client_credentials"), ("scope", "payments")];

#[tokio::test]
async fn a_client_assertion_that_is_wrong_gives_no_token() {
    let world = World::new();
    let bank = "ob-modelo";
    let now = world.now();
    let cases: [(&str, Value); 12] = [
        ("iss", json!("tpp-2")),
        ("sub", json!("nobody")),
        ("sub", Value::Null),
        ("aud", json!(format!("{BASE}/ob-iron/token"))),
        ("aud", Value::Null),
        ("exp", json!(now - 61)),
        ("exp", json!(now + 4000)),
        ("exp", Value::Null),
        ("iat", json!(now + 61)),
        ("nbf", json!(now + 61)),
        ("jti", Value::Null),
        ("jti", json!("x".repeat(256))),
    ];
    for (name, value) in cases {
        let mut claims = world.assertion(bank);
        claims[name] = value.clone();
        let reply = world.token(bank, &keys().jwt(&claims), &CLIENT_CREDENTIALS).await;
        assert_eq!(reply.status, 401, "{name} {value}");
        assert_eq!(reply.json()["error"], "invalid_client", "{name} {value}");
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    let good = keys().jwt(&world.assertion(bank));
    let wrong = tampered(&good);
    let (header, rest) = good.split_once('.').unwrap();
    let unsigned = format!("{}.{rest}", base64url(r#"{"alg":"none"}"#));
    assert_ne!(header, "");
    for assertion in ["", "x.y.z", wrong.as_str(), unsigned.as_str()] {
        let reply = world.token(bank, assertion, &CLIENT_CREDENTIALS).await;
        assert_eq!((reply.status, &reply.json()["error"]), (401, &json!("invalid_client")));
    }
    let other_id = [CLIENT_CREDENTIALS[0], CLIENT_CREDENTIALS[1], ("client_id", "tpp-2")];
    assert_eq!(world.token(bank, &good, &other_id).await.status, 401);
    assert_eq!(world.token(bank, &good, &CLIENT_CREDENTIALS).await.status, 200);
    let replayed = world.token(bank, &good, &CLIENT_CREDENTIALS).await;
    assert_eq!(replayed.status, 401, "a jti is good once");
}

#[tokio::test]
async fn either_algorithm_and_audience_will_do() {
    let world = World::new();
    let bank = "ob-iron";
    let issuer = format!("{BASE}/{bank}");
    for audience in [json!(issuer), json!([issuer, "other"]), json!(format!("{issuer}/token"))] {
        let mut claims = world.assertion(bank);
        claims["aud"] = audience;
        let reply = world.token(bank, &keys().jwt_es256(&claims), &CLIENT_CREDENTIALS).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.json()["token_type"], "Bearer");
        assert_eq!(reply.json()["expires_in"], 3600);
        assert_eq!(reply.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn requests_the_token_endpoint_does_not_understand() {
    let world = World::new();
    let bank = "ob-iron";
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[("grant_type", "client_credentials")], "invalid_scope"),
        (&[("grant_type", "client_credentials"), ("scope", "accounts")], "invalid_scope"),
        (&[("grant_type", "authorization_code")], "invalid_request"),
        (&[("grant_type", "authorization_code"), ("code", "c")], "invalid_request"),
        (&[("grant_type", "a"), ("grant_type", "b")], "invalid_request"),
    ];
    for (fields, error) in cases {
        let assertion = keys().jwt(&world.assertion(bank));
        let reply = world.token(bank, &assertion, fields).await;
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!(error)), "{fields:?}");
    }
    let json_body = http::Request::post("/ob-iron/token")
        .header("content-type", "application/json")
        .body(axum::body::Body::from("{}"))
        .unwrap();
    assert_eq!(world.send(json_body).await.json()["error"], "invalid_request");
    let long = "x".repeat(20_000);
    assert_eq!(world.post_form("/ob-iron/token", &[("scope", &long)]).await.status, 413);
}

#[tokio::test]
async fn a_code_is_good_once_for_ten_minutes_at_the_same_address() {
    let world = World::new();
    let bank = "ob-modelo";
    let body = consent_body("1.00");
    let fresh_code = async || {
        let consent_id = world.create_consent(bank, &body).await;
        world.approve(bank, &consent_id).await.fragment()["code"].clone()
    };
    let invalid = |reply: &Reply| {
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("invalid_grant")));
    };

    let code = fresh_code().await;
    let assertion = keys().jwt(&world.assertion(bank));
    let elsewhere = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "https://tpp.example/other"),
    ];
    invalid(&world.token(bank, &assertion, &elsewhere).await);
    let mut other_client = world.assertion(bank);
    other_client["iss"] = json!("tpp-2");
    other_client["sub"] = json!("tpp-2");
    let mine = [elsewhere[0], elsewhere[1], ("redirect_uri", REDIRECT_URI)];
    invalid(&world.token(bank, &keys().jwt(&other_client), &mine).await);

    let reply = world.code_token(bank, &code).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["scope"], "openid payments");
    assert!(reply.json()["id_token"].is_string());
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    let path = "/domestic-payment-consents/x/funds-confirmation";
    assert_eq!(world.api(bank, ApiCall::new("GET", path, &token)).await.status, 403);
    invalid(&world.code_token(bank, &code).await);
    let revoked = world.api(bank, ApiCall::new("GET", path, &token)).await;
    assert_eq!(revoked.status, 401, "the second use revokes the token of the first");

    let code = fresh_code().await;
    world.environment.advance(10 * 60 * 1000);
    invalid(&world.code_token(bank, &code).await);
    invalid(&world.code_token(bank, "unknown").await);
}
