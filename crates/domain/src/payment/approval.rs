//! What becomes of a payer's approval: the steps that the bank asks for, the return of the
//! browser, the bank's word.

use jiff::Timestamp;

use super::lost::lost_case;
use super::machine::moved;
use super::patience::after;
use super::{
    Attempt, Authorisation, AuthorisationFact, End, Payment, PaymentOutcome, PaymentStep,
    REDEMPTION_WINDOW, Sealed, SentOrder, State, reason,
};
use crate::approval::Approach;
use crate::bank::{OrderStatus, RefundAccount};
use crate::case::CaseKind;
use crate::step::{Case, JobChange, JobKind, Outcome};

/// What the bank says of an order that it has with the approval.
struct Taken<'a> {
    bank_payment_id: &'a str,
    status: &'a OrderStatus,
    refund_account: &'a Option<RefundAccount>,
    grant: &'a Option<Sealed>,
}

impl Payment {
    /// What a fact of the opening or the approval does; `authorisation` is what is known so far.
    pub(super) fn authorisation_told(
        &self,
        attempt: &Attempt,
        authorisation: Option<&Authorisation>,
        what: &AuthorisationFact,
        now: Timestamp,
    ) -> PaymentOutcome {
        let mut payment = self.clone();
        match what {
            AuthorisationFact::Continues { consent_id, context, approach } => {
                let known = authorisation.and_then(|known| known.consent_id.clone());
                let authorisation = Authorisation {
                    attempt: attempt.clone(),
                    consent_id: consent_id.clone().or(known),
                    context: context.clone(),
                };
                self.continues(authorisation, approach, now)
            }
            AuthorisationFact::Waiting | AuthorisationFact::NoWord => self.no_word(now),
            AuthorisationFact::StillOpen => self.back_to_the_step(now, true, None),
            AuthorisationFact::Unproven { text } => {
                let case = Case {
                    kind: CaseKind::AuthorisationUnproven,
                    text: format!("a browser came back with what proves nothing: {text}"),
                };
                self.back_to_the_step(now, false, Some(case))
            }
            AuthorisationFact::Granted { consent_id, grant, usable_until } => {
                moved(self.granted(consent_id, grant, *usable_until, now))
            }
            AuthorisationFact::OrderTaken { bank_payment_id, status, refund_account, grant } => {
                let taken = Taken { bank_payment_id, status, refund_account, grant };
                moved(self.order_taken_at_approval(attempt, &taken, now))
            }
            AuthorisationFact::Declined { text } => {
                payment.reason = text.as_deref().map(reason);
                // A payer who answers does not say no: the answers were wrong.
                payment.authentication_failed_at = self.state.is_answering().then_some(now);
                moved(payment.ended(End::Declined, now))
            }
            AuthorisationFact::Expired => moved(self.approval_never_came(now)),
            AuthorisationFact::NotSent => self.not_sent(),
            AuthorisationFact::AnswerLost { text, renewed } => self.answer_lost(text, renewed, now),
            AuthorisationFact::GrantLost { text, renewed } => self.grant_lost(text, renewed, now),
            AuthorisationFact::Unreadable { what } => self.no_word_but(
                Case {
                    kind: CaseKind::BankAnswerMalformed,
                    text: format!("the bank's answer about the approval says nothing: {what}"),
                },
                now,
            ),
            AuthorisationFact::Refused(_) | AuthorisationFact::GivenUp { .. }
                if authorisation.is_some_and(Authorisation::may_execute)
                    && !self.state.is_answering() =>
            {
                let case = Case {
                    kind: CaseKind::ApprovalUnproven,
                    text: format!("the payer's approval could not be verified: {what:?}"),
                };
                self.back_to_the_step(now, false, Some(case))
            }
            AuthorisationFact::GivenUp { text, .. } if self.state.may_execute_unseen() => {
                self.no_word_but(lost_case(text), now)
            }
            AuthorisationFact::Refused(_)
            | AuthorisationFact::GivenUp { .. }
            | AuthorisationFact::FundsUnavailable => moved(self.authorisation_lost(what, now)),
        }
    }

