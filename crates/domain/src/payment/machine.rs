//! Every transition of a payment: [`Payment::observe`] has one exhaustive `match` over the states
//! for each kind of fact. The printed table of all pairs is the snapshot of `tests/payment_table.rs`;
//! what happens while the payer approves is in `authorisation_table` beside it.
//!
//! How to read the arms: facts of an earlier phase that arrive late are [`Outcome::Already`];
//! facts of a later phase that arrive early are [`Outcome::Unexpected`]; so is any word of the
//! bank about an order that contradicts how the payment ended, because money may have moved.

use jiff::{SignedDuration, Timestamp};

use super::patience::after;
use super::{
    End, Fact, OrderFact, OrderState, Payment, PaymentOutcome, PaymentStep, State, StatusFact,
    reason,
};
use crate::authorisation::{AuthorisationFact, Verdict};
use crate::case::CaseKind;
use crate::sealed::Sealed;
use crate::step::{Case, JobChange, JobKind, Outcome, PaymentJob};

use AuthorisationFact as A;
use Outcome::Already;

/// When the last question is looked at again, should it not have been asked by then.
const LAST_QUESTION_AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// How a payment ends that the payer may have approved, and no order was sent.
const APPROVAL_INCOMPLETE: (End, &str) =
    (End::Failed, "The approval could not be completed in time; no order was sent.");

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
            Fact::Cancellation(what) => self.observe_cancellation(what, now),
            Fact::Token(what) => self.observe_token(what),
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
        if let Some(outcome) = self.observe_cancelling(idempotency_key, what, now) {
            return outcome;
        }
        match (&self.state, what) {
            (State::AwaitingBankChoice, _) => self.unexpected(CaseKind::AuthorisationBeforeReturn),
            (State::Approving(authorisation), _) => {
                let verdict = self.under_way(authorisation).observe(idempotency_key, what, now);
                self.authorisation_told(verdict, now)
            }
            (State::Ordered(OrderState::Authorised { .. }), A::FundsUnavailable) => {
                moved(self.clone().funds_unavailable(now))
            }
            (State::Ordered(OrderState::Authorised { .. }), A::Refused(refusal)) => {
                moved(self.clone().refused(refusal, now))
            }
            (State::Ordered(OrderState::Authorised { .. }), A::GivenUp { text, malformed }) => {
                let (text, malformed) = (text.clone(), *malformed);
                self.authorisation_told(Verdict::GivenUp { text, malformed }, now)
            }
            (
                State::AwaitingRedemption { .. }
                | State::Ordered(OrderState::Authorised { .. })
                | State::Final { .. },
                A::OrderTaken(_),
            ) => self.unexpected(CaseKind::OrderTakenUnasked),
            (State::AwaitingRedemption { .. } | State::Ordered(_) | State::Final { .. }, _) => {
                Already
            }
        }
    }

    /// The payer's browser returned, or the bank's callback came in its place.
    fn observe_return(
        &self,
        oauth_state: &str,
        returned: &Sealed,
        now: Timestamp,
    ) -> PaymentOutcome {
        if let Some(outcome) = self.return_of_cancellation(oauth_state, returned, now) {
            return outcome;
        }
        match &self.state {
            State::AwaitingBankChoice => self.unexpected(CaseKind::ReturnBeforeRedirect),
            State::Approving(authorisation) => {
                let verdict = self.under_way(authorisation).returned(oauth_state, returned, now);
                self.authorisation_told(verdict, now)
            }
            State::AwaitingRedemption { .. } | State::Ordered(_) | State::Final { .. } => Already,
        }
    }

    /// The bank's answer to the order.
    fn observe_order(&self, what: &OrderFact, now: Timestamp) -> PaymentOutcome {
        use OrderState as O;
        match (&self.state, what) {
            (State::Ordered(O::Sent { order }), _) => moved(self.order_ended(order, what, now)),
            (
                State::Ordered(
                    O::Uncertain { order } | O::Processing { order, bank_payment_id: None },
                ),
                OrderFact::Answered { bank_payment_id, status, refund_account },
            ) => moved(self.order_taken(order, bank_payment_id, status, refund_account, now)),
            (State::Ordered(O::Uncertain { .. }), OrderFact::AnswerLost { .. }) => Already,
            (
                State::Ordered(O::Uncertain { .. }),
                OrderFact::Refused(_) | OrderFact::NotSent { .. },
            ) => self.unexpected(CaseKind::OrderAnswerAfterItWasLost),
            (
                State::Ordered(
                    O::Processing { bank_payment_id: Some(known), .. }
                    | O::SetUp { bank_payment_id: Some(known), .. },
                ),
                OrderFact::Answered { bank_payment_id, .. },
            ) if known == bank_payment_id => Already,
            (
                State::AwaitingBankChoice
                | State::Approving(_)
                | State::AwaitingRedemption { .. }
                | State::Ordered(O::Authorised { .. } | O::Processing { .. } | O::SetUp { .. })
                | State::Final { .. },
                _,
            ) => self.unexpected(CaseKind::OrderAnswerWithoutOrder),
        }
    }

    /// The bank's answer to a status question.
    fn observe_status(&self, what: &StatusFact, now: Timestamp) -> PaymentOutcome {
        use OrderState as O;
        let order = match &self.state {
            State::Final { end } => return self.status_of_what_ended(*end, what),
            State::Ordered(
                order @ (O::Uncertain { .. } | O::Processing { .. } | O::SetUp { .. }),
            ) => order,
            State::AwaitingBankChoice
            | State::Approving(_)
            | State::AwaitingRedemption { .. }
            | State::Ordered(O::Authorised { .. } | O::Sent { .. }) => {
                return self.unexpected(CaseKind::StatusWithoutOrder);
            }
        };
        match (order, what) {
            (
                O::Uncertain { order } | O::Processing { order, bank_payment_id: None },
                StatusFact::Found { bank_payment_id, status, refund_account },
            ) => moved(self.order_taken(order, bank_payment_id, status, refund_account, now)),
            (
                O::Processing { .. } | O::SetUp { .. },
                StatusFact::Order(status) | StatusFact::Found { status, .. },
            ) => self.status_told(status, now),
            (O::Uncertain { order }, StatusFact::Consent(consent)) => {
                self.consent_told(order, *consent, now)
            }
            (_, StatusFact::Unreadable { what }) => self.no_word_but(
                Case {
                    kind: CaseKind::BankAnswerMalformed,
                    text: format!("the bank's answer about the status cannot be read: {what}"),
                },
                now,
            ),
            (_, StatusFact::Consent(_) | StatusFact::NoWord) => self.no_word(now),
            (_, StatusFact::Order(_) | StatusFact::Found { .. }) => {
                self.unexpected(CaseKind::StatusWithoutOrder)
            }
        }
    }

    /// The bank's answer to a status question about a payment that has ended.
    fn status_of_what_ended(&self, end: End, what: &StatusFact) -> PaymentOutcome {
        match what {
            StatusFact::Order(status) | StatusFact::Found { status, .. } => {
                self.status_after_the_end(end, status)
            }
            StatusFact::Consent(_) | StatusFact::Unreadable { .. } | StatusFact::NoWord => Already,
        }
    }

    /// The clock alone ends nothing that the bank may have a word on: it is asked once more, and
    /// what it says, or does not say, then ends the payment.
    fn time_ran_out(&self, now: Timestamp) -> PaymentOutcome {
        if !self.patience_is_over(now) {
            return Already;
        }
        if let State::Ordered(OrderState::Sent { order }) = &self.state {
            let text = "no answer was recorded in 30 days".to_owned();
            return moved(self.order_ended(order, &OrderFact::AnswerLost { text }, now));
        }
        match self.last_question() {
            Some(question) => moved(self.clone().silently(vec![
                JobChange::Schedule(question, now),
                JobChange::Schedule(JobKind::Expire, after(now, LAST_QUESTION_AGAIN)),
            ])),
            None if self.state.is_final() => Already,
            None => moved(self.out_of_patience(now)),
        }
    }

    /// A question got no answer. If the time is over, that ends the payment.
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
        if self.silence_ends_at().is_some_and(|silence| now >= silence) {
            return self.ended_by_silence(now);
        }
        if let State::Ordered(OrderState::SetUp { .. }) = &self.state {
            return self.cancellation_unanswered(now);
        }
        let (end, text) = match &self.state {
            _ if self.state.may_execute_unseen() => {
                (End::NoFinalStatus, "The bank did not say within 30 days whether it executed.")
            }
            State::Approving(authorisation) if authorisation.is_verifying() => APPROVAL_INCOMPLETE,
            State::AwaitingBankChoice | State::Approving(_) | State::Final { .. } => {
                (End::Expired, "The payer did not approve the payment in time.")
            }
            State::AwaitingRedemption { .. } => {
                (End::Expired, "The approved payment was not redeemed in time; no order was sent.")
            }
            State::Ordered(OrderState::Authorised { .. }) => APPROVAL_INCOMPLETE,
            State::Ordered(
                OrderState::Sent { .. }
                | OrderState::Uncertain { .. }
                | OrderState::Processing { .. }
                | OrderState::SetUp { .. },
            ) => (End::NoFinalStatus, "The bank gave no final status within 30 days."),
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

    /// The end of a payment at a bank that never says how one ended: usual there, so nobody is called.
    fn ended_by_silence(&self, now: Timestamp) -> PaymentStep {
        let mut payment = self.clone();
        let last_word = self.bank.payment_status.as_deref().unwrap_or("none");
        payment.reason = Some(reason(&format!(
            "The bank took the order and reports no final status; its last one is {last_word}."
        )));
        payment.ended(End::NoFinalStatus, now)
    }

    /// The question that is asked once more when the time is over; `None` if the bank has no
    /// word on it, or cannot be asked.
    fn last_question(&self) -> Option<JobKind> {
        match &self.state {
            State::Approving(authorisation) => {
                authorisation.last_question().map(JobKind::Authorisation)
            }
            State::Ordered(
                OrderState::Uncertain { .. }
                | OrderState::Processing { .. }
                | OrderState::SetUp { .. },
            ) => Some(JobKind::Payment(PaymentJob::AskStatus)),
            State::AwaitingBankChoice
            | State::AwaitingRedemption { .. }
            | State::Ordered(OrderState::Authorised { .. } | OrderState::Sent { .. })
            | State::Final { .. } => None,
        }
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
