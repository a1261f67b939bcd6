//! Version 4.0, and orders for later in both versions.

use serde_json::{Value, json};

use crate::support::*;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// A consent for a day ten days ahead. The clock of the tests starts on 2024-02-29 at 10:00.
fn later(bank: &str, amount: &str) -> Value {
    let mut body = at(bank, amount);
    body["Data"]["Permission"] = json!("Create");
    body["Data"]["Initiation"]["RequestedExecutionDateTime"] = json!("2024-03-10T00:00:00+00:00");
    body
}

/// A single payment as the bank's version spells it.
fn at(bank: &str, amount: &str) -> Value {
    let mut body = consent_body(amount);
    if version(bank) == "v4.0" {
        body["Data"]["Initiation"]["RemittanceInformation"] = json!({
            "Structured": [{ "CreditorReferenceInformation": { "Reference": "ref-1" } }],
            "Unstructured": ["a", "b"] });
        body["Risk"] = json!({ "ContractPresentIndicator": true });
    }
    body
}

/// Three payments of a standing order, a month apart.
fn monthly(bank: &str, amount: &str) -> Value {
    let body = at(bank, amount);
    let initiation = &body["Data"]["Initiation"];
    let mut order = json!({
        "FirstPaymentAmount": initiation["InstructedAmount"],
        "CreditorAccount": initiation["CreditorAccount"],
    });
    let (first, last) = ("2024-03-10T00:00:00+00:00", "2024-05-10T00:00:00+00:00");
    if version(bank) == "v4.0" {
        order["MandateRelatedInformation"] = json!({ "FirstPaymentDateTime": first,
            "FinalPaymentDateTime": last, "Frequency": { "Type": "MNTH" } });
    } else {
        order["Frequency"] = json!("IntrvlMnthDay:01:10");
        order["FirstPaymentDateTime"] = json!(first);
        order["FinalPaymentDateTime"] = json!(last);
        order["Reference"] = json!("ref-1");
    }
    json!({ "Data": { "Permission": "Create", "ReadRefundAccount": "Yes", "Initiation": order },
        "Risk": body["Risk"] })
}

impl World {
    /// Approves and sends; returns consent id, order id and the answer's status.
    async fn order(&self, bank: &str, body: &Value) -> (String, String, String) {
        let (consent_id, token) = self.authorised(bank, body).await;
        let path = format!("/{}s", product(body));
        let call = self.signed(&path, &token, &order_body(&consent_id, body));
        let reply = self.api(bank, call).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let data = reply.json()["Data"].clone();
        let name = match product(body) {
            "domestic-scheduled-payment" => "DomesticScheduledPaymentId",
            "domestic-standing-order" => "DomesticStandingOrderId",
            _ => "DomesticPaymentId",
        };
        let (id, status) = (data[name].as_str().unwrap(), data["Status"].as_str().unwrap());
        assert_eq!(data["Refund"]["Account"]["Identification"], psu(bank).1);
        (consent_id, id.to_owned(), status.to_owned())
    }

    async fn status(&self, bank: &str, body: &Value, id: &str) -> String {
        let reply = self.read(bank, &format!("/{}s/{id}", product(body))).await;
        reply.json()["Data"]["Status"].as_str().unwrap_or_default().to_owned()
    }
}

