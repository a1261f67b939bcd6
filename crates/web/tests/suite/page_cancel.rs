//! "Cancel" on the hosted pages ends the payment; where the bank may execute it, "Leave" only leaves.

use serde_json::{Value, json};

use crate::scenarios::usual_order;
use crate::support::{Decision, Fault, HOOKS_URL, World, id, with, worlds};
use crate::v1_hosted_pages::{v1, v2};
use crate::v1_way_back::way_back;

const CANCEL: [(&str, &str); 1] = [("decision", "decline")];
const BUTTON: &str = "Cancel and go back to the shop";
const LEAVE: &str = "Leave and go back to the shop";

impl World {
    /// A payment on our pages with the bank chosen, and its page.
    async fn at_the_page_of(&self, bank: &str) -> (String, String) {
        let body = with(&usual_order(bank), "initiation.flowType", "FULL_HOSTED_PAGES");
        let id = id(&self.create(&body).await);
        let path = format!("/session/{id}");
        let chosen = self.submit(&path, &[("bank-id", bank)]).await;
        assert_eq!(chosen.status, 303, "{bank}: {}", chosen.text());
        (id, path)
    }

    async fn wants_webhooks(&self) {
        let config = json!({ "config": { "type": ["PAYMENT_STATUS_CHANGED"], "url": HOOKS_URL } });
        assert_eq!(self.put("/webhook/config", &config).await.status, 200);
    }

    /// How many webhooks reported that status.
    fn hooks_that_say(&self, status: &str) -> usize {
        let hooks = self.wire.hooks();
        let says = |hook: &Value| hook.to_string().contains(&format!("\"status\":\"{status}\""));
        hooks.iter().filter(|hook| says(&hook.json())).count()
    }
}

#[tokio::test]
async fn a_payer_who_cancels_has_declined_and_the_member_learns_it_once() {
    for world in worlds().await {
        world.wants_webhooks().await;
        for (count, bank) in
            ["", "ob-modelo", "bg-ahorn", "stet-saule", "pl-dab"].iter().enumerate()
        {
            let (id, path) = if bank.is_empty() {
                let body = crate::support::hosted_order();
                let id = id(&world.create(&body).await);
                (id.clone(), format!("/session/{id}"))
            } else {
                world.at_the_page_of(bank).await
            };
            let page = world.page(&path).await.text();
            assert!(page.contains(BUTTON) && !page.contains(LEAVE), "{bank}: {page}");
            // A double click; then a second tab.
            let (at, left) = world.submit_and_follow(&path, &CANCEL).await;
            assert!(at.ends_with("?left=1"), "{bank}: {at}");
            assert!(left.text().contains("Taking you back to the shop"), "{}", left.text());
            let back = way_back(&left.text());
            assert_eq!(back["payment-id"], id, "{bank}");
            world.submit_and_follow(&path, &CANCEL).await;
            world.half_a_minute().await;
            let payment = world.payment(&id).await;
            assert_eq!(payment["status"], "INITIATION_DECLINED", "{bank}");
            assert_eq!(payment["statusReasonInformation"], "The payer cancelled the payment.");
            assert_eq!(world.hooks_that_say("INITIATION_DECLINED"), count + 1, "{bank}");
            let page = world.page(&path).await.text();
            assert!(page.contains("You have cancelled the payment"), "{bank}: {page}");
            assert!(!page.contains("Your bank says"), "the bank said nothing: {page}");
            let bank = if bank.is_empty() { "ob-modelo" } else { bank };
            let chosen = world.submit(&path, &[("bank-id", bank)]).await;
            assert_eq!(chosen.header("location"), path, "{bank}");
            assert_eq!(world.status(&id).await, "INITIATION_DECLINED", "{bank}");
        }
    }
}

