//! The payer of a token request, where the member knows the account.

use domain::account::{AccountParts, PartyDraft};

use super::address;
use super::destination::name;
use super::instructions::{AccountIdentifier, RailAccount};
use super::mapping::{fault, invalid};
use super::paths::TokenRequest;
use crate::api::ApiError;
use crate::api::error::FieldFault;

fn forms(of: &AccountIdentifier) -> Vec<(&'static str, &RailAccount)> {
    let forms = [
        ("iban", &of.iban),
        ("gbDomestic", &of.gb_domestic),
        ("bban", &of.bban),
        ("bankgiro", &of.bankgiro),
        ("plusgiro", &of.plusgiro),
    ];
    forms.into_iter().filter_map(|(name, form)| form.as_ref().map(|form| (name, form))).collect()
}

/// The name of the form of an account.
pub(super) fn form_of(account: &AccountIdentifier) -> Option<&'static str> {
    forms(account).first().map(|(name, _)| *name)
}

/// The payer.
pub(super) fn payer(places: TokenRequest<'_>) -> Result<Option<PartyDraft>, ApiError> {
    let place = |name: &str| places.in_instructions(&format!("source.{name}"));
    let Some(instructions) = places.body().map(|body| body.instructions()) else { return Ok(None) };
    let Some(source) = &instructions.source else { return Ok(None) };
    let Some(account) = &source.account_identifier else {
        let message = "`accountIdentifier` is required.";
        return Err(fault(FieldFault::Expected, place("accountIdentifier"), message));
    };
    for (name, there) in [
        ("pan", account.pan.is_some()),
        ("msisdn", account.msisdn.is_some()),
        ("token", account.token.is_some()),
    ] {
        if there {
            let message = format!("`{name}` is not supported: send the payer's bank account.");
            return Err(invalid(place(&format!("accountIdentifier.{name}")), message));
        }
    }
    let account = match forms(account)[..] {
        [(_, account)] => account,
        [] => {
            let message = "`accountIdentifier` should be `iban`, `gbDomestic`, `bban`, `bankgiro` \
                           or `plusgiro`.";
            return Err(fault(FieldFault::Expected, place("accountIdentifier"), message));
        }
        [_, (name, _), ..] => {
            let message = format!("`{name}` is a second account: send exactly one.");
            return Err(invalid(place(&format!("accountIdentifier.{name}")), message));
        }
    };
    let metadata = instructions.metadata.as_ref();
    let holder = source.customer_data.as_ref();
    Ok(Some(PartyDraft {
        account: AccountParts { bic: source.bic.clone(), ..account.parts() },
        name: holder.and_then(name),
        ultimate_name: metadata
            .and_then(|metadata| metadata.ultimate_debtor.clone())
            .filter(|name| !name.is_empty()),
        address: holder.and_then(|one| one.address.as_ref()).map(address::in_domain),
        bank_name: None,
    }))
}
