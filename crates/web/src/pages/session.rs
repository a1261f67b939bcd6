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
//! | final | the result and the way back to the shop |

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use banks::profile::BankProfile;
use bytes::Bytes;
use domain::authorisation::Authorisation;
use domain::ids::PaymentId;
use domain::payment::{End, Payment, SentOrder, State as PaymentState};
use gateway::error::NeededField;
use gateway::{App, GatewayError, payments};
use jiff::SignedDuration;

use super::bank_choice::{self, Place};
use super::callback::to_the_shop;
use super::summary::Summary;
use super::token_request::{self, Face};
use super::way_back::member_url;
use super::{VISIT, approval, departure, page, problem, psu_of, stale_visit, standing_order};
use crate::api::query::Query;

/// What a payer reads whose approval is being verified or has just been given.
const FINISHING: &str = "You are back. We are finishing the payment with your bank…";
/// How long a payer waits for the bank's last word before "sent" is shown instead.
const WAIT_FOR_FINAL: SignedDuration = SignedDuration::from_secs(12);

/// The path's payment id; one that is not UTF-8 is not found like any other unknown one.
pub(super) type PaymentInPath = Result<Path<String>, PathRejection>;

#[derive(Template)]
#[template(path = "to_bank.html")]
struct ToBank {
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
    payment: Summary,
    text: &'static str,
    /// Where the page goes on.
    next: String,
    /// After how many seconds.
    seconds: u32,
}

#[derive(Template)]
#[template(path = "result.html")]
pub(super) struct ResultPage {
    pub(super) payment: Summary,
    pub(super) tone: &'static str,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) reason: Option<String>,
    pub(super) back_url: String,
}

/// `GET /session/{paymentId}`.
pub async fn show(State(app): State<Arc<App>>, id: PaymentInPath, uri: Uri) -> Response {
    if let Some(id) = token_request::id_in(&id) {
        return token_request::show_at(&app, &id, Face::Session, uri.query()).await;
    }
    match load(&app, id).await {
        Ok(payment) => stage_page(&app, &payment, uri.query(), None),
        Err(response) => response,
    }
}

/// `POST /session/{paymentId}` with `bank-id`, the payer's choice, or `decision=decline`.
pub async fn choose(
    State(app): State<Arc<App>>,
    id: PaymentInPath,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(id) = token_request::id_in(&id) {
        return token_request::choose_at(&app, &id, Face::Session, &headers, &body).await;
    }
    let payment = match load(&app, id).await {
        Ok(payment) => payment,
        Err(response) => return response,
    };
    let form = Query::read(std::str::from_utf8(&body).ok()).unwrap_or_default();
    if let Some(stale) = stale_visit(&app, payment.id.as_str(), here(&payment.id), form.text(VISIT))
    {
        return stale;
    }
    if form.text("decision") == Some("decline") {
        return match payments::cancel_on_page(&app, &payment.id).await {
            Ok(_) => Redirect::to(&format!("{}?left=1", here(&payment.id))).into_response(),
            // Too late: the page says how the payment goes on.
            Err(GatewayError::Refused(_)) => Redirect::to(&here(&payment.id)).into_response(),
            Err(error) => unavailable(&error),
        };
    }
    let Some(bank_id) = form.text("bank-id") else {
        let message = "Please choose your bank.".to_owned();
        return stage_page(&app, &payment, None, Some(message));
    };
    let psu = psu_of(&headers);
    let account = match form.text("account").map(approval::payer_account) {
        None => None,
        Some(Some(account)) => Some(account),
        Some(None) => return approval::ask_account(&app, &payment, bank_id, true),
    };
    match payments::choose_bank(&app, &payment.id, bank_id, account, psu).await {
        Ok(payment) => {
            let leave = payment.state.redirect_url().is_some();
            let target = format!("/session/{}{}", payment.id, if leave { "/leave" } else { "" });
            Redirect::to(&target).into_response()
        }
        Err(GatewayError::Refused(_)) => Redirect::to(&here(&payment.id)).into_response(),
        Err(GatewayError::FieldNeeded { field: NeededField::DebtorAccount, .. }) => {
            approval::ask_account(&app, &payment, bank_id, false)
        }
        Err(error) => match bank_choice::why_not(&error) {
            Some(why) => stage_page(&app, &payment, None, Some(why.to_owned())),
            None => unavailable(&error),
        },
    }
}

/// `GET /session/{paymentId}/leave`: the payer is on the way to the bank, for the first time or, at a
/// bank with several visits, again. The waiting page goes on here.
pub async fn leave(State(app): State<Arc<App>>, id: PaymentInPath) -> Response {
    match load(&app, id).await {
        Ok(payment) => match payment.state.redirect_url() {
            Some(_) => to_bank(&app, &payment, true),
            None => Redirect::to(&here(&payment.id)).into_response(),
        },
        Err(response) => response,
    }
}

