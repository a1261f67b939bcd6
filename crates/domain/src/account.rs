//! Bank accounts and the parties that hold them.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// A Polish domestic account number (26 digits) or another ELIXIR account number.
    AccountNumber {
        /// The number as given.
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

/// What is wrong with an account's number; `field` is the public API's name of the part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {rule}")]
pub struct AccountError {
    /// The part.
    pub field: &'static str,
    /// What it should be.
    pub rule: &'static str,
}

fn digits(
    field: &'static str,
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
    rule: &'static str,
) -> Result<(), AccountError> {
    let fits = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(()) } else { Err(AccountError { field, rule }) }
}

/// Whether `text` has the form of a BIC (ISO 9362): four letters, two letters of a country, two
/// or five letters or digits.
#[must_use]
pub fn is_bic(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes[..6].iter().all(u8::is_ascii_uppercase)
        && bytes[6..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

impl AccountIdentifier {
    /// The account with spaces and hyphens removed from its numbers and letters in upper case,
    /// if every part has the form and the check digits of its scheme.
    ///
    /// # Errors
    /// [`AccountError`] names the part and the rule.
    pub fn checked(self) -> Result<AccountIdentifier, AccountError> {
        let plain = |text: String| text.replace([' ', '-'], "");
        let bic = match self.bic() {
            Some(bic) if !is_bic(&bic.to_ascii_uppercase()) => {
                let rule = "should be a BIC of 8 or 11 characters.";
                return Err(AccountError { field: "bic", rule });
            }
            bic => bic.map(str::to_ascii_uppercase),
        };
        match self {
            AccountIdentifier::SortCode { sort_code, account_number } => {
                let (sort_code, account_number) = (plain(sort_code), plain(account_number));
                digits("sortCode", &sort_code, 6..=6, "should be 6 digits.")?;
                digits("accountNumber", &account_number, 8..=8, "should be 8 digits.")?;
                Ok(AccountIdentifier::SortCode { sort_code, account_number })
            }
            AccountIdentifier::Iban { iban, .. } => {
                let iban = plain(iban).to_ascii_uppercase();
                if iban.parse::<iban::Iban>().is_err() {
                    let rule = "should be an IBAN with correct check digits.";
                    return Err(AccountError { field: "iban", rule });
                }
                Ok(AccountIdentifier::Iban { iban, bic })
            }
            AccountIdentifier::Bban { bban, clearing_number, .. } => {
                let bban = plain(bban).to_ascii_uppercase();
                let fits = (1..=30).contains(&bban.len())
                    && bban.bytes().all(|byte| byte.is_ascii_alphanumeric());
                if !fits {
                    let rule = "should be 1 to 30 letters and digits.";
                    return Err(AccountError { field: "bban", rule });
                }
                Ok(AccountIdentifier::Bban { bban, clearing_number, bic })
            }
            AccountIdentifier::AccountNumber { account_number, .. } => {
                let account_number = plain(account_number);
                let rule = "should be 26 digits.";
                digits("accountNumber", &account_number, 26..=26, rule)?;
                Ok(AccountIdentifier::AccountNumber { account_number, bic })
            }
            AccountIdentifier::Bankgiro { bankgiro_number, .. } => {
                let bankgiro_number = plain(bankgiro_number);
                let rule = "should be 7 or 8 digits.";
                digits("bankgiroNumber", &bankgiro_number, 7..=8, rule)?;
                Ok(AccountIdentifier::Bankgiro { bankgiro_number, bic })
            }
            AccountIdentifier::Plusgiro { plusgiro_number, .. } => {
                let plusgiro_number = plain(plusgiro_number);
                let rule = "should be 2 to 8 digits.";
                digits("plusgiroNumber", &plusgiro_number, 2..=8, rule)?;
                Ok(AccountIdentifier::Plusgiro { plusgiro_number, bic })
            }
        }
    }

    /// The bank's BIC, where it was given.
    #[must_use]
    pub fn bic(&self) -> Option<&str> {
        match self {
            AccountIdentifier::SortCode { .. } => None,
            AccountIdentifier::Iban { bic, .. }
            | AccountIdentifier::Bban { bic, .. }
            | AccountIdentifier::AccountNumber { bic, .. }
            | AccountIdentifier::Bankgiro { bic, .. }
            | AccountIdentifier::Plusgiro { bic, .. } => bic.as_deref(),
        }
    }

    /// The account number with all but its last four characters hidden, as pages show it.
    #[must_use]
    pub fn masked(&self) -> String {
        let number = match self {
            AccountIdentifier::SortCode { account_number, .. }
            | AccountIdentifier::AccountNumber { account_number, .. } => account_number,
            AccountIdentifier::Iban { iban, .. } => iban,
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

/// A postal address (API `Address`); every part optional, as the banks' standards have it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Free lines.
    pub address_line: Vec<String>,
    /// Street without number.
    pub street_name: Option<String>,
    /// House number.
    pub building_number: Option<String>,
    /// Postal code.
    pub post_code: Option<String>,
    /// Town.
    pub town_name: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// District.
    pub district: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// Addresses stay out of logs, so `Debug` prints the country only.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("country", &self.country).finish_non_exhaustive()
    }
}

/// The debtor or creditor of a payment.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Party {
    /// The account, absent where a debtor is named without one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<AccountIdentifier>,
    /// Name of the account's holder.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The party on whose behalf the holder pays or is paid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ultimate_name: Option<String>,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<Address>,
    /// Name of the creditor's bank, as the client gave it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bank_name: Option<String>,
}

/// Names stay out of logs, so `Debug` prints the masked account only.
impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Party").field("account", &self.account).finish_non_exhaustive()
    }
}
