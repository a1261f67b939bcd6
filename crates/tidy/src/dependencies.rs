//! Which crate may depend on which, and what each manifest must say.
//!
//! An arrow of the drawing means "may depend on", also over several arrows: `web` may name a type of
//! `domain`, because `gateway` exposes it. A dependency without a path of arrows is forbidden.
//!
//! ```text
//!  cli ─▶ web ─▶ gateway ─▶ store ─▶ domain
//!   │              └──────▶ banks ─▶ domain        simbank ─▶ (nothing of ours)
//!   └──▶ simbank
//! ```

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use crate::Tree;

/// The arrows that leave each crate.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("banks", &["domain"]),
    ("store", &["domain"]),
    ("gateway", &["store", "banks"]),
    ("web", &["gateway"]),
    ("simbank", &[]),
    ("cli", &["web", "simbank"]),
    ("tidy", &[]),
    ("judge", &[]),
    ("testkit", &["store"]),
];
/// They drive the whole, so they may depend on everything.
const MAY_EVERYTHING: &[&str] = &["bench", "world"];
/// They exist for tests: others may only have them as dev-dependencies.
const FOR_TESTS: &[&str] = &["judge", "testkit"];
/// Nothing may depend on them.
const NEVER_DEPENDED_ON: &[&str] = &["cli", "bench", "world", "tidy"];

/// Package names and the folders of their crates: `bascule` is in `crates/cli`.
type Ours<'a> = BTreeMap<String, &'a str>;

/// Every problem of every manifest.
#[must_use]
pub fn check(tree: &Tree) -> Vec<String> {
    let mut problems = vec![];
    let (mut tables, mut ours) = (vec![], Ours::new());
    for manifest in tree.files.iter().filter(|file| file.name() == "Cargo.toml") {
        let Some(folder) = manifest.crate_name() else { continue };
        match manifest.text.parse::<Table>() {
            Ok(table) => {
                let package = table.get("package").and_then(|package| package.get("name"));
                let name = package.and_then(toml::Value::as_str).unwrap_or(folder);
                ours.insert(name.to_owned(), folder);
                tables.push((manifest, folder, table));
            }
            Err(error) => problems.push(format!("{}: {error}", manifest.path)),
        }
    }
    for (manifest, folder, table) in &tables {
        let found = words(table).into_iter().chain(arrows(folder, table, &ours));
        problems.extend(found.map(|problem| format!("{}: {problem}", manifest.path)));
    }
    problems
}

/// The fields that every manifest must have.
fn words(table: &Table) -> Vec<String> {
    let package = table.get("package").and_then(|package| package.as_table());
    let has = |word: &str| package.is_some_and(|package| package.contains_key(word));
    let mut problems = vec![];
    if !has("description") {
        problems.push("say in `description` what the crate is".to_owned());
    }
    if !has("license") {
        problems.push("add `license.workspace = true`".to_owned());
    }
    let lints = table.get("lints").and_then(|lints| lints.get("workspace"));
    if lints.and_then(toml::Value::as_bool) != Some(true) {
        problems.push("add `[lints]` with `workspace = true`".to_owned());
    }
    problems
}

fn arrows(name: &str, table: &Table, ours: &Ours<'_>) -> Vec<String> {
    let mut problems = vec![];
    if !MAY_EVERYTHING.contains(&name) && !ARROWS.iter().any(|(from, _)| *from == name) {
        let advice =
            "decide on the crate's dependencies and draw them in crates/tidy/src/dependencies.rs";
        return vec![advice.to_owned()];
    }
    let normal = dependencies(table, &["dependencies", "build-dependencies"], ours);
    let reachable = reachable_from(name);
    for wanted in &normal {
        let wanted = wanted.as_str();
        if MAY_EVERYTHING.contains(&name) && !NEVER_DEPENDED_ON.contains(&wanted) {
            continue;
        }
        if FOR_TESTS.contains(&wanted) && !FOR_TESTS.contains(&name) {
            problems.push(format!("`{wanted}` is for tests: make it a dev-dependency"));
        } else if !reachable.contains(wanted) {
            problems.push(format!(
                "`{name}` must not depend on `{wanted}`: no arrow leads there. Move what it needs \
                 down, or turn the call round with a trait"
            ));
        }
    }
    let in_tests = dependencies(table, &["dev-dependencies"], ours);
    for wanted in in_tests.iter().filter(|wanted| NEVER_DEPENDED_ON.contains(&wanted.as_str())) {
        problems.push(format!("nothing may depend on `{wanted}`, not even in tests"));
    }
    if name == "simbank" && in_tests.contains("banks") {
        problems.push("a judge that shares code with the judged proves nothing".to_owned());
    }
    problems
}

