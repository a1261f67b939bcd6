//! How a bank is asked for the status of a payment: the table `[status]` of a profile.

use domain::execution::StatusTerms;
use serde::Deserialize;

use super::{BankProfile, Check, ensure};

/// The longest interval between two questions, in seconds: a day.
const INTERVAL_S_MAX: u32 = 24 * 3600;
/// The longest silence, in hours: 30 days, which is the gateway's patience with any order.
const SILENCE_H_MAX: u16 = 30 * 24;

/// How a bank is asked for a status, and for how long it may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusQuestions {
    /// The shortest time between two questions about one payment, in seconds: 1 to 86,400.
    pub interval_min_s: Option<u32>,
    /// For a bank that never reports the end of a payment that it took: so many hours after its last
    /// word it is asked once more, and the payment ends without a final status. 1 to 720; without
    /// it, the gateway asks for 30 days.
    pub silence_is_final_after_h: Option<u16>,
    /// How long the payer has for a step of the approval at the bank, in seconds: 30 to 86,400.
    pub approval_timeout_s: Option<u32>,
    /// Whether a payer's new sign-in ends the payer's earlier access, so that the bank is asked about
    /// earlier payments of that payer first.
    pub one_token_per_payer: bool,
}

impl StatusQuestions {
    pub(super) fn check(&self) -> Check {
        ensure("status.interval_min_s", "must be 1 to 86400", {
            self.interval_min_s.is_none_or(|seconds| (1..=INTERVAL_S_MAX).contains(&seconds))
        })?;
        ensure("status.approval_timeout_s", "must be 30 to 86400", {
            self.approval_timeout_s.is_none_or(|seconds| (30..=86_400).contains(&seconds))
        })?;
        ensure("status.silence_is_final_after_h", "must be 1 to 720", {
            self.silence_is_final_after_h.is_none_or(|hours| (1..=SILENCE_H_MAX).contains(&hours))
        })
    }
}

impl BankProfile {
    /// The part that a payment keeps, because a payment ends under the terms that it began with.
    pub(super) fn status_terms(&self) -> StatusTerms {
        StatusTerms {
            question_interval_min_s: self.status.interval_min_s,
            silence_is_final_after_h: self.status.silence_is_final_after_h,
            approval_timeout_s: self.status.approval_timeout_s,
        }
    }
}
