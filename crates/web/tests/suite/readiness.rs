//! `/readyz`: it writes, and what it says follows from that.

use jiff::SignedDuration;
use store::{readiness, unit};

use crate::support::worlds;

#[tokio::test]
async fn a_database_that_takes_writes_and_is_whole_is_ready() {
    for world in worlds().await {
        gateway::readiness::search_for_damage(&world.app).await;
        for _ in 0..2 {
            let answer = world.get("/readyz").await;
            assert_eq!(answer.status, 200, "{}: {}", world.name, answer.text());
            let body = answer.json();
            assert_eq!(body["status"], "ready");
            assert_eq!(body["checks"]["databaseWrite"], "ok");
            assert_eq!(body["checks"]["databaseIntegrity"], "ok");
        }
    }
}

#[tokio::test]
async fn many_who_ask_cause_one_write_a_second() {
    for world in worlds().await {
        let checked = async || {
            let last = world.app.db().read(|tx| unit(async move { readiness::last(tx).await }));
            last.await.unwrap()
        };
        assert_eq!(checked().await, None, "{}", world.name);
        assert_eq!(world.get("/readyz").await.status, 200);
        let first = checked().await.unwrap();
        world.clock.advance(SignedDuration::from_millis(999));
        assert_eq!(world.get("/readyz").await.status, 200);
        assert_eq!(checked().await, Some(first));
        world.clock.advance(SignedDuration::from_millis(1));
        assert_eq!(world.get("/readyz").await.status, 200);
        assert_eq!(checked().await, Some(first + SignedDuration::from_secs(1)));
    }
}
