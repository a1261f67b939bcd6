//! The meaning of the words of all standards: for the tables that people read. The standards' own
//! modules read the words.

use domain::bank::{ConsentProgress, OrderProgress};
use domain::initiation::Schedule;
use serde::Deserialize;

use crate::next_gen_psd2::status::Sca;
use crate::profile::{BankProfile, Standard};
use crate::status_reason::StatusReason;
use crate::uk_open_banking::resource::Resource;
use crate::{next_gen_psd2, polish_api, stet, uk_open_banking};

/// The kind of the order, as far as a bank's words depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// A payment executed at once.
    SinglePayment,
    /// A payment on a later day.
    FutureDatedPayment,
    /// A standing order.
    StandingOrder,
}

impl OrderKind {
    /// The kind of an order with that schedule.
    #[must_use]
    pub fn of(schedule: Schedule) -> OrderKind {
        match schedule {
            Schedule::Immediate => OrderKind::SinglePayment,
            Schedule::FutureDated { .. } => OrderKind::FutureDatedPayment,
            Schedule::StandingOrder { .. } => OrderKind::StandingOrder,
        }
    }
}

/// How `bank` has an order whose status is `word`, with the ISO 20022 code `reason` beside it where
/// its standard has a place for one.
#[must_use]
pub fn progress(
    bank: &BankProfile,
    kind: OrderKind,
    word: &str,
    reason: Option<&str>,
) -> OrderProgress {
    let of_code = StatusReason::of_code(reason);
    let standing = kind == OrderKind::StandingOrder;
    let status = match &bank.standard {
        Standard::UkOpenBanking(_) => {
            let resource = match kind {
                OrderKind::SinglePayment => Resource::Payment,
                OrderKind::FutureDatedPayment => Resource::ScheduledPayment,
                OrderKind::StandingOrder => Resource::StandingOrder,
            };
            uk_open_banking::status::order_status(bank, resource, word, of_code.as_ref())
        }
        Standard::NextGenPsd2(own) => {
            let last =
                if standing { own.final_status_of_standing_orders } else { own.final_status };
            next_gen_psd2::status::order_status(bank, last, word, of_code.as_ref(), false)
        }
        Standard::Stet(own) => {
            let last =
                if standing { own.final_status_of_standing_orders } else { own.final_status };
            stet::status::order_status(bank, last, word, reason, false)
        }
        Standard::PolishApi(_) if standing => {
            polish_api::status::recurring_status(bank, word, reason)
        }
        Standard::PolishApi(_) => polish_api::status::payment_status(bank, word, reason),
    };
    status.progress
}

/// The meaning of the status of a consent; `None` if the standard has no such word, or no consent
/// apart from the payment (all but UK Open Banking).
#[must_use]
pub fn consent(bank: &BankProfile, word: &str) -> Option<ConsentProgress> {
    match &bank.standard {
        Standard::UkOpenBanking(_) => uk_open_banking::status::consent_progress(bank, word),
        Standard::NextGenPsd2(_) | Standard::Stet(_) | Standard::PolishApi(_) => None,
    }
}

/// The payer's state by the `scaStatus` of an authorisation, in words; `None` for a word that
/// NextGenPSD2 does not have.
#[must_use]
pub fn sca(word: &str) -> Option<&'static str> {
    Sca::of(word).map(|sca| match sca {
        Sca::Open => "the payer has not finished",
        Sca::Unconfirmed => "the provider must still send a confirmation code",
        Sca::Done => "done, or not needed: the bank has the order",
        Sca::Failed => "the payer failed, or said no",
    })
}
