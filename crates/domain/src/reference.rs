//! References of payments that machines read.

use crate::account::last_digit_checks;

/// The lengths of reference numbers: a Norwegian KID has up to 25 digits, a Swedish OCR number as
/// well.
const DIGITS: std::ops::RangeInclusive<usize> = 2..=25;

/// Whether a reference is a number whose last digit checks the others, as a KID or an OCR number is:
/// by modulus 10 (Luhn) or by modulus 11 with the weights 2 to 7.
#[must_use]
pub fn is_reference_number(text: &str) -> bool {
    DIGITS.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (last_digit_checks(text.as_bytes()) || checks_by_eleven(text.as_bytes()))
}

/// Whether the last digit checks the others by modulus 11, with the weights 2 to 7 from the right. Wrong
/// for anything that is no digit.
pub(crate) fn checks_by_eleven(digits: &[u8]) -> bool {
    let weights = [1].into_iter().chain([2_u32, 3, 4, 5, 6, 7].into_iter().cycle());
    let weighed = digits.iter().rev().zip(weights);
    let sum: u32 = weighed.map(|(byte, weight)| u32::from(byte.wrapping_sub(b'0')) * weight).sum();
    sum.is_multiple_of(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_its_check_digit_is_a_reference_number() {
        let longest = format!("{}{}", "0".repeat(18), "1234566");
        // By modulus 10, by modulus 11, the longest.
        for number in ["1234566", "00000018", "12345678903", "86011117947", &longest] {
            assert!(is_reference_number(number), "{number}");
        }
        let too_long = format!("0{longest}");
        for text in ["", "0", "1234567", "12345678904", "ORDER-1", "123456 6", "١٢", &too_long] {
            assert!(!is_reference_number(text), "{text}");
        }
    }
}
