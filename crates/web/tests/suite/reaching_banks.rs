//! Fields of a payment that travel to the bank where its standard has a place for them:
//! `docs/payments-fields.md` says where each one ends.

use serde_json::{Value, json};

use crate::scenarios::order_at;
use crate::support::fields::{FORMAT, expect};
use crate::support::{INSTRUCTIONS, World, id, with, worlds};

impl World {
    /// The body of the payment that was sent to a bank last, on a path that ends so.
    pub async fn last_body(&self, path_end: &str) -> Value {
        let exchanges = self.bank_json("/sim/exchanges").await;
        let mut exchanges = exchanges.as_array().unwrap().iter().rev();
        let posts = |exchange: &&Value| {
            let path = exchange["path"].as_str().unwrap();
            exchange["method"] == "POST" && path.ends_with(path_end)
        };
        let body = exchanges.find(posts).unwrap_or_else(|| panic!("no {path_end}"));
        serde_json::from_str(body["request_body"].as_str().unwrap()).unwrap()
    }
}

/// With charges, and both ends of the payment on behalf of somebody.
fn with_everybody(bank: &str) -> Value {
    let address = json!({ "streetName": "Rue", "townName": "Lille", "country": "FR" });
    let order = order_at(bank, Some("FR7630004001160000784013521"), "10.23");
    let order = with(&order, "initiation.chargeBearer", "SHAR");
    let order = with(&order, "initiation.creditor.ultimateCreditorName", "Customer Group");
    let order = with(&order, "initiation.debtor.address", address);
    with(&order, "initiation.debtor.ultimateDebtorName", "Draper Ltd")
}

#[tokio::test]
async fn charges_and_ultimate_parties_reach_banks_of_next_gen_psd2() {
    for world in worlds().await {
        let order = with_everybody("bg-tulp");
        world.create(&order).await;
        let body = world.last_body("/sepa-credit-transfers").await;
        assert_eq!(body["chargeBearer"], "SHAR");
        assert_eq!(body["ultimateCreditor"], "Customer Group");
        assert_eq!(body["ultimateDebtor"], "Draper Ltd");
        // Longer than the standard's field: refused by name, never cut.
        let long = "x".repeat(71);
        let path = "creditor.ultimateCreditorName";
        let order = with(&order, &format!("initiation.{path}"), long.as_str());
        expect(&world, &order, FORMAT, path, "too long").await;
        world.create(&order_at("bg-tulp", None, "10.23")).await;
        let body = world.last_body("/sepa-credit-transfers").await;
        for absent in ["chargeBearer", "ultimateCreditor", "ultimateDebtor"] {
            assert!(body[absent].is_null(), "{absent}: {body}");
        }
    }
}

#[tokio::test]
async fn charges_ultimate_parties_and_the_payers_address_reach_banks_of_stet() {
    for world in worlds().await {
        for bank in ["stet-chene", "stet-hetre"] {
            world.create(&with_everybody(bank)).await;
            let body = world.last_body("/payment-requests").await;
            assert_eq!(body["chargeBearer"], "SHAR", "{bank}");
            assert_eq!(body["debtor"]["postalAddress"]["country"], "FR", "{bank}: {body}");
            let transaction = &body["creditTransferTransaction"][0];
            assert_eq!(transaction["ultimateCreditor"]["name"], "Customer Group", "{bank}");
            assert_eq!(transaction["ultimateDebtor"]["name"], "Draper Ltd", "{bank}");
            world.create(&order_at(bank, None, "10.23")).await;
            assert_eq!(world.last_body("/payment-requests").await["chargeBearer"], "SLEV");
        }
    }
}

#[tokio::test]
async fn ultimate_parties_reach_british_banks_of_4_0() {
    for world in worlds().await {
        for (bank, there) in [("ob-quartz", true), ("ob-iron", false)] {
            let order = order_at(bank, None, "10.23");
            let order = with(&order, "initiation.creditor.ultimateCreditorName", "Customer Group");
            world.create(&order).await;
            let body = world.last_body("/domestic-payment-consents").await;
            let made = &body["Data"]["Initiation"];
            let wanted = there.then(|| json!({ "Name": "Customer Group" }));
            assert_eq!(made["UltimateCreditor"], json!(wanted), "{bank}");
            assert_eq!(made["InstructionIdentification"], order["initiation"]["refId"], "{bank}");
        }
    }
}

/// A token request's own references of the order; each counts for the banks of its standard.
#[tokio::test]
async fn the_references_of_a_token_request_reach_the_bank() {
    let metadata = json!({ "providerTransferMetadata": {
        "cma9TransferMetadata": {
            "endToEndIdentification": "E-1", "instructionIdentification": "I-1" },
        "stetTransferMetadata": { "endToEndId": "S-1" },
    } });
    for world in worlds().await {
        let place = format!("{INSTRUCTIONS}.metadata");
        let body = with(&world.token_request(), &place, metadata.clone());
        let request = id(&world.store(&body).await);
        world.authorize(&request, &json!({ "consentAccepted": true })).await;
        let sent = world.last_body("/domestic-payment-consents").await;
        let made = &sent["Data"]["Initiation"];
        assert_eq!(made["InstructionIdentification"], "I-1");
        assert_eq!(made["EndToEndIdentification"], "E-1");
        // Longer than Faster Payments carry: refused by name.
        let field = "providerTransferMetadata.cma9TransferMetadata.endToEndIdentification";
        let path = format!("{place}.{field}");
        let long = with(&body, &path, "x".repeat(32));
        let answer = world.post("/token-requests", &long).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert_eq!(answer.json()["error"]["paths"], json!([path]), "{}", answer.text());
    }
}
