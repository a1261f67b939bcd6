//! Every transition of a payment: [`Payment::observe`] is one exhaustive `match` over
//! (state, fact). The printed table of all pairs is the snapshot of `tests/payment_table.rs`.
//!
//! How to read the arms: facts of an earlier phase that arrive late are [`Outcome::Already`];
//! facts of a later phase that arrive early are [`Outcome::Unexpected`]; so is any word of the
//! bank about an order that contradicts how the payment ended, because money may have moved.

use jiff::Timestamp;

use super::{
    Authorisation, AuthorisationFact, BankRefusal, End, ErrorInfo, Fact, OpeningFact, OrderFact,
    Payment, PaymentOutcome, PaymentStep, PsuFact, Sealed, SentOrder, State, StatusFact, reason,
};
use crate::bank::{ConsentProgress, OrderProgress, OrderStatus, RefundAccount};
use crate::step::{Case, JobChange, JobKind, Outcome};

use Outcome::Already;

/// What a member reads of a payment whose order may or may not exist.
const ANSWER_LOST: &str = "The bank's answer to the order was lost; its status is being asked for.";
/// The published text for a bank that forbids the order (reference, section 8.1, amount 104).
const REDEMPTION_DENIED: &str = "Error during payment redemption: PERMISSION_DENIED";

impl Payment {
    /// What `fact` does to this payment. Total: any fact in any state has an outcome.
    #[must_use]
    pub fn observe(&self, fact: &Fact, now: Timestamp) -> PaymentOutcome {
        use State as S;
        match (&self.state, fact) {
            // The opening at the bank.
            (S::Opening { attempt }, Fact::Opening { idempotency_key, what }) => {
                if attempt.idempotency_key == *idempotency_key {
                    moved(self.opening_ended(attempt.clone(), what, now))
                } else {
                    Already
                }
            }
            (
                S::AwaitingBankChoice
                | S::AwaitingRedirect { .. }
                | S::VerifyingReturn { .. }
                | S::Authorised { .. }
                | S::OrderSent { .. }
                | S::Uncertain { .. }
                | S::Processing { .. }
                | S::Final { .. },
                Fact::Opening { .. },
            ) => Already,

            // The payer's browser.
            (S::AwaitingRedirect { authorisation }, Fact::Psu { oauth_state, what }) => {
                if authorisation.attempt.oauth_state == *oauth_state {
                    moved(self.psu_came_back(authorisation, what, now))
                } else {
                    Already
                }
            }
            (S::AwaitingBankChoice, Fact::Psu { .. }) => self.unexpected("return_before_redirect"),
            (
                S::Opening { .. }
                | S::VerifyingReturn { .. }
                | S::Authorised { .. }
                | S::OrderSent { .. }
                | S::Uncertain { .. }
                | S::Processing { .. }
                | S::Final { .. },
                Fact::Psu { .. },
            ) => Already,

            // The approval.
            (S::VerifyingReturn { authorisation, .. }, Fact::Authorisation(what)) => {
                moved(self.authorisation_ended(&authorisation.consent_id, what, now))
            }
            (
                S::Authorised { .. },
                Fact::Authorisation(
                    what @ (AuthorisationFact::FundsUnavailable
                    | AuthorisationFact::Refused(_)
                    | AuthorisationFact::Invalid { .. }
                    | AuthorisationFact::GivenUp { .. }),
                ),
            ) => moved(self.authorisation_lost(what, now)),
            (S::Authorised { .. }, Fact::Authorisation(AuthorisationFact::Verified { .. })) => {
                Already
            }
            (
                S::AwaitingBankChoice | S::Opening { .. } | S::AwaitingRedirect { .. },
                Fact::Authorisation(_),
            ) => self.unexpected("authorisation_before_return"),
            (
                S::OrderSent { .. } | S::Uncertain { .. } | S::Processing { .. } | S::Final { .. },
                Fact::Authorisation(_),
            ) => Already,

            // The order.
            (S::OrderSent { order, grant }, Fact::Order(what)) => {
                moved(self.order_ended(order, grant, what, now))
            }
            (
                S::Uncertain { order },
                Fact::Order(OrderFact::Answered { bank_payment_id, status, refund_account }),
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
                | S::VerifyingReturn { .. }
                | S::Authorised { .. }
                | S::Processing { .. }
                | S::Final { .. },
                Fact::Order(_),
            ) => self.unexpected("order_answer_without_order"),

            // Answers to status questions.
            (S::Processing { .. }, Fact::Status(StatusFact::Order(status))) => {
                self.status_told(status, now)
            }
            (S::Processing { .. }, Fact::Status(StatusFact::Consent(_))) => Already,
            (S::Uncertain { order }, Fact::Status(StatusFact::Consent(consent))) => {
                self.consent_told(order, *consent, now)
            }
            (S::Final { end }, Fact::Status(StatusFact::Order(status))) => {
                self.status_after_the_end(*end, status)
            }
            (S::Final { .. }, Fact::Status(StatusFact::Consent(_))) => Already,
            (
                S::AwaitingBankChoice
                | S::Opening { .. }
                | S::AwaitingRedirect { .. }
                | S::VerifyingReturn { .. }
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
                | S::VerifyingReturn { .. }
                | S::Authorised { .. }
                | S::OrderSent { .. }
                | S::Uncertain { .. }
                | S::Processing { .. },
                Fact::TimeRanOut,
            ) => self.time_ran_out(now),
            (S::Final { .. }, Fact::TimeRanOut) => Already,
        }
    }

