//! Every error of a field of a payment, as v2 reports it: code, place and words. The snapshots are the
//! contract with clients that read them. `v1_field_errors` does the same for token requests.

use serde_json::{Value, json};

use crate::support::{World, full_order, hosted_order, order, with, world};

/// One body for each value at each place, and what was changed in it.
pub type Bodies = Vec<(String, Value)>;

pub const ZERO_WIDTH_SPACE: &str = "a\u{200b}b";

pub fn each(bodies: &mut Bodies, base: &Value, below: &str, changes: &[(&str, Value)]) {
    for (path, value) in changes {
        let place = if below.is_empty() { (*path).to_owned() } else { format!("{below}.{path}") };
        let text = value.to_string();
        let shown = match text.chars().count() {
            0..=60 => text,
            characters => format!("{}… {characters}", text.chars().take(20).collect::<String>()),
        };
        bodies.push((format!("{place} = {shown}"), with(base, &place, value.clone())));
    }
}

/// What no text may be.
pub fn bad_texts(names: &[&'static str], most: usize) -> Vec<(&'static str, Value)> {
    let long = "x".repeat(most + 1);
    names.iter().flat_map(|name| [(*name, json!(long)), (*name, json!(ZERO_WIDTH_SPACE))]).collect()
}

pub async fn report(world: &World, path: &str, bodies: &Bodies) -> String {
    let mut lines = vec![];
    for (change, body) in bodies {
        let answer = world.post(path, body).await;
        let error = if answer.status == 200 { json!({}) } else { answer.json()["error"].clone() };
        let text = |name: &str| error[name].as_str().unwrap_or("-").to_owned();
        let place = error["paths"][0].as_str().unwrap_or("-");
        lines.push(format!(
            "{change}\n    {} {} {place}\n    {}\n",
            answer.status,
            text("errorCode"),
            text("message")
        ));
    }
    lines.concat()
}

fn references_and_addresses_of_pages(bodies: &mut Bodies) {
    let mut changes = bad_texts(&["refId", "remittanceInformationPrimary"], 35);
    changes.extend(bad_texts(&["remittanceInformationSecondary"], 140));
    changes.extend(bad_texts(&["onBehalfOfId", "externalPsuReference"], 64));
    changes.extend([
        ("refId", json!("")),
        ("refId", json!("4111 1111 1111 1111")),
        ("remittanceInformationPrimary", json!(" ")),
        ("remittanceInformationPrimary", json!("nineteen characters")),
        ("callbackState", json!("x".repeat(2_049))),
        ("callbackState", json!("a\u{1}")),
        ("callbackUrl", json!("")),
        ("callbackUrl", json!("nowhere")),
        ("callbackUrl", json!("javascript:alert(1)")),
        ("callbackUrl", json!("https://user:secret@shop.example/")),
        ("callbackUrl", json!(format!("https://shop.example/{}", "x".repeat(2_048)))),
        ("executionDate", json!("tomorrow")),
        ("executionDate", json!("2026-01-05")),
        ("executionDate", json!("2028-01-05")),
        ("vrpConsentId", json!("vrp:1")),
        ("creditor.virtualAccountId", json!("pa:1")),
        ("payByLinkOptions", json!({})),
        ("amount.value", json!("0")),
        ("amount.value", json!("ten")),
        ("amount.value", json!("10.00001")),
        ("amount.value", json!("10.001")),
        ("amount.value", json!("12345678901234")),
        ("amount.currency", json!("XXXX")),
        ("amount.currency", json!("EUR")),
        ("bankId", json!("nobody")),
    ]);
    each(bodies, &order(), "initiation", &changes);
    each(
        bodies,
        &hosted_order(),
        "initiation",
        &[
            ("flowType", json!("API_ONLY")),
            ("creditor.accountVerificationId", json!("avr-1")),
            ("creditor.sortCode", json!("")),
            ("creditor.iban", json!("DE02120300000000202051")),
            ("debtor", json!({ "iban": "DE02120300000000202051" })),
            ("debtor", json!({ "sortCode": "800001", "accountNumber": "12345601" })),
            ("debtor", json!({ "tokenizedAccountId": "tai:x" })),
            ("debtor", json!({ "tokenizedAccountId": "tai:x", "name": "Payer" })),
            (
                "debtor",
                json!({ "tokenizedAccountId":
                "tai:4HoNxK9Rt5Y7pQzVwJd2mBfEaLcX:5zJAqBcE" }),
            ),
        ],
    );
    let link = with(&hosted_order(), "initiation.flowType", "PAY_BY_LINK_HOSTED_PAGES");
    for at in ["soon", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"] {
        let path = "initiation.payByLinkOptions.expiresDateTime";
        each(bodies, &link, "", &[(path, json!(at))]);
    }
}

fn parties(bodies: &mut Bodies) {
    let names = ["name", "bankName", "ultimateCreditorName", "address.addressLine"];
    let mut changes = bad_texts(&names[..3], 140);
    changes.extend([
        ("name", json!("")),
        ("name", Value::Null),
        ("sortCode", json!("12345")),
        ("accountNumber", json!("1234567")),
        ("address.country", json!("gb")),
        ("address.addressLine", json!(["1", "2", "3", "4", "5", "6", "7", "8"])),
        ("address.addressLine", json!(["x".repeat(141)])),
    ]);
    let parts = ["streetName", "buildingNumber", "postCode", "townName", "state", "district"];
    let parts = parts.map(|part| format!("address.{part}"));
    for part in &parts {
        changes.push((part, json!("x".repeat(141))));
    }
    each(bodies, &full_order(), "initiation.creditor", &changes);
    let changes = [
        ("name", json!("x".repeat(141))),
        ("name", Value::Null),
        ("ultimateDebtorName", json!("x".repeat(141))),
        ("sortCode", json!("12345")),
        ("bban", json!("1")),
        ("address.townName", json!(ZERO_WIDTH_SPACE)),
        ("address.country", json!("XX")),
    ];
    each(bodies, &full_order(), "initiation.debtor", &changes);
    let changes = [
        ("psuId", json!("x".repeat(71))),
        ("paymentContextCode", json!("SHOP")),
        ("paymentPurposeCode", json!("SHOP")),
        ("beneficiaryAccountType", json!("SHOP")),
        ("merchantCategoryCode", json!("12")),
        ("deliveryAddress.addressType", json!("SHOP")),
        ("deliveryAddress.addressLine", json!(["1", "2", "3", "4", "5", "6", "7", "8"])),
        ("deliveryAddress.countrySubDivision", json!(["x".repeat(141)])),
        ("deliveryAddress.townName", json!("x".repeat(141))),
        ("deliveryAddress.department", json!("x".repeat(141))),
        ("deliveryAddress.country", json!("gb")),
    ];
    each(bodies, &full_order(), "initiation.risk", &changes);
}

fn accounts_on_rails(bodies: &mut Bodies) {
    let german = json!({ "iban": "DE02120300000000202051" });
    for (rail, currency, account) in [
        ("SEPA", "EUR", json!({ "iban": "DE02120300000000202052" })),
        ("SEPA", "EUR", json!({ "iban": "DE02-é" })),
        ("SEPA", "EUR", json!({ "iban": "DE02120300000000202051", "bic": "DE" })),
        ("SEPA_INSTANT", "EUR", json!({ "bban": "1" })),
        ("SEPA", "EUR", with(&german, "address.streetName", "Hauptstraße")),
        ("SEPA", "EUR", with(&german, "address.country", "DE")),
        (
            "SEPA",
            "EUR",
            with(
                &german,
                "address",
                json!({ "townName": "Bonn", "country": "DE",
                "addressLine": ["1", "2", "3"] }),
            ),
        ),
        ("AUTO_SELECT", "EUR", with(&german, "address.townName", "Bonn")),
        ("AUTO_SELECT", "GBP", german.clone()),
        ("AUTO_SELECT", "USD", german.clone()),
        ("ELIXIR", "PLN", german.clone()),
        ("ELIXIR", "PLN", json!({ "accountNumber": "1" })),
        ("BANKGIRO", "SEK", german.clone()),
        ("BANKGIRO", "SEK", json!({ "bankgiroNumber": "1" })),
        ("PLUSGIRO", "SEK", json!({ "plusgiroNumber": "x" })),
        ("EU_DOMESTIC_NON_EURO", "DKK", json!({})),
        ("EU_DOMESTIC_NON_EURO", "DKK", with(&german, "bban", "1")),
        ("EU_DOMESTIC_NON_EURO", "SEK", json!({ "bban": "1", "clearingNumber": "x" })),
        ("EU_DOMESTIC_NON_EURO", "SEK", json!({ "bban": "-" })),
    ] {
        let body = with(&hosted_order(), "initiation.localInstrument", rail);
        let body = with(&body, "initiation.amount.currency", currency);
        let shown = format!("{rail} {currency} creditor {account}");
        let creditor = with(&account, "name", "Payee");
        bodies.push((shown, with(&body, "initiation.creditor", creditor)));
        if rail == "ELIXIR" {
            let body = with(&body, "initiation.debtor", json!({ "accountNumber": "1" }));
            let creditor = json!({ "iban": "PL61109010140000071219812874", "name": "Payee" });
            let body = with(&body, "initiation.creditor", creditor);
            bodies.push((format!("{rail} debtor with accountNumber"), body));
        }
    }
}

/// Orders that are well-formed, and that a bank cannot take.
fn at_banks(bodies: &mut Bodies) {
    for bank in ["mock-redirect", "ob-iron", "ob-modelo", "bg-linden", "stet-saule", "pl-brzoza"] {
        let at = with(&order(), "initiation.bankId", bank);
        let creditor = json!({ "iban": "DE02120300000000202051", "name": "x".repeat(140) });
        let euro = with(&at, "initiation.localInstrument", "AUTO_SELECT");
        let euro = with(&euro, "initiation.amount.currency", "EUR");
        let euro = with(&euro, "initiation.creditor", creditor);
        each(bodies, &euro, "", &[("initiation.refId", json!("without a debtor"))]);
        let debtor = json!({ "iban": "DE02120300000000202051", "name": "Payer" });
        let euro = with(&euro, "initiation.debtor", debtor);
        each(
            bodies,
            &at,
            "initiation",
            &[
                ("confirmFunds", json!(true)),
                ("creditor.name", json!("x".repeat(140))),
                ("remittanceInformationPrimary", json!("Łódź é 🙂")),
                ("remittanceInformationSecondary", json!("x".repeat(140))),
                ("risk.psuId", json!("x".repeat(70))),
                ("risk.deliveryAddress.addressLine", json!(["1", "2", "3"])),
                ("risk.deliveryAddress.postCode", json!("x".repeat(140))),
                ("creditor.ultimateCreditorName", json!("x".repeat(140))),
            ],
        );
        each(
            bodies,
            &euro,
            "initiation",
            &[
                ("amount.value", json!("10.23")),
                ("amount.value", json!("10.2345")),
                ("amount.value", json!("9999999999999")),
                ("creditor.ultimateCreditorName", json!("x".repeat(140))),
                ("remittanceInformationSecondary", json!("x".repeat(140))),
                ("executionDate", json!("2026-03-02")),
                ("risk.psuId", json!("x".repeat(70))),
            ],
        );
    }
}

#[tokio::test]
async fn v2_names_each_field_by_its_place_and_says_what_it_should_be() {
    let world = world().await;
    let mut bodies = vec![];
    references_and_addresses_of_pages(&mut bodies);
    parties(&mut bodies);
    accounts_on_rails(&mut bodies);
    at_banks(&mut bodies);
    insta::assert_snapshot!(report(&world, "/v2/payments", &bodies).await);
    let mut bodies = vec![];
    let account = json!({ "accountDetails": { "iban": "DE02120300000000202051" } });
    let changes = [
        ("tokenizedAccountId", json!("tai:1")),
        ("iban", json!("DE00")),
        ("iban", Value::Null),
        ("sortCode", json!("123456")),
        ("bban", json!("1")),
        ("bic", json!("DE")),
        ("name", json!("")),
        ("name", json!(ZERO_WIDTH_SPACE)),
        ("ultimateDebtorName", json!("x".repeat(141))),
        ("address.townName", json!("x".repeat(141))),
        ("address.country", json!("de")),
    ];
    each(&mut bodies, &account, "accountDetails", &changes);
    each(&mut bodies, &account, "", &[("bankId", json!("nobody"))]);
    insta::assert_snapshot!(report(&world, "/tokenized-accounts", &bodies).await);
}
