//! The bank's app of one customer, as a page: what waits for confirmation, and two buttons. At banks
//! whose payers give the provider a code, the app shows that code.
//!
//! | request | form fields | answer |
//! |---|---|---|
//! | `GET /sim/app/{bank}/{username}` | | the page |
//! | `POST /sim/app/{bank}/{username}` | `payment` (or none: the newest), `decision` = `approve` or `decline` | 303 to the page |

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;

use super::banks::{self, Bank, Standard};
use super::polish_api;
use super::transfer::{self, Approval, Transfer};
use super::visit::money;
use crate::oauth::parse_parameters;
use crate::outcome::WayBack;
use crate::pages;
use crate::shared::Shared;
use crate::texts::Texts;

struct Waiting {
    id: String,
    amount: String,
    payee: String,
    reference: String,
}

#[derive(Template)]
#[template(path = "app.html")]
struct AppPage {
    texts: &'static Texts,
    bank: &'static str,
    username: String,
    /// What the payer gives to the provider.
    code: Option<String>,
    waiting: Vec<Waiting>,
}

fn waits(bank: &Bank, username: &str, transfer: &Transfer) -> bool {
    transfer.bank == bank.id
        && transfer.approval == Approval::Open
        && transfer.username.as_deref() == Some(username)
        && transfer.sca_status == "started"
}

/// The page.
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Path((bank, username)): Path<(String, String)>,
) -> Response {
    let Some((bank, username)) = customer(&bank, &username) else {
        return pages::problem(404, "There is no such customer.");
    };
    let waiting = shared.commit(|state| {
        let rows = state.transfers.all().into_iter();
        let mine = rows.filter(|(_, transfer)| waits(bank, &username, transfer));
        mine.map(|(id, transfer)| Waiting {
            id: id.to_owned(),
            amount: money(transfer.minor, &transfer.currency),
            payee: transfer.creditor_name.clone(),
            reference: transfer.reference.clone(),
        })
        .collect()
    });
    let waiting = waiting.unwrap_or_default();
    let by_code = matches!(bank.standard, Standard::PolishApi(own) if own.by_code);
    let code = by_code.then(|| polish_api::app_code(bank, &username));
    pages::render(200, &AppPage { texts: bank.texts(), bank: bank.name, username, code, waiting })
}

fn customer(bank: &str, username: &str) -> Option<(&'static Bank, String)> {
    let bank = banks::find(bank)?;
    bank.customer(username).map(|customer| (bank, customer.username.to_owned()))
}

/// A decision.
pub(crate) async fn decide(
    State(shared): State<Arc<Shared>>,
    Path((bank, username)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let Some((bank, username)) = customer(&bank, &username) else {
        return pages::problem(404, "There is no such customer.");
    };
    let form = parse_parameters(&body).unwrap_or_default();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let (now, delay_ms) = (shared.now(), shared.execution_delay_ms());
    let decided = shared.commit(|state| {
        let rows = state.transfers.all().into_iter();
        let mut mine = rows.filter(|(_, transfer)| waits(bank, &username, transfer));
        let wanted = field("payment");
        let found = match wanted {
            "" => mine.next_back(),
            wanted => mine.find(|(id, _)| *id == wanted),
        };
        let (id, transfer) = found?;
        let named = transfer.debtor.clone();
        let first = bank.customer(&username).and_then(|customer| customer.accounts.first());
        let debtor = named.or_else(|| first.map(|account| account.identification.to_owned()));
        let id = id.to_owned();
        match (field("decision"), debtor) {
            ("approve", Some(debtor)) => transfer::approve(state, &id, &debtor, now, delay_ms),
            _ => transfer::fail(state, &id, "The payment was declined in the app."),
        }
        Some(id)
    });
    match decided {
        Ok(Some(id)) => {
            call_back(&shared, bank, &id).await;
            pages::see_other(&format!("/sim/app/{}/{username}", bank.id))
        }
        Ok(None) => pages::problem(404, "Nothing waits for this confirmation."),
        Err(_) => pages::problem(500, "The bank cannot keep its state."),
    }
}

/// Tells the provider, once, twice or never, as the payment's scenario has it.
async fn call_back(shared: &Shared, bank: &Bank, id: &str) {
    let scenario = shared.commit(|state| Some(state.transfers.get(id)?.scenario()));
    let way_back = scenario.ok().flatten().map_or(WayBack::Usual, |found| found.way_back);
    let times = match way_back {
        WayBack::Missing => 0,
        WayBack::Usual => 1,
        WayBack::Twice => 2,
    };
    if let Some(callback) = polish_api::call_back(shared, bank, id) {
        for _ in 0..times {
            shared.environment.call_back(callback.clone()).await;
        }
    }
}
