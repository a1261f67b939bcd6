//! Rules of single banks for the fields of a payment: fields that a bank requires or refuses, and texts
//! with a form of its own. Each simulated bank refuses a request that breaks its rule.

use serde_json::{Value, json};

use crate::support::fields::{EXPECTED, INVALID, expect};
use crate::support::{Decision, World, id, order_of, with, without, world, worlds};

/// A payment in the own currency of a bank outside the euro.
fn domestic(bank: &str, currency: &str, creditor: &Value, debtor: &Value) -> Value {
    let order = order_of(bank, "10.23");
    let order = with(&order, "initiation.localInstrument", "EU_DOMESTIC_NON_EURO");
    let order = with(&order, "initiation.amount.currency", currency);
    let order = with(&order, "initiation.creditor", with(creditor, "name", "Customer Inc."));
    with(&order, "initiation.debtor", with(debtor, "name", "Payer"))
}

fn czech() -> Value {
    let creditor = json!({ "iban": "CZ1499900000000000001038", "bic": "LIPACZPP" });
    domestic("bg-lipa", "CZK", &creditor, &json!({ "iban": "CZ8699900000000000001003" }))
}

fn norwegian() -> Value {
    let creditor = json!({ "bban": "86011001140" });
    domestic("bg-gran", "NOK", &creditor, &json!({ "bban": "86011001000" }))
}

/// An international payment at a British bank.
fn abroad() -> Value {
    let order = with(&order_of("ob-chalk", "10.23"), "initiation.localInstrument", "SEPA");
    let order = with(&order, "initiation.amount.currency", "EUR");
    let creditor = json!({
        "iban": "NL17TULP0000001120", "bic": "TULPNL2A", "name": "Customer Inc.",
        "address": { "townName": "Utrecht", "country": "NL" },
    });
    with(&order, "initiation.creditor", creditor)
}

impl World {
    /// The payment is paid; the body that the bank got.
    async fn body_of_paid(&self, order: &Value, operation: &str) -> Value {
        let payment = self.create(order).await;
        self.play_payer(&payment, Decision::Approve).await;
        self.half_a_minute().await;
        assert_eq!(self.status(&id(&payment)).await, "INITIATION_COMPLETED");
        serde_json::from_slice(&self.wire.sent_in(operation).body).unwrap()
    }
}

#[tokio::test]
async fn a_field_that_the_bank_refuses_is_left_out() {
    for world in worlds().await {
        let body = world.body_of_paid(&czech(), "create-payment").await;
        assert_eq!(body.get("creditorAgent"), None);
        assert_eq!(body["creditorAccount"], json!({ "iban": "CZ1499900000000000001038" }));
    }
}

#[tokio::test]
async fn a_name_that_is_too_short_for_the_bank_is_refused_before_anything_is_kept() {
    let world = world().await;
    let order = with(&czech(), "initiation.creditor.name", "C");
    expect(&world, &order, INVALID, "creditor.name", "one letter").await;
    world.create(&with(&order, "initiation.creditor.name", "Ci")).await;
}

#[tokio::test]
async fn a_reference_number_goes_out_structured_and_a_text_as_text() {
    for world in worlds().await {
        let reference = "initiation.remittanceInformationPrimary";
        let body =
            world.body_of_paid(&with(&norwegian(), reference, "1234566"), "create-payment").await;
        assert_eq!(body["remittanceInformationStructured"], json!({ "reference": "1234566" }));
        assert_eq!(body.get("remittanceInformationUnstructured"), None);
        // The last digit does not check the others: this is no reference number.
        let text = with(&norwegian(), reference, "1234567");
        let second = "initiation.remittanceInformationSecondary";
        let text = with(&text, second, "thank you");
        let body = world.body_of_paid(&text, "create-payment").await;
        assert_eq!(body["remittanceInformationUnstructured"], "1234567 thank you");
        assert_eq!(body.get("remittanceInformationStructured"), None);
        let both = with(&text, reference, "1234566");
        expect(&world, &both, INVALID, "remittanceInformationSecondary", "both").await;
    }
}

#[tokio::test]
async fn an_international_payment_needs_the_payees_bank_and_address_and_a_domestic_one_does_not() {
    for world in worlds().await {
        for field in ["bic", "address"] {
            let path = format!("creditor.{field}");
            let order = without(&abroad(), &format!("initiation.{path}"));
            expect(&world, &order, EXPECTED, &path, field).await;
        }
        let body = world.body_of_paid(&abroad(), "create-international-payment").await;
        let initiation = &body["Data"]["Initiation"];
        let agent = json!({ "SchemeName": "UK.OBIE.BICFI", "Identification": "TULPNL2A" });
        assert_eq!(initiation["CreditorAgent"], agent);
        let address = json!({ "TownName": "Utrecht", "Country": "NL" });
        let creditor = json!({ "Name": "Customer Inc.", "PostalAddress": address });
        assert_eq!(initiation["Creditor"], creditor);
        assert_eq!(initiation["DestinationCountryCode"], "NL");
        assert_eq!(initiation["CurrencyOfTransfer"], "EUR");
        world.body_of_paid(&order_of("ob-chalk", "10.23"), "create-domestic-payment").await;
    }
}

#[tokio::test]
async fn funds_of_an_international_payment_are_confirmed_in_the_payers_currency() {
    let world = world().await;
    let order = with(&abroad(), "initiation.confirmFunds", true);
    world.body_of_paid(&order, "create-international-payment").await;
    assert_eq!(world.wire.count("confirm-funds"), 1);
    let sent = world.wire.sent_in("confirm-funds");
    assert!(sent.url.contains("/international-payment-consents/"), "{}", sent.url);
}

#[tokio::test]
async fn a_payment_abroad_for_a_later_day_is_refused() {
    let world = world().await;
    let order = with(&abroad(), "initiation.executionDate", "2026-02-02");
    let answer = world.post("/v2/payments", &order).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("at once only"), "{}", answer.text());
}
