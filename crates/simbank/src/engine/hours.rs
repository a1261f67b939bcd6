//! Working hours: banks of one country execute on weekdays from 08:00 to 18:00 local time only.
//! An order that comes at another time is accepted and executed at the next opening.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

/// The country whose banks close; elsewhere a person can try everything at any hour.
const COUNTRY: &str = "IT";
/// Its time, which is Central European. Written out, so that the banks need no database of time zones.
const CENTRAL_EUROPE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const OPENS: i8 = 8;
const CLOSES: i8 = 18;
/// From Friday evening to Monday morning.
const DAYS_MAX: usize = 4;

/// Whether the banks of a country close.
pub(crate) fn closes(country: &str) -> bool {
    country == COUNTRY
}

/// When an order is executed that is due at a time.
pub(crate) fn next_opening(country: &str, due: Timestamp) -> Timestamp {
    if !closes(country) {
        return due;
    }
    let zone = TimeZone::posix(CENTRAL_EUROPE).unwrap_or(TimeZone::UTC);
    let mut at = due.to_zoned(zone.clone());
    for _ in 0..DAYS_MAX {
        let weekend = matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday);
        if !weekend && (OPENS..CLOSES).contains(&at.hour()) {
            return at.timestamp();
        }
        let day = at.date();
        let early = !weekend && at.hour() < OPENS;
        let next = if early { Ok(day.at(OPENS, 0, 0, 0)) } else { start_of_next(day) };
        match next.and_then(|next| next.to_zoned(zone.clone())) {
            Ok(next) => at = next,
            // The end of all days.
            Err(_) => return due,
        }
    }
    due
}

fn start_of_next(day: jiff::civil::Date) -> Result<jiff::civil::DateTime, jiff::Error> {
    day.tomorrow().map(|day| day.at(OPENS, 0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_outside_the_hours_wait_for_the_next_opening() {
        let table = [
            // Winter: one hour ahead of UTC.
            ("2026-01-05T06:59:00Z", "2026-01-05T07:00:00Z"),
            ("2026-01-05T10:00:00.250Z", "2026-01-05T10:00:00.25Z"),
            ("2026-01-05T16:59:59Z", "2026-01-05T16:59:59Z"),
            ("2026-01-05T17:00:00Z", "2026-01-06T07:00:00Z"),
            // Friday evening, Saturday, Sunday.
            ("2026-01-09T17:00:00Z", "2026-01-12T07:00:00Z"),
            ("2026-01-10T10:00:00Z", "2026-01-12T07:00:00Z"),
            ("2026-01-11T23:30:00Z", "2026-01-12T07:00:00Z"),
            // Summer: two hours ahead. The change itself is on a Sunday.
            ("2026-07-06T16:00:00Z", "2026-07-07T06:00:00Z"),
            ("2026-03-27T18:00:00Z", "2026-03-30T06:00:00Z"),
        ];
        for (due, executed) in table {
            let due = due.parse().expect("a time");
            assert_eq!(next_opening("IT", due).to_string(), executed, "{due}");
            assert_eq!(next_opening("DE", due), due, "not everywhere");
        }
    }
}
