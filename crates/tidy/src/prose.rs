//! English that a native reader understands the first time.
//!
//! `banned_phrases.txt` beside this crate's manifest lists phrases and what to write instead. The
//! rule reads Markdown outside code, comments and texts of Rust, the texts of the pages and HTML.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};

use crate::source::read;
use crate::{File, Tree};

/// The ban list: `<phrase> = <what to write>`.
pub const BANNED: &str = "crates/tidy/banned_phrases.txt";

/// One phrase of the ban list.
#[derive(Debug)]
struct Phrase {
    /// As the list spells it.
    name: String,
    /// In small letters.
    words: Vec<String>,
    /// Whether it is banned at the start of a sentence only.
    at_start: bool,
    /// The advice: words to write instead.
    instead: String,
}

/// One word of a text, or a mark that no phrase crosses.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// In small letters; whether a sentence starts with it.
    Word { line: usize, text: String, starts: bool },
    /// A comma, a bracket, inline code.
    Break,
    /// The end of a sentence, a cell of a table or a paragraph.
    End,
}

/// Every banned phrase.
#[must_use]
pub fn check(tree: &Tree) -> Vec<String> {
    let (phrases, mut problems) = phrases(tree);
    problems.extend(tree.files.iter().flat_map(|file| {
        let findings = found(&pieces_of(file), &phrases);
        let problem = |(line, phrase): (usize, &Phrase)| {
            format!("{}:{line}: `{}`: write {}", file.path, phrase.name, phrase.instead)
        };
        findings.into_iter().map(problem).collect::<Vec<_>>()
    }));
    problems
}

fn phrases(tree: &Tree) -> (Vec<Phrase>, Vec<String>) {
    let (mut phrases, mut problems) = (vec![], vec![]);
    for line in lines_of(tree, BANNED) {
        let Some((name, instead)) = line.split_once(" = ") else {
            problems.push(format!("{BANNED}: `{line}` is not `<phrase> = <what to write>`"));
            continue;
        };
        let words = name.trim_start_matches("^ ");
        phrases.push(Phrase {
            name: name.to_owned(),
            words: words.split(' ').map(str::to_owned).collect(),
            at_start: words != name,
            instead: instead.to_owned(),
        });
    }
    // Of two phrases at one place the longer one has the better advice.
    phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
    (phrases, problems)
}

fn lines_of<'a>(tree: &'a Tree, path: &str) -> impl Iterator<Item = &'a str> {
    let text = tree.file(path).map_or("", |file| file.text.as_str());
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The lines and phrases that are found, each place once.
fn found<'a>(pieces: &[Piece], phrases: &'a [Phrase]) -> Vec<(usize, &'a Phrase)> {
    let mut found = vec![];
    let mut at = 0;
    while let Some(rest) = pieces.get(at..).filter(|rest| !rest.is_empty()) {
        let phrase = phrases.iter().find(|phrase| phrase.begins(rest));
        if let (Some(phrase), Some(Piece::Word { line, .. })) = (phrase, rest.first()) {
            found.push((*line, phrase));
            at += phrase.words.len();
        } else {
            at += 1;
        }
    }
    found
}

impl Phrase {
    fn begins(&self, pieces: &[Piece]) -> bool {
        let is_word = |(piece, wanted): (&Piece, &String)| matches!(piece, Piece::Word { text, .. } if text == wanted);
        let starts = matches!(pieces.first(), Some(Piece::Word { starts: true, .. }));
        // A heading of one word over a column, such as "What", starts no sentence.
        let goes_on = matches!(pieces.get(self.words.len()), Some(Piece::Word { .. }));
        pieces.len() >= self.words.len()
            && pieces.iter().zip(&self.words).all(is_word)
            && (!self.at_start || (starts && goes_on))
    }
}

/// The words of a file that a person reads.
fn pieces_of(file: &File) -> Vec<Piece> {
    let lines = match file.name().rsplit_once('.').map(|(_, ending)| ending) {
        Some("md") => markdown(&file.text),
        Some("rs") => rust(file),
        Some("ftl") => fluent(&file.text),
        Some("html") => html(&file.text),
        _ => BTreeMap::new(),
    };
    let mut pieces = vec![];
    let mut before = 0;
    for (line, text) in lines {
        // A line that follows another one may continue its sentence.
        if line != before + 1 || text.trim().is_empty() {
            pieces.push(Piece::End);
        }
        read_line(line, &text, &mut pieces);
        before = line;
    }
    pieces
}

/// Adds the words of one line. Inline code is no prose.
fn read_line(line: usize, text: &str, pieces: &mut Vec<Piece>) {
    for (number, part) in text.split('`').enumerate() {
        if number % 2 == 1 {
            pieces.push(Piece::Break);
            continue;
        }
        let mut rest = part;
        while let Some(first) = rest.chars().next() {
            let length = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
            if length > 0 {
                let (word, after) = rest.split_at(length);
                let starts = matches!(pieces.last(), Some(Piece::End) | None);
                pieces.push(Piece::Word { line, text: word.to_lowercase(), starts });
                rest = after;
                continue;
            }
            match first {
                '.' | '?' | '!' | ':' | '|' | '"' | '…' => pieces.push(Piece::End),
                '*' => {}
                _ if first.is_whitespace() => {}
                _ => pieces.push(Piece::Break),
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
}

/// "stand-alone" and `first_one` are one word each.
fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '\'')
}

/// Lines outside fences and headings, without links' targets.
fn markdown(text: &str) -> BTreeMap<usize, String> {
    let mut lines = BTreeMap::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") {
            in_code = !in_code;
        } else if !in_code && !trimmed.starts_with('#') {
            let item = trimmed.trim_start_matches(['-', ' ', '>']);
            if item.len() < trimmed.len() {
                lines.insert(number, format!("| {item}"));
            } else {
                lines.insert(number, line.to_owned());
            }
        }
    }
    lines
}

