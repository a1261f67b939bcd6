//! Every rule on this repository.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use tidy::{Tree, dependencies, limits, links, public_words, sizes, sql, words};

fn repository() -> Tree {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tree = Tree::read(&root).unwrap();
    assert!(tree.file("crates/tidy/tests/repository.rs").is_some(), "this is the repository");
    tree
}

#[track_caller]
fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn crates_depend_on_each_other_as_drawn() {
    assert_none(&dependencies::check(&repository()));
}

#[test]
fn files_and_functions_can_be_seen_whole() {
    assert_none(&sizes::check(&repository()));
}

#[test]
fn sql_is_written_in_the_store_and_for_both_databases() {
    assert_none(&sql::check(&repository()));
}

#[test]
fn words_of_the_api_are_in_web_alone() {
    assert_none(&public_words::check(&repository()));
}

#[test]
fn words_that_must_not_stay_are_gone() {
    assert_none(&words::check(&repository()));
}

#[test]
fn links_lead_somewhere_and_every_file_is_used() {
    assert_none(&links::check(&repository()));
}

/// `docs/limits.md` ends with the limits of the code.
#[test]
fn every_limit_is_documented() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/limits.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let heading = "## All constants\n";
    let (written, _) = text.split_once(heading).unwrap();
    let wanted = format!("{written}{heading}{}", limits::table(&repository()));
    if std::env::var_os("BASCULE_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    assert!(
        text == wanted,
        "docs/limits.md is not that of the code: BASCULE_UPDATE_DOCS=1 cargo test -p tidy"
    );
}
