//! `Data.Initiation`, the same in a consent and in its order (OBIE 3.1.11 and 4.0: `OBDomestic2`,
//! `OBDomesticScheduled2`, `OBDomesticStandingOrder3`).
//!
//! The three resources and the two versions differ in names and in the place of a text, so there
//! is one struct; each member exists where the resource and the version have it.
//!
//! Nothing is ever shortened to fit: an order that exceeds a limit is refused before it is sent.

use std::borrow::Cow;

use domain::account::{AccountIdentifier, Address, Party};
use domain::bank::RefundAccount;
use domain::field::{Field, PartyField};
use domain::initiation::Schedule;
use domain::money::Amount;
use domain::rail::Rail;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::international::{International, international};
use super::resource::{Resource, is_international};
use super::schedule::{self, Mandate};
use super::settings;
use crate::misfit::{Misfit, missing, not_taken, second_text, unsupported, within};
use crate::payments::PaymentOrder;
use crate::profile::{BankProfile, Remittance as RemittanceForm, UkOpenBankingVersion};

/// The payee's name.
const CREDITOR_NAME: Field = Field::Creditor(PartyField::Name);
/// The payee's account.
const CREDITOR_ACCOUNT: Field = Field::Creditor(PartyField::Account);

const SORT_CODE: &str = "UK.OBIE.SortCodeAccountNumber";
const IBAN: &str = "UK.OBIE.IBAN";
const BBAN: &str = "UK.OBIE.BBAN";
/// Longest `InstructionIdentification`.
const INSTRUCTION_ID_CHARACTERS_MAX: usize = 35;
/// Longest `Identification` of an account.
const ACCOUNT_CHARACTERS_MAX: usize = 256;
/// Longest line, street, department and sub-department of an address.
const ADDRESS_TEXT_CHARACTERS_MAX: usize = 70;
/// Longest building number and postal code.
const ADDRESS_NUMBER_CHARACTERS_MAX: usize = 16;
/// Longest town and region.
const ADDRESS_NAME_CHARACTERS_MAX: usize = 35;
/// Longest name of a party behind a party.
const ULTIMATE_NAME_CHARACTERS_MAX: usize = 140;
/// Longest name of the payer's account.
const DEBTOR_NAME_CHARACTERS_MAX: usize = 350;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Initiation<'a> {
    #[serde(flatten)]
    ids: Option<Ids<'a>>,
    #[serde(flatten)]
    international: Option<International<'a>>,
    /// Standing orders of 3.1.
    #[serde(flatten)]
    recurrence: Option<Recurrence<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_execution_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructed_amount: Option<MoneyOut>,
    /// The amount of a standing order; the later amounts are the same by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_payment_amount: Option<MoneyOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debtor_account: Option<AccountOut<'a>>,
    creditor_account: AccountOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_postal_address: Option<PostalAddress<'a>>,
    /// 4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    ultimate_creditor: Option<UltimateParty<'a>>,
    /// 4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    ultimate_debtor: Option<UltimateParty<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remittance_information: Option<Remittance<'a>>,
    /// Standing orders of 4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate_related_information: Option<Mandate>,
}

/// `OBPostalAddress6`, `OBPostalAddress7`; standing orders have none.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PostalAddress<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_department: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    building_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    town_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_sub_division: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    address_line: Vec<&'a str>,
}

/// `OBUltimateCreditor1`, `OBUltimateDebtor1`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UltimateParty<'a> {
    name: &'a str,
}

