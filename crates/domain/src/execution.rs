//! How and when a payment is executed at the bank that it goes to: the rail, and the day.
//!
//! Both are decided once, when the payment goes to its bank, and recorded with it before anything is
//! sent. If the bank would not execute an immediate payment today, the payment becomes a future-dated
//! one for the next working day (reference, section 2.16), unless the bank has no such payments or the
//! member forbids it.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, DAYS_CLOSED_MAX};
use crate::initiation::{LocalInstrument, Order, Schedule};
use crate::rail::Rail;

/// Minutes of a day.
pub const DAY_MINUTES: u16 = 24 * 60;
/// The most days that a search for a working day looks ahead: enough for a bank that works on one
/// weekday only, which is a holiday two weeks running.
const DAYS_SEARCHED_MAX: usize = 21 + DAYS_CLOSED_MAX;

/// When a bank executes payments of one rail, in its own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkingHours {
    /// The days of the week on which the bank works, Monday first.
    pub weekdays: [bool; 7],
    /// Whose holidays it keeps.
    pub calendar: Calendar,
    /// A payment that arrives at this minute of a working day, or later, waits for the next one; 1 to
    /// [`DAY_MINUTES`].
    pub until_minute: u16,
}

impl WorkingHours {
    /// Every day, the whole day.
    pub const ALWAYS: WorkingHours = WorkingHours {
        weekdays: [true; 7],
        calendar: Calendar::EveryDay,
        until_minute: DAY_MINUTES,
    };

    /// Whether the bank executes on that day.
    #[must_use]
    pub fn works_on(&self, day: Date) -> bool {
        let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
        self.weekdays.get(weekday).copied().unwrap_or(false) && self.calendar.is_working_day(day)
    }

    /// The first working day, `day` itself or a later one. `day` where the bank never works, which
    /// no profile says.
    #[must_use]
    pub fn working_day_from(&self, day: Date) -> Date {
        let mut found = day;
        for _ in 0..DAYS_SEARCHED_MAX {
            if self.works_on(found) {
                return found;
            }
            match found.tomorrow() {
                Ok(next) => found = next,
                Err(_) => return day,
            }
        }
        day
    }

    /// The day on which the bank executes what it gets at that time. Before it opens on a working
    /// day is early enough for that day.
    #[must_use]
    pub fn day_of_execution(&self, at: DateTime) -> Date {
        let minute = u16::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute()));
        let too_late = minute.is_ok_and(|minute| minute >= self.until_minute);
        let first = match at.date().tomorrow() {
            Ok(next) if too_late => next,
            Ok(_) | Err(_) => at.date(),
        };
        self.working_day_from(first)
    }
}

/// A bank's terms for one rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RailTerms {
    /// The rail.
    pub rail: Rail,
    /// When the bank executes.
    pub hours: WorkingHours,
    /// The most that one payment may be, in ten-thousandths of its currency's unit.
    pub most: Option<i64>,
    /// Whether the bank takes payments for a later day on this rail, where it takes them at all.
    pub schedules: bool,
    /// How the bank is asked for statuses.
    pub status: StatusTerms,
}

/// How long a bank waits for the payer, and how it is asked for the status of an order, where it differs
/// from other banks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StatusTerms {
    /// The shortest time between two questions about one payment, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_interval_min_s: Option<u32>,
    /// For banks that never say how a payment ended: so many hours after its last word, the bank is
    /// asked once more and then no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence_is_final_after_h: Option<u16>,
    /// How long the payer has for a step of the approval at the bank, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_timeout_s: Option<u32>,
}

impl StatusTerms {
    fn is_usual(&self) -> bool {
        *self == StatusTerms::default()
    }
}

/// How and when a payment is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The rail.
    pub rail: Rail,
    /// The day, if the bank gets one; otherwise the execution is immediate. Absent for standing orders,
    /// which have days of their own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub day: Option<Date>,
    /// Whether the member asked for an immediate payment, which became a future-dated one.
    #[serde(default)]
    pub converted: bool,
    /// How the bank is asked for its status.
    #[serde(default, skip_serializing_if = "StatusTerms::is_usual")]
    pub status: StatusTerms,
}

