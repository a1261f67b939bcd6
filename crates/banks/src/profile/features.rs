//! What clients are told of a bank before they send a payment to it.

use jiff::Timestamp;
use serde::Deserialize;

/// Something that the bank wants to know of the payer before anything else (public API,
/// `initialEmbeddedAuthFields`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialField {
    /// The name under which the answer comes, e.g. `psuId`.
    pub id: String,
    /// What the payer reads beside it.
    pub display_name: String,
    /// A further explanation.
    pub additional_information: Option<String>,
    /// What the answer must look like, a regular expression, for clients that check it.
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
        let minute = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
            (text.len() == 5 && minute < 60 && hour * 60 + minute <= 1440)
                .then_some(hour * 60 + minute)
        };
        days.contains(&self.from_day.as_str())
            && days.contains(&self.to_day.as_str())
            && jiff::tz::TimeZone::get(&self.zone).is_ok()
            && matches!((minute(&self.from), minute(&self.to)), (Some(from), Some(to)) if from < to)
    }
}

/// What is expected of a bank during a time (public API, `maintenanceWindow[].type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Downtime {
    /// The bank works on its systems and goes on answering.
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
    /// What is expected.
    pub downtime: Downtime,
}
