//! The outcome of an order: answers, lost answers, the bank's status.

use jiff::Timestamp;

use super::machine::moved;
use super::{
    Cancellation, End, ErrorInfo, OrderFact, OrderState, Payment, PaymentOutcome, PaymentStep,
    SentOrder, State, reason,
};
use crate::authorisation::{BankRefusal, RefusalKind};
use crate::bank::{ConsentProgress, Decline, OrderProgress, OrderStatus, RefundAccount};
use crate::case::CaseKind;
use crate::step::{Case, JobChange, JobKind, Outcome, PaymentJob};

use Outcome::Already;

/// The member's text for a payment whose order may or may not exist.
const ANSWER_LOST: &str = "The bank's answer to the order was lost; its status is being asked for.";
/// The published text for a bank that forbids the order (reference, section 8.1, amount 104).
const REDEMPTION_DENIED: &str = "Error during payment redemption: PERMISSION_DENIED";

impl Payment {
    pub(super) fn order_ended(
        &self,
        order: &SentOrder,
        what: &OrderFact,
        now: Timestamp,
    ) -> PaymentStep {
        let mut payment = self.clone();
        match what {
            OrderFact::Answered { bank_payment_id, status, refund_account } => {
                self.order_taken(order, bank_payment_id, status, refund_account, now)
            }
            OrderFact::Refused(refusal) if refusal.kind == RefusalKind::NotPermitted => {
                payment.reason = Some(REDEMPTION_DENIED.to_owned());
                payment.error = Some(error_info(refusal));
                payment.decline = Some(Decline::NotPermitted);
                payment.ended(End::Declined, now)
            }
            OrderFact::Refused(refusal) => payment.refused(refusal, now),
            OrderFact::NotSent { text } => {
                let Some(grant) = order.grant.clone() else {
                    return payment.given_up(text, now);
                };
                let redeemed_at = self.terms.redeems_on_request.then_some(order.sent_at);
                let consent_id = order.consent_id.clone();
                let state =
                    State::Ordered(OrderState::Authorised { consent_id, grant, redeemed_at });
                let mut step = payment.moved_to(state, now, vec![]);
                if let Some(deadline) = step.state.deadline() {
                    step.jobs.push(JobChange::Schedule(JobKind::Expire, deadline));
                }
                step
            }
            OrderFact::AnswerLost { text } => {
                payment.reason = Some(ANSWER_LOST.to_owned());
                let state = State::Ordered(OrderState::Uncertain { order: order.clone() });
                // The first question comes at once: the order's age is the time that was waited.
                let jobs = vec![
                    JobChange::Cancel(JobKind::Payment(PaymentJob::Redeem)),
                    JobChange::Schedule(JobKind::Payment(PaymentJob::AskStatus), now),
                ];
                let mut step = payment.moved_to(state, now, jobs);
                step.cases.push(Case {
                    kind: CaseKind::OrderAnswerLost,
                    text: format!("no readable answer to the order: {text}"),
                });
                step
            }
        }
    }

    pub(super) fn order_taken(
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
        let processing = State::Ordered(OrderState::Processing {
            order: order.clone(),
            bank_payment_id: Some(bank_payment_id.to_owned()),
        });
        payment.after_status(status, processing, now)
    }

    pub(super) fn status_told(&self, status: &OrderStatus, now: Timestamp) -> PaymentOutcome {
        if let State::Ordered(OrderState::SetUp { .. }) = &self.state {
            return self.status_of_set_up(status, now);
        }
        let known = self.bank.payment_status.as_deref() == Some(status.raw.as_str())
            && (status.reason.is_none() || status.reason == self.reason);
        match status.progress {
            OrderProgress::InProcess | OrderProgress::Unrecognised if known => self.no_word(now),
            OrderProgress::InProcess
            | OrderProgress::Unrecognised
            | OrderProgress::Completed
            | OrderProgress::Rejected
            | OrderProgress::InsufficientFunds
            | OrderProgress::Declined
            | OrderProgress::Expired => {
                moved(self.clone().after_status(status, self.state.clone(), now))
            }
        }
    }

