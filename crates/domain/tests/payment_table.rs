//! Every state × every fact of a payment, printed; and the laws that hold for all of them.

use std::fmt::Write;

use domain::account::{AccountIdentifier, Party};
use domain::bank::{ConsentProgress, OrderProgress, OrderStatus, RefundAccount};
use domain::ids::{MemberId, PaymentId};
use domain::initiation::{Flow, Initiation, LocalInstrument};
use domain::money::{Amount, Currency};
use domain::payment::{
    Attempt, Authorisation, AuthorisationFact, BankRefusal, End, Fact, OpeningFact, OrderFact,
    Payment, PsuFact, Sealed, SentOrder, State, StatusFact,
};
use domain::step::{JobChange, JobKind, Outcome};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn start() -> Timestamp {
    "2026-01-05T10:00:00Z".parse().unwrap()
}

fn attempt() -> Attempt {
    Attempt {
        idempotency_key: "key-1".to_owned(),
        oauth_state: "state-1".to_owned(),
        nonce: "nonce-1".to_owned(),
    }
}

fn authorisation() -> Authorisation {
    Authorisation {
        attempt: attempt(),
        consent_id: "consent-1".to_owned(),
        redirect_url: "https://bank.example/authorize".to_owned(),
    }
}

fn order() -> SentOrder {
    SentOrder {
        consent_id: "consent-1".to_owned(),
        idempotency_key: "key-2".to_owned(),
        sent_at: start(),
    }
}

fn initiation() -> Initiation {
    Initiation {
        bank_id: Some("ob-modelo".to_owned()),
        ref_id: "ORDER-1".to_owned(),
        remittance_primary: "ORDER-1".to_owned(),
        remittance_secondary: None,
        on_behalf_of_id: None,
        amount: Amount::parse("10.23", Currency::GBP).unwrap(),
        local_instrument: LocalInstrument::FasterPayments,
        debtor: None,
        creditor: Party {
            account: Some(AccountIdentifier::SortCode {
                sort_code: "123456".to_owned(),
                account_number: "12345678".to_owned(),
            }),
            name: Some("Customer Inc.".to_owned()),
            ultimate_name: None,
            address: None,
            bank_name: None,
        },
        confirm_funds: false,
        return_refund_account: false,
        disable_future_dated_payment_conversion: false,
        callback_url: "https://tpp.example/callback".to_owned(),
        callback_state: None,
        charge_bearer: None,
        risk: None,
        flow: Flow::ApiOnly,
        external_psu_reference: None,
        pisp_consent_accepted: true,
    }
}

fn sealed() -> Sealed {
    Sealed("sealed".to_owned())
}

fn payment(state: State) -> Payment {
    let id: PaymentId = "pm2:1111:x".parse().unwrap();
    let member: MemberId = "m:1111:x".parse().unwrap();
    let step = Payment::create(id, member, initiation(), attempt(), start()).unwrap();
    let mut payment = step.state;
    if let State::Processing { bank_payment_id, .. } = &state {
        payment.bank.payment_id.clone_from(bank_payment_id);
        payment.bank.payment_status = Some("Pending".to_owned());
    }
    if let State::Final { end: End::Completed } = state {
        payment.bank.payment_status = Some("AcceptedSettlementCompleted".to_owned());
    }
    payment.state = state;
    payment
}

fn states() -> Vec<(String, State)> {
    let known = State::Processing { order: order(), bank_payment_id: Some("order-1".to_owned()) };
    let mut states = vec![
        State::AwaitingBankChoice,
        State::Opening { attempt: attempt() },
        State::AwaitingRedirect { authorisation: authorisation() },
        State::VerifyingReturn { authorisation: authorisation(), returned: sealed() },
        State::Authorised { consent_id: "consent-1".to_owned(), grant: sealed() },
        State::OrderSent { order: order(), grant: sealed() },
        State::Uncertain { order: order() },
        known,
    ]
    .into_iter()
    .map(|state| (state.name().to_owned(), state))
    .collect::<Vec<_>>();
    states.push((
        "processing, id unknown".to_owned(),
        State::Processing { order: order(), bank_payment_id: None },
    ));
    states.extend(End::ALL.map(|end| {
        let state = State::Final { end };
        (state.name().to_owned(), state)
    }));
    states
}

fn refusal(http_status: u16) -> BankRefusal {
    BankRefusal { http_status, code: None, text: "no".to_owned() }
}

fn status(progress: OrderProgress, raw: &str) -> OrderStatus {
    OrderStatus { progress, raw: raw.to_owned(), reason: None }
}

fn statuses() -> Vec<(&'static str, OrderStatus)> {
    vec![
        ("Pending", status(OrderProgress::InProcess, "Pending")),
        ("InProcess", status(OrderProgress::InProcess, "AcceptedSettlementInProcess")),
        ("Completed", status(OrderProgress::Completed, "AcceptedSettlementCompleted")),
        ("Rejected", status(OrderProgress::Rejected, "Rejected")),
        ("InsufficientFunds", status(OrderProgress::InsufficientFunds, "Rejected")),
        ("Declined", status(OrderProgress::Declined, "Rejected")),
        ("unknown code", status(OrderProgress::Unrecognised, "Teleported")),
    ]
}

