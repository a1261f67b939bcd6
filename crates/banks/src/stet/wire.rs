//! The standard's JSON (STET 1.4 and 1.5): what is sent, and the parts of answers that are read.

use std::collections::BTreeMap;

use domain::account::{AccountIdentifier, Address, Party as Holder};
use domain::field::{Field, PartyField};
use domain::initiation::{ChargeBearer, Frequency, Schedule};
use domain::money::{Amount, Currency};
use domain::rail::Rail;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::misfit::{Misfit, missing, not_taken, unsupported, within};
use crate::payments::PaymentOrder;
use crate::profile::{BankProfile, Stet, StetVersion};

/// The payee's name.
const CREDITOR_NAME: Field = Field::Creditor(PartyField::Name);
/// The payee's account.
const CREDITOR_ACCOUNT: Field = Field::Creditor(PartyField::Account);

/// `paymentInformationId` and `endToEndId`.
const ID_CHARACTERS_MAX: usize = 36;
const NAME_CHARACTERS_MAX: usize = 140;
const REMITTANCE_CHARACTERS_MAX: usize = 140;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestOut<'a> {
    payment_information_id: &'a str,
    creation_date_time: String,
    number_of_transactions: u32,
    initiating_party: Party<'a>,
    payment_type_information: PaymentType,
    #[serde(skip_serializing_if = "Option::is_none")]
    debtor: Option<Party<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debtor_account: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beneficiary: Option<Beneficiary<'a>>,
    charge_bearer: &'static str,
    credit_transfer_transaction: [Transaction<'a>; 1],
    supplementary_data: Supplementary<'a>,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Party<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_address: Option<PostalAddress<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation_id: Option<OrganisationId<'a>>,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct OrganisationId<'a> {
    identification: &'a str,
    scheme_name: &'static str,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct PostalAddress<'a> {
    country: &'a str,
    address_line: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentType {
    service_level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_instrument: Option<&'static str>,
    category_purpose: &'static str,
}

#[derive(Serialize, Clone)]
struct Account<'a> {
    iban: &'a str,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Beneficiary<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_agent: Option<Agent<'a>>,
    creditor: Party<'a>,
    creditor_account: Account<'a>,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Agent<'a> {
    bic_fi: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transaction<'a> {
    payment_id: PaymentId<'a>,
    requested_execution_date: String,
    /// 1.4.
    #[serde(flatten)]
    repetition: Option<Repetition>,
    /// 1.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing_order_characteristics: Option<StandingOrder>,
    instructed_amount: MoneyOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    beneficiary: Option<Beneficiary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ultimate_creditor: Option<Party<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ultimate_debtor: Option<Party<'a>>,
    remittance_information: Remittance,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentId<'a> {
    instruction_id: &'a str,
    end_to_end_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Repetition {
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<String>,
    execution_rule: &'static str,
    frequency: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StandingOrder {
    start_date: String,
    #[serde(flatten)]
    repetition: Repetition,
}

#[derive(Serialize)]
struct MoneyOut {
    amount: Box<RawValue>,
    currency: &'static str,
}

#[derive(Serialize)]
struct Remittance {
    unstructured: [String; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Supplementary<'a> {
    accepted_authentication_approach: Vec<&'static str>,
    successful_report_url: &'a str,
    unsuccessful_report_url: &'a str,
}

/// Who asks and where the payer's browser comes back to.
pub(super) struct Surroundings<'a> {
    pub(super) organisation_name: &'a str,
    pub(super) organisation_identifier: &'a str,
    pub(super) successful_report_url: &'a str,
    pub(super) unsuccessful_report_url: &'a str,
    /// `paymentInformationId`.
    pub(super) request_id: String,
    pub(super) now: Timestamp,
}

/// The order in the standard's words. Nothing is ever shortened to fit.
pub(super) fn payment_request<'a>(
    bank: &BankProfile,
    own: &Stet,
    order: &'a PaymentOrder,
    around: &'a Surroundings<'a>,
) -> Result<RequestOut<'a>, Misfit> {
    let asked = &order.content;
    if asked.amount.currency() != Currency::EUR {
        return Err(unsupported("the standard has payments in EUR only"));
    }
    let local_instrument = local_instrument(bank, order.rail)?;
    let creditor = asked.creditor.account.as_ref().ok_or_else(|| missing(CREDITOR_ACCOUNT))?;
    let name = asked.creditor.name.as_deref().ok_or_else(|| missing(CREDITOR_NAME))?;
    let beneficiary = Beneficiary {
        creditor_agent: creditor.bic().map(|bic_fi| Agent { bic_fi }),
        creditor: Party {
            name: within(CREDITOR_NAME, name, bank.limits.creditor_name.min(NAME_CHARACTERS_MAX))?,
            postal_address: asked.creditor.address.as_ref().and_then(address),
            organisation_id: None,
        },
        creditor_account: account(CREDITOR_ACCOUNT, creditor)?,
    };
    let debtor = asked.debtor.as_ref();
    let debtor_account = debtor.and_then(|debtor| debtor.account.as_ref());
    let (at_request, at_transaction) = match own.version {
        StetVersion::V1_4 => (Some(beneficiary), None),
        StetVersion::V1_5 => (None, Some(beneficiary)),
    };
    let id = within(Field::OwnId, &around.request_id, ID_CHARACTERS_MAX)?;
    Ok(RequestOut {
        payment_information_id: id,
        creation_date_time: around.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        number_of_transactions: 1,
        initiating_party: Party {
            name: around.organisation_name,
            postal_address: None,
            organisation_id: Some(OrganisationId {
                identification: around.organisation_identifier,
                scheme_name: "COID",
            }),
        },
        payment_type_information: PaymentType {
            service_level: "SEPA",
            local_instrument,
            category_purpose: "DVPM",
        },
        debtor: debtor.and_then(|debtor| debtor.name.as_deref()).map(|name| Party {
            name,
            postal_address: debtor.and_then(|debtor| debtor.address.as_ref()).and_then(address),
            organisation_id: None,
        }),
        debtor_account: debtor_account
            .map(|debtor| account(Field::Debtor(PartyField::Account), debtor))
            .transpose()?,
        beneficiary: at_request,
        charge_bearer: asked.charge_bearer.unwrap_or(ChargeBearer::Slev).code(),
        credit_transfer_transaction: [transaction(bank, own, order, at_transaction, around.now)?],
        supplementary_data: Supplementary {
            accepted_authentication_approach: vec!["REDIRECT", "DECOUPLED"],
            successful_report_url: around.successful_report_url,
            unsuccessful_report_url: around.unsuccessful_report_url,
        },
    })
}

/// The code of the rail (ISO external local instrument); none for an ordinary SEPA transfer.
fn local_instrument(bank: &BankProfile, asked: Rail) -> Result<Option<&'static str>, Misfit> {
    match asked {
        Rail::Sepa => Ok(None),
        Rail::SepaInstant if bank.rails.contains(&Rail::SepaInstant) => Ok(Some("INST")),
        other => Err(unsupported(format!("this bank has no rail {other:?}"))),
    }
}

fn transaction<'a>(
    bank: &BankProfile,
    own: &Stet,
    order: &'a PaymentOrder,
    beneficiary: Option<Beneficiary<'a>>,
    now: Timestamp,
) -> Result<Transaction<'a>, Misfit> {
    let asked = &order.content;
    let remittance = match &asked.remittance_secondary {
        None => asked.remittance_primary.clone(),
        Some(more) => format!("{} {more}", asked.remittance_primary),
    };
    within(Field::BothTexts, &remittance, bank.limits.unstructured.min(REMITTANCE_CHARACTERS_MAX))?;
    let today = now.to_zoned(TimeZone::UTC).date();
    let day = match asked.schedule {
        Schedule::Immediate => today,
        Schedule::FutureDated { date } => date,
        Schedule::StandingOrder { first, .. } => first,
    };
    let repetition = repetition(asked.schedule);
    let (repetition, standing_order_characteristics) = match own.version {
        StetVersion::V1_4 => (repetition, None),
        StetVersion::V1_5 => {
            let start_date = noon(day);
            (None, repetition.map(|repetition| StandingOrder { start_date, repetition }))
        }
    };
    Ok(Transaction {
        payment_id: PaymentId {
            instruction_id: within(Field::OwnId, &order.instruction_id, ID_CHARACTERS_MAX)?,
            end_to_end_id: order.end_to_end(
                order.content.own_references.stet_end_to_end.as_deref(),
                ID_CHARACTERS_MAX,
            )?,
        },
        requested_execution_date: noon(day),
        repetition,
        standing_order_characteristics,
        instructed_amount: MoneyOut {
            amount: amount(asked.amount, own.amounts_are_texts)?,
            currency: asked.amount.currency().code(),
        },
        beneficiary,
        ultimate_creditor: ultimate(
            Field::Creditor(PartyField::UltimateName),
            Some(&asked.creditor),
        )?,
        ultimate_debtor: ultimate(Field::Debtor(PartyField::UltimateName), asked.debtor.as_ref())?,
        remittance_information: Remittance { unstructured: [remittance] },
    })
}

