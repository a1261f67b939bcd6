//! Bodies and answers of payments v1.

use serde_json::{Value, json};

use super::{Answer, Decision, World, id, with};

/// The place of the first destination's list and of the other instructions.
pub const INSTRUCTIONS: &str = "requestPayload.transferBody.instructions";

impl World {
    /// A token request of £10.23 at `ob-modelo`.
    pub fn token_request(&self) -> Value {
        json!({
            "requestOptions": { "bankId": "ob-modelo", "psuId": "user-1" },
            "requestPayload": {
                "to": { "id": self.member.id.as_str() },
                "refId": "ORDER-1001",
                "redirectUrl": "https://shop.example/return",
                "description": "Order 1001",
                "callbackState": "state-1",
                "transferBody": {
                    "lifetimeAmount": "10.23",
                    "currency": "GBP",
                    "remittanceReference": "Sweepco",
                    "instructions": { "transferDestinations": [{
                        "fasterPayments": { "sortCode": "123456", "accountNumber": "12345678" },
                        "customerData": { "legalNames": ["Customer Inc."] },
                        "type": "BUSINESS"
                    }] }
                }
            }
        })
    }

    /// The same to another payee and from another payer, at a bank.
    pub fn token_request_of(&self, bank: &str, currency: &str, instructions: Value) -> Value {
        let body = with(&self.token_request(), "requestOptions.bankId", bank);
        let body = with(&body, "requestPayload.transferBody.currency", currency);
        with(&body, INSTRUCTIONS, instructions)
    }

    /// `POST /token-requests` that must succeed: the token request.
    pub async fn store(&self, body: &Value) -> Value {
        let answer = self.post("/token-requests", body).await;
        assert_eq!(answer.status, 200, "{}: {}", self.name, answer.text());
        answer.json()["tokenRequest"].clone()
    }

    /// `POST /token-requests/{id}/authorization`.
    pub async fn authorize(&self, request: &str, body: &Value) -> Answer {
        self.post(&format!("/token-requests/{request}/authorization"), body).await
    }

    /// `GET /token-requests/{id}/result`.
    pub async fn result(&self, request: &str) -> Value {
        let answer = self.get(&format!("/token-requests/{request}/result")).await;
        assert_eq!(answer.status, 200, "{}: {}", self.name, answer.text());
        answer.json()
    }

    /// The payer of a redirect decides; everything that is due then happens. Where the browser goes.
    pub async fn decide_on(&self, authorization: &Answer, decision: Decision) -> String {
        let url = authorization.json()["redirectUrl"].as_str().unwrap().to_owned();
        let back = self.visit_bank(&url, decision).await;
        let answer = self.return_to_gateway(&back).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.settle().await;
        answer.text()
    }

    /// A token request that a payer has decided on by redirect: its id.
    pub async fn decided(&self, body: &Value, decision: Decision) -> String {
        let request = id(&self.store(body).await);
        let authorization = self.authorize(&request, &json!({ "consentAccepted": true })).await;
        assert_eq!(authorization.status, 200, "{}: {}", self.name, authorization.text());
        self.decide_on(&authorization, decision).await;
        request
    }
}
