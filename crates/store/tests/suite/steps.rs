//! Payments and their Steps: saved whole or not at all, once, and for their owner only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::authorisation::{Approach, AuthorisationFact};
use domain::bank::{OrderProgress, OrderStatus};
use domain::case::CaseKind;
use domain::payment::{Fact, OrderFact, OrderState, Payment, PaymentChanged, State, StatusFact};
use domain::step::{AuthorisationJob, Case, JobKind, Lane, Outcome, Step};
use domain::subject::Subject;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::cases::{Closing, StoredCase};
use store::step::{Aggregate, Saving};
use store::{Db, StoreError, cases, events, jobs, payments, statements};
use testkit::{TestIds, databases};

use crate::support::{
    at, create, load, member, new_payment, next_version, payments_in_every_state, sealed, start,
    transact, update,
};

#[tokio::test]
async fn every_statement_prepares() {
    for database in databases().await {
        let prepared = transact!(database.db, [] tx => statements::prepare_all(tx).await);
        assert!(prepared.is_ok(), "{}: {prepared:?}", database.name);
    }
}

/// PostgreSQL goes by the number of a parameter, SQLite by the order of first appearance.
#[test]
fn parameters_first_appear_in_their_order() {
    let (sqlite, postgres) = statements::CLAIMS;
    for sql in statements::PORTABLE.iter().copied().chain([sqlite, postgres]) {
        let mut expected = 1;
        for rest in sql.split('$').skip(1) {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let number: u32 = rest[..digits].parse().unwrap();
            assert!(number <= expected, "${number} before ${expected} in {sql}");
            expected = expected.max(number + 1);
        }
    }
}

#[tokio::test]
async fn an_event_from_the_future_is_noticed() {
    const FORGED: &str = "INSERT INTO events (subject, version, id, member_id, kind, at_ms, body) \
         SELECT subject, 2, id, member_id, kind, at_ms, body FROM events WHERE subject = $1";
    for database in databases().await {
        let db = &database.db;
        let first = new_payment(&TestIds::seeded(13), &member("a"), start());
        create(db, &first).await.unwrap();
        let id = first.state.id.clone();
        transact!(db, [id] tx => tx.execute(FORGED, &[id.as_str().into()]).await).unwrap();
        let result = update(db, &next_version(&first.state, vec![])).await;
        assert!(matches!(result, Err(StoreError::Corrupt(_))), "{result:?}");
        assert_eq!(load(db, &first.state.id).await, Some(first.state));
    }
}

#[tokio::test]
async fn a_payment_in_any_state_is_read_as_it_was_written() {
    for database in databases().await {
        for payment in payments_in_every_state() {
            let step = Step {
                events: vec![payment.changed()],
                state: payment,
                jobs: vec![],
                cases: vec![],
            };
            create(&database.db, &step).await.unwrap();
            assert_eq!(load(&database.db, &step.state.id).await.as_ref(), Some(&step.state));
        }
    }
}

#[tokio::test]
async fn a_step_brings_its_event_its_jobs_and_its_cases() {
    for database in databases().await {
        let db = &database.db;
        let ids = TestIds::seeded(2);
        let first = new_payment(&ids, &member("a"), start());
        create(db, &first).await.unwrap();
        let mut second = next_version(&first.state, vec![]);
        let case =
            Case { kind: CaseKind::NoFinalStatus, text: "a person should read this".to_owned() };
        second.cases.push(case.clone());
        update(db, &second).await.unwrap();
        let id = first.state.id.clone();
        assert_eq!(load(db, &id).await, Some(second.state.clone()));
        let id = first.state.subject();
        let (events, jobs, found, alone) = transact!(db, [id] tx => Ok((
            events::of_subject::<PaymentChanged>(tx, &id).await?,
            jobs::of_subject(tx, &id).await?,
            cases::of_subject(tx, &id).await?,
            events::get(tx, &id, 2).await?,
        )))
        .unwrap();
        let written: Vec<_> = events.iter().map(|event| event.changed.clone()).collect();
        assert_eq!(written, [first.state.changed(), second.state.changed()]);
        assert_eq!(alone, events[1]);
        assert_ne!(events[0].id, events[1].id);
        let deadline = first.state.deadline().unwrap();
        assert_eq!(
            jobs,
            [
                (JobKind::Expire, deadline),
                (JobKind::Authorisation(AuthorisationJob::OpenAtBank), start())
            ]
        );
        let kept = &found[0];
        assert_eq!((kept.kind.as_str(), &kept.text), (case.kind.name(), &case.text));
        assert_eq!((found.len(), &kept.closing), (1, &None));
    }
}

