//! The output of the binary: results on standard output, errors on standard error. A closed pipe is
//! not an error.

use std::ffi::OsStr;
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

/// Whether output has colours: on a terminal, unless `NO_COLOR` is set to something (no-color.org).
#[must_use]
pub fn has_colours(is_terminal: bool, no_color: Option<&OsStr>) -> bool {
    is_terminal && no_color.is_none_or(OsStr::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_whose_user_does_not_refuse_them() {
        for (is_terminal, no_color, expected) in [
            (true, None, true),
            (true, Some(""), true),
            (true, Some("1"), false),
            (false, None, false),
            (false, Some("1"), false),
        ] {
            let found = has_colours(is_terminal, no_color.map(OsStr::new));
            assert_eq!(found, expected, "{is_terminal} {no_color:?}");
        }
    }
}
