//! What becomes of a payer's approval: the steps that the bank asks for, the return of the
//! browser, the bank's word.

use jiff::Timestamp;

use super::machine::moved;
use super::patience::after;
use super::{
    Attempt, Authorisation, AuthorisationFact, End, Payment, PaymentOutcome, PaymentStep, PsuFact,
    REDEMPTION_WINDOW, SentOrder, State, reason,
};
use crate::approval::Approach;
use crate::bank::{OrderStatus, RefundAccount};
use crate::payment::Sealed;
use crate::step::{Case, JobChange, JobKind, Outcome};

use Outcome::Already;

/// What a payer reads whose answers got lost on the way.
const CREDENTIALS_LOST: &str =
    "The bank did not answer; it is being asked whether the payment is approved.";

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
            AuthorisationFact::Waiting => self.still_waiting(now),
            AuthorisationFact::Granted { consent_id, grant, usable_until } => {
                payment.bank.consent_id = Some(consent_id.clone());
                let (consent_id, grant) = (consent_id.clone(), grant.clone());
                let (state, wanted) = if self.terms.redeems_on_request {
                    let usable_until = (*usable_until).min(after(now, REDEMPTION_WINDOW));
                    (State::AwaitingRedemption { consent_id, grant, usable_until }, None)
                } else {
                    let state = State::Authorised { consent_id, grant, redeemed_at: None };
                    (state, Some((JobKind::Redeem, now)))
                };
                moved(payment.with_deadline(state, now, approval_jobs(wanted)))
            }
            AuthorisationFact::OrderTaken { bank_payment_id, status, refund_account, grant } => {
                let taken = Taken { bank_payment_id, status, refund_account, grant };
                moved(self.order_taken_at_approval(attempt, &taken, now))
            }
            AuthorisationFact::Declined { text } => {
                payment.reason = text.as_deref().map(reason);
                moved(payment.ended(End::Declined, now))
            }
            AuthorisationFact::Expired => moved(self.approval_never_came(now)),
            AuthorisationFact::AnswerLost { text } => self.approval_answer_lost(text, now),
            AuthorisationFact::Unreadable { what } => Outcome::Unexpected(Case {
                kind: "bank_answer_malformed".to_owned(),
                text: format!("the bank's answer about the approval says nothing: {what}"),
            }),
            AuthorisationFact::Invalid { .. }
            | AuthorisationFact::Refused(_)
            | AuthorisationFact::GivenUp { .. }
                if self.state.may_execute_unseen() && !self.state.is_answering() =>
            {
                self.approval_unproven(what, now)
            }
            AuthorisationFact::Invalid { .. }
            | AuthorisationFact::Refused(_)
            | AuthorisationFact::GivenUp { .. }
            | AuthorisationFact::FundsUnavailable => moved(self.authorisation_lost(what, now)),
        }
    }

    /// The bank may have got what we sent.
    fn approval_answer_lost(&self, text: &str, now: Timestamp) -> PaymentOutcome {
        match &self.state {
            State::VerifyingCredentials { authorisation, challenge, credentials: Some(_) } => {
                let state = State::VerifyingCredentials {
                    authorisation: authorisation.clone(),
                    challenge: challenge.clone(),
                    credentials: None,
                };
                moved(self.credentials_lost(state, text, now))
            }
            State::Opening { .. } => moved(self.clone().given_up(text, now)),
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

    /// A return that proves nothing does not prove that nothing was approved: the bank, which may
    /// execute, is only asked from now on.
    fn approval_unproven(&self, what: &AuthorisationFact, now: Timestamp) -> PaymentOutcome {
        let case = Case {
            kind: "approval_unproven".to_owned(),
            text: format!("the payer's approval could not be verified: {what:?}"),
        };
        match self.still_waiting(now) {
            Outcome::Moved(mut step) => {
                step.cases.push(case);
                Outcome::Moved(step)
            }
            Already | Outcome::Unexpected(_) => Outcome::Unexpected(case),
        }
    }

    /// The payer has another step to take. The same wait told again changes nothing.
    fn continues(
        &self,
        authorisation: Authorisation,
        approach: &Approach,
        now: Timestamp,
    ) -> PaymentOutcome {
        let consent_id = authorisation.consent_id.clone();
        let asks = authorisation.may_execute();
        let state = match approach {
            Approach::Redirect { url } => {
                State::AwaitingRedirect { authorisation, redirect_url: url.clone() }
            }
            Approach::Embedded { challenge } => {
                let challenge = challenge.clone().bounded();
                State::AwaitingCredentials { authorisation, challenge }
            }
            Approach::Decoupled { message } => {
                State::AwaitingDecoupled { authorisation, message: message.clone() }
            }
        };
        if state.is_same_step(&self.state) {
            return self.still_waiting(now);
        }
        let mut payment = self.clone();
        payment.bank.consent_id = consent_id;
        payment.reason = None;
        payment.state = state;
        payment.updated_at = now.max(payment.updated_at);
        let question = (JobKind::AskApproval, payment.next_approval_question(now));
        let wanted = match approach {
            Approach::Redirect { .. } => asks.then_some(question),
            Approach::Embedded { .. } => None,
            Approach::Decoupled { .. } => Some(question),
        };
        let state = payment.state.clone();
        moved(payment.with_deadline(state, now, approval_jobs(wanted)))
    }

    /// The bank has no word yet. Once the payer's time is over, that is a word too.
    fn still_waiting(&self, now: Timestamp) -> PaymentOutcome {
        if self.approval_is_late(now) {
            return moved(self.approval_never_came(now));
        }
        match &self.state {
            State::VerifyingReturn { authorisation, returned: Some(_) } => {
                let state =
                    State::VerifyingReturn { authorisation: authorisation.clone(), returned: None };
                let question = (JobKind::AskApproval, self.next_approval_question(now));
                moved(self.clone().with_deadline(state, now, approval_jobs(Some(question))))
            }
            State::AwaitingBankChoice
            | State::Opening { .. }
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

    fn credentials_lost(&self, state: State, text: &str, now: Timestamp) -> PaymentStep {
        let mut payment = self.clone();
        payment.reason = Some(CREDENTIALS_LOST.to_owned());
        let may_execute = state.may_execute_unseen();
        let question = (JobKind::AskApproval, payment.next_approval_question(now));
        let mut step = payment.with_deadline(state, now, approval_jobs(Some(question)));
        if may_execute {
            step.cases.push(Case {
                kind: "approval_answer_lost".to_owned(),
                text: format!("no readable answer to the payer's approval: {text}"),
            });
        }
        step
    }

    pub(super) fn psu_came_back(
        &self,
        authorisation: &Authorisation,
        what: &PsuFact,
        now: Timestamp,
    ) -> PaymentStep {
        let verifying = |returned: &Sealed| {
            let state = State::VerifyingReturn {
                authorisation: authorisation.clone(),
                returned: Some(returned.clone()),
            };
            let jobs = approval_jobs(Some((JobKind::CompleteAuthorisation, now)));
            self.clone().with_deadline(state, now, jobs)
        };
        match what {
            PsuFact::Returned { returned } => verifying(returned),
            PsuFact::Denied { returned, .. } if authorisation.may_execute() => verifying(returned),
            PsuFact::Denied { error, description, .. } => {
                let mut payment = self.clone();
                payment.reason = Some(reason(description.as_deref().unwrap_or(error)));
                let end = if error == "access_denied" { End::Declined } else { End::Failed };
                payment.ended(end, now)
            }
        }
    }

    /// No order was sent, and none will be.
    pub(super) fn authorisation_lost(
        &self,
        what: &AuthorisationFact,
        now: Timestamp,
    ) -> PaymentStep {
        let mut payment = self.clone();
        let case = |kind: &str, text: String| Case { kind: kind.to_owned(), text };
        match what {
            AuthorisationFact::Invalid { text } => {
                let mut step = payment.failed(502, text, true, now);
                let text = format!("the bank's authorisation response was refused: {text}");
                step.cases.push(case("authorisation_invalid", text));
                step
            }
            AuthorisationFact::Refused(refusal) => payment.refused(refusal, now),
            AuthorisationFact::GivenUp { text, malformed } => {
                let mut step = payment.given_up(text, now);
                if *malformed {
                    step.cases.push(case("bank_answer_malformed", text.clone()));
                }
                step
            }
            AuthorisationFact::FundsUnavailable => {
                payment.reason = Some("Insufficient funds".to_owned());
                payment.ended(End::RejectedInsufficientFunds, now)
            }
            AuthorisationFact::Continues { .. }
            | AuthorisationFact::Waiting
            | AuthorisationFact::Granted { .. }
            | AuthorisationFact::OrderTaken { .. }
            | AuthorisationFact::Declined { .. }
            | AuthorisationFact::Expired
            | AuthorisationFact::Unreadable { .. }
            | AuthorisationFact::AnswerLost { .. } => {
                payment.failed(500, "the approval was got and lost at once", false, now)
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

/// Of the jobs before an order, `wanted` alone goes on.
fn approval_jobs(wanted: Option<(JobKind, Timestamp)>) -> Vec<JobChange> {
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
