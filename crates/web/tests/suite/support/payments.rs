//! Whole payments in a few words.

use gateway::members::set_settings;
use jiff::SignedDuration;
use serde_json::Value;
use store::members::MemberSettings;

use super::{BankReturn, Decision, World};

impl World {
    /// `POST /v2/payments` that must succeed: the payment.
    pub async fn create(&self, body: &Value) -> Value {
        let answer = self.post("/v2/payments", body).await;
        assert_eq!(answer.status, 200, "{}: {}", self.name, answer.text());
        answer.json()["payment"].clone()
    }

    /// The payment's current state.
    pub async fn payment(&self, id: &str) -> Value {
        let answer = self.get(&format!("/v2/payments/{id}")).await;
        assert_eq!(answer.status, 200, "{}: {}", self.name, answer.text());
        answer.json()["payment"].clone()
    }

    pub async fn status(&self, id: &str) -> String {
        self.payment(id).await["status"].as_str().unwrap().to_owned()
    }

    /// Changes what is agreed with the world's member.
    pub async fn agree(&self, settings: MemberSettings) {
        let known = set_settings(&self.app, &self.member.id, settings).await.unwrap();
        assert!(known);
    }

    /// The payer decides at the bank and returns; everything that is due then happens.
    pub async fn decide(&self, payment: &Value, decision: Decision) -> BankReturn {
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
        let back = self.visit_bank(url, decision).await;
        let answer = self.return_to_gateway(&back).await;
        assert!(answer.status < 400, "{}: {}", self.name, answer.text());
        self.settle().await;
        back
    }

    /// A payment that the payer has approved, up to the bank's answer to the order: its id.
    pub async fn approved(&self, body: &Value) -> String {
        let payment = self.create(body).await;
        self.decide(&payment, Decision::Approve).await;
        id(&payment)
    }

    /// Half a minute in steps of a second: the simulated banks are done after two.
    pub async fn half_a_minute(&self) {
        for _ in 0..30 {
            self.pass(SignedDuration::from_secs(1)).await;
        }
    }

    /// The simulated banks' data for their operator.
    pub async fn bank_json(&self, path: &str) -> Value {
        let request = http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        let answer = self.wire.bank(request).await.unwrap();
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// The simulated banks' data about the payment's consents (`GET /sim/orders`): one row per
    /// consent, with how many orders were posted, accepted and executed.
    pub async fn at_the_bank(&self, id: &str) -> Vec<Value> {
        let rows = self.bank_json("/sim/orders").await;
        let core = self.end_to_end_id(id).await;
        let core = core.as_str();
        let rows = rows.as_array().unwrap().iter();
        // A repeated request at a STET bank has the number of its opening after the id.
        let of = |row: &Value| {
            let id = row["end_to_end_identification"].as_str().unwrap_or_default();
            id == core || id.strip_prefix(core).is_some_and(|rest| rest.starts_with('-'))
        };
        rows.filter(|row| of(row)).cloned().collect()
    }

    /// The id under which the bank knows the payment.
    pub async fn end_to_end_id(&self, id: &str) -> String {
        // Transfers and tokens of v1 are the same payment under other prefixes.
        let (_, rest) = id.split_once(':').unwrap();
        let wanted: domain::ids::PaymentId = format!("pm2:{rest}").parse().unwrap();
        let payment = self
            .app
            .db()
            .read(move |tx| store::unit(async move { store::payments::get_any(tx, &wanted).await }))
            .await
            .unwrap();
        payment.unwrap().end_to_end_id().to_owned()
    }

    /// How many orders of the payment were posted and executed, over all its consents.
    pub async fn posted_and_executed(&self, id: &str) -> (i64, i64) {
        let rows = self.at_the_bank(id).await;
        let sum = |name: &str| rows.iter().map(|row| row[name].as_i64().unwrap()).sum();
        (sum("posts"), sum("executed"))
    }

    /// Checks the invariants after any fault: no second order, and no false "nothing was paid".
    pub async fn audit(&self, id: &str, what: &str) {
        let status = self.status(id).await;
        let (posts, executed) = self.posted_and_executed(id).await;
        let name = self.name;
        assert!(posts <= 1, "{name}: {what}: {posts} orders were posted; {status}");
        assert!(executed <= 1, "{name}: {what}: {executed} orders were executed; {status}");
        let unpaid = [
            "INITIATION_REJECTED",
            "INITIATION_REJECTED_INSUFFICIENT_FUNDS",
            "INITIATION_FAILED",
            "INITIATION_DECLINED",
            "INITIATION_EXPIRED",
            "CANCELED",
        ];
        if unpaid.contains(&status.as_str()) {
            let rows = self.at_the_bank(id).await;
            let money = rows.iter().any(|row| {
                let words = row["order_status"].as_str().unwrap_or("none");
                row["accepted"].as_i64() > Some(0) && !["Rejected", "RJCT", "CANC"].contains(&words)
            });
            assert!(!money, "{name}: {what}: {status}, but the bank has {rows:?}");
        }
        if status == "INITIATION_COMPLETED" {
            assert_eq!(executed, 1, "{name}: {what}: completed, but nothing was executed");
        }
    }
}

/// The payment's id.
pub fn id(payment: &Value) -> String {
    payment["id"].as_str().unwrap().to_owned()
}
