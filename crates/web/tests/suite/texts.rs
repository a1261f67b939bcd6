//! Texts, words and countries of `initiation`: what is taken, and what is refused with which code
//! and place. `docs/payments-fields.md` has a line for each rule, with the name of its test.

use serde_json::json;

use crate::support::fields::{FORMAT, INVALID, expect, order_on, rails};
use crate::support::{hosted_order, with, without, worlds};

#[tokio::test]
async fn references_have_their_lengths_on_every_rail() {
    for world in worlds().await {
        for (rail, currency, account) in rails() {
            let body = order_on(rail, currency, &account);
            let most = if currency == "GBP" { 18 } else { 35 };
            for (field, most) in [
                ("refId", 35),
                ("remittanceInformationPrimary", most),
                ("remittanceInformationSecondary", 140),
            ] {
                let path = format!("initiation.{field}");
                let fits = with(&body, &path, "é".repeat(most));
                expect(&world, &fits, "", "", &format!("{rail} {field} {most}")).await;
                let long = with(&body, &path, "a".repeat(most + 1));
                let error = expect(&world, &long, FORMAT, field, rail).await;
                let message = format!("`{field}` should not be longer than {most} symbols.");
                assert_eq!(error["message"], message);
            }
            for field in ["refId", "remittanceInformationPrimary", "creditor.name"] {
                for text in ["", " ", " \u{a0} "] {
                    let blank = with(&body, &format!("initiation.{field}"), text);
                    expect(&world, &blank, FORMAT, field, "blank").await;
                }
                let two_lines = with(&body, &format!("initiation.{field}"), "a\r\nb");
                expect(&world, &two_lines, INVALID, field, "two lines").await;
            }
        }
    }
}

/// Every free text, below `initiation`.
const TEXTS: [&str; 29] = [
    "refId",
    "remittanceInformationPrimary",
    "remittanceInformationSecondary",
    "onBehalfOfId",
    "externalPsuReference",
    "callbackState",
    "creditor.name",
    "creditor.ultimateCreditorName",
    "creditor.bankName",
    "creditor.address.streetName",
    "creditor.address.buildingNumber",
    "creditor.address.postCode",
    "creditor.address.townName",
    "creditor.address.state",
    "creditor.address.district",
    "debtor.name",
    "debtor.ultimateDebtorName",
    "debtor.address.streetName",
    "debtor.address.townName",
    "risk.psuId",
    "risk.deliveryAddress.streetName",
    "risk.deliveryAddress.buildingNumber",
    "risk.deliveryAddress.department",
    "risk.deliveryAddress.subDepartment",
    "risk.deliveryAddress.postCode",
    "risk.deliveryAddress.townName",
    "risk.deliveryAddress.state",
    "risk.deliveryAddress.district",
    "debtor.address.postCode",
];
/// Every list of free texts.
const LISTS: [&str; 4] = [
    "creditor.address.addressLine",
    "debtor.address.addressLine",
    "risk.deliveryAddress.addressLine",
    "risk.deliveryAddress.countrySubDivision",
];

#[tokio::test]
async fn a_card_number_is_found_in_every_text() {
    let debtor = json!({ "name": "Payer", "sortCode": "123456", "accountNumber": "12345678" });
    let body = with(&hosted_order(), "initiation.debtor", debtor);
    for world in worlds().await {
        let cards = TEXTS.map(|field| (field, json!("4222222222222")));
        let lists = LISTS.map(|field| (field, json!(["Flat 1", "card 4111 1111 1111 1111"])));
        for (field, value) in cards.into_iter().chain(lists) {
            let body = with(&body, &format!("initiation.{field}"), value);
            let answer = world.post("/v2/payments", &body).await;
            assert_eq!(answer.status, 400, "{field}: {}", answer.text());
            assert_eq!(answer.json()["error"]["errorCode"], "PanDetected", "{field}");
            assert!(!answer.text().contains("4222"), "it is not repeated");
        }
    }
}

#[tokio::test]
async fn every_text_has_a_bound() {
    let debtor = json!({ "name": "Payer", "sortCode": "123456", "accountNumber": "12345678" });
    let body = with(&hosted_order(), "initiation.debtor", debtor);
    for world in worlds().await {
        for field in TEXTS {
            let long = with(&body, &format!("initiation.{field}"), "a".repeat(2_049));
            expect(&world, &long, FORMAT, field, field).await;
        }
        for field in LISTS {
            let path = format!("initiation.{field}");
            let long = with(&body, &path, json!(["a".repeat(141)]));
            expect(&world, &long, FORMAT, field, field).await;
            let many = with(&body, &path, json!(["a", "b", "c", "d", "e", "f", "g", "h"]));
            expect(&world, &many, FORMAT, field, field).await;
        }
    }
}

