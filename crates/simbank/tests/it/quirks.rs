//! The banks that differ: one knows its clients by their certificates and signs as banks did before
//! 3.1.4, one wants authorisation requests pushed and signs its whole answer.

use std::collections::HashMap;

use axum::body::Body;
use http::Request;
use rcgen::{CertificateParams, CustomExtension, DnType, KeyPair};
use serde_json::{Value, json};
use simbank::PeerCertificate;

use crate::support::*;

const SLATE: &str = "ob-slate";
const ONYX: &str = "ob-onyx";

// Certificates.

/// One DER element of at most 127 bytes.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

/// PSP_PI and PSP_AI: the last arc of the role.
const INITIATES: u8 = 2;
const READS: u8 = 3;

/// A certificate of a payment initiator (ETSI TS 119 495, 5.1), by its own hand.
fn certificate(organisation: &str) -> Vec<u8> {
    certificate_with(organisation, INITIATES)
}

/// The same with another role.
fn certificate_with(organisation: &str, role: u8) -> Vec<u8> {
    let role = element(
        0x30,
        &[element(0x06, &[0x04, 0x00, 0x81, 0x98, 0x27, 0x01, role]), element(0x0c, b"PSP_??")]
            .concat(),
    );
    let authority = [element(0x0c, b"FCA"), element(0x0c, b"GB-FCA")].concat();
    let information = element(0x30, &[element(0x30, &role), authority].concat());
    let statement = [element(0x06, &[0x04, 0x00, 0x81, 0x98, 0x27, 0x02]), information].concat();
    let statements = element(0x30, &element(0x30, &statement));
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    let name = DnType::CustomDnType(vec![2, 5, 4, 97]);
    parameters.distinguished_name.push(name, organisation);
    let place = [1, 3, 6, 1, 5, 5, 7, 1, 3];
    parameters.custom_extensions = vec![CustomExtension::from_oid_content(&place, statements)];
    let key = KeyPair::generate().unwrap();
    parameters.self_signed(&key).unwrap().der().to_vec()
}

fn with_certificate(mut request: Request<Body>, der: &[u8]) -> Request<Body> {
    request.extensions_mut().insert(PeerCertificate(der.to_vec()));
    request
}

fn form_request(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap()
}

const OWN: [(&str, &str); 3] =
    [("grant_type", "client_credentials"), ("scope", "payments"), ("client_id", CLIENT_ID)];

