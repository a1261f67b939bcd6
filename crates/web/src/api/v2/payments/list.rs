//! `GET /v2/payments`: the member's payments, newest first. `list_filter` reads the
//! filters, `page` cuts the pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::payment as core;
use gateway::{App, payments};
use serde::Serialize;
use store::payments::{Entry, Position};
use utoipa::ToSchema;

use super::list_filter::{PaymentType, RefundStatus, filter};
use super::model::Payment;
use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::page::{PageInfo, PageWanted};
use crate::api::parts::places::Only;
use crate::api::parts::words::FlowType;
use crate::api::status::{PaymentStatus, of_stage};

/// A payment in short.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartialPayment {
    /// `pm2:…`.
    id: String,
    /// Its status.
    status: PaymentStatus,
}

/// A payment of a list: whole, or in short where `partial` is true.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ListedPayment {
    /// Everything.
    Whole(Box<Payment>),
    /// Id and status.
    Partial(PartialPayment),
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentsResponse {
    /// The payments.
    payments: Vec<ListedPayment>,
    /// The place of the page in its list.
    page_info: PageInfo,
}

/// List payments
#[utoipa::path(
    get, path = "/v2/payments", tag = "Payments v2",
    operation_id = "GatewayService.GetPayments",
    params(
        ("limit" = Option<i32>, Query, description = "1 to 200; anything else is 200"),
        ("offset" = Option<String>, Query, description = "`nextOffset` of the page before"),
        ("ids" = Option<Vec<String>>, Query, description = "Only these payments, at most 200"),
        ("invertIds" = Option<bool>, Query, description = "All but `ids`"),
        ("statuses" = Option<Vec<PaymentStatus>>, Query, description = "Only these statuses"),
        ("invertStatuses" = Option<bool>, Query, description = "All but `statuses`"),
        ("createdAfter" = Option<String>, Query, description = "Only later ones, ISO 8601"),
        ("createdBefore" = Option<String>, Query, description = "Only earlier ones, ISO 8601"),
        ("refIds" = Option<Vec<String>>, Query, description = "Only these references, at most 32"),
        ("onBehalfOfId" = Option<String>, Query, description = "Only those of this sub-TPP"),
        ("refundStatuses" = Option<Vec<RefundStatus>>, Query,
            description = "Only these; nothing is refunded yet, so each payment has NONE"),
        ("partial" = Option<bool>, Query, description = "Payments with `id` and `status` only"),
        ("externalPsuReference" = Option<String>, Query,
            description = "Only those with this reference, at most 64 characters"),
        ("type" = Option<PaymentType>, Query,
            description = "SINGLE_IMMEDIATE_PAYMENT where it is absent; there are no others yet"),
        ("vrpConsentId" = Option<String>, Query,
            description = "Only with `type` VARIABLE_RECURRING_PAYMENT"),
        ("flowTypes" = Option<Vec<FlowType>>, Query, description = "Only these flows"),
        ("paymentLinkId" = Option<String>, Query,
            description = "Only those of this link; there are none yet")),
    responses((status = 200, description = "One page", body = PaymentsResponse),
        (status = 400, description = "A parameter is wrong"),
        (status = 401, description = "Not authenticated"),
        (status = 500, description = "Internal error"))
)]
pub async fn list_payments(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Json<PaymentsResponse>, ApiError> {
    let query = incoming.query().map_err(ApiError::bare)?;
    let page = PageWanted::read(&query, "limit", "offset").map_err(ApiError::bare)?;
    let in_short = query.truth("partial").map_err(ApiError::bare)?.unwrap_or(false);
    let failed = |error| ApiError::from_gateway(error, "", &Only(""));
    let found = filter(&query).map_err(ApiError::bare)?;
    let (payments, page_info) = match found {
        None => (vec![], page.cut(&mut vec![], Position::clone)),
        Some(filter) if in_short => {
            let limit = page.with_one_more();
            let mut found = payments::list_entries(&app, &incoming.member, filter, limit)
                .await
                .map_err(failed)?;
            let page_info = page.cut(&mut found, |entry| entry.position.clone());
            (found.into_iter().map(ListedPayment::in_short).collect(), page_info)
        }
        Some(filter) => {
            let limit = page.with_one_more();
            let mut found =
                payments::list(&app, &incoming.member, filter, limit).await.map_err(failed)?;
            let page_info = page.cut(&mut found, |payment| Entry::of(payment).position);
            let public_url = &app.settings().public_url;
            let whole = |payment: &core::Payment| {
                ListedPayment::Whole(Box::new(Payment::of(payment, public_url)))
            };
            (found.iter().map(whole).collect(), page_info)
        }
    };
    Ok(Json(PaymentsResponse { payments, page_info }))
}

impl ListedPayment {
    fn in_short(entry: Entry) -> ListedPayment {
        let status = of_stage(entry.stage);
        ListedPayment::Partial(PartialPayment { id: entry.position.id, status })
    }
}
