//! `POST /token-requests` and `GET /token-requests/{requestId}`: requests for a payer's approval.

use serde_json::{Value, json};
use store::members::MemberSettings;

use crate::support::{Answer, INSTRUCTIONS, World, assert_error, id, with, without, worlds};

const BODY: &str = "requestPayload.transferBody";

fn payee() -> String {
    format!("{INSTRUCTIONS}.transferDestinations[0]")
}

/// Payee's accounts of each rail, the currency, and a bank that has the rail.
fn rails() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("sepa", "EUR", json!({ "iban": "DE02120300000000202051", "bic": "BYLADEM1001" })),
        ("sepaInstant", "EUR", json!({ "iban": "DE02120300000000202051" })),
        ("fasterPayments", "GBP", json!({ "sortCode": "123456", "accountNumber": "12345678" })),
        ("elixir", "PLN", json!({ "accountNumber": "61109010140000071219812874" })),
        ("euDomesticNonEuro", "NOK", json!({ "bban": "86011117947" })),
        ("euDomesticNonEuroInstant", "DKK", json!({ "iban": "DK5000400440116243" })),
        ("bankgiro", "SEK", json!({ "bankgiroNumber": "9912346" })),
        ("plusgiro", "SEK", json!({ "plusgiroNumber": "42" })),
    ]
}

async fn refused(world: &World, body: &Value, code: &str, path: &str, message: &str) {
    let answer = world.post("/token-requests", body).await;
    assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    assert_error(&answer, 400, json!({ "errorCode": code, "paths": [path], "message": message }));
}

async fn refused_at(world: &World, body: &Value, code: &str, path: &str) -> Answer {
    let answer = world.post("/token-requests", body).await;
    let error = &answer.json()["error"];
    assert_eq!(
        (answer.status, &error["errorCode"], &error["paths"][0]),
        (400, &json!(code), &json!(path)),
        "{}",
        answer.text()
    );
    answer
}

#[tokio::test]
async fn a_token_request_is_shown_as_it_was_sent() {
    for world in worlds().await {
        let body = world.token_request();
        let stored = world.store(&body).await;
        assert!(id(&stored).starts_with("rq:"), "{stored}");
        assert_eq!(stored["requestOptions"], body["requestOptions"]);
        // The stored request also has our pseudonym of the payer.
        let shown = without(&stored, "requestPayload.userRefId");
        assert_eq!(shown["requestPayload"], body["requestPayload"]);
        let read = world.get(&format!("/token-requests/{}", id(&stored))).await;
        assert_eq!((read.status, &read.json()["tokenRequest"]), (200, &stored));
        // Nothing has gone to a bank, and there is no payment.
        assert_eq!(world.get("/v2/payments").await.json()["payments"], json!([]));
    }
}

#[tokio::test]
async fn options_that_were_not_sent_are_an_empty_object() {
    for world in worlds().await {
        let body = without(&world.token_request(), "requestOptions");
        let stored = world.store(&body).await;
        assert_eq!(stored["requestOptions"], json!({}));
        let read = world.get(&format!("/token-requests/{}", id(&stored))).await;
        assert_eq!(read.json()["tokenRequest"]["requestOptions"], json!({}));
    }
}

fn address() -> Value {
    json!({
        "city": "London", "conscriptionNumber": "1", "country": "GB", "district": "Marylebone",
        "flats": "Flat 1", "full": "Flat 1, 221B High Street", "hamlet": "H",
        "houseName": "Rose", "houseNumber": "221B", "place": "P", "postCode": "NW1 6XE",
        "province": "P", "state": "S", "street": "High Street", "subdistrict": "D",
        "suburb": "Marylebone"
    })
}

