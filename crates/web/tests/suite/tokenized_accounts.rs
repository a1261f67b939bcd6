//! `/tokenized-accounts`: accounts on file, and payments that name one.

use serde_json::{Value, json};

use crate::scenarios::usual_order;
use crate::support::{Answer, Decision, World, assert_error, id, order, order_of, with, worlds};

impl World {
    async fn keep(&self, details: Value, bank_id: Option<&str>) -> String {
        let body = json!({ "accountDetails": details, "bankId": bank_id });
        let answer = self.post("/tokenized-accounts", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["tokenizedAccountId"].as_str().unwrap().to_owned()
    }

    async fn on_file(&self, id: &str) -> Answer {
        self.get(&format!("/tokenized-accounts/{id}")).await
    }
}

fn grace() -> Value {
    json!({ "sortCode": "900001", "accountNumber": "12345601", "name": "Grace Gardner" })
}

fn paid_from(body: &Value, account_id: &str) -> Value {
    with(body, "initiation.debtor", json!({ "tokenizedAccountId": account_id }))
}

#[tokio::test]
async fn every_form_of_account_is_kept_and_given_back_whole() {
    let address = json!({ "addressLine": ["The Coach House"], "postCode": "TR26 1EZ" });
    let forms = [
        grace(),
        json!({ "iban": "GB29NWBK60161331926819", "bic": "BOFIIE2D" }),
        json!({ "bban": "NWBK60161331926819", "name": "John Smith" }),
        json!({ "bban": "1234567890", "clearingNumber": "8327" }),
        json!({ "bankgiroNumber": "50501055" }),
        json!({ "plusgiroNumber": "42" }),
        with(&grace(), "ultimateDebtorName", "Gardner Ltd"),
        with(&grace(), "address", address),
    ];
    for world in worlds().await {
        for details in &forms {
            let id = world.keep(details.clone(), None).await;
            assert!(id.starts_with("tai:"), "{id}");
            let answer = world.on_file(&id).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.json(), json!({ "accountDetails": details }));
        }
    }
}

