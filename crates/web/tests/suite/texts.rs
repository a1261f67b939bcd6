//! Texts, words and countries of `initiation`: accepted values, and refused values with their code
//! and place. `docs/payments-fields.md` has a line for each rule, with the name of its test.

use serde_json::json;

use crate::scenarios::order_at;
use crate::support::fields::{EXPECTED, FORMAT, INVALID, expect, order_on, rails};
use crate::support::{
    Decision, assert_error, hosted_order, id, order, order_of, with, without, worlds,
};

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
const TEXTS: [&str; 28] = [
    "refId",
    "remittanceInformationPrimary",
    "remittanceInformationSecondary",
    "onBehalfOfId",
    "externalPsuReference",
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
async fn a_card_number_is_found_in_the_references_and_looked_for_nowhere_else() {
    const REFERENCES: [&str; 3] =
        ["refId", "remittanceInformationPrimary", "remittanceInformationSecondary"];
    let debtor = json!({ "name": "Payer", "sortCode": "123456", "accountNumber": "12345678" });
    let body = with(&hosted_order(), "initiation.debtor", debtor);
    for world in worlds().await {
        for field in REFERENCES {
            let card = with(&body, &format!("initiation.{field}"), "4222222222222");
            let answer = world.post("/v2/payments", &card).await;
            assert_eq!(answer.status, 400, "{field}: {}", answer.text());
            assert_eq!(answer.json()["error"]["errorCode"], "PanDetected", "{field}");
            assert!(!answer.text().contains("4222"), "it is not repeated");
        }
        let cards = TEXTS.map(|field| (field, json!("4222222222222")));
        let lists = LISTS.map(|field| (field, json!(["Flat 1", "4222222222222"])));
        for (field, value) in cards.into_iter().chain(lists) {
            if !REFERENCES.contains(&field) {
                let body = with(&body, &format!("initiation.{field}"), value);
                let answer = world.post("/v2/payments", &body).await;
                assert!(!answer.text().contains("PanDetected"), "{field}: {}", answer.text());
            }
        }
    }
}

#[tokio::test]
async fn an_id_in_the_state_of_the_callback_is_no_card_number() {
    let uuid = "47223179-9330-4259-b66c-f2db26efb20c";
    for world in worlds().await {
        for field in ["callbackState", "refId"] {
            let text = if field == "refId" { &uuid[..35] } else { uuid };
            let body = with(&hosted_order(), &format!("initiation.{field}"), text);
            expect(&world, &body, "", "", field).await;
        }
    }
}

#[tokio::test]
async fn no_text_has_characters_that_nobody_sees() {
    let debtor = json!({ "name": "Payer", "sortCode": "123456", "accountNumber": "12345678" });
    let body = with(&hosted_order(), "initiation.debtor", debtor);
    for world in worlds().await {
        for field in TEXTS {
            for one in ['\u{1}', '\u{202e}', '\u{200b}', '\u{2028}', '\u{ffff}'] {
                let path = format!("initiation.{field}");
                let body = with(&body, &path, format!("a{one}b"));
                expect(&world, &body, INVALID, field, &format!("{field} U+{:04X}", one as u32))
                    .await;
            }
        }
        for field in LISTS {
            let body = with(&body, &format!("initiation.{field}"), json!(["Flat\u{2066}1"]));
            expect(&world, &body, INVALID, field, field).await;
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

#[tokio::test]
async fn texts_that_the_named_bank_does_not_take_are_refused_before_anything_is_kept() {
    let german = order_at("bg-linden", Some("DE65700202700000001008"), "10.23");
    let french = order_at("stet-chene", None, "10.23");
    let polish = order_at("pl-dab", None, "10.23");
    let british = order_of("ob-slate", "10.23");
    let words = |count: usize| vec!["Warszawianka"; count].join(" ");
    let cases = [
        // 18 characters of a small alphabet at the British bank: `banks/sim/ob-slate.toml`.
        (&british, "creditor.name", "Eighteen chars 123".to_owned(), ""),
        (&british, "creditor.name", "Nineteen characters".to_owned(), FORMAT),
        (&british, "creditor.name", "Müller".to_owned(), INVALID),
        (&german, "creditor.name", "é".repeat(70), ""),
        (&german, "creditor.name", "a".repeat(71), FORMAT),
        (&french, "creditor.name", "a".repeat(140), ""),
        // Four lines of 35 characters, broken between words.
        (&polish, "creditor.name", words(8), ""),
        (&polish, "creditor.name", words(9), FORMAT),
        // "Sweepco", a space and these travel as one text.
        (&german, "remittanceInformationSecondary", "a".repeat(132), ""),
        (&german, "remittanceInformationSecondary", "a".repeat(133), FORMAT),
        (&french, "remittanceInformationSecondary", "a".repeat(133), FORMAT),
        (&polish, "remittanceInformationSecondary", "a".repeat(133), FORMAT),
        (&british, "remittanceInformationSecondary", "a".repeat(140), ""),
    ];
    for world in worlds().await {
        let mut kept = 0;
        for (body, field, text, code) in &cases {
            let body = with(body, &format!("initiation.{field}"), text.as_str());
            let bank = body["initiation"]["bankId"].as_str().unwrap();
            let told = expect(&world, &body, code, field, bank).await;
            kept += usize::from(code.is_empty());
            let message = told["message"].as_str().unwrap_or(bank);
            assert!(message.contains(bank), "{message}");
            assert!(!message.contains(text), "it is not repeated: {message}");
        }
        let payments = world.get("/v2/payments").await.json();
        assert_eq!(payments["payments"].as_array().unwrap().len(), kept);
    }
}

/// Nothing is ever shortened: the payer is offered the banks that take it as it is.
#[tokio::test]
async fn on_the_hosted_pages_banks_that_do_not_take_a_text_are_not_offered() {
    let long = with(&hosted_order(), "initiation.creditor.name", "Nineteen characters");
    for world in worlds().await {
        for (body, offered) in [(&hosted_order(), true), (&long, false)] {
            let payment = world.create(body).await;
            let path = format!("/session/{}", id(&payment));
            let page = world.page(&path).await.text();
            assert!(page.contains("value=\"ob-iron\""), "{page}");
            assert_eq!(page.contains("value=\"ob-slate\""), offered, "{page}");
            let chosen = world.submit(&path, &[("bank-id", "ob-slate")]).await;
            assert_eq!(chosen.status, if offered { 303 } else { 200 });
            assert_eq!(chosen.text().contains("That bank cannot make this payment"), !offered);
            let chosen = world.submit(&path, &[("bank-id", "ob-iron")]).await;
            assert_eq!(chosen.status, 303, "another bank is as good");
        }
    }
}

/// Since 15 November 2026.
#[tokio::test]
async fn sepa_carries_addresses_with_town_and_country_and_two_lines_at_most() {
    let structured = json!({ "streetName": "Hauptstrasse", "buildingNumber": "5",
        "postCode": "10115", "townName": "Berlin", "country": "DE" });
    let hybrid = json!({ "addressLine": ["Hauptstrasse 5", "Hinterhaus"], "townName": "Berlin",
        "country": "DE" });
    let cases = [
        (structured.clone(), "", ""),
        (hybrid.clone(), "", ""),
        (json!({}), "", ""),
        (json!({ "addressLine": ["Hauptstrasse 5", "10115 Berlin"] }), EXPECTED, "townName"),
        (json!({ "addressLine": ["Hauptstrasse 5"], "country": "DE" }), EXPECTED, "townName"),
        (without(&structured, "country"), EXPECTED, "country"),
        (with(&hybrid, "townName", ""), EXPECTED, "townName"),
        (with(&hybrid, "addressLine", json!(["a", "b", "c"])), INVALID, "addressLine"),
    ];
    let iban = json!({ "iban": "DE89370400440532013000" });
    for world in worlds().await {
        for (address, code, field) in &cases {
            for rail in ["SEPA", "SEPA_INSTANT", "AUTO_SELECT"] {
                let body = order_on(rail, "EUR", &with(&iban, "address", address.clone()));
                let path = format!("creditor.address.{field}");
                expect(&world, &body, code, &path, &format!("{rail} {address}")).await;
                let payer = with(&with(&iban, "name", "Payer"), "address", address.clone());
                let body = with(&order_on(rail, "EUR", &iban), "initiation.debtor", payer);
                let path = format!("debtor.address.{field}");
                expect(&world, &body, code, &path, &format!("{rail} {address}")).await;
            }
        }
        // Other rails carry what they always did.
        let british = json!({ "sortCode": "123456", "accountNumber": "12345678",
            "address": { "addressLine": ["a", "b", "c"] } });
        let body = order_on("FASTER_PAYMENTS", "GBP", &british);
        expect(&world, &body, "", "", "British").await;
    }
}

/// `callbackState` is read by no person: it returns as it was sent, percent-encoded.
#[tokio::test]
async fn a_state_may_hold_format_characters_and_no_control_characters() {
    for world in worlds().await {
        for one in
            ["\u{200d}", "\u{202e}", "\u{feff}", "\u{2028}", "\u{ad}", "\u{1f469}\u{200d}\u{1f467}"]
        {
            let state = format!("a{one}b");
            let body = with(&order(), "initiation.callbackState", &*state);
            let payment = world.create(&body).await;
            assert_eq!(payment["initiation"]["callbackState"], state.as_str());
            let encoded: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
            let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
            let back = world.visit_bank(url, Decision::Approve).await;
            let answer = world.return_to_gateway(&back).await;
            assert!(answer.text().contains(&format!("state={encoded}")), "{}", answer.text());
        }
        for one in ['\t', '\n', '\r', '\u{1}', '\u{7f}', '\u{85}'] {
            let body = with(&order(), "initiation.callbackState", format!("a{one}b"));
            let code = u32::from(one);
            let message = format!(
                "`callbackState` should not contain control characters: U+{code:04X} is one."
            );
            let error = json!({ "errorCode": "Field.Invalid",
                "paths": ["initiation.callbackState"], "message": message });
            assert_error(&world.post("/v2/payments", &body).await, 400, error);
        }
    }
}
