//! The auditor: knows the simulated banks' books and the public API, and nothing of our tables. After
//! every fault at every exchange, once and more often, after deaths of the process, after returns in
//! every order and approvals after every deadline, there is at most one order at the bank, and none
//! beside a payment that is said to be unpaid.

use std::fmt::Write;
use std::sync::Arc;

use axum::body::Body;
use futures_util::future::Either;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::auditor_flows::KINDS;
use crate::scenarios::{BANKS, Bank, order_at};
use crate::support::payer::customer_of;
use crate::support::{Decision, Fault, World, id, with, world};

/// What goes wrong with one exchange.
const FAULTS: [Fault; 5] =
    [Fault::NotSent, Fault::LostBefore, Fault::LostAfter, Fault::Instead(503), Fault::CutOff];
/// How often it goes wrong.
pub const TIMES: [usize; 2] = [1, 5];

/// Statuses that say that no money moves.
const UNPAID: [&str; 6] = [
    "INITIATION_REJECTED",
    "INITIATION_REJECTED_INSUFFICIENT_FUNDS",
    "INITIATION_FAILED",
    "INITIATION_DECLINED",
    "INITIATION_EXPIRED",
    "CANCELED",
];

impl World {
    /// What must hold at any time.
    pub async fn audit_books(&self, id: &str, what: &str) {
        let status = self.status(id).await;
        let rows = self.at_the_bank(id).await;
        let dead = ["Rejected", "RJCT", "CANC"];
        let alive: Vec<&Value> = rows
            .iter()
            .filter(|row| {
                let words = row["order_status"].as_str().unwrap_or("none");
                row["accepted"].as_i64() > Some(0) && !dead.contains(&words)
            })
            .collect();
        let name = self.name;
        assert!(alive.len() <= 1, "{name}: {what}: {status}, but the bank has {alive:?}");
        if UNPAID.contains(&status.as_str()) {
            assert!(alive.is_empty(), "{name}: {what}: {status}, but the bank has {alive:?}");
        }
        if status == "INITIATION_COMPLETED" {
            // British 3.1 has its last word on a later day's payment when it is booked.
            let later = !self.payment(id).await["initiation"]["executionDate"].is_null();
            let executed = alive.iter().filter(|row| later || row["executed"] == 1).count();
            assert_eq!(executed, 1, "{name}: {what}: completed, but the bank has {rows:?}");
        }
    }

    /// The payer approves whatever the bank's app shows.
    async fn approve_everything_in_the_app(&self, bank: &str) {
        if !["bg-birke", "pl-sosna", "stet-saule"].contains(&bank) {
            return;
        }
        let path = format!("/sim/app/{bank}/{}", customer_of(bank));
        for _ in 0..6 {
            self.bank_post(&path, &[("decision", "approve")]).await;
        }
        self.bring_callbacks().await;
    }

    /// A payer who does all that the gateway and the bank's app offer, now and after each deadline;
    /// audited each time. `member` acts too.
    async fn live_and_audit(&self, payment: &Value, what: &str) {
        let id = id(payment);
        let bank = payment["initiation"]["bankId"].as_str().unwrap_or("bg-birke").to_owned();
        for (wait, now) in [
            (SignedDuration::from_secs(30), "at once"),
            (SignedDuration::from_mins(41), "after the payer's time"),
            (SignedDuration::from_hours(31 * 24), "after 30 days"),
        ] {
            let what = format!("{what}, {now}");
            self.approve_once(&id, &bank).await;
            self.approve_everything_in_the_app(&bank).await;
            self.audit_books(&id, &what).await;
            // What waits for a second try gets it before the deadline.
            for seconds in [2, 4, 8, 16, 32] {
                self.pass(SignedDuration::from_secs(seconds)).await;
            }
            self.approve_once(&id, &bank).await;
            self.pass(wait).await;
            self.pass(SignedDuration::from_mins(2)).await;
            self.audit_books(&id, &what).await;
        }
    }
}

