//! What lies in the database: account numbers, names and the secrets of an approval only sealed.

use store::unit;

use crate::idempotency::keyed;
use crate::support::{Decision, World, full_order, with, worlds};

/// Every column that holds what SQL never looks into.
const COLUMNS: [&str; 8] = [
    "SELECT body FROM payments",
    "SELECT body FROM events",
    "SELECT body FROM token_requests",
    "SELECT body FROM bank_calls",
    "SELECT answer FROM idempotency_keys WHERE answer IS NOT NULL",
    "SELECT explanation FROM cases",
    "SELECT sealed FROM tokenized_accounts",
    "SELECT sealed FROM account_verifications",
];

async fn stored(world: &World, sql: &'static str) -> Vec<String> {
    let rows = world.app.db().read(move |tx| unit(async move { tx.query(sql, &[]).await }));
    rows.await.unwrap().iter().map(|row| row.text(0).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn parties_and_secrets_of_an_approval_are_sealed() {
    for world in worlds().await {
        let full = with(&full_order(), "initiation.refId", "at-rest");
        let created = world.send(keyed(&world, "/v2/payments", &full, "at-rest-1")).await;
        assert_eq!(created.status, 200, "{}", created.text());
        world.decided(&world.token_request(), Decision::Approve).await;
        world.half_a_minute().await;
        for sql in COLUMNS {
            let rows = stored(&world, sql).await;
            if sql.contains("payments") || sql.contains("events") || sql.contains("requests") {
                assert!(!rows.is_empty(), "{sql}: nothing was stored");
            }
            for row in rows {
                for secret in [
                    "12345678",
                    "12345601",
                    "Dave Draper",
                    "Draper Ltd",
                    "Customer Inc.",
                    "Customer Group",
                    "221B",
                    "code_verifier",
                    "oauth_state",
                    "nonce",
                ] {
                    assert!(!row.contains(secret), "{} {sql}: {secret}: {row}", world.name);
                }
            }
        }
    }
}