#[tokio::test]
async fn where_the_bank_executes_at_the_approval_the_payer_only_leaves() {
    for world in worlds().await {
        let (id, path) = world.at_the_page_of("bg-linden").await;
        let page = world.page(&path).await.text();
        assert!(page.contains(LEAVE) && !page.contains(BUTTON), "{page}");
        assert!(page.contains("stays open"), "{page}");
        // A tab that was opened earlier still has the other button.
        let answer = world.submit(&path, &CANCEL).await;
        assert_eq!((answer.status, answer.header("location")), (303, path.as_str()));
        assert_eq!(world.status(&id).await, "INITIATION_PENDING_REDIRECT_AUTH");
        let payment = world.payment(&id).await;
        world.play_payer(&payment, Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
    }
}

#[tokio::test]
async fn an_approval_is_not_lost_by_a_late_cancel() {
    for world in worlds().await {
        let (id, path) = world.at_the_page_of("ob-modelo").await;
        let payment = world.payment(&id).await;
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap().to_owned();
        let back = world.visit_bank(&url, Decision::Approve).await;
        world.wire.plan("exchange-code", Fault::NotSent, 1);
        world.return_to_gateway(&back).await;
        let answer = world.submit(&path, &CANCEL).await;
        assert_eq!(answer.header("location"), path);
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        assert_eq!(world.submit(&path, &CANCEL).await.header("location"), path);
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        assert_eq!(world.posted_and_executed(&id).await, (1, 1));
    }
}

#[tokio::test]
async fn who_cancels_and_approves_all_the_same_pays_nothing() {
    for world in worlds().await {
        let (id, path) = world.at_the_page_of("ob-modelo").await;
        let payment = world.payment(&id).await;
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap().to_owned();
        let back = world.visit_bank(&url, Decision::Approve).await;
        world.submit(&path, &CANCEL).await;
        assert!(world.return_to_gateway(&back).await.status < 400);
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_DECLINED");
        assert_eq!(world.posted_and_executed(&id).await, (0, 0));
    }
}

#[tokio::test]
async fn a_form_of_another_site_cancels_nothing() {
    for world in worlds().await {
        let (id, path) = world.at_the_page_of("ob-modelo").await;
        let other = world.app.visit_token("pm2:1111:bscuLe");
        for visit in ["", other.as_str()] {
            let fields = [("decision", "decline"), ("bascule-visit", visit)];
            assert_eq!(world.submit_as_it_is(&path, &fields).await.status, 403);
        }
        assert_eq!(world.status(&id).await, "INITIATION_PENDING_REDIRECT_AUTH");
    }
}

#[tokio::test]
async fn a_token_request_is_declined_by_cancel_before_and_after_it_is_a_payment() {
    for world in worlds().await {
        // Before: the picker of both generations.
        for (count, page) in [v1, v2].iter().enumerate() {
            let body = with(&world.open_request(), "requestPayload.refId", format!("A{count}"));
            let request = id(&world.store(&body).await);
            assert!(world.page(&page(&request)).await.text().contains(BUTTON));
            let (_, left) = world.submit_and_follow(&page(&request), &CANCEL).await;
            assert_eq!(way_back(&left.text())["error"], "access_denied");
            assert_eq!(world.result(&request).await["status"], "REJECTED");
        }
        // After: on the way to the bank.
        let request = id(&world.store(&world.open_request()).await);
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        let (leave, page) = world.submit_and_follow(&v1(&request), &accept).await;
        assert!(page.text().contains(BUTTON), "{}", page.text());
        let path = leave.trim_end_matches("/leave");
        let (_, left) = world.submit_and_follow(path, &CANCEL).await;
        let back = way_back(&left.text());
        assert_eq!(back["error"], "access_denied", "{back:?}");
        assert_eq!(back["message"], "The payer cancelled the payment.", "{back:?}");
        assert_eq!(back["request-id"], request);
        assert!(!back.contains_key("token-id") && !back.contains_key("transfer-id"), "{back:?}");
        assert_eq!(world.result(&request).await["status"], "REJECTED");
    }
}
