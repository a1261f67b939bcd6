//! Pages of HTML as a person reads them.

/// The page as text: its title, then line by line what is visible or read aloud.
///
/// # Panics
/// If the page has no title or no body, or a tag has no end.
#[must_use]
pub fn text_of(html: &str) -> String {
    let between = |start: &str, end: &str| {
        let rest = html.split_once(start).expect("the page has it").1;
        rest.split(end).next().unwrap_or_default()
    };
    let mut lines = vec![format!("[{}]", unescaped(between("<title>", "</title>")))];
    let mut rest = between("<body>", "</html>");
    while let Some((text, after)) = rest.split_once('<') {
        lines.push(unescaped(text.trim()));
        let (tag, after) = after.split_once('>').expect("every tag ends");
        if let Some(alt) = tag.split("alt=\"").nth(1) {
            let alt = alt.split('"').next().unwrap_or_default();
            lines.push(format!("(picture: {})", unescaped(alt)));
        }
        rest = after;
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// The text without the escapes that our templates write.
#[must_use]
pub fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&amp;", "&")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
}
