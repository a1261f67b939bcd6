//! Commands on a payment: requests of members, payers and our own jobs. Each can be refused.

use jiff::Timestamp;

use super::{BankRecord, End, OrderState, Payment, PaymentStep, SentOrder, State, Terms};
use crate::Refusal;
use crate::account::AccountIdentifier;
use crate::authorisation::{Attempt, Authorisation};
use crate::execution::Execution;
use crate::ids::{MemberId, PaymentId, TokenRequestId};
use crate::initiation::Initiation;
use crate::mail::MailAddress;
use crate::sealed::Sealed;
use crate::step::{AuthorisationJob, JobChange, JobKind, PaymentJob, Step};

/// The job that creates at the bank what the payer approves.
const OPEN: JobKind = JobKind::Authorisation(AuthorisationJob::OpenAtBank);

/// The data of a new payment.
#[derive(Debug, Clone)]
pub struct Creation {
    /// The member's request.
    pub initiation: Initiation,
    /// How the bank executes it, where it goes there at once.
    pub execution: Option<Execution>,
    /// The keys of the opening at the bank.
    pub attempt: Attempt,
    /// The order's id for the bank's statements; see [`Payment::end_to_end_id`].
    pub end_to_end_id: String,
    /// The member's answers to the bank's first questions.
    pub credentials: Option<Sealed>,
    /// The member's settings.
    pub terms: Terms,
    /// The token request that the payment comes from (payments v1).
    pub token_request_id: Option<TokenRequestId>,
    /// Where a receipt goes once the payment is completed.
    pub receipt_to: Option<MailAddress>,
}