    /// The Step that the bank's word on the order leads to; `processing` where it is not the last.
    pub(super) fn after_status(
        mut self,
        status: &OrderStatus,
        processing: State,
        now: Timestamp,
    ) -> PaymentStep {
        self.bank.payment_status = Some(status.raw.clone());
        self.reason = status.reason.as_deref().map(reason);
        match status.progress {
            OrderProgress::Completed => match processing {
                State::Ordered(OrderState::Processing { order, bank_payment_id })
                    if self.is_standing_order() =>
                {
                    self.set_up(OrderState::SetUp { order, bank_payment_id }, now)
                }
                _ => self.ended(End::Completed, now),
            },
            OrderProgress::Rejected => self.ended(End::Rejected, now),
            OrderProgress::InsufficientFunds => self.ended(End::RejectedInsufficientFunds, now),
            OrderProgress::Declined => {
                // A cancellation that was asked for twice is refused the second time: the bank's word
                // that the order was taken back counts more.
                let taken_back = status.decline == Some(Decline::TakenBack);
                let wanted =
                    self.cancellation.as_ref().filter(|known| known.is_open() || taken_back);
                let end = wanted.map_or(End::Declined, Cancellation::end);
                self.decline = status.decline;
                self.ended(end, now)
            }
            OrderProgress::Expired => self.ended(End::Expired, now),
            OrderProgress::InProcess => {
                let mut step = self.moved_to(processing, now, vec![]);
                step.jobs = ask_from(&step.state, now);
                step
            }
            OrderProgress::Unrecognised => {
                let text = format!("the bank's status `{}` is in no table", status.raw);
                let mut step = self.moved_to(processing, now, vec![]);
                step.jobs = ask_from(&step.state, now);
                step.cases.push(Case { kind: CaseKind::UnrecognisedBankStatus, text });
                step
            }
        }
    }

    /// The bank's status of the consent, if the answer to the order was lost.
    pub(super) fn consent_told(
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
                let state = State::Ordered(OrderState::Processing {
                    order: order.clone(),
                    bank_payment_id: None,
                });
                let mut step = payment.moved_to(
                    state,
                    now,
                    vec![JobChange::Cancel(JobKind::Payment(PaymentJob::AskStatus))],
                );
                step.cases.push(Case {
                    kind: CaseKind::OrderWithoutId,
                    text: "the consent is consumed but the order's id is unknown: find the order \
                           in the bank's records"
                        .to_owned(),
                });
                moved(step)
            }
            // "Not used yet" proves nothing: the order may still be on its way inside the bank.
            ConsentProgress::Authorised | ConsentProgress::AwaitingAuthorisation => {
                self.no_word(now)
            }
            ConsentProgress::Rejected => {
                let mut payment = self.clone();
                payment.reason =
                    Some("The bank withdrew the consent; no order used it.".to_owned());
                moved(payment.ended(End::Rejected, now))
            }
        }
    }

    /// The bank speaks of an order of a payment that has ended.
    pub(super) fn status_after_the_end(&self, end: End, status: &OrderStatus) -> PaymentOutcome {
        let agrees = match (end, status.progress) {
            (End::Completed, OrderProgress::Completed)
            | (End::Rejected, OrderProgress::Rejected)
            | (End::RejectedInsufficientFunds, OrderProgress::InsufficientFunds)
            | (End::Declined | End::Cancelled, OrderProgress::Declined)
            | (End::Expired, OrderProgress::Expired)
            | (_, OrderProgress::InProcess) => true,
            (
                _,
                OrderProgress::Completed
                | OrderProgress::Rejected
                | OrderProgress::InsufficientFunds
                | OrderProgress::Declined
                | OrderProgress::Expired
                | OrderProgress::Unrecognised,
            ) => false,
        };
        if agrees { Already } else { self.unexpected(CaseKind::StatusContradictsEnd) }
    }

    /// The bank's clear "no".
    pub(super) fn refused(mut self, refusal: &BankRefusal, now: Timestamp) -> PaymentStep {
        self.reason = Some(reason(&refusal.text));
        self.error = Some(error_info(refusal));
        let end = match refusal.kind {
            RefusalKind::NotAuthenticated => End::Failed,
            RefusalKind::NotPermitted | RefusalKind::Content => End::Rejected,
        };
        self.ended(end, now)
    }

    /// However often it was tried. No order exists.
    pub(super) fn given_up(mut self, text: &str, now: Timestamp) -> PaymentStep {
        self.reason = Some(reason(text));
        self.error =
            Some(ErrorInfo { bank_http_status: None, message: reason(text), from_bank: true });
        self.ended(End::Failed, now)
    }
}

/// The jobs of a payment whose order's fate is to be asked for.
fn ask_from(payment: &Payment, now: Timestamp) -> Vec<JobChange> {
    vec![
        JobChange::Cancel(JobKind::Payment(PaymentJob::Redeem)),
        JobChange::Schedule(
            JobKind::Payment(PaymentJob::AskStatus),
            payment.next_status_question(now),
        ),
    ]
}

fn error_info(refusal: &BankRefusal) -> ErrorInfo {
    ErrorInfo {
        bank_http_status: Some(refusal.http_status),
        message: reason(&refusal.text),
        from_bank: true,
    }
}
