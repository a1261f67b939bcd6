//! `docs/compatibility.md`: every line names a test that there is.

use std::path::Path;

/// A test as the document names it: a file of this folder, and a function in it.
fn exists(name: &str) -> bool {
    let Some((file, function)) = name.split_once("::") else { return false };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite");
    let text = std::fs::read_to_string(folder.join(format!("{file}.rs"))).unwrap_or_default();
    text.contains(&format!("fn {function}()"))
}

#[test]
fn every_line_names_a_test() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/compatibility.md");
    let text = std::fs::read_to_string(path).unwrap();
    let is_row = |line: &&str| line.starts_with("| ") && line.ends_with("` |");
    let rows: Vec<&str> = text.lines().filter(is_row).collect();
    assert!(rows.len() >= 15, "{} rows", rows.len());
    let headings = text.matches("| Test |").count();
    let tables = text.lines().filter(|line| line.starts_with("| ")).count();
    assert_eq!(tables, rows.len() + headings, "a row ends without a test");
    for row in rows {
        let name = row.trim_end_matches("` |").rsplit('`').next().unwrap();
        assert!(exists(name), "there is no test `{name}`: {row}");
    }
}
