//! Lists of payments against a model that is a plain vector: every filter, and pages that neither
//! repeat nor lose a payment while others are being created.

use std::collections::BTreeSet;

use domain::ids::{MemberId, PaymentId};
use domain::initiation::{Flow, Frequency, Schedule};
use domain::payment::{Payment, Stage};
use domain::step::Step;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::Db;
use store::payments::{self, Filter, IDS_MAX, Position, REFERENCES_MAX};
use testkit::{TestIds, databases};

use crate::support::{create, member, payments_in_every_state, start, transact};

/// Payments that [`payments_in_every_state`] has.
const STATES: usize = 19;

/// One payment of the model.
#[derive(Debug, Clone)]
struct Entry {
    /// Milliseconds after [`start`]; few values, so that several payments share one.
    created_ms: i64,
    ref_id: String,
    /// Which of [`payments_in_every_state`].
    state: usize,
    flow: Flow,
    on_behalf_of_id: Option<String>,
    external_psu_reference: Option<String>,
    /// In no list.
    standing_order: bool,
}

/// One list and what happens meanwhile.
#[derive(Debug, Clone)]
struct Listing {
    stages: Vec<Stage>,
    flows: Vec<Flow>,
    references: Vec<String>,
    on_behalf_of_id: Option<String>,
    external_psu_reference: Option<String>,
    /// Which entries the list is restricted to, and leaves out; some do not exist.
    only: Vec<usize>,
    without: Vec<usize>,
    after_ms: Option<i64>,
    before_ms: Option<i64>,
    page: usize,
    /// Created between the first page and the next ones.
    meanwhile: Vec<Entry>,
}

fn entries(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Entry>> {
    let name = |word: &'static str| {
        proptest::option::weighted(
            0.7,
            (0_u8..3).prop_map(move |number| format!("{word}-{number}")),
        )
    };
    let flow = proptest::sample::select(Flow::ALL.to_vec());
    let standing_order = proptest::bool::weighted(0.2);
    let times = (0_i64..12, 0_u8..4, 0_usize..STATES);
    let entry = (times, flow, name("sub"), name("psu"), standing_order).prop_map(
        |(times, flow, on_behalf_of_id, external_psu_reference, standing_order)| Entry {
            created_ms: times.0,
            ref_id: format!("REF-{}", times.1),
            state: times.2,
            flow,
            on_behalf_of_id,
            external_psu_reference,
            standing_order,
        },
    );
    proptest::collection::vec(entry, count)
}

fn listing() -> impl Strategy<Value = Listing> {
    let none_or = |some| prop_oneof![2 => Just(vec![]), 1 => some];
    let stages = proptest::sample::subsequence(Stage::ALL.to_vec(), 0..=Stage::ALL.len());
    let stages = prop_oneof![Just(vec![]), stages];
    let flows = proptest::sample::subsequence(Flow::ALL.to_vec(), 0..=Flow::ALL.len());
    let references = proptest::collection::vec((0_u8..5).prop_map(|n| format!("REF-{n}")), 1..4);
    let references = prop_oneof![2 => Just(vec![]), 1 => references];
    let numbers = || none_or(proptest::collection::vec(0_usize..40, 1..12).boxed());
    let name = |word: &'static str| {
        proptest::option::weighted(
            0.3,
            (0_u8..4).prop_map(move |number| format!("{word}-{number}")),
        )
    };
    let moment = || proptest::option::weighted(0.3, -1_i64..13);
    let values = (stages, flows, references, name("sub"), name("psu"), numbers(), numbers());
    (values, moment(), moment(), 1_usize..6, entries(0..6)).prop_map(
        |(values, after_ms, before_ms, page, meanwhile)| {
            let (stages, flows, references, on_behalf_of_id, external_psu_reference, only, without) =
                values;
            Listing {
                stages,
                flows,
                references,
                on_behalf_of_id,
                external_psu_reference,
                only,
                without,
                after_ms,
                before_ms,
                page,
                meanwhile,
            }
        },
    )
}

fn moment(milliseconds: i64) -> Timestamp {
    start().checked_add(SignedDuration::from_millis(milliseconds)).unwrap()
}

