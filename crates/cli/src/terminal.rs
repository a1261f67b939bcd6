//! What the binary says: results on standard output, complaints on standard error. A reader that
//! went away (a closed pipe) is no error.

use std::io::Write;

/// One line for standard output.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _closed = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// One line for standard error.
pub fn complain(line: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "bascule: {line}");
}
