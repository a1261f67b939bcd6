//! How a standing order ends, in words that say that it is no single payment.

use domain::payment::{End, Payment, State};

const UNCONFIRMED: &str = "Your bank has not confirmed the standing order yet. Please do not set it \
                           up again.";

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
        State::AwaitingBankChoice | State::Approving(_) | State::Ordered(_) => {
            return Some(("Standing order sent", UNCONFIRMED));
        }
    };
    Some(ended(payment, end))
}

/// The same of a standing order that has ended.
fn ended(payment: &Payment, end: End) -> (&'static str, &'static str) {
    match end {
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
        End::Declined if payment.cancelled_by_payer_at.is_some() => (
            "Standing order cancelled",
            "You have cancelled the standing order. Nothing is paid; you can start again in the \
             shop.",
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
    }
}

/// What the payer of a standing order reads while the bank has it; `None` otherwise.
pub(super) fn meanwhile(payment: &Payment) -> Option<&'static str> {
    let with_bank = match &payment.state {
        State::Ordered(order) => order.sent().is_some(),
        _ => false,
    };
    (with_bank && payment.is_standing_order())
        .then_some("Your bank is setting up the standing order…")
}
