//! Payments in the own currency of a country outside the euro: the banks' products, and the numbers of
//! accounts and references with their check digits.
//!
//! | country | account number | source |
//! |---|---|---|
//! | Denmark | registration number of 4 digits, account of 10 | ISO 13616 |
//! | Hungary | 16 or 24 digits; the eighth and the last digit check those before them (9, 7, 3, 1) | GIRO |
//! | Norway | 11 digits, the last checks the others (mod 11) | Bits, KONTO |
//! | Sweden | clearing number of 4 or 5 digits, account of 6 to 10 | Bankgirot |
//!
//! A Czech account has its check digits (mod 11) inside the IBAN.

use serde_json::Value;

use super::{Answer, payments};
use crate::engine::banks::Bank;

/// The rules of a bank for such payments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Domestic {
    pub(crate) products: &'static [Product],
    /// How the provider names the payer's account.
    pub(crate) debtor: AccountForm,
    pub(crate) reference: Reference,
    /// Members that the bank refuses.
    pub(crate) forbidden: &'static [&'static str],
    /// The standing orders that the bank takes, where it does not take all.
    pub(crate) standing_orders: Option<StandingOrders>,
    /// The shortest name of a payee, in characters.
    pub(crate) creditor_name_min: usize,
    /// The longest name of a payee, in characters.
    pub(crate) creditor_name_max: usize,
    /// The longest text, in characters.
    pub(crate) text_max: usize,
}

/// Rules for standing orders: each has a last day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StandingOrders {
    pub(crate) frequencies: &'static [&'static str],
}

/// A payment product of a bank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    /// In URLs.
    pub(crate) word: &'static str,
    /// How the provider names the payee's account.
    pub(crate) creditor: AccountForm,
    /// The last status that a successful payment reaches.
    pub(crate) last_status: &'static str,
}

/// How an account is named in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountForm {
    Iban,
    IbanOrBban,
    Bban,
    /// `bban` and, beside it, `clearingNumber`.
    BbanAndClearingNumber,
    /// `other` with the scheme `BGNR`.
    Bankgiro,
    /// `other` with the scheme `PGNR`.
    Plusgiro,
}

/// The text that travels to the payee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A text alone.
    Text,
    /// A number with a check digit in the structured member, or a text, never both. A text that is
    /// such a number is refused: the payee's bookkeeping would not find it.
    NumberOrText,
}

/// The most digits of a reference number (KID, OCR).
const REFERENCE_DIGITS_MAX: usize = 25;

fn format_error(text: &str) -> Answer {
    Answer::refuse(400, "FORMAT_ERROR", text)
}

/// The product with this word.
pub(crate) fn product(bank: &Bank, word: &str) -> Option<&'static Product> {
    bank.next_gen_psd2().domestic?.products.iter().find(|product| product.word == word)
}

/// The account of a message, as the books know it: an IBAN; the number of a giro with its scheme.
pub(super) fn account(
    bank: &Bank,
    form: AccountForm,
    body: &Value,
    name: &str,
) -> Result<Option<String>, Answer> {
    let Some(account) = body.get(name) else { return Ok(None) };
    let found = match form {
        AccountForm::Iban => iban(bank, account),
        AccountForm::IbanOrBban => iban(bank, account).or_else(|| bban(bank, account, false)),
        AccountForm::Bban => bban(bank, account, false),
        AccountForm::BbanAndClearingNumber => bban(bank, account, true),
        AccountForm::Bankgiro => giro(account, "BGNR", 7),
        AccountForm::Plusgiro => giro(account, "PGNR", 2),
    };
    let wanted = match form {
        AccountForm::Iban => "an IBAN of this country",
        AccountForm::IbanOrBban => "an IBAN of this country or an account number of it",
        AccountForm::Bban => "an account number of this country",
        AccountForm::BbanAndClearingNumber => "an account number and a clearing number",
        AccountForm::Bankgiro => "a Bankgiro number with the scheme BGNR",
        AccountForm::Plusgiro => "a Plusgiro number with the scheme PGNR",
    };
    found.map(Some).ok_or_else(|| format_error(&format!("`{name}` is not {wanted}")))
}

/// An account is named in one way.
fn only<'a>(account: &'a Value, name: &str, members: usize) -> Option<&'a str> {
    account.as_object().filter(|object| object.len() == members)?;
    account[name].as_str()
}

fn iban(bank: &Bank, account: &Value) -> Option<String> {
    let iban = only(account, "iban", 1)?;
    let of_country = iban.starts_with(bank.country) && payments::is_iban(iban);
    let czech = bank.country == "CZ";
    let fits = of_country && (!czech || iban.get(8..).is_some_and(checks_as_czech_account));
    fits.then(|| iban.to_owned())
}