fn reachable_from(name: &str) -> BTreeSet<&str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        for (_, targets) in ARROWS.iter().filter(|(from, _)| *from == next) {
            open.extend(targets.iter().filter(|target| reached.insert(**target)));
        }
    }
    reached
}

/// Our own crates that the sections of a manifest name, also those for one target only.
fn dependencies(table: &Table, sections: &[&str], ours: &Ours<'_>) -> BTreeSet<String> {
    let targets = table.get("target").and_then(|targets| targets.as_table());
    let tables = targets.into_iter().flat_map(|targets| targets.values());
    let tables = tables.filter_map(|target| target.as_table()).chain([table]);
    let mut found = BTreeSet::new();
    for table in tables {
        for section in sections {
            let named = table.get(*section).and_then(|section| section.as_table());
            for (key, value) in named.into_iter().flatten() {
                let package = value.get("package").and_then(|package| package.as_str());
                let name = package.unwrap_or(key);
                found.extend(ours.get(name).map(|folder| (*folder).to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "[package]\ndescription = \"d\"\nlicense.workspace = true\n\
                        [lints]\nworkspace = true\n";

    fn problems_of(name: &str, rest: &str) -> Vec<String> {
        let path = format!("crates/{name}/Cargo.toml");
        let manifest = format!("{HEAD}{rest}");
        let mut files = vec![(path.as_str(), manifest.as_str())];
        let others: Vec<String> =
            ["domain", "store", "banks", "gateway", "simbank", "cli", "judge"]
                .iter()
                .filter(|other| **other != name)
                .map(|other| format!("crates/{other}/Cargo.toml"))
                .collect();
        files.extend(others.iter().map(|path| (path.as_str(), HEAD)));
        check(&Tree::of(&files))
    }

    #[test]
    fn arrows_are_followed_and_nothing_else() {
        for (name, wanted) in [("web", "domain"), ("cli", "banks"), ("bench", "simbank")] {
            let rest = format!("[dependencies]\n{wanted}.workspace = true\n");
            assert_eq!(problems_of(name, &rest), Vec::<String>::new(), "{name} → {wanted}");
        }
        for (name, section, wanted) in [
            ("domain", "dependencies", "store"),
            ("store", "dependencies", "banks"),
            ("banks", "dependencies", "gateway"),
            ("simbank", "dependencies", "domain"),
            ("simbank", "dev-dependencies", "banks"),
            ("web", "dependencies", "cli"),
            ("web", "dev-dependencies", "cli"),
            ("web", "build-dependencies", "simbank"),
            ("web", "target.'cfg(unix)'.dependencies", "simbank"),
            ("bench", "dependencies", "cli"),
            ("web", "dependencies", "judge"),
            ("cli", "dependencies.alias]\npackage = \"judge\"\n[x", "y"),
        ] {
            let rest = format!("[{section}]\n{wanted}.workspace = true\n");
            assert_eq!(problems_of(name, &rest).len(), 1, "{name} → {wanted} in {section}");
        }
        let in_tests = "[dev-dependencies]\njudge.workspace = true\n";
        assert_eq!(problems_of("web", in_tests), Vec::<String>::new());
    }

    #[test]
    fn a_package_of_another_name_than_its_folder_is_known() {
        let cli = format!("{HEAD}[dependencies]\nweb.workspace = true\n")
            .replace("[package]", "[package]\nname = \"bascule\"");
        let web = format!("{HEAD}[dev-dependencies]\nbascule.workspace = true\n");
        let tree = Tree::of(&[("crates/cli/Cargo.toml", &cli), ("crates/web/Cargo.toml", &web)]);
        let problems = check(&tree);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("nothing may depend on `cli`"), "{problems:?}");
    }

    #[test]
    fn a_crate_that_nobody_drew_is_found() {
        let problems = problems_of("stranger", "");
        assert!(problems[0].contains("draw them"), "{problems:?}");
    }

    #[test]
    fn what_a_manifest_must_say() {
        let bare = Tree::of(&[("crates/store/Cargo.toml", "[package]\nname = \"store\"\n")]);
        let problems = check(&bare).join("\n");
        for word in ["description", "license", "[lints]"] {
            assert!(problems.contains(word), "{word} in {problems}");
        }
        let broken = Tree::of(&[("crates/store/Cargo.toml", "[package\n")]);
        assert_eq!(check(&broken).len(), 1);
    }
}
