//! Whom a token request lets pay: one payment for each destination, checked like every other.

use banks::profile::BankProfile;
use domain::initiation::Initiation;
use domain::token_request::Payee;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::body::Body;
use super::errors::in_token_request;
use super::instructions::DESTINATIONS_MAX;
use super::model::StoreTokenRequest;
use super::{mapping, references};
use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::v2::payments::initiation::Rules;
use crate::api::v2::payments::words::LocalInstrument;

/// What a token request asks for.
pub(super) struct Payees {
    /// The payment to the first payee.
    pub(super) initiation: Initiation,
    /// Every payee; none where the member tells them once the bank is known.
    pub(super) payees: Vec<Payee>,
}

/// The payment and its payees, in the member's order.
pub(super) fn of(
    asked: &StoreTokenRequest,
    sandbox: bool,
    now: Timestamp,
) -> Result<Payees, ApiError> {
    let follows = Body::of(&asked.request_payload).is_some_and(|body| {
        body.instructions().transfer_destinations.is_empty() && body.destinations_url().is_some()
    });
    if follows {
        let rules = Rules::V1_WITHOUT_PAYEE;
        let initiation = one(asked, rules, sandbox, now)?;
        return Ok(Payees { initiation, payees: vec![] });
    }
    let payments = payments(asked, sandbox, now)?;
    let payees = payments.iter().map(Payee::of).collect();
    // A request without any payee has been refused.
    let missing = || ApiError::Internal { detail: "a token request without a payment".to_owned() };
    let initiation = payments.into_iter().next().ok_or_else(missing)?;
    Ok(Payees { initiation, payees })
}

/// One payment to each destination, never none.
pub(super) fn payments(
    asked: &StoreTokenRequest,
    sandbox: bool,
    now: Timestamp,
) -> Result<Vec<Initiation>, ApiError> {
    let body = Body::of(&asked.request_payload);
    let count = body.map_or(0, |body| body.instructions().transfer_destinations.len());
    if !(1..=DESTINATIONS_MAX).contains(&count) {
        // Too many are refused as a whole, and so is none.
        return one(asked, Rules::V1, sandbox, now).map(|payment| vec![payment]);
    }
    let mut payments = vec![];
    for index in 0..count {
        let alone = alone(asked, index);
        // Those beside the first may be for other currencies, and are left out then.
        if index > 0 && !carries(&alone).map_err(|error| at(error, asked, index))? {
            continue;
        }
        let payment = one(&alone, Rules::V1, sandbox, now);
        payments.push(payment.map_err(|error| at(error, asked, index))?);
    }
    Ok(payments)
}

/// Whether the money travels on the rail of the first destination.
fn carries(asked: &StoreTokenRequest) -> Result<bool, ApiError> {
    let initiation = mapping::initiation(asked)?;
    let rail = domain::initiation::LocalInstrument::from(initiation.local_instrument);
    Ok(rail.currencies().contains(&initiation.amount.currency.as_str()))
}

fn one(
    asked: &StoreTokenRequest,
    rules: Rules,
    sandbox: bool,
    now: Timestamp,
) -> Result<Initiation, ApiError> {
    let mut initiation = mapping::initiation(asked)?
        .into_domain_by(rules, sandbox, now)
        .map_err(|error| in_token_request(error, asked))?;
    if let Some(body) = &asked.request_payload.standing_order_body {
        let today = now.to_zoned(TimeZone::UTC).date();
        initiation.order.schedule = body.schedule(initiation.order.amount, today)?;
    }
    initiation.visit.bank_countries = asked.request_payload.countries.clone().unwrap_or_default();
    initiation.order.own_references = references::of(asked)?;
    Ok(initiation)
}

/// The request with one of its destinations.
fn alone(asked: &StoreTokenRequest, index: usize) -> StoreTokenRequest {
    let mut asked = asked.clone();
    if let Some(instructions) = asked.request_payload.instructions_mut() {
        let all = std::mem::take(&mut instructions.transfer_destinations);
        instructions.transfer_destinations = all.into_iter().skip(index).take(1).collect();
    }
    asked
}

/// The error with the place of the destination among the others.
fn at(error: ApiError, asked: &StoreTokenRequest, index: usize) -> ApiError {
    let body = Body::of(&asked.request_payload).map_or(Body::TRANSFER, Body::path);
    let list = format!("{body}.instructions.transferDestinations");
    match error {
        ApiError::Field { fault, message, path, bare } => {
            let path = path.replacen(&format!("{list}[0]"), &format!("{list}[{index}]"), 1);
            ApiError::Field { fault, message, path, bare }
        }
        other => other,
    }
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

/// What is told where no destination is.
pub(super) fn none_told() -> ApiError {
    let message = "`transferDestinations` should have the payee's account.";
    ApiError::field(FieldFault::Expected, "transferDestinations", message)
}

/// The error of a list of destinations that came on its own.
pub(super) fn on_its_own(error: ApiError) -> ApiError {
    match error {
        ApiError::Field { fault, message, path, bare } => {
            let own = [Body::TRANSFER, Body::STANDING_ORDER].into_iter().find_map(|body| {
                path.strip_prefix(body)?.strip_prefix(".instructions.").map(str::to_owned)
            });
            let path = own.unwrap_or(path);
            ApiError::Field { fault, message, path, bare }
        }
        other => other,
    }
}
