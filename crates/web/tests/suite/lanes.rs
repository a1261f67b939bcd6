//! One slow neighbour stalls nobody: the runner itself, with an endpoint or a bank that hangs.

use std::sync::Arc;

use gateway::jobs::Runner;
use jiff::SignedDuration;
use serde_json::json;

use crate::scenarios::usual_order;
use crate::support::{Fault, HOOKS_URL, World, id, worlds};

/// More than a process has places for one endpoint, for one bank, and to wait in.
const PAYMENTS: usize = 120;

impl World {
    /// Lets the runner work and the clock go until the payment is completed; asserts that it is.
    async fn completes_meanwhile(&self, id: &str, what: &str) {
        for round in 0..20_000 {
            tokio::task::yield_now().await;
            if round % 100 == 99 {
                self.clock.advance(SignedDuration::from_millis(500));
                if self.status(id).await == "INITIATION_COMPLETED" {
                    return;
                }
            }
        }
        panic!("{}: {what}: {}", self.name, self.status(id).await);
    }

    /// Approves at a bank whose way back is a page of ours, without waiting for jobs.
    async fn approve_at(&self, payment: &serde_json::Value) {
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
        self.play_redirect(url, crate::support::Decision::Approve).await;
    }
}

#[tokio::test]
async fn an_endpoint_that_hangs_delays_nobody() {
    for world in worlds().await {
        let config = json!({ "config": { "url": HOOKS_URL, "type": ["PAYMENT_STATUS_CHANGED"] } });
        assert_eq!(world.put("/webhook/config", &config).await.status, 200);
        for _ in 0..PAYMENTS {
            world.create(&usual_order("ob-iron")).await;
        }
        world.wire.hang_hooks();
        let runner = tokio::spawn(Runner::new(Arc::clone(&world.app)).run());
        world.wire.until_held().await;
        let payment = world.create(&usual_order("stet-hetre")).await;
        world.approve_at(&payment).await;
        world.completes_meanwhile(&id(&payment), "while an endpoint hangs").await;
        let held = world.wire.held();
        assert!((1..=8).contains(&held), "{}: {held} webhooks are on their way", world.name);
        runner.abort();
    }
}

#[tokio::test]
async fn a_bank_that_hangs_delays_no_other_bank() {
    for world in worlds().await {
        world.wire.plan("create-domestic-payment", Fault::HeldBefore, PAYMENTS);
        let mut payments = vec![];
        for _ in 0..PAYMENTS {
            payments.push(world.create(&usual_order("ob-iron")).await);
        }
        let runner = tokio::spawn(Runner::new(Arc::clone(&world.app)).run());
        for payment in &payments {
            world.approve_at(payment).await;
        }
        world.wire.until_held().await;
        let payment = world.create(&usual_order("stet-hetre")).await;
        world.approve_at(&payment).await;
        world.completes_meanwhile(&id(&payment), "while a bank hangs").await;
        let held = world.wire.held();
        assert!((1..=16).contains(&held), "{}: {held} orders are on their way", world.name);
        runner.abort();
    }
}
