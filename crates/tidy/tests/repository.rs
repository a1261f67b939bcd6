//! Every rule on this repository.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use tidy::{Tree, dependencies, links, sizes, sql, words};

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
fn words_that_must_not_stay_are_gone() {
    assert_none(&words::check(&repository()));
}

#[test]
fn links_lead_somewhere_and_every_file_is_used() {
    assert_none(&links::check(&repository()));
}
