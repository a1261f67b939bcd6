//! Whole payments: through the API, the simulated bank's pages and the jobs, with a clock that is
//! moved by hand. Every exchange with the bank is judged against the published document.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{BANKS, Decision, Fault, id, order, order_of, with, worlds};

/// Reference, section 8.1.
const OUTCOMES: [(&str, &str, &str); 12] = [
    ("101", "INITIATION_COMPLETED", "success"),
    ("103", "INITIATION_REJECTED", "failure"),
    ("104", "INITIATION_DECLINED", "Error during payment redemption: PERMISSION_DENIED"),
    ("105", "INITIATION_PROCESSING", "processing"),
    ("106", "INITIATION_DECLINED", "Payment initiation has been canceled."),
    ("108", "INITIATION_REJECTED_INSUFFICIENT_FUNDS", "Insufficient funds"),
    ("110", "INITIATION_PROCESSING", "initiated"),
    ("112", "INITIATION_DECLINED", "Payment initiation has been declined."),
    ("116", "INITIATION_REJECTED", "Insufficient funds"),
    ("117", "INITIATION_DECLINED", "Permission denied"),
    ("118", "INITIATION_DECLINED", "CUST"),
    ("119", "INITIATION_DECLINED", "Order not executed"),
];

#[tokio::test]
async fn the_published_amounts_have_their_published_outcomes() {
    for world in worlds().await {
        for (pounds, status, reason) in OUTCOMES {
            let id = world.approved(&order_of("mock-redirect", pounds)).await;
            world.half_a_minute().await;
            let payment = world.payment(&id).await;
            assert_eq!(payment["status"], status, "{} {pounds}: {payment}", world.name);
            assert_eq!(payment["statusReasonInformation"], reason, "{pounds}: {payment}");
            world.audit(&id, pounds).await;
        }
    }
}

#[tokio::test]
async fn a_payment_completes_at_every_bank_and_the_banks_words_are_kept() {
    for world in worlds().await {
        for bank in BANKS {
            let id = world.approved(&order_of(bank, "10.23")).await;
            world.half_a_minute().await;
            let payment = world.payment(&id).await;
            assert_eq!(payment["status"], "INITIATION_COMPLETED", "{bank}: {payment}");
            let word = payment["bankPaymentStatus"].as_str().unwrap();
            assert!(word.ends_with("SettlementCompleted"), "{bank}: {word}");
            assert_eq!(world.posted_and_executed(&id).await, (1, 1), "{bank}");
        }
    }
}

#[tokio::test]
async fn a_payer_who_declines_ends_the_payment_without_an_order() {
    for world in worlds().await {
        // The mock bank approves by itself.
        for bank in BANKS.into_iter().filter(|bank| *bank != "mock-redirect") {
            let payment = world.create(&order_of(bank, "10.23")).await;
            world.decide(&payment, Decision::Decline).await;
            assert_eq!(world.status(&id(&payment)).await, "INITIATION_DECLINED", "{bank}");
            assert_eq!(world.posted_and_executed(&id(&payment)).await, (0, 0), "{bank}");
        }
    }
}

#[tokio::test]
async fn a_forged_or_foreign_return_orders_nothing() {
    for world in worlds().await {
        let mine = world.create(&order()).await;
        let other = world.create(&order()).await;
        let url = mine["authentication"]["redirectUrl"].as_str().unwrap();
        let back = world.visit_bank(url, Decision::Approve).await;
        let foreign = other["authentication"]["redirectUrl"].as_str().unwrap();
        let foreign = world.visit_bank(foreign, Decision::Approve).await;
        // A state that nobody made, and one whose random part is wrong.
        let wrong_state = back.with("state", "nonsense");
        assert_eq!(world.return_to_gateway(&wrong_state).await.status, 400);
        let guessed = format!("{}x", back.get("state"));
        assert!(world.return_to_gateway(&back.with("state", &guessed)).await.status < 500);
        world.settle().await;
        assert_eq!(world.status(&id(&mine)).await, "INITIATION_PENDING_REDIRECT_AUTH");
        // Another payment's code and id_token under our own state.
        let swapped =
            back.with("code", foreign.get("code")).with("id_token", foreign.get("id_token"));
        world.return_to_gateway(&swapped).await;
        world.settle().await;
        assert_eq!(world.status(&id(&mine)).await, "INITIATION_PENDING_REDIRECT_AUTH");
        assert_eq!(world.posted_and_executed(&id(&mine)).await, (0, 0));
        assert_eq!(world.posted_and_executed(&id(&other)).await, (0, 0));
        // A forgery ends nothing: the true return still counts.
        world.return_to_gateway(&back).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id(&mine)).await, "INITIATION_COMPLETED");
    }
}

