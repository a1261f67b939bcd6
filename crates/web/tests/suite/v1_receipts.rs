//! `receiptRequested`: payers get mail about what they paid.

use gateway::MailError;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::cases;

use crate::support::{Decision, World, assert_error, with, worlds};

impl World {
    /// A token request whose payer is known by mail and gets a receipt.
    fn request_with_receipt(&self) -> Value {
        let from = json!({
            "id": "m:1:2", "alias": { "type": "EMAIL", "value": "payer@mail.example" } });
        let body = with(&self.token_request(), "requestOptions.from", from);
        with(&body, "requestOptions.receiptRequested", true)
    }
}

#[tokio::test]
async fn a_payer_gets_one_receipt_once_the_bank_has_accepted_the_payment() {
    for world in worlds().await {
        let request = world.decided(&world.request_with_receipt(), Decision::Approve).await;
        assert_eq!(world.mailer.sent(), [], "nothing is accepted yet");
        world.half_a_minute().await;
        world.half_a_minute().await;
        let transfer = world.get(&format!("/transfers/{request}")).await.json()["transfer"].clone();
        assert_eq!(transfer["status"], "SUCCESS");
        let sent = world.mailer.sent();
        let [mail] = sent.as_slice() else { panic!("{sent:?}") };
        assert_eq!(mail.to.as_str(), "payer@mail.example");
        assert_eq!(mail.subject, "Receipt: £10.23 to Customer Inc.");
        let id = transfer["id"].as_str().unwrap().split(':').nth(1).unwrap();
        assert_eq!(mail.id, format!("receipt-{id}"));
        if world.name == "sqlite" {
            insta::assert_snapshot!(mail.text.replace(id, "…"));
        }
        // The account is recognised by its payer and useless to others.
        assert!(!mail.text.contains("12345678"), "{}", mail.text);
        let token = world.get(&format!("/tokens/{request}")).await.json()["token"].clone();
        assert_eq!(token["payload"]["receiptRequested"], true);
    }
}

#[tokio::test]
async fn nobody_gets_a_receipt_for_nothing_or_without_asking() {
    for world in worlds().await {
        let declined = with(&world.request_with_receipt(), "requestPayload.refId", "DECLINED");
        world.decided(&declined, Decision::Decline).await;
        let not_asked =
            with(&world.request_with_receipt(), "requestOptions.receiptRequested", false);
        world.decided(&not_asked, Decision::Approve).await;
        // Asked for, and nobody said where to.
        let nowhere = with(&world.token_request(), "requestOptions.receiptRequested", true);
        let nowhere = with(&nowhere, "requestPayload.refId", "NOWHERE");
        let error = json!({ "errorCode": "Field.Expected", "paths": ["requestOptions.from.alias"],
            "message": "`alias` of type EMAIL is required where `receiptRequested` is true." });
        assert_error(&world.post("/token-requests", &nowhere).await, 400, error);
        world.half_a_minute().await;
        assert_eq!(world.mailer.sent(), []);
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    for world in worlds().await {
        let path = "requestOptions.from.alias.value";
        let body = with(&world.request_with_receipt(), path, "payer@a.example\r\nBcc: b@c.example");
        let error = json!({ "errorCode": "Field.Invalid", "paths": [path],
            "message": "`value` should be a mail address such as payer@example.com." });
        assert_error(&world.post("/token-requests", &body).await, 400, error);
    }
}

#[tokio::test]
async fn a_receipt_that_does_not_go_is_tried_again_and_then_told_to_the_operator() {
    for world in worlds().await {
        let later = || MailError::Later("the mail server did not answer".to_owned());
        world.mailer.fail([later(), later()]);
        let request = world.decided(&world.request_with_receipt(), Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.mailer.failures_left(), 1);
        // The payment does not wait for its receipt.
        let answer = world.get(&format!("/transfers/{request}")).await;
        assert_eq!(answer.json()["transfer"]["status"], "SUCCESS");
        world.pass(SignedDuration::from_mins(1)).await;
        assert_eq!((world.mailer.failures_left(), world.mailer.sent().len()), (0, 0));
        world.pass(SignedDuration::from_mins(10)).await;
        assert_eq!(world.mailer.sent().len(), 1);

        for (reference, errors) in [
            ("FIVE", vec![later(); 5]),
            ("REFUSED", vec![MailError::Refused("the mail server answered 550".to_owned())]),
        ] {
            world.mailer.fail(errors);
            let body = with(&world.request_with_receipt(), "requestPayload.refId", reference);
            let request = world.decided(&body, Decision::Approve).await;
            for _ in 0..24 {
                world.pass(SignedDuration::from_hours(1)).await;
            }
            assert_eq!(world.mailer.failures_left(), 0);
            assert_eq!(world.mailer.sent().len(), 1, "{reference}");
            let result = world.result(&request).await;
            let payment = result["transferId"].as_str().unwrap().replacen("t:", "pm2:", 1);
            let payment = payment.parse().unwrap();
            let told = world
                .app
                .db()
                .read(move |tx| store::unit(async move { cases::of_subject(tx, &payment).await }))
                .await
                .unwrap();
            let kinds: Vec<&str> = told.iter().map(|case| case.kind.as_str()).collect();
            assert_eq!(kinds, ["receipt_not_sent"], "{reference}");
            assert!(!told[0].text.contains('@'), "{}", told[0].text);
        }
    }
}
