//! The authorisation endpoint and the PSU's visit.

use serde_json::{Value, json};

use crate::support::*;

fn claims(id_token: &str) -> Value {
    serde_json::from_slice(&from_base64url(id_token.split('.').nth(1).unwrap())).unwrap()
}

/// Left half of the SHA-256, independently of the bank's code.
fn half_hash(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    base64url(&digest.as_ref()[..16])
}

async fn check_id_token(world: &World, bank: &str, answer: &[(&str, &str)], consent_id: &str) {
    let field = |name: &str| answer.iter().find(|(found, _)| *found == name).unwrap().1;
    let id_token = field("id_token");
    let (input, signature) = id_token.rsplit_once('.').unwrap();
    let jwks = world.get(&format!("/{bank}/jwks")).await.json();
    assert!(verify_ps256(&jwks, input, signature));
    let claims = claims(id_token);
    let expected = json!({
        "iss": format!("{BASE}/{bank}"), "aud": CLIENT_ID, "sub": consent_id,
        "iat": world.now(), "exp": world.now() + 3600, "nonce": "nonce-1",
        "c_hash": half_hash(field("code")), "s_hash": half_hash("state-1 &<>"),
        "acr": "urn:openbanking:psd2:sca", "openbanking_intent_id": consent_id,
    });
    assert_eq!(claims, expected);
    assert_eq!(field("state"), "state-1 &<>");
}

#[tokio::test]
async fn the_fragment_carries_code_id_token_and_state_at_each_bank() {
    let world = World::new();
    for bank in BANKS {
        let consent_id = world.create_consent(bank, &consent_body("1.00")).await;
        let reply = world.approve(bank, &consent_id).await;
        assert_eq!(reply.status, 303);
        assert!(reply.header("location").starts_with(&format!("{REDIRECT_URI}#")));
        let fragment = reply.fragment();
        let pairs: Vec<_> = fragment.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(pairs.len(), 3);
        check_id_token(&world, bank, &pairs, &consent_id).await;
    }
}

fn unescape(text: &str) -> String {
    text.replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}

#[tokio::test]
async fn form_post_is_a_page_that_posts_the_answer_where_it_is_supported() {
    let world = World::new();
    let bank = "ob-iron";
    let consent_id = world.create_consent(bank, &consent_body("1.00")).await;
    let visit = world.sign_in(bank, &consent_id, &[("response_mode", "form_post")]).await;
    let fields = [("account", psu(bank).1), ("decision", "approve")];
    let reply = world.post_form(&format!("{visit}/consent"), &fields).await;
    assert_eq!((reply.status, reply.header("location")), (303, &*format!("{visit}/return")));
    let page = world.get(&format!("{visit}/return")).await;
    let html = page.text();
    assert!(html.contains(&format!("<form method=\"post\" action=\"{REDIRECT_URI}\">")));
    assert!(html.contains("<button type=\"submit\">Continue</button>"));
    let values: Vec<(String, String)> = html
        .split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").unwrap();
            (name.to_owned(), unescape(rest.split_once('"').unwrap().0))
        })
        .collect();
    let pairs: Vec<_> = values.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    check_id_token(&world, bank, &pairs, &consent_id).await;
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
    let consent_id = world.create_consent("ob-modelo", &consent_body("1.00")).await;
    let request = keys().jwt(&world.request_object("ob-modelo", &consent_id));
    let reply = world.authorize("ob-modelo", &request, &[("response_mode", "form_post")]).await;
    assert_eq!(reply.fragment()["error"], "invalid_request", "fragment is all that Modelo has");
}