#[tokio::test]
async fn a_return_that_comes_twice_orders_once() {
    for world in worlds().await {
        let payment = world.create(&order()).await;
        let back = world.decide(&payment, Decision::Approve).await;
        assert!(world.return_to_gateway(&back).await.status < 400);
        world.half_a_minute().await;
        assert!(world.return_to_gateway(&back).await.status < 400);
        world.half_a_minute().await;
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED");
        assert_eq!(world.posted_and_executed(&id(&payment)).await, (1, 1));
    }
}

/// The fault of the order, whether the bank has it, and the status a day later.
const ORDER_FAULTS: [(Fault, i64, &str); 8] = [
    (Fault::LostBefore, 0, "INITIATION_PENDING_REDEMPTION_VERIFICATION"),
    (Fault::LostAfter, 1, "INITIATION_PROCESSING"),
    (Fault::Instead(503), 0, "INITIATION_PENDING_REDEMPTION_VERIFICATION"),
    (Fault::After(500), 1, "INITIATION_PROCESSING"),
    (Fault::CutOff, 1, "INITIATION_PROCESSING"),
    (Fault::Garbage, 1, "INITIATION_PROCESSING"),
    (Fault::NotSent, 1, "INITIATION_COMPLETED"),
    (Fault::Instead(429), 1, "INITIATION_COMPLETED"),
];

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_asked_about_and_never_sent_again() {
    for world in worlds().await {
        for (fault, executed, status) in ORDER_FAULTS {
            world.wire.plan("create-domestic-payment", fault, 1);
            let id = world.approved(&order()).await;
            world.half_a_minute().await;
            for _ in 0..24 {
                world.pass(SignedDuration::from_hours(1)).await;
            }
            assert_eq!(world.status(&id).await, status, "{} {fault:?}", world.name);
            let (posted, done) = world.posted_and_executed(&id).await;
            assert_eq!(done, executed, "{fault:?}");
            assert!(posted <= 1, "{fault:?}: {posted} orders reached the bank");
            world.audit(&id, &format!("{fault:?}")).await;
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_with_an_order_on_its_way_does_not_send_it_again() {
    // A world for each: the work of a dead process stays held.
    for fault in [Fault::HeldBefore, Fault::HeldAfter] {
        for mut world in worlds().await {
            let payment = world.create(&order()).await;
            let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
            let back = world.visit_bank(url, Decision::Approve).await;
            world.wire.plan("create-domestic-payment", fault, 1);
            world.return_to_gateway(&back).await;
            world.wire.until_held().await;
            world.restart().await;
            world.settle().await;
            let id = id(&payment);
            let status = world.status(&id).await;
            let told = ["INITIATION_PENDING_REDEMPTION_VERIFICATION", "INITIATION_PROCESSING"];
            assert!(told.contains(&&*status), "{fault:?}: {status}");
            let (posted, _) = world.posted_and_executed(&id).await;
            assert!(posted <= 1, "{fault:?}: {posted}");
        }
    }
}

#[tokio::test]
async fn time_ends_what_nobody_ends() {
    for world in worlds().await {
        let waiting = id(&world.create(&order()).await);
        world.pass(SignedDuration::from_mins(39)).await;
        assert_eq!(world.status(&waiting).await, "INITIATION_PENDING_REDIRECT_AUTH");
        world.pass(SignedDuration::from_mins(1)).await;
        assert_eq!(world.status(&waiting).await, "INITIATION_EXPIRED");

        let open = world.approved(&order_of("mock-redirect", "105")).await;
        world.pass(SignedDuration::from_hours(29 * 24)).await;
        assert_eq!(world.status(&open).await, "INITIATION_PROCESSING");
        world.pass(SignedDuration::from_hours(2 * 24)).await;
        assert_eq!(world.status(&open).await, "INITIATION_NO_FINAL_STATUS_AVAILABLE");
    }
}

#[tokio::test]
async fn funds_and_refund_account_are_asked_for_when_asked() {
    for world in worlds().await {
        let body = with(&order(), "initiation.confirmFunds", true);
        let id = world.approved(&body).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        assert_eq!(world.wire.count("confirm-funds"), 1);
        let too_much = with(&body, "initiation.amount.value", "9999999.00");
        let id = world.approved(&too_much).await;
        assert_eq!(world.status(&id).await, "INITIATION_REJECTED_INSUFFICIENT_FUNDS");
        assert_eq!(world.posted_and_executed(&id).await, (0, 0));

        let body = with(&order(), "initiation.returnRefundAccount", true);
        let id = world.approved(&body).await;
        world.half_a_minute().await;
        let refund: Value = world.payment(&id).await["refundDetails"].clone();
        assert_eq!(refund["refundAccount"]["sortCode"].as_str().map(str::len), Some(6), "{refund}");
        assert_eq!(refund["paymentRefundStatus"], "NONE");
        assert_eq!(refund["remainingRefundAmount"], json!({ "value": "10.23", "currency": "GBP" }));
    }
}
