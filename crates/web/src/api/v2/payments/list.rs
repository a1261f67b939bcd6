//! `GET /v2/payments`: the member's payments, newest first.
//!
//! The offset names the last payment of the page before, so pages neither repeat nor lose
//! payments while new ones arrive, and a late page costs no more than the first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::{App, payments};
use serde::Serialize;
use serde_json::Value;
use store::payments::{Filter, Position, REFERENCES_MAX};
use utoipa::ToSchema;

use super::model::Payment;
use crate::api::ApiError;
use crate::api::auth::Call;
use crate::api::error::FieldFault;
use crate::api::query::Query;
use crate::api::status::{PaymentStatus, stages_of};

/// Payments on one page, at most and by default.
const LIMIT_MAX: usize = 200;

/// Where a page stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageInfo {
    /// Payments on a page, at most.
    limit: usize,
    /// Loads this page again.
    offset: String,
    /// Loads the next page; empty where there is none.
    next_offset: String,
    /// Whether there is a next page.
    have_more: bool,
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentsResponse {
    /// The payments.
    payments: Vec<Payment>,
    /// Where the page stands.
    page_info: PageInfo,
}

/// List payments
#[utoipa::path(
    get, path = "/v2/payments", tag = "Payments v2",
    operation_id = "GatewayService.GetPayments",
    params(
        ("limit" = Option<i32>, Query, description = "1 to 200; anything else is 200"),
        ("offset" = Option<String>, Query, description = "`nextOffset` of the page before"),
        ("statuses" = Option<Vec<PaymentStatus>>, Query, description = "Only these statuses"),
        ("refIds" = Option<Vec<String>>, Query, description = "Only these references, at most 32"),
        ("createdAfter" = Option<String>, Query, description = "Only later ones, ISO 8601"),
        ("createdBefore" = Option<String>, Query, description = "Only earlier ones, ISO 8601")),
    responses((status = 200, description = "One page", body = PaymentsResponse),
        (status = 400, description = "A parameter is wrong"),
        (status = 401, description = "Not authenticated"),
        (status = 500, description = "Internal error"))
)]
pub async fn list_payments(
    State(app): State<Arc<App>>,
    call: Call,
) -> Result<Json<PaymentsResponse>, ApiError> {
    let query = call.query().map_err(ApiError::bare)?;
    let limit = limit(&query).map_err(ApiError::bare)?;
    let Some(filter) = filter(&query).map_err(ApiError::bare)? else {
        return Ok(Json(page(vec![], limit, query.text("offset"), &app)));
    };
    let found = payments::list(&app, &call.member, filter, limit + 1)
        .await
        .map_err(|error| ApiError::from_gateway(error, "", ""))?;
    Ok(Json(page(found, limit, query.text("offset"), &app)))
}

/// A page of at most `limit` of `found`, which holds one more where there is a next page.
fn page(
    mut found: Vec<domain::payment::Payment>,
    limit: usize,
    offset: Option<&str>,
    app: &App,
) -> PaymentsResponse {
    let have_more = found.len() > limit;
    found.truncate(limit);
    let asked = offset.unwrap_or("").to_owned();
    let offset = match (asked.is_empty(), found.first()) {
        (true, Some(first)) => token(first.created_at.as_millisecond() + 1, ""),
        (true, None) | (false, _) => asked,
    };
    let next_offset = match found.last() {
        Some(last) if have_more => token(last.created_at.as_millisecond(), last.id.as_str()),
        Some(_) => String::new(),
        None => offset.clone(),
    };
    let payments =
        found.iter().map(|payment| Payment::of(payment, &app.settings().public_url)).collect();
    PaymentsResponse { payments, page_info: PageInfo { limit, offset, next_offset, have_more } }
}

/// Missing, zero and above the maximum are the maximum (reference, section 1.11).
fn limit(query: &Query) -> Result<usize, ApiError> {
    let asked = query.whole_number("limit")?.unwrap_or(0);
    Ok(usize::try_from(asked).ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)))
        .map(|limit| limit.unwrap_or(LIMIT_MAX))
}

/// `None` where no payment can fit.
fn filter(query: &Query) -> Result<Option<Filter>, ApiError> {
    let mut filter = Filter {
        created_after: query.moment("createdAfter")?,
        created_before: query.moment("createdBefore")?,
        references: query.texts("refIds"),
        after: query.text("offset").map(position).transpose()?,
        ..Filter::default()
    };
    if filter.references.len() > REFERENCES_MAX {
        let message = format!("`refIds` should not have more than {REFERENCES_MAX} values.");
        return Err(ApiError::field(FieldFault::Invalid, "refIds", message));
    }
    let statuses = query.texts("statuses");
    for name in &statuses {
        filter.stages.extend(stages_of(status(name)?));
    }
    filter.stages.sort_unstable();
    filter.stages.dedup();
    let nothing_fits = !statuses.is_empty() && filter.stages.is_empty();
    Ok((!nothing_fits).then_some(filter))
}

fn status(name: &str) -> Result<PaymentStatus, ApiError> {
    serde_json::from_value(Value::String(name.to_owned())).map_err(|_| {
        let shown: String = name.chars().take(64).collect();
        let message = format!("`statuses` has the unknown value `{shown}`.");
        ApiError::field(FieldFault::Invalid, "statuses", message)
    })
}

fn token(created_ms: i64, id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{created_ms} {id}"))
}

fn position(offset: &str) -> Result<Position, ApiError> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(offset).ok()?).ok()?;
        let (created_ms, id) = text.split_once(' ')?;
        Some(Position { created_ms: created_ms.parse().ok()?, id: id.to_owned() })
    };
    read().ok_or_else(|| {
        let message = "`offset` should be the `nextOffset` or `offset` of an earlier page.";
        ApiError::field(FieldFault::Invalid, "offset", message)
    })
}
