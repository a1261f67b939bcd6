//! Who calls: the JWS per request and the Basic key (reference, sections 1.1 and 1.2).

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use testkit::TestIds;

use crate::support::{
    Answer, HOST, Key, Member, Payload, World, assert_error, hosted_order, id, order, with, worlds,
    worlds_with,
};

/// A request with this `Authorization`.
async fn knock(
    world: &World,
    method: &str,
    path: &str,
    authorization: &str,
    body: &[u8],
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", HOST)
        .header("authorization", authorization)
        .body(Body::from(body.to_vec()))
        .unwrap();
    world.send(request).await
}

fn assert_refused(world: &World, answer: &Answer, what: &str) -> String {
    let name = world.name;
    let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.starts_with("UNAUTHENTICATED"), "{name}: {what}: {}", answer.text());
    assert_error(answer, 401, json!({ "message": message }));
    message
}

/// Registers another key of the world's member through the API, and signs with it from now on.
async fn use_key(world: &mut World, key: Key) {
    let (_, algorithm) = key.names();
    let path = format!("/member/{}/keys", world.member.id);
    let body = json!({ "keyAlgorithm": algorithm, "publicKey": key.pem() });
    let answer = world.post(&path, &body).await;
    assert_eq!(answer.status, 200, "{algorithm}: {}", answer.text());
    world.member.key_id = answer.json()["keyId"].as_str().unwrap().to_owned();
    world.member.key = key;
}

