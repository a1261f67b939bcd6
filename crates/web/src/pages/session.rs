//! `/session/{paymentId}`: one address for the payer, whatever comes next.
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
use banks::profile::{BankProfile, ScaMethod};
use bytes::Bytes;
use domain::ids::PaymentId;
use domain::payment::{End, Payment, State as PaymentState};
use gateway::error::NeededField;
use gateway::{App, GatewayError, payments};
use jiff::SignedDuration;

use super::approval;
use super::callback::member_url;
use super::standing_order::{self, Rhythm};
use super::{page, problem, psu_of};
use crate::api::query::Query;

/// How long a payer waits for the bank's last word before "sent" is shown instead.
const WAIT_FOR_FINAL: SignedDuration = SignedDuration::from_secs(12);
/// Banks that one page shows; more need a search.
const BANKS_SHOWN_MAX: usize = 60;

/// The path's payment id; one that is not UTF-8 is not found like any other unknown one.
pub(super) type PaymentInPath = Result<Path<String>, PathRejection>;

/// What every page says about the payment.
pub(super) struct Summary {
    pub(super) id: String,
    pub(super) amount: String,
    pub(super) payee: String,
    pub(super) reference: String,
    /// Of a standing order.
    pub(super) rhythm: Option<Rhythm>,
}

struct BankRow {
    id: String,
    name: String,
    initial: String,
    search_text: String,
    available: bool,
}

#[derive(Template)]
#[template(path = "pick_bank.html")]
struct PickBank {
    payment: Summary,
    banks: Vec<BankRow>,
    countries: Vec<(String, bool)>,
    search: String,
    more: bool,
    message: Option<String>,
    back_url: String,
}

#[derive(Template)]
#[template(path = "confirm_bank.html")]
struct ConfirmBank {
    payment: Summary,
    bank: BankRow,
    can_change: bool,
    message: Option<String>,
    /// What comes next at this bank.
    next: &'static str,
    /// Whether the payer types nothing secret on our pages.
    at_the_bank: bool,
    back_url: String,
}

#[derive(Template)]
#[template(path = "to_bank.html")]
struct ToBank {
    payment: Summary,
    bank: String,
    redirect_url: String,
    immediately: bool,
    can_change: bool,
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct Waiting {
    payment: Summary,
    text: &'static str,
}

#[derive(Template)]
#[template(path = "result.html")]
struct ResultPage {
    payment: Summary,
    tone: &'static str,
    title: &'static str,
    text: &'static str,
    reason: Option<String>,
    back_url: String,
}

/// `GET /session/{paymentId}`.
pub async fn show(State(app): State<Arc<App>>, id: PaymentInPath, uri: Uri) -> Response {
    match load(&app, id).await {
        Ok(payment) => stage_page(&app, &payment, uri.query(), None),
        Err(response) => response,
    }
}

/// `POST /session/{paymentId}` with `bank-id`: the payer's choice.
pub async fn choose(
    State(app): State<Arc<App>>,
    id: PaymentInPath,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let payment = match load(&app, id).await {
        Ok(payment) => payment,
        Err(response) => return response,
    };
    let form = Query::read(std::str::from_utf8(&body).ok()).unwrap_or_default();
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
            let leave = matches!(payment.state, PaymentState::AwaitingRedirect { .. });
            let target = format!("/session/{}{}", payment.id, if leave { "/leave" } else { "" });
            Redirect::to(&target).into_response()
        }
        Err(GatewayError::Refused(_)) => {
            Redirect::to(&format!("/session/{}", payment.id)).into_response()
        }
        Err(GatewayError::BankUnknown { .. }) => {
            let message = "That bank is not known here. Please choose another.".to_owned();
            stage_page(&app, &payment, None, Some(message))
        }
        Err(GatewayError::Misfit { .. }) => {
            let message =
                "That bank does not take the payment as the shop wrote it. Please choose another.";
            stage_page(&app, &payment, None, Some(message.to_owned()))
        }
        Err(GatewayError::FeatureNotSupported { .. }) => {
            let message =
                "That bank does not offer this kind of payment. Please choose another.".to_owned();
            stage_page(&app, &payment, None, Some(message))
        }
        Err(GatewayError::FieldNeeded { field: NeededField::DebtorAccount, .. }) => {
            approval::ask_account(&app, &payment, bank_id, false)
        }
        Err(GatewayError::FieldNeeded { .. }) => {
            let message = "That bank needs to know more than the shop told. Please choose another.";
            stage_page(&app, &payment, None, Some(message.to_owned()))
        }
        Err(GatewayError::BankUnavailable { .. }) => {
            let message = "That bank is unavailable at the moment. Please choose another, or try again later.";
            stage_page(&app, &payment, None, Some(message.to_owned()))
        }
        Err(error) => unavailable(&error),
    }
}

