//! Amounts of money: integers of one ten-thousandth of a currency unit, never floats.
//!
//! The public API allows up to four fraction digits, so every amount is kept as a whole number of
//! ten-thousandths. The number of digits that were written is kept beside it, because an amount
//! is echoed as it came ("10.5" stays "10.5").

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most digits after the point that the API accepts.
pub const FRACTION_DIGITS_MAX: usize = 4;
/// The most digits before the point that the API accepts (OBIE 3.1.11: `^\d{1,13}`).
pub const WHOLE_DIGITS_MAX: usize = 13;

/// An ISO 4217 currency, e.g. `GBP`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Pound sterling.
    pub const GBP: Currency = Currency(iso_currency::Currency::GBP);
    /// Euro.
    pub const EUR: Currency = Currency(iso_currency::Currency::EUR);
    /// Polish zloty.
    pub const PLN: Currency = Currency(iso_currency::Currency::PLN);

    /// The three upper-case letters of ISO 4217.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the point that the currency has in daily use: 2 for `GBP`, 0 for `JPY`.
    #[must_use]
    pub fn minor_digits(self) -> u8 {
        self.0.exponent().map_or(2, |digits| u8::try_from(digits).unwrap_or(2))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(text)
            .map(Currency)
            .ok_or_else(|| MoneyError::Currency { found: text.chars().take(8).collect() })
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}

/// The defect of an amount or a currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not an ISO 4217 code.
    #[error("`{found}` is not an ISO 4217 currency code such as `GBP`")]
    Currency {
        /// The first characters of what was given.
        found: String,
    },
    /// Not digits with at most one point.
    #[error("`{found}` is not a decimal number such as `10.23`")]
    NotDecimal {
        /// The first characters of what was given.
        found: String,
    },
    /// More than [`FRACTION_DIGITS_MAX`] digits after the point.
    #[error("should not contain more than 4 decimal places")]
    TooPrecise,
    /// More than [`WHOLE_DIGITS_MAX`] digits before the point.
    #[error("should not have more than 13 digits before the decimal point")]
    TooLarge,
    /// Zero.
    #[error("should be greater than zero")]
    NotPositive,
}

/// A positive amount of one currency.
#[derive(Clone, Copy, Eq, Serialize, Deserialize)]
#[serde(try_from = "AmountBody", into = "AmountBody")]
pub struct Amount {
    ten_thousandths: i64,
    /// Digits before the point as they were written, leading zeros with them; 1 to
    /// [`WHOLE_DIGITS_MAX`].
    whole_digits: u8,
    fraction_digits: u8,
    currency: Currency,
}

/// How an [`Amount`] is stored: `{"value":"10.23","currency":"GBP"}`.
#[derive(Serialize, Deserialize)]
struct AmountBody {
    value: String,
    currency: Currency,
}

