//! Texts of members: names, references, and the numbers of accounts that people copy.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::field::Fault;

/// Longest name or part of an address, in characters.
pub const TEXT_CHARACTERS_MAX: usize = 140;

/// Whether people can read `text` and it has `least` to `most` characters. Spaces alone are as good as
/// nothing.
///
/// # Errors
/// [`Fault::Empty`], [`Fault::TooLong`] or [`Fault::Invisible`].
pub fn within(text: &str, least: usize, most: usize) -> Result<(), Fault> {
    let found = text.chars().count();
    if found < least || (least > 0 && text.trim().is_empty()) {
        return Err(Fault::Empty);
    }
    if found > most {
        return Err(Fault::TooLong { most });
    }
    unreadable_character(text).map_or(Ok(()), |one| Err(Fault::Invisible(one)))
}

/// The same for a text that no person reads: it comes back percent-encoded as it is, so that format
/// characters do no harm. Control characters are mistakes all the same, and U+0000 is not stored.
///
/// # Errors
/// [`Fault::TooLong`] or [`Fault::Control`].
pub fn within_opaque(text: &str, most: usize) -> Result<(), Fault> {
    if text.chars().count() > most {
        return Err(Fault::TooLong { most });
    }
    text.chars().find(|one| one.is_control()).map_or(Ok(()), |one| Err(Fault::Control(one)))
}

/// The first character of `text` that no name and no reference may have, if there is one: a control
/// or format character, a separator of lines or paragraphs, or a code point that never is a
/// character.
///
/// Such characters are invisible. They reverse or hide what a person reads, and no bank takes them.
#[must_use]
pub fn unreadable_character(text: &str) -> Option<char> {
    text.chars().find(|one| is_unreadable(*one))
}

/// Whether nobody sees `one`; see [`unreadable_character`].
#[must_use]
pub fn is_unreadable(one: char) -> bool {
    match one.general_category() {
        GeneralCategory::Control
        | GeneralCategory::Format
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => true,
        _ => is_noncharacter(one),
    }
}

/// Unicode keeps 66 code points free for ever: `U+FDD0` to `U+FDEF`, and the last two of each plane.
fn is_noncharacter(one: char) -> bool {
    let code = u32::from(one);
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

/// A number without what people write or copy into it: spaces of every kind, hyphens and dashes,
/// and characters that nobody sees.
#[must_use]
pub(crate) fn without_separators(number: &str) -> String {
    let separates = |one: char| {
        one.is_whitespace()
            || is_unreadable(one)
            || one.general_category() == GeneralCategory::DashPunctuation
    };
    number.chars().filter(|one| !separates(*one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found() {
        for one in [
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{7f}',
            '\u{85}',
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{fdd0}',
            '\u{fdef}',
            '\u{fffe}',
            '\u{ffff}',
            '\u{1fffe}',
            '\u{10ffff}',
            '\u{e0041}',
        ] {
            assert_eq!(
                unreadable_character(&format!("a{one}b")),
                Some(one),
                "U+{:04X}",
                one as u32
            );
        }
        for text in
            ["", "Müller & Søn", "Ł\u{301}", "日本", "न्यू", "a b\u{a0}c", "–'’\"/?:().,+", "😀"]
        {
            assert_eq!(unreadable_character(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_lose_what_separates_them_and_nothing_else() {
        let copied = "\u{feff}GB29\u{a0}NWBK\u{202f}6016\u{200b}1331–9268\t19\u{202c}";
        assert_eq!(without_separators(copied), "GB29NWBK60161331926819");
        assert_eq!(without_separators("12/34.５O"), "12/34.５O");
    }
}
