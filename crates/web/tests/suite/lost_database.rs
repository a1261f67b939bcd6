//! The database goes away while a bank's answer is on its way to the gateway: the process holds the
//! answer until the database is back. Nothing is asked or sent twice, and no payment is called failed.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;

use crate::scenarios::usual_order;
use crate::support::{Fault, HOOKS_URL, World, id, worlds};

/// Banks of each kind, and the exchanges whose answer only this process has heard.
const EXCHANGES: [(&str, &str); 8] = [
    ("ob-iron", "exchange-code"),
    ("ob-iron", "create-domestic-payment"),
    ("ob-iron", "get-domestic-payment"),
    ("pl-dab", "exchange-code"),
    ("pl-dab", "create-domestic-payment"),
    ("stet-hetre", "confirm-payment-request"),
    ("bg-ahorn", "update-authorisation"),
    ("bg-pino", "update-authorisation"),
];

impl World {
    /// Releases the held answer while the database is away, and makes the database available again.
    async fn answer_while_the_database_is_away(&self) -> bool {
        let mut waiting = self.app.facts_waiting();
        if !self.database.go_away().await {
            return false;
        }
        self.wire.release();
        waiting.wait_for(|waiting| *waiting > 0).await.unwrap();
        self.database.come_back().await;
        let mut still = self.app.facts_waiting();
        // The waits grow up to five seconds.
        for _ in 0..10 {
            self.clock.advance(SignedDuration::from_secs(5));
        }
        still.wait_for(|waiting| *waiting == 0).await.unwrap();
        true
    }
}

#[tokio::test]
async fn an_answer_that_only_this_process_has_heard_is_kept() {
    for (bank, operation) in EXCHANGES {
        for world in worlds().await {
            let what = format!("{}: {bank}: {operation}", world.name);
            let payment = world.create(&usual_order(bank)).await;
            let id = id(&payment);
            world.wire.plan(operation, Fault::HeldAfter, 1);
            world.play_until_held(&id, bank).await;
            assert_eq!(world.wire.held(), 1, "{what}: it never came to this exchange");
            let asked = world.wire.count(operation);
            if !world.answer_while_the_database_is_away().await {
                continue;
            }
            assert_eq!(world.wire.count(operation), asked, "{what}: the answer is there");
            for _ in 0..4 {
                world.approve_once(&id, bank).await;
                world.half_a_minute().await;
            }
            let status = world.status(&id).await;
            let closed = bank == "bg-pino" && status == "INITIATION_PROCESSING";
            assert!(closed || status == "INITIATION_COMPLETED", "{what}: {status}");
            world.audit_books(&id, &what).await;
            assert_eq!(world.posted_and_executed(&id).await.0, 1, "{what}: ordered once");
        }
    }
}

/// A webhook was delivered, and that could not be recorded: it is delivered again when the database is
/// back, and not only when the job's lease ends after three minutes.
#[tokio::test]
async fn an_interrupted_job_continues_when_the_database_is_back() {
    for world in worlds().await {
        let config = json!({ "config": { "type": ["PAYMENT_STATUS_CHANGED"], "url": HOOKS_URL } });
        assert_eq!(world.put("/webhook/config", &config).await.status, 200);
        world.wire.hang_hooks();
        world.create(&usual_order("ob-modelo")).await;
        let app = Arc::clone(&world.app);
        let delivering = tokio::spawn(async move { gateway::jobs::run_due(&app).await });
        world.wire.until_held().await;
        if !world.database.go_away().await {
            world.wire.release();
            continue;
        }
        world.wire.release();
        drop(delivering.await.unwrap());
        world.database.come_back().await;
        let delivered = world.wire.hooks().len();
        for _ in 0..12 {
            world.pass(SignedDuration::from_secs(5)).await;
        }
        assert!(world.wire.hooks().len() > delivered, "{}: {delivered}", world.name);
    }
}
