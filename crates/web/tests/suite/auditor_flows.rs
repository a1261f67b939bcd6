//! The auditor over every other way in than `POST /v2/payments` of a member with own pages: hosted
//! pages, links, payments v1 and standing orders. As in `auditor`: every fault at every exchange,
//! judged by the banks' books and the public API.

use std::fmt::Write;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::auditor::TIMES;
use crate::scenarios::{BANKS, Bank, order_at};
use crate::support::payer::unescaped;
use crate::support::visitor::customer_at;
use crate::support::{Answer, Fault, World, id, with, without, world};
use crate::v1_transfers::on_request;

/// One of each kind; `auditor` has them all at the other way in, and every bank.
const FAULTS: [Fault; 3] = [Fault::NotSent, Fault::LostAfter, Fault::Instead(503)];

/// One bank of each kind: redirect before the order, execution at the approval, a sign-in first,
/// questions, the bank's app, and both kinds of callback.
pub const KINDS: [&str; 8] = [
    "ob-iron",
    "bg-linden",
    "bg-encina",
    "bg-ahorn",
    "bg-birke",
    "stet-hetre",
    "stet-if",
    "pl-sosna",
];

/// Those that have standing orders, and the ones at which they go another way.
const WITH_STANDING_ORDERS: [&str; 5] =
    ["ob-iron", "bg-linden", "bg-ahorn", "stet-saule", "pl-dab"];

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// `FULL_HOSTED_PAGES`.
    HostedPages,
    /// `PAY_BY_LINK_HOSTED_PAGES`.
    Link,
    /// A token request whose member leads the payer and is paid without asking for it.
    TokenRequest,
    /// The same; the member redeems with `POST /transfers`, and repeats what got no good answer.
    Redeemed,
    /// A token request on the hosted pages v1.
    TokenRequestPages,
    /// A token request for a standing order.
    StandingOrder,
}

/// What was begun: a payment of v2 or a token request.
struct Begun {
    entry: Entry,
    bank: &'static Bank,
    id: String,
}

fn hosted(bank: &Bank, flow: &str) -> Value {
    let order = order_at(bank.id, bank.debtor, "10.23");
    without(&with(&order, "initiation.flowType", flow), "initiation.bankId")
}

impl World {
    fn token_request_at(&self, bank: &Bank) -> Value {
        if bank.id.starts_with("ob-") {
            return with(&self.token_request(), "requestOptions.bankId", bank.id);
        }
        let (currency, rail, account) = match bank.id.starts_with("pl-") {
            true => ("PLN", "elixir", json!({ "accountNumber": "61109010140000071219812874" })),
            false => ("EUR", "sepa", json!({ "iban": "DE02120300000000202051" })),
        };
        let payee = json!([{ rail: account, "customerData": { "legalNames": ["Customer Inc."] } }]);
        let mut instructions = json!({ "transferDestinations": payee });
        if let Some(iban) = bank.debtor {
            instructions["source"] = json!({
                "accountIdentifier": { "iban": { "iban": iban } },
                "customerData": { "legalNames": ["Payer"] } });
        }
        self.token_request_of(bank.id, currency, instructions)
    }

    async fn begin(&self, entry: Entry, bank: &'static Bank) -> Begun {
        let id = match entry {
            Entry::HostedPages => id(&self.create(&hosted(bank, "FULL_HOSTED_PAGES")).await),
            Entry::Link => id(&self.create(&hosted(bank, "PAY_BY_LINK_HOSTED_PAGES")).await),
            Entry::TokenRequest | Entry::Redeemed => {
                id(&self.store(&self.token_request_at(bank)).await)
            }
            Entry::TokenRequestPages => {
                let open = without(&self.token_request_at(bank), "requestOptions.bankId");
                id(&self.store(&open).await)
            }
            Entry::StandingOrder => id(&self.store(&self.standing_order_at(bank.id)).await),
        };
        Begun { entry, bank, id }
    }

