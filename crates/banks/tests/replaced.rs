//! A bank whose version changes while payments are under way.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod folder;

use banks::Directory;
use jiff::Timestamp;

use self::folder::Folder;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A directory with one British bank of this version and name.
fn with(folder: &Folder, version: &str, name: &str) -> Directory {
    let text = include_str!("../../../banks/sim/ob-iron.toml")
        .replace("{simbank}", "https://bank.test")
        .replace("simulated = true\n", "")
        .replace("3.1.11", version)
        .replace("Iron Bank (simulated)", name);
    folder.write("gb/ob-iron.toml", &text);
    Directory::load_dir(&folder.0).unwrap()
}

#[test]
fn what_was_created_under_a_version_finds_the_bank_with_that_version() {
    let folder = Folder::new("replaced");
    let first = with(&folder, "3.1.11", "First");
    // A change of something else counts at once.
    let mut second = with(&folder, "3.1.11", "Second");
    second.retire(&first, at(100)).unwrap();
    let mut third = with(&folder, "4.0", "Third");
    third.retire(&second, at(200)).unwrap();
    let mut fourth = with(&folder, "4.0", "Fourth");
    fourth.retire(&third, at(300)).unwrap();
    let mut fifth = with(&folder, "3.1.11", "Fifth");
    fifth.retire(&fourth, at(400)).unwrap();
    for (directory, created_at, name) in [
        (&second, 50, "Second"),
        (&third, 199, "Second"),
        (&third, 200, "Third"),
        (&fourth, 150, "Second"),
        (&fourth, 250, "Fourth"),
        (&fifth, 150, "Second"),
        (&fifth, 399, "Fourth"),
        (&fifth, 400, "Fifth"),
    ] {
        let known = directory.known_to("ob-iron", at(created_at)).unwrap();
        assert_eq!(known.name, name, "{created_at}");
    }
    // Lists and new payments have the newest.
    assert_eq!(fifth.offered("ob-iron").unwrap().name, "Fifth");
    assert_eq!(fifth.iter().count(), 1);
    assert!(fifth.known_to("ob-other", at(1)).is_none());
}
