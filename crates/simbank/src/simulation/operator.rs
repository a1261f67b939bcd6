//! The changes that an operator of the simulation may make by hand.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /sim/balances` | `account`, `balance_minor` | 200 and both; 400 naming the field |
//! | `POST /sim/orders/{id}/status` | `status`: `completed`, `rejected` or `in_process` | 200 and the order's `status`; 400, 404, 409 |
//!
//! A new balance is paid by all other banks, so that the sum of all money stays what it is.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::faults::api::{object, refuse, wrong};
use crate::engine::order::{Stage, Status};
use crate::engine::shared::Shared;
use crate::engine::state::{self, after_seconds, outside};
use crate::standards;

/// More than any payment can be.
const BALANCE_MAX: i64 = 1_000_000_000_000_000;
/// An order that was moved by hand does not move by itself for a year.
const STILL_SECONDS: i64 = 365 * 24 * 3_600;

fn unavailable() -> Response {
    refuse(StatusCode::INTERNAL_SERVER_ERROR, json!({ "error": "the state cannot be kept" }))
}

/// `POST /sim/balances`.
pub(crate) async fn set_balance(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let object = match object(&body, &["account", "balance_minor"]) {
        Ok(object) => object,
        Err(refusal) => return *refusal,
    };
    let balance = object.get("balance_minor").and_then(Value::as_i64);
    let Some(balance) = balance.filter(|balance| (0..=BALANCE_MAX).contains(balance)) else {
        return wrong("balance_minor", "it is not a whole number from 0 to 10^15");
    };
    let id = object.get("account").and_then(Value::as_str).unwrap_or_default();
    let set = shared.commit(|state| {
        // All other banks' money is what the rest leaves; it cannot be set.
        let account = state.accounts.get(id).filter(|account| !account.bank.is_empty())?;
        let (difference, others) = (balance - account.balance_minor, outside(&account.currency));
        let changes = &mut state.changes;
        state.accounts.update(id, changes, |account| account.balance_minor = balance);
        state.accounts.update(&others, changes, |account| account.balance_minor -= difference);
        Some(())
    });
    match set {
        Ok(Some(())) => Json(json!({ "account": id, "balance_minor": balance })).into_response(),
        Ok(None) => wrong("account", "no bank here keeps it; /sim/accounts lists them all"),
        Err(_) => unavailable(),
    }
}

/// Where an order can be moved by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    /// Executed now, if the account has the money.
    Completed,
    Rejected,
    /// In process until it is moved again.
    InProcess,
}

impl Move {
    fn read(word: &str) -> Option<Move> {
        match word {
            "completed" => Some(Move::Completed),
            "rejected" => Some(Move::Rejected),
            "in_process" => Some(Move::InProcess),
            _ => None,
        }
    }

    /// The scenario that leads there.
    fn scenario(self) -> Option<String> {
        match self {
            Move::Completed => Some("completed".to_owned()),
            Move::Rejected => Some("not_executed".to_owned()),
            Move::InProcess => None,
        }
    }
}

/// Why an order does not move.
enum Stuck {
    Unknown,
    NotAccepted,
    Final,
}

/// `POST /sim/orders/{id}/status`.
pub(crate) async fn move_order(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let object = match object(&body, &["status"]) {
        Ok(object) => object,
        Err(refusal) => return *refusal,
    };
    let word = object.get("status").and_then(Value::as_str).unwrap_or_default();
    let Some(to) = Move::read(word) else {
        return wrong("status", "it is not completed, rejected or in_process");
    };
    let now = shared.now();
    let moved = shared.commit(|state| move_to(state, &id, to, now));
    let conflict = |what: &str| refuse(StatusCode::CONFLICT, json!({ "error": what }));
    match moved {
        Ok(Ok(status)) => Json(json!({ "id": id, "status": status })).into_response(),
        Ok(Err(Stuck::Unknown)) => {
            let what = "there is no such order; /sim/orders lists them by order_id";
            refuse(StatusCode::NOT_FOUND, json!({ "error": what }))
        }
        Ok(Err(Stuck::NotAccepted)) => conflict("the bank has not accepted this order yet"),
        Ok(Err(Stuck::Final)) => conflict("this order has its last status"),
        Err(_) => unavailable(),
    }
}

fn move_to(
    state: &mut state::State,
    id: &str,
    to: Move,
    now: Timestamp,
) -> Result<Option<&'static str>, Stuck> {
    let key = state.order_key(id).ok_or(Stuck::Unknown)?;
    let order = state.orders.get(&key).ok_or(Stuck::Unknown)?;
    if order.approval.stage != Stage::Done {
        return Err(Stuck::NotAccepted);
    }
    // An order that is set up for later is in the books. An order that stays in process without an end
    // was checked, and no money has moved.
    let decided = order.finished || order.status == Status::SetUp || order.runs > 0;
    if decided && order.status != Status::InProcess {
        return Err(Stuck::Final);
    }
    state.orders.update(&key, &mut state.changes, |order| {
        order.finished = false;
        order.changed_at = now;
        match to.scenario() {
            None => {
                order.status = Status::InProcess;
                order.reason = Some("PendingSettlement".to_owned());
                order.executes_at = Some(after_seconds(now, STILL_SECONDS));
            }
            word => {
                order.planned = word;
                order.executes_at = Some(now);
            }
        }
    });
    let at = state.orders.get(&key).and_then(|order| order.executes_at);
    state.wait_for(at.unwrap_or(now), &key);
    state.run_due(now);
    Ok(state.orders.get(&key).and_then(|order| standards::words(order).1))
}
