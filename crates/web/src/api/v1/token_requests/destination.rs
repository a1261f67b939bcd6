//! The payee of a token request: one destination, its account and its holder.

use domain::account::{AccountParts, PartyDraft};
use domain::field::{Field, PartyField};
use domain::initiation::LocalInstrument;
use domain::rail::Rail;

use super::address;
use super::instructions::{CustomerData, DESTINATIONS_MAX, Destination, RailAccount};
use super::mapping::{fault, invalid};
use super::metadata::Metadata;
use super::paths::TokenRequest;
use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::parts::places::Places;

/// The rails of a destination: name, rail, account.
fn rails(of: &Destination) -> Vec<(&'static str, Rail, &RailAccount)> {
    let rails = [
        ("sepa", Rail::Sepa, &of.sepa),
        ("sepaInstant", Rail::SepaInstant, &of.sepa_instant),
        ("fasterPayments", Rail::FasterPayments, &of.faster_payments),
        ("elixir", Rail::Elixir, &of.elixir),
        ("euDomesticNonEuro", Rail::EuDomesticNonEuro, &of.eu_domestic_non_euro),
        (
            "euDomesticNonEuroInstant",
            Rail::EuDomesticNonEuroInstant,
            &of.eu_domestic_non_euro_instant,
        ),
        ("bankgiro", Rail::Bankgiro, &of.bankgiro),
        ("plusgiro", Rail::Plusgiro, &of.plusgiro),
    ];
    let there = rails
        .into_iter()
        .filter_map(|(name, rail, account)| account.as_ref().map(|account| (name, rail, account)));
    there.collect()
}

/// The name of a destination's rail.
pub(super) fn rail_of(destination: &Destination) -> Option<&'static str> {
    rails(destination).first().map(|(name, ..)| *name)
}

/// The rail and the payee of the destination; no payee if the member sends it later.
pub(super) fn payee(
    places: TokenRequest<'_>,
) -> Result<(LocalInstrument, Option<PartyDraft>), ApiError> {
    let destinations =
        places.body().map_or(&[][..], |body| &body.instructions().transfer_destinations);
    if destinations.len() > DESTINATIONS_MAX {
        let message = format!("`transferDestinations` should not be more than {DESTINATIONS_MAX}.");
        return Err(invalid(places.destinations(), message));
    }
    let follows = places.body().is_some_and(|body| body.destinations_url().is_some());
    if destinations.is_empty() && follows {
        // The rail follows from the payee that the member sends later.
        return Ok((LocalInstrument::AutoSelect, None));
    }
    let Some(destination) = destinations.get(places.index()) else {
        let message = "`transferDestinations` should have the payee's account.";
        return Err(fault(FieldFault::Expected, places.destinations(), message));
    };
    let (rail, account) = one_rail(destination, places)?;
    let instructions = places.body().map(|body| body.instructions());
    let metadata = instructions.and_then(|one| one.metadata.as_ref());
    let (agent_bic, bank_name) = metadata.and_then(creditor_agent).unwrap_or_default();
    let parts = account.parts();
    let bic = parts.bic.clone().or(agent_bic.filter(|_| parts.sort_code.is_none()));
    let holder = destination.customer_data.as_ref();
    let payee = PartyDraft {
        account: AccountParts { bic, ..parts },
        name: holder.and_then(name),
        ultimate_name: metadata
            .and_then(|metadata| metadata.ultimate_creditor.clone())
            .filter(|name| !name.is_empty()),
        address: holder.and_then(|one| one.address.as_ref()).map(address::in_domain),
        bank_name,
    };
    Ok((rail.into(), Some(payee)))
}

/// Whether money in the token request's currency travels on the rail of the destination.
pub(super) fn carries(places: TokenRequest<'_>) -> Result<bool, ApiError> {
    let (rail, _) = payee(places)?;
    let currency = places.body().map_or("", |body| body.currency());
    Ok(rail.currencies().contains(&currency))
}

/// The account, where a destination has exactly one, of a kind that can be paid, and a holder.
fn one_rail<'a>(
    destination: &'a Destination,
    places: TokenRequest<'_>,
) -> Result<(Rail, &'a RailAccount), ApiError> {
    for (name, there) in [
        ("virtualAccount", destination.virtual_account.is_some()),
        ("token", destination.token.is_some()),
    ] {
        if there {
            let message = format!("`{name}` is not supported by this release.");
            return Err(invalid(places.in_destination(name), message));
        }
    }
    let (rail, account) = match rails(destination)[..] {
        [(_, rail, account)] => (rail, account),
        [] => {
            let message = "An account is required: `sepa`, `sepaInstant`, `fasterPayments`, \
                           `elixir`, `euDomesticNonEuro`, `euDomesticNonEuroInstant`, `bankgiro` or \
                           `plusgiro`.";
            return Err(fault(FieldFault::Expected, places.path(Field::Rail), message));
        }
        [_, (name, ..), ..] => {
            let message = format!("`{name}` is a second account: each destination has one.");
            return Err(invalid(places.in_destination(name), message));
        }
    };
    if destination.customer_data.as_ref().and_then(name).is_none() {
        let path = places.path(Field::Creditor(PartyField::Name));
        return Err(fault(FieldFault::Expected, path, "`legalNames` is required."));
    }
    Ok((rail, account))
}

/// All the holders of an account as one name.
pub(super) fn name(holder: &CustomerData) -> Option<String> {
    let names = holder.legal_names.as_deref().unwrap_or_default();
    let names: Vec<&str> = names.iter().map(|name| name.trim()).filter(|n| !n.is_empty()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// BIC and name of the payee's bank.
fn creditor_agent(metadata: &Metadata) -> Option<(Option<String>, Option<String>)> {
    let of_standard = metadata.provider_transfer_metadata.as_ref()?.next_gen_psd2.as_ref()?;
    Some((of_standard.creditor_agent.clone(), of_standard.creditor_agent_name.clone()))
}
