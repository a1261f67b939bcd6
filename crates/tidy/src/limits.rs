//! `docs/limits.md`, made of the code: every constant of the product that bounds something, with the
//! first sentence of its documentation.

use crate::source::{Constant, read};
use crate::{File, Tree};

/// Crates that run in production. The simulated banks, the benchmark and the tests are not there.
const CRATES: [&str; 6] = ["banks", "cli", "domain", "gateway", "store", "web"];
/// How the names of limits end: a highest number, and times in milliseconds, seconds and days.
const ENDINGS: [&str; 4] = ["_MAX", "_MS", "_S", "_DAYS"];
/// Limits whose names end otherwise.
const OTHERS: [&str; 4] = ["PATIENCE", "POSTPONED", "READERS", "RESERVED_FILES"];

/// One limit.
struct Limit<'a> {
    file: &'a str,
    name: String,
    value: String,
    meaning: String,
}

/// The table: a heading for each crate, a row for each constant, in the order of the files.
#[must_use]
pub fn table(tree: &Tree) -> String {
    let mut text = String::new();
    for of in CRATES {
        let folder = format!("crates/{of}/src/");
        let mut files: Vec<&File> = tree
            .files
            .iter()
            .filter(|file| file.is_rust() && file.path.starts_with(&folder))
            .collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let limits: Vec<Limit<'_>> = files.into_iter().flat_map(limits_of).collect();
        text.push_str(&format!("\n### `{of}`\n\n| What | Value | Where |\n|---|---|---|\n"));
        for Limit { file, name, value, meaning } in limits {
            let place = file.strip_prefix(&folder).unwrap_or(file);
            text.push_str(&format!("| {meaning} | `{value}` | `{name}` in `{place}` |\n"));
        }
    }
    text
}

fn limits_of(file: &File) -> Vec<Limit<'_>> {
    // A file that cannot be read is a problem of `words`.
    let constants = read(&file.text).unwrap_or_default().constants.into_iter();
    constants
        .filter(is_limit)
        .map(|Constant { name, value, comment }| {
            let meaning = meaning(&comment);
            Limit { file: &file.path, name, value, meaning }
        })
        .collect()
}

/// Whether a constant is a limit: by its name, and by a value that fits into a row.
fn is_limit(constant: &Constant) -> bool {
    let name = constant.name.as_str();
    let named = ENDINGS.iter().any(|ending| name.ends_with(ending)) || OTHERS.contains(&name);
    named && !constant.value.contains('\n')
}

/// The first sentence of a comment, without links.
fn meaning(comment: &str) -> String {
    let sentence = comment.trim().split_once(". ").map_or(comment.trim(), |(first, _)| first);
    let plain = sentence.trim_end_matches('.').replace("[`", "`").replace("`]", "`");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_found_with_its_meaning() {
        let text = "//! File.\n/// How many [`Thing`]s there\n/// are. More is refused.\n\
                    pub const THINGS_MAX: usize = 2 * 1024;\n/// No limit.\nconst NAME: &str = \"x\";\n\
                    \n    pub(crate) const WAIT_MS: u64 = 5;\n#[cfg(test)]\nmod tests {\n    const T_MAX: u8 = 1;\n}\n";
        let file = File { path: "crates/web/src/a.rs".to_owned(), text: text.to_owned() };
        let found: Vec<String> = limits_of(&file)
            .iter()
            .map(|limit| format!("{}={}: {}", limit.name, limit.value, limit.meaning))
            .collect();
        assert_eq!(found, ["THINGS_MAX=2 * 1024: How many `Thing`s there are", "WAIT_MS=5: "]);
    }
}
