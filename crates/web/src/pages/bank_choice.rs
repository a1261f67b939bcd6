//! Choosing a bank, for payments and for token requests that are not payments yet.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use banks::profile::{BankProfile, ScaMethod};
use gateway::{App, GatewayError};

use super::page;
use super::summary::Summary;
use crate::api::query::Query;

/// Banks that one page shows; more need a search.
const BANKS_SHOWN_MAX: usize = 60;

/// What the pages on which a bank is chosen have in common.
pub(super) struct Place {
    pub(super) payment: Summary,
    /// The shop.
    pub(super) back_url: String,
    /// Why the page is shown again.
    pub(super) message: Option<String>,
}

/// A bank on a page.
pub(super) struct BankRow {
    pub(super) id: String,
    pub(super) name: String,
    initial: String,
    search_text: String,
    pub(super) available: bool,
}

#[derive(Template)]
#[template(path = "pick_bank.html")]
struct PickBank {
    payment: Summary,
    banks: Vec<BankRow>,
    countries: Vec<(String, bool)>,
    search: String,
    /// Whether no bank takes the payment, whatever is searched for.
    none_at_all: bool,
    more: bool,
    message: Option<String>,
    back_url: String,
}

#[derive(Template)]
#[template(path = "confirm_bank.html")]
struct ConfirmBank {
    payment: Summary,
    bank: BankRow,
    can_change: bool,
    message: Option<String>,
    /// What comes next at this bank.
    next: &'static str,
    /// Whether the payer types nothing secret on our pages.
    at_the_bank: bool,
    back_url: String,
}

/// One button for the bank that is chosen already.
pub(super) fn confirm(app: &App, at: Place, bank: &BankProfile, can_change: bool) -> Response {
    let Place { payment, back_url, message } = at;
    let confirm = ConfirmBank {
        payment,
        bank: row(app, bank),
        can_change,
        message,
        next: what_comes_next(bank),
        at_the_bank: approves_at_the_bank(bank),
        back_url,
    };
    page(StatusCode::OK, &confirm)
}

/// The list of the banks that `offers` lets through, as far as `search` and `country` of the query
/// leave it.
pub(super) fn picker(
    app: &App,
    at: Place,
    offers: impl Fn(&BankProfile) -> bool,
    query: &Query,
) -> Response {
    let Place { payment, back_url, message } = at;
    let search = query.text("search").unwrap_or("").to_lowercase();
    let country = query.text("country").unwrap_or("").to_uppercase();
    let able: Vec<&BankProfile> = app.directory().iter().filter(|bank| offers(bank)).collect();
    let none_at_all = able.is_empty();
    let mut countries: Vec<String> =
        able.iter().flat_map(|bank| bank.countries.iter().cloned()).collect();
    countries.sort();
    countries.dedup();
    // A country that has no bank here is none that the payer could unselect.
    let country = if countries.contains(&country) { country } else { String::new() };
    let mut found: Vec<BankRow> = able
        .into_iter()
        .filter(|bank| country.is_empty() || bank.countries.contains(&country))
        .map(|bank| row(app, bank))
        .filter(|row| search.is_empty() || row.search_text.contains(&search))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let more = found.len() > BANKS_SHOWN_MAX;
    found.truncate(BANKS_SHOWN_MAX);
    let pick = PickBank {
        payment,
        banks: found,
        countries: countries.into_iter().map(|c| (c.clone(), c == country)).collect(),
        search,
        none_at_all,
        more,
        message,
        back_url,
    };
    page(StatusCode::OK, &pick)
}

/// Why the payer cannot pay with the bank, where another bank may do.
pub(super) fn why_not(error: &GatewayError) -> Option<&'static str> {
    Some(match error {
        GatewayError::BankUnknown { .. } => "That bank is not known here. Please choose another.",
        GatewayError::Misfit { .. } => {
            "That bank does not take the payment as the shop wrote it. Please choose another."
        }
        GatewayError::AmountTooPrecise { .. } => {
            "That bank cannot pay an amount with so many decimal places. Please go back to the shop."
        }
        GatewayError::FeatureNotSupported { .. } => {
            "That bank does not offer this kind of payment. Please choose another."
        }
        GatewayError::FieldNeeded { .. } => {
            "That bank needs to know more than the shop has given. Please choose another."
        }
        GatewayError::BankUnavailable { .. } => {
            "That bank is unavailable at the moment. Please choose another, or try again later."
        }
        _ => return None,
    })
}

/// Whether the payer signs in at the bank, and not on our pages.
pub(super) fn approves_at_the_bank(bank: &BankProfile) -> bool {
    bank.sca_methods
        .iter()
        .all(|method| matches!(method, ScaMethod::Redirect | ScaMethod::MultiRedirect))
}

/// What the payer will do, in a sentence.
pub(super) fn what_comes_next(bank: &BankProfile) -> &'static str {
    match bank.sca_methods.first() {
        Some(ScaMethod::Decoupled) => "Next, you confirm in your bank's app.",
        Some(ScaMethod::EmbeddedSingleStep | ScaMethod::EmbeddedMultiStep) => {
            "Next, your bank asks you some questions on this page, to be sure that it is you."
        }
        Some(ScaMethod::Redirect | ScaMethod::MultiRedirect) | None => {
            "Next, you sign in at your bank and approve there."
        }
    }
}

/// The bank as a row of the list.
pub(super) fn row(app: &App, bank: &BankProfile) -> BankRow {
    BankRow {
        id: bank.id.clone(),
        name: bank.name.clone(),
        initial: bank.name.chars().next().unwrap_or('?').to_string(),
        available: app.takes_payments(bank),
        search_text: format!("{} {} {}", bank.name, bank.id, bank.bic).to_lowercase(),
    }
}
