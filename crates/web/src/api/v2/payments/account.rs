//! Accounts on the wire: flat, and which fields count follows from `localInstrument` (reference,
//! section 3.3).

use domain::account::AccountIdentifier;
use domain::initiation::LocalInstrument;
use domain::money::Currency;
use domain::rail::Rail;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text::invalid;
use crate::api::error::FieldFault;
use crate::api::{ApiError, json};

/// The flat account fields that debtor, creditor and refund account share.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is documented at the domain's field of the same name")]
pub struct Account {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bic: Option<String>,
    #[serde(
        default,
        deserialize_with = "json::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub sort_code: Option<String>,
    #[serde(
        default,
        deserialize_with = "json::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub account_number: Option<String>,
    #[serde(
        default,
        deserialize_with = "json::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub bban: Option<String>,
    #[serde(
        default,
        deserialize_with = "json::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub clearing_number: Option<String>,
    #[serde(
        default,
        deserialize_with = "json::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub bankgiro_number: Option<String>,
    #[serde(
        default,
        deserialize_with = "json::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub plusgiro_number: Option<String>,
}

/// What decides which fields of an account count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// `localInstrument`.
    pub rail: LocalInstrument,
    /// Its name on the wire.
    pub rail_name: &'static str,
    /// The amount's currency.
    pub currency: Currency,
    /// Whether the payer chooses the bank on the hosted pages.
    pub payer_chooses_bank: bool,
}

impl Asked {
    /// Whether the payment travels by SEPA; without a rail, all payments in euro do.
    pub(super) fn is_sepa(self) -> bool {
        match self.rail {
            LocalInstrument::Named(rail) => rail.currencies() == [Currency::EUR.code()],
            LocalInstrument::AutoSelect => self.currency == Currency::EUR,
        }
    }
}

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The payer.
    Debtor,
    /// The payee.
    Creditor,
}

impl Owner {
    fn path(self) -> &'static str {
        match self {
            Owner::Debtor => "initiation.debtor",
            Owner::Creditor => "initiation.creditor",
        }
    }
}

impl Account {
    /// The account in the domain's words. Fields of another rail's account are refused: whoever
    /// sends two accounts may mean the other one. A BIC beside a sort code says nothing and is left
    /// out.
    ///
    /// # Errors
    /// [`ApiError::Field`] with the field that is missing, wrong, or of another rail.
    pub(super) fn into_domain(
        self,
        asked: Asked,
        owner: Owner,
    ) -> Result<AccountIdentifier, ApiError> {
        let mut flat = self.without_empty_texts();
        let account = flat.take(asked, owner)?;
        if let Some(field) = flat.left() {
            let path = format!("{}.{field}", owner.path());
            let message = format!(
                "`{field}` does not belong to this account on {}: leave it out.",
                asked.rail_name
            );
            return Err(invalid(&path, message));
        }
        let account = account.checked().map_err(|error| {
            let path = format!("{}.{}", owner.path(), error.field);
            ApiError::field(FieldFault::Invalid, path, error.to_string())
        })?;
        if !asked.rail.reaches(&account) {
            let path = format!("{}.iban", owner.path());
            let message = format!("`iban` should be a Polish IBAN on {}.", asked.rail_name);
            return Err(invalid(&path, message));
        }
        Ok(account)
    }

    /// The account where no rail says which fields count: exactly one of the published forms.
    ///
    /// # Errors
    /// As [`Account::into_domain`].
    pub(super) fn of_any_rail(self) -> Result<AccountIdentifier, ApiError> {
        let path = Owner::Debtor.path();
        let mut flat = self.without_empty_texts();
        let bic = flat.bic.take();
        let account = if flat.sort_code.is_some() || flat.account_number.is_some() {
            AccountIdentifier::SortCode {
                sort_code: needed(&mut flat.sort_code, "sortCode")?,
                account_number: needed(&mut flat.account_number, "accountNumber")?,
            }
        } else if let Some(bankgiro_number) = flat.bankgiro_number.take() {
            AccountIdentifier::Bankgiro { bankgiro_number, bic }
        } else if let Some(plusgiro_number) = flat.plusgiro_number.take() {
            AccountIdentifier::Plusgiro { plusgiro_number, bic }
        } else if let Some(bban) = flat.bban.take() {
            AccountIdentifier::Bban { bban, clearing_number: flat.clearing_number.take(), bic }
        } else {
            AccountIdentifier::Iban { iban: needed(&mut flat.iban, "iban")?, bic }
        };
        if let Some(field) = flat.left() {
            let message = format!("`{field}` belongs to another account: send exactly one.");
            return Err(invalid(&format!("{path}.{field}"), message));
        }
        account.checked().map_err(|error| {
            let field = format!("{path}.{}", error.field);
            ApiError::field(FieldFault::Invalid, field, error.to_string())
        })
    }

