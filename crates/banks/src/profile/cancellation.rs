//! The payments that a bank takes back: the table `[cancellation]` of a profile.

use domain::rail::Rail;
use serde::Deserialize;

use super::{BankProfile, Capability};
use crate::payments::PaymentOrder;
use crate::statuses::OrderKind;

/// The payments that a bank with the capability `cancellation` takes back; all by default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CancellationTerms {
    /// Payments of these kinds only.
    pub kinds: Option<Vec<OrderKind>>,
    /// Payments on these rails only.
    pub rails: Option<Vec<Rail>>,
}

impl BankProfile {
    /// Whether the bank takes this order back, as far as its profile says.
    #[must_use]
    pub fn cancels(&self, order: &PaymentOrder) -> bool {
        let own = &self.cancellation;
        let kind = OrderKind::of(order.content.schedule);
        self.can(Capability::Cancellation)
            && own.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
            && own.rails.as_ref().is_none_or(|rails| rails.contains(&order.rail))
    }
}