/// The page of a link that leads nowhere.
pub(super) fn not_found() -> Response {
    problem(
        StatusCode::NOT_FOUND,
        "This payment does not exist",
        "The link is incomplete or too old. Please go back to the shop and start again.",
    )
}

pub(super) async fn load(app: &Arc<App>, id: PaymentInPath) -> Result<Payment, Response> {
    let Path(id) = id.map_err(|_| not_found())?;
    let id: PaymentId = id.parse().map_err(|_| not_found())?;
    payments::open_by_link(app, &id).await.map_err(|error| match error {
        GatewayError::PaymentNotFound => not_found(),
        error => unavailable(&error),
    })
}

pub(super) fn unavailable(error: &GatewayError) -> Response {
    tracing::error!(%error, "a hosted page cannot be shown");
    problem(
        StatusCode::SERVICE_UNAVAILABLE,
        "Please try again in a moment",
        "The payment cannot be shown now. Reload this page to go on, and do not pay again before you \
         have seen it.",
    )
}

pub(super) fn stage_page(
    app: &App,
    payment: &Payment,
    query: Option<&str>,
    message: Option<String>,
) -> Response {
    let query = Query::read(query).unwrap_or_default();
    match &payment.state {
        PaymentState::AwaitingBankChoice => choice(app, payment, &query, message),
        PaymentState::Approving(authorisation) => {
            approving(app, payment, authorisation, &query, message)
        }
        PaymentState::AwaitingRedemption { .. } => result(
            app,
            payment,
            "pending",
            "Payment approved",
            "Your bank has your approval. The payment is made when the shop asks for it.",
        ),
        PaymentState::Ordered(order) => match order.sent() {
            Some(order) => ordered(app, payment, order),
            None => waiting(app, payment, FINISHING),
        },
        PaymentState::Final { .. }
            if payment.cancelled_by_payer_at.is_some() && query.text("left").is_some() =>
        {
            to_the_shop(&member_url(app, payment))
        }
        PaymentState::Final { end } => ended(app, payment, *end),
    }
}

/// The page of a payment that the payer approves.
fn approving(
    app: &App,
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
            picker(app, payment, query, message)
        }
        Authorisation::AwaitingRedirect { .. } => to_bank(app, payment, false),
        Authorisation::AwaitingCredentials { challenge, .. } => {
            approval::questions(app, payment, challenge, message)
        }
        Authorisation::AwaitingDecoupled { message, .. } => {
            approval::decoupled(app, payment, message.as_deref())
        }
        Authorisation::Opening { .. } => waiting(app, payment, "We are asking your bank…"),
        Authorisation::OpeningUncertain { .. } => result(
            app,
            payment,
            "pending",
            "Your bank has not confirmed the payment",
            "Your bank may have the payment. Please do not pay again before you have looked at your account.",
        ),
        Authorisation::VerifyingCredentials { .. } => {
            waiting(app, payment, "Your bank is checking your answers…")
        }
        Authorisation::VerifyingReturn { .. } => waiting(app, payment, FINISHING),
    }
}

/// The bank has the order, or may have it: a wait for its last word, for a while.
fn ordered(app: &App, payment: &Payment, order: &SentOrder) -> Response {
    if let Some(text) = scheduled(app, payment) {
        return result(app, payment, "pending", "Payment scheduled", text);
    }
    let waited_for = app.now().duration_since(order.sent_at);
    if waited_for < WAIT_FOR_FINAL {
        waiting(app, payment, "Your bank is making the payment…")
    } else {
        result(
            app,
            payment,
            "pending",
            "Payment sent",
            "Your bank has not confirmed the payment yet. Please do not pay again.",
        )
    }
}

/// What a payer is told whose bank has an order for a later day.
fn scheduled(app: &App, payment: &Payment) -> Option<&'static str> {
    let bank = payment.bank_id.as_deref().and_then(|id| app.directory().get(id))?;
    let execution = payment.execution?;
    if execution.day? <= bank.local_time(app.now()).date() {
        return None;
    }
    Some(match execution.converted {
        true => {
            "Your bank has taken the payment and makes it on its next working day. Please do not pay again."
        }
        false => {
            "Your bank has taken the payment and makes it on the day that was agreed. Please do not pay again."
        }
    })
}