#[tokio::test]
async fn every_published_algorithm_signs_requests_with_and_without_a_body() {
    let keys: [fn(&TestIds) -> Key; 4] =
        [|ids| Key::ed25519(ids), |_| Key::p256(), |_| Key::p256_der(), |_| Key::rsa()];
    for mut world in worlds().await {
        for make in keys {
            use_key(&mut world, make(&TestIds::seeded(77))).await;
            let body = order().to_string();
            for payload in [Payload::Attached, Payload::Detached] {
                let claims = world.member.claims(world.now(), "POST", "/v2/payments");
                let token = world.member.token(&claims, body.as_bytes(), payload);
                let bearer = format!("Bearer {token}");
                let answer = knock(&world, "POST", "/v2/payments", &bearer, body.as_bytes()).await;
                assert_eq!(answer.status, 200, "{payload:?} {}", answer.text());
            }
            let answer = world.get("/v2/banks").await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_header_that_decides_who_calls_comes_once() {
    for world in worlds().await {
        for (name, value) in [("authorization", "Bearer a.b.c"), ("host", "other.example")] {
            let request = world.request("GET", "/v2/payments", b"", &[(name, value)]);
            let answer = world.send(request).await;
            assert_eq!(answer.status, 400, "{}", answer.text());
            let error = answer.json()["error"].clone();
            assert_eq!(error["paths"], json!([name]));
            assert_eq!(error["message"], format!("The header `{name}` should come once."));
        }
    }
}

#[tokio::test]
async fn no_text_of_a_request_holds_nul() {
    for world in worlds().await {
        let nul = with(&order(), "initiation.refId", "a\u{0}b");
        let path = "/v2/payments";
        let answer = world.post(path, &nul).await;
        let message = "The body should not hold the character U+0000.";
        assert_eq!((answer.status, &answer.json()["error"]["message"]), (400, &json!(message)));
        // A backslash before the same letters is no escape.
        let text = with(&order(), "initiation.callbackState", "a\\u0000b");
        assert_eq!(world.post(path, &text).await.status, 200);
        for path in
            ["/v2/payments/pm2:a%00b:x", "/v2/payments?refIds=a%00b", "/v2/banks?search=%00"]
        {
            let answer = world.get(path).await;
            let message = "The URL should not hold the character U+0000 (%00).";
            assert_eq!((answer.status, &answer.json()["error"]["message"]), (400, &json!(message)));
        }
        assert_eq!(world.page("/session/pm2:a%00b:x").await.status, 400);
        assert_eq!(world.page("/callback?state=a%00b.c").await.status, 400);
    }
}

#[tokio::test]
async fn no_form_of_the_pages_holds_nul() {
    for world in worlds().await {
        let payment = id(&world.create(&hosted_order()).await);
        let request = id(&world.store(&world.open_request()).await);
        for path in [
            format!("/session/{payment}"),
            format!("/session/{payment}/answers"),
            format!("/session/{request}"),
            format!("/app/request-token/{request}"),
            "/callback".to_owned(),
        ] {
            for field in ["bank-id", "decision", "payer-account", "state", "bascule-visit"] {
                let answer = world.submit(&path, &[(field, "a\u{0}b")]).await;
                assert_eq!(answer.status, 400, "{path} {field}: {}", answer.text());
                let text = "This form is damaged. Go back to the shop";
                assert!(answer.text().contains(text), "{path} {field}: {}", answer.text());
            }
            let raw =
                Request::post(&*path).header("content-type", "application/x-www-form-urlencoded");
            let raw = raw.body(Body::from(&b"bank-id=a\0b"[..])).unwrap();
            assert_eq!(world.send(raw).await.status, 400, "{path}");
            let huge = Request::post(&*path).body(Body::from(vec![b'a'; 1024 * 1024 + 1])).unwrap();
            assert_eq!(world.send(huge).await.status, 413, "{path}");
        }
        assert_eq!(world.status(&payment).await, "INITIATION_PENDING_REDIRECT_HP");
    }
}

#[tokio::test]
async fn an_answer_is_kept_by_nobody_and_401_says_how_to_authenticate() {
    for world in worlds().await {
        let refused = knock(&world, "GET", "/v2/payments", "Bearer a.b.c", b"").await;
        assert_eq!(refused.header("www-authenticate"), "Bearer, Basic");
        for answer in [refused, world.get("/v2/payments").await, world.get("/nowhere").await] {
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
    }
}

#[tokio::test]
async fn the_signed_path_is_the_sent_one_raw_or_decoded() {
    let cases = [
        ("/v2/payments/pm2:a:x", "/v2/payments/pm2:a:x", 404),
        ("/v2/payments/pm2%3Aa%3Ax", "/v2/payments/pm2:a:x", 404),
        ("/v2/payments/pm2:a:x", "/v2/payments/pm2%3aa%3ax", 404),
        ("/v2/payments/pm2%3Aa%3Ax", "/v2/payments/pm2%3aa%3ax", 404),
        ("/v2/payments/pm2:a:x%2Fredeem", "/v2/payments/pm2:a:x/redeem", 401),
        ("/v2/payments/pm2:a:x%", "/v2/payments/pm2:a:x", 401),
        ("/v2/payments/pm2%253Aa:x", "/v2/payments/pm2%3Aa:x", 401),
    ];
    for world in worlds().await {
        for (sent, signed, status) in cases {
            let mut claims = world.member.claims(world.now(), "GET", sent);
            claims["path"] = signed.into();
            let token = world.member.token(&claims, b"", Payload::Detached);
            let answer = knock(&world, "GET", sent, &format!("Bearer {token}"), b"").await;
            assert_eq!(answer.status, status, "{sent} {signed}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn after_many_failures_only_known_credentials_are_looked_up() {
    for world in worlds().await {
        assert_eq!(world.get("/v2/payments").await.status, 200);
        let guess = |number: usize| {
            let mut claims = world.member.claims(world.now(), "GET", "/v2/payments");
            claims["kid"] = format!("guess-{number}").into();
            format!("Bearer {}", world.member.token(&claims, b"", Payload::Detached))
        };
        let mut statuses = vec![];
        for number in 0..201 {
            statuses.push(knock(&world, "GET", "/v2/payments", &guess(number), b"").await.status);
        }
        assert_eq!(statuses.pop(), Some(429), "{}", world.name);
        assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
        // Earlier right credentials still work, and the limit recovers with time.
        assert_eq!(world.get("/v2/payments").await.status, 200);
        world.clock.advance(jiff::SignedDuration::from_secs(1));
        assert_eq!(knock(&world, "GET", "/v2/payments", &guess(0), b"").await.status, 401);
    }
}

/// A change to good claims.
type Spoil = fn(&mut Value, &World);

#[tokio::test]
async fn a_token_whose_claims_do_not_fit_the_request_is_refused_and_a_sandbox_says_why() {
    let cases: [(&str, Spoil, &str); 23] = [
        ("crit", |c, _| c["crit"] = json!(["exp"]), "`crit`"),
        ("an empty crit", |c, _| c["crit"] = json!([]), "`crit`"),
        ("a crit that is nothing", |c, _| c["crit"] = Value::Null, "`crit`"),
        ("a kid with NUL", |c, _| c["kid"] = "AAAA\u{0}AAAA".into(), "`kid`"),
        ("a long kid", |c, _| c["kid"] = "A".repeat(65).into(), "`kid`"),
        ("another alg", |c, _| c["alg"] = "ES256".into(), "`alg`"),
        ("alg none", |c, _| c["alg"] = "none".into(), "`alg`"),
        ("no alg", |c, _| drop(c.as_object_mut().unwrap().remove("alg")), "alg"),
        ("an unknown kid", |c, _| c["kid"] = "AAAAAAAAAAAAAAAA".into(), "no key"),
        ("the kid of another member", |c, w| c["kid"] = w.other.key_id.clone().into(), "no key"),
        ("no kid", |c, _| drop(c.as_object_mut().unwrap().remove("kid")), "kid"),
        ("another mid", |c, w| c["mid"] = w.other.id.as_str().into(), "no key"),
        ("an unknown mid", |c, _| c["mid"] = "m:unknown:x".into(), "no key"),
        ("a mid that is none", |c, _| c["mid"] = "pm2:a:b".into(), "not a member id"),
        ("another host", |c, _| c["host"] = "bank.example".into(), "`host`"),
        ("another method", |c, _| c["method"] = "POST".into(), "`method`"),
        ("another path", |c, _| c["path"] = "/v2/banks".into(), "`path`"),
        ("exp now", |c, w| c["exp"] = w.now().as_millisecond().into(), "passed"),
        ("exp in seconds", |c, w| c["exp"] = (w.now().as_second() + 300).into(), "passed"),
        (
            "exp more than ten minutes ahead",
            |c, w| c["exp"] = (w.now().as_millisecond() + 660_001).into(),
            "ten minutes",
        ),
        ("exp not a number", |c, _| c["exp"] = "soon".into(), "milliseconds"),
        ("exp a fraction", |c, _| c["exp"] = json!(1.5), "token's header"),
        ("another query", |c, _| c["query"] = "limit=2".into(), "`query`"),
    ];
    for world in worlds().await {
        for (what, spoil, why) in cases {
            let mut claims = world.member.claims(world.now(), "GET", "/v2/payments");
            spoil(&mut claims, &world);
            let token = world.member.token(&claims, b"", Payload::Detached);
            let bearer = format!("Bearer {token}");
            let answer = knock(&world, "GET", "/v2/payments?limit=1", &bearer, b"").await;
            let message = assert_refused(&world, &answer, what);
            assert!(message.contains(why), "{what}: {message}");
        }
    }
}

#[tokio::test]
async fn what_clients_are_known_to_send_is_accepted() {
    let cases: [(&str, Spoil); 10] = [
        ("exp as text", |c, w| c["exp"] = (w.now().as_millisecond() + 1).to_string().into()),
        ("exp ten minutes ahead", |c, w| c["exp"] = (w.now().as_millisecond() + 600_000).into()),
        ("exp ten minutes and skew", |c, w| c["exp"] = (w.now().as_millisecond() + 660_000).into()),
        ("a typ", |c, _| c["typ"] = "JWT".into()),
        ("the query", |c, _| c["query"] = "limit=1".into()),
        ("the query with its mark", |c, _| c["query"] = "?limit=1".into()),
        ("the method in lower case", |c, _| c["method"] = "get".into()),
        ("the host with its scheme", |c, _| c["host"] = "http://localhost:8000/".into()),
        ("an unknown claim", |c, _| c["more"] = json!({ "a": [1] })),
        ("the host in capitals", |c, _| c["host"] = "LOCALHOST:8000".into()),
    ];
    for world in worlds().await {
        for (what, change) in cases {
            let mut claims = world.member.claims(world.now(), "GET", "/v2/payments");
            change(&mut claims, &world);
            let token = world.member.token(&claims, b"", Payload::Detached);
            let bearer = format!("Bearer {token}");
            let answer = knock(&world, "GET", "/v2/payments?limit=1", &bearer, b"").await;
            assert_eq!(answer.status, 200, "{}: {what}: {}", world.name, answer.text());
        }
    }
}

#[tokio::test]
async fn an_attached_payload_may_write_the_same_json_in_another_way_and_is_what_counts() {
    for world in worlds().await {
        let body = hosted_order().to_string();
        let pretty = serde_json::to_string_pretty(&hosted_order()).unwrap();
        let initiation = hosted_order()["initiation"].to_string();
        let reordered =
            format!(r#"{{ "pispConsentAccepted" : true, "initiation" : {initiation} }}"#);
        // Of a key that is there twice, JSON readers take the last: the body must not win by it.
        let (signed_twice, sent_twice) =
            (body.replacen("\"10.23\"", "\"1\",\"value\":\"10.23\"", 1), body.clone());
        let claims = world.member.claims(world.now(), "POST", "/v2/payments");
        let cases = [
            (pretty.as_str(), body.as_str(), 200),
            (reordered.as_str(), body.as_str(), 200),
            (signed_twice.as_str(), sent_twice.as_str(), 400),
        ];
        for (signed, sent, status) in cases {
            let token = world.member.token(&claims, signed.as_bytes(), Payload::Attached);
            let bearer = format!("Bearer {token}");
            let answer = knock(&world, "POST", "/v2/payments", &bearer, sent.as_bytes()).await;
            assert_eq!(answer.status, status, "{signed}: {}", answer.text());
        }
        let other = body.replace("10.23", "99.99");
        let token = world.member.token(&claims, other.as_bytes(), Payload::Attached);
        let bearer = format!("Bearer {token}");
        let answer = knock(&world, "POST", "/v2/payments", &bearer, body.as_bytes()).await;
        assert_error(
            &answer,
            401,
            json!({ "message":
                "UNAUTHENTICATED: the token's payload differs from the request's body" }),
        );
    }
}

#[tokio::test]
async fn a_signature_over_something_else_is_refused() {
    for world in worlds().await {
        let body = order().to_string();
        let member = &world.member;
        let claims = member.claims(world.now(), "POST", "/v2/payments");
        let thief = Member {
            id: member.id.clone(),
            key_id: member.key_id.clone(),
            key: Key::ed25519(&TestIds::seeded(5)),
            basic: String::new(),
        };
        let other_body = order().to_string().replace("10.23", "99.99");
        let detached = member.token(&claims, body.as_bytes(), Payload::Detached);
        let cases = [
            ("another key", thief.token(&claims, body.as_bytes(), Payload::Detached)),
            ("another body", member.token(&claims, other_body.as_bytes(), Payload::Detached)),
            ("another attached", member.token(&claims, other_body.as_bytes(), Payload::Attached)),
            ("no body", member.token(&claims, b"", Payload::Detached)),
            ("no signature", detached.rsplit_once('.').unwrap().0.to_owned() + "."),
            ("another signature", format!("{}{}", &detached[..detached.len() - 8], "AAAAAAAA")),
        ];
        for (what, token) in cases {
            let bearer = format!("Bearer {token}");
            let answer = knock(&world, "POST", "/v2/payments", &bearer, body.as_bytes()).await;
            assert_refused(&world, &answer, what);
        }
        assert_eq!(world.get("/v2/payments").await.json()["payments"], json!([]));
    }
}

#[tokio::test]
async fn garbage_instead_of_a_token_is_refused() {
    for world in worlds().await {
        let good = world.member.bearer(world.now(), "GET", "/v2/payments", b"");
        let long = format!("Bearer {}", "A".repeat(9_000));
        let cases = [
            "Bearer",
            "Bearer ",
            "Bearer a",
            "Bearer a.b",
            "Bearer a.b.c",
            "Bearer a.b.c.d",
            "Bearer ..",
            "Bearer e30..e30",
            "Bearer !!!..???",
            "Token abc",
            "Basic",
            "Basic !!!",
            long.as_str(),
            &good["Bearer ".len()..],
            &good[..good.len() / 2],
        ];
        for authorization in cases {
            let answer = knock(&world, "GET", "/v2/payments", authorization, b"").await;
            assert_refused(&world, &answer, authorization);
        }
        let none = Request::get("/v2/payments").body(Body::empty()).unwrap();
        let message = assert_refused(&world, &world.send(none).await, "no header");
        assert!(message.contains("missing"), "{message}");
        let not_text = Request::get("/v2/payments")
            .header("authorization", http::HeaderValue::from_bytes(b"Bearer \xff").unwrap())
            .body(Body::empty())
            .unwrap();
        assert_refused(&world, &world.send(not_text).await, "not text");
    }
}

#[tokio::test]
async fn an_id_in_the_path_may_be_signed_raw_or_percent_encoded() {
    for world in worlds().await {
        let id = world.create(&order()).await["id"].as_str().unwrap().to_owned();
        let raw = format!("/v2/payments/{id}");
        let encoded = format!("/v2/payments/{}", id.replace(':', "%3A"));
        for (asked, signed) in [(&raw, &raw), (&encoded, &encoded), (&encoded, &raw)] {
            let bearer = world.member.bearer(world.now(), "GET", signed, b"");
            let answer = knock(&world, "GET", asked, &bearer, b"").await;
            assert_eq!(answer.status, 200, "{asked} signed as {signed}: {}", answer.text());
            assert_eq!(answer.json()["payment"]["id"], id);
        }
    }
}

#[tokio::test]
async fn a_basic_key_opens_the_sandbox_for_its_own_member() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    for world in worlds().await {
        let answer = knock(&world, "GET", "/v2/payments", &world.member.basic, b"").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let lower = world.member.basic.replace("Basic", "basic");
        assert_eq!(knock(&world, "GET", "/v2/payments", &lower, b"").await.status, 200);
        let plain = STANDARD.decode(&world.member.basic["Basic ".len()..]).unwrap();
        let plain = String::from_utf8(plain).unwrap();
        let (id, secret) = plain.split_once(':').unwrap();
        let other_id = world.other.id.as_str().replace(':', "-");
        for wrong in [
            format!("{other_id}:{secret}"),
            format!("{id}:{secret}x"),
            format!("{id}:"),
            format!("{id}{secret}"),
            format!("m-unknown-x:{secret}"),
        ] {
            let header = format!("Basic {}", STANDARD.encode(&wrong));
            let answer = knock(&world, "GET", "/v2/payments", &header, b"").await;
            assert_refused(&world, &answer, &wrong);
        }
    }
}

#[tokio::test]
async fn production_refuses_basic_keys_and_says_nothing_about_why() {
    for world in worlds_with(|settings| settings.sandbox = false).await {
        assert_eq!(world.get("/v2/payments").await.status, 200);
        let answer = knock(&world, "GET", "/v2/payments", &world.member.basic, b"").await;
        assert_error(&answer, 401, json!({ "message": "UNAUTHENTICATED" }));
        let mut claims = world.member.claims(world.now(), "GET", "/v2/payments");
        claims["exp"] = 1.into();
        let token = world.member.token(&claims, b"", Payload::Detached);
        let answer = knock(&world, "GET", "/v2/payments", &format!("Bearer {token}"), b"").await;
        assert_error(&answer, 401, json!({ "message": "UNAUTHENTICATED" }));
    }
}

#[tokio::test]
async fn production_knows_itself_by_its_own_hosts_only() {
    let public = |settings: &mut gateway::Settings| {
        settings.sandbox = false;
        settings.public_url = "https://pay.example".to_owned();
        settings.accepted_hosts = vec!["https://api.example/".to_owned(), "alt:8443".to_owned()];
    };
    let cases = [
        ("pay.example", 200),
        ("pay.example:443", 200),
        ("https://pay.example", 200),
        ("https://PAY.example:443/", 200),
        ("api.example", 200),
        ("alt:8443", 200),
        ("alt", 401),
        ("alt:443", 401),
        ("pay.example:8443", 401),
        ("pay.example.evil", 401),
        ("", 401),
        // The request's own `Host` counts only in a sandbox.
        (HOST, 401),
    ];
    for world in worlds_with(public).await {
        for (host, status) in cases {
            let mut claims = world.member.claims(world.now(), "GET", "/v2/payments");
            claims["host"] = host.into();
            let token = world.member.token(&claims, b"", Payload::Detached);
            let bearer = format!("Bearer {token}");
            let answer = knock(&world, "GET", "/v2/payments", &bearer, b"").await;
            assert_eq!(answer.status, status, "{host}: {}", answer.text());
        }
    }
}