/// Everything that the standards of single banks want.
fn metadata() -> Value {
    let id_of = json!({ "identification": "1", "issuer": "i", "schemeName": "s" });
    let agent = json!({
        "bicFi": "AGRIFRPP", "clearingSystemMemberId": { "clearingSystemId": "a", "memberId": "b" },
        "name": "Bank", "postalAddress": { "addressLine": ["Rue"], "country": "FR" }
    });
    json!({
        "chargeBearer": "SLEV", "purposeCode": "CASH",
        "ultimateCreditor": "Customer Group", "ultimateDebtor": "Draper Ltd",
        "providerTransferMetadata": {
            "cma9TransferMetadata": {
                "endToEndIdentification": "e2e", "instructionIdentification": "instr",
                "risk": {
                    "merchantCustomerIdentification": "payer-1",
                    "paymentContextCode": "ECOMMERCE_MERCHANT_INITIATED_PAYMENT",
                    "paymentPurposeCode": "CASH", "beneficiaryAccountType": "BUSINESS",
                    "contractPresentIndicator": "true",
                    "beneficiaryPrepopulatedIndicator": "false",
                    "deliveryAddress": { "addressLine": ["Flat 1"], "country": "GB",
                        "townName": "London" }
                }
            },
            "nextGenPsd2TransferMetadata": { "creditorAgent": "BYLADEM1001",
                "creditorAgentName": "Bank", "endToEndIdentification": "e2e",
                "remittanceInformationStructured": "r" },
            "polishApiTransferMetadata": { "deliveryMode": "EXPRESS_D0", "hold": true },
            "stetTransferMetadata": {
                "beneficiary": { "id": "b", "creditorAgent": agent,
                    "creditor": { "name": "C", "organisationId": id_of, "privateId": id_of,
                        "postalAddress": { "addressLine": ["Rue"], "country": "FR" } },
                    "creditorAccount": { "currency": "EUR", "other": id_of } },
                "debtorAgent": agent, "endToEndId": "e2e", "executionRule": "following",
                "paymentTypeInformation": { "categoryPurpose": "CASH",
                    "instructionPriority": "HIGH", "localInstrument": "INST",
                    "serviceLevel": "SEPA" },
                "regulatoryReportingCodes": { "regulatoryReportingCode": ["1"] }
            }
        }
    })
}

#[tokio::test]
async fn every_published_field_is_taken_and_shown() {
    for world in worlds().await {
        let member = json!({ "id": world.member.id.as_str(),
            "alias": { "realmId": "r", "type": "DOMAIN", "value": "shop.example" } });
        let payer = json!({ "id": "m:1:2", "alias": { "type": "EMAIL", "value": "p@a.example" } });
        let body = json!({
            "requestOptions": {
                "bankId": "ob-modelo", "from": payer, "psuId": "user-1", "receiptRequested": true,
                "tokenInternal": { "redirectUrl": "https://shop.example", "usingWebApp": false }
            },
            "requestPayload": {
                "to": member, "refId": "ORDER-1001", "redirectUrl": "https://shop.example/return",
                "description": "Order 1001", "callbackState": "s", "countries": ["GB", "DE"],
                "disableFutureDatedPaymentConversion": true, "userRefId": "u",
                "tokenExpiration": "1679009247",
                "actingAs": { "displayName": "Shop", "refId": "sub-1", "secondaryName": "shop.example" },
                "transferBody": {
                    "lifetimeAmount": "10.2300", "currency": "GBP", "confirmFunds": true, "remittanceReference": "Sweepco",
                    "returnRefundAccount": true,
                    "instructions": {
                        "transferDestinations": [
                            { "fasterPayments": { "sortCode": "123456", "accountNumber": "12345678" },
                              "customerData": { "legalNames": ["Customer Inc."], "address": address() },
                              "type": "PERSONAL" },
                            { "sepa": { "iban": "DE02120300000000202051" },
                              "customerData": { "legalNames": ["Customer Inc."] }, "type": "UNKNOWN" }
                        ],
                        "source": {
                            "accountIdentifier": { "gbDomestic": {
                                "sortCode": "800001", "accountNumber": "12345601" } },
                            "bankId": "ob-modelo", "bic": "MODEGB2L",
                            "customerData": { "legalNames": ["Dave Draper"], "address": address() }
                        },
                        "metadata": metadata()
                    }
                }
            }
        });
        // The standard confirms funds of payments at once only.
        let later = with(&body, "requestPayload.transferBody.executionDate", "2026-02-02");
        let later = with(&later, "requestPayload.transferBody.confirmFunds", false);
        for body in [body, with(&later, "requestPayload.refId", "ORDER-1002")] {
            let stored = world.store(&body).await;
            assert_eq!(stored["requestOptions"], body["requestOptions"]);
            assert_eq!(stored["requestPayload"], body["requestPayload"]);
        }
    }
}

