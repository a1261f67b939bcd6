//! Numbered migrations: one text for both databases, forward only, run at start under a lock.

use crate::db::{Db, StoreError, Tx, unit};
use crate::payments;

/// Every migration, in order; the number of the last one is the schema's version.
const MIGRATIONS: &[Migration] = &[
    Migration::of(include_str!("../migrations/0001_first.sql")),
    Migration::of(include_str!("../migrations/0002_bank_calls.sql")),
    Migration::of(include_str!("../migrations/0003_certificates.sql")),
    Migration::of(include_str!("../migrations/0004_idempotency.sql")),
    Migration::of(include_str!("../migrations/0005_member_settings.sql")),
    Migration::of(include_str!("../migrations/0006_accounts.sql")),
    Migration {
        sql: include_str!("../migrations/0007_payment_lists.sql"),
        then: Some(Filling::ColumnsOfPayments),
    },
    Migration::of(include_str!("../migrations/0008_token_requests.sql")),
    Migration::of(include_str!("../migrations/0009_tokens_and_transfers.sql")),
    Migration::of(include_str!("../migrations/0010_standing_orders.sql")),
    Migration::of(include_str!("../migrations/0011_lanes.sql")),
    Migration::of(include_str!("../migrations/0012_waiting_deliveries.sql")),
    Migration::of(include_str!("../migrations/0013_readiness.sql")),
    Migration::of(include_str!("../migrations/0014_transfer_references.sql")),
    Migration::of(include_str!("../migrations/0015_closed_cases.sql")),
    Migration::of(include_str!("../migrations/0016_subjects.sql")),
    Migration::of(include_str!("../migrations/0017_payer_accesses.sql")),
    Migration::of(include_str!("../migrations/0018_bank_outages.sql")),
    Migration::of(include_str!("../migrations/0019_bank_registrations.sql")),
];
/// PostgreSQL advisory lock under which migrations run ("bascule" on a telephone keypad).
const LOCK: &str = "SELECT pg_advisory_xact_lock(2272853)";

struct Migration {
    sql: &'static str,
    /// The part that SQL cannot do, because it does not read bodies.
    then: Option<Filling>,
}

impl Migration {
    const fn of(sql: &'static str) -> Migration {
        Migration { sql, then: None }
    }
}

#[derive(Clone, Copy)]
enum Filling {
    ColumnsOfPayments,
}

pub(crate) async fn run(db: &Db) -> Result<(), StoreError> {
    db.migrate(|(), tx| unit(migrate(tx))).await
}

async fn migrate(tx: &mut Tx) -> Result<(), StoreError> {
    if tx.is_postgres() {
        tx.batch("SET LOCAL statement_timeout = 0").await?;
        tx.batch(LOCK).await?;
    }
    tx.batch("CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY)")
        .await?;
    let row = tx.query_first("SELECT MAX(version) FROM schema_versions", &[]).await?;
    let found = row.and_then(|row| row.int(0).ok()).unwrap_or(0);
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Corrupt(format!(
            "its schema has version {found}, this release knows up to {known}: start a newer release"
        )));
    }
    for (version, Migration { sql, then }) in (1_i64..).zip(MIGRATIONS) {
        if version <= found {
            continue;
        }
        if tx.is_postgres() {
            tx.batch(sql).await?;
        } else {
            tx.batch(&sql.replace(" COLLATE \"C\"", "")).await?;
        }
        match then {
            None => {}
            Some(Filling::ColumnsOfPayments) => payments::fill_columns(tx).await?,
        }
        tx.execute("INSERT INTO schema_versions (version) VALUES ($1)", &[version.into()]).await?;
    }
    Ok(())
}