/// Comments, documentation, and texts of several words outside tests.
fn rust(file: &File) -> BTreeMap<usize, String> {
    let mut lines = comments(&file.text);
    let of_tests = file.path.contains("/tests/") || file.path.contains("/benches/");
    // A file that cannot be read is a problem of `words`.
    let source = read(&file.text).unwrap_or_default();
    for literal in source.literals.iter().filter(|one| !one.in_tests && !of_tests) {
        if literal.text.contains(' ') {
            let line = lines.entry(literal.line).or_default();
            line.push_str(" | ");
            line.push_str(&literal.text.replace('\n', " | "));
            line.push_str(" |");
        }
    }
    lines
}

/// The comments of Rust source by their lines: text after `//` outside a literal.
fn comments(text: &str) -> BTreeMap<usize, String> {
    let mut masked = text.as_bytes().to_vec();
    if let Ok(tokens) = text.parse::<TokenStream>() {
        mask_literals(tokens, &mut masked);
    }
    let masked = String::from_utf8_lossy(&masked);
    let mut lines = BTreeMap::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(masked.lines()) {
        let Some((_, comment)) = line.split_once("//") else {
            in_code = false;
            continue;
        };
        let comment = comment.trim_start_matches(['/', '!', ' ']);
        if comment.starts_with("```") {
            in_code = !in_code;
        } else if !in_code && !comment.starts_with('#') {
            lines.insert(number, comment.trim_start_matches(['-', ' ']).to_owned());
        }
    }
    lines
}

/// Overwrites literals, so that a `//` in a URL begins no comment. Documentation is a literal to
/// the compiler, but its source begins with a slash.
fn mask_literals(tokens: TokenStream, text: &mut [u8]) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => mask_literals(group.stream(), text),
            TokenTree::Literal(literal) => {
                let range = literal.span().byte_range();
                if let Some(part) = text.get_mut(range).filter(|part| !part.starts_with(b"/")) {
                    for byte in part.iter_mut().filter(|byte| **byte != b'\n') {
                        *byte = b'x';
                    }
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// Texts of the pages and the comments of their translators; ids of messages are no prose.
fn fluent(text: &str) -> BTreeMap<usize, String> {
    let lines = (1..).zip(text.lines()).map(|(number, line)| {
        let line = line.trim_start_matches(['#', ' ']);
        let text = line.split_once(" = ").map_or(line, |(_, text)| text);
        (number, format!("| {text}"))
    });
    lines.collect()
}

/// Lines without tags and placeholders.
fn html(text: &str) -> BTreeMap<usize, String> {
    let mut lines = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let (mut kept, mut depth) = (String::new(), 0_usize);
        for character in line.chars() {
            match character {
                '<' | '{' => depth += 1,
                '>' | '}' => depth = depth.saturating_sub(1),
                _ if depth == 0 => kept.push(character),
                _ => {}
            }
        }
        lines.insert(number, kept);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# why\ntold = report\nthe like = the full list\n^ what = the noun\n";

    fn problems_of(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text), (BANNED, LIST)]))
    }

    #[test]
    fn a_finding_names_file_line_phrase_and_replacement() {
        let problems = problems_of("README.md", "# A\n\nThe bank has\ntold us.\n");
        assert_eq!(problems, ["README.md:4: `told`: write report"]);
    }

    #[test]
    fn phrases_are_found_wherever_a_person_reads() {
        for (path, text) in [
            ("a.md", "Keys, bodies and the\nlike are kept.\n"),
            ("a.md", "- What is kept\n"),
            ("a.md", "| x | What is kept |\n"),
            ("a.md", "It is kept. What is lost is lost.\n"),
            ("a.rs", "//! Told.\n"),
            ("a.rs", "//! A.\n/// What it is\n/// for.\nfn f() {}\n"),
            ("a.rs", "//! A.\nfn f() { g(\"http://x\"); } // told\n"),
            ("a.rs", "//! A.\nfn f() { g(\"nobody told us\"); }\n"),
            ("a.rs", "//! A.\nconst A: &str = \"a text\";\n/// What it is.\nconst B: u8 = 1;\n"),
            ("a.rs", "//! A.\nfn f() { panic!(\"{x}: nobody told us\"); }\n"),
            ("a.ftl", "a-title = The shop has not told us.\n"),
            ("a.html", "<p>The shop has not told us.</p>\n"),
        ] {
            assert_eq!(problems_of(path, text).len(), 1, "{path}: {text}");
        }
    }

    #[test]
    fn code_names_and_other_words_pass() {
        for (path, text) in [
            ("a.md", "```\ntold\n```\n`told` and `the like`, untold, told-you, TOLD_US\n"),
            ("a.md", "# What you need\n\n| What | Where |\n|---|---|\n| a | the, like |\n"),
            ("a.md", "This is (by `name`)\nwhat we keep; it is,\nwhat is more, kept.\n"),
            ("a.rs", "//! A.\nfn told() { f(\"told\", \"http://told us\".len()) }\n"),
        ] {
            let expected = usize::from(text.contains("http"));
            assert_eq!(problems_of(path, text).len(), expected, "{path}: {text}");
        }
        let tested = "//! A.\n#[cfg(test)]\nmod tests {\n    const A: &str = \"told us\";\n}\n";
        assert_eq!(problems_of("a.rs", tested), Vec::<String>::new());
        assert_eq!(problems_of("a.html", "<p class=\"told us\">{{ told }}</p>\n").len(), 0);
    }
}