#[tokio::test]
async fn a_payment_of_4_0_has_the_words_of_4_0() {
    let (world, bank) = (World::new(), "ob-quartz");
    let body = at(bank, "12.34");
    let payer = psu(bank).1;
    let before = world.balance(payer).await;
    let (consent_id, id, status) = world.order(bank, &body).await;
    assert_eq!(status, "PDNG");
    let consent = world.read(bank, &format!("/domestic-payment-consents/{consent_id}")).await;
    assert_eq!(consent.json()["Data"]["Status"], "COND");
    assert_eq!(consent.json()["Data"]["Initiation"], body["Data"]["Initiation"]);
    world.environment.advance(2_000);
    let order = world.read(bank, &format!("/domestic-payments/{id}")).await.json();
    assert_eq!(order["Data"]["Status"], "ACCC");
    assert_eq!(order["Data"]["StatusReason"][0]["StatusReasonDescription"], "success");
    let link = format!("{BASE}/{bank}/open-banking/v4.0/pisp/domestic-payments/{id}");
    assert_eq!(order["Links"]["Self"], link);
    assert_eq!(world.balance(payer).await, before - 1_234);

    let (_, id, _) = world.order(bank, &at(bank, "108")).await;
    world.environment.advance(2_000);
    let order = world.read(bank, &format!("/domestic-payments/{id}")).await.json();
    assert_eq!(order["Data"]["Status"], "RJCT");
    assert_eq!(order["Data"]["StatusReason"][0]["StatusReasonCode"], "AM04");
    let details = world.read(bank, &format!("/domestic-payments/{id}/payment-details")).await;
    let detail = &details.json()["Data"]["PaymentStatus"][0]["StatusDetail"];
    assert_eq!((&detail["Status"], &detail["StatusReason"]), (&json!("RJCT"), &json!("AM04")));
}

#[tokio::test]
async fn errors_of_4_0_are_codes_of_four_characters() {
    let (world, bank) = (World::new(), "ob-quartz");
    let token = world.client_token(bank).await;
    for (field, value, code, path) in [
        ("RemittanceInformation", json!({ "Reference": "x" }), "U005", ".Reference"),
        ("RemittanceInformation", json!({ "Unstructured": "x" }), "U002", ".Unstructured"),
        ("RemittanceInformation", json!({ "Structured": [{ "X": 1 }] }), "U005", ".0.X"),
        ("InstructionIdentification", Value::Null, "U002", "InstructionIdentification"),
        ("LocalInstrument", json!("UK.OBIE.Target2"), "U026", "LocalInstrument"),
    ] {
        let mut body = at(bank, "1.00");
        body["Data"]["Initiation"][field] = value;
        let call = world.signed("/domestic-payment-consents", &token, &body).bad();
        let reply = world.api(bank, call).await;
        let error = reply.json()["Errors"][0].clone();
        assert_eq!((reply.status, &error["ErrorCode"]), (400, &json!(code)), "{}", reply.text());
        assert!(error["Path"].as_str().unwrap().ends_with(path), "{error}");
        assert_eq!(reply.json()["Code"], Value::Null, "nothing but what must be there");
    }
    // The other version's paths are not there.
    let other = format!("/{bank}/open-banking/v3.1/pisp/domestic-payments/1");
    assert_eq!(world.get(&other).await.status, 404);
}

#[tokio::test]
async fn a_scheduled_payment_moves_money_on_its_day() {
    for (bank, words) in [
        ("ob-iron", ["InitiationPending", "InitiationCompleted", "InitiationCompleted"]),
        ("ob-quartz", ["RCVD", "ACCP", "ACSC"]),
    ] {
        let world = World::new();
        let body = later(bank, "12.34");
        let payer = psu(bank).1;
        let before = world.balance(payer).await;
        let (_, id, status) = world.order(bank, &body).await;
        assert_eq!(status, words[0]);
        world.environment.advance(2_000);
        assert_eq!(world.status(bank, &body, &id).await, words[1]);
        world.environment.advance(9 * DAY_MS);
        assert_eq!(world.balance(payer).await, before, "not before its day");
        world.environment.advance(DAY_MS);
        assert_eq!(world.balance(payer).await, before - 1_234);
        assert_eq!(world.status(bank, &body, &id).await, words[2]);
        let details = format!("/domestic-scheduled-payments/{id}/payment-details");
        assert_eq!(world.read(bank, &details).await.status, 200);
        world.environment.advance(40 * DAY_MS);
        assert_eq!(world.balance(payer).await, before - 1_234, "once");
    }
}

