//! Card numbers in free text. Nobody may send them to a bank or keep them here, so a payment whose
//! text holds one is refused (reference, section 1.8, `PanDetected`).
//!
//! Which numbers the published API finds is not known. Here it is 13 to 19 digits, with single
//! spaces or hyphens between them or none, that begin and are long as an issuer's do and whose
//! check digit is right: an order number that happens to look like that is very unlikely.

use crate::account::last_digit_checks;

/// The shortest and the longest card number, in digits.
const DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// Whether `text` holds something that can only be a card number.
#[must_use]
pub fn holds_card_number(text: &str) -> bool {
    let mut run: Vec<u8> = vec![];
    let mut after_separator = true;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                run.push(byte);
                after_separator = false;
            }
            b' ' | b'-' if !after_separator => after_separator = true,
            _ => {
                if is_card_number(&run) {
                    return true;
                }
                run.clear();
                after_separator = true;
            }
        }
    }
    is_card_number(&run)
}

fn is_card_number(digits: &[u8]) -> bool {
    DIGITS.contains(&digits.len()) && is_of_an_issuer(digits) && last_digit_checks(digits)
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
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_found_however_they_are_written() {
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "card 5555555555554444, thanks",
            "378282246310005",
            "30569309025904",
            "6011111111111117",
            "2223003122003222",
            "3530111333300000",
            "4222222222222",
        ] {
            assert!(holds_card_number(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_none() {
        for text in [
            "",
            "ORDER-1001",
            // The check digit is wrong.
            "4111111111111112",
            // Too long, too short, cut in two, longer than its issuer's.
            "41111111111111110000",
            "411111111111",
            "41111111  11111111",
            "5555555555554444000",
            // A moment in milliseconds, a day with a counter, an IBAN's digits.
            "1767607200003",
            "2026010500000004",
            "89370400440532013000",
            // Digits of another script.
            "４１１１１１１１１１１１１１１１",
        ] {
            assert!(!holds_card_number(text), "{text}");
        }
    }
}
