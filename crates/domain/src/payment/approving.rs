//! The effects of the payer's authorisation on a payment: the payment applies its verdicts.

use jiff::Timestamp;

use super::machine::moved;
use super::{
    BankRecord, End, Payment, PaymentOutcome, PaymentStep, REDEMPTION_WINDOW, SentOrder, State,
    reason,
};
use crate::authorisation::{
    ANSWERS_NOT_RECEIVED, Authorisation, Continued, Notice, Patience, TakenOrder, UnderWay, Verdict,
};
use crate::case::CaseKind;
use crate::sealed::Sealed;
use crate::step::{AuthorisationJob, Case, JobChange, JobKind, Outcome, PaymentJob};

use super::patience::after;
use Outcome::Already;

/// The payer's text after a loss of the payer's answers.
const CREDENTIALS_LOST: &str =
    "The bank did not answer; it is being asked whether the payment is approved.";

/// The payer's text for a repeated approval, after the bank's answer was lost.
const APPROVE_AGAIN: &str = "The bank's answer was lost. Please approve the payment again.";

/// Everybody's text for a payment that the bank may or may not have.
const OPENING_LOST: &str =
    "The bank's answer was lost: it may have the payment. Please ask the bank before paying again.";

impl Payment {
    /// The payment's authorisation with what the payment knows beside it.
    pub(super) fn under_way<'a>(&'a self, authorisation: &'a Authorisation) -> UnderWay<'a> {
        UnderWay {
            authorisation,
            early_returns: &self.early_returns,
            patience: Patience { deadline: self.deadline(), ..self.approval_patience() },
        }
    }

    /// Carries out what a fact about the authorisation leads to.
    pub(super) fn authorisation_told(&self, verdict: Verdict, now: Timestamp) -> PaymentOutcome {
        let mut payment = self.clone();
        match verdict {
            Verdict::Already => Already,
            Verdict::Unexpected(kind) => self.unexpected(kind),
            Verdict::NoWord { case: None } => self.no_word(now),
            Verdict::NoWord { case: Some(case) } => self.no_word_but(case, now),
            Verdict::Continues(continued) => payment.goes_on(*continued, now),
            Verdict::Granted { consent_id, grant, usable_until } => {
                moved(payment.granted(consent_id, grant, usable_until, now))
            }
            Verdict::OrderTaken(taken) => moved(self.order_taken_at_approval(taken, now)),
            Verdict::Declined { text, decline, answers_were_wrong } => {
                payment.decline = decline;
                payment.reason = text.as_deref().map(reason);
                payment.authentication_failed_at = answers_were_wrong.then_some(now);
                moved(payment.ended(End::Declined, now))
            }
            Verdict::Expired => {
                payment.reason = Some("The payer did not approve the payment in time.".to_owned());
                moved(payment.ended(End::Expired, now))
            }
            Verdict::Refused(refusal) => moved(payment.refused(&refusal, now)),
            Verdict::GivenUp { text, malformed } => {
                let mut step = payment.given_up(&text, now);
                if malformed {
                    step.cases.push(Case { kind: CaseKind::BankAnswerMalformed, text });
                }
                moved(step)
            }
            Verdict::FundsUnavailable => moved(payment.funds_unavailable(now)),
            // Nobody asked for it here.
            Verdict::Cancelled => self.unexpected(CaseKind::AuthorisationUnproven),
        }
    }

    /// The authorisation has a new state.
    fn goes_on(mut self, continued: Continued, now: Timestamp) -> PaymentOutcome {
        let Continued {
            authorisation,
            early_returns,
            job,
            notice,
            cases,
            silent,
            bank_still_waits,
        } = continued;
        self.early_returns = early_returns;
        if silent {
            let mut step = self.silently_at(authorisation);
            step.jobs.extend(
                job.map(|(kind, due)| JobChange::Schedule(JobKind::Authorisation(kind), due)),
            );
            return moved(step);
        }
        match (&authorisation, authorisation.opened()) {
            (_, Some(opened)) => self.bank.consent_id.clone_from(&opened.consent_id),
            (Authorisation::Opening { .. }, None) => self.bank = BankRecord::default(),
            (_, None) => {}
        }
        match notice {
            Notice::Unchanged => {}
            Notice::Nothing => self.reason = None,
            Notice::ApproveAgain => self.reason = Some(APPROVE_AGAIN.to_owned()),
            Notice::OpeningLost => self.reason = Some(OPENING_LOST.to_owned()),
            Notice::AnswersNotReceived => self.reason = Some(ANSWERS_NOT_RECEIVED.to_owned()),
            Notice::AnswersLost => self.reason = Some(CREDENTIALS_LOST.to_owned()),
        }
        self.state = State::Approving(authorisation);
        if bank_still_waits && let Outcome::Moved(ended) = self.no_word(now) {
            return Outcome::Moved(ended);
        }
        let state = self.state.clone();
        let mut step = self.with_deadline(state, now, authorisation_jobs(job));
        step.cases.extend(cases);
        moved(step)
    }

