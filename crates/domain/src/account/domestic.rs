//! Domestic account numbers of countries whose numbers check themselves.
//!
//! | currency | number | source |
//! |---|---|---|
//! | HUF | 16 or 24 digits; the eighth and the last digit check those before them, with the weights 9, 7, 3, 1 by modulus 10 | GIRO |
//! | NOK | 11 digits, the last checks the others by modulus 11 | Bits |

use crate::reference::checks_by_eleven;

/// Whether a number can be an account in the country of that currency (ISO 4217); true for currencies
/// without a rule here.
#[must_use]
pub fn is_domestic_number(currency: &str, number: &str) -> bool {
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    match currency {
        "NOK" => digits && number.len() == 11 && checks_by_eleven(number.as_bytes()),
        "HUF" => digits && is_hungarian(number.as_bytes()),
        _ => true,
    }
}

/// Bank and branch of 8 digits, an account of 8 or 16: each part checks itself.
fn is_hungarian(digits: &[u8]) -> bool {
    let checks = |part: &[u8]| {
        let weights = [9_u32, 7, 3, 1].into_iter().cycle();
        let weighed = part.iter().zip(weights);
        let sum: u32 = weighed.map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
        sum.is_multiple_of(10)
    };
    matches!(digits.len(), 16 | 24)
        && digits.split_at_checked(8).is_some_and(|(bank, account)| checks(bank) && checks(account))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_norway_and_hungary_check_themselves() {
        let table = [
            ("NOK", "86011117947", true),
            ("NOK", "86011117948", false),
            ("NOK", "8601111794", false),
            ("NOK", "8601111794A", false),
            ("HUF", "117730161111101800000000", true),
            ("HUF", "117730161111101900000000", false),
            ("HUF", "117730171111101800000000", false),
            ("HUF", "9990000910001002", true),
            ("HUF", "999000091000100", false),
            ("SEK", "1", true),
        ];
        for (currency, number, fits) in table {
            assert_eq!(is_domestic_number(currency, number), fits, "{currency} {number}");
        }
    }
}
