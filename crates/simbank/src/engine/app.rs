//! The bank's app of one customer, as a page: open confirmations, and two buttons. At banks
//! whose payers give the provider a code, the app shows that code.
//!
//! | request | form fields | answer |
//! |---|---|---|
//! | `GET /sim/app/{bank}/{username}` | | the page |
//! | `GET /sim/app-start/{bank}?token=` | | 303 to the page of the payer whom the start token is for |
//! | `POST /sim/app/{bank}/{username}` | `payment` (or none: the newest), `decision` = `approve` or `decline` | 303 to the page |
//!
//! `payment` is the id of an order, or that of the authorisation of its cancellation.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::approval;
use super::banks::{self, Bank, Standard};
use super::form::parse_parameters;
use super::order::{Order, Purpose, Stage};
use super::outcome::ReturnDelivery;
use super::pages::{self, Page, money};
use super::shared::Shared;
use super::state;
use super::texts::Texts;
use super::view::{DECISION, FieldView, FormView, View};
use crate::standards::polish_api;

struct Waiting {
    id: String,
    is_cancellation: bool,
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
    /// The code that the payer gives to the provider.
    code: Option<String>,
    waiting: Vec<Waiting>,
}

impl Page for AppPage {
    fn view(&self) -> View {
        let forms = self.waiting.iter().map(|waiting| {
            let purpose = if waiting.is_cancellation { "cancellation" } else { "payment" };
            let shows = [
                ("amount", waiting.amount.as_str()),
                ("payee", &waiting.payee),
                ("purpose", purpose),
                ("reference", &waiting.reference),
            ];
            FormView {
                action: None,
                shows: shows.map(|(name, text)| (name, text.to_owned())).into(),
                fields: vec![FieldView::fixed("payment", &waiting.id)],
                buttons: DECISION.to_vec(),
            }
        });
        let shows = self.code.iter().map(|code| ("code", code.clone())).collect();
        View { page: "app", shows, forms: forms.collect(), links: vec![] }
    }
}

/// An open question for a customer: id in the form, order and purpose.
type Question<'state> = (String, String, Purpose, &'state Order);

fn questions<'state>(
    state: &'state state::State,
    bank: &Bank,
    username: &str,
) -> Vec<Question<'state>> {
    let mut found = vec![];
    for (id, order) in state.orders.all().into_iter().filter(|(_, order)| order.bank == bank.id) {
        for purpose in [Purpose::Payment, Purpose::Cancellation] {
            let Some(approval) = order.approval_of(purpose) else { continue };
            let waits = approval.stage == Stage::Open
                && approval.username.as_deref() == Some(username)
                && approval.sca_status == "started";
            if waits {
                let authorisation = approval.authorisation_id.as_deref().unwrap_or(id);
                let shown = if purpose == Purpose::Payment { id } else { authorisation };
                found.push((shown.to_owned(), id.to_owned(), purpose, order));
            }
        }
    }
    found
}

/// How long a start token works, in seconds, as a number of slots.
const START_SLOTS: i64 = 3;
/// How often a start token changes, in seconds.
const START_SLOT_S: i64 = 10;

/// The start token of an authorisation in a slot of time.
fn start_token(authorisation: &str, slot: i64) -> String {
    let text = format!("app-start|{authorisation}|{slot}");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// `challengeData` at a bank whose app is opened by a start token: the token, and the text of a QR
/// code. Both change every ten seconds and work for thirty.
pub(crate) fn start_data(shared: &Shared, bank: &Bank, authorisation: &str) -> Option<Value> {
    if !bank.next_gen_psd2().starts_app {
        return None;
    }
    let token = start_token(authorisation, shared.now().as_second().div_euclid(START_SLOT_S));
    let address = format!("{}/sim/app-start/{}?token={token}", shared.base_url, bank.id);
    Some(json!({ "autoStartToken": token, "qrCode": address }))
}

/// `GET /sim/app-start/{bank}?token=`: the app opens with what the token is for.
pub(crate) async fn start(
    State(shared): State<Arc<Shared>>,
    Path(bank): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(bank) = banks::find(&bank) else {
        return pages::problem(404, "There is no such bank.");
    };
    let query = parse_parameters(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let token = query.get("token").map(String::as_str).unwrap_or_default();
    let slot = shared.now().as_second().div_euclid(START_SLOT_S);
    let username = shared.commit(|state| {
        bank.customers.iter().find_map(|customer| {
            let mut open = questions(state, bank, customer.username).into_iter();
            open.any(|(_, id, purpose, order)| {
                let approval = order.approval_of(purpose);
                let known = approval.and_then(|approval| approval.authorisation_id.clone());
                let known = known.unwrap_or(id);
                (0..START_SLOTS).any(|ago| start_token(&known, slot - ago) == token)
            })
            .then_some(customer.username)
        })
    });
    match username {
        Ok(Some(username)) => pages::see_other(&format!("/sim/app/{}/{username}", bank.id)),
        Ok(None) => pages::problem(404, "This start token is not known, or its time is over."),
        Err(_) => pages::problem(500, "The bank cannot keep its state."),
    }
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
        let rows = questions(state, bank, &username).into_iter();
        rows.map(|(id, _, purpose, order)| Waiting {
            id,
            is_cancellation: purpose == Purpose::Cancellation,
            amount: money(order.minor, &order.currency),
            payee: order.creditor_name.clone(),
            reference: order.reference.clone(),
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
        let mut mine = questions(state, bank, &username).into_iter();
        let found = match field("payment") {
            "" => mine.next_back(),
            wanted => mine.find(|(shown, ..)| shown == wanted),
        };
        let (_, id, purpose, order) = found?;
        let first = bank.customer(&username).and_then(|customer| customer.accounts.first());
        let first = first.map(|account| account.identification.to_owned());
        let debtor = order.debtor.clone().or(first);
        match (field("decision"), debtor) {
            ("approve", Some(debtor)) => {
                approval::approve(state, &id, purpose, Some(&debtor), now, delay_ms);
            }
            _ => {
                let words = match purpose {
                    Purpose::Payment => "The payment was declined in the app.",
                    Purpose::Cancellation => "The cancellation was declined in the app.",
                };
                approval::fail(state, &id, purpose, words, now);
            }
        }
        Some((id, purpose))
    });
    match decided {
        Ok(Some((id, purpose))) => {
            if purpose == Purpose::Payment {
                call_back(&shared, bank, &id).await;
            }
            pages::see_other(&format!("/sim/app/{}/{username}", bank.id))
        }
        Ok(None) => pages::problem(404, "Nothing waits for this confirmation."),
        Err(_) => pages::problem(500, "The bank cannot keep its state."),
    }
}

/// Calls the provider back once, twice or never, as the payment's scenario requires.
async fn call_back(shared: &Shared, bank: &Bank, id: &str) {
    let scenario = shared.commit(|state| Some(state.orders.get(id)?.scenario()));
    let way_back = scenario.ok().flatten().map_or(ReturnDelivery::Usual, |found| found.way_back);
    let times = match way_back {
        ReturnDelivery::Missing => 0,
        ReturnDelivery::Usual => 1,
        ReturnDelivery::Twice => 2,
    };
    if let Some(callback) = polish_api::call_back(shared, bank, id) {
        for _ in 0..times {
            shared.environment.call_back(callback.clone()).await;
        }
    }
}
