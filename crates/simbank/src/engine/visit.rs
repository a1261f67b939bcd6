//! The payer's visit to the bank: sign in, look at the payment, approve or decline, go back. The paths
//! hold a secret id, so nobody can forge a form and no cookie is needed. Each POST is answered with
//! 303. A program can play the payer:
//!
//! | request | form fields | answer |
//! |---|---|---|
//! | `GET {visit}/sign-in` | | the sign-in page |
//! | `POST {visit}/sign-in` | `username`, `password` | 303 to `…/consent`; when wrong, to `…/sign-in` |
//! | `POST {visit}/consent` | `account`, `decision` = `approve` or `decline` | 303 to the provider |
//!
//! `{visit}` is `/{bank}/sca/{id}`, at banks of UK Open Banking `/{bank}/authorisations/{id}`; `id` is
//! that of an order, of an OAuth request, or of the authorisation of a cancellation. A sign-in before
//! any payment goes back at once. A third wrong password ends the visit like a refusal. A visit that
//! is decided answers the same to whatever comes after, so a second click does no harm.
//!
//! A payer who declines a cancellation sees that the payment continues, with the way back as a link.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;

use super::approval::{self, WRONG_MAX};
use super::banks::{self, Bank, Customer};
use super::form::parse_parameters;
use super::grant::{Grant, key};
use super::hours;
use super::order::{Order, Product, Purpose, Stage};
use super::pages::{self, AccountChoice, ConsentPage, SignInPage, money};
use super::shared::Shared;
use super::state::{self, after_seconds};
use super::tokens;
use crate::standards::next_gen_psd2::habits::ReasonsIn;
use crate::standards::uk_open_banking::answer as uk_answer;

/// The subject of a visit.
pub(crate) struct Visit {
    pub(crate) bank: &'static Bank,
    pub(crate) id: String,
    /// The authorisation request, or the authorisation of a cancellation; none where the order's own
    /// id leads here.
    pub(crate) grant: Option<Grant>,
    pub(crate) order_id: Option<String>,
    pub(crate) order: Option<Order>,
}

impl Visit {
    /// The path of a step.
    pub(crate) fn path(&self, step: &str) -> String {
        let kind = if self.bank.is_uk_open_banking() { "authorisations" } else { "sca" };
        format!("/{}/{kind}/{}/{step}", self.bank.id, self.id)
    }

    fn purpose(&self) -> Purpose {
        self.grant.as_ref().map_or(Purpose::Payment, |grant| grant.purpose)
    }

