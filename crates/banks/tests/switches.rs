//! The options of UK Open Banking, switch by switch: the form of signatures, client authentication at
//! the token endpoint, pushed requests and signed responses.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::Approvable;
use domain::authorisation::BankRefusal;
use std::collections::HashMap;
use std::sync::Arc;

use banks::jose::{
    DetachedClaim, DetachedExpectation, DetachedForm, JoseError, KeySet, verify_compact,
    verify_detached,
};
use banks::profile::{ResponseMode, TokenEndpointAuth};
use banks::wire::ClientCertificate;
use banks::{
    AccessToken, Approval, AuthorisationError, BankError, EidasIdentity, Pending, Proof, Protocols,
    Request, Returned, SigningKey, parse_return,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use support::bank::{
    BANK_KEY, CLIENT_KEY, OTHER_KEY, consent_of, consent_with, detached_header, encode, jws,
    key_set, order_named, ps256, signed, token, unsigned,
};
use support::{Opened, START_S, Scene, attempt, issuer, open_payment, order, run, settings_mut};

fn our_keys() -> KeySet {
    KeySet::parse(key_set("our-key", &CLIENT_KEY).to_string().as_bytes()).unwrap()
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn form(request: &Request) -> HashMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

fn claims(object: &str) -> Value {
    serde_json::from_slice(&verify_compact(object, &our_keys()).unwrap()).unwrap()
}

fn open(scene: &Scene) -> Result<Opened, BankError> {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    run(open_payment(protocol, &scene.call(), &order(), "state-1", "nonce-1", "key-1"))
}

// The form of signatures.

/// A response that is signed as before 3.1.4.
fn signed_raw(body: &Value) -> banks::Response {
    let bytes = body.to_string();
    let mut header = detached_header();
    header["b64"] = json!(false);
    header["crit"].as_array_mut().unwrap().push(json!("b64"));
    let header = encode(header.to_string());
    let signature = ps256(&BANK_KEY, &format!("{header}.{bytes}"));
    let signature = format!("{header}..{signature}");
    let headers = vec![("x-jws-signature".to_owned(), signature)];
    banks::Response { status: 201, headers, body: bytes.into_bytes() }
}

#[test]
fn a_bank_of_the_old_form_gets_and_gives_raw_signatures() {
    let mut scene = Scene::new();
    settings_mut(&mut scene.profile).signing.form = DetachedForm::Unencoded;
    let answer = |request: &Request| Ok(signed_raw(&consent_of(&request.body)));
    scene.bank.on("create-domestic-payment-consent", answer);
    open(&scene).unwrap();
    let sent = scene.bank.last("create-domestic-payment-consent");
    let signature = header(&sent, "x-jws-signature").unwrap();
    let old = DetachedExpectation {
        form: DetachedForm::Unencoded,
        claims: &DetachedClaim::ALL,
        trust_anchor: "openbanking.org.uk",
        issuer: None,
        now_s: START_S,
    };
    verify_detached(signature, &sent.body, &our_keys(), &old).unwrap();
    let new = DetachedExpectation { form: DetachedForm::Encoded, ..old };
    let refused = verify_detached(signature, &sent.body, &our_keys(), &new);
    assert_eq!(refused, Err(JoseError::Claim("crit")));

    // The other form of the same content is not believed, in either direction.
    let encoded = |request: &Request| Ok(signed(201, &consent_of(&request.body)));
    scene.bank.on("create-domestic-payment-consent", encoded);
    assert!(matches!(open(&scene), Err(BankError::Malformed { .. })));
    settings_mut(&mut scene.profile).signing.form = DetachedForm::Encoded;
    open(&scene).unwrap();
    scene.bank.on("create-domestic-payment-consent", answer);
    assert!(matches!(open(&scene), Err(BankError::Malformed { .. })));
}

// Who we are at the token endpoint.

fn certified() -> Scene {
    let mut scene = Scene::at("ob-slate");
    let key = || SigningKey::from_pkcs8_der("seal", &CLIENT_KEY).unwrap();
    scene.identity.eidas = Some(EidasIdentity {
        organisation_identifier: "PSDGB-FCA-123456".to_owned(),
        organisation_name: "Gateway".to_owned(),
        transport: Arc::new(ClientCertificate {
            chain_der: vec![b"certificate".to_vec()],
            private_key_pkcs8_der: Vec::new(),
            fingerprint: "ab".to_owned(),
        }),
        seal_certificate_der: Vec::new(),
        seal_key: key(),
        seal_certificate_url: "https://gateway.test/seal".to_owned(),
    });
    let mut discovery = scene.bank.discovery();
    discovery["token_endpoint"] = json!("https://bank.test:8002/ob-slate/token");
    scene.bank.always("discover", Ok(unsigned(200, discovery.to_string())));
    let answer = |request: &Request| Ok(signed_raw(&consent_of(&request.body)));
    scene.bank.on("create-domestic-payment-consent", answer);
    scene
}

#[test]
fn a_bank_that_knows_certificates_gets_no_assertion() {
    let scene = certified();
    open(&scene).unwrap();
    let asked = scene.bank.last("get-client-token");
    let sent = form(&asked);
    assert_eq!(sent["client_id"], "client-1");
    assert_eq!(sent["grant_type"], "client_credentials");
    assert!(!sent.contains_key("client_assertion") && !sent.contains_key("client_assertion_type"));
    assert_eq!(asked.client_certificate.unwrap().fingerprint, "ab");
    // Tokens are bound to the certificate, so it is shown with them.
    let consent = scene.bank.last("create-domestic-payment-consent");
    assert!(consent.url.starts_with("https://bank.test:8002/"));
    assert_eq!(consent.client_certificate.unwrap().fingerprint, "ab");
    // Never where the connection has no encryption.
    assert_eq!(scene.bank.last("discover").client_certificate, None);
}

#[test]
fn without_a_certificate_nothing_is_asked_of_such_a_bank() {
    let mut scene = certified();
    scene.identity.eidas = None;
    let opened = open(&scene);
    let Err(BankError::Refused(BankRefusal { code, http_status: 0, .. })) = opened else {
        panic!("{opened:?}")
    };
    assert_eq!(code.as_deref(), Some("unsupported"));
    assert_eq!(scene.bank.count("get-client-token"), 0);
}

#[test]
fn a_bank_with_a_client_id_of_its_own_knows_us_by_that() {
    let own = Some("client-at-this-bank".to_owned());
    let mut scene = certified();
    settings_mut(&mut scene.profile).client_id.clone_from(&own);
    open(&scene).unwrap();
    assert_eq!(form(&scene.bank.last("get-client-token")).get("client_id"), own.as_ref());
    let mut scene = Scene::new();
    settings_mut(&mut scene.profile).client_id.clone_from(&own);
    let url = open(&scene).unwrap().redirect_url;
    let query: HashMap<String, String> =
        url::Url::parse(&url).unwrap().query_pairs().into_owned().collect();
    assert_eq!(query.get("client_id"), own.as_ref());
    let object = claims(&query["request"]);
    let assertion = claims(&form(&scene.bank.last("get-client-token"))["client_assertion"]);
    for claim in [&object["iss"], &object["client_id"], &assertion["iss"], &assertion["sub"]] {
        assert_eq!(claim.as_str(), own.as_deref());
    }
}

#[test]
fn a_bank_that_knows_assertions_is_not_told_the_client_id_beside_it() {
    let scene = Scene::new();
    open(&scene).unwrap();
    let sent = form(&scene.bank.last("get-client-token"));
    assert!(sent.contains_key("client_assertion") && !sent.contains_key("client_id"));
}

// Pushed requests and signed responses.

const REFERENCE: &str = "urn:ietf:params:oauth:request_uri:abc";

/// The bank that has both.
fn onyx() -> Scene {
    let scene = Scene::at("ob-onyx");
    let mut discovery = scene.bank.discovery();
    let issuer = issuer(&scene.profile);
    discovery["pushed_authorization_request_endpoint"] = json!(format!("{issuer}/par"));
    discovery["response_modes_supported"] = json!(["jwt"]);
    scene.bank.always("discover", Ok(unsigned(200, discovery.to_string())));
    let pushed = json!({ "request_uri": REFERENCE, "expires_in": 90 });
    scene.bank.always("push-authorization-request", Ok(unsigned(201, pushed.to_string())));
    scene.bank.on("create-domestic-payment-consent", |request| {
        Ok(signed(201, &consent_with("AWAU", &request.body)))
    });
    scene.bank.on("create-domestic-payment", |request| {
        Ok(signed(201, &order_named("DomesticPaymentId", "RCVD", &request.body)))
    });
    scene
}

/// RFC 7636, section 4.2.
fn challenge(verifier: &str) -> String {
    encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes()))
}

