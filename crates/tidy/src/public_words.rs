//! Where the API's own words may be: names of fields and HTTP statuses in `web` alone, and each version's
//! in that version alone.
//!
//! The names are those of the tables of `web`, so that a new one is banned below it at once. Crates of
//! banks are not looked at: they have the banks' own JSON.

use std::collections::BTreeSet;

use crate::source::read;
use crate::{File, Tree};

/// What must not know a word of the API.
const BELOW_WEB: &[&str] = &["crates/domain/src/", "crates/gateway/src/", "crates/store/src/"];
/// The tables of names: of each version, and of the parts that the versions share.
const TABLES: &[&str] = &["paths.rs", "parts/account.rs", "parts/address.rs", "parts/party.rs"];
const API: &str = "crates/web/src/api/";
/// How the paths of requests begin.
const ROOTS: &[&str] = &["initiation.", "requestPayload.", "requestOptions.", "payload."];
/// The type of our answers' statuses.
const STATUS: &str = "StatusCode";
/// Each version's folder, and what it must not name.
const VERSIONS: &[(&str, &str)] =
    &[("crates/web/src/api/v1/", "v2"), ("crates/web/src/api/v2/", "v1")];

/// Every public word and status below `web`, and every word of one version in the other.
#[must_use]
pub fn check(tree: &Tree) -> Vec<String> {
    let names = names(tree);
    let mut problems = vec![];
    for file in tree.rust() {
        if BELOW_WEB.iter().any(|folder| file.path.starts_with(folder)) {
            problems.extend(below_web(file, &names));
        }
        let version = VERSIONS.iter().find(|(folder, _)| file.path.starts_with(folder));
        if let Some((_, other)) = version {
            problems.extend(of_other_version(file, other));
        }
    }
    problems
}

/// The names of fields in the tables of `web`.
fn names(tree: &Tree) -> BTreeSet<String> {
    let is_table = |file: &&File| {
        file.path.starts_with(API) && TABLES.iter().any(|table| file.path.ends_with(table))
    };
    let mut names = BTreeSet::new();
    for file in tree.rust().filter(is_table) {
        for literal in read(&file.text).unwrap_or_default().literals {
            names
                .extend(words(&literal.text).filter(|word| is_camel_case(word)).map(str::to_owned));
        }
    }
    names
}

fn below_web(file: &File, names: &BTreeSet<String>) -> Vec<String> {
    let mut problems = vec![];
    // A file that cannot be read is a problem of `words`.
    for literal in read(&file.text).unwrap_or_default().literals {
        let quoted = literal.text.split('`').skip(1).step_by(2);
        let quoted = quoted.flat_map(words).filter(|word| is_camel_case(word));
        let known = words(&literal.text).filter(|word| names.contains(*word));
        let root = ROOTS.iter().copied().filter(|root| literal.text.starts_with(root));
        if let Some(word) = root.chain(quoted).chain(known).next() {
            problems.push(format!(
                "{}:{}: `{word}` is a word of the API: name the field by `domain::field::Field`, \
                 and let `web` find the word",
                file.path, literal.line
            ));
        }
    }
    for (number, line) in code(file) {
        if words(line).any(|word| word == STATUS) {
            problems.push(format!(
                "{}:{number}: an HTTP status of ours: name what happened, and let `web` choose the \
                 status",
                file.path
            ));
        }
    }
    problems
}

fn of_other_version(file: &File, other: &str) -> Vec<String> {
    let names_it = |line: &str| {
        line.split("::").any(|part| words(part).next_back() == Some(other)) && line.contains("::")
    };
    let found = code(file).filter(|(_, line)| names_it(line));
    let problem = |(number, _)| {
        format!(
            "{}:{number}: a version of the API must not use {other}'s: move what both need to \
             crates/web/src/api/parts",
            file.path
        )
    };
    found.map(problem).collect()
}

/// Lines that are no comment.
fn code(file: &File) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(file.text.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|one: char| !one.is_alphanumeric() && one != '_').filter(|word| !word.is_empty())
}

/// `sortCode`, but neither `sort` nor `SortCode` nor `bscuLe_1`.
fn is_camel_case(word: &str) -> bool {
    word.starts_with(|one: char| one.is_ascii_lowercase())
        && word.contains(|one: char| one.is_ascii_uppercase())
        && word.chars().all(|one| one.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: (&str, &str) =
        ("crates/web/src/api/v2/payments/paths.rs", "fn f() { g(\"initiation.{x}.sortCode\") }");

    fn problems_of(path: &str, text: &str) -> usize {
        check(&Tree::of(&[TABLE, (path, text)])).len()
    }

    #[test]
    fn words_of_the_api_are_found_below_web() {
        for text in [
            "const A: &str = \"initiation.debtor\";",
            "fn f() { g(\"sortCode\") }",
            "fn f() -> String { format!(\"the `sortCode` of {x}\") }",
            "fn f() { g(\"`confirmFunds` is no name of a table\") }",
            "fn f() -> StatusCode { StatusCode }",
        ] {
            for folder in BELOW_WEB {
                assert_eq!(problems_of(&format!("{folder}a.rs"), text), 1, "{text}");
            }
            for elsewhere in ["crates/banks/src/a.rs", "crates/web/src/api/a.rs"] {
                assert_eq!(problems_of(elsewhere, text), 0, "{text}");
            }
        }
    }

    #[test]
    fn plain_words_pass() {
        let text = "//! `sortCode`, a StatusCode\n#[serde(rename = \"sortCode\")]\nfn f() { g(\"the sort code\", \
                    \"`bg-linden`\", \"someThing\", \"payment.id\") }";
        assert_eq!(problems_of("crates/domain/src/a.rs", text), 0);
    }

    #[test]
    fn one_version_does_not_use_the_other() {
        for text in [
            "use crate::api::v2::payments::x;",
            "use super::super::v2::{payments};",
            "fn f() { crate::api::v2::payments::x() }",
        ] {
            assert_eq!(problems_of("crates/web/src/api/v1/a.rs", text), 1, "{text}");
            assert_eq!(problems_of("crates/web/src/api/v2/a.rs", text), 0, "{text}");
            assert_eq!(problems_of("crates/web/src/api/events.rs", text), 0, "{text}");
        }
        let text = "use crate::api::v1::page;";
        assert_eq!(problems_of("crates/web/src/api/v2/a.rs", text), 1);
        assert_eq!(problems_of("crates/web/src/api/v1/a.rs", text), 0);
    }
}
