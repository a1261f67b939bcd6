//! `POST /transfers` with a reference of its own (`payload.refId`).

use serde_json::{Value, json};

use crate::idempotency::keyed;
use crate::support::{Decision, HOOKS_URL, World, assert_error, with, worlds};
use crate::v1_transfers::on_request;

impl World {
    /// An approved token whose order waits for the member.
    async fn waiting_token(&self, ref_id: &str) -> String {
        let body = with(&self.token_request(), "requestPayload.refId", ref_id);
        let request = self.decided(&body, Decision::Approve).await;
        self.result(&request).await["tokenId"].as_str().unwrap().to_owned()
    }

    async fn found_by_reference(&self, ref_id: &str) -> Vec<Value> {
        let list = self.get(&format!("/transfers?page.limit=10&filter.refId={ref_id}")).await;
        list.json()["transfers"].as_array().unwrap().clone()
    }
}

fn redemption(token: &str, ref_id: &str) -> Value {
    json!({ "payload": { "tokenId": token, "refId": ref_id } })
}

#[tokio::test]
async fn a_transfer_may_have_a_reference_of_its_own_and_the_bank_keeps_the_approved_one() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let config = json!({ "type": ["TRANSFER_STATUS_CHANGED"], "url": HOOKS_URL });
        world.put("/webhook/config", &json!({ "config": config })).await;
        let token = world.waiting_token("ORDER-1001").await;
        let answer = world.post("/transfers", &redemption(&token, "SHIPMENT-7")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let transfer = answer.json()["transfer"].clone();
        assert_eq!(transfer["payload"]["refId"], "SHIPMENT-7");
        assert_eq!(transfer["payload"]["description"], "Order 1001");
        world.half_a_minute().await;
        let id = transfer["id"].as_str().unwrap();
        let read = world.get(&format!("/transfers/{id}")).await.json();
        assert_eq!(read["transfer"]["payload"]["refId"], "SHIPMENT-7");
        assert_eq!(read["transfer"]["status"], "SUCCESS");
        assert_eq!(world.found_by_reference("SHIPMENT-7").await.len(), 1);
        assert_eq!(world.found_by_reference("ORDER-1001").await, [] as [Value; 0]);
        let ordered = world.last_body("/domestic-payments").await;
        let sent = &ordered["Data"]["Initiation"]["InstructionIdentification"];
        assert_eq!(sent, "ORDER-1001", "the payer has approved this one");
        world.settle().await;
        for hook in world.wire.hooks() {
            assert_eq!(hook.json()["transferStatusChanged"]["refId"], "SHIPMENT-7");
        }
        // Again with the same reference, or without: the same transfer. With another: no.
        for again in [redemption(&token, "SHIPMENT-7"), json!({ "payload": { "tokenId": token } })]
        {
            let again = world.post("/transfers", &again).await;
            assert_eq!(again.json()["transfer"]["id"], transfer["id"], "{}", again.text());
        }
        for other in ["SHIPMENT-8", "ORDER-1001"] {
            let error = json!({
                "errorCode": "Field.Invalid", "paths": ["payload.refId"],
                "message": "`refId` should be that of the transfer, which was redeemed before, or \
                            be left out.",
            });
            assert_error(&world.post("/transfers", &redemption(&token, other)).await, 400, error);
        }
    }
}

#[tokio::test]
async fn each_transfer_needs_a_reference_of_its_own() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let (one, two) = (world.waiting_token("ONE").await, world.waiting_token("TWO").await);
        let taken = json!({
            "errorCode": "Field.NotUnique", "paths": ["payload.refId"],
            "message": "`refId` is that of another token request or transfer: each one needs its \
                        own.",
        });
        let asked = redemption(&two, "ONE");
        // A refused request leaves its idempotency key free, and the token unredeemed.
        let refused = world.send(keyed(&world, "/transfers", &asked, "key-1")).await;
        assert_error(&refused, 400, taken.clone());
        let (of_one, of_two) = (redemption(&one, "SAME"), redemption(&two, "SAME"));
        let (first, second) =
            tokio::join!(world.post("/transfers", &of_one), world.post("/transfers", &of_two));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400], "{} {}", first.text(), second.text());
        let late = if first.status == 400 { &first } else { &second };
        assert_error(late, 400, taken);
        let left = if first.status == 400 { &one } else { &two };
        let answer =
            world.send(keyed(&world, "/transfers", &redemption(left, "OWN"), "key-2")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        // A token request cannot take it either.
        let request = with(&world.token_request(), "requestPayload.refId", "OWN");
        let answer = world.post("/token-requests", &request).await;
        assert_eq!(answer.json()["error"]["errorCode"], "Field.NotUnique", "{}", answer.text());
        // References belong to their member.
        let others = with(&request, "requestPayload.to.id", world.other.id.as_str());
        let others = others.to_string();
        let answer = world.call(&world.other, "POST", "/token-requests", others.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_reference_has_the_rules_of_a_token_requests() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let token = world.waiting_token("ORDER-1001").await;
        let long = "x".repeat(36);
        for (ref_id, code) in [
            (long.as_str(), "Field.InvalidFormat"),
            ("A\u{202E}B", "Field.Invalid"),
            ("4111111111111111", "PanDetected"),
        ] {
            let answer = world.post("/transfers", &redemption(&token, ref_id)).await;
            assert_eq!(answer.status, 400, "{ref_id}");
            assert_eq!(answer.json()["error"]["errorCode"], code, "{}", answer.text());
        }
        // Nothing was kept: an empty one counts as absent.
        let answer = world.post("/transfers", &redemption(&token, "")).await;
        assert_eq!(answer.json()["transfer"]["payload"]["refId"], "ORDER-1001");
    }
}
