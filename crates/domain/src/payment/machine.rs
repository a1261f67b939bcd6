//! Every transition of a payment: [`Payment::observe`] is one exhaustive `match` over
//! (state, fact). The printed table of all pairs is the snapshot of `tests/payment_table.rs`.
//!
//! How to read the arms: facts of an earlier phase that arrive late are [`Outcome::Already`];
//! facts of a later phase that arrive early are [`Outcome::Unexpected`]; so is any word of the
//! bank about an order that contradicts how the payment ended, because money may have moved.

use jiff::Timestamp;

use super::{
    AuthorisationFact, End, Fact, OrderFact, Payment, PaymentOutcome, PaymentStep, State,
    StatusFact,
};
use crate::step::{Case, Outcome};

use AuthorisationFact as A;
use Outcome::Already;

impl Payment {
    /// What `fact` does to this payment. Total: any fact in any state has an outcome.
    #[must_use]
    pub fn observe(&self, fact: &Fact, now: Timestamp) -> PaymentOutcome {
        use State as S;
        match (&self.state, fact) {
            // The opening at the bank, and the approval there.
            (S::Opening { attempt, .. }, Fact::Authorisation { idempotency_key, what }) => {
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
                Fact::Authorisation { idempotency_key, what },
            ) => {
                let attempt = &authorisation.attempt;
                if attempt.idempotency_key == *idempotency_key {
                    self.authorisation_told(attempt, Some(authorisation), what, now)
                } else {
                    Already
                }
            }
            (S::AwaitingBankChoice, Fact::Authorisation { .. }) => {
                self.unexpected("authorisation_before_return")
            }
            (
                S::Authorised { .. },
                Fact::Authorisation {
                    what:
                        what @ (A::FundsUnavailable
                        | A::Refused(_)
                        | A::Invalid { .. }
                        | A::GivenUp { .. }),
                    ..
                },
            ) => moved(self.authorisation_lost(what, now)),
            (
                S::Authorised { .. } | S::Final { .. },
                Fact::Authorisation { what: A::OrderTaken { .. }, .. },
            ) => self.unexpected("order_taken_unasked"),
            (
                S::Authorised { .. }
                | S::OrderSent { .. }
                | S::Uncertain { .. }
                | S::Processing { .. }
                | S::Final { .. },
                Fact::Authorisation { .. },
            ) => Already,

            // The payer's browser.
            (S::AwaitingRedirect { authorisation, .. }, Fact::Psu { oauth_state, what }) => {
                if authorisation.attempt.oauth_state == *oauth_state {
                    moved(self.psu_came_back(authorisation, what, now))
                } else {
                    Already
                }
            }
            (S::AwaitingBankChoice, Fact::Psu { .. }) => self.unexpected("return_before_redirect"),
            (
                S::Opening { .. }
                | S::AwaitingCredentials { .. }
                | S::AwaitingDecoupled { .. }
                | S::VerifyingReturn { .. }
                | S::VerifyingCredentials { .. }
                | S::Authorised { .. }
                | S::OrderSent { .. }
                | S::Uncertain { .. }
                | S::Processing { .. }
                | S::Final { .. },
                Fact::Psu { .. },
            ) => Already,

            // The order.
            (S::OrderSent { order }, Fact::Order(what)) => {
                moved(self.order_ended(order, what, now))
            }
            (
                S::Uncertain { order } | S::Processing { order, bank_payment_id: None },
                Fact::Order(OrderFact::Answered { bank_payment_id, status, refund_account })
                | Fact::Status(StatusFact::Found { bank_payment_id, status, refund_account }),
            ) => moved(self.order_taken(order, bank_payment_id, status, refund_account, now)),
            (S::Uncertain { .. }, Fact::Order(OrderFact::AnswerLost { .. })) => Already,
            (
                S::Uncertain { .. },
                Fact::Order(OrderFact::Refused(_) | OrderFact::NotSent { .. }),
            ) => self.unexpected("order_answer_after_it_was_lost"),
            (
                S::Processing { bank_payment_id: Some(known), .. },
                Fact::Order(OrderFact::Answered { bank_payment_id, .. }),
            ) if known == bank_payment_id => Already,
            (
                S::AwaitingBankChoice
                | S::Opening { .. }
                | S::AwaitingRedirect { .. }
                | S::AwaitingCredentials { .. }
                | S::AwaitingDecoupled { .. }
                | S::VerifyingReturn { .. }
                | S::VerifyingCredentials { .. }
                | S::Authorised { .. }
                | S::Processing { .. }
                | S::Final { .. },
                Fact::Order(_),
            ) => self.unexpected("order_answer_without_order"),

            // Answers to status questions.
            (
                S::Processing { .. },
                Fact::Status(StatusFact::Order(status) | StatusFact::Found { status, .. }),
            ) => self.status_told(status, now),
            (S::Processing { .. }, Fact::Status(StatusFact::Consent(_))) => Already,
            (S::Uncertain { order }, Fact::Status(StatusFact::Consent(consent))) => {
                self.consent_told(order, *consent, now)
            }
            (
                S::Uncertain { .. } | S::Processing { .. },
                Fact::Status(StatusFact::Unreadable { what }),
            ) => Outcome::Unexpected(Case {
                kind: "bank_answer_malformed".to_owned(),
                text: format!("the bank's answer about the status cannot be read: {what}"),
            }),
            (
                S::Final { end },
                Fact::Status(StatusFact::Order(status) | StatusFact::Found { status, .. }),
            ) => self.status_after_the_end(*end, status),
            (
                S::Final { .. },
                Fact::Status(StatusFact::Consent(_) | StatusFact::Unreadable { .. }),
            ) => Already,
            (
                S::AwaitingBankChoice
                | S::Opening { .. }
                | S::AwaitingRedirect { .. }
                | S::AwaitingCredentials { .. }
                | S::AwaitingDecoupled { .. }
                | S::VerifyingReturn { .. }
                | S::VerifyingCredentials { .. }
                | S::Authorised { .. }
                | S::OrderSent { .. },
                Fact::Status(_),
            )
            | (S::Uncertain { .. }, Fact::Status(StatusFact::Order(_))) => {
                self.unexpected("status_without_order")
            }

            // The clock.
            (
                S::AwaitingBankChoice
                | S::Opening { .. }
                | S::AwaitingRedirect { .. }
                | S::AwaitingCredentials { .. }
                | S::AwaitingDecoupled { .. }
                | S::VerifyingReturn { .. }
                | S::VerifyingCredentials { .. }
                | S::Authorised { .. }
                | S::OrderSent { .. }
                | S::Uncertain { .. }
                | S::Processing { .. },
                Fact::TimeRanOut,
            ) => self.time_ran_out(now),
            (S::Final { .. }, Fact::TimeRanOut) => Already,
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
