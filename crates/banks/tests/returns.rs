//! The payer's return: its parameters, and every single way to forge them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::{
    Approvable, AuthorisationError, BankError, Pending, Protocols, Returned, WireError,
    parse_return,
};
use domain::authorisation::{BankRefusal, RefusalKind};
use serde_json::{Value, json};
use support::bank::{BANK_KEY, OTHER_KEY, encode, jws, key_set, unsigned};
use support::{START_S, Scene, attempt, issuer, order, returned, run};

fn half(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    encode(&digest.as_ref()[..16])
}

fn claims(issuer: &str) -> Value {
    json!({
        "iss": issuer, "aud": "client-1", "exp": START_S + 300, "iat": START_S, "sub": "58923",
        "nonce": "nonce-1", "c_hash": half("code-1"), "s_hash": half("state-1"),
        "openbanking_intent_id": "58923",
    })
}

fn header() -> Value {
    json!({ "alg": "PS256", "kid": "bank-key" })
}

fn complete(scene: &Scene, id_token: String) -> Result<(), AuthorisationError> {
    complete_with(scene, returned("code-1", &id_token, "state-1"))
}

fn complete_with(scene: &Scene, returned: Returned) -> Result<(), AuthorisationError> {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let attempt = attempt("state-1", "nonce-1", "key-1");
    let pending = Pending { attempt: &attempt, consent_id: Some("58923"), context: None };
    let call = scene.call();
    run(protocol.complete(&call, Approvable::Payment(&order()), pending, &returned)).map(|_| ())
}

fn assert_invalid(scene: &Scene, result: Result<(), AuthorisationError>, what: &str) {
    assert!(matches!(result, Err(AuthorisationError::Unproven(_))), "{what}: {result:?}");
    assert_eq!(scene.bank.count("exchange-code"), 0, "{what}: the code was sent");
}

#[test]
fn each_single_wrong_claim_is_refused() {
    let scene = Scene::new();
    complete(&scene, jws(&BANK_KEY, &header(), &claims(&issuer(&scene.profile)))).unwrap();
    for (name, value) in [
        ("iss", json!("http://bank.test:8001/ob-modelo")),
        ("aud", json!("client-2")),
        ("aud", json!([])),
        ("aud", json!(["client-1", "client-2"])),
        ("azp", json!("client-2")),
        ("exp", json!(START_S - 60)),
        ("exp", json!("tomorrow")),
        ("iat", json!(START_S + 61)),
        ("nonce", json!("nonce-2")),
        ("c_hash", json!(half("code-2"))),
        ("s_hash", json!(half("state-2"))),
        ("openbanking_intent_id", json!("58924")),
    ] {
        let scene = Scene::new();
        let mut claims = claims(&issuer(&scene.profile));
        claims[name] = value.clone();
        let result = complete(&scene, jws(&BANK_KEY, &header(), &claims));
        assert_invalid(&scene, result, &format!("{name}: {value}"));
    }
    for name in ["iss", "aud", "exp", "nonce", "c_hash", "s_hash", "openbanking_intent_id"] {
        let scene = Scene::new();
        let mut claims = claims(&issuer(&scene.profile));
        claims.as_object_mut().unwrap().remove(name);
        assert_invalid(&scene, complete(&scene, jws(&BANK_KEY, &header(), &claims)), name);
    }
}

#[test]
fn several_audiences_need_us_as_the_authorised_party() {
    let scene = Scene::new();
    let mut claims = claims(&issuer(&scene.profile));
    claims["aud"] = json!(["client-2", "client-1"]);
    claims["azp"] = json!("client-1");
    complete(&scene, jws(&BANK_KEY, &header(), &claims)).unwrap();
}