#[test]
fn a_pushed_request_leaves_the_browser_a_reference_only() {
    let scene = onyx();
    let url = url::Url::parse(&open(&scene).unwrap().redirect_url).unwrap();
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(query, [pair("client_id", "client-1"), pair("request_uri", REFERENCE)]);
    let pushed = scene.bank.last("push-authorization-request");
    assert!(pushed.url.ends_with("/ob-onyx/par"));
    let sent = form(&pushed);
    assert!(sent.contains_key("client_assertion"), "the client says who it is");
    let object = claims(&sent["request"]);
    assert_eq!(object["response_type"], "code");
    assert_eq!(object["response_mode"], "jwt");
    assert_eq!(object["code_challenge"], challenge(&"v".repeat(43)));
    assert_eq!(object["code_challenge_method"], "S256");
    assert_eq!(object["claims"]["id_token"]["openbanking_intent_id"]["value"], "58923");
    assert_eq!((&object["state"], &object["nonce"]), (&json!("state-1"), &json!("nonce-1")));
}

#[test]
fn a_push_that_fails_leaves_nothing_open() {
    let scene = onyx();
    for (answer, unavailable) in [
        (Ok(unsigned(503, "")), true),
        (Err(banks::WireError::NoAnswer("lost".to_owned())), true),
        (Ok(unsigned(201, json!({ "request_uri": "" }).to_string())), false),
        (Ok(unsigned(201, json!({ "request_uri": "a b" }).to_string())), false),
        (Ok(unsigned(201, "{}")), false),
    ] {
        scene.bank.always("push-authorization-request", answer);
        let opened = open(&scene);
        let matches = match &opened {
            Err(BankError::Unavailable { .. }) => unavailable,
            Err(BankError::Malformed { .. }) => !unavailable,
            _ => false,
        };
        assert!(matches, "{opened:?}");
    }
    let mut discovery = scene.bank.discovery();
    scene.bank.always("discover", Ok(unsigned(200, discovery.to_string())));
    assert!(matches!(open(&scene), Err(BankError::Malformed { .. })), "no endpoint");
    discovery["pushed_authorization_request_endpoint"] = json!("https://evil.test/par");
    scene.bank.always("discover", Ok(unsigned(200, discovery.to_string())));
    assert!(matches!(open(&scene), Err(BankError::Malformed { .. })), "a foreign endpoint");
}

