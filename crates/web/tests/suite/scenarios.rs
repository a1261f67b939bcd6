//! Every standard × SCA approach × outcome, end to end through the public API: one table.
//!
//! The payer is played through the bank's pages, the bank's questions or the bank's app; every
//! exchange with a bank is judged against the standard's published document.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Decision, HOOKS_URL, World, id, order_of, with, worlds};

/// A bank, the account of its customer where the bank wants it first, and the statuses that a
/// payer's member sees on the way to the approval.
pub struct Bank {
    pub id: &'static str,
    pub debtor: Option<&'static str>,
    way: &'static [&'static str],
}

impl Bank {
    /// Whether the payer approves on the bank's pages.
    pub fn redirects(&self) -> bool {
        self.way.iter().all(|status| *status == REDIRECT)
    }
}

const REDIRECT: &str = "INITIATION_PENDING_REDIRECT_AUTH";
const EMBEDDED: &str = "INITIATION_PENDING_EMBEDDED_AUTH";
const DECOUPLED: &str = "INITIATION_PENDING_DECOUPLED_AUTH";

pub const BANKS: [Bank; 19] = [
    Bank { id: "ob-iron", debtor: None, way: &[REDIRECT] },
    Bank { id: "ob-quartz", debtor: None, way: &[REDIRECT] },
    Bank { id: "ob-slate", debtor: None, way: &[REDIRECT] },
    Bank { id: "ob-onyx", debtor: None, way: &[REDIRECT] },
    Bank { id: "bg-linden", debtor: Some("DE65700202700000001008"), way: &[REDIRECT] },
    Bank { id: "bg-tulp", debtor: None, way: &[EMBEDDED, REDIRECT] },
    Bank { id: "bg-pino", debtor: Some("IT11X0542811101000000001148"), way: &[REDIRECT] },
    Bank { id: "bg-olmo", debtor: Some("ES9521000418450000001176"), way: &[REDIRECT] },
    Bank { id: "bg-encina", debtor: Some("ES3420385778980000001204"), way: &[REDIRECT, REDIRECT] },
    Bank {
        id: "bg-ahorn",
        debtor: Some("DE32370400440000001036"),
        way: &[EMBEDDED, EMBEDDED, EMBEDDED, EMBEDDED],
    },
    Bank {
        id: "bg-eiche",
        debtor: Some("AT672011100000001092"),
        way: &[EMBEDDED, EMBEDDED, EMBEDDED],
    },
    Bank { id: "bg-birke", debtor: Some("DE11500105170000001064"), way: &[EMBEDDED, DECOUPLED] },
    Bank { id: "pl-dab", debtor: None, way: &[REDIRECT] },
    Bank { id: "pl-brzoza", debtor: Some("PL31102000000000000000001005"), way: &[REDIRECT] },
    Bank { id: "pl-sosna", debtor: None, way: &[EMBEDDED, DECOUPLED] },
    Bank { id: "stet-chene", debtor: None, way: &[REDIRECT] },
    Bank { id: "stet-hetre", debtor: None, way: &[REDIRECT] },
    Bank { id: "stet-saule", debtor: Some("FR7610207000010000000209972"), way: &[DECOUPLED] },
    Bank { id: "stet-if", debtor: None, way: &[REDIRECT] },
];

/// Amount, what the payer does, the last status and its reason.
const OUTCOMES: [(&str, Decision, &str, Option<&str>); 9] = [
    ("10.23", Decision::Approve, "INITIATION_COMPLETED", None),
    ("10.24", Decision::Decline, "INITIATION_DECLINED", None),
    ("103", Decision::Approve, "INITIATION_REJECTED", Some("failure")),
    ("105", Decision::Approve, "INITIATION_PROCESSING", None),
    (
        "106",
        Decision::Approve,
        "INITIATION_DECLINED",
        Some("Payment initiation has been canceled."),
    ),
    (
        "108",
        Decision::Approve,
        "INITIATION_REJECTED_INSUFFICIENT_FUNDS",
        Some("Insufficient funds"),
    ),
    ("117", Decision::Approve, "INITIATION_DECLINED", Some("Permission denied")),
    ("118", Decision::Approve, "INITIATION_DECLINED", Some("CUST")),
    // More than anybody has.
    ("99999999", Decision::Approve, "INITIATION_REJECTED_INSUFFICIENT_FUNDS", None),
];

