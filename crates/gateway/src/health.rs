//! How the banks are, from the exchanges that this process has with them.
//!
//! Per bank and operation, the last [`WINDOW`] endings and durations. A bank is *down* once its last
//! [`FAILURES_UNTIL_DOWN`] exchanges all failed on its side; a single answered exchange makes it "up"
//! again. While it is down new payments are not sent to it, and it is probed (`gateway::probing`).
//! Nothing is stored: a new process begins with "up", and each node judges by its own traffic.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use banks::wire::{Response, WireError};
use jiff::{SignedDuration, Timestamp};

/// Exchanges per bank and operation that figures are made of.
pub const WINDOW: usize = 200;
/// Failures in a row after which a bank counts as down.
pub const FAILURES_UNTIL_DOWN: u32 = 5;
/// Failures further apart than this are not in a row.
const IN_A_ROW_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// Banks and operations that are remembered; above it, new ones are not counted.
const BANKS_MAX: usize = 10_000;
/// The most operations that are remembered.
const OPERATIONS_MAX: usize = 64;

/// How one exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// 2xx or 3xx.
    Answered,
    /// 4xx: the bank works and says no.
    Refused,
    /// 5xx, or 429.
    BankError,
    /// The request left and no whole answer came.
    NoAnswer,
    /// No connection.
    NotSent,
}

impl Ending {
    /// Reads the ending of an exchange.
    #[must_use]
    pub fn of(answer: &Result<Response, WireError>) -> Ending {
        match answer {
            Ok(response) => match response.status {
                200..=399 => Ending::Answered,
                429 | 500.. => Ending::BankError,
                _ => Ending::Refused,
            },
            Err(WireError::NoAnswer(_)) => Ending::NoAnswer,
            Err(WireError::NotSent(_)) => Ending::NotSent,
        }
    }

    /// The word that is stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Ending::Answered => "answered",
            Ending::Refused => "refused",
            Ending::BankError => "bank_error",
            Ending::NoAnswer => "no_answer",
            Ending::NotSent => "not_sent",
        }
    }

    fn is_failure(self) -> bool {
        match self {
            Ending::Answered | Ending::Refused => false,
            Ending::BankError | Ending::NoAnswer | Ending::NotSent => true,
        }
    }
}

/// Figures of one operation at one bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The operation.
    pub operation: String,
    /// Exchanges in the window.
    pub exchanges: usize,
    /// Of these, answered or refused.
    pub successes: usize,
    /// Of these, 5xx and 429.
    pub bank_errors: usize,
    /// Of these, without an answer or a connection.
    pub timeouts: usize,
    /// Median duration, in milliseconds.
    pub p50_ms: i64,
    /// 99th percentile, in milliseconds.
    pub p99_ms: i64,
}

/// How one bank is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankHealth {
    /// Whether it takes calls.
    pub up: bool,
    /// The last exchange, where there was one.
    pub last_exchange_at: Option<Timestamp>,
    /// When it last went down or returned.
    pub changed_at: Option<Timestamp>,
    /// Per operation, by name.
    pub figures: Vec<Figures>,
}

#[derive(Default)]
struct OfBank {
    operations: BTreeMap<&'static str, VecDeque<(Ending, i64)>>,
    failures_in_a_row: u32,
    down: bool,
    last_exchange_at: Option<Timestamp>,
    changed_at: Option<Timestamp>,
}

/// All banks that this process has talked to.
#[derive(Default)]
pub struct Health {
    banks: Mutex<HashMap<String, OfBank>>,
}

