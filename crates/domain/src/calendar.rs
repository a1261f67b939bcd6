//! Days on which banks work.
//!
//! Sources: the closing days of T2 (long known as TARGET2), unchanged since 2002; the Banking and
//! Financial Dealings Act 1971 and the proclamations on bank holidays in England and Wales. Those two are
//! rules, right for every year; the holidays of other countries are a table with its own sources,
//! `data/bank_holidays.txt`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use serde::Deserialize;

/// Whose working days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// Every day is one.
    #[default]
    EveryDay,
    /// Monday to Friday, without regard to holidays.
    Weekdays,
    /// Days on which euro is settled between banks.
    Target2,
    /// Working days of banks in England and Wales.
    UnitedKingdom,
    /// Working days of banks in Czechia.
    Czechia,
    /// In Denmark.
    Denmark,
    /// In Hungary.
    Hungary,
    /// In Norway.
    Norway,
    /// In Poland.
    Poland,
    /// In Romania.
    Romania,
    /// In Sweden.
    Sweden,
}

/// The most days in a row on which a calendar here is closed: Maundy Thursday to Easter Monday.
pub const DAYS_CLOSED_MAX: usize = 5;

/// The holidays of the countries that have no rule here.
static TABLE: LazyLock<BTreeSet<(&'static str, Date)>> =
    LazyLock::new(|| rows(include_str!("../data/bank_holidays.txt")).collect());

/// Bank holidays of England and Wales that no rule gives: year, month, day.
const PROCLAIMED: [(i16, i8, i8); 5] = [
    // Victory in Europe, in place of the early May holiday.
    (2020, 5, 8),
    // The Platinum Jubilee, for which the spring holiday moved too.
    (2022, 6, 2),
    (2022, 6, 3),
    // The Queen's funeral, the King's coronation.
    (2022, 9, 19),
    (2023, 5, 8),
];
/// Holidays of the rules that a proclamation moved to another day.
const MOVED_AWAY: [(i16, i8, i8); 2] = [(2020, 5, 4), (2022, 5, 30)];

impl Calendar {
    /// Whether banks work on that day.
    #[must_use]
    pub fn is_working_day(self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        match self {
            Calendar::EveryDay => true,
            Calendar::Weekdays => !weekend,
            Calendar::Target2 => !weekend && !is_target_holiday(day),
            Calendar::UnitedKingdom => !weekend && !is_bank_holiday(day),
            Calendar::Czechia => !weekend && !is_listed("CZ", day),
            Calendar::Denmark => !weekend && !is_listed("DK", day),
            Calendar::Hungary => !weekend && !is_listed("HU", day),
            Calendar::Norway => !weekend && !is_listed("NO", day),
            Calendar::Poland => !weekend && !is_listed("PL", day),
            Calendar::Romania => !weekend && !is_listed("RO", day),
            Calendar::Sweden => !weekend && !is_listed("SE", day),
        }
    }
}

/// The calendar of the country whose currency it is, as ISO 4217 spells it; `None` for a currency of
/// no country here.
#[must_use]
pub fn of_currency(code: &str) -> Option<Calendar> {
    Some(match code {
        "CZK" => Calendar::Czechia,
        "DKK" => Calendar::Denmark,
        "EUR" => Calendar::Target2,
        "GBP" => Calendar::UnitedKingdom,
        "HUF" => Calendar::Hungary,
        "NOK" => Calendar::Norway,
        "PLN" => Calendar::Poland,
        "RON" => Calendar::Romania,
        "SEK" => Calendar::Sweden,
        _ => return None,
    })
}

fn is_listed(country: &'static str, day: Date) -> bool {
    TABLE.contains(&(country, day))
}

/// The days of the table. A row that is not one is left out; a test reads every row.
fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, Date)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).flat_map(|(country, rest)| {
        let (year, days) = rest.split_once(' ').unwrap_or((rest, ""));
        let of_year = move |day: &str| format!("{year}-{day}").parse::<Date>().ok();
        days.split(' ').filter_map(of_year).map(move |day| (country, day))
    })
}

fn is_target_holiday(day: Date) -> bool {
    matches!((day.month(), day.day()), (1 | 5, 1) | (12, 25 | 26)) || is_easter_holiday(day)
}

/// Good Friday or Easter Monday.
fn is_easter_holiday(day: Date) -> bool {
    matches!(day.day_of_year() - easter(day.year()), -2 | 1)
}

