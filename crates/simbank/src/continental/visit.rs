//! The payer's visit to a bank outside Britain: sign in, look at the payment, approve or decline,
//! go back. The paths hold a secret id, so nobody can forge a form. A program can play the payer:
//!
//! | request | form fields | answer |
//! |---|---|---|
//! | `GET /{bank}/sca/{id}` | | the sign-in page |
//! | `POST /{bank}/sca/{id}`, `…/sign-in` | `username`, `password` | 303 to `…/consent`; when wrong, to `…/sign-in` |
//! | `POST /{bank}/sca/{id}/consent` | `account`, `decision` = `approve` or `decline` | 303 to the provider |
//!
//! `id` is a payment's, or an OAuth request's. A sign-in before any payment goes back at once.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;

use super::banks::{self, Bank};
use super::berlin_group::oauth;
use super::hours;
use super::transfer::{self, Approval, Grant, Transfer, WRONG_MAX};
use crate::banks::Customer;
use crate::oauth::parse_parameters;
use crate::pages::{self, AccountChoice, ConsentPage, SignInPage};
use crate::shared::Shared;
use crate::state;

/// What a visit is about.
struct Visit {
    bank: &'static Bank,
    id: String,
    grant: Option<Grant>,
    transfer_id: Option<String>,
    transfer: Option<Transfer>,
}

impl Visit {
    fn path(&self, step: &str) -> String {
        format!("/{}/sca/{}/{step}", self.bank.id, self.id)
    }

    /// Who has signed in.
    fn customer(&self) -> Option<&'static Customer> {
        let of_transfer = self.transfer.as_ref().filter(|transfer| transfer.signed_in);
        let username = match (&self.grant, of_transfer) {
            (Some(grant), _) => grant.username.as_deref(),
            (None, Some(transfer)) => transfer.username.as_deref(),
            (None, None) => None,
        };
        username.and_then(|username| self.bank.customer(username))
    }

    fn wrong(&self) -> u32 {
        let of_transfer = self.transfer.as_ref().map_or(0, |transfer| transfer.wrong);
        self.grant.as_ref().map_or(of_transfer, |grant| grant.wrong)
    }

    /// The way back, once decided.
    fn way_back(&self, shared: &Shared) -> Option<Response> {
        let transfer = self.transfer.as_ref()?;
        match transfer.approval {
            Approval::Open => None,
            Approval::Failed => Some(self.lead_back(transfer, || self.back_with_refusal(transfer))),
            Approval::Done | Approval::Unconfirmed => {
                Some(self.lead_back(transfer, || self.back_with_approval(shared, transfer)))
            }
        }
    }

    fn lead_back(&self, transfer: &Transfer, usual: impl FnOnce() -> Response) -> Response {
        let scenario = transfer.scenario().way_back;
        pages::way_back(scenario, self.bank.name, self.bank.texts(), usual)
    }

    fn back_with_approval(&self, shared: &Shared, transfer: &Transfer) -> Response {
        if self.grant.is_some() {
            return oauth::back_with_code(shared, &self.id);
        }
        let code = transfer.confirmation_code.as_deref();
        let address = match code {
            Some(code) => with_parameter(&transfer.redirect_uri, self.bank.code_parameter(), code),
            None => transfer.redirect_uri.clone(),
        };
        pages::see_other(&address)
    }

    fn back_with_refusal(&self, transfer: &Transfer) -> Response {
        match &self.grant {
            Some(grant) => pages::see_other(&oauth::refusal_address(grant)),
            None => pages::see_other(&transfer.nok_redirect_uri),
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

fn find(shared: &Shared, bank: &str, id: String) -> Result<Visit, Box<Response>> {
    let gone = || {
        let text = "This payment approval has ended or never began. Go back and start again.";
        Box::new(pages::problem(404, text))
    };
    let bank = banks::find(bank).ok_or_else(gone)?;
    let now = shared.now();
    let found = shared.commit(|state| {
        let grant = state.grants.get(&oauth::request_key(&id)).cloned();
        let transfer_id = match &grant {
            Some(grant) => grant.transfer_id.clone(),
            None => Some(id.clone()),
        };
        let transfer = transfer_id.as_deref().and_then(|id| state.transfers.get(id)).cloned();
        (grant, transfer_id, transfer)
    });
    let (grant, transfer_id, transfer) = found.map_err(|_| Box::new(unavailable()))?;
    if grant.is_none() && transfer.is_none() {
        return Err(gone());
    }
    let of_bank =
        grant.as_ref().is_none_or(|grant| grant.bank == bank.id && grant.expires_at > now)
            && transfer.as_ref().is_none_or(|transfer| transfer.bank == bank.id);
    if !of_bank {
        return Err(gone());
    }
    Ok(Visit { bank, id, grant, transfer_id, transfer })
}

fn unavailable() -> Response {
    pages::problem(500, "The bank cannot keep its state.")
}

/// `GET /{bank}/sca/{id}` and `…/sign-in`.
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
    let of_transfer = visit.transfer.as_ref().map(|transfer| transfer.client.as_str());
    let client = of_grant.or(of_transfer).unwrap_or_default();
    shared.provider_name(client)
}

/// `POST /{bank}/sca/{id}/sign-in`.
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
    let kept = shared.commit(|state| remember_sign_in(state, &visit, customer));
    if kept.is_err() {
        return unavailable();
    }
    match customer {
        Some(_) if visit.transfer_id.is_none() => oauth::back_with_code(&shared, &visit.id),
        Some(_) => pages::see_other(&visit.path("consent")),
        None => pages::see_other(&visit.path("sign-in")),
    }
}