#[test]
fn a_request_that_is_not_pushed_says_the_same_in_the_query() {
    let mut scene = onyx();
    settings_mut(&mut scene.profile).pushed_authorization_requests = false;
    let url = url::Url::parse(&open(&scene).unwrap().redirect_url).unwrap();
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!((query["response_type"].as_str(), query["response_mode"].as_str()), ("code", "jwt"));
    assert_eq!(claims(&query["request"])["code_challenge_method"], "S256");
    assert_eq!(scene.bank.count("push-authorization-request"), 0);
    // A list that has nothing of it does not turn the profile into another one.
    scene.bank.always("discover", Ok(unsigned(200, scene.bank.discovery().to_string())));
    assert!(open(&scene).unwrap().redirect_url.contains("response_mode=jwt"));
    for (mode, word) in [
        (ResponseMode::QueryJwt, "query.jwt"),
        (ResponseMode::FragmentJwt, "fragment.jwt"),
        (ResponseMode::FormPostJwt, "form_post.jwt"),
    ] {
        settings_mut(&mut scene.profile).response_modes = vec![mode];
        let mut discovery = scene.bank.discovery();
        discovery["response_modes_supported"] = json!([word]);
        scene.bank.always("discover", Ok(unsigned(200, discovery.to_string())));
        let url = open(&scene).unwrap().redirect_url;
        assert!(url.contains(&format!("response_mode={word}")), "{url}");
    }
}

fn response_claims(scene: &Scene) -> Value {
    json!({ "iss": issuer(&scene.profile), "aud": "client-1", "exp": START_S + 300,
        "code": "code-1", "state": "state-1" })
}

fn id_token_claims(scene: &Scene) -> Value {
    json!({ "iss": issuer(&scene.profile), "aud": "client-1", "exp": START_S + 300,
        "iat": START_S, "nonce": "nonce-1", "openbanking_intent_id": "58923" })
}

fn bank_signed(claims: &Value) -> String {
    jws(&BANK_KEY, &json!({ "alg": "PS256", "kid": "bank-key" }), claims)
}

/// The parameters of a browser's return, read as the gateway reads them.
fn brought(response: &str) -> Returned {
    parse_return(&[("response".to_owned(), response.to_owned())]).unwrap()
}

fn complete(scene: &Scene, response: &str) -> Result<Approval, AuthorisationError> {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let attempt = attempt("state-1", "nonce-1", "key-1");
    let pending = Pending { attempt: &attempt, consent_id: Some("58923"), context: None };
    let (call, returned) = (scene.call(), brought(response));
    run(protocol.complete(&call, Approvable::Payment(&order()), pending, &returned))
}

fn token_with(id_token: Option<&str>) -> banks::Response {
    let mut answer = token();
    if let Some(id_token) = id_token {
        answer["id_token"] = json!(id_token);
    }
    unsigned(200, answer.to_string())
}