#[tokio::test]
async fn a_case_beside_a_payment_is_written_once_per_version() {
    for database in databases().await {
        let db = &database.db;
        let payment = new_payment(&TestIds::seeded(3), &member("a"), start()).state;
        let case = Case { kind: CaseKind::NoFinalStatus, text: "text".to_owned() };
        let mut moved = payment.clone();
        moved.version += 1;
        for seen in [&payment, &payment, &moved] {
            let seen = seen.clone();
            transact!(db, [seen, case] tx => cases::open(tx, &seen, &case, start()).await).unwrap();
        }
        let id = payment.subject();
        let found = transact!(db, [id] tx => cases::of_subject(tx, &id).await).unwrap();
        let versions: Vec<&str> = found.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(versions.len(), 2, "{versions:?}");
    }
}

#[tokio::test]
async fn the_saver_may_keep_the_job_that_is_due_at_once() {
    for database in databases().await {
        let db = &database.db;
        let step = new_payment(&TestIds::seeded(4), &member("a"), start());
        let lease = jobs::Lease { token: "saver".to_owned(), until: at(180) };
        let held = transact!(db, [step, lease] tx => {
            let saving = Saving { finishes: None, keeps: Some(&lease) };
            store::step::create(tx, &step, saving).await
        })
        .unwrap();
        assert!(!held.more_is_due, "the one job that is due is held");
        let held = held.kept.unwrap();
        assert_eq!(
            (held.kind, held.attempts),
            (JobKind::Authorisation(AuthorisationJob::OpenAtBank), 1)
        );
        let other = jobs::Lease { token: "other".to_owned(), until: at(360) };
        let others =
            transact!(db, [other] tx => jobs::claim(tx, &other, at(1), 10, Lane::Bank).await)
                .unwrap();
        assert_eq!(others, [], "a held job is not claimed");
        // The next Step ends the held job in its own commit.
        let next = next_version(&step.state, vec![]);
        transact!(db, [next, held] tx => {
            let saving = Saving { finishes: Some(&held), keeps: None };
            store::step::update(tx, &next, saving).await
        })
        .unwrap();
        let id = step.state.subject();
        let left = transact!(db, [id] tx => jobs::of_subject(tx, &id).await).unwrap();
        assert_eq!(left.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [JobKind::Expire]);
    }
}

#[tokio::test]
async fn two_members_do_not_see_each_others_payments() {
    for database in databases().await {
        let db = &database.db;
        let ids = TestIds::seeded(5);
        let (a, b) = (member("a"), member("b"));
        let mine = new_payment(&ids, &a, start());
        let others = new_payment(&ids, &b, start());
        create(db, &mine).await.unwrap();
        create(db, &others).await.unwrap();
        let (id, filter) = (others.state.id.clone(), payments::Filter::default());
        let (stolen, owned, list) = transact!(db, [a, b, id, filter] tx => Ok((
            payments::get(tx, &a, &id).await?,
            payments::get(tx, &b, &id).await?,
            payments::list(tx, &a, &filter, 10).await?,
        )))
        .unwrap();
        assert_eq!(stolen, None);
        assert_eq!(owned, Some(others.state));
        assert_eq!(list, [mine.state]);
    }
}