#[test]
fn a_forged_signature_or_algorithm_is_refused() {
    let issuer = issuer(&Scene::new().profile);
    let unsigned = format!(
        "{}.{}.",
        encode(r#"{"alg":"none","kid":"bank-key"}"#),
        encode(claims(&issuer).to_string())
    );
    for (what, token) in [
        ("another key", jws(&OTHER_KEY, &header(), &claims(&issuer))),
        ("no algorithm", unsigned),
        ("RS256", jws(&BANK_KEY, &json!({ "alg": "RS256", "kid": "bank-key" }), &claims(&issuer))),
        ("unknown key", jws(&BANK_KEY, &json!({ "alg": "PS256", "kid": "x" }), &claims(&issuer))),
        ("nothing", String::new()),
    ] {
        let scene = Scene::new();
        let result = complete(&scene, token);
        assert_invalid(&scene, result, what);
    }
}

#[test]
fn a_code_or_state_of_another_payment_is_refused() {
    let token = |scene: &Scene| jws(&BANK_KEY, &header(), &claims(&issuer(&scene.profile)));
    for (code, state) in [("code-2", "state-1"), ("code-1", "state-2")] {
        let scene = Scene::new();
        let returned = returned(code, &token(&scene), state);
        let result = complete_with(&scene, returned);
        assert_invalid(&scene, result, code);
    }
}

#[test]
fn a_new_key_is_fetched_once() {
    let scene = Scene::new();
    let mut first = true;
    scene.bank.on("get-keys", move |_| {
        let kid = if std::mem::take(&mut first) { "old" } else { "bank-key" };
        Ok(unsigned(200, key_set(kid, &BANK_KEY).to_string()))
    });
    complete(&scene, jws(&BANK_KEY, &header(), &claims(&issuer(&scene.profile)))).unwrap();
    assert_eq!(scene.bank.count("get-keys"), 2);
}

#[test]
fn the_banks_own_trouble_is_not_the_payers() {
    let token = |scene: &Scene| jws(&BANK_KEY, &header(), &claims(&issuer(&scene.profile)));
    let scene = Scene::new();
    // The bank is asked what it holds, and does not answer.
    let silent = Err(WireError::NoAnswer("timed out".to_owned()));
    scene.bank.always("get-domestic-payment-consent", silent);
    // The code has expired, or was used: the payer may sign in again.
    let spent = json!({ "error": "invalid_grant" });
    scene.bank.always("exchange-code", Ok(unsigned(400, spent.to_string())));
    let error = complete(&scene, token(&scene)).unwrap_err();
    assert!(matches!(error, AuthorisationError::GrantLost(_)), "{error}");

    // The bank does not know us, with either of the statuses that banks send.
    for status in [400, 401] {
        let stranger = json!({ "error": "invalid_client" });
        scene.bank.always("exchange-code", Ok(unsigned(status, stranger.to_string())));
        let error = complete(&scene, token(&scene)).unwrap_err();
        let refused = matches!(
            &error,
            AuthorisationError::Bank(BankError::Refused(BankRefusal { kind, .. }))
                if *kind == RefusalKind::NotAuthenticated
        );
        assert!(refused, "{status}: {error}");
    }

    // Nobody has looked at the code: it is sent again.
    scene.bank.always("exchange-code", Ok(unsigned(503, "")));
    let error = complete(&scene, token(&scene)).unwrap_err();
    assert!(matches!(error, AuthorisationError::Bank(BankError::Unavailable { .. })), "{error}");

    scene.bank.always("exchange-code", Err(WireError::NoAnswer("timed out".to_owned())));
    let error = complete(&scene, token(&scene)).unwrap_err();
    assert!(matches!(error, AuthorisationError::GrantLost(_)), "{error}");

    scene.bank.always("get-keys", Err(WireError::NoAnswer("timed out".to_owned())));
    let error = complete(&scene, token(&scene)).unwrap_err();
    assert!(matches!(error, AuthorisationError::Bank(BankError::Unavailable { .. })), "{error}");
}

fn parameters(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn returns_are_read_with_tolerance_but_without_guessing() {
    let read = |pairs: &[(&str, &str)]| parse_return(&parameters(pairs));
    let good = [("code", "c"), ("id_token", "t"), ("state", "s"), ("session_state", "x")];
    let returned = read(&good).unwrap();
    assert_eq!((returned.get("code"), returned.state.as_str()), (Some("c"), "s"));
    assert_eq!(format!("{returned:?}"), "Returned { .. }");
    let only_ours = read(&[("state", "s")]).unwrap();
    assert_eq!(only_ours.get("code"), None, "some standards bring nothing else");
    let claims = encode(r#"{"state":"inside","error":"access_denied"}"#);
    let wrapped = read(&[("response", &format!("e30.{claims}.sig"))]).unwrap();
    assert_eq!(wrapped.state, "inside");
    let twice = [("code", "c"), ("code", "c"), ("code", ""), ("id_token", "t"), ("state", "s")];
    assert!(read(&twice).is_ok());

    for wrong in [
        &[][..],
        &[("code", "c"), ("id_token", "t")],
        &[("response", "not.a.token")],
        &[("code", "a"), ("code", "b"), ("id_token", "t"), ("state", "s")],
        &[("code", "c"), ("id_token", "t"), ("state", "s"), ("state", "other")],
    ] {
        assert!(read(wrong).is_err(), "{wrong:?}");
    }
    let long = "x".repeat(20_000);
    assert!(read(&[("code", long.as_str()), ("id_token", "t"), ("state", "s")]).is_err());
    assert!(parse_return(&parameters(&[("x", "y"); 65])).is_err());
}
