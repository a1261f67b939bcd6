//! Events on their way to a member: who gets them, in which order, and the races between a runner
//! that delivers and a Step that adds the next event.

use domain::event::EventKind;
use domain::ids::MemberId;
use domain::payment::Payment;
use domain::step::{JobKind, Lane};
use jiff::Timestamp;
use store::deliveries::{self, Ending, Pending};
use store::jobs::{self, Claim, Lease};
use store::step::Aggregate;
use store::webhooks::{self, WebhookConfig};
use store::{Db, members};
use testkit::{TestIds, databases};

use crate::support::{
    at, create, load, member, new_payment, next_version, start, transact, update,
};

async fn subscribe(db: &Db, owner: &MemberId, kinds: &[EventKind]) {
    let config =
        WebhookConfig { url: "https://tpp.example/hook".to_owned(), kinds: kinds.to_vec() };
    transact!(db, [owner, config] tx => {
        members::insert(tx, &owner, "Merchant", start()).await?;
        webhooks::put(tx, &owner, &config, start()).await
    })
    .unwrap();
}

/// A payment of a subscribed member: one event, one pending delivery, one job.
async fn subscribed_payment(db: &Db, seed: u64) -> Payment {
    let owner = member("a");
    subscribe(db, &owner, &[EventKind::PaymentStatusChanged]).await;
    let mut step = new_payment(&TestIds::seeded(seed), &owner, start());
    step.jobs.clear();
    create(db, &step).await.unwrap();
    step.state
}

async fn next_event(db: &Db, payment: &Payment, seconds: i64) {
    let row = load(db, &payment.id).await.unwrap();
    let mut step = next_version(&row, vec![]);
    step.state.updated_at = at(seconds);
    step.events = vec![step.state.changed()];
    update(db, &step).await.unwrap();
}

async fn claim(db: &Db, token: &str, now: Timestamp) -> Option<Claim> {
    let lease = Lease {
        token: token.to_owned(),
        until: Timestamp::from_millisecond(now.as_millisecond() + 180_000).unwrap(),
    };
    transact!(db, [lease] tx => jobs::claim(tx, &lease, now, 1, Lane::Outbound).await)
        .unwrap()
        .pop()
}

async fn next(db: &Db, payment: &Payment) -> Option<Pending> {
    let id = payment.subject();
    transact!(db, [id] tx => deliveries::next(tx, &id).await).unwrap()
}

async fn end(db: &Db, payment: &Payment, version: i64, ending: Ending) {
    let id = payment.subject();
    transact!(db, [id] tx => deliveries::ended(tx, &id, version, ending, "HTTP 200", at(1)).await)
        .unwrap();
}

async fn finish_delivery(db: &Db, claim: &Claim, now: Timestamp) {
    transact!(db, [claim] tx => jobs::finish_delivery(tx, &claim, now).await).unwrap();
}

async fn repeat_delivery(db: &Db, claim: &Claim, due: Timestamp) {
    transact!(db, [claim] tx => jobs::repeat_delivery(tx, &claim, due).await).unwrap();
}

async fn job_due(db: &Db, payment: &Payment) -> Option<Timestamp> {
    let id = payment.subject();
    let pending = transact!(db, [id] tx => jobs::of_subject(tx, &id).await).unwrap();
    pending.into_iter().find(|(kind, _)| *kind == JobKind::Deliver).map(|(_, due)| due)
}

async fn told(db: &Db, payment: &Payment) -> Vec<(i64, String, i64, Option<String>)> {
    let id = payment.subject();
    transact!(db, [id] tx => deliveries::of_subject(tx, &id).await).unwrap()
}

#[tokio::test]
async fn only_who_subscribes_to_the_kind_gets_the_event() {
    for database in databases().await {
        let (db, ids) = (&database.db, TestIds::seeded(90));
        let others: Vec<EventKind> = EventKind::ALL
            .into_iter()
            .filter(|kind| *kind != EventKind::PaymentStatusChanged)
            .collect();
        subscribe(db, &member("all"), &EventKind::ALL).await;
        subscribe(db, &member("others"), &others).await;
        for (owner, expected) in [("all", 1), ("others", 0), ("none", 0)] {
            let step = new_payment(&ids, &member(owner), start());
            create(db, &step).await.unwrap();
            assert_eq!(told(db, &step.state).await.len(), expected, "{owner}");
            assert_eq!(job_due(db, &step.state).await.is_some(), expected == 1, "{owner}");
        }
    }
}

