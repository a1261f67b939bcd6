//! A token request in the payer's browser, until it is a payment (reference, section 6.2):
//! `/app/request-token/{tokenRequestId}`, the hosted pages v1, and `/session/{tokenRequestId}`, v2.
//!
//! | token request | v1 | v2 |
//! |---|---|---|
//! | no bank chosen | bank picker | the same |
//! | bank chosen, the member must still send the payee | waiting, for a while | the same |
//! | bank chosen | the payment, with Accept and Decline | one button |
//! | declined, expired | a page that says so, and the way back to the shop | the same |
//! | a payment | that payment's pages (`session`) | the same |
//!
//! In v1 the chosen bank is in the address, so that going back and reloading change nothing; Accept
//! makes the payment. In v2 choosing the bank does.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use banks::profile::BankProfile;
use bytes::Bytes;
use domain::field::{Field, PartyField};
use domain::ids::TokenRequestId;
use domain::payment::Payment;
use domain::token_request::{Destinations, TokenRequest};
use gateway::token_requests::{self, Choice};
use gateway::{App, GatewayError};
use url::form_urlencoded::byte_serialize;

use super::bank_choice::{self, BankRow, Place};
use super::browser::Browser;
use super::callback::to_the_shop;
use super::result::ResultPage;
use super::session::{PaymentInPath, not_found, unavailable, waiting_at};
use super::summary::Summary;
use super::view::{Form, View};
use super::{Page, Says, VISIT, approval, page, problem_with_ways, stale_visit, way_back};
use crate::api::query::Query;
use crate::api::v1::token_requests::payees;
use crate::language::Language;

/// How often the page checks for the member's destinations, in seconds.
const LOOKS_EVERY: u32 = 2;

/// The two kinds of pages under which a token request is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// v1: the payer accepts or declines on a page of its own.
    RequestToken,
    /// v2: choosing the bank is the consent.
    Session,
}

impl Face {
    fn path(self, id: &TokenRequestId) -> String {
        match self {
            Face::RequestToken => format!("/app/request-token/{id}"),
            Face::Session => format!("/session/{id}"),
        }
    }
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent {
    language: Language,
    payment: Summary,
    bank: BankRow,
    can_change: bool,
    refund_account: bool,
    message: Option<String>,
    next: String,
    at_the_bank: bool,
}

impl Page for Consent {
    fn view(&self) -> View {
        let form = Form::at(self.payment.path.clone(), &self.payment);
        let form = form.fixed("bank-id", &self.bank.id);
        let form = if self.bank.available { form.button("decision", "accept") } else { form };
        View::of("consent").form(form.button("decision", "decline"))
    }
}

/// The token request that a path names.
pub(super) fn id_in(path: &PaymentInPath) -> Option<TokenRequestId> {
    path.as_ref().ok().and_then(|Path(id)| id.parse().ok())
}

/// `GET /app/request-token/{tokenRequestId}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    language: Language,
    id: PaymentInPath,
    uri: Uri,
) -> Response {
    match id_in(&id) {
        Some(id) => show_at(&app, language, &id, Face::RequestToken, uri.query()).await,
        None => not_found(language),
    }
}

/// `POST /app/request-token/{tokenRequestId}` with `bank-id` and `decision`.
pub(crate) async fn choose(
    State(app): State<Arc<App>>,
    language: Language,
    id: PaymentInPath,
    browser: Browser,
    body: Bytes,
) -> Response {
    match id_in(&id) {
        Some(id) => choose_at(&app, language, &id, Face::RequestToken, (browser, &body)).await,
        None => not_found(language),
    }
}

/// The page that comes next.
pub(super) async fn show_at(
    app: &Arc<App>,
    language: Language,
    id: &TokenRequestId,
    face: Face,
    query: Option<&str>,
) -> Response {
    let query = Query::read(query).unwrap_or_default();
    match token_requests::arrive(app, id).await {
        Ok(request) => next_page(app, language, &request, face, &query, None).await,
        Err(error) => failed(language, &error),
    }
}

