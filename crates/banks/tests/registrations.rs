//! Registration at banks: the request of each standard, and the answers (RFC 7591; OBIE Dynamic Client
//! Registration 3.3).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use banks::eidas::{DevelopmentAuthority, Issued, Purpose, Role, Subject};
use banks::jose::{KeySet, Trust, verify_compact};
use banks::profile::BankProfile;
use banks::registration::RegisteredClient;
use banks::wire::Authorities;
use banks::{BankError, Protocols, Request, WireError};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::seams::Clock;
use serde_json::{Value, json};
use support::bank::{BANK_KEY, CLIENT_KEY, key_set, unsigned};
use support::{Scene, run};

/// A software statement as the directory issues it; nobody here checks its signature.
fn statement(redirect_uri: &str) -> String {
    let claims = json!({
        "software_id": "HQuZPIt3ipkh33Uxytox1E", "org_id": "0015800001041RHAAY",
        "software_redirect_uris": [redirect_uri],
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.signature", part(&json!({ "alg": "PS256" })), part(&claims))
}

const REDIRECT_URI: &str = "https://gateway.test/callback";

/// The file of a simulated bank as an operator's own, with these keys beside and without these lines.
fn file(simulated: &str, keys: &str, without: &[&str]) -> String {
    let file = format!("{}/../../banks/sim/{simulated}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap();
    let kept = text
        .lines()
        .filter(|line| !without.iter().any(|gone| line.starts_with(gone)))
        .collect::<Vec<_>>()
        .join("\n");
    let text = kept
        .replace("{simbank_tls}", "https://bank.test:8002")
        .replace("{simbank_host}", "bank.test:8001")
        .replace("{simbank}", "http://bank.test:8001");
    format!("{text}\n{keys}")
}

/// A scene at a bank of that file, whose other files are in `folder`.
fn scene(simulated: &str, text: &str, folder: &std::path::Path) -> Scene {
    let mut scene = Scene::at(simulated);
    scene.identity.eidas = Scene::flint().identity.eidas;
    let mut profile = BankProfile::parse("test.toml", text).unwrap();
    profile.read_files(&folder.join("test.toml"), &|_| None).unwrap();
    scene.profile = profile;
    scene
}

fn register(scene: &Scene) -> Result<RegisteredClient, BankError> {
    run(Protocols::new().protocol_for(&scene.profile).register(&scene.call()))
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

const UK: &str = "[registration]\nmethod = \"software_statement\"\n\
                  software_statement = \"file:statement.jwt\"\n\
                  redirect_uris = [\"https://gateway.test/callback\"]\n";

/// A bank of UK Open Banking whose discovery document has this address for registrations.
fn uk(keys: &str, endpoint: Option<&str>) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("statement.jwt"), statement(REDIRECT_URI)).unwrap();
    let scene = scene("ob-iron", &file("ob-iron", &format!("{UK}{keys}"), &[]), folder.path());
    let mut discovery = scene.bank.discovery();
    discovery["registration_endpoint"] = json!(endpoint);
    scene.bank.always("discover", Ok(unsigned(200, discovery.to_string())));
    let made = json!({ "client_id": "made-1", "client_id_issued_at": 1 });
    scene.bank.always("register-client", Ok(unsigned(201, made.to_string())));
    scene
}

#[test]
fn a_statement_of_the_directory_travels_in_a_jwt_of_ours() {
    let scene = uk("", Some("http://bank.test:8001/ob-iron/register"));
    let client = register(&scene).unwrap();
    assert_eq!(client.client_id.as_deref(), Some("made-1"));
    assert_eq!(client.client_secret, None);
    let sent = scene.bank.last("register-client");
    assert_eq!(sent.url, "http://bank.test:8001/ob-iron/register");
    assert_eq!(header(&sent, "content-type"), Some("application/jose"));
    let ours = KeySet::parse(key_set("our-key", &CLIENT_KEY).to_string().as_bytes()).unwrap();
    let token = std::str::from_utf8(&sent.body).unwrap();
    let claims: Value = serde_json::from_slice(&verify_compact(token, &ours).unwrap()).unwrap();
    let now_s = scene.clock.now().as_second();
    let mut expected = json!({
        "iss": "HQuZPIt3ipkh33Uxytox1E", "software_id": "HQuZPIt3ipkh33Uxytox1E",
        "aud": "http://bank.test:8001/ob-iron", "iat": now_s, "exp": now_s + 600,
        "redirect_uris": [REDIRECT_URI], "software_statement": statement(REDIRECT_URI),
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "PS256",
        "grant_types": ["authorization_code", "client_credentials", "refresh_token"],
        "response_types": ["code id_token"], "scope": "openid payments",
        "application_type": "web", "id_token_signed_response_alg": "PS256",
        "request_object_signing_alg": "PS256",
    });
    expected["jti"] = claims["jti"].clone();
    assert_eq!(claims["jti"].as_str().map(str::len), Some(36));
    assert_eq!(claims, expected);
}

#[test]
fn the_file_of_the_bank_changes_audience_media_type_and_members() {
    let keys = "audience = \"0015800001BANK\"\nmedia_type = \"application/jwt\"\n\
                endpoint = \"https://elsewhere.test/register\"\n\
                metadata.scope = \"openid payments accounts\"\nmetadata.contacts = [\"a@b.test\"]\n";
    let scene = uk(keys, None);
    register(&scene).unwrap();
    let sent = scene.bank.last("register-client");
    assert_eq!(sent.url, "https://elsewhere.test/register");
    assert_eq!(header(&sent, "content-type"), Some("application/jwt"));
    let claims = std::str::from_utf8(&sent.body).unwrap().split('.').nth(1).unwrap().to_owned();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["aud"], "0015800001BANK");
    assert_eq!(claims["scope"], "openid payments accounts");
    assert_eq!(claims["contacts"], json!(["a@b.test"]));
}

#[test]
fn a_document_without_an_endpoint_says_what_to_do_and_nothing_is_sent() {
    let scene = uk("", None);
    let error = register(&scene).unwrap_err();
    assert!(
        matches!(&error, BankError::Refused(refusal)
        if refusal.http_status == 0 && refusal.text.contains("registration.endpoint")),
        "{error}"
    );
    assert_eq!(scene.bank.count("register-client"), 0);
}

/// A document with addresses elsewhere is good for payments; only we do not go there.
#[test]
fn addresses_on_other_hosts_are_not_used_and_spoil_nothing() {
    let scene = uk("", Some("https://elsewhere.test/register"));
    let error = register(&scene).unwrap_err();
    assert!(error.to_string().contains("`allowed_hosts`"), "{error}");
    assert_eq!(scene.bank.count("register-client"), 0);
    let mut discovery = scene.bank.discovery();
    discovery["registration_endpoint"] = json!("https://elsewhere.test/register");
    discovery["mtls_endpoint_aliases"] = json!({ "token_endpoint": "https://elsewhere.test/t" });
    let token_url = |mut scene: Scene, discovery: &Value, allowed: &[&str]| {
        scene.profile.allowed_hosts = allowed.iter().map(|host| (*host).to_owned()).collect();
        scene.bank.always("discover", Ok(unsigned(200, discovery.to_string())));
        run(Protocols::new().protocol_for(&scene.profile).try_out(&scene.call()));
        scene.bank.last("get-client-token").url
    };
    let own = uk("", None);
    assert_eq!(token_url(own, &discovery, &[]), "http://bank.test:8001/ob-iron/token");
    let allowed = token_url(uk("", None), &discovery, &["elsewhere.test"]);
    assert_eq!(allowed, "https://elsewhere.test/t");
}

/// The kinds decide whether the attempt is forgotten or stays open.
#[test]
fn a_refusal_is_final_and_a_lost_answer_is_not() {
    let scene = uk("", Some("http://bank.test:8001/ob-iron/register"));
    let answer = |answer| {
        scene.bank.always("register-client", answer);
        register(&scene).unwrap_err()
    };
    let refused = json!({ "error": "invalid_software_statement", "error_description": "old" });
    let error = answer(Ok(unsigned(400, refused.to_string())));
    assert!(
        matches!(&error, BankError::Refused(refusal)
        if refusal.code.as_deref() == Some("invalid_software_statement")),
        "{error}"
    );
    for unreadable in ["{}", "{\"client_id\": \"\"}", "<html>"] {
        let error = answer(Ok(unsigned(201, unreadable)));
        assert!(matches!(error, BankError::Malformed { .. }), "{unreadable}: {error}");
    }
    let error = answer(Err(WireError::NoAnswer("timed out".to_owned())));
    assert!(matches!(error, BankError::Unknown { .. }), "{error}");
    let error = answer(Err(WireError::NotSent("no such name".to_owned())));
    assert!(matches!(error, BankError::Unavailable { .. }), "{error}");
}

#[test]
fn stet_gets_a_signed_document_with_our_certificate() {
    let keys = "[registration]\nmethod = \"client_metadata\"\n\
                endpoint = \"https://bank.test:8002/stet-hetre/psd2/register\"\n\
                redirect_uris = [\"https://gateway.test/callback\"]\n";
    let folder = tempfile::tempdir().unwrap();
    let mut scene = scene("stet-hetre", &file("stet-hetre", keys, &[]), folder.path());
    let authority = DevelopmentAuthority::create("one", scene.clock.now(), [1; 16]).unwrap();
    let issued = issued(&authority, &scene);
    scene.identity.eidas.as_mut().unwrap().seal_certificate_der = issued.certificate_der;
    let made =
        json!({ "client_id": "made-2", "client_secret": "s", "client_secret_expires_at": 0 });
    scene.bank.always("register-client", Ok(unsigned(201, made.to_string())));
    let client = register(&scene).unwrap();
    assert_eq!(client.client_secret.as_deref(), Some("s"));
    assert_eq!(client.client_secret_expires_at, None, "zero says never");
    let sent = scene.bank.last("register-client");
    let signature = header(&sent, "signature").unwrap();
    assert!(signature.contains("(request-target) ") && signature.contains("digest"), "{signature}");
    assert_eq!(header(&sent, "authorization"), None);
    assert!(sent.client_certificate.is_some());
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(body["token_endpoint_auth_method"], "tls_client_auth");
    assert_eq!(body["grant_types"], json!(["client_credentials"]));
    assert_eq!(body["client_name"], "Gateway");
    let seal = &scene.identity.eidas.as_ref().unwrap().seal_certificate_der;
    assert_eq!(body["jwks"]["keys"][0]["x5c"], json!([STANDARD.encode(seal)]));
}

#[test]
fn the_client_of_a_registration_is_who_we_are_at_the_token_endpoint() {
    let keys = "[registration]\nmethod = \"client_metadata\"\n\
                endpoint = \"https://bank.test:8002/bg-tulp/oauth/register\"\n\
                redirect_uris = [\"https://gateway.test/callback\"]\n";
    let folder = tempfile::tempdir().unwrap();
    let text = file("bg-tulp", keys, &["client_secret"]);
    let mut scene = scene("bg-tulp", &text, folder.path());
    assert!(scene.profile.lacks_registration());
    let client = RegisteredClient {
        client_id: Some("made-3".to_owned()),
        client_secret: Some("so+secret".to_owned()),
        ..RegisteredClient::default()
    };
    assert!(!format!("{client:?}").contains("secret"), "a debug text shows the secret");
    scene.profile = scene.profile.with_registered(Arc::new(client));
    assert!(!scene.profile.lacks_registration());
    let token = json!({ "access_token": "t", "token_type": "Bearer", "expires_in": 60 });
    scene.bank.always("get-client-token", Ok(unsigned(200, token.to_string())));
    run(Protocols::new().protocol_for(&scene.profile).try_out(&scene.call()));
    let sent = scene.bank.last("get-client-token");
    let expected = format!("Basic {}", STANDARD.encode("made-3:so%2Bsecret"));
    assert_eq!(header(&sent, "authorization"), Some(expected.as_str()));
}

/// One line for each wrong table, with its key.
#[test]
fn a_table_that_does_not_fit_is_refused_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let other = statement("https://other.test/");
    std::fs::write(folder.path().join("statement.jwt"), other).unwrap();
    let complaint = |bank: &str, keys: &str| {
        let text = file(bank, &format!("[registration]\n{keys}"), &["client_secret"]);
        let read = BankProfile::parse("test.toml", &text).and_then(|mut profile| {
            profile.read_files(&folder.path().join("test.toml"), &|_| None)
        });
        read.unwrap_err().problem.replace(folder.path().to_str().unwrap(), "DIR")
    };
    let uris = "redirect_uris = [\"https://gateway.test/callback\"]";
    let lines = [
        complaint("stet-hetre", "method = \"software_statement\""),
        complaint("ob-iron", "method = \"client_metadata\""),
        complaint("ob-iron", "method = \"software_statement\""),
        complaint("stet-hetre", "method = \"client_metadata\""),
        complaint("bg-tulp", "method = \"first_call\"\nendpoint = \"https://a.test/r\""),
        complaint(
            "stet-hetre",
            "method = \"client_metadata\"\nendpoint = \"https://bank.test/r\"\nredirect_uris = []",
        ),
        complaint(
            "ob-iron",
            &format!(
                "method = \"software_statement\"\nsoftware_statement = \"file:statement.jwt\"\n{uris}"
            ),
        ),
        complaint(
            "ob-iron",
            &format!("method = \"software_statement\"\nsoftware_statement = \"a.b.c\"\n{uris}"),
        ),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

/// A certificate of `authority` for seals, with its key.
fn issued(authority: &DevelopmentAuthority, scene: &Scene) -> Issued {
    let subject = Subject {
        organisation_identifier: "PSDGB-FCA-123456".to_owned(),
        organisation_name: "Bank".to_owned(),
        common_name: "bank".to_owned(),
        country: "GB".to_owned(),
        roles: vec![Role::AccountServicing],
        authority_name: "FCA".to_owned(),
    };
    authority.issue(&subject, Purpose::QSealC, (scene.clock.now(), 30), [7; 16]).unwrap()
}

/// A key set with a key that `authority` certified, and the private key.
fn certified_set(authority: &DevelopmentAuthority, scene: &Scene) -> (Value, Vec<u8>) {
    let issued = issued(authority, scene);
    let key = banks::jose::SigningKey::from_pkcs8_der("k", &issued.private_key_pkcs8_der).unwrap();
    let mut jwk = key.public_jwk().unwrap();
    jwk["x5c"] = json!([STANDARD.encode(&issued.certificate_der)]);
    (json!({ "keys": [jwk] }), issued.private_key_pkcs8_der)
}

#[test]
fn authorities_of_signatures_are_refused_where_nothing_is_verified() {
    let text = file("stet-hetre", "", &[]);
    let text = format!("signature_authorities = \"ca.pem\"\n{text}");
    let error = BankProfile::parse("test.toml", &text).unwrap_err();
    assert_eq!(error.problem, "`signature_authorities` has no use without a key set of the bank");
}

#[test]
fn keys_count_only_with_a_certificate_of_the_named_authorities() {
    let scene = Scene::new();
    let now = scene.clock.now();
    let one = DevelopmentAuthority::create("one", now, [1; 16]).unwrap();
    let two = DevelopmentAuthority::create("two", now, [2; 16]).unwrap();
    let of = |authority: &DevelopmentAuthority| {
        Authorities::new(vec![authority.issued.certificate_der.clone()]).unwrap()
    };
    let (set, private_key) = certified_set(&one, &scene);
    let key = banks::jose::SigningKey::from_pkcs8_der("k", &private_key).unwrap();
    let token = banks::jose::sign_compact(&key, &json!({ "a": 1 })).unwrap();
    let verifies = |set: &Value, authorities: Option<&Authorities>, now_s: i64| {
        let trust = authorities.map(|authorities| Trust { authorities, now_s });
        let keys = KeySet::parse_trusted(set.to_string().as_bytes(), trust).unwrap();
        verify_compact(&token, &keys).is_ok()
    };
    let now_s = now.as_second();
    assert!(verifies(&set, None, now_s));
    assert!(verifies(&set, Some(&of(&one)), now_s));
    assert!(!verifies(&set, Some(&of(&two)), now_s), "another authority");
    assert!(!verifies(&set, Some(&of(&one)), now_s + 31 * 86_400), "an expired certificate");
    let mut without = set.clone();
    without["keys"][0].as_object_mut().unwrap().remove("x5c");
    assert!(!verifies(&without, Some(&of(&one)), now_s), "no certificate");
    // A good certificate beside somebody else's key.
    let mut swapped = key_set("k", &BANK_KEY);
    swapped["keys"][0]["x5c"] = set["keys"][0]["x5c"].clone();
    let keys = KeySet::parse_trusted(
        swapped.to_string().as_bytes(),
        Some(Trust { authorities: &of(&one), now_s }),
    );
    let bank = banks::jose::SigningKey::from_pkcs8_der("k", &BANK_KEY).unwrap();
    let forged = banks::jose::sign_compact(&bank, &json!({})).unwrap();
    assert!(verify_compact(&forged, &keys.unwrap()).is_err(), "another key");
}
