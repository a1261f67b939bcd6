//! The execution of due orders, and the books: the sum of all balances never changes.
//!
//! A payment is executed once, a standing order until its last day. Some banks first check and set up
//! an order for later; its scenario decides the result (see `scenario.rs`). They execute it on its
//! day.

use jiff::Timestamp;

use super::order::{Order, Product, Status};
use super::outcome::{Ending, LACK_OF_BALANCE, SECOND_THOUGHT_SECONDS};
use super::state::{State, after_seconds, outside};

/// Executes an order, or one step of it.
pub(crate) fn execute(state: &mut State, id: &str, now: Timestamp) {
    let Some(order) = state.orders.get(id).cloned() else { return };
    // An operator may have moved it on, or later.
    if order.finished || order.executes_at.is_none_or(|at| at > now) {
        return;
    }
    let repeated = order.runs > 0 && order.status == Status::Accepted;
    let decided = order.status == Status::SetUp || repeated;
    let ending = if decided { Ending::Complete } else { order.scenario().ending };
    if matches!(ending, Ending::RejectLater(..)) && order.status == Status::Accepted {
        let at = after_seconds(now, SECOND_THOUGHT_SECONDS);
        settle(state, id, Ending::Remain("processing"), Some(at), now);
        state.orders.update(id, &mut state.changes, |order| order.words = None);
    } else if order.is_set_up_first() && !decided {
        set_up(state, id, &order, ending, now);
    } else {
        run(state, id, &order, ending, now);
    }
}

/// The bank takes the order into its books, or does not.
fn set_up(state: &mut State, id: &str, order: &Order, ending: Ending, now: Timestamp) {
    let due = order.schedule.as_ref().map(|schedule| schedule.first_at);
    let due = due.filter(|_| ending == Ending::Complete);
    settle(state, id, ending, due, now);
    if due.is_some() {
        state.orders.update(id, &mut state.changes, |order| order.status = Status::SetUp);
    }
}

/// One payment of an order.
fn run(state: &mut State, id: &str, order: &Order, ending: Ending, now: Timestamp) {
    let repeats = order.product == Product::StandingOrder;
    let paid = ending != Ending::Complete || pay(state, order);
    // A standing order skips the days on which the money is missing.
    let ending = if paid || repeats { ending } else { LACK_OF_BALANCE };
    let done = order.runs.saturating_add(1);
    let next = match (&order.schedule, ending) {
        (Some(schedule), Ending::Complete) if repeats => schedule.next_at(done),
        _ => None,
    };
    settle(state, id, ending, next, now);
    state.orders.update(id, &mut state.changes, |changed| {
        if ending == Ending::Complete {
            changed.runs = done;
        }
        if next.is_some() {
            let set_up = order.status == Status::SetUp;
            changed.status = if set_up { Status::SetUp } else { Status::Accepted };
            changed.changed_at = order.changed_at;
        }
    });
}

/// Moves the money, if it is there.
fn pay(state: &mut State, order: &Order) -> bool {
    let debtor = order.debtor.as_deref().unwrap_or_default();
    let creditor = match state.accounts.get(&order.creditor) {
        Some(account) if account.currency == order.currency => order.creditor.clone(),
        Some(_) | None => outside(&order.currency),
    };
    let Some(account) = state.accounts.get(debtor) else { return false };
    let (minor, debit) = (order.minor, order.debit_minor.unwrap_or(order.minor));
    if account.balance_minor < debit {
        return false;
    }
    let currency = account.currency.clone();
    move_money(state, debtor, &creditor, debit, minor, (&currency, &order.currency));
    true
}

/// Debits the payer and credits the payee. Between two currencies the banks outside exchange: the sum of
/// the balances in each currency stays.
fn move_money(
    state: &mut State,
    debtor: &str,
    creditor: &str,
    debit: i64,
    minor: i64,
    (of_debtor, of_order): (&str, &str),
) {
    let mut steps = vec![(debtor.to_owned(), -debit)];
    if of_debtor != of_order {
        steps.push((outside(of_debtor), debit));
        steps.push((outside(of_order), -minor));
    }
    steps.push((creditor.to_owned(), minor));
    for (account, change) in steps {
        state.accounts.update(&account, &mut state.changes, |row| row.balance_minor += change);
    }
}

/// Notes how a step has ended, and when the next one comes.
fn settle(state: &mut State, id: &str, ending: Ending, next: Option<Timestamp>, now: Timestamp) {
    let (status, reason, words) = match ending {
        Ending::Complete => (Status::Completed, None, None),
        Ending::Reject(reason, words) | Ending::RejectLater(reason, words) => {
            (Status::Rejected, Some(reason), Some(words))
        }
        Ending::Remain(words) => (Status::InProcess, Some("PendingSettlement"), Some(words)),
    };
    state.orders.update(id, &mut state.changes, |order| {
        order.status = status;
        order.reason = reason.map(str::to_owned);
        order.words = words.map(str::to_owned);
        order.changed_at = now;
        order.finished = next.is_none();
        order.executes_at = Some(next.unwrap_or(now));
    });
    if let Some(next) = next {
        state.wait_for(next, id);
    }
}
