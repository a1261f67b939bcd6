//! Planning faults over HTTP.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /sim/faults` | `bank` (or none: any), `operation`, `scenario`, `times` 1 to 1000 (or none: 1) | 201 and the list; 400 naming the field |
//! | `GET /sim/faults` | | the list, what comes first first |
//! | `DELETE /sim/faults` | | 204, the list is empty |

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Operation, Plan};
use crate::engine::scenario;
use crate::engine::shared::Shared;

const TIMES_MAX: u64 = 1_000;

/// A refusal that names the field.
pub(crate) fn wrong(field: &str, what: &str) -> Response {
    refuse(StatusCode::BAD_REQUEST, json!({ "field": field, "error": what }))
}

/// A refusal for another reason than a field.
pub(crate) fn refuse(status: StatusCode, body: Value) -> Response {
    (status, Json(body)).into_response()
}

/// The JSON object in a body, with no other fields than these.
pub(crate) fn object(body: &[u8], known: &[&str]) -> Result<Map<String, Value>, Box<Response>> {
    let parsed: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
    let object = parsed.ok_or_else(|| Box::new(wrong("", "the body is not a JSON object")))?;
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Box::new(wrong(name, "there is no such field"))),
        None => Ok(object),
    }
}

/// `POST /sim/faults`.
pub(crate) async fn plan(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let plan = match read(&body) {
        Ok(plan) => plan,
        Err(refusal) => return *refusal,
    };
    if shared.faults.add(plan) {
        (StatusCode::CREATED, Json(shown(&shared))).into_response()
    } else {
        let what = "100 faults are planned already; DELETE /sim/faults forgets them";
        refuse(StatusCode::CONFLICT, json!({ "error": what }))
    }
}

fn read(body: &[u8]) -> Result<Plan, Box<Response>> {
    let refuse = |field: &str, what: &str| Err(Box::new(wrong(field, what)));
    let object = object(body, &["bank", "operation", "scenario", "times"])?;
    let bank = match object.get("bank") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if crate::simulation::is_bank(id) => Some(id.clone()),
        Some(_) => return refuse("bank", "it is not the id of a bank on /sim/"),
    };
    let operation = object.get("operation").and_then(Value::as_str);
    let operation = Operation::ALL.into_iter().find(|known| Some(known.word()) == operation);
    let Some(operation) = operation else {
        return refuse("operation", "it is not create, confirm, status, token or any");
    };
    let word = object.get("scenario").and_then(Value::as_str);
    let Some(scenario) = word.and_then(scenario::find) else {
        return refuse("scenario", "it is not a word of the list on /sim/");
    };
    let of_order = scenario.fault.is_none();
    if of_order && !matches!(operation, Operation::Create | Operation::Any) {
        let what = "this scenario is the order's own; plan it for create or any";
        return refuse("operation", what);
    }
    let times = match object.get("times") {
        None => 1,
        Some(number) => {
            number.as_u64().filter(|times| (1..=TIMES_MAX).contains(times)).unwrap_or(0)
        }
    };
    match u32::try_from(times) {
        Ok(times) if times > 0 => Ok(Plan { bank, operation, scenario, times }),
        _ => refuse("times", "it is not a whole number from 1 to 1000"),
    }
}

fn shown(shared: &Shared) -> Value {
    let plans = shared.faults.all().into_iter();
    plans
        .map(|plan| {
            json!({ "bank": plan.bank, "operation": plan.operation,
                "scenario": plan.scenario.word, "times": plan.times })
        })
        .collect()
}

/// `GET /sim/faults`.
pub(crate) async fn list(State(shared): State<Arc<Shared>>) -> Response {
    Json(shown(&shared)).into_response()
}

/// `DELETE /sim/faults`.
pub(crate) async fn forget(State(shared): State<Arc<Shared>>) -> Response {
    shared.faults.clear();
    StatusCode::NO_CONTENT.into_response()
}
