//! Every state × every fact of a payment, printed; and the laws that hold for all of them.

mod cancellation;
mod samples;
mod token_request;

use std::fmt::Write;

use domain::Refusal;
use domain::account::AccountIdentifier;
use domain::authorisation::{
    Attempt, Authorisation, AuthorisationFact, Patience, UnderWay, Verdict,
};
use domain::bank::RefundAccount;
use domain::execution::{Execution, StatusTerms};
use domain::ids::{MemberId, PaymentId};
use domain::initiation::Flow;
use domain::payment::{
    AUTHORISATION_WINDOW, Cancellation, CancellationState, CancelledBy, Creation, End, Fact,
    OrderFact, OrderState, Payment, PaymentStep, STATUS_WINDOW, State, StatusFact, Terms,
};
use domain::step::{AuthorisationJob, JobChange, JobKind, Outcome, PaymentJob};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use samples::*;

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
                    let cases: Vec<&str> = step.cases.iter().map(|c| c.kind.name()).collect();
                    format!(
                        "→ {}{}{}",
                        step.state.state.name(),
                        list(" +", &jobs),
                        list(" case:", &cases)
                    )
                }
                Outcome::Already => "already".to_owned(),
                Outcome::Unexpected(case) => format!("case:{}", case.kind.name()),
            };
            writeln!(table, "  {fact_name:<34} {cell}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

/// The table of an authorisation: the effect of a fact in each state, at a bank where an order
/// follows the approval.
#[test]
fn authorisation_table() {
    let columns = states().into_iter().filter_map(|(name, state)| match state {
        State::Approving(authorisation) if !name.contains(',') => Some((name, authorisation)),
        _ => None,
    });
    let columns: Vec<(String, Authorisation)> = columns.collect();
    let patience = Patience {
        payer_came_at: start(),
        window: AUTHORISATION_WINDOW,
        changed_at: start(),
        deadline: None,
        question_interval_min_ms: 0,
    };
    let cell = |authorisation: &Authorisation, fact: &Fact| {
        let under_way = UnderWay { authorisation, early_returns: &[], patience };
        match fact {
            Fact::Authorisation { idempotency_key, what } => {
                Some(word_of(&under_way.observe(idempotency_key, what, start())))
            }
            Fact::PsuReturned { oauth_state, returned } => {
                Some(word_of(&under_way.returned(oauth_state, returned, start())))
            }
            Fact::Order(_)
            | Fact::Status(_)
            | Fact::Cancellation(_)
            | Fact::Token(_)
            | Fact::TimeRanOut => None,
        }
    };
    insta::assert_snapshot!(matrix(&columns, &facts(), cell));
}

/// The table of a payment: the effect of a fact in each state.
#[test]
fn payment_table() {
    let columns = states().into_iter().filter(|(name, state)| match state {
        State::Approving(_) => name == "awaiting_redirect",
        State::Final { end } => [End::Completed, End::Expired].contains(end),
        _ => true,
    });
    let columns: Vec<(String, Payment)> =
        columns.map(|(name, state)| (name, payment(state))).collect();
    let cell = |payment: &Payment, fact: &Fact| {
        let outcome = payment.observe(fact, moment(fact));
        let is_of_authorisation = matches!(payment.state, State::Approving(_))
            && matches!(fact, Fact::Authorisation { .. } | Fact::PsuReturned { .. });
        Some(match outcome {
            _ if is_of_authorisation => "(authorisation)".to_owned(),
            Outcome::Moved(step) => format!(
                "→ {}{}",
                step.state.state.name(),
                if step.cases.is_empty() { "" } else { " case" }
            ),
            Outcome::Already => "·".to_owned(),
            Outcome::Unexpected(_) => "case".to_owned(),
        })
    };
    insta::assert_snapshot!(matrix(&columns, &facts(), cell));
}

fn word_of(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Already => "·".to_owned(),
        Verdict::Unexpected(_) => "case".to_owned(),
        Verdict::NoWord { case: None } => "no word".to_owned(),
        Verdict::NoWord { case: Some(_) } => "no word, case".to_owned(),
        Verdict::Continues(to) if to.silent && !to.early_returns.is_empty() => "kept".to_owned(),
        Verdict::Continues(to) => {
            let name = State::Approving(to.authorisation.clone()).name();
            format!("→ {name}{}", if to.cases.is_empty() { "" } else { " case" })
        }
        Verdict::Granted { .. } => "granted".to_owned(),
        Verdict::OrderTaken(_) => "order taken".to_owned(),
        Verdict::Cancelled => "cancelled".to_owned(),
        Verdict::Declined { .. } => "declined".to_owned(),
        Verdict::Expired => "expired".to_owned(),
        Verdict::Refused(_) => "refused".to_owned(),
        Verdict::GivenUp { .. } => "given up".to_owned(),
        Verdict::FundsUnavailable => "no funds".to_owned(),
    }
}