/// The fields that only single payments have.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Ids<'a> {
    instruction_identification: &'a str,
    end_to_end_identification: &'a str,
    local_instrument: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Recurrence<'a> {
    frequency: String,
    reference: &'a str,
    first_payment_date_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    final_payment_date_time: Option<String>,
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
#[serde(untagged)]
enum Remittance<'a> {
    /// 3.1: one text of each kind.
    #[serde(rename_all = "PascalCase")]
    Plain {
        #[serde(skip_serializing_if = "Option::is_none")]
        unstructured: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    /// 4.0: lists, as in ISO 20022.
    #[serde(rename_all = "PascalCase")]
    Lists {
        #[serde(skip_serializing_if = "Option::is_none")]
        structured: Option<[Structured<'a>; 1]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        unstructured: Option<[Cow<'a, str>; 1]>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Structured<'a> {
    creditor_reference_information: CreditorReference<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreditorReference<'a> {
    reference: &'a str,
}

/// The part of the bank's echo that is compared.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InitiationEcho {
    /// Standing orders have another name for it.
    #[serde(alias = "FirstPaymentAmount")]
    instructed_amount: MoneyIn,
    /// Of the bank's own; read by itself.
    pub(super) supplementary_data: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MoneyIn {
    amount: Box<RawValue>,
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

/// The order as this bank's version spells it.
pub(super) fn initiation<'a>(
    bank: &BankProfile,
    order: &'a PaymentOrder,
) -> Result<Initiation<'a>, Misfit> {
    let asked = &order.content;
    let version = settings(bank)?.version;
    let currency = asked.amount.currency();
    let abroad = check_resource(bank, order)? == Resource::InternationalPayment;
    let creditor = asked.creditor.account.as_ref().ok_or_else(|| missing(CREDITOR_ACCOUNT))?;
    let name = asked.creditor.name.as_deref().ok_or_else(|| missing(CREDITOR_NAME))?;
    let limits = &bank.limits;
    let amount =
        Some(MoneyOut { amount: asked.amount.value_in_minor_digits(), currency: currency.code() });
    let mut made = Initiation {
        ids: None,
        international: None,
        recurrence: None,
        requested_execution_date_time: None,
        instructed_amount: None,
        first_payment_amount: None,
        debtor_account: asked.debtor.as_ref().map(debtor).transpose()?.flatten(),
        creditor_account: AccountOut {
            name: Some(within(CREDITOR_NAME, name, limits.creditor_name)?),
            ..account(CREDITOR_ACCOUNT, creditor)?
        },
        creditor_postal_address: None,
        ultimate_creditor: ultimate(
            version,
            Field::Creditor(PartyField::UltimateName),
            Some(&asked.creditor),
        )?,
        ultimate_debtor: ultimate(
            version,
            Field::Debtor(PartyField::UltimateName),
            asked.debtor.as_ref(),
        )?,
        remittance_information: None,
        mandate_related_information: None,
    };
    if let Schedule::StandingOrder { first, frequency, last } = asked.schedule {
        made.first_payment_amount = amount;
        if version == UkOpenBankingVersion::V3_1_11 {
            made.recurrence = Some(Recurrence {
                frequency: schedule::frequency(first, frequency),
                reference: only_reference(bank, order)?,
                first_payment_date_time: schedule::date_time(first),
                final_payment_date_time: last.map(schedule::date_time),
            });
            return Ok(made);
        }
        made.mandate_related_information = Some(schedule::mandate(first, frequency, last));
    } else {
        made.ids = Some(ids(bank, order)?);
        if abroad {
            made.international = Some(international(asked, name)?);
        } else {
            made.creditor_postal_address =
                asked.creditor.address.as_ref().map(postal_address).transpose()?;
        }
        made.instructed_amount = amount;
    }
    if let Schedule::FutureDated { date } = asked.schedule {
        made.requested_execution_date_time = Some(schedule::date_time(date));
    }
    made.remittance_information = Some(remittance(bank, version, order)?);
    Ok(made)
}

/// The resource, if the bank has it in the order's currency.
fn check_resource(bank: &BankProfile, order: &PaymentOrder) -> Result<Resource, Misfit> {
    let currency = order.content.amount.currency();
    if !bank.currencies.contains(&currency) {
        return Err(unsupported(format!("this bank takes no orders in {currency}")));
    }
    let resource = Resource::of(bank, order);
    let abroad = is_international(bank, order.rail);
    if abroad && resource != Resource::InternationalPayment {
        return Err(unsupported("this bank makes international payments at once only"));
    }
    if !bank.can(resource.capability()) {
        return Err(unsupported(format!("this bank does not offer {:?}", resource.capability())));
    }
    Ok(resource)
}

