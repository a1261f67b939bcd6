//! What the words of all standards mean: for the tables that people read. The standards' own modules
//! read them.

use domain::bank::{ConsentProgress, OrderProgress};

use crate::next_gen_psd2::status::Sca;
use crate::profile::{BankProfile, Standard};
use crate::status_reason::StatusReason;
use crate::uk_open_banking::resource::Resource;
use crate::{next_gen_psd2, polish_api, stet, uk_open_banking};

/// What is ordered, as far as a bank's words differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// A payment executed at once.
    SinglePayment,
    /// A payment on a later day.
    FutureDatedPayment,
    /// A standing order.
    StandingOrder,
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

/// What the status of a consent says; `None` where the standard has no such word, or no consent
/// apart from the payment (all but UK Open Banking).
#[must_use]
pub fn consent(bank: &BankProfile, word: &str) -> Option<ConsentProgress> {
    match &bank.standard {
        Standard::UkOpenBanking(_) => uk_open_banking::status::consent_progress(bank, word),
        Standard::NextGenPsd2(_) | Standard::Stet(_) | Standard::PolishApi(_) => None,
    }
}

/// What the `scaStatus` of an authorisation says of the payer, in words; `None` for a word that
/// NextGenPSD2 does not have.
#[must_use]
pub fn sca(word: &str) -> Option<&'static str> {
    Sca::of(word).map(|sca| match sca {
        Sca::Open => "the payer has not finished",
        Sca::Unconfirmed => "a confirmation code is still to be brought",
        Sca::Done => "done, or not needed: the bank has the order",
        Sca::Failed => "the payer failed, or said no",
    })
}
