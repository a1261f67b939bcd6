//! `DELETE /v2/payments/{paymentId}` of what a bank holds: an order
//! that waits for its day, or a payment that the bank would execute at the approval. The bank's books
//! judge.

use banks::profile::Capability;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::scenarios::{BANKS, usual_order};
use crate::support::payer::customer_of;
use crate::support::{Answer, Decision, Fault, HOOKS_URL, World, id, with, worlds};

/// Steps of one approval of a cancellation.
const STEPS_MAX: usize = 6;
/// A Monday, a week after the tests' today.
const DAY: &str = "2026-01-12";

pub fn can(bank: &str, capability: Capability) -> bool {
    let directory = banks::Directory::simulated("http://localhost:8001", "https://localhost:8002");
    directory.unwrap().get(bank).unwrap().can(capability)
}

/// A payment that the bank does not execute for a week, or ever.
fn not_executed_soon(bank: &str) -> Value {
    match can(bank, Capability::FutureDatedPayment) {
        true => with(&usual_order(bank), "initiation.executionDate", DAY),
        false => with(&usual_order(bank), "initiation.amount.value", "110.00"),
    }
}

pub fn banks_that_cancel() -> Vec<&'static str> {
    let cancels = |id: &&str| can(id, Capability::Cancellation);
    let found: Vec<&str> = BANKS.iter().map(|bank| bank.id).filter(cancels).collect();
    assert!(found.len() >= 13, "{found:?}");
    found
}

impl World {
    pub async fn taken_back(&self, id: &str) -> Answer {
        self.delete(&format!("/v2/payments/{id}")).await
    }

    /// The payer has approved it, and the bank holds it until its day.
    pub async fn held_until_its_day(&self, bank: &str) -> String {
        let payment = self.create(&not_executed_soon(bank)).await;
        if bank == "bg-birke" {
            // Two seconds after the approval the bank executes.
            self.play_questions(&payment, Decision::Approve).await;
            self.settle().await;
            self.decide_in_app(bank, Decision::Approve).await;
            self.pass(SignedDuration::from_secs(1)).await;
        } else {
            self.play_payer(&payment, Decision::Approve).await;
            self.settle().await;
        }
        let id = id(&payment);
        assert_eq!(self.status(&id).await, "INITIATION_PROCESSING", "{bank}");
        id
    }

    /// The payer does at the bank whatever the bank wants for the cancellation.
    async fn play_cancellation(&self, id: &str, decision: Decision) {
        assert!(self.cancellation_ends(id, decision).await, "{id}: no end of steps");
    }

    /// The same; whether it ended.
    pub async fn cancellation_ends(&self, id: &str, decision: Decision) -> bool {
        let mut left_for = String::new();
        for _ in 0..STEPS_MAX {
            self.settle().await;
            let payment = self.payment(id).await;
            let authentication = &payment["authentication"];
            if let Some(url) = authentication["redirectUrl"].as_str() {
                if url == left_for {
                    return true;
                }
                url.clone_into(&mut left_for);
                self.play_redirect(url, decision).await;
            } else if !authentication.is_null() {
                self.play_questions(&payment, decision).await;
            } else if payment["status"] == "INITIATION_PROCESSING" && left_for.is_empty() {
                let bank = payment["initiation"]["bankId"].as_str().unwrap();
                "the bank's app".clone_into(&mut left_for);
                // The app asks nothing where the cancellation has not reached the bank.
                let path = format!("/sim/app/{bank}/{}", customer_of(bank));
                self.bank_post(&path, &[("decision", decision.word())]).await;
            } else {
                return true;
            }
        }
        false
    }

    /// The words of the bank's books for the payment's orders, and how many were executed.
    async fn books(&self, id: &str) -> (Vec<String>, i64) {
        let rows = self.at_the_bank(id).await;
        let words =
            rows.iter().map(|row| row["order_status"].as_str().unwrap_or("none").to_owned());
        (words.collect(), rows.iter().map(|row| row["executed"].as_i64().unwrap()).sum())
    }
}

