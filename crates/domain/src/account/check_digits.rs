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

/// Country, length, and what the characters behind the check digits may be.
type Structure = (&'static str, usize, fn(u8) -> bool);

/// Check digits that ISO 13616 never gives: they leave the same remainder as others that it does.
const NO_CHECK_DIGITS: [&str; 3] = ["00", "01", "99"];
/// Countries of the registry that the library lacks: code, length, and the characters of the account
/// that follow a bank of four letters.
const OTHER_COUNTRIES: [Structure; 2] = [
    ("HN", 4 + 4 + 20, |byte| byte.is_ascii_digit()),
    ("PK", 4 + 4 + 16, |byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()),
];

/// Whether upper-case letters and digits are an IBAN of the registry.
pub(crate) fn is_iban(text: &str) -> bool {
    let known = match text.parse::<iban::Iban>() {
        Ok(_) => true,
        Err(iban::ParseIbanError::UnknownCountry(_)) => {
            OTHER_COUNTRIES.iter().any(|country| has_structure(text, *country))
        }
        Err(_) => false,
    };
    known && text.get(2..4).is_some_and(|digits| !NO_CHECK_DIGITS.contains(&digits))
}

/// Whether an IBAN with correct check digits has the structure of the country.
fn has_structure(text: &str, country: Structure) -> bool {
    let (country, length, is_of_account) = country;
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().bytes();
    text.starts_with(country)
        && text.len() == length
        && part(4..8).all(|byte| byte.is_ascii_uppercase())
        && part(8..length).all(is_of_account)
}

/// Whether 26 digits are a Polish account number (NRB): the IBAN without its country.
pub(crate) fn is_domestic_polish(digits: &str) -> bool {
    is_iban(&format!("PL{digits}"))
}
