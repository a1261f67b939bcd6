//! When the bank executes, in the words of both versions (OBIE 3.1.11, `OBDomesticScheduled2`,
//! `OBDomesticStandingOrder3`; 4.0, `OBMandateRelatedInformation1`, `OBFrequency6`).

use domain::initiation::Frequency;
use jiff::civil::Date;
use serde::Serialize;

/// `MandateRelatedInformation` of 4.0.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Mandate {
    first_payment_date_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    final_payment_date_time: Option<String>,
    frequency: FrequencyOut,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FrequencyOut {
    r#type: &'static str,
}

/// The mandate of a standing order in 4.0. Day and weekday are those of the first execution.
pub(super) fn mandate(first: Date, frequency: Frequency, last: Option<Date>) -> Mandate {
    Mandate {
        first_payment_date_time: date_time(first),
        final_payment_date_time: last.map(date_time),
        frequency: FrequencyOut { r#type: frequency_type(frequency) },
    }
}

/// A day as the standard's date and time. Midnight UTC is the same day in Britain and everywhere
/// east of it where banks speak this standard.
pub(super) fn date_time(day: Date) -> String {
    format!("{day}T00:00:00+00:00")
}

/// `Frequency` of 3.1: intervals name the weekday (1 is Monday) or the day of the month, which are
/// those of the first execution.
pub(super) fn frequency(first: Date, frequency: Frequency) -> String {
    let weekday = first.weekday().to_monday_one_offset();
    let day = first.day();
    match frequency {
        Frequency::Dail => "EvryDay".to_owned(),
        Frequency::Week => format!("IntrvlWkDay:01:{weekday:02}"),
        Frequency::Towk => format!("IntrvlWkDay:02:{weekday:02}"),
        Frequency::Mnth => format!("IntrvlMnthDay:01:{day:02}"),
        Frequency::Tomn => format!("IntrvlMnthDay:02:{day:02}"),
        Frequency::Qutr => format!("IntrvlMnthDay:03:{day:02}"),
        Frequency::Semi => format!("IntrvlMnthDay:06:{day:02}"),
        Frequency::Year => format!("IntrvlMnthDay:12:{day:02}"),
    }
}

/// `OBFrequency6Code`.
fn frequency_type(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Dail => "DAIL",
        Frequency::Week => "WEEK",
        Frequency::Towk => "FRTN",
        Frequency::Mnth => "MNTH",
        Frequency::Tomn => "TWMH",
        Frequency::Qutr => "QURT",
        Frequency::Semi => "MIAN",
        Frequency::Year => "YEAR",
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const ALL: [Frequency; 8] = [
        Frequency::Dail,
        Frequency::Week,
        Frequency::Towk,
        Frequency::Mnth,
        Frequency::Tomn,
        Frequency::Qutr,
        Frequency::Semi,
        Frequency::Year,
    ];

    /// The table that a reviewer reads. 2026-03-01 is a Sunday.
    #[test]
    fn every_frequency_in_both_versions() {
        let first = Date::constant(2026, 3, 1);
        let mut table = String::new();
        for one in ALL {
            let (old, new) = (frequency(first, one), frequency_type(one));
            writeln!(table, "{one:?}: 3.1 {old:<20} 4.0 {new}").unwrap();
        }
        insta::assert_snapshot!(table);
    }
}
