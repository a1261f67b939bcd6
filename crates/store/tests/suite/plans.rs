//! How the databases execute lists of payments: they read one range of the right index, without a
//! table scan and without a sort. A large table, or a late page, costs as much as a small one.

use std::collections::BTreeSet;

use domain::ids::{MemberId, PaymentId};
use domain::initiation::Flow;
use domain::payment::Stage;
use domain::transfer::TransferStatus;
use jiff::SignedDuration;
use rusqlite::{Connection, OpenFlags, StatementStatus, params_from_iter};
use store::payments::{Filter, Position, Role, RoleFilter, Seek};
use store::{Db, Value};
use testkit::{TestDatabase, databases};

use crate::support::{at, member, start, transact};

/// Payments of the member whose lists are asked for.
const LARGE: i64 = 20_000;
/// Payments on a page.
const PAGE: usize = 10;

/// Payments `from` to `to` of a member, one per second. Of ten, one is of another sub-TPP, payer,
/// flow and state; bodies are as long as real ones, and nobody reads them.
const FILL: &str = "WITH RECURSIVE numbers (n) AS \
     (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST($2 AS BIGINT)) \
     INSERT INTO payments (id, member_id, state, ref_id, created_ms, version, body, flow, \
     on_behalf_of_id, external_psu_reference) \
     SELECT 'pm2:' || CAST($3 AS TEXT) || CAST(1000000 + n AS TEXT) || ':x', CAST($4 AS TEXT), \
     CASE WHEN n % 10 = 0 THEN 'rejected' ELSE 'completed' END, \
     'REF-' || CAST(n % 5000 AS TEXT), CAST($5 AS BIGINT) + 1000 * n, 2, CAST($6 AS TEXT), \
     CASE WHEN n % 10 = 0 THEN 'full_hosted_pages' ELSE 'api_only' END, \
     CASE WHEN n % 10 = 0 THEN 'sub-' || CAST(n % 3 AS TEXT) END, \
     CASE WHEN n % 10 = 0 THEN 'psu-' || CAST(n % 3 AS TEXT) END FROM numbers";

async fn fill(db: &Db, owner: &MemberId, from: i64, to: i64) {
    let body = "x".repeat(1_500);
    let (name, id) = (owner.core().to_owned(), owner.as_str().to_owned());
    transact!(db, [body, name, id] tx => {
        let params: [Value; 6] = [
            from.into(),
            to.into(),
            name.into(),
            id.into(),
            start().as_millisecond().into(),
            body.into(),
        ];
        tx.execute(FILL, &params).await
    })
    .unwrap();
}

/// A large table, most of it the member's. Only PostgreSQL looks at how full its tables are.
async fn filled(database: &TestDatabase) -> MemberId {
    let owner = member("large");
    fill(&database.db, &owner, 1, LARGE).await;
    fill(&database.db, &member("small"), 1, LARGE / 20).await;
    if database.url().is_some() {
        transact!(database.db, [] tx => tx.execute("ANALYZE payments", &[]).await).unwrap();
    }
    owner
}

/// The place of payment `number` of `owner`.
fn place(owner: &MemberId, number: i64) -> Position {
    Position {
        created_ms: at(number).as_millisecond(),
        id: format!("pm2:{}{}:x", owner.core(), 1_000_000 + number),
    }
}

/// One filter and the index that it is for.
struct Case {
    filter: Filter,
    index: &'static str,
}

/// Every combination of the filters that a list can have, each at the beginning and late in the
/// list.
fn cases(owner: &MemberId) -> Vec<Case> {
    let mut cases = vec![];
    for chosen in 0_u32..256 {
        let has = |number: u32| chosen & (1 << number) != 0;
        let filter = Filter {
            ids: vec![],
            without_ids: vec![PaymentId::new(start(), &testkit::TestIds::seeded(1)); 3],
            stages: if has(0) { vec![Stage::Rejected, Stage::Completed] } else { vec![] },
            flows: if has(1) { vec![Flow::FullHostedPages] } else { vec![] },
            references: if has(2) {
                vec!["REF-10".to_owned(), "REF-20".to_owned()]
            } else {
                vec![]
            },
            on_behalf_of_id: has(3).then(|| "sub-1".to_owned()),
            external_psu_reference: has(4).then(|| "psu-1".to_owned()),
            created_after: has(5).then(|| at(50)),
            created_before: has(6).then(|| at(LARGE - 50)),
            after: has(7).then(|| place(owner, 1_000)),
        };
        let index = match () {
            () if has(2) => "payments_by_reference",
            () if has(4) => "payments_by_payer",
            () if has(3) => "payments_by_sub_tpp",
            () if has(0) || has(1) => "payments_by_flow_and_state",
            () => "payments_by_member",
        };
        cases.push(Case { filter, index });
    }
    cases
}

