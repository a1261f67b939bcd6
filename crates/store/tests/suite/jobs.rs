//! Jobs: claimed by one runner at a time, due again when a lease ends, never lost, never ended by
//! somebody whose lease is over.

use std::collections::BTreeSet;

use domain::payment::Payment;
use domain::step::{JobChange, JobKind, Lane, PaymentJob};
use jiff::Timestamp;
use store::Db;
use store::jobs::{self, Claim, Lease, Waiting};
use store::step::Aggregate;
use testkit::{TestIds, databases};

use crate::support::{
    at, create, load, member, new_payment, next_version, start, transact, update,
};

fn lease(token: &str, until_seconds: i64) -> Lease {
    Lease { token: token.to_owned(), until: at(until_seconds) }
}

async fn claim(db: &Db, lease: Lease, now: Timestamp, limit: usize) -> Vec<Claim> {
    transact!(db, [lease] tx => jobs::claim(tx, &lease, now, limit, Lane::Bank).await).unwrap()
}

async fn finish(db: &Db, claim: &Claim) -> bool {
    transact!(db, [claim] tx => jobs::finish(tx, &claim).await).unwrap()
}

async fn repeat(db: &Db, claim: &Claim, due: Timestamp) {
    transact!(db, [claim] tx => jobs::repeat(tx, &claim, due).await).unwrap();
}

async fn pending(db: &Db, payment: &Payment) -> Vec<(JobKind, Timestamp)> {
    let id = payment.subject();
    transact!(db, [id] tx => jobs::of_subject(tx, &id).await).unwrap()
}

/// A payment whose only job is `redeem`, due after `due_seconds`.
async fn with_job(db: &Db, ids: &TestIds, due_seconds: i64) -> Payment {
    let mut step = new_payment(ids, &member("a"), start());
    step.jobs = vec![JobChange::Schedule(JobKind::Payment(PaymentJob::Redeem), at(due_seconds))];
    create(db, &step).await.unwrap();
    step.state
}

async fn schedule_again(db: &Db, payment: &Payment, change: JobChange) {
    let row = load(db, &payment.id).await.unwrap();
    update(db, &next_version(&row, vec![change])).await.unwrap();
}

#[tokio::test]
async fn a_job_is_claimed_when_it_is_due_and_by_one_runner() {
    for database in databases().await {
        let db = &database.db;
        let payment = with_job(db, &TestIds::seeded(60), 10).await;
        assert_eq!(claim(db, lease("early", 100), at(9), 10).await, []);
        let claims = claim(db, lease("one", 100), at(10), 10).await;
        let expected = Claim {
            subject: payment.subject(),
            kind: JobKind::Payment(PaymentJob::Redeem),
            member_id: payment.member_id.clone(),
            attempts: 1,
            token: "one".to_owned(),
        };
        assert_eq!(claims, [expected]);
        assert_eq!(claim(db, lease("two", 100), at(99), 10).await, []);
        assert!(finish(db, &claims[0]).await);
        assert_eq!(pending(db, &payment).await, []);
        assert!(!finish(db, &claims[0]).await, "it is finished once");
    }
}

#[tokio::test]
async fn no_more_than_the_limit_are_claimed_the_longest_due_first() {
    for database in databases().await {
        let (db, ids) = (&database.db, TestIds::seeded(61));
        let mut payments = vec![];
        for due in [5, 3, 4, 1, 2] {
            payments.push((due, with_job(db, &ids, due).await.subject()));
        }
        payments.sort();
        let mut order = vec![];
        for (number, limit) in [2, 2, 2].into_iter().enumerate() {
            let claims = claim(db, lease(&format!("runner{number}"), 100), at(10), limit).await;
            assert!(claims.len() <= limit);
            order.push(claims.into_iter().map(|claim| claim.subject).collect::<BTreeSet<_>>());
        }
        let expected: Vec<BTreeSet<_>> = payments
            .chunks(2)
            .map(|chunk| chunk.iter().map(|(_, id)| id.clone()).collect())
            .collect();
        assert_eq!(order, expected, "{}", database.name);
    }
}

#[tokio::test]
async fn a_job_whose_runner_died_is_due_again_when_its_lease_ends() {
    for database in databases().await {
        let db = &database.db;
        let payment = with_job(db, &TestIds::seeded(62), 0).await;
        let dead = claim(db, lease("dead", 180), at(0), 1).await.remove(0);
        assert_eq!(claim(db, lease("second", 360), at(179), 1).await, []);
        let second = claim(db, lease("second", 360), at(180), 1).await.remove(0);
        assert_eq!(second.attempts, 2);
        // The dead runner was only slow: its late result changes nothing.
        assert!(!finish(db, &dead).await);
        repeat(db, &dead, at(1_000)).await;
        assert_eq!(pending(db, &payment).await, [(JobKind::Payment(PaymentJob::Redeem), at(360))]);
        assert!(finish(db, &second).await);
    }
}

