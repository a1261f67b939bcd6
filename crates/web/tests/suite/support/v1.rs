//! Bodies and answers of payments v1.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::payer::account_of;
use super::{Answer, Decision, World, id, with, without};

/// Steps of one approval.
const STEPS_MAX: usize = 12;

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

    /// A standing order of £10.23 at `ob-modelo`, every month of 2026 from February on.
    pub fn standing_order(&self) -> Value {
        let body = without(&self.token_request(), "requestPayload.description");
        let instructions = body["requestPayload"]["transferBody"]["instructions"].clone();
        let body = without(&body, "requestPayload.transferBody");
        let standing_order = json!({
            "amount": "10.23",
            "currency": "GBP",
            "remittanceReference": "Rent",
            "frequency": "MNTH",
            "startDate": "2026-02-01",
            "endDate": "2026-12-01",
            "instructions": instructions
        });
        with(&body, "requestPayload.standingOrderBody", standing_order)
    }

    /// The same as the bank wants it, to a payee of the bank's country.
    pub fn standing_order_at(&self, bank: &str) -> Value {
        let body = with(&self.standing_order(), "requestOptions.bankId", bank);
        let body = with(&body, "requestPayload.refId", format!("SO-{bank}"));
        let (currency, rail, account) = match bank {
            _ if bank.starts_with("ob-") => return body,
            _ if bank.starts_with("pl-") => {
                ("PLN", "elixir", json!({ "accountNumber": "61109010140000071219812874" }))
            }
            "bg-stejar" => {
                ("RON", "euDomesticNonEuro", json!({ "iban": "RO39STEJ0000000000001015" }))
            }
            _ => ("EUR", "sepa", json!({ "iban": "DE02120300000000202051" })),
        };
        let payee = json!([{ rail: account, "type": "BUSINESS",
            "customerData": { "legalNames": ["Customer Inc."] } }]);
        let payer = json!({ "accountIdentifier": { "iban": { "iban": account_of(bank) } },
            "customerData": { "legalNames": ["Payer"] } });
        let place = "requestPayload.standingOrderBody";
        let body = with(&body, &format!("{place}.currency"), currency);
        let body = with(&body, &format!("{place}.instructions.transferDestinations"), payee);
        match ["bg-linden", "bg-ahorn", "bg-stejar", "stet-saule", "pl-brzoza"].contains(&bank) {
            true => with(&body, &format!("{place}.instructions.source"), payer),
            false => body,
        }
    }

    /// Plays the payer of a token request to the end of the approval, as its member's pages would.
    pub async fn play_payer_of(&self, request: &str, bank: &str, decision: Decision) {
        let path = format!("/token-requests/{request}/authorization");
        let mut left_for = String::new();
        for _ in 0..STEPS_MAX {
            self.settle().await;
            let answer = self.post(&path, &json!({ "useCredentialFlow": true })).await;
            let next = answer.json();
            if let Some(url) = next["redirectUrl"].as_str() {
                // A payer who has declined there does not go there again.
                if decision == Decision::Decline && url == left_for {
                    return;
                }
                url.clone_into(&mut left_for);
                self.play_redirect(url, decision).await;
                continue;
            }
            let Some(fields) = next["fields"]["fields"].as_array() else {
                assert!(next["status"].is_string(), "{}: {bank}: {}", self.name, answer.text());
                return;
            };
            if fields[0]["type"] == "DECOUPLED" {
                self.decide_in_app(bank, decision).await;
                self.bring_callbacks().await;
                self.pass(SignedDuration::from_secs(2)).await;
                continue;
            }
            let mut answers = serde_json::Map::new();
            for field in fields {
                if ["FIELD", "PASSWORD"].contains(&field["type"].as_str().unwrap()) {
                    let id = field["id"].as_str().unwrap();
                    let first = field["options"][0].as_str();
                    let right = self.answer_of(bank, id, first).await;
                    answers.insert(id.to_owned(), Value::String(right));
                }
            }
            let body = json!({ "useCredentialFlow": true, "credentials": answers });
            let answer = self.post(&path, &body).await;
            assert_eq!(answer.status, 200, "{}: {bank}: {}", self.name, answer.text());
        }
        panic!("{}: {bank}: no end of steps", self.name);
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
        assert!(answer.status < 400, "{}", answer.text());
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
