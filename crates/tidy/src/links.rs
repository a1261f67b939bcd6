//! Links in Markdown lead somewhere, and no file lies about that nothing uses.

use std::collections::BTreeSet;

use crate::source::read;
use crate::{File, Tree};

/// Every link to a file that is not there, and every file that nothing names.
#[must_use]
pub fn check(tree: &Tree) -> Vec<String> {
    let mut problems = vec![];
    for file in tree.files.iter().filter(|file| file.has_ending(&["md"])) {
        problems.extend(broken_links(tree, file));
    }
    for file in tree.files.iter().filter(|file| !is_used(tree, file)) {
        problems.push(format!("{}: nothing uses it: use it or delete it", file.path));
    }
    let declared = declared(tree);
    for file in tree.rust().filter(|file| !is_root(file) && !declared.contains(&file.path)) {
        problems.push(format!("{}: no `mod` declares it: declare it or delete it", file.path));
    }
    problems
}

fn broken_links(tree: &Tree, file: &File) -> Vec<String> {
    let mut problems = vec![];
    let mut in_code = false;
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for rest in line.split("](").skip(1) {
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            let path = target.split('#').next().unwrap_or_default();
            let elsewhere = path.is_empty() || path.contains(':');
            if !elsewhere && !exists(tree, &resolved(file.folder(), path)) {
                problems.push(format!("{}:{number}: `{target}` is not there", file.path));
            }
        }
    }
    problems
}

fn exists(tree: &Tree, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let folder = format!("{path}/");
    tree.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
}

/// `path` as seen from `folder`, without `.` and `..`.
fn resolved(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> =
        if path.starts_with('/') { vec![] } else { folder.split('/').collect() };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

/// Whether a file in a `templates` or `static` folder is named by source or by another template;
/// other files are not judged here.
fn is_used(tree: &Tree, file: &File) -> bool {
    let Some(krate) = file.crate_name() else { return true };
    let Some((_, inside)) =
        ["/templates/", "/static/"].iter().find_map(|folder| file.path.split_once(folder))
    else {
        return true;
    };
    tree.files
        .iter()
        .filter(|other| other.crate_name() == Some(krate) && other.path != file.path)
        .filter(|other| other.has_ending(&["rs", "html", "txt", "css", "js"]))
        .any(|other| names(&other.text, inside))
}

/// Whether `text` holds `path` at the end of a quoted or linked path.
fn names(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + path.len()..].chars().next();
        before.is_some_and(|c| ['"', '\'', '/', '('].contains(&c))
            && after.is_none_or(|c| ['"', '\'', '?', '#', ')'].contains(&c))
    })
}

/// Whether a file is the root of a library, a program or a test, which no file declares.
fn is_root(file: &File) -> bool {
    ["main.rs", "lib.rs", "build.rs"].contains(&file.name())
        || ["/tests", "/benches", "/examples", "/bin", "/targets"]
            .iter()
            .any(|folder| file.folder().ends_with(folder))
}

/// The paths where the modules are looked for that the files declare.
fn declared(tree: &Tree) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for file in tree.rust() {
        let folder = if is_root(file) || file.name() == "mod.rs" {
            file.folder()
        } else {
            file.path.trim_end_matches(".rs")
        };
        // A file that cannot be read is a problem of `words`.
        for module in read(&file.text).unwrap_or_default().modules {
            paths.insert(format!("{folder}/{module}.rs"));
            paths.insert(format!("{folder}/{module}/mod.rs"));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_from_where_they_stand() {
        let tree = Tree::of(&[
            (
                "README.md",
                "[a](docs/a.md) [b](docs/) [c](https://x.org/y) [d](#d) [e](docs/a.md#e)\n",
            ),
            (
                "docs/a.md",
                "[up](../README.md \"title\")\n```\n[not](a link)\n```\n[same](./a.md)\n",
            ),
        ]);
        assert_eq!(check(&tree), Vec::<String>::new());
        let broken = Tree::of(&[
            ("README.md", "[a](docs/b.md)\n"),
            ("docs/a.md", "x\n[b](README.md) [c](../../README.md/x)\n"),
        ]);
        let problems = check(&broken);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[1].starts_with("docs/a.md:2: `README.md`"), "{problems:?}");
    }

    #[test]
    fn files_that_nothing_uses_are_found() {
        let tree = Tree::of(&[
            (
                "crates/web/src/lib.rs",
                "//! W.\n#[template(path = \"a.html\")]\ninclude_str!(\"../static/s.css\");\n",
            ),
            ("crates/web/templates/a.html", "{% extends \"base.html\" %}"),
            ("crates/web/templates/base.html", "<p>"),
            ("crates/web/static/s.css", "p {}"),
            ("crates/web/templates/database.html", ""),
            ("crates/web/static/unused.css", ""),
        ]);
        let problems = check(&tree);
        let expected = ["static/unused.css", "templates/database.html"]
            .map(|path| format!("crates/web/{path}"));
        let mut found: Vec<&str> =
            problems.iter().filter_map(|problem| problem.split(':').next()).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn modules_that_nobody_declares_are_found() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "//! A.\nmod b;\npub(crate) mod c;\n"),
            ("crates/a/src/b.rs", "//! B.\nmod e;\n"),
            ("crates/a/src/c/mod.rs", "//! C.\nmod d;\n"),
            ("crates/a/src/c/d.rs", "//! D.\n"),
            ("crates/a/src/b/e.rs", "//! E.\n"),
            ("crates/a/tests/t.rs", "//! T.\n"),
            ("crates/a/src/lost.rs", "//! Lost.\n"),
        ]);
        let problems = check(&tree);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("crates/a/src/lost.rs"), "{problems:?}");
    }
}
