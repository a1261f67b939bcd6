//! The gateway's reaction to every scenario of the simulated banks, at every standard: in no case
//! a false success, a failure that has moved money, or a second order.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::scenarios::{BANKS, Bank, order_at};
use crate::support::payer::{account_of, text};
use crate::support::visitor::BRITISH;
use crate::support::{World, id, with, worlds};

/// Where the bank's answer to a new payment is what a fault strikes; elsewhere it is the answer to
/// the message that orders.
fn strikes_creation(bank: &str) -> bool {
    bank == "stet-if" || (bank.starts_with("bg-") && bank != "bg-tulp" && !asks_questions(bank))
}

fn asks_questions(bank: &str) -> bool {
    ["bg-ahorn", "bg-eiche"].contains(&bank)
}

/// Banks that execute nothing without a word of the provider, who waits for the payer to return.
fn waits_for_return(bank: &str) -> bool {
    bank.starts_with("ob-")
        || bank == "bg-pino"
        || bank.starts_with("pl-")
        || ["stet-chene", "stet-hetre"].contains(&bank)
}

const COMPLETED: &str = "INITIATION_COMPLETED";
const PROCESSING: &str = "INITIATION_PROCESSING";
const DECLINED: &str = "INITIATION_DECLINED";
const REJECTED: &str = "INITIATION_REJECTED";
const EXPIRED: &str = "INITIATION_EXPIRED";
/// A bank that executes at the approval is asked for as long as it may.
const PENDING: &str = "INITIATION_PENDING_REDIRECT_AUTH";
const FAILED: &str = "INITIATION_FAILED";
/// Banks that may execute a creation whose answer is lost, and cannot be asked about it.
fn never_repeats_creation(bank: &str) -> bool {
    ["bg-pino", "bg-encina", "bg-birke"].contains(&bank)
}

/// Banks that answer a repeated creation as the first time.
fn replays_creation(bank: &str) -> bool {
    ["bg-linden", "bg-olmo"].contains(&bank)
}

const VERIFIED: &str = "INITIATION_PENDING_REDEMPTION_VERIFICATION";
/// A payment that the bank never reported: nobody can approve it.
const NEVER: &[&str] = &[FAILED, EXPIRED, REJECTED];

/// The scenarios that show at the gateway; the other rejections differ from `failure` in words only.
const WORDS: [&str; 18] = [
    "completed",
    "failure",
    "forbidden",
    "never_final",
    "insufficient_funds",
    "silent_after_effect",
    "silent_before_effect",
    "error_after_effect",
    "error_before_effect",
    "too_many_requests",
    "malformed_answer",
    "wrong_signature",
    "slow",
    "late_execution",
    "rejected_after_accepted",
    "missing_callback",
    "duplicate_callback",
    "expired_certificate",
];

/// The possible statuses of a payment half a day later.
pub fn expected(word: &str, bank: &str) -> &'static [&'static str] {
    let british = bank.starts_with("ob-");
    match word {
        // It gives three further access tokens, and the last of them ends before the order is executed.
        "late_execution" if bank == "bg-encina" => &[PROCESSING],
        "completed" | "slow" | "late_execution" | "duplicate_callback" => &[COMPLETED],
        // Who signed in before the payment would have to do so again.
        "too_many_requests" if bank == "bg-encina" => &[COMPLETED, REJECTED],
        "too_many_requests" => &[COMPLETED],
        "failure" => &[REJECTED],
        "never_final" => &[PROCESSING],
        "insufficient_funds" => &["INITIATION_REJECTED_INSUFFICIENT_FUNDS"],
        "rejected_after_accepted" => &[DECLINED, REJECTED],
        "forbidden" if strikes_creation(bank) || asks_questions(bank) => &[REJECTED],
        "forbidden" => &[DECLINED],
        // The bank says when it is asked for the last time that the payer has approved.
        "missing_callback" if bank == "stet-chene" => &[COMPLETED],
        "missing_callback" if waits_for_return(bank) => &[EXPIRED, PENDING],
        "missing_callback" => &[COMPLETED],
        "expired_certificate" if british => &[COMPLETED],
        "expired_certificate" => &[FAILED],
        // Where the bank signs, the order is asked about by the id of the answer.
        "wrong_signature" => &[COMPLETED],
        "silent_before_effect" | "error_before_effect" => {
            let lost = never_repeats_creation(bank) || replays_creation(bank);
            match strikes_creation(bank) || asks_questions(bank) {
                true if lost => &[VERIFIED],
                true => NEVER,
                false => &[VERIFIED],
            }
        }
        _ if never_repeats_creation(bank) => &[VERIFIED],
        _ if replays_creation(bank) => &[COMPLETED],
        _ if strikes_creation(bank) => NEVER,
        // UK Open Banking finds an order by its id only, and that is what was lost.
        _ if british => &[PROCESSING],
        _ => &[COMPLETED],
    }
}