fn ended(app: &App, payment: &Payment, end: End) -> Response {
    match end {
        End::Completed => result(
            app,
            payment,
            "good",
            "Payment successful",
            "Your bank has accepted the payment.",
        ),
        End::Rejected => result(
            app,
            payment,
            "bad",
            "Payment rejected",
            "Your bank did not accept the payment. Nothing was paid.",
        ),
        End::RejectedInsufficientFunds => result(
            app,
            payment,
            "bad",
            "Not enough money in the account",
            "Your bank did not accept the payment because the account does not hold enough. Nothing was paid.",
        ),
        End::Declined if payment.cancelled_by_payer_at.is_some() => result(
            app,
            payment,
            "bad",
            "Payment cancelled",
            "You have cancelled the payment. Nothing was paid; you can start again in the shop.",
        ),
        End::Declined => result(
            app,
            payment,
            "bad",
            "Payment declined",
            "The payment was declined at your bank. Nothing was paid.",
        ),
        End::Failed => result(
            app,
            payment,
            "bad",
            "Payment failed",
            "The payment could not be made. Nothing was paid; you can try again in the shop.",
        ),
        End::Expired => result(
            app,
            payment,
            "bad",
            "Payment expired",
            "The payment was not approved in time. Nothing was paid; you can try again in the shop.",
        ),
        End::NoFinalStatus => result(
            app,
            payment,
            "pending",
            "Payment not confirmed",
            "Your bank never confirmed the payment. Please look at your account before you pay again.",
        ),
        End::Cancelled => result(
            app,
            payment,
            "bad",
            "Payment cancelled",
            "The shop has cancelled the payment. Nothing was paid.",
        ),
    }
}

/// The bank picker, or one button where the member chose the bank.
fn choice(app: &App, payment: &Payment, query: &Query, message: Option<String>) -> Response {
    let chosen = payment.bank_id.as_deref().and_then(|id| app.directory().get(id));
    match chosen {
        Some(bank) if query.text("change").is_none() => {
            let can_change = payment.initiation.bank_id.is_none();
            bank_choice::confirm(app, place(app, payment, message), bank, can_change)
        }
        _ => picker(app, payment, query, message),
    }
}

fn picker(app: &App, payment: &Payment, query: &Query, message: Option<String>) -> Response {
    let offers = |bank: &BankProfile| payments::could_take(app, bank, payment);
    bank_choice::picker(app, place(app, payment, message), offers, query)
}

fn place(app: &App, payment: &Payment, message: Option<String>) -> Place {
    Place { payment: summary(app, payment), back_url: member_url(app, payment), message }
}

fn to_bank(app: &App, payment: &Payment, immediately: bool) -> Response {
    let Some(redirect_url) = payment.state.redirect_url() else {
        return waiting(app, payment, "We are asking your bank…");
    };
    let to_bank = ToBank {
        payment: summary(app, payment),
        bank: bank_name(app, payment),
        redirect_url: redirect_url.to_owned(),
        immediately,
        can_change: approval::can_change_bank(payment),
        back_url: member_url(app, payment),
    };
    departure::noted(app, &payment.id, page(StatusCode::OK, &to_bank))
}

/// The name that the payer knows.
pub(super) fn bank_name(app: &App, payment: &Payment) -> String {
    let bank = payment.bank_id.as_deref().and_then(|id| app.directory().get(id));
    bank.map_or_else(|| "your bank".to_owned(), |bank| bank.name.clone())
}

pub(super) fn waiting(app: &App, payment: &Payment, text: &'static str) -> Response {
    let text = standing_order::meanwhile(payment).unwrap_or(text);
    let payment = summary(app, payment);
    let next = format!("{}/leave", payment.path);
    waiting_at(payment, text, next, 1)
}

/// A page that goes on by itself.
pub(super) fn waiting_at(
    payment: Summary,
    text: &'static str,
    next: String,
    seconds: u32,
) -> Response {
    page(StatusCode::OK, &Waiting { payment, text, next, seconds })
}

fn result(
    app: &App,
    payment: &Payment,
    tone: &'static str,
    title: &'static str,
    text: &'static str,
) -> Response {
    let (title, text) = standing_order::outcome(payment).unwrap_or((title, text));
    // The page says that these are the bank's words; other ends have ours.
    let by_bank = match &payment.state {
        PaymentState::Final { end } => match end {
            End::Rejected | End::RejectedInsufficientFunds => true,
            End::Declined => payment.cancelled_by_payer_at.is_none(),
            End::Failed => payment.error.as_ref().is_some_and(|error| error.from_bank),
            End::Completed | End::Expired | End::NoFinalStatus | End::Cancelled => false,
        },
        _ => false,
    };
    let reason = payment.reason.clone().filter(|_| by_bank);
    let back_url = member_url(app, payment);
    let page_of_result =
        ResultPage { payment: summary(app, payment), tone, title, text, reason, back_url };
    page(StatusCode::OK, &page_of_result)
}

/// The address of the payment's page.
pub(super) fn here(id: &PaymentId) -> String {
    format!("/session/{id}")
}

pub(super) fn summary(app: &App, payment: &Payment) -> Summary {
    let visit = app.visit_token(payment.id.as_str());
    let can_cancel = matches!(payment.cancel_by_payer(app.now()), Ok(Some(_)));
    Summary::of(&payment.initiation, payment.execution, here(&payment.id), visit)
        .cancellable(can_cancel)
}