#[tokio::test]
async fn a_unit_that_ends_with_an_error_leaves_nothing() {
    for database in databases().await {
        let db = &database.db;
        let ids = TestIds::seeded(6);
        let (doomed, sound) =
            (new_payment(&ids, &member("a"), start()), new_payment(&ids, &member("a"), start()));
        let fail = async {
            let doomed = doomed.clone();
            transact!(db, [doomed] tx => {
                store::step::create(tx, &doomed, Saving::default()).await?;
                Err::<(), _>(StoreError::Corrupt("no".to_owned()))
            })
        };
        // Side by side, so that on SQLite both may share a commit.
        let (failed, saved) = tokio::join!(fail, create(db, &sound));
        assert!(matches!(failed, Err(StoreError::Corrupt(text)) if text == "no"));
        saved.unwrap();
        assert_eq!(load(db, &doomed.state.id).await, None);
        assert_eq!(load(db, &sound.state.id).await, Some(sound.state));
    }
}

#[tokio::test]
async fn a_statement_that_fails_takes_its_whole_unit_with_it() {
    for database in databases().await {
        let db = &database.db;
        let ids = TestIds::seeded(7);
        let (first, second) =
            (new_payment(&ids, &member("a"), start()), new_payment(&ids, &member("a"), start()));
        create(db, &first).await.unwrap();
        let (again, fresh) = (first.clone(), second.clone());
        let result = transact!(db, [again, fresh] tx => {
            store::step::create(tx, &fresh, Saving::default()).await?;
            store::step::create(tx, &again, Saving::default()).await.map(|_| ())
        });
        assert!(matches!(result, Err(StoreError::Corrupt(_))), "{result:?}");
        assert_eq!(load(db, &second.state.id).await, None);
        update(db, &next_version(&first.state, vec![])).await.unwrap();
    }
}

#[tokio::test]
async fn a_stale_version_is_a_conflict_and_changes_nothing() {
    for database in databases().await {
        let db = &database.db;
        let first = new_payment(&TestIds::seeded(8), &member("a"), start());
        create(db, &first).await.unwrap();
        let second = next_version(&first.state, vec![]);
        update(db, &second).await.unwrap();
        let mut stale = next_version(&first.state, vec![]);
        stale.state.reason = Some("too late".to_owned());
        let result = update(db, &stale).await;
        assert!(matches!(result, Err(StoreError::Conflict)), "{}: {result:?}", database.name);
        assert_eq!(load(db, &first.state.id).await, Some(second.state));
    }
}

#[tokio::test]
async fn a_payment_that_contradicts_itself_is_not_saved() {
    for database in databases().await {
        let mut step = new_payment(&TestIds::seeded(9), &member("a"), start());
        step.state.bank_id = None;
        let result = create(&database.db, &step).await;
        assert!(matches!(&result, Err(StoreError::Corrupt(text)) if text.contains("bank")));
        assert_eq!(load(&database.db, &step.state.id).await, None);
    }
}

/// Reads the payment and writes its next version.
async fn increment(db: &Db, first: &Payment) -> Result<i64, StoreError> {
    let id = first.id.clone();
    transact!(db, [id] tx => {
        let payment = payments::get_any(tx, &id).await?.unwrap();
        let next = next_version(&payment, vec![]);
        store::step::update(tx, &next, Saving::default()).await?;
        Ok(next.state.version)
    })
}

/// Each conflict is somebody else's commit, so five at once need at most the five runs they have.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_at_the_same_time_all_land_one_after_the_other() {
    for database in databases().await {
        let first = new_payment(&TestIds::seeded(10), &member("a"), start());
        create(&database.db, &first).await.unwrap();
        for round in 0..8 {
            let tasks: Vec<_> = (0..5)
                .map(|_| {
                    let (db, payment) = (database.db.clone(), first.state.clone());
                    tokio::spawn(async move { increment(&db, &payment).await })
                })
                .collect();
            let mut versions = vec![];
            for task in tasks {
                versions.push(task.await.unwrap().unwrap());
            }
            versions.sort_unstable();
            let expected: Vec<i64> = (2 + 5 * round..7 + 5 * round).collect();
            assert_eq!(versions, expected, "{}", database.name);
        }
    }
}

