//! Which money travels on which rail, and to which accounts (reference, section 3.3).
//!
//! The reference marks the currencies as a proposal; they are those in which the payment systems
//! themselves settle.

use serde::{Deserialize, Serialize};

use crate::account::AccountIdentifier;
use crate::field::{Fault, Field, FieldError};
use crate::initiation::LocalInstrument;
use crate::money::{Amount, Currency};

/// The payment system on which money travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rail {
    /// SEPA Credit Transfer, EUR.
    Sepa,
    /// SEPA Instant Credit Transfer, EUR.
    SepaInstant,
    /// UK Faster Payments, GBP.
    FasterPayments,
    /// Polish ELIXIR, PLN.
    Elixir,
    /// Domestic credit transfer of an EU country in its own currency.
    EuDomesticNonEuro,
    /// The same, instant.
    EuDomesticNonEuroInstant,
    /// Swedish Bankgiro, SEK.
    Bankgiro,
    /// Swedish Plusgiro, SEK.
    Plusgiro,
}

/// Currencies of European countries without the euro, beside sterling, which has a rail of its own.
/// Bulgaria has had the euro since 2026.
const DOMESTIC: [&str; 9] = ["CHF", "CZK", "DKK", "HUF", "ISK", "NOK", "PLN", "RON", "SEK"];
/// Every currency of a rail.
const ALL: [&str; 11] =
    ["CHF", "CZK", "DKK", "EUR", "GBP", "HUF", "ISK", "NOK", "PLN", "RON", "SEK"];

/// Rails for `AUTO_SELECT`, best first: money that arrives at once before money that does not,
/// a country's own system before the general one.
const BEST_FIRST: [Rail; 8] = [
    Rail::SepaInstant,
    Rail::Sepa,
    Rail::FasterPayments,
    Rail::Elixir,
    Rail::Bankgiro,
    Rail::Plusgiro,
    Rail::EuDomesticNonEuroInstant,
    Rail::EuDomesticNonEuro,
];

impl Rail {
    /// ISO 4217 codes of the currencies that travel on it, never empty.
    #[must_use]
    pub fn currencies(self) -> &'static [&'static str] {
        match self {
            Rail::Sepa | Rail::SepaInstant => &["EUR"],
            Rail::FasterPayments => &["GBP"],
            Rail::Elixir => &["PLN"],
            Rail::Bankgiro | Rail::Plusgiro => &["SEK"],
            Rail::EuDomesticNonEuro | Rail::EuDomesticNonEuroInstant => &DOMESTIC,
        }
    }

    /// Whether that currency travels on it.
    #[must_use]
    pub fn carries(self, currency: Currency) -> bool {
        self.currencies().contains(&currency.code())
    }

    /// Whether money arrives within seconds, at any hour.
    #[must_use]
    pub fn is_instant(self) -> bool {
        match self {
            Rail::SepaInstant | Rail::FasterPayments | Rail::EuDomesticNonEuroInstant => true,
            Rail::Sepa
            | Rail::Elixir
            | Rail::EuDomesticNonEuro
            | Rail::Bankgiro
            | Rail::Plusgiro => false,
        }
    }

    /// Whether it leads to accounts of that kind. ELIXIR connects Polish banks only.
    #[must_use]
    pub fn reaches(self, account: &AccountIdentifier) -> bool {
        match self {
            Rail::Sepa | Rail::SepaInstant => {
                matches!(account, AccountIdentifier::Iban { .. })
            }
            Rail::FasterPayments => {
                matches!(account, AccountIdentifier::SortCode { .. })
            }
            Rail::Elixir => match account {
                AccountIdentifier::Iban { iban, .. } => iban.starts_with("PL"),
                AccountIdentifier::AccountNumber { .. } => true,
                AccountIdentifier::SortCode { .. }
                | AccountIdentifier::IbanWithBban { .. }
                | AccountIdentifier::Bban { .. }
                | AccountIdentifier::Bankgiro { .. }
                | AccountIdentifier::Plusgiro { .. } => false,
            },
            Rail::EuDomesticNonEuro | Rail::EuDomesticNonEuroInstant => {
                matches!(
                    account,
                    AccountIdentifier::Iban { .. }
                        | AccountIdentifier::IbanWithBban { .. }
                        | AccountIdentifier::Bban { .. }
                )
            }
            Rail::Bankgiro => matches!(account, AccountIdentifier::Bankgiro { .. }),
            Rail::Plusgiro => matches!(account, AccountIdentifier::Plusgiro { .. }),
        }
    }
}

impl LocalInstrument {
    /// The amount, if it can be paid on the rail. Up to four decimals are published; what is smaller than
    /// the currency's smallest unit is refused once the rail is known, because every rail would refuse
    /// it. With `AUTO_SELECT` the rail is known with the bank.
    ///
    /// # Errors
    /// [`FieldError`] of the currency or the value.
    pub fn amount(self, value: &str, currency: &str) -> Result<Amount, FieldError> {
        let wrong = |field, fault| Err(FieldError::new(field, fault));
        let currency: Currency = match currency.parse() {
            Ok(currency) => currency,
            Err(error) => return wrong(Field::Currency, Fault::Money(error)),
        };
        if !self.carries(currency) {
            return wrong(Field::Currency, Fault::NotCarried { rail: self });
        }
        let amount = match Amount::parse(value, currency) {
            Ok(amount) => amount,
            Err(error) => return wrong(Field::Amount, Fault::Money(error)),
        };
        match self {
            LocalInstrument::Named(rail) if !amount.is_payable() => {
                wrong(Field::Amount, Fault::TooPrecise { currency, rail })
            }
            LocalInstrument::Named(_) | LocalInstrument::AutoSelect => Ok(amount),
        }
    }

