//! How British banks leave the usual way of an approval: parameters, the flow without OpenID, answers in
//! the query, claims of request objects and id tokens, and untidy key sets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use banks::jose::{JoseError, KeySet, verify_compact};
use banks::profile::{
    IdTokenClaim, IdTokenRules, ParameterPlace, RequestObjectClaim, ResponseMode, TokenGrant,
    TokenParameter,
};
use banks::{
    Approvable, Approval, AuthorisationError, BankProfile, Pending, Protocols, Request, Returned,
    parse_return,
};
use serde_json::{Value, json};
use support::bank::{
    BANK_KEY, CLIENT_KEY, OTHER_KEY, consent_of, consent_with, decode, encode, jws, key_set,
    signed, signed_with, token, unsigned,
};
use support::{START_S, Scene, attempt, open_payment, order, returned, run, settings_mut};

fn open(scene: &Scene) -> url::Url {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let opened =
        run(open_payment(protocol, &scene.call(), &order(), "state-1", "nonce-1", "key-1"));
    url::Url::parse(&opened.unwrap().redirect_url).unwrap()
}

fn query(url: &url::Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn complete(scene: &Scene, returned: &Returned) -> Result<Approval, AuthorisationError> {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let attempt = attempt("state-1", "nonce-1", "key-1");
    let pending = Pending { attempt: &attempt, consent_id: Some("58923"), context: None };
    run(protocol.complete(&scene.call(), Approvable::Payment(&order()), pending, returned))
}

fn granted(result: &Result<Approval, AuthorisationError>) -> bool {
    matches!(result, Ok(Approval::Granted { .. }))
}

fn form(request: &Request) -> HashMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

fn request_object(url: &url::Url) -> Value {
    let keys = KeySet::parse(key_set("our-key", &CLIENT_KEY).to_string().as_bytes()).unwrap();
    serde_json::from_slice(&verify_compact(&query(url)["request"], &keys).unwrap()).unwrap()
}

fn left_half(text: &str) -> String {
    encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

fn bank_signed(claims: &Value) -> String {
    jws(&BANK_KEY, &json!({ "alg": "PS256", "kid": "bank-key" }), claims)
}

/// The `id_token` in front of a bank without deviations.
fn front_claims(issuer: &str) -> Value {
    json!({ "iss": issuer, "aud": "client-1", "exp": START_S + 300, "iat": START_S,
        "nonce": "nonce-1", "openbanking_intent_id": "58923",
        "c_hash": left_half("code-1"), "s_hash": left_half("state-1") })
}

/// The bank whose answer is in the query and that wants the scope with the code.
fn basalt() -> Scene {
    let scene = Scene::at("ob-basalt");
    let mut document = scene.bank.discovery();
    for (name, path) in
        [("authorization_endpoint", "authorize"), ("token_endpoint", "token"), ("jwks_uri", "jwks")]
    {
        document[name] = json!(format!("http://bank.test:8001/ob-basalt/{path}"));
    }
    scene.bank.always("discover", Ok(unsigned(200, document.to_string())));
    scene
}

const BASALT_TOKENS: &str = "http://bank.test:8001/ob-basalt/tokens";

// Parameters.

#[test]
fn further_parameters_go_to_the_token_endpoint_with_their_grant_and_in_their_place() {
    let mut scene = basalt();
    open(&scene);
    assert_eq!(form(&scene.bank.last("get-client-token"))["scope"], "payments");
    let back = returned("code-1", &bank_signed(&front_claims(BASALT_TOKENS)), "state-1");
    assert!(granted(&complete(&scene, &back)));
    assert_eq!(form(&scene.bank.last("exchange-code"))["scope"], "openid payments");

    // A bank that wants more of our own token, and a role in the URL.
    let parameter = |name: &str, value: &str, place| TokenParameter {
        name: name.to_owned(),
        value: value.to_owned(),
        place,
        grants: vec![TokenGrant::ClientCredentials],
    };
    settings_mut(&mut scene.profile).token_parameters = vec![
        parameter("scope", "payments accounts", ParameterPlace::Form),
        parameter("role", "PISP & more", ParameterPlace::Query),
    ];
    open(&scene);
    let asked = scene.bank.last("get-client-token");
    assert_eq!(asked.url, "http://bank.test:8001/ob-basalt/token?role=PISP+%26+more");
    let scopes: Vec<_> = url::form_urlencoded::parse(&asked.body)
        .into_owned()
        .filter(|(name, _)| name == "scope")
        .collect();
    assert_eq!(scopes, [("scope".to_owned(), "payments accounts".to_owned())], "once");
    assert!(granted(&complete(&scene, &back)));
    let exchange = scene.bank.last("exchange-code");
    assert!(!exchange.url.contains("role") && !form(&exchange).contains_key("scope"));
}

#[test]
fn further_parameters_of_the_authorisation_are_signed_too_and_name_the_consent() {
    let mut scene = Scene::new();
    settings_mut(&mut scene.profile).authorization_parameters =
        [("login_hint", "retail"), ("x_consent", "id:{consent_id}")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let url = open(&scene);
    let (query, object) = (query(&url), request_object(&url));
    for (name, value) in [("login_hint", "retail"), ("x_consent", "id:58923")] {
        assert_eq!(query[name], value);
        assert_eq!(object[name], value);
    }
    // Pushed, they are in the object alone.
    let settings = settings_mut(&mut scene.profile);
    settings.pushed_authorization_requests = true;
    settings.endpoints.pushed_authorization_request = Some("http://bank.test:8001/par".to_owned());
    let pushed = json!({ "request_uri": "urn:1", "expires_in": 90 });
    scene.bank.always("push-authorization-request", Ok(unsigned(201, pushed.to_string())));
    assert_eq!(open(&scene).query_pairs().count(), 2);
}

#[test]
fn the_nonce_is_beside_the_request_object_too() {
    let url = open(&Scene::new());
    assert_eq!(query(&url)["nonce"], "nonce-1");
    assert_eq!(request_object(&url)["nonce"], "nonce-1");
}

#[test]
fn an_answer_in_the_query_is_not_asked_for() {
    let scene = basalt();
    for listed in [json!(null), json!(["fragment", "form_post"]), json!(["query"])] {
        let mut document = scene.bank.discovery();
        document["response_modes_supported"] = listed;
        document["authorization_endpoint"] = json!("http://bank.test:8001/ob-basalt/authorize");
        scene.bank.always("discover", Ok(unsigned(200, document.to_string())));
        let url = open(&scene);
        assert!(!query(&url).contains_key("response_mode"));
        assert!(request_object(&url).get("response_mode").is_none());
        assert_eq!(request_object(&url)["response_type"], "code id_token");
    }
}

#[test]
fn request_objects_have_the_claims_and_the_lifetime_that_the_bank_takes() {
    let mut scene = Scene::new();
    let usual = request_object(&open(&scene));
    let times = |object: &Value| ["iat", "nbf", "exp"].map(|name| object[name].as_i64());
    assert_eq!(times(&usual), [Some(START_S), Some(START_S - 30), Some(START_S + 3570)]);
    let rules = &mut settings_mut(&mut scene.profile).request_object;
    rules.lifetime_s = 300;
    assert_eq!(request_object(&open(&scene))["exp"], START_S + 270);
    settings_mut(&mut scene.profile).request_object.omits =
        vec![RequestObjectClaim::Iat, RequestObjectClaim::Nbf];
    assert_eq!(times(&request_object(&open(&scene))), [None, None, Some(START_S + 300)]);
}

// OAuth 2.0 without OpenID.

#[test]
fn without_openid_the_query_is_all_and_the_verifier_binds_the_code() {
    let scene = Scene::flint();
    let packed = open(&scene);
    let packed: Vec<(String, String)> = packed.query_pairs().into_owned().collect();
    let [(name, data)] = packed.as_slice() else { panic!("{packed:?}") };
    assert_eq!(name, "data", "this bank wants all in one parameter");
    let mut scene = scene;
    settings_mut(&mut scene.profile).packed_parameters = None;
    let url = open(&scene);
    assert_eq!(decode(data), url.query().unwrap().as_bytes(), "the same, packed");
    let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(
        names,
        [
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "code_challenge",
            "code_challenge_method",
            "display"
        ]
    );
    let query = query(&url);
    assert_eq!((query["scope"].as_str(), query["display"].as_str()), ("payments", "58923"));

    let back = |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        parse_return(&pairs).unwrap()
    };
    assert!(granted(&complete(&scene, &back(&[("code", "code-1"), ("state", "state-1")]))));
    let sent = form(&scene.bank.last("exchange-code"));
    assert_eq!(sent["code_verifier"], "v".repeat(43));

    // Another's state is refused before anything is sent; an unsigned error only makes us ask.
    let before = scene.bank.count("exchange-code");
    let other = complete(&scene, &back(&[("code", "code-1"), ("state", "state-2")]));
    assert!(matches!(other, Err(AuthorisationError::Unproven(_))));
    for (status, declined) in [("Rejected", true), ("AwaitingAuthorisation", false)] {
        let consent = consent_with(status, b"{\"Data\":{\"Initiation\":{}},\"Risk\":{}}");
        let answer = signed_with(&["iat", "iss"], 200, &consent);
        scene.bank.always("get-domestic-payment-consent", Ok(answer));
        let error = back(&[("error", "access_denied"), ("state", "state-1")]);
        let result = complete(&scene, &error).unwrap();
        assert_eq!(matches!(result, Approval::Declined { .. }), declined, "{result:?}");
    }
    assert_eq!(scene.bank.count("exchange-code"), before);
}

// Claims of id tokens.

#[test]
fn an_id_token_in_front_may_lack_its_state_hash_and_nothing_else() {
    let mut scene = Scene::new();
    let issuer = support::issuer(&scene.profile);
    let all = vec![IdTokenClaim::Nonce, IdTokenClaim::OpenbankingIntentId, IdTokenClaim::SHash];
    for (name, omits, good) in [
        ("s_hash", vec![], false),
        ("s_hash", vec![IdTokenClaim::SHash], true),
        ("nonce", all.clone(), false),
        ("openbanking_intent_id", all.clone(), false),
        ("c_hash", all.clone(), false),
    ] {
        settings_mut(&mut scene.profile).id_token.omits = omits;
        let mut claims = front_claims(&issuer);
        claims.as_object_mut().unwrap().remove(name);
        let result = complete(&scene, &returned("code-1", &bank_signed(&claims), "state-1"));
        assert_eq!(granted(&result), good, "{name}: {result:?}");
    }
    // A claim that is there must be right.
    let mut claims = front_claims(&issuer);
    claims["s_hash"] = json!("AAAA");
    let result = complete(&scene, &returned("code-1", &bank_signed(&claims), "state-1"));
    assert!(matches!(result, Err(AuthorisationError::Unproven(_))), "{result:?}");
}

fn agate() -> Scene {
    let scene = Scene::at("ob-agate");
    scene.bank.on("create-domestic-payment-consent", |request| {
        Ok(signed(201, &consent_with("AWAU", &request.body)))
    });
    scene
}

/// A return with a signed response, and the `id_token` behind it.
fn complete_with(scene: &Scene, id_token: &Value) -> Result<Approval, AuthorisationError> {
    let mut answer = token();
    answer["id_token"] = json!(bank_signed(id_token));
    scene.bank.always("exchange-code", Ok(unsigned(200, answer.to_string())));
    let response = json!({ "iss": support::issuer(&scene.profile), "aud": "client-1",
        "exp": START_S + 300, "code": "code-1", "state": "state-1" });
    let pairs = [("response".to_owned(), bank_signed(&response))];
    complete(scene, &parse_return(&pairs).unwrap())
}

#[test]
fn an_id_token_behind_a_signed_response_may_lack_what_the_file_says() {
    let mut scene = agate();
    let issuer = support::issuer(&scene.profile);
    let bare = json!({ "iss": issuer, "aud": "client-1", "exp": (START_S + 300) * 1000 });
    assert!(granted(&complete_with(&scene, &bare)));
    for (name, value) in [
        ("nonce", json!("nonce-2")),
        ("openbanking_intent_id", json!("58924")),
        ("c_hash", json!("AAAA")),
        ("exp", json!((START_S - 60) * 1000)),
        ("aud", json!("client-2")),
        ("iss", json!("http://bank.test:8001/ob-iron")),
    ] {
        let mut wrong = bare.clone();
        wrong[name] = value;
        let result = complete_with(&scene, &wrong);
        assert!(matches!(result, Err(AuthorisationError::GrantLost(_))), "{name}: {result:?}");
    }
    // Without the keys in the file, each deviation is refused.
    for rules in [
        IdTokenRules { exp_in_milliseconds: true, omits: vec![IdTokenClaim::Nonce] },
        IdTokenRules { exp_in_milliseconds: true, omits: vec![IdTokenClaim::OpenbankingIntentId] },
    ] {
        settings_mut(&mut scene.profile).id_token = rules;
        let result = complete_with(&scene, &bare);
        assert!(matches!(result, Err(AuthorisationError::GrantLost(_))), "{result:?}");
    }
    // Read as seconds, an expired token in milliseconds would be good for thousands of years.
    let expired = json!({ "iss": issuer, "aud": "client-1", "exp": (START_S - 60) * 1000,
        "nonce": "nonce-1", "openbanking_intent_id": "58923" });
    settings_mut(&mut scene.profile).id_token =
        IdTokenRules { exp_in_milliseconds: false, omits: Vec::new() };
    let result = complete_with(&scene, &expired);
    assert!(matches!(result, Err(AuthorisationError::GrantLost(_))), "{result:?}");
}

// Key sets.

fn jwk(kid: Option<&str>, key: &[u8]) -> Value {
    let mut jwk = key_set(kid.unwrap_or("x"), key)["keys"][0].clone();
    if kid.is_none() {
        jwk.as_object_mut().unwrap().remove("kid");
    }
    jwk
}

#[test]
fn a_key_is_chosen_by_name_algorithm_and_kind_and_a_bad_key_hides_no_other() {
    let good = || jwk(Some("bank-key"), &BANK_KEY);
    let point = encode([7; 32]);
    let curve = json!({ "kty": "EC", "crv": "P-256", "kid": "bank-key", "x": point, "y": point });
    let broken = json!({ "kty": "RSA", "kid": "bank-key", "n": "AQAB" });
    let mut other_algorithm = jwk(Some("bank-key"), &OTHER_KEY);
    other_algorithm["alg"] = json!("RS256");
    let named = json!({ "alg": "PS256", "kid": "bank-key" });
    let nameless = json!({ "alg": "PS256" });
    for (keys, header, expected) in [
        (json!([broken, curve, good()]), &named, Ok(())),
        (json!([other_algorithm, good()]), &named, Ok(())),
        (json!([jwk(Some("bank-key"), &OTHER_KEY), good()]), &named, Ok(())),
        (json!([7, good()]), &named, Ok(())),
        // No names.
        (json!([jwk(None, &OTHER_KEY), jwk(None, &BANK_KEY)]), &named, Ok(())),
        (json!([jwk(None, &OTHER_KEY), jwk(None, &BANK_KEY)]), &nameless, Ok(())),
        (json!([jwk(Some("other"), &BANK_KEY)]), &nameless, Ok(())),
        // Never another's key under another name.
        (json!([jwk(Some("other"), &BANK_KEY)]), &named, Err(JoseError::UnknownKey)),
        (
            json!([jwk(Some("bank-key"), &OTHER_KEY), jwk(None, &BANK_KEY)]),
            &named,
            Err(JoseError::Signature),
        ),
        (json!([curve]), &named, Err(JoseError::KeyMismatch)),
        (json!([broken]), &named, Err(JoseError::UnknownKey)),
        (json!([jwk(None, &OTHER_KEY)]), &nameless, Err(JoseError::UnknownKey)),
    ] {
        let set = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        let token = jws(&BANK_KEY, header, &json!({}));
        let verified = verify_compact(&token, &set).map(|_| ());
        assert_eq!(verified, expected, "{keys} {header}");
    }
}

// Profiles.

#[test]
fn rules_that_contradict_the_standard_do_not_load() {
    let text = |file: &str| {
        file.replace("{simbank}", "https://bank.test")
            .replace("simulated = true\n", "")
            .replace("simulated:", "env:")
    };
    let basalt = text(include_str!("../../../banks/sim/ob-basalt.toml"));
    let flint = text(include_str!("../../../banks/sim/ob-flint.toml"));
    let agate = text(include_str!("../../../banks/sim/ob-agate.toml"));
    for good in [&basalt, &flint, &agate] {
        BankProfile::parse("bank.toml", good).unwrap();
    }
    for (good, from, to, named) in [
        (&basalt, "name = \"scope\"", "name = \"code\"", "token_parameters"),
        (&basalt, "grants = [\"authorization_code\"]", "grants = []", "token_parameters"),
        (&basalt, "[\"authorization_code\"]", "[\"password\"]", "grants"),
        (&flint, "\"{consent_id}\"", "\"x\"", "authorization_parameters"),
        (&flint, "authorization_parameters.display", "authorization_parameters.state", "state"),
        (&flint, "response_modes = [\"query\"]", "response_modes = [\"jwt\"]", "response_modes"),
        (&flint, "flow = ", "pushed_authorization_requests = true\nflow = ", "pushed"),
        (&flint, "\"code\"", "\"implicit\"", "flow"),
        (&flint, "flow = \"code\"\n", "", "packed_parameters"),
        (&flint, "\"data\"", "\"\"", "packed_parameters"),
        (&agate, "lifetime_s = 300", "lifetime_s = 3601", "lifetime_s"),
        (&agate, "\"nonce\"", "\"aud\"", "omits"),
        (&agate, "[\"iat\", \"nbf\"]", "[\"exp\"]", "omits"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = BankProfile::parse("bank.toml", &good.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(named), "{named}: {error}");
    }
    assert_eq!(ResponseMode::Query.word(), "query");
}

#[test]
fn consents_are_made_as_everywhere() {
    let scene = basalt();
    let asked = |request: &Request| Ok(signed(201, &consent_of(&request.body)));
    scene.bank.on("create-domestic-payment-consent", asked);
    open(&scene);
}
