//! `PUT /tokens/{tokenId}/cancel` of what a bank holds: a standing order that the bank repeats, and a
//! transfer that waits for its day. The bank's books judge.

use banks::profile::Capability;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::cancel_at_bank::can;
use crate::support::{Answer, Decision, Fault, HOOKS_URL, INSTRUCTIONS, World, id, with, worlds};
use crate::v1_standing_orders::BANKS;

/// A bank that cancels a standing order only after the payer has approved that on its pages.
const ASKS_THE_PAYER: &str = "bg-linden";
/// A bank that cancels at once.
const AT_ONCE: &str = "pl-dab";

impl World {
    /// A standing order that the bank repeats: the ids of its token request and of its token.
    async fn set_up_at(&self, bank: &str) -> (String, String) {
        let request = id(&self.store(&self.standing_order_at(bank)).await);
        self.play_payer_of(&request, bank, Decision::Approve).await;
        self.half_a_minute().await;
        assert_eq!(self.standing_order_status(&request).await, "SUCCESS", "{bank}");
        let token = self.result(&request).await["tokenId"].as_str().unwrap().to_owned();
        (request, token)
    }

    async fn standing_order_status(&self, any_id: &str) -> String {
        let answer = self.get(&format!("/standing-order-submissions/{any_id}")).await;
        let submission = answer.json()["submission"].clone();
        submission["status"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
    }

    async fn cancel_token(&self, token: &str) -> Answer {
        self.put(&format!("/tokens/{token}/cancel"), &Value::Null).await
    }

    /// Whether the bank's books show the order as cancelled, and how often it was executed.
    async fn cancelled_and_runs(&self, token: &str) -> (bool, u64) {
        let rows = self.at_the_bank(token).await;
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        (row["cancelled"].as_bool().unwrap(), row["runs"].as_u64().unwrap())
    }

    async fn page_at(&self, token: &str) -> String {
        let page = self.page(&format!("/session/{}", token.replacen("tt:", "pm2:", 1))).await;
        assert_eq!(page.status, 200, "{}", page.text());
        page.text()
    }
}

#[tokio::test]
async fn every_bank_that_cancels_ends_its_standing_orders() {
    for world in worlds().await {
        let config = json!({ "config": { "type": ["STANDING_ORDER_STATUS_CHANGED"],
            "url": HOOKS_URL } });
        assert_eq!(world.put("/webhook/config", &config).await.status, 200);
        let mut tokens = vec![];
        for bank in BANKS.iter().filter(|bank| can(bank, Capability::Cancellation)) {
            let (request, token) = world.set_up_at(bank).await;
            let answer = world.cancel_token(&token).await;
            assert_eq!(answer.status, 200, "{bank}: {}", answer.text());
            // A second click asks for nothing new.
            assert_eq!(world.cancel_token(&token).await.status, 200, "{bank}");
            world.play_payer_of(&request, bank, Decision::Approve).await;
            world.half_a_minute().await;
            assert_eq!(world.standing_order_status(&token).await, "CANCELED", "{bank}");
            let again = world.cancel_token(&token).await.json();
            assert_eq!(again["result"]["status"], "SUCCESS", "{bank}: {again}");
            let signed = &again["result"]["token"]["payloadSignatures"];
            assert_eq!(signed[1]["action"], "CANCELED", "{bank}: {again}");
            assert_eq!(world.cancelled_and_runs(&token).await, (true, 0), "{bank}");
            tokens.push(token);
        }
        assert!(tokens.len() >= 8, "{tokens:?}");
        world.pass(SignedDuration::from_hours(24 * 70)).await;
        for token in tokens {
            assert_eq!(world.cancelled_and_runs(&token).await, (true, 0), "{token}");
            let hooks = world.wire.hooks();
            let so = token.replacen("tt:", "so:", 1);
            let told = hooks.iter().map(|hook| hook.json()["standingOrderStatusChanged"].clone());
            let told: Vec<Value> =
                told.filter(|told| told["standingOrderSubmissionId"] == so.as_str()).collect();
            let cancelled = told.iter().filter(|told| told["status"] == "CANCELED").count();
            assert_eq!(cancelled, 1, "{token}: {told:?}");
            assert_eq!(told.last().unwrap()["status"], "CANCELED", "{token}");
        }
    }
}

#[tokio::test]
async fn a_standing_order_that_was_paid_once_is_not_paid_again() {
    for world in worlds().await {
        let (_, token) = world.set_up_at(AT_ONCE).await;
        // The first of February.
        world.pass(SignedDuration::from_hours(24 * 30)).await;
        assert_eq!(world.cancelled_and_runs(&token).await, (false, 1));
        let answer = world.cancel_token(&token).await.json();
        assert_eq!(answer["result"]["status"], "SUCCESS", "{answer}");
        world.pass(SignedDuration::from_hours(24 * 70)).await;
        assert_eq!(world.cancelled_and_runs(&token).await, (true, 1));
        assert_eq!(world.standing_order_status(&token).await, "CANCELED");
        assert!(world.page_at(&token).await.contains("Your bank makes no further payments."));
    }
}

#[tokio::test]
async fn british_banks_keep_their_standing_orders_and_the_answer_says_so() {
    for world in worlds().await {
        let (_, token) = world.set_up_at("ob-modelo").await;
        let answer = world.cancel_token(&token).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        let error = &answer.json()["error"];
        assert_eq!(error["errorCode"], "Bank.FeatureNotSupported");
        assert_eq!(world.standing_order_status(&token).await, "SUCCESS");
    }
}

#[tokio::test]
async fn only_its_member_cancels_a_standing_order() {
    for world in worlds().await {
        let (_, token) = world.set_up_at(AT_ONCE).await;
        let path = format!("/tokens/{token}/cancel");
        assert_eq!(world.call(&world.other, "PUT", &path, b"").await.status, 404);
        world.half_a_minute().await;
        assert_eq!(world.standing_order_status(&token).await, "SUCCESS");
        assert_eq!(world.cancelled_and_runs(&token).await, (false, 0));
    }
}

#[tokio::test]
async fn the_payers_page_leads_to_the_approval_and_says_when_the_payer_declines_it() {
    for world in worlds().await {
        let (_, token) = world.set_up_at(ASKS_THE_PAYER).await;
        assert!(world.page_at(&token).await.contains("Standing order set up"));
        let answer = world.cancel_token(&token).await.json();
        assert_eq!(answer["result"]["status"], "MORE_SIGNATURES_NEEDED", "{answer}");
        // The bank repeats it until the payer has approved.
        assert_eq!(world.standing_order_status(&token).await, "SUCCESS");
        let page = world.page_at(&token).await;
        assert!(
            page.contains("The shop has asked your bank to cancel this standing order."),
            "{page}"
        );
        assert!(page.contains("http://localhost:8001/bg-linden/"), "{page}");
        let request = world.result(&token).await;
        assert_eq!(request["status"], "PROCESSED", "{request}");
        world.play_payer_of(&token, ASKS_THE_PAYER, Decision::Decline).await;
        world.half_a_minute().await;
        assert_eq!(world.standing_order_status(&token).await, "SUCCESS");
        assert!(world.page_at(&token).await.contains("Standing order not cancelled"));
        world.pass(SignedDuration::from_hours(24 * 30)).await;
        assert_eq!(world.cancelled_and_runs(&token).await, (false, 1));
        // It can be asked for again.
        assert_eq!(world.cancel_token(&token).await.status, 200);
        world.play_payer_of(&token, ASKS_THE_PAYER, Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.standing_order_status(&token).await, "CANCELED");
        assert_eq!(world.cancelled_and_runs(&token).await, (true, 1));
    }
}

#[tokio::test]
async fn a_payer_who_does_not_come_keeps_the_standing_order() {
    for world in worlds().await {
        let (_, token) = world.set_up_at(ASKS_THE_PAYER).await;
        world.cancel_token(&token).await;
        world.pass(SignedDuration::from_mins(30)).await;
        world.pass(SignedDuration::from_mins(20)).await;
        let submission = world.get(&format!("/standing-order-submissions/{token}")).await.json();
        let submission = &submission["submission"];
        assert_eq!(submission["status"], "SUCCESS", "{submission}");
        let why = "The standing order was not cancelled: the payer did not approve that in time";
        assert_eq!(submission["statusReasonInformation"], why);
        assert_eq!(world.cancelled_and_runs(&token).await, (false, 0));
    }
}

/// The answer to the cancellation is lost: the bank's status of the standing order decides.
#[tokio::test]
async fn after_a_lost_answer_the_bank_is_asked_for_the_standing_order() {
    for world in worlds().await {
        world.wire.expect_broken_answers();
        let faults = [(Fault::LostAfter, 200, "CANCELED"), (Fault::LostBefore, 400, "SUCCESS")];
        for (fault, code, status) in faults {
            let body = with(
                &world.standing_order_at(AT_ONCE),
                "requestPayload.refId",
                format!("SO-{fault:?}"),
            );
            let request = id(&world.store(&body).await);
            world.play_payer_of(&request, AT_ONCE, Decision::Approve).await;
            world.half_a_minute().await;
            let token = world.result(&request).await["tokenId"].as_str().unwrap().to_owned();
            world.wire.plan("cancel-recurring-payment", fault, 1);
            let answer = world.cancel_token(&token).await;
            assert_eq!(answer.status, code, "{fault:?}: {}", answer.text());
            world.half_a_minute().await;
            assert_eq!(world.standing_order_status(&token).await, status, "{fault:?}");
            let cancelled = status == "CANCELED";
            assert_eq!(world.cancelled_and_runs(&token).await, (cancelled, 0), "{fault:?}");
            // The member can ask again in both cases.
            world.cancel_token(&token).await;
            world.half_a_minute().await;
            assert_eq!(world.standing_order_status(&token).await, "CANCELED", "{fault:?}");
        }
    }
}

/// A transfer that waits for its day, at a bank that asks the payer.
#[tokio::test]
async fn a_transfer_for_a_later_day_is_cancelled_once_the_payer_has_approved_that() {
    for world in worlds().await {
        let payee = json!([{ "sepa": { "iban": "DE02120300000000202051" }, "type": "BUSINESS",
            "customerData": { "legalNames": ["Customer Inc."] } }]);
        let payer = json!({ "accountIdentifier": { "iban": { "iban": "DE65700202700000001008" } },
            "customerData": { "legalNames": ["Payer"] } });
        let body = world.token_request_of(ASKS_THE_PAYER, "EUR", json!({}));
        let body = with(&body, &format!("{INSTRUCTIONS}.transferDestinations"), payee);
        let body = with(&body, &format!("{INSTRUCTIONS}.source"), payer);
        let body = with(&body, "requestPayload.transferBody.executionDate", "2026-01-12");
        let request = id(&world.store(&body).await);
        world.play_payer_of(&request, ASKS_THE_PAYER, Decision::Approve).await;
        world.half_a_minute().await;
        let token = world.result(&request).await["tokenId"].as_str().unwrap().to_owned();
        let answer = world.cancel_token(&token).await.json();
        assert_eq!(answer["result"]["status"], "MORE_SIGNATURES_NEEDED", "{answer}");
        let next = world.authorize(&request, &json!({})).await.json();
        assert!(next["redirectUrl"].as_str().unwrap().contains("bg-linden"), "{next}");
        let transfer = world.get(&format!("/transfers/{token}")).await.json();
        assert_eq!(transfer["transfer"]["status"], "PROCESSING", "{transfer}");
        let page = world.page_at(&token).await;
        assert!(page.contains("The shop has asked your bank to cancel this payment."), "{page}");
        world.play_payer_of(&request, ASKS_THE_PAYER, Decision::Approve).await;
        world.half_a_minute().await;
        let transfer = world.get(&format!("/transfers/{token}")).await.json();
        assert_eq!(transfer["transfer"]["status"], "FAILURE_CANCELED", "{transfer}");
        let answer = world.cancel_token(&token).await.json();
        assert_eq!(answer["result"]["status"], "SUCCESS", "{answer}");
        world.pass(SignedDuration::from_hours(24 * 10)).await;
        assert_eq!(world.cancelled_and_runs(&token).await, (true, 0));
    }
}
