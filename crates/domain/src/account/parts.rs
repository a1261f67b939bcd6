//! The parts of an account as a member writes them, and which of them count on which rail.

use super::AccountIdentifier;
use crate::field::{AccountFault, AccountField, Fault};
use crate::initiation::LocalInstrument;
use crate::money::Currency;
use crate::rail::Rail;

/// The parts of an account, before any is looked at.
#[derive(Clone, Default)]
pub struct AccountParts {
    /// ISO 13616.
    pub iban: Option<String>,
    /// ISO 9362.
    pub bic: Option<String>,
    /// UK sort code.
    pub sort_code: Option<String>,
    /// UK or Polish account number.
    pub account_number: Option<String>,
    /// A domestic number.
    pub bban: Option<String>,
    /// National clearing number.
    pub clearing_number: Option<String>,
    /// Swedish Bankgiro number.
    pub bankgiro_number: Option<String>,
    /// Swedish Plusgiro number.
    pub plusgiro_number: Option<String>,
}

/// What decides which parts of an account count.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The rail.
    pub rail: LocalInstrument,
    /// The amount's currency.
    pub currency: Currency,
    /// Whether the payer chooses the bank on the hosted pages.
    pub payer_chooses_bank: bool,
}

impl Route {
    /// Whether the payment travels by SEPA; without a rail, all payments in euro do.
    #[must_use]
    pub fn is_sepa(self) -> bool {
        match self.rail {
            LocalInstrument::Named(rail) => rail.currencies() == [Currency::EUR.code()],
            LocalInstrument::AutoSelect => self.currency == Currency::EUR,
        }
    }
}

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The payer.
    Debtor,
    /// The payee.
    Creditor,
}

/// A part of an account, and what is wrong with it.
type PartError = (AccountField, Fault);

impl AccountParts {
    /// The account that is meant on that route. Parts of another rail's account are refused: whoever
    /// writes two accounts may mean the other one. A BIC beside a sort code says nothing and is left
    /// out, and so is what is empty.
    ///
    /// # Errors
    /// The part that is missing, wrong, or of another rail.
    pub fn on(self, route: Route, owner: Owner) -> Result<AccountIdentifier, PartError> {
        let mut parts = self.without_empty_texts();
        let account = parts.take(route, owner)?;
        if let Some(field) = parts.left() {
            return Err((field, Fault::Account(AccountFault::OfAnotherRail { rail: route.rail })));
        }
        let account = checked(account)?;
        match route.rail.reaches(&account) {
            true => Ok(account),
            false => Err((
                AccountField::Iban,
                Fault::Account(AccountFault::NotPolish { rail: route.rail }),
            )),
        }
    }

    /// The account where no rail says which parts count: exactly one kind of account.
    ///
    /// # Errors
    /// The part that is missing, wrong, or of another account.
    pub fn on_any_rail(self) -> Result<AccountIdentifier, PartError> {
        let mut parts = self.without_empty_texts();
        let bic = parts.bic.take();
        let needed = |text: &mut Option<String>, field| text.take().ok_or((field, Fault::Missing));
        let account = if parts.sort_code.is_some() || parts.account_number.is_some() {
            AccountIdentifier::SortCode {
                sort_code: needed(&mut parts.sort_code, AccountField::SortCode)?,
                account_number: needed(&mut parts.account_number, AccountField::AccountNumber)?,
            }
        } else if let Some(bankgiro_number) = parts.bankgiro_number.take() {
            AccountIdentifier::Bankgiro { bankgiro_number, bic }
        } else if let Some(plusgiro_number) = parts.plusgiro_number.take() {
            AccountIdentifier::Plusgiro { plusgiro_number, bic }
        } else if let Some(bban) = parts.bban.take() {
            AccountIdentifier::Bban { bban, clearing_number: parts.clearing_number.take(), bic }
        } else {
            AccountIdentifier::Iban { iban: needed(&mut parts.iban, AccountField::Iban)?, bic }
        };
        match parts.left() {
            Some(field) => Err((field, Fault::Account(AccountFault::OfAnotherAccount))),
            None => checked(account),
        }
    }