fn opening(what: OpeningFact) -> Fact {
    Fact::Opening { idempotency_key: "key-1".to_owned(), what }
}

fn facts() -> Vec<(String, Fact)> {
    let opened = OpeningFact::Opened {
        consent_id: "consent-1".to_owned(),
        redirect_url: "https://bank.example/authorize".to_owned(),
    };
    let psu = |oauth_state: &str, what| Fact::Psu { oauth_state: oauth_state.to_owned(), what };
    let text = || "lost".to_owned();
    let denied = |error: &str| PsuFact::Denied { error: error.to_owned(), description: None };
    let mut facts = vec![
        ("opening: opened", opening(opened.clone())),
        (
            "opening: opened, other attempt",
            Fact::Opening { idempotency_key: "key-0".to_owned(), what: opened },
        ),
        ("opening: refused", opening(OpeningFact::Refused(refusal(400)))),
        ("opening: given up", opening(OpeningFact::GivenUp { text: text() })),
        ("psu: returned", psu("state-1", PsuFact::Returned { returned: sealed() })),
        ("psu: returned, other attempt", psu("state-0", PsuFact::Returned { returned: sealed() })),
        ("psu: denied", psu("state-1", denied("access_denied"))),
        ("psu: bank's error", psu("state-1", denied("server_error"))),
        (
            "authorisation: verified",
            Fact::Authorisation(AuthorisationFact::Verified { grant: sealed() }),
        ),
        (
            "authorisation: invalid",
            Fact::Authorisation(AuthorisationFact::Invalid { text: text() }),
        ),
        ("authorisation: refused", Fact::Authorisation(AuthorisationFact::Refused(refusal(400)))),
        (
            "authorisation: given up",
            Fact::Authorisation(AuthorisationFact::GivenUp { text: text() }),
        ),
        ("authorisation: no funds", Fact::Authorisation(AuthorisationFact::FundsUnavailable)),
        ("order: refused 400", Fact::Order(OrderFact::Refused(refusal(400)))),
        ("order: refused 403", Fact::Order(OrderFact::Refused(refusal(403)))),
        ("order: not sent", Fact::Order(OrderFact::NotSent { text: text() })),
        ("order: answer lost", Fact::Order(OrderFact::AnswerLost { text: text() })),
    ]
    .into_iter()
    .map(|(name, fact)| (name.to_owned(), fact))
    .collect::<Vec<_>>();
    for (name, status) in statuses() {
        let what = OrderFact::Answered {
            bank_payment_id: "order-1".to_owned(),
            status,
            refund_account: None,
        };
        facts.push((format!("order: answered {name}"), Fact::Order(what)));
    }
    for (name, status) in statuses() {
        facts.push((format!("status: {name}"), Fact::Status(StatusFact::Order(status))));
    }
    for (name, consent) in [
        ("awaiting", ConsentProgress::AwaitingAuthorisation),
        ("authorised", ConsentProgress::Authorised),
        ("consumed", ConsentProgress::Consumed),
        ("rejected", ConsentProgress::Rejected),
    ] {
        facts.push((format!("consent: {name}"), Fact::Status(StatusFact::Consent(consent))));
    }
    facts.push(("time ran out".to_owned(), Fact::TimeRanOut));
    facts
}

/// 31 days on: every deadline has passed.
fn late() -> Timestamp {
    start().checked_add(SignedDuration::from_hours(31 * 24)).unwrap()
}

fn moment(fact: &Fact) -> Timestamp {
    if *fact == Fact::TimeRanOut { late() } else { start() }
}

