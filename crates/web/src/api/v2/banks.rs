//! `GET /v2/banks`: the directory, as far as single payments at its banks need it (reference,
//! accounts, banks and settlement, sections 1.6 and 1.7).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use banks::profile::{BankProfile, Capability, ScaMethod, Standard};
use gateway::App;
use serde::Serialize;
use utoipa::ToSchema;

use super::payments::initiation::LocalInstrument;
use crate::api::ApiError;
use crate::api::auth::Call;
use crate::api::error::FieldFault;
use crate::api::query::Query;

/// Banks on one page, at most and by default.
const PER_PAGE_MAX: usize = 200;

/// A bank.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BankV2 {
    /// What `bankId` takes.
    id: String,
    /// ISO 9362.
    bic: String,
    /// The name that payers know.
    name: String,
    /// URL of a logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_uri: Option<String>,
    /// The group that the bank belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_group: Option<String>,
    /// ISO 3166-1 alpha-2.
    countries: Vec<String>,
    /// In the published words.
    open_banking_standard: String,
    /// How payers can approve.
    sca_methods: Vec<String>,
    /// Rails.
    supported_local_instruments: Vec<LocalInstrument>,
    /// Whether authorising at the bank also submits.
    requires_one_step_payment: bool,
    /// Whether single immediate payments work.
    supports_single_payment: bool,
    /// The same, in the older word.
    supports_send_payment: bool,
    /// Whether future-dated payments work.
    supports_scheduled_payment: bool,
    /// Whether standing orders work.
    supports_standing_order: bool,
    /// Whether `confirmFunds` works.
    supports_funds_confirmation: bool,
    /// Whether `returnRefundAccount` works.
    supports_return_refund_account: bool,
}

/// Where a page stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Paging {
    /// This page, from 1.
    page: usize,
    /// Number of pages.
    page_count: usize,
    /// Banks on a page, at most.
    per_page: usize,
    /// Number of banks.
    total_count: usize,
}

/// One page of the directory.
#[derive(Debug, Serialize, ToSchema)]
pub struct BanksResponse {
    /// The banks.
    banks: Vec<BankV2>,
    /// Where the page stands.
    paging: Paging,
}

/// List banks
#[utoipa::path(
    get, path = "/v2/banks", tag = "Banks",
    operation_id = "GatewayService.GetBanksV2",
    params(
        ("page" = Option<i32>, Query, description = "From 1"),
        ("perPage" = Option<i32>, Query, description = "1 to 200"),
        ("sort" = Option<String>, Query, description = "NAME (default) or COUNTRY"),
        ("ids" = Option<Vec<String>>, Query, description = "Only these banks"),
        ("search" = Option<String>, Query, description = "Part of a name or id"),
        ("countries" = Option<Vec<String>>, Query, description = "Only banks of these countries"),
        ("bics" = Option<Vec<String>>, Query, description = "Only banks with these BICs"),
        ("supportedLocalInstruments" = Option<Vec<LocalInstrument>>, Query,
            description = "Only banks with any of these rails"),
        ("supportsSinglePayment" = Option<bool>, Query,
            description = "Only banks where single payments work, or do not")),
    responses((status = 200, description = "One page", body = BanksResponse),
        (status = 400, description = "A parameter is wrong"),
        (status = 401, description = "Not authenticated"))
)]
pub async fn list_banks(
    State(app): State<Arc<App>>,
    call: Call,
) -> Result<Json<BanksResponse>, ApiError> {
    let query = call.query()?;
    let filter = Filter::read(&query)?;
    let mut found: Vec<&BankProfile> =
        app.directory().iter().filter(|bank| filter.lets_through(bank)).collect();
    match query.text("sort").unwrap_or("NAME") {
        "NAME" => found.sort_by_key(|bank| (bank.name.to_lowercase(), bank.id.clone())),
        "COUNTRY" => found.sort_by_key(|bank| (bank.countries.clone(), bank.id.clone())),
        _ => {
            let message = "`sort` should be NAME or COUNTRY.";
            return Err(ApiError::field(FieldFault::Invalid, "sort", message));
        }
    }
    let number = |name| -> Result<usize, ApiError> {
        Ok(query.whole_number(name)?.and_then(|n| usize::try_from(n).ok()).unwrap_or(0))
    };
    let per_page = match number("perPage")? {
        asked @ 1..=PER_PAGE_MAX => asked,
        _ => PER_PAGE_MAX,
    };
    let page = number("page")?.max(1);
    let total_count = found.len();
    let first = (page - 1).saturating_mul(per_page);
    let banks = found.into_iter().skip(first).take(per_page).map(BankV2::of).collect();
    let page_count = total_count.div_ceil(per_page);
    Ok(Json(BanksResponse { banks, paging: Paging { page, page_count, per_page, total_count } }))
}