#[tokio::test]
async fn every_bank_that_cancels_does_so_with_the_payers_approval_where_it_wants_that() {
    for world in worlds().await {
        for bank in banks_that_cancel() {
            let id = world.held_until_its_day(bank).await;
            let answer = world.taken_back(&id).await;
            assert_eq!(answer.status, 200, "{bank}: {}", answer.text());
            // A second click asks for nothing new.
            assert_eq!(world.taken_back(&id).await.status, 200, "{bank}");
            world.play_cancellation(&id, Decision::Approve).await;
            world.half_a_minute().await;
            let payment = world.payment(&id).await;
            assert_eq!(payment["status"], "CANCELED", "{}: {bank}: {payment}", world.name);
            assert_eq!(payment["authentication"], json!(null), "{bank}");
            // If the payment's status reports it first, the words are the bank's.
            let reasons = [
                "The bank cancelled the payment; nothing is executed.",
                "Payment initiation has been canceled.",
            ];
            let reason = payment["statusReasonInformation"].as_str().unwrap();
            assert!(reasons.contains(&reason), "{bank}: {reason}");
            assert_eq!(world.books(&id).await, (vec!["CANC".to_owned()], 0), "{bank}");
            assert_eq!(world.taken_back(&id).await.status, 200, "{bank}: once more");
        }
        world.pass(SignedDuration::from_hours(24 * 10)).await;
        for payment in
            world.get("/v2/payments?limit=50").await.json()["payments"].as_array().unwrap()
        {
            assert_eq!(payment["status"], "CANCELED", "{payment}");
            assert_eq!(world.books(payment["id"].as_str().unwrap()).await.1, 0, "{payment}");
        }
    }
}

#[tokio::test]
async fn a_payer_who_declines_the_cancellation_pays_on_the_day() {
    for world in worlds().await {
        let id = world.held_until_its_day("bg-linden").await;
        let asked = world.taken_back(&id).await.json()["payment"].clone();
        assert_eq!(asked["status"], "INITIATION_PROCESSING");
        let url = asked["authentication"]["redirectUrl"].as_str().unwrap().to_owned();
        let reason = "The bank cancels the payment once the payer has approved that there.";
        assert_eq!(asked["statusReasonInformation"], reason);
        // The page says that the payment continues, with the way back as a link.
        world.play_redirect(&url, Decision::Decline).await;
        world.half_a_minute().await;
        let payment = world.payment(&id).await;
        assert_eq!(payment["status"], "INITIATION_PROCESSING", "{payment}");
        assert_eq!(payment["authentication"], json!(null), "{payment}");
        world.pass(SignedDuration::from_hours(24 * 9)).await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        assert_eq!(world.books(&id).await.1, 1);
        let late = world.taken_back(&id).await;
        assert_eq!(late.status, 400, "{}", late.text());
    }
}

#[tokio::test]
async fn the_day_comes_before_the_payer_approves_the_cancellation() {
    for world in worlds().await {
        let id = world.held_until_its_day("bg-linden").await;
        world.taken_back(&id).await;
        world.pass(SignedDuration::from_hours(24 * 9)).await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        assert_eq!(world.books(&id).await.1, 1);
    }
}

#[tokio::test]
async fn british_banks_have_no_cancellation_and_the_answer_says_so() {
    for world in worlds().await {
        let payment =
            world.create(&with(&crate::support::order(), "initiation.executionDate", DAY)).await;
        world.decide(&payment, Decision::Approve).await;
        let id = id(&payment);
        assert_eq!(world.status(&id).await, "INITIATION_PROCESSING");
        let answer = world.taken_back(&id).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        let error = &answer.json()["error"];
        assert_eq!(error["errorCode"], "Bank.FeatureNotSupported");
        assert_eq!(error["bankId"], "ob-modelo");
        let message =
            "Bank `ob-modelo` does not support the cancellation of a payment that it holds.";
        assert_eq!(error["message"], message);
        assert_eq!(world.status(&id).await, "INITIATION_PROCESSING");
    }
}

/// The answer to the cancellation is lost: the bank's word on the payment decides, and nothing says
/// "cancelled" before that.
#[tokio::test]
async fn a_lost_answer_is_no_answer() {
    for world in worlds().await {
        for (bank, operation) in [("pl-sosna", "cancel-payments"), ("pl-dab", "cancel-payments")] {
            let id = world.held_until_its_day(bank).await;
            world.wire.expect_broken_answers();
            world.wire.plan(operation, Fault::LostAfter, 1);
            let answer = world.taken_back(&id).await;
            assert_eq!(answer.status, 200, "{bank}: {}", answer.text());
            world.half_a_minute().await;
            assert_eq!(world.status(&id).await, "CANCELED", "{bank}");
            assert_eq!(world.books(&id).await, (vec!["CANC".to_owned()], 0), "{bank}");
        }
    }
}

