//! A standing order on the wire (reference, section 2.4), and its days.
//!
//! The metadata for UK banks may say amounts and days of single executions. A standing order of ours
//! has one amount and the days that follow from its first one, so what says something else is
//! refused: the payer would approve, and the bank execute, something that was not asked for.

use domain::initiation::{DAYS_AHEAD_MAX, Frequency, Schedule, StandingOrderFault};
use domain::money::Amount;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Body;
use super::instructions::Instructions;
use super::optional_fields;
use crate::api::error::FieldFault;
use crate::api::parts::day::plain_day;
use crate::api::{ApiError, json};

/// Where the metadata for UK banks is, inside the instructions.
const METADATA: &str = "instructions.metadata.providerStandingOrderMetadata";

/// A standing order to be approved.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandingOrderBody {
    /// The amount of each payment: decimal, up to four places.
    pub(super) amount: String,
    /// ISO 4217.
    pub(super) currency: String,
    /// Where to, where from, how.
    #[serde(deserialize_with = "json::object")]
    pub(super) instructions: Instructions,
    /// How often; needed: `DAIL`, `WEEK`, `TOWK` (every two weeks), `MNTH`, `TOMN` (every two
    /// months), `QUTR`, `SEMI` or `YEAR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    frequency: Option<String>,
    /// The day of the first execution, `2026-04-29` or `20260429`; needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_date: Option<String>,
    /// No execution is later than this day; without it, the standing order has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_date: Option<String>,
    /// Reference on the payee's statement; `refId` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) remittance_reference: Option<String>,
    /// Whether the bank is asked for the payer's account, for refunds.
    #[serde(
        default,
        deserialize_with = "json::optional_truth",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) return_refund_account: Option<bool>,
}

optional_fields! {
    /// The fields of the bank's standard for a standing order.
    ProviderStandingOrderMetadata {
        /// UK Open Banking.
        #[serde(
            rename = "cma9StandingOrderMetadata",
            deserialize_with = "json::optional_object"
        )]
        cma9: Cma9StandingOrderMetadata,
    }
}

optional_fields! {
    /// A standing order as UK Open Banking spells it; it must agree with the body.
    Cma9StandingOrderMetadata {
        /// The body's `frequency`.
        frequency: String,
        /// Not supported: `endDate` says when it ends.
        number_of_payments: i64,
        /// The body's amount.
        #[serde(deserialize_with = "json::optional_object")]
        first_payment_amount: Money,
        /// The body's `startDate`.
        first_payment_date_time: String,
        /// The body's amount.
        #[serde(deserialize_with = "json::optional_object")]
        recurring_payment_amount: Money,
        /// Not supported: it follows from `startDate` and `frequency`.
        recurring_payment_date_time: String,
        /// The body's amount.
        #[serde(deserialize_with = "json::optional_object")]
        final_payment_amount: Money,
        /// The body's `endDate`.
        final_payment_date_time: String,
    }
}

optional_fields! {
    /// An amount.
    Money {
        /// Decimal.
        value: String,
        /// ISO 4217.
        currency: String,
    }
}

fn fault(fault: FieldFault, field: &str, message: String) -> ApiError {
    ApiError::field(fault, format!("{}.{field}", Body::STANDING_ORDER), message)
}

impl StandingOrderBody {
    /// When the bank is to execute. `amount` is the one of the body, `today` in UTC.
    pub(super) fn schedule(&self, amount: Amount, today: Date) -> Result<Schedule, ApiError> {
        let frequency = self.frequency()?;
        let first = day("startDate", self.start_date.as_deref())?.ok_or_else(|| {
            fault(FieldFault::Expected, "startDate", "`startDate` is required.".to_owned())
        })?;
        let last = day("endDate", self.end_date.as_deref())?;
        self.check_metadata(amount, frequency, first, last)?;
        Schedule::standing_order(first, frequency, last, today).map_err(|what| match what {
            StandingOrderFault::First => {
                let message = format!(
                    "`startDate` {first} should be after today, {today} (UTC), and at most \
                     {DAYS_AHEAD_MAX} days ahead."
                );
                fault(FieldFault::Invalid, "startDate", message)
            }
            StandingOrderFault::Last => {
                let last = last.map(|last| last.to_string()).unwrap_or_default();
                let message = format!(
                    "`endDate` {last} should be after `startDate`, {first}; leave it out for a \
                     standing order without an end."
                );
                fault(FieldFault::Invalid, "endDate", message)
            }
        })
    }

