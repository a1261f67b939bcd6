//! The messages for a field that is not acceptable. The words are the same in every version; the names of
//! the fields are the version's.

use domain::field::{AccountFault, Fault, FieldError};
use domain::initiation::{self as wish, DAYS_AHEAD_MAX};
use domain::money::MoneyError;

use super::places::Places;
use super::words::LocalInstrument;
use crate::api::ApiError;
use crate::api::error::FieldFault;

impl ApiError {
    /// The error of a field, at its place.
    pub(crate) fn of_field(error: &FieldError, places: &dyn Places) -> ApiError {
        ApiError::of_field_named(&places.name(error.field), error, places)
    }

    /// The same of what is called `name` inside the field.
    pub(crate) fn of_field_named(name: &str, error: &FieldError, places: &dyn Places) -> ApiError {
        let message = message(name, &error.fault, places);
        ApiError::field(kind(&error.fault), places.path(error.field), message)
    }
}

fn kind(fault: &Fault) -> FieldFault {
    match fault {
        Fault::Missing
        | Fault::MissingForSepa
        | Fault::Account(AccountFault::MissingOnRail { .. }) => FieldFault::Expected,
        Fault::Money(
            MoneyError::NotDecimal { .. } | MoneyError::TooPrecise | MoneyError::TooLarge,
        )
        | Fault::Empty
        | Fault::TooLong { .. }
        | Fault::TooManyLines { .. }
        | Fault::NotADay
        | Fault::NotAUrl { .. } => FieldFault::InvalidFormat,
        Fault::Money(MoneyError::Currency { .. } | MoneyError::NotPositive)
        | Fault::Invisible(_)
        | Fault::Control(_)
        | Fault::NotOneOf(_)
        | Fault::NotCarried { .. }
        | Fault::TooPrecise { .. }
        | Fault::DayOutOfRange { .. }
        | Fault::Account(
            AccountFault::OfAnotherRail { .. }
            | AccountFault::OfAnotherAccount
            | AccountFault::Number(_)
            | AccountFault::NotPolish { .. }
            | AccountFault::BesideIban,
        )
        | Fault::NotACountry
        | Fault::TooManyLinesForSepa { .. }
        | Fault::NotACategory
        | Fault::Scheme(_)
        | Fault::UserInUrl => FieldFault::Invalid,
    }
}

/// The message for the field of that name.
pub(crate) fn message(name: &str, fault: &Fault, places: &dyn Places) -> String {
    match fault {
        Fault::Missing => format!("`{name}` is required."),
        Fault::Empty => format!("`{name}` should not be empty."),
        Fault::TooLong { most } => format!("`{name}` should not be longer than {most} symbols."),
        Fault::Invisible(one) => no_unreadable(name, *one),
        Fault::Control(one) => {
            let code = u32::from(*one);
            format!("`{name}` should not contain control characters: U+{code:04X} is one.")
        }
        Fault::NotOneOf(words) => format!("`{name}` should be one of {}.", words.join(", ")),
        Fault::Money(error) => format!("`{name}`: {error}."),
        Fault::NotCarried { rail } => {
            let expected = rail.currencies().join(", ");
            format!("`{name}` should be {expected} on {}.", on(*rail))
        }
        Fault::TooPrecise { currency, rail } => {
            let (digits, rail) = (currency.minor_digits(), on((*rail).into()));
            format!("`{name}` should have at most {digits} decimal places in {currency} on {rail}.")
        }
        Fault::NotADay => {
            format!("`{name}` should be a day such as 2026-04-29, without time and zone.")
        }
        Fault::DayOutOfRange { today } => format!(
            "`{name}` should be after today, {today} (UTC), and at most {DAYS_AHEAD_MAX} \
             days ahead; leave it out for a payment at once."
        ),
        Fault::TooManyLines { most } => {
            format!("`{name}` should not have more than {most} lines.")
        }
        Fault::NotACountry => {
            format!("`{name}` should be two capital letters of ISO 3166-1 such as GB.")
        }
        Fault::MissingForSepa => format!(
            "`{name}` is required: since 15 November 2026 SEPA carries addresses with town and \
             country only. Send both, or no address."
        ),
        Fault::TooManyLinesForSepa { most } => format!(
            "`{name}` should not have more than {most} lines: SEPA carries no more beside town and \
             country."
        ),
        Fault::NotACategory => format!("`{name}` should be the 4 digits of ISO 18245."),
        Fault::NotAUrl { why } => {
            format!("`{name}` should be a URL such as https://example.com/return: {why}.")
        }
        Fault::Scheme(scheme) => format!(
            "`{name}` should not begin with {scheme}:. Send a URL with https or with your app's own \
             scheme."
        ),
        Fault::UserInUrl => {
            format!("`{name}` should not contain the name or password of a user.")
        }
        Fault::Account(fault) => of_account(name, fault, places),
    }
}

fn of_account(name: &str, fault: &AccountFault, places: &dyn Places) -> String {
    match fault {
        AccountFault::MissingOnRail { rail, currency } => {
            format!("`{name}` is required on {} in {currency}.", on(*rail))
        }
        AccountFault::OfAnotherRail { rail } => {
            format!("`{name}` does not belong to this account on {}: leave it out.", on(*rail))
        }
        AccountFault::OfAnotherAccount => {
            format!("`{name}` belongs to another account: send exactly one.")
        }
        AccountFault::Number(rule) => format!("`{name}` {rule}"),
        AccountFault::NotPolish { rail } => {
            format!("`{name}` should be a Polish IBAN on {}.", on(*rail))
        }
        AccountFault::BesideIban => format!(
            "`{name}` beside `iban` is for payees in SEK or NOK whose payer chooses the bank: {}.",
            places.payer_chooses_bank()
        ),
    }
}

/// The rail's word.
fn on(rail: wish::LocalInstrument) -> &'static str {
    LocalInstrument::from(rail).name()
}

/// The message for a field whose text has an invisible character.
pub(crate) fn no_unreadable(name: &str, one: char) -> String {
    let code = u32::from(one);
    format!("`{name}` should not contain invisible characters: U+{code:04X} is one.")
}
