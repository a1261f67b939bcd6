//! Bank accounts and the parties that hold them.

mod address;
mod check_digits;
mod domestic;
mod draft;
mod parts;
mod party;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use self::check_digits::last_digit_checks;
use self::check_digits::{is_domestic_polish, is_iban};
pub use self::domestic::is_domestic_number;
pub use self::draft::PartyDraft;
pub use self::parts::{AccountParts, Owner, Route};
pub use self::party::{Address, Party};
use crate::country::is_country;
use crate::field::AccountField;
use crate::text::without_separators as plain;

/// How an account is identified on its rail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "scheme")]
pub enum AccountIdentifier {
    /// UK sort code (6 digits) and account number (8 digits).
    SortCode {
        /// Six digits, no separators.
        sort_code: String,
        /// Eight digits.
        account_number: String,
    },
    /// IBAN (ISO 13616), upper case without spaces, with the bank's BIC where it was given.
    Iban {
        /// The IBAN.
        iban: String,
        /// ISO 9362, 8 or 11 characters.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        bic: Option<String>,
    },
    /// A payee's IBAN and its domestic number, where the payer still chooses a bank and banks want
    /// the one or the other (API `SENoBankIdCreditorAccount`; SEK and NOK).
    IbanWithBban {
        /// The IBAN.
        iban: String,
        /// The domestic number.
        bban: String,
        /// National clearing number, where it was given.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        clearing_number: Option<String>,
        /// ISO 9362, 8 or 11 characters.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        bic: Option<String>,
    },
    /// A domestic account number that is not an IBAN.
    Bban {
        /// The domestic number.
        bban: String,
        /// National clearing number, where the country has one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        clearing_number: Option<String>,
        /// ISO 9362, 8 or 11 characters.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        bic: Option<String>,
    },
    /// A Polish domestic account number (NRB).
    AccountNumber {
        /// 26 digits, the first two of which check the others.
        account_number: String,
        /// ISO 9362, 8 or 11 characters.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        bic: Option<String>,
    },
    /// A Swedish Bankgiro number, 7 or 8 digits.
    Bankgiro {
        /// The number.
        bankgiro_number: String,
        /// ISO 9362, 8 or 11 characters.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        bic: Option<String>,
    },
    /// A Swedish Plusgiro number, 2 to 8 digits.
    Plusgiro {
        /// The number.
        plusgiro_number: String,
        /// ISO 9362, 8 or 11 characters.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        bic: Option<String>,
    },
}

/// An error in an account's number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {field} {rule}")]
pub struct AccountError {
    /// The part.
    pub field: AccountField,
    /// The rule that the number breaks.
    pub rule: &'static str,
}

/// Most letters and digits of a domestic number (ISO 13616).
const BBAN_CHARACTERS_MAX: usize = 30;
/// Most digits of a clearing number: those of Sweden have five, others more.
const CLEARING_DIGITS_MAX: usize = 16;

fn digits(
    field: AccountField,
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
    rule: &'static str,
) -> Result<(), AccountError> {
    let fits = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(()) } else { Err(AccountError { field, rule }) }
}

