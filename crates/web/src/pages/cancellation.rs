//! The payer's pages while the bank is asked to cancel a payment or a standing order, and after it
//! has refused.

use axum::http::StatusCode;
use axum::response::Response;
use domain::payment::{CancellationState, CancelledBy, Payment, State};
use gateway::App;

use super::result::ResultPage;
use super::session::{approving, summary};
use super::way_back::member_url;
use super::{Says, page};
use crate::api::query::Query;
use crate::language::Language;

/// The page about the cancellation; `None` where the payment's own page is the one to show.
pub(super) fn page_of(
    app: &App,
    language: Language,
    payment: &Payment,
    query: &Query,
    message: Option<String>,
) -> Option<Response> {
    let known = payment.cancellation.as_ref()?;
    let says = match &known.state {
        CancellationState::Approving { authorisation } => {
            return Some(approving(app, language, payment, authorisation, query, message));
        }
        CancellationState::Sending { .. } | CancellationState::Uncertain => under_way(payment),
        CancellationState::Refused { .. }
            if matches!(payment.state, State::Ordered(_))
                && known.wanted_by == CancelledBy::Member =>
        {
            refused(payment)
        }
        CancellationState::Refused { .. } | CancellationState::Done => return None,
    };
    let (about, back_url) = (summary(app, language, payment), member_url(app, payment));
    Some(page(StatusCode::OK, &ResultPage::of(language, about, "pending", says, back_url)))
}

fn under_way(payment: &Payment) -> Says {
    Says(match payment.is_standing_order() {
        true => "standing-order-being-cancelled",
        false => "result-being-cancelled",
    })
}

fn refused(payment: &Payment) -> Says {
    Says(match payment.is_standing_order() {
        true => "standing-order-not-cancelled",
        false => "result-not-cancelled",
    })
}

/// The message that the payer reads while the bank checks the approval of a cancellation; `None`
/// otherwise.
pub(super) fn meanwhile(payment: &Payment) -> Option<&'static str> {
    payment.is_cancelling().then_some("waiting-cancellation")
}
