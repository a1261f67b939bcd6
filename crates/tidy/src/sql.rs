//! Where SQL may be written, and which words both databases understand.
//!
//! The store writes each statement once for SQLite and PostgreSQL, so it keeps to what both do the
//! same way: `BIGINT` and `TEXT`, `ON CONFLICT`, `RETURNING`, comparisons of rows.

use crate::source::{Literal, read};
use crate::{File, Tree};

/// The one statement that may skip locked rows.
const CLAIM: &str = "CLAIM_POSTGRES";
/// Crates that may hold SQL: the store; testkit, which makes databases; bench, whose floors are
/// programs of their own; and these rules, whose tests need examples.
const MAY_HOLD_SQL: &[&str] = &["store", "testkit", "bench", "tidy"];

/// A word that the two databases do not share, and what to write instead.
struct Banned {
    word: &'static str,
    instead: &'static str,
}

const BANNED: &[Banned] = &[
    Banned { word: "BOOLEAN", instead: "a BIGINT of 0 and 1, or a state in TEXT" },
    Banned { word: "TIMESTAMP", instead: "milliseconds since 1970 in a BIGINT" },
    Banned { word: "TIMESTAMPTZ", instead: "milliseconds since 1970 in a BIGINT" },
    Banned { word: "NOW(", instead: "a parameter: time comes from `Clock`" },
    Banned { word: "CURRENT_TIMESTAMP", instead: "a parameter: time comes from `Clock`" },
    Banned { word: "RANDOM(", instead: "a parameter: randomness comes from `Ids`" },
    Banned { word: "INTEGER", instead: "BIGINT" },
    Banned { word: "INT", instead: "BIGINT" },
    Banned { word: "SERIAL", instead: "an id from `Ids`" },
    Banned { word: "AUTOINCREMENT", instead: "an id from `Ids`" },
    Banned { word: "REAL", instead: "minor units in a BIGINT" },
    Banned { word: "DOUBLE", instead: "minor units in a BIGINT" },
    Banned { word: "ARRAY", instead: "a table of its own" },
    Banned { word: "UNNEST", instead: "one statement per row" },
    Banned { word: "JSON", instead: "TEXT that SQL does not look into" },
    Banned { word: "JSONB", instead: "TEXT that SQL does not look into" },
    Banned { word: "->", instead: "a column: SQL does not look into bodies" },
    Banned { word: "->>", instead: "a column: SQL does not look into bodies" },
    Banned { word: "@>", instead: "a column: SQL does not look into bodies" },
    Banned { word: "ILIKE", instead: "a column in one case" },
    Banned { word: "REPLACE", instead: "ON CONFLICT … DO UPDATE" },
    Banned { word: "SUM(", instead: "CAST(SUM(…) AS BIGINT): PostgreSQL's sum is a NUMERIC" },
    Banned { word: "SKIP LOCKED", instead: "jobs::CLAIM_POSTGRES, the one place for it" },
];

/// Every SQL text in the wrong place, or with a forbidden word.
#[must_use]
pub fn check(tree: &Tree) -> Vec<String> {
    let mut problems = vec![];
    for file in tree.rust() {
        let name = file.crate_name().unwrap_or_default();
        let of_store = file.path.starts_with("crates/store/src/");
        if !of_store && MAY_HOLD_SQL.contains(&name) {
            continue;
        }
        // A file that cannot be read is a problem of `words`.
        let source = read(&file.text).unwrap_or_default();
        for literal in source.literals.iter().filter(|literal| is_sql(&literal.text)) {
            if of_store {
                problems.extend(dialect(file, literal));
            } else {
                problems.push(format!(
                    "{}:{}: SQL outside the store: give crates/store a function for it",
                    file.path, literal.line
                ));
            }
        }
    }
    let migrations = tree.files.iter().filter(|file| file.has_ending(&["sql"]));
    for file in migrations {
        for (number, line) in (1..).zip(file.text.lines()) {
            let line = line.split("--").next().unwrap_or_default();
            problems.extend(complaints(line).map(|text| format!("{}:{number}: {text}", file.path)));
        }
    }
    problems
}

fn dialect(file: &File, literal: &Literal) -> Vec<String> {
    let is_claim = literal.constant.as_deref() == Some(CLAIM);
    complaints(&literal.text)
        .filter(|complaint| !(is_claim && complaint.starts_with("`SKIP LOCKED`")))
        .map(|complaint| format!("{}:{}: {complaint}", file.path, literal.line))
        .collect()
}

