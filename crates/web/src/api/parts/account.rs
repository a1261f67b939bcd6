//! Accounts on the wire: flat, and which fields count follows from the rail (reference, section 3.3).

use domain::account::{AccountIdentifier, AccountParts};
use domain::field::AccountField;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::json;

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

impl Account {
    /// The account's fields on the wire.
    #[must_use]
    pub fn of(account: &AccountIdentifier) -> Account {
        let parts = AccountParts::of(account);
        Account {
            iban: parts.iban,
            bic: parts.bic,
            sort_code: parts.sort_code,
            account_number: parts.account_number,
            bban: parts.bban,
            clearing_number: parts.clearing_number,
            bankgiro_number: parts.bankgiro_number,
            plusgiro_number: parts.plusgiro_number,
        }
    }
}

/// The name of a part of an account.
pub(crate) fn name(field: AccountField) -> &'static str {
    match field {
        AccountField::Iban => "iban",
        AccountField::Bic => "bic",
        AccountField::SortCode => "sortCode",
        AccountField::AccountNumber => "accountNumber",
        AccountField::Bban => "bban",
        AccountField::ClearingNumber => "clearingNumber",
        AccountField::BankgiroNumber => "bankgiroNumber",
        AccountField::PlusgiroNumber => "plusgiroNumber",
    }
}
