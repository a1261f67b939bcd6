//! `debtor` and `creditor` on the wire (reference, section 3.2).

use domain::account::{AccountIdentifier, Party};
use domain::ids::TokenizedAccountId;
use domain::money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::{Account, Asked, Owner};
use super::address::Address;
use super::text::{TEXT_CHARACTERS_MAX, length, optional};
use crate::api::error::FieldFault;
use crate::api::{ApiError, json};

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
            #[serde(
                deserialize_with = "json::optional_text",
                skip_serializing_if = "Option::is_none"
            )]
            pub sort_code: Option<String>,
            #[serde(
                deserialize_with = "json::optional_text",
                skip_serializing_if = "Option::is_none"
            )]
            pub account_number: Option<String>,
            #[serde(
                deserialize_with = "json::optional_text",
                skip_serializing_if = "Option::is_none"
            )]
            pub bban: Option<String>,
            #[serde(
                deserialize_with = "json::optional_text",
                skip_serializing_if = "Option::is_none"
            )]
            pub clearing_number: Option<String>,
            #[serde(
                deserialize_with = "json::optional_text",
                skip_serializing_if = "Option::is_none"
            )]
            pub bankgiro_number: Option<String>,
            #[serde(
                deserialize_with = "json::optional_text",
                skip_serializing_if = "Option::is_none"
            )]
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
        /// An account on file in the place of everything else.
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
        /// A verification of payee that was made for the account.
        account_verification_id: Option<String>,
    }
}

impl Debtor {
    pub(super) fn into_domain(self, asked: Asked, has_name: bool) -> Result<Party, ApiError> {
        let account = self.account().into_domain(asked, Owner::Debtor)?;
        if let Some(address) = self.address.as_ref().filter(|_| asked.is_sepa()) {
            address.check_for_sepa("debtor.address")?;
        }
        if has_name && self.name.is_none() {
            let path = "initiation.debtor.name";
            return Err(ApiError::field(FieldFault::Expected, path, "`name` is required."));
        }
        self.holder_of(account)
    }

    /// An account to be kept: no rail says which fields count, and the name may be absent.
    pub(crate) fn on_file(self) -> Result<Party, ApiError> {
        if self.tokenized_account_id.is_some() {
            let path = "initiation.debtor.tokenizedAccountId";
            let message = "`tokenizedAccountId` is the answer: send an account.";
            return Err(ApiError::field(FieldFault::Invalid, path, message));
        }
        let account = self.account().of_any_rail()?;
        self.holder_of(account)
    }

    fn holder_of(self, account: AccountIdentifier) -> Result<Party, ApiError> {
        if let Some(name) = &self.name {
            length("initiation.debtor.name", name, 1, TEXT_CHARACTERS_MAX)?;
        }
        optional("debtor.ultimateDebtorName", &self.ultimate_debtor_name, TEXT_CHARACTERS_MAX)?;
        if let Some(address) = &self.address {
            address.check("debtor.address")?;
        }
        Ok(Party {
            ultimate_name: self.ultimate_debtor_name,
            address: self.address.map(Address::into_domain),
            ..party(Some(account), self.name)
        })
    }

    /// Whether the id of an account on file is all that is told.
    pub(crate) fn is_named_only(&self) -> bool {
        let nothing_else =
            [&self.name, &self.ultimate_debtor_name].iter().all(|text| text.is_none());
        nothing_else && self.address.is_none() && self.account().is_empty()
    }

    pub(super) fn named(id: &TokenizedAccountId) -> Debtor {
        Debtor { tokenized_account_id: Some(id.to_string()), ..Debtor::default() }
    }

    pub(crate) fn of(debtor: &Party) -> Debtor {
        Debtor {
            name: debtor.name.clone(),
            ultimate_debtor_name: debtor.ultimate_name.clone(),
            address: debtor.address.as_ref().map(Address::of),
            ..Debtor::with_account(debtor.account.as_ref())
        }
    }
}

impl Creditor {
    /// The verification of payee that it names; only accounts in euro are verified.
    pub(super) fn verification(&self, asked: Asked) -> Result<Option<String>, ApiError> {
        let id = self.account_verification_id.clone().filter(|id| !id.is_empty());
        if id.is_none() || asked.currency == Currency::EUR {
            return Ok(id);
        }
        let path = "initiation.creditor.accountVerificationId";
        let message = "`accountVerificationId` is for payments in EUR.";
        Err(ApiError::field(FieldFault::Invalid, path, message))
    }

    pub(super) fn into_domain(self, asked: Asked) -> Result<Party, ApiError> {
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
            if asked.is_sepa() {
                address.check_for_sepa("creditor.address")?;
            }
        }
        let account = account.into_domain(asked, Owner::Creditor)?;
        Ok(Party {
            ultimate_name: self.ultimate_creditor_name,
            address: self.address.map(Address::into_domain),
            bank_name: self.bank_name,
            ..party(Some(account), Some(name))
        })
    }

    /// The payee, or, where the member tells it later, one of whom nothing is known.
    pub(super) fn into_domain_or_later(
        self,
        asked: Asked,
        follows: bool,
    ) -> Result<Party, ApiError> {
        if follows { Ok(party(None, None)) } else { self.into_domain(asked) }
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

/// A party of which nothing more is known.
fn party(account: Option<AccountIdentifier>, name: Option<String>) -> Party {
    Party { account, name, ultimate_name: None, address: None, bank_name: None }
}
