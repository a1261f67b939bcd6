//! `standingOrderBody` in `POST /token-requests`, and what the payer reads of it on our pages.

use banks::approvals::Credentials;
use banks::call::PsuContext;
use domain::initiation::Flow;
use gateway::payments::{self, NewPayment};
use gateway::token_requests;
use serde_json::{Value, json};

use crate::support::{World, assert_error, id, with, without, worlds};

const BODY: &str = "requestPayload.standingOrderBody";
const METADATA: &str =
    "instructions.metadata.providerStandingOrderMetadata.cma9StandingOrderMetadata";
/// A bank of each standard, UK Open Banking in both versions.
const STANDARDS: [&str; 5] = ["ob-modelo", "ob-quartz", "bg-linden", "stet-chene", "pl-dab"];

impl World {
    async fn refuses(&self, body: &Value, code: &str, field: &str, message: &str) {
        let answer = self.post("/token-requests", body).await;
        let path = format!("{BODY}.{field}");
        let error = json!({ "errorCode": code, "paths": [path], "message": message });
        assert_error(&answer, 400, error);
    }

    /// Answers the bank's questions on the payer's page, rounds of them.
    async fn answer_on_pages(&self, session: &str, bank: &str) {
        for _ in 0..6 {
            let page = self.page_of_questions(session).await;
            let Some((_, form)) = page.split_once("/answers\"") else { return };
            let form = form.split("</form>").next().unwrap();
            let mut answers: Vec<(String, String)> = vec![];
            for field in form.split(" name=\"").skip(1) {
                let name = field.split('"').next().unwrap();
                let option = field.split_once("value=\"").map(|(_, rest)| rest);
                let option = option.and_then(|rest| rest.split('"').next());
                if !answers.iter().any(|(other, _)| other == name) {
                    let answer = self.answer_of(bank, name, option).await;
                    answers.push((name.to_owned(), answer));
                }
            }
            let fields: Vec<(&str, &str)> =
                answers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = self.submit(&format!("{session}/answers"), &fields).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_standing_order_is_shown_as_it_was_sent() {
    for world in worlds().await {
        let amount = json!({ "value": "10.230", "currency": "GBP" });
        let told = json!({
            "frequency": "MNTH", "firstPaymentAmount": amount, "recurringPaymentAmount": amount,
            "finalPaymentAmount": amount, "firstPaymentDateTime": "2026-02-01T00:00:00+00:00",
            "finalPaymentDateTime": "2026-12-01"
        });
        let full = with(&world.standing_order(), &format!("{BODY}.{METADATA}"), told);
        let full = with(&full, &format!("{BODY}.returnRefundAccount"), true);
        let short = without(&world.standing_order(), &format!("{BODY}.endDate"));
        let short = with(&short, &format!("{BODY}.startDate"), "20260201");
        let short = without(&short, &format!("{BODY}.remittanceReference"));
        for (number, body) in [full, short].into_iter().enumerate() {
            let body = with(&body, "requestPayload.refId", format!("SO-{number}"));
            // Where a member says none, the gateway makes one.
            let body = with(&body, "requestPayload.userRefId", "payer-1");
            let stored = world.store(&body).await;
            assert_eq!(stored["requestPayload"], body["requestPayload"]);
            let read = world.get(&format!("/token-requests/{}", id(&stored))).await;
            assert_eq!((read.status, &read.json()["tokenRequest"]), (200, &stored));
        }
    }
}

#[tokio::test]
async fn every_frequency_is_taken_at_every_standard() {
    for world in worlds().await {
        for bank in STANDARDS {
            for code in ["DAIL", "WEEK", "TOWK", "MNTH", "TOMN", "QUTR", "SEMI", "YEAR"] {
                let body = with(&world.standing_order_at(bank), &format!("{BODY}.frequency"), code);
                world.store(&with(&body, "requestPayload.refId", format!("{bank}-{code}"))).await;
            }
        }
    }
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named_by_its_place_in_the_standing_order() {
    let codes = "DAIL, WEEK, TOWK, MNTH, TOMN, QUTR, SEMI, YEAR.";
    for world in worlds().await {
        let good = world.standing_order();
        for name in ["amount", "currency", "instructions", "frequency", "startDate"] {
            let answer =
                world.post("/token-requests", &without(&good, &format!("{BODY}.{name}"))).await;
            let error = &answer.json()["error"];
            assert_eq!((answer.status, &error["errorCode"]), (400, &json!("Field.Expected")));
            assert!(error["paths"][0].as_str().unwrap().ends_with(name), "{}", answer.text());
        }
        let long = "x".repeat(19);
        for (name, value, code, message) in [
            ("amount", "0", "Field.Invalid", "`amount`: should be greater than zero.".to_owned()),
            ("frequency", "", "Field.Expected", format!("`frequency` is required: {codes}")),
            (
                "frequency",
                "MONTHLY",
                "Field.Invalid",
                format!("`frequency` has the unknown value `MONTHLY`, expected {codes}"),
            ),
            ("startDate", "", "Field.Expected", "`startDate` is required.".to_owned()),
            (
                "startDate",
                "1 May",
                "Field.InvalidFormat",
                "`startDate` should be a day such as 2026-04-29 or 20260429, not `1 May`."
                    .to_owned(),
            ),
            (
                "startDate",
                "2026-01-05",
                "Field.Invalid",
                "`startDate` 2026-01-05 should be after today, 2026-01-05 (UTC), and at most 366 \
                 days ahead."
                    .to_owned(),
            ),
            (
                "endDate",
                "20260201",
                "Field.Invalid",
                "`endDate` 2026-02-01 should be after `startDate`, 2026-02-01; leave it out for a \
                 standing order without an end."
                    .to_owned(),
            ),
            (
                "endDate",
                "2026-02-30",
                "Field.InvalidFormat",
                "`endDate` should be a day such as 2026-04-29 or 20260429, not `2026-02-30`."
                    .to_owned(),
            ),
            (
                "remittanceReference",
                &long,
                "Field.InvalidFormat",
                "`remittanceReference` should not be longer than 18 symbols.".to_owned(),
            ),
        ] {
            let body = with(&good, &format!("{BODY}.{name}"), value);
            world.refuses(&body, code, name, &message).await;
        }
        // None of them was kept.
        world.store(&good).await;
    }
}

#[tokio::test]
async fn instructions_and_texts_have_the_rules_of_single_payments() {
    for world in worlds().await {
        let good = world.standing_order();
        let payees = format!("{BODY}.instructions.transferDestinations");
        let nobody = with(&good, &payees, json!([]));
        let message = "`transferDestinations` should have the payee's account.";
        let field = "instructions.transferDestinations";
        world.refuses(&nobody, "Field.Expected", field, message).await;
        let card = with(&good, "requestPayload.description", "4111 1111 1111 1111");
        let answer = world.post("/token-requests", &card).await;
        assert_eq!(answer.json()["error"]["errorCode"], "PanDetected", "{}", answer.text());
        world.store(&good).await;
    }
}

#[tokio::test]
async fn metadata_that_say_something_else_than_the_standing_order_are_refused() {
    for world in worlds().await {
        let good = world.standing_order();
        let other = json!({ "value": "10.24", "currency": "GBP" });
        let euro = json!({ "value": "10.23", "currency": "EUR" });
        for (name, value, expected) in [
            ("frequency", json!("WEEK"), "`frequency` of the standing order"),
            ("numberOfPayments", json!(3), "left out: send `endDate`"),
            ("firstPaymentAmount", other.clone(), "`amount`"),
            ("recurringPaymentAmount", euro, "`amount`"),
            ("finalPaymentAmount", other, "`amount`"),
            ("firstPaymentDateTime", json!("2026-02-02T00:00:00Z"), "`startDate`"),
            (
                "recurringPaymentDateTime",
                json!("2026-03-01T00:00:00Z"),
                "left out: it follows from `startDate` and `frequency`",
            ),
            ("finalPaymentDateTime", json!("soon"), "`endDate`"),
        ] {
            let field = format!("{METADATA}.{name}");
            let body = with(&good, &format!("{BODY}.{field}"), value);
            let message = format!(
                "`{name}` should be {expected}: every execution has the amount and the rhythm of \
                 the standing order."
            );
            world.refuses(&body, "Field.Invalid", &field, &message).await;
        }
        let metadata =
            "requestPayload.transferBody.instructions.metadata.providerStandingOrderMetadata";
        let single = with(&world.token_request(), metadata, json!({}));
        let message = "`providerStandingOrderMetadata` belongs to `standingOrderBody`.";
        let error =
            json!({ "errorCode": "Field.Invalid", "paths": [metadata], "message": message });
        assert_error(&world.post("/token-requests", &single).await, 400, error);
        world.store(&good).await;
    }
}

#[tokio::test]
async fn what_the_bank_does_not_do_is_refused_before_anything_is_kept() {
    for world in worlds().await {
        for bank in ["mock-redirect", "bg-tulp"] {
            let body = match bank {
                "bg-tulp" => {
                    with(&world.standing_order_at("stet-chene"), "requestOptions.bankId", "bg-tulp")
                }
                _ => with(&world.standing_order(), "requestOptions.bankId", bank),
            };
            let answer = world.post("/token-requests", &body).await;
            let error = &answer.json()["error"];
            assert_eq!(error["errorCode"], "Bank.FeatureNotSupported", "{}", answer.text());
            let message = format!(
                "Bank `{bank}` does not support standing orders (`standingOrderBody`): choose one \
                 with `supportsStandingOrder`."
            );
            assert_eq!(error["message"], message.as_str());
        }
        // Version 3.1 of UK Open Banking has one text in a standing order, 4.0 has both.
        let described = with(&world.standing_order(), "requestPayload.description", "Flat 3");
        let answer = world.post("/token-requests", &described).await;
        assert_eq!(answer.json()["error"]["errorCode"], "Bank.FeatureNotSupported");
        world.store(&with(&described, "requestOptions.bankId", "ob-quartz")).await;
        let single = with(&world.token_request(), "requestPayload.refId", "ORDER-1002");
        world.store(&single).await;
    }
}

/// What the payer reads of a standing order with and without an end.
fn assert_rhythm(page: &str, has_end: bool) {
    for text in [
        "Amount of each payment",
        "Standing order",
        "Every month",
        "First payment",
        "1 February 2026",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let last = match has_end {
        true => "No later than 1 December 2026",
        false => "None: it goes on until you end it at your bank",
    };
    assert!(page.contains(last), "{page}");
}

#[tokio::test]
async fn who_answers_the_banks_questions_on_our_pages_reads_that_it_is_a_standing_order() {
    for world in worlds().await {
        let body = world.standing_order_at("bg-ahorn");
        let body = with(&body, "requestOptions.tokenInternal", json!({ "usingWebApp": true }));
        let request = id(&world.store(&body).await);
        let path = format!("/token-requests/{request}/authorization");
        let url = world.post(&path, &json!({})).await.json()["redirectUrl"].clone();
        let session = url.as_str().unwrap().strip_prefix(crate::support::PUBLIC_URL).unwrap();
        assert_rhythm(&world.page(session).await.text(), true);
        world.answer_on_pages(session, "bg-ahorn").await;
        world.half_a_minute().await;
        let page = world.page(session).await.text();
        assert!(page.contains("Standing order set up"), "{page}");
        assert_rhythm(&page, true);
    }
}

#[tokio::test]
async fn who_chooses_a_bank_on_our_pages_reads_that_it_is_a_standing_order() {
    for world in worlds().await {
        let body = without(&world.standing_order(), &format!("{BODY}.endDate"));
        world.store(&body).await;
        let member = gateway::Member::authenticated(world.member.id.clone());
        let stored = token_requests::of_reference(&world.app, &member, "ORDER-1001").await.unwrap();
        let payment = async |bank: Option<&str>| {
            let mut initiation = stored.initiation.clone();
            initiation.visit.flow = Flow::FullHostedPages;
            initiation.visit.bank_id = bank.map(str::to_owned);
            let new = NewPayment {
                initiation,
                psu: PsuContext::default(),
                credentials: Credentials::default(),
                request_timeout_ms: None,
                idempotency: None,
                token_request_id: None,
                receipt_to: None,
            };
            payments::create(&world.app, &member, new).await.unwrap().id.to_string()
        };
        let open = payment(None).await;
        let picker = world.page(&format!("/session/{open}")).await.text();
        assert_rhythm(&picker, false);
        // Only banks that have standing orders are offered.
        assert!(picker.contains("value=\"ob-modelo\""), "{picker}");
        assert!(!picker.contains("value=\"mock-redirect\""), "{picker}");
        let chosen = payment(Some("ob-modelo")).await;
        let confirm = world.page(&format!("/session/{chosen}")).await.text();
        assert!(confirm.contains("Set up a standing order with"), "{confirm}");
        assert!(!confirm.contains("Pay with"), "{confirm}");
        assert_rhythm(&confirm, false);
        let session = format!("/session/{chosen}");
        world.submit(&session, &[("bank-id", "ob-modelo")]).await;
        assert_rhythm(&world.page(&session).await.text(), false);
        // A single payment has none of this.
        let single = id(&world.create(&crate::support::hosted_order()).await);
        let page = world.page(&format!("/session/{single}")).await.text();
        assert!(!page.contains("tanding order"), "{page}");
        assert!(page.contains("<dt>Amount</dt>"), "{page}");
    }
}
