//! The simulation seen from outside, as JSON for tests and other programs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::continental::transfer::Approval;
use crate::exchanges::MAXIMUM_EXCHANGES;
use crate::oauth::parse_parameters;
use crate::pages;
use crate::shared::Shared;

/// Whether a bank here has this id.
pub(crate) fn is_bank(id: &str) -> bool {
    crate::banks::find(id).is_some() || crate::continental::banks::find(id).is_some()
}

fn unavailable() -> Response {
    pages::problem(500, "The banks cannot keep their state.")
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

/// `GET /sim/orders`: for every consent, how many POSTs of an order reached the bank, how many
/// orders it accepted and how many of them it has executed.
pub(crate) async fn orders(State(shared): State<Arc<Shared>>) -> Response {
    let list = shared.commit(|state| {
        let rows = state.consents.all().into_iter().map(|(id, consent)| {
            let order = consent.order_id.as_deref().and_then(|order| state.orders.get(order));
            json!({
                "bank": consent.bank, "client_id": consent.client_id,
                "consent_id": id, "consent_status": consent.status,
                "pence": consent.pence, "debtor": consent.debtor,
                "end_to_end_identification":
                    consent.data["Initiation"]["EndToEndIdentification"],
                "order_id": consent.order_id, "order_status": order.map(|order| order.status),
                "posts": consent.order_posts, "accepted": consent.orders_accepted,
                "executed": u32::from(order.is_some_and(|order| order.executed)),
            })
        });
        // Elsewhere the approval is the order, or something is posted after it.
        let others = state.transfers.all().into_iter().map(|(id, transfer)| {
            let approved = transfer.approval == Approval::Done;
            json!({
                "bank": transfer.bank, "client_id": transfer.client,
                "consent_id": id, "consent_status": transfer.sca_status,
                "pence": transfer.minor, "debtor": transfer.debtor,
                "end_to_end_identification": transfer.end_to_end_id,
                "order_id": id, "order_status": transfer.status,
                "posts": transfer.posts.max(u32::from(approved)),
                "accepted": u32::from(approved),
                "executed": u32::from(transfer.executed),
            })
        });
        rows.chain(others).collect::<Value>()
    });
    list.map_or_else(|_| unavailable(), |list| Json(list).into_response())
}

/// `GET /sim/exchanges?limit=`: the last API exchanges, oldest first.
pub(crate) async fn exchanges(
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