    /// Approved: the order is wanted, at once or once the member asks for it.
    fn granted(
        &self,
        consent_id: &str,
        grant: &Sealed,
        usable_until: Timestamp,
        now: Timestamp,
    ) -> PaymentStep {
        let mut payment = self.clone();
        payment.bank.consent_id = Some(consent_id.to_owned());
        payment.early_returns.clear();
        payment.reason = None;
        let (consent_id, grant) = (consent_id.to_owned(), grant.clone());
        let (state, wanted) = if self.terms.redeems_on_request {
            let usable_until = usable_until.min(after(now, REDEMPTION_WINDOW));
            (State::AwaitingRedemption { consent_id, grant, usable_until }, None)
        } else {
            let state = State::Authorised { consent_id, grant, redeemed_at: None };
            (state, Some((JobKind::Redeem, now)))
        };
        payment.with_deadline(state, now, approval_jobs(wanted))
    }

    /// A return that led to nothing: the payer's step is open again. A return that came meanwhile
    /// is verified first. `asked`: the bank has just said that it still waits; else it is asked.
    pub(super) fn back_to_the_step(
        &self,
        now: Timestamp,
        asked: bool,
        case: Option<Case>,
    ) -> PaymentOutcome {
        let State::VerifyingReturn { authorisation, returned: Some(_), step, .. } = &self.state
        else {
            return match case {
                Some(case) => self.no_word_but(case, now),
                None => self.no_word(now),
            };
        };
        let mut payment = self.clone();
        if !payment.early_returns.is_empty() {
            let next = payment.early_returns.remove(0);
            let mut verifying = payment.verifying(authorisation, &next, step.clone(), now);
            verifying.cases.extend(case);
            return moved(verifying);
        }
        let authorisation = authorisation.clone();
        payment.state = match step {
            Some(step) => state_of(authorisation, step),
            None => {
                State::VerifyingReturn { authorisation, returned: None, sent: false, step: None }
            }
        };
        if asked && let Outcome::Moved(ended) = payment.no_word(now) {
            return Outcome::Moved(ended);
        }
        payment.updated_at = now.max(payment.updated_at);
        let ask_at = if asked { payment.next_approval_question(now) } else { now };
        let jobs = approval_jobs(Some((JobKind::AskApproval, ask_at)));
        let state = payment.state.clone();
        let mut back = payment.with_deadline(state, now, jobs);
        back.cases.extend(case);
        moved(back)
    }

    /// The payer has another step to take. The same wait told again changes nothing. A return that
    /// came before the answer is verified at once.
    fn continues(
        &self,
        authorisation: Authorisation,
        approach: &Approach,
        now: Timestamp,
    ) -> PaymentOutcome {
        let bounded = match approach {
            Approach::Embedded { challenge } => {
                Approach::Embedded { challenge: challenge.clone().bounded() }
            }
            Approach::Redirect { .. } | Approach::Decoupled { .. } => approach.clone(),
        };
        if state_of(authorisation.clone(), &bounded).is_same_step(&self.state) {
            return self.no_word(now);
        }
        let mut payment = self.clone();
        payment.bank.consent_id.clone_from(&authorisation.consent_id);
        payment.reason = None;
        self.to_the_step(payment, authorisation, &bounded, now)
    }

    /// `payment` at the payer's step, or at the return that came early.
    pub(super) fn to_the_step(
        &self,
        mut payment: Payment,
        authorisation: Authorisation,
        step: &Approach,
        now: Timestamp,
    ) -> PaymentOutcome {
        if !payment.early_returns.is_empty() {
            let returned = payment.early_returns.remove(0);
            return moved(payment.verifying(&authorisation, &returned, Some(step.clone()), now));
        }
        let asks = match step {
            Approach::Redirect { .. } => authorisation.may_execute(),
            Approach::Embedded { .. } => false,
            Approach::Decoupled { .. } => true,
        };
        let state = state_of(authorisation, step);
        payment.state = state.clone();
        payment.updated_at = now.max(payment.updated_at);
        let question = (JobKind::AskApproval, payment.next_approval_question(now));
        moved(payment.with_deadline(state, now, approval_jobs(asks.then_some(question))))
    }

    pub(super) fn approval_never_came(&self, now: Timestamp) -> PaymentStep {
        let mut payment = self.clone();
        payment.reason = Some("The payer did not approve the payment in time.".to_owned());
        payment.ended(End::Expired, now)
    }

    /// The bank executes at the approval: what was approved is an order that is under way.
    fn order_taken_at_approval(
        &self,
        attempt: &Attempt,
        taken: &Taken<'_>,
        now: Timestamp,
    ) -> PaymentStep {
        let consent_id = self.bank.consent_id.clone();
        let order = SentOrder {
            consent_id: consent_id.unwrap_or_else(|| taken.bank_payment_id.to_owned()),
            idempotency_key: attempt.idempotency_key.clone(),
            sent_at: now,
            grant: taken.grant.clone(),
        };
        let mut step = self.order_taken(
            &order,
            taken.bank_payment_id,
            taken.status,
            taken.refund_account,
            now,
        );
        if let Some(deadline) = step.state.deadline() {
            step.jobs.extend(approval_jobs(None));
            step.jobs.push(JobChange::Schedule(JobKind::Expire, deadline));
        }
        step
    }

