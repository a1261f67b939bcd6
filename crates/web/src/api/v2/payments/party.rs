//! `debtor` and `creditor` on the wire: accounts are flat, and which fields count follows from
//! `localInstrument` (reference, section 3.3).

use domain::account::{self, AccountIdentifier, Party};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::initiation::{LocalInstrument, invalid, length, optional, party};
use crate::api::error::FieldFault;
use crate::api::{ApiError, json};

/// A postal address on the wire.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is documented at the domain's field of the same name")]
pub struct Address {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_line: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub town_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// Longest clearing number, in bytes: those of Sweden have five digits, others more.
const CLEARING_NUMBER_DIGITS_MAX: usize = 16;
/// Free lines of one address (ISO 20022, `AdrLine`).
const ADDRESS_LINES_MAX: usize = 7;
/// Longest name or part of an address, in characters.
const TEXT_CHARACTERS_MAX: usize = 140;

impl Address {
    /// Whether its texts have bounds; `path` is where it stands below `initiation`.
    pub(super) fn check(&self, path: &str) -> Result<(), ApiError> {
        let lines = self.address_line.as_deref().unwrap_or_default();
        if lines.len() > ADDRESS_LINES_MAX {
            let path = format!("initiation.{path}.addressLine");
            let message =
                format!("`addressLine` should not have more than {ADDRESS_LINES_MAX} lines.");
            return Err(ApiError::field(FieldFault::InvalidFormat, path, message));
        }
        for line in lines {
            length(&format!("initiation.{path}.addressLine"), line, 0, TEXT_CHARACTERS_MAX)?;
        }
        for (name, text) in [
            ("streetName", &self.street_name),
            ("buildingNumber", &self.building_number),
            ("postCode", &self.post_code),
            ("townName", &self.town_name),
            ("state", &self.state),
            ("district", &self.district),
            ("country", &self.country),
        ] {
            optional(&format!("{path}.{name}"), text, TEXT_CHARACTERS_MAX)?;
        }
        Ok(())
    }

    pub(super) fn into_domain(self) -> account::Address {
        account::Address {
            address_line: self.address_line.unwrap_or_default(),
            street_name: self.street_name,
            building_number: self.building_number,
            post_code: self.post_code,
            town_name: self.town_name,
            state: self.state,
            district: self.district,
            country: self.country,
        }
    }

    pub(super) fn of(address: &account::Address) -> Address {
        Address {
            address_line: (!address.address_line.is_empty()).then(|| address.address_line.clone()),
            street_name: address.street_name.clone(),
            building_number: address.building_number.clone(),
            post_code: address.post_code.clone(),
            town_name: address.town_name.clone(),
            state: address.state.clone(),
            district: address.district.clone(),
            country: address.country.clone(),
        }
    }
}

/// The flat account fields that debtor, creditor and refund account share.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is documented at the domain's field of the same name")]
pub struct Account {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clearing_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bankgiro_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plusgiro_number: Option<String>,
}

impl Account {
    /// The account in the domain's words. `None` where no field of an account is given.
    fn into_domain(
        self,
        rail: LocalInstrument,
        owner: &str,
    ) -> Result<Option<AccountIdentifier>, ApiError> {
        let given = [
            &self.iban,
            &self.sort_code,
            &self.account_number,
            &self.bban,
            &self.bankgiro_number,
            &self.plusgiro_number,
        ];
        if given.into_iter().all(Option::is_none) {
            return Ok(None);
        }
        let account = self.on_rail(rail, owner)?;
        if let AccountIdentifier::Bban { clearing_number: Some(number), .. } = &account
            && !(1..=CLEARING_NUMBER_DIGITS_MAX).contains(&number.len())
        {
            let path = format!("{owner}.clearingNumber");
            let message =
                format!("`clearingNumber` should be 1 to {CLEARING_NUMBER_DIGITS_MAX} characters.");
            return Err(invalid(&path, message));
        }
        let account = account.checked().map_err(|error| {
            let path = format!("{owner}.{}", error.field);
            ApiError::field(FieldFault::Invalid, path, error.to_string())
        })?;
        Ok(Some(account))
    }