    /// Whether no field is there.
    pub(super) fn is_empty(&self) -> bool {
        self.bic.is_none() && self.left().is_none()
    }

    /// Clients of typed languages send an empty text for what they do not have.
    fn without_empty_texts(self) -> Account {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        Account {
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

    /// Takes out the fields that count.
    fn take(&mut self, asked: Asked, owner: Owner) -> Result<AccountIdentifier, ApiError> {
        match asked.rail {
            LocalInstrument::Named(Rail::Sepa | Rail::SepaInstant) => self.take_iban(asked, owner),
            LocalInstrument::Named(Rail::FasterPayments) => self.take_sort_code(asked, owner),
            LocalInstrument::Named(Rail::Elixir) => self.take_polish(asked, owner),
            LocalInstrument::Named(Rail::EuDomesticNonEuro | Rail::EuDomesticNonEuroInstant) => {
                self.take_domestic(asked, owner)
            }
            LocalInstrument::Named(Rail::Bankgiro) => self.take_bankgiro(asked, owner),
            LocalInstrument::Named(Rail::Plusgiro) => self.take_plusgiro(asked, owner),
            // The currency says what kind of account it can be.
            LocalInstrument::AutoSelect => match asked.currency.code() {
                "EUR" => self.take_iban(asked, owner),
                "GBP" => self.take_sort_code(asked, owner),
                "PLN" => self.take_polish(asked, owner),
                "SEK" if self.bankgiro_number.is_some() => self.take_bankgiro(asked, owner),
                "SEK" if self.plusgiro_number.is_some() => self.take_plusgiro(asked, owner),
                _ => self.take_domestic(asked, owner),
            },
        }
    }

    fn take_iban(&mut self, asked: Asked, owner: Owner) -> Result<AccountIdentifier, ApiError> {
        let iban = need(&mut self.iban, "iban", asked, owner)?;
        Ok(AccountIdentifier::Iban { iban, bic: self.bic.take() })
    }

    fn take_sort_code(
        &mut self,
        asked: Asked,
        owner: Owner,
    ) -> Result<AccountIdentifier, ApiError> {
        Ok(AccountIdentifier::SortCode {
            sort_code: need(&mut self.sort_code, "sortCode", asked, owner)?,
            account_number: need(&mut self.account_number, "accountNumber", asked, owner)?,
        })
    }

    /// A Polish payer's account is an IBAN; a payee's may be the domestic number.
    fn take_polish(&mut self, asked: Asked, owner: Owner) -> Result<AccountIdentifier, ApiError> {
        if self.iban.is_some() || owner == Owner::Debtor {
            return self.take_iban(asked, owner);
        }
        let account_number = need(&mut self.account_number, "accountNumber", asked, owner)?;
        Ok(AccountIdentifier::AccountNumber { account_number, bic: self.bic.take() })
    }

    fn take_domestic(&mut self, asked: Asked, owner: Owner) -> Result<AccountIdentifier, ApiError> {
        let both_may_be = owner == Owner::Creditor
            && asked.payer_chooses_bank
            && matches!(asked.currency.code(), "SEK" | "NOK");
        match (self.iban.take(), self.bban.take()) {
            (Some(iban), Some(bban)) if both_may_be => Ok(AccountIdentifier::IbanWithBban {
                iban,
                bban,
                clearing_number: self.clearing_number.take(),
                bic: self.bic.take(),
            }),
            (Some(_), Some(_)) => {
                let message = "`bban` beside `iban` is for payees in SEK or NOK whose payer \
                               chooses the bank: FULL_HOSTED_PAGES without `bankId`.";
                Err(invalid(&format!("{}.bban", owner.path()), message))
            }
            (Some(iban), None) => Ok(AccountIdentifier::Iban { iban, bic: self.bic.take() }),
            (None, Some(bban)) => Ok(AccountIdentifier::Bban {
                bban,
                clearing_number: self.clearing_number.take(),
                bic: self.bic.take(),
            }),
            (None, None) => Err(expected("iban", asked, owner)),
        }
    }

    fn take_bankgiro(&mut self, asked: Asked, owner: Owner) -> Result<AccountIdentifier, ApiError> {
        let bankgiro_number = need(&mut self.bankgiro_number, "bankgiroNumber", asked, owner)?;
        Ok(AccountIdentifier::Bankgiro { bankgiro_number, bic: self.bic.take() })
    }

    fn take_plusgiro(&mut self, asked: Asked, owner: Owner) -> Result<AccountIdentifier, ApiError> {
        let plusgiro_number = need(&mut self.plusgiro_number, "plusgiroNumber", asked, owner)?;
        Ok(AccountIdentifier::Plusgiro { plusgiro_number, bic: self.bic.take() })
    }

    /// The first field of an account that was not taken.
    fn left(&self) -> Option<&'static str> {
        let fields = [
            ("iban", &self.iban),
            ("sortCode", &self.sort_code),
            ("accountNumber", &self.account_number),
            ("bban", &self.bban),
            ("clearingNumber", &self.clearing_number),
            ("bankgiroNumber", &self.bankgiro_number),
            ("plusgiroNumber", &self.plusgiro_number),
        ];
        fields.into_iter().find(|(_, text)| text.is_some()).map(|(field, _)| field)
    }

    /// The account's fields on the wire.
    #[must_use]
    pub fn of(account: &AccountIdentifier) -> Account {
        let mut flat = Account { bic: account.bic().map(str::to_owned), ..Account::default() };
        match account {
            AccountIdentifier::SortCode { sort_code, account_number } => {
                flat.sort_code = Some(sort_code.clone());
                flat.account_number = Some(account_number.clone());
            }
            AccountIdentifier::Iban { iban, .. } => flat.iban = Some(iban.clone()),
            AccountIdentifier::IbanWithBban { iban, bban, clearing_number, .. } => {
                flat.iban = Some(iban.clone());
                flat.bban = Some(bban.clone());
                flat.clearing_number.clone_from(clearing_number);
            }
            AccountIdentifier::Bban { bban, clearing_number, .. } => {
                flat.bban = Some(bban.clone());
                flat.clearing_number.clone_from(clearing_number);
            }
            AccountIdentifier::AccountNumber { account_number, .. } => {
                flat.account_number = Some(account_number.clone());
            }
            AccountIdentifier::Bankgiro { bankgiro_number, .. } => {
                flat.bankgiro_number = Some(bankgiro_number.clone());
            }
            AccountIdentifier::Plusgiro { plusgiro_number, .. } => {
                flat.plusgiro_number = Some(plusgiro_number.clone());
            }
        }
        flat
    }
}

fn needed(text: &mut Option<String>, field: &str) -> Result<String, ApiError> {
    text.take().ok_or_else(|| {
        let path = format!("{}.{field}", Owner::Debtor.path());
        ApiError::field(FieldFault::Expected, path, format!("`{field}` is required."))
    })
}

fn need(
    text: &mut Option<String>,
    field: &str,
    asked: Asked,
    owner: Owner,
) -> Result<String, ApiError> {
    text.take().ok_or_else(|| expected(field, asked, owner))
}

fn expected(field: &str, asked: Asked, owner: Owner) -> ApiError {
    let message = format!("`{field}` is required on {} in {}.", asked.rail_name, asked.currency);
    ApiError::field(FieldFault::Expected, format!("{}.{field}", owner.path()), message)
}
