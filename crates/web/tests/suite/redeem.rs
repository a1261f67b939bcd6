//! `POST /v2/payments/{paymentId}/redeem`: payments whose orders wait for their member's word.

use jiff::SignedDuration;
use serde_json::{Value, json};
use store::members::MemberSettings;

use crate::scenarios::usual_order;
use crate::support::{Answer, Decision, Fault, World, assert_error, id, order, with, worlds};

const WAITS: &str = "INITIATION_PENDING_REDEMPTION";
/// A bank of each standard where an order follows the approval.
const TWO_STEPS: [&str; 5] = ["ob-modelo", "ob-quartz", "stet-hetre", "stet-saule", "pl-dab"];

fn on_request() -> MemberSettings {
    MemberSettings { redeems_on_request: true, ..MemberSettings::default() }
}

impl World {
    async fn redeem(&self, id: &str) -> Answer {
        self.post(&format!("/v2/payments/{id}/redeem"), &json!({})).await
    }

    /// A payment that waits for the member's word: its id.
    async fn awaiting_redemption(&self, body: &Value) -> String {
        self.agree(on_request()).await;
        let payment = self.create(body).await;
        self.play_payer(&payment, Decision::Approve).await;
        self.half_a_minute().await;
        assert_eq!(self.status(&id(&payment)).await, WAITS);
        id(&payment)
    }
}

fn assert_not_redeemable(answer: &Answer, status: &str) {
    let message =
        format!("The payment is INITIATION_{status}: only an approved payment can be redeemed.");
    let error = json!({ "errorCode": "Field.Invalid", "paths": ["paymentId"], "message": message });
    assert_error(answer, 400, error);
}

#[tokio::test]
async fn an_approved_payment_waits_for_its_members_word_and_is_ordered_once() {
    for world in worlds().await {
        for bank in TWO_STEPS {
            let id = world.awaiting_redemption(&usual_order(bank)).await;
            world.pass(SignedDuration::from_mins(50)).await;
            assert_eq!(world.status(&id).await, WAITS, "{bank}");
            assert_eq!(world.posted_and_executed(&id).await, (0, 0), "{bank}");
            let answer = world.redeem(&id).await;
            assert_eq!(answer.status, 200, "{bank}: {}", answer.text());
            let status = answer.json()["payment"]["status"].clone();
            assert!(
                ["INITIATION_PROCESSING", "INITIATION_COMPLETED"]
                    .contains(&status.as_str().unwrap()),
                "{bank}: {status}"
            );
            world.half_a_minute().await;
            assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{bank}");
            let again = world.redeem(&id).await;
            assert_eq!(again.json()["payment"]["status"], "INITIATION_COMPLETED", "{bank}");
            assert_eq!(world.posted_and_executed(&id).await, (1, 1), "{bank}");
        }
    }
}

#[tokio::test]
async fn a_bank_that_executes_at_the_approval_waits_for_nobody() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let payment = world.create(&usual_order("bg-linden")).await;
        world.play_payer(&payment, Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED");
        assert_eq!(world.redeem(&id(&payment)).await.status, 200);
    }
}

