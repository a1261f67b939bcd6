//! The effects of a payer's approval, a provider's confirmation, a refusal and a cancellation.

use jiff::{SignedDuration, Timestamp};

use super::banks::{self, Bank};
use super::grant::{Grant, key};
use super::hours;
use super::order::{Approval, Order, Product, Purpose, Stage, Status};
use super::outcome::Ending;
use super::state::{State, after_seconds};

/// Wrong passwords or one-time passwords until an approval has failed.
pub(crate) const WRONG_MAX: u32 = 3;
/// How long the payer has to approve a cancellation, in seconds.
const CANCELLATION_SECONDS: i64 = 24 * 3600;
/// The bank's words on a cancelled order.
const CANCELLED: &str = "Payment initiation has been canceled.";

/// An approval that did not come in time has failed.
pub(crate) fn end_late_approval(state: &mut State, id: &str, now: Timestamp) {
    let Some(order) = state.orders.get(id) else { return };
    // A consent of UK Open Banking has no end. Elsewhere most banks wait for longer than any provider.
    let bank = banks::find(&order.bank).filter(|bank| !bank.is_uk_open_banking());
    let Some(bank) = bank else { return };
    let waits = SignedDuration::from_secs(bank.next_gen_psd2().approval_seconds);
    let ends = order.created_at.checked_add(waits);
    if order.approval.stage == Stage::Open && ends.is_ok_and(|ends| now >= ends) {
        fail(state, id, Purpose::Payment, "The payment was not approved in time.", now);
    }
}

/// The payer has approved, with the account that pays: the bank executes or cancels, or waits for
/// the provider. False: there was nothing to approve any more.
pub(crate) fn approve(
    state: &mut State,
    id: &str,
    purpose: Purpose,
    debtor: Option<&str>,
    now: Timestamp,
    delay_ms: i64,
) -> bool {
    end_late_approval(state, id, now);
    let Some(order) = state.orders.get(id) else { return false };
    if order.approval_of(purpose).is_none_or(|approval| approval.stage != Stage::Open) {
        return false;
    }
    if purpose == Purpose::Cancellation && !order.can_be_cancelled() {
        fail(state, id, purpose, "The payment can no longer be cancelled.", now);
        return false;
    }
    let confirmed_later = match purpose {
        Purpose::Payment => banks::find(&order.bank).is_some_and(Bank::wants_confirmation),
        Purpose::Cancellation => {
            banks::find(&order.bank).is_some_and(Bank::wants_confirmation_of_cancellation)
        }
    };
    let releases = banks::find(&order.bank).is_some_and(|bank| bank.next_gen_psd2().releases);
    state.orders.update(id, &mut state.changes, |order| {
        if let (Purpose::Payment, Some(debtor)) = (purpose, debtor) {
            order.debtor = Some(debtor.to_owned());
        }
        if let Some(approval) = order.approval_mut(purpose).filter(|_| confirmed_later) {
            approval.stage = Stage::Unconfirmed;
            // The payer's part is done at a bank that waits for the provider's release.
            let releases = purpose == Purpose::Payment && releases;
            let word = if releases { "finalised" } else { "unconfirmed" };
            word.clone_into(&mut approval.sca_status);
            approval.changed_at = now;
        }
    });
    if !confirmed_later {
        confirm(state, id, purpose, now, delay_ms);
    }
    true
}

/// The approval is complete: the order waits for its execution, or is cancelled.
pub(crate) fn confirm(
    state: &mut State,
    id: &str,
    purpose: Purpose,
    now: Timestamp,
    delay_ms: i64,
) {
    match purpose {
        Purpose::Payment => accept(state, id, now, delay_ms),
        Purpose::Cancellation => {
            if state.orders.get(id).is_some_and(Order::can_be_cancelled) {
                cancel(state, id, now);
            } else {
                fail(state, id, purpose, "The payment can no longer be cancelled.", now);
            }
        }
    }
}