#[tokio::test]
async fn a_unit_that_lost_a_race_runs_again_on_fresh_data() {
    for database in databases().await {
        if database.file().is_some() {
            continue; // On SQLite units run one after the other: nobody can come between.
        }
        let db = &database.db;
        let first = new_payment(&TestIds::seeded(11), &member("a"), start());
        create(db, &first).await.unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let (id, rival, counter) = (first.state.id.clone(), db.clone(), Arc::clone(&runs));
        let version = transact!(db, [id, rival, counter] tx => {
            let payment = payments::get_any(tx, &id).await?.unwrap();
            if counter.fetch_add(1, Ordering::Relaxed) == 0 {
                increment(&rival, &payment).await?;
            }
            let next = next_version(&payment, vec![]);
            store::step::update(tx, &next, Saving::default()).await?;
            Ok(next.state.version)
        });
        assert_eq!(version.unwrap(), 3);
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }
}

fn told(what: AuthorisationFact) -> Fact {
    Fact::Authorisation { idempotency_key: "key-1".to_owned(), what }
}

/// Facts of a payment's life, some of them out of place.
fn facts() -> Vec<Fact> {
    let status = |progress, raw: &str| OrderStatus {
        progress,
        raw: raw.to_owned(),
        reason: None,
        decline: None,
    };
    let pending = status(OrderProgress::InProcess, "Pending");
    let completed = status(OrderProgress::Completed, "AcceptedSettlementCompleted");
    let answered = OrderFact::Answered {
        bank_payment_id: "order-1".to_owned(),
        status: pending,
        refund_account: None,
    };
    vec![
        told(AuthorisationFact::Continues {
            consent_id: Some("consent-1".to_owned()),
            context: None,
            approach: Approach::Redirect { url: "https://bank.example/authorize".to_owned() },
        }),
        Fact::PsuReturned { oauth_state: "state-1".to_owned(), returned: sealed() },
        told(AuthorisationFact::Granted {
            consent_id: "consent-1".to_owned(),
            grant: sealed(),
            usable_until: jiff::Timestamp::MAX,
        }),
        Fact::Order(OrderFact::AnswerLost { text: "lost".to_owned() }),
        Fact::Order(OrderFact::NotSent { text: "not sent".to_owned() }),
        Fact::Order(answered),
        Fact::Status(StatusFact::Order(completed)),
    ]
}

/// Folding the events of a payment gives its row's public view: each event holds the whole view,
/// so the fold is "the last one counts". Versions grow; a change that the public sees nothing of
/// has a version and no event.
#[test]
fn the_events_of_a_payment_give_its_row() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let databases = runtime.block_on(databases());
    let ids = TestIds::seeded(12);
    let config =
        ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let walks = proptest::collection::vec(0..facts().len(), 0..24);
    TestRunner::new(config)
        .run(&walks, |walk| {
            for database in &databases {
                let payment = new_payment(&ids, &member("a"), start());
                runtime.block_on(live(&database.db, payment.state.clone(), &walk));
                let (row, history) = runtime.block_on(history(&database.db, &payment.state));
                let last = history.last().map(|event| event.changed.clone()).unwrap();
                prop_assert!(last.version <= row.version);
                let version = row.version;
                prop_assert_eq!(PaymentChanged { version, ..last }, row.changed());
                let versions: Vec<i64> = history.iter().map(|event| event.version).collect();
                prop_assert_eq!(versions[0], 1);
                prop_assert!(versions.windows(2).all(|pair| pair[0] < pair[1]));
            }
            Ok(())
        })
        .unwrap();
}