    fn opening_ended(
        &self,
        attempt: super::Attempt,
        what: &OpeningFact,
        now: Timestamp,
    ) -> PaymentStep {
        let mut payment = self.clone();
        match what {
            OpeningFact::Opened { consent_id, redirect_url } => {
                payment.bank.consent_id = Some(consent_id.clone());
                let authorisation = Authorisation {
                    attempt,
                    consent_id: consent_id.clone(),
                    redirect_url: redirect_url.clone(),
                };
                let jobs = vec![JobChange::Cancel(JobKind::OpenAtBank)];
                payment.moved_to(State::AwaitingRedirect { authorisation }, now, jobs)
            }
            OpeningFact::Refused(refusal) => payment.refused(refusal, now),
            OpeningFact::GivenUp { text } => payment.given_up(text, now),
        }
    }

    fn psu_came_back(
        &self,
        authorisation: &Authorisation,
        what: &PsuFact,
        now: Timestamp,
    ) -> PaymentStep {
        let mut payment = self.clone();
        match what {
            PsuFact::Returned { returned } => {
                let state = State::VerifyingReturn {
                    authorisation: authorisation.clone(),
                    returned: returned.clone(),
                };
                let jobs = vec![JobChange::Schedule(JobKind::CompleteAuthorisation, now)];
                payment.moved_to(state, now, jobs)
            }
            PsuFact::Denied { error, description } => {
                payment.reason = Some(reason(description.as_deref().unwrap_or(error)));
                let end = if error == "access_denied" { End::Declined } else { End::Failed };
                payment.ended(end, now)
            }
        }
    }

    fn authorisation_ended(
        &self,
        consent_id: &str,
        what: &AuthorisationFact,
        now: Timestamp,
    ) -> PaymentStep {
        match what {
            AuthorisationFact::Verified { grant } => {
                let state =
                    State::Authorised { consent_id: consent_id.to_owned(), grant: grant.clone() };
                let jobs = vec![
                    JobChange::Cancel(JobKind::CompleteAuthorisation),
                    JobChange::Schedule(JobKind::Redeem, now),
                ];
                self.clone().moved_to(state, now, jobs)
            }
            AuthorisationFact::Invalid { .. }
            | AuthorisationFact::Refused(_)
            | AuthorisationFact::GivenUp { .. }
            | AuthorisationFact::FundsUnavailable => self.authorisation_lost(what, now),
        }
    }

    /// No order was sent, and none will be.
    fn authorisation_lost(&self, what: &AuthorisationFact, now: Timestamp) -> PaymentStep {
        let mut payment = self.clone();
        match what {
            AuthorisationFact::Invalid { text } => {
                let mut step = payment.failed(502, text, true, now);
                step.cases.push(Case {
                    kind: "authorisation_invalid".to_owned(),
                    text: format!("the bank's authorisation response was refused: {text}"),
                });
                step
            }
            AuthorisationFact::Refused(refusal) => payment.refused(refusal, now),
            AuthorisationFact::GivenUp { text } => payment.given_up(text, now),
            AuthorisationFact::FundsUnavailable => {
                payment.reason = Some("Insufficient funds".to_owned());
                payment.ended(End::RejectedInsufficientFunds, now)
            }
            AuthorisationFact::Verified { .. } => {
                payment.failed(500, "the authorisation was verified and lost at once", false, now)
            }
        }
    }

