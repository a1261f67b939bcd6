//! Taking back a payment that a bank holds: an order that waits for its day, a payment that the
//! bank executes at the approval, or a standing order that the bank repeats. The bank is asked, and only its word ends the payment; where the
//! bank wants it, the payer approves the cancellation first. The payment goes its way meanwhile.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::machine::moved;
use super::patience::after;
use super::{
    AUTHORISATION_WINDOW, CancellationFact, End, OrderState, Payment, PaymentOutcome, PaymentStep,
    State, reason,
};
use crate::Refusal;
use crate::authorisation::{
    Attempt, Authorisation, AuthorisationFact, Continued, Opened, Patience, UnderWay, Verdict,
};
use crate::case::CaseKind;
use crate::sealed::Sealed;
use crate::step::{AuthorisationJob, JobChange, JobKind, Outcome, PaymentJob};

use Outcome::Already;

/// The job that asks the bank to cancel.
const CANCEL: JobKind = JobKind::Payment(PaymentJob::Cancel);
/// Everybody's text while the payer must approve the cancellation.
const NEEDS_APPROVAL: &str = "The bank cancels the payment once the payer has approved that there.";
/// The same for a standing order.
const NEEDS_APPROVAL_OF_STANDING_ORDER: &str =
    "The bank cancels the standing order once the payer has approved that there.";
/// Everybody's text for a cancellation whose answer was lost.
const ANSWER_LOST: &str =
    "The bank's answer to the cancellation was lost; the bank is asked for the status.";
/// Everybody's text after a cancellation.
const CANCELLED: &str = "The bank cancelled the payment; nothing is executed.";
/// The same for a standing order, which may have been executed some times before.
const STANDING_ORDER_CANCELLED: &str =
    "The bank cancelled the standing order; nothing more is executed.";

/// Who wants the payment back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelledBy {
    /// The member.
    Member,
    /// We do, because the payer's time to approve is over.
    Deadline,
}

/// The state of a cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum CancellationState {
    /// The bank is being asked. A cancellation has the same effect however often it is asked for.
    Sending {
        /// The keys with which the payer's approval begins, where the bank wants it.
        attempt: Attempt,
    },
    /// The payer approves the cancellation at the bank.
    Approving {
        /// The state of the approval.
        authorisation: Authorisation,
    },
    /// The bank's answer was lost: the payment's status shows the outcome.
    Uncertain,
    /// The bank refused: the payment continues.
    Refused {
        /// Why, for people; at most [`REASON_LENGTH_MAX`](super::REASON_LENGTH_MAX) characters.
        why: String,
    },
    /// The bank has cancelled.
    Done,
}

/// A cancellation that a bank was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// Who wants it.
    pub wanted_by: CancelledBy,
    /// Since when.
    pub wanted_at: Timestamp,
    /// The state.
    pub state: CancellationState,
}

impl Cancellation {
    /// Whether its outcome is open: a bank that says that nothing will be executed has cancelled.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            CancellationState::Sending { .. }
            | CancellationState::Approving { .. }
            | CancellationState::Uncertain => true,
            CancellationState::Refused { .. } | CancellationState::Done => false,
        }
    }

    /// The same once the payment has ended.
    pub(super) fn closed(mut self, end: End) -> Cancellation {
        if self.is_open() {
            self.state = match end == self.end() {
                true => CancellationState::Done,
                false => {
                    let why = "the payment has ended otherwise".to_owned();
                    CancellationState::Refused { why }
                }
            };
        }
        self
    }

    /// How a payment ends that the bank has cancelled.
    pub(super) fn end(&self) -> End {
        match self.wanted_by {
            CancelledBy::Member => End::Cancelled,
            CancelledBy::Deadline => End::Expired,
        }
    }
}

