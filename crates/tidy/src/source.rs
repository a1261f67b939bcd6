//! Rust source taken apart: code without comments and texts, and the texts by themselves.

/// A text in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// What is between the quotes; line ends that are escaped are gone.
    pub text: String,
}

/// The two halves of a source file.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The file line by line, with comments and texts replaced by nothing.
    pub code: Vec<String>,
    /// The texts.
    pub literals: Vec<Literal>,
}

/// Takes `text` apart. Good enough for source that compiles.
#[must_use]
pub fn split(text: &str) -> Source {
    let mut reader = Reader { rest: text, line: 1, code: String::new(), literals: vec![] };
    while reader.step() {}
    let code = reader.code.split('\n').map(str::to_owned).collect();
    Source { code, literals: reader.literals }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    code: String,
    literals: Vec<Literal>,
}

impl<'a> Reader<'a> {
    /// Reads one comment, text or character. Tells whether there was one.
    fn step(&mut self) -> bool {
        if self.rest.starts_with("//") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take(end);
        } else if self.rest.starts_with("/*") {
            let end = block_comment_end(self.rest);
            self.blank(end);
        } else if let Some(hashes) = raw_string_hashes(self.rest, &self.code) {
            self.raw_string(hashes);
        } else if self.rest.starts_with('"') {
            self.string();
        } else if let Some(end) = character_end(self.rest) {
            self.take(end);
        } else if let Some(next) = self.rest.chars().next() {
            self.take(next.len_utf8());
            self.code.push(next);
            self.line += usize::from(next == '\n');
        } else {
            return false;
        }
        true
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// Takes `length` bytes and keeps only their line ends as code.
    fn blank(&mut self, length: usize) -> &'a str {
        let taken = self.take(length);
        let lines = taken.matches('\n').count();
        self.code.push_str(&"\n".repeat(lines));
        self.line += lines;
        taken
    }

    fn string(&mut self) {
        let line = self.line;
        let mut end = 1;
        let bytes = self.rest.as_bytes();
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let taken = self.blank((end + 1).min(bytes.len()));
        let inner = taken.strip_prefix('"').unwrap_or(taken);
        let inner = inner.strip_suffix('"').unwrap_or(inner);
        self.literals.push(Literal { line, text: without_escaped_line_ends(inner) });
        self.code.push_str("\"\"");
    }

    fn raw_string(&mut self, hashes: usize) {
        let line = self.line;
        let opening = hashes + 2;
        let closing = format!("\"{}", "#".repeat(hashes));
        let inner = self.rest[opening..].find(&closing);
        let end = inner.map_or(self.rest.len(), |inner| opening + inner + closing.len());
        let taken = self.blank(end);
        let text = taken.get(opening..taken.len() - closing.len()).unwrap_or("").to_owned();
        self.literals.push(Literal { line, text });
        self.code.push_str("\"\"");
    }
}

fn block_comment_end(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The number of `#` of a raw string that begins here, behind `code`.
fn raw_string_hashes(text: &str, code: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let inside_word = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let hashes = after.len() - after.trim_start_matches('#').len();
    let is_raw = after[hashes..].starts_with('"') && (!inside_word || code.ends_with('b'));
    is_raw.then_some(hashes)
}

/// The end of a character literal that begins here; `None` for a lifetime.
fn character_end(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    if let Some(escaped) = inner.strip_prefix('\\') {
        let first = escaped.chars().next()?.len_utf8();
        return escaped[first..].find('\'').map(|end| 1 + 1 + first + end + 1);
    }
    let length = inner.chars().next()?.len_utf8();
    inner[length..].starts_with('\'').then_some(1 + length + 1)
}

fn without_escaped_line_ends(text: &str) -> String {
    let mut parts = text.split("\\\n");
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |joined, part| joined + part.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_told_from_code() {
        let text = "let a = \"one // two\"; // \"three\"\n/* x /* y */\n\"z\" */ let b = r#\"four \"five\"\"#;\n\
                    let c = '\"'; let d: &'static str = \"six \\\n      seven\\\"\"; let e = '\\'';\nend(b\"8\")";
        let source = split(text);
        let texts: Vec<&str> = source.literals.iter().map(|found| found.text.as_str()).collect();
        assert_eq!(texts, ["one // two", "four \"five\"", "six seven\\\"", "8"]);
        let lines: Vec<usize> = source.literals.iter().map(|found| found.line).collect();
        assert_eq!(lines, [1, 3, 4, 6]);
        assert_eq!(source.code.len(), 6);
        assert_eq!(source.code[0], "let a = \"\"; ");
        assert_eq!(source.code[2], " let b = \"\";");
        assert_eq!(source.code[5], "end(b\"\")");
    }

    #[test]
    fn unfinished_source_does_not_hang_or_panic() {
        for text in ["\"", "r#\"", "/*", "'", "'\\", "\"\\", "r", "é'é"] {
            assert!(!split(text).code.is_empty(), "{text}");
        }
    }
}