fn payment(entry: &Entry, owner: &MemberId, ids: &TestIds) -> Payment {
    let mut payment = payments_in_every_state().remove(entry.state);
    let created_at = moment(entry.created_ms);
    payment.id = PaymentId::new(created_at, ids);
    payment.member_id = owner.clone();
    // The hosted pages' state of choice stays theirs.
    if payment.initiation.visit.flow == Flow::ApiOnly {
        payment.initiation.visit.flow = entry.flow;
    }
    payment.initiation.order.ref_id.clone_from(&entry.ref_id);
    payment.initiation.order.on_behalf_of_id.clone_from(&entry.on_behalf_of_id);
    payment.initiation.visit.external_psu_reference.clone_from(&entry.external_psu_reference);
    if entry.standing_order {
        let first = jiff::civil::date(2026, 2, 1);
        payment.initiation.order.schedule =
            Schedule::StandingOrder { first, frequency: Frequency::Mnth, last: None };
    }
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
    /// The filter, with ids of `model`, whose first payments have the numbers.
    fn filter(&self, model: &[Payment], ids: &TestIds) -> Filter {
        let id = |number: &usize| match model.get(*number) {
            Some(payment) => payment.id.clone(),
            None => PaymentId::new(start(), ids),
        };
        Filter {
            ids: self.only.iter().map(id).collect(),
            without_ids: self.without.iter().map(id).collect(),
            stages: self.stages.clone(),
            flows: self.flows.clone(),
            references: self.references.clone(),
            on_behalf_of_id: self.on_behalf_of_id.clone(),
            external_psu_reference: self.external_psu_reference.clone(),
            created_after: self.after_ms.map(moment),
            created_before: self.before_ms.map(moment),
            after: None,
        }
    }

    /// The expected list of `model`, newest first.
    fn expected(&self, filter: &Filter, model: &[Payment]) -> Vec<PaymentId> {
        let is =
            |wanted: &Option<String>, value: &Option<String>| wanted.is_none() || wanted == value;
        let mut found: Vec<&Payment> = model
            .iter()
            .filter(|payment| {
                let (stage, asked) = (payment.stage(), &payment.initiation);
                !payment.is_standing_order()
                    && (self.stages.is_empty() || self.stages.contains(&stage))
                    && (self.flows.is_empty() || self.flows.contains(&asked.visit.flow))
                    && (self.references.is_empty() || self.references.contains(&asked.order.ref_id))
                    && is(&self.on_behalf_of_id, &asked.order.on_behalf_of_id)
                    && is(&self.external_psu_reference, &asked.visit.external_psu_reference)
                    && (filter.ids.is_empty() || filter.ids.contains(&payment.id))
                    && !filter.without_ids.contains(&payment.id)
                    && self.after_ms.is_none_or(|ms| payment.created_at > moment(ms))
                    && self.before_ms.is_none_or(|ms| payment.created_at < moment(ms))
            })
            .collect();
        found.sort_by_key(|payment| (payment.created_at, payment.id.clone()));
        found.iter().rev().map(|payment| payment.id.clone()).collect()
    }
}

async fn page(db: &Db, owner: &MemberId, filter: &Filter, limit: usize) -> Vec<Payment> {
    let (owner, filter) = (owner.clone(), filter.clone());
    let (list, entries) = db
        .snapshot(|tx| {
            store::unit(async move {
                let list = payments::list(tx, &owner, &filter, limit).await?;
                Ok((list, payments::list_entries(tx, &owner, &filter, limit).await?))
            })
        })
        .await
        .unwrap();
    let in_short: Vec<payments::Entry> = list.iter().map(payments::Entry::of).collect();
    assert_eq!(entries, in_short);
    list
}

