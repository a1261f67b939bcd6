//! `/session/{paymentId}`: one address for the payer, whatever comes next. A token request that is
//! not a payment yet has it, too (`token_request`).
//!
//! | stage | page |
//! |---|---|
//! | awaiting bank choice | bank picker, or one button where the member chose the bank |
//! | opening | waiting |
//! | awaiting redirect | the way to the bank, or to another one |
//! | awaiting credentials | the bank's questions (`approval`) |
//! | awaiting decoupled | "confirm in your bank's app" (`approval`) |
//! | verifying … processing | waiting, for a while; then "sent" |
//! | final, or a standing order that is set up | the result and the way back to the shop |
//! | any, while the bank is asked to cancel | the approval of that, or its state (`cancellation`) |

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use banks::profile::BankProfile;
use bytes::Bytes;
use domain::authorisation::Authorisation;
use domain::field::{Field, PartyField};
use domain::ids::PaymentId;
use domain::payment::{End, OrderState, Payment, SentOrder, State as PaymentState};
use gateway::{App, GatewayError, payments};
use jiff::SignedDuration;

use super::bank_choice::{self, Place};
use super::browser::Browser;
use super::callback::to_the_shop;
use super::result::{ended, result};
use super::summary::Summary;
use super::token_request::{self, Face};
use super::view::View;
use super::way_back::member_url;
use super::{
    Page, Says, VISIT, approval, cancellation, departure, page, problem, stale_visit,
    standing_order,
};
use crate::api::query::Query;
use crate::language::Language;

/// How long a payer waits for the bank's final status before "sent" is shown instead.
const WAIT_FOR_FINAL: SignedDuration = SignedDuration::from_secs(12);

/// The path's payment id; one that is not UTF-8 is not found like any other unknown one.
pub(super) type PaymentInPath = Result<Path<String>, PathRejection>;

#[derive(Template)]
#[template(path = "to_bank.html")]
struct ToBank {
    language: Language,
    payment: Summary,
    bank: String,
    redirect_url: String,
    immediately: bool,
    can_change: bool,
    back_url: String,
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct Waiting {
    language: Language,
    payment: Summary,
    text: String,
    /// Where the page continues.
    next: String,
    /// After how many seconds.
    seconds: u32,
}

impl Page for ToBank {
    fn view(&self) -> View {
        let view = View::of("to_bank").link(&self.redirect_url);
        let view = if self.immediately { view.onward(&self.redirect_url, true) } else { view };
        view.way_out(&self.payment, &self.back_url)
    }
}

impl Page for Waiting {
    fn view(&self) -> View {
        View::of("waiting").onward(&self.next, false)
    }
}

/// `GET /session/{paymentId}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    language: Language,
    id: PaymentInPath,
    uri: Uri,
) -> Response {
    if let Some(id) = token_request::id_in(&id) {
        return token_request::show_at(&app, language, &id, Face::Session, uri.query()).await;
    }
    match load(&app, language, id).await {
        Ok(payment) => stage_page(&app, language, &payment, uri.query(), None),
        Err(response) => response,
    }
}

/// `POST /session/{paymentId}` with `bank-id`, the payer's choice, or `decision=decline`.
pub(crate) async fn choose(
    State(app): State<Arc<App>>,
    language: Language,
    id: PaymentInPath,
    browser: Browser,
    body: Bytes,
) -> Response {
    if let Some(id) = token_request::id_in(&id) {
        let form = (browser, body.as_ref());
        return token_request::choose_at(&app, language, &id, Face::Session, form).await;
    }
    let payment = match load(&app, language, id).await {
        Ok(payment) => payment,
        Err(response) => return response,
    };
    let form = Query::read(std::str::from_utf8(&body).ok()).unwrap_or_default();
    let (path, visit) = (here(&payment.id), form.text(VISIT));
    if let Some(stale) = stale_visit(&app, language, payment.id.as_str(), path, visit) {
        return stale;
    }
    if form.text("decision") == Some("decline") {
        return match payments::cancel_on_page(&app, &payment.id).await {
            Ok(_) => Redirect::to(&format!("{}?left=1", here(&payment.id))).into_response(),
            // Too late: the page says how the payment continues.
            Err(GatewayError::Refused(_)) => Redirect::to(&here(&payment.id)).into_response(),
            Err(error) => unavailable(language, &error),
        };
    }
    let Some(bank_id) = form.text("bank-id") else {
        let message = language.text("pick-bank-missing");
        return stage_page(&app, language, &payment, None, Some(message));
    };
    let Browser(psu) = browser;
    let account = match form.text("account").map(approval::payer_account) {
        None => None,
        Some(Some(account)) => Some(account),
        Some(None) => return approval::ask_account(&app, language, &payment, bank_id, true),
    };
    match payments::choose_bank(&app, &payment.id, bank_id, account, psu).await {
        Ok(payment) => {
            let leave = payment.redirect_url().is_some();
            let target = format!("/session/{}{}", payment.id, if leave { "/leave" } else { "" });
            Redirect::to(&target).into_response()
        }
        Err(GatewayError::Refused(_)) => Redirect::to(&here(&payment.id)).into_response(),
        Err(GatewayError::FieldNeeded { field: Field::Debtor(PartyField::Account), .. }) => {
            approval::ask_account(&app, language, &payment, bank_id, false)
        }
        Err(error) => match bank_choice::why_not(language, &error) {
            Some(why) => stage_page(&app, language, &payment, None, Some(why)),
            None => unavailable(language, &error),
        },
    }
}