#[tokio::test]
async fn an_unsubscribed_kind_stops_with_the_change_of_the_configuration() {
    for database in databases().await {
        let db = &database.db;
        let payment = subscribed_payment(db, 91).await;
        let owner = payment.member_id.clone();
        subscribe(db, &owner, &[EventKind::RefundStatusChanged]).await;
        next_event(db, &payment, 5).await;
        assert_eq!(told(db, &payment).await.len(), 1, "the first event only");
    }
}

#[tokio::test]
async fn events_of_a_payment_wait_for_each_other() {
    for database in databases().await {
        let db = &database.db;
        let payment = subscribed_payment(db, 92).await;
        next_event(db, &payment, 5).await;
        next_event(db, &payment, 6).await;
        let first = Pending { version: 1, attempts: 0, first_at: start() };
        assert_eq!(next(db, &payment).await, Some(first.clone()));
        let id = payment.subject();
        transact!(db, [id] tx => deliveries::attempted(tx, &id, 1, "HTTP 500").await).unwrap();
        assert_eq!(next(db, &payment).await, Some(Pending { attempts: 1, ..first }));
        end(db, &payment, 1, Ending::Delivered).await;
        let second = Pending { version: 2, attempts: 0, first_at: at(5) };
        assert_eq!(next(db, &payment).await, Some(second));
        end(db, &payment, 2, Ending::Abandoned).await;
        end(db, &payment, 3, Ending::Delivered).await;
        // A slow runner's late word about an ended delivery changes nothing.
        end(db, &payment, 2, Ending::Delivered).await;
        transact!(db, [id] tx => deliveries::attempted(tx, &id, 1, "HTTP 500").await).unwrap();
        assert_eq!(next(db, &payment).await, None);
        let result = || Some("HTTP 200".to_owned());
        let expected = [
            (1, "delivered".to_owned(), 2, result()),
            (2, "abandoned".to_owned(), 1, result()),
            (3, "delivered".to_owned(), 1, result()),
        ];
        assert_eq!(told(db, &payment).await, expected);
    }
}

#[tokio::test]
async fn a_new_event_does_not_hurry_one_that_waits_for_its_next_attempt() {
    for database in databases().await {
        let db = &database.db;
        let payment = subscribed_payment(db, 93).await;
        let held = claim(db, "one", at(0)).await.unwrap();
        repeat_delivery(db, &held, at(600)).await;
        next_event(db, &payment, 5).await;
        assert_eq!(job_due(db, &payment).await, Some(at(600)));
        assert_eq!(claim(db, "two", at(599)).await, None);
        assert!(claim(db, "two", at(600)).await.is_some());
    }
}

#[tokio::test]
async fn waiting_deliveries_of_one_member_are_woken_up_to_a_limit() {
    for database in databases().await {
        let db = &database.db;
        let (one, two) = (subscribed_payment(db, 99).await, subscribed_payment(db, 100).await);
        let owner = one.member_id.clone();
        let wake = async |limit: usize| {
            transact!(db, [owner] tx => jobs::wake_deliveries(tx, &owner, at(5), limit).await)
                .unwrap()
        };
        let (first, second) = (claim(db, "1", at(0)).await, claim(db, "2", at(0)).await);
        assert_eq!(wake(10).await, 0, "both are being delivered");
        repeat_delivery(db, &first.unwrap(), at(600)).await;
        repeat_delivery(db, &second.unwrap(), at(600)).await;
        let stranger = member("b");
        let strangers = transact!(db, [stranger] tx =>
            jobs::wake_deliveries(tx, &stranger, at(5), 10).await);
        assert_eq!(strangers.unwrap(), 0);
        assert_eq!(wake(1).await, 1);
        assert_eq!(wake(10).await, 1);
        for payment in [one, two] {
            assert_eq!(job_due(db, &payment).await, Some(at(5)), "{}", database.name);
        }
    }
}

