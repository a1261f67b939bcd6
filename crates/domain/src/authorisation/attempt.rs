//! The keys of one opening at a bank.

use serde::{Deserialize, Serialize};

/// How the creation at a bank may be repeated when its answer was lost. It follows from the bank's
/// standard and profile; see `docs/decisions/0008-lost-creations.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatedCreation {
    /// With the same keys: the bank recognises the repetition and creates nothing twice.
    SameKeys,
    /// With new keys: the bank can never execute the lost creation.
    NewKeys,
    /// Never: the bank may execute the lost creation.
    Never,
}

/// The keys of one opening at a bank; drawn and stored before the first attempt, so that a repeated
/// attempt is the same attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// `x-idempotency-key` of the consent, at most 40 characters.
    pub idempotency_key: String,
    /// OAuth `state`: ties the browser's return to what is authorised.
    pub oauth_state: String,
    /// OpenID `nonce`: ties the bank's `id_token` to this attempt.
    pub nonce: String,
    /// The secret of PKCE (RFC 7636), 43 to 128 characters.
    #[serde(default)]
    pub code_verifier: String,
    /// Whether this bank executes at the approval, without an order from us.
    #[serde(default)]
    pub executes_at_approval: bool,
    /// How the creation may be repeated. Absent in bodies of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated_creation: Option<RepeatedCreation>,
    /// Counts the openings at the bank, from 1.
    #[serde(default = "first_opening")]
    pub opening: u32,
}

fn first_opening() -> u32 {
    1
}

impl Attempt {
    /// How the creation may be repeated; the careful answer for bodies of earlier releases.
    #[must_use]
    pub fn repeated_creation(&self) -> RepeatedCreation {
        self.repeated_creation.unwrap_or(match self.executes_at_approval {
            true => RepeatedCreation::Never,
            false => RepeatedCreation::SameKeys,
        })
    }

    /// Whether a creation whose answer was lost can be executed without a further word of ours.
    #[must_use]
    pub fn lost_creation_may_execute(&self) -> bool {
        match self.repeated_creation() {
            RepeatedCreation::NewKeys => false,
            RepeatedCreation::SameKeys => self.executes_at_approval,
            RepeatedCreation::Never => true,
        }
    }
}