/// Facts from top to bottom, states from left to right; facts that no state knows are left out.
fn matrix<S>(
    columns: &[(String, S)],
    facts: &[(String, Fact)],
    cell: impl Fn(&S, &Fact) -> Option<String>,
) -> String {
    let head =
        std::iter::once("fact".to_owned()).chain(columns.iter().map(|(name, _)| name.clone()));
    let mut lines: Vec<Vec<String>> = vec![head.collect()];
    for (name, fact) in facts {
        let cells: Option<Vec<String>> =
            columns.iter().map(|(_, state)| cell(state, fact)).collect();
        lines.extend(cells.map(|cells| [vec![name.clone()], cells].concat()));
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..=columns.len()).filter_map(width).collect();
    let mut text = String::new();
    for line in &lines {
        for (cell, width) in line.iter().zip(&widths) {
            write!(text, "{cell:<width$}  ").unwrap();
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
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
        let allowed = matches!(state, State::Ordered(OrderState::Authorised { .. }));
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
            "opening, sent, repeated with new keys",
            "awaiting_redirect",
            "awaiting_credentials",
            "awaiting_decoupled",
        ]
        .contains(&&*name);
        let chosen = payment(state).choose_bank("ob-iron", None, execution(), attempt(), start());
        assert_eq!(chosen.is_ok(), open, "{name}");
    }
    let again = payment(opening(attempt(), false)).choose_bank(
        "ob-modelo",
        None,
        execution(),
        attempt(),
        start(),
    );
    assert_eq!(again, Ok(None), "the same bank again changes nothing");
}

