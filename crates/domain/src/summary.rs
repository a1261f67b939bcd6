//! The lines that describe a payment to a person: the same on every page and in every mail, which write
//! them in a language.

use jiff::civil::Date;

use crate::execution::Execution;
use crate::initiation::{Frequency, Order, Schedule};
use crate::money::Amount;

/// The topic of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The amount of a single payment.
    Amount,
    /// The amount of each payment of a standing order.
    AmountOfEach,
    /// How often a standing order pays.
    HowOften,
    /// The day of a standing order's first payment.
    FirstPayment,
    /// The day after which a standing order pays no more, and how many payments it makes.
    LastPayment,
    /// The day of a single payment that is not made at once.
    Day,
    /// Who is paid.
    Payee,
    /// The payee's reference.
    Reference,
}

impl Label {
    /// Whether the line holds an amount, which is never broken.
    #[must_use]
    pub fn is_amount(self) -> bool {
        match self {
            Label::Amount | Label::AmountOfEach => true,
            Label::HowOften
            | Label::FirstPayment
            | Label::LastPayment
            | Label::Day
            | Label::Payee
            | Label::Reference => false,
        }
    }
}

/// The content of a line, before a language writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An amount.
    Amount(Amount),
    /// How often a standing order pays.
    HowOften(Frequency),
    /// A day.
    Day(Date),
    /// The last day on which a standing order may pay.
    LastDay {
        /// That day.
        day: Date,
        /// The payments until then, at least 1.
        payments: i64,
    },
    /// The standing order pays until the payer ends it at the bank.
    NeverEnds,
    /// A name or a text that the member wrote.
    Text(String),
}

/// One line, before a language writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The topic.
    pub label: Label,
    /// The content.
    pub value: Value,
}

/// The summary of a payment. `execution` is what was decided with its bank, where that is known: the
/// day may be another than the one that the member asked for. A payee without a name is left out.
#[must_use]
pub fn facts(order: &Order, execution: Option<Execution>) -> Vec<Fact> {
    let amount = Value::Amount(order.amount);
    let mut facts = vec![];
    let mut say = |label, value| facts.push(Fact { label, value });
    match order.schedule {
        Schedule::Immediate | Schedule::FutureDated { .. } => {
            say(Label::Amount, amount);
            if let Some(day) = day_of_payment(order.schedule, execution) {
                say(Label::Day, Value::Day(day));
            }
        }
        Schedule::StandingOrder { first, frequency, last } => {
            say(Label::AmountOfEach, amount);
            say(Label::HowOften, Value::HowOften(frequency));
            say(Label::FirstPayment, Value::Day(first));
            say(Label::LastPayment, end_of(first, frequency, last));
        }
    }
    if let Some(name) = order.creditor.name.as_ref().filter(|name| !name.is_empty()) {
        say(Label::Payee, Value::Text(name.clone()));
    }
    say(Label::Reference, Value::Text(order.remittance_primary.clone()));
    facts
}

/// The day of a single payment that is not made at once.
fn day_of_payment(schedule: Schedule, execution: Option<Execution>) -> Option<Date> {
    match (execution, schedule) {
        (Some(execution), _) => execution.day,
        (None, Schedule::FutureDated { date }) => Some(date),
        (None, Schedule::Immediate | Schedule::StandingOrder { .. }) => None,
    }
}

fn end_of(first: Date, frequency: Frequency, last: Option<Date>) -> Value {
    match last {
        Some(day) => Value::LastDay { day, payments: payments_until(first, frequency, day) },
        None => Value::NeverEnds,
    }
}

/// How many days of a standing order lie between `first` and `last`, both included. A month without
/// the day of the first payment pays on its last day.
fn payments_until(first: Date, frequency: Frequency, last: Date) -> i64 {
    let days = |step: i64| first.duration_until(last).as_hours() / 24 / step + 1;
    let months = |step: i64| {
        let between = (i64::from(last.year()) - i64::from(first.year())) * 12
            + i64::from(last.month())
            - i64::from(first.month());
        let pays_on = first.day().min(last.days_in_month());
        let whole = if last.day() < pays_on { between - 1 } else { between };
        whole / step + 1
    };
    match frequency {
        Frequency::Dail => days(1),
        Frequency::Week => days(7),
        Frequency::Towk => days(14),
        Frequency::Mnth => months(1),
        Frequency::Tomn => months(2),
        Frequency::Qutr => months(3),
        Frequency::Semi => months(6),
        Frequency::Year => months(12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn the_payments_of_a_standing_order_are_counted_by_its_rhythm() {
        let table = [
            ("2026-02-01", Frequency::Dail, "2026-02-28", 28),
            ("2026-02-01", Frequency::Week, "2026-02-28", 4),
            ("2026-02-01", Frequency::Week, "2026-03-01", 5),
            ("2026-02-01", Frequency::Towk, "2026-03-01", 3),
            // Reference, section 2.4: 24 payments.
            ("2020-08-01", Frequency::Mnth, "2022-07-31", 24),
            ("2026-02-01", Frequency::Mnth, "2026-02-02", 1),
            ("2026-01-31", Frequency::Mnth, "2026-02-28", 2),
            ("2026-01-31", Frequency::Mnth, "2026-02-27", 1),
            ("2026-01-31", Frequency::Tomn, "2026-03-30", 1),
            ("2026-01-15", Frequency::Qutr, "2027-01-15", 5),
            ("2026-01-15", Frequency::Semi, "2027-01-14", 2),
            ("2024-02-29", Frequency::Year, "2026-02-28", 3),
            ("2026-01-01", Frequency::Dail, "9999-12-31", 2_912_443),
        ];
        for (first, frequency, last, count) in table {
            let found = payments_until(day(first), frequency, day(last));
            assert_eq!(found, count, "{first} {frequency:?} {last}");
        }
    }
}