/// `GET /session/{paymentId}/leave`: the payer is on the way to the bank, for the first time or, at a
/// bank with several visits, again. The waiting page continues here.
pub(crate) async fn leave(
    State(app): State<Arc<App>>,
    language: Language,
    id: PaymentInPath,
) -> Response {
    match load(&app, language, id).await {
        Ok(payment) => match payment.redirect_url() {
            Some(_) => to_bank(&app, language, &payment, true),
            None => Redirect::to(&here(&payment.id)).into_response(),
        },
        Err(response) => response,
    }
}

/// The page of a link that leads nowhere.
pub(super) fn not_found(language: Language) -> Response {
    problem(language, StatusCode::NOT_FOUND, Says("problem-not-found"))
}

pub(super) async fn load(
    app: &Arc<App>,
    language: Language,
    id: PaymentInPath,
) -> Result<Payment, Response> {
    let Path(id) = id.map_err(|_| not_found(language))?;
    let id: PaymentId = id.parse().map_err(|_| not_found(language))?;
    payments::open_by_link(app, &id).await.map_err(|error| match error {
        GatewayError::PaymentNotFound => not_found(language),
        error => unavailable(language, &error),
    })
}

pub(super) fn unavailable(language: Language, error: &GatewayError) -> Response {
    tracing::error!(%error, "a hosted page cannot be shown");
    problem(language, StatusCode::SERVICE_UNAVAILABLE, Says("problem-unavailable"))
}

pub(super) fn stage_page(
    app: &App,
    language: Language,
    payment: &Payment,
    query: Option<&str>,
    message: Option<String>,
) -> Response {
    let query = Query::read(query).unwrap_or_default();
    if let Some(page) = cancellation::page_of(app, language, payment, &query, message.clone()) {
        return page;
    }
    match &payment.state {
        PaymentState::AwaitingBankChoice => choice(app, language, payment, &query, message),
        PaymentState::Approving(authorisation) => {
            approving(app, language, payment, authorisation, &query, message)
        }
        PaymentState::AwaitingRedemption { .. } => {
            result(app, language, payment, "pending", Says("result-approved"))
        }
        PaymentState::Ordered(OrderState::SetUp { .. }) => {
            ended(app, language, payment, End::Completed)
        }
        PaymentState::Ordered(order) => match order.sent() {
            Some(order) => ordered(app, language, payment, order),
            None => waiting(app, language, payment, "waiting-return"),
        },
        PaymentState::Final { .. }
            if payment.cancelled_by_payer_at.is_some() && query.text("left").is_some() =>
        {
            to_the_shop(language, &member_url(app, payment))
        }
        PaymentState::Final { end } => ended(app, language, payment, *end),
    }
}

/// The page of a payment that the payer approves, or whose cancellation the payer approves.
pub(super) fn approving(
    app: &App,
    language: Language,
    payment: &Payment,
    authorisation: &Authorisation,
    query: &Query,
    message: Option<String>,
) -> Response {
    match authorisation {
        Authorisation::AwaitingRedirect { .. }
        | Authorisation::AwaitingCredentials { .. }
        | Authorisation::AwaitingDecoupled { .. }
            if query.text("change").is_some() && approval::can_change_bank(payment) =>
        {
            picker(app, language, payment, query, message)
        }
        Authorisation::AwaitingRedirect { .. } => to_bank(app, language, payment, false),
        Authorisation::AwaitingCredentials { challenge, .. } => {
            approval::questions(app, language, payment, challenge, message)
        }
        Authorisation::AwaitingDecoupled { message, app_start, .. } => {
            let usable = app_start.as_ref().and_then(|start| start.usable(app.now()));
            approval::decoupled(app, language, payment, message.as_deref(), usable.as_ref())
        }
        Authorisation::Opening { .. } => waiting(app, language, payment, "waiting-opening"),
        Authorisation::OpeningUncertain { .. } => {
            result(app, language, payment, "pending", Says("result-uncertain"))
        }
        Authorisation::VerifyingCredentials { .. } => {
            waiting(app, language, payment, "waiting-credentials")
        }
        Authorisation::VerifyingReturn { .. } => waiting(app, language, payment, "waiting-return"),
    }
}

/// The bank has the order, or may have it: a wait for its final status, for a while.
fn ordered(app: &App, language: Language, payment: &Payment, order: &SentOrder) -> Response {
    if let Some(says) = scheduled(app, payment) {
        return result(app, language, payment, "pending", says);
    }
    let waited_for = app.now().duration_since(order.sent_at);
    if waited_for < WAIT_FOR_FINAL {
        waiting(app, language, payment, "waiting-order")
    } else {
        result(app, language, payment, "pending", Says("result-sent"))
    }
}