impl Health {
    /// Counts one exchange.
    pub fn observe(
        &self,
        bank_id: &str,
        operation: &'static str,
        ending: Ending,
        duration_ms: i64,
        now: Timestamp,
    ) {
        let mut banks = self.lock();
        if banks.len() >= BANKS_MAX && !banks.contains_key(bank_id) {
            return;
        }
        let bank = banks.entry(bank_id.to_owned()).or_default();
        if bank.operations.len() < OPERATIONS_MAX || bank.operations.contains_key(operation) {
            let window = bank.operations.entry(operation).or_default();
            if window.len() >= WINDOW {
                window.pop_front();
            }
            window.push_back((ending, duration_ms));
        }
        let apart =
            bank.last_exchange_at.is_some_and(|last| now.duration_since(last) > IN_A_ROW_WITHIN);
        bank.last_exchange_at = Some(now);
        let was_down = bank.down;
        if ending.is_failure() {
            let before = if apart && !was_down { 0 } else { bank.failures_in_a_row };
            bank.failures_in_a_row = before.saturating_add(1);
            bank.down = was_down || bank.failures_in_a_row >= FAILURES_UNTIL_DOWN;
        } else {
            bank.failures_in_a_row = 0;
            bank.down = false;
        }
        if bank.down != was_down {
            bank.changed_at = Some(now);
            tracing::warn!(bank = bank_id, up = !bank.down, "the bank went down or came back");
        }
    }

    /// Whether the bank takes calls, as far as is known.
    #[must_use]
    pub fn is_up(&self, bank_id: &str) -> bool {
        self.lock().get(bank_id).is_none_or(|bank| !bank.down)
    }

    /// The banks that are down, by id.
    #[must_use]
    pub fn down(&self) -> Vec<String> {
        let mut down: Vec<String> = self
            .lock()
            .iter()
            .filter(|(_, bank)| bank.down)
            .map(|(bank_id, _)| bank_id.clone())
            .collect();
        down.sort();
        down
    }

    /// How that bank is.
    #[must_use]
    pub fn of(&self, bank_id: &str) -> BankHealth {
        let banks = self.lock();
        let Some(bank) = banks.get(bank_id) else {
            return BankHealth {
                up: true,
                last_exchange_at: None,
                changed_at: None,
                figures: vec![],
            };
        };
        BankHealth {
            up: !bank.down,
            last_exchange_at: bank.last_exchange_at,
            changed_at: bank.changed_at,
            figures: bank.operations.iter().map(|(name, window)| figures(name, window)).collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, OfBank>> {
        self.banks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn figures(operation: &str, window: &VecDeque<(Ending, i64)>) -> Figures {
    let count = |which: &[Ending]| window.iter().filter(|(end, _)| which.contains(end)).count();
    let mut durations: Vec<i64> = window.iter().map(|(_, duration_ms)| *duration_ms).collect();
    durations.sort_unstable();
    let percentile = |hundredths: usize| {
        let last = durations.len().saturating_sub(1);
        durations.get(last * hundredths / 100).copied().unwrap_or(0)
    };
    Figures {
        operation: operation.to_owned(),
        exchanges: window.len(),
        successes: count(&[Ending::Answered, Ending::Refused]),
        bank_errors: count(&[Ending::BankError]),
        timeouts: count(&[Ending::NoAnswer, Ending::NotSent]),
        p50_ms: percentile(50),
        p99_ms: percentile(99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn five_failures_in_a_row_mean_down_and_one_answer_means_up() {
        let health = Health::default();
        let observe = |ending, second| health.observe("b", "ask", ending, 10, at(second));
        for second in 0..4 {
            observe(Ending::NoAnswer, second);
        }
        assert!(health.is_up("b"), "four may be chance");
        observe(Ending::BankError, 4);
        assert!(!health.is_up("b"));
        assert_eq!(health.down(), ["b"]);
        assert_eq!(health.of("b").changed_at, Some(at(4)));
        observe(Ending::Refused, 5);
        assert!(health.is_up("b"), "who says no is there");
        assert!(health.is_up("never seen"));
    }

    #[test]
    fn failures_that_are_hours_apart_are_not_in_a_row() {
        let health = Health::default();
        for hour in 0..20 {
            health.observe("b", "ask", Ending::NotSent, 10, at(hour * 3600));
        }
        assert!(health.is_up("b"));
    }

    #[test]
    fn figures_are_those_of_the_window() {
        let health = Health::default();
        for number in 0..300 {
            let ending = if number % 10 == 0 { Ending::BankError } else { Ending::Answered };
            health.observe("b", "ask", ending, number, at(0));
        }
        let figures = &health.of("b").figures[0];
        assert_eq!((figures.exchanges, figures.bank_errors, figures.timeouts), (WINDOW, 20, 0));
        assert_eq!((figures.p50_ms, figures.p99_ms), (199, 297));
    }
}
