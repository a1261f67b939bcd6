//! Signatures: published vectors, and everything that must not verify.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use banks::SigningKey;
use banks::jose::{
    DetachedClaim, DetachedExpectation, DetachedForm, DetachedSigner, JoseError, KeySet,
    sign_compact, sign_detached, verify_compact, verify_detached,
};
use serde_json::{Value, json};
use support::START_S;
use support::bank::{
    BANK_KEY, CLIENT_KEY, OTHER_KEY, decode, detached, detached_header, encode, jws, key_set,
};
use support::judge::specs;

const BODY: &[u8] = br#"{"Data":{}}"#;

fn keys() -> KeySet {
    KeySet::parse(key_set("bank-key", &BANK_KEY).to_string().as_bytes()).unwrap()
}

fn expected<'a>() -> DetachedExpectation<'a> {
    DetachedExpectation {
        form: DetachedForm::Encoded,
        claims: &DetachedClaim::ALL,
        trust_anchor: "openbanking.org.uk",
        issuer: Some("00158000016i44IAAQ"),
        now_s: START_S,
    }
}

#[test]
fn published_vectors_verify_and_tampered_ones_do_not() {
    let Some(specs) = specs() else { return };
    let folder = specs.join("banks/fixtures/obie-jws-vectors");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let keys = KeySet::parse(&read("jwks.json")).unwrap();
    for number in ["1", "2"] {
        let signature = String::from_utf8(read(&format!("vector{number}.sig.txt"))).unwrap();
        let body = read(&format!("vector{number}.body.json"));
        let old = DetachedExpectation {
            form: DetachedForm::Unencoded,
            issuer: Some("0015800001041RbAAI/REfZKo7zN2IeE0X2RFGTb4"),
            ..expected()
        };
        let verify =
            |body: &[u8], expected| verify_detached(signature.trim(), body, &keys, &expected);
        verify(&body, old).unwrap();
        let mut tampered = body.clone();
        tampered[40] ^= 1;
        assert_eq!(verify(&tampered, old), Err(JoseError::Signature));
        let encoded = DetachedExpectation { form: DetachedForm::Encoded, ..old };
        assert_eq!(verify(&body, encoded), Err(JoseError::Claim("crit")));
        let before = DetachedExpectation { now_s: 1_500_000_000, ..old };
        let iat = JoseError::Claim("http://openbanking.org.uk/iat");
        assert_eq!(verify(&body, before), Err(iat));
    }
}

#[test]
fn what_we_sign_has_the_documented_header() {
    let key = SigningKey::from_pkcs8_der("90210ABAD", &CLIENT_KEY).unwrap();
    let issuer = "0015800001041RHAAY/HQuZPIt3ipkh33Uxytox1E";
    let signer = DetachedSigner {
        form: DetachedForm::Encoded,
        claims: &DetachedClaim::ALL,
        issuer,
        trust_anchor: "openbanking.org.uk",
        now_s: 1_501_497_671,
    };
    let signature = sign_detached(&key, &signer, BODY).unwrap();
    let (header, _) = signature.split_once("..").unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    if let Some(documented) = support::judge::documented("profiles_read-write-data-api-profile-01")
    {
        assert_eq!(header, documented);
    }
    let own = KeySet::parse(key_set("90210ABAD", &CLIENT_KEY).to_string().as_bytes()).unwrap();
    let expected = DetachedExpectation { issuer: Some(issuer), ..expected() };
    verify_detached(&signature, BODY, &own, &expected).unwrap();
}