    /// Approved: the order is wanted, at once or once the member asks for it.
    fn granted(
        mut self,
        consent_id: String,
        grant: Sealed,
        usable_until: Timestamp,
        now: Timestamp,
    ) -> PaymentStep {
        self.bank.consent_id = Some(consent_id.clone());
        self.early_returns.clear();
        self.reason = None;
        let mut jobs = authorisation_jobs(None);
        let state = if self.terms.redeems_on_request {
            let usable_until = usable_until.min(after(now, REDEMPTION_WINDOW));
            State::AwaitingRedemption { consent_id, grant, usable_until }
        } else {
            jobs.push(JobChange::Schedule(JobKind::Payment(PaymentJob::Redeem), now));
            State::Ordered(super::OrderState::Authorised { consent_id, grant, redeemed_at: None })
        };
        self.with_deadline(state, now, jobs)
    }

    /// The bank executes at the approval: the approved payment is an order that is running.
    fn order_taken_at_approval(&self, taken: TakenOrder, now: Timestamp) -> PaymentStep {
        let idempotency_key = self.state.approving().map(|known| &known.attempt().idempotency_key);
        let order = SentOrder {
            consent_id: self.bank.consent_id.clone().unwrap_or(taken.bank_payment_id.clone()),
            idempotency_key: idempotency_key.cloned().unwrap_or_default(),
            sent_at: now,
            grant: taken.grant,
        };
        let (id, status) = (&taken.bank_payment_id, &taken.status);
        let mut step = self.order_taken(&order, id, status, &taken.refund_account, now);
        if let Some(deadline) = step.state.deadline() {
            step.jobs.extend(authorisation_jobs(None));
            step.jobs.push(JobChange::Schedule(JobKind::Expire, deadline));
        }
        step
    }

    /// The payer's account does not hold enough; no order was sent.
    pub(super) fn funds_unavailable(mut self, now: Timestamp) -> PaymentStep {
        self.reason = Some("Insufficient funds".to_owned());
        self.ended(End::RejectedInsufficientFunds, now)
    }

    /// The Step into `state`, whose deadline may be another one.
    pub(super) fn with_deadline(
        self,
        state: State,
        now: Timestamp,
        jobs: Vec<JobChange>,
    ) -> PaymentStep {
        let mut step = self.moved_to(state, now, jobs);
        if let Some(deadline) = step.state.deadline() {
            step.jobs.push(JobChange::Schedule(JobKind::Expire, deadline));
        }
        step
    }

    /// The Step without an event: the running approval has a new state.
    pub(super) fn silently_at(&self, stands: Authorisation) -> PaymentStep {
        let payment = self.clone().with_authorisation(stands);
        let changed = payment.deadline().filter(|due| Some(*due) != self.deadline());
        let jobs = changed.map(|due| JobChange::Schedule(JobKind::Expire, due));
        payment.silently(jobs.into_iter().collect())
    }
}

/// Of the jobs of an authorisation, `wanted` alone continues.
pub(super) fn authorisation_jobs(wanted: Option<(AuthorisationJob, Timestamp)>) -> Vec<JobChange> {
    let unwanted = |kind: &AuthorisationJob| wanted.is_none_or(|(wanted, _)| wanted != *kind);
    let mut jobs: Vec<JobChange> = AuthorisationJob::ALL
        .into_iter()
        .filter(unwanted)
        .map(|kind| JobChange::Cancel(JobKind::Authorisation(kind)))
        .collect();
    jobs.extend(wanted.map(|(kind, due)| JobChange::Schedule(JobKind::Authorisation(kind), due)));
    jobs
}
