//! The properties of a bank that clients can read before they send a payment to it.

use domain::field::{Field, PartyField};
use domain::initiation::Order;
use jiff::Timestamp;
use regex::Regex;
use serde::Deserialize;

use super::BankProfile;
use super::hours::minute;
use crate::misfit::{Misfit, not_taken};

/// Something that the bank wants to know of the payer before anything else (public API,
/// `initialEmbeddedAuthFields`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialField {
    /// The name under which the answer comes, e.g. `psuId`.
    pub id: String,
    /// The label that the payer reads.
    pub display_name: String,
    /// A further explanation.
    pub additional_information: Option<String>,
    /// The format of the answer, a regular expression, for clients that check it.
    pub format: Option<String>,
    /// Whether it must not be seen while it is typed.
    #[serde(default)]
    pub secret: bool,
}

/// A part of a payment that this bank refuses to be without (public API, `mandatoryFields`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MandatoryField {
    /// The payer's account.
    DebtorAccount,
    /// The BIC of the payer's bank.
    DebtorBic,
    /// The payer's name.
    DebtorName,
    /// The payee's address.
    CreditorAddress,
    /// The BIC of the payee's bank.
    CreditorBic,
}

/// A text of a payment whose form a bank restricts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestrictedText {
    /// `remittanceInformationPrimary`.
    RemittancePrimary,
    /// `remittanceInformationSecondary`.
    RemittanceSecondary,
    /// The payee's name.
    CreditorName,
}

/// How a text must look at a bank (public API, `fieldsFormatInformation`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldFormat {
    /// The text.
    pub field: RestrictedText,
    /// A regular expression for the whole text.
    pub constraint: String,
}

impl FieldFormat {
    /// The constraint, which is about the whole text.
    pub(super) fn pattern(&self) -> Option<Regex> {
        Regex::new(&format!("^(?:{})$", self.constraint)).ok()
    }

    /// Whether the order's text has that form.
    pub(super) fn check(&self, asked: &Order) -> Result<(), Misfit> {
        let (part, text) = match self.field {
            RestrictedText::RemittancePrimary => {
                (Field::Reference, Some(asked.remittance_primary.as_str()))
            }
            RestrictedText::RemittanceSecondary => {
                (Field::SecondaryText, asked.remittance_secondary.as_deref())
            }
            RestrictedText::CreditorName => {
                (Field::Creditor(PartyField::Name), asked.creditor.name.as_deref())
            }
        };
        let fits = |text| self.pattern().is_none_or(|pattern| pattern.is_match(text));
        if text.is_none_or(fits) {
            return Ok(());
        }
        let what = format!("the {} should match {}", part, self.constraint);
        Err(not_taken(part, what))
    }
}

impl BankProfile {
    /// Whether the payee's name is long enough.
    pub(super) fn check_name(&self, asked: &Order) -> Result<(), Misfit> {
        let least = self.limits.creditor_name_min;
        let length = asked.creditor.name.as_ref().map(|name| name.chars().count());
        if length.is_none_or(|length| length >= least) {
            return Ok(());
        }
        let field = Field::Creditor(PartyField::Name);
        Err(not_taken(field, format!("the {field} should have at least {least} characters")))
    }
}

/// When a bank executes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// IANA time zone, e.g. `Europe/Berlin`.
    pub zone: String,
    /// First day of the week, three letters: `MON`.
    pub from_day: String,
    /// Last day of the week.
    pub to_day: String,
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`; `24:00` is the day's end.
    pub to: String,
}

impl OpeningHours {
    /// `MON to FRI, 00:00 to 24:00 Europe/Berlin` (public API, `operationalTime`).
    #[must_use]
    pub fn text(&self) -> String {
        let OpeningHours { zone, from_day, to_day, from, to } = self;
        format!("{from_day} to {to_day}, {from} to {to} {zone}")
    }

    pub(super) fn is_sound(&self) -> bool {
        let days = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
        days.contains(&self.from_day.as_str())
            && days.contains(&self.to_day.as_str())
            && jiff::tz::TimeZone::get(&self.zone).is_ok()
            && matches!((minute(&self.from), minute(&self.to)), (Some(from), Some(to)) if from < to)
    }
}

/// The expected service of a bank during a time (public API, `maintenanceWindow[].type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Downtime {
    /// The bank works on its systems and continues answering.
    NoDowntimeExpected,
    /// The bank may not answer.
    DowntimeExpected,
    /// The bank takes no calls.
    Outage,
}

/// A time during which a bank works on its systems.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceWindow {
    /// Its beginning.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// The expected service.
    pub downtime: Downtime,
}