fn accept(state: &mut State, id: &str, now: Timestamp, delay_ms: i64) {
    let Some(order) = state.orders.get(id) else { return };
    let Some(bank) = banks::find(&order.bank) else { return };
    let scenario = order.scenario();
    let delay_ms = delay_ms.saturating_add(scenario.late_ms);
    let soon = now.checked_add(SignedDuration::from_millis(delay_ms)).unwrap_or(Timestamp::MAX);
    let wished = order.schedule.as_ref().filter(|_| !order.is_set_up_first());
    let at = wished.map_or(soon, |schedule| schedule.first_at.max(soon));
    let at = hours::next_opening(bank.country, at);
    // Elsewhere to take a standing order is the bank's final status on it, so it is rejected at once or
    // never.
    let rejected = match scenario.ending {
        Ending::Reject(_, words)
            if order.product == Product::StandingOrder && !bank.is_uk_open_banking() =>
        {
            Some(words)
        }
        _ => None,
    };
    state.orders.update(id, &mut state.changes, |order| {
        order.approval.stage = Stage::Done;
        "finalised".clone_into(&mut order.approval.sca_status);
        order.approval.changed_at = now;
        order.accepted = order.accepted.saturating_add(1);
        order.accepted_at = Some(now);
        order.changed_at = now;
        match rejected {
            Some(words) => {
                order.status = Status::Rejected;
                order.words = Some(words.to_owned());
                order.finished = true;
            }
            None => {
                order.status = Status::Accepted;
                order.executes_at = Some(at);
            }
        }
    });
    if rejected.is_none() {
        state.wait_for(at, id);
    }
}

/// The payer said no, or could not prove who it is. Without an approval nothing is executed; a
/// cancellation that fails leaves the order as it is.
pub(crate) fn fail(state: &mut State, id: &str, purpose: Purpose, words: &str, now: Timestamp) {
    let open = |order: &Order| {
        order.approval_of(purpose).is_some_and(|approval| approval.stage != Stage::Done)
    };
    if !state.orders.get(id).is_some_and(open) {
        return;
    }
    state.orders.update(id, &mut state.changes, |order| {
        if let Some(approval) = order.approval_mut(purpose) {
            approval.stage = Stage::Failed;
            "failed".clone_into(&mut approval.sca_status);
            approval.words = Some(words.to_owned());
            approval.changed_at = now;
        }
        if purpose == Purpose::Payment {
            order.status = Status::Rejected;
            order.words = Some(words.to_owned());
            order.changed_at = now;
        }
    });
}

/// Counts a wrong password or one-time password; the last one ends the approval.
pub(crate) fn count_wrong(state: &mut State, id: &str, purpose: Purpose, now: Timestamp) {
    let wrong = state.orders.update(id, &mut state.changes, |order| {
        let approval = order.approval_mut(purpose)?;
        approval.wrong = approval.wrong.saturating_add(1);
        Some(approval.wrong)
    });
    if wrong.flatten().is_some_and(|wrong| wrong >= WRONG_MAX) {
        fail(state, id, purpose, "The payer could not be authenticated.", now);
    }
}

/// Nothing more of the order is executed.
pub(crate) fn cancel(state: &mut State, id: &str, now: Timestamp) {
    state.orders.update(id, &mut state.changes, |order| {
        order.status = Status::Cancelled;
        order.words = Some(CANCELLED.to_owned());
        order.finished = true;
        order.changed_at = now;
        // Nobody can approve what is cancelled.
        if order.approval.is_under_way() {
            order.approval.stage = Stage::Failed;
            "failed".clone_into(&mut order.approval.sca_status);
        }
        if let Some(approval) = order.cancellation.as_mut().filter(|one| one.is_under_way()) {
            approval.stage = Stage::Done;
            "finalised".clone_into(&mut approval.sca_status);
            approval.changed_at = now;
        }
    });
}

/// Asks the payer to approve a cancellation. Its visit to the bank's pages has the id of the
/// authorisation.
pub(crate) fn ask_cancellation(state: &mut State, id: &str, approval: Approval, now: Timestamp) {
    let Some(order) = state.orders.get(id) else { return };
    if let Some(visit) = &approval.authorisation_id {
        let visit = key("request", visit);
        let grant = Grant {
            order_id: Some(id.to_owned()),
            purpose: Purpose::Cancellation,
            ..Grant::of(&order.bank, &order.client, after_seconds(now, CANCELLATION_SECONDS))
        };
        state.grants.put(&visit, grant, now, &mut state.changes);
    }
    state.orders.update(id, &mut state.changes, |order| order.cancellation = Some(approval));
}
