//! `Data.Initiation`, the same in a consent and in its order (OBIE 3.1.11, Domestic Payment
//! Consents, `OBDomestic2`).
//!
//! Nothing is ever shortened to fit: an order that exceeds a limit is refused before it is sent.

use domain::account::{AccountIdentifier, Party};
use domain::bank::RefundAccount;
use domain::initiation::LocalInstrument;
use domain::money::{Amount, Currency};
use serde::{Deserialize, Serialize};

use crate::error::BankError;
use crate::exchange::{missing, unsupported, within};
use crate::profile::BankProfile;
use crate::protocol::PaymentOrder;

const SORT_CODE: &str = "UK.OBIE.SortCodeAccountNumber";
const IBAN: &str = "UK.OBIE.IBAN";
const BBAN: &str = "UK.OBIE.BBAN";
/// Longest `InstructionIdentification`.
const INSTRUCTION_ID_CHARACTERS_MAX: usize = 35;
/// Longest `Identification` of an account.
const ACCOUNT_CHARACTERS_MAX: usize = 256;
/// Longest name of the payer's account.
const DEBTOR_NAME_CHARACTERS_MAX: usize = 350;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Initiation<'a> {
    instruction_identification: &'a str,
    end_to_end_identification: &'a str,
    local_instrument: &'static str,
    instructed_amount: MoneyOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    debtor_account: Option<AccountOut<'a>>,
    creditor_account: AccountOut<'a>,
    remittance_information: Remittance<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MoneyOut {
    amount: String,
    currency: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccountOut<'a> {
    scheme_name: &'static str,
    identification: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Remittance<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    unstructured: Option<&'a str>,
    reference: &'a str,
}

/// The part of the bank's echo that is compared.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InitiationEcho {
    instructed_amount: MoneyIn,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MoneyIn {
    amount: String,
    currency: String,
}

/// An account that the bank names.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AccountIn {
    scheme_name: String,
    identification: String,
    name: Option<String>,
}

/// The order in the standard's words.
pub(super) fn initiation<'a>(
    bank: &BankProfile,
    order: &'a PaymentOrder,
) -> Result<Initiation<'a>, BankError> {
    let asked = &order.initiation;
    let limits = &bank.limits;
    let currency = asked.amount.currency();
    if !bank.currencies.contains(&currency) {
        return Err(unsupported(format!("this bank takes no orders in {currency}")));
    }
    let creditor = asked.creditor.account.as_ref().ok_or_else(|| missing("creditor account"))?;
    let name = asked.creditor.name.as_deref().ok_or_else(|| missing("creditor name"))?;
    Ok(Initiation {
        instruction_identification: within(
            "instruction id",
            &order.instruction_id,
            INSTRUCTION_ID_CHARACTERS_MAX,
        )?,
        end_to_end_identification: within(
            "end-to-end id",
            &order.end_to_end_id,
            limits.end_to_end_id,
        )?,
        local_instrument: local_instrument(bank, asked.local_instrument, currency)?,
        instructed_amount: MoneyOut {
            amount: asked.amount.value_in_minor_digits(),
            currency: currency.code(),
        },
        debtor_account: asked.debtor.as_ref().map(debtor).transpose()?.flatten(),
        creditor_account: AccountOut {
            name: Some(within("creditor name", name, limits.creditor_name)?),
            ..account("creditor account", creditor)?
        },
        remittance_information: Remittance {
            unstructured: asked
                .remittance_secondary
                .as_deref()
                .map(|text| within("secondary remittance text", text, limits.unstructured))
                .transpose()?,
            reference: within("reference", &asked.remittance_primary, limits.reference)?,
        },
    })
}

impl InitiationEcho {
    /// Whether the bank took the amount that we sent; `10.5` and `10.50` are one amount.
    pub(super) fn has_amount(&self, sent: Amount) -> bool {
        let MoneyIn { amount, currency } = &self.instructed_amount;
        let same_currency = currency == sent.currency().code();
        let read = Amount::parse(amount, sent.currency());
        same_currency && read.is_ok_and(|read| read == sent)
    }
}

impl AccountIn {
    /// `None` for a scheme that a refund cannot be sent to.
    pub(super) fn refund_account(self) -> Option<RefundAccount> {
        let digits = self.identification.bytes().all(|byte| byte.is_ascii_digit());
        let account = match self.scheme_name.as_str() {
            SORT_CODE if digits && self.identification.len() == 14 => AccountIdentifier::SortCode {
                sort_code: self.identification[..6].to_owned(),
                account_number: self.identification[6..].to_owned(),
            },
            IBAN => AccountIdentifier::Iban { iban: self.identification, bic: None },
            BBAN => AccountIdentifier::Bban {
                bban: self.identification,
                clearing_number: None,
                bic: None,
            },
            _ => return None,
        };
        Some(RefundAccount { account, name: self.name })
    }
}

/// OBIE code set `OBExternalLocalInstrument1Code`.
fn local_instrument(
    bank: &BankProfile,
    asked: LocalInstrument,
    currency: Currency,
) -> Result<&'static str, BankError> {
    let rail = match asked {
        LocalInstrument::AutoSelect if currency == Currency::GBP => LocalInstrument::FasterPayments,
        LocalInstrument::AutoSelect if currency == Currency::EUR => LocalInstrument::Sepa,
        other => other,
    };
    if !bank.rails.contains(&rail) {
        return Err(unsupported(format!("this bank has no rail {rail:?}")));
    }
    match rail {
        LocalInstrument::FasterPayments => Ok("UK.OBIE.FPS"),
        LocalInstrument::Sepa => Ok("UK.OBIE.SEPACreditTransfer"),
        LocalInstrument::SepaInstant => Ok("UK.OBIE.SEPAInstantCreditTransfer"),
        LocalInstrument::Elixir
        | LocalInstrument::EuDomesticNonEuro
        | LocalInstrument::EuDomesticNonEuroInstant
        | LocalInstrument::Bankgiro
        | LocalInstrument::Plusgiro
        | LocalInstrument::AutoSelect => {
            Err(unsupported(format!("the standard has no rail {rail:?}")))
        }
    }
}

fn debtor(party: &Party) -> Result<Option<AccountOut<'_>>, BankError> {
    let Some(identifier) = &party.account else { return Ok(None) };
    let name = party.name.as_deref();
    let name = name.map(|name| within("debtor name", name, DEBTOR_NAME_CHARACTERS_MAX));
    Ok(Some(AccountOut { name: name.transpose()?, ..account("debtor account", identifier)? }))
}

/// OBIE code set `OBExternalAccountIdentification4Code`.
fn account<'a>(field: &str, identifier: &AccountIdentifier) -> Result<AccountOut<'a>, BankError> {
    let (scheme_name, identification) = match identifier {
        AccountIdentifier::SortCode { sort_code, account_number } => {
            let digits = format!("{sort_code}{account_number}");
            if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let text = format!("the {field} has no 6 digits of sort code and 8 of number");
                return Err(BankError::before_sending("field-invalid", text));
            }
            (SORT_CODE, digits)
        }
        AccountIdentifier::Iban { iban, .. } => (IBAN, iban.clone()),
        AccountIdentifier::Bban { bban, .. } => (BBAN, bban.clone()),
        AccountIdentifier::AccountNumber { .. }
        | AccountIdentifier::Bankgiro { .. }
        | AccountIdentifier::Plusgiro { .. } => {
            return Err(unsupported(format!("the standard has no scheme for the {field}")));
        }
    };
    within(field, &identification, ACCOUNT_CHARACTERS_MAX)?;
    Ok(AccountOut { scheme_name, identification, name: None })
}