/// £12.34, €12.34 or 12,34 zł with a scenario in the reference.
fn order_with(bank: &Bank, word: &str) -> Value {
    let order = order_at(bank.id, bank.debtor, "12.34");
    let text = format!("SIM:{}", word.replace('_', "-"));
    let place = match bank.id {
        // The other text has 18 characters only.
        bank if bank.starts_with("ob-") => "initiation.remittanceInformationSecondary",
        _ => "initiation.remittanceInformationPrimary",
    };
    with(&order, place, text)
}

fn first_account(bank: &str) -> &'static str {
    let british = BRITISH.iter().find(|(known, ..)| *known == bank);
    british.map_or_else(|| account_of(bank), |(.., account)| *account)
}

impl World {
    /// The money on the first account of the ordinary customer.
    async fn balance_at(&self, bank: &str) -> i64 {
        self.balance_of(first_account(bank)).await
    }

    pub async fn balance_of(&self, account: &str) -> i64 {
        let accounts = self.bank_json("/sim/accounts").await;
        let mut accounts = accounts.as_array().unwrap().iter();
        let found = accounts.find(|row| row["id"] == account).unwrap();
        found["balance_minor"].as_i64().unwrap()
    }

    /// Half a day, with a look at what is due every quarter of an hour.
    pub async fn half_a_day(&self) {
        for _ in 0..48 {
            self.pass(SignedDuration::from_mins(15)).await;
        }
    }

    /// No second order, no false success, no failure that has moved money.
    async fn check_money(&self, id: &str, bank: &str, before: i64, what: &str) {
        self.check_account(id, first_account(bank), before, what).await;
    }

    /// The same for the account of any customer.
    pub async fn check_account(&self, id: &str, account: &str, before: i64, what: &str) {
        let status = self.status(id).await;
        let rows = self.at_the_bank(id).await;
        let sum = |name: &str| rows.iter().filter_map(|row| row[name].as_i64()).sum::<i64>();
        let (accepted, executed) = (sum("accepted"), sum("executed"));
        assert!(accepted <= 1 && executed <= 1, "{what}: {rows:?}");
        let moved = before - self.balance_of(account).await;
        assert!([0, 1_234].contains(&moved), "{what}: {moved} moved");
        if status == COMPLETED {
            assert_eq!(moved, 1_234, "{what}: completed without money");
        }
        let unpaid = [NEVER, &[DECLINED, "INITIATION_REJECTED_INSUFFICIENT_FUNDS"]].concat();
        if unpaid.contains(&status.as_str()) {
            assert_eq!(moved, 0, "{what}: {status}, but money has moved");
        }
    }
}

#[tokio::test]
async fn every_scenario_at_every_standard_is_told_as_it_is() {
    for word in WORDS {
        for world in worlds().await {
            world.wire.expect_broken_answers();
            let mut payments = vec![];
            for bank in &BANKS {
                let before = world.balance_at(bank.id).await;
                let payment = world.create(&order_with(bank, word)).await;
                let id = id(&payment);
                world.approve_once(&id, bank.id).await;
                payments.push((bank, id, before));
            }
            world.half_a_minute().await;
            let open = ["late_execution", "rejected_after_accepted", "never_final"].contains(&word);
            for (bank, id, before) in &payments {
                let what = format!("{}: {word} at {}", world.name, bank.id);
                let soon = world.status(id).await;
                assert!(!open || soon == PROCESSING, "{what}: {soon}");
                world.check_money(id, bank.id, *before, &what).await;
            }
            world.half_a_day().await;
            for (bank, id, before) in &payments {
                let what = format!("{}: {word} at {}", world.name, bank.id);
                let late = world.payment(id).await;
                let status = late["status"].as_str().unwrap();
                assert!(expected(word, bank.id).contains(&status), "{what}: {late}");
                world.check_money(id, bank.id, *before, &what).await;
                let (posts, _) = world.posted_and_executed(id).await;
                let twice = ["too_many_requests", "expired_certificate"].contains(&word);
                assert!(posts <= if twice { 2 } else { 1 }, "{what}: {posts} orders were posted");
            }
        }
    }
}

/// Plans a fault at the simulated banks.
async fn plan(world: &World, bank: &str, operation: &str, scenario: &str, times: u32) {
    let body = json!({ "bank": bank, "operation": operation, "scenario": scenario,
        "times": times });
    let request = http::Request::post("/sim/faults")
        .header("content-type", "application/json")
        .body(axum::body::Body::from(body.to_string()))
        .unwrap();
    let answer = world.wire.bank(request).await.unwrap();
    assert_eq!(answer.status, 201, "{}", text(&answer));
}

