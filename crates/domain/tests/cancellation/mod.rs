//! The cancellation of a payment that its bank holds: who may ask for it, and what each fact does
//! to it.

use std::fmt::Write;

use domain::authorisation::{Attempt, Authorisation, Opened, RepeatedCreation};
use domain::bank::OrderProgress;
use domain::payment::{
    Cancellation, CancellationFact, CancellationState, CancelledBy, End, Fact, OrderState, Payment,
    STATUS_WINDOW, Stage, State, StatusFact, TokenFact,
};
use domain::sealed::Sealed;
use domain::step::{JobChange, JobKind, Outcome};
use jiff::SignedDuration;

use crate::samples::*;
use crate::{list, scheduled};

/// The keys of the approval of a cancellation, which executes nothing.
pub fn attempt() -> Attempt {
    Attempt {
        idempotency_key: "key-c".to_owned(),
        oauth_state: "state-c".to_owned(),
        executes_at_approval: false,
        repeated_creation: Some(RepeatedCreation::NewKeys),
        ..crate::samples::attempt()
    }
}

fn processing() -> State {
    let bank_payment_id = Some("order-1".to_owned());
    State::Ordered(OrderState::Processing { order: order(), bank_payment_id })
}

fn unapproved() -> State {
    State::Approving(Authorisation::AwaitingRedirect { opened: executing(), redirect_url: url() })
}

/// Each state of a cancellation, of an order that waits for its day and of a payment that the payer
/// has not approved.
fn cancellations() -> Vec<(String, Payment)> {
    let opened =
        Opened { attempt: attempt(), consent_id: Some("order-1".to_owned()), context: None };
    let redirect = Authorisation::AwaitingRedirect { opened, redirect_url: url() };
    let of_set_up = redirect.clone();
    let of = |state: State, wanted_by, cancellation| {
        let mut payment = payment(state);
        payment.cancellation =
            Some(Cancellation { wanted_by, wanted_at: start(), state: cancellation });
        payment
    };
    let sending = || CancellationState::Sending { attempt: attempt() };
    let refused = CancellationState::Refused { why: "too late".to_owned() };
    let (member, deadline) = (CancelledBy::Member, CancelledBy::Deadline);
    [
        ("processing, sending", of(processing(), member, sending())),
        (
            "processing, approving",
            of(processing(), member, CancellationState::Approving { authorisation: redirect }),
        ),
        ("processing, uncertain", of(processing(), member, CancellationState::Uncertain)),
        ("processing, refused", of(processing(), member, refused.clone())),
        ("awaiting_redirect, sending", of(unapproved(), member, sending())),
        ("awaiting_redirect, overdue", of(unapproved(), deadline, sending())),
        ("set up, sending", of(set_up(), member, sending())),
        (
            "set up, approving",
            of(set_up(), member, CancellationState::Approving { authorisation: of_set_up }),
        ),
        ("set up, uncertain", of(set_up(), member, CancellationState::Uncertain)),
        ("set up, refused", of(set_up(), member, refused)),
    ]
    .into_iter()
    .map(|(name, payment)| (name.to_owned(), payment))
    .collect()
}

/// The same facts, about the attempt of the cancellation where they are about an approval.
fn facts_of_cancellation() -> Vec<(String, Fact)> {
    facts()
        .into_iter()
        .filter(|(name, _)| !name.contains("other attempt"))
        .map(|(name, fact)| {
            let fact = match fact {
                Fact::Authorisation { what, .. } => {
                    Fact::Authorisation { idempotency_key: "key-c".to_owned(), what }
                }
                Fact::PsuReturned { returned, .. } => {
                    Fact::PsuReturned { oauth_state: "state-c".to_owned(), returned }
                }
                other => other,
            };
            (name, fact)
        })
        .collect()
}

fn name_of(state: &CancellationState) -> &'static str {
    match state {
        CancellationState::Sending { .. } => "sending",
        CancellationState::Approving { .. } => "approving",
        CancellationState::Uncertain => "uncertain",
        CancellationState::Refused { .. } => "refused",
        CancellationState::Done => "done",
    }
}

