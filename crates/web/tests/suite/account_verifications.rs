//! `POST /account-verifications`: does the name belong to the account?

use serde_json::{Value, json};

use crate::support::{Answer, Fault, World, assert_error, worlds, worlds_with};

/// Lena Lindner's account at Lindenbank.
const LENA: &str = "DE65700202700000001008";

impl World {
    async fn verify(&self, iban: &str, name: &str) -> Answer {
        let account = json!({ "name": name, "currency": "EUR", "iban": iban });
        self.post("/account-verifications", &json!({ "account": account })).await
    }

    /// The holder of an account, as the simulated banks have it.
    async fn holder(&self, iban: &str) -> String {
        let accounts = self.bank_json("/sim/accounts").await;
        let accounts = accounts.as_array().unwrap();
        let account = accounts.iter().find(|account| account["id"] == iban).unwrap();
        account["name"].as_str().unwrap().to_owned()
    }
}

fn result(answer: &Answer) -> Value {
    let body = answer.json();
    assert_eq!(answer.status, 200, "{body}");
    assert!(body["id"].as_str().unwrap().starts_with("avr-01"), "{body}");
    assert_eq!(body["id"].as_str().unwrap().len(), 30, "{body}");
    body["result"].clone()
}

#[tokio::test]
async fn the_four_published_answers() {
    for world in worlds().await {
        let holder = world.holder(LENA).await;
        let (first, last) = holder.split_once(' ').unwrap();
        let matches = json!({
            "status": "MATCH", "reasons": ["EXACT_MATCH"],
            "details": "The account details match."
        });
        let spaced = "de65 7002 0270 0000 0010 08";
        for (iban, name) in [
            (LENA, holder.clone()),
            (LENA, format!(" {} ", holder.to_uppercase())),
            (LENA, format!("Frau {last}, {first}")),
            (spaced, holder.clone()),
        ] {
            assert_eq!(result(&world.verify(iban, &name).await), matches, "{iban} {name}");
        }
        let initial = format!("{}. {last}", &first[..1]);
        let close = json!({
            "status": "CLOSE_MATCH", "reasons": ["NAME_MISMATCH"],
            "details": "The name provided is a close match.", "matched": { "name": holder }
        });
        assert_eq!(result(&world.verify(LENA, &initial).await), close);
        let no_match = json!({
            "status": "NO_MATCH", "reasons": ["ACCOUNT_MISMATCH", "NAME_MISMATCH"],
            "details": "The account and name do not match."
        });
        assert_eq!(result(&world.verify(LENA, "Hans Christian Andersen").await), no_match);
        let not_possible = json!({
            "status": "VERIFICATION_NOT_POSSIBLE", "reasons": ["UNKNOWN"],
            "details": "The check cannot be completed."
        });
        let elsewhere = "NL91ABNA0417164300";
        assert_eq!(result(&world.verify(elsewhere, &holder).await), not_possible);
    }
}

#[tokio::test]
async fn a_service_that_fails_makes_it_impossible_and_nothing_worse() {
    let faults = [
        Fault::NotSent,
        Fault::LostAfter,
        Fault::Instead(500),
        Fault::Instead(401),
        Fault::CutOff,
        Fault::Garbage,
        Fault::Huge,
        Fault::Says(r#"{"partyNameMatch":"PERHAPS"}"#),
        Fault::Says(r#"{"partyNameMatch":7}"#),
        Fault::Says("[]"),
    ];
    for world in worlds().await {
        for fault in faults {
            world.wire.plan("verify-payee", fault, 1);
            let found = result(&world.verify(LENA, "Lena").await);
            assert_eq!(found["status"], "VERIFICATION_NOT_POSSIBLE", "{fault:?}");
        }
        let close = r#"{"partyNameMatch":"CMTC"}"#;
        world.wire.plan("verify-payee", Fault::Says(close), 1);
        let found = result(&world.verify(LENA, "Lena").await);
        assert_eq!(found["status"], "CLOSE_MATCH");
        assert_eq!(found["matched"], json!(null), "the bank does not tell the name");
    }
    for world in worlds_with(|settings| settings.payee_verification = None).await {
        let found = result(&world.verify(LENA, "Lena").await);
        assert_eq!(found["status"], "VERIFICATION_NOT_POSSIBLE", "no service is configured");
    }
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_said() {
    let sound = json!({ "name": "Lena", "currency": "EUR", "iban": LENA });
    for world in worlds().await {
        for (field, value, code) in [
            ("name", json!(null), "Field.Expected"),
            ("name", json!(""), "Field.Invalid"),
            ("name", json!("   "), "Field.Invalid"),
            ("name", json!("x".repeat(141)), "Field.Invalid"),
            ("name", json!("Lena\u{202e}aneL"), "Field.Invalid"),
            ("name", json!("Lena\u{200b}"), "Field.Invalid"),
            ("currency", json!(null), "Field.Expected"),
            ("currency", json!("GBP"), "Field.Invalid"),
            ("iban", json!(null), "Field.Expected"),
            ("iban", json!("DE00700202700000001008"), "Field.Invalid"),
            ("iban", json!("nonsense"), "Field.Invalid"),
        ] {
            let mut account = sound.clone();
            account[field] = value.clone();
            let answer = world.post("/account-verifications", &json!({ "account": account })).await;
            let error = &answer.json()["error"];
            assert_eq!(answer.status, 400, "{field} {value}: {error}");
            assert_eq!(error["errorCode"], code, "{field} {value}: {error}");
            assert_eq!(error["paths"], json!([format!("account.{field}")]), "{value}: {error}");
        }
        for body in [json!({}), json!([]), json!({ "account": 7 })] {
            assert_eq!(world.post("/account-verifications", &body).await.status, 400, "{body}");
        }
        let settlement = json!({ "account": sound, "virtualAccountId": "pa:1:2" });
        let answer = world.post("/account-verifications", &settlement).await;
        let message = "`virtualAccountId` names no settlement account of this member.";
        let error = json!({
            "errorCode": "Field.Invalid", "paths": ["virtualAccountId"], "message": message
        });
        assert_error(&answer, 400, error);
        assert_eq!(world.wire.count("verify-payee"), 0, "nothing was asked");
    }
}

#[tokio::test]
async fn a_repeated_question_with_its_key_is_asked_once() {
    for world in worlds().await {
        let account = json!({ "name": "Lena", "currency": "EUR", "iban": LENA });
        let body = json!({ "account": account }).to_string();
        let ask = || {
            let key = [("idempotency-key", "verification-1")];
            world.request("POST", "/account-verifications", body.as_bytes(), &key)
        };
        let first = world.send(ask()).await;
        let again = world.send(ask()).await;
        assert_eq!(first.status, 200, "{}", first.text());
        assert_eq!(again.body, first.body);
        assert_eq!(world.wire.count("verify-payee"), 1);
    }
}