#[tokio::test]
async fn two_words_at_once_are_one_order() {
    for world in worlds().await {
        let id = world.awaiting_redemption(&order()).await;
        let (one, two) = tokio::join!(world.redeem(&id), world.redeem(&id));
        assert_eq!((one.status, two.status), (200, 200), "{}{}", one.text(), two.text());
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        assert_eq!(world.posted_and_executed(&id).await, (1, 1));
    }
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_not_sent_again() {
    for world in worlds().await {
        let id = world.awaiting_redemption(&order()).await;
        world.wire.plan("create-domestic-payment", Fault::LostBefore, 1);
        let answer = world.redeem(&id).await;
        let status = "INITIATION_PENDING_REDEMPTION_VERIFICATION";
        assert_eq!(answer.json()["payment"]["status"], status, "{}", answer.text());
        assert_eq!(world.redeem(&id).await.json()["payment"]["status"], status);
        assert_eq!(world.wire.count("create-domestic-payment"), 1);
        world.audit(&id, "lost").await;
    }
}

#[tokio::test]
async fn a_bank_that_cannot_be_reached_is_tried_again() {
    for world in worlds().await {
        let id = world.awaiting_redemption(&order()).await;
        world.pass(SignedDuration::from_mins(50)).await;
        world.wire.plan("create-domestic-payment", Fault::NotSent, 2);
        assert_eq!(world.redeem(&id).await.json()["payment"]["status"], WAITS);
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        assert_eq!(world.posted_and_executed(&id).await, (1, 1));
    }
}

#[tokio::test]
async fn funds_are_asked_for_when_the_order_is_wanted() {
    for world in worlds().await {
        let body = with(&order(), "initiation.confirmFunds", true);
        let body = with(&body, "initiation.amount.value", "999999.00");
        let id = world.awaiting_redemption(&body).await;
        let answer = world.redeem(&id).await;
        let status = "INITIATION_REJECTED_INSUFFICIENT_FUNDS";
        assert_eq!(answer.json()["payment"]["status"], status, "{}", answer.text());
        assert_eq!(world.posted_and_executed(&id).await, (0, 0));
    }
}

#[tokio::test]
async fn what_is_not_approved_or_has_ended_cannot_be_redeemed() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let payment = world.create(&order()).await;
        assert_not_redeemable(&world.redeem(&id(&payment)).await, "PENDING_REDIRECT_AUTH");
        world.decide(&payment, Decision::Decline).await;
        assert_not_redeemable(&world.redeem(&id(&payment)).await, "DECLINED");
        let unknown = world.redeem("pm2:1111:bscuLe").await;
        assert_eq!(unknown.status, 404, "{}", unknown.text());
        let path = format!("/v2/payments/{}/redeem", id(&payment));
        assert_eq!(world.call(&world.other, "POST", &path, b"{}").await.status, 404);
        // A body is not wanted: none, or any, will do.
        for body in [&b""[..], b"[1"] {
            assert_eq!(world.call(&world.member, "POST", &path, body).await.status, 400);
        }
    }
}

#[tokio::test]
async fn after_a_day_or_after_the_banks_grant_nothing_can_be_redeemed_any_more() {
    for world in worlds().await {
        for (bank, hours) in [("ob-modelo", 1), ("pl-dab", 24)] {
            let id = world.awaiting_redemption(&usual_order(bank)).await;
            world.pass(SignedDuration::from_mins(hours * 60 - 2)).await;
            assert_eq!(world.status(&id).await, WAITS, "{bank}");
            world.pass(SignedDuration::from_mins(2)).await;
            let payment = world.payment(&id).await;
            assert_eq!(payment["status"], "INITIATION_EXPIRED", "{bank}");
            let reason = "The approved payment was not redeemed in time; no order was sent.";
            assert_eq!(payment["statusReasonInformation"], reason);
            assert_not_redeemable(&world.redeem(&id).await, "EXPIRED");
            assert_eq!(world.posted_and_executed(&id).await, (0, 0), "{bank}");
        }
    }
}

#[tokio::test]
async fn a_payment_keeps_the_terms_with_which_it_began() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let waits = world.create(&order()).await;
        world.agree(MemberSettings::default()).await;
        let goes_on = world.create(&order()).await;
        for payment in [&waits, &goes_on] {
            world.decide(payment, Decision::Approve).await;
        }
        world.half_a_minute().await;
        assert_eq!(world.status(&id(&waits)).await, WAITS);
        assert_eq!(world.status(&id(&goes_on)).await, "INITIATION_COMPLETED");
    }
}

#[tokio::test]
async fn a_word_that_is_repeated_with_its_key_is_answered_alike() {
    for world in worlds().await {
        let id = world.awaiting_redemption(&order()).await;
        let path = format!("/v2/payments/{id}/redeem");
        let key = [("idempotency-key", "redeem-1")];
        let first = world.send(world.request("POST", &path, b"", &key)).await;
        assert_eq!(first.status, 200, "{}", first.text());
        world.half_a_minute().await;
        let again = world.send(world.request("POST", &path, b"", &key)).await;
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
}

#[tokio::test]
async fn the_payer_reads_that_the_payment_is_approved() {
    for world in worlds().await {
        let body = with(&order(), "initiation.flowType", "EMBEDDED_HOSTED_PAGES");
        let id = world.awaiting_redemption(&body).await;
        let page = world.page(&format!("/session/{id}")).await.text();
        assert!(page.contains("Payment approved"), "{page}");
        assert!(page.contains("https://shop.example/return"), "{page}");
    }
}