    /// The payer chooses the bank and agrees, as far as the pages ask for it.
    async fn choose_bank(&self, path: &str, bank: &Bank) {
        let mut fields = vec![("bank-id", bank.id), ("decision", "accept")];
        fields.extend(bank.debtor.map(|account| ("account", account)));
        let answer = self.submit(path, &fields).await;
        assert!(answer.status < 500, "{path}: {}", answer.text());
    }

    /// Answers one question of a page; whether there was one.
    async fn answer_on_page(&self, path: &str, bank: &str) -> bool {
        let html = self.page_of_questions(path).await;
        let Some(before) = html.split("required").next().filter(|before| before.len() < html.len())
        else {
            return false;
        };
        let name = before.rsplit("name=\"").next().and_then(|rest| rest.split('"').next()).unwrap();
        let offered = html.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let offered = offered.filter(|_| html.contains("type=\"radio\"")).map(unescaped);
        let answer = self.answer_of(bank, name, offered.as_deref()).await;
        let answered = self.submit(&format!("{path}/answers"), &[(name, &answer)]).await;
        assert!(answered.status < 500, "{path}: {}", answered.text());
        true
    }

    /// The payer on the hosted pages, once.
    async fn pay_on_pages(&self, begun: &Begun) {
        let first = match begun.entry {
            Entry::TokenRequestPages => format!("/app/request-token/{}", begun.id),
            _ => format!("/session/{}", begun.id),
        };
        self.choose_bank(&first, begun.bank).await;
        for _ in 0..8 {
            self.settle().await;
            let Some(payment) = self.payment_of(begun).await else { return };
            let id = id(&payment);
            self.approve_once(&id, begun.bank.id).await;
            match self.status(&id).await.as_str() {
                "INITIATION_PENDING_REDIRECT_HP" => {
                    if !self.answer_on_page(&format!("/session/{id}"), begun.bank.id).await {
                        self.choose_bank(&first, begun.bank).await;
                    }
                }
                "INITIATION_PENDING" | "INITIATION_PENDING_EMBEDDED_AUTH_VERIFICATION" => {
                    self.pass(SignedDuration::from_secs(5)).await;
                }
                _ => return,
            }
        }
    }

    /// The payment that came of it, where v2 shows one.
    async fn payment_of(&self, begun: &Begun) -> Option<Value> {
        match begun.entry {
            Entry::HostedPages | Entry::Link => Some(self.payment(&begun.id).await),
            Entry::TokenRequest
            | Entry::Redeemed
            | Entry::TokenRequestPages
            | Entry::StandingOrder => {
                let listed = self.get("/v2/payments?limit=1").await.json();
                listed["payments"].get(0).cloned()
            }
        }
    }

    /// The payer whom the member leads, once; then what the member does.
    async fn pay_at_the_member(&self, begun: &Begun) {
        let bank = begun.bank.id;
        let (mut visited, mut pressed) = (vec![], false);
        for _ in 0..12 {
            self.settle().await;
            let asked = json!({ "consentAccepted": true, "useCredentialFlow": true });
            let answer = self.authorize(&begun.id, &asked).await;
            let next = answer.json();
            if let Some(url) = next["redirectUrl"].as_str() {
                if visited.contains(&url.to_owned()) {
                    break;
                }
                visited.push(url.to_owned());
                self.visit(url, customer_at(bank)).await;
                continue;
            }
            let Some(fields) = next["fields"]["fields"].as_array() else {
                if ["PROCESSING", "PENDING"].contains(&next["status"].as_str().unwrap_or_default())
                {
                    self.pass(SignedDuration::from_secs(5)).await;
                    continue;
                }
                break;
            };
            if fields[0]["type"] == "DECOUPLED" {
                if pressed {
                    break;
                }
                pressed = true;
                self.bank_post(
                    &format!("/sim/app/{bank}/{}", customer_at(bank)),
                    &[("decision", "approve")],
                )
                .await;
                self.bring_callbacks().await;
                self.pass(SignedDuration::from_secs(2)).await;
                continue;
            }
            self.answer_fields(begun, fields).await;
        }
        self.settle().await;
        self.redeem_what_is_approved(begun).await;
    }

