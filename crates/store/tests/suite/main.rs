//! The store on both databases: the promises of each table, and its behaviour after failures.
//!
//! Tests loop over `testkit::databases()`: SQLite always, PostgreSQL where a server is named.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bodies;
mod deliveries;
mod jobs;
mod lists;
mod plans;
mod records;
mod sqlite;
mod steps;
mod support;
mod token_requests;
mod upgrade;
