//! What becomes of a payment when what left could not be repeated and was never answered: the
//! creation at the bank, the payer's answers, an authorisation code.

use jiff::Timestamp;

use super::approval::approval_jobs;
use super::machine::moved;
use super::{
    Attempt, Authorisation, BankRecord, OPENINGS_MAX, Payment, PaymentOutcome, PaymentStep,
    RepeatedCreation, Sealed, State,
};
use crate::approval::{Approach, Challenge};
use crate::case::CaseKind;
use crate::step::{Case, JobChange, JobKind};

use crate::step::Outcome::Already;

/// What a payer reads whose answers got lost on the way.
const CREDENTIALS_LOST: &str =
    "The bank did not answer; it is being asked whether the payment is approved.";

/// What a payer reads who has to approve again because the bank's answer got lost.
const APPROVE_AGAIN: &str = "The bank's answer was lost. Please approve the payment again.";

/// What a payer reads of answers that never reached the bank.
const NOT_RECEIVED: &str = "The bank did not receive the answer. Please try again.";

/// What everybody reads of a payment that the bank may or may not have.
const OPENING_LOST: &str =
    "The bank's answer was lost: it may have the payment. Please ask the bank before paying again.";

impl Payment {
    /// What was recorded as sent did not leave: it may be sent again.
    pub(super) fn not_sent(&self) -> PaymentOutcome {
        let mut payment = self.clone();
        match &mut payment.state {
            State::Opening { sent, .. } | State::VerifyingReturn { sent, .. } if *sent => {
                *sent = false;
            }
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::OpeningUncertain { .. }
            | State::AwaitingRedirect { .. }
            | State::AwaitingCredentials { .. }
            | State::AwaitingDecoupled { .. }
            | State::VerifyingReturn { .. }
            | State::VerifyingCredentials { .. }
            | State::AwaitingRedemption { .. }
            | State::Authorised { .. }
            | State::OrderSent { .. }
            | State::Uncertain { .. }
            | State::Processing { .. }
            | State::Final { .. } => return Already,
        }
        let jobs = payment.deadline().map(|due| JobChange::Schedule(JobKind::Expire, due));
        moved(payment.silently(jobs.into_iter().collect()))
    }

    /// The bank may have got what we sent.
    pub(super) fn answer_lost(
        &self,
        text: &str,
        renewed: &Attempt,
        now: Timestamp,
    ) -> PaymentOutcome {
        match &self.state {
            State::Opening { attempt, credentials, .. } => match attempt.repeated_creation() {
                RepeatedCreation::NewKeys => self.opened_again(attempt, renewed, text, now),
                _ if attempt.lost_creation_may_execute() => {
                    moved(self.opening_uncertain(attempt, credentials.clone(), text, now))
                }
                RepeatedCreation::SameKeys | RepeatedCreation::Never => {
                    moved(self.clone().given_up(text, now))
                }
            },
            State::VerifyingCredentials { authorisation, challenge, credentials: Some(_) } => {
                self.credentials_lost(authorisation, challenge, renewed, text, now)
            }
            State::VerifyingReturn { authorisation, sent: true, .. } => {
                if authorisation.is_being_created() {
                    return moved(self.opening_uncertain(&authorisation.attempt, None, text, now));
                }
                self.grant_lost(text, renewed, now)
            }
            State::OpeningUncertain { .. } => self.no_word(now),
            State::AwaitingBankChoice
            | State::AwaitingRedirect { .. }
            | State::AwaitingCredentials { .. }
            | State::AwaitingDecoupled { .. }
            | State::VerifyingReturn { .. }
            | State::VerifyingCredentials { .. }
            | State::AwaitingRedemption { .. }
            | State::Authorised { .. }
            | State::OrderSent { .. }
            | State::Uncertain { .. }
            | State::Processing { .. }
            | State::Final { .. } => Already,
        }
    }

    /// The code is spent and the access token is lost. Where the bank executes at the approval, it
    /// is asked; elsewhere no order exists, and the payer may approve again.
    pub(super) fn grant_lost(
        &self,
        text: &str,
        renewed: &Attempt,
        now: Timestamp,
    ) -> PaymentOutcome {
        let State::VerifyingReturn { authorisation, returned: Some(_), .. } = &self.state else {
            return Already;
        };
        if authorisation.may_execute() {
            let case = Case {
                kind: CaseKind::ApprovalUnproven,
                text: format!("the payer's approval could not be verified: {text}"),
            };
            return self.back_to_the_step(now, false, Some(case));
        }
        self.opened_again(&authorisation.attempt, renewed, text, now)
    }

