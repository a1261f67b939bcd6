//! The members of `Data.Initiation` that only international payments have (OBIE 3.1.11 and 4.0:
//! `OBInternational3`).
//!
//! The payee gets the amount in its own currency. The exchange rate is left to the bank, which names it
//! in its answers and to the payer: `ExchangeRateInformation` is for rates that are agreed before.

use domain::account::AccountIdentifier;
use domain::field::{Field, PartyField};
use domain::initiation::{ChargeBearer, Order};
use serde::Serialize;

use super::initiation::{PostalAddress, postal_address};
use crate::misfit::{Misfit, within};

/// OBIE code set `OBExternalFinancialInstitutionIdentification4Code`.
const BIC: &str = "UK.OBIE.BICFI";
/// Longest name of the payee in version 3.1; 4.0 takes 350.
const CREDITOR_NAME_CHARACTERS_MAX: usize = 140;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct International<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    charge_bearer: Option<&'static str>,
    currency_of_transfer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_country_code: Option<&'a str>,
    creditor: Creditor<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_agent: Option<CreditorAgent<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Creditor<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_address: Option<PostalAddress<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreditorAgent<'a> {
    scheme_name: &'static str,
    identification: &'a str,
}

/// The members for this order; `name` is the payee's.
pub(super) fn international<'a>(
    asked: &'a Order,
    name: &'a str,
) -> Result<International<'a>, Misfit> {
    let address = asked.creditor.address.as_ref();
    let account = asked.creditor.account.as_ref();
    let of_iban = account.and_then(|account| match account {
        AccountIdentifier::Iban { iban, .. } | AccountIdentifier::IbanWithBban { iban, .. } => {
            iban.get(..2)
        }
        AccountIdentifier::SortCode { .. }
        | AccountIdentifier::Bban { .. }
        | AccountIdentifier::AccountNumber { .. }
        | AccountIdentifier::Bankgiro { .. }
        | AccountIdentifier::Plusgiro { .. } => None,
    });
    Ok(International {
        charge_bearer: asked.charge_bearer.map(charge_bearer),
        currency_of_transfer: asked.amount.currency().code(),
        destination_country_code: of_iban,
        creditor: Creditor {
            name: within(Field::Creditor(PartyField::Name), name, CREDITOR_NAME_CHARACTERS_MAX)?,
            postal_address: address.map(postal_address).transpose()?,
        },
        creditor_agent: account
            .and_then(AccountIdentifier::bic)
            .map(|bic| CreditorAgent { scheme_name: BIC, identification: bic }),
    })
}

/// OBIE code set `OBChargeBearerType1Code`.
fn charge_bearer(bearer: ChargeBearer) -> &'static str {
    match bearer {
        ChargeBearer::Cred => "BorneByCreditor",
        ChargeBearer::Debt => "BorneByDebtor",
        ChargeBearer::Shar => "Shared",
        ChargeBearer::Slev => "FollowingServiceLevel",
    }
}