fn is_sql(text: &str) -> bool {
    let text = text.trim_start();
    let pairs = [
        ("SELECT ", ""),
        ("INSERT INTO ", ""),
        ("UPDATE ", " SET "),
        ("DELETE FROM ", ""),
        ("CREATE ", " TABLE"),
        ("CREATE TABLE", ""),
        ("CREATE INDEX", ""),
        ("DROP TABLE", ""),
        ("ALTER TABLE", ""),
        ("PRAGMA ", ""),
        ("WITH ", " AS ("),
    ];
    pairs.iter().any(|(first, later)| text.starts_with(first) && text.contains(later))
}

fn complaints(sql: &str) -> impl Iterator<Item = String> {
    let upper = sql.to_ascii_uppercase().replace("CAST(SUM(", "");
    BANNED.iter().filter(move |banned| has_word(&upper, banned.word)).map(|banned| {
        format!("`{}` is not for both databases: use {}", banned.word, banned.instead)
    })
}

/// Whether `text` contains `word` as a whole word.
fn has_word(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
    let part_of_operator = |c: char| ['-', '>', '@', '<'].contains(&c);
    let is_operator = word.starts_with(part_of_operator);
    let joins = |c: char| if is_operator { part_of_operator(c) } else { part_of_word(c) };
    text.match_indices(word).any(|(at, _)| {
        let open_end = word.ends_with('(');
        !text[..at].ends_with(joins) && (open_end || !text[at + word.len()..].starts_with(joins))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_store(sql: &str) -> Vec<String> {
        let text = format!("const NAME: &str =\n    \"{sql}\";\n");
        check(&Tree::of(&[("crates/store/src/x.rs", &text)]))
    }

    #[test]
    fn what_both_databases_do_passes() {
        for sql in [
            "SELECT body FROM payments WHERE (created_ms, id) < ($1, $2) LIMIT $3",
            "INSERT INTO a (b) VALUES ($1) ON CONFLICT (b) DO NOTHING RETURNING b",
            "SELECT CAST(SUM(amount) AS BIGINT), MAX(a), internal_json FROM t WHERE a > -1",
            "UPDATE jobs SET interval_ms = $1, pointer = $2",
        ] {
            assert_eq!(in_store(sql), Vec::<String>::new(), "{sql}");
        }
    }

    #[test]
    fn each_banned_word_is_found() {
        for banned in BANNED {
            let end = if banned.word.ends_with('(') { "a)" } else { "" };
            let sql = format!("SELECT a FROM t WHERE x {}{end} y", banned.word.to_lowercase());
            let problems = in_store(&sql);
            assert_eq!(problems.len(), 1, "{sql}: {problems:?}");
            assert!(problems[0].starts_with("crates/store/src/x.rs:2: "), "{problems:?}");
            let migration = format!("CREATE TABLE t (a TEXT); {}{end}", banned.word);
            let found = check(&Tree::of(&[("crates/store/migrations/1.sql", &migration)]));
            assert_eq!(found.len(), 1, "{migration}");
        }
        let comment = "-- an INTEGER would be too small\nCREATE TABLE t (a TEXT);\n";
        assert_eq!(check(&Tree::of(&[("crates/store/migrations/1.sql", comment)])), [""; 0]);
    }

    #[test]
    fn locked_rows_are_skipped_in_one_constant_only() {
        let sql = |name: &str| {
            format!(
                "pub(crate) const {name}: &str = \"SELECT a \\\n     FROM jobs FOR UPDATE SKIP LOCKED\";\n"
            )
        };
        let tree = |name| Tree::of(&[("crates/store/src/jobs.rs", &sql(name))]);
        assert_eq!(check(&tree("CLAIM_POSTGRES")), Vec::<String>::new());
        assert_eq!(check(&tree("CLAIM_OTHER")).len(), 1);
    }

    #[test]
    fn sql_elsewhere_is_found_and_prose_is_not() {
        let elsewhere = |text: &str| {
            let text = format!("fn f() {{ g(\"{text}\") }}\n");
            check(&Tree::of(&[("crates/gateway/src/x.rs", &text)])).len()
        };
        for sql in [
            "SELECT 1",
            "INSERT INTO payments (a) VALUES ($1)",
            "UPDATE payments SET a = 1",
            " DELETE FROM payments",
            "CREATE UNIQUE INDEX a ON TABLE b",
            "PRAGMA page_size",
        ] {
            assert_eq!(elsewhere(sql), 1, "{sql}");
        }
        for prose in ["Select a bank", "UPDATE your client", "WITH care", "CREATE"] {
            assert_eq!(elsewhere(prose), 0, "{prose}");
        }
    }
}