#[test]
fn every_state_and_every_fact() {
    let mut table = String::new();
    for (state_name, state) in states() {
        writeln!(table, "## {state_name}").unwrap();
        let payment = payment(state);
        for (fact_name, fact) in facts() {
            let cell = match payment.observe(&fact, moment(&fact)) {
                Outcome::Moved(step) => {
                    let jobs: Vec<String> = step.jobs.iter().filter_map(scheduled).collect();
                    let cases: Vec<&str> = step.cases.iter().map(|c| c.kind.as_str()).collect();
                    format!(
                        "→ {}{}{}",
                        step.state.state.name(),
                        list(" +", &jobs),
                        list(" case:", &cases)
                    )
                }
                Outcome::Already => "already".to_owned(),
                Outcome::Unexpected(case) => format!("case:{}", case.kind),
            };
            writeln!(table, "  {fact_name:<34} {cell}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

fn scheduled(change: &JobChange) -> Option<String> {
    match change {
        JobChange::Schedule(kind, _) => Some(kind.name().to_owned()),
        JobChange::Cancel(_) => None,
    }
}

fn list<S: AsRef<str>>(before: &str, items: &[S]) -> String {
    items.iter().map(|item| format!("{before}{}", item.as_ref())).collect()
}

#[test]
fn a_deadline_that_has_not_passed_ends_nothing() {
    for (name, state) in states() {
        let outcome = payment(state).observe(&Fact::TimeRanOut, start());
        assert_eq!(outcome, Outcome::Already, "{name}");
    }
}

#[test]
fn an_order_is_sent_from_one_state_only_and_recorded_first() {
    for (name, state) in states() {
        let allowed = matches!(state, State::Authorised { .. });
        let step = payment(state).begin_order("key-2", start());
        assert_eq!(step.is_ok(), allowed, "{name}");
        if let Ok(step) = step {
            assert_eq!(step.state.state.name(), "order_sent");
        }
    }
}

#[test]
fn a_bank_can_be_chosen_until_the_payer_has_approved() {
    for (name, state) in states() {
        let open = ["awaiting_bank_choice", "opening", "awaiting_redirect"].contains(&&*name);
        let chosen = payment(state).choose_bank("ob-iron", attempt(), start());
        assert_eq!(chosen.is_ok(), open, "{name}");
    }
    let again =
        payment(State::Opening { attempt: attempt() }).choose_bank("ob-modelo", attempt(), start());
    assert_eq!(again, Ok(None), "the same bank again changes nothing");
}

#[test]
fn a_flow_that_needs_a_bank_is_refused_without_one() {
    let without = Initiation { bank_id: None, ..initiation() };
    let id: PaymentId = "pm2:1111:x".parse().unwrap();
    let member: MemberId = "m:1111:x".parse().unwrap();
    let create = |flow| {
        let initiation = Initiation { flow, ..without.clone() };
        Payment::create(id.clone(), member.clone(), initiation, attempt(), start())
    };
    assert_eq!(create(Flow::ApiOnly), Err(domain::Refusal::BankRequired));
    assert_eq!(create(Flow::EmbeddedHostedPages), Err(domain::Refusal::BankRequired));
    let step = create(Flow::FullHostedPages).unwrap();
    assert_eq!(step.state.state.name(), "awaiting_bank_choice");
}

#[test]
fn debug_output_holds_no_account_number_name_or_secret() {
    let mut payment = payment(State::Authorised { consent_id: "c".to_owned(), grant: sealed() });
    payment.bank.refund_account = Some(RefundAccount {
        account: AccountIdentifier::SortCode {
            sort_code: "700001".to_owned(),
            account_number: "70000005".to_owned(),
        },
        name: None,
    });
    let debug = format!("{payment:?}");
    for secret in ["12345678", "70000005", "Customer Inc.", "sealed"] {
        assert!(!debug.contains(secret), "{secret} in {debug}");
    }
}

proptest! {
    /// Any facts in any order: versions count the changes, nothing moves after the end, every
    /// payment that is not final has a deadline job and knows when to stop, and the last event
    /// tells where the payment stands.
    #[test]
    fn laws_hold_for_any_sequence_of_facts(picks in proptest::collection::vec((0_usize..1000, 0_i64..100_000), 0..40)) {
        let facts = facts();
        let id: PaymentId = "pm2:1111:x".parse().unwrap();
        let member: MemberId = "m:1111:x".parse().unwrap();
        let step = Payment::create(id, member, initiation(), attempt(), start()).unwrap();
        let mut jobs: std::collections::BTreeSet<JobKind> = std::collections::BTreeSet::new();
        apply(&mut jobs, &step.jobs);
        let mut payment = step.state;
        let mut now = start();
        let mut orders_sent = 0;
        for (pick, seconds) in picks {
            now = now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
            if matches!(payment.state, State::Authorised { .. }) && pick % 2 == 0 {
                let step = payment.begin_order("key-2", now).unwrap();
                orders_sent += 1;
                apply(&mut jobs, &step.jobs);
                payment = step.state;
            }
            let fact = &facts[pick % facts.len()].1;
            let was_final = payment.state.is_final();
            if let Outcome::Moved(step) = payment.observe(fact, now) {
                prop_assert!(!was_final, "a final payment moved");
                prop_assert_eq!(step.state.version, payment.version + 1);
                prop_assert_eq!(step.events.len(), 1);
                prop_assert_eq!(&step.events[0], &step.state.changed());
                prop_assert_eq!(step.state.check(), Ok(()));
                let not_sent = matches!(fact, Fact::Order(OrderFact::NotSent { .. }));
                if matches!(payment.state, State::OrderSent { .. }) && not_sent {
                    orders_sent -= 1;
                }
                apply(&mut jobs, &step.jobs);
                payment = step.state;
            }
            prop_assert!(orders_sent <= 1, "two orders may exist");
            prop_assert_eq!(jobs.contains(&JobKind::Expire), !payment.state.is_final());
            prop_assert_eq!(payment.deadline().is_some(), !payment.state.is_final());
            let stored = serde_json::to_string(&payment).unwrap();
            prop_assert_eq!(serde_json::from_str::<Payment>(&stored).unwrap(), payment.clone());
        }
    }
}

fn apply(jobs: &mut std::collections::BTreeSet<JobKind>, changes: &[JobChange]) {
    for change in changes {
        match change {
            JobChange::Schedule(kind, _) => jobs.insert(*kind),
            JobChange::Cancel(kind) => jobs.remove(kind),
        };
    }
}