/// All pages, with `meanwhile` created after the first one.
async fn all_pages(
    db: &Db,
    owner: &MemberId,
    filter: &Filter,
    limit: usize,
    meanwhile: &[Payment],
) -> Vec<PaymentId> {
    let mut filter = filter.clone();
    let mut seen = vec![];
    for number in 0..100 {
        let found = page(db, owner, &filter, limit).await;
        assert!(found.len() <= limit);
        if number == 0 {
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
    panic!("the list does not end");
}

#[test]
fn lists_agree_with_a_plain_vector() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let databases = runtime.block_on(databases());
    let (ids, case) = (TestIds::seeded(20), std::cell::Cell::new(0_u32));
    let config =
        ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&(entries(0..30), listing()), |(entries, listing)| {
            case.set(case.get() + 1);
            let owner = member(&format!("case{}", case.get()));
            let made = |entries: &[Entry]| -> Vec<Payment> {
                entries.iter().map(|entry| payment(entry, &owner, &ids)).collect()
            };
            let (model, meanwhile) = (made(&entries), made(&listing.meanwhile));
            let filter = listing.filter(&model, &ids);
            for database in &databases {
                let seen = runtime.block_on(async {
                    for payment in &model {
                        add(&database.db, payment).await;
                    }
                    all_pages(&database.db, &owner, &filter, listing.page, &meanwhile).await
                });
                let distinct: BTreeSet<&PaymentId> = seen.iter().collect();
                prop_assert_eq!(distinct.len(), seen.len(), "a payment came twice");
                let old: Vec<PaymentId> =
                    seen.iter().filter(|id| model.iter().any(|p| p.id == **id)).cloned().collect();
                prop_assert_eq!(old, listing.expected(&filter, &model), "{}", database.name);
                let everything: Vec<Payment> = model.iter().chain(&meanwhile).cloned().collect();
                let now = runtime
                    .block_on(page(&database.db, &owner, &filter, 1_000))
                    .into_iter()
                    .map(|payment| payment.id)
                    .collect::<Vec<_>>();
                prop_assert_eq!(now, listing.expected(&filter, &everything), "{}", database.name);
            }
            Ok(())
        })
        .unwrap();
}

fn entry(ref_id: String) -> Entry {
    Entry {
        created_ms: 0,
        ref_id,
        state: 1,
        flow: Flow::ApiOnly,
        on_behalf_of_id: None,
        external_psu_reference: None,
        standing_order: false,
    }
}

/// A moment between two milliseconds is later than the first and earlier than the second.
#[tokio::test]
async fn moments_are_finer_than_the_column() {
    for database in databases().await {
        let owner = member("a");
        let made = payment(&entry("REF-1".to_owned()), &owner, &TestIds::seeded(22));
        add(&database.db, &made).await;
        let at = |microseconds| {
            Some(start().checked_add(SignedDuration::from_micros(microseconds)).unwrap())
        };
        for (after, before, found) in [
            (None, at(0), 0),
            (None, at(1), 1),
            (None, at(1_000), 1),
            (at(-1), None, 1),
            (at(0), None, 0),
            (at(1), None, 0),
        ] {
            let filter =
                Filter { created_after: after, created_before: before, ..Filter::default() };
            let list = page(&database.db, &owner, &filter, 10).await;
            assert_eq!(list.len(), found, "{after:?} {before:?}");
            let by_id = Filter { ids: vec![made.id.clone()], ..filter };
            assert_eq!(page(&database.db, &owner, &by_id, 10).await.len(), found);
        }
    }
}

#[tokio::test]
async fn another_members_payment_is_in_no_list() {
    for database in databases().await {
        let (owner, other) = (member("a"), member("b"));
        let made = payment(&entry("REF-1".to_owned()), &other, &TestIds::seeded(23));
        add(&database.db, &made).await;
        let asked = &made.initiation;
        for filter in [
            Filter::default(),
            Filter { ids: vec![made.id.clone()], ..Filter::default() },
            Filter { references: vec![asked.order.ref_id.clone()], ..Filter::default() },
            Filter { stages: Stage::ALL.to_vec(), ..Filter::default() },
            Filter { flows: Flow::ALL.to_vec(), ..Filter::default() },
        ] {
            assert_eq!(page(&database.db, &other, &filter, 10).await.len(), 1, "{filter:?}");
            assert_eq!(page(&database.db, &owner, &filter, 10).await, [], "{filter:?}");
        }
    }
}

#[tokio::test]
async fn as_many_references_as_promised_can_be_asked_for_and_no_more() {
    for database in databases().await {
        let owner = member("a");
        let ids = TestIds::seeded(21);
        let last = payment(&entry(format!("REF-{}", REFERENCES_MAX - 1)), &owner, &ids);
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
        let ids: Vec<PaymentId> = (0..=IDS_MAX).map(|_| PaymentId::new(start(), &ids)).collect();
        let of = |count: usize| ids[..count].to_vec();
        for (count, sound) in [(IDS_MAX, true), (IDS_MAX + 1, false)] {
            for filter in [
                Filter { ids: of(count), ..Filter::default() },
                Filter { without_ids: of(count), ..Filter::default() },
            ] {
                let list = transact!(db, [owner, filter] tx => payments::list(tx, &owner, &filter, 10).await);
                assert_eq!(list.is_ok(), sound, "{count}");
            }
        }
    }
}