    /// ISO 4217 codes of the currencies that travel on it, never empty.
    #[must_use]
    pub fn currencies(self) -> &'static [&'static str] {
        match self {
            LocalInstrument::Named(rail) => rail.currencies(),
            LocalInstrument::AutoSelect => &ALL,
        }
    }

    /// Whether that currency travels on it.
    #[must_use]
    pub fn carries(self, currency: Currency) -> bool {
        self.currencies().contains(&currency.code())
    }

    /// Whether it leads to accounts of that kind.
    #[must_use]
    pub fn reaches(self, account: &AccountIdentifier) -> bool {
        match self {
            LocalInstrument::Named(rail) => rail.reaches(account),
            LocalInstrument::AutoSelect => BEST_FIRST.into_iter().any(|rail| rail.reaches(account)),
        }
    }

    /// The rails that may carry what was asked for, best first: the one that was named, or for
    /// `AUTO_SELECT` each that leads to the payee in that currency. A payment for a later day
    /// gains nothing from an instant rail, which some banks do not schedule, so there it comes last.
    #[must_use]
    pub fn candidates(
        self,
        payee: &AccountIdentifier,
        currency: Currency,
        at_once: bool,
    ) -> Vec<Rail> {
        if let LocalInstrument::Named(rail) = self {
            return vec![rail];
        }
        let fits = |rail: &Rail| rail.carries(currency) && rail.reaches(payee);
        let mut rails: Vec<Rail> = BEST_FIRST.into_iter().filter(fits).collect();
        if !at_once {
            rails.sort_by_key(|rail| rail.is_instant());
        }
        rails
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iban(text: &str) -> AccountIdentifier {
        AccountIdentifier::Iban { iban: text.to_owned(), bic: None }
    }

    fn names(account: &AccountIdentifier, currency: &str, at_once: bool) -> String {
        let rails =
            LocalInstrument::AutoSelect.candidates(account, currency.parse().unwrap(), at_once);
        rails.iter().map(|rail| format!("{rail:?} ")).collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn auto_select_goes_by_currency_and_by_the_payees_account() {
        let german = iban("DE89370400440532013000");
        let polish = iban("PL61109010140000071219812874");
        let nrb = AccountIdentifier::AccountNumber {
            account_number: "61109010140000071219812874".to_owned(),
            bic: None,
        };
        let british = AccountIdentifier::SortCode {
            sort_code: "123456".to_owned(),
            account_number: "12345678".to_owned(),
        };
        let bankgiro =
            AccountIdentifier::Bankgiro { bankgiro_number: "50501055".to_owned(), bic: None };
        let plusgiro = AccountIdentifier::Plusgiro { plusgiro_number: "42".to_owned(), bic: None };
        let table = [
            (&german, "EUR", "SepaInstant Sepa"),
            (&polish, "EUR", "SepaInstant Sepa"),
            (&polish, "PLN", "Elixir EuDomesticNonEuroInstant EuDomesticNonEuro"),
            (&german, "PLN", "EuDomesticNonEuroInstant EuDomesticNonEuro"),
            (&nrb, "PLN", "Elixir"),
            (&british, "GBP", "FasterPayments"),
            (&bankgiro, "SEK", "Bankgiro"),
            (&plusgiro, "SEK", "Plusgiro"),
            (&german, "SEK", "EuDomesticNonEuroInstant EuDomesticNonEuro"),
            // An account that the currency does not reach, a currency of nobody here.
            (&british, "EUR", ""),
            (&german, "GBP", ""),
            (&bankgiro, "EUR", ""),
            (&german, "USD", ""),
        ];
        for (account, currency, rails) in table {
            assert_eq!(names(account, currency, true), rails, "{account:?} {currency}");
        }
        assert_eq!(names(&german, "EUR", false), "Sepa SepaInstant");
    }

    #[test]
    fn a_named_rail_is_the_only_candidate() {
        let account = iban("DE89370400440532013000");
        let rails = LocalInstrument::Named(Rail::Sepa).candidates(&account, Currency::EUR, true);
        assert_eq!(rails, [Rail::Sepa]);
    }

    #[test]
    fn every_currency_of_a_rail_is_one_of_auto_select() {
        for rail in BEST_FIRST {
            for code in rail.currencies() {
                let currency: Currency = code.parse().unwrap();
                assert!(LocalInstrument::AutoSelect.carries(currency), "{code}");
                assert!(rail.carries(currency), "{code}");
            }
        }
        for code in ["USD", "JPY", "BGN", "XAU"] {
            assert!(!LocalInstrument::AutoSelect.carries(code.parse().unwrap()), "{code}");
        }
    }
}
