//! When a bank executes, by its own clock, and how much at a time.
//!
//! Defaults: SEPA payments that arrive by 15:00 of a settlement day are executed on
//! that day; domestic payments and giros on the working days of the currency's country; instant
//! payments, Faster Payments and ELIXIR at any time. A bank with other hours has
//! `[opening_hours]`, which count for every rail, or `[[rail_terms]]` for one.

use domain::calendar::{Calendar, of_currency};
use domain::execution::{DAY_MINUTES, RailTerms, WorkingHours};
use domain::money::Amount;
use domain::rail::Rail;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{BankProfile, Check, OpeningHours, Standard, ensure};

/// Last minute of a day for SEPA payments where the bank does not say another (reference, section
/// 2.16).
const SEPA_UNTIL_MINUTE: u16 = 15 * 60;
const WEEK: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
/// Time zones of the countries that the directory has banks in, and of their neighbours.
const ZONES: [(&str, &str); 34] = [
    ("AT", "Europe/Vienna"),
    ("BE", "Europe/Brussels"),
    ("BG", "Europe/Sofia"),
    ("CH", "Europe/Zurich"),
    ("CY", "Asia/Nicosia"),
    ("CZ", "Europe/Prague"),
    ("DE", "Europe/Berlin"),
    ("DK", "Europe/Copenhagen"),
    ("EE", "Europe/Tallinn"),
    ("ES", "Europe/Madrid"),
    ("FI", "Europe/Helsinki"),
    ("FR", "Europe/Paris"),
    ("GB", "Europe/London"),
    ("GR", "Europe/Athens"),
    ("HR", "Europe/Zagreb"),
    ("HU", "Europe/Budapest"),
    ("IE", "Europe/Dublin"),
    ("IS", "Atlantic/Reykjavik"),
    ("IT", "Europe/Rome"),
    ("LI", "Europe/Vaduz"),
    ("LT", "Europe/Vilnius"),
    ("LU", "Europe/Luxembourg"),
    ("LV", "Europe/Riga"),
    ("MC", "Europe/Monaco"),
    ("MT", "Europe/Malta"),
    ("NL", "Europe/Amsterdam"),
    ("NO", "Europe/Oslo"),
    ("PL", "Europe/Warsaw"),
    ("PT", "Europe/Lisbon"),
    ("RO", "Europe/Bucharest"),
    ("SE", "Europe/Stockholm"),
    ("SI", "Europe/Ljubljana"),
    ("SK", "Europe/Bratislava"),
    ("SM", "Europe/San_Marino"),
];

/// The deviations of this bank on one rail; an absent field has its default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsOfRail {
    /// The rail.
    pub rail: Rail,
    /// Whose working days count.
    pub working_days: Option<Calendar>,
    /// A payment at this time or later waits for the next working day; `HH:MM`, `24:00` is the
    /// day's end.
    pub until: Option<String>,
    /// The most that one payment may be, a decimal in the rail's currency.
    pub amount_max: Option<String>,
}

/// Minutes since midnight of `HH:MM`.
pub(super) fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let fits = text.len() == 5 && minute < 60 && hour * 60 + minute <= DAY_MINUTES;
    fits.then_some(hour * 60 + minute)
}

impl OpeningHours {
    /// The days of the week, Monday first; a week may run from Sunday to Thursday.
    fn weekdays(&self) -> [bool; 7] {
        let place = |day: &str| WEEK.iter().position(|name| *name == day).unwrap_or(0);
        let (first, last) = (place(&self.from_day), place(&self.to_day));
        std::array::from_fn(|day| match first <= last {
            true => (first..=last).contains(&day),
            false => day >= first || day <= last,
        })
    }
}

impl BankProfile {
    /// The terms of the bank on each of its rails.
    #[must_use]
    pub fn rail_terms(&self) -> Vec<RailTerms> {
        self.rails.iter().map(|rail| self.terms_of(*rail)).collect()
    }