    fn order_ended(
        &self,
        order: &SentOrder,
        grant: &Sealed,
        what: &OrderFact,
        now: Timestamp,
    ) -> PaymentStep {
        let mut payment = self.clone();
        match what {
            OrderFact::Answered { bank_payment_id, status, refund_account } => {
                self.order_taken(order, bank_payment_id, status, refund_account, now)
            }
            OrderFact::Refused(refusal) if refusal.http_status == 403 => {
                payment.reason = Some(REDEMPTION_DENIED.to_owned());
                payment.error = Some(error_info(refusal));
                payment.ended(End::Declined, now)
            }
            OrderFact::Refused(refusal) => payment.refused(refusal, now),
            OrderFact::NotSent { .. } => {
                let state = State::Authorised {
                    consent_id: order.consent_id.clone(),
                    grant: grant.clone(),
                };
                let mut step = payment.moved_to(state, now, vec![]);
                if let Some(deadline) = step.state.deadline() {
                    step.jobs.push(JobChange::Schedule(JobKind::Expire, deadline));
                }
                step
            }
            OrderFact::AnswerLost { text } => {
                payment.reason = Some(ANSWER_LOST.to_owned());
                let state = State::Uncertain { order: order.clone() };
                // The first question comes at once: the order's age is the time that was waited.
                let jobs = vec![
                    JobChange::Cancel(JobKind::Redeem),
                    JobChange::Schedule(JobKind::AskStatus, now),
                ];
                let mut step = payment.moved_to(state, now, jobs);
                step.cases.push(Case {
                    kind: "order_answer_lost".to_owned(),
                    text: format!("no readable answer to the order: {text}"),
                });
                step
            }
        }
    }

    fn order_taken(
        &self,
        order: &SentOrder,
        bank_payment_id: &str,
        status: &OrderStatus,
        refund_account: &Option<RefundAccount>,
        now: Timestamp,
    ) -> PaymentStep {
        let mut payment = self.clone();
        payment.bank.payment_id = Some(bank_payment_id.to_owned());
        payment.bank.refund_account.clone_from(refund_account);
        let processing = State::Processing {
            order: order.clone(),
            bank_payment_id: Some(bank_payment_id.to_owned()),
        };
        payment.after_status(status, processing, now)
    }

    fn status_told(&self, status: &OrderStatus, now: Timestamp) -> PaymentOutcome {
        let known = self.bank.payment_status.as_deref() == Some(status.raw.as_str())
            && (status.reason.is_none() || status.reason == self.reason);
        match status.progress {
            OrderProgress::InProcess | OrderProgress::Unrecognised if known => Already,
            OrderProgress::InProcess
            | OrderProgress::Unrecognised
            | OrderProgress::Completed
            | OrderProgress::Rejected
            | OrderProgress::InsufficientFunds
            | OrderProgress::Declined => {
                moved(self.clone().after_status(status, self.state.clone(), now))
            }
        }
    }

    /// The Step that the bank's word on the order leads to; `processing` where it is not the last.
    fn after_status(
        mut self,
        status: &OrderStatus,
        processing: State,
        now: Timestamp,
    ) -> PaymentStep {
        self.bank.payment_status = Some(status.raw.clone());
        self.reason = status.reason.as_deref().map(reason);
        match status.progress {
            OrderProgress::Completed => self.ended(End::Completed, now),
            OrderProgress::Rejected => self.ended(End::Rejected, now),
            OrderProgress::InsufficientFunds => self.ended(End::RejectedInsufficientFunds, now),
            OrderProgress::Declined => self.ended(End::Declined, now),
            OrderProgress::InProcess => {
                let mut step = self.moved_to(processing, now, vec![]);
                step.jobs = ask_from(&step.state, now);
                step
            }
            OrderProgress::Unrecognised => {
                let text = format!("the bank's status `{}` is in no table", status.raw);
                let mut step = self.moved_to(processing, now, vec![]);
                step.jobs = ask_from(&step.state, now);
                step.cases.push(Case { kind: "unrecognised_bank_status".to_owned(), text });
                step
            }
        }
    }