/// One change of the header each, and the complaint.
#[test]
fn a_header_that_is_not_exactly_right_is_refused() {
    let sign = |header: &Value| detached(&BANK_KEY, header, BODY);
    let verify = |signature: &str| verify_detached(signature, BODY, &keys(), &expected());
    verify(&sign(&detached_header())).unwrap();
    let (iat, iss, tan) = (
        "http://openbanking.org.uk/iat",
        "http://openbanking.org.uk/iss",
        "http://openbanking.org.uk/tan",
    );
    let refused: [(&str, Value, Option<JoseError>); 16] = [
        ("alg", json!("none"), None),
        ("alg", json!("RS256"), None),
        ("alg", json!("HS256"), None),
        ("alg", json!("ES256"), Some(JoseError::KeyMismatch)),
        ("kid", json!("other"), Some(JoseError::UnknownKey)),
        ("b64", json!(false), Some(JoseError::Claim("b64"))),
        ("b64", json!(true), Some(JoseError::Claim("b64"))),
        ("jku", json!("https://evil.test/"), None),
        ("typ", json!("JWT"), Some(JoseError::Claim("typ"))),
        ("cty", json!("text/html"), Some(JoseError::Claim("cty"))),
        ("crit", json!([iat, iss]), Some(JoseError::Claim("crit"))),
        ("crit", json!([iat, iss, tan, "exp"]), Some(JoseError::Claim("crit"))),
        ("crit", json!([iat, iss, iss]), Some(JoseError::Claim("crit"))),
        (iat, json!(START_S + 61), Some(JoseError::Claim(iat))),
        (iss, json!("another"), Some(JoseError::Claim(iss))),
        (tan, json!("evil.test"), Some(JoseError::Claim(tan))),
    ];
    for (name, value, error) in refused {
        let mut header = detached_header();
        header[name] = value.clone();
        let found = verify(&sign(&header)).unwrap_err();
        match error {
            Some(error) => assert_eq!(found, error, "{name}: {value}"),
            None => assert!(matches!(found, JoseError::Malformed(_)), "{name}: {value}: {found}"),
        }
    }
    for name in ["alg", "kid", iat, iss, tan, "crit"] {
        let mut header = detached_header();
        header.as_object_mut().unwrap().remove(name);
        let found = verify(&sign(&header)).unwrap_err();
        match name {
            "alg" | "kid" => assert!(matches!(found, JoseError::Malformed(_)), "{name}: {found}"),
            _ => assert_eq!(found, JoseError::Claim(name)),
        }
    }
}