impl World {
    /// The order for a day that is not over: a later day moves along with the clock.
    fn fresh(&self, order: &Value) -> Value {
        if order["initiation"]["executionDate"].is_null() {
            return order.clone();
        }
        let day = self.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let later = day.checked_add(jiff::Span::new().days(23)).unwrap();
        with(order, "initiation.executionDate", later.to_string())
    }

    /// A new payment, once the gateway takes the bank for usable again.
    async fn create_when_it_is_up(&self, order: &Value) -> Value {
        for _ in 0..10 {
            let answer = self.post("/v2/payments", order).await;
            if answer.status == 200 {
                return answer.json()["payment"].clone();
            }
            assert_eq!(answer.status, 503, "{}", answer.text());
            self.pass(SignedDuration::from_mins(10)).await;
        }
        panic!("{}: the bank stays unavailable: {order}", self.name);
    }
}

/// One payment and all the exchanges that it makes at that bank.
async fn operations_of(world: &World, order: &Value) -> Vec<&'static str> {
    let before = world.wire.operations().len();
    let payment = world.create(order).await;
    world.live_and_audit(&payment, "no fault").await;
    let status = world.status(&id(&payment)).await;
    assert_eq!(status, "INITIATION_COMPLETED", "without a fault: {payment}");
    world.wire.operations().split_off(before)
}

/// A line for each exchange and fault of a bank: how the payments end that meet it.
async fn every_fault(bank: &Bank, order: &Value) -> String {
    let mut table = format!("## {}\n", bank.id);
    for operation in operations_of(&world().await, order).await {
        for fault in FAULTS {
            // What banks say has nothing to do with the database, so one is enough. A fresh one,
            // because months pass in it, and certificates end.
            let world = &world().await;
            world.wire.expect_broken_answers();
            let mut ends = vec![];
            for times in TIMES {
                let what = format!("{}: {operation} {fault:?} {times} times", bank.id);
                let order = &world.fresh(order);
                world.wire.plan(operation, fault, times);
                let payment = world.create_when_it_is_up(order).await;
                world.live_and_audit(&payment, &what).await;
                world.wire.forget_faults();
                let status = world.status(&id(&payment)).await;
                ends.push(status.trim_start_matches("INITIATION_").to_lowercase());
            }
            let fault = format!("{fault:?}");
            writeln!(table, "{operation:<35} {fault:<13} {}", ends.join(", ")).unwrap();
        }
    }
    table
}

async fn banks_of(prefix: &str) -> String {
    let mut table = String::new();
    for bank in BANKS.iter().filter(|bank| bank.id.starts_with(prefix)) {
        table += &every_fault(bank, &order_at(bank.id, bank.debtor, "10.23")).await;
    }
    table
}

#[tokio::test]
async fn uk_open_banking_every_exchange_every_fault() {
    insta::assert_snapshot!(banks_of("ob-").await);
}

#[tokio::test]
async fn next_gen_psd2_every_exchange_every_fault() {
    insta::assert_snapshot!(banks_of("bg-").await);
}

#[tokio::test]
async fn stet_every_exchange_every_fault() {
    insta::assert_snapshot!(banks_of("stet-").await);
}

#[tokio::test]
async fn polish_api_every_exchange_every_fault() {
    insta::assert_snapshot!(banks_of("pl-").await);
}

