//! `GET /v2/banks`: as public as `GET /banks` where unsigned reads are open.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use gateway::App;

use super::filter::{Filter, Spelling};
use super::index::{BankLists, Order};
use super::listing::{PageWanted, page};
use super::schema::BanksV2;
use crate::api::ApiError;
use crate::api::auth::Reader;
use crate::api::error::FieldFault;
use crate::api::parts::words::LocalInstrument;

/// List banks
#[utoipa::path(
    get, path = "/v2/banks", tag = "Banks",
    operation_id = "GetBanksv2",
    security((), ("Bearer" = []), ("BasicAuth" = [])),
    params(
        ("page" = Option<i32>, Query, description = "From 1"),
        ("perPage" = Option<i32>, Query, description = "1 to 10,000; 200 where it is absent"),
        ("sort" = Option<String>, Query, description = "NAME (default), COUNTRY, STANDARD or RANK"),
        ("memberId" = Option<String>, Query,
            description = "The banks of this member: all of them, and none for an unknown id"),
        ("tppId" = Option<String>, Query, description = "The same"),
        ("ids" = Option<Vec<String>>, Query, description = "Only these banks, at most 1,000"),
        ("search" = Option<String>, Query, description = "Part of a name, id or national code"),
        ("bankGroup" = Option<String>, Query, description = "Only banks of this group"),
        ("bankSubGroup" = Option<String>, Query, description = "Only banks of this part of a group"),
        ("bankCode" = Option<String>, Query, description = "BIC or national code"),
        ("openBankingStandards" = Option<Vec<String>>, Query, description = "Only these standards"),
        ("countries" = Option<Vec<String>>, Query, description = "Only banks of these countries"),
        ("bics" = Option<Vec<String>>, Query, description = "Only these BICs, at most 1,000"),
        ("supportedLocalInstruments" = Option<Vec<LocalInstrument>>, Query,
            description = "Only banks with any of these rails"),
        ("supportsAccountList" = Option<bool>, Query),
        ("supportsAccountDetails" = Option<bool>, Query),
        ("supportsAccountBalance" = Option<bool>, Query),
        ("supportsTransactionList" = Option<bool>, Query),
        ("supportsTransactionDetails" = Option<bool>, Query),
        ("supportsStandingOrderList" = Option<bool>, Query),
        ("supportsTransactionsDateFilter" = Option<bool>, Query),
        ("requiresOneStepPayment" = Option<bool>, Query),
        ("supportsSinglePayment" = Option<bool>, Query),
        ("supportsScheduledPayment" = Option<bool>, Query),
        ("supportsStandingOrder" = Option<bool>, Query),
        ("supportsFundsConfirmation" = Option<bool>, Query),
        ("supportsReturnRefundAccount" = Option<bool>, Query),
        ("supportsReturnRefundAccountHolderName" = Option<bool>, Query),
        ("supportsVariableRecurringPayment" = Option<bool>, Query)),
    responses((status = 200, description = "One page, with an ETag", body = BanksV2),
        (status = 304, description = "The client has this page"),
        (status = 400, description = "A parameter is wrong"),
        (status = 401, description = "Not authenticated"))
)]
pub async fn list_banks_v2(
    State(app): State<Arc<App>>,
    Extension(lists): Extension<Arc<BankLists>>,
    Reader(visitor): Reader,
) -> Result<Response, ApiError> {
    let query = visitor.query()?;
    let filter = Filter::read(&query, Spelling::V2)?.of_member(&app, &query).await?;
    let order = match query.text("sort").unwrap_or("NAME").to_uppercase().as_str() {
        "NAME" => Order::Name,
        "COUNTRY" => Order::Country,
        "STANDARD" => Order::Standard,
        "RANK" => Order::Rank,
        _ => {
            let message = "`sort` should be NAME, COUNTRY, STANDARD or RANK.";
            return Err(ApiError::field(FieldFault::Invalid, "sort", message));
        }
    };
    let wanted = PageWanted::read(&query)?;
    let index = lists.newest(app.directory());
    let found = index.in_order(order).filter(|bank| filter.lets_through(bank));
    Ok(page(&visitor.headers, &wanted, found, |bank| &bank.v2))
}
