//! English that a native reader understands the first time.
//!
//! `banned_phrases.txt` beside this crate's manifest lists phrases and what to write instead. The
//! rule reads Markdown outside code, comments and texts of Rust, the texts of the pages and HTML.
//! `prose_exceptions.txt` lists what stays, each with a reason; it may only shrink.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};

use crate::source::read;
use crate::{File, Tree};

/// The ban list: `<phrase> = <what to write>`.
pub const BANNED: &str = "crates/tidy/banned_phrases.txt";
/// `<path> | <phrase> | <count> | <reason>`. A path with a final `/` is a folder, the phrase `*`
/// is any of them: such a line is for folders that are still to be rewritten.
pub const EXCEPTIONS: &str = "crates/tidy/prose_exceptions.txt";
/// The phrase of an exception that covers all phrases.
const ANY: &str = "*";

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

/// A phrase in a text.
#[derive(Debug)]
struct Finding {
    path: String,
    line: usize,
    phrase: String,
    instead: String,
}

/// An exception, and how many findings it still covers.
struct Exception {
    path: String,
    phrase: String,
    count: usize,
    left: usize,
}

/// Every banned phrase, and every exception that is not exact.
#[must_use]
pub fn check(tree: &Tree) -> Vec<String> {
    let (phrases, mut problems) = phrases(tree);
    let (mut exceptions, unreadable) = exceptions(tree);
    problems.extend(unreadable);
    let findings = tree.files.iter().flat_map(|file| {
        let pieces = pieces_of(file);
        found(&pieces, &phrases)
            .into_iter()
            .map(|(line, phrase)| Finding {
                path: file.path.clone(),
                line,
                phrase: phrase.name.clone(),
                instead: phrase.instead.clone(),
            })
            .collect::<Vec<_>>()
    });
    for finding in findings {
        let exception = exceptions.iter_mut().find(|exception| exception.covers(&finding));
        match exception {
            Some(exception) if exception.left > 0 => exception.left -= 1,
            _ => problems.push(format!(
                "{}:{}: `{}`: write {}",
                finding.path, finding.line, finding.phrase, finding.instead
            )),
        }
    }
    problems.extend(exceptions.iter().filter_map(Exception::complaint));
    problems
}

impl Exception {
    fn covers(&self, finding: &Finding) -> bool {
        let of_folder = self.path.ends_with('/') && finding.path.starts_with(&self.path);
        (of_folder || self.path == finding.path)
            && (self.phrase == ANY || self.phrase == finding.phrase)
    }

    /// A folder that is still to be rewritten may have fewer findings than its line says, as long
    /// as it has any; every other exception is exact.
    fn complaint(&self) -> Option<String> {
        let Exception { path, phrase, count, left } = self;
        if left == count {
            return Some(format!("{path} has no `{phrase}`: delete its line in {EXCEPTIONS}"));
        }
        (*left > 0 && phrase != ANY).then(|| {
            format!("{path} has `{phrase}` {} times: write that in {EXCEPTIONS}", count - left)
        })
    }
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

fn exceptions(tree: &Tree) -> (Vec<Exception>, Vec<String>) {
    let (mut exceptions, mut problems) = (vec![], vec![]);
    for line in lines_of(tree, EXCEPTIONS) {
        let parts: Vec<&str> = line.split(" | ").collect();
        match (parts.as_slice(), parts.get(2).map(|count| count.parse::<usize>())) {
            ([path, phrase, _, reason], Some(Ok(count))) if count > 0 && !reason.is_empty() => {
                let (path, phrase) = ((*path).to_owned(), (*phrase).to_owned());
                exceptions.push(Exception { path, phrase, count, left: count });
            }
            _ => problems.push(format!(
                "{EXCEPTIONS}: `{line}` is not `<path> | <phrase> | <count> | <reason>`"
            )),
        }
    }
    (exceptions, problems)
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

    fn check_with(path: &str, text: &str, exceptions: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text), (BANNED, LIST), (EXCEPTIONS, exceptions)]))
    }

    fn problems_of(path: &str, text: &str) -> Vec<String> {
        check_with(path, text, "")
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

    #[test]
    fn exceptions_have_a_reason_and_may_only_shrink() {
        let text = "told, told\n";
        let exact = "a.md | told | 2 | the field's own word\n";
        assert_eq!(check_with("a.md", text, exact), Vec::<String>::new());
        for (exceptions, complaint) in [
            ("a.md | told | 1 | why\n", "a.md:1: `told`"),
            ("a.md | told | 3 | why\n", "a.md has `told` 2 times"),
            ("a.md | told | 2 | why\nb.md | told | 1 | why\n", "b.md has no `told`"),
            ("a.md | told | 2 | why\nb/ | * | 9 | not done\n", "b/ has no `*`"),
            ("a.md | told | 2 | why\na.md | told\n", "is not `<path>"),
        ] {
            let problems = check_with("a.md", text, exceptions);
            assert_eq!(problems.len(), 1, "{exceptions}: {problems:?}");
            assert!(problems[0].contains(complaint), "{problems:?}");
        }
        let folder = "docs/ | * | 5 | not done\n";
        assert_eq!(check_with("docs/a.md", text, folder), Vec::<String>::new());
    }
}