async fn live(db: &Db, first: Payment, walk: &[usize]) {
    let mut payment = first;
    let events = vec![payment.changed()];
    let step = Step { state: payment.clone(), events, jobs: vec![], cases: vec![] };
    create(db, &step).await.unwrap();
    for (second, pick) in (1..).zip(walk) {
        let step = if matches!(payment.state, State::Ordered(OrderState::Authorised { .. })) {
            payment.begin_order("key-2", at(second)).unwrap()
        } else {
            match payment.observe(&facts()[*pick], at(second)) {
                Outcome::Moved(step) => *step,
                Outcome::Already | Outcome::Unexpected(_) => continue,
            }
        };
        update(db, &step).await.unwrap();
        payment = step.state;
    }
}

async fn history(db: &Db, payment: &Payment) -> (Payment, Vec<events::Event<PaymentChanged>>) {
    let id = payment.id.clone();
    transact!(db, [id] tx => Ok((
        payments::get_any(tx, &id).await?.unwrap(),
        events::of_subject(tx, &Subject::from(&id)).await?,
    )))
    .unwrap()
}

#[tokio::test]
async fn cases_are_listed_read_and_closed_once() {
    for database in databases().await {
        let db = &database.db;
        let ids = TestIds::seeded(31);
        let case = Case { kind: CaseKind::NoFinalStatus, text: "ask the bank".to_owned() };
        let mut opened = vec![];
        for seconds in [30, 10, 20] {
            let payment = new_payment(&ids, &member("a"), start()).state;
            let (seen, case) = (payment.clone(), case.clone());
            transact!(db, [seen, case] tx => cases::open(tx, &seen, &case, at(seconds)).await)
                .unwrap();
            let id = payment.subject();
            let found = transact!(db, [id] tx => cases::of_subject(tx, &id).await).unwrap();
            opened.push(found[0].clone());
        }
        let ids_of = |cases: Vec<StoredCase>| -> Vec<String> {
            cases.into_iter().map(|case| case.id).collect()
        };
        let id_of = |place: usize| opened[place].id.clone();
        let list = transact!(db, [] tx => cases::open_ones(tx, 10).await).unwrap();
        assert_eq!(ids_of(list), [id_of(1), id_of(2), id_of(0)], "{}", database.name);
        let list = transact!(db, [] tx => cases::open_ones(tx, 1).await).unwrap();
        assert_eq!(ids_of(list), [id_of(1)]);
        let closing = |by: &str| Closing {
            at: at(99),
            by: by.to_owned(),
            reason: "the bank executed nothing".to_owned(),
        };
        let id = id_of(1);
        let (first, second) = (closing("anna"), closing("bert"));
        let kept = first.clone();
        assert!(transact!(db, [id, first] tx => cases::close(tx, &id, &first).await).unwrap());
        assert!(!transact!(db, [id, second] tx => cases::close(tx, &id, &second).await).unwrap());
        let found = transact!(db, [id] tx => cases::get(tx, &id).await).unwrap().unwrap();
        assert_eq!(found, StoredCase { closing: Some(kept), ..opened[1].clone() });
        let list = transact!(db, [] tx => cases::open_ones(tx, 10).await).unwrap();
        assert_eq!(ids_of(list), [id_of(2), id_of(0)]);
        let list = transact!(db, [] tx => cases::newest(tx, 10).await).unwrap();
        assert_eq!(ids_of(list), [id_of(0), id_of(2), id_of(1)]);
        let nobody = "nobody".to_owned();
        assert_eq!(transact!(db, [nobody] tx => cases::get(tx, &nobody).await).unwrap(), None);
        let unknown = second.clone();
        let closed = transact!(db, [nobody, unknown] tx => {
            cases::close(tx, &nobody, &unknown).await
        });
        assert!(!closed.unwrap());
    }
}