fn ids<'a>(bank: &BankProfile, order: &'a PaymentOrder) -> Result<Ids<'a>, Misfit> {
    let asked = &order.content;
    let own = &asked.own_references;
    let end_to_end = order.end_to_end(own.uk_end_to_end.as_deref(), bank.limits.end_to_end_id)?;
    Ok(Ids {
        instruction_identification: instruction(order),
        end_to_end_identification: end_to_end,
        local_instrument: local_instrument(bank, order.rail)?,
    })
}

/// The reference between the bank and the one who asks: the member's own, else the one that it knows
/// the payment by, where that fits, else ours.
fn instruction(order: &PaymentOrder) -> &str {
    let asked = &order.content;
    let fits = |text: &&str| (1..=INSTRUCTION_ID_CHARACTERS_MAX).contains(&text.chars().count());
    [asked.own_references.uk_instruction.as_deref(), Some(asked.ref_id.as_str())]
        .into_iter()
        .flatten()
        .find(fits)
        .unwrap_or(&order.instruction_id)
}

/// A party behind a party, at banks of 4.0; 3.1 has no place for one.
fn ultimate(
    version: UkOpenBankingVersion,
    part: Field,
    party: Option<&Party>,
) -> Result<Option<UltimateParty<'_>>, Misfit> {
    let name = party.and_then(|party| party.ultimate_name.as_deref()).filter(|n| !n.is_empty());
    match version {
        UkOpenBankingVersion::V3_1_11 => Ok(None),
        UkOpenBankingVersion::V4_0 => name
            .map(|name| within(part, name, ULTIMATE_NAME_CHARACTERS_MAX))
            .transpose()
            .map(|name| name.map(|name| UltimateParty { name })),
    }
}

/// 3.1 has one text in a standing order: further texts are refused.
fn only_reference<'a>(bank: &BankProfile, order: &'a PaymentOrder) -> Result<&'a str, Misfit> {
    let asked = &order.content;
    if asked.remittance_secondary.is_some() {
        return Err(unsupported("standing orders have no second remittance text in version 3.1"));
    }
    within(Field::Reference, &asked.remittance_primary, bank.limits.reference)
}

fn remittance<'a>(
    bank: &BankProfile,
    version: UkOpenBankingVersion,
    order: &'a PaymentOrder,
) -> Result<Remittance<'a>, Misfit> {
    let asked = &order.content;
    let (first, second) = (&asked.remittance_primary, asked.remittance_secondary.as_deref());
    let most = bank.limits.unstructured;
    let (reference, unstructured) = match (bank.remittance, second) {
        (Some(RemittanceForm::UnstructuredOnly), second) => {
            let text = second.map_or(first.clone(), |second| format!("{first} {second}"));
            within(Field::BothTexts, &text, most)?;
            (None, Some(Cow::Owned(text)))
        }
        (Some(RemittanceForm::ReferenceOnly), Some(_)) => return Err(second_text()),
        (_, second) => {
            let second = second.map(|text| within(Field::SecondaryText, text, most)).transpose()?;
            let reference = within(Field::Reference, first, bank.limits.reference)?;
            (Some(reference), second.map(Cow::Borrowed))
        }
    };
    Ok(match version {
        UkOpenBankingVersion::V3_1_11 => Remittance::Plain { unstructured, reference },
        UkOpenBankingVersion::V4_0 => Remittance::Lists {
            structured: reference.map(|reference| {
                [Structured { creditor_reference_information: CreditorReference { reference } }]
            }),
            unstructured: unstructured.map(|text| [text]),
        },
    })
}

