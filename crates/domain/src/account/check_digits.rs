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

/// Check digits that ISO 13616 never gives: they leave the same remainder as others that it does.
const NO_CHECK_DIGITS: [&str; 3] = ["00", "01", "99"];
/// Honduras is in the registry since release 98 and not yet in the library: a bank of four letters
/// and an account of 20 digits.
const HONDURAS: (&str, usize) = ("HN", 4 + 4 + 20);

/// Whether upper-case letters and digits are an IBAN of the registry.
pub(crate) fn is_iban(text: &str) -> bool {
    let known = match text.parse::<iban::Iban>() {
        Ok(_) => true,
        Err(iban::ParseIbanError::UnknownCountry(_)) => is_honduran(text),
        Err(_) => false,
    };
    known && text.get(2..4).is_some_and(|digits| !NO_CHECK_DIGITS.contains(&digits))
}

/// Whether an IBAN with correct check digits has the structure of Honduras.
fn is_honduran(text: &str) -> bool {
    let (country, length) = HONDURAS;
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().bytes();
    text.starts_with(country)
        && text.len() == length
        && part(4..8).all(|byte| byte.is_ascii_uppercase())
        && part(8..length).all(|byte| byte.is_ascii_digit())
}

/// Whether 26 digits are a Polish account number (NRB): the IBAN without its country.
pub(crate) fn is_domestic_polish(digits: &str) -> bool {
    is_iban(&format!("PL{digits}"))
}