/// The answer to the payer's form: the browser and the form.
pub(super) async fn choose_at(
    app: &Arc<App>,
    language: Language,
    id: &TokenRequestId,
    face: Face,
    (Browser(psu), body): (Browser, &[u8]),
) -> Response {
    let request = match token_requests::arrive(app, id).await {
        Ok(request) => request,
        Err(error) => return failed(language, &error),
    };
    let form = Query::read(std::str::from_utf8(body).ok()).unwrap_or_default();
    let (path, visit) = (face.path(id), form.text(VISIT));
    if let Some(stale) = stale_visit(app, language, id.as_str(), path, visit) {
        return stale;
    }
    let decision = form.text("decision");
    if decision == Some("decline") {
        return match token_requests::decline(app, id).await {
            Ok(_) => see(&format!("{}?left=1", face.path(id))),
            Err(GatewayError::Refused(_)) => see(&face.path(id)),
            Err(error) => failed(language, &error),
        };
    }
    let own = request.initiation.visit.bank_id.as_deref();
    let Some(bank_id) = own.or_else(|| form.text("bank-id")) else {
        let message = language.text("pick-bank-missing");
        return next_page(app, language, &request, face, &Query::default(), Some(message)).await;
    };
    let accepted = decision == Some("accept");
    let told = request.destinations_for(bank_id, app.now()) == Destinations::Known;
    if !told || (face == Face::RequestToken && !accepted) {
        return see(&with_bank(&face.path(id), bank_id));
    }
    let payer_account = match form.text("account").map(approval::payer_account) {
        None => None,
        Some(Some(account)) => Some(account),
        Some(None) => return ask_account(app, language, &request, face, bank_id, true),
    };
    let choice = Choice {
        bank_id: bank_id.to_owned(),
        payer_account,
        accepted: face == Face::RequestToken,
        psu,
    };
    match token_requests::pay(app, id, choice).await {
        Ok(payment) => {
            let leave = payment.redirect_url().is_some();
            see(&format!("/session/{}{}", payment.id, if leave { "/leave" } else { "" }))
        }
        Err(GatewayError::Refused(_)) => see(&face.path(id)),
        Err(GatewayError::FieldNeeded { field: Field::Debtor(PartyField::Account), .. }) => {
            ask_account(app, language, &request, face, bank_id, false)
        }
        Err(error) => match bank_choice::why_not(language, &error) {
            Some(why) => {
                next_page(app, language, &request, face, &Query::default(), Some(why)).await
            }
            None => failed(language, &error),
        },
    }
}

async fn next_page(
    app: &Arc<App>,
    language: Language,
    request: &TokenRequest,
    face: Face,
    query: &Query,
    message: Option<String>,
) -> Response {
    if let Some(payment_id) = &request.payment_id {
        return see(&format!("/session/{payment_id}"));
    }
    if let Some(response) = over(app, language, request, face, query) {
        return response;
    }
    let own = request.initiation.visit.bank_id.as_deref();
    let picked = query.text("bank-id").filter(|_| query.text("change").is_none());
    let bank = own.or(picked).and_then(|id| app.bank(id));
    match bank {
        Some(bank) => at_bank(app, language, request, face, &bank, query, message).await,
        None => picker(app, language, request, face, query, message),
    }
}

/// The last page of a token request that can no longer become a payment.
fn over(
    app: &App,
    language: Language,
    request: &TokenRequest,
    face: Face,
    query: &Query,
) -> Option<Response> {
    let expired = request.is_expired(app.now());
    let back_url = way_back::of_token_request(request, expired);
    let standing_order = request.initiation.order.schedule.is_standing_order();
    let id = match (request.declined_at, expired, standing_order) {
        (Some(_), ..) if query.text("left").is_some() => {
            return Some(to_the_shop(language, &back_url));
        }
        (Some(_), _, false) => "result-declined-here",
        (Some(_), _, true) => "standing-order-declined-here",
        (None, true, false) => "result-expired-here",
        (None, true, true) => "standing-order-expired-here",
        (None, false, _) => return None,
    };
    let payment = summary(app, language, request, face);
    Some(page(StatusCode::OK, &ResultPage::of(language, payment, "bad", Says(id), back_url)))
}

/// The bank is chosen: whom to pay is asked for where only the member knows, then the payer agrees.
async fn at_bank(
    app: &Arc<App>,
    language: Language,
    request: &TokenRequest,
    face: Face,
    bank: &BankProfile,
    query: &Query,
    message: Option<String>,
) -> Response {
    let found = request.destinations_for(&bank.id, app.now());
    let asks = match found {
        Destinations::Known | Destinations::Awaited => false,
        Destinations::NotAsked => true,
        Destinations::Missing => query.text("again").is_some(),
    };
    if !asks {
        return by_destinations(app, language, request, face, bank, message);
    }
    let url = request.destinations_url.as_deref().unwrap_or_default();
    let url = payees::question(url, bank);
    match token_requests::ask_destinations(app, &request.id, &bank.id, url).await {
        Ok(request) => by_destinations(app, language, &request, face, bank, message),
        Err(GatewayError::Refused(_)) => see(&face.path(&request.id)),
        Err(error) => failed(language, &error),
    }
}

fn by_destinations(
    app: &App,
    language: Language,
    request: &TokenRequest,
    face: Face,
    bank: &BankProfile,
    message: Option<String>,
) -> Response {
    let here = with_bank(&face.path(&request.id), &bank.id);
    match request.destinations_for(&bank.id, app.now()) {
        Destinations::Known => agree(app, language, request, face, bank, message),
        Destinations::Awaited => {
            let payment = summary(app, language, request, face);
            waiting_at(language, payment, "waiting-destinations", here, LOOKS_EVERY)
        }
        Destinations::NotAsked | Destinations::Missing => problem_with_ways(
            language,
            Says("problem-shop-silent"),
            format!("{here}&again=1"),
            way_back::without_destinations(request),
        ),
    }
}