impl Payment {
    /// Asks the bank not to execute. `None` if that was asked for before and is open.
    ///
    /// # Errors
    /// [`Refusal::NotCancellable`] unless the bank holds the payment under an id that we know.
    pub fn cancel_at_bank(
        &self,
        wanted_by: CancelledBy,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Option<PaymentStep>, Refusal> {
        if !self.is_held_by_bank() {
            return Err(Refusal::NotCancellable { stage: self.stage() });
        }
        match self.cancellation.as_ref().map(|known| &known.state) {
            Some(CancellationState::Sending { .. } | CancellationState::Approving { .. }) => {
                return Ok(None);
            }
            Some(
                CancellationState::Uncertain
                | CancellationState::Refused { .. }
                | CancellationState::Done,
            )
            | None => {}
        }
        let mut payment = self.clone();
        let state = CancellationState::Sending { attempt };
        payment.cancellation = Some(Cancellation { wanted_by, wanted_at: now, state });
        // Nothing has changed yet, so whoever saves the Step takes the job as due at once only if it is
        // due since the last change.
        let due = now.min(self.updated_at);
        let mut jobs = vec![JobChange::Schedule(CANCEL, due)];
        if self.state.is_settled() {
            jobs.push(payment.deadline_job());
        }
        Ok(Some(payment.silently(jobs)))
    }

    /// Whether the bank holds it under an id that we know, and may still execute it.
    #[must_use]
    pub fn is_held_by_bank(&self) -> bool {
        match &self.state {
            State::Approving(authorisation) => {
                authorisation.opened().is_some_and(Opened::may_execute)
            }
            State::Ordered(
                OrderState::Processing { bank_payment_id, .. }
                | OrderState::SetUp { bank_payment_id, .. },
            ) => bank_payment_id.is_some(),
            State::AwaitingBankChoice
            | State::AwaitingRedemption { .. }
            | State::Ordered(
                OrderState::Authorised { .. }
                | OrderState::Sent { .. }
                | OrderState::Uncertain { .. },
            )
            | State::Final { .. } => false,
        }
    }

    /// Whether we want the payment back, because the payer's time is over at a bank that may still
    /// execute: asked for once.
    #[must_use]
    pub fn is_overdue_at_bank(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Approving(_))
            && self.is_held_by_bank()
            && self.cancellation.is_none()
            && self.approval_patience().approval_is_late(now)
    }

    /// The payer's approval that is under way: that of the cancellation, else the payment's own.
    #[must_use]
    pub fn authorisation(&self) -> Option<&Authorisation> {
        self.cancelling().or_else(|| self.state.approving())
    }

    /// Where the payer's browser goes to approve, while that is the payer's next step.
    #[must_use]
    pub fn redirect_url(&self) -> Option<&str> {
        match self.authorisation() {
            Some(Authorisation::AwaitingRedirect { redirect_url, .. }) => Some(redirect_url),
            _ => None,
        }
    }

    /// Whether the payer approves the cancellation now.
    #[must_use]
    pub fn is_cancelling(&self) -> bool {
        self.cancelling().is_some()
    }

    /// The approval of the cancellation, while the payer has to give it.
    pub(super) fn cancelling(&self) -> Option<&Authorisation> {
        match &self.cancellation.as_ref()?.state {
            CancellationState::Approving { authorisation } => Some(authorisation),
            CancellationState::Sending { .. }
            | CancellationState::Uncertain
            | CancellationState::Refused { .. }
            | CancellationState::Done => None,
        }
    }

    /// The same payment with the approval that is under way standing elsewhere.
    pub(super) fn with_authorisation(mut self, stands: Authorisation) -> Payment {
        match &mut self.cancellation {
            Some(Cancellation {
                state: CancellationState::Approving { authorisation }, ..
            }) => *authorisation = stands,
            Some(_) | None => self.state = State::Approving(stands),
        }
        self
    }

