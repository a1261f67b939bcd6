//! `debtor` and `creditor` on the wire (reference, section 3.2).

use domain::account::{AccountIdentifier, AccountParts, Party, PartyDraft};
use domain::field::PartyField;
use domain::ids::TokenizedAccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::{self, Account};
use super::address::{self, Address};
use crate::api::json;

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
            fn account(&self) -> AccountParts {
                AccountParts {
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
    /// The payer as it was written, but for an account on file.
    pub(crate) fn draft(self) -> PartyDraft {
        PartyDraft {
            account: self.account(),
            name: self.name,
            ultimate_name: self.ultimate_debtor_name,
            address: self.address.map(Address::into_domain),
            bank_name: None,
        }
    }

    /// Whether the request has only the id of an account on file.
    pub(crate) fn is_named_only(&self) -> bool {
        let nothing_else =
            [&self.name, &self.ultimate_debtor_name].iter().all(|text| text.is_none());
        nothing_else && self.address.is_none() && self.account().is_empty()
    }

    pub(crate) fn named(id: &TokenizedAccountId) -> Debtor {
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
    /// The payee as it was written.
    pub(crate) fn draft(self) -> PartyDraft {
        PartyDraft {
            account: self.account(),
            name: self.name,
            ultimate_name: self.ultimate_creditor_name,
            address: self.address.map(Address::into_domain),
            bank_name: self.bank_name,
        }
    }

    pub(crate) fn of(creditor: &Party) -> Creditor {
        Creditor {
            name: creditor.name.clone(),
            ultimate_creditor_name: creditor.ultimate_name.clone(),
            address: creditor.address.as_ref().map(Address::of),
            bank_name: creditor.bank_name.clone(),
            ..Creditor::with_account(creditor.account.as_ref())
        }
    }
}

/// Where a field of a party is below the party; empty for the account, which has no object of its own.
/// `ultimate` is what the ultimate party is called.
pub(crate) fn place(part: PartyField, ultimate: &str) -> String {
    match part {
        PartyField::Account => String::new(),
        PartyField::Number(field) => account::name(field).to_owned(),
        PartyField::Name => "name".to_owned(),
        PartyField::UltimateName => ultimate.to_owned(),
        PartyField::Address => "address".to_owned(),
        PartyField::AddressPart(field) => format!("address.{}", address::name(field)),
        PartyField::BankName => "bankName".to_owned(),
        PartyField::AccountOnFile => "tokenizedAccountId".to_owned(),
        PartyField::Verification => "accountVerificationId".to_owned(),
    }
}
