//! `POST /v2/payments`: accepted requests and their answers (reference, sections 3.1 to 3.6).

use serde_json::{Value, json};

use crate::support::{
    BANKS, BANKS_URL, PUBLIC_URL, full_order, hosted_order, id, order, order_of, with, without,
    worlds,
};

#[tokio::test]
async fn a_payment_at_a_named_bank_waits_for_the_payer_there() {
    for world in worlds().await {
        for bank in BANKS {
            let payment = world.create(&order_of(bank, "10.23")).await;
            assert!(id(&payment).starts_with("pm2:"), "{payment}");
            assert_eq!(payment["memberId"], world.member.id.as_str());
            assert_eq!(payment["status"], "INITIATION_PENDING_REDIRECT_AUTH");
            let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
            assert!(url.starts_with(&format!("{BANKS_URL}/{bank}/authorize?")), "{url}");
            assert_eq!(payment["createdDateTime"], "2026-01-05T10:00:00.000Z");
            assert_eq!(payment["updatedDateTime"], "2026-01-05T10:00:00.000Z");
            assert_eq!(payment["convertedToFutureDatedPayment"], false);
            for absent in ["errorInfo", "refundDetails", "bankPaymentStatus", "bankPaymentId"] {
                assert!(payment[absent].is_null(), "{absent}: {payment}");
            }
            assert_eq!(world.payment(&id(&payment)).await, payment);
        }
    }
}

#[tokio::test]
async fn on_the_full_hosted_pages_a_payment_waits_there_with_or_without_a_bank() {
    let with_bank = with(&order(), "initiation.flowType", "FULL_HOSTED_PAGES");
    for world in worlds().await {
        for body in [hosted_order(), with_bank.clone()] {
            let payment = world.create(&body).await;
            assert_eq!(payment["status"], "INITIATION_PENDING_REDIRECT_HP");
            let url = format!("{PUBLIC_URL}/session/{}", id(&payment));
            assert_eq!(payment["authentication"], json!({ "redirectUrl": url }));
            assert_eq!(payment["initiation"]["bankId"], body["initiation"]["bankId"]);
        }
        assert_eq!(world.wire.count("create-domestic-payment-consent"), 0);
    }
}

#[tokio::test]
async fn without_a_flow_a_payment_is_api_only_and_embedded_pages_go_to_the_bank() {
    for world in worlds().await {
        let payment = world.create(&without(&order(), "initiation.flowType")).await;
        assert_eq!(payment["initiation"]["flowType"], "API_ONLY");
        let embedded = with(&order(), "initiation.flowType", "EMBEDDED_HOSTED_PAGES");
        let payment = world.create(&embedded).await;
        assert_eq!(payment["status"], "INITIATION_PENDING_REDIRECT_AUTH");
    }
}

#[tokio::test]
async fn every_field_comes_back_as_it_was_sent() {
    let body = full_order();
    for world in worlds().await {
        let payment = world.create(&body).await;
        assert_eq!(payment["initiation"], body["initiation"], "{}", world.name);
        assert_eq!(payment["status"], "INITIATION_PENDING_REDIRECT_AUTH");
    }
}

/// Rail, currency, an account as it is sent and as it is shown.
fn accounts() -> Vec<(&'static str, &'static str, Value, Value)> {
    let iban = json!({ "iban": "DE89370400440532013000", "bic": "COBADEFFXXX" });
    vec![
        ("SEPA", "EUR", iban.clone(), iban.clone()),
        (
            "SEPA_INSTANT",
            "EUR",
            json!({ "iban": "de89 3704 0044 0532 0130 00" }),
            json!({ "iban": "DE89370400440532013000" }),
        ),
        (
            "ELIXIR",
            "PLN",
            json!({ "accountNumber": "61109010140000071219812874" }),
            json!({ "accountNumber": "61109010140000071219812874" }),
        ),
        (
            "ELIXIR",
            "PLN",
            json!({ "accountNumber": "PL61 1090 1014 0000 0712 1981 2874" }),
            json!({ "accountNumber": "61109010140000071219812874" }),
        ),
        (
            "ELIXIR",
            "PLN",
            json!({ "iban": "PL61109010140000071219812874" }),
            json!({ "iban": "PL61109010140000071219812874" }),
        ),
        (
            "EU_DOMESTIC_NON_EURO",
            "SEK",
            json!({ "bban": "50000000058398257466", "clearingNumber": "5000" }),
            json!({ "bban": "50000000058398257466", "clearingNumber": "5000" }),
        ),
        (
            "EU_DOMESTIC_NON_EURO_INSTANT",
            "SEK",
            json!({ "iban": "SE4550000000058398257466" }),
            json!({ "iban": "SE4550000000058398257466" }),
        ),
        (
            "BANKGIRO",
            "SEK",
            json!({ "bankgiroNumber": "5050-1055" }),
            json!({ "bankgiroNumber": "50501055" }),
        ),
        ("PLUSGIRO", "SEK", json!({ "plusgiroNumber": "4-2" }), json!({ "plusgiroNumber": "42" })),
        ("AUTO_SELECT", "EUR", iban.clone(), iban),
        (
            "AUTO_SELECT",
            "GBP",
            json!({ "sortCode": "12-34-56", "accountNumber": "12345678" }),
            json!({ "sortCode": "123456", "accountNumber": "12345678" }),
        ),
    ]
}

