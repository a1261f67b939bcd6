//! The standard's JSON (NextGenPSD2 1.3.12): requests, and the parts of answers that are read.

use std::collections::BTreeMap;

use domain::account::{Address, Party};
use domain::field::{Field, PartyField};
use domain::initiation::{ChargeBearer, Frequency, Schedule};
use serde::{Deserialize, Serialize};

use super::account::{AccountIn, AccountOut, Forms};
use super::remittance::{RemittanceOut, remittance};
use super::settings;
use crate::misfit::{Misfit, missing, unsupported, within};
use crate::payments::PaymentOrder;
use crate::profile::{BankProfile, ReasonPlace};
use crate::status_reason::StatusReason;

/// Longest end-to-end id, in characters.
const END_TO_END_ID_CHARACTERS_MAX: usize = 35;
/// Longest name of the payee, in characters.
const CREDITOR_NAME_CHARACTERS_MAX: usize = 70;
/// Longest name of a party behind a party, in characters.
const ULTIMATE_NAME_CHARACTERS_MAX: usize = 70;

/// Where a payment lives: `/v1/{service}/{product}/…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Resource {
    pub(super) service: String,
    pub(super) product: String,
}

impl Resource {
    /// The resource that this order is created as.
    pub(super) fn of(bank: &BankProfile, order: &PaymentOrder) -> Result<Resource, Misfit> {
        let asked = &order.content;
        let rail = order.rail;
        if !bank.rails.contains(&rail) {
            return Err(unsupported(format!("this bank has no rail {rail:?}")));
        }
        let product = settings(bank)?.product_of(rail).ok_or_else(|| {
            unsupported(format!("the bank's file has no payment product for {rail:?}"))
        })?;
        let service = match asked.schedule {
            Schedule::Immediate | Schedule::FutureDated { .. } => "payments",
            Schedule::StandingOrder { .. } => "periodic-payments",
        };
        Ok(Resource { service: service.to_owned(), product: product.to_owned() })
    }

    pub(super) fn path(&self) -> String {
        format!("/v1/{}/{}", self.service, self.product)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentOut<'a> {
    end_to_end_identification: &'a str,
    instructed_amount: MoneyOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    debtor_account: Option<AccountOut<'a>>,
    creditor_name: &'a str,
    creditor_account: AccountOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor_address: Option<AddressOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ultimate_creditor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ultimate_debtor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charge_bearer: Option<&'static str>,
    #[serde(flatten)]
    remittance: RemittanceOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_execution_date: Option<String>,
    #[serde(flatten)]
    periodic: Option<Periodic>,
}

#[derive(Serialize)]
struct MoneyOut {
    currency: &'static str,
    amount: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddressOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    street_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    building_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    town_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_code: Option<&'a str>,
    country: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Periodic {
    start_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<String>,
    frequency: &'static str,
}

/// The order in the standard's words. Nothing is ever shortened to fit.
pub(super) fn payment<'a>(
    bank: &BankProfile,
    order: &'a PaymentOrder,
) -> Result<PaymentOut<'a>, Misfit> {
    let asked = &order.content;
    let currency = asked.amount.currency();
    if !bank.currencies.contains(&currency) {
        return Err(unsupported(format!("this bank takes no orders in {currency}")));
    }
    let creditor = asked
        .creditor
        .account
        .as_ref()
        .ok_or_else(|| missing(Field::Creditor(PartyField::Account)))?;
    let name =
        asked.creditor.name.as_deref().ok_or_else(|| missing(Field::Creditor(PartyField::Name)))?;
    let debtor = asked.debtor.as_ref().and_then(|debtor| debtor.account.as_ref());
    let forms = Forms::of(settings(bank)?, order.rail, currency.code());
    let texts = remittance(bank, asked)?;
    Ok(PaymentOut {
        end_to_end_identification: order.end_to_end(
            asked.own_references.next_gen_psd2_end_to_end.as_deref(),
            bank.limits.end_to_end_id.min(END_TO_END_ID_CHARACTERS_MAX),
        )?,
        instructed_amount: MoneyOut {
            currency: currency.code(),
            amount: asked.amount.value_in_minor_digits(),
        },
        debtor_account: debtor.map(|debtor| forms.debtor(debtor)).transpose()?,
        creditor_name: within(
            Field::Creditor(PartyField::Name),
            name,
            bank.limits.creditor_name.min(CREDITOR_NAME_CHARACTERS_MAX),
        )?,
        creditor_account: forms.creditor(creditor)?,
        creditor_agent: creditor.bic(),
        creditor_address: asked.creditor.address.as_ref().and_then(address),
        ultimate_creditor: ultimate(
            Field::Creditor(PartyField::UltimateName),
            Some(&asked.creditor),
        )?,
        ultimate_debtor: ultimate(Field::Debtor(PartyField::UltimateName), asked.debtor.as_ref())?,
        // Periodic payments have no such field.
        charge_bearer: match asked.schedule {
            Schedule::StandingOrder { .. } => None,
            Schedule::Immediate | Schedule::FutureDated { .. } => {
                asked.charge_bearer.map(ChargeBearer::code)
            }
        },
        remittance: texts,
        requested_execution_date: match asked.schedule {
            Schedule::FutureDated { date } => Some(date.to_string()),
            Schedule::Immediate | Schedule::StandingOrder { .. } => None,
        },
        periodic: periodic(asked.schedule),
    })
}