    /// Whether no part is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bic.is_none() && self.left().is_none()
    }

    /// The parts of an account.
    #[must_use]
    pub fn of(account: &AccountIdentifier) -> AccountParts {
        let mut parts =
            AccountParts { bic: account.bic().map(str::to_owned), ..AccountParts::default() };
        match account {
            AccountIdentifier::SortCode { sort_code, account_number } => {
                parts.sort_code = Some(sort_code.clone());
                parts.account_number = Some(account_number.clone());
            }
            AccountIdentifier::Iban { iban, .. } => parts.iban = Some(iban.clone()),
            AccountIdentifier::IbanWithBban { iban, bban, clearing_number, .. } => {
                parts.iban = Some(iban.clone());
                parts.bban = Some(bban.clone());
                parts.clearing_number.clone_from(clearing_number);
            }
            AccountIdentifier::Bban { bban, clearing_number, .. } => {
                parts.bban = Some(bban.clone());
                parts.clearing_number.clone_from(clearing_number);
            }
            AccountIdentifier::AccountNumber { account_number, .. } => {
                parts.account_number = Some(account_number.clone());
            }
            AccountIdentifier::Bankgiro { bankgiro_number, .. } => {
                parts.bankgiro_number = Some(bankgiro_number.clone());
            }
            AccountIdentifier::Plusgiro { plusgiro_number, .. } => {
                parts.plusgiro_number = Some(plusgiro_number.clone());
            }
        }
        parts
    }

    /// Clients of typed languages send an empty text for what they do not have.
    fn without_empty_texts(self) -> AccountParts {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        AccountParts {
            iban: some(self.iban),
            bic: some(self.bic),
            sort_code: some(self.sort_code),
            account_number: some(self.account_number),
            bban: some(self.bban),
            clearing_number: some(self.clearing_number),
            bankgiro_number: some(self.bankgiro_number),
            plusgiro_number: some(self.plusgiro_number),
        }
    }

    /// Takes out the parts that count.
    fn take(&mut self, route: Route, owner: Owner) -> Result<AccountIdentifier, PartError> {
        match route.rail {
            LocalInstrument::Named(Rail::Sepa | Rail::SepaInstant) => self.take_iban(route),
            LocalInstrument::Named(Rail::FasterPayments) => self.take_sort_code(route),
            LocalInstrument::Named(Rail::Elixir) => self.take_polish(route, owner),
            LocalInstrument::Named(Rail::EuDomesticNonEuro | Rail::EuDomesticNonEuroInstant) => {
                self.take_domestic(route, owner)
            }
            LocalInstrument::Named(Rail::Bankgiro) => self.take_bankgiro(route),
            LocalInstrument::Named(Rail::Plusgiro) => self.take_plusgiro(route),
            // The currency says what kind of account it can be.
            LocalInstrument::AutoSelect => match route.currency.code() {
                "EUR" => self.take_iban(route),
                "GBP" => self.take_sort_code(route),
                "PLN" => self.take_polish(route, owner),
                "SEK" if self.bankgiro_number.is_some() => self.take_bankgiro(route),
                "SEK" if self.plusgiro_number.is_some() => self.take_plusgiro(route),
                _ => self.take_domestic(route, owner),
            },
        }
    }

    fn take_iban(&mut self, route: Route) -> Result<AccountIdentifier, PartError> {
        let iban = need(&mut self.iban, AccountField::Iban, route)?;
        Ok(AccountIdentifier::Iban { iban, bic: self.bic.take() })
    }

    fn take_sort_code(&mut self, route: Route) -> Result<AccountIdentifier, PartError> {
        Ok(AccountIdentifier::SortCode {
            sort_code: need(&mut self.sort_code, AccountField::SortCode, route)?,
            account_number: need(&mut self.account_number, AccountField::AccountNumber, route)?,
        })
    }

    /// A Polish payer's account is an IBAN; a payee's may be the domestic number.
    fn take_polish(&mut self, route: Route, owner: Owner) -> Result<AccountIdentifier, PartError> {
        if self.iban.is_some() || owner == Owner::Debtor {
            return self.take_iban(route);
        }
        let account_number = need(&mut self.account_number, AccountField::AccountNumber, route)?;
        Ok(AccountIdentifier::AccountNumber { account_number, bic: self.bic.take() })
    }

    fn take_domestic(
        &mut self,
        route: Route,
        owner: Owner,
    ) -> Result<AccountIdentifier, PartError> {
        let both_may_be = owner == Owner::Creditor
            && route.payer_chooses_bank
            && matches!(route.currency.code(), "SEK" | "NOK");
        match (self.iban.take(), self.bban.take()) {
            (Some(iban), Some(bban)) if both_may_be => Ok(AccountIdentifier::IbanWithBban {
                iban,
                bban,
                clearing_number: self.clearing_number.take(),
                bic: self.bic.take(),
            }),
            (Some(_), Some(_)) => {
                Err((AccountField::Bban, Fault::Account(AccountFault::BesideIban)))
            }
            (Some(iban), None) => Ok(AccountIdentifier::Iban { iban, bic: self.bic.take() }),
            (None, Some(bban)) => Ok(AccountIdentifier::Bban {
                bban,
                clearing_number: self.clearing_number.take(),
                bic: self.bic.take(),
            }),
            (None, None) => Err((AccountField::Iban, missing(route))),
        }
    }

    fn take_bankgiro(&mut self, route: Route) -> Result<AccountIdentifier, PartError> {
        let bankgiro_number = need(&mut self.bankgiro_number, AccountField::BankgiroNumber, route)?;
        Ok(AccountIdentifier::Bankgiro { bankgiro_number, bic: self.bic.take() })
    }

    fn take_plusgiro(&mut self, route: Route) -> Result<AccountIdentifier, PartError> {
        let plusgiro_number = need(&mut self.plusgiro_number, AccountField::PlusgiroNumber, route)?;
        Ok(AccountIdentifier::Plusgiro { plusgiro_number, bic: self.bic.take() })
    }

    /// The first part of an account that was not taken.
    fn left(&self) -> Option<AccountField> {
        let parts = [
            (AccountField::Iban, &self.iban),
            (AccountField::SortCode, &self.sort_code),
            (AccountField::AccountNumber, &self.account_number),
            (AccountField::Bban, &self.bban),
            (AccountField::ClearingNumber, &self.clearing_number),
            (AccountField::BankgiroNumber, &self.bankgiro_number),
            (AccountField::PlusgiroNumber, &self.plusgiro_number),
        ];
        parts.into_iter().find(|(_, text)| text.is_some()).map(|(field, _)| field)
    }
}