#[test]
fn a_signed_response_and_the_id_token_behind_it_give_access() {
    let scene = onyx();
    let id_token = bank_signed(&id_token_claims(&scene));
    scene.bank.always("exchange-code", Ok(token_with(Some(&id_token))));
    let approved = complete(&scene, &bank_signed(&response_claims(&scene))).unwrap();
    let Approval::Granted { consent_id, proof } = approved else { panic!("{approved:?}") };
    assert_eq!(
        (consent_id.as_str(), proof.token().unwrap().access_token.as_str()),
        ("58923", "token-1")
    );
    let sent = form(&scene.bank.last("exchange-code"));
    assert_eq!((sent["code"].as_str(), sent["code_verifier"].len()), ("code-1", 43));

    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let call = scene.call();
    let proof = Proof::Token(AccessToken {
        access_token: "t".to_owned(),
        expires_at: Timestamp::MAX,
        refresh: None,
    });
    run(protocol.submit(&call, &order(), "58923", &proof, "key-2")).unwrap();
}

#[test]
fn each_single_wrong_claim_of_a_response_is_refused_before_the_code_is_sent() {
    let scene = onyx();
    let good = response_claims(&scene);
    let other = json!("http://bank.test:8001/ob-iron");
    for (name, value) in [
        ("iss", other),
        ("aud", json!("client-2")),
        ("exp", json!(START_S - 60)),
        ("state", json!("state-2")),
        ("code", json!("")),
        ("code", Value::Null),
    ] {
        let mut wrong = good.clone();
        wrong[name] = value;
        let result = complete(&scene, &bank_signed(&wrong));
        assert!(matches!(result, Err(AuthorisationError::Unproven(_))), "{name}: {result:?}");
    }
    let key = json!({ "alg": "PS256", "kid": "bank-key" });
    for forged in [
        jws(&OTHER_KEY, &key, &good),
        format!("{}.{}.", encode(json!({ "alg": "none" }).to_string()), encode(good.to_string())),
    ] {
        let result = complete(&scene, &forged);
        assert!(matches!(result, Err(AuthorisationError::Unproven(_))), "{result:?}");
    }
    assert_eq!(scene.bank.count("exchange-code"), 0);
}

#[test]
fn the_id_token_behind_must_name_this_payment() {
    let scene = onyx();
    let response = bank_signed(&response_claims(&scene));
    let good = id_token_claims(&scene);
    scene.bank.always("exchange-code", Ok(token_with(None)));
    let result = complete(&scene, &response);
    assert!(matches!(result, Err(AuthorisationError::GrantLost(_))), "none came: {result:?}");
    for (name, value) in [
        ("iss", json!("http://bank.test:8001/ob-iron")),
        ("aud", json!("client-2")),
        ("exp", json!(START_S - 60)),
        ("nonce", json!("nonce-2")),
        ("openbanking_intent_id", json!("58924")),
        ("s_hash", json!("AAAA")),
        ("c_hash", json!("AAAA")),
    ] {
        let mut wrong = good.clone();
        wrong[name] = value;
        scene.bank.always("exchange-code", Ok(token_with(Some(&bank_signed(&wrong)))));
        let result = complete(&scene, &response);
        assert!(matches!(result, Err(AuthorisationError::GrantLost(_))), "{name}: {result:?}");
    }
}

#[test]
fn a_connection_may_gain_encryption_and_never_lose_it() {
    let mut profile = Scene::at("ob-slate").profile;
    assert!(profile.allows_url("http://bank.test:8001/ob-slate/authorize"));
    assert!(profile.allows_url("https://bank.test:8002/ob-slate/token"));
    assert!(!profile.allows_url("https://evil.test:8002/ob-slate/token"));
    settings_mut(&mut profile).issuer = "https://bank.test:8001/ob-slate".to_owned();
    assert!(profile.allows_url("https://bank.test:8001/ob-slate/authorize"));
    assert!(!profile.allows_url("http://bank.test:8001/ob-slate/authorize"));
    assert!(!profile.allows_url("http://bank.test:8002/ob-slate/token"));
}

#[test]
fn the_switches_of_the_simulated_banks_are_read() {
    let mut slate = Scene::at("ob-slate").profile;
    let settings = settings_mut(&mut slate);
    assert_eq!(settings.token_endpoint_auth, TokenEndpointAuth::TlsClientAuth);
    assert_eq!(settings.signing.form, DetachedForm::Unencoded);
    let mut onyx = Scene::at("ob-onyx").profile;
    let settings = settings_mut(&mut onyx);
    assert_eq!(settings.token_endpoint_auth, TokenEndpointAuth::PrivateKeyJwt);
    assert!(settings.pushed_authorization_requests);
    assert_eq!(settings.response_modes, [ResponseMode::Jwt]);
    assert_eq!(settings.signing.form, DetachedForm::Encoded);
}
