//! How a standing order ends, in words that say that it is no single payment.

use domain::payment::{End, OrderState, Payment, State};

use super::Says;

/// The text of the page after the end of a standing order, or after its last step; `None` for
/// a single payment.
pub(super) fn outcome(payment: &Payment) -> Option<Says> {
    if !payment.is_standing_order() {
        return None;
    }
    let end = match &payment.state {
        State::Final { end } => *end,
        State::AwaitingRedemption { .. } => {
            return Some(Says("standing-order-approved"));
        }
        State::Ordered(OrderState::SetUp { .. }) => End::Completed,
        State::AwaitingBankChoice | State::Approving(_) | State::Ordered(_) => {
            return Some(Says("standing-order-sent"));
        }
    };
    Some(ended(payment, end))
}

/// The same of a standing order that has ended.
fn ended(payment: &Payment, end: End) -> Says {
    Says(match end {
        End::Completed => "standing-order-completed",
        End::Rejected => "standing-order-rejected",
        End::RejectedInsufficientFunds => "standing-order-insufficient-funds",
        End::Declined if payment.cancelled_by_payer_at.is_some() => {
            "standing-order-cancelled-by-payer"
        }
        End::Declined => "standing-order-declined",
        End::Failed => "standing-order-failed",
        End::Expired => "standing-order-expired",
        End::NoFinalStatus => "standing-order-no-final-status",
        End::Cancelled => "standing-order-cancelled-by-shop",
    })
}

/// The message that the payer of a standing order reads while the bank has it; `None` otherwise.
pub(super) fn meanwhile(payment: &Payment) -> Option<&'static str> {
    let with_bank = match &payment.state {
        State::Ordered(order) => order.sent().is_some(),
        _ => false,
    };
    (with_bank && payment.is_standing_order()).then_some("waiting-standing-order")
}
