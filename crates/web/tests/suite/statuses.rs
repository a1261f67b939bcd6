//! Every status of a payment can be reached and is reported to its member, except those of settlement,
//! which belong to settlement accounts.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};
use web::api::status::PaymentStatus;

use crate::scenarios::usual_order;
use crate::support::{
    Decision, Fault, HOOKS_URL, World, hosted_order, id, order, order_of, with, worlds,
};

/// No payment has these before there are settlement accounts.
const OF_SETTLEMENT: [&str; 3] =
    ["SETTLEMENT_IN_PROGRESS", "SETTLEMENT_COMPLETED", "SETTLEMENT_INCOMPLETE"];

impl World {
    async fn played(&self, body: &Value, decision: Decision) {
        let payment = self.create(body).await;
        self.play_payer(&payment, decision).await;
        self.half_a_minute().await;
    }

    /// The statuses that webhooks reported.
    fn told(&self) -> BTreeSet<String> {
        let statuses = self
            .wire
            .hooks()
            .into_iter()
            .filter_map(|hook| hook.json()["payment"]["status"].as_str().map(str::to_owned));
        statuses.collect()
    }
}

#[tokio::test]
async fn every_status_is_told_of() {
    for world in worlds().await {
        let config = json!({ "config": { "type": ["PAYMENT_STATUS_CHANGED"], "url": HOOKS_URL } });
        assert_eq!(world.put("/webhook/config", &config).await.status, 200);
        for bank in ["ob-modelo", "bg-ahorn", "stet-saule"] {
            world.played(&usual_order(bank), Decision::Approve).await;
        }
        world.played(&order_of("mock-redirect", "103"), Decision::Approve).await;
        world.played(&order_of("mock-redirect", "108"), Decision::Approve).await;
        world.played(&order(), Decision::Decline).await;
        let taken_back = world.create(&hosted_order()).await;
        world.delete(&format!("/v2/payments/{}", id(&taken_back))).await;
        let link = with(&hosted_order(), "initiation.flowType", "PAY_BY_LINK_HOSTED_PAGES");
        world.create(&link).await;
        world.wire.plan("create-domestic-payment-consent", Fault::NotSent, 5);
        world.create(&order()).await;
        world.pass(SignedDuration::from_mins(10)).await;
        world.half_a_minute().await;
        world.played(&order_of("mock-redirect", "105"), Decision::Approve).await;
        // The link expires, and the bank never has a last word.
        world.pass(SignedDuration::from_hours(31 * 24)).await;
        world.settle().await;

        let told = world.told();
        let mut all: BTreeSet<String> =
            PaymentStatus::ALL.iter().map(|status| status.name().to_owned()).collect();
        all.retain(|status| !OF_SETTLEMENT.contains(&status.as_str()));
        assert_eq!(all.len(), 19);
        assert_eq!(told, all, "{}", world.name);
    }
}