/// The banks whose plans of so many times nobody has met.
async fn unmet(world: &World, times: u32) -> Vec<String> {
    let plans = world.bank_json("/sim/faults").await;
    let plans = plans.as_array().unwrap().iter().filter(|plan| plan["times"] == times);
    plans.map(|plan| plan["bank"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_status_that_is_hard_to_get_is_got_in_the_end() {
    for word in [
        "silent_before_effect",
        "error_before_effect",
        "error_after_effect",
        "too_many_requests",
        "malformed_answer",
        "wrong_signature",
        "slow",
    ] {
        for world in worlds().await {
            world.wire.expect_broken_answers();
            let mut payments = vec![];
            for bank in &BANKS {
                let before = world.balance_at(bank.id).await;
                let id = id(&world.create(&order_with(bank, "completed")).await);
                // Where the app approves, the bank is asked until it has executed.
                if bank.id == "bg-birke" {
                    plan(&world, bank.id, "status", word, 2).await;
                }
                world.approve_once(&id, bank.id).await;
                if bank.id != "bg-birke" {
                    plan(&world, bank.id, "status", word, 2).await;
                }
                payments.push((bank, id, before));
            }
            world.half_a_minute().await;
            world.half_a_day().await;
            for (bank, id, before) in &payments {
                let what = format!("{}: {word} at {}", world.name, bank.id);
                assert_eq!(world.status(id).await, COMPLETED, "{what}");
                world.check_money(id, bank.id, *before, &what).await;
                assert_eq!(world.posted_and_executed(id).await, (1, 1), "{what}");
            }
            assert_eq!(unmet(&world, 2).await, [""; 0], "{}: {word}", world.name);
        }
    }
}

#[tokio::test]
async fn a_token_that_is_refused_or_lost_orders_nothing_twice() {
    for word in ["error_before_effect", "silent_after_effect", "malformed_answer", "forbidden"] {
        for world in worlds().await {
            world.wire.expect_broken_answers();
            let mut payments = vec![];
            for bank in &BANKS {
                let before = world.balance_at(bank.id).await;
                // The provider's own token is wanted for the payment, the payer's after it.
                let (own, order) = (bank.id.starts_with("stet-"), order_with(bank, "completed"));
                if own {
                    plan(&world, bank.id, "token", word, 1).await;
                }
                let id = id(&world.create(&order).await);
                if !own {
                    plan(&world, bank.id, "token", word, 1).await;
                }
                world.approve_once(&id, bank.id).await;
                payments.push((bank, id, before));
            }
            world.half_a_minute().await;
            world.half_a_day().await;
            for (bank, id, before) in &payments {
                let what = format!("{}: {word} at {}", world.name, bank.id);
                world.check_money(id, bank.id, *before, &what).await;
                world.audit(id, &what).await;
            }
            let tokenless = |bank: &String| {
                bank.starts_with("bg-") && !["bg-olmo", "bg-encina"].contains(&bank.as_str())
            };
            let unmet = unmet(&world, 1).await;
            assert!(unmet.iter().all(tokenless), "{}: {word}: {unmet:?}", world.name);
        }
    }
}

#[tokio::test]
async fn a_bank_that_is_closed_executes_at_its_next_opening() {
    for world in worlds().await {
        // Monday, 19:00 in Rome.
        world.pass(SignedDuration::from_hours(8)).await;
        let pino = BANKS.iter().find(|bank| bank.id == "bg-pino").unwrap();
        let before = world.balance_at(pino.id).await;
        let id = id(&world.create(&order_with(pino, "completed")).await);
        world.approve_once(&id, pino.id).await;
        world.half_a_minute().await;
        for _ in 0..12 {
            assert_eq!(world.status(&id).await, PROCESSING);
            world.check_money(&id, pino.id, before, "closed").await;
            assert_eq!(world.balance_at(pino.id).await, before, "nothing moves at night");
            world.pass(SignedDuration::from_hours(1)).await;
        }
        // 08:00, and some time to ask.
        for _ in 0..4 {
            world.pass(SignedDuration::from_hours(1)).await;
        }
        assert_eq!(world.status(&id).await, COMPLETED);
        world.check_money(&id, pino.id, before, "open").await;
    }
}

#[tokio::test]
async fn a_bank_calls_back_as_often_as_its_scenario_says() {
    let sosna = BANKS.iter().find(|bank| bank.id == "pl-sosna").unwrap();
    for world in worlds().await {
        for (word, times) in [("completed", 1), ("missing_callback", 0), ("duplicate_callback", 2)]
        {
            let id = id(&world.create(&order_with(sosna, word)).await);
            let code = world.code_of_app(sosna.id).await;
            let answer = json!({ "embeddedAuth": { "eatCode": code } });
            world.post(&format!("/v2/payments/{id}/embedded-auth"), &answer).await;
            world.bank_post("/sim/app/pl-sosna/sylwia", &[("decision", "approve")]).await;
            let made = std::mem::take(&mut *world.callbacks.lock().unwrap());
            assert_eq!(made.len(), times, "{word}");
            assert!(made.windows(2).all(|pair| pair[0] == pair[1]), "{word}: the same twice");
            for callback in &made {
                assert_eq!(world.bring(callback).await.status, 204);
            }
            world.half_a_minute().await;
            let (posts, executed) = world.posted_and_executed(&id).await;
            assert_eq!((posts, executed), (times.min(1) as i64, times.min(1) as i64), "{word}");
        }
    }
}