#[tokio::test]
async fn a_client_is_known_by_its_certificate_and_nothing_else() {
    let world = World::new();
    let path = format!("/{SLATE}/token");
    let found = world.get(&format!("/{SLATE}/.well-known/openid-configuration")).await.json();
    assert_eq!(found["token_endpoint_auth_methods_supported"], json!(["tls_client_auth"]));
    let ours = certificate(ORGANISATION);

    let without = world.send(form_request(&path, &OWN)).await;
    assert_eq!((without.status, &without.json()["error"]), (401, &json!("invalid_client")));
    let other = certificate("PSDGB-FCA-999999");
    for (fields, der) in [
        (OWN.to_vec(), &other),
        ([&OWN[..2], &[("client_id", "tpp-2")]].concat(), &ours),
        (OWN[..2].to_vec(), &ours),
        ([&OWN[..], &[("client_assertion", "x")]].concat(), &ours),
        (OWN.to_vec(), &b"no certificate".to_vec()),
    ] {
        let reply = world.send(with_certificate(form_request(&path, &fields), der)).await;
        assert_eq!((reply.status, &reply.json()["error"]), (401, &json!("invalid_client")));
    }
    let good = world.send(with_certificate(form_request(&path, &OWN), &ours)).await;
    assert_eq!(good.status, 200, "{}", good.text());

    // The token is bound to the certificate.
    let token = good.json()["access_token"].as_str().unwrap().to_owned();
    let asked = || {
        Request::get(format!("/{SLATE}/open-banking/v3.1/pisp/domestic-payments/1"))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(world.send(asked()).await.status, 401);
    assert_eq!(world.send(with_certificate(asked(), &other)).await.status, 401);
    let known = world.send(with_certificate(asked(), &ours)).await;
    assert_eq!(known.error_code(), "Resource.NotFound", "it is let in");
}

#[tokio::test]
async fn who_only_reads_accounts_gets_no_token_for_payments() {
    let world = World::new();
    let code = [
        ("grant_type", "authorization_code"),
        ("client_id", ORGANISATION),
        ("code", "unknown"),
        ("code_verifier", "unknown"),
    ];
    for (path, fields, refusal, known) in [
        (format!("/{SLATE}/token"), &OWN[..], (401, "invalid_client"), (200, Value::Null)),
        (
            "/bg-linden/oauth/token".to_owned(),
            &code[..],
            (400, "unauthorized_client"),
            (400, json!("invalid_grant")),
        ),
    ] {
        for (role, expected) in [(READS, (refusal.0, json!(refusal.1))), (INITIATES, known.clone())]
        {
            let shown = certificate_with(ORGANISATION, role);
            let reply = world.send(with_certificate(form_request(&path, fields), &shown)).await;
            assert_eq!((reply.status, reply.json()["error"].clone()), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn signatures_cover_the_body_as_it_is() {
    let world = World::new();
    let ours = certificate(ORGANISATION);
    let token = with_certificate(form_request(&format!("/{SLATE}/token"), &OWN), &ours);
    let token = world.send(token).await.json()["access_token"].as_str().unwrap().to_owned();
    let body = consent_body("1.00").to_string();
    let mut old = message_header(world.now());
    old["b64"] = json!(false);
    old["crit"].as_array_mut().unwrap().insert(0, json!("b64"));
    let mut wrong = old.clone();
    wrong["b64"] = json!(true);
    let mut unnamed = old.clone();
    unnamed["crit"] = message_header(0)["crit"].clone();
    let raw = |header: &Value, body: &str| {
        let header64 = base64url(header.to_string());
        format!("{header64}..{}", keys().ps256(&format!("{header64}.{body}")))
    };
    for (signature, code) in [
        (sign(&message_header(world.now()), &body), "Signature.MissingClaim"),
        (sign(&old, &body), "Signature.Invalid"),
        (raw(&wrong, &body), "Signature.InvalidClaim"),
        (raw(&unnamed, &body), "Signature.InvalidClaim"),
        (raw(&old, "something else"), "Signature.Invalid"),
        (raw(&old, &body), ""),
    ] {
        let request =
            Request::post(format!("/{SLATE}/open-banking/v3.1/pisp/domestic-payment-consents"))
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "application/json")
                .header("x-idempotency-key", world.unique("key"))
                .header("x-jws-signature", signature)
                .body(Body::from(body.clone()))
                .unwrap();
        let reply = world.send(with_certificate(request, &ours)).await;
        assert_eq!(reply.error_code(), code, "{}", reply.text());
        // Its own are of the same form.
        let (header64, signed) = reply.header("x-jws-signature").split_once("..").unwrap();
        let header: Value = serde_json::from_slice(&from_base64url(header64)).unwrap();
        assert_eq!(header["b64"], false);
        assert_eq!(header["crit"][0], "b64");
        let jwks = world.get(&format!("/{SLATE}/jwks")).await.json();
        assert!(verify_ps256(&jwks, &format!("{header64}.{}", reply.text()), signed));
    }
    // The other banks do not have that form.
    let token = world.client_token("ob-iron").await;
    let call = world.signed("/domestic-payment-consents", &token, &consent_body("1.00"));
    let call = call.header("x-jws-signature", &raw(&old, &body));
    assert_eq!(world.api("ob-iron", call).await.error_code(), "Signature.InvalidClaim");
}

// Pushed requests and signed responses.

const VERIFIER: &str = "a-verifier-of-the-length-that-the-standard-wants";

fn challenge(verifier: &str) -> String {
    base64url(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes()))
}

/// The request object for the payer there.
fn object(world: &World, consent_id: &str) -> Value {
    let mut object = world.request_object(ONYX, consent_id);
    object["response_type"] = json!("code");
    object["response_mode"] = json!("jwt");
    object["code_challenge"] = json!(challenge(VERIFIER));
    object["code_challenge_method"] = json!("S256");
    object
}

async fn push(world: &World, object: &str) -> Reply {
    let assertion = keys().jwt(&world.assertion(ONYX));
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let fields = [
        ("client_assertion_type", kind),
        ("client_assertion", assertion.as_str()),
        ("request", object),
    ];
    world.post_form(&format!("/{ONYX}/par"), &fields).await
}

async fn go(world: &World, reference: &str) -> Reply {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", CLIENT_ID)
        .append_pair("request_uri", reference)
        .finish();
    world.get(&format!("/{ONYX}/authorize?{query}")).await
}

/// The verified claims of the one parameter that returned.
async fn response(world: &World, location: &str) -> Value {
    let (address, query) = location.split_once('?').unwrap();
    assert_eq!(address, REDIRECT_URI);
    let fields: HashMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(fields.len(), 1, "{location}");
    let (input, signature) = fields["response"].rsplit_once('.').unwrap();
    let jwks = world.get(&format!("/{ONYX}/jwks")).await.json();
    assert!(verify_ps256(&jwks, input, signature));
    serde_json::from_slice(&from_base64url(input.split('.').nth(1).unwrap())).unwrap()
}

fn consent() -> Value {
    let mut body = consent_body("1.00");
    body["Data"]["Initiation"].as_object_mut().unwrap().remove("RemittanceInformation");
    body["Risk"] = json!({});
    body
}

/// Pushes, signs in and decides; where the browser is sent then.
async fn visit(world: &World, consent_id: &str, decision: &str) -> String {
    let pushed = push(world, &keys().jwt(&object(world, consent_id))).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let reference = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let opened = go(world, &reference).await;
    let visit = opened.header("location").strip_suffix("/sign-in").unwrap().to_owned();
    let (username, account) = psu(ONYX);
    let password = format!("{username}-pass");
    let fields = [("username", username), ("password", password.as_str())];
    world.post_form(&format!("{visit}/sign-in"), &fields).await;
    let fields = [("account", account), ("decision", decision)];
    let reply = world.post_form(&format!("{visit}/consent"), &fields).await;
    // A reference works once.
    let again = go(world, &reference).await;
    assert_ne!(again.status, 303, "without the request nobody knows where to go");
    reply.header("location").to_owned()
}

#[tokio::test]
async fn a_pushed_request_ends_in_a_signed_answer_and_a_bound_code() {
    let world = World::new();
    let consent_id = world.create_consent(ONYX, &consent()).await;
    let answer = response(&world, &visit(&world, &consent_id, "approve").await).await;
    assert_eq!(answer["iss"], format!("{BASE}/{ONYX}"));
    assert_eq!((&answer["aud"], &answer["state"]), (&json!(CLIENT_ID), &json!("state-1 &<>")));
    assert_eq!(answer["exp"], world.now() + 600);
    assert_eq!(answer["id_token"], Value::Null);
    let code = answer["code"].as_str().unwrap();
    let exchange = async |verifier: Option<&'static str>| {
        let assertion = keys().jwt(&world.assertion(ONYX));
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
        ];
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        world.token(ONYX, &assertion, &fields).await
    };
    for wrong in [None, Some("another")] {
        assert_eq!(exchange(wrong).await.json()["error"], "invalid_grant");
    }
    let good = exchange(Some(VERIFIER)).await;
    assert_eq!(good.status, 200, "{}", good.text());
    let id_token = good.json()["id_token"].as_str().unwrap().to_owned();
    let claims = from_base64url(id_token.split('.').nth(1).unwrap());
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["openbanking_intent_id"], consent_id);
}

