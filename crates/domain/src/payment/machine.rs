//! Every transition of a payment: [`Payment::observe`] has one exhaustive `match` over the states
//! for each kind of fact. The printed table of all pairs is the snapshot of `tests/payment_table.rs`.
//!
//! How to read the arms: facts of an earlier phase that arrive late are [`Outcome::Already`];
//! facts of a later phase that arrive early are [`Outcome::Unexpected`]; so is any word of the
//! bank about an order that contradicts how the payment ended, because money may have moved.

use jiff::{SignedDuration, Timestamp};

use super::patience::after;
use super::{
    AuthorisationFact, EARLY_RETURNS_MAX, End, Fact, OrderFact, Payment, PaymentOutcome,
    PaymentStep, Sealed, State, StatusFact,
};
use crate::approval::Approach;
use crate::case::CaseKind;
use crate::step::{Case, JobChange, JobKind, Outcome};

use AuthorisationFact as A;
use Outcome::Already;

/// When the last question is looked at again, should it not have been asked by then.
const LAST_QUESTION_AGAIN: SignedDuration = SignedDuration::from_hours(1);

impl Payment {
    /// What `fact` does to this payment. Total: any fact in any state has an outcome.
    #[must_use]
    pub fn observe(&self, fact: &Fact, now: Timestamp) -> PaymentOutcome {
        match fact {
            Fact::Authorisation { idempotency_key, what } => {
                self.observe_authorisation(idempotency_key, what, now)
            }
            Fact::PsuReturned { oauth_state, returned } => {
                self.observe_return(oauth_state, returned, now)
            }
            Fact::Order(what) => self.observe_order(what, now),
            Fact::Status(what) => self.observe_status(what, now),
            Fact::TimeRanOut => self.time_ran_out(now),
        }
    }

    /// The opening at the bank, and the approval there.
    fn observe_authorisation(
        &self,
        idempotency_key: &str,
        what: &AuthorisationFact,
        now: Timestamp,
    ) -> PaymentOutcome {
        use State as S;
        match (&self.state, what) {
            (S::Opening { attempt, .. } | S::OpeningUncertain { attempt, .. }, _) => {
                if attempt.idempotency_key == *idempotency_key {
                    self.authorisation_told(attempt, None, what, now)
                } else {
                    Already
                }
            }
            (
                S::AwaitingRedirect { authorisation, .. }
                | S::AwaitingCredentials { authorisation, .. }
                | S::AwaitingDecoupled { authorisation, .. }
                | S::VerifyingReturn { authorisation, .. }
                | S::VerifyingCredentials { authorisation, .. },
                _,
            ) => {
                let attempt = &authorisation.attempt;
                if attempt.idempotency_key == *idempotency_key {
                    self.authorisation_told(attempt, Some(authorisation), what, now)
                } else {
                    Already
                }
            }
            (S::AwaitingBankChoice, _) => self.unexpected(CaseKind::AuthorisationBeforeReturn),
            (S::Authorised { .. }, A::FundsUnavailable | A::Refused(_) | A::GivenUp { .. }) => {
                moved(self.authorisation_lost(what, now))
            }
            (
                S::AwaitingRedemption { .. } | S::Authorised { .. } | S::Final { .. },
                A::OrderTaken { .. },
            ) => self.unexpected(CaseKind::OrderTakenUnasked),
            (
                S::AwaitingRedemption { .. }
                | S::Authorised { .. }
                | S::OrderSent { .. }
                | S::Uncertain { .. }
                | S::Processing { .. }
                | S::Final { .. },
                _,
            ) => Already,
        }
    }

