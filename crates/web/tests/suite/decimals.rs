//! Amounts with more decimal places than the currency has: taken while the rail is open, refused by
//! the rail's name once it is known.

use serde_json::{Value, json};

use crate::support::fields::{expect, order_on};
use crate::support::{INSTRUCTIONS, assert_error, id, with, without, worlds};

const INVALID: &str = "Field.Invalid";
const PRECISE: &str = "10.2345";

fn british() -> Value {
    json!({ "sortCode": "123456", "accountNumber": "12345678" })
}

#[tokio::test]
async fn a_named_rail_refuses_them_at_once() {
    for world in worlds().await {
        for (rail, currency, account, word) in [
            ("FASTER_PAYMENTS", "GBP", british(), "FASTER_PAYMENTS"),
            ("SEPA", "EUR", json!({ "iban": "DE89370400440532013000" }), "SEPA"),
        ] {
            let body = order_on(rail, currency, &account);
            let body = with(&body, "initiation.amount.value", PRECISE);
            let error = expect(&world, &body, INVALID, "amount.value", rail).await;
            let message =
                format!("`value` should have at most 2 decimal places in {currency} on {word}.");
            assert_eq!(error["message"], message);
        }
    }
}

#[tokio::test]
async fn a_rail_that_is_open_takes_them_until_the_bank_is_known() {
    for world in worlds().await {
        let open = order_on("AUTO_SELECT", "GBP", &british());
        let open = with(&open, "initiation.amount.value", PRECISE);
        let shown = expect(&world, &open, "", "", "no bank yet").await;
        assert_eq!(shown["amount"]["value"], PRECISE, "as it was written");
        // With the bank the rail is known.
        let at_bank = with(&open, "initiation.bankId", "ob-modelo");
        let error = expect(&world, &at_bank, INVALID, "amount.value", "a bank").await;
        let message = "`value` should have at most 2 decimal places in GBP on FASTER_PAYMENTS.";
        assert_eq!(error["message"], message);
        // On the pages no bank is offered, and the page says so.
        let payment = world.create(&open).await;
        let path = format!("/session/{}", id(&payment));
        let page = world.page(&path).await.text();
        assert!(page.contains("No bank here can make this payment."), "{page}");
        assert!(!page.contains("name=\"bank-id\""), "{page}");
        let chosen = world.submit(&path, &[("bank-id", "ob-modelo")]).await;
        let page = chosen.text();
        assert!(page.contains("cannot pay an amount with so many decimal places"), "{page}");
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_PENDING_REDIRECT_HP");
        // Zeros are no more precise than the currency.
        let zeros = with(&at_bank, "initiation.amount.value", "010.2300");
        let shown = expect(&world, &zeros, "", "", "zeros").await;
        assert_eq!(shown["amount"]["value"], "010.2300");
    }
}

#[tokio::test]
async fn a_token_request_has_its_rail_with_its_destination() {
    const AMOUNT: &str = "requestPayload.transferBody.lifetimeAmount";
    let message =
        "`lifetimeAmount` should have at most 2 decimal places in GBP on FASTER_PAYMENTS.";
    for world in worlds().await {
        let precise = with(&world.token_request(), AMOUNT, PRECISE);
        let error = json!({ "errorCode": INVALID, "paths": [AMOUNT], "message": message });
        assert_error(&world.post("/token-requests", &precise).await, 400, error);
        let too_many = with(&precise, AMOUNT, "10.23456");
        let answer = world.post("/token-requests", &too_many).await.json();
        let text = "`lifetimeAmount`: should not contain more than 4 decimal places.";
        assert_eq!(answer["error"]["message"], text);
        // The payee arrives later, and the rail with it.
        let url = "requestPayload.transferBody.setTransferDestinationsUrl";
        let open = with(&precise, url, "https://shop.example/destinations");
        let open = without(&open, "requestOptions.bankId");
        let open = with(&open, &format!("{INSTRUCTIONS}.transferDestinations"), json!([]));
        let stored = world.store(&open).await;
        let shown = &stored["requestPayload"]["transferBody"]["lifetimeAmount"];
        assert_eq!(shown, PRECISE);
        let path = format!("/token-requests/{}/transfer-destinations", id(&stored));
        let told = json!({ "transferDestinations": [{ "fasterPayments": british(),
            "customerData": { "legalNames": ["Customer Inc."] } }] });
        let answer = world.post(&path, &told).await;
        let error = json!({ "errorCode": INVALID, "paths": [AMOUNT], "message": message });
        assert_error(&answer, 400, error);
    }
}