#[tokio::test]
async fn each_rail_has_its_own_payees_and_the_first_one_counts() {
    for world in worlds().await {
        for (number, (rail, currency, account)) in rails().into_iter().enumerate() {
            let destination = |account: &Value| json!({ rail: account, "customerData": { "legalNames": ["Payee"] } });
            // No bank: the payer would choose one, and each rail can be asked for.
            let good = json!({ "transferDestinations": [destination(&account)] });
            let body =
                without(&world.token_request_of("x", currency, good), "requestOptions.bankId");
            let body = with(&body, "requestPayload.refId", format!("RAIL-{number}"));
            world.store(&body).await;
            let field = account.as_object().unwrap().keys().next().unwrap();
            let bad = json!({ "transferDestinations": [destination(&json!({ field: "?" }))] });
            let path = format!("{}.{rail}", payee());
            let answer = world.post("/token-requests", &with(&body, INSTRUCTIONS, bad)).await;
            let found = answer.json()["error"]["paths"][0].as_str().unwrap().to_owned();
            assert!(answer.status == 400 && found.starts_with(&path), "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named_by_its_place_in_the_token_request() {
    for world in worlds().await {
        let body = world.token_request();
        for (path, names) in [
            ("requestPayload", "requestPayload"),
            ("requestPayload.to", "requestPayload.to"),
            ("requestPayload.to.id", "requestPayload.to.id"),
            ("requestPayload.refId", "requestPayload.refId"),
            ("requestPayload.redirectUrl", "requestPayload.redirectUrl"),
            (BODY, BODY),
            ("requestPayload.transferBody.lifetimeAmount", "lifetimeAmount"),
            ("requestPayload.transferBody.currency", "currency"),
            ("requestPayload.transferBody.instructions", "instructions"),
        ] {
            let answer = world.post("/token-requests", &without(&body, path)).await;
            let error = &answer.json()["error"];
            assert_eq!((answer.status, &error["errorCode"]), (400, &json!("Field.Expected")));
            assert!(error["paths"][0].as_str().unwrap().ends_with(names), "{}", answer.text());
        }
        let currency = format!("{BODY}.currency");
        let amount = format!("{BODY}.lifetimeAmount");
        let date = format!("{BODY}.executionDate");
        let long = "x".repeat(256);
        for (path, value, code) in [
            ("requestPayload.to.id", "m:other:x", "Field.Invalid"),
            ("requestPayload.refId", &"x".repeat(36), "Field.InvalidFormat"),
            ("requestPayload.refId", "", "Field.InvalidFormat"),
            ("requestPayload.redirectUrl", "nowhere", "Field.InvalidFormat"),
            ("requestPayload.redirectUrl", "javascript:alert(1)", "Field.Invalid"),
            ("requestPayload.description", &long, "Field.InvalidFormat"),
            ("requestOptions.bankId", "nobody", "Field.Invalid"),
            ("requestOptions.psuId", &long, "Field.InvalidFormat"),
            (&currency, "XXX", "Field.Invalid"),
            (&currency, "EUR", "Field.Invalid"),
            (&amount, "0", "Field.Invalid"),
            (&amount, "-1", "Field.InvalidFormat"),
            (&amount, "1.00001", "Field.InvalidFormat"),
            (&date, "2026-01-05", "Field.Invalid"),
            (&date, "tomorrow", "Field.InvalidFormat"),
        ] {
            refused_at(&world, &with(&body, path, value), code, path).await;
        }
        let countries = with(&body, "requestPayload.countries", json!(["gb"]));
        refused_at(&world, &countries, "Field.Invalid", "requestPayload.countries").await;
        let nameless = with(&body, "requestPayload.actingAs", json!({ "refId": "sub-1" }));
        let path = "requestPayload.actingAs.displayName";
        refused_at(&world, &nameless, "Field.Expected", path).await;
        // None of them was kept.
        world.store(&body).await;
    }
}

#[tokio::test]
async fn a_payee_has_one_account_of_a_kind_that_can_be_paid_and_a_name() {
    for world in worlds().await {
        let body = world.token_request();
        let all = format!("{INSTRUCTIONS}.transferDestinations");
        let uk = json!({ "sortCode": "123456", "accountNumber": "12345678" });
        let holder = json!({ "legalNames": ["Payee"] });
        for (destinations, code, path) in [
            (json!([]), "Field.Expected", all.clone()),
            (json!([{ "customerData": holder }]), "Field.Expected", payee()),
            (
                json!([{ "fasterPayments": uk }]),
                "Field.Expected",
                format!("{}.customerData.legalNames", payee()),
            ),
            (
                json!([{ "fasterPayments": uk, "sepa": { "iban": "DE02120300000000202051" },
                    "customerData": holder }]),
                "Field.Invalid",
                format!("{}.fasterPayments", payee()),
            ),
            (
                json!([{ "virtualAccount": { "id": "pa:1:2", "localInstrument": "SEPA" } }]),
                "Field.Invalid",
                format!("{}.virtualAccount", payee()),
            ),
            (
                json!([{ "token": { "accountId": "a", "memberId": "m" }, "customerData": holder }]),
                "Field.Invalid",
                format!("{}.token", payee()),
            ),
            (
                json!([{ "fasterPayments": uk, "customerData": holder }, { "customerData": holder }]),
                "Field.Expected",
                format!("{all}[1]"),
            ),
            (
                json!([{ "fasterPayments": { "sortCode": "123456" }, "customerData": holder }]),
                "Field.Expected",
                format!("{}.fasterPayments.accountNumber", payee()),
            ),
        ] {
            refused_at(&world, &with(&body, &all, destinations), code, &path).await;
        }
    }
}

#[tokio::test]
async fn a_payers_account_fits_the_rail_and_is_never_a_card() {
    for world in worlds().await {
        let source = format!("{INSTRUCTIONS}.source");
        let place = format!("{source}.accountIdentifier");
        let body = world.token_request();
        for (account, code, path) in [
            (json!({}), "Field.Expected", place.clone()),
            (json!({ "pan": { "pan": "1" } }), "Field.Invalid", format!("{place}.pan")),
            (json!({ "msisdn": { "msisdn": "1" } }), "Field.Invalid", format!("{place}.msisdn")),
            (json!({ "token": {} }), "Field.Invalid", format!("{place}.token")),
            (
                json!({ "iban": { "iban": "DE02120300000000202051" } }),
                "Field.Expected",
                format!("{place}.iban.sortCode"),
            ),
            (
                json!({ "iban": {}, "gbDomestic": {} }),
                "Field.Invalid",
                format!("{place}.gbDomestic"),
            ),
        ] {
            let body = with(&body, &source, json!({ "accountIdentifier": account }));
            refused_at(&world, &body, code, &path).await;
        }
        let uk = json!({ "gbDomestic": { "sortCode": "800001", "accountNumber": "12345601" } });
        // The holder's name is not needed.
        world.store(&with(&body, &source, json!({ "accountIdentifier": uk }))).await;
    }
}

#[tokio::test]
async fn a_card_number_is_refused_in_reference_and_description_and_may_be_paid_off() {
    const CARD: &str = "4111 1111 1111 1111";
    for world in worlds().await {
        let body = world.token_request();
        for path in ["requestPayload.refId", "requestPayload.description"] {
            // The check digit of the second is wrong: it resembles a card number.
            for text in [CARD, "4111 1111 1111 1112", "PAN 4111-1111-1111-1111 12/26"] {
                let answer = world.post("/token-requests", &with(&body, path, text)).await;
                let error = json!({
                    "errorCode": "PanDetected", "message": "A text holds a card number."
                });
                assert_error(&answer, 400, error);
            }
        }
        // Payments in pounds have room for 18 characters.
        let paid_off = "requestPayload.transferBody.remittanceReference";
        let body = with(&body, paid_off, "4111111111111111");
        let body = with(&body, "requestPayload.callbackState", CARD);
        world.store(&with(&body, "requestPayload.userRefId", CARD)).await;
    }
}

#[tokio::test]
async fn a_reference_is_used_once_by_each_member() {
    for mut world in worlds().await {
        let body = world.token_request();
        world.store(&body).await;
        let message =
            "`refId` is that of another token request or transfer: each one needs its own.";
        refused(&world, &body, "Field.NotUnique", "requestPayload.refId", message).await;
        world.store(&with(&body, "requestPayload.refId", "ORDER-1002")).await;
        let World { member, other, .. } = &mut world;
        std::mem::swap(member, other);
        world.store(&world.token_request()).await;
    }
}

#[tokio::test]
async fn two_token_requests_with_one_reference_at_once_are_one() {
    for world in worlds().await {
        let body = world.token_request();
        let requests = (0..4).map(|_| world.post("/token-requests", &body));
        let answers = futures_util::future::join_all(requests).await;
        let stored = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(stored, 1, "{}", world.name);
    }
}

#[tokio::test]
async fn the_reference_stands_in_for_the_remittance_reference_where_it_is_short_enough() {
    for world in worlds().await {
        let body =
            without(&world.token_request(), "requestPayload.transferBody.remittanceReference");
        world.store(&with(&body, "requestPayload.refId", "x".repeat(18))).await;
        let long = with(&body, "requestPayload.refId", "x".repeat(19));
        let message = "`remittanceReference` is required, because `refId` cannot replace it. \
                       `remittanceReference` should not be longer than 18 symbols.";
        let path = format!("{BODY}.remittanceReference");
        refused(&world, &long, "Field.Expected", &path, message).await;
    }
}

#[tokio::test]
async fn what_clients_write_otherwise_is_taken_and_shown_as_published() {
    for world in worlds().await {
        let aliases = vec!["DOMAIN:shop.example".parse().unwrap()];
        world.agree(MemberSettings { aliases, ..MemberSettings::default() }).await;
        let sent = world.token_request();
        let body = with(&sent, "requestPayload.transferBody.confirmFunds", "True");
        let body = with(&body, "requestPayload.actingAs", Value::Null);
        let body = with(&body, "requestOptions.from", Value::Null);
        let body = with(&body, "requestPayload.unheardOf", 1);
        let mut body = with(
            &body,
            "requestPayload.to",
            json!({ "alias": { "type": "DOMAIN", "value": "shop.example" } }),
        );
        let first =
            &mut body["requestPayload"]["transferBody"]["instructions"]["transferDestinations"][0];
        first["customerData"]["legalNames"] = json!("Customer Inc.");
        let risk =
            format!("{INSTRUCTIONS}.metadata.providerTransferMetadata.cma9TransferMetadata.risk");
        let body = with(&body, &risk, json!({ "contractPresentIndicator": true }));
        let stored = world.store(&body).await;
        let payload = &stored["requestPayload"];
        assert_eq!(payload["to"]["id"], world.member.id.as_str());
        let transfer = &payload["transferBody"];
        assert_eq!(transfer["confirmFunds"], true);
        assert_eq!(
            transfer["instructions"]["transferDestinations"],
            sent["requestPayload"]["transferBody"]["instructions"]["transferDestinations"]
        );
        let metadata = &transfer["instructions"]["metadata"]["providerTransferMetadata"];
        let shown = &metadata["cma9TransferMetadata"]["risk"]["contractPresentIndicator"];
        assert_eq!(shown, "true");
        assert_eq!(payload["actingAs"], Value::Null);
    }
}

#[tokio::test]
async fn there_is_exactly_one_payload_and_some_do_not_exist_yet() {
    for world in worlds().await {
        let repeated = &world.standing_order()["requestPayload"]["standingOrderBody"];
        let none = json!({});
        for (name, value) in
            [("accessBody", &none), ("bulkTransferBody", &none), ("standingOrderBody", repeated)]
        {
            let path = format!("requestPayload.{name}");
            let body = with(&world.token_request(), &path, value.clone());
            let message = format!("`{name}` beside `transferBody`: send exactly one of them.");
            refused(&world, &body, "Field.Invalid", &path, &message).await;
            if value == repeated {
                break;
            }
            let answer = world.post("/token-requests", &without(&body, BODY)).await;
            let message = format!("`{name}` is not supported by this release: send `transferBody`");
            let said = answer.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(answer.status == 501 && said.starts_with(&message), "{said}");
        }
    }
}

#[tokio::test]
async fn what_the_bank_does_not_do_is_refused_before_anything_is_kept() {
    for world in worlds().await {
        let body = with(&world.token_request(), "requestOptions.bankId", "bg-linden");
        let answer = world.post("/token-requests", &body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert_eq!(answer.json()["error"]["errorCode"], "Bank.FeatureNotSupported");
        world.store(&world.token_request()).await;
    }
}

#[tokio::test]
async fn another_members_token_request_does_not_exist() {
    for world in worlds().await {
        let stored = world.store(&world.token_request()).await;
        let path = format!("/token-requests/{}", id(&stored));
        let message = format!("Token request {} not found.", id(&stored));
        let error =
            json!({ "errorCode": "NOT_FOUND", "message": message, "paymentId": id(&stored) });
        assert_error(&world.call(&world.other, "GET", &path, b"").await, 404, error);
        for nothing in ["rq:1:2", "nonsense", "pm2:1:2", "tt:1:2"] {
            assert_eq!(world.get(&format!("/token-requests/{nothing}")).await.status, 404);
        }
    }
}

#[tokio::test]
async fn a_bank_that_is_named_twice_is_named_alike() {
    let source = json!({ "bankId": "ob-iron", "accountIdentifier": { "gbDomestic": {
        "sortCode": "123456", "accountNumber": "12345678" } } });
    for world in worlds().await {
        let body = with(&world.token_request(), &format!("{INSTRUCTIONS}.source"), source.clone());
        let path = format!("{INSTRUCTIONS}.source.bankId");
        refused_at(&world, &body, "Field.Invalid", &path).await;
        world.store(&with(&body, &path, "ob-modelo")).await;
    }
}
