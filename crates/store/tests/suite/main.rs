//! The store on both databases: what each table promises, and what survives a bad day.
//!
//! Tests loop over `testkit::databases()`: SQLite always, PostgreSQL where a server is named.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod lists;
mod sqlite;
mod steps;
mod support;
