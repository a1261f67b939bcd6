//! The days of orders for later: one day, or the days of a standing order.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// When the banks begin to execute what is for a day.
const OPENING_HOUR: i8 = 6;

/// The time between two payments of a standing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Interval {
    Days(i64),
    Months(i64),
}

impl Interval {
    fn times(self, count: u32) -> Option<Span> {
        let count = i64::from(count);
        match self {
            // It would never move on.
            Interval::Days(..1) | Interval::Months(..1) => None,
            Interval::Days(days) => Span::new().try_days(days.checked_mul(count)?).ok(),
            Interval::Months(months) => Span::new().try_months(months.checked_mul(count)?).ok(),
        }
    }
}

/// When an order is to be executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schedule {
    pub(crate) first_at: Timestamp,
    /// None for a single payment, and where the bank does not offer the interval.
    pub(crate) interval: Option<Interval>,
    pub(crate) last_at: Option<Timestamp>,
    /// The number of payments, where the provider has set one.
    pub(crate) payments_max: Option<u32>,
}

impl Schedule {
    /// One payment at a time.
    pub(crate) fn once(first_at: Timestamp) -> Schedule {
        Schedule { first_at, interval: None, last_at: None, payments_max: None }
    }

    /// When the payment after `done` payments is due; `None` after the last.
    pub(crate) fn next_at(&self, done: u32) -> Option<Timestamp> {
        let span = self.interval?.times(done)?;
        let next = self.first_at.to_zoned(TimeZone::UTC).checked_add(span).ok()?.timestamp();
        let over = self.last_at.is_some_and(|last| next > last)
            || self.payments_max.is_some_and(|most| done >= most);
        (!over).then_some(next)
    }
}

/// When a bank executes what is for a day.
pub(crate) fn opening_of(day: Date) -> Option<Timestamp> {
    let opening = day.at(OPENING_HOUR, 0, 0, 0).to_zoned(TimeZone::UTC).ok()?;
    Some(opening.timestamp())
}

/// The end of a day: a payment of that day is not after it.
pub(crate) fn end_of(day: Date) -> Option<Timestamp> {
    let next = day.checked_add(1.day()).ok()?.at(0, 0, 0, 0);
    Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_order_has_its_days_until_its_end_or_its_count() {
        let first = opening_of("2026-01-31".parse().expect("a day")).expect("a time");
        let last = end_of("2026-04-30".parse().expect("a day"));
        let monthly = Schedule {
            interval: Some(Interval::Months(1)),
            last_at: last,
            ..Schedule::once(first)
        };
        let days = |schedule: &Schedule| -> Vec<String> {
            let days = (1..9).map_while(|done| schedule.next_at(done));
            days.map(|at| at.to_string()).collect()
        };
        assert_eq!(
            days(&monthly),
            ["2026-02-28T06:00:00Z", "2026-03-31T06:00:00Z", "2026-04-30T06:00:00Z"]
        );
        let counted = Schedule { payments_max: Some(2), ..monthly.clone() };
        assert_eq!(days(&counted), ["2026-02-28T06:00:00Z"]);
        let weekly =
            Schedule { interval: Some(Interval::Days(7)), payments_max: Some(3), ..monthly };
        assert_eq!(days(&weekly), ["2026-02-07T06:00:00Z", "2026-02-14T06:00:00Z"]);
        assert_eq!(days(&Schedule::once(first)), [""; 0]);
    }
}
