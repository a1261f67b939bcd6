//! Which texts for the payee a bank takes.

use serde::Deserialize;

use super::{BankProfile, Check, Standard, ensure};

/// A bank that does not take both texts as its standard does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remittance {
    /// The reference alone, in the member for structured references.
    ReferenceOnly,
    /// Both texts as one unstructured text.
    UnstructuredOnly,
    /// A reference number with a check digit in the structured member, or both texts as one
    /// unstructured text, never both members.
    Either,
}

impl BankProfile {
    pub(super) fn check_remittance(&self) -> Check {
        let fits = match (&self.standard, self.remittance) {
            (_, None) | (Standard::NextGenPsd2(_), Some(_)) => true,
            (Standard::UkOpenBanking(_), Some(form)) => form != Remittance::Either,
            (Standard::Stet(_) | Standard::PolishApi(_), Some(_)) => false,
        };
        ensure("remittance", "must be absent: this standard has no such choice", fits)
    }
}
