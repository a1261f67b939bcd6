//! For tests only: a fresh database of each kind, a clock moved by hand, repeatable ids, pages as text.
//!
//! A test that holds for both databases loops over [`databases`]. A test reports a part that it cannot
//! run on this machine with [`skipped`], so that a green run never hides an untested part.
#![expect(clippy::expect_used, clippy::panic, reason = "tests are its only callers")]

mod columns;
mod databases;
mod html;
mod postgres_server;
mod seams;

use std::io::Write;

pub use columns::stored_texts;
pub use databases::{POSTGRES_URL, TestDatabase, databases, sqlite};
pub use html::{text_of, unescaped};
pub use postgres_server::PostgresServer;
pub use seams::{TestClock, TestIds};

/// Names the file to which [`skipped`] adds its lines, for `./check` to show at the end.
const SKIP_LOG: &str = "BASCULE_SKIP_LOG";

/// Says that something was not tested: `what` in a few words, with the reason in brackets.
///
/// The line goes to the standard error itself, because the test harness hides what a passing test
/// prints.
pub fn skipped(what: &str) {
    let line = format!("SKIPPED: {what}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("standard error can be written");
    if let Some(path) = std::env::var_os(SKIP_LOG) {
        std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .expect("the skip log can be written");
    }
}