/// The IBAN of a domestic number.
fn bban(bank: &Bank, account: &Value, clearing_apart: bool) -> Option<String> {
    let members = if clearing_apart { 2 } else { 1 };
    let number = only(account, "bban", members).filter(|number| is_number(number))?;
    let national = match bank.country {
        "DK" if number.len() == 14 => number.to_owned(),
        "HU" if checks_as_hungarian_account(number) => format!("{number:0<24}"),
        "NO" if number.len() == 11 && checks_by_eleven(number) => number.to_owned(),
        "SE" => {
            let clearing = account["clearingNumber"].as_str().filter(|text| is_number(text))?;
            let fits = matches!(clearing.len(), 4 | 5) && (6..=10).contains(&number.len());
            // Of this country only the bank itself is here: 999 is its code.
            fits.then(|| format!("999{:0>17}", format!("{clearing}{number}")))?
        }
        _ => return None,
    };
    Some(iban_of(bank.country, &national))
}

fn giro(account: &Value, scheme: &str, digits_min: usize) -> Option<String> {
    account.as_object().filter(|object| object.len() == 1)?;
    let other = &account["other"];
    let number = other["identification"].as_str().filter(|number| is_number(number))?;
    let fits = other["schemeNameCode"] == scheme && (digits_min..=8).contains(&number.len());
    (fits && checks_by_ten(number)).then(|| format!("{scheme} {number}"))
}

/// The text that travels to the payee.
pub(super) fn reference(domestic: &Domestic, body: &Value) -> Result<String, Answer> {
    let text = payments::text(body, "remittanceInformationUnstructured", domestic.text_max)?;
    let number = match body.get("remittanceInformationStructured") {
        None => None,
        Some(structured) => Some(
            structured["reference"]
                .as_str()
                .filter(|number| is_reference_number(number))
                .ok_or_else(|| {
                    format_error("`remittanceInformationStructured.reference` has a wrong digit")
                })?,
        ),
    };
    match (domestic.reference, number, text) {
        (Reference::Text, Some(_), _) => Err(format_error("there are only texts here")),
        (Reference::NumberOrText, Some(_), Some(_)) => {
            Err(format_error("a reference number or a text, never both"))
        }
        (Reference::NumberOrText, None, Some(text)) if is_reference_number(text) => {
            Err(format_error("a reference number is structured"))
        }
        (_, number, text) => Ok(number.or(text).unwrap_or_default().to_owned()),
    }
}

