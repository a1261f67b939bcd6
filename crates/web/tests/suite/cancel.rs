//! `DELETE /v2/payments/{paymentId}`: a payment is taken back as long as nothing can have been
//! executed.

use serde_json::json;
use store::members::MemberSettings;

use crate::scenarios::usual_order;
use crate::support::{
    Answer, Decision, HOOKS_URL, World, assert_error, hosted_order, id, order, worlds,
};

impl World {
    async fn cancel(&self, id: &str) -> Answer {
        self.delete(&format!("/v2/payments/{id}")).await
    }
}

fn assert_not_cancellable(answer: &Answer, status: &str) {
    let message = format!(
        "The payment is INITIATION_{status}: it may have been executed, or has ended, and cannot be cancelled."
    );
    let error = json!({ "errorCode": "Field.Invalid", "paths": ["paymentId"], "message": message });
    assert_error(answer, 400, error);
}

#[tokio::test]
async fn a_payment_that_waits_for_the_payer_is_cancelled() {
    let waiting = [
        (hosted_order(), "INITIATION_PENDING_REDIRECT_HP"),
        (order(), "INITIATION_PENDING_REDIRECT_AUTH"),
        (usual_order("bg-ahorn"), "INITIATION_PENDING_EMBEDDED_AUTH"),
        (usual_order("stet-saule"), "INITIATION_PENDING_DECOUPLED_AUTH"),
        (usual_order("pl-dab"), "INITIATION_PENDING_REDIRECT_AUTH"),
    ];
    for world in worlds().await {
        for (body, status) in &waiting {
            let payment = world.create(body).await;
            let id = id(&payment);
            assert_eq!(payment["status"], *status, "{payment}");
            let answer = world.cancel(&id).await;
            assert_eq!(answer.status, 200, "{status}: {}", answer.text());
            let cancelled = answer.json()["payment"].clone();
            assert_eq!(cancelled["status"], "CANCELED");
            assert_eq!(cancelled["authentication"], json!(null));
            let reason = "The payment was cancelled; no order was sent.";
            assert_eq!(cancelled["statusReasonInformation"], reason);
            // A second click.
            assert_eq!(world.cancel(&id).await.json()["payment"], cancelled);
            world.half_a_minute().await;
            assert_eq!(world.payment(&id).await, cancelled);
            let listed = world.get("/v2/payments?limit=1&statuses=CANCELED").await.json();
            assert_eq!(listed["payments"][0]["id"], *id, "{listed}");
        }
    }
}

#[tokio::test]
async fn a_payer_who_comes_back_from_the_bank_too_late_pays_nothing() {
    for world in worlds().await {
        let payment = world.create(&order()).await;
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
        let back = world.visit_bank(url, Decision::Approve).await;
        world.cancel(&id(&payment)).await;
        let answer = world.return_to_gateway(&back).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        world.half_a_minute().await;
        assert_eq!(world.status(&id(&payment)).await, "CANCELED");
        assert_eq!(world.posted_and_executed(&id(&payment)).await, (0, 0));
    }
}

#[tokio::test]
async fn a_payment_that_waits_for_its_member_is_cancelled() {
    for world in worlds().await {
        world.agree(MemberSettings { redeems_on_request: true, ..MemberSettings::default() }).await;
        let id = world.approved(&order()).await;
        assert_eq!(world.status(&id).await, "INITIATION_PENDING_REDEMPTION");
        assert_eq!(world.cancel(&id).await.json()["payment"]["status"], "CANCELED");
        let redeemed = world.post(&format!("/v2/payments/{id}/redeem"), &json!({})).await;
        assert_eq!(redeemed.status, 400, "{}", redeemed.text());
        assert_eq!(world.posted_and_executed(&id).await, (0, 0));
    }
}

#[tokio::test]
async fn what_may_be_executed_is_not_cancelled() {
    for world in worlds().await {
        let executed = world.create(&usual_order("bg-linden")).await;
        world.play_payer(&executed, Decision::Approve).await;
        world.half_a_minute().await;
        assert_not_cancellable(&world.cancel(&id(&executed)).await, "COMPLETED");

        // British banks hold what they cannot give back: `cancel_at_bank`.
        let ordered = world.approved(&order()).await;
        let answer = world.cancel(&ordered).await;
        assert_eq!(answer.json()["error"]["errorCode"], "Bank.FeatureNotSupported");
        let declined = world.create(&order()).await;
        world.decide(&declined, Decision::Decline).await;
        assert_not_cancellable(&world.cancel(&id(&declined)).await, "DECLINED");
    }
}

#[tokio::test]
async fn only_its_member_cancels_a_payment() {
    for world in worlds().await {
        let payment = world.create(&order()).await;
        let path = format!("/v2/payments/{}", id(&payment));
        assert_eq!(world.call(&world.other, "DELETE", &path, b"").await.status, 404);
        assert_eq!(world.cancel("pm2:1111:bscuLe").await.status, 404);
        assert_eq!(world.cancel("nonsense").await.status, 404);
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_PENDING_REDIRECT_AUTH");
    }
}

#[tokio::test]
async fn the_webhook_and_the_page_say_so() {
    for world in worlds().await {
        let config = json!({ "config": { "type": ["PAYMENT_STATUS_CHANGED"], "url": HOOKS_URL } });
        assert_eq!(world.put("/webhook/config", &config).await.status, 200);
        let payment = world.create(&hosted_order()).await;
        world.cancel(&id(&payment)).await;
        world.settle().await;
        let last = world.wire.hooks().last().unwrap().json();
        assert!(last.to_string().contains("\"status\":\"CANCELED\""), "{last}");
        let page = world.page(&format!("/session/{}", id(&payment))).await.text();
        assert!(page.contains("Payment cancelled"), "{page}");
        assert!(!page.contains("Your bank says"), "the bank said nothing: {page}");
    }
}
