//! A standing order that the bank has set up ([`OrderState::SetUp`]): the bank repeats it by itself,
//! callers see it as completed, and only a cancellation still changes it.

use jiff::Timestamp;

use super::machine::moved;
use super::{
    Cancellation, CancellationState, End, OrderState, Payment, PaymentOutcome, PaymentStep, State,
};
use crate::bank::{OrderProgress, OrderStatus};
use crate::case::CaseKind;
use crate::step::{Case, JobChange, JobKind, Outcome, PaymentJob};

/// Why a cancellation failed whose answer was lost.
const STILL_THERE: &str = "the bank has the standing order as before";

impl Payment {
    /// The bank has set the standing order up, and repeats it. A cancellation that is being sent, or
    /// that the payer approves, continues.
    pub(super) fn set_up(mut self, order: OrderState, now: Timestamp) -> PaymentStep {
        self.state = State::Ordered(order);
        if let Some(Cancellation { state: state @ CancellationState::Uncertain, .. }) =
            &mut self.cancellation
        {
            *state = CancellationState::Refused { why: STILL_THERE.to_owned() };
        }
        let cancels = self.cancellation.as_ref().is_some_and(Cancellation::is_open);
        if self.cancelling().is_none() {
            self.early_returns.clear();
        }
        let receipt = JobKind::Payment(PaymentJob::SendReceipt);
        let mut jobs: Vec<JobChange> = JobKind::ALL
            .into_iter()
            .filter(|kind| match kind {
                JobKind::Deliver | JobKind::Expire => false,
                JobKind::Authorisation(_) => self.cancelling().is_none(),
                JobKind::Payment(PaymentJob::Cancel) => !cancels,
                kind => *kind != receipt,
            })
            .map(JobChange::Cancel)
            .collect();
        jobs.extend(self.receipt_to.is_some().then_some(JobChange::Schedule(receipt, now)));
        jobs.push(self.deadline_job());
        let state = self.state.clone();
        self.moved_to(state, now, jobs)
    }

    /// The bank's status of a standing order that it has set up: the outcome of a cancellation whose
    /// answer was lost, or of a refused one that an earlier request had achieved.
    pub(super) fn status_of_set_up(&self, status: &OrderStatus, now: Timestamp) -> PaymentOutcome {
        let known = self.cancellation.as_ref().map(|known| &known.state);
        match (status.progress, known) {
            (OrderProgress::Declined, Some(_)) => {
                moved(self.clone().after_status(status, self.state.clone(), now))
            }
            (
                OrderProgress::Completed | OrderProgress::InProcess,
                Some(CancellationState::Uncertain),
            ) => moved(self.not_cancelled(STILL_THERE, now)),
            (_, _) => match self.no_word(now) {
                Outcome::Moved(step) => Outcome::Moved(step),
                Outcome::Already | Outcome::Unexpected(_) => {
                    self.status_after_the_end(End::Completed, status)
                }
            },
        }
    }

    /// The bank never said whether it cancelled the standing order.
    pub(super) fn cancellation_unanswered(&self, now: Timestamp) -> PaymentStep {
        let mut step = self.not_cancelled("the bank gave no answer within 30 days", now);
        step.cases.push(Case {
            kind: CaseKind::NoFinalStatus,
            text: "the standing order may have been cancelled: ask the bank".to_owned(),
        });
        step
    }

    /// The job that ends the payment's patience, as its state wants it.
    pub(super) fn deadline_job(&self) -> JobChange {
        match self.deadline() {
            Some(deadline) => JobChange::Schedule(JobKind::Expire, deadline),
            None => JobChange::Cancel(JobKind::Expire),
        }
    }
}