fn remember_sign_in(state: &mut state::State, visit: &Visit, customer: Option<&Customer>) {
    let changes = &mut state.changes;
    if visit.grant.is_some() {
        state.grants.update(&oauth::request_key(&visit.id), changes, |grant| match customer {
            Some(customer) => grant.username = Some(customer.username.to_owned()),
            None => grant.wrong += 1,
        });
    } else if let Some(id) = &visit.transfer_id {
        state.transfers.update(id, changes, |transfer| match customer {
            Some(customer) => {
                transfer.username = Some(customer.username.to_owned());
                transfer.signed_in = true;
                "psuAuthenticated".clone_into(&mut transfer.sca_status);
            }
            None => transfer.wrong += 1,
        });
    }
    let exhausted = customer.is_none() && visit.wrong() + 1 >= WRONG_MAX;
    if let (true, Some(id)) = (exhausted, &visit.transfer_id) {
        transfer::fail(state, id, "the PSU could not sign in");
    }
}

/// `GET /{bank}/sca/{id}/consent`.
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
    let (Some(customer), Some(transfer)) = (visit.customer(), &visit.transfer) else {
        return pages::see_other(&visit.path("sign-in"));
    };
    pages::consent(ConsentPage {
        texts: visit.bank.texts(),
        closes: hours::closes(visit.bank.country),
        is_standing_order: ["periodic-payments", "recurring"].contains(&transfer.service.as_str()),
        bank: visit.bank.name,
        client: client_name(&shared, &visit),
        payee: transfer.creditor_name.clone(),
        payee_account: transfer.creditor_iban.clone(),
        amount: money(transfer.minor, &transfer.currency),
        reference: transfer.reference.clone(),
        accounts: accounts(&shared, customer, transfer),
    })
}

/// An amount for people.
pub(super) fn money(minor: i64, currency: &str) -> String {
    let sign = match currency {
        "EUR" => "€",
        "PLN" => "zł ",
        other => return format!("{} {other}", pages::pounds(minor)),
    };
    format!("{sign}{}", pages::pounds(minor))
}

/// The accounts that the payer may pay from: all, or the one that the provider named.
fn accounts(shared: &Shared, customer: &Customer, transfer: &Transfer) -> Vec<AccountChoice> {
    let wanted = transfer.debtor.as_deref();
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
            label: account.identification.to_owned(),
            name: account.name.to_owned(),
            balance: money(balance, &transfer.currency),
        })
        .collect()
}

/// `POST /{bank}/sca/{id}/consent`.
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
    let (Some(customer), Some(transfer), Some(transfer_id)) =
        (visit.customer(), &visit.transfer, &visit.transfer_id)
    else {
        return pages::see_other(&visit.path("sign-in"));
    };
    let form = parse_parameters(&body).unwrap_or_default();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let (now, delay_ms) = (shared.now(), shared.execution_delay_ms());
    let kept = match field("decision") {
        "decline" => {
            shared.commit(|state| transfer::fail(state, transfer_id, "The payment was declined."))
        }
        "approve" => {
            let choices = accounts(&shared, customer, transfer);
            let Some(account) = choices.iter().find(|one| one.id == field("account")) else {
                return pages::problem(400, "Choose one of your accounts.");
            };
            shared.commit(|state| transfer::approve(state, transfer_id, account.id, now, delay_ms))
        }
        _ => return pages::problem(400, "Approve or decline the payment."),
    };
    if kept.is_err() {
        return unavailable();
    }
    match find(&shared, &bank, id) {
        Ok(visit) => visit.way_back(&shared).unwrap_or_else(unavailable),
        Err(page) => *page,
    }
}