/// The page on which the payer agrees to the payment at the bank.
fn agree(
    app: &App,
    language: Language,
    request: &TokenRequest,
    face: Face,
    bank: &BankProfile,
    message: Option<String>,
) -> Response {
    let can_change = request.initiation.visit.bank_id.is_none();
    let payment = match token_requests::payment_at(app, request, bank) {
        Ok(payment) => payment,
        // The page says of the bank that it is unavailable, and offers to try again.
        Err(GatewayError::BankUnavailable { .. }) => {
            let place = place(app, language, request, face, message);
            return bank_choice::confirm(app, place, bank, can_change);
        }
        Err(error) => {
            let message = message.or_else(|| bank_choice::why_not(language, &error));
            return picker(app, language, request, face, &Query::default(), message);
        }
    };
    let summary = Summary::of(
        language,
        &payment.initiation,
        payment.execution,
        face.path(&request.id),
        app.visit_token(request.id.as_str()),
    );
    match face {
        Face::Session => {
            let place = Place { payment: summary, ..place(app, language, request, face, message) };
            bank_choice::confirm(app, place, bank, can_change)
        }
        Face::RequestToken => consent(app, language, &payment, summary, bank, can_change, message),
    }
}

fn consent(
    app: &App,
    language: Language,
    payment: &Payment,
    summary: Summary,
    bank: &BankProfile,
    can_change: bool,
    message: Option<String>,
) -> Response {
    let initiation = &payment.initiation;
    let consent = Consent {
        language,
        payment: summary.in_full(initiation, &bank.name),
        bank: bank_choice::row(app, bank),
        can_change,
        refund_account: initiation.order.return_refund_account,
        message,
        next: bank_choice::what_comes_next(language, bank),
        at_the_bank: bank_choice::approves_at_the_bank(bank),
    };
    page(StatusCode::OK, &consent)
}

fn picker(
    app: &App,
    language: Language,
    request: &TokenRequest,
    face: Face,
    query: &Query,
    message: Option<String>,
) -> Response {
    let offers = |bank: &BankProfile| token_requests::could_take(app, bank, request);
    bank_choice::picker(app, place(app, language, request, face, message), offers, query)
}

fn ask_account(
    app: &App,
    language: Language,
    request: &TokenRequest,
    face: Face,
    bank_id: &str,
    again: bool,
) -> Response {
    let at = approval::AccountWanted {
        language,
        payment: summary(app, language, request, face),
        accepted: face == Face::RequestToken,
        can_change: request.initiation.visit.bank_id.is_none(),
        back_url: way_back::of_token_request(request, false),
    };
    approval::ask_account_at(app, at, bank_id, again)
}

fn summary(app: &App, language: Language, request: &TokenRequest, face: Face) -> Summary {
    let (path, visit) = (face.path(&request.id), app.visit_token(request.id.as_str()));
    let summary = Summary::of(language, &request.initiation, None, path, visit);
    match request.destinations_url {
        None => summary,
        // Whom to pay is not known, or may be another one at another bank.
        Some(_) => summary.without_payee(),
    }
}

fn place(
    app: &App,
    language: Language,
    request: &TokenRequest,
    face: Face,
    message: Option<String>,
) -> Place {
    let back_url = way_back::of_token_request(request, request.is_expired(app.now()));
    Place { language, payment: summary(app, language, request, face), back_url, message }
}

/// The page of the bank that was chosen.
fn with_bank(path: &str, bank_id: &str) -> String {
    format!("{path}?bank-id={}", byte_serialize(bank_id.as_bytes()).collect::<String>())
}

fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}

fn failed(language: Language, error: &GatewayError) -> Response {
    match error {
        GatewayError::TokenRequestNotFound => not_found(language),
        error => unavailable(language, error),
    }
}

#[cfg(test)]
pub(super) fn samples(language: Language) -> Vec<super::samples::Sample> {
    use domain::initiation::Frequency;

    use super::samples::Sample;
    let consent = |payment, available| Consent {
        language,
        payment,
        bank: BankRow::sample(available),
        can_change: true,
        refund_account: true,
        message: None,
        next: language.text("next-in-app"),
        at_the_bank: false,
    };
    let of_one = Summary::sample_of_standing_order(language, Some(1), Frequency::Mnth);
    let endless = Summary::sample_of_standing_order(language, None, Frequency::Week);
    vec![
        Sample::of("consent", "payment", &consent(Summary::sample(language), true)),
        Sample::of("consent", "bank unavailable", &consent(Summary::sample(language), false)),
        Sample::of("consent", "standing order of one payment", &consent(of_one, true)),
        Sample::of("consent", "standing order without an end", &consent(endless, true)),
    ]
}