/// Whether a weekday is a bank holiday. A holiday on a weekend moves to the next weekday that is not a
/// holiday.
fn is_bank_holiday(day: Date) -> bool {
    let written = (day.year(), day.month(), day.day());
    if PROCLAIMED.contains(&written) {
        return true;
    }
    if MOVED_AWAY.contains(&written) {
        return false;
    }
    let monday = day.weekday() == Weekday::Monday;
    let tuesday = day.weekday() == Weekday::Tuesday;
    match (day.month(), day.day()) {
        (1, 1) => true,
        (1, 2 | 3) => monday,
        // The first Monday in May, the last in May and in August.
        (5, 1..=7 | 25..=31) | (8, 25..=31) => monday,
        (12, 25 | 26) => true,
        // Boxing Day after Christmas on a Friday, or Christmas from a Saturday.
        (12, 27) => monday || tuesday,
        (12, 28) => monday || tuesday,
        _ => is_easter_holiday(day),
    }
}

/// Easter Sunday of a year, counted from 1 January as 1 (the Gregorian rule as Meeus gives it).
fn easter(year: i16) -> i16 {
    let year = i32::from(year);
    let golden = year.rem_euclid(19);
    let (century, in_century) = (year.div_euclid(100), year.rem_euclid(100));
    let correction = (century + 8).div_euclid(25);
    let moon =
        (19 * golden + century - century.div_euclid(4) - (century - correction + 1).div_euclid(3)
            + 15)
            .rem_euclid(30);
    let weekday = (32 + 2 * century.rem_euclid(4) + 2 * in_century.div_euclid(4)
        - moon
        - in_century.rem_euclid(4))
    .rem_euclid(7);
    let late = (golden + 11 * moon + 22 * weekday).div_euclid(451);
    // Days after 22 March.
    let after = moon + weekday - 7 * late;
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    i16::try_from(31 + 28 + i32::from(leap) + 22 + after).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// Weekdays of a year on which banks do not work, as month and day.
    fn closed(calendar: Calendar, year: i16) -> Vec<(i8, i8)> {
        let mut day = date(year, 1, 1);
        let mut found = vec![];
        while day.year() == year {
            if Calendar::Weekdays.is_working_day(day) && !calendar.is_working_day(day) {
                found.push((day.month(), day.day()));
            }
            day = day.tomorrow().unwrap();
        }
        found
    }

    #[test]
    fn target2_is_closed_on_its_published_days() {
        let table: [(i16, &[(i8, i8)]); 6] = [
            (2022, &[(4, 15), (4, 18), (12, 26)]),
            (2024, &[(1, 1), (3, 29), (4, 1), (5, 1), (12, 25), (12, 26)]),
            (2025, &[(1, 1), (4, 18), (4, 21), (5, 1), (12, 25), (12, 26)]),
            (2026, &[(1, 1), (4, 3), (4, 6), (5, 1), (12, 25)]),
            (2027, &[(1, 1), (3, 26), (3, 29)]),
            (2028, &[(4, 14), (4, 17), (5, 1), (12, 25), (12, 26)]),
        ];
        for (year, days) in table {
            assert_eq!(closed(Calendar::Target2, year), days, "{year}");
        }
    }

    #[test]
    fn british_banks_are_closed_on_their_published_days() {
        let table: [(i16, &[(i8, i8)]); 9] = [
            (2019, &[(1, 1), (4, 19), (4, 22), (5, 6), (5, 27), (8, 26), (12, 25), (12, 26)]),
            (2020, &[(1, 1), (4, 10), (4, 13), (5, 8), (5, 25), (8, 31), (12, 25), (12, 28)]),
            (2021, &[(1, 1), (4, 2), (4, 5), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28)]),
            (
                2022,
                &[
                    (1, 3),
                    (4, 15),
                    (4, 18),
                    (5, 2),
                    (6, 2),
                    (6, 3),
                    (8, 29),
                    (9, 19),
                    (12, 26),
                    (12, 27),
                ],
            ),
            (
                2023,
                &[(1, 2), (4, 7), (4, 10), (5, 1), (5, 8), (5, 29), (8, 28), (12, 25), (12, 26)],
            ),
            (2024, &[(1, 1), (3, 29), (4, 1), (5, 6), (5, 27), (8, 26), (12, 25), (12, 26)]),
            (2025, &[(1, 1), (4, 18), (4, 21), (5, 5), (5, 26), (8, 25), (12, 25), (12, 26)]),
            (2026, &[(1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 28)]),
            (2027, &[(1, 1), (3, 26), (3, 29), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28)]),
        ];
        for (year, days) in table {
            assert_eq!(closed(Calendar::UnitedKingdom, year), days, "{year}");
        }
    }

    const ALL: [Calendar; 11] = [
        Calendar::EveryDay,
        Calendar::Weekdays,
        Calendar::Target2,
        Calendar::UnitedKingdom,
        Calendar::Czechia,
        Calendar::Denmark,
        Calendar::Hungary,
        Calendar::Norway,
        Calendar::Poland,
        Calendar::Romania,
        Calendar::Sweden,
    ];

    #[test]
    fn banks_of_each_country_are_closed_on_the_days_of_the_table() {
        let table: [(Calendar, &[(i8, i8)]); 4] = [
            (
                Calendar::Sweden,
                &[
                    (1, 1),
                    (1, 6),
                    (4, 3),
                    (4, 6),
                    (5, 1),
                    (5, 14),
                    (6, 19),
                    (12, 24),
                    (12, 25),
                    (12, 31),
                ],
            ),
            (
                Calendar::Norway,
                &[(1, 1), (4, 2), (4, 3), (4, 6), (5, 1), (5, 14), (5, 25), (12, 25)],
            ),
            (
                Calendar::Poland,
                &[(1, 1), (1, 6), (4, 6), (5, 1), (6, 4), (11, 11), (12, 24), (12, 25)],
            ),
            (
                Calendar::Hungary,
                &[
                    (1, 1),
                    (1, 2),
                    (4, 3),
                    (4, 6),
                    (5, 1),
                    (5, 25),
                    (8, 20),
                    (8, 21),
                    (10, 23),
                    (12, 24),
                    (12, 25),
                ],
            ),
        ];
        for (calendar, days) in table {
            assert_eq!(closed(calendar, 2026), days, "{calendar:?}");
        }
    }

    /// Each row has days in order, and each country the same years without a gap.
    #[test]
    fn every_row_of_the_table_is_read() {
        let text = include_str!("../data/bank_holidays.txt");
        let mut years: std::collections::BTreeMap<&str, Vec<i16>> =
            std::collections::BTreeMap::new();
        let mut count = 0;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let year: i16 = words[1].parse().unwrap();
            assert!(words.len() >= 8 && words[2..].is_sorted(), "{line}");
            years.entry(words[0]).or_default().push(year);
            count += words.len() - 2;
            for (_, day) in rows(line) {
                assert!(Calendar::Weekdays.is_working_day(day), "{line}: {day}");
            }
        }
        assert_eq!(TABLE.len(), count, "a word is no day, or a day is there twice");
        assert_eq!(years.len(), 7);
        for (country, years) in years {
            assert_eq!(years, [2026, 2027, 2028, 2029, 2030], "{country}");
        }
    }

    #[test]
    fn a_currency_has_the_calendar_of_its_country() {
        let known = ["CZK", "DKK", "EUR", "GBP", "HUF", "NOK", "PLN", "RON", "SEK"];
        let calendars: Vec<_> = known.into_iter().filter_map(of_currency).collect();
        assert_eq!(calendars.len(), known.len());
        assert_eq!(of_currency("CHF"), None);
    }

    #[test]
    fn easter_is_when_the_church_says() {
        let table = [
            (1961, 4, 2),
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
            (2025, 4, 20),
            (2026, 4, 5),
            (2030, 4, 21),
            (2038, 4, 25),
            (2049, 4, 18),
            (2076, 4, 19),
            (2285, 3, 22),
        ];
        for (year, month, day) in table {
            assert_eq!(easter(year), date(year, month, day).day_of_year(), "{year}");
        }
    }

    proptest! {
        #[test]
        fn easter_is_a_sunday_in_spring(year in 1600_i16..9000) {
            let sunday = date(year, 1, 1) + (i32::from(easter(year)) - 1).days();
            prop_assert_eq!(sunday.weekday(), Weekday::Sunday);
            prop_assert!(date(year, 3, 22) <= sunday && sunday <= date(year, 4, 25));
        }

        /// From wherever one starts, banks work again soon.
        #[test]
        fn banks_are_never_closed_for_long(days in 0_i32..200_000) {
            let start = date(1900, 1, 1) + days.days();
            for calendar in ALL {
                let closed = (0..).take_while(|more: &i32| {
                    !calendar.is_working_day(start + more.days())
                });
                prop_assert!(closed.count() <= DAYS_CLOSED_MAX);
            }
        }
    }
}
