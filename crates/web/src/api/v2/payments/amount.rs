//! Amounts on the wire (reference, section 3.2).

use domain::initiation as order;
use domain::money::{self, Currency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text::invalid;
use super::words::LocalInstrument;
use crate::api::ApiError;
use crate::api::error::FieldFault;

const VALUE: &str = "initiation.amount.value";

/// The error of an amount that is no whole number of the smallest unit, which the rail demands.
pub(crate) fn too_precise(currency: Currency, rail: LocalInstrument) -> ApiError {
    let (digits, rail) = (currency.minor_digits(), rail.name());
    let message =
        format!("`value` should have at most {digits} decimal places in {currency} on {rail}.");
    invalid(VALUE, message)
}

/// An amount on the wire.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Amount {
    /// Decimal, up to four places.
    pub value: String,
    /// ISO 4217.
    pub currency: String,
}

impl Amount {
    /// The amount, if it can be paid on that rail. Up to four decimals are published; what is
    /// smaller than the currency's smallest unit is refused once the rail is known, because every rail
    /// would refuse it. With `AUTO_SELECT` the rail is known with the bank.
    pub(super) fn into_domain(self, rail: LocalInstrument) -> Result<money::Amount, ApiError> {
        const CURRENCY: &str = "initiation.amount.currency";
        let currency: Currency = self.currency.parse().map_err(|error: money::MoneyError| {
            invalid(CURRENCY, format!("`currency`: {error}."))
        })?;
        let on_rail = order::LocalInstrument::from(rail);
        if !on_rail.carries(currency) {
            let (expected, rail) = (on_rail.currencies().join(", "), rail.name());
            let message = format!("`currency` should be {expected} on {rail}.");
            return Err(invalid(CURRENCY, message));
        }
        let amount = money::Amount::parse(&self.value, currency).map_err(|error| {
            let fault = match error {
                money::MoneyError::NotPositive => FieldFault::Invalid,
                money::MoneyError::Currency { .. }
                | money::MoneyError::NotDecimal { .. }
                | money::MoneyError::TooPrecise
                | money::MoneyError::TooLarge => FieldFault::InvalidFormat,
            };
            ApiError::field(fault, VALUE, format!("`value`: {error}."))
        })?;
        if on_rail != order::LocalInstrument::AutoSelect && !amount.is_payable() {
            return Err(too_precise(currency, rail));
        }
        Ok(amount)
    }

    /// The amount as it was written.
    #[must_use]
    pub fn of(amount: &money::Amount) -> Amount {
        Amount { value: amount.value(), currency: amount.currency().code().to_owned() }
    }
}
