//! Every state × every fact of a payment, printed; and the laws that hold for all of them.

use std::fmt::Write;

use domain::account::{AccountIdentifier, Party};
use domain::approval::{Approach, Challenge, ChallengeField, FieldKind};
use domain::bank::{ConsentProgress, OrderProgress, OrderStatus, RefundAccount};
use domain::ids::{MemberId, PaymentId};
use domain::initiation::{Flow, Initiation, LocalInstrument, Schedule};
use domain::money::{Amount, Currency};
use domain::payment::{
    Attempt, Authorisation, AuthorisationFact, BankRefusal, End, Fact, OrderFact, Payment, PsuFact,
    Sealed, SentOrder, State, StatusFact,
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
        code_verifier: "verifier-1".to_owned(),
        executes_at_approval: false,
    }
}

fn authorisation() -> Authorisation {
    Authorisation { attempt: attempt(), consent_id: Some("consent-1".to_owned()), context: None }
}

/// At a bank that executes at the approval.
fn executing() -> Authorisation {
    let attempt = Attempt { executes_at_approval: true, ..attempt() };
    Authorisation { attempt, ..authorisation() }
}

fn url() -> String {
    "https://bank.example/authorize".to_owned()
}

fn challenge() -> Challenge {
    Challenge {
        fields: vec![ChallengeField {
            id: "otp".to_owned(),
            kind: FieldKind::Text,
            display_name: "OTP".to_owned(),
            additional_information: None,
            options: vec![],
        }],
        ..Challenge::default()
    }
}

