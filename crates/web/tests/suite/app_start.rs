//! A bank whose app is opened by a start token (BankID): the payer's page has a link and a QR code, as
//! they are now.

use jiff::SignedDuration;
use serde_json::json;

use crate::scenarios::order_at;
use crate::support::{World, id, with, worlds};

const OPEN: &str = "Open the app on this device";
/// Where the simulated banks are for browsers.
const BANKS: &str = "http://localhost:8001";

impl World {
    /// A hosted payment at the bank that waits for its app: id and path of the page.
    async fn waits_for_app(&self) -> (String, String) {
        let order = order_at("bg-birke", Some("DE11500105170000001064"), "10.23");
        let payment = self.create(&with(&order, "initiation.flowType", "FULL_HOSTED_PAGES")).await;
        let id = id(&payment);
        let path = format!("/session/{id}");
        self.submit(&path, &[("bank-id", "bg-birke")]).await;
        self.submit(&format!("{path}/answers"), &[("psuId", "bernd")]).await;
        assert_eq!(self.status(&id).await, "INITIATION_PENDING_DECOUPLED_AUTH");
        (id, path)
    }

    /// The address behind the page's link to the app, and whether there is a code.
    async fn way_into_app(&self, path: &str) -> (Option<String>, bool) {
        let page = self.page(path).await.text();
        let (before, _) = match page.split_once(OPEN) {
            Some(parts) => parts,
            None => return (None, page.contains("<svg")),
        };
        let (_, link) = before.rsplit_once("href=\"").unwrap();
        let (address, _) = link.split_once('"').unwrap();
        (Some(address.replace("&amp;", "&")), page.contains("<svg"))
    }

    /// Where the bank's app opens with that address.
    async fn opened(&self, address: &str) -> (u16, String) {
        let answer = self.bank_get(address.strip_prefix(BANKS).unwrap()).await;
        (answer.status, answer.header("location").unwrap_or_default().to_owned())
    }
}

#[tokio::test]
async fn the_payers_page_opens_the_banks_app_with_what_works_now() {
    for world in worlds().await {
        let (id, path) = world.waits_for_app().await;
        let (first, has_code) = world.way_into_app(&path).await;
        let first = first.unwrap();
        assert!(has_code, "{}", world.name);
        let app = (303, "/sim/app/bg-birke/bernd".to_owned());
        assert_eq!(world.opened(&first).await, app);
        let told = world.wire.hooks().len();
        let mut seen = vec![first.clone()];
        for _ in 0..60 {
            world.pass(SignedDuration::from_secs(1)).await;
            let (address, has_code) = world.way_into_app(&path).await;
            let address = address.unwrap();
            assert!(has_code, "{}", world.name);
            assert_eq!(world.opened(&address).await, app, "it always works");
            if seen.last() != Some(&address) {
                seen.push(address);
            }
        }
        assert!((6..=7).contains(&seen.len()), "one for each ten seconds: {seen:?}");
        assert_eq!(world.opened(&first).await.0, 404, "the first one has ended");
        assert_eq!(world.wire.hooks().len(), told, "the member hears nothing of it");
        world.bank_post("/sim/app/bg-birke/bernd", &[("decision", "approve")]).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
    }
}

#[tokio::test]
async fn what_has_ended_is_not_shown_and_the_payment_waits_on() {
    for world in worlds().await {
        let (id, path) = world.waits_for_app().await;
        // The bank is silent for longer than the way into its app works.
        world.wire.plan("get-sca-status", crate::support::Fault::LostBefore, 60);
        for _ in 0..32 {
            world.pass(SignedDuration::from_secs(1)).await;
        }
        assert_eq!(world.way_into_app(&path).await, (None, false), "{}", world.name);
        assert_eq!(world.status(&id).await, "INITIATION_PENDING_DECOUPLED_AUTH");
        world.wire.forget_faults();
        world.half_a_minute().await;
        assert!(world.way_into_app(&path).await.0.is_some(), "{}", world.name);
    }
}

#[tokio::test]
async fn the_members_json_has_no_way_into_the_app() {
    let worlds = worlds().await;
    let world = &worlds[0];
    let order = order_at("bg-birke", Some("DE11500105170000001064"), "10.23");
    let order = with(&order, "initialEmbeddedAuth", json!({ "psuId": "bernd" }));
    let payment = world.create(&order).await;
    assert_eq!(payment["status"], "INITIATION_PENDING_DECOUPLED_AUTH");
    assert!(payment.get("authentication").is_none(), "{payment}");
    assert!(!payment.to_string().contains("app-start"), "{payment}");
}