    /// The bank's answer to the cancellation. An answer after the end changes nothing: the
    /// payment's own status has already decided.
    pub(super) fn observe_cancellation(
        &self,
        what: &CancellationFact,
        now: Timestamp,
    ) -> PaymentOutcome {
        let Some(known) = &self.cancellation else { return Already };
        let CancellationState::Sending { attempt } = &known.state else { return Already };
        if self.state.is_final() {
            return Already;
        }
        match what {
            CancellationFact::Cancelled => moved(self.clone().cancelled(now)),
            CancellationFact::NeedsApproval { consent_id, context, approach } => {
                // One approval at a time: the payment's own is still open, or nobody is there.
                let alone = self.state.approving().is_none();
                if !alone || known.wanted_by == CancelledBy::Deadline {
                    let text = "the bank wants the payer's approval for that";
                    return moved(self.not_cancelled(text, now));
                }
                let opened = Opened {
                    attempt: attempt.clone(),
                    consent_id: Some(consent_id.clone()),
                    context: context.clone(),
                };
                moved(self.clone().approves(Authorisation::awaiting(opened, approach), now))
            }
            CancellationFact::Refused { text } => moved(self.not_cancelled(text, now)),
            CancellationFact::AnswerLost => {
                let mut payment = self.clone();
                payment.reason = Some(ANSWER_LOST.to_owned());
                moved(payment.cancellation_at(CancellationState::Uncertain, now))
            }
        }
    }

    /// The effect of a fact about the approval of the cancellation; `None` if the fact is about
    /// something else.
    pub(super) fn observe_cancelling(
        &self,
        idempotency_key: &str,
        what: &AuthorisationFact,
        now: Timestamp,
    ) -> Option<PaymentOutcome> {
        let authorisation = self.cancelling()?;
        (authorisation.attempt().idempotency_key == idempotency_key).then(|| {
            let verdict = self.cancelling_under_way(authorisation);
            self.cancellation_told(verdict.observe(idempotency_key, what, now), now)
        })
    }

    /// The same for a browser's return from the bank.
    pub(super) fn return_of_cancellation(
        &self,
        oauth_state: &str,
        returned: &Sealed,
        now: Timestamp,
    ) -> Option<PaymentOutcome> {
        let authorisation = self.cancelling()?;
        (authorisation.attempt().oauth_state == oauth_state).then(|| {
            let verdict = self.cancelling_under_way(authorisation);
            self.cancellation_told(verdict.returned(oauth_state, returned, now), now)
        })
    }

    fn cancelling_under_way<'a>(&'a self, authorisation: &'a Authorisation) -> UnderWay<'a> {
        let patience = self.cancellation_patience();
        UnderWay { authorisation, early_returns: &self.early_returns, patience }
    }

    /// The payer has as long to approve the cancellation as the payment.
    pub(super) fn cancellation_patience(&self) -> Patience {
        let wanted_at = self.cancellation.as_ref().map_or(self.updated_at, |one| one.wanted_at);
        Patience {
            payer_came_at: wanted_at,
            window: AUTHORISATION_WINDOW,
            changed_at: self.updated_at,
            deadline: Some(after(wanted_at, AUTHORISATION_WINDOW)),
            question_interval_min_ms: self.question_interval_min_ms(),
        }
    }

    fn cancellation_told(&self, verdict: Verdict, now: Timestamp) -> PaymentOutcome {
        match verdict {
            Verdict::Already => Already,
            Verdict::Unexpected(kind) => self.unexpected(kind),
            Verdict::NoWord { case } => {
                let over = after(self.cancellation_patience().payer_came_at, AUTHORISATION_WINDOW);
                let mut outcome = match now >= over {
                    true => {
                        moved(self.not_cancelled("the payer did not approve that in time", now))
                    }
                    false => Already,
                };
                match (&mut outcome, case) {
                    (Outcome::Moved(step), Some(case)) => step.cases.push(case),
                    (Already, Some(case)) => outcome = Outcome::Unexpected(case),
                    (_, _) => {}
                }
                outcome
            }
            Verdict::Continues(continued) => moved(self.cancelling_goes_on(*continued, now)),
            Verdict::Cancelled => moved(self.clone().cancelled(now)),
            // The bank has executed it, or speaks of something that it never was asked for.
            Verdict::OrderTaken(taken) => match self.status_told(&taken.status, now) {
                Already => moved(self.not_cancelled("the bank has the order", now)),
                told => told,
            },
            Verdict::Granted { .. } | Verdict::FundsUnavailable => {
                self.unexpected(CaseKind::AuthorisationUnproven)
            }
            Verdict::Declined { .. } => {
                moved(self.not_cancelled("the payer did not approve that", now))
            }
            Verdict::Expired => {
                moved(self.not_cancelled("the payer did not approve that in time", now))
            }
            Verdict::Refused(refusal) => moved(self.not_cancelled(&refusal.text, now)),
            Verdict::GivenUp { text, .. } => moved(self.not_cancelled(&text, now)),
        }
    }