#[tokio::test]
async fn countries_are_codes_of_iso_3166() {
    let debtor = json!({ "name": "Payer", "sortCode": "123456", "accountNumber": "12345678" });
    let body = with(&hosted_order(), "initiation.debtor", debtor);
    for world in worlds().await {
        for place in ["creditor.address", "debtor.address", "risk.deliveryAddress"] {
            let path = format!("{place}.country");
            for (country, code) in [
                ("GB", ""),
                ("SE", ""),
                ("gb", INVALID),
                ("UK", INVALID),
                ("GBR", INVALID),
                ("", INVALID),
                ("XX", INVALID),
            ] {
                let body = with(&body, &format!("initiation.{path}"), country);
                expect(&world, &body, code, &path, country).await;
            }
        }
    }
}

#[tokio::test]
async fn words_of_risk_and_charges_are_the_published_ones() {
    let cases = [
        ("chargeBearer", json!("SLEV"), ""),
        ("chargeBearer", json!("CRED"), ""),
        ("chargeBearer", json!("INVALID_CHARGE_BEARER"), ""),
        ("chargeBearer", json!("slev"), INVALID),
        ("chargeBearer", json!("OUR"), INVALID),
        ("risk.paymentContextCode", json!("PISP_PAYEE"), ""),
        ("risk.paymentContextCode", json!("TRANSFER_TO_SELF"), ""),
        ("risk.paymentContextCode", json!("PispPayee"), INVALID),
        ("risk.paymentPurposeCode", json!("SUPP"), ""),
        ("risk.paymentPurposeCode", json!("GDDS"), INVALID),
        ("risk.beneficiaryAccountType", json!("PENSION"), ""),
        ("risk.beneficiaryAccountType", json!("UNKNOWN"), INVALID),
        ("risk.merchantCategoryCode", json!("4812"), ""),
        ("risk.merchantCategoryCode", json!("0742"), ""),
        ("risk.merchantCategoryCode", json!("481"), INVALID),
        ("risk.merchantCategoryCode", json!("48a2"), INVALID),
        ("risk.merchantCategoryCode", json!("４８１２"), INVALID),
        ("risk.merchantCategoryCode", json!(4812), FORMAT),
        ("risk.psuId", json!("a".repeat(70)), ""),
        ("risk.psuId", json!("a".repeat(71)), FORMAT),
        ("risk.contractPresentIndicator", json!(true), ""),
        ("risk.contractPresentIndicator", json!("maybe"), FORMAT),
        ("risk.deliveryAddress.addressType", json!("DELIVERYTO"), ""),
        ("risk.deliveryAddress.addressType", json!("HOME"), INVALID),
        ("risk.deliveryAddress.countrySubDivision", json!("Yorkshire"), FORMAT),
        ("externalPsuReference", json!("a".repeat(64)), ""),
        ("externalPsuReference", json!("a".repeat(65)), FORMAT),
        ("onBehalfOfId", json!("c5a863bc-86f2-4418-a26f-25b24c7983c7"), ""),
        ("onBehalfOfId", json!("a".repeat(65)), FORMAT),
        ("callbackState", json!("a".repeat(2_048)), ""),
        ("callbackState", json!("a".repeat(2_049)), FORMAT),
        ("confirmFunds", json!(1), FORMAT),
        ("returnRefundAccount", json!("no"), FORMAT),
        ("disableFutureDatedPaymentConversion", json!("never"), FORMAT),
    ];
    for world in worlds().await {
        for (field, value, code) in &cases {
            let body = with(&hosted_order(), &format!("initiation.{field}"), value.clone());
            expect(&world, &body, code, field, &format!("{field}: {value}")).await;
        }
    }
}

#[tokio::test]
async fn a_delivery_address_is_shown_as_it_was_sent() {
    let address = json!({
        "addressLine": ["Flat 2, The Red Lodge"], "addressType": "BUSINESS",
        "buildingNumber": "1", "country": "GB", "countrySubDivision": ["North Yorkshire"],
        "department": "1", "postCode": "YO62 5JB", "streetName": "High Street",
        "subDepartment": "Flat 2", "townName": "York", "state": "Yorkshire", "district": "North"
    });
    let body = with(&hosted_order(), "initiation.risk.deliveryAddress", address.clone());
    for world in worlds().await {
        let shown = expect(&world, &body, "", "", "all of it").await;
        assert_eq!(shown["risk"]["deliveryAddress"], address);
        let empty = with(&hosted_order(), "initiation.risk", json!({ "deliveryAddress": {} }));
        let shown = expect(&world, &empty, "", "", "nothing of it").await;
        assert_eq!(shown["risk"]["deliveryAddress"], json!({}));
        let nothing = without(&body, "initiation.risk");
        assert!(expect(&world, &nothing, "", "", "none").await["risk"].is_null());
    }
}
