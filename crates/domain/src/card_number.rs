//! Card numbers in free text. A payment is refused when its references hold one (reference, section
//! 1.8, `PanDetected`).
//!
//! The published API does not say which numbers it finds. Here a card number is 13 to 19 digits that
//! begin like an issuer's, have the length of that issuer and a correct check digit. People write
//! card numbers in groups and put dates beside them, so every run of neighbouring groups is tried.
//! UUIDs and hexadecimal words are skipped: one in 5,000 of them would look like a card number.

use crate::account::last_digit_checks;

/// The shortest and the longest card number, in digits.
const DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// The most groups of one card number: 19 digits as four of four and one of three.
const GROUPS_MAX: usize = 5;
/// The most separators between two groups of one number, as in `4111 - 1111`.
const SEPARATORS_MAX: usize = 3;
/// The lengths of the parts of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];
/// A hexadecimal word beside a group makes the group hexadecimal, if the word is this long. Shorter
/// words are often numbers of flats.
const HEXADECIMAL_LENGTH_MIN: usize = 4;

/// Whether `text` holds a card number.
#[must_use]
pub fn holds_card_number(text: &str) -> bool {
    any_candidate(text, |groups| {
        let digits = groups.concat();
        is_of_an_issuer(&digits) && last_digit_checks(&digits)
    })
}

/// Whether `text` holds a card number, or four groups of four digits that begin like one. The guide
/// to payments v1 refuses also texts that only resemble a card number.
#[must_use]
pub fn resembles_card_number(text: &str) -> bool {
    let four_of_four = |groups: &[&[u8]]| {
        groups.len() == 4
            && groups.iter().all(|group| group.len() == 4)
            && is_of_an_issuer(&groups.concat())
    };
    holds_card_number(text) || any_candidate(text, four_of_four)
}

/// Whether `accepts` some neighbouring groups that are grouped like a card number.
fn any_candidate(text: &str, accepts: impl Fn(&[&[u8]]) -> bool) -> bool {
    runs(text).iter().any(|run| {
        (0..run.len()).any(|begin| {
            let ends = begin + 1..=run.len().min(begin + GROUPS_MAX);
            ends.into_iter().any(|end| {
                let groups = &run[begin..end];
                is_grouped(groups, groups.len() == run.len()) && accepts(groups)
            })
        })
    })
}

/// Whether the groups have the lengths in which card numbers are written. Beside other numbers only
/// the usual groupings count: any other would find a card number in many lists of numbers.
fn is_grouped(groups: &[&[u8]], alone: bool) -> bool {
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    if !DIGITS.contains(&lengths.iter().sum()) {
        return false;
    }
    match lengths.as_slice() {
        [_] | [4, 6, 4 | 5] | [8, 8] | [6, 10] | [4, 4, 4, 1..=4] | [4, 4, 4, 4, 1..=3] => true,
        _ => alone,
    }
}

/// A word of the text: letters and digits without anything between them.
struct Word<'t> {
    text: &'t str,
    /// Whether only a few separators are between the word before and this one.
    follows: bool,
}

/// The groups of digits that may belong together, run by run.
fn runs(text: &str) -> Vec<Vec<&[u8]>> {
    let words = words(text);
    let mut runs: Vec<Vec<&[u8]>> = vec![];
    let mut open = false;
    let mut index = 0;
    while let Some(word) = words.get(index) {
        if is_uuid(&words[index..]) {
            index += UUID.len();
            open = false;
            continue;
        }
        let joined = open && word.follows;
        open = false;
        match digits_of(word.text) {
            // The groups before it are hexadecimal, too.
            None if joined && is_hexadecimal(word.text) => drop(runs.pop()),
            None => {}
            Some(_) if follows_hexadecimal(&words, index) => {}
            Some(digits) => {
                match runs.last_mut() {
                    Some(run) if joined => run.push(digits),
                    Some(_) | None => runs.push(vec![digits]),
                }
                open = true;
            }
        }
        index += 1;
    }
    runs
}

/// Whether the group at `index` continues a hexadecimal text: only groups are between them.
fn follows_hexadecimal(words: &[Word<'_>], index: usize) -> bool {
    let before = words[..=index].windows(2).rev().take(GROUPS_MAX).take_while(|two| two[1].follows);
    before.map(|two| two[0].text).find(|text| !is_number(text)).is_some_and(is_hexadecimal)
}

/// The digits of a word that is a number, or a number with letters on one side of it as in
/// `PAN4111111111111111`.
fn digits_of(word: &str) -> Option<&[u8]> {
    let digits = word.trim_matches(|one: char| one.is_alphabetic());
    let letters_on_one_side = word.starts_with(digits) || word.ends_with(digits);
    let fits = is_number(digits) && letters_on_one_side && !is_hexadecimal(word);
    fits.then_some(digits.as_bytes())
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a word has digits and letters, and of those only `a` to `f`.
fn is_hexadecimal(word: &str) -> bool {
    word.len() >= HEXADECIMAL_LENGTH_MIN
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_uuid(words: &[Word<'_>]) -> bool {
    words.len() >= UUID.len()
        && words.iter().zip(UUID).all(|(word, length)| {
            word.text.len() == length && word.text.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
        && words[1..UUID.len()].iter().all(|word| word.follows)
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = vec![];
    let mut follows = false;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|one: char| !one.is_alphanumeric()).unwrap_or(rest.len());
        if end > 0 {
            words.push(Word { text: &rest[..end], follows });
        }
        rest = &rest[end..];
        let end = rest.find(char::is_alphanumeric).unwrap_or(rest.len());
        let between = &rest[..end];
        follows = between.chars().count() <= SEPARATORS_MAX && between.chars().all(is_separator);
        rest = &rest[end..];
    }
    words
}

/// Whether people write the character between the groups of a number: spaces of every width,
/// hyphens and dashes, dots, and characters that nobody sees.
fn is_separator(one: char) -> bool {
    one.is_whitespace()
        || matches!(one, '-' | '.' | '_' | '·' | '•' | '\u{ad}' | '\u{2010}'..='\u{2015}')
        || matches!(one, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{2212}' | '\u{feff}')
}

/// Whether an issuer's numbers begin so and have that length.
fn is_of_an_issuer(digits: &[u8]) -> bool {
    let first_four =
        digits.iter().take(4).fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit - b'0'));
    let length = digits.len();
    match first_four {
        2221..=2720 | 5100..=5599 | 3528..=3589 => length == 16,
        3400..=3499 | 3700..=3799 => length == 15,
        3000..=3059 | 3600..=3699 | 3800..=3999 => length == 14,
        4000..=4999 => matches!(length, 13 | 16 | 19),
        6011 | 6440..=6599 | 6200..=6299 => (16..=19).contains(&length),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