    /// Who has signed in.
    fn customer(&self) -> Option<&'static Customer> {
        let of_order = self.order.as_ref().map(|order| &order.approval);
        let username = match (&self.grant, of_order.filter(|approval| approval.signed_in)) {
            (Some(grant), _) => grant.username.as_deref(),
            (None, Some(approval)) => approval.username.as_deref(),
            (None, None) => None,
        };
        username.and_then(|username| self.bank.customer(username))
    }

    fn wrong(&self) -> u32 {
        let of_order = self.order.as_ref().map_or(0, |order| order.approval.wrong);
        self.grant.as_ref().map_or(of_order, |grant| grant.wrong)
    }

    /// The way back, once decided.
    pub(crate) fn way_back(&self, shared: &Shared) -> Option<Response> {
        let order = self.order.as_ref()?;
        if self.bank.is_uk_open_banking() {
            let usual = uk_answer::usual_way_back(shared, self)?;
            return Some(self.lead_back(order, || usual));
        }
        let purpose = self.purpose();
        match (order.approval_of(purpose)?.stage, purpose) {
            (Stage::Open, _) => None,
            (Stage::Failed, Purpose::Cancellation) => {
                let approval = order.approval_of(purpose)?;
                Some(pages::kept(self.bank.name, self.bank.texts(), &approval.nok_redirect_uri))
            }
            (Stage::Failed, Purpose::Payment) => {
                Some(self.lead_back(order, || self.back_with_refusal(order)))
            }
            (Stage::Done | Stage::Unconfirmed, _) => {
                Some(self.lead_back(order, || self.back_with_approval(shared, order, purpose)))
            }
        }
    }

    fn lead_back(&self, order: &Order, usual: impl FnOnce() -> Response) -> Response {
        let scenario = order.scenario().way_back;
        pages::way_back(scenario, self.bank.name, self.bank.texts(), usual)
    }

    fn back_with_approval(&self, shared: &Shared, order: &Order, purpose: Purpose) -> Response {
        if self.grant.is_some() && purpose == Purpose::Payment {
            return back_with_code(shared, &self.id);
        }
        let Some(approval) = order.approval_of(purpose) else { return unavailable() };
        let address = match approval.confirmation_code.as_deref() {
            Some(code) => with_parameter(&approval.redirect_uri, self.bank.code_parameter(), code),
            None => approval.redirect_uri.clone(),
        };
        pages::see_other(&address)
    }

    fn back_with_refusal(&self, order: &Order) -> Response {
        match &self.grant {
            Some(grant) => pages::see_other(&answer_address(grant, &[("error", "access_denied")])),
            None => {
                let address = order.approval.nok_redirect_uri.clone();
                let words = order
                    .words
                    .as_deref()
                    .filter(|_| self.bank.next_gen_psd2().reasons_in == ReasonsIn::Return);
                let described = |words| with_parameter(&address, "error_description", words);
                pages::see_other(&words.map_or_else(|| address.clone(), described))
            }
        }
    }

    /// Ends the visit without an approval.
    fn refuse(&self, state: &mut state::State, words: &str, now: Timestamp) {
        if self.bank.is_uk_open_banking() {
            uk_answer::refuse(state, &self.id, words, now);
        } else if let Some(id) = &self.order_id {
            approval::fail(state, id, self.purpose(), words, now);
        }
    }
}

/// An address with one more parameter in its query.
fn with_parameter(address: &str, name: &str, value: &str) -> String {
    match url::Url::parse(address) {
        Ok(mut url) => {
            url.query_pairs_mut().append_pair(name, value);
            url.into()
        }
        Err(_) => address.to_owned(),
    }
}

fn answer_address(grant: &Grant, parameters: &[(&str, &str)]) -> String {
    match url::Url::parse(&grant.redirect_uri) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(parameters).append_pair("state", &grant.state);
            url.into()
        }
        Err(_) => grant.redirect_uri.clone(),
    }
}

/// Back to the provider with a fresh code for a decided OAuth request.
fn back_with_code(shared: &Shared, request_id: &str) -> Response {
    let code = shared.secret();
    let now = shared.now();
    let made = shared.commit(|state| {
        let mut grant = state.grants.get(&key("request", request_id))?.clone();
        grant.expires_at = after_seconds(now, tokens::CODE_SECONDS);
        let address = answer_address(&grant, &[("code", &code)]);
        state.grants.put(&key("code", &code), grant, now, &mut state.changes);
        Some(address)
    });
    match made {
        Ok(Some(address)) => pages::see_other(&address),
        Ok(None) => pages::problem(404, "This approval has ended."),
        Err(_) => unavailable(),
    }
}

/// Finds a visit; the error is a page.
pub(crate) fn find(shared: &Shared, bank: &str, id: String) -> Result<Visit, Box<Response>> {
    let gone = || {
        let text = "This payment approval has ended or never began. Go back and start again.";
        Box::new(pages::problem(404, text))
    };
    let bank = banks::find(bank).ok_or_else(gone)?;
    let now = shared.now();
    let found = shared.commit(|state| {
        let grant = state.grants.get(&key("request", &id)).cloned();
        let order_id = match &grant {
            Some(grant) => grant.order_id.clone(),
            // A consent of UK Open Banking is approved by an authorisation request only.
            None if bank.is_uk_open_banking() => None,
            None => Some(id.clone()),
        };
        let order = order_id.as_deref().and_then(|id| state.orders.get(id)).cloned();
        (grant, order_id, order)
    });
    let (grant, order_id, order) = found.map_err(|_| Box::new(unavailable()))?;
    if grant.is_none() && order.is_none() {
        return Err(gone());
    }
    let of_bank =
        grant.as_ref().is_none_or(|grant| grant.bank == bank.id && grant.expires_at > now)
            && order.as_ref().is_none_or(|order| order.bank == bank.id);
    if !of_bank {
        return Err(gone());
    }
    Ok(Visit { bank, id, grant, order_id, order })
}

