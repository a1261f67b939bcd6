//! What the payer reads of a standing order: how often, from when, until when, and that it is no
//! single payment.

use domain::initiation::{Frequency, Initiation, Schedule};
use domain::payment::{End, Payment, State};
use jiff::civil::Date;

/// When a standing order is executed, for people.
pub(super) struct Rhythm {
    /// How often: `Every month`.
    pub(super) every: &'static str,
    /// The day of the first payment: `1 February 2026`.
    pub(super) first: String,
    /// No payment is later than this day; without it the standing order has no end.
    pub(super) last: Option<String>,
}

/// The rhythm of a standing order; `None` of a single payment.
pub(super) fn rhythm(initiation: &Initiation) -> Option<Rhythm> {
    let Schedule::StandingOrder { first, frequency, last } = initiation.schedule else {
        return None;
    };
    let every = match frequency {
        Frequency::Dail => "Every day",
        Frequency::Week => "Every week",
        Frequency::Towk => "Every two weeks",
        Frequency::Mnth => "Every month",
        Frequency::Tomn => "Every two months",
        Frequency::Qutr => "Every three months",
        Frequency::Semi => "Every six months",
        Frequency::Year => "Every year",
    };
    Some(Rhythm { every, first: written(first), last: last.map(written) })
}

fn written(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

const UNCONFIRMED: &str = "Your bank has not confirmed the standing order yet. The shop is told as \
                           soon as it does. Please do not set it up again.";

/// Title and text of the page that says how a standing order ended, or that nothing more is to be
/// done; `None` of a single payment.
pub(super) fn outcome(payment: &Payment) -> Option<(&'static str, &'static str)> {
    if !payment.is_standing_order() {
        return None;
    }
    let end = match &payment.state {
        State::Final { end } => *end,
        State::AwaitingRedemption { .. } => {
            return Some((
                "Standing order approved",
                "Your bank has your approval. The standing order is set up when the shop asks for \
                 it.",
            ));
        }
        State::AwaitingBankChoice
        | State::Opening { .. }
        | State::OpeningUncertain { .. }
        | State::AwaitingRedirect { .. }
        | State::AwaitingCredentials { .. }
        | State::AwaitingDecoupled { .. }
        | State::VerifyingReturn { .. }
        | State::VerifyingCredentials { .. }
        | State::Authorised { .. }
        | State::OrderSent { .. }
        | State::Uncertain { .. }
        | State::Processing { .. } => {
            return Some(("Standing order sent", UNCONFIRMED));
        }
    };
    Some(match end {
        End::Completed => (
            "Standing order set up",
            "Your bank has taken the standing order and makes its payments by itself.",
        ),
        End::Rejected => (
            "Standing order rejected",
            "Your bank did not accept the standing order. Nothing is paid.",
        ),
        End::RejectedInsufficientFunds => (
            "Not enough money in the account",
            "Your bank did not accept the standing order because the account does not hold enough. \
             Nothing is paid.",
        ),
        End::Declined => (
            "Standing order declined",
            "The standing order was declined at your bank. Nothing is paid.",
        ),
        End::Failed => (
            "Standing order failed",
            "The standing order could not be set up. Nothing is paid; you can try again in the \
             shop.",
        ),
        End::Expired => (
            "Standing order expired",
            "The standing order was not approved in time. Nothing is paid; you can try again in \
             the shop.",
        ),
        End::NoFinalStatus => (
            "Standing order not confirmed",
            "Your bank never confirmed the standing order. Please look at the standing orders of \
             your account before you set it up again.",
        ),
        End::Cancelled => (
            "Standing order cancelled",
            "The shop has cancelled the standing order. Nothing is paid.",
        ),
    })
}

/// What the payer of a standing order reads while the bank has it; `None` otherwise.
pub(super) fn meanwhile(payment: &Payment) -> Option<&'static str> {
    let with_bank = matches!(
        payment.state,
        State::OrderSent { .. } | State::Uncertain { .. } | State::Processing { .. }
    );
    (with_bank && payment.is_standing_order())
        .then_some("Your bank is setting up the standing order…")
}