    async fn answer_fields(&self, begun: &Begun, fields: &[Value]) -> Answer {
        let mut answers = serde_json::Map::new();
        for field in fields {
            if ["FIELD", "PASSWORD"].contains(&field["type"].as_str().unwrap()) {
                let id = field["id"].as_str().unwrap();
                let right = self.answer_of(begun.bank.id, id, field["options"][0].as_str()).await;
                answers.insert(id.to_owned(), Value::String(right));
            }
        }
        let body = json!({ "useCredentialFlow": true, "credentials": answers });
        let answer = self.authorize(&begun.id, &body).await;
        // A bank that has not answered yet is a 504.
        assert_ne!(answer.status, 500, "{}", answer.text());
        answer
    }

    /// A member that redeems itself, and does it again whatever the answer was.
    async fn redeem_what_is_approved(&self, begun: &Begun) {
        if begun.entry != Entry::Redeemed {
            return;
        }
        let result = self.result(&begun.id).await;
        let Some(token) = result["tokenId"].as_str() else { return };
        for _ in 0..2 {
            self.post("/transfers", &json!({ "payload": { "tokenId": token } })).await;
            self.settle().await;
        }
    }

    async fn pay_once(&self, begun: &Begun) {
        match begun.entry {
            Entry::HostedPages | Entry::Link | Entry::TokenRequestPages => {
                self.pay_on_pages(begun).await;
            }
            Entry::TokenRequest | Entry::Redeemed | Entry::StandingOrder => {
                self.pay_at_the_member(begun).await;
            }
        }
    }