/// `GET /session/{paymentId}/leave`: the payer is on the way to the bank, for the first time or, at a
/// bank with several visits, again. The waiting page goes on here.
pub async fn leave(State(app): State<Arc<App>>, id: PaymentInPath) -> Response {
    match load(&app, id).await {
        Ok(payment) => match &payment.state {
            PaymentState::AwaitingRedirect { .. } => to_bank(&app, &payment, true),
            _ => Redirect::to(&format!("/session/{}", payment.id)).into_response(),
        },
        Err(response) => response,
    }
}

pub(super) async fn load(app: &Arc<App>, id: PaymentInPath) -> Result<Payment, Response> {
    let not_found = || {
        problem(
            StatusCode::NOT_FOUND,
            "This payment does not exist",
            "The link is incomplete or too old. Please go back to the shop and start again.",
        )
    };
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
        "The payment cannot be shown now. Nothing was paid meanwhile; reload this page to go on.",
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
        PaymentState::AwaitingRedirect { .. }
            if query.text("change").is_some() && approval::can_change_bank(payment) =>
        {
            picker(app, payment, &query, message)
        }
        PaymentState::AwaitingRedirect { .. } => to_bank(app, payment, false),
        PaymentState::Opening { .. } => waiting(payment, "We are asking your bank…"),
        PaymentState::AwaitingCredentials { .. } | PaymentState::AwaitingDecoupled { .. }
            if query.text("change").is_some() && approval::can_change_bank(payment) =>
        {
            picker(app, payment, &query, message)
        }
        PaymentState::AwaitingCredentials { challenge, .. } => {
            approval::questions(app, payment, challenge, message)
        }
        PaymentState::AwaitingDecoupled { message, .. } => {
            approval::decoupled(app, payment, message.as_deref())
        }
        PaymentState::VerifyingCredentials { .. } => {
            waiting(payment, "Your bank is checking your answers…")
        }
        PaymentState::VerifyingReturn { .. } | PaymentState::Authorised { .. } => {
            waiting(payment, "You are back. We are finishing the payment with your bank…")
        }
        PaymentState::AwaitingRedemption { .. } => result(
            payment,
            "pending",
            "Payment approved",
            "Your bank has your approval. The payment is made when the shop asks for it.",
        ),
        PaymentState::OrderSent { order }
        | PaymentState::Uncertain { order }
        | PaymentState::Processing { order, .. } => {
            if let Some(text) = scheduled(app, payment) {
                return result(payment, "pending", "Payment scheduled", text);
            }
            let waited_for = app.now().duration_since(order.sent_at);
            if waited_for < WAIT_FOR_FINAL {
                waiting(payment, "Your bank is making the payment…")
            } else {
                result(
                    payment,
                    "pending",
                    "Payment sent",
                    "Your bank has not confirmed the payment yet. The shop is told as soon as it does. Please do not pay again.",
                )
            }
        }
        PaymentState::Final { end } => ended(payment, *end),
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

fn ended(payment: &Payment, end: End) -> Response {
    match end {
        End::Completed => {
            result(payment, "good", "Payment successful", "Your bank has accepted the payment.")
        }
        End::Rejected => result(
            payment,
            "bad",
            "Payment rejected",
            "Your bank did not accept the payment. Nothing was paid.",
        ),
        End::RejectedInsufficientFunds => result(
            payment,
            "bad",
            "Not enough money in the account",
            "Your bank did not accept the payment because the account does not hold enough. Nothing was paid.",
        ),
        End::Declined => result(
            payment,
            "bad",
            "Payment declined",
            "The payment was declined at your bank. Nothing was paid.",
        ),
        End::Failed => result(
            payment,
            "bad",
            "Payment failed",
            "The payment could not be made. Nothing was paid; you can try again in the shop.",
        ),
        End::Expired => result(
            payment,
            "bad",
            "Payment expired",
            "The payment was not approved in time. Nothing was paid; you can try again in the shop.",
        ),
        End::NoFinalStatus => result(
            payment,
            "pending",
            "Payment not confirmed",
            "Your bank never confirmed the payment. Please look at your account before you pay again.",
        ),
        End::Cancelled => result(
            payment,
            "bad",
            "Payment cancelled",
            "The shop has cancelled the payment. Nothing was paid.",
        ),
    }
}

fn choice(app: &App, payment: &Payment, query: &Query, message: Option<String>) -> Response {
    let chosen = payment.bank_id.as_deref().and_then(|id| app.directory().get(id));
    match chosen {
        Some(bank) if query.text("change").is_none() => {
            let confirm = ConfirmBank {
                payment: summary(payment),
                bank: row(app, bank),
                can_change: payment.initiation.bank_id.is_none(),
                message,
                next: what_comes_next(bank),
                at_the_bank: approves_at_the_bank(bank),
                back_url: member_url(payment),
            };
            page(StatusCode::OK, &confirm)
        }
        _ => picker(app, payment, query, message),
    }
}

/// Whether the payer signs in at the bank, and not on our pages.
fn approves_at_the_bank(bank: &BankProfile) -> bool {
    bank.sca_methods
        .iter()
        .all(|method| matches!(method, ScaMethod::Redirect | ScaMethod::MultiRedirect))
}

/// What the payer will do, in a sentence.
fn what_comes_next(bank: &BankProfile) -> &'static str {
    match bank.sca_methods.first() {
        Some(ScaMethod::Decoupled) => {
            "Next, you confirm the payment in your bank's app, on your phone."
        }
        Some(ScaMethod::EmbeddedSingleStep | ScaMethod::EmbeddedMultiStep) => {
            "Next, your bank asks you some questions on this page, to be sure that it is you."
        }
        Some(ScaMethod::Redirect | ScaMethod::MultiRedirect) | None => {
            "Next, you sign in at your bank and approve the payment there."
        }
    }
}

