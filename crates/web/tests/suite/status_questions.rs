//! How banks are asked for statuses (`[status]` of a profile), and banks that never report the end.

use jiff::SignedDuration;
use serde_json::Value;

use crate::scenarios::{order_at, usual_order};
use crate::support::payer::account_of;
use crate::support::{Decision, World, id, with, worlds};

impl World {
    async fn approved_at(&self, order: &Value) -> String {
        let payment = self.create(order).await;
        self.play_payer(&payment, Decision::Approve).await;
        id(&payment)
    }

    /// The HTTP statuses of the answers to status questions of the payment, in order.
    async fn answers_to_questions(&self, payment_id: &str) -> Vec<i64> {
        let calls = gateway::payments::bank_calls(&self.app, &payment_id.parse().unwrap()).await;
        let calls = calls.unwrap();
        let asked = calls.iter().filter(|call| call.operation == "get-payment-status");
        asked.filter_map(|call| call.http_status).collect()
    }
}

/// The payer's second sign-in ends the token with which the bank can be asked about the first payment.
#[tokio::test]
async fn a_bank_with_one_token_per_payer_is_asked_about_earlier_payments_before_a_new_sign_in() {
    for world in worlds().await {
        let first = world.approved_at(&usual_order("bg-encina")).await;
        // The bank executes meanwhile, and nobody asks.
        world.clock.advance(SignedDuration::from_mins(5));
        let asked = world.answers_to_questions(&first).await.len();
        let second = world.create(&usual_order("bg-encina")).await;
        assert_eq!(world.answers_to_questions(&first).await.len(), asked + 1, "{}", world.name);
        assert_eq!(world.status(&first).await, "INITIATION_COMPLETED");

        world.play_payer(&second, Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id(&second)).await, "INITIATION_COMPLETED");
        for payment in [&first, &id(&second)] {
            assert_eq!(world.posted_and_executed(payment).await, (1, 1), "{}", world.name);
        }
    }
}

/// Somebody else's sign-in at the bank concerns nobody's token.
#[tokio::test]
async fn another_payers_earlier_payment_is_not_asked_about() {
    for world in worlds().await {
        let first = world.approved_at(&usual_order("bg-encina")).await;
        world.clock.advance(SignedDuration::from_mins(5));
        let asked = world.answers_to_questions(&first).await.len();
        let other = order_at("bg-encina", Some("ES4420385778980000001218"), "10.23");
        world.create(&other).await;
        assert_eq!(world.answers_to_questions(&first).await.len(), asked, "{}", world.name);
    }
}

/// The bank executes only after the payer's second sign-in has ended the access to the first payment.
/// Its end is not known then, and is not called a failure.
#[tokio::test]
async fn a_payment_whose_access_a_new_sign_in_has_ended_ends_without_a_final_status() {
    for world in worlds().await {
        let order = order_at("bg-encina", Some(account_of("bg-encina")), "12.34");
        let late = with(&order, "initiation.remittanceInformationPrimary", "SIM:late-execution");
        let first = world.approved_at(&late).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&first).await, "INITIATION_PROCESSING");
        let second = world.approved_at(&usual_order("bg-encina")).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&second).await, "INITIATION_COMPLETED");

        for _ in 0..32 {
            world.pass(SignedDuration::from_hours(24)).await;
        }
        assert_eq!(world.answers_to_questions(&first).await.last(), Some(&401));
        let status = world.status(&first).await;
        assert_eq!(status, "INITIATION_NO_FINAL_STATUS_AVAILABLE", "{}", world.name);
        assert_eq!(world.posted_and_executed(&first).await, (1, 1), "{}", world.name);
    }
}

#[tokio::test]
async fn a_bank_that_never_tells_the_end_is_asked_for_as_long_as_its_profile_says() {
    for world in worlds().await {
        let order = order_at("bg-eiche", Some("AT202011100000002035"), "10.23");
        let id = id(&world.create(&order).await);
        world.approve_once_as(&id, "bg-eiche", "eduard").await;
        for _ in 0..47 {
            world.pass(SignedDuration::from_hours(1)).await;
        }
        assert_eq!(world.status(&id).await, "INITIATION_PROCESSING", "{}", world.name);
        for _ in 0..2 {
            world.pass(SignedDuration::from_hours(1)).await;
        }
        let payment = world.payment(&id).await;
        assert_eq!(payment["status"], "INITIATION_NO_FINAL_STATUS_AVAILABLE", "{}", world.name);
        let reason = payment["statusReasonInformation"].as_str().unwrap();
        let told = "The bank took the order and reports no final status; its last one is ";
        assert!(reason.starts_with(told), "{reason}");
        let cases = world.cases_of(&id).await;
        assert!(cases.is_empty(), "usual there: {cases:?}");
    }
}

/// The bank answers 429 to everybody who asks again within five seconds; the member asks all the time.
#[tokio::test]
async fn a_bank_is_asked_no_more_often_than_it_wants() {
    for world in worlds().await {
        let payment = world.approved_at(&usual_order("bg-tulp")).await;
        for _ in 0..30 {
            world.pass(SignedDuration::from_secs(1)).await;
            world.status(&payment).await;
        }
        assert_eq!(world.status(&payment).await, "INITIATION_COMPLETED", "{}", world.name);
        let answers = world.answers_to_questions(&payment).await;
        assert!(answers.iter().all(|status| *status == 200), "{}: {answers:?}", world.name);
    }
}