impl InitiationEcho {
    /// Whether the bank took the amount that we sent; `10.5` and `10.50` are one amount. A JSON number
    /// is read digit by digit, and only at a bank whose file says that it sends numbers.
    pub(super) fn has_amount(&self, bank: &BankProfile, sent: Amount) -> bool {
        let MoneyIn { amount, currency } = &self.instructed_amount;
        let numbers = settings(bank).is_ok_and(|own| own.amounts_are_numbers);
        let raw = amount.get();
        let text = match serde_json::from_str::<String>(raw) {
            Ok(text) => Some(text),
            Err(_) => numbers.then(|| raw.to_owned()),
        };
        let read = text.and_then(|text| Amount::parse(&text, sent.currency()).ok());
        currency == sent.currency().code() && read == Some(sent)
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
fn local_instrument(bank: &BankProfile, rail: Rail) -> Result<&'static str, Misfit> {
    if !bank.rails.contains(&rail) {
        return Err(unsupported(format!("this bank has no rail {rail:?}")));
    }
    match rail {
        Rail::FasterPayments => Ok("UK.OBIE.FPS"),
        Rail::Sepa => Ok("UK.OBIE.SEPACreditTransfer"),
        Rail::SepaInstant => Ok("UK.OBIE.SEPAInstantCreditTransfer"),
        Rail::Elixir
        | Rail::EuDomesticNonEuro
        | Rail::EuDomesticNonEuroInstant
        | Rail::Bankgiro
        | Rail::Plusgiro => Err(unsupported(format!("the standard has no rail {rail:?}"))),
    }
}

pub(super) fn postal_address(address: &Address) -> Result<PostalAddress<'_>, Misfit> {
    fn part(text: &Option<String>, characters_max: usize) -> Result<Option<&str>, Misfit> {
        let text = text.as_deref().filter(|text| !text.is_empty());
        text.map(|text| within(Field::Creditor(PartyField::Address), text, characters_max))
            .transpose()
    }
    // The public API's district, or its state if the district is absent.
    let region = if address.district.is_some() { &address.district } else { &address.state };
    let lines = address.address_line.iter().filter(|line| !line.is_empty());
    Ok(PostalAddress {
        department: part(&address.department, ADDRESS_TEXT_CHARACTERS_MAX)?,
        sub_department: part(&address.sub_department, ADDRESS_TEXT_CHARACTERS_MAX)?,
        street_name: part(&address.street_name, ADDRESS_TEXT_CHARACTERS_MAX)?,
        building_number: part(&address.building_number, ADDRESS_NUMBER_CHARACTERS_MAX)?,
        post_code: part(&address.post_code, ADDRESS_NUMBER_CHARACTERS_MAX)?,
        town_name: part(&address.town_name, ADDRESS_NAME_CHARACTERS_MAX)?,
        country_sub_division: part(region, ADDRESS_NAME_CHARACTERS_MAX)?,
        country: address.country.as_deref(),
        address_line: lines
            .map(|line| {
                within(Field::Creditor(PartyField::Address), line, ADDRESS_TEXT_CHARACTERS_MAX)
            })
            .collect::<Result<_, _>>()?,
    })
}

fn debtor(party: &Party) -> Result<Option<AccountOut<'_>>, Misfit> {
    let Some(identifier) = &party.account else { return Ok(None) };
    let name = party.name.as_deref();
    let name =
        name.map(|name| within(Field::Debtor(PartyField::Name), name, DEBTOR_NAME_CHARACTERS_MAX));
    Ok(Some(AccountOut {
        name: name.transpose()?,
        ..account(Field::Debtor(PartyField::Account), identifier)?
    }))
}

/// OBIE code set `OBExternalAccountIdentification4Code`.
fn account<'a>(part: Field, identifier: &AccountIdentifier) -> Result<AccountOut<'a>, Misfit> {
    let (scheme_name, identification) = match identifier {
        AccountIdentifier::SortCode { sort_code, account_number } => {
            let digits = format!("{sort_code}{account_number}");
            if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let name = part;
                let text = format!("the {name} has no 6 digits of sort code and 8 of number");
                return Err(not_taken(part, text));
            }
            (SORT_CODE, digits)
        }
        AccountIdentifier::Iban { iban, .. } | AccountIdentifier::IbanWithBban { iban, .. } => {
            (IBAN, iban.clone())
        }
        AccountIdentifier::Bban { bban, .. } => (BBAN, bban.clone()),
        AccountIdentifier::AccountNumber { .. }
        | AccountIdentifier::Bankgiro { .. }
        | AccountIdentifier::Plusgiro { .. } => {
            return Err(unsupported(format!("the standard has no scheme for the {}", part)));
        }
    };
    within(part, &identification, ACCOUNT_CHARACTERS_MAX)?;
    Ok(AccountOut { scheme_name, identification, name: None })
}