#[tokio::test]
async fn a_refusal_is_signed_as_well() {
    let world = World::new();
    let consent_id = world.create_consent(ONYX, &consent()).await;
    let answer = response(&world, &visit(&world, &consent_id, "decline").await).await;
    assert_eq!(answer["error"], "access_denied");
    assert_eq!(answer["code"], Value::Null);
}

#[tokio::test]
async fn what_is_not_pushed_rightly_is_refused() {
    let world = World::new();
    let consent_id = world.create_consent(ONYX, &consent()).await;
    let good = object(&world, &consent_id);
    for (name, value, error) in [
        ("response_type", json!("code id_token"), "unsupported_response_type"),
        ("response_mode", json!("fragment"), "invalid_request"),
        ("code_challenge", Value::Null, "invalid_request_object"),
        ("code_challenge_method", json!("plain"), "invalid_request_object"),
        ("redirect_uri", json!("https://evil.example/"), "invalid_request"),
        ("aud", json!(format!("{BASE}/ob-iron")), "invalid_request_object"),
    ] {
        let mut wrong = good.clone();
        wrong[name] = value;
        let reply = push(&world, &keys().jwt(&wrong)).await;
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!(error)), "{name}");
    }
    let forged = push(&world, &tampered(&keys().jwt(&good))).await;
    assert_eq!(forged.json()["error"], "invalid_request_object");
    let request = keys().jwt(&good);
    let nobody = world.post_form(&format!("/{ONYX}/par"), &[("request", request.as_str())]).await;
    assert_eq!(nobody.status, 401);

    // By value it is not taken at all, and a reference lives 90 seconds.
    let by_value = world.authorize(ONYX, &request, &[("redirect_uri", REDIRECT_URI)]).await;
    let told = response(&world, by_value.header("location")).await;
    assert_eq!(told["error"], "invalid_request");
    let pushed = push(&world, &request).await.json();
    assert_eq!(pushed["expires_in"], 90);
    world.environment.advance(90_000);
    let late = go(&world, pushed["request_uri"].as_str().unwrap()).await;
    assert_eq!(late.status, 400, "{}", late.text());
    // Elsewhere nothing is pushed.
    assert_eq!(world.post_form("/ob-iron/par", &[("request", request.as_str())]).await.status, 404);
}
