//! What becomes of orders whose time has come.
//!
//! A payment is executed once. An order for later is first checked and set up, which is what its
//! scenario decides (see `scenario.rs`), and then executed on its day: a scheduled payment once, a
//! standing order until its last day.

use jiff::Timestamp;

use super::dialect::{self, Product};
use crate::banks;
use crate::outcome::{Ending, LACK_OF_BALANCE, SECOND_THOUGHT_SECONDS};
use crate::state::{OUTSIDE, Order, OrderStatus, State, after_seconds};

/// Executes an order, or one step of it.
pub(crate) fn execute(state: &mut State, id: &str, now: Timestamp) {
    let Some(order) = state.orders.get(id).cloned() else { return };
    // An operator may have moved it on, or later.
    if order.executed || order.executes_at > now {
        return;
    }
    let ending = order.scenario().ending;
    if matches!(ending, Ending::RejectLater(..)) && order.status == OrderStatus::Pending {
        return take_second_thought(state, id, now);
    }
    match order.product {
        Product::Payment => settle(state, id, &order, now),
        Product::ScheduledPayment | Product::StandingOrder if order.set_up => {
            run(state, id, &order, now);
        }
        Product::ScheduledPayment | Product::StandingOrder => set_up(state, id, &order, now),
    }
}

/// The order is in process, and will be looked at again.
fn take_second_thought(state: &mut State, id: &str, now: Timestamp) {
    let at = after_seconds(now, SECOND_THOUGHT_SECONDS);
    tell(state, id, Ending::Remain("processing"), OrderStatus::Rejected, now);
    state.orders.update(id, &mut state.changes, |order| order.executes_at = at);
    state.wait_for(at, id);
}

fn settle(state: &mut State, id: &str, order: &Order, now: Timestamp) {
    let mut ending = order.scenario().ending;
    if ending == Ending::Complete && !pay(state, order) {
        ending = LACK_OF_BALANCE;
    }
    let completed = banks::find(&order.bank).map(|bank| bank.last_status);
    tell(state, id, ending, completed.unwrap_or(OrderStatus::Rejected), now);
    state.orders.update(id, &mut state.changes, |order| order.executed = true);
}

/// The bank takes the order into its books, or does not.
fn set_up(state: &mut State, id: &str, order: &Order, now: Timestamp) {
    let ending = order.scenario().ending;
    tell(state, id, ending, OrderStatus::AcceptedSettlementCompleted, now);
    let due = dialect::first_at(&order.initiation).filter(|_| ending == Ending::Complete);
    state.orders.update(id, &mut state.changes, |order| {
        order.set_up = true;
        order.executed = due.is_none();
        order.executes_at = due.unwrap_or(now);
    });
    if let Some(due) = due {
        state.wait_for(due, id);
    }
}

/// One payment of an order that is set up.
fn run(state: &mut State, id: &str, order: &Order, now: Timestamp) {
    let paid = pay(state, order);
    let done = order.runs.saturating_add(1);
    let next = match order.product {
        Product::StandingOrder => dialect::next_at(&order.initiation, done),
        Product::Payment | Product::ScheduledPayment => None,
    };
    if !paid && order.product == Product::ScheduledPayment {
        tell(state, id, LACK_OF_BALANCE, OrderStatus::Rejected, now);
    }
    state.orders.update(id, &mut state.changes, |order| {
        order.runs = done;
        order.executed = next.is_none();
        order.executes_at = next.unwrap_or(now);
    });
    if let Some(next) = next {
        state.wait_for(next, id);
    }
}

/// Moves the money, if it is there.
fn pay(state: &mut State, order: &Order) -> bool {
    let creditor = state
        .account_key(&order.initiation["CreditorAccount"])
        .unwrap_or_else(|| OUTSIDE.to_owned());
    let balance = state.accounts.get(&order.debtor).map_or(0, |account| account.balance_minor);
    let pence = order.pence;
    if balance < pence {
        return false;
    }
    let changes = &mut state.changes;
    state.accounts.update(&order.debtor, changes, |account| account.balance_minor -= pence);
    state.accounts.update(&creditor, changes, |account| account.balance_minor += pence);
    true
}

fn tell(state: &mut State, id: &str, ending: Ending, completed: OrderStatus, now: Timestamp) {
    let (status, reason, description) = match ending {
        Ending::Complete => (completed, None, "success"),
        Ending::Reject(reason, words) | Ending::RejectLater(reason, words) => {
            (OrderStatus::Rejected, Some(reason), words)
        }
        Ending::Remain(words) => {
            (OrderStatus::AcceptedSettlementInProcess, Some("PendingSettlement"), words)
        }
    };
    state.orders.update(id, &mut state.changes, |order| {
        order.status = status;
        order.reason = reason.map(str::to_owned);
        description.clone_into(&mut order.description);
        order.updated_at = now;
    });
}
