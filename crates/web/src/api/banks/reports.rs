//! `GET /reports/banks/status` and `GET /reports/banks/{bankId}/status` (reference, section 5.1):
//! whether banks take calls, from the exchanges of this process and the announced outages.
//!
//! There is no `aisStatus`, because there is no account information yet: neither `LIVE` nor `DOWN`
//! would be true. Beside the published fields there is what an operator wants to know at three in the morning:
//! counts and durations per operation.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use banks::profile::BankProfile;
use gateway::App;
use gateway::health::{BankHealth, Figures};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::path::Path;

/// Whether calls of a kind are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Availability {
    /// Calls are taken.
    Live,
    /// They are not.
    Down,
}

/// One bank in the report about all.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusOfBank {
    /// The bank.
    bank_id: String,
    /// Payments.
    pis_status: Availability,
    /// Milliseconds since the latest exchange; absent before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_updated_at: Option<String>,
}

/// All banks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BanksStatusResponse {
    /// By id.
    banks_status: Vec<StatusOfBank>,
}

/// The figures of one operation, over its last 200 exchanges.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationFigures {
    /// The operation.
    operation: String,
    /// How often.
    exchanges: usize,
    /// Answered, or refused with a reason.
    successes: usize,
    /// Answered with an error of the bank (5xx, 429).
    bank_errors: usize,
    /// Not answered, or not connected.
    timeouts: usize,
    /// Median, in milliseconds.
    p50_ms: i64,
    /// 99th percentile, in milliseconds.
    p99_ms: i64,
}

/// One bank.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BankStatus {
    /// The name that payers know.
    bank_name: String,
    /// Payments.
    pis_status: Availability,
    /// Milliseconds since the latest exchange; absent before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_updated_at: Option<String>,
    /// Not in the published schema: the figures.
    operations: Vec<OperationFigures>,
}

/// One bank in its envelope.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BankStatusResponse {
    /// The bank.
    bank_status: BankStatus,
}

/// Report on all banks
#[utoipa::path(
    get, path = "/reports/banks/status", tag = "Reports",
    operation_id = "GatewayService.GetBanksStatus",
    responses((status = 200, description = "How the banks are", body = BanksStatusResponse),
        (status = 401, description = "Not authenticated"))
)]
pub async fn report_all_banks(
    State(app): State<Arc<App>>,
    _call: MemberRequest,
) -> Result<Json<BanksStatusResponse>, ApiError> {
    let banks_status = app
        .directory()
        .iter()
        .map(|bank| {
            let (status, health) = status_of(&app, bank);
            StatusOfBank {
                bank_id: bank.id.clone(),
                pis_status: status,
                last_updated_at: age(&app, &health),
            }
        })
        .collect();
    Ok(Json(BanksStatusResponse { banks_status }))
}

/// Report on a bank
#[utoipa::path(
    get, path = "/reports/banks/{bankId}/status", tag = "Reports",
    operation_id = "GatewayService.GetBankStatus",
    params(("bankId" = String, Path, description = "The bank's id")),
    responses((status = 200, description = "How the bank is", body = BankStatusResponse),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such bank"))
)]
pub async fn report_bank(
    State(app): State<Arc<App>>,
    Path(bank_id): Path<String>,
    _call: MemberRequest,
) -> Result<Json<BankStatusResponse>, ApiError> {
    let Some(bank) = app.bank(&bank_id) else {
        let id: String = bank_id.chars().take(64).collect();
        return Err(ApiError::NotFound { message: format!("Bank {id} not found."), id });
    };
    let (status, health) = status_of(&app, &bank);
    let bank_status = BankStatus {
        bank_name: bank.name.clone(),
        pis_status: status,
        last_updated_at: age(&app, &health),
        operations: health.figures.into_iter().map(OperationFigures::of).collect(),
    };
    Ok(Json(BankStatusResponse { bank_status }))
}

fn status_of(app: &App, bank: &BankProfile) -> (Availability, BankHealth) {
    let status = if app.takes_payments(bank) { Availability::Live } else { Availability::Down };
    (status, app.health().of(&bank.id))
}

/// An age, as published, not a moment.
fn age(app: &App, health: &BankHealth) -> Option<String> {
    let age_ms = |last: jiff::Timestamp| app.now().as_millisecond() - last.as_millisecond();
    health.last_exchange_at.map(|last| age_ms(last).max(0).to_string())
}

impl OperationFigures {
    fn of(figures: Figures) -> OperationFigures {
        OperationFigures {
            operation: figures.operation,
            exchanges: figures.exchanges,
            successes: figures.successes,
            bank_errors: figures.bank_errors,
            timeouts: figures.timeouts,
            p50_ms: figures.p50_ms,
            p99_ms: figures.p99_ms,
        }
    }
}