    /// The payer's browser came back, or the bank's callback came in its place. One that comes
    /// before it can be verified is kept: the answer to the creation may be slower than the payer.
    fn observe_return(
        &self,
        oauth_state: &str,
        returned: &Sealed,
        now: Timestamp,
    ) -> PaymentOutcome {
        use State as S;
        let attempt = match &self.state {
            S::Opening { attempt, .. } | S::OpeningUncertain { attempt, .. } => Some(attempt),
            S::AwaitingBankChoice => return self.unexpected(CaseKind::ReturnBeforeRedirect),
            S::AwaitingRedirect { .. }
            | S::AwaitingCredentials { .. }
            | S::AwaitingDecoupled { .. }
            | S::VerifyingReturn { .. }
            | S::VerifyingCredentials { .. }
            | S::AwaitingRedemption { .. }
            | S::Authorised { .. }
            | S::OrderSent { .. }
            | S::Uncertain { .. }
            | S::Processing { .. }
            | S::Final { .. } => {
                self.state.authorisation().map(|authorisation| &authorisation.attempt)
            }
        };
        if attempt.is_none_or(|attempt| attempt.oauth_state != *oauth_state) {
            return Already;
        }
        match &self.state {
            S::AwaitingRedirect { authorisation, redirect_url } => {
                let step = Approach::Redirect { url: redirect_url.clone() };
                moved(self.verifying(authorisation, returned, Some(step), now))
            }
            S::AwaitingCredentials { authorisation, challenge } => {
                let step = Approach::Embedded { challenge: challenge.clone() };
                moved(self.verifying(authorisation, returned, Some(step), now))
            }
            // The callback of a decoupled approval that was begun by an answer whose fate is open.
            S::VerifyingCredentials { authorisation, challenge, credentials: None }
                if !self.state.may_execute_unseen() =>
            {
                let step = Approach::Embedded { challenge: challenge.clone() };
                moved(self.verifying(authorisation, returned, Some(step), now))
            }
            S::AwaitingDecoupled { authorisation, message } => {
                let step = Approach::Decoupled { message: message.clone() };
                moved(self.verifying(authorisation, returned, Some(step), now))
            }
            S::VerifyingReturn { authorisation, returned: None, step, .. } => {
                moved(self.verifying(authorisation, returned, step.clone(), now))
            }
            S::Opening { .. }
            | S::OpeningUncertain { .. }
            | S::VerifyingReturn { .. }
            | S::VerifyingCredentials { .. } => {
                if self.early_returns.len() >= EARLY_RETURNS_MAX {
                    return self.unexpected(CaseKind::TooManyReturns);
                }
                let mut payment = self.clone();
                payment.early_returns.push(returned.clone());
                moved(payment.silently(vec![]))
            }
            S::AwaitingBankChoice
            | S::AwaitingRedemption { .. }
            | S::Authorised { .. }
            | S::OrderSent { .. }
            | S::Uncertain { .. }
            | S::Processing { .. }
            | S::Final { .. } => Already,
        }
    }

    /// The bank's answer to the order.
    fn observe_order(&self, what: &OrderFact, now: Timestamp) -> PaymentOutcome {
        use State as S;
        match (&self.state, what) {
            (S::OrderSent { order }, _) => moved(self.order_ended(order, what, now)),
            (
                S::Uncertain { order } | S::Processing { order, bank_payment_id: None },
                OrderFact::Answered { bank_payment_id, status, refund_account },
            ) => moved(self.order_taken(order, bank_payment_id, status, refund_account, now)),
            (S::Uncertain { .. }, OrderFact::AnswerLost { .. }) => Already,
            (S::Uncertain { .. }, OrderFact::Refused(_) | OrderFact::NotSent { .. }) => {
                self.unexpected(CaseKind::OrderAnswerAfterItWasLost)
            }
            (
                S::Processing { bank_payment_id: Some(known), .. },
                OrderFact::Answered { bank_payment_id, .. },
            ) if known == bank_payment_id => Already,
            (
                S::AwaitingBankChoice
                | S::Opening { .. }
                | S::OpeningUncertain { .. }
                | S::AwaitingRedirect { .. }
                | S::AwaitingCredentials { .. }
                | S::AwaitingDecoupled { .. }
                | S::VerifyingReturn { .. }
                | S::VerifyingCredentials { .. }
                | S::AwaitingRedemption { .. }
                | S::Authorised { .. }
                | S::Processing { .. }
                | S::Final { .. },
                _,
            ) => self.unexpected(CaseKind::OrderAnswerWithoutOrder),
        }
    }