struct Filter {
    ids: Vec<String>,
    search: Option<String>,
    countries: Vec<String>,
    bics: Vec<String>,
    rails: Vec<domain::initiation::LocalInstrument>,
    single_payment: Option<bool>,
}

impl Filter {
    fn read(query: &Query) -> Result<Filter, ApiError> {
        let lower = |name| query.texts(name).iter().map(|text| text.to_lowercase()).collect();
        let mut rails = vec![];
        for name in query.texts("supportedLocalInstruments") {
            let rail: LocalInstrument = serde_json::from_value(name.into()).map_err(|_| {
                let field = "supportedLocalInstruments";
                ApiError::field(
                    FieldFault::Invalid,
                    field,
                    format!("`{field}` has an unknown value."),
                )
            })?;
            rails.push(rail.into());
        }
        Ok(Filter {
            ids: lower("ids"),
            search: query.text("search").map(str::to_lowercase),
            countries: lower("countries"),
            bics: lower("bics"),
            rails,
            single_payment: query.truth("supportsSinglePayment")?,
        })
    }

    fn lets_through(&self, bank: &BankProfile) -> bool {
        let among = |wanted: &[String], found: &str| {
            wanted.is_empty() || wanted.contains(&found.to_lowercase())
        };
        let country = self.countries.is_empty()
            || bank.countries.iter().any(|country| among(&self.countries, country));
        let rail = self.rails.is_empty() || bank.rails.iter().any(|rail| self.rails.contains(rail));
        let search = self.search.as_ref().is_none_or(|part| {
            bank.name.to_lowercase().contains(part) || bank.id.to_lowercase().contains(part)
        });
        let single =
            self.single_payment.is_none_or(|wanted| wanted == bank.can(Capability::SinglePayment));
        among(&self.ids, &bank.id)
            && among(&self.bics, &bank.bic)
            && country
            && rail
            && search
            && single
    }
}

impl BankV2 {
    fn of(bank: &BankProfile) -> BankV2 {
        let single_payment = bank.can(Capability::SinglePayment);
        BankV2 {
            id: bank.id.clone(),
            bic: bank.bic.clone(),
            name: bank.name.clone(),
            logo_uri: bank.logo.clone(),
            bank_group: bank.bank_group.clone(),
            countries: bank.countries.clone(),
            open_banking_standard: match &bank.standard {
                Standard::UkOpenBanking(_) => "UK_Open_Banking_Standard",
                Standard::NextGenPsd2(_) => "NextGenPsd2",
                Standard::Stet(_) => "STET_PSD2_API",
                Standard::PolishApi(_) => "PolishApi",
            }
            .to_owned(),
            sca_methods: bank
                .sca_methods
                .iter()
                .map(|method| match method {
                    ScaMethod::Redirect => "REDIRECT",
                    ScaMethod::MultiRedirect => "MULTI_REDIRECT",
                    ScaMethod::Decoupled => "DECOUPLED",
                    ScaMethod::EmbeddedSingleStep => "EMBEDDED_SINGLE_STEP",
                    ScaMethod::EmbeddedMultiStep => "EMBEDDED_MULTI_STEP",
                })
                .map(str::to_owned)
                .collect(),
            supported_local_instruments: bank.rails.iter().map(|rail| (*rail).into()).collect(),
            requires_one_step_payment: bank.executes_at_approval,
            supports_single_payment: single_payment,
            supports_send_payment: single_payment,
            supports_scheduled_payment: bank.can(Capability::FutureDatedPayment),
            supports_standing_order: bank.can(Capability::StandingOrder),
            supports_funds_confirmation: bank.can(Capability::FundsConfirmation),
            supports_return_refund_account: bank.can(Capability::RefundAccount),
        }
    }
}