#[tokio::test]
async fn each_rail_takes_its_own_accounts_and_shows_them_in_their_plain_form() {
    let cases = accounts();
    for world in worlds().await {
        for (rail, currency, account, shown) in &cases {
            let named = |account: &Value| with(account, "name", "Customer Inc.");
            let mut body = with(&hosted_order(), "initiation.localInstrument", *rail);
            body = with(&body, "initiation.amount.currency", *currency);
            body = with(&body, "initiation.creditor", named(account));
            // A Polish payer's account is an IBAN only.
            if account.get("accountNumber").is_none() || account.get("sortCode").is_some() {
                body = with(&body, "initiation.debtor", named(account));
            }
            let payment = world.create(&body).await;
            assert_eq!(payment["initiation"]["creditor"], named(shown), "{rail}");
            if !body["initiation"]["debtor"].is_null() {
                assert_eq!(payment["initiation"]["debtor"], named(shown), "{rail}");
            }
        }
    }
}

#[tokio::test]
async fn amounts_keep_the_digits_that_were_written() {
    for world in worlds().await {
        for value in ["0.01", "10", "10.5", "10.50", "010.00", "0010.5000", "9999999999999.9900"] {
            let body = with(&hosted_order(), "initiation.amount.value", value);
            assert_eq!(world.create(&body).await["initiation"]["amount"]["value"], value);
        }
    }
}

#[tokio::test]
async fn the_longest_texts_are_taken_and_a_text_is_measured_in_characters() {
    let texts = [
        ("refId", 35),
        ("remittanceInformationPrimary", 18),
        ("remittanceInformationSecondary", 140),
        ("onBehalfOfId", 64),
        ("callbackState", 2_048),
        ("externalPsuReference", 64),
        ("creditor.name", 140),
    ];
    for world in worlds().await {
        for (field, length) in texts {
            for letter in ["a", "é", "🙂"] {
                let path = format!("initiation.{field}");
                let text = letter.repeat(length);
                let payment = world.create(&with(&hosted_order(), &path, text.as_str())).await;
                let pointer = format!("/{}", path.replace('.', "/"));
                assert_eq!(payment.pointer(&pointer).unwrap(), &json!(text), "{field}");
            }
        }
    }
}

#[tokio::test]
async fn what_nobody_has_defined_is_ignored_and_null_is_as_good_as_absent() {
    let body = with(&order(), "surprise", json!({ "a": [1, 2, { "b": null }] }));
    let mut body = with(&body, "initiation.more", "text");
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    body = with(&body, "initiation.deep", deep);
    for field in ["debtor", "risk", "executionDate", "confirmFunds", "chargeBearer", "vrpConsentId"]
    {
        body = with(&body, &format!("initiation.{field}"), Value::Null);
    }
    for world in worlds().await {
        let payment = world.create(&body).await;
        assert!(payment["initiation"]["more"].is_null());
        assert!(payment["initiation"]["debtor"].is_null());
        assert_eq!(payment["initiation"]["confirmFunds"], false);
    }
}

#[tokio::test]
async fn each_request_makes_a_payment_of_its_own() {
    for world in worlds().await {
        let first = id(&world.create(&order()).await);
        let second = id(&world.create(&order()).await);
        assert_ne!(first, second);
        let rows = [world.at_the_bank(&first).await, world.at_the_bank(&second).await];
        assert_eq!(rows.map(|rows| rows.len()), [1, 1]);
    }
}