    /// The bank's answer to a status question.
    fn observe_status(&self, what: &StatusFact, now: Timestamp) -> PaymentOutcome {
        use State as S;
        match (&self.state, what) {
            (
                S::Uncertain { order } | S::Processing { order, bank_payment_id: None },
                StatusFact::Found { bank_payment_id, status, refund_account },
            ) => moved(self.order_taken(order, bank_payment_id, status, refund_account, now)),
            (
                S::Processing { .. },
                StatusFact::Order(status) | StatusFact::Found { status, .. },
            ) => self.status_told(status, now),
            (S::Processing { .. }, StatusFact::Consent(_))
            | (S::Uncertain { .. } | S::Processing { .. }, StatusFact::NoWord) => self.no_word(now),
            (S::Uncertain { order }, StatusFact::Consent(consent)) => {
                self.consent_told(order, *consent, now)
            }
            (S::Uncertain { .. } | S::Processing { .. }, StatusFact::Unreadable { what }) => self
                .no_word_but(
                    Case {
                        kind: CaseKind::BankAnswerMalformed,
                        text: format!("the bank's answer about the status cannot be read: {what}"),
                    },
                    now,
                ),
            (S::Final { end }, StatusFact::Order(status) | StatusFact::Found { status, .. }) => {
                self.status_after_the_end(*end, status)
            }
            (
                S::Final { .. },
                StatusFact::Consent(_) | StatusFact::Unreadable { .. } | StatusFact::NoWord,
            ) => Already,
            (
                S::AwaitingBankChoice
                | S::Opening { .. }
                | S::OpeningUncertain { .. }
                | S::AwaitingRedirect { .. }
                | S::AwaitingCredentials { .. }
                | S::AwaitingDecoupled { .. }
                | S::VerifyingReturn { .. }
                | S::VerifyingCredentials { .. }
                | S::AwaitingRedemption { .. }
                | S::Authorised { .. }
                | S::OrderSent { .. },
                _,
            )
            | (S::Uncertain { .. }, StatusFact::Order(_)) => {
                self.unexpected(CaseKind::StatusWithoutOrder)
            }
        }
    }

    /// The clock alone ends nothing that the bank may have a word on: it is asked once more, and
    /// what it says, or does not say, then ends the payment.
    fn time_ran_out(&self, now: Timestamp) -> PaymentOutcome {
        if !self.patience_is_over(now) {
            return Already;
        }
        if let State::OrderSent { order } = &self.state {
            let text = "no answer was recorded in 30 days".to_owned();
            return moved(self.order_ended(order, &OrderFact::AnswerLost { text }, now));
        }
        match self.state.last_question() {
            Some(question) => moved(self.clone().silently(vec![
                JobChange::Schedule(question, now),
                JobChange::Schedule(JobKind::Expire, after(now, LAST_QUESTION_AGAIN)),
            ])),
            None if self.state.is_final() => Already,
            None => moved(self.out_of_patience(now)),
        }
    }

    /// A question has brought no word. Once the time is over, that ends the payment.
    pub(super) fn no_word(&self, now: Timestamp) -> PaymentOutcome {
        if self.patience_is_over(now) { moved(self.out_of_patience(now)) } else { Already }
    }

    /// The same where a person must look at what came instead.
    pub(super) fn no_word_but(&self, case: Case, now: Timestamp) -> PaymentOutcome {
        match self.no_word(now) {
            Outcome::Moved(mut step) => {
                step.cases.push(case);
                Outcome::Moved(step)
            }
            Already | Outcome::Unexpected(_) => Outcome::Unexpected(case),
        }
    }

    fn patience_is_over(&self, now: Timestamp) -> bool {
        self.deadline().is_some_and(|deadline| now >= deadline)
    }

    /// The end of a payment whose time is over.
    fn out_of_patience(&self, now: Timestamp) -> PaymentStep {
        let (end, text) = match &self.state {
            _ if self.state.may_execute_unseen() => {
                (End::NoFinalStatus, "The bank did not say within 30 days whether it executed.")
            }
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::OpeningUncertain { .. }
            | State::AwaitingRedirect { .. }
            | State::AwaitingCredentials { .. }
            | State::AwaitingDecoupled { .. }
            | State::Final { .. } => {
                (End::Expired, "The payer did not approve the payment in time.")
            }
            State::AwaitingRedemption { .. } => {
                (End::Expired, "The approved payment was not redeemed in time; no order was sent.")
            }
            State::VerifyingReturn { .. }
            | State::VerifyingCredentials { .. }
            | State::Authorised { .. } => {
                (End::Failed, "The approval could not be completed in time; no order was sent.")
            }
            State::OrderSent { .. } | State::Uncertain { .. } | State::Processing { .. } => {
                (End::NoFinalStatus, "The bank gave no final status within 30 days.")
            }
        };
        let mut payment = self.clone();
        payment.reason = Some(text.to_owned());
        let mut step = payment.ended(end, now);
        if end == End::NoFinalStatus {
            step.cases.push(Case {
                kind: CaseKind::NoFinalStatus,
                text: "the order may have been executed: ask the bank".to_owned(),
            });
        }
        step
    }

    pub(super) fn unexpected(&self, kind: CaseKind) -> PaymentOutcome {
        Outcome::Unexpected(Case {
            kind,
            text: format!("the payment is {}; nothing was changed", self.state.name()),
        })
    }
}

pub(super) fn moved(step: PaymentStep) -> PaymentOutcome {
    Outcome::Moved(Box::new(step))
}
