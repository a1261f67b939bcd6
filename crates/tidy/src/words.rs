//! Words that no file may contain, and how each source file must begin.

use crate::source::read;
use crate::{File, Tree};

/// Macros that must not stay, with the reason.
const MACROS: &[(&str, &str)] = &[
    ("todo", "finish it, or leave it out"),
    ("unimplemented", "finish it, or leave it out"),
    ("dbg", "use `tracing`, or take it out"),
];
/// Places and servers of one machine. Put together here, so that this file does not hold them.
const MACHINES: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/tmp/bash_", "jobs"),
    concat!("replace-", "with"),
    concat!("arti", "factory"),
];
/// Where every crate of the lock file comes from.
const INDEX: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// Every forbidden word and every missing beginning.
#[must_use]
pub fn check(tree: &Tree) -> Vec<String> {
    let mut problems = vec![];
    for file in &tree.files {
        if file.is_rust() {
            problems.extend(in_source(file));
        }
        for (number, line) in (1..).zip(file.text.lines()) {
            for word in MACHINES.iter().filter(|word| line.contains(**word)) {
                problems.push(format!(
                    "{}:{number}: `{word}` belongs to one machine: use a relative path, a \
                     parameter or a variable of the environment",
                    file.path
                ));
            }
            if file.name() == "Cargo.lock" && line.starts_with("source = ") && line != INDEX {
                let advice = "a crate from elsewhere: take it from crates.io";
                problems.push(format!("{}:{number}: {advice}", file.path));
            }
        }
    }
    problems
}

fn in_source(file: &File) -> Vec<String> {
    let mut problems = vec![];
    if !file.text.starts_with("//!") {
        let advice = "begin with `//!` and say what the file is for";
        problems.push(format!("{}: {advice}", file.path));
    }
    let source = match read(&file.text) {
        Ok(source) => source,
        Err(error) => {
            problems.push(format!("{}:{error}: no rule can read it", file.path));
            return problems;
        }
    };
    for call in &source.calls {
        for (word, advice) in MACROS.iter().filter(|(word, _)| *word == call.name) {
            problems.push(format!("{}:{}: `{word}!`: {advice}", file.path, call.line));
        }
    }
    for silenced in source.silenced.iter().filter(|silenced| !silenced.has_reason) {
        problems.push(format!(
            "{}:{}: say why: `#[expect(lint, reason = \"…\")]`",
            file.path, silenced.line
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn sound_source_passes() {
        let text = "//! What it is.\n// todo!() is a word\nfn f() { g(\"dbg!\"); not_dbg!(1) }\n\
                    #[expect(lint, reason = \"because\")]\n#[allow(\n    lint,\n    reason = \"long\"\n)]\nfn h() {}\n";
        assert_eq!(problems_of("a.rs", text), 0);
    }

    #[test]
    fn each_forbidden_word_is_found() {
        for line in [
            "fn f() { todo!() }",
            "fn f() { unimplemented!(\"later\") }",
            "fn f() { g(dbg!(1)) }",
            "#[allow(lint)]\nfn f() {}\n#[expect(b, reason = \"c\")]\nfn g() {}",
            "#![allow(\n    lint\n)]",
            "#[expect(lint)]\nfn f() {}",
            "macro_rules! m { () => { #[allow(lint)] fn f() {} } }",
            "fn f( {}",
        ] {
            assert_eq!(problems_of("a.rs", &format!("//! A.\n{line}\n")), 1, "{line}");
        }
        for word in MACHINES {
            assert_eq!(problems_of("README.md", &format!("see {word}x\n")), 1, "{word}");
        }
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_for_is_found() {
        assert_eq!(problems_of("a.rs", "fn f() {}\n"), 1);
        assert_eq!(problems_of("a.css", "a {}\n"), 0);
    }

    #[test]
    fn every_crate_comes_from_the_public_index() {
        let other = "source = \"git+https://example.org/x\"\n";
        assert_eq!(problems_of("Cargo.lock", &format!("{INDEX}\n{other}")), 1);
    }
}