impl Amount {
    /// Reads a positive decimal string such as `10.23`: digits, at most one point, at most
    /// [`FRACTION_DIGITS_MAX`] digits after it; no sign, no exponent, no separators.
    ///
    /// # Errors
    /// [`MoneyError`] says which of these rules the text breaks.
    pub fn parse(value: &str, currency: Currency) -> Result<Amount, MoneyError> {
        let not_decimal = || MoneyError::NotDecimal { found: value.chars().take(24).collect() };
        let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let dangling_point = value.contains('.') && fraction.is_empty();
        if whole.is_empty() || dangling_point || !digits(whole) || !digits(fraction) {
            return Err(not_decimal());
        }
        if fraction.len() > FRACTION_DIGITS_MAX {
            return Err(MoneyError::TooPrecise);
        }
        let significant = whole.trim_start_matches('0');
        if whole.len() > WHOLE_DIGITS_MAX {
            return Err(MoneyError::TooLarge);
        }
        let ten_thousandths: i64 =
            format!("{significant}{fraction:0<4}").parse().map_err(|_| not_decimal())?;
        if ten_thousandths == 0 {
            return Err(MoneyError::NotPositive);
        }
        let fraction_digits = u8::try_from(fraction.len()).map_err(|_| MoneyError::TooPrecise)?;
        let whole_digits = u8::try_from(whole.len()).map_err(|_| MoneyError::TooLarge)?;
        Ok(Amount { ten_thousandths, whole_digits, fraction_digits, currency })
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The whole amount in ten-thousandths of a unit: `10.23` is 102,300.
    #[must_use]
    pub fn ten_thousandths(&self) -> i64 {
        self.ten_thousandths
    }

    /// Whether it is a whole number of the currency's smallest units: 10.230 GBP is, 10.234 GBP
    /// is not, and no rail carries it.
    #[must_use]
    pub fn is_payable(&self) -> bool {
        let digits = u32::from(self.currency.minor_digits().min(4));
        self.ten_thousandths % 10_i64.pow(4 - digits) == 0
    }

    /// The value with the digits that were written: `10.5` stays `10.5`, `010.00` stays `010.00`.
    #[must_use]
    pub fn value(&self) -> String {
        self.with_digits(self.whole_digits, self.fraction_digits)
    }

    /// The value with at least the currency's own digits: `10.5` GBP becomes `10.50`. More digits
    /// are kept where they are not zero, so no money is lost by printing.
    #[must_use]
    pub fn value_in_minor_digits(&self) -> String {
        let mut needed = 4_u8;
        let mut rest = self.ten_thousandths;
        while needed > 0 && rest % 10 == 0 {
            rest /= 10;
            needed -= 1;
        }
        self.with_digits(1, needed.max(self.currency.minor_digits().min(4)))
    }

    /// The amount as English readers write it: `£1,234.56`, or `1,234.56 SEK` with a space that does
    /// not break where the currency has no sign that everybody reads.
    #[must_use]
    pub fn for_people(&self) -> String {
        let grouped = self.grouped(",", ".");
        match self.currency {
            Currency::GBP => format!("£{grouped}"),
            Currency::EUR => format!("€{grouped}"),
            currency => format!("{grouped}\u{a0}{currency}"),
        }
    }

    /// [`Amount::value_in_minor_digits`] with `thousands` between groups of three digits and `decimal` in
    /// the place of the point: languages differ in both.
    #[must_use]
    pub fn grouped(&self, thousands: &str, decimal: &str) -> String {
        let value = self.value_in_minor_digits();
        let (whole, fraction) = value.split_at(value.find('.').unwrap_or(value.len()));
        let mut grouped = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place) % 3 == 0 {
                grouped.push_str(thousands);
            }
            grouped.push(digit);
        }
        grouped.push_str(&fraction.replace('.', decimal));
        grouped
    }

    fn with_digits(&self, whole_digits: u8, digits: u8) -> String {
        let whole = self.ten_thousandths / 10_000;
        let whole = format!("{whole:0>width$}", width = usize::from(whole_digits));
        if digits == 0 {
            return whole;
        }
        let fraction = format!("{:04}", self.ten_thousandths % 10_000);
        format!("{whole}.{}", &fraction[..usize::from(digits.min(4))])
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Amount) -> bool {
        self.ten_thousandths == other.ten_thousandths && self.currency == other.currency
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value(), self.currency)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value_in_minor_digits(), self.currency)
    }
}

impl TryFrom<AmountBody> for Amount {
    type Error = MoneyError;

    fn try_from(body: AmountBody) -> Result<Amount, MoneyError> {
        Amount::parse(&body.value, body.currency)
    }
}

impl From<Amount> for AmountBody {
    fn from(amount: Amount) -> AmountBody {
        AmountBody { value: amount.value(), currency: amount.currency }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_that_are_refused_say_why() {
        let error = |text| Amount::parse(text, Currency::GBP).unwrap_err();
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,000", " 1", "１", "1.2.3", "NaN"] {
            assert!(matches!(error(text), MoneyError::NotDecimal { .. }), "{text}");
        }
        assert_eq!(error("1.23456"), MoneyError::TooPrecise);
        assert_eq!(error("12345678901234"), MoneyError::TooLarge);
        assert_eq!(error("0.00"), MoneyError::NotPositive);
    }

