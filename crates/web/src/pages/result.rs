//! The page of a result: how a payment ended, or that nothing is left for its payer to do.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::payment::{End, Payment, State};
use gateway::App;

use super::session::summary;
use super::summary::Summary;
use super::view::View;
use super::way_back::member_url;
use super::{Page, Says, page, standing_order};
use crate::language::Language;

#[derive(Template)]
#[template(path = "result.html")]
pub(super) struct ResultPage {
    language: Language,
    payment: Summary,
    /// Of the sign at the top: `good`, `bad` or `pending`.
    tone: &'static str,
    title: String,
    text: String,
    /// Why, as the bank says.
    reason: Option<String>,
    back_url: String,
}

impl Page for ResultPage {
    fn view(&self) -> View {
        View::of("result").texts(&self.title, &self.text).link(&self.back_url)
    }
}

impl ResultPage {
    /// A result without a reason of the bank.
    pub(super) fn of(
        language: Language,
        payment: Summary,
        tone: &'static str,
        says: Says,
        back_url: String,
    ) -> ResultPage {
        let (title, text) = (says.title(language), says.text(language));
        ResultPage { language, payment, tone, title, text, reason: None, back_url }
    }
}

/// The page of a payment that has ended.
pub(super) fn ended(app: &App, language: Language, payment: &Payment, end: End) -> Response {
    let (tone, id) = match end {
        End::Completed => ("good", "result-completed"),
        End::Rejected => ("bad", "result-rejected"),
        End::RejectedInsufficientFunds => ("bad", "result-insufficient-funds"),
        End::Declined if payment.cancelled_by_payer_at.is_some() => {
            ("bad", "result-cancelled-by-payer")
        }
        End::Declined => ("bad", "result-declined"),
        End::Failed => ("bad", "result-failed"),
        End::Expired => ("bad", "result-expired"),
        End::NoFinalStatus => ("pending", "result-no-final-status"),
        End::Cancelled => ("bad", "result-cancelled-by-shop"),
    };
    result(app, language, payment, tone, Says(id))
}

/// The page with this text, or with that of a standing order.
pub(super) fn result(
    app: &App,
    language: Language,
    payment: &Payment,
    tone: &'static str,
    says: Says,
) -> Response {
    let says = standing_order::outcome(payment).unwrap_or(says);
    // The page says that these are the bank's words; other ends have ours.
    let by_bank = match &payment.state {
        State::Final { end } => match end {
            End::Rejected | End::RejectedInsufficientFunds => true,
            End::Declined => payment.cancelled_by_payer_at.is_none(),
            End::Failed => payment.error.as_ref().is_some_and(|error| error.from_bank),
            End::Completed | End::Expired | End::NoFinalStatus | End::Cancelled => false,
        },
        _ => false,
    };
    let reason = payment.reason.clone().filter(|_| by_bank);
    let (about, back_url) = (summary(app, language, payment), member_url(app, payment));
    let result = ResultPage::of(language, about, tone, says, back_url);
    page(StatusCode::OK, &ResultPage { reason, ..result })
}

#[cfg(test)]
pub(super) fn samples(language: Language) -> Vec<super::samples::Sample> {
    use super::samples::Sample;
    let back_url = || "/shop".to_owned();
    let mut samples = vec![];
    for says in super::samples::says(&["result-", "standing-order-"]) {
        let result =
            ResultPage::of(language, Summary::sample(language), "pending", says, back_url());
        samples.push(Sample::of("result", says.0, &result));
    }
    let result = ResultPage::of(
        language,
        Summary::sample(language),
        "bad",
        Says("result-rejected"),
        back_url(),
    );
    let result = ResultPage { reason: Some("limit reached".to_owned()), ..result };
    samples.push(Sample::of("result", "with the bank's reason", &result));
    samples
}