/// On whose behalf a party acts.
fn ultimate(part: Field, party: Option<&Party>) -> Result<Option<&str>, Misfit> {
    let name = party.and_then(|party| party.ultimate_name.as_deref()).filter(|n| !n.is_empty());
    name.map(|name| within(part, name, ULTIMATE_NAME_CHARACTERS_MAX)).transpose()
}

/// The standard wants a country; an address without one is left out.
fn address(address: &Address) -> Option<AddressOut<'_>> {
    Some(AddressOut {
        street_name: address.street_name.as_deref(),
        building_number: address.building_number.as_deref(),
        town_name: address.town_name.as_deref(),
        post_code: address.post_code.as_deref(),
        country: address.country.as_deref()?,
    })
}

fn periodic(schedule: Schedule) -> Option<Periodic> {
    let Schedule::StandingOrder { first, frequency, last } = schedule else {
        return None;
    };
    let frequency = match frequency {
        Frequency::Dail => "Daily",
        Frequency::Week => "Weekly",
        Frequency::Towk => "EveryTwoWeeks",
        Frequency::Mnth => "Monthly",
        Frequency::Tomn => "EveryTwoMonths",
        Frequency::Qutr => "Quarterly",
        Frequency::Semi => "SemiAnnual",
        Frequency::Year => "Annual",
    };
    let (start_date, end_date) = (first.to_string(), last.map(|last| last.to_string()));
    Some(Periodic { start_date, end_date, frequency })
}

/// An answer to a payment or to a step of its authorisation; one shape for both, because banks
/// put the same things into both.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Answer {
    pub(super) transaction_status: Option<String>,
    pub(super) payment_id: Option<String>,
    pub(super) sca_status: Option<String>,
    pub(super) authorisation_id: Option<String>,
    pub(super) sca_methods: Vec<Method>,
    pub(super) chosen_sca_method: Option<Method>,
    pub(super) challenge_data: Option<ChallengeData>,
    #[serde(rename = "_links")]
    pub(super) links: BTreeMap<String, Link>,
    pub(super) psu_message: Option<String>,
    pub(super) tpp_messages: Vec<TppMessage>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Method {
    pub(super) authentication_method_id: String,
    pub(super) authentication_type: Option<String>,
    pub(super) name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ChallengeData {
    pub(super) image: Option<String>,
    pub(super) data: Vec<String>,
    pub(super) otp_max_length: Option<i64>,
    pub(super) otp_format: Option<String>,
    pub(super) additional_information: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Link {
    pub(super) href: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct TppMessage {
    pub(super) code: Option<String>,
    pub(super) text: Option<String>,
}

/// `GET …/status`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusAnswer {
    pub(super) transaction_status: String,
    pub(super) funds_available: Option<bool>,
    pub(super) psu_message: Option<String>,
    #[serde(default)]
    pub(super) tpp_messages: Vec<TppMessage>,
}

/// `GET …/authorisations/{id}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScaStatusAnswer {
    pub(super) sca_status: String,
    pub(super) psu_message: Option<String>,
}

/// The payer's account in `GET …/{paymentId}`, for refunds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentIn {
    pub(super) debtor_account: Option<AccountIn>,
    pub(super) debtor_name: Option<String>,
}

/// The bank's words in an answer: its message to the payer, else its first message to us.
pub(super) fn said(psu_message: Option<&str>, messages: &[TppMessage]) -> Option<String> {
    let of_message = |message: &TppMessage| message.text.clone().or(message.code.clone());
    psu_message
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .or_else(|| messages.iter().find_map(of_message))
}

/// Why the bank has a payment as it has it, from the places where this bank says that.
pub(super) fn status_reason(
    places: &[ReasonPlace],
    psu_message: Option<&str>,
    messages: &[TppMessage],
) -> Option<StatusReason> {
    let words = places.iter().find_map(|place| match place {
        ReasonPlace::PsuMessage => psu_message.filter(|text| !text.is_empty()).map(str::to_owned),
        ReasonPlace::TppMessageText => messages.iter().find_map(|message| message.text.clone()),
        ReasonPlace::TppMessageCode | ReasonPlace::Redirect => None,
    });
    let has_codes = places.contains(&ReasonPlace::TppMessageCode);
    let code = messages.iter().find_map(|message| message.code.clone()).filter(|_| has_codes);
    (code.is_some() || words.is_some()).then_some(StatusReason { code, words })
}
