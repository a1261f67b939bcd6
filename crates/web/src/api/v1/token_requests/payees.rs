//! Whom a token request lets pay: one payment for each destination, checked like every other.

use banks::profile::BankProfile;
use domain::initiation::Initiation;
use domain::token_request::Payee;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::destination::carries;
use super::errors::at;
use super::instructions::DESTINATIONS_MAX;
use super::model::StoreTokenRequest;
use super::paths::TokenRequest;
use super::{mapping, references};
use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::parts::draft::Rules;
use crate::api::parts::words::LocalInstrument;

/// The order and the payees of a token request.
pub(super) struct Payees {
    /// The payment to the first payee.
    pub(super) initiation: Initiation,
    /// Every payee; empty if the member sends them once the bank is known.
    pub(super) payees: Vec<Payee>,
}

/// The kinds of payments that this version accepts (reference, sections 2.2 and 2.6).
const RULES: Rules = Rules { secondary_max: 255, payer_has_name: false };

/// The payment and its payees, in the member's order.
pub(super) fn of(
    asked: &StoreTokenRequest,
    sandbox: bool,
    now: Timestamp,
) -> Result<Payees, ApiError> {
    let places = TokenRequest::of(asked);
    let follows = places.body().is_some_and(|body| {
        body.instructions().transfer_destinations.is_empty() && body.destinations_url().is_some()
    });
    if follows {
        let initiation = one(places, sandbox, now)?;
        return Ok(Payees { initiation, payees: vec![] });
    }
    let payments = payments(places, sandbox, now)?;
    let payees = payments.iter().map(Payee::of).collect();
    // A request without any payee has been refused.
    let missing = || ApiError::Internal { detail: "a token request without a payment".to_owned() };
    let initiation = payments.into_iter().next().ok_or_else(missing)?;
    Ok(Payees { initiation, payees })
}

/// The payments of a token request whose destinations came on their own.
pub(super) fn told_later(
    asked: &StoreTokenRequest,
    sandbox: bool,
    now: Timestamp,
) -> Result<Vec<Initiation>, ApiError> {
    payments(TokenRequest::of(asked).with_destinations_alone(), sandbox, now)
}

/// One payment to each destination, never none.
fn payments(
    places: TokenRequest<'_>,
    sandbox: bool,
    now: Timestamp,
) -> Result<Vec<Initiation>, ApiError> {
    let count = places.body().map_or(0, |body| body.instructions().transfer_destinations.len());
    if !(1..=DESTINATIONS_MAX).contains(&count) {
        // Too many are refused as a whole, and so is an empty list.
        return one(places, sandbox, now).map(|payment| vec![payment]);
    }
    let mut payments = vec![];
    for index in 0..count {
        let places = places.for_destination(index);
        // Those beside the first may be for other currencies, and are left out then.
        if index > 0 && !carries(places)? {
            continue;
        }
        payments.push(one(places, sandbox, now)?);
    }
    Ok(payments)
}

/// The payment to the destination of `places`.
fn one(places: TokenRequest<'_>, sandbox: bool, now: Timestamp) -> Result<Initiation, ApiError> {
    let mut initiation =
        mapping::draft(places)?.checked(RULES, sandbox, now).map_err(|error| at(&error, places))?;
    let payload = &places.asked().request_payload;
    if let Some(body) = &payload.standing_order_body {
        let today = now.to_zoned(TimeZone::UTC).date();
        initiation.order.schedule = body.schedule(initiation.order.amount, today)?;
    }
    initiation.visit.bank_countries = payload.countries.clone().unwrap_or_default();
    initiation.order.own_references = references::of(places)?;
    Ok(initiation)
}

/// `url` with the question that the member is asked there (reference, section 2.15): the rails of
/// the bank, its name, its first country.
pub(crate) fn question(url: &str, bank: &BankProfile) -> String {
    let Ok(mut url) = url::Url::parse(url) else { return url.to_owned() };
    {
        let mut query = url.query_pairs_mut();
        for rail in &bank.rails {
            query.append_pair(
                "supportedTransferDestinationTypes",
                LocalInstrument::from(*rail).name(),
            );
        }
        query.append_pair("bankName", &bank.name);
        query.append_pair("country", bank.countries.first().map_or("", String::as_str));
    }
    url.into()
}

/// The error if there is no destination.
pub(super) fn none_told() -> ApiError {
    let message = "`transferDestinations` should have the payee's account.";
    ApiError::field(FieldFault::Expected, "transferDestinations", message)
}
