//! International payments (OBIE 3.1.11 and 4.0): to an IBAN, in euro, from an account in pounds.

use serde_json::{Value, json};

use super::fields::check_account;
use super::problem::Problem;
use crate::engine::order::minor_units;

/// Euro for a pound, in hundredths: a rate that never changes.
const EURO_HUNDREDTHS: i64 = 115;

/// The errors of an international payment beside those of its shape: the payee's bank, name and country
/// are needed, because the money leaves the country.
pub(super) fn problems(initiation: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |code: &'static str, path: &str, what: &'static str| {
        problems.push(Problem::at(code, &format!("Data.Initiation.{path}"), what));
    };
    let amount = &initiation["InstructedAmount"];
    if amount["Currency"] != "EUR" || initiation["CurrencyOfTransfer"] != "EUR" {
        wrong("Unsupported.Currency", "InstructedAmount.Currency", "only EUR is supported");
    } else if amount["Amount"].as_str().and_then(minor_units).is_none() {
        let what = "must be a whole number of cents above zero";
        wrong("Field.Invalid", "InstructedAmount.Amount", what);
    }
    let instrument = initiation["LocalInstrument"].as_str();
    if !matches!(instrument, None | Some("UK.OBIE.SEPACreditTransfer" | "UK.OBIE.SWIFT")) {
        wrong("Unsupported.LocalInstrument", "LocalInstrument", "it is not supported");
    }
    let creditor = &initiation["Creditor"];
    if creditor["Name"] != initiation["CreditorAccount"]["Name"] {
        wrong("Field.Missing", "Creditor.Name", "the payee's name is missing, or another");
    }
    let country = &creditor["PostalAddress"]["Country"];
    if !country.is_string() || !creditor["PostalAddress"]["TownName"].is_string() {
        wrong("Field.Missing", "Creditor.PostalAddress", "town and country are missing");
    }
    let agent = &initiation["CreditorAgent"];
    let bic = agent["Identification"].as_str().unwrap_or_default();
    if agent["SchemeName"] != "UK.OBIE.BICFI" || !matches!(bic.len(), 8 | 11) {
        wrong("Field.Missing", "CreditorAgent", "the BIC of the payee's bank is missing");
    }
    let account = &initiation["CreditorAccount"];
    let iban = account["Identification"].as_str().unwrap_or_default();
    if account["SchemeName"] != "UK.OBIE.IBAN" {
        let what = "only IBANs are supported";
        wrong("Unsupported.AccountIdentifier", "CreditorAccount", what);
    } else if iban.get(..2) != initiation["DestinationCountryCode"].as_str() {
        wrong("Field.Invalid", "DestinationCountryCode", "is not the country of the IBAN");
    }
    for name in ["DebtorAccount", "CreditorAccount"] {
        check_account(&initiation[name], &format!("Data.Initiation.{name}"), &mut problems);
    }
    problems
}

/// The cost of an amount in pounds, rounded up to a penny; `None` for pounds.
pub(super) fn debit_minor(minor: i64, currency: &str) -> Option<i64> {
    (currency == "EUR").then(|| (minor.saturating_mul(100) + EURO_HUNDREDTHS - 1) / EURO_HUNDREDTHS)
}

/// The rate, as answers have it; `None` for pounds.
pub(super) fn exchange_rate(currency: &str) -> Option<Value> {
    (currency == "EUR").then(|| {
        let rate = serde_json::from_str::<Value>("1.15").unwrap_or_default();
        json!({ "UnitCurrency": "GBP", "ExchangeRate": rate, "RateType": "Actual" })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn euro_cost_pounds_and_are_rounded_up() {
        for (cents, pence) in [(115, 100), (1, 1), (116, 101), (1_023, 890), (230, 200)] {
            assert_eq!(debit_minor(cents, "EUR"), Some(pence), "{cents}");
        }
        assert_eq!(debit_minor(1_023, "GBP"), None);
        let rate = exchange_rate("EUR").unwrap_or_default();
        assert_eq!(rate["ExchangeRate"].to_string(), "1.15");
    }
}