/// On whose behalf a party acts.
fn ultimate(part: Field, party: Option<&Holder>) -> Result<Option<Party<'_>>, Misfit> {
    let name = party.and_then(|party| party.ultimate_name.as_deref()).filter(|n| !n.is_empty());
    let named = |name| {
        let name = within(part, name, NAME_CHARACTERS_MAX)?;
        Ok(Party { name, postal_address: None, organisation_id: None })
    };
    name.map(named).transpose()
}

/// A number of the standard, written as it is and never through a binary fraction; or a text.
fn amount(amount: Amount, as_text: bool) -> Result<Box<RawValue>, Misfit> {
    let digits = amount.value_in_minor_digits();
    let json = if as_text { format!("\"{digits}\"") } else { digits };
    RawValue::from_string(json)
        .map_err(|error| not_taken(Field::Amount, format!("our amount: {error}")))
}

fn account<'a>(part: Field, identifier: &'a AccountIdentifier) -> Result<Account<'a>, Misfit> {
    match identifier {
        AccountIdentifier::Iban { iban, .. } | AccountIdentifier::IbanWithBban { iban, .. } => {
            Ok(Account { iban })
        }
        AccountIdentifier::SortCode { .. }
        | AccountIdentifier::Bban { .. }
        | AccountIdentifier::AccountNumber { .. }
        | AccountIdentifier::Bankgiro { .. }
        | AccountIdentifier::Plusgiro { .. } => {
            Err(unsupported(format!("the {} must be an IBAN", part)))
        }
    }
}