    /// The fields that count on `rail`, as they were given.
    fn on_rail(self, rail: LocalInstrument, owner: &str) -> Result<AccountIdentifier, ApiError> {
        let expected = |field: &str| {
            ApiError::field(
                FieldFault::Expected,
                format!("{owner}.{field}"),
                format!("`{field}` is required on this `localInstrument`."),
            )
        };
        let need = |value: Option<String>, field: &str| value.ok_or_else(|| expected(field));
        let bic = self.bic;
        Ok(match rail {
            LocalInstrument::Sepa | LocalInstrument::SepaInstant => {
                AccountIdentifier::Iban { iban: need(self.iban, "iban")?, bic }
            }
            LocalInstrument::FasterPayments => AccountIdentifier::SortCode {
                sort_code: need(self.sort_code, "sortCode")?,
                account_number: need(self.account_number, "accountNumber")?,
            },
            LocalInstrument::Elixir => match self.iban {
                Some(iban) => AccountIdentifier::Iban { iban, bic },
                None => AccountIdentifier::AccountNumber {
                    account_number: need(self.account_number, "accountNumber")?,
                    bic,
                },
            },
            LocalInstrument::EuDomesticNonEuro | LocalInstrument::EuDomesticNonEuroInstant => {
                match (self.iban, self.bban) {
                    (Some(iban), _) => AccountIdentifier::Iban { iban, bic },
                    (None, bban) => AccountIdentifier::Bban {
                        bban: need(bban, "iban")?,
                        clearing_number: self.clearing_number,
                        bic,
                    },
                }
            }
            LocalInstrument::Bankgiro => AccountIdentifier::Bankgiro {
                bankgiro_number: need(self.bankgiro_number, "bankgiroNumber")?,
                bic,
            },
            LocalInstrument::Plusgiro => AccountIdentifier::Plusgiro {
                plusgiro_number: need(self.plusgiro_number, "plusgiroNumber")?,
                bic,
            },
            LocalInstrument::AutoSelect => match (self.sort_code, self.iban) {
                (Some(sort_code), _) => AccountIdentifier::SortCode {
                    sort_code,
                    account_number: need(self.account_number, "accountNumber")?,
                },
                (None, iban) => AccountIdentifier::Iban { iban: need(iban, "iban")?, bic },
            },
        })
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

/// A party with the flat fields of [`Account`] beside its own. `#[serde(flatten)]` would do the
/// same but lose the path of a field that does not fit.
macro_rules! party_on_the_wire {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase", default)]
        #[expect(missing_docs, reason = "each is documented at the domain's field")]
        pub struct $name {
            #[serde(skip_serializing_if = "Option::is_none")]
            pub iban: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub bic: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub sort_code: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub account_number: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub bban: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub clearing_number: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub bankgiro_number: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub plusgiro_number: Option<String>,
            $($(#[$field_doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: $kind,)+
        }

        impl $name {
            fn account(&self) -> Account {
                Account {
                    iban: self.iban.clone(),
                    bic: self.bic.clone(),
                    sort_code: self.sort_code.clone(),
                    account_number: self.account_number.clone(),
                    bban: self.bban.clone(),
                    clearing_number: self.clearing_number.clone(),
                    bankgiro_number: self.bankgiro_number.clone(),
                    plusgiro_number: self.plusgiro_number.clone(),
                }
            }

            fn with_account(account: Option<&AccountIdentifier>) -> $name {
                let flat = account.map(Account::of).unwrap_or_default();
                $name {
                    iban: flat.iban,
                    bic: flat.bic,
                    sort_code: flat.sort_code,
                    account_number: flat.account_number,
                    bban: flat.bban,
                    clearing_number: flat.clearing_number,
                    bankgiro_number: flat.bankgiro_number,
                    plusgiro_number: flat.plusgiro_number,
                    ..$name::default()
                }
            }
        }
    };
}

party_on_the_wire! {
    /// The payer's account on the wire.
    Debtor {
        /// The holder's name.
        name: Option<String>,
        /// Whom the holder pays for.
        ultimate_debtor_name: Option<String>,
        /// The holder's address.
        #[serde(deserialize_with = "json::optional_object")]
        address: Option<Address>,
        /// Not supported yet.
        tokenized_account_id: Option<String>,
    }
}

party_on_the_wire! {
    /// The payee on the wire.
    Creditor {
        /// The holder's name; required.
        name: Option<String>,
        /// Whom the holder is paid for.
        ultimate_creditor_name: Option<String>,
        /// The holder's address.
        #[serde(deserialize_with = "json::optional_object")]
        address: Option<Address>,
        /// Name of the holder's bank.
        bank_name: Option<String>,
        /// Not supported yet.
        virtual_account_id: Option<String>,
        /// Not supported yet.
        account_verification_id: Option<String>,
    }
}

/// The first field of the account that a rail needs.
fn account_field(rail: LocalInstrument) -> &'static str {
    match rail {
        LocalInstrument::FasterPayments | LocalInstrument::AutoSelect => "sortCode",
        LocalInstrument::Elixir => "accountNumber",
        LocalInstrument::Bankgiro => "bankgiroNumber",
        LocalInstrument::Plusgiro => "plusgiroNumber",
        LocalInstrument::Sepa
        | LocalInstrument::SepaInstant
        | LocalInstrument::EuDomesticNonEuro
        | LocalInstrument::EuDomesticNonEuroInstant => "iban",
    }
}

impl Debtor {
    pub(super) fn into_domain(self, rail: LocalInstrument) -> Result<Party, ApiError> {
        let expected = |field: &str| {
            let path = format!("initiation.debtor.{field}");
            ApiError::field(FieldFault::Expected, path, format!("`{field}` is required."))
        };
        if rail == LocalInstrument::Elixir && self.iban.is_none() {
            return Err(expected("iban"));
        }
        let account = self.account().into_domain(rail, "initiation.debtor")?;
        let account = account.ok_or_else(|| expected(account_field(rail)))?;
        let name = self.name.ok_or_else(|| expected("name"))?;
        length("initiation.debtor.name", &name, 1, TEXT_CHARACTERS_MAX)?;
        optional("debtor.ultimateDebtorName", &self.ultimate_debtor_name, TEXT_CHARACTERS_MAX)?;
        if let Some(address) = &self.address {
            address.check("debtor.address")?;
        }
        Ok(Party {
            ultimate_name: self.ultimate_debtor_name,
            address: self.address.map(Address::into_domain),
            ..party(Some(account), Some(name))
        })
    }

    pub(super) fn of(debtor: &Party) -> Debtor {
        Debtor {
            name: debtor.name.clone(),
            ultimate_debtor_name: debtor.ultimate_name.clone(),
            address: debtor.address.as_ref().map(Address::of),
            ..Debtor::with_account(debtor.account.as_ref())
        }
    }
}

impl Creditor {
    pub(super) fn into_domain(self, rail: LocalInstrument) -> Result<Party, ApiError> {
        let expected = |field: &str, message: &str| {
            ApiError::field(FieldFault::Expected, format!("initiation.creditor.{field}"), message)
        };
        let account = self.account();
        let name = self.name.ok_or_else(|| expected("name", "`name` is required."))?;
        length("initiation.creditor.name", &name, 1, TEXT_CHARACTERS_MAX)?;
        let ultimate = &self.ultimate_creditor_name;
        optional("creditor.ultimateCreditorName", ultimate, TEXT_CHARACTERS_MAX)?;
        optional("creditor.bankName", &self.bank_name, TEXT_CHARACTERS_MAX)?;
        if let Some(address) = &self.address {
            address.check("creditor.address")?;
        }
        let Some(account) = account.into_domain(rail, "initiation.creditor")? else {
            return Err(expected(account_field(rail), "`creditor` needs an account."));
        };
        Ok(Party {
            ultimate_name: self.ultimate_creditor_name,
            address: self.address.map(Address::into_domain),
            bank_name: self.bank_name,
            ..party(Some(account), Some(name))
        })
    }

    pub(super) fn of(creditor: &Party) -> Creditor {
        Creditor {
            name: creditor.name.clone(),
            ultimate_creditor_name: creditor.ultimate_name.clone(),
            address: creditor.address.as_ref().map(Address::of),
            bank_name: creditor.bank_name.clone(),
            ..Creditor::with_account(creditor.account.as_ref())
        }
    }
}