impl Payment {
    /// A new payment. On the full hosted pages it waits for the payer's choice of bank, or for the
    /// payer's arrival where the member has chosen; otherwise the bank is opened at once, with the
    /// answers that the member already has to its questions.
    ///
    /// # Errors
    /// [`Refusal::BankRequired`] if the flow needs a bank and none is named.
    pub fn create(
        id: PaymentId,
        member_id: MemberId,
        creation: Creation,
        now: Timestamp,
    ) -> Result<PaymentStep, Refusal> {
        let Creation {
            initiation,
            execution,
            attempt,
            end_to_end_id,
            credentials,
            terms,
            token_request_id,
            receipt_to,
        } = creation;
        let bank_id = initiation.visit.bank_id.clone();
        let state = match (initiation.visit.flow.begins_on_pages(), &bank_id) {
            (true, _) => State::AwaitingBankChoice,
            (false, Some(_)) => {
                State::Approving(Authorisation::Opening { attempt, credentials, sent: false })
            }
            (false, None) => return Err(Refusal::BankRequired),
        };
        let payment = Payment {
            id,
            member_id,
            initiation,
            bank_id,
            execution,
            end_to_end_id: Some(end_to_end_id),
            payer_account: None,
            link_used_at: None,
            terms,
            token_request_id,
            transfer_ref_id: None,
            receipt_to,
            approved_at: None,
            cancelled_by_payer_at: None,
            authentication_failed_at: None,
            ordered_at: None,
            state,
            refreshing_since: None,
            cancellation: None,
            early_returns: vec![],
            bank: BankRecord::default(),
            reason: None,
            decline: None,
            error: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let mut jobs = vec![];
        if let State::Approving(_) = payment.state {
            jobs.push(JobChange::Schedule(OPEN, now));
        }
        if let Some(deadline) = payment.deadline() {
            jobs.push(JobChange::Schedule(JobKind::Expire, deadline));
        }
        let events = vec![payment.changed()];
        Ok(Step { state: payment, events, jobs, cases: vec![] })
    }

    /// The payer chooses a bank on the hosted pages. Choosing again before approving opens the
    /// payment again at the other bank: an unapproved consent never becomes an order.
    /// `payer_account` is for a bank that needs it first, `execution` how it executes.
    ///
    /// # Errors
    /// [`Refusal::BankChoiceClosed`] once the payer has approved, or may approve at a bank that
    /// executes with that, or the payment is final.
    pub fn choose_bank(
        &self,
        bank_id: &str,
        payer_account: Option<AccountIdentifier>,
        execution: Execution,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Option<PaymentStep>, Refusal> {
        let closed = Refusal::BankChoiceClosed { stage: self.stage() };
        let same = self.bank_id.as_deref() == Some(bank_id);
        match &self.state {
            State::AwaitingBankChoice => {}
            State::Approving(authorisation) => match authorisation {
                Authorisation::Opening { .. }
                | Authorisation::AwaitingRedirect { .. }
                | Authorisation::AwaitingCredentials { .. }
                | Authorisation::AwaitingDecoupled { .. }
                    if same =>
                {
                    return Ok(None);
                }
                Authorisation::Opening { .. } if authorisation.nothing_is_created() => {}
                Authorisation::AwaitingRedirect { opened, .. }
                | Authorisation::AwaitingCredentials { opened, .. }
                | Authorisation::AwaitingDecoupled { opened, .. }
                    if !opened.may_execute() => {}
                Authorisation::Opening { .. }
                | Authorisation::OpeningUncertain { .. }
                | Authorisation::AwaitingRedirect { .. }
                | Authorisation::AwaitingCredentials { .. }
                | Authorisation::AwaitingDecoupled { .. }
                | Authorisation::VerifyingReturn { .. }
                | Authorisation::VerifyingCredentials { .. } => return Err(closed),
            },
            State::AwaitingRedemption { .. } | State::Ordered(_) | State::Final { .. } => {
                return Err(closed);
            }
        }
        let mut payment = self.clone();
        payment.bank_id = Some(bank_id.to_owned());
        payment.payer_account = payer_account;
        payment.execution = Some(execution);
        payment.bank = BankRecord::default();
        payment.early_returns.clear();
        if self.state == State::AwaitingBankChoice && self.is_link() {
            payment.link_used_at = Some(now);
        }
        let jobs = vec![
            JobChange::Cancel(JobKind::Authorisation(AuthorisationJob::AskApproval)),
            JobChange::Schedule(OPEN, now),
        ];
        let opening = Authorisation::Opening { attempt, credentials: None, sent: false };
        let state = State::Approving(opening);
        Ok(Some(payment.with_deadline(state, now, jobs)))
    }

    /// The member wants the order of an approved payment to be sent. Asking again changes nothing:
    /// `None` if the order is wanted already, or was sent.
    ///
    /// # Errors
    /// [`Refusal::NotRedeemable`] before the bank has confirmed the approval, and after an end
    /// without an order.
    pub fn redeem(&self, now: Timestamp) -> Result<Option<PaymentStep>, Refusal> {
        self.redeem_as(None, now)
    }

    /// The same with a reference of the member's own for the transfer; without one it has that of the
    /// token request. The bank gets the reference that the payer approved.
    ///
    /// # Errors
    /// As [`Payment::redeem`]; [`Refusal::RedeemedUnderOtherReference`] if the order was asked for
    /// with another reference before.
    pub fn redeem_as(
        &self,
        ref_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<PaymentStep>, Refusal> {
        match &self.state {
            State::AwaitingRedemption { consent_id, grant, .. } => {
                let state = State::Ordered(OrderState::Authorised {
                    consent_id: consent_id.clone(),
                    grant: grant.clone(),
                    redeemed_at: Some(now),
                });
                let redeem = JobKind::Payment(PaymentJob::Redeem);
                let jobs = vec![JobChange::Schedule(redeem, now)];
                let mut payment = self.clone();
                payment.transfer_ref_id =
                    ref_id.filter(|own| *own != self.initiation.order.ref_id).map(str::to_owned);
                Ok(Some(payment.with_deadline(state, now, jobs)))
            }
            State::Ordered(_)
            | State::Final {
                end:
                    End::Completed | End::Rejected | End::RejectedInsufficientFunds | End::NoFinalStatus,
            } => match ref_id.is_none_or(|own| own == self.transfer_ref_id()) {
                true => Ok(None),
                false => Err(Refusal::RedeemedUnderOtherReference),
            },
            State::AwaitingBankChoice
            | State::Approving(_)
            | State::Final { end: End::Declined | End::Failed | End::Expired | End::Cancelled } => {
                Err(Refusal::NotRedeemable { stage: self.stage() })
            }
        }
    }

    /// The member takes the payment back. That is possible as long as nothing can have been
    /// executed: no order was sent, and the bank holds nothing that it executes at the payer's
    /// approval. `None` if it was taken back before.
    ///
    /// # Errors
    /// [`Refusal::NotCancellable`] otherwise.
    pub fn cancel(&self, now: Timestamp) -> Result<Option<PaymentStep>, Refusal> {
        let in_our_hands = match &self.state {
            State::Final { end: End::Cancelled } => return Ok(None),
            State::AwaitingBankChoice
            | State::AwaitingRedemption { .. }
            | State::Ordered(OrderState::Authorised { .. }) => true,
            State::Approving(authorisation) => match authorisation {
                Authorisation::Opening { .. } => authorisation.nothing_is_created(),
                Authorisation::OpeningUncertain { .. } => false,
                Authorisation::AwaitingCredentials { .. }
                | Authorisation::AwaitingRedirect { .. }
                | Authorisation::AwaitingDecoupled { .. }
                | Authorisation::VerifyingReturn { .. }
                | Authorisation::VerifyingCredentials { .. } => !authorisation.may_execute_unseen(),
            },
            State::Ordered(
                OrderState::Sent { .. }
                | OrderState::Uncertain { .. }
                | OrderState::Processing { .. }
                | OrderState::SetUp { .. },
            )
            | State::Final {
                end:
                    End::Completed
                    | End::Rejected
                    | End::RejectedInsufficientFunds
                    | End::Declined
                    | End::Failed
                    | End::Expired
                    | End::NoFinalStatus,
            } => false,
        };
        if !in_our_hands {
            return Err(Refusal::NotCancellable { stage: self.stage() });
        }
        let mut payment = self.clone();
        payment.reason = Some("The payment was cancelled; no order was sent.".to_owned());
        Ok(Some(payment.ended(End::Cancelled, now)))
    }

    /// The payer cancels on the hosted pages. That is possible until the payer has approved, and as
    /// long as the bank holds nothing that it executes at the approval. `None` if the payer has
    /// cancelled before.
    ///
    /// # Errors
    /// [`Refusal::NotCancellable`] otherwise: only the bank's word ends the payment.
    pub fn cancel_by_payer(&self, now: Timestamp) -> Result<Option<PaymentStep>, Refusal> {
        let open = match &self.state {
            State::Final { end: End::Declined } if self.cancelled_by_payer_at.is_some() => {
                return Ok(None);
            }
            State::AwaitingBankChoice => true,
            State::Approving(authorisation) => match authorisation {
                Authorisation::Opening { .. } => authorisation.nothing_is_created(),
                Authorisation::AwaitingRedirect { opened, .. }
                | Authorisation::AwaitingCredentials { opened, .. }
                | Authorisation::AwaitingDecoupled { opened, .. } => !opened.may_execute(),
                Authorisation::OpeningUncertain { .. }
                | Authorisation::VerifyingReturn { .. }
                | Authorisation::VerifyingCredentials { .. } => false,
            },
            State::AwaitingRedemption { .. } | State::Ordered(_) | State::Final { .. } => false,
        };
        if !open {
            return Err(Refusal::NotCancellable { stage: self.stage() });
        }
        let mut payment = self.clone();
        payment.reason = Some("The payer cancelled the payment.".to_owned());
        payment.cancelled_by_payer_at = Some(now);
        Ok(Some(payment.ended(End::Declined, now)))
    }

    /// Records that what cannot be repeated is about to be sent: the creation, or the
    /// authorisation code. Only after this is committed may it leave. `None` if nothing of the
    /// kind is to be sent, or it has left before.
    #[must_use]
    pub fn begin_sending(&self) -> Option<PaymentStep> {
        let recorded = self.authorisation()?.recorded_as_sent()?;
        Some(self.silently_at(recorded))
    }

    /// Records that the order is about to be sent. Only after this is committed may it leave.
    ///
    /// # Errors
    /// [`Refusal::OrderNotAllowed`] unless the payment is authorised and unused.
    pub fn begin_order(
        &self,
        idempotency_key: &str,
        now: Timestamp,
    ) -> Result<PaymentStep, Refusal> {
        let State::Ordered(OrderState::Authorised { consent_id, grant, .. }) = &self.state else {
            return Err(Refusal::OrderNotAllowed { stage: self.stage() });
        };
        let order = SentOrder {
            consent_id: consent_id.clone(),
            idempotency_key: idempotency_key.to_owned(),
            sent_at: now,
            grant: Some(grant.clone()),
        };
        Ok(self.clone().with_deadline(State::Ordered(OrderState::Sent { order }), now, vec![]))
    }

    /// The payer answers the bank's questions. Only after this is committed may the answers leave.
    ///
    /// # Errors
    /// [`Refusal::NoQuestionOpen`] unless the bank waits for answers.
    pub fn answer_questions(
        &self,
        credentials: Sealed,
        now: Timestamp,
    ) -> Result<PaymentStep, Refusal> {
        let answered = self.authorisation().and_then(|known| known.answered(credentials));
        let Some(answered) = answered else {
            return Err(Refusal::NoQuestionOpen { stage: self.stage() });
        };
        let send = JobKind::Authorisation(AuthorisationJob::SendCredentials);
        let jobs = vec![JobChange::Schedule(send, now)];
        let payment = self.clone().with_authorisation(answered);
        let state = payment.state.clone();
        Ok(payment.with_deadline(state, now, jobs))
    }

    /// A Step that the public sees nothing of: no event, and the time of the last change stays.
    pub(super) fn silently(mut self, jobs: Vec<JobChange>) -> PaymentStep {
        self.version += 1;
        Step { state: self, events: vec![], jobs, cases: vec![] }
    }

    /// The Step into `state`, with its event.
    pub(super) fn moved_to(
        mut self,
        state: State,
        now: Timestamp,
        jobs: Vec<JobChange>,
    ) -> PaymentStep {
        self.state = state;
        self.updated_at = now.max(self.updated_at);
        if self.state.shows_approval() {
            self.approved_at.get_or_insert(now);
        }
        if self.state.shows_order() {
            self.ordered_at.get_or_insert(now);
        }
        self.version += 1;
        let events = vec![self.changed()];
        Step { state: self, events, jobs, cases: vec![] }
    }

    /// The Step into an end: every job but the deliveries ends too, and the payer may get a receipt.
    pub(super) fn ended(mut self, end: End, now: Timestamp) -> PaymentStep {
        self.early_returns.clear();
        self.cancellation = self.cancellation.map(|known| known.closed(end));
        let receipt = end == End::Completed && self.receipt_to.is_some();
        let jobs = JobKind::ALL
            .into_iter()
            .filter_map(|kind| match kind {
                JobKind::Deliver => None,
                JobKind::Payment(PaymentJob::SendReceipt) => {
                    receipt.then_some(JobChange::Schedule(kind, now))
                }
                kind => Some(JobChange::Cancel(kind)),
            })
            .collect();
        self.moved_to(State::Final { end }, now, jobs)
    }
}