    /// What the bank says of the consent, where the answer to the order was lost.
    fn consent_told(
        &self,
        order: &SentOrder,
        consent: ConsentProgress,
        now: Timestamp,
    ) -> PaymentOutcome {
        match consent {
            ConsentProgress::Consumed => {
                let mut payment = self.clone();
                payment.reason = Some(
                    "The bank has the order; its answer was lost, so its outcome is not known."
                        .to_owned(),
                );
                let state = State::Processing { order: order.clone(), bank_payment_id: None };
                let mut step =
                    payment.moved_to(state, now, vec![JobChange::Cancel(JobKind::AskStatus)]);
                step.cases.push(Case {
                    kind: "order_without_id".to_owned(),
                    text: "the consent is consumed but the order's id is unknown: find the order \
                           in the bank's records"
                        .to_owned(),
                });
                moved(step)
            }
            // "Not used yet" proves nothing: the order may still be on its way inside the bank.
            ConsentProgress::Authorised | ConsentProgress::AwaitingAuthorisation => Already,
            ConsentProgress::Rejected => {
                let mut payment = self.clone();
                payment.reason =
                    Some("The bank withdrew the consent; no order used it.".to_owned());
                moved(payment.ended(End::Rejected, now))
            }
        }
    }

    /// The bank speaks of an order of a payment that has ended.
    fn status_after_the_end(&self, end: End, status: &OrderStatus) -> PaymentOutcome {
        let agrees = match (end, status.progress) {
            (End::Completed, OrderProgress::Completed)
            | (End::Rejected, OrderProgress::Rejected)
            | (End::RejectedInsufficientFunds, OrderProgress::InsufficientFunds)
            | (End::Declined, OrderProgress::Declined)
            | (_, OrderProgress::InProcess) => true,
            (
                _,
                OrderProgress::Completed
                | OrderProgress::Rejected
                | OrderProgress::InsufficientFunds
                | OrderProgress::Declined
                | OrderProgress::Unrecognised,
            ) => false,
        };
        if agrees { Already } else { self.unexpected("status_contradicts_end") }
    }

    fn time_ran_out(&self, now: Timestamp) -> PaymentOutcome {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Already;
        }
        let mut payment = self.clone();
        let (end, text) = match &self.state {
            State::AwaitingBankChoice | State::Opening { .. } | State::AwaitingRedirect { .. } => {
                (End::Expired, "The payer did not approve the payment in time.")
            }
            State::VerifyingReturn { .. } | State::Authorised { .. } => {
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

    /// The bank's clear "no".
    fn refused(mut self, refusal: &BankRefusal, now: Timestamp) -> PaymentStep {
        self.reason = Some(reason(&refusal.text));
        self.error = Some(error_info(refusal));
        let end = if refusal.http_status == 401 { End::Failed } else { End::Rejected };
        self.ended(end, now)
    }

    fn given_up(self, text: &str, now: Timestamp) -> PaymentStep {
        self.failed(503, text, true, now)
    }

    fn failed(
        mut self,
        http_status: u16,
        text: &str,
        from_bank: bool,
        now: Timestamp,
    ) -> PaymentStep {
        self.reason = Some(reason(text));
        self.error = Some(ErrorInfo { http_status, message: reason(text), from_bank });
        self.ended(End::Failed, now)
    }

    fn unexpected(&self, kind: &str) -> PaymentOutcome {
        Outcome::Unexpected(Case {
            kind: kind.to_owned(),
            text: format!("the payment is {}; nothing was changed", self.state.name()),
        })
    }
}

fn moved(step: PaymentStep) -> PaymentOutcome {
    Outcome::Moved(Box::new(step))
}

/// The jobs of a payment whose order's fate is to be asked for.
fn ask_from(payment: &Payment, now: Timestamp) -> Vec<JobChange> {
    vec![
        JobChange::Cancel(JobKind::Redeem),
        JobChange::Schedule(JobKind::AskStatus, payment.next_status_question(now)),
    ]
}

fn error_info(refusal: &BankRefusal) -> ErrorInfo {
    ErrorInfo { http_status: refusal.http_status, message: reason(&refusal.text), from_bank: true }
}