#[tokio::test]
async fn an_account_that_is_none_is_refused_with_its_field() {
    let wrong = [
        (json!({}), "Field.Expected", "iban"),
        (json!({ "name": "Grace" }), "Field.Expected", "iban"),
        (json!({ "sortCode": "900001" }), "Field.Expected", "accountNumber"),
        (json!({ "accountNumber": "12345601" }), "Field.Expected", "sortCode"),
        (json!({ "iban": "GB00NWBK60161331926819" }), "Field.Invalid", "iban"),
        (json!({ "iban": "GB29NWBK60161331926819", "bic": "X" }), "Field.Invalid", "bic"),
        (with(&grace(), "iban", "GB29NWBK60161331926819"), "Field.Invalid", "iban"),
        (with(&grace(), "tokenizedAccountId", "tai:1:2"), "Field.Invalid", "tokenizedAccountId"),
        (with(&grace(), "name", ""), "Field.InvalidFormat", "name"),
        (
            with(&grace(), "address", json!({ "country": "England" })),
            "Field.Invalid",
            "address.country",
        ),
    ];
    for world in worlds().await {
        for (details, code, field) in &wrong {
            let body = json!({ "accountDetails": details });
            let answer = world.post("/tokenized-accounts", &body).await;
            let error = answer.json()["error"].clone();
            assert_eq!(answer.status, 400, "{details}: {error}");
            assert_eq!(error["errorCode"], *code, "{details}: {error}");
            assert_eq!(error["paths"], json!([format!("accountDetails.{field}")]), "{error}");
        }
        for body in [json!({}), json!([]), json!({ "accountDetails": [] })] {
            assert_eq!(world.post("/tokenized-accounts", &body).await.status, 400, "{body}");
        }
        let unknown_bank = json!({ "accountDetails": grace(), "bankId": "no-bank" });
        let answer = world.post("/tokenized-accounts", &unknown_bank).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
}

#[tokio::test]
async fn an_account_is_its_members_alone_and_gone_when_it_is_deleted() {
    for world in worlds().await {
        let id = world.keep(grace(), None).await;
        let path = format!("/tokenized-accounts/{id}");
        assert_eq!(world.call(&world.other, "GET", &path, b"").await.status, 404);
        assert_eq!(world.call(&world.other, "DELETE", &path, b"").await.status, 404);
        let of_other = world
            .call(
                &world.other,
                "POST",
                "/v2/payments",
                paid_from(&order_of("mock-redirect", "10"), &id).to_string().as_bytes(),
            )
            .await;
        assert_eq!(of_other.status, 400, "{}", of_other.text());
        let deleted = world.delete(&path).await;
        assert_eq!((deleted.status, deleted.json()), (200, json!({})));
        assert_eq!(world.delete(&path).await.status, 404);
        assert_eq!(world.on_file(&id).await.status, 404);
        assert_eq!(world.on_file("nonsense").await.status, 404);
        let answer =
            world.post("/v2/payments", &paid_from(&order_of("mock-redirect", "10"), &id)).await;
        let message = "`tokenizedAccountId` names no account of this member.";
        let paths = ["initiation.debtor.tokenizedAccountId"];
        let error = json!({ "errorCode": "Field.Invalid", "paths": paths, "message": message });
        assert_error(&answer, 400, error);
    }
}

#[tokio::test]
async fn a_payment_is_paid_from_the_account_that_it_names() {
    for world in worlds().await {
        let account = world.keep(grace(), Some("mock-redirect")).await;
        let body = paid_from(&order_of("mock-redirect", "10.23"), &account);
        let payment = world.create(&body).await;
        let named = json!({ "tokenizedAccountId": account });
        assert_eq!(payment["initiation"]["debtor"], named, "{payment}");
        world.decide(&payment, Decision::Approve).await;
        world.half_a_minute().await;
        let payment = world.payment(&id(&payment)).await;
        assert_eq!(payment["status"], "INITIATION_COMPLETED", "{payment}");
        assert_eq!(payment["initiation"]["debtor"], named);
        assert_eq!(payment["tokenizedAccountId"], account);
        let rows = world.at_the_bank(&id(&payment)).await;
        assert_eq!(rows[0]["debtor"], "90000112345601", "{rows:?}");
        // The account may go; what was paid with it stays.
        assert_eq!(world.delete(&format!("/tokenized-accounts/{account}")).await.status, 200);
        assert_eq!(world.payment(&id(&payment)).await["initiation"]["debtor"], named);
    }
}

#[tokio::test]
async fn an_account_that_does_not_fit_the_payment_is_refused() {
    for world in worlds().await {
        let at_mock = world.keep(grace(), Some("mock-redirect")).await;
        let german = json!({ "iban": "DE65700202700000001008", "name": "Lena" });
        let german = world.keep(german, None).await;
        let beside = json!({ "tokenizedAccountId": at_mock, "name": "Grace Gardner" });
        for (body, path, words) in [
            (paid_from(&order(), &at_mock), "debtor.tokenizedAccountId", "at another bank"),
            (paid_from(&order(), &german), "debtor.tokenizedAccountId", "cannot use"),
            (paid_from(&order(), "tai:1:2"), "debtor.tokenizedAccountId", "names no account"),
            (paid_from(&order(), "nonsense"), "debtor.tokenizedAccountId", "should be an id"),
            (with(&order(), "initiation.debtor", beside), "debtor", "alone"),
        ] {
            let answer = world.post("/v2/payments", &body).await;
            let error = answer.json()["error"].clone();
            assert_eq!(answer.status, 400, "{words}: {error}");
            assert_eq!(error["paths"], json!([format!("initiation.{path}")]), "{error}");
            assert!(error["message"].as_str().unwrap().contains(words), "{words}: {error}");
        }
    }
}

#[tokio::test]
async fn the_payers_account_is_on_file_after_a_completed_payment_that_asked_for_it() {
    for world in worlds().await {
        for bank in ["ob-modelo", "bg-linden", "stet-saule"] {
            let body = with(&usual_order(bank), "initiation.returnTokenizedAccount", true);
            let payment = world.create(&body).await;
            assert_eq!(payment["initiation"]["returnTokenizedAccount"], true);
            assert_eq!(payment["tokenizedAccountId"], json!(null), "{bank}: not paid yet");
            world.play_payer(&payment, Decision::Approve).await;
            world.half_a_minute().await;
            let payment = world.payment(&id(&payment)).await;
            assert_eq!(payment["status"], "INITIATION_COMPLETED", "{bank}");
            assert_eq!(payment["refundDetails"], json!(null), "{bank}: nobody asked for it");
            let account = payment["tokenizedAccountId"]
                .as_str()
                .unwrap_or_else(|| panic!("{bank}: {payment}"));
            let details = world.on_file(account).await.json()["accountDetails"].clone();
            assert!(details["iban"].is_string() || details["sortCode"].is_string(), "{details}");
            // It pays the next one, at the same bank.
            let next = world.create(&paid_from(&usual_order(bank), account)).await;
            world.play_payer(&next, Decision::Approve).await;
            world.half_a_minute().await;
            assert_eq!(world.status(&id(&next)).await, "INITIATION_COMPLETED", "{bank}");
        }
        let declined = with(&order(), "initiation.returnTokenizedAccount", true);
        let declined = world.create(&declined).await;
        world.decide(&declined, Decision::Decline).await;
        let declined = world.payment(&id(&declined)).await;
        assert_eq!(declined["tokenizedAccountId"], json!(null), "{declined}");
    }
}

#[tokio::test]
async fn a_payment_names_the_verification_of_its_payee() {
    for world in worlds().await {
        let body = usual_order("bg-linden");
        let iban = body["initiation"]["creditor"]["iban"].as_str().unwrap();
        let account = json!({ "name": "Customer Inc.", "currency": "EUR", "iban": iban });
        let verified = world.post("/account-verifications", &json!({ "account": account })).await;
        let verification = verified.json()["id"].as_str().unwrap().to_owned();
        let path = "initiation.creditor.accountVerificationId";
        let payment = world.create(&with(&body, path, verification.as_str())).await;
        let creditor = &payment["initiation"]["creditor"];
        assert_eq!(creditor["accountVerificationId"], *verification, "{creditor}");
        let other = with(&body, "initiation.creditor.iban", "DE89370400440532013000");
        let other = with(&other, path, verification.as_str());
        for (body, words) in [
            (with(&body, path, "avr-01K8R977E2Y0XE5CYQE1608N06"), "no verification"),
            (other, "of another account"),
            (with(&order(), path, verification.as_str()), "for payments in EUR"),
        ] {
            let answer = world.post("/v2/payments", &body).await;
            let error = answer.json()["error"].clone();
            assert_eq!((answer.status, &error["paths"]), (400, &json!([path])), "{error}");
            assert!(error["message"].as_str().unwrap().contains(words), "{words}: {error}");
        }
    }
}