/// The effects of a member's two commands and of the payer's in each state.
#[test]
fn commands_of_members() {
    let mut table = String::new();
    let word = |outcome: Result<Option<PaymentStep>, Refusal>| match outcome {
        Ok(Some(step)) => {
            step.state.check().unwrap();
            let jobs = list(" +", &step.jobs.iter().filter_map(scheduled).collect::<Vec<_>>());
            format!("→ {}{jobs}", step.state.state.name())
        }
        Ok(None) => "already".to_owned(),
        Err(_) => "refused".to_owned(),
    };
    for (name, state) in states() {
        let redeem = word(payment(state.clone()).redeem(start()));
        let cancel = word(payment(state.clone()).cancel(start()));
        let payer = word(payment(state).cancel_by_payer(start()));
        writeln!(table, "{name:50} redeem {redeem:32} cancel {cancel:12} payer {payer}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_payer_cancels_once() {
    let step = payment(State::AwaitingBankChoice).cancel_by_payer(start()).unwrap().unwrap();
    assert_eq!(step.state.state, State::Final { end: End::Declined });
    step.state.check().unwrap();
    assert_eq!(step.events.len(), 1);
    assert_eq!(step.state.cancel_by_payer(start()), Ok(None), "a double click");
    // Declined at the bank is something else.
    let declined = payment(State::Final { end: End::Declined });
    assert!(declined.cancel_by_payer(start()).is_err());
}

#[test]
fn a_payment_that_is_redeemed_on_request_waits_for_the_word_of_its_member() {
    let mut waiting = payment(verifying(opened(), Some(sealed()), true));
    waiting.terms.redeems_on_request = true;
    let what = AuthorisationFact::Granted {
        consent_id: "c".to_owned(),
        grant: sealed(),
        usable_until: Timestamp::MAX,
    };
    let idempotency_key = attempt().idempotency_key;
    let confirmed_at = start() + SignedDuration::from_mins(30);
    let outcome = waiting.observe(&Fact::Authorisation { idempotency_key, what }, confirmed_at);
    let Outcome::Moved(step) = outcome else { panic!("{outcome:?}") };
    assert_eq!(step.state.state.name(), "awaiting_redemption");
    assert_eq!(step.jobs.iter().filter_map(scheduled).collect::<Vec<_>>(), ["expire"]);
    assert!(step.state.begin_order("key", confirmed_at).is_err());

    let the_next_day = confirmed_at + SignedDuration::from_hours(23);
    let wanted = step.state.redeem(the_next_day).unwrap().unwrap().state;
    let sent = wanted.begin_order("key", the_next_day).unwrap().state;
    let fact = Fact::Order(OrderFact::NotSent { text: "refused".to_owned() });
    let Outcome::Moved(again) = sent.observe(&fact, the_next_day) else { panic!("not moved") };
    let soon = the_next_day + SignedDuration::from_mins(39);
    assert_eq!(again.state.state.name(), "authorised");
    assert_eq!(again.state.observe(&Fact::TimeRanOut, soon), Outcome::Already);

    let too_late = confirmed_at + SignedDuration::from_hours(24);
    let Outcome::Moved(ended) = step.state.observe(&Fact::TimeRanOut, too_late) else {
        panic!("not moved")
    };
    assert_eq!(ended.state.state.name(), "expired");
}

/// A bank has no last word on an order before the day that the order is for.
#[test]
fn patience_with_an_order_for_a_later_day_begins_on_that_day() {
    let bank_payment_id = Some("order-1".to_owned());
    let state = State::Ordered(OrderState::Processing { order: order(), bank_payment_id });
    let at_once = payment(state);
    assert_eq!(at_once.deadline(), start().checked_add(STATUS_WINDOW).ok());
    let mut later = at_once.clone();
    let day = jiff::civil::date(2026, 11, 2);
    later.execution = Some(Execution { day: Some(day), ..execution() });
    let begins = day.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    assert_eq!(later.deadline(), begins.checked_add(STATUS_WINDOW).ok());
    later.execution = Some(Execution { day: Some(jiff::civil::date(2025, 1, 2)), ..execution() });
    assert_eq!(later.deadline(), at_once.deadline(), "the order was sent after its day");
}

/// Some banks never say how a payment ended. That is no reason to claim that it was executed.
#[test]
fn a_bank_that_is_silent_by_habit_is_asked_once_more_and_no_longer() {
    let bank_payment_id = Some("order-1".to_owned());
    let mut asked =
        payment(State::Ordered(OrderState::Processing { order: order(), bank_payment_id }));
    let status = StatusTerms {
        silence_is_final_after_h: Some(24),
        question_interval_min_s: Some(60),
        ..StatusTerms::default()
    };
    asked.execution = Some(Execution { status, ..execution() });
    asked.bank.payment_status = Some("ACTC".to_owned());
    let day = SignedDuration::from_hours(24);
    let silent_until = asked.updated_at.checked_add(day).unwrap();
    assert_eq!(asked.deadline(), Some(silent_until));
    let minute = SignedDuration::from_mins(1);
    assert_eq!(asked.next_status_question(start()), start().checked_add(minute).unwrap());

    let before = silent_until.checked_sub(minute).unwrap();
    assert!(matches!(asked.observe(&Fact::TimeRanOut, before), Outcome::Already));
    assert!(matches!(asked.observe(&Fact::Status(StatusFact::NoWord), before), Outcome::Already));
    let Outcome::Moved(last_question) = asked.observe(&Fact::TimeRanOut, silent_until) else {
        panic!("the bank is asked once more")
    };
    assert_eq!(last_question.state.state, asked.state);
    let Outcome::Moved(ended) = asked.observe(&Fact::Status(StatusFact::NoWord), silent_until)
    else {
        panic!("the bank stays silent")
    };
    assert_eq!(ended.state.state, State::Final { end: End::NoFinalStatus });
    let reason = ended.state.reason.as_deref();
    assert!(reason.is_some_and(|text| text.contains("its last one is ACTC")), "{reason:?}");
    assert!(ended.cases.is_empty(), "usual there");

    // A word begins the time again, and an order whose answer was lost is no such silence.
    let mut told = asked.clone();
    told.updated_at = before;
    assert_eq!(told.deadline(), before.checked_add(day).ok());
    let uncertain =
        Payment { state: State::Ordered(OrderState::Uncertain { order: order() }), ..asked };
    assert_eq!(uncertain.deadline(), start().checked_add(STATUS_WINDOW).ok());
}

#[test]
fn a_flow_that_needs_a_bank_is_refused_without_one() {
    let mut without = initiation();
    without.visit.bank_id = None;
    let id: PaymentId = "pm2:1111:x".parse().unwrap();
    let member: MemberId = "m:1111:x".parse().unwrap();
    let create = |flow| {
        let mut initiation = without.clone();
        initiation.visit.flow = flow;
        let creation = Creation { initiation, ..creation() };
        Payment::create(id.clone(), member.clone(), creation, start())
    };
    assert_eq!(create(Flow::ApiOnly), Err(Refusal::BankRequired));
    assert_eq!(create(Flow::EmbeddedHostedPages), Err(Refusal::BankRequired));
    let step = create(Flow::FullHostedPages).unwrap();
    assert_eq!(step.state.state.name(), "awaiting_bank_choice");
}

#[test]
fn debug_output_holds_no_account_number_name_or_secret() {
    let mut payment = payment(authorised());
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
    /// payment that is not settled, or whose cancellation is open, has a deadline job and knows when
    /// to stop, and the last event has the payment's current stage.
    #[test]
    fn laws_hold_for_any_sequence_of_facts(picks in proptest::collection::vec((0_usize..1000, 0_i64..100_000), 0..40)) {
        let facts = facts();
        let id: PaymentId = "pm2:1111:x".parse().unwrap();
        let member: MemberId = "m:1111:x".parse().unwrap();
        let executes = picks.first().is_some_and(|(pick, _)| pick % 2 == 0);
        let attempt = Attempt { executes_at_approval: executes, ..attempt() };
        let redeems_on_request = picks.len() % 2 == 0;
        let terms = Terms { redeems_on_request, return_url: None };
        let mut creation = Creation { attempt, terms, ..creation() };
        if picks.len() % 3 == 0 {
            creation.initiation.order.schedule = every_month();
        }
        let step = Payment::create(id, member, creation, start()).unwrap();
        let mut jobs: std::collections::BTreeSet<JobKind> = std::collections::BTreeSet::new();
        apply(&mut jobs, &step.jobs);
        let mut payment = step.state;
        let mut now = start();
        let mut orders_sent = 0;
        for (pick, seconds) in picks {
            now = now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
            if matches!(payment.state, State::Ordered(OrderState::Authorised { .. })) && pick % 2 == 0 {
                let step = payment.begin_order("key-2", now).unwrap();
                orders_sent += 1;
                apply(&mut jobs, &step.jobs);
                payment = step.state;
            }
            if let Ok(Some(step)) = payment.redeem(now) {
                prop_assert!(redeems_on_request, "redeemed without being asked to");
                apply(&mut jobs, &step.jobs);
                payment = step.state;
            }
            if pick % 97 == 0
                && let Ok(Some(step)) = payment.cancel(now)
            {
                prop_assert!(!payment.state.may_execute_unseen(), "cancelled what may execute");
                prop_assert_eq!(step.state.check(), Ok(()));
                apply(&mut jobs, &step.jobs);
                payment = step.state;
            }
            if pick % 7 == 0 {
                let by = [CancelledBy::Member, CancelledBy::Deadline][pick % 2];
                if let Ok(Some(step)) = payment.cancel_at_bank(by, cancellation::attempt(), now) {
                    prop_assert!(payment.is_held_by_bank());
                    prop_assert!(step.events.is_empty(), "nothing has happened yet");
                    apply(&mut jobs, &step.jobs);
                    payment = step.state;
                }
            }
            let fact = &facts[pick % facts.len()].1;
            let was_final = payment.state.is_final();
            if let Outcome::Moved(step) = payment.observe(fact, now) {
                prop_assert!(!was_final, "a final payment moved");
                prop_assert_eq!(step.state.version, payment.version + 1);
                // A silent Step has none: the public sees nothing of it.
                prop_assert!(step.events.len() <= 1);
                prop_assert!(step.events.iter().all(|event| *event == step.state.changed()));
                prop_assert!(!step.events.is_empty() || step.state.stage() == payment.stage());
                prop_assert_eq!(step.state.check(), Ok(()));
                let executes = payment.state.may_execute_unseen();
                let unpaid = [End::Expired, End::Failed].map(|end| State::Final { end });
                prop_assert!(
                    !(executes && *fact == Fact::TimeRanOut && unpaid.contains(&step.state.state)),
                    "a clock alone called a payment unpaid that the bank may have executed"
                );
                let not_sent = matches!(fact, Fact::Order(OrderFact::NotSent { .. }));
                if matches!(payment.state, State::Ordered(OrderState::Sent { .. })) && not_sent {
                    orders_sent -= 1;
                }
                apply(&mut jobs, &step.jobs);
                payment = step.state;
            }
            let cancels = jobs.contains(&JobKind::Payment(PaymentJob::Cancel));
            let asked = |known: &Cancellation| {
                matches!(known.state, CancellationState::Sending { .. })
            };
            prop_assert_eq!(cancels, payment.cancellation.as_ref().is_some_and(asked));
            prop_assert!(!payment.state.is_final() || payment.authorisation().is_none());
            prop_assert!(orders_sent <= 1, "two orders may exist");
            let waits = match payment.state.is_settled() {
                true => !payment.state.is_final()
                    && payment.cancellation.as_ref().is_some_and(Cancellation::is_open),
                false => true,
            };
            prop_assert_eq!(jobs.contains(&JobKind::Expire), waits);
            prop_assert_eq!(payment.deadline().is_some(), waits);
            prop_assert!(
                !payment.state.may_execute_unseen() || is_asked_about(&payment, &jobs),
                "nobody asks whether the bank has executed"
            );
            let stored = serde_json::to_string(&payment).unwrap();
            prop_assert_eq!(serde_json::from_str::<Payment>(&stored).unwrap(), payment.clone());
        }
    }
}

/// Whether a job asks the bank, or will. A payment without an id cannot be asked about; it has a case.
fn is_asked_about(payment: &Payment, jobs: &std::collections::BTreeSet<JobKind>) -> bool {
    matches!(payment.state, State::Approving(Authorisation::OpeningUncertain { .. }))
        || AuthorisationJob::ALL
            .into_iter()
            .any(|kind| jobs.contains(&JobKind::Authorisation(kind)))
}

fn apply(jobs: &mut std::collections::BTreeSet<JobKind>, changes: &[JobChange]) {
    for change in changes {
        match change {
            JobChange::Schedule(kind, _) => jobs.insert(*kind),
            JobChange::Cancel(kind) => jobs.remove(kind),
        };
    }
}