    /// Opens the payment at its bank with new keys: what the old ones left there can never be
    /// executed.
    pub(super) fn opened_again(
        &self,
        lost: &Attempt,
        renewed: &Attempt,
        text: &str,
        now: Timestamp,
    ) -> PaymentOutcome {
        if lost.opening >= OPENINGS_MAX || self.approval_is_late(now) {
            return moved(self.clone().given_up(text, now));
        }
        let mut payment = self.clone();
        payment.bank = BankRecord::default();
        payment.early_returns.clear();
        payment.reason = Some(APPROVE_AGAIN.to_owned());
        let attempt = Attempt { opening: lost.opening + 1, ..renewed.clone() };
        let credentials = match &self.state {
            State::Opening { credentials, .. } => credentials.clone(),
            _ => None,
        };
        let state = State::Opening { attempt, credentials, sent: false };
        let open = Some((JobKind::OpenAtBank, now));
        moved(payment.with_deadline(state, now, approval_jobs(open)))
    }

    /// The bank may hold a payment whose id nobody knows, and may execute it. Where the creation
    /// can be repeated with the same keys, that is the question; elsewhere nothing can be asked.
    pub(super) fn opening_uncertain(
        &self,
        attempt: &Attempt,
        credentials: Option<Sealed>,
        text: &str,
        now: Timestamp,
    ) -> PaymentStep {
        let mut payment = self.clone();
        payment.reason = Some(OPENING_LOST.to_owned());
        let repeats = attempt.repeated_creation() == RepeatedCreation::SameKeys;
        let state = State::OpeningUncertain { attempt: attempt.clone(), credentials };
        let question = (JobKind::OpenAtBank, payment.next_approval_question(now));
        let mut step =
            payment.with_deadline(state, now, approval_jobs(repeats.then_some(question)));
        step.cases.push(lost_case(text));
        step
    }

    /// The bank may have got the payer's answers. It is asked where it knows the payment; where the
    /// answers were to create it, that decides.
    pub(super) fn credentials_lost(
        &self,
        authorisation: &Authorisation,
        challenge: &Challenge,
        renewed: &Attempt,
        text: &str,
        now: Timestamp,
    ) -> PaymentOutcome {
        let attempt = &authorisation.attempt;
        if authorisation.is_being_created() {
            return moved(self.opening_uncertain(attempt, None, text, now));
        }
        let mut payment = self.clone();
        if authorisation.consent_id.is_none() {
            // Nothing that exists at the bank can be executed: the payer is asked again.
            let attempt = match attempt.repeated_creation() {
                RepeatedCreation::NewKeys => {
                    Attempt { opening: attempt.opening + 1, ..renewed.clone() }
                }
                RepeatedCreation::SameKeys | RepeatedCreation::Never => attempt.clone(),
            };
            if attempt.opening > OPENINGS_MAX {
                return moved(payment.given_up(text, now));
            }
            let context = authorisation.context.clone();
            let authorisation = Authorisation { attempt, consent_id: None, context };
            let description = Some(NOT_RECEIVED.to_owned());
            let challenge = Challenge { is_retry: true, description, ..challenge.clone() };
            return match self.no_word(now) {
                Already => {
                    payment.reason = Some(NOT_RECEIVED.to_owned());
                    self.to_the_step(payment, authorisation, &Approach::Embedded { challenge }, now)
                }
                ended => ended,
            };
        }
        payment.reason = Some(CREDENTIALS_LOST.to_owned());
        let state = State::VerifyingCredentials {
            authorisation: authorisation.clone(),
            challenge: challenge.clone(),
            credentials: None,
        };
        let question = (JobKind::AskApproval, payment.next_approval_question(now));
        let mut step = payment.with_deadline(state, now, approval_jobs(Some(question)));
        if step.state.state.may_execute_unseen() {
            step.cases.push(Case {
                kind: CaseKind::ApprovalAnswerLost,
                text: format!("no readable answer to the payer's approval: {text}"),
            });
        }
        moved(step)
    }
}

/// The case of a payment that a bank may hold without an id that we know.
pub(super) fn lost_case(text: &str) -> Case {
    Case {
        kind: CaseKind::OpeningAnswerLost,
        text: format!("the bank may hold a payment whose id is not known: {text}"),
    }
}