    /// What a browser brought is to be verified; `step` is what the payer was to do.
    pub(super) fn verifying(
        &self,
        authorisation: &Authorisation,
        returned: &Sealed,
        step: Option<Approach>,
        now: Timestamp,
    ) -> PaymentStep {
        let state = State::VerifyingReturn {
            authorisation: authorisation.clone(),
            returned: Some(returned.clone()),
            sent: false,
            step,
        };
        let jobs = approval_jobs(Some((JobKind::CompleteAuthorisation, now)));
        self.clone().with_deadline(state, now, jobs)
    }

    /// No order was sent, and none will be.
    pub(super) fn authorisation_lost(
        &self,
        what: &AuthorisationFact,
        now: Timestamp,
    ) -> PaymentStep {
        let mut payment = self.clone();
        let case = |kind: CaseKind, text: String| Case { kind, text };
        match what {
            AuthorisationFact::Refused(refusal) => payment.refused(refusal, now),
            AuthorisationFact::GivenUp { text, malformed } => {
                let mut step = payment.given_up(text, now);
                if *malformed {
                    step.cases.push(case(CaseKind::BankAnswerMalformed, text.clone()));
                }
                step
            }
            AuthorisationFact::FundsUnavailable => {
                payment.reason = Some("Insufficient funds".to_owned());
                payment.ended(End::RejectedInsufficientFunds, now)
            }
            AuthorisationFact::Continues { .. }
            | AuthorisationFact::Waiting
            | AuthorisationFact::NoWord
            | AuthorisationFact::StillOpen
            | AuthorisationFact::Unproven { .. }
            | AuthorisationFact::NotSent
            | AuthorisationFact::GrantLost { .. }
            | AuthorisationFact::Granted { .. }
            | AuthorisationFact::OrderTaken { .. }
            | AuthorisationFact::Declined { .. }
            | AuthorisationFact::Expired
            | AuthorisationFact::Unreadable { .. }
            | AuthorisationFact::AnswerLost { .. } => {
                payment.failed(500, "an approval that is none ended the payment", false, now)
            }
        }
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
}

impl State {
    /// Whether the payer's answers are on their way: the bank's "no" to them is a clear one.
    fn is_answering(&self) -> bool {
        matches!(self, State::VerifyingCredentials { credentials: Some(_), .. })
    }

    /// Whether both wait for the same step of the payer.
    fn is_same_step(&self, other: &State) -> bool {
        match (self, other) {
            (
                State::AwaitingRedirect { redirect_url: one, .. },
                State::AwaitingRedirect { redirect_url: two, .. },
            ) => one == two,
            (
                State::AwaitingDecoupled { message: one, .. },
                State::AwaitingDecoupled { message: two, .. },
            ) => one == two,
            (
                State::AwaitingCredentials { challenge: one, .. },
                State::AwaitingCredentials { challenge: two, .. },
            ) => one == two,
            (
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
                | State::Final { .. },
                _,
            ) => false,
        }
    }
}

/// Where a payment waits for that step of the payer.
fn state_of(authorisation: Authorisation, step: &Approach) -> State {
    match step {
        Approach::Redirect { url } => {
            State::AwaitingRedirect { authorisation, redirect_url: url.clone() }
        }
        Approach::Embedded { challenge } => {
            State::AwaitingCredentials { authorisation, challenge: challenge.clone() }
        }
        Approach::Decoupled { message } => {
            State::AwaitingDecoupled { authorisation, message: message.clone() }
        }
    }
}

/// Of the jobs before an order, `wanted` alone goes on.
pub(super) fn approval_jobs(wanted: Option<(JobKind, Timestamp)>) -> Vec<JobChange> {
    let before_the_order = [
        JobKind::OpenAtBank,
        JobKind::CompleteAuthorisation,
        JobKind::SendCredentials,
        JobKind::AskApproval,
    ];
    let unwanted = |kind: &JobKind| wanted.is_none_or(|(wanted, _)| wanted != *kind);
    let mut jobs: Vec<JobChange> =
        before_the_order.into_iter().filter(unwanted).map(JobChange::Cancel).collect();
    jobs.extend(wanted.map(|(kind, due)| JobChange::Schedule(kind, due)));
    jobs
}
