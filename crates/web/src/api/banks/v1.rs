//! `GET /banks` needs no authentication; `GET /bank/countries` needs none where unsigned reads are
//! open. A wrong one is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use gateway::App;
use serde_json::json;

use super::filter::{Filter, Spelling};
use super::index::{BankLists, Order};
use super::listing::{PageWanted, cacheable, page};
use super::schema::{BanksV1, Countries};
use crate::api::ApiError;
use crate::api::auth::{Reader, Visitor};
use crate::api::error::FieldFault;

/// List banks, v1
#[utoipa::path(
    get, path = "/banks", tag = "Banks",
    operation_id = "GatewayService.GetBanks",
    security((), ("Bearer" = []), ("BasicAuth" = [])),
    params(
        ("page" = Option<i32>, Query, description = "From 1"),
        ("perPage" = Option<i32>, Query, description = "1 to 10,000; 200 where it is absent"),
        ("sort" = Option<String>, Query, description = "name (default), provider, country or rank"),
        ("memberId" = Option<String>, Query,
            description = "The banks of this member: all of them, and none for an unknown id"),
        ("tppId" = Option<String>, Query, description = "The same"),
        ("ids" = Option<Vec<String>>, Query, description = "Only these banks, at most 1,000"),
        ("search" = Option<String>, Query, description = "Part of a name, id or national code"),
        ("providers" = Option<Vec<String>>, Query, description = "Only these adapters"),
        ("bankCode" = Option<String>, Query, description = "BIC or national code"),
        ("bics" = Option<Vec<String>>, Query, description = "Only these BICs, at most 1,000"),
        ("countries" = Option<Vec<String>>, Query, description = "Only banks of these countries"),
        ("supportedPaymentNetworks" = Option<Vec<String>>, Query,
            description = "Only banks with any of these rails"),
        ("bankGroup" = Option<String>, Query, description = "Only banks of this group"),
        ("bankSubGroup" = Option<String>, Query, description = "Only banks of this part of a group"),
        ("bank_features.supports_send_payment.value" = Option<bool>, Query),
        ("bank_features.supports_receive_payment.value" = Option<bool>, Query),
        ("bank_features.supports_balance.value" = Option<bool>, Query),
        ("bank_features.supports_scheduled_payment.value" = Option<bool>, Query),
        ("bank_features.supports_standing_order.value" = Option<bool>, Query),
        ("bank_features.requires_one_step_payment.value" = Option<bool>, Query),
        ("bank_features.supports_funds_confirmation.value" = Option<bool>, Query),
        ("bank_features.supports_return_refund_account.value" = Option<bool>, Query),
        ("bank_features.supports_transactions_date_filter.value" = Option<bool>, Query),
        ("bank_features.supports_account_information.value" = Option<bool>, Query),
        ("bank_features.supports_single_payment.value" = Option<bool>, Query),
        ("bank_features.supports_variable_recurring_payment.value" = Option<bool>, Query)),
    responses((status = 200, description = "One page, with an ETag", body = BanksV1),
        (status = 304, description = "The client has this page"),
        (status = 400, description = "A parameter is wrong"))
)]
pub async fn list_banks(
    State(app): State<Arc<App>>,
    Extension(lists): Extension<Arc<BankLists>>,
    visitor: Visitor,
) -> Result<Response, ApiError> {
    let query = visitor.query()?;
    let filter = Filter::read(&query, Spelling::V1)?.of_member(&app, &query).await?;
    let order = match query.text("sort").unwrap_or("name").to_lowercase().as_str() {
        "name" => Order::Name,
        "provider" => Order::Provider,
        "country" => Order::Country,
        "rank" => Order::Rank,
        _ => {
            let message = "`sort` should be name, provider, country or rank.";
            return Err(ApiError::field(FieldFault::Invalid, "sort", message));
        }
    };
    let wanted = PageWanted::read(&query)?;
    let index = lists.newest(app.directory());
    let found = index.in_order(order).filter(|bank| filter.lets_through(bank));
    Ok(page(&visitor.headers, &wanted, found, |bank| &bank.v1))
}

/// List the countries of banks
#[utoipa::path(
    get, path = "/bank/countries", tag = "Banks",
    operation_id = "GatewayService.GetBanksCountries",
    security((), ("Bearer" = []), ("BasicAuth" = [])),
    params(
        ("memberId" = Option<String>, Query,
            description = "The banks of this member: all of them, and none for an unknown id"),
        ("tppId" = Option<String>, Query, description = "The same"),
        ("ids" = Option<Vec<String>>, Query, description = "Only of these banks, at most 1,000"),
        ("search" = Option<String>, Query,
            description = "Part of a bank's name or id, upper and lower case as written"),
        ("providers" = Option<Vec<String>>, Query, description = "Only these adapters"),
        ("bankCode" = Option<String>, Query, description = "BIC or national code"),
        ("countries" = Option<Vec<String>>, Query, description = "Only these countries"),
        ("supportedPaymentNetworks" = Option<Vec<String>>, Query,
            description = "Only of banks with any of these rails"),
        ("bank_features.supports_send_payment.value" = Option<bool>, Query),
        ("bank_features.supports_receive_payment.value" = Option<bool>, Query),
        ("bank_features.supports_balance.value" = Option<bool>, Query),
        ("bank_features.supports_scheduled_payment.value" = Option<bool>, Query),
        ("bank_features.supports_standing_order.value" = Option<bool>, Query),
        ("bank_features.requires_one_step_payment.value" = Option<bool>, Query),
        ("bank_features.supports_funds_confirmation.value" = Option<bool>, Query),
        ("bank_features.supports_return_refund_account.value" = Option<bool>, Query),
        ("bank_features.supports_transactions_date_filter.value" = Option<bool>, Query),
        ("bank_features.supports_account_information.value" = Option<bool>, Query),
        ("bank_features.supports_single_payment.value" = Option<bool>, Query),
        ("bank_features.supports_variable_recurring_payment.value" = Option<bool>, Query)),
    responses((status = 200, description = "The countries, with an ETag", body = Countries),
        (status = 304, description = "The client has this answer"),
        (status = 400, description = "A parameter is wrong"))
)]
pub async fn list_countries(
    State(app): State<Arc<App>>,
    Extension(lists): Extension<Arc<BankLists>>,
    Reader(visitor): Reader,
) -> Result<Response, ApiError> {
    let query = visitor.query()?;
    let filter = Filter::read(&query, Spelling::V1)?.with_exact_search();
    let filter = filter.of_member(&app, &query).await?;
    let wanted = query.texts("countries");
    let index = lists.newest(app.directory());
    let countries: BTreeSet<&str> = index
        .in_order(Order::Name)
        .filter(|bank| filter.lets_through(bank))
        .flat_map(|bank| bank.countries.iter().map(String::as_str))
        .filter(|country| wanted.is_empty() || wanted.iter().any(|one| one == country))
        .collect();
    Ok(cacheable(&visitor.headers, json!({ "countries": countries }).to_string()))
}
