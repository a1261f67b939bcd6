//! Faults that are planned for the next messages: by API, in memory only.
//!
//! | file | what |
//! |---|---|
//! | `api` | `POST`, `GET` and `DELETE /sim/faults` |
//! | `wire` | the planned faults that strike a message, whatever the standard |
//!
//! A scenario that goes wrong with a message strikes the planned operation. A scenario of the order
//! itself (how it ends, when, whether the payer returns) is remembered with the next payment that
//! is created.

pub(crate) mod api;
pub(crate) mod wire;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::engine::scenario::Scenario;

/// At most this many plans are kept.
const PLANS_MAX: usize = 100;
/// At most this many first attempts are remembered.
const ATTEMPTS_MAX: usize = 1_000;

/// The purpose of a message, in any standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    /// A payment, its consent or its request is created.
    Create,
    /// The message after which the bank executes: an order, a confirmation, the last factor.
    Confirm,
    /// A payment is looked at.
    Status,
    Token,
    /// All of these and every other message.
    Any,
}

impl Operation {
    const ALL: [Operation; 5] = [
        Operation::Create,
        Operation::Confirm,
        Operation::Status,
        Operation::Token,
        Operation::Any,
    ];

    fn word(self) -> &'static str {
        match self {
            Operation::Create => "create",
            Operation::Confirm => "confirm",
            Operation::Status => "status",
            Operation::Token => "token",
            Operation::Any => "any",
        }
    }
}

/// One line of the list.
#[derive(Debug, Clone)]
struct Plan {
    /// None: any bank.
    bank: Option<String>,
    operation: Operation,
    scenario: &'static Scenario,
    times: u32,
}

impl Plan {
    fn is_for(&self, bank: &str) -> bool {
        self.bank.as_deref().is_none_or(|wanted| wanted == bank)
    }
}

#[derive(Default)]
struct Kept {
    plans: Vec<Plan>,
    attempts: VecDeque<String>,
}

/// The list, and who has tried what for the first time.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Kept>);

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a plan; false where the list is full.
    fn add(&self, plan: Plan) -> bool {
        let mut kept = self.lock();
        let room = kept.plans.len() < PLANS_MAX;
        if room {
            kept.plans.push(plan);
        }
        room
    }

    fn all(&self) -> Vec<Plan> {
        self.lock().plans.clone()
    }

    fn clear(&self) {
        self.lock().plans.clear();
    }

    /// The oldest plan that fits, used once more.
    fn take(&self, fits: impl Fn(&Plan) -> bool) -> Option<&'static Scenario> {
        let mut kept = self.lock();
        let place = kept.plans.iter().position(fits)?;
        let plan = kept.plans.get_mut(place)?;
        let scenario = plan.scenario;
        plan.times = plan.times.saturating_sub(1);
        if plan.times == 0 {
            kept.plans.remove(place);
        }
        Some(scenario)
    }

    /// The scenario that is planned for the next payment at this bank.
    pub(crate) fn take_for_order(&self, bank: &str) -> Option<&'static Scenario> {
        self.take(|plan| plan.scenario.fault.is_none() && plan.is_for(bank))
    }

    /// The fault that is planned for the next message of this kind.
    fn take_for_message(&self, bank: &str, operation: Operation) -> Option<&'static Scenario> {
        self.take(|plan| {
            let meant = plan.operation == Operation::Any || plan.operation == operation;
            plan.scenario.fault.is_some() && meant && plan.is_for(bank)
        })
    }

    /// Whether nobody has tried this before; the oldest attempts are forgotten.
    pub(crate) fn is_first(&self, attempt: &str) -> bool {
        let mut kept = self.lock();
        if kept.attempts.iter().any(|known| known == attempt) {
            return false;
        }
        if kept.attempts.len() >= ATTEMPTS_MAX {
            kept.attempts.pop_front();
        }
        kept.attempts.push_back(attempt.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::scenario::find;

    fn plan(bank: Option<&str>, operation: Operation, word: &str, times: u32) -> Plan {
        let scenario = find(word).expect("a scenario of the table");
        Plan { bank: bank.map(str::to_owned), operation, scenario, times }
    }

    fn word(found: Option<&'static Scenario>) -> &'static str {
        found.map_or("none", |scenario| scenario.word)
    }

    #[test]
    fn a_plan_is_used_up_and_the_oldest_that_fits_comes_first() {
        let faults = Faults::default();
        assert!(faults.add(plan(Some("bg-linden"), Operation::Create, "slow", 2)));
        assert!(faults.add(plan(None, Operation::Any, "malformed_answer", 1)));
        assert!(faults.add(plan(None, Operation::Create, "late_execution", 1)));
        let create = |bank: &str| word(faults.take_for_message(bank, Operation::Create));
        assert_eq!(create("bg-linden"), "slow");
        assert_eq!(create("bg-birke"), "malformed_answer", "not of the other bank");
        assert_eq!(create("bg-birke"), "none", "the order's scenario does not strike messages");
        assert_eq!(create("bg-linden"), "slow");
        assert_eq!(create("bg-linden"), "none");
        assert_eq!(word(faults.take_for_order("pl-dab")), "late_execution");
        assert_eq!(word(faults.take_for_order("pl-dab")), "none");
        assert!(faults.all().is_empty());
    }

    #[test]
    fn the_list_is_bounded_and_so_is_the_memory_of_attempts() {
        let faults = Faults::default();
        for _ in 0..PLANS_MAX {
            assert!(faults.add(plan(None, Operation::Token, "slow", 1)));
        }
        assert!(!faults.add(plan(None, Operation::Token, "slow", 1)));
        faults.clear();
        assert!(faults.add(plan(None, Operation::Token, "slow", 1)));
        assert!(faults.is_first("one"));
        assert!(!faults.is_first("one"));
        for number in 0..ATTEMPTS_MAX {
            faults.is_first(&number.to_string());
        }
        assert!(faults.is_first("one"), "the oldest is forgotten");
    }
}
