//! A file is at most 500 lines, a function at most 70, so that a room can be seen whole.
//!
//! `exceptions.txt` beside this crate's manifest lists what is longer, with its length today. The
//! list may only shrink: an exception that is no longer needed, or longer than its length, fails.

use std::collections::BTreeMap;

use crate::Tree;
use crate::source::read;

/// The most lines of a file.
const FILE_LINES_MAX: usize = 500;
/// The most lines of a function, from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// Endings of files that people write and read; data, snapshots and fixtures may be long.
const READ_BY_PEOPLE: &[&str] = &["rs", "js", "css", "html", "sql", "sh"];
/// The list of exceptions: `<path> <lines>` or `<path>::<function> <lines>`.
pub const EXCEPTIONS: &str = "crates/tidy/exceptions.txt";

/// Every file and function that is too long, and every exception that is not exact.
#[must_use]
pub fn check(tree: &Tree) -> Vec<String> {
    let mut problems = vec![];
    let mut exceptions = BTreeMap::new();
    let listed = tree.file(EXCEPTIONS).map_or("", |file| file.text.as_str());
    for line in listed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.rsplit_once(' ').map(|(what, lines)| (what, lines.parse::<usize>())) {
            Some((what, Ok(lines))) => drop(exceptions.insert(what.to_owned(), lines)),
            _ => problems.push(format!("{EXCEPTIONS}: `{line}` is not `<what> <lines>`")),
        }
    }
    for (what, lines, advice) in too_long(tree) {
        match exceptions.remove(&what) {
            Some(allowed) if allowed == lines => {}
            Some(allowed) if allowed > lines => problems.push(format!(
                "{what} has shrunk to {lines} lines: write that in {EXCEPTIONS} instead of {allowed}"
            )),
            Some(allowed) => problems
                .push(format!("{what} has grown from {allowed} to {lines} lines: {advice}")),
            None => problems.push(format!("{what} has {lines} lines: {advice}")),
        }
    }
    problems.extend(
        exceptions
            .keys()
            .map(|what| format!("{what} is not too long (any more): take it out of {EXCEPTIONS}")),
    );
    problems
}

fn too_long(tree: &Tree) -> Vec<(String, usize, String)> {
    let mut found = vec![];
    for file in tree.files.iter().filter(|file| file.has_ending(READ_BY_PEOPLE)) {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            let advice = format!("split it by meaning (at most {FILE_LINES_MAX})");
            found.push((file.path.clone(), lines, advice));
        }
        if file.is_rust() {
            // A file that cannot be read is a problem of `words`.
            for function in read(&file.text).unwrap_or_default().functions {
                if function.lines > FUNCTION_LINES_MAX {
                    let advice = format!("give its parts names (at most {FUNCTION_LINES_MAX})");
                    let what = format!("{}::{}", file.path, function.name);
                    found.push((what, function.lines, advice));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function_of(lines: usize) -> String {
        format!(
            "impl X {{\n    pub async fn long<T>(\n        a: T,\n    ) {{\n{}    }}\n}}\n",
            "        b();\n".repeat(lines - 4)
        )
    }

    fn check_one(path: &str, text: &str, exceptions: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text), (EXCEPTIONS, exceptions)]))
    }

    #[test]
    fn long_files_are_found_to_the_line() {
        assert_eq!(check_one("a.rs", &"//\n".repeat(500), ""), Vec::<String>::new());
        assert_eq!(check_one("a.rs", &"//\n".repeat(501), "").len(), 1);
        assert_eq!(check_one("a.json", &"x\n".repeat(501), ""), Vec::<String>::new());
    }

    #[test]
    fn long_functions_are_found_to_the_line() {
        assert_eq!(check_one("a.rs", &function_of(70), ""), Vec::<String>::new());
        let problems = check_one("a.rs", &function_of(71), "");
        assert!(problems[0].starts_with("a.rs::long has 71 lines"), "{problems:?}");
        let inner = format!("fn outer() {{\n{}}}\n", function_of(69));
        let problems = check_one("a.rs", &inner, "");
        assert!(problems[0].starts_with("a.rs::outer has 73 lines"), "{problems:?}");
    }

    #[test]
    fn the_list_of_exceptions_may_only_shrink() {
        let long = function_of(80);
        assert_eq!(check_one("a.rs", &long, "# why\na.rs::long 80\n"), Vec::<String>::new());
        for (exceptions, complaint) in [
            ("a.rs::long 79\n", "grown from 79 to 80"),
            ("a.rs::long 81\n", "shrunk to 80"),
            ("a.rs::long 80\na.rs::gone 99\n", "a.rs::gone is not too long"),
            ("a.rs::long 80\nnonsense\n", "is not `<what> <lines>`"),
        ] {
            let problems = check_one("a.rs", &long, exceptions);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].contains(complaint), "{problems:?}");
        }
    }
}
