//! Where the values of a template are published: its tables `[[sources]]`.
//!
//! ```toml
//! [[sources]]
//! document = "Open Banking API, payment initiation"
//! publisher = "bank"
//! date = "2026-08-21"
//! address = "https://github.com/monzo/docs"
//! keys = ["rails", "standard.uk-open-banking.token_endpoint_auth"]
//! ```
//!
//! A key without a source is unverified: the operator compares its value with the bank's
//! documentation before real payers use the bank.

use jiff::civil::Date;
use serde::Deserialize;
use toml::{Table, Value};
use url::Url;

/// Keys that say which bank it is and how it is listed; they need no source.
const LISTING: [&str; 8] =
    ["id", "name", "countries", "bank_group", "bank_sub_group", "rank", "logo", "full_logo"];
/// The keys that follow from the rails alone.
const IMPLIED_BY_RAILS: &str = "currencies";
/// The key that NextGenPSD2 leaves no choice for.
const EXECUTES_AT_APPROVAL: &str = "executes_at_approval";

/// A public document that values of a template come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Title of the document, with its version where it has one.
    pub document: String,
    /// Who publishes it.
    pub publisher: Publisher,
    /// The date of the version, or of the reading where the document has none: `2026`, `2026-08`
    /// or `2026-08-21`.
    pub date: String,
    /// Where it is; https.
    pub address: Option<String>,
    /// Keys of the template for which the document is the source, dotted. A table's key covers all keys in
    /// the table.
    pub keys: Vec<String>,
}

/// Who publishes a document, from the one that weighs most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Publisher {
    /// The bank, its group, or the hub that the bank is reached through.
    Bank,
    /// The keeper of the standard, or of the scheme of the rail: true of all its banks, so of this one.
    Standard,
    /// An authority or scheme that keeps a register of banks.
    Register,
    /// Somebody who connects to the bank, for example an open-source connector.
    ThirdParty,
}

impl Publisher {
    /// The word as templates have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Publisher::Bank => "bank",
            Publisher::Standard => "standard",
            Publisher::Register => "register",
            Publisher::ThirdParty => "third_party",
        }
    }
}

impl Source {
    /// Whether the value of `key` comes from this document.
    #[must_use]
    pub fn covers(&self, key: &str) -> bool {
        self.keys.iter().any(|named| is_in(key, named))
    }

    /// The complaint about the first thing that is wrong, if any; `values` are the keys of the
    /// template that have values.
    pub(super) fn complaint(&self, values: &[String]) -> Option<String> {
        if self.document.trim().is_empty() {
            return Some("`sources.document` must say which document".to_owned());
        }
        if !is_date(&self.date) {
            let date = &self.date;
            return Some(format!("`sources.date` is `{date}`: it must be like 2026-08-21"));
        }
        let address = self.address.as_deref();
        if let Some(text) = address.filter(|text| !is_https(text)) {
            return Some(format!("`sources.address` is `{text}`: it must be an https URL"));
        }
        if self.keys.is_empty() {
            let document = &self.document;
            return Some(format!("`sources.keys` of `{document}` must not be empty"));
        }
        let known = |named: &String| values.iter().any(|key| is_in(key, named));
        let unknown = self.keys.iter().find(|named| !known(named))?;
        Some(format!("`sources.keys` names `{unknown}`: this template has no value for that key"))
    }
}

/// Keys and values of a template, in alphabetical order within each table, without those that are
/// left open. An array is one value.
pub(super) fn values(table: &Table) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) if !inner.is_empty() => found.extend(
                values(inner).into_iter().map(|(name, value)| (format!("{key}.{name}"), value)),
            ),
            value if super::is_open(value) => {}
            value => found.push((key.clone(), value.clone())),
        }
    }
    found
}

/// Whether the value of the key can be wrong of a bank: whether it needs a source.
pub(super) fn needs_source(table: &Table, key: &str) -> bool {
    let implied = key == IMPLIED_BY_RAILS
        || (key == EXECUTES_AT_APPROVAL && has_standard(table, "next-gen-psd2"));
    !LISTING.contains(&key) && !implied
}

fn has_standard(table: &Table, name: &str) -> bool {
    table.get("standard").and_then(Value::as_table).is_some_and(|own| own.contains_key(name))
}

/// Whether `key` is `named`, or in the table of that name.
fn is_in(key: &str, named: &str) -> bool {
    key.strip_prefix(named).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// `2026`, `2026-08` or `2026-08-21`.
fn is_date(text: &str) -> bool {
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    whole.len() == 10 && whole.parse::<Date>().is_ok()
}

fn is_https(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "https")
}