/// The standard wants a country and lines; an address without one is left out.
fn address(address: &Address) -> Option<PostalAddress<'_>> {
    let country = address.country.as_deref()?;
    let mut lines = address.address_line.clone();
    let street: Vec<&str> = [&address.building_number, &address.street_name]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let town: Vec<&str> = [&address.post_code, &address.town_name]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    lines.extend([street.join(" "), town.join(" ")].into_iter().filter(|line| !line.is_empty()));
    lines.truncate(2);
    Some(PostalAddress { country, address_line: lines })
}

/// The standard has times for days; noon in UTC is on that day in all of Europe.
fn noon(day: Date) -> String {
    format!("{day}T12:00:00Z")
}

fn repetition(schedule: Schedule) -> Option<Repetition> {
    let Schedule::StandingOrder { frequency, last, .. } = schedule else { return None };
    let frequency = match frequency {
        Frequency::Dail => "DAIL",
        Frequency::Week => "WEEK",
        Frequency::Towk => "TOWK",
        Frequency::Mnth => "MNTH",
        Frequency::Tomn => "TOMN",
        Frequency::Qutr => "QUTR",
        Frequency::Semi => "SEMI",
        Frequency::Year => "YEAR",
    };
    let end_date = last.map(noon);
    Some(Repetition { end_date, execution_rule: "FWNG", frequency })
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfirmationOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) psu_authentication_factor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<&'a str>,
}

/// The answer to a new payment request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub(super) applied_authentication_approach: Option<String>,
    pub(super) nonce: Option<String>,
    #[serde(rename = "_links", default)]
    pub(super) links: BTreeMap<String, Link>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Link {
    pub(super) href: String,
}

/// A payment request as the bank shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    pub(super) payment_request: RequestIn,
    #[serde(rename = "_links", default)]
    pub(super) links: BTreeMap<String, Link>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestIn {
    pub(super) payment_information_id: String,
    pub(super) payment_information_status: Option<String>,
    pub(super) status_reason_information: Option<String>,
    pub(super) funds_availability: Option<bool>,
    pub(super) debtor_account: Option<AccountIn>,
    #[serde(default)]
    pub(super) credit_transfer_transaction: Vec<TransactionIn>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AccountIn {
    pub(super) iban: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TransactionIn {
    pub(super) instructed_amount: Option<MoneyIn>,
    pub(super) transaction_status: Option<String>,
    pub(super) status_reason_information: Option<String>,
}

/// Banks send numbers and texts, whatever the version.
#[derive(Debug, Deserialize)]
pub(super) struct MoneyIn {
    amount: Value,
    currency: String,
}

impl MoneyIn {
    /// Whether this is the amount that was sent; `10.5` and `10.50` are one amount.
    pub(super) fn is(&self, sent: Amount) -> bool {
        let text = match &self.amount {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return false,
        };
        let read = Amount::parse(&text, sent.currency());
        self.currency == sent.currency().code() && read.is_ok_and(|read| read == sent)
    }
}
