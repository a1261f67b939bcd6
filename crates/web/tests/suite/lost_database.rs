//! The database goes away while a bank's answer is on its way to the gateway: the process holds the
//! answer until the database is back. Nothing is asked or sent twice, and no payment is called failed.

use jiff::SignedDuration;

use crate::scenarios::usual_order;
use crate::support::{Fault, World, id, worlds};

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