#[tokio::test]
async fn a_repeated_job_waits_until_it_is_due_again() {
    for database in databases().await {
        let db = &database.db;
        let payment = with_job(db, &TestIds::seeded(63), 0).await;
        let first = claim(db, lease("one", 180), at(0), 1).await.remove(0);
        repeat(db, &first, at(30)).await;
        assert_eq!(pending(db, &payment).await, [(JobKind::Payment(PaymentJob::Redeem), at(30))]);
        assert_eq!(claim(db, lease("two", 180), at(29), 1).await, []);
        let second = claim(db, lease("two", 210), at(30), 1).await.remove(0);
        assert_eq!(second.attempts, 2);
        assert!(!finish(db, &first).await, "the first lease is over");
        assert!(finish(db, &second).await);
    }
}

#[tokio::test]
async fn a_job_scheduled_anew_outlives_its_old_holder() {
    for database in databases().await {
        let db = &database.db;
        let payment = with_job(db, &TestIds::seeded(64), 0).await;
        let old = claim(db, lease("old", 180), at(0), 1).await.remove(0);
        schedule_again(
            db,
            &payment,
            JobChange::Schedule(JobKind::Payment(PaymentJob::Redeem), at(5)),
        )
        .await;
        assert!(!finish(db, &old).await);
        repeat(db, &old, at(1_000)).await;
        assert_eq!(pending(db, &payment).await, [(JobKind::Payment(PaymentJob::Redeem), at(5))]);
        let new = claim(db, lease("new", 180), at(5), 1).await.remove(0);
        assert_eq!(new.attempts, 1, "it is a new job");
    }
}

#[tokio::test]
async fn a_cancelled_job_is_gone_even_while_it_runs() {
    for database in databases().await {
        let db = &database.db;
        let payment = with_job(db, &TestIds::seeded(65), 0).await;
        let running = claim(db, lease("one", 180), at(0), 1).await.remove(0);
        schedule_again(db, &payment, JobChange::Cancel(JobKind::Payment(PaymentJob::Redeem))).await;
        assert_eq!(pending(db, &payment).await, []);
        repeat(db, &running, at(5)).await;
        assert!(!finish(db, &running).await);
        assert_eq!(pending(db, &payment).await, []);
    }
}

#[tokio::test]
async fn jobs_of_one_payment_do_not_disturb_each_other() {
    for database in databases().await {
        let db = &database.db;
        let payment = with_job(db, &TestIds::seeded(66), 0).await;
        schedule_again(db, &payment, JobChange::Schedule(JobKind::Expire, at(7))).await;
        let claims = claim(db, lease("one", 180), at(0), 10).await;
        assert_eq!(claims.len(), 1);
        assert!(finish(db, &claims[0]).await);
        assert_eq!(pending(db, &payment).await, [(JobKind::Expire, at(7))]);
    }
}

#[tokio::test]
async fn a_waiting_job_is_woken_and_a_running_one_is_not() {
    for database in databases().await {
        let db = &database.db;
        let payment = with_job(db, &TestIds::seeded(67), 600).await;
        let id = payment.subject();
        let wake = async |kind| {
            let id = id.clone();
            let waiting = Waiting { after: at(7), until: at(600) };
            transact!(db, [id] tx => jobs::wake(tx, &id, kind, at(5), waiting).await).unwrap();
        };
        wake(JobKind::Expire).await;
        assert_eq!(pending(db, &payment).await, [(JobKind::Payment(PaymentJob::Redeem), at(600))]);
        wake(JobKind::Payment(PaymentJob::Redeem)).await;
        assert_eq!(pending(db, &payment).await, [(JobKind::Payment(PaymentJob::Redeem), at(5))]);
        // Due soon, and run a moment ago: they are left as they are.
        for due in [at(601), at(7)] {
            schedule_again(
                db,
                &payment,
                JobChange::Schedule(JobKind::Payment(PaymentJob::Redeem), due),
            )
            .await;
            wake(JobKind::Payment(PaymentJob::Redeem)).await;
            assert_eq!(pending(db, &payment).await, [(JobKind::Payment(PaymentJob::Redeem), due)]);
        }
        claim(db, lease("one", 180), at(7), 1).await;
        wake(JobKind::Payment(PaymentJob::Redeem)).await;
        assert_eq!(pending(db, &payment).await, [(JobKind::Payment(PaymentJob::Redeem), at(180))]);
    }
}