/// Why a payment cannot be executed at a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRail {
    /// The bank has none of the rails that lead to the payee.
    NotOffered,
    /// It has, but not for as much.
    TooMuch {
        /// The most, in ten-thousandths of the currency's unit.
        most: i64,
    },
    /// The rail carries whole numbers of the currency's smallest unit alone.
    TooPrecise {
        /// The rail.
        rail: Rail,
    },
}

impl Execution {
    /// Decides. `offered` is what the bank says of each rail that it has, `schedules` whether it
    /// takes payments for a later day, `at` the time at the bank.
    ///
    /// # Errors
    /// [`NoRail`].
    pub fn decide(
        asked: &Order,
        offered: &[RailTerms],
        schedules: bool,
        at: DateTime,
    ) -> Result<Execution, NoRail> {
        let terms = Execution::terms(asked, offered)?;
        let (day, converted) = match asked.schedule {
            Schedule::StandingOrder { .. } => (None, false),
            Schedule::Immediate => {
                let day = terms.hours.day_of_execution(at);
                // Funds are confirmed for now, which says nothing about a later day.
                let converts = day > at.date()
                    && schedules
                    && terms.schedules
                    && !asked.confirm_funds
                    && !asked.disable_future_dated_payment_conversion;
                (converts.then_some(day), converts)
            }
            // A day that has come meanwhile is paid at once.
            Schedule::FutureDated { date } if date <= at.date() => (None, false),
            Schedule::FutureDated { date } => (Some(terms.hours.working_day_from(date)), false),
        };
        Ok(Execution { rail: terms.rail, day, converted, status: terms.status })
    }

    /// The first rail that leads to the payee, that the bank has, and that carries as much.
    fn terms<'a>(asked: &Order, offered: &'a [RailTerms]) -> Result<&'a RailTerms, NoRail> {
        let Some(payee) = &asked.creditor.account else { return Err(NoRail::NotOffered) };
        let at_once = asked.schedule == Schedule::Immediate;
        let rails = asked.local_instrument.candidates(payee, asked.amount.currency(), at_once);
        let has = rails.iter().filter_map(|rail| offered.iter().find(|terms| terms.rail == *rail));
        let mut refusal = NoRail::NotOffered;
        for terms in has {
            match terms.most {
                Some(most) if asked.amount.ten_thousandths() > most => {
                    refusal = match refusal {
                        NoRail::TooMuch { most: other } if other > most => refusal,
                        NoRail::TooMuch { .. } | NoRail::NotOffered | NoRail::TooPrecise { .. } => {
                            NoRail::TooMuch { most }
                        }
                    };
                }
                Some(_) | None if !asked.amount.is_payable() => {
                    return Err(NoRail::TooPrecise { rail: terms.rail });
                }
                Some(_) | None => return Ok(terms),
            }
        }
        Err(refusal)
    }

    /// The execution of a payment of an earlier release without a decision: as it was requested.
    #[must_use]
    pub fn as_asked(order: &Order) -> Execution {
        let rail = match (order.local_instrument, order.amount.currency().code()) {
            (LocalInstrument::Named(rail), _) => rail,
            (LocalInstrument::AutoSelect, "GBP") => Rail::FasterPayments,
            (LocalInstrument::AutoSelect, "EUR") => Rail::Sepa,
            (LocalInstrument::AutoSelect, "PLN") => Rail::Elixir,
            (LocalInstrument::AutoSelect, _) => Rail::EuDomesticNonEuro,
        };
        let day = match order.schedule {
            Schedule::FutureDated { date } => Some(date),
            Schedule::Immediate | Schedule::StandingOrder { .. } => None,
        };
        Execution { rail, day, converted: false, status: StatusTerms::default() }
    }

    /// When its bank is to execute an order with that wish.
    #[must_use]
    pub fn schedule(self, asked: Schedule) -> Schedule {
        match (asked, self.day) {
            (Schedule::StandingOrder { .. }, _) => asked,
            (Schedule::Immediate | Schedule::FutureDated { .. }, Some(date)) => {
                Schedule::FutureDated { date }
            }
            (Schedule::Immediate | Schedule::FutureDated { .. }, None) => Schedule::Immediate,
        }
    }
}

#[cfg(test)]
mod tests;