/// The bank's text in the form of its standard.
fn told(bank: &str, words: &'static str) -> &'static str {
    match words {
        _ if !bank.starts_with("stet-") => words,
        "failure" | "Insufficient funds" => "MS03",
        "Payment initiation has been canceled." => "DS02",
        _ => "CUST",
    }
}

pub fn order_at(bank: &str, debtor: Option<&str>, amount: &str) -> Value {
    if bank.starts_with("ob-") || bank == "mock-redirect" {
        return order_of(bank, amount);
    }
    let order = order_of(bank, amount);
    let (rail, currency, iban) = match bank.starts_with("pl-") {
        true => ("ELIXIR", "PLN", "PL61109010140000071219812874"),
        false => ("SEPA", "EUR", "DE02120300000000202051"),
    };
    let order = with(&order, "initiation.localInstrument", rail);
    let order = with(&order, "initiation.amount.currency", currency);
    let creditor = json!({ "iban": iban, "name": "Customer Inc." });
    let order = with(&order, "initiation.creditor", creditor);
    match debtor {
        Some(iban) => with(&order, "initiation.debtor", json!({ "iban": iban, "name": "Payer" })),
        None => order,
    }
}

/// A payment of 10.23 as the bank wants it.
pub fn usual_order(bank: &str) -> Value {
    let debtor = BANKS.iter().find(|other| other.id == bank).and_then(|bank| bank.debtor);
    order_at(bank, debtor, "10.23")
}

impl World {
    /// Creates the payment, plays the payer, lets the bank execute.
    async fn scenario(&self, bank: &Bank, amount: &str, decision: Decision) -> Value {
        let payment = self.create(&order_at(bank.id, bank.debtor, amount)).await;
        assert_eq!(payment["status"], bank.way[0], "{}: {payment}", bank.id);
        self.play_payer(&payment, decision).await;
        self.half_a_minute().await;
        self.payment(&id(&payment)).await
    }
}

#[tokio::test]
async fn every_standard_every_approach_every_outcome() {
    for world in worlds().await {
        for bank in &BANKS {
            for (amount, decision, status, reason) in OUTCOMES {
                let embedded = bank.way == [EMBEDDED; 4] || bank.way == [EMBEDDED; 3];
                if decision == Decision::Decline && embedded {
                    // Who is asked for a password leaves; there is nobody to say no to.
                    continue;
                }
                let what = format!("{}: {} {amount} {decision:?}", world.name, bank.id);
                let mut payment = world.scenario(bank, amount, decision).await;
                if decision == Decision::Decline
                    && bank.way == [REDIRECT]
                    && bank.id.starts_with("pl-")
                {
                    // The standard has no question that would confirm what the browser says.
                    assert_eq!(payment["status"], REDIRECT, "{what}: {payment}");
                    world.pass(SignedDuration::from_mins(40)).await;
                    payment = world.payment(&id(&payment)).await;
                    assert_eq!(payment["status"], "INITIATION_EXPIRED", "{what}: {payment}");
                    continue;
                }
                assert_eq!(payment["status"], status, "{what}: {payment}");
                if let Some(reason) = reason.map(|words| told(bank.id, words)) {
                    assert_eq!(payment["statusReasonInformation"], reason, "{what}: {payment}");
                }
                world.audit(&id(&payment), &what).await;
            }
        }
    }
}

#[tokio::test]
async fn the_way_to_the_approval_is_the_one_of_the_bank() {
    for world in worlds().await {
        let config = json!({ "config": { "url": HOOKS_URL, "type": ["PAYMENT_STATUS_CHANGED"] } });
        assert_eq!(world.put("/webhook/config", &config).await.status, 200);
        for bank in &BANKS {
            let payment = world.create(&order_at(bank.id, bank.debtor, "10.25")).await;
            let id = id(&payment);
            world.play_payer(&payment, Decision::Approve).await;
            world.half_a_minute().await;
            let hooks = world.wire.hooks();
            let seen: Vec<String> = hooks
                .iter()
                .map(|hook| hook.json()["payment"].clone())
                .filter(|seen| seen["id"] == id.as_str())
                .map(|seen| seen["status"].as_str().unwrap().to_owned())
                .filter(|status| [REDIRECT, EMBEDDED, DECOUPLED].contains(&status.as_str()))
                .collect();
            assert_eq!(seen, bank.way, "{}: {}", world.name, bank.id);
            assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{}", bank.id);
        }
    }
}

#[tokio::test]
async fn a_payer_who_never_comes_back_does_not_hide_what_the_bank_executed() {
    for world in worlds().await {
        let bank = BANKS.iter().find(|bank| bank.id == "bg-linden").unwrap();
        let payment = world.create(&order_at(bank.id, bank.debtor, "10.23")).await;
        let id = id(&payment);
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap().to_owned();
        world.approve_and_vanish(&url).await;
        // No callback arrived; within minutes the gateway asked the bank.
        for _ in 0..10 {
            world.pass(SignedDuration::from_secs(60)).await;
        }
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        // Who never went to the bank is given up only by the bank's own word: it is asked to cancel.
        let other = world.create(&order_at(bank.id, bank.debtor, "10.23")).await;
        for _ in 0..60 {
            world.pass(SignedDuration::from_secs(60)).await;
        }
        let other = other["id"].as_str().unwrap().to_owned();
        let other = world.payment(&other).await;
        assert_eq!(other["status"], "INITIATION_EXPIRED", "{other}");
        let reason = "The bank cancelled the payment; nothing is executed.";
        assert_eq!(other["statusReasonInformation"], reason);
    }
}

/// In 3.1 the last word is that the bank has booked the order, in 4.0 that it was executed.
#[tokio::test]
async fn a_future_dated_payment_is_executed_on_its_day() {
    for world in worlds().await {
        for (bank, booked) in
            [("ob-iron", "INITIATION_COMPLETED"), ("ob-quartz", "INITIATION_PROCESSING")]
        {
            let order = order_at(bank, None, "10.23");
            let day = world.now().checked_add(SignedDuration::from_hours(72)).unwrap();
            let day = day.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
            let order = with(&order, "initiation.executionDate", day);
            let payment = world.create(&order).await;
            let what = format!("{}: {bank}", world.name);
            assert_eq!(payment["status"], REDIRECT, "{what}: {payment}");
            world.play_payer(&payment, Decision::Approve).await;
            world.half_a_minute().await;
            let id = id(&payment);
            assert_eq!(world.status(&id).await, booked, "{what}");
            let at_the_bank = world.at_the_bank(&id).await;
            assert_eq!(at_the_bank[0]["accepted"], 1, "{what}: {at_the_bank:?}");
            assert_eq!(at_the_bank[0]["executed"], 0, "{what}: not before its day");
            for _ in 0..80 {
                world.pass(SignedDuration::from_hours(1)).await;
            }
            assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{what}");
            world.audit(&id, &what).await;
        }
    }
}

#[tokio::test]
async fn wrong_answers_are_asked_again_and_the_last_one_ends_the_payment() {
    for world in worlds().await {
        let order = order_at("bg-eiche", Some("AT672011100000001092"), "10.23");
        let order = with(&order, "initialEmbeddedAuth", json!({ "psuId": "elfi" }));
        let payment = world.create(&order).await;
        let path = format!("/v2/payments/{}/embedded-auth", id(&payment));
        assert_eq!(payment["status"], EMBEDDED, "the id was known: {payment}");
        assert_eq!(payment["authentication"]["fields"][0]["type"], "PASSWORD", "{payment}");
        let answer = |field: &str, value: &str| json!({ "embeddedAuth": { field: value } });
        let nothing = world.post(&path, &json!({ "embeddedAuth": {} })).await;
        assert_eq!(nothing.status, 400, "{}", nothing.text());
        let wrong = world.post(&path, &answer("password", "wrong")).await.json();
        assert_eq!(wrong["payment"]["status"], EMBEDDED, "{wrong}");
        assert_eq!(wrong["payment"]["authentication"]["isRetry"], true, "{wrong}");
        let right = world.post(&path, &answer("password", "elfi-pass")).await.json();
        let otp = &right["payment"]["authentication"]["fields"][0];
        assert_eq!(otp["id"], "scaAuthenticationData", "{right}");
        assert_eq!(right["payment"]["authentication"]["isRetry"], false, "{right}");
        for _ in 0..2 {
            world.post(&path, &answer("scaAuthenticationData", "000000")).await;
        }
        let ended = world.payment(&id(&payment)).await;
        assert_eq!(ended["status"], "INITIATION_DECLINED", "{ended}");
        let late = world.post(&path, &answer("scaAuthenticationData", "123456")).await;
        assert_eq!(late.status, 400, "{}", late.text());
        world.audit(&id(&payment), "wrong answers").await;
    }
}

#[tokio::test]
async fn choices_pictures_and_flicker_codes_reach_the_member() {
    for world in worlds().await {
        for (place, image, flicker) in [(0, false, false), (1, false, true), (2, true, false)] {
            let order = order_at("bg-ahorn", Some("DE32370400440000001036"), "10.23");
            let order = with(&order, "initialEmbeddedAuth", json!({ "psuId": "anna" }));
            let payment = world.create(&order).await;
            let path = format!("/v2/payments/{}/embedded-auth", id(&payment));
            let send = |field: &str, value: &str| {
                let body = json!({ "embeddedAuth": { field: value } });
                let (world, path) = (&world, path.clone());
                async move { world.post(&path, &body).await.json()["payment"].clone() }
            };
            let methods = send("password", "anna-pass").await;
            let field = methods["authentication"]["fields"][0].clone();
            assert_eq!(field["type"], "CHOICE_FIELD", "{methods}");
            assert_eq!(field["options"].as_array().unwrap().len(), 3);
            let refused = json!({ "embeddedAuth": { field["id"].as_str().unwrap(): "x" } });
            let refused = world.post(&path, &refused).await;
            assert_eq!(refused.status, 400, "what is not offered is refused");
            let chosen = field["options"][place].as_str().unwrap();
            let asked = send("authenticationMethodId", chosen).await;
            assert_eq!(asked["authentication"]["image"].is_string(), image, "{asked}");
            assert_eq!(asked["authentication"]["flickerCode"].is_string(), flicker, "{asked}");
            send("scaAuthenticationData", "123456").await;
            world.half_a_minute().await;
            assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED");
        }
    }
}

#[tokio::test]
async fn a_callback_of_a_bank_is_taken_once_and_only_with_its_key() {
    for world in worlds().await {
        let waiting = async || {
            let payment = world.create(&order_at("pl-sosna", None, "10.23")).await;
            let path = format!("/v2/payments/{}/embedded-auth", id(&payment));
            let wrong = json!({ "embeddedAuth": { "eatCode": "000000" } });
            let again = world.post(&path, &wrong).await.json();
            assert_eq!(again["payment"]["authentication"]["isRetry"], true, "{again}");
            let code = world.code_of_app("pl-sosna").await;
            let right = json!({ "embeddedAuth": { "eatCode": code } });
            let taken = world.post(&path, &right).await.json();
            assert_eq!(taken["payment"]["status"], DECOUPLED, "{taken}");
            world.decide_in_app("pl-sosna", Decision::Approve).await;
            let callback = world.callbacks.lock().unwrap().pop().unwrap();
            (id(&payment), callback)
        };
        // Twice is once.
        let (id, callback) = waiting().await;
        assert_eq!(world.bring(&callback).await.status, 204);
        assert_eq!(world.bring(&callback).await.status, 204);
        world.half_a_minute().await;
        assert_eq!(world.bring(&callback).await.status, 204);
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        assert_eq!(world.wire.count("exchange-code"), 1);
        world.audit(&id, "callback").await;
        // Somebody who saw the address, but not the key.
        let (id, callback) = waiting().await;
        let forged = simbank::Callback { api_key: "guessed".to_owned(), ..callback.clone() };
        world.bring(&forged).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, DECOUPLED, "a forgery ends nothing");
        assert_eq!(world.wire.count("exchange-code"), 1, "no code is spent on a forged callback");
        world.bring(&callback).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
        // No callback at all: nothing was ordered, and after a time the payment is given up.
        let (id, _) = waiting().await;
        for _ in 0..60 {
            world.pass(SignedDuration::from_secs(60)).await;
        }
        assert_eq!(world.status(&id).await, "INITIATION_EXPIRED");
        // Bodies that are not callbacks.
        for body in ["", "[]", "{\"state\":5}", "{\"state\":\"x\",\"code\":\"y\"}"] {
            let url = format!("{}/callback", crate::support::PUBLIC_URL);
            let odd = simbank::Callback { url, api_key: "k".to_owned(), body: body.to_owned() };
            assert_eq!(world.bring(&odd).await.status, 400, "{body}");
        }
    }
}
