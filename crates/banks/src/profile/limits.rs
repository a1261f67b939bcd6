//! The longest and shortest texts that a bank accepts.

use serde::Deserialize;

use super::{Check, ensure};

/// The longest texts that the bank accepts, in characters; an order that exceeds one is refused
/// before it is sent. Defaults are those of the standard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Name of the payee's account, 1 to 350.
    pub creditor_name: usize,
    /// The shortest name of the payee's account, 1 to `creditor_name`.
    pub creditor_name_min: usize,
    /// `RemittanceInformation.Reference`, 1 to 35; Faster Payments carry 18.
    pub reference: usize,
    /// `RemittanceInformation.Unstructured`, 1 to 140.
    pub unstructured: usize,
    /// `EndToEndIdentification`, 1 to 35; Faster Payments carry 31.
    pub end_to_end_id: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            creditor_name: 350,
            creditor_name_min: 1,
            reference: 35,
            unstructured: 140,
            end_to_end_id: 35,
        }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Check {
        for (key, value, most) in [
            ("limits.creditor_name", self.creditor_name, 350),
            ("limits.creditor_name_min", self.creditor_name_min, self.creditor_name),
            ("limits.reference", self.reference, 35),
            ("limits.unstructured", self.unstructured, 140),
            ("limits.end_to_end_id", self.end_to_end_id, 35),
        ] {
            ensure(key, &format!("must be 1 to {most}"), (1..=most).contains(&value))?;
        }
        Ok(())
    }
}