/// At a bank with an app the payer approves the cancellation there.
#[tokio::test]
async fn a_payer_approves_a_cancellation_in_the_app_of_a_bank_of_stet() {
    for world in worlds().await {
        let id = world.held_until_its_day("stet-saule").await;
        world.taken_back(&id).await;
        assert_eq!(
            world.status(&id).await,
            "INITIATION_PROCESSING",
            "the app has asked nobody yet"
        );
        let page = world.page(&format!("/session/{id}")).await.text();
        assert!(page.contains("Confirm in your bank&#39;s app"), "{page}");
        assert!(page.contains("The shop has asked your bank to cancel this payment."), "{page}");
        world.decide_in_app("stet-saule", Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "CANCELED");
        assert_eq!(world.books(&id).await, (vec!["CANC".to_owned()], 0));

        let id = world.held_until_its_day("stet-saule").await;
        world.taken_back(&id).await;
        let page = world.page(&format!("/session/{id}")).await.text();
        assert!(page.contains("http-equiv=\"refresh\""), "it waits: {page}");
        world.decide_in_app("stet-saule", Decision::Decline).await;
        world.pass(SignedDuration::from_mins(50)).await;
        world.half_a_minute().await;
        let page = world.page(&format!("/session/{id}")).await.text();
        assert!(page.contains("Payment not cancelled"), "{page}");
        world.pass(SignedDuration::from_hours(24 * 9)).await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        assert_eq!(world.books(&id).await.1, 1);
    }
}

/// A bank that executes at the approval holds what the payer has not approved yet.
#[tokio::test]
async fn what_the_payer_has_not_approved_is_cancelled_at_the_bank_that_would_execute_it() {
    for world in worlds().await {
        let payment = world.create(&usual_order("bg-linden")).await;
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap().to_owned();
        let answer = world.taken_back(&id(&payment)).await;
        assert_eq!(answer.json()["payment"]["status"], "CANCELED", "{}", answer.text());
        world.approve_too_late(&url).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id(&payment)).await, "CANCELED");
        assert_eq!(world.books(&id(&payment)).await, (vec!["CANC".to_owned()], 0));
    }
}

impl World {
    /// The payer goes to the bank's page of something that is no longer to be approved.
    async fn approve_too_late(&self, url: &str) {
        let user = customer_of("bg-linden");
        let password = format!("{user}-pass");
        let form = [("username", user), ("password", password.as_str())];
        let at = crate::support::payer::local(url);
        self.bank_post(&format!("{at}/sign-in"), &form).await;
    }
}

#[tokio::test]
async fn a_payment_whose_payer_let_the_time_pass_is_cancelled_at_the_bank() {
    for world in worlds().await {
        let payment = world.create(&usual_order("bg-linden")).await;
        world.pass(SignedDuration::from_mins(39)).await;
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_PENDING_REDIRECT_AUTH");
        world.pass(SignedDuration::from_mins(10)).await;
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_EXPIRED");
        assert_eq!(world.books(&id(&payment)).await, (vec!["CANC".to_owned()], 0));
    }
}

#[tokio::test]
async fn the_webhook_says_so_once() {
    for world in worlds().await {
        let config = json!({ "config": { "type": ["PAYMENT_STATUS_CHANGED"], "url": HOOKS_URL } });
        assert_eq!(world.put("/webhook/config", &config).await.status, 200);
        let id = world.held_until_its_day("pl-sosna").await;
        assert_eq!(world.taken_back(&id).await.json()["payment"]["status"], "CANCELED");
        world.half_a_minute().await;
        let hooks = world.wire.hooks();
        let told = hooks.iter().filter(|hook| hook.json().to_string().contains("CANCELED"));
        assert_eq!(told.count(), 1, "{}", world.name);
    }
}

#[tokio::test]
async fn only_its_member_has_a_payment_cancelled_at_its_bank() {
    for world in worlds().await {
        let id = world.held_until_its_day("pl-sosna").await;
        let path = format!("/v2/payments/{id}");
        assert_eq!(world.call(&world.other, "DELETE", &path, b"").await.status, 404);
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_PROCESSING");
    }
}
