//! Every error of a field of an order, as each version of the API reports it: code, place and words.
//! The two snapshots are the contract with clients that read them.

use serde_json::{Value, json};

use crate::support::{World, full_order, hosted_order, order, with, world};

/// One body for each value at each place, and what was changed in it.
type Bodies = Vec<(String, Value)>;

const ZERO_WIDTH_SPACE: &str = "a\u{200b}b";

fn each(bodies: &mut Bodies, base: &Value, below: &str, changes: &[(&str, Value)]) {
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
fn bad_texts(names: &[&'static str], most: usize) -> Vec<(&'static str, Value)> {
    let long = "x".repeat(most + 1);
    names.iter().flat_map(|name| [(*name, json!(long)), (*name, json!(ZERO_WIDTH_SPACE))]).collect()
}

async fn report(world: &World, path: &str, bodies: &Bodies) -> String {
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

fn v1_payloads(bodies: &mut Bodies, base: &Value) {
    let mut changes = bad_texts(&["refId"], 35);
    changes.extend(bad_texts(&["description"], 255));
    changes.extend([
        ("refId", json!("")),
        ("description", json!("4111 1111 1111 1111")),
        ("callbackState", json!("x".repeat(2_049))),
        ("callbackState", json!("a\u{1}")),
        ("redirectUrl", json!("")),
        ("redirectUrl", json!("nowhere")),
        ("redirectUrl", json!("javascript:alert(1)")),
        ("redirectUrl", json!("https://user:secret@shop.example/")),
        (
            "redirectUrl",
            json!(
                "https://pay.example/initiatePayment/callback?redirect-url=javascript%3Aalert(1)"
            ),
        ),
        ("redirectUrl", json!("https://pay.example/initiatePayment/callback?redirect-url=x")),
        ("actingAs", json!({ "displayName": "Shop", "refId": "x".repeat(65) })),
        ("transferBody.setTransferDestinationsUrl", json!("nowhere")),
        ("transferBody.setTransferDestinationsUrl", json!("ftp://shop.example/")),
        ("transferBody.setTransferDestinationsUrl", json!("https://a:b@shop.example/")),
    ]);
    each(bodies, base, "requestPayload", &changes);
    let long = json!("x".repeat(65));
    each(
        bodies,
        base,
        "requestOptions",
        &[
            ("psuId", long),
            ("psuId", json!(ZERO_WIDTH_SPACE)),
            ("bankId", json!("nobody")),
            ("bankId", json!("")),
        ],
    );
}

fn v1_bodies(bodies: &mut Bodies, base: &Value, body: &str, amount: &'static str) {
    let place = format!("requestPayload.{body}");
    let mut changes = bad_texts(&["remittanceReference"], 35);
    changes.extend([
        ("remittanceReference", json!(" ")),
        ("remittanceReference", json!("")),
        (amount, json!("0")),
        (amount, json!("ten")),
        (amount, json!("10.001")),
        (amount, json!("10.00001")),
        ("currency", json!("XXXX")),
        ("currency", json!("EUR")),
        ("executionDate", json!("tomorrow")),
        ("executionDate", json!("2026-01-05")),
    ]);
    let names =
        ["ultimateCreditor", "ultimateDebtor"].map(|n| format!("instructions.metadata.{n}"));
    for name in &names {
        changes.push((name, json!("x".repeat(141))));
    }
    let account = json!({ "gbDomestic": { "sortCode": "800001", "accountNumber": "12345601" } });
    let source = json!({ "accountIdentifier": account });
    let sources = [
        with(&source, "accountIdentifier.gbDomestic.sortCode", "1"),
        with(&source, "accountIdentifier.gbDomestic.iban", "DE02120300000000202051"),
        with(&source, "customerData.legalNames", json!(["x".repeat(141)])),
        with(&source, "customerData.address.city", "x".repeat(141)),
        with(&source, "customerData.address.flats", "x".repeat(141)),
        with(&source, "customerData.address.country", "gb"),
        json!({ "accountIdentifier": { "iban": { "iban": "DE02120300000000202051" } } }),
        json!({ "accountIdentifier": {} }),
    ];
    for value in sources {
        changes.push(("instructions.source", value));
    }
    // The name of the payer's debtor is wrong only where the bank wants its account, too.
    each(
        bodies,
        &with(base, &format!("{place}.instructions.metadata.ultimateDebtor"), "A"),
        &place,
        &[("instructions.source", with(&source, "bic", "x"))],
    );
    each(bodies, base, &place, &changes);
    v1_risk(bodies, base, &place);
}

fn v1_risk(bodies: &mut Bodies, base: &Value, place: &str) {
    let provider = format!("{place}.instructions.metadata.providerTransferMetadata");
    let uk = format!("{provider}.cma9TransferMetadata");
    let changes = [
        ("risk.merchantCustomerIdentification", json!("x".repeat(71))),
        ("risk.paymentContextCode", json!("SHOP")),
        ("risk.beneficiaryAccountType", json!("SHOP")),
        ("risk.deliveryAddress.addressType", json!("SHOP")),
        ("risk.deliveryAddress.townName", json!("x".repeat(141))),
        ("risk.deliveryAddress.countrySubDivision", json!(["x".repeat(141)])),
        ("risk.deliveryAddress.country", json!("gb")),
        ("instructionIdentification", json!("x".repeat(36))),
        ("endToEndIdentification", json!("x".repeat(32))),
    ];
    each(bodies, base, &uk, &changes);
    let german = format!("{provider}.nextGenPsd2TransferMetadata");
    let changes = [
        ("creditorAgentName", json!("x".repeat(141))),
        ("creditorAgent", json!("x")),
        ("endToEndIdentification", json!("x".repeat(36))),
    ];
    each(bodies, base, &german, &changes);
}

fn v1_destinations(world: &World) -> Bodies {
    let mut bodies = vec![];
    let open = with(&world.token_request(), "requestOptions.bankId", "");
    let all = "requestPayload.transferBody.instructions.transferDestinations";
    for (currency, rail, account) in [
        ("GBP", "fasterPayments", json!({ "sortCode": "1", "accountNumber": "12345678" })),
        ("GBP", "fasterPayments", json!({ "sortCode": "123456" })),
        ("EUR", "sepa", json!({ "iban": "DE02120300000000202052" })),
        ("EUR", "sepa", json!({ "iban": "DE02120300000000202051", "bic": "DE" })),
        ("EUR", "sepaInstant", json!({ "bban": "1" })),
        ("PLN", "elixir", json!({ "iban": "DE02120300000000202051" })),
        ("PLN", "elixir", json!({ "accountNumber": "1" })),
        ("SEK", "bankgiro", json!({ "bankgiroNumber": "1" })),
        ("SEK", "plusgiro", json!({ "iban": "DE02120300000000202051" })),
        ("DKK", "euDomesticNonEuro", json!({ "iban": "DE02120300000000202051", "bban": "1" })),
        ("USD", "sepa", json!({ "iban": "DE02120300000000202051" })),
    ] {
        let destination = json!({ rail: account, "customerData": { "legalNames": ["Payee"] } });
        let body = with(&open, "requestPayload.transferBody.currency", currency);
        let second = match currency {
            "GBP" => json!({ "fasterPayments":
                { "sortCode": "123456", "accountNumber": "12345678" },
                "customerData": { "legalNames": ["First"] } }),
            _ => json!({ "sepa": { "iban": "DE02120300000000202051" },
                "customerData": { "legalNames": ["First"] } }),
        };
        let shown = format!("{currency} {destination}");
        bodies.push((shown.clone(), with(&body, all, json!([destination]))));
        bodies.push((format!("second {shown}"), with(&body, all, json!([second, destination]))));
    }
    v1_holders(&mut bodies, &open, all);
    bodies
}

fn v1_holders(bodies: &mut Bodies, open: &Value, all: &str) {
    let sepa = json!({ "sepa": { "iban": "DE02120300000000202051" },
        "customerData": { "legalNames": ["Payee"] } });
    let body = with(open, "requestPayload.transferBody.currency", "EUR");
    for (path, value) in [
        ("customerData.legalNames", json!(["x".repeat(141)])),
        ("customerData.legalNames", json!([ZERO_WIDTH_SPACE])),
        ("customerData.legalNames", json!([])),
        ("customerData.address.street", json!("Hauptstraße")),
        ("customerData.address", json!({ "street": "Hauptstraße", "city": "Bonn" })),
        ("customerData.address.country", json!("de")),
        ("customerData.address.postCode", json!("x".repeat(141))),
        ("customerData.address.place", json!("x".repeat(141))),
        ("customerData.address.full", json!("x".repeat(141))),
        ("customerData.address.houseName", json!("x".repeat(141))),
        ("customerData.address.flats", json!("x".repeat(141))),
        ("customerData.address.conscriptionNumber", json!("x".repeat(141))),
        ("customerData.address.province", json!("x".repeat(141))),
        ("customerData.address.suburb", json!("x".repeat(141))),
    ] {
        let shown: String = value.to_string().chars().take(30).collect();
        let body = with(&body, all, json!([with(&sepa, path, value)]));
        bodies.push((format!("holder {path} = {shown}"), body));
    }
}

fn v1_at_banks(world: &World, bodies: &mut Bodies) {
    for bank in ["mock-redirect", "ob-iron", "ob-modelo", "bg-linden", "stet-saule", "pl-brzoza"] {
        let place = "requestPayload.transferBody";
        let at = with(&world.token_request(), "requestOptions.bankId", bank);
        let at = with(&at, "requestPayload.refId", format!("AT-{bank}"));
        let names = "instructions.metadata";
        let uk = format!("{names}.providerTransferMetadata.cma9TransferMetadata.risk");
        let post_code = format!("{uk}.deliveryAddress.postCode");
        let context = format!("{uk}.merchantCustomerIdentification");
        let name = format!("{names}.ultimateCreditor");
        each(
            bodies,
            &at,
            place,
            &[
                ("confirmFunds", json!(true)),
                ("remittanceReference", json!("Łódź é 🙂")),
                (&name, json!("x".repeat(140))),
                (&post_code, json!("x".repeat(140))),
                (&context, json!("x".repeat(70))),
            ],
        );
        let long = json!([{ "sepa": { "iban": "DE02120300000000202051" },
            "customerData": { "legalNames": ["x".repeat(140)] } }]);
        let euro = with(&at, "requestPayload.transferBody.currency", "EUR");
        let euro = with(&euro, &format!("{place}.instructions.transferDestinations"), long);
        let source =
            json!({ "accountIdentifier": { "iban": { "iban": "DE02120300000000202051" } } });
        each(
            bodies,
            &euro,
            place,
            &[("instructions.source", source.clone()), ("remittanceReference", json!("no debtor"))],
        );
        let source = with(&source, "customerData.legalNames", json!(["Payer"]));
        let euro = with(&euro, &format!("{place}.instructions.source"), source);
        let risk = "instructions.metadata.providerTransferMetadata.cma9TransferMetadata.risk";
        let psu_id = format!("{risk}.merchantCustomerIdentification");
        each(
            bodies,
            &euro,
            place,
            &[
                ("lifetimeAmount", json!("10.23")),
                ("lifetimeAmount", json!("10.2345")),
                ("lifetimeAmount", json!("9999999999999")),
                ("instructions.metadata.ultimateCreditor", json!("x".repeat(140))),
                ("executionDate", json!("2026-03-02")),
                (&psu_id, json!("x".repeat(70))),
            ],
        );
        each(bodies, &euro, "", &[("requestPayload.description", json!("x".repeat(255)))]);
        if bank == "mock-redirect" {
            continue;
        }
        let standing = world.standing_order_at(bank);
        let name = format!("standing order at {bank}");
        bodies.push((name, with(&standing, "requestPayload.refId", format!("S2-{bank}"))));
    }
}

#[tokio::test]
async fn v1_names_each_field_by_its_place_and_says_what_it_should_be() {
    let world = world().await;
    let mut bodies = vec![];
    v1_payloads(&mut bodies, &world.token_request());
    v1_bodies(&mut bodies, &world.token_request(), "transferBody", "lifetimeAmount");
    v1_bodies(&mut bodies, &world.standing_order(), "standingOrderBody", "amount");
    bodies.extend(v1_destinations(&world));
    v1_at_banks(&world, &mut bodies);
    insta::assert_snapshot!(report(&world, "/token-requests", &bodies).await);
}

/// The same list on its own: its places begin with the list.
#[tokio::test]
async fn destinations_that_are_told_later_are_named_by_their_place_in_the_list() {
    let world = world().await;
    let open = with(&world.token_request(), "requestOptions.bankId", "");
    let request = crate::support::id(&world.store(&open).await);
    let bodies = v1_destinations(&world).into_iter().map(|(what, body)| {
        let list = &body["requestPayload"]["transferBody"]["instructions"]["transferDestinations"];
        (what, json!({ "transferDestinations": list }))
    });
    let path = format!("/token-requests/{request}/transfer-destinations");
    insta::assert_snapshot!(report(&world, &path, &bodies.collect()).await);
}
