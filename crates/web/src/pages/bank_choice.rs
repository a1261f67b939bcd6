//! Choosing a bank, for payments and for token requests that are not payments yet.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use banks::profile::{BankProfile, ScaMethod};
use gateway::{App, GatewayError};

use super::summary::Summary;
use super::view::{Form, View};
use super::{Page, page};
use crate::api::query::Query;
use crate::language::Language;

/// Banks that one page shows; more need a search.
const BANKS_SHOWN_MAX: usize = 60;

/// The common parts of the pages on which a payer chooses a bank.
pub(super) struct Place {
    pub(super) language: Language,
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
    language: Language,
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
    language: Language,
    payment: Summary,
    bank: BankRow,
    can_change: bool,
    message: Option<String>,
    /// The next step at this bank.
    next: String,
    /// Whether the payer types nothing secret on our pages.
    at_the_bank: bool,
    back_url: String,
}

impl Page for PickBank {
    fn view(&self) -> View {
        let at = Form::at(self.payment.path.clone(), &self.payment);
        let available = self.banks.iter().filter(|bank| bank.available);
        let form = available.fold(at, |form, bank| form.button("bank-id", &bank.id));
        View::of("pick_bank").form(form).way_out(&self.payment, &self.back_url)
    }
}

impl Page for ConfirmBank {
    fn view(&self) -> View {
        let view = View::of("confirm_bank");
        let view = if self.bank.available {
            let form = Form::at(self.payment.path.clone(), &self.payment);
            view.form(form.button("bank-id", &self.bank.id))
        } else {
            view.link(&self.payment.path)
        };
        view.way_out(&self.payment, &self.back_url)
    }
}

/// One button for the bank that is chosen already.
pub(super) fn confirm(app: &App, at: Place, bank: &BankProfile, can_change: bool) -> Response {
    let Place { language, payment, back_url, message } = at;
    let confirm = ConfirmBank {
        language,
        payment,
        bank: row(app, bank),
        can_change,
        message,
        next: what_comes_next(language, bank),
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
    let Place { language, payment, back_url, message } = at;
    let search = query.text("search").unwrap_or("").to_lowercase();
    let country = query.text("country").unwrap_or("").to_uppercase();
    let directory = app.directory();
    let able: Vec<&BankProfile> = directory.iter().filter(|bank| offers(bank)).collect();
    let none_at_all = able.is_empty();
    let mut countries: Vec<String> =
        able.iter().flat_map(|bank| bank.countries.iter().cloned()).collect();
    countries.sort();
    countries.dedup();
    // A country without a bank is not in the list, so the payer could not unselect it.
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
        language,
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
pub(super) fn why_not(language: Language, error: &GatewayError) -> Option<String> {
    let id = match error {
        GatewayError::BankUnknown { .. } => "pick-bank-unknown",
        GatewayError::Misfit { .. } => "pick-bank-misfit",
        GatewayError::AmountTooPrecise { .. } => "pick-bank-too-precise",
        GatewayError::FeatureNotSupported { .. } | GatewayError::NotRegistered { .. } => {
            "pick-bank-not-offered"
        }
        GatewayError::FieldNeeded { .. } => "pick-bank-more-wanted",
        GatewayError::BankUnavailable { .. } => "pick-bank-unavailable",
        _ => return None,
    };
    Some(language.text(id))
}

/// Whether the payer signs in at the bank, and not on our pages.
pub(super) fn approves_at_the_bank(bank: &BankProfile) -> bool {
    bank.sca_methods
        .iter()
        .all(|method| matches!(method, ScaMethod::Redirect | ScaMethod::MultiRedirect))
}

/// The payer's next step, in a sentence.
pub(super) fn what_comes_next(language: Language, bank: &BankProfile) -> String {
    language.text(match bank.sca_methods.first() {
        Some(ScaMethod::Decoupled) => "next-in-app",
        Some(ScaMethod::EmbeddedSingleStep | ScaMethod::EmbeddedMultiStep) => "next-questions",
        Some(ScaMethod::Redirect | ScaMethod::MultiRedirect) | None => "next-at-bank",
    })
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

#[cfg(test)]
impl BankRow {
    /// A bank, available or not.
    pub(super) fn sample(available: bool) -> BankRow {
        BankRow {
            id: "bg-ahorn".to_owned(),
            name: "Ahornbank".to_owned(),
            initial: "A".to_owned(),
            search_text: "ahornbank".to_owned(),
            available,
        }
    }
}

#[cfg(test)]
pub(super) fn samples(language: Language) -> Vec<super::samples::Sample> {
    use domain::initiation::Frequency;

    use super::samples::Sample;
    let bank = |available| BankRow::sample(available);
    let pick = |banks: Vec<BankRow>, message: Option<&str>| PickBank {
        language,
        payment: Summary::sample(language),
        none_at_all: false,
        more: !banks.is_empty(),
        banks,
        countries: vec![("AT".to_owned(), true), ("DE".to_owned(), false)],
        search: String::new(),
        message: message.map(|id| language.text(id)),
        back_url: "/shop".to_owned(),
    };
    let mut samples = vec![
        Sample::of("pick_bank", "banks", &pick(vec![bank(true), bank(false)], None)),
        Sample::of("pick_bank", "none found", &pick(vec![], None)),
    ];
    let none_at_all = PickBank { none_at_all: true, ..pick(vec![], None) };
    samples.push(Sample::of("pick_bank", "none can pay", &none_at_all));
    for id in [
        "pick-bank-missing",
        "pick-bank-unknown",
        "pick-bank-misfit",
        "pick-bank-too-precise",
        "pick-bank-not-offered",
        "pick-bank-more-wanted",
        "pick-bank-unavailable",
    ] {
        samples.push(Sample::of("pick_bank", id, &pick(vec![bank(true)], Some(id))));
    }
    let confirm = |available, can_change, next| ConfirmBank {
        language,
        payment: Summary::sample(language),
        bank: bank(available),
        can_change,
        message: None,
        next: language.text(next),
        at_the_bank: next == "next-at-bank",
        back_url: "/shop".to_owned(),
    };
    for next in ["next-at-bank", "next-in-app", "next-questions"] {
        samples.push(Sample::of("confirm_bank", next, &confirm(true, false, next)));
    }
    for can_change in [false, true] {
        let name = format!("unavailable, another bank: {can_change}");
        samples.push(Sample::of(
            "confirm_bank",
            &name,
            &confirm(false, can_change, "next-at-bank"),
        ));
    }
    for frequency in Frequency::ALL {
        let payment = Summary::sample_of_standing_order(language, Some(11), frequency);
        let page = ConfirmBank { payment, ..confirm(true, true, "next-at-bank") };
        samples.push(Sample::of("confirm_bank", &format!("{frequency:?}"), &page));
    }
    samples
}
