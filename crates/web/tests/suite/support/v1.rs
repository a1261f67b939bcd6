//! Bodies and answers of payments v1.

use serde_json::{Value, json};

use super::{World, with};

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
}