#[test]
fn cancellation_table() {
    let mut table = String::new();
    for (name, payment) in cancellations() {
        writeln!(table, "## {name}").unwrap();
        for (fact_name, fact) in facts_of_cancellation() {
            let cell = match payment.observe(&fact, moment(&fact)) {
                Outcome::Moved(step) => {
                    step.state.check().unwrap();
                    let jobs: Vec<String> = step.jobs.iter().filter_map(scheduled).collect();
                    let cases: Vec<&str> = step.cases.iter().map(|one| one.kind.name()).collect();
                    let known = step.state.cancellation.as_ref().unwrap();
                    let (state, of) = (step.state.state.name(), name_of(&known.state));
                    format!("→ {state}, {of}{}{}", list(" +", &jobs), list(" case:", &cases))
                }
                Outcome::Already => continue,
                Outcome::Unexpected(case) => format!("case:{}", case.kind.name()),
            };
            writeln!(table, "  {fact_name:<34} {cell}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_bank_is_asked_to_cancel_what_it_holds_and_once_at_a_time() {
    for (name, state) in states() {
        let held = payment(state);
        let asked = held.cancel_at_bank(CancelledBy::Member, attempt(), start());
        let holds = name == "processing"
            || name == "set up"
            || name.ends_with("executing bank") && !name.contains("creates")
            || name.ends_with("executing bank, only asked");
        assert_eq!(asked.is_ok(), holds, "{name}");
        if let Ok(Some(step)) = asked {
            assert_eq!(step.state.state, held.state, "{name}: it goes its way meanwhile");
            let again = step.state.cancel_at_bank(CancelledBy::Member, attempt(), start());
            assert_eq!(again, Ok(None), "{name}: a double click");
        }
    }
}

/// A standing order that was being set up when the member took it back: the cancellation continues.
#[test]
fn a_cancellation_outlives_the_setting_up() {
    let mut held = payment(processing());
    held.initiation.order.schedule = every_month();
    let asked =
        held.cancel_at_bank(CancelledBy::Member, attempt(), start()).unwrap().unwrap().state;
    let completed = status(OrderProgress::Completed, "ACTC");
    let told = Fact::Status(StatusFact::Order(completed));
    let Outcome::Moved(step) = asked.observe(&told, start()) else { panic!("not moved") };
    assert_eq!((step.state.stage(), step.state.state.is_final()), (Stage::Completed, false));
    assert_eq!(step.state.cancellation, asked.cancellation);
    let cancelled = Fact::Cancellation(CancellationFact::Cancelled);
    let Outcome::Moved(step) = step.state.observe(&cancelled, start()) else { panic!("not moved") };
    assert_eq!(step.state.state, State::Final { end: End::Cancelled });
}

/// Nobody waits for a standing order that is set up, except for the outcome of its cancellation.
#[test]
fn a_standing_order_has_a_deadline_only_while_it_is_being_cancelled() {
    let held = payment(set_up());
    assert_eq!(held.deadline(), None);
    let asked = held.cancel_at_bank(CancelledBy::Member, attempt(), start()).unwrap().unwrap();
    assert!(asked.jobs.iter().filter_map(scheduled).any(|job| job == "expire"));
    let mut lost = asked.state;
    assert_eq!(lost.deadline(), start().checked_add(STATUS_WINDOW).ok());
    lost.cancellation.as_mut().unwrap().state = CancellationState::Uncertain;
    let Outcome::Moved(step) = lost.observe(&Fact::Status(StatusFact::NoWord), late()) else {
        panic!("not moved")
    };
    assert_eq!(step.state.state, set_up(), "the bank may go on with it");
    assert_eq!(step.state.deadline(), None);
    assert!(step.jobs.contains(&JobChange::Cancel(JobKind::Expire)));
    assert_eq!(step.cases.len(), 1);
}

/// A job that read the payment before another one had its token refreshed must not use the old refresh
/// token again.
#[test]
fn a_token_is_refreshed_once_by_whoever_knows_it() {
    let held = payment(processing());
    let asking = held.begin_refresh(&sealed(), start()).unwrap().state;
    assert!(asking.begin_refresh(&sealed(), start()).is_none(), "somebody asks");
    let grant = Sealed("another".to_owned());
    let fact = Fact::Token(TokenFact::Refreshed { grant: grant.clone() });
    let Outcome::Moved(step) = asking.observe(&fact, start()) else { panic!("not moved") };
    assert!(step.state.begin_refresh(&sealed(), start()).is_none(), "the old token");
    assert!(step.state.begin_refresh(&grant, start()).is_some());
}

#[test]
fn who_wants_it_decides_how_a_cancelled_payment_ends() {
    for (wanted_by, end) in
        [(CancelledBy::Member, End::Cancelled), (CancelledBy::Deadline, End::Expired)]
    {
        let step =
            payment(unapproved()).cancel_at_bank(wanted_by, attempt(), start()).unwrap().unwrap();
        let fact = Fact::Cancellation(CancellationFact::Cancelled);
        let Outcome::Moved(ended) = step.state.observe(&fact, start()) else { panic!("not moved") };
        assert_eq!(ended.state.state, State::Final { end });
    }
}

#[test]
fn a_payment_is_overdue_once_the_payers_time_is_over_and_asked_for_once() {
    let waiting = payment(unapproved());
    let late = start() + SignedDuration::from_mins(41);
    assert!(!waiting.is_overdue_at_bank(start()));
    assert!(waiting.is_overdue_at_bank(late));
    let step = waiting.cancel_at_bank(CancelledBy::Deadline, attempt(), late).unwrap().unwrap();
    assert!(!step.state.is_overdue_at_bank(late));
    assert!(!payment(processing()).is_overdue_at_bank(late), "an order has no payer who is late");
}
