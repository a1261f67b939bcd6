//! Complaints of the TOML parser, without secrets.

/// The most characters of a line that an error shows.
const LINE_SHOWN_MAX: usize = 80;

/// A complaint of the TOML parser in one line, with the place in the text.
pub(crate) fn where_and_why(text: &str, error: &toml::de::Error) -> String {
    let why = error.message().lines().collect::<Vec<_>>().join(", ");
    match error.span().and_then(|span| text.get(..span.start)) {
        None => format!("TOML: {why}"),
        Some(before) => {
            let number = before.matches('\n').count();
            let line: String = without_secret(text.lines().nth(number).unwrap_or_default())
                .trim()
                .chars()
                .take(LINE_SHOWN_MAX)
                .collect();
            format!("TOML, line {} `{line}`: {why}", number + 1)
        }
    }
}

/// The line up to the first word `secret`: the rest may be one.
fn without_secret(line: &str) -> &str {
    let word = "secret";
    let found = line.to_ascii_lowercase().find(word);
    found.and_then(|at| line.get(..at + word.len())).unwrap_or(line)
}
