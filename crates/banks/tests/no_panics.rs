//! No input causes a panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::jose::{
    DetachedClaim, DetachedExpectation, DetachedForm, KeySet, verify_compact, verify_detached,
};
use banks::profile::Standard;
use banks::{AccessToken, BankProfile, Proof, Protocols, Response, SigningKey, parse_return};
use jiff::Timestamp;
use proptest::prelude::*;
use support::bank::{BANK_KEY, encode, key_set};
use support::{START_S, Scene, consent_status, open_payment, order, run};

/// Bytes, or JSON of the shape that is read with arbitrary leaves.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        "\"[ -~]{0,140}\""
            .prop_filter("JSON", |text| { serde_json::from_str::<String>(text).is_ok() }),
        Just("\"58923\"".to_owned()),
        Just("\"Rejected\"".to_owned()),
    ];
    let order = prop::collection::vec(leaf, 7).prop_map(|leaves| {
        format!(
            r#"{{"Data":{{"ConsentId":{},"DomesticPaymentId":{},"Status":{},
            "Initiation":{{"InstructedAmount":{{"Amount":{},"Currency":"GBP"}}}},
            "Refund":{{"Account":{{"SchemeName":"UK.OBIE.SortCodeAccountNumber",
            "Identification":{},"Name":{}}}}}}},"access_token":{}}}"#,
            leaves[0], leaves[1], leaves[2], leaves[3], leaves[4], leaves[5], leaves[6]
        )
        .into_bytes()
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..300), order]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn parameters_of_a_return(pairs in prop::collection::vec(
        (prop_oneof![Just("code".to_owned()), Just("state".to_owned()), ".{0,9}"], ".{0,60}"), 0..70)) {
        let _ = parse_return(&pairs);
    }

    #[test]
    fn signatures_and_key_sets(text in ".{0,200}", header in ".{0,100}", body in bodies()) {
        let keys = KeySet::parse(key_set("bank-key", &BANK_KEY).to_string().as_bytes()).unwrap();
        let expected = DetachedExpectation {
            form: DetachedForm::Encoded, claims: &DetachedClaim::ALL, trust_anchor: "a", issuer: None, now_s: i64::MAX,
        };
        for token in [text.clone(), format!("{}..{}", encode(&header), encode(&text)),
            format!("{}.{}.{}", encode(&header), encode(&text), encode(&body))] {
            prop_assert!(verify_detached(&token, &body, &keys, &expected).is_err());
            prop_assert!(verify_compact(&token, &keys).is_err());
        }
        let _ = KeySet::parse(&body);
        let _ = SigningKey::from_pkcs8_der("k", &body);
        let _ = BankProfile::parse("file", &text);
    }

    #[test]
    fn answers_of_a_bank(bank in prop_oneof![Just("ob-iron"), Just("ob-onyx")], status in prop_oneof![Just(200_u16), Just(201), Just(400), any::<u16>()], body in bodies()) {
        let mut scene = Scene::at(bank);
        let Standard::UkOpenBanking(settings) = &mut scene.profile.standard else { panic!() };
        settings.signing.bank_signs = false;
        let proof = Proof::Token(AccessToken { access_token: "t".to_owned(), expires_at: Timestamp::MAX, refresh: None });
        let answer = Response { status, headers: Vec::new(), body };
        for operation in ["create-domestic-payment-consent", "create-domestic-payment",
            "confirm-funds", "get-domestic-payment", "get-domestic-payment-details",
            "get-domestic-payment-consent", "push-authorization-request"] {
            scene.bank.always(operation, Ok(answer.clone()));
        }
        let (banks, order, call) = (Protocols::new(), order(), scene.call());
        let protocol = banks.protocol_for(&scene.profile);
        let _ = run(open_payment(protocol, &call, &order, "s", "n", "k"));
        let _ = run(protocol.submit(&call, &order, "58923", &proof, "k"));
        let _ = run(protocol.confirm_funds(&call, &order, "58923", &proof));
        let _ = run(protocol.ask_status(&call, &order, "58923", None));
        let _ = run(consent_status(protocol, &call, "58923"));
        for operation in ["discover", "get-keys", "get-client-token"] {
            scene.bank.always(operation, Ok(answer.clone()));
            let banks = Protocols::new();
            let opened = run(open_payment(banks.protocol_for(&scene.profile), &call, &order, "s", "n", "k"));
            prop_assert!(opened.is_err(), "at {}: {}", START_S, operation);
        }
    }
}