fn checked(account: AccountIdentifier) -> Result<AccountIdentifier, PartError> {
    account
        .checked()
        .map_err(|error| (error.field, Fault::Account(AccountFault::Number(error.rule))))
}

fn missing(route: Route) -> Fault {
    Fault::Account(AccountFault::MissingOnRail { rail: route.rail, currency: route.currency })
}

fn need(text: &mut Option<String>, field: AccountField, route: Route) -> Result<String, PartError> {
    text.take().ok_or_else(|| (field, missing(route)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(iban: &str, bban: &str) -> AccountParts {
        AccountParts {
            iban: Some(iban.to_owned()),
            bban: Some(bban.to_owned()),
            ..AccountParts::default()
        }
    }

    #[test]
    fn an_account_on_a_rail_has_that_rails_parts_and_no_others() {
        let route = |rail, currency: &str| Route {
            rail,
            currency: currency.parse().unwrap(),
            payer_chooses_bank: true,
        };
        let german = "DE02120300000000202051";
        let sepa = route(LocalInstrument::Named(Rail::Sepa), "EUR");
        let fault = |parts: AccountParts, route, owner| parts.on(route, owner).err();
        assert_eq!(fault(parts(german, ""), sepa, Owner::Creditor), None);
        let foreign = Fault::Account(AccountFault::OfAnotherRail {
            rail: LocalInstrument::Named(Rail::Sepa),
        });
        let expected = Some((AccountField::Bban, foreign));
        assert_eq!(fault(parts(german, "1"), sepa, Owner::Creditor), expected);
        let swedish = route(LocalInstrument::Named(Rail::EuDomesticNonEuro), "SEK");
        assert_eq!(fault(parts(german, "1"), swedish, Owner::Creditor), None);
        let beside = Some((AccountField::Bban, Fault::Account(AccountFault::BesideIban)));
        assert_eq!(fault(parts(german, "1"), swedish, Owner::Debtor), beside);
        let missing = missing(swedish);
        let none = AccountParts::default();
        assert_eq!(fault(none, swedish, Owner::Creditor), Some((AccountField::Iban, missing)));
    }

    #[test]
    fn an_account_on_no_rail_is_exactly_one() {
        let german = "DE02120300000000202051";
        assert!(parts(german, "").on_any_rail().is_ok());
        let two = Some((AccountField::Iban, Fault::Account(AccountFault::OfAnotherAccount)));
        assert_eq!(parts(german, "1").on_any_rail().err(), two);
        let none = Some((AccountField::Iban, Fault::Missing));
        assert_eq!(AccountParts::default().on_any_rail().err(), none);
    }

    #[test]
    fn the_parts_of_an_account_are_that_account_again() {
        let account = parts("DE02120300000000202051", "").on_any_rail().unwrap();
        let again = AccountParts::of(&account).on_any_rail().unwrap();
        assert!(account == again);
        assert!(!AccountParts::of(&account).is_empty() && AccountParts::default().is_empty());
    }
}
