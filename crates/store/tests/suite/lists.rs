//! Lists of payments against a model that is a plain vector: every filter, and pages that neither
//! repeat nor lose a payment while others are being created.

use std::collections::BTreeSet;

use domain::ids::{MemberId, PaymentId};
use domain::payment::{Payment, Stage};
use domain::step::Step;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::Db;
use store::payments::{self, Filter, Position, REFERENCES_MAX};
use testkit::{TestIds, databases};

use crate::support::{create, member, payments_in_every_state, start, transact};

/// One payment of the model.
#[derive(Debug, Clone)]
struct Entry {
    /// Milliseconds after [`start`]; few values, so that several payments share one.
    created_ms: i64,
    ref_id: String,
    /// Which of [`payments_in_every_state`].
    state: usize,
}

/// One list and what happens meanwhile.
#[derive(Debug, Clone)]
struct Listing {
    stages: Vec<Stage>,
    references: Vec<String>,
    after_ms: Option<i64>,
    before_ms: Option<i64>,
    page: usize,
    /// Created between the first page and the next ones.
    meanwhile: Vec<Entry>,
}

fn entries(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Entry>> {
    let entry = (0_i64..12, 0_u8..4, 0_usize..16).prop_map(|(created_ms, reference, state)| {
        Entry { created_ms, ref_id: format!("REF-{reference}"), state }
    });
    proptest::collection::vec(entry, count)
}

fn listing() -> impl Strategy<Value = Listing> {
    let stages = proptest::sample::subsequence(Stage::ALL.to_vec(), 0..=15);
    let references = proptest::collection::vec((0_u8..5).prop_map(|n| format!("REF-{n}")), 0..4);
    let moment = || proptest::option::weighted(0.3, -1_i64..13);
    (prop_oneof![Just(vec![]), stages], references, moment(), moment(), 1_usize..6, entries(0..6))
        .prop_map(|(stages, references, after_ms, before_ms, page, meanwhile)| Listing {
            stages,
            references,
            after_ms,
            before_ms,
            page,
            meanwhile,
        })
}

fn moment(milliseconds: i64) -> Timestamp {
    start().checked_add(SignedDuration::from_millis(milliseconds)).unwrap()
}

fn payment(entry: &Entry, owner: &MemberId, ids: &TestIds) -> Payment {
    let mut payment = payments_in_every_state().remove(entry.state);
    let created_at = moment(entry.created_ms);
    payment.id = PaymentId::new(created_at, ids);
    payment.member_id = owner.clone();
    payment.initiation.ref_id.clone_from(&entry.ref_id);
    payment.created_at = created_at;
    payment.updated_at = created_at;
    payment
}

async fn add(db: &Db, payment: &Payment) {
    let events = vec![payment.changed()];
    let step = Step { state: payment.clone(), events, jobs: vec![], cases: vec![] };
    create(db, &step).await.unwrap();
}

impl Listing {
    fn filter(&self) -> Filter {
        Filter {
            stages: self.stages.clone(),
            references: self.references.clone(),
            created_after: self.after_ms.map(moment),
            created_before: self.before_ms.map(moment),
            after: None,
        }
    }

    /// What the list should hold of `model`, newest first.
    fn expected(&self, model: &[Payment]) -> Vec<PaymentId> {
        let mut found: Vec<&Payment> = model
            .iter()
            .filter(|payment| {
                let (stage, reference) = (payment.state.stage(), &payment.initiation.ref_id);
                (self.stages.is_empty() || self.stages.contains(&stage))
                    && (self.references.is_empty() || self.references.contains(reference))
                    && self.after_ms.is_none_or(|ms| payment.created_at > moment(ms))
                    && self.before_ms.is_none_or(|ms| payment.created_at < moment(ms))
            })
            .collect();
        found.sort_by_key(|payment| (payment.created_at, payment.id.clone()));
        found.iter().rev().map(|payment| payment.id.clone()).collect()
    }
}

async fn page(db: &Db, owner: &MemberId, filter: &Filter, limit: usize) -> Vec<Payment> {
    transact!(db, [owner, filter] tx => payments::list(tx, &owner, &filter, limit).await).unwrap()
}

/// All pages, with `meanwhile` created after the first one.
async fn all_pages(
    db: &Db,
    owner: &MemberId,
    listing: &Listing,
    meanwhile: &[Payment],
) -> Vec<PaymentId> {
    let mut filter = listing.filter();
    let mut seen = vec![];
    loop {
        let found = page(db, owner, &filter, listing.page).await;
        assert!(found.len() <= listing.page);
        if seen.is_empty() {
            for payment in meanwhile {
                add(db, payment).await;
            }
        }
        let Some(last) = found.last() else { return seen };
        filter.after = Some(Position {
            created_ms: last.created_at.as_millisecond(),
            id: last.id.as_str().to_owned(),
        });
        seen.extend(found.into_iter().map(|payment| payment.id));
    }
}

#[test]
fn lists_agree_with_a_plain_vector() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let databases = runtime.block_on(databases());
    let (ids, case) = (TestIds::seeded(20), std::cell::Cell::new(0_u32));
    let config =
        ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&(entries(0..30), listing()), |(entries, listing)| {
            case.set(case.get() + 1);
            let owner = member(&format!("case{}", case.get()));
            let made = |entries: &[Entry]| -> Vec<Payment> {
                entries.iter().map(|entry| payment(entry, &owner, &ids)).collect()
            };
            let (model, meanwhile) = (made(&entries), made(&listing.meanwhile));
            for database in &databases {
                let seen = runtime.block_on(async {
                    for payment in &model {
                        add(&database.db, payment).await;
                    }
                    all_pages(&database.db, &owner, &listing, &meanwhile).await
                });
                let distinct: BTreeSet<&PaymentId> = seen.iter().collect();
                prop_assert_eq!(distinct.len(), seen.len(), "a payment came twice");
                let old: Vec<PaymentId> =
                    seen.iter().filter(|id| model.iter().any(|p| p.id == **id)).cloned().collect();
                prop_assert_eq!(old, listing.expected(&model), "{}", database.name);
                let everything: Vec<Payment> = model.iter().chain(&meanwhile).cloned().collect();
                let now = runtime
                    .block_on(page(&database.db, &owner, &listing.filter(), 1_000))
                    .into_iter()
                    .map(|payment| payment.id)
                    .collect::<Vec<_>>();
                prop_assert_eq!(now, listing.expected(&everything), "{}", database.name);
            }
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn as_many_references_as_promised_can_be_asked_for_and_no_more() {
    for database in databases().await {
        let owner = member("a");
        let ids = TestIds::seeded(21);
        let entry =
            Entry { created_ms: 0, ref_id: format!("REF-{}", REFERENCES_MAX - 1), state: 1 };
        let last = payment(&entry, &owner, &ids);
        add(&database.db, &last).await;
        let mut filter = Filter {
            references: (0..REFERENCES_MAX).map(|number| format!("REF-{number}")).collect(),
            ..Filter::default()
        };
        assert_eq!(page(&database.db, &owner, &filter, 10).await, [last]);
        filter.references.push("REF-one-more".to_owned());
        let db = &database.db;
        let refused =
            transact!(db, [owner, filter] tx => payments::list(tx, &owner, &filter, 10).await);
        assert!(refused.is_err());
    }
}
