//! The texts for the payee (NextGenPSD2 1.3.12, `remittanceInformationUnstructured` and
//! `remittanceInformationStructured`), in the form that the bank takes.

use domain::field::Field;
use domain::initiation::Order;
use domain::reference::is_reference_number;
use serde::Serialize;

use crate::misfit::{Misfit, second_text, within};
use crate::profile::{BankProfile, Remittance};

/// Longest text, and longest structured reference, in characters.
const REMITTANCE_CHARACTERS_MAX: usize = 140;

/// One of the two members.
#[derive(Serialize)]
pub(super) enum RemittanceOut<'a> {
    #[serde(rename = "remittanceInformationUnstructured")]
    Unstructured(String),
    #[serde(rename = "remittanceInformationStructured")]
    Structured { reference: &'a str },
}

pub(super) fn remittance<'a>(
    bank: &BankProfile,
    asked: &'a Order,
) -> Result<RemittanceOut<'a>, Misfit> {
    let primary = asked.remittance_primary.as_str();
    match bank.remittance {
        Some(Remittance::ReferenceOnly) => structured(bank, asked),
        Some(Remittance::Either) if is_reference_number(primary) => structured(bank, asked),
        Some(Remittance::UnstructuredOnly | Remittance::Either) | None => {
            let text = match &asked.remittance_secondary {
                None => primary.to_owned(),
                Some(more) => format!("{primary} {more}"),
            };
            let most = bank.limits.unstructured.min(REMITTANCE_CHARACTERS_MAX);
            within(Field::BothTexts, &text, most)?;
            Ok(RemittanceOut::Unstructured(text))
        }
    }
}

fn structured<'a>(bank: &BankProfile, asked: &'a Order) -> Result<RemittanceOut<'a>, Misfit> {
    if asked.remittance_secondary.is_some() {
        return Err(second_text());
    }
    let most = bank.limits.reference.min(REMITTANCE_CHARACTERS_MAX);
    let reference = within(Field::Reference, &asked.remittance_primary, most)?;
    Ok(RemittanceOut::Structured { reference })
}
