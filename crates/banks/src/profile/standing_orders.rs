//! The standing orders that a bank takes, where it does not take all of its standard.

use domain::initiation::{Frequency, Order, Schedule};
use serde::Deserialize;

use super::{BankProfile, Check, ensure};
use crate::misfit::{Misfit, unsupported};

/// Rules for standing orders.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StandingOrders {
    /// The frequencies that the bank takes; all if absent.
    pub frequencies: Option<Vec<Frequency>>,
    /// Whether a standing order has a last day.
    pub last_day: LastDay,
}

/// Whether a standing order has a last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastDay {
    /// It may have one.
    #[default]
    Optional,
    /// It must.
    Mandatory,
    /// It must not.
    Forbidden,
}

impl BankProfile {
    /// Whether the bank takes the order's standing order, if it is one.
    ///
    /// # Errors
    /// [`Misfit`]: the rule that it breaks.
    pub fn check_standing_order(&self, order: &Order) -> Result<(), Misfit> {
        let Schedule::StandingOrder { frequency, last, .. } = order.schedule else {
            return Ok(());
        };
        let rules = &self.standing_orders;
        if let Some(known) = rules.frequencies.as_ref().filter(|known| !known.contains(&frequency))
        {
            let words: Vec<&str> = known.iter().map(|one| one.code()).collect();
            let what = format!("the frequency should be {} at this bank", words.join(" or "));
            return Err(unsupported(what));
        }
        match (rules.last_day, last) {
            (LastDay::Mandatory, None) => {
                Err(unsupported("a standing order should have a last day at this bank"))
            }
            (LastDay::Forbidden, Some(_)) => {
                Err(unsupported("a standing order should have no last day at this bank"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check_standing_orders(&self) -> Check {
        let frequencies = self.standing_orders.frequencies.as_ref();
        ensure("standing_orders.frequencies", "must not be empty", {
            frequencies.is_none_or(|known| !known.is_empty())
        })
    }
}