/// Refuses members that the bank does not take, and names that are too short.
pub(super) fn check(domestic: &Domestic, body: &Value) -> Result<(), Answer> {
    if let Some(name) = domestic.forbidden.iter().find(|name| body.get(**name).is_some()) {
        return Err(format_error(&format!("`{name}` is not taken here")));
    }
    let name = body["creditorName"].as_str().unwrap_or_default();
    if name.chars().count() < domestic.creditor_name_min {
        return Err(format_error("`creditorName` is too short"));
    }
    let Some(rules) = domestic.standing_orders.filter(|_| body.get("frequency").is_some()) else {
        return Ok(());
    };
    if !rules.frequencies.iter().any(|one| body["frequency"] == *one) {
        return Err(format_error("`frequency` is not offered"));
    }
    match body["endDate"].is_string() {
        true => Ok(()),
        false => Err(format_error("`endDate` is missing")),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A KID or an OCR number.
fn is_reference_number(text: &str) -> bool {
    (2..=REFERENCE_DIGITS_MAX).contains(&text.len())
        && is_number(text)
        && (checks_by_ten(text) || checks_by_eleven(text))
}

/// The sum of the digits, each multiplied with its weight; the first weight counts for the last digit.
fn weighed(digits: &str, weights: &[u32]) -> u32 {
    let digits = digits.bytes().rev().map(|byte| u32::from(byte.saturating_sub(b'0')));
    digits.zip(weights.iter().cycle()).map(|(digit, weight)| digit * weight).sum()
}

/// Mod 11, with the weights 2 to 7 from the right before the check digit.
fn checks_by_eleven(digits: &str) -> bool {
    let Some((number, check)) = digits.split_at_checked(digits.len() - 1) else { return false };
    let sum = weighed(number, &[2, 3, 4, 5, 6, 7]) + weighed(check, &[1]);
    sum.is_multiple_of(11)
}

/// Mod 10, with each second digit doubled (Luhn).
fn checks_by_ten(digits: &str) -> bool {
    let doubled = |(place, byte): (usize, u8)| {
        let digit = u32::from(byte.saturating_sub(b'0'));
        if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
    };
    digits.bytes().rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
}

/// Bank and branch of 8 digits, an account of 8 or 16: each part checks itself.
fn checks_as_hungarian_account(digits: &str) -> bool {
    let part = |digits: &str| weighed(digits, &[1, 3, 7, 9]).is_multiple_of(10);
    matches!(digits.len(), 16 | 24)
        && digits.split_at_checked(8).is_some_and(|(bank, account)| part(bank) && part(account))
}

/// Prefix of 6 digits and number of 10: each checks itself (decree 169/2011 of the Czech National
/// Bank).
fn checks_as_czech_account(digits: &str) -> bool {
    let part = |digits: &str| weighed(digits, &[1, 2, 4, 8, 5, 10, 9, 7, 3, 6]).is_multiple_of(11);
    digits.len() == 16
        && digits.split_at_checked(6).is_some_and(|(prefix, number)| part(prefix) && part(number))
}

/// The IBAN of a national account number (ISO 13616, check digits of ISO 7064).
fn iban_of(country: &str, national: &str) -> String {
    let remainder = payments::remainder_97(&format!("{national}{country}00"));
    format!("{country}{:02}{national}", 98 - remainder)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::banks::find;

    fn read(bank: &str, form: AccountForm, value: Value) -> Option<String> {
        let body = json!({ "creditorAccount": value });
        account(find(bank).expect("a bank"), form, &body, "creditorAccount").ok().flatten()
    }

    #[test]
    fn account_numbers_are_known_by_their_check_digits() {
        use AccountForm as F;
        let giro = |scheme: &str, number: &str| json!({ "other": { "identification": number, "schemeNameCode": scheme } });
        let clearing =
            |clearing: &str, number: &str| json!({ "bban": number, "clearingNumber": clearing });
        let table = [
            ("bg-gran", F::Bban, json!({ "bban": "86011001000" }), "NO2186011001000"),
            ("bg-gran", F::Bban, json!({ "bban": "86011001001" }), ""),
            ("bg-gran", F::Bban, json!({ "iban": "NO2186011001000" }), ""),
            ("bg-boeg", F::IbanOrBban, json!({ "bban": "79990000001001" }), "DK7779990000001001"),
            (
                "bg-boeg",
                F::IbanOrBban,
                json!({ "iban": "DK7779990000001001" }),
                "DK7779990000001001",
            ),
            ("bg-boeg", F::IbanOrBban, json!({ "iban": "NO2186011001000" }), ""),
            ("bg-boeg", F::IbanOrBban, json!({ "bban": "7999000000100" }), ""),
            (
                "bg-fuz",
                F::IbanOrBban,
                json!({ "bban": "9990000910001002" }),
                "HU48999000091000100200000000",
            ),
            ("bg-fuz", F::IbanOrBban, json!({ "bban": "9990000910001003" }), ""),
            ("bg-fuz", F::IbanOrBban, json!({ "bban": "9990000810001002" }), ""),
            (
                "bg-bjork",
                F::BbanAndClearingNumber,
                clearing("9990", "1001007"),
                "SE5699900000099901001007",
            ),
            ("bg-bjork", F::BbanAndClearingNumber, clearing("999", "1001007"), ""),
            ("bg-bjork", F::BbanAndClearingNumber, json!({ "bban": "99901001007" }), ""),
            ("bg-bjork", F::Bankgiro, giro("BGNR", "50501055"), "BGNR 50501055"),
            ("bg-bjork", F::Bankgiro, giro("BGNR", "50501054"), ""),
            ("bg-bjork", F::Bankgiro, giro("PGNR", "50501055"), ""),
            ("bg-bjork", F::Plusgiro, giro("PGNR", "42"), "PGNR 42"),
            ("bg-bjork", F::Plusgiro, giro("PGNR", "41"), ""),
            (
                "bg-lipa",
                F::Iban,
                json!({ "iban": "CZ8699900000000000001003" }),
                "CZ8699900000000000001003",
            ),
            // Correct as an IBAN, but no account of the country.
            ("bg-lipa", F::Iban, json!({ "iban": "CZ1699900000000000001002" }), ""),
            (
                "bg-stejar",
                F::Iban,
                json!({ "iban": "RO29STEJ0000000000001001" }),
                "RO29STEJ0000000000001001",
            ),
        ];
        for (bank, form, value, expected) in table {
            let found = read(bank, form, value.clone()).unwrap_or_default();
            assert_eq!(found, expected, "{bank}: {form:?} {value}");
        }
        assert!(
            payments::is_iban("CZ1699900000000000001002"),
            "the check digits of the IBAN itself"
        );
    }

    #[test]
    fn a_payment_has_a_reference_number_or_a_text() {
        let bank = find("bg-gran").expect("a bank").next_gen_psd2();
        let domestic = bank.domestic.expect("its own currency");
        let of = |text: Option<&str>, number: Option<&str>| {
            let mut body = json!({});
            if let Some(text) = text {
                body["remittanceInformationUnstructured"] = json!(text);
            }
            if let Some(number) = number {
                body["remittanceInformationStructured"] = json!({ "reference": number });
            }
            reference(domestic, &body).ok()
        };
        assert_eq!(of(Some("Order 1"), None).as_deref(), Some("Order 1"));
        assert_eq!(of(None, Some("1234566")).as_deref(), Some("1234566"));
        assert_eq!(of(None, Some("1234567")), None, "a wrong digit");
        assert_eq!(of(Some("Order 1"), Some("1234566")), None, "both");
        assert_eq!(of(Some("1234566"), None), None, "a number that is no text");
        assert_eq!(
            of(Some("1234567"), None).as_deref(),
            Some("1234567"),
            "no number with a check digit"
        );
    }
}