fn unavailable() -> Response {
    pages::problem(500, "The bank cannot keep its state.")
}

/// `GET {visit}` and `GET {visit}/sign-in`.
pub(crate) async fn show_sign_in(
    State(shared): State<Arc<Shared>>,
    Path((bank, id)): Path<(String, String)>,
) -> Response {
    let visit = match find(&shared, &bank, id) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    if let Some(way_back) = visit.way_back(&shared) {
        return way_back;
    }
    let wrong = visit.wrong();
    pages::sign_in(SignInPage {
        texts: visit.bank.texts(),
        bank: visit.bank.name,
        client: client_name(&shared, &visit),
        attempts_left: (wrong > 0).then(|| WRONG_MAX.saturating_sub(wrong)),
        customers: visit.bank.customers,
    })
}

fn client_name(shared: &Shared, visit: &Visit) -> String {
    let of_grant = visit.grant.as_ref().map(|grant| grant.client.as_str());
    let of_order = visit.order.as_ref().map(|order| order.client.as_str());
    shared.provider_name(of_grant.or(of_order).unwrap_or_default())
}

/// `POST {visit}/sign-in`.
pub(crate) async fn sign_in(
    State(shared): State<Arc<Shared>>,
    Path((bank, id)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let visit = match find(&shared, &bank, id) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    if let Some(way_back) = visit.way_back(&shared) {
        return way_back;
    }
    let form = parse_parameters(&body).unwrap_or_default();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let customer = visit
        .bank
        .customer(field("username"))
        .filter(|customer| customer.password == field("password"));
    let now = shared.now();
    let kept = shared.commit(|state| remember_sign_in(state, &visit, customer, now));
    if kept.is_err() {
        return unavailable();
    }
    match customer {
        Some(_) if visit.order_id.is_none() => back_with_code(&shared, &visit.id),
        Some(_) => pages::see_other(&visit.path("consent")),
        None => pages::see_other(&visit.path("sign-in")),
    }
}

fn remember_sign_in(
    state: &mut state::State,
    visit: &Visit,
    customer: Option<&Customer>,
    now: Timestamp,
) {
    let changes = &mut state.changes;
    let wrong = if visit.grant.is_some() {
        state.grants.update(&key("request", &visit.id), changes, |grant| match customer {
            Some(customer) => {
                grant.username = Some(customer.username.to_owned());
                0
            }
            None => {
                grant.wrong = grant.wrong.saturating_add(1);
                grant.wrong
            }
        })
    } else {
        let id = visit.order_id.as_deref().unwrap_or_default();
        state.orders.update(id, changes, |order| match customer {
            Some(customer) => {
                order.approval.username = Some(customer.username.to_owned());
                order.approval.signed_in = true;
                "psuAuthenticated".clone_into(&mut order.approval.sca_status);
                0
            }
            None => {
                order.approval.wrong = order.approval.wrong.saturating_add(1);
                order.approval.wrong
            }
        })
    };
    if wrong.is_some_and(|wrong| wrong >= WRONG_MAX) {
        visit.refuse(state, "the PSU could not sign in", now);
    }
}

/// `GET {visit}/consent`.
pub(crate) async fn show_consent(
    State(shared): State<Arc<Shared>>,
    Path((bank, id)): Path<(String, String)>,
) -> Response {
    let visit = match find(&shared, &bank, id) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    if let Some(way_back) = visit.way_back(&shared) {
        return way_back;
    }
    let (Some(customer), Some(order)) = (visit.customer(), &visit.order) else {
        return pages::see_other(&visit.path("sign-in"));
    };
    pages::consent(ConsentPage {
        texts: visit.bank.texts(),
        closes: hours::closes(visit.bank.country),
        is_standing_order: order.product == Product::StandingOrder,
        is_cancellation: visit.purpose() == Purpose::Cancellation,
        bank: visit.bank.name,
        client: client_name(&shared, &visit),
        payee: order.creditor_name.clone(),
        payee_account: pages::spaced(&order.creditor),
        amount: money(order.minor, &order.currency),
        reference: order.reference.clone(),
        accounts: accounts(&shared, customer, order),
    })
}

/// The accounts that the payer may pay from: all, or the one that is named already.
pub(crate) fn accounts(shared: &Shared, customer: &Customer, order: &Order) -> Vec<AccountChoice> {
    let wanted = order.debtor.as_deref();
    let currency = banks::find(&order.bank).map_or(order.currency.as_str(), |bank| bank.currency);
    let balances = shared.commit(|state| {
        let of = |id: &str| state.accounts.get(id).map_or(0, |account| account.balance_minor);
        customer.accounts.iter().map(|account| of(account.identification)).collect::<Vec<_>>()
    });
    customer
        .accounts
        .iter()
        .zip(balances.unwrap_or_default())
        .filter(|(account, _)| wanted.is_none_or(|wanted| wanted == account.identification))
        .map(|(account, balance)| AccountChoice {
            id: account.identification,
            label: pages::spaced(account.identification),
            name: account.name.to_owned(),
            balance: money(balance, currency),
        })
        .collect()
}

/// `POST {visit}/consent`.
pub(crate) async fn decide(
    State(shared): State<Arc<Shared>>,
    Path((bank, id)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let visit = match find(&shared, &bank, id.clone()) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    if let Some(way_back) = visit.way_back(&shared) {
        return way_back;
    }
    let (Some(customer), Some(order)) = (visit.customer(), &visit.order) else {
        return pages::see_other(&visit.path("sign-in"));
    };
    let form = parse_parameters(&body).unwrap_or_default();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let now = shared.now();
    let kept = match field("decision") {
        "decline" => {
            let words = match (visit.bank.is_uk_open_banking(), visit.purpose()) {
                (true, _) => "the PSU declined",
                (false, Purpose::Payment) => "The payment was declined.",
                (false, Purpose::Cancellation) => "The cancellation was declined.",
            };
            shared.commit(|state| visit.refuse(state, words, now)).ok()
        }
        "approve" => {
            let choices = accounts(&shared, customer, order);
            let chosen = match visit.purpose() {
                Purpose::Payment => choices.iter().find(|one| one.id == field("account")),
                // Only whose account pays can take the payment back.
                Purpose::Cancellation => choices.first(),
            };
            let Some(account) = chosen else {
                return pages::problem(400, "Choose one of your accounts.");
            };
            approve(&shared, &visit, account.id, now)
        }
        _ => return pages::problem(400, "Approve or decline the payment."),
    };
    if kept.is_none() {
        return unavailable();
    }
    // Read again: of two clicks at the same moment the first one counts.
    match find(&shared, &bank, id) {
        Ok(visit) => visit.way_back(&shared).unwrap_or_else(unavailable),
        Err(page) => *page,
    }
}

/// Approves what the visit is about; `None` when that cannot be kept.
pub(crate) fn approve(shared: &Shared, visit: &Visit, account: &str, now: Timestamp) -> Option<()> {
    if visit.bank.is_uk_open_banking() {
        return uk_answer::approve(shared, visit, account, now);
    }
    let id = visit.order_id.as_deref()?;
    let delay_ms = shared.execution_delay_ms();
    let purpose = visit.purpose();
    let approved =
        shared.commit(|state| approval::approve(state, id, purpose, Some(account), now, delay_ms));
    approved.ok().map(|_| ())
}
