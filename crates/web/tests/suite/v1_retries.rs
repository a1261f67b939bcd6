//! `POST /token-requests/{tokenRequestId}/authorization` after `AUTHENTICATION_FAILED`: the token
//! request stays pending, and the approval is tried again.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Decision, Fault, World, assert_error, id, worlds};

const BANK: &str = "bg-ahorn";
const CONSENT: &str = "create-domestic-payment-consent";
/// Rounds of questions of one approval.
const ROUNDS_MAX: usize = 8;

fn failed() -> Value {
    json!({ "status": "AUTHENTICATION_FAILED" })
}

impl World {
    /// A token request at a bank that asks questions.
    async fn asked(&self) -> String {
        let instructions = json!({ "transferDestinations": [{
            "sepa": { "iban": "DE02120300000000202051" },
            "customerData": { "legalNames": ["Customer Inc."] } }],
            "source": { "accountIdentifier": { "iban": { "iban": "DE32370400440000001036" } },
                "customerData": { "legalNames": ["Payer"] } } });
        id(&self.store(&self.token_request_of(BANK, "EUR", instructions)).await)
    }

    /// Answers the bank's questions to the end; `password` in the place of the right one.
    async fn answer_all(&self, request: &str, password: Option<&str>) -> Answer {
        let mut answer = self.authorize(request, &json!({ "useCredentialFlow": true })).await;
        for _ in 0..ROUNDS_MAX {
            let asked = answer.json();
            let Some(fields) = asked["fields"]["fields"].as_array() else { break };
            let mut credentials = serde_json::Map::new();
            for field in fields.iter().filter(|one| ["FIELD", "PASSWORD"].contains(&kind(one))) {
                let name = field["id"].as_str().unwrap();
                let right = self.answer_of(BANK, name, field["options"][0].as_str()).await;
                let wrong = password.filter(|_| name == "password").map(str::to_owned);
                credentials.insert(name.to_owned(), wrong.unwrap_or(right).into());
            }
            let body = json!({ "useCredentialFlow": true, "credentials": credentials });
            answer = self.authorize(request, &body).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        answer
    }

    async fn payments(&self) -> Vec<Value> {
        self.get("/v2/payments").await.json()["payments"].as_array().unwrap().clone()
    }
}

fn kind(field: &Value) -> &str {
    field["type"].as_str().unwrap()
}

#[tokio::test]
async fn after_wrong_answers_the_payer_may_try_again() {
    for world in worlds().await {
        let request = world.asked().await;
        let answer = world.answer_all(&request, Some("wrong")).await;
        assert_eq!(answer.json(), failed(), "{}", world.name);
        let result = world.result(&request).await;
        assert_eq!((&result["status"], &result["tokenId"]), (&json!("PENDING"), &Value::Null));
        world.pass(SignedDuration::from_secs(1)).await;
        let answer = world.answer_all(&request, None).await;
        assert_eq!(answer.json(), json!({ "status": "AUTHENTICATED" }), "{}", world.name);
        world.half_a_minute().await;
        let result = world.result(&request).await;
        assert_eq!(result["status"], "PROCESSED", "{result}");
        // The token is the second approval's, and one order was executed.
        let payments = world.payments().await;
        let of = |status: &str| payments.iter().filter(|one| one["status"] == status).count();
        assert_eq!((payments.len(), of("INITIATION_COMPLETED")), (2, 1), "{payments:?}");
        // The bank had the order of each approval: both are transfers, each with its own id.
        let transfers = world.get("/transfers?page.limit=10").await.json()["transfers"].clone();
        let transfers = transfers.as_array().unwrap();
        let statuses: Vec<&Value> = transfers.iter().map(|one| &one["status"]).collect();
        assert_eq!(statuses, ["SUCCESS", "FAILURE_DECLINED"], "{transfers:?}");
        assert_eq!(transfers[0]["id"], result["transferId"]);
        for listed in transfers {
            let read = world.get(&format!("/transfers/{}", id(listed))).await.json();
            assert_eq!(read["transfer"]["id"], listed["id"], "{read}");
            assert_eq!(read["transfer"]["status"], listed["status"], "{read}");
        }
        let executed: i64 = {
            let mut sum = 0;
            for payment in &payments {
                sum += world.posted_and_executed(&id(payment)).await.1;
            }
            sum
        };
        assert_eq!(executed, 1, "{}", world.name);
        // An authenticated approval does not start again.
        let again = world.authorize(&request, &json!({ "useCredentialFlow": true })).await;
        assert_eq!(again.json(), json!({ "status": "AUTHENTICATED" }));
        assert_eq!(world.payments().await.len(), 2);
    }
}

#[tokio::test]
async fn a_failure_behind_the_members_back_is_seen_once_before_it_starts_again() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        world.wire.plan(CONSENT, Fault::Instead(503), 100);
        assert_eq!(world.authorize(&request, &json!({})).await.status, 504);
        for _ in 0..10 {
            world.pass(SignedDuration::from_secs(15)).await;
        }
        world.wire.forget_faults();
        // The bank is down until a probe finds it up again.
        world.pass(SignedDuration::from_mins(1)).await;
        gateway::housekeeping::probe_banks(&world.app).await;
        assert_eq!(world.result(&request).await["status"], "PENDING");
        let answer = world.authorize(&request, &json!({})).await;
        assert_eq!(answer.json(), failed(), "{}", answer.text());
        let body = json!({});
        let (one, two) =
            tokio::join!(world.authorize(&request, &body), world.authorize(&request, &body));
        assert!([one.status, two.status].contains(&200), "{} {}", one.text(), two.text());
        assert_eq!(world.payments().await.len(), 2, "two requests at once are one more payment");
        let next = world.authorize(&request, &body).await;
        assert!(next.json()["redirectUrl"].is_string(), "{}", next.text());
        world.decide_on(&next, Decision::Approve).await;
        assert_eq!(world.result(&request).await["status"], "PROCESSED");
    }
}

#[tokio::test]
async fn it_can_be_tried_again_until_the_token_request_expires() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        world.wire.plan(CONSENT, Fault::Instead(401), 2);
        assert_eq!(world.authorize(&request, &json!({})).await.json(), failed());
        assert_eq!(world.result(&request).await["status"], "PENDING");
        world.pass(SignedDuration::from_mins(20)).await;
        assert_eq!(world.result(&request).await["status"], "EXPIRED");
        let error = json!({
            "errorCode": "Field.Invalid", "paths": ["tokenRequestId"],
            "message": "the token request has expired: create a new one.",
        });
        assert_error(&world.authorize(&request, &json!({})).await, 400, error);
        assert_eq!(world.payments().await.len(), 1);
    }
}

/// The bank's "no" to the payment itself is final.
#[tokio::test]
async fn a_payment_that_the_bank_refuses_is_not_tried_again() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        world.wire.plan(CONSENT, Fault::Instead(400), 1);
        for _ in 0..2 {
            assert_eq!(world.authorize(&request, &json!({})).await.json(), failed());
            assert_eq!(world.result(&request).await["status"], "REJECTED");
        }
        assert_eq!(world.payments().await.len(), 1);
    }
}
