//! Every error of a field of a token request: code, place and words. The snapshots are the contract with
//! clients that read them.

use serde_json::{Value, json};

use crate::field_errors::{Bodies, ZERO_WIDTH_SPACE, bad_texts, each, report};
use crate::support::{World, with, world};

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