#[tokio::test]
async fn a_new_event_while_the_last_one_is_delivered_runs_the_job_again() {
    for database in databases().await {
        let db = &database.db;
        let payment = subscribed_payment(db, 94).await;
        let held = claim(db, "one", at(0)).await.unwrap();
        end(db, &payment, 1, Ending::Delivered).await;
        assert_eq!(next(db, &payment).await, None, "the runner sees nothing more …");
        next_event(db, &payment, 5).await;
        finish_delivery(db, &held, at(6)).await;
        assert_eq!(job_due(db, &payment).await, Some(at(6)), "… and the job stays");
        let again = claim(db, "two", at(6)).await.unwrap();
        assert_eq!(next(db, &payment).await.map(|pending| pending.version), Some(2));
        end(db, &payment, 2, Ending::Delivered).await;
        finish_delivery(db, &again, at(7)).await;
        assert_eq!(job_due(db, &payment).await, None);
    }
}

#[tokio::test]
async fn a_new_event_while_an_attempt_fails_waits_with_it() {
    for database in databases().await {
        let db = &database.db;
        let payment = subscribed_payment(db, 95).await;
        let held = claim(db, "one", at(0)).await.unwrap();
        next_event(db, &payment, 5).await;
        repeat_delivery(db, &held, at(600)).await;
        assert_eq!(job_due(db, &payment).await, Some(at(600)));
        assert!(claim(db, "two", at(600)).await.is_some());
    }
}

#[tokio::test]
async fn a_new_event_and_a_runner_that_dies_leave_a_job_that_is_due_when_the_lease_ends() {
    for database in databases().await {
        let db = &database.db;
        let payment = subscribed_payment(db, 96).await;
        assert!(claim(db, "dies", at(0)).await.is_some());
        next_event(db, &payment, 5).await;
        assert_eq!(claim(db, "two", at(179)).await, None);
        assert!(claim(db, "two", at(180)).await.is_some());
    }
}

#[tokio::test]
async fn a_runner_whose_lease_another_one_holds_changes_nothing() {
    for database in databases().await {
        let db = &database.db;
        let payment = subscribed_payment(db, 97).await;
        let slow = claim(db, "slow", at(0)).await.unwrap();
        let quick = claim(db, "quick", at(180)).await.unwrap();
        finish_delivery(db, &slow, at(181)).await;
        repeat_delivery(db, &slow, at(999)).await;
        assert_eq!(job_due(db, &payment).await, Some(at(360)));
        finish_delivery(db, &quick, at(182)).await;
        assert_eq!(job_due(db, &payment).await, None);
    }
}

/// The end of a delivery and the next event at the same moment, many times: whichever commits
/// first, a job is left as long as a delivery is pending.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_event_is_forgotten_when_end_and_event_race() {
    for database in databases().await {
        let db = &database.db;
        let payment = subscribed_payment(db, 98).await;
        for round in 1..=40 {
            let held = claim(db, &format!("runner{round}"), at(round * 1_000)).await.unwrap();
            let now = at(round * 1_000 + 1);
            let deliver = {
                let (db, held, id) = (db.clone(), held.clone(), payment.subject());
                tokio::spawn(async move {
                    transact!(db, [held, id] tx => {
                        deliveries::ended(tx, &id, round, Ending::Delivered, "HTTP 200", now).await?;
                        if deliveries::next(tx, &id).await?.is_none() {
                            jobs::finish_delivery(tx, &held, now).await?;
                        }
                        Ok(())
                    })
                    .unwrap();
                })
            };
            next_event(db, &payment, round * 1_000 + 2).await;
            deliver.await.unwrap();
            assert!(next(db, &payment).await.is_some(), "the new event is pending");
            assert!(job_due(db, &payment).await.is_some(), "{}: round {round}", database.name);
        }
    }
}