#[tokio::test]
async fn a_job_that_waits_is_claimed_by_whoever_cannot_wait_and_by_nobody_else() {
    for database in databases().await {
        let db = &database.db;
        let payment = with_job(db, &TestIds::seeded(70), 600).await;
        let id = payment.subject();
        let claim_waiting = async |kind, after, until| {
            let (id, lease) = (id.clone(), lease("one", 180));
            let waiting = Waiting { after: at(after), until: at(until) };
            transact!(db, [id, lease] tx => {
                jobs::claim_waiting(tx, &lease, &id, kind, waiting).await
            })
            .unwrap()
        };
        assert_eq!(claim_waiting(JobKind::Expire, 0, 700).await, None);
        assert_eq!(claim_waiting(JobKind::Payment(PaymentJob::Redeem), 600, 700).await, None);
        assert_eq!(claim_waiting(JobKind::Payment(PaymentJob::Redeem), 0, 599).await, None);
        let claimed = claim_waiting(JobKind::Payment(PaymentJob::Redeem), 599, 600).await.unwrap();
        assert_eq!((&claimed.subject, claimed.attempts), (&payment.subject(), 1));
        assert_eq!(pending(db, &payment).await, [(JobKind::Payment(PaymentJob::Redeem), at(180))]);
        assert_eq!(
            claim_waiting(JobKind::Payment(PaymentJob::Redeem), 0, 700).await,
            None,
            "somebody holds it"
        );
    }
}

#[tokio::test]
async fn the_next_due_moment_is_that_of_the_earliest_job() {
    for database in databases().await {
        let (db, ids) = (&database.db, TestIds::seeded(68));
        let next = async || transact!(db, [] tx => jobs::next_due(tx, Lane::Bank).await).unwrap();
        assert_eq!(next().await, None);
        with_job(db, &ids, 20).await;
        with_job(db, &ids, 10).await;
        assert_eq!(next().await, Some(at(10)));
        claim(db, lease("one", 180), at(10), 1).await;
        assert_eq!(next().await, Some(at(20)));
    }
}

#[tokio::test]
async fn a_process_that_is_alone_takes_every_lease_back() {
    for database in databases().await {
        let (db, ids) = (&database.db, TestIds::seeded(69));
        let held = with_job(db, &ids, 0).await;
        let waiting = with_job(db, &ids, 50).await;
        let dead = claim(db, lease("dead", 180), at(0), 1).await.remove(0);
        let released = transact!(db, [] tx => jobs::release_all(tx, at(1)).await).unwrap();
        assert_eq!(released, 1);
        assert_eq!(pending(db, &waiting).await, [(JobKind::Payment(PaymentJob::Redeem), at(50))]);
        assert!(!finish(db, &dead).await);
        let again = claim(db, lease("new", 180), at(1), 10).await;
        assert_eq!(again.iter().map(|claim| &claim.subject).collect::<Vec<_>>(), [&held.subject()]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn runners_that_claim_at_the_same_time_never_get_the_same_job() {
    const JOBS: usize = 200;
    for database in databases().await {
        let (db, ids) = (&database.db, TestIds::seeded(70));
        let mut all = BTreeSet::new();
        for _ in 0..JOBS {
            all.insert(with_job(db, &ids, 0).await.subject());
        }
        let runners: Vec<_> = (0..4)
            .map(|number| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut got = vec![];
                    loop {
                        let lease = lease(&format!("runner{number}"), 180);
                        let claims = claim(&db, lease, at(0), 7).await;
                        assert!(claims.len() <= 7);
                        if claims.is_empty() {
                            return got;
                        }
                        got.extend(claims.into_iter().map(|claim| claim.subject));
                    }
                })
            })
            .collect();
        let mut claimed = vec![];
        for runner in runners {
            claimed.extend(runner.await.unwrap());
        }
        // A claim skips jobs that another runner is claiming, so a last look may be needed.
        let rest = claim(db, lease("last", 180), at(0), JOBS).await;
        claimed.extend(rest.into_iter().map(|claim| claim.subject));
        assert_eq!(claimed.len(), JOBS, "{}: a job was claimed twice", database.name);
        assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>(), all);
    }
}

#[tokio::test]
async fn a_kind_of_job_that_this_release_does_not_know_is_named() {
    const INSERT: &str = "INSERT INTO jobs (subject, kind, member_id, due_ms, lease, attempts) \
         VALUES ('pm2:1:x', 'teleport', 'm:a:x', 0, '', 0)";
    for database in databases().await {
        let db = &database.db;
        transact!(db, [] tx => tx.execute(INSERT, &[]).await).unwrap();
        let wanted = lease("one", 180);
        let error =
            transact!(db, [wanted] tx => jobs::claim(tx, &wanted, at(0), 1, Lane::Bank).await)
                .unwrap_err();
        assert!(error.to_string().contains("teleport"), "{error}");
    }
}
