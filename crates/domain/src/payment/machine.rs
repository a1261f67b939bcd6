//! Every transition of a payment: [`Payment::observe`] has one exhaustive `match` over the states
//! for each kind of fact. The printed table of all pairs is the snapshot of `tests/payment_table.rs`.
//!
//! How to read the arms: facts of an earlier phase that arrive late are [`Outcome::Already`];
//! facts of a later phase that arrive early are [`Outcome::Unexpected`]; so is any word of the
//! bank about an order that contradicts how the payment ended, because money may have moved.

use jiff::Timestamp;

use super::{
    AuthorisationFact, End, Fact, OrderFact, Payment, PaymentOutcome, PaymentStep, PsuFact, State,
    StatusFact,
};
use crate::step::{Case, Outcome};

use AuthorisationFact as A;
use Outcome::Already;

impl Payment {
    /// What `fact` does to this payment. Total: any fact in any state has an outcome.
    #[must_use]
    pub fn observe(&self, fact: &Fact, now: Timestamp) -> PaymentOutcome {
        match fact {
            Fact::Authorisation { idempotency_key, what } => {
                self.observe_authorisation(idempotency_key, what, now)
            }
            Fact::Psu { oauth_state, what } => self.observe_psu(oauth_state, what, now),
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
            (S::Opening { attempt, .. }, _) => {
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
            (S::AwaitingBankChoice, _) => self.unexpected("authorisation_before_return"),
            (
                S::Authorised { .. },
                A::FundsUnavailable | A::Refused(_) | A::Invalid { .. } | A::GivenUp { .. },
            ) => moved(self.authorisation_lost(what, now)),
            (
                S::AwaitingRedemption { .. } | S::Authorised { .. } | S::Final { .. },
                A::OrderTaken { .. },
            ) => self.unexpected("order_taken_unasked"),
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

    /// The payer's browser, or the bank's callback in its place.
    fn observe_psu(&self, oauth_state: &str, what: &PsuFact, now: Timestamp) -> PaymentOutcome {
        use State as S;
        match &self.state {
            // A bank's callback after a decoupled approval brings what a browser brings.
            S::AwaitingRedirect { authorisation, .. }
            | S::AwaitingDecoupled { authorisation, .. } => {
                if authorisation.attempt.oauth_state == *oauth_state {
                    moved(self.psu_came_back(authorisation, what, now))
                } else {
                    Already
                }
            }
            S::AwaitingBankChoice => self.unexpected("return_before_redirect"),
            S::Opening { .. }
            | S::AwaitingCredentials { .. }
            | S::VerifyingReturn { .. }
            | S::VerifyingCredentials { .. }
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
                self.unexpected("order_answer_after_it_was_lost")
            }
            (
                S::Processing { bank_payment_id: Some(known), .. },
                OrderFact::Answered { bank_payment_id, .. },
            ) if known == bank_payment_id => Already,
            (
                S::AwaitingBankChoice
                | S::Opening { .. }
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
            ) => self.unexpected("order_answer_without_order"),
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
            (S::Processing { .. }, StatusFact::Consent(_)) => Already,
            (S::Uncertain { order }, StatusFact::Consent(consent)) => {
                self.consent_told(order, *consent, now)
            }
            (S::Uncertain { .. } | S::Processing { .. }, StatusFact::Unreadable { what }) => {
                Outcome::Unexpected(Case {
                    kind: "bank_answer_malformed".to_owned(),
                    text: format!("the bank's answer about the status cannot be read: {what}"),
                })
            }
            (S::Final { end }, StatusFact::Order(status) | StatusFact::Found { status, .. }) => {
                self.status_after_the_end(*end, status)
            }
            (S::Final { .. }, StatusFact::Consent(_) | StatusFact::Unreadable { .. }) => Already,
            (
                S::AwaitingBankChoice
                | S::Opening { .. }
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
                self.unexpected("status_without_order")
            }
        }
    }

    fn time_ran_out(&self, now: Timestamp) -> PaymentOutcome {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Already;
        }
        let mut payment = self.clone();
        let (end, text) = match &self.state {
            State::AwaitingRedirect { .. }
            | State::AwaitingDecoupled { .. }
            | State::VerifyingReturn { .. }
            | State::VerifyingCredentials { .. }
                if self.state.may_execute_unseen() =>
            {
                (End::NoFinalStatus, "The bank did not tell within 30 days whether it executed.")
            }
            State::AwaitingBankChoice
            | State::Opening { .. }
            | State::AwaitingRedirect { .. }
            | State::AwaitingCredentials { .. }
            | State::AwaitingDecoupled { .. } => {
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
            State::Final { .. } => return Already,
        };
        payment.reason = Some(text.to_owned());
        let mut step = payment.ended(end, now);
        if end == End::NoFinalStatus {
            step.cases.push(Case {
                kind: "no_final_status".to_owned(),
                text: "the order may have been executed: ask the bank".to_owned(),
            });
        }
        moved(step)
    }

    pub(super) fn unexpected(&self, kind: &str) -> PaymentOutcome {
        Outcome::Unexpected(Case {
            kind: kind.to_owned(),
            text: format!("the payment is {}; nothing was changed", self.state.name()),
        })
    }
}

pub(super) fn moved(step: PaymentStep) -> PaymentOutcome {
    Outcome::Moved(Box::new(step))
}
