//! A database of an older release, opened by this one.

use domain::initiation::Flow;
use domain::payment::{Payment, Stage};
use store::Db;
use store::payments::{self, Filter};
use testkit::databases;

use crate::support::{member, payments_in_every_state, transact};

/// The schema before lists had their columns.
const OLDER: [&str; 4] = [
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_bank_calls.sql"),
    include_str!("../../migrations/0003_certificates.sql"),
    include_str!("../../migrations/0004_idempotency.sql"),
];
/// More payments than are filled at a time.
const PAYMENTS: usize = 1_100;

async fn execute(db: &Db, sql: String) {
    let sql: &'static str = Box::leak(sql.into_boxed_str());
    transact!(db, [] tx => tx.execute(sql, &[]).await).unwrap();
}

/// Makes the database one of the older release.
async fn go_back(db: &Db, postgres: bool) {
    const TABLES: &str =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    if postgres {
        execute(db, "DROP SCHEMA public CASCADE".to_owned()).await;
        execute(db, "CREATE SCHEMA public".to_owned()).await;
    } else {
        for row in transact!(db, [] tx => tx.query(TABLES, &[]).await).unwrap() {
            execute(db, format!("DROP TABLE {}", row.text(0).unwrap())).await;
        }
    }
    execute(db, "CREATE TABLE schema_versions (version BIGINT NOT NULL PRIMARY KEY)".to_owned())
        .await;
    for (version, sql) in (1..).zip(OLDER) {
        let sql = if postgres { sql.to_owned() } else { sql.replace(" COLLATE \"C\"", "") };
        let lines: Vec<&str> = sql.lines().filter(|line| !line.starts_with("--")).collect();
        let sql = lines.join("\n");
        for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
            execute(db, statement.to_owned()).await;
        }
        execute(db, format!("INSERT INTO schema_versions (version) VALUES ({version})")).await;
    }
}

async fn insert_as_older(db: &Db, payment: &Payment) {
    const INSERT: &str = "INSERT INTO payments (id, member_id, state, ref_id, created_ms, version, \
         body) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = [
        payment.id.as_str().into(),
        payment.member_id.as_str().into(),
        payment.stage().name().into(),
        payment.initiation.order.ref_id.as_str().into(),
        payment.created_at.as_millisecond().into(),
        payment.version.into(),
        serde_json::to_string(payment).unwrap().into(),
    ];
    transact!(db, [params] tx => tx.execute(INSERT, &params).await).unwrap();
}

#[tokio::test]
async fn payments_of_an_older_release_are_found_by_what_lists_are_filtered_by_now() {
    for database in databases().await {
        go_back(&database.db, database.url().is_some()).await;
        let ids = testkit::TestIds::seeded(1);
        let mut made = vec![];
        for (number, mut payment) in
            payments_in_every_state().into_iter().cycle().take(PAYMENTS).enumerate()
        {
            payment.id = domain::ids::PaymentId::new(payment.created_at, &ids);
            payment.initiation.order.on_behalf_of_id =
                (number % 2 == 0).then(|| "sub-1".to_owned());
            payment.initiation.visit.external_psu_reference =
                (number % 5 == 0).then(|| format!("psu-{}", number % 10));
            insert_as_older(&database.db, &payment).await;
            made.push(payment);
        }
        let db = database.open_again().await.unwrap();
        let (owner, psu) = (member("a"), Some("psu-5".to_owned()));
        for filter in [
            Filter::default(),
            Filter { flows: vec![Flow::FullHostedPages], ..Filter::default() },
            Filter { stages: vec![Stage::Completed], ..Filter::default() },
            Filter { on_behalf_of_id: Some("sub-1".to_owned()), ..Filter::default() },
            Filter { external_psu_reference: psu.clone(), ..Filter::default() },
        ] {
            let fits = |payment: &&Payment| {
                let asked = &payment.initiation;
                (filter.flows.is_empty() || filter.flows.contains(&asked.visit.flow))
                    && (filter.stages.is_empty() || filter.stages.contains(&payment.stage()))
                    && (filter.on_behalf_of_id.is_none()
                        || filter.on_behalf_of_id == asked.order.on_behalf_of_id)
                    && (filter.external_psu_reference.is_none()
                        || filter.external_psu_reference == asked.visit.external_psu_reference)
            };
            let expected = made.iter().filter(fits).count();
            assert!(expected > 10, "{filter:?}");
            let (owner, wanted) = (owner.clone(), filter.clone());
            let found = db.snapshot(|tx| {
                store::unit(async move { payments::list(tx, &owner, &wanted, PAYMENTS).await })
            });
            assert_eq!(found.await.unwrap().len(), expected, "{}: {filter:?}", database.name);
        }
    }
}