#[tokio::test]
async fn the_pages_show_the_payment_and_escape_what_others_wrote() {
    let world = World::new();
    let consent_id = world.create_consent("ob-iron", &consent_body("1234.5")).await;
    let request = keys().jwt_es256(&world.request_object("ob-iron", &consent_id));
    let reply = world.authorize("ob-iron", &request, &[]).await;
    let path = reply.header("location").to_owned();
    let page = world.get(&path).await.text();
    for words in ["simulated bank", "Iron Bank", "dave-pass", "<label for=\"username\">"] {
        assert!(page.contains(words), "{words}");
    }
    let consent_path = path.replace("sign-in", "consent");
    assert_eq!(world.get(&consent_path).await.header("location"), path, "not signed in");
    let refused = world.post_form(&consent_path, &[("decision", "approve")]).await;
    assert_eq!(refused.header("location"), path, "not signed in");
    world.post_form(&path, &[("username", "dave"), ("password", "dave-pass")]).await;
    let page = world.get(&consent_path).await.text();
    let shown = [
        "£1,234.50",
        "Customer Inc.",
        "12-34-56 12345678",
        "balance £9,900.00",
        "80-00-01 12345603",
    ];
    for words in shown {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(!page.contains("REF <1>") && !page.contains("Test Provider <b>"));
    let nothing = world.post_form(&consent_path, &[("decision", "approve")]).await;
    assert_eq!(nothing.status, 400, "no account chosen");
    let foreign = [("decision", "approve"), ("account", "70000112345601")];
    assert_eq!(world.post_form(&consent_path, &foreign).await.status, 400);
    let perhaps = [("decision", "perhaps"), ("account", "80000112345601")];
    assert_eq!(world.post_form(&consent_path, &perhaps).await.status, 400);
}

#[tokio::test]
async fn three_wrong_passwords_end_the_visit() {
    let world = World::new();
    let consent_id = world.create_consent("ob-modelo", &consent_body("1.00")).await;
    let request = keys().jwt(&world.request_object("ob-modelo", &consent_id));
    let path = world.authorize("ob-modelo", &request, &[]).await.header("location").to_owned();
    for left in [2, 1] {
        let wrong = [("username", "alice"), ("password", "wrong")];
        assert_eq!(world.post_form(&path, &wrong).await.header("location"), path);
        let page = world.get(&path).await.text();
        assert!(page.contains(&format!("Attempts left: {left}")));
    }
    world.post_form(&path, &[("username", "dave"), ("password", "dave-pass")]).await;
    let end = world.get(&path).await;
    assert_eq!(end.fragment()["error"], "access_denied");
    assert_eq!(end.fragment()["state"], "state-1 &<>");
    let right = [("username", "alice"), ("password", "alice-pass")];
    let late = world.post_form(&path, &right).await;
    assert_eq!(late.fragment()["error"], "access_denied");
    let consent =
        world.read("ob-modelo", &format!("/domestic-payment-consents/{consent_id}")).await;
    assert_eq!(consent.json()["Data"]["Status"], "Rejected");
}

#[tokio::test]
async fn declining_rejects_the_consent() {
    let world = World::new();
    let consent_id = world.create_consent("ob-iron", &consent_body("1.00")).await;
    let visit = world.sign_in("ob-iron", &consent_id, &[]).await;
    let path = format!("{visit}/consent");
    let reply = world.post_form(&path, &[("decision", "decline")]).await;
    assert_eq!(reply.fragment()["error"], "access_denied");
    assert_eq!(reply.fragment().get("code"), None);
    let approve = [("decision", "approve"), ("account", "80000112345601")];
    let late = world.post_form(&path, &approve).await;
    assert_eq!(late.fragment(), reply.fragment(), "the first decision counts");
    let consent = world.read("ob-iron", &format!("/domestic-payment-consents/{consent_id}")).await;
    assert_eq!(consent.json()["Data"]["Status"], "Rejected");
    let request = keys().jwt(&world.request_object("ob-iron", &consent_id));
    let again = world.authorize("ob-iron", &request, &[]).await;
    assert_eq!(again.fragment()["error"], "invalid_request");
}

#[tokio::test]
async fn approving_twice_gives_the_same_answer() {
    let world = World::new();
    let consent_id = world.create_consent("ob-iron", &consent_body("1.00")).await;
    let visit = world.sign_in("ob-iron", &consent_id, &[]).await;
    let other_visit = world.sign_in("ob-iron", &consent_id, &[]).await;
    let path = format!("{visit}/consent");
    let fields = [("account", "80000112345602"), ("decision", "approve")];
    let first = world.post_form(&path, &fields).await.fragment();
    let second = world.post_form(&path, &fields).await.fragment();
    assert_eq!(first, second);
    assert_eq!(world.get(&path).await.fragment(), first);
    let decline = world.post_form(&path, &[("decision", "decline")]).await.fragment();
    assert_eq!(decline, first);
    let elsewhere = world.post_form(&format!("{other_visit}/consent"), &fields).await.fragment();
    assert_eq!(elsewhere["error"], "access_denied", "another visit comes too late");
    assert_eq!(world.books(&consent_id).await["consent_status"], "Authorised");
    assert_eq!(world.code_token("ob-iron", &first["code"]).await.status, 200);
}

#[tokio::test]
async fn a_debtor_account_in_the_consent_is_the_only_choice() {
    let world = World::new();
    let mut body = consent_body("1.00");
    body["Data"]["Initiation"]["DebtorAccount"] = json!({
        "SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": "80000112345603" });
    let consent_id = world.create_consent("ob-iron", &body).await;
    let visit = world.sign_in("ob-iron", &consent_id, &[]).await;
    let path = format!("{visit}/consent");
    let page = world.get(&path).await.text();
    assert!(page.contains("12345603") && !page.contains("12345602"));
    let other = [("account", "80000112345602"), ("decision", "approve")];
    assert_eq!(world.post_form(&path, &other).await.status, 400);

    body["Data"]["Initiation"]["DebtorAccount"]["Identification"] = json!("80000123456701");
    let consent_id = world.create_consent("ob-iron", &body).await;
    let visit = world.sign_in("ob-iron", &consent_id, &[]).await;
    let page = world.get(&format!("{visit}/consent")).await.text();
    assert!(page.contains("not yours") && !page.contains("value=\"approve\""));
}

#[tokio::test]
async fn a_visit_ends_after_a_quarter_of_an_hour() {
    let world = World::new();
    let consent_id = world.create_consent("ob-modelo", &consent_body("1.00")).await;
    let visit = world.sign_in("ob-modelo", &consent_id, &[]).await;
    world.environment.advance(15 * 60 * 1000);
    assert_eq!(world.get(&format!("{visit}/consent")).await.status, 404);
    assert_eq!(world.get("/ob-modelo/authorisations/unknown/sign-in").await.status, 404);
    let elsewhere = visit.replace("ob-modelo", "ob-iron");
    assert_eq!(world.get(&format!("{elsewhere}/consent")).await.status, 404);
}

#[tokio::test]
async fn a_request_object_that_is_wrong_is_refused() {
    let world = World::new();
    let bank = "ob-modelo";
    let consent_id = world.create_consent(bank, &consent_body("1.00")).await;
    let now = world.now();
    let cases: [(&str, Value, &str); 17] = [
        ("/iss", json!("tpp-2"), "invalid_request_object"),
        ("/client_id", json!("tpp-2"), "invalid_request_object"),
        ("/aud", json!(format!("{BASE}/ob-iron")), "invalid_request_object"),
        ("/aud", Value::Null, "invalid_request_object"),
        ("/exp", json!(now), "invalid_request_object"),
        ("/exp", Value::Null, "invalid_request_object"),
        ("/exp", json!(now + 3601), "invalid_request_object"),
        ("/nbf", json!(now + 61), "invalid_request_object"),
        ("/nbf", Value::Null, "invalid_request_object"),
        ("/nonce", Value::Null, "invalid_request_object"),
        ("/state", Value::Null, "invalid_request_object"),
        ("/state", json!("x".repeat(2000)), "invalid_request_object"),
        ("/response_type", json!("code"), "unsupported_response_type"),
        ("/scope", json!("openid"), "invalid_scope"),
        ("/scope", json!("openid payments accounts"), "invalid_scope"),
        ("/claims/id_token/openbanking_intent_id/value", Value::Null, "invalid_request_object"),
        ("/claims/id_token/openbanking_intent_id/value", json!("other"), "invalid_request"),
    ];
    for (pointer, value, error) in cases {
        let mut object = world.request_object(bank, &consent_id);
        *object.pointer_mut(pointer).unwrap() = value.clone();
        let reply = world.authorize(bank, &keys().jwt(&object), &[]).await;
        assert_eq!(reply.status, 303, "{pointer} {value}");
        assert_eq!(reply.fragment()["error"], error, "{pointer} {value}");
        assert!(!reply.fragment()["error_description"].is_empty());
    }
    let good = keys().jwt(&world.request_object(bank, &consent_id));
    let broken = tampered(&good);
    let outer = [("redirect_uri", REDIRECT_URI), ("state", "outer")];
    for request in ["", "x", broken.as_str(), "e30.e30.e30"] {
        let reply = world.authorize(bank, request, &outer).await;
        assert_eq!(reply.fragment()["error"], "invalid_request_object", "{request}");
        assert_eq!(reply.fragment()["state"], "outer");
    }
    let mismatch = world.authorize(bank, &good, &[("nonce", "another")]).await;
    assert_eq!(mismatch.fragment()["error"], "invalid_request_object");
    let foreign = world.create_consent("ob-iron", &consent_body("1.00")).await;
    let foreign = keys().jwt(&world.request_object(bank, &foreign));
    assert_eq!(world.authorize(bank, &foreign, &[]).await.fragment()["error"], "invalid_request");
    assert_eq!(world.authorize(bank, &good, &outer[..1]).await.status, 303);
    let opened = world.authorize(bank, &good, &[]).await;
    assert!(opened.header("location").ends_with("/sign-in"), "nothing was wrong with the rest");
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let world = World::new();
    let bank = "ob-modelo";
    let consent_id = world.create_consent(bank, &consent_body("1.00")).await;
    let mut object = world.request_object(bank, &consent_id);
    let good = keys().jwt(&object);
    object["redirect_uri"] = json!("https://evil.example/");
    let evil = keys().jwt(&object);
    let elsewhere = [("redirect_uri", "https://evil.example/")];
    for reply in [
        world.authorize(bank, &evil, &[]).await,
        world.authorize(bank, &evil, &[("redirect_uri", REDIRECT_URI)]).await,
        world.authorize(bank, &good, &elsewhere).await,
        world.authorize(bank, "x", &elsewhere).await,
        world.authorize(bank, "x", &[]).await,
        world.get(&format!("/{bank}/authorize")).await,
        world.get(&format!("/{bank}/authorize?client_id=nobody")).await,
        world.get(&format!("/{bank}/authorize?state=1&state=2")).await,
    ] {
        assert_eq!(reply.status, 400);
        assert_eq!(reply.header("location"), "");
        assert!(reply.text().contains("role=\"alert\""));
    }
    assert_eq!(world.get("/no-bank/authorize").await.status, 404);
}

#[tokio::test]
async fn the_mock_bank_approves_by_itself_and_sends_the_payer_back_in_one_response() {
    let world = World::new();
    for (account, approves) in
        [(None, true), (Some("90000123456701"), true), (Some("11111122222222"), false)]
    {
        let mut body = consent_body("1.00");
        if let Some(account) = account {
            body["Data"]["Initiation"]["DebtorAccount"] = json!({
                "SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": account,
                "Name": "Payer" });
        }
        let consent_id = world.create_consent("mock-redirect", &body).await;
        let request = keys().jwt(&world.request_object("mock-redirect", &consent_id));
        let reply = world.authorize("mock-redirect", &request, &[]).await;
        assert_eq!(reply.status, 303, "{account:?}: {}", reply.text());
        assert!(reply.header("location").starts_with(&format!("{REDIRECT_URI}#")), "{account:?}");
        let fragment = reply.fragment();
        assert_eq!(fragment.contains_key("code"), approves, "{account:?}: {fragment:?}");
        assert_eq!(fragment.contains_key("error"), !approves, "{account:?}: {fragment:?}");
        assert_eq!(fragment["state"], "state-1 &<>");
        // The address again decides nothing again.
        let again = world.authorize("mock-redirect", &request, &[]).await;
        assert!(!again.fragment().contains_key("code"), "{account:?}: {:?}", again.fragment());
    }
}