/// What the member knows of the payer from the start goes along with the creation.
#[tokio::test]
async fn banks_that_know_the_payer_from_the_start() {
    let mut table = String::new();
    for bank in BANKS.iter().filter(|bank| ["bg-ahorn", "bg-eiche", "bg-birke"].contains(&bank.id))
    {
        let order = order_at(bank.id, bank.debtor, "10.23");
        let known = json!({ "psuId": customer_of(bank.id) });
        table += &every_fault(bank, &with(&order, "initialEmbeddedAuth", known)).await;
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn payments_for_a_later_day() {
    let mut table = String::new();
    let banks = ["bg-linden", "stet-hetre", "ob-iron"];
    for bank in BANKS.iter().filter(|bank| banks.contains(&bank.id)) {
        let order = order_at(bank.id, bank.debtor, "10.23");
        let later = with(&order, "initiation.executionDate", "2026-01-28");
        table += &every_fault(bank, &later).await;
    }
    insta::assert_snapshot!(table);
}

/// The process dies with an exchange on its way, before or after the bank has it.
#[tokio::test]
async fn the_process_dies_at_every_exchange() {
    for bank in &BANKS {
        let order = order_at(bank.id, bank.debtor, "10.23");
        let operations = operations_of(&world().await, &order).await;
        for operation in operations {
            for fault in [Fault::HeldBefore, Fault::HeldAfter] {
                let what = format!("{}: dies at {operation} {fault:?}", bank.id);
                // A world for each: what a dead process was doing stays held for ever.
                let mut world = world().await;
                world.wire.plan(operation, fault, 1);
                let body = order.to_string();
                world.send_unless_held("POST", "/v2/payments", &body).await;
                let listed = world.get("/v2/payments?limit=1").await.json();
                let payment = listed["payments"][0].clone();
                let id = id(&payment);
                world.play_until_held(&id, bank.id).await;
                world.restart().await;
                world.wire.forget_faults();
                let payment = world.payment(&id).await;
                world.live_and_audit(&payment, &what).await;
            }
        }
    }
}

impl World {
    /// Waits for the future, or until the wire holds an exchange: then it never ends.
    async fn unless_held<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> bool {
        let running = tokio::spawn(future);
        let held = Box::pin(self.wire.until_held());
        matches!(futures_util::future::select(running, held).await, Either::Left(_))
    }

    pub async fn send_unless_held(&self, method: &str, path: &str, body: &str) -> bool {
        let json = [("content-type", "application/json")];
        self.send_requested_unless_held(self.request(method, path, body.as_bytes(), &json)).await
    }

    pub async fn send_requested_unless_held(&self, request: http::Request<Body>) -> bool {
        self.unless_held(self.router().oneshot(request)).await
    }

    /// Plays the payer until the wire holds an exchange, or nothing moves.
    pub async fn play_until_held(&self, id: &str, bank: &str) {
        for _ in 0..16 {
            let app = Arc::clone(&self.app);
            if !self.unless_held(async move { gateway::jobs::run_due(&app).await }).await {
                return;
            }
            let payment = self.payment(id).await;
            match payment["status"].as_str().unwrap() {
                "INITIATION_PENDING_REDIRECT_AUTH" => {
                    let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
                    self.play_redirect(url, Decision::Approve).await;
                }
                "INITIATION_PENDING_EMBEDDED_AUTH" => {
                    let mut answers = serde_json::Map::new();
                    for field in payment["authentication"]["fields"].as_array().unwrap() {
                        let name = field["id"].as_str().unwrap();
                        let option = field["options"][0].as_str();
                        let answer = self.answer_of(bank, name, option).await;
                        answers.insert(name.to_owned(), Value::String(answer));
                    }
                    let path = format!("/v2/payments/{id}/embedded-auth");
                    let body = json!({ "embeddedAuth": answers }).to_string();
                    if !self.send_unless_held("POST", &path, &body).await {
                        return;
                    }
                }
                "INITIATION_PENDING_DECOUPLED_AUTH" => {
                    self.approve_everything_in_the_app(bank).await;
                    self.clock.advance(SignedDuration::from_secs(2));
                }
                _ => {
                    self.clock.advance(SignedDuration::from_secs(2));
                }
            }
        }
    }
}

/// What reaches the gateway after a payer has approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    /// The true return.
    Return,
    /// A browser with nothing but `state`.
    Bare,
    /// A browser that says that the payer declined.
    Denied,
    /// A browser with an invented code.
    Forged,
    /// Time passes, and the bank is asked.
    Question,
}

const ARRIVALS: [Arrival; 5] =
    [Arrival::Return, Arrival::Bare, Arrival::Denied, Arrival::Forged, Arrival::Question];

/// Every order of the arrivals.
fn orders() -> Vec<Vec<Arrival>> {
    fn extend(so_far: &[Arrival], all: &mut Vec<Vec<Arrival>>) {
        if so_far.len() == ARRIVALS.len() {
            all.push(so_far.to_vec());
        }
        for next in ARRIVALS.into_iter().filter(|next| !so_far.contains(next)) {
            extend(&[so_far, &[next]].concat(), all);
        }
    }
    let mut all = vec![];
    extend(&[], &mut all);
    all
}

impl World {
    /// Approves at the bank; the query with which its browser would come back.
    async fn approved_return(&self, payment: &Value) -> String {
        let id = id(payment);
        let mut url = payment["authentication"]["redirectUrl"].as_str().unwrap().to_owned();
        let british = url.contains("/ob-") && !url.contains("/ob-onyx");
        if british {
            return self.visit_bank(&url, Decision::Approve).await.form();
        }
        let mut callback = self.walk_pages(&url, Decision::Approve).await;
        if url.contains("/bg-encina") {
            // The first way to the bank is the sign-in.
            self.page(&callback).await;
            self.settle().await;
            let payment = self.payment(&id).await;
            url = payment["authentication"]["redirectUrl"].as_str().unwrap().to_owned();
            callback = self.walk_pages(&url, Decision::Approve).await;
        }
        callback.split_once('?').unwrap().1.to_owned()
    }

    async fn comes(&self, arrival: Arrival, true_return: &str) {
        let state = state_of(true_return);
        let query = match arrival {
            Arrival::Return => true_return.to_owned(),
            Arrival::Bare => format!("state={state}"),
            Arrival::Denied => {
                format!("state={state}&error=access_denied&error_description=Call+us+now")
            }
            Arrival::Forged => format!("state={state}&code=invented&id_token=invented"),
            Arrival::Question => {
                self.pass(SignedDuration::from_secs(20)).await;
                return;
            }
        };
        let form = http::Request::post("/callback")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(query))
            .unwrap();
        let answer = self.send(form).await;
        assert!(answer.status < 400, "{arrival:?}: {}", answer.text());
    }
}