    fn frequency(&self) -> Result<Frequency, ApiError> {
        let Some(code) = self.frequency.as_deref().filter(|code| !code.is_empty()) else {
            let message = format!("`frequency` is required: {}.", codes());
            return Err(fault(FieldFault::Expected, "frequency", message));
        };
        Frequency::from_code(code).ok_or_else(|| {
            let shown: String = code.chars().take(64).collect();
            let message =
                format!("`frequency` has the unknown value `{shown}`, expected {}.", codes());
            fault(FieldFault::Invalid, "frequency", message)
        })
    }

    /// Whether the metadata says what the body says, as far as it says anything.
    fn check_metadata(
        &self,
        amount: Amount,
        frequency: Frequency,
        first: Date,
        last: Option<Date>,
    ) -> Result<(), ApiError> {
        let metadata = self.instructions.metadata.as_ref();
        let provider =
            metadata.and_then(|metadata| metadata.provider_standing_order_metadata.as_ref());
        let Some(told) = provider.and_then(|provider| provider.cma9.as_ref()) else {
            return Ok(());
        };
        let other = |money: &Option<Money>| money.as_ref().is_some_and(|money| !money.is(amount));
        let on = |text: &Option<String>, expected: Option<Date>| {
            let day = text.as_deref().map(|text| text.get(..10).unwrap_or(text));
            day.is_some_and(|day| plain_day(day).is_none_or(|day| Some(day) != expected))
        };
        let another_frequency =
            told.frequency.as_deref().is_some_and(|code| code != frequency.code());
        let wrong = [
            (another_frequency, "frequency", "`frequency` of the standing order"),
            (told.number_of_payments.is_some(), "numberOfPayments", "left out: send `endDate`"),
            (other(&told.first_payment_amount), "firstPaymentAmount", "`amount`"),
            (on(&told.first_payment_date_time, Some(first)), "firstPaymentDateTime", "`startDate`"),
            (other(&told.recurring_payment_amount), "recurringPaymentAmount", "`amount`"),
            (
                told.recurring_payment_date_time.is_some(),
                "recurringPaymentDateTime",
                "left out: it follows from `startDate` and `frequency`",
            ),
            (other(&told.final_payment_amount), "finalPaymentAmount", "`amount`"),
            (on(&told.final_payment_date_time, last), "finalPaymentDateTime", "`endDate`"),
        ];
        match wrong.into_iter().find(|(is_wrong, ..)| *is_wrong) {
            None => Ok(()),
            Some((_, name, expected)) => {
                let path = format!("{METADATA}.cma9StandingOrderMetadata.{name}");
                let message = format!(
                    "`{name}` should be {expected}: every execution has the amount and the rhythm \
                     of the standing order."
                );
                Err(fault(FieldFault::Invalid, &path, message))
            }
        }
    }
}

impl Money {
    fn is(&self, amount: Amount) -> bool {
        let currency = self.currency.as_deref().unwrap_or_default();
        let value = self.value.as_deref().unwrap_or_default();
        currency == amount.currency().code()
            && Amount::parse(value, amount.currency()).is_ok_and(|told| told == amount)
    }
}

/// The codes of all frequencies.
fn codes() -> String {
    Frequency::ALL.map(Frequency::code).join(", ")
}

/// A day in one of its two published forms.
fn day(name: &str, text: Option<&str>) -> Result<Option<Date>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    plain_day(text).map(Some).ok_or_else(|| {
        let shown: String = text.chars().take(32).collect();
        let message =
            format!("`{name}` should be a day such as 2026-04-29 or 20260429, not `{shown}`.");
        fault(FieldFault::InvalidFormat, name, message)
    })
}