    fn cancelling_goes_on(&self, continued: Continued, now: Timestamp) -> PaymentStep {
        let mut payment = self.clone().with_authorisation(continued.authorisation);
        payment.early_returns = continued.early_returns;
        if continued.silent {
            let job = continued
                .job
                .map(|(kind, due)| JobChange::Schedule(JobKind::Authorisation(kind), due));
            return payment.silently(job.into_iter().collect());
        }
        let state = payment.state.clone();
        let asked = payment.cancelling().map(|authorisation| {
            let due = payment.cancellation_patience().first_question(authorisation, now);
            (AuthorisationJob::AskApproval, due)
        });
        let jobs = super::approving::authorisation_jobs(continued.job.or(asked));
        let mut step = payment.moved_to(state, now, jobs);
        step.cases.extend(continued.cases);
        step
    }

    /// The payer has to approve the cancellation. The bank is asked about it too, because a payer
    /// may not return.
    fn approves(mut self, authorisation: Authorisation, now: Timestamp) -> PaymentStep {
        let text = self.text_of_kind(NEEDS_APPROVAL, NEEDS_APPROVAL_OF_STANDING_ORDER);
        self.reason = Some(text.to_owned());
        self.early_returns.clear();
        let question = self.cancellation_patience().first_question(&authorisation, now);
        let ask = JobKind::Authorisation(AuthorisationJob::AskApproval);
        if let Some(known) = &mut self.cancellation {
            known.state = CancellationState::Approving { authorisation };
        }
        let state = self.state.clone();
        self.moved_to(
            state,
            now,
            vec![JobChange::Cancel(CANCEL), JobChange::Schedule(ask, question)],
        )
    }

    /// The bank will not execute.
    fn cancelled(mut self, now: Timestamp) -> PaymentStep {
        let end = self.cancellation.as_ref().map_or(End::Cancelled, Cancellation::end);
        let text = self.text_of_kind(CANCELLED, STANDING_ORDER_CANCELLED);
        self.reason = Some(text.to_owned());
        self.ended(end, now)
    }

    /// The cancellation failed. The job asks the bank at once for the payment's status, because the bank
    /// may have executed the payment meanwhile.
    pub(super) fn not_cancelled(&self, why: &str, now: Timestamp) -> PaymentStep {
        let mut payment = self.clone();
        let what = self.text_of_kind("payment", "standing order");
        let why = reason(&format!("The {what} was not cancelled: {why}"));
        payment.reason = Some(why.clone());
        payment.cancellation_at(CancellationState::Refused { why }, now)
    }

    /// The cancellation gets that state, and the job asks the bank about the payment now.
    fn cancellation_at(mut self, to: CancellationState, now: Timestamp) -> PaymentStep {
        if let Some(known) = &mut self.cancellation {
            known.state = to;
        }
        let mut jobs = vec![JobChange::Cancel(CANCEL)];
        if let State::Approving(_) = self.state {
            // The payment's own approval goes its way.
            let ask = JobKind::Authorisation(AuthorisationJob::AskApproval);
            jobs.push(JobChange::Schedule(ask, now));
        } else {
            self.early_returns.clear();
            jobs.extend(super::approving::authorisation_jobs(None));
            jobs.push(JobChange::Schedule(JobKind::Payment(PaymentJob::AskStatus), now));
        }
        if self.state.is_settled() {
            jobs.push(self.deadline_job());
        }
        let state = self.state.clone();
        self.moved_to(state, now, jobs)
    }

    fn text_of_kind(&self, single: &'static str, standing_order: &'static str) -> &'static str {
        match self.is_standing_order() {
            true => standing_order,
            false => single,
        }
    }
}