/// Whether `text` has the form of a BIC (ISO 9362): four letters, a country, two or five letters
/// or digits. Kosovo, which has no assigned code, has BICs with `XK`.
#[must_use]
pub fn is_bic(text: &str) -> bool {
    matches!(text.len(), 8 | 11)
        && text.bytes().take(6).all(|byte| byte.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && text.get(4..6).is_some_and(|country| country == "XK" || is_country(country))
}

fn iban(text: &str) -> Result<String, AccountError> {
    let text = plain(text).to_ascii_uppercase();
    let refused = |rule| Err(AccountError { field: AccountField::Iban, rule });
    if text.contains(|one: char| !one.is_ascii_alphanumeric()) {
        return refused("should have only the letters A to Z and digits, apart from spaces.");
    }
    match is_iban(&text) {
        true => Ok(text),
        false => refused("should be an IBAN of its country's length with correct check digits."),
    }
}

fn bban(text: &str) -> Result<String, AccountError> {
    let text = plain(text).to_ascii_uppercase();
    let fits = (1..=BBAN_CHARACTERS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let rule = "should be 1 to 30 letters and digits.";
    if fits { Ok(text) } else { Err(AccountError { field: AccountField::Bban, rule }) }
}

fn clearing_number(text: Option<String>) -> Result<Option<String>, AccountError> {
    let Some(text) = text.as_deref().map(plain) else { return Ok(None) };
    digits(
        AccountField::ClearingNumber,
        &text,
        1..=CLEARING_DIGITS_MAX,
        "should be 1 to 16 digits.",
    )?;
    Ok(Some(text))
}

/// A number of a Swedish giro, whose last digit checks the others.
fn giro(
    field: AccountField,
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
    rule: &'static str,
) -> Result<String, AccountError> {
    let text = plain(text);
    digits(field, &text, lengths, rule)?;
    if last_digit_checks(text.as_bytes()) { Ok(text) } else { Err(AccountError { field, rule }) }
}

/// 26 digits; the same as an IBAN is as good.
fn domestic_polish(text: &str) -> Result<String, AccountError> {
    let text = plain(text).to_ascii_uppercase();
    let text = text.strip_prefix("PL").unwrap_or(&text).to_owned();
    let rule = "should be 26 digits, the first two of which check the others.";
    digits(AccountField::AccountNumber, &text, 26..=26, rule)?;
    if is_domestic_polish(&text) {
        Ok(text)
    } else {
        Err(AccountError { field: AccountField::AccountNumber, rule })
    }
}

/// Of an IBAN: country and check digits.
const IBAN_PREFIX: usize = 4;

/// The number of an IBAN's account, and, where its country has a number of its own in it, that one.
fn numbers_of_iban(iban: &str) -> Vec<String> {
    let domestic = match iban.get(..2) {
        // GBkk BBBB SSSS SSAA AAAA AA
        Some("GB") => iban.get(2 * IBAN_PREFIX..).map(|number| format!("sort code {number}")),
        // PLkk and 24 digits; the domestic number has the check digits, too.
        Some("PL") => iban.get(2..).map(|number| format!("domestic {number}")),
        _ => None,
    };
    [Some(format!("iban {iban}")), domestic].into_iter().flatten().collect()
}

impl AccountIdentifier {
    /// Whether both name one account: an IBAN of a country names the same one as the domestic number
    /// in it. The bank's BIC does not count.
    #[must_use]
    pub fn is_same_account(&self, other: &AccountIdentifier) -> bool {
        let others = other.numbers();
        self.numbers().iter().any(|number| others.contains(number))
    }

    /// The numbers that name the account, each with the word of its scheme; the domestic one comes last.
    #[must_use]
    pub fn numbers(&self) -> Vec<String> {
        let domestic = |clearing: &Option<String>, bban: &str| {
            format!("bban {} {bban}", clearing.as_deref().unwrap_or_default())
        };
        match self {
            AccountIdentifier::SortCode { sort_code, account_number } => {
                vec![format!("sort code {sort_code}{account_number}")]
            }
            AccountIdentifier::Iban { iban, .. } => numbers_of_iban(iban),
            AccountIdentifier::IbanWithBban { iban, bban, clearing_number, .. } => {
                let mut numbers = numbers_of_iban(iban);
                numbers.push(domestic(clearing_number, bban));
                numbers
            }
            AccountIdentifier::Bban { bban, clearing_number, .. } => {
                vec![domestic(clearing_number, bban)]
            }
            AccountIdentifier::AccountNumber { account_number, .. } => {
                vec![format!("domestic {account_number}")]
            }
            AccountIdentifier::Bankgiro { bankgiro_number, .. } => {
                vec![format!("bankgiro {bankgiro_number}")]
            }
            AccountIdentifier::Plusgiro { plusgiro_number, .. } => {
                vec![format!("plusgiro {plusgiro_number}")]
            }
        }
    }

    /// The account with spaces and hyphens removed from its numbers and letters in upper case,
    /// if every part has the form and the check digits of its scheme.
    ///
    /// # Errors
    /// [`AccountError`] names the part and the rule.
    pub fn checked(self) -> Result<AccountIdentifier, AccountError> {
        let bic = match self.bic().map(str::to_ascii_uppercase) {
            Some(bic) if !is_bic(&bic) => {
                let rule = "should be a BIC of 8 or 11 characters, with a country in it.";
                return Err(AccountError { field: AccountField::Bic, rule });
            }
            bic => bic,
        };
        Ok(match self {
            AccountIdentifier::SortCode { sort_code, account_number } => {
                let (sort_code, account_number) = (plain(&sort_code), plain(&account_number));
                digits(AccountField::SortCode, &sort_code, 6..=6, "should be 6 digits.")?;
                digits(AccountField::AccountNumber, &account_number, 8..=8, "should be 8 digits.")?;
                AccountIdentifier::SortCode { sort_code, account_number }
            }
            AccountIdentifier::Iban { iban: number, .. } => {
                AccountIdentifier::Iban { iban: iban(&number)?, bic }
            }
            AccountIdentifier::IbanWithBban {
                iban: number,
                bban: domestic,
                clearing_number: clearing,
                ..
            } => AccountIdentifier::IbanWithBban {
                iban: iban(&number)?,
                bban: bban(&domestic)?,
                clearing_number: clearing_number(clearing)?,
                bic,
            },
            AccountIdentifier::Bban { bban: number, clearing_number: clearing, .. } => {
                AccountIdentifier::Bban {
                    bban: bban(&number)?,
                    clearing_number: clearing_number(clearing)?,
                    bic,
                }
            }
            AccountIdentifier::AccountNumber { account_number, .. } => {
                AccountIdentifier::AccountNumber {
                    account_number: domestic_polish(&account_number)?,
                    bic,
                }
            }
            AccountIdentifier::Bankgiro { bankgiro_number, .. } => {
                let rule = "should be 7 or 8 digits, the last of which checks the others.";
                let bankgiro_number =
                    giro(AccountField::BankgiroNumber, &bankgiro_number, 7..=8, rule)?;
                AccountIdentifier::Bankgiro { bankgiro_number, bic }
            }
            AccountIdentifier::Plusgiro { plusgiro_number, .. } => {
                let rule = "should be 2 to 8 digits, the last of which checks the others.";
                let plusgiro_number =
                    giro(AccountField::PlusgiroNumber, &plusgiro_number, 2..=8, rule)?;
                AccountIdentifier::Plusgiro { plusgiro_number, bic }
            }
        })
    }

    /// The bank's BIC, where it was given.
    #[must_use]
    pub fn bic(&self) -> Option<&str> {
        match self {
            AccountIdentifier::SortCode { .. } => None,
            AccountIdentifier::Iban { bic, .. }
            | AccountIdentifier::IbanWithBban { bic, .. }
            | AccountIdentifier::Bban { bic, .. }
            | AccountIdentifier::AccountNumber { bic, .. }
            | AccountIdentifier::Bankgiro { bic, .. }
            | AccountIdentifier::Plusgiro { bic, .. } => bic.as_deref(),
        }
    }

    /// The same account without the bank's BIC.
    #[must_use]
    pub fn without_bic(mut self) -> AccountIdentifier {
        match &mut self {
            AccountIdentifier::SortCode { .. } => {}
            AccountIdentifier::Iban { bic, .. }
            | AccountIdentifier::IbanWithBban { bic, .. }
            | AccountIdentifier::Bban { bic, .. }
            | AccountIdentifier::AccountNumber { bic, .. }
            | AccountIdentifier::Bankgiro { bic, .. }
            | AccountIdentifier::Plusgiro { bic, .. } => *bic = None,
        }
        self
    }

    /// The account number with all but its last four characters hidden, as pages show it.
    #[must_use]
    pub fn masked(&self) -> String {
        let number = match self {
            AccountIdentifier::SortCode { account_number, .. }
            | AccountIdentifier::AccountNumber { account_number, .. } => account_number,
            AccountIdentifier::Iban { iban, .. } | AccountIdentifier::IbanWithBban { iban, .. } => {
                iban
            }
            AccountIdentifier::Bban { bban, .. } => bban,
            AccountIdentifier::Bankgiro { bankgiro_number, .. } => bankgiro_number,
            AccountIdentifier::Plusgiro { plusgiro_number, .. } => plusgiro_number,
        };
        let hidden = number.chars().count().saturating_sub(4);
        format!("••••{}", number.chars().skip(hidden).collect::<String>())
    }
}

/// Account numbers stay out of logs, so `Debug` prints the masked form.
impl fmt::Debug for AccountIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountIdentifier({})", self.masked())
    }
}

#[cfg(test)]
mod tests;
