//! The filters of the directory's lists (sections 1.2, 1.3 and 1.6).

use gateway::{App, members};

use super::flags::FLAGS;
use super::index::Entry;
use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::parts::places::Only;
use crate::api::parts::words::LocalInstrument;
use crate::api::query::Query;

/// Ids and BICs that one request may name.
pub(crate) const NAMES_MAX: usize = 1_000;

/// Which spelling of the parameters a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `bank_features.supports_send_payment.value`, `supportedPaymentNetworks`, …
    V1,
    /// `supportsSendPayment`, `supportedLocalInstruments`, …
    V2,
}

/// Which banks a list holds; each part that is empty lets all through.
pub(super) struct Filter {
    ids: Vec<String>,
    search: Option<String>,
    search_is_exact: bool,
    providers: Vec<String>,
    bank_code: Option<String>,
    bics: Vec<String>,
    countries: Vec<String>,
    rails: Vec<String>,
    standards: Vec<String>,
    sca_methods: Vec<String>,
    group: Option<String>,
    sub_group: Option<String>,
    /// Places in [`FLAGS`] and what is wanted there.
    flags: Vec<(usize, bool)>,
    /// A flag that no bank has and that is asked for: nothing fits.
    nothing_fits: bool,
}

impl Filter {
    /// The same for the member of `memberId`, where the query names one. Every member may act at every
    /// bank of the directory, and whoever is no member at none.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] where the database cannot be asked.
    pub(super) async fn of_member(mut self, app: &App, query: &Query) -> Result<Filter, ApiError> {
        let Some(id) = query.text("memberId") else { return Ok(self) };
        let is_member = match id.parse() {
            Ok(id) => members::exists(app, &id)
                .await
                .map_err(|error| ApiError::from_gateway(error, "", &Only("")))?,
            Err(_) => false,
        };
        self.nothing_fits |= !is_member;
        Ok(self)
    }

    /// Reads the parameters.
    ///
    /// # Errors
    /// [`ApiError::Field`] for the first that is wrong.
    pub(super) fn read(query: &Query, spelling: Spelling) -> Result<Filter, ApiError> {
        let lower = |name: &str| -> Vec<String> {
            query.texts(name).iter().map(|text| text.to_lowercase()).collect()
        };
        let bounded = |name: &'static str| {
            let names = lower(name);
            if names.len() > NAMES_MAX {
                let message = format!("`{name}` should not have more than {NAMES_MAX} values.");
                return Err(ApiError::field(FieldFault::Invalid, name, message));
            }
            Ok(names)
        };
        let rails = match spelling {
            Spelling::V1 => query.texts("supportedPaymentNetworks"),
            Spelling::V2 => known_rails(query)?,
        };
        let mut nothing_fits = false;
        if spelling == Spelling::V2 {
            // A filter that no object shows; no bank tells the holder's name yet.
            nothing_fits = query.truth("supportsReturnRefundAccountHolderName")? == Some(true);
        }
        Ok(Filter {
            ids: bounded("ids")?,
            search: query.text("search").map(str::to_owned),
            search_is_exact: false,
            providers: lower("providers"),
            bank_code: query.text("bankCode").map(str::to_lowercase),
            bics: bounded("bics")?,
            countries: query.texts("countries").iter().map(|code| code.to_uppercase()).collect(),
            rails: rails.iter().map(|rail| rail.to_uppercase()).collect(),
            standards: lower("openBankingStandards"),
            sca_methods: query.texts("scaMethods"),
            group: query.text("bankGroup").map(str::to_lowercase),
            sub_group: query.text("bankSubGroup").map(str::to_lowercase),
            flags: flags(query, spelling)?,
            nothing_fits,
        })
    }

    /// The same with a search that minds upper and lower case (section 1.4).
    pub(super) fn with_exact_search(self) -> Filter {
        Filter { search_is_exact: true, ..self }
    }

    /// Whether the list holds that bank.
    pub(super) fn lets_through(&self, bank: &Entry) -> bool {
        let among = |wanted: &[String], found: &str| {
            wanted.is_empty() || wanted.iter().any(|wanted| wanted == found)
        };
        let any = |wanted: &[String], found: &[String]| {
            wanted.is_empty() || found.iter().any(|found| wanted.contains(found))
        };
        let same = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        !self.nothing_fits
            && among(&self.ids, &bank.id_lower)
            && among(&self.bics, &bank.bic_lower)
            && among(&self.providers, &super::entry::PROVIDER.to_lowercase())
            && among(&self.standards, &bank.standard.to_lowercase())
            && any(&self.countries, &bank.countries)
            && any(&self.rails, &bank.rails)
            && (self.sca_methods.is_empty()
                || bank.sca_methods.iter().any(|found| self.sca_methods.iter().any(|w| w == found)))
            && same(&self.group, &bank.group_lower)
            && same(&self.sub_group, &bank.sub_group_lower)
            && self.bank_code.as_ref().is_none_or(|code| {
                *code == bank.bic_lower || *code == bank.bank_code.to_lowercase()
            })
            && self.flags.iter().all(|(place, wanted)| bank.flags.get(*place) == Some(wanted))
            && self.search.as_ref().is_none_or(|part| self.found(part, bank))
    }

    fn found(&self, part: &str, bank: &Entry) -> bool {
        if self.search_is_exact {
            return bank.name.contains(part) || bank.id.contains(part);
        }
        let part = part.to_lowercase();
        bank.name_lower.contains(&part)
            || bank.id_lower.contains(&part)
            || bank.bank_code.to_lowercase().contains(&part)
    }
}

fn known_rails(query: &Query) -> Result<Vec<String>, ApiError> {
    const NAME: &str = "supportedLocalInstruments";
    let names = query.texts(NAME);
    let unknown = names.iter().find(|name| {
        serde_json::from_value::<LocalInstrument>(name.to_uppercase().into()).is_err()
    });
    match unknown {
        Some(_) => {
            let message = format!("`{NAME}` has an unknown value.");
            Err(ApiError::field(FieldFault::Invalid, NAME, message))
        }
        None => Ok(names),
    }
}

fn flags(query: &Query, spelling: Spelling) -> Result<Vec<(usize, bool)>, ApiError> {
    let mut wanted = vec![];
    for (place, flag) in FLAGS.iter().enumerate() {
        let names = match spelling {
            Spelling::V1 => vec![
                format!("bank_features.{}.value", flag.snake),
                format!("bank_features.{}.value", flag.camel),
            ],
            Spelling::V2 => vec![flag.camel.to_owned()],
        };
        for name in names {
            // Documented as an integer: 0 and 1 are taken for it.
            let value = match query.text(&name) {
                Some("1") => Some(true),
                Some("0") => Some(false),
                _ => query.truth(&name)?,
            };
            wanted.extend(value.map(|value| (place, value)));
        }
    }
    Ok(wanted)
}