fn picker(app: &App, payment: &Payment, query: &Query, message: Option<String>) -> Response {
    let search = query.text("search").unwrap_or("").to_lowercase();
    let country = query.text("country").unwrap_or("").to_uppercase();
    let offers = |bank: &&BankProfile| payments::could_take(app, bank, payment);
    let able: Vec<&BankProfile> = app.directory().iter().filter(offers).collect();
    let mut countries: Vec<String> =
        able.iter().flat_map(|bank| bank.countries.iter().cloned()).collect();
    countries.sort();
    countries.dedup();
    let mut found: Vec<BankRow> = able
        .into_iter()
        .filter(|bank| country.is_empty() || bank.countries.contains(&country))
        .map(|bank| row(app, bank))
        .filter(|row| search.is_empty() || row.search_text.contains(&search))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let more = found.len() > BANKS_SHOWN_MAX;
    found.truncate(BANKS_SHOWN_MAX);
    let pick = PickBank {
        payment: summary(payment),
        banks: found,
        countries: countries.into_iter().map(|c| (c.clone(), c == country)).collect(),
        search,
        more,
        message,
        back_url: member_url(payment),
    };
    page(StatusCode::OK, &pick)
}

fn to_bank(app: &App, payment: &Payment, immediately: bool) -> Response {
    let PaymentState::AwaitingRedirect { redirect_url, .. } = &payment.state else {
        return waiting(payment, "We are asking your bank…");
    };
    let to_bank = ToBank {
        payment: summary(payment),
        bank: bank_name(app, payment),
        redirect_url: redirect_url.clone(),
        immediately,
        can_change: approval::can_change_bank(payment),
    };
    page(StatusCode::OK, &to_bank)
}

/// The name that the payer knows.
pub(super) fn bank_name(app: &App, payment: &Payment) -> String {
    let bank = payment.bank_id.as_deref().and_then(|id| app.directory().get(id));
    bank.map_or_else(|| "your bank".to_owned(), |bank| bank.name.clone())
}

pub(super) fn waiting(payment: &Payment, text: &'static str) -> Response {
    let text = standing_order::meanwhile(payment).unwrap_or(text);
    page(StatusCode::OK, &Waiting { payment: summary(payment), text })
}

fn result(
    payment: &Payment,
    tone: &'static str,
    title: &'static str,
    text: &'static str,
) -> Response {
    let (title, text) = standing_order::outcome(payment).unwrap_or((title, text));
    // The page says that these are the bank's words; other ends have ours.
    let by_bank = match &payment.state {
        PaymentState::Final { end } => match end {
            End::Rejected | End::RejectedInsufficientFunds | End::Declined => true,
            End::Failed => payment.error.as_ref().is_some_and(|error| error.from_bank),
            End::Completed | End::Expired | End::NoFinalStatus | End::Cancelled => false,
        },
        _ => false,
    };
    let reason = payment.reason.clone().filter(|_| by_bank);
    let back_url = member_url(payment);
    let page_of_result =
        ResultPage { payment: summary(payment), tone, title, text, reason, back_url };
    page(StatusCode::OK, &page_of_result)
}

pub(super) fn summary(payment: &Payment) -> Summary {
    Summary {
        id: payment.id.to_string(),
        amount: money(payment),
        payee: payment.initiation.creditor.name.clone().unwrap_or_default(),
        reference: payment.initiation.remittance_primary.clone(),
        rhythm: standing_order::rhythm(payment),
    }
}

/// `£10.23`, or `10.23 SEK` where the currency has no sign that everybody reads.
fn money(payment: &Payment) -> String {
    let amount = &payment.initiation.amount;
    match amount.currency().code() {
        "GBP" => format!("£{}", amount.value_in_minor_digits()),
        "EUR" => format!("€{}", amount.value_in_minor_digits()),
        _ => amount.to_string(),
    }
}

fn row(app: &App, bank: &BankProfile) -> BankRow {
    BankRow {
        id: bank.id.clone(),
        name: bank.name.clone(),
        initial: bank.name.chars().next().unwrap_or('?').to_string(),
        available: app.takes_payments(bank),
        search_text: format!("{} {} {}", bank.name, bank.id, bank.bic).to_lowercase(),
    }
}
