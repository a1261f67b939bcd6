//! Check digits of numbers that are no IBAN.

/// Whether the last of some digits checks the others: each second digit from the right is doubled,
/// and the sum of all digits is a multiple of ten (ISO/IEC 7812-1, annex B). Cards have it, and the
/// Swedish giros. Wrong for anything that is no digit.
pub(crate) fn last_digit_checks(digits: &[u8]) -> bool {
    let weighed = digits.iter().rev().enumerate().map(|(place, byte)| match byte {
        b'0'..=b'9' => {
            let digit = u32::from(*byte - b'0');
            let twice = digit * 2;
            Some(if place % 2 == 0 { digit } else { twice / 10 + twice % 10 })
        }
        _ => None,
    });
    weighed.sum::<Option<u32>>().is_some_and(|sum| sum % 10 == 0)
}

/// Whether 26 digits are a Polish account number (NRB): the IBAN without its country.
pub(crate) fn is_domestic_polish(digits: &str) -> bool {
    format!("PL{digits}").parse::<iban::Iban>().is_ok()
}
