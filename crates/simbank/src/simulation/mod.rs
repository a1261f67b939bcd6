//! The simulation seen from outside.
//!
//! | file | what |
//! |---|---|
//! | this one | customers, accounts, orders and exchanges as JSON, for tests and other programs |
//! | `overview` | the page that lists banks, customers and scenarios |
//! | `operator` | changes by hand |
//! | `exchanges` | the last exchanges with the banks' APIs |
//! | `faults/` | faults that are planned for the next messages |

pub(crate) mod exchanges;
pub(crate) mod faults;
pub(crate) mod operator;
pub(crate) mod overview;

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::engine::banks::{Bank, ONE_TIME_PASSWORD};
use crate::engine::form::parse_parameters;
use crate::engine::order::Status;
use crate::engine::shared::Shared;
use crate::engine::{banks, pages};
use crate::standards;
use exchanges::MAXIMUM_EXCHANGES;

/// Whether a bank here has this id.
pub(crate) fn is_bank(id: &str) -> bool {
    banks::find(id).is_some()
}

fn unavailable() -> Response {
    pages::problem(500, "The banks cannot keep their state.")
}

/// `GET /sim/customers`: the customers of every bank with their passwords and accounts, in the order of
/// the overview, and the one-time password that all of them use.
pub(crate) async fn customers() -> Json<Value> {
    let of_bank = |bank: &'static Bank| {
        let customers = bank.customers.iter().map(|customer| {
            let accounts = customer.accounts.iter().map(
                |account| json!({ "identification": account.identification, "name": account.name }),
            );
            json!({ "username": customer.username, "password": customer.password,
                "accounts": accounts.collect::<Value>() })
        });
        (bank.id.to_owned(), customers.collect::<Value>())
    };
    Json(json!({
        "one_time_password": ONE_TIME_PASSWORD,
        "banks": banks::all().map(of_bank).collect::<serde_json::Map<_, _>>(),
    }))
}

/// `GET /sim/accounts`: every account with its balance in pence, the outside included.
pub(crate) async fn accounts(State(shared): State<Arc<Shared>>) -> Response {
    let list = shared.commit(|state| {
        let rows = state.accounts.all().into_iter().map(|(id, account)| {
            json!({ "id": id, "bank": account.bank, "owner": account.owner,
                "name": account.name, "currency": account.currency,
                "balance_minor": account.balance_minor })
        });
        rows.collect::<Value>()
    });
    list.map_or_else(|_| unavailable(), |list| Json(list).into_response())
}

/// `GET /sim/orders`: for every order, how many messages that start it reached the bank, how often the
/// bank accepted it, whether the bank executed or cancelled it, and the number of its payments. A
/// standing order can have payments before its cancellation.
pub(crate) async fn orders(State(shared): State<Arc<Shared>>) -> Response {
    let list = shared.commit(|state| {
        let rows = state.orders.all().into_iter().map(|(id, order)| {
            let (consent_status, order_status) = standards::words(order);
            let cancelled = order.status == Status::Cancelled;
            json!({
                "bank": order.bank, "client_id": order.client,
                "consent_id": id, "consent_status": consent_status,
                "pence": order.minor, "debtor": order.debtor,
                "end_to_end_identification": order.end_to_end_id,
                "order_id": order_status.map(|_| order.order_id.as_deref().unwrap_or(id)),
                "order_status": order_status,
                "posts": order.posts.max(order.accepted),
                "accepted": order.accepted,
                "executed": u32::from(order.finished && !cancelled),
                "cancelled": cancelled, "runs": order.runs,
            })
        });
        rows.collect::<Value>()
    });
    list.map_or_else(|_| unavailable(), |list| Json(list).into_response())
}

/// `GET /sim/exchanges?limit=`: the last API exchanges, oldest first.
pub(crate) async fn exchanges_seen(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = parse_parameters(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let limit = match query.get("limit").map(|text| text.parse::<usize>()) {
        None => MAXIMUM_EXCHANGES,
        Some(Ok(limit)) => limit,
        Some(Err(_)) => return pages::problem(400, "limit is not a whole number."),
    };
    Json(shared.exchanges.last(limit)).into_response()
}
