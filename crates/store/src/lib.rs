//! One narrow database seam, one portable SQL text, SQLite and PostgreSQL behind it.
//!
//! [`Db::transact`] runs a unit of work: reads, a pure decision, writes, one commit. On SQLite a
//! single writer thread runs units in batches and commits each batch durably once (`sqlite`); on
//! PostgreSQL a unit is a transaction whose conflicts are retried (`postgres`). The modules named
//! after tables hold that table's statements and nothing else: this crate decides nothing.
//!
//! SQL rules (kept by `tidy`, and by a test that prepares every statement on both databases):
//! `$1` parameters whose first uses come in order (SQLite counts them by appearance), `BIGINT` and `TEXT` only, no booleans, timestamps, arrays or JSON operators,
//! no bare `SUM`, no `SKIP LOCKED` outside job claiming.

mod bodies;
mod db;
mod migrate;
mod open;
mod postgres;
mod postgres_owner;
mod postgres_tls;
mod sqlite;
mod value;

pub mod bank_calls;
pub mod bank_files;
pub mod bank_outages;
pub mod bank_registrations;
pub mod cases;
pub mod certificates;
pub mod deliveries;
pub mod events;
pub mod idempotency;
pub mod jobs;
pub mod members;
pub mod payer_accesses;
pub mod payments;
pub mod readiness;
pub mod sealed_records;
pub mod secrets;
pub mod statements;
pub mod step;
pub mod token_requests;
pub mod transfer_references;
pub mod webhooks;

pub use bodies::BodySealer;
pub use db::{Db, StoreError, Tx, Unit, unit};
pub use postgres_owner::{Owner, Ownership};
pub use value::{Row, Value};