#[tokio::test]
async fn a_standing_order_pays_until_its_last_day() {
    for (bank, words) in [
        ("ob-modelo", ["InitiationPending", "InitiationCompleted"]),
        ("ob-quartz", ["RCVD", "INCO"]),
    ] {
        let world = World::new();
        let body = monthly(bank, "10.00");
        let payer = psu(bank).1;
        let (before, all) = (world.balance(payer).await, world.all_money().await);
        let (_, id, status) = world.order(bank, &body).await;
        assert_eq!(status, words[0]);
        world.environment.advance(2_000);
        assert_eq!(world.status(bank, &body, &id).await, words[1]);
        for (days, payments) in [(11, 1), (30, 2), (31, 3), (31, 3), (366, 3)] {
            world.environment.advance(days * DAY_MS);
            assert_eq!(world.balance(payer).await, before - payments * 1_000, "{bank} {days}");
        }
        assert_eq!(world.status(bank, &body, &id).await, words[1]);
        assert_eq!(world.all_money().await, all);
    }
}

#[tokio::test]
async fn the_payer_reads_that_it_is_a_standing_order() {
    let world = World::new();
    let bank = "ob-modelo";
    for (body, said) in [(monthly(bank, "10.00"), true), (at(bank, "10.00"), false)] {
        let consent_id = world.create_consent(bank, &body).await;
        let visit = world.sign_in(bank, &consent_id, &[]).await;
        let page = world.get(&format!("{visit}/consent")).await.text();
        assert_eq!(page.contains("This is a standing order"), said, "{page}");
    }
}

#[tokio::test]
async fn an_order_for_later_that_the_bank_refuses_never_moves_money() {
    for (bank, words) in
        [("ob-iron", ["InitiationFailed", "InitiationFailed"]), ("ob-quartz", ["RJCT", "INFA"])]
    {
        for (body, word) in [later(bank, "117"), monthly(bank, "117")].iter().zip(words) {
            let world = World::new();
            let before = world.balance(psu(bank).1).await;
            let (_, id, _) = world.order(bank, body).await;
            world.environment.advance(2_000);
            assert_eq!(world.status(bank, body, &id).await, word);
            world.environment.advance(100 * DAY_MS);
            assert_eq!(world.balance(psu(bank).1).await, before);
        }
    }
}

#[tokio::test]
async fn orders_for_later_are_checked_for_date_and_frequency() {
    let world = World::new();
    for (bank, codes) in [
        ("ob-iron", ["Field.InvalidDate", "Unsupported.Frequency"]),
        ("ob-quartz", ["U003", "U025"]),
    ] {
        let token = world.client_token(bank).await;
        let mut past = later(bank, "1.00");
        past["Data"]["Initiation"]["RequestedExecutionDateTime"] =
            json!("2024-02-28T00:00:00+00:00");
        let mut odd = monthly(bank, "1.00");
        if bank == "ob-iron" {
            odd["Data"]["Initiation"]["Frequency"] = json!("QtrDay:ENGLISH");
        } else {
            odd["Data"]["Initiation"]["MandateRelatedInformation"]["Frequency"]["Type"] =
                json!("ADHO");
        }
        for (body, code) in [past, odd].iter().zip(codes) {
            let path = format!("/{}-consents", product(body));
            let reply = world.api(bank, world.signed(&path, &token, body)).await;
            assert_eq!((reply.status, reply.error_code().as_str()), (400, code));
        }
    }
    let mut wrong = monthly("ob-iron", "1.00");
    wrong["Data"]["Initiation"]["Frequency"] = json!("IntrvlMnthDay:07:10");
    let token = world.client_token("ob-iron").await;
    let call = world.signed("/domestic-standing-order-consents", &token, &wrong).bad();
    assert_eq!(world.api("ob-iron", call).await.error_code(), "Field.Invalid");
}

#[tokio::test]
async fn a_consent_is_not_found_as_one_of_another_kind() {
    let (world, bank) = (World::new(), "ob-iron");
    let consent_id = world.create_consent(bank, &later(bank, "1.00")).await;
    let right = format!("/domestic-scheduled-payment-consents/{consent_id}");
    assert_eq!(world.read(bank, &right).await.status, 200);
    let wrong = format!("/domestic-payment-consents/{consent_id}");
    assert_eq!(world.read(bank, &wrong).await.error_code(), "Resource.NotFound");
}