/// The state is inside where the bank signs the whole answer.
fn state_of(query: &str) -> String {
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    banks::parse_return(&pairs).unwrap().state
}

/// Whatever a browser says, and however early: what the payer approved is paid, once. With and
/// without time for the gateway between two arrivals. One bank of each kind sees every order; the
/// others share the orders among them.
#[tokio::test]
async fn returns_in_every_order() {
    for (index, bank) in BANKS.iter().filter(|bank| bank.redirects()).enumerate() {
        let world = &world().await;
        world.wire.expect_broken_answers();
        let every = if KINDS.contains(&bank.id) { 1 } else { 6 };
        let mine =
            orders().into_iter().enumerate().filter(|(number, _)| number % every == index % every);
        for (_, order) in mine {
            for settles in [true, false] {
                let what = format!("{}: {order:?}, settles {settles}", bank.id);
                let payment = world.create(&order_at(bank.id, bank.debtor, "10.23")).await;
                let id = id(&payment);
                let true_return = world.approved_return(&payment).await;
                for arrival in &order {
                    world.comes(*arrival, &true_return).await;
                    if settles {
                        world.settle().await;
                    }
                    world.audit_books(&id, &what).await;
                }
                for _ in 0..4 {
                    world.half_a_minute().await;
                }
                let shown = world.payment(&id).await;
                // The Italian bank goes home at 18:00.
                let closed = bank.id == "bg-pino" && shown["status"] == "INITIATION_PROCESSING";
                assert!(closed || shown["status"] == "INITIATION_COMPLETED", "{what}: {shown}");
                assert!(!shown.to_string().contains("Call us now"), "{what}: {shown}");
                world.audit_books(&id, &what).await;
            }
        }
    }
}