/// Each statement, for the entries and for the payments.
fn both(seeks: Vec<(Seek, Vec<Value>)>) -> Vec<(&'static str, Vec<Value>)> {
    seeks
        .into_iter()
        .flat_map(|(seek, params)| [(seek.entries, params.clone()), (seek.payments, params)])
        .collect()
}

/// The lines of the database's plan for a statement.
async fn plan(db: &Db, explain: &str, sql: &str, params: &[Value], column: usize) -> Vec<String> {
    // As long as the test runs: a unit of work takes statements that live as long as the program.
    let sql: &'static str = Box::leak(format!("{explain} {sql}").into_boxed_str());
    let params = params.to_vec();
    let explained = db.read(|tx| store::unit(async move { tx.query(sql, &params).await }));
    let rows = explained.await.unwrap();
    rows.iter().map(|row| row.text(column).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_list_seeks_in_its_index_and_nothing_is_scanned_or_sorted() {
    for database in databases().await {
        let (db, owner) = (&database.db, filled(&database).await);
        let mut explained = BTreeSet::new();
        for Case { filter, index } in cases(&owner) {
            for (sql, params) in both(filter.statements(&owner, PAGE).unwrap()) {
                if database.url().is_some() {
                    let plan = plan(db, "EXPLAIN (COSTS OFF)", sql, &params, 0).await;
                    assert_of_postgres(&plan.join("\n"), index);
                } else if explained.insert(sql) {
                    // SQLite knows nothing of the values when it plans.
                    let plan = plan(db, "EXPLAIN QUERY PLAN", sql, &params, 3).await;
                    assert_of_sqlite(&plan.join("\n"), index);
                }
            }
        }
    }
}

/// Each list of tokens, transfers and standing orders, and the index that it is read from.
fn role_cases() -> Vec<(RoleFilter, &'static str)> {
    let of = |role| RoleFilter {
        role,
        statuses: vec![],
        on_behalf_of_id: None,
        from: Some(at(50)),
        until: Some(at(LARGE - 50)),
        after: None,
    };
    let sub_tpp = |filter| RoleFilter { on_behalf_of_id: Some("sub-1".to_owned()), ..filter };
    let statuses = vec![TransferStatus::Success, TransferStatus::Processing];
    let of_statuses = RoleFilter { statuses, ..of(Role::Transfer) };
    vec![
        (of(Role::Token), "tokens_by_member"),
        (sub_tpp(of(Role::Token)), "tokens_by_sub_tpp"),
        (of(Role::Transfer), "transfers_by_member"),
        (of_statuses.clone(), "transfers_by_status"),
        (sub_tpp(of_statuses), "transfers_by_sub_tpp"),
        (of(Role::StandingOrder), "standing_orders_by_member"),
        (sub_tpp(of(Role::StandingOrder)), "standing_orders_by_sub_tpp"),
    ]
}

#[tokio::test]
async fn each_list_of_tokens_transfers_and_standing_orders_seeks_in_its_index() {
    for database in databases().await {
        let (db, owner) = (&database.db, filled(&database).await);
        for (filter, index) in role_cases() {
            for (sql, params) in filter.statements(&owner, PAGE).unwrap() {
                if database.url().is_some() {
                    let plan = plan(db, "EXPLAIN (COSTS OFF)", sql, &params, 0).await;
                    assert_of_postgres(&plan.join("\n"), index);
                } else {
                    let plan = plan(db, "EXPLAIN QUERY PLAN", sql, &params, 3).await;
                    let plan = plan.join("\n");
                    let expected = format!("SEARCH payments USING INDEX {index} (member_id=? AND ");
                    assert!(plan.starts_with(&expected), "{index}: {plan}");
                    assert_eq!(plan.lines().count(), 1, "something more, such as a sort: {plan}");
                }
            }
        }
    }
}

fn assert_of_sqlite(plan: &str, index: &str) {
    assert!(plan.starts_with("SEARCH payments USING "), "{index}: {plan}");
    assert!(plan.contains(&format!("INDEX {index} (member_id=? AND ")), "{index}: {plan}");
    assert!(plan.contains(">") && plan.contains("created_ms,id)<("), "a bound is not used: {plan}");
    assert_eq!(plan.lines().count(), 1, "something more, such as a sort: {plan}");
}

fn assert_of_postgres(plan: &str, index: &str) {
    let scan = plan.lines().nth(1).unwrap_or_default().trim_start_matches([' ', '-', '>']);
    let seeks = ["Index Scan Backward using ", "Index Only Scan Backward using "]
        .iter()
        .any(|kind| scan.starts_with(&format!("{kind}{index} on payments")));
    assert!(plan.starts_with("Limit") && seeks, "{index}: {plan}");
    let bounds = plan.lines().nth(2).unwrap_or_default().trim_start();
    let both = bounds.contains(" > ") && bounds.contains("_ms, id) < ROW(");
    assert!(bounds.starts_with("Index Cond: ") && both, "a bound is not used: {plan}");
    for costly in ["Sort", "Seq Scan", "Bitmap"] {
        assert!(!plan.contains(costly), "{index}: {plan}");
    }
}

#[tokio::test]
async fn payments_are_read_by_their_ids() {
    for database in databases().await {
        let (db, owner) = (&database.db, filled(&database).await);
        let sql = store::statements::PORTABLE
            .iter()
            .find(|sql| sql.starts_with("SELECT body FROM payments WHERE id IN"))
            .unwrap();
        let mut params: Vec<Value> = (0..64).map(|n| Value::from(place(&owner, n).id)).collect();
        params.push(owner.as_str().into());
        if database.url().is_some() {
            let plan = plan(db, "EXPLAIN (COSTS OFF)", sql, &params, 0).await.join("\n");
            assert!(plan.starts_with("Index Scan using payments_pkey"), "{plan}");
        } else {
            let plan = plan(db, "EXPLAIN QUERY PLAN", sql, &params, 3).await.join("\n");
            assert!(plan.starts_with("SEARCH payments USING INDEX sqlite_autoindex"), "{plan}");
            assert!(plan.contains("(id=?)"), "{plan}");
        }
    }
}

/// Steps of SQLite's machine for all statements of a list: the same however busy the computer is.
fn steps(database: &TestDatabase, owner: &MemberId, filter: &Filter) -> i32 {
    let file = database.file().unwrap();
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut steps = 0;
    for (sql, params) in both(filter.statements(owner, PAGE).unwrap()) {
        let mut statement = connection.prepare(sql).unwrap();
        let mut rows = statement.query(params_from_iter(&params)).unwrap();
        while rows.next().unwrap().is_some() {}
        drop(rows);
        assert_eq!(statement.get_status(StatementStatus::FullscanStep), 0, "{sql}");
        assert_eq!(statement.get_status(StatementStatus::Sort), 0, "{sql}");
        steps += statement.get_status(StatementStatus::VmStep);
    }
    steps
}

#[tokio::test]
async fn a_page_costs_the_same_in_a_large_table_and_late_in_it() {
    let database = testkit::sqlite().await;
    let owner = member("large");
    let filters = [
        Filter::default(),
        Filter { stages: vec![Stage::Completed, Stage::Rejected], ..Filter::default() },
        Filter { flows: vec![Flow::FullHostedPages], ..Filter::default() },
        Filter { on_behalf_of_id: Some("sub-1".to_owned()), ..Filter::default() },
        Filter { external_psu_reference: Some("psu-1".to_owned()), ..Filter::default() },
        Filter { created_before: Some(at(500)), ..Filter::default() },
        Filter {
            created_after: Some(start() - SignedDuration::from_secs(1)),
            created_before: Some(at(900)),
            stages: vec![Stage::Completed],
            ..Filter::default()
        },
    ];
    fill(&database.db, &owner, 1, 1_000).await;
    let small: Vec<i32> = filters.iter().map(|filter| steps(&database, &owner, filter)).collect();
    fill(&database.db, &owner, 1_001, LARGE).await;
    for (filter, small) in filters.into_iter().zip(small) {
        let large = steps(&database, &owner, &filter);
        let late = Filter { after: Some(place(&owner, 500)), ..filter.clone() };
        let late = steps(&database, &owner, &late);
        // A few steps more or less decide where a number lies among the branches of a comparison.
        assert!(large < small + small / 10, "{small} steps became {large}: {filter:?}");
        assert!(late < small + small / 10, "{small} steps became {late}: {filter:?}");
    }
}

/// Makes every payment after the moment $1 a standing order.
const REPEAT: &str = "UPDATE payments SET kind = 'standing_order' WHERE created_ms > $1";

#[tokio::test]
async fn standing_orders_cost_a_list_of_payments_nothing() {
    let database = testkit::sqlite().await;
    let owner = member("large");
    let filters = [
        Filter::default(),
        Filter { stages: vec![Stage::Completed], ..Filter::default() },
        Filter { references: vec!["REF-10".to_owned()], ..Filter::default() },
        Filter { on_behalf_of_id: Some("sub-1".to_owned()), ..Filter::default() },
        Filter { external_psu_reference: Some("psu-1".to_owned()), ..Filter::default() },
    ];
    fill(&database.db, &owner, 1, 1_000).await;
    let alone: Vec<i32> = filters.iter().map(|filter| steps(&database, &owner, filter)).collect();
    fill(&database.db, &owner, 1_001, LARGE).await;
    let newest_single = at(1_000).as_millisecond();
    transact!(database.db, [] tx => tx.execute(REPEAT, &[newest_single.into()]).await).unwrap();
    for (filter, alone) in filters.iter().zip(alone) {
        let among = steps(&database, &owner, filter);
        assert!(among < alone + alone / 10, "{alone} steps became {among}: {filter:?}");
    }
}