    #[test]
    fn an_amount_is_echoed_as_written_and_printed_with_the_currency_digits() {
        let amount = Amount::parse("10.5", Currency::GBP).unwrap();
        assert_eq!(amount.value(), "10.5");
        assert_eq!(amount.to_string(), "10.50 GBP");
        let zeros = Amount::parse("010.00", Currency::GBP).unwrap();
        assert_eq!((zeros.value().as_str(), zeros.to_string().as_str()), ("010.00", "10.00 GBP"));
        assert_eq!(Amount::parse("00", Currency::GBP), Err(MoneyError::NotPositive));
        assert_eq!(Amount::parse("00000000000010", Currency::GBP), Err(MoneyError::TooLarge));
        assert_eq!(Amount::parse("7", Currency::GBP).unwrap().value_in_minor_digits(), "7.00");
        assert_eq!(Amount::parse("0.1234", Currency::GBP).unwrap().to_string(), "0.1234 GBP");
        assert_eq!(amount, Amount::parse("10.50", Currency::GBP).unwrap());
    }

    #[test]
    fn people_read_amounts_with_thousands_and_in_one_piece() {
        let table = [
            ("10.23", "GBP", "£10.23"),
            ("7", "EUR", "€7.00"),
            ("999.9", "EUR", "€999.90"),
            ("1234.56", "GBP", "£1,234.56"),
            ("001234.56", "GBP", "£1,234.56"),
            ("1234567.1234", "GBP", "£1,234,567.1234"),
            ("9999999999999.99", "PLN", "9,999,999,999,999.99\u{a0}PLN"),
            ("100000", "JPY", "100,000\u{a0}JPY"),
            ("0.5", "SEK", "0.50\u{a0}SEK"),
        ];
        for (value, currency, read) in table {
            let amount = Amount::parse(value, currency.parse().unwrap()).unwrap();
            assert_eq!(amount.for_people(), read);
            assert!(!read.contains(' '), "a line may break at a space");
        }
    }

    #[test]
    fn the_separators_of_an_amount_are_a_parameter() {
        let amount = |value| Amount::parse(value, Currency::EUR).unwrap();
        assert_eq!(amount("1234567.5").grouped(".", ","), "1.234.567,50");
        assert_eq!(amount("999.99").grouped("\u{202f}", ","), "999,99");
    }

    #[test]
    fn what_is_smaller_than_the_currencys_smallest_unit_is_not_payable() {
        let payable = |text: &str, currency: &str| {
            Amount::parse(text, currency.parse().unwrap()).unwrap().is_payable()
        };
        for (text, currency) in
            [("10", "GBP"), ("10.2", "EUR"), ("10.23", "SEK"), ("10.2300", "PLN"), ("10", "ISK")]
        {
            assert!(payable(text, currency), "{text} {currency}");
        }
        for (text, currency) in
            [("10.234", "GBP"), ("0.0001", "EUR"), ("0.001", "PLN"), ("10.5", "ISK")]
        {
            assert!(!payable(text, currency), "{text} {currency}");
        }
    }

    proptest! {
        #[test]
        fn every_accepted_text_survives_storage(whole in "0{0,3}[0-9]{1,10}", fraction in "[0-9]{0,4}") {
            let text = if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") };
            if let Ok(amount) = Amount::parse(&text, Currency::EUR) {
                prop_assert_eq!(amount.value(), text);
                let stored = serde_json::to_string(&amount).unwrap();
                let loaded: Amount = serde_json::from_str(&stored).unwrap();
                prop_assert_eq!(loaded.value(), amount.value());
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = Amount::parse(&text, Currency::GBP);
        }
    }
}