fn order() -> SentOrder {
    SentOrder {
        consent_id: "consent-1".to_owned(),
        idempotency_key: "key-2".to_owned(),
        sent_at: start(),
        grant: Some(sealed()),
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
        schedule: Schedule::Immediate,
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
    let step = Payment::create(id, member, initiation(), attempt(), None, start()).unwrap();
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
        State::Opening { attempt: attempt(), credentials: None },
        State::AwaitingRedirect { authorisation: authorisation(), redirect_url: url() },
        State::AwaitingCredentials { authorisation: authorisation(), challenge: challenge() },
        State::AwaitingDecoupled { authorisation: authorisation(), message: None },
        State::VerifyingReturn { authorisation: authorisation(), returned: Some(sealed()) },
        State::VerifyingCredentials {
            authorisation: authorisation(),
            challenge: challenge(),
            credentials: Some(sealed()),
        },
        State::Authorised { consent_id: "consent-1".to_owned(), grant: sealed() },
        State::OrderSent { order: order() },
        State::Uncertain { order: order() },
        known,
    ]
    .into_iter()
    .map(|state| (state.name().to_owned(), state))
    .collect::<Vec<_>>();
    let variants = [
        ("processing, id unknown", State::Processing { order: order(), bank_payment_id: None }),
        (
            "awaiting_redirect, executing bank",
            State::AwaitingRedirect { authorisation: executing(), redirect_url: url() },
        ),
        (
            "awaiting_decoupled, executing bank",
            State::AwaitingDecoupled { authorisation: executing(), message: None },
        ),
        (
            "verifying_return, executing bank, only asked",
            State::VerifyingReturn { authorisation: executing(), returned: None },
        ),
        (
            "verifying_credentials, executing bank",
            State::VerifyingCredentials {
                authorisation: executing(),
                challenge: challenge(),
                credentials: Some(sealed()),
            },
        ),
        (
            "verifying_credentials, executing bank, only asked",
            State::VerifyingCredentials {
                authorisation: executing(),
                challenge: challenge(),
                credentials: None,
            },
        ),
    ];
    states.extend(variants.map(|(name, state)| (name.to_owned(), state)));
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

fn told(what: AuthorisationFact) -> Fact {
    Fact::Authorisation { idempotency_key: "key-1".to_owned(), what }
}

fn continues(approach: Approach) -> AuthorisationFact {
    AuthorisationFact::Continues {
        consent_id: Some("consent-1".to_owned()),
        context: None,
        approach,
    }
}

fn approval_facts() -> Vec<(&'static str, Fact)> {
    let text = || "lost".to_owned();
    let redirect = || continues(Approach::Redirect { url: url() });
    let given_up = |malformed| AuthorisationFact::GivenUp { text: text(), malformed };
    vec![
        ("continues: redirect", told(redirect())),
        (
            "continues: redirect, other attempt",
            Fact::Authorisation { idempotency_key: "key-0".to_owned(), what: redirect() },
        ),
        (
            "continues: other redirect",
            told(continues(Approach::Redirect { url: "https://bank.example/two".to_owned() })),
        ),
        ("continues: embedded", told(continues(Approach::Embedded { challenge: challenge() }))),
        ("continues: decoupled", told(continues(Approach::Decoupled { message: None }))),
        ("waiting", told(AuthorisationFact::Waiting)),
        (
            "granted",
            told(AuthorisationFact::Granted {
                consent_id: "consent-1".to_owned(),
                grant: sealed(),
            }),
        ),
        (
            "order taken",
            told(AuthorisationFact::OrderTaken {
                bank_payment_id: "order-1".to_owned(),
                status: status(OrderProgress::InProcess, "ACTC"),
                refund_account: None,
                grant: None,
            }),
        ),
        (
            "order taken: completed",
            told(AuthorisationFact::OrderTaken {
                bank_payment_id: "order-1".to_owned(),
                status: status(OrderProgress::Completed, "ACSC"),
                refund_account: None,
                grant: None,
            }),
        ),
        ("declined", told(AuthorisationFact::Declined { text: None })),
        ("expired", told(AuthorisationFact::Expired)),
        ("invalid", told(AuthorisationFact::Invalid { text: text() })),
        ("refused", told(AuthorisationFact::Refused(refusal(400)))),
        ("given up", told(given_up(false))),
        ("given up, malformed", told(given_up(true))),
        ("no funds", told(AuthorisationFact::FundsUnavailable)),
        ("unreadable", told(AuthorisationFact::Unreadable { what: text() })),
        ("answer lost", told(AuthorisationFact::AnswerLost { text: text() })),
    ]
}

fn facts() -> Vec<(String, Fact)> {
    let psu = |oauth_state: &str, what| Fact::Psu { oauth_state: oauth_state.to_owned(), what };
    let text = || "lost".to_owned();
    let denied = |error: &str| PsuFact::Denied {
        returned: sealed(),
        error: error.to_owned(),
        description: None,
    };
    let mut facts = approval_facts();
    facts.extend([
        ("psu: returned", psu("state-1", PsuFact::Returned { returned: sealed() })),
        ("psu: returned, other attempt", psu("state-0", PsuFact::Returned { returned: sealed() })),
        ("psu: denied", psu("state-1", denied("access_denied"))),
        ("psu: bank's error", psu("state-1", denied("server_error"))),
        ("order: refused 400", Fact::Order(OrderFact::Refused(refusal(400)))),
        ("order: refused 403", Fact::Order(OrderFact::Refused(refusal(403)))),
        ("order: not sent", Fact::Order(OrderFact::NotSent { text: text() })),
        ("order: answer lost", Fact::Order(OrderFact::AnswerLost { text: text() })),
        ("status: unreadable", Fact::Status(StatusFact::Unreadable { what: text() })),
        (
            "status: found",
            Fact::Status(StatusFact::Found {
                bank_payment_id: "order-1".to_owned(),
                status: status(OrderProgress::InProcess, "ACTC"),
                refund_account: None,
            }),
        ),
    ]);
    let mut facts: Vec<(String, Fact)> =
        facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
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
        let open = [
            "awaiting_bank_choice",
            "opening",
            "awaiting_redirect",
            "awaiting_credentials",
            "awaiting_decoupled",
        ]
        .contains(&&*name);
        let chosen = payment(state).choose_bank("ob-iron", None, attempt(), start());
        assert_eq!(chosen.is_ok(), open, "{name}");
    }
    let again = payment(State::Opening { attempt: attempt(), credentials: None }).choose_bank(
        "ob-modelo",
        None,
        attempt(),
        start(),
    );
    assert_eq!(again, Ok(None), "the same bank again changes nothing");
}

#[test]
fn a_flow_that_needs_a_bank_is_refused_without_one() {
    let without = Initiation { bank_id: None, ..initiation() };
    let id: PaymentId = "pm2:1111:x".parse().unwrap();
    let member: MemberId = "m:1111:x".parse().unwrap();
    let create = |flow| {
        let initiation = Initiation { flow, ..without.clone() };
        Payment::create(id.clone(), member.clone(), initiation, attempt(), None, start())
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
        let executes = picks.first().is_some_and(|(pick, _)| pick % 2 == 0);
        let attempt = Attempt { executes_at_approval: executes, ..attempt() };
        let step = Payment::create(id, member, initiation(), attempt, None, start()).unwrap();
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
                let executes = payment.state.may_execute_unseen();
                let unpaid = [End::Expired, End::Failed].map(|end| State::Final { end });
                prop_assert!(
                    !(executes && *fact == Fact::TimeRanOut && unpaid.contains(&step.state.state)),
                    "a clock alone called a payment unpaid that the bank may have executed"
                );
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
            let asks = [JobKind::AskApproval, JobKind::CompleteAuthorisation, JobKind::SendCredentials];
            prop_assert!(
                !payment.state.may_execute_unseen() || asks.iter().any(|kind| jobs.contains(kind)),
                "nobody asks whether the bank has executed"
            );
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