/// The text of the page if the bank has an order for a later day.
fn scheduled(app: &App, payment: &Payment) -> Option<Says> {
    let bank = app.bank_of(payment)?;
    let execution = payment.execution?;
    if execution.day? <= bank.local_time(app.now()).date() {
        return None;
    }
    Some(Says(match execution.converted {
        true => "result-next-working-day",
        false => "result-agreed-day",
    }))
}

/// The bank picker, or one button where the member chose the bank.
fn choice(
    app: &App,
    language: Language,
    payment: &Payment,
    query: &Query,
    message: Option<String>,
) -> Response {
    let chosen = payment.bank_id.as_deref().and_then(|id| app.bank(id));
    match chosen {
        Some(bank) if query.text("change").is_none() => {
            let can_change = payment.initiation.visit.bank_id.is_none();
            bank_choice::confirm(app, place(app, language, payment, message), &bank, can_change)
        }
        _ => picker(app, language, payment, query, message),
    }
}

fn picker(
    app: &App,
    language: Language,
    payment: &Payment,
    query: &Query,
    message: Option<String>,
) -> Response {
    let offers = |bank: &BankProfile| payments::could_take(app, bank, payment);
    bank_choice::picker(app, place(app, language, payment, message), offers, query)
}

fn place(app: &App, language: Language, payment: &Payment, message: Option<String>) -> Place {
    let back_url = member_url(app, payment);
    Place { language, payment: summary(app, language, payment), back_url, message }
}

fn to_bank(app: &App, language: Language, payment: &Payment, immediately: bool) -> Response {
    let Some(redirect_url) = payment.redirect_url() else {
        return waiting(app, language, payment, "waiting-opening");
    };
    let to_bank = ToBank {
        language,
        payment: summary(app, language, payment),
        bank: bank_name(app, language, payment),
        redirect_url: redirect_url.to_owned(),
        immediately,
        can_change: approval::can_change_bank(payment),
        back_url: member_url(app, payment),
    };
    departure::noted(app, &payment.id, page(StatusCode::OK, &to_bank))
}

/// The name that the payer knows.
pub(super) fn bank_name(app: &App, language: Language, payment: &Payment) -> String {
    let bank = app.bank_of(payment);
    bank.map_or_else(|| language.text("bank-unnamed"), |bank| bank.name.clone())
}

/// The page of a payment that waits; `id` is the message that says for what.
fn waiting(app: &App, language: Language, payment: &Payment, id: &'static str) -> Response {
    let meanwhile = cancellation::meanwhile(payment).or_else(|| standing_order::meanwhile(payment));
    let id = meanwhile.unwrap_or(id);
    let payment = summary(app, language, payment);
    let next = format!("{}/leave", payment.path);
    waiting_at(language, payment, id, next, 1)
}

/// A page that continues by itself; `id` is the message that names the awaited event.
pub(super) fn waiting_at(
    language: Language,
    payment: Summary,
    id: &'static str,
    next: String,
    seconds: u32,
) -> Response {
    page(StatusCode::OK, &Waiting { language, payment, text: language.text(id), next, seconds })
}

/// The address of the payment's page.
pub(super) fn here(id: &PaymentId) -> String {
    format!("/session/{id}")
}

pub(super) fn summary(app: &App, language: Language, payment: &Payment) -> Summary {
    let visit = app.visit_token(payment.id.as_str());
    let can_cancel = matches!(payment.cancel_by_payer(app.now()), Ok(Some(_)));
    Summary::of(language, &payment.initiation, payment.execution, here(&payment.id), visit)
        .cancellable(can_cancel)
        .cancelling(payment.is_cancelling())
}

#[cfg(test)]
pub(super) fn samples(language: Language) -> Vec<super::samples::Sample> {
    use super::samples::Sample;
    let back_url = || "/shop".to_owned();
    let to_bank = |immediately| ToBank {
        language,
        payment: Summary::sample(language).cancellable(immediately),
        bank: "Ahornbank".to_owned(),
        redirect_url: "/bank".to_owned(),
        immediately,
        can_change: true,
        back_url: back_url(),
    };
    let payment = Summary::sample(language).cancellable(false).cancelling(true);
    let cancels = ToBank { payment, can_change: false, ..to_bank(false) };
    let mut samples = vec![
        Sample::of("to_bank", "at once", &to_bank(true)),
        Sample::of("to_bank", "back without an answer", &to_bank(false)),
        Sample::of("to_bank", "to approve a cancellation", &cancels),
    ];
    for id in [
        "waiting-opening",
        "waiting-credentials",
        "waiting-return",
        "waiting-order",
        "waiting-standing-order",
        "waiting-cancellation",
        "waiting-destinations",
    ] {
        let (payment, text) = (Summary::sample(language), language.text(id));
        let waiting = Waiting { language, payment, text, next: "/next".to_owned(), seconds: 1 };
        samples.push(Sample::of("waiting", id, &waiting));
    }
    samples
}