    fn terms_of(&self, rail: Rail) -> RailTerms {
        let own = self.rail_terms.iter().find(|terms| terms.rail == rail);
        let (calendar, until) = match rail {
            Rail::Sepa => (Calendar::Target2, SEPA_UNTIL_MINUTE),
            Rail::EuDomesticNonEuro | Rail::Bankgiro | Rail::Plusgiro => {
                (self.calendar_of_currency(rail), DAY_MINUTES)
            }
            Rail::SepaInstant
            | Rail::FasterPayments
            | Rail::Elixir
            | Rail::EuDomesticNonEuroInstant => (Calendar::EveryDay, DAY_MINUTES),
        };
        let own_until = own.and_then(|own| own.until.as_deref()).and_then(minute);
        let open = self.opening_hours.as_ref();
        let closes = open.and_then(|open| minute(&open.to)).unwrap_or(DAY_MINUTES);
        let hours = WorkingHours {
            weekdays: open.map_or([true; 7], OpeningHours::weekdays),
            calendar: own.and_then(|own| own.working_days).unwrap_or(calendar),
            until_minute: own_until.unwrap_or(until).min(closes),
        };
        let international = match &self.standard {
            Standard::UkOpenBanking(uk) => uk.international_rails.contains(&rail),
            Standard::NextGenPsd2(_) | Standard::Stet(_) | Standard::PolishApi(_) => false,
        };
        RailTerms {
            rail,
            hours,
            most: own.and_then(|own| own.most()),
            schedules: !international,
            status: self.status_terms(),
        }
    }

    /// The working days of the country in whose currency the bank pays on that rail.
    fn calendar_of_currency(&self, rail: Rail) -> Calendar {
        let mut carried = self.currencies.iter().filter(|currency| rail.carries(**currency));
        let found = carried.find_map(|currency| of_currency(currency.code()));
        found.unwrap_or(Calendar::EveryDay)
    }

    /// The time at the bank.
    #[must_use]
    pub fn local_time(&self, now: Timestamp) -> DateTime {
        let zone = TimeZone::get(self.zone_name()).unwrap_or(TimeZone::UTC);
        now.to_zoned(zone).datetime()
    }

    /// Its own zone, that of its opening hours, or that of its first country.
    fn zone_name(&self) -> &str {
        let of_hours = self.opening_hours.as_ref().map(|open| open.zone.as_str());
        let country = self.countries.first().map_or("", String::as_str);
        let of_country = || ZONES.iter().find(|(code, _)| *code == country).map(|(_, zone)| *zone);
        self.zone.as_deref().or(of_hours).or_else(of_country).unwrap_or("")
    }

    pub(super) fn check_hours(&self) -> Check {
        ensure(
            "zone",
            "must be an IANA zone such as Europe/Berlin; this country has no usual one",
            TimeZone::get(self.zone_name()).is_ok(),
        )?;
        ensure("rail_terms", "must have one entry for a rail, of `rails`", {
            self.rail_terms.iter().enumerate().all(|(place, own)| {
                self.rails.contains(&own.rail)
                    && self.rail_terms[..place].iter().all(|other| other.rail != own.rail)
            })
        })?;
        ensure("rail_terms.until", "must be between 00:01 and 24:00", {
            let given = self.rail_terms.iter().filter_map(|own| own.until.as_deref());
            given.into_iter().all(|text| minute(text).is_some_and(|minute| minute > 0))
        })?;
        ensure("rail_terms.amount_max", "must be a decimal such as 100000.00", {
            self.rail_terms.iter().all(|own| own.amount_max.is_none() || own.most().is_some())
        })?;
        let works = |terms: &RailTerms| {
            terms.hours.calendar == Calendar::EveryDay || terms.hours.weekdays[..5].contains(&true)
        };
        ensure("opening_hours", "must hold a working day of each rail", {
            self.rail_terms().iter().all(works)
        })
    }
}

impl TermsOfRail {
    fn most(&self) -> Option<i64> {
        let code = self.rail.currencies().first()?;
        let amount = Amount::parse(self.amount_max.as_deref()?, code.parse().ok()?).ok()?;
        Some(amount.ten_thousandths())
    }
}