    /// How the member is told that it stands.
    async fn told_of_it(&self, begun: &Begun) -> String {
        if let Entry::HostedPages | Entry::Link = begun.entry {
            return self.status(&begun.id).await;
        }
        let result = self.result(&begun.id).await;
        let (path, place, id) = match begun.entry {
            Entry::StandingOrder => (
                "/standing-order-submissions",
                "submission",
                result["standingOrderSubmissionId"].as_str(),
            ),
            _ => ("/transfers", "transfer", result["transferId"].as_str()),
        };
        let Some(id) = id else { return format!("request {}", result["status"].as_str().unwrap()) };
        let answer = self.get(&format!("{path}/{id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()[place]["status"].as_str().unwrap().to_owned()
    }

    /// What must hold at any time: in this world there is one payer, one payment.
    async fn audit_world(&self, begun: &Begun, what: &str) {
        let told = self.told_of_it(begun).await;
        let rows = self.bank_json("/sim/orders").await;
        let dead = ["Rejected", "RJCT", "CANC", "InitiationFailed"];
        let alive: Vec<&Value> = rows
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| {
                let words = row["order_status"].as_str().unwrap_or("none");
                row["accepted"].as_i64() > Some(0) && !dead.contains(&words)
            })
            .collect();
        assert!(alive.len() <= 1, "{what}: {told}, but the bank has {alive:?}");
        if is_unpaid(&told) {
            assert!(alive.is_empty(), "{what}: {told}, but the bank has {alive:?}");
        }
        if told == "SUCCESS" || told == "INITIATION_COMPLETED" {
            assert_eq!(alive.len(), 1, "{what}: {told}, but the bank has {rows}");
        }
    }

    async fn live_in_every_hour(&self, begun: &Begun, what: &str) {
        for (wait, now) in [
            (SignedDuration::from_secs(30), "at once"),
            (SignedDuration::from_mins(41), "after the payer's time"),
            (SignedDuration::from_hours(31 * 24), "after 30 days"),
        ] {
            let what = format!("{what}, {now}");
            self.pay_once(begun).await;
            self.audit_world(begun, &what).await;
            for seconds in [2, 4, 8, 16, 32] {
                self.pass(SignedDuration::from_secs(seconds)).await;
            }
            self.pay_once(begun).await;
            self.pass(wait).await;
            self.pass(SignedDuration::from_mins(2)).await;
            self.audit_world(begun, &what).await;
        }
    }
}

/// Whether the member is told that no money moves.
fn is_unpaid(told: &str) -> bool {
    let v2 = told.starts_with("INITIATION_")
        && ["REJECTED", "FAILED", "DECLINED", "EXPIRED"].iter().any(|end| told.contains(end));
    let v1 = ["FAILED", "CANCELED", "request REJECTED", "request EXPIRED"].contains(&told);
    v2 || v1 || told.starts_with("FAILURE_")
}

async fn world_for(entry: Entry) -> World {
    let world = world().await;
    if entry == Entry::Redeemed {
        world.agree(on_request()).await;
    }
    world
}

/// A line for each exchange and fault: how the payments end that meet it once and five times.
async fn every_fault(entry: Entry, bank: &'static Bank, faults: &[Fault]) -> String {
    let mut table = format!("## {}\n", bank.id);
    let world = world_for(entry).await;
    let begun = world.begin(entry, bank).await;
    let operations = async {
        world.live_in_every_hour(&begun, "no fault").await;
        let told = world.told_of_it(&begun).await;
        assert!(
            ["SUCCESS", "INITIATION_COMPLETED"].contains(&told.as_str()),
            "{}: {told}",
            bank.id
        );
        world.wire.operations()
    };
    for operation in operations.await {
        for fault in faults {
            let mut ends = vec![];
            for times in TIMES {
                let world = world_for(entry).await;
                world.wire.expect_broken_answers();
                world.wire.plan(operation, *fault, times);
                let begun = world.begin(entry, bank).await;
                let what = format!("{entry:?} {}: {operation} {fault:?} {times} times", bank.id);
                world.live_in_every_hour(&begun, &what).await;
                let told = world.told_of_it(&begun).await;
                ends.push(told.trim_start_matches("INITIATION_").to_lowercase());
            }
            let fault = format!("{fault:?}");
            writeln!(table, "{operation:<35} {fault:<13} {}", ends.join(", ")).unwrap();
        }
    }
    table
}

async fn audit_of(entry: Entry, banks: &[&str]) -> String {
    let mut table = String::new();
    for bank in BANKS.iter().filter(|bank| banks.contains(&bank.id)) {
        table += &every_fault(entry, bank, &FAULTS).await;
    }
    table
}

#[tokio::test]
async fn hosted_pages_every_exchange_every_fault() {
    insta::assert_snapshot!(audit_of(Entry::HostedPages, &KINDS).await);
}

#[tokio::test]
async fn links_every_exchange_every_fault() {
    insta::assert_snapshot!(audit_of(Entry::Link, &["ob-iron", "bg-linden", "bg-birke"]).await);
}

#[tokio::test]
async fn token_requests_every_exchange_every_fault() {
    insta::assert_snapshot!(audit_of(Entry::TokenRequest, &KINDS).await);
}

#[tokio::test]
async fn redeemed_token_requests_every_exchange_every_fault() {
    let banks = ["ob-iron", "stet-hetre", "pl-dab"];
    insta::assert_snapshot!(audit_of(Entry::Redeemed, &banks).await);
}

#[tokio::test]
async fn token_requests_on_pages_every_exchange_every_fault() {
    let banks = ["ob-iron", "bg-linden", "bg-ahorn", "bg-birke"];
    insta::assert_snapshot!(audit_of(Entry::TokenRequestPages, &banks).await);
}

#[tokio::test]
async fn standing_orders_every_exchange_every_fault() {
    insta::assert_snapshot!(audit_of(Entry::StandingOrder, &WITH_STANDING_ORDERS).await);
}