#[test]
fn a_signature_that_is_not_the_keys_own_is_refused() {
    let verify =
        |signature: &str, body: &[u8]| verify_detached(signature, body, &keys(), &expected());
    let good = detached(&BANK_KEY, &detached_header(), BODY);
    assert_eq!(verify(&good, br#"{"Data":{} }"#), Err(JoseError::Signature));
    let other = detached(&OTHER_KEY, &detached_header(), BODY);
    assert_eq!(verify(&other, BODY), Err(JoseError::Signature));
    let (header, signature) = good.split_once("..").unwrap();
    assert_eq!(verify(&format!("{header}.."), BODY), Err(JoseError::Signature));
    for wrong in [
        String::new(),
        header.to_owned(),
        format!("{header}.{signature}"),
        format!("{header}..{signature}="),
        format!("{header}..{signature}.x"),
        format!("{header}.{}.{signature}", encode(BODY)),
        format!("!{header}..{signature}"),
    ] {
        assert!(matches!(verify(&wrong, BODY), Err(JoseError::Malformed(_))), "{wrong}");
    }
    let long = format!("{}..{signature}", "A".repeat(5000));
    assert_eq!(verify(&long, BODY), Err(JoseError::TooLong));
    assert_eq!(verify(&"A".repeat(20_000), BODY), Err(JoseError::TooLong));
    let twice = header.len();
    let mut text = String::from_utf8(decode(header)).unwrap();
    text.insert_str(1, r#""alg":"PS256","#);
    assert!(text.len() > twice / 2);
    let doubled = format!("{}..{signature}", encode(text));
    assert!(matches!(verify(&doubled, BODY), Err(JoseError::Malformed(_))));
}

#[test]
fn compact_tokens_verify_with_the_named_key_and_algorithm_only() {
    let claims = json!({ "sub": "x" });
    let header = json!({ "alg": "PS256", "kid": "bank-key" });
    let good = jws(&BANK_KEY, &header, &claims);
    assert_eq!(verify_compact(&good, &keys()).unwrap(), claims.to_string().as_bytes());
    let ours = SigningKey::from_pkcs8_der("bank-key", &BANK_KEY).unwrap();
    verify_compact(&sign_compact(&ours, &claims).unwrap(), &keys()).unwrap();

    for (change, error) in [
        (json!({ "crit": ["exp"] }), JoseError::Claim("crit")),
        (json!({ "crit": [] }), JoseError::Claim("crit")),
        (json!({ "typ": "at+jwt" }), JoseError::Claim("typ")),
        (json!({ "alg": "ES256" }), JoseError::KeyMismatch),
        (json!({ "kid": "new" }), JoseError::UnknownKey),
    ] {
        let mut header = header.clone();
        header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(verify_compact(&jws(&BANK_KEY, &header, &claims), &keys()), Err(error));
    }
    for alg in ["none", "HS256", "RS256", "PS384", "EdDSA"] {
        let token = jws(&BANK_KEY, &json!({ "alg": alg, "kid": "bank-key" }), &claims);
        assert!(matches!(verify_compact(&token, &keys()), Err(JoseError::Malformed(_))), "{alg}");
    }
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = message.split_once('.').unwrap();
    let forged = format!("{head}.{}.{signature}", encode(r#"{"sub":"y"}"#));
    assert_eq!(verify_compact(&forged, &keys()), Err(JoseError::Signature));
    assert_eq!(verify_compact(&format!("{message}."), &keys()), Err(JoseError::Signature));
    assert!(verify_compact(message, &keys()).is_err());
    assert!(verify_compact(&format!("{good}.x"), &keys()).is_err());
    assert_eq!(verify_compact(&"a".repeat(16_385), &keys()), Err(JoseError::TooLong));
}

#[test]
fn es256_verifies_as_r_and_s() {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap();
    let point = pair.public_key().as_ref();
    let set = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "ec",
        "x": encode(&point[1..33]), "y": encode(&point[33..65]) }] });
    let keys = KeySet::parse(set.to_string().as_bytes()).unwrap();
    let message = format!("{}.{}", encode(r#"{"alg":"ES256","kid":"ec"}"#), encode("{}"));
    let signature = pair.sign(&random, message.as_bytes()).unwrap();
    assert_eq!(signature.as_ref().len(), 64);
    let token = format!("{message}.{}", encode(signature.as_ref()));
    assert_eq!(verify_compact(&token, &keys).unwrap(), b"{}");
    let zero = format!("{message}.{}", encode([0_u8; 64]));
    assert_eq!(verify_compact(&zero, &keys), Err(JoseError::Signature));
}

#[test]
fn key_sets_leave_out_what_cannot_verify() {
    let good = key_set("bank-key", &BANK_KEY)["keys"][0].clone();
    let with = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap()
    };
    let token = jws(&BANK_KEY, &json!({ "alg": "PS256", "kid": "bank-key" }), &json!({}));
    verify_compact(&token, &with("x5c", json!(["…"]))).unwrap();
    for (name, value) in [
        ("use", json!("enc")),
        ("alg", json!("RS256")),
        ("kty", json!("oct")),
        ("n", json!("not base64 url")),
        ("n", json!(5)),
    ] {
        assert_eq!(
            verify_compact(&token, &with(name, value)),
            Err(JoseError::UnknownKey),
            "{name}"
        );
    }
    let many = json!({ "keys": vec![json!({}); 201] }).to_string();
    assert!(matches!(KeySet::parse(many.as_bytes()), Err(JoseError::TooLong)));
    assert!(KeySet::parse(b"{}").is_err());
}

#[test]
fn private_keys_stay_out_of_debug_output_and_bad_ones_are_refused() {
    let key = SigningKey::from_pkcs8_der("k", &CLIENT_KEY).unwrap();
    assert_eq!(format!("{key:?}"), r#"SigningKey { kid: "k", .. }"#);
    assert!(SigningKey::from_pkcs8_der("k", b"not a key").is_err());
    assert!(SigningKey::from_pkcs8_der("", &CLIENT_KEY).is_err());
}

#[test]
fn signatures_with_a_free_header_cover_the_body_and_nothing_else_passes() {
    use banks::jose::{JwsHeader, sign_body, verify_body};
    use banks::profile::JwsAlgorithm;
    let key = SigningKey::from_pkcs8_der("bank-key", &BANK_KEY).unwrap();
    let mut public = key.public_jwk().unwrap();
    public.as_object_mut().unwrap().remove("alg");
    let keys = KeySet::parse(json!({ "keys": [public] }).to_string().as_bytes()).unwrap();
    for algorithm in [JwsAlgorithm::Rs256, JwsAlgorithm::Ps256] {
        for unencoded in [false, true] {
            let header = JwsHeader {
                algorithm,
                certificate_digest: "digest".to_owned(),
                certificate_url: Some("https://tpp.example/qseal.der"),
                unencoded,
            };
            let text = sign_body(&key, &header, b"{\"a\":1}").unwrap();
            verify_body(&text, b"{\"a\":1}", &keys).unwrap();
            assert_eq!(verify_body(&text, b"{\"a\":2}", &keys), Err(JoseError::Signature));
            let (head, tail) = text.split_once("..").unwrap();
            assert!(verify_body(&format!("{head}.{tail}"), b"{\"a\":1}", &keys).is_err());
            let other = encode(br#"{"alg":"RS256","kid":"bank-key","crit":["exp"],"exp":1}"#);
            let refused = verify_body(&format!("{other}..{tail}"), b"{\"a\":1}", &keys);
            assert_eq!(refused, Err(JoseError::Claim("crit")));
            let none = encode(br#"{"alg":"none","kid":"bank-key"}"#);
            let refused = verify_body(&format!("{none}..{tail}"), b"{\"a\":1}", &keys);
            assert_eq!(refused, Err(JoseError::Claim("alg")));
        }
    }
}
