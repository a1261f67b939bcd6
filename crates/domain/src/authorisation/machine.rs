//! Every transition of an authorisation: [`UnderWay::observe`] for facts from the bank,
//! [`UnderWay::returned`] for returns of a browser. The printed table of all pairs is the
//! snapshot of `authorisation_table` of
//! `tests/payment_table.rs`.

use jiff::Timestamp;

use super::{
    Approach, Attempt, Authorisation, AuthorisationFact, Continued, EARLY_RETURNS_MAX, Notice,
    Opened, Patience, RepeatedCreation, Verdict,
};
use crate::case::CaseKind;
use crate::sealed::Sealed;
use crate::step::{AuthorisationJob, Case};

use Verdict::Already;

/// An authorisation with what its owner knows beside it.
#[derive(Debug, Clone, Copy)]
pub struct UnderWay<'a> {
    /// The current state.
    pub authorisation: &'a Authorisation,
    /// The returns that arrived before they could be verified, oldest first.
    pub early_returns: &'a [Sealed],
    /// The times that rule it.
    pub patience: Patience,
}

impl UnderWay<'_> {
    /// The verdict on a fact about the attempt with that idempotency key. A fact about an
    /// abandoned attempt changes nothing.
    #[must_use]
    pub fn observe(
        &self,
        idempotency_key: &str,
        what: &AuthorisationFact,
        now: Timestamp,
    ) -> Verdict {
        let attempt = self.authorisation.attempt();
        if attempt.idempotency_key != *idempotency_key {
            return Already;
        }
        match what {
            AuthorisationFact::Continues { consent_id, context, approach } => {
                let known = self.authorisation.opened().and_then(|known| known.consent_id.clone());
                let opened = Opened {
                    attempt: attempt.clone(),
                    consent_id: consent_id.clone().or(known),
                    context: context.clone(),
                };
                self.continues(opened, approach, now)
            }
            AuthorisationFact::Waiting | AuthorisationFact::NoWord => {
                Verdict::NoWord { case: None }
            }
            AuthorisationFact::StillOpen => self.back_to_the_step(now, true, None),
            AuthorisationFact::Unproven { text } => {
                let text = format!("a browser came back with what proves nothing: {text}");
                let case = Case { kind: CaseKind::AuthorisationUnproven, text };
                self.back_to_the_step(now, false, Some(case))
            }
            AuthorisationFact::Granted { consent_id, grant, usable_until } => Verdict::Granted {
                consent_id: consent_id.clone(),
                grant: grant.clone(),
                usable_until: *usable_until,
            },
            AuthorisationFact::OrderTaken(taken) => Verdict::OrderTaken((**taken).clone()),
            AuthorisationFact::Cancelled => Verdict::Cancelled,
            AuthorisationFact::Declined { text, decline } => Verdict::Declined {
                text: text.clone(),
                decline: *decline,
                answers_were_wrong: self.authorisation.is_answering(),
            },
            AuthorisationFact::Expired => Verdict::Expired,
            AuthorisationFact::NotSent => match self.authorisation.recorded_as_not_sent() {
                Some(authorisation) => self.silently(authorisation, self.early_returns.to_vec()),
                None => Already,
            },
            AuthorisationFact::AnswerLost { text, renewed } => self.answer_lost(text, renewed, now),
            AuthorisationFact::GrantLost { text, renewed } => self.grant_lost(text, renewed, now),
            AuthorisationFact::Unreadable { what } => {
                let text = format!("the bank's answer about the approval says nothing: {what}");
                let case = Case { kind: CaseKind::BankAnswerMalformed, text };
                Verdict::NoWord { case: Some(case) }
            }
            AuthorisationFact::Refused(_) | AuthorisationFact::GivenUp { .. }
                if self.authorisation.opened().is_some_and(Opened::may_execute)
                    && !self.authorisation.is_answering() =>
            {
                self.unproven_where_it_executes(&format!("{what:?}"), now)
            }
            AuthorisationFact::GivenUp { text, .. } if self.authorisation.may_execute_unseen() => {
                Verdict::NoWord { case: Some(super::lost::lost_case(text)) }
            }
            AuthorisationFact::Refused(refusal) => Verdict::Refused(refusal.clone()),
            AuthorisationFact::GivenUp { text, malformed } => {
                Verdict::GivenUp { text: text.clone(), malformed: *malformed }
            }
            AuthorisationFact::FundsUnavailable => Verdict::FundsUnavailable,
        }
    }

    /// A browser returned with that OAuth `state`, or the bank's callback arrived instead. A return
    /// that arrives before it can be verified is kept: the answer to the creation may be slower than the
    /// payer. A return of an abandoned attempt changes nothing.
    #[must_use]
    pub fn returned(&self, oauth_state: &str, returned: &Sealed, now: Timestamp) -> Verdict {
        if self.authorisation.attempt().oauth_state != *oauth_state {
            return Already;
        }
        match self.authorisation {
            Authorisation::AwaitingRedirect { opened, redirect_url } => {
                let step = Approach::Redirect { url: redirect_url.clone() };
                self.verifying(opened, returned, Some(step), now)
            }
            Authorisation::AwaitingCredentials { opened, challenge } => {
                let step = Approach::Embedded { challenge: challenge.clone() };
                self.verifying(opened, returned, Some(step), now)
            }
            // The callback of a decoupled approval that was begun by an answer whose fate is open.
            Authorisation::VerifyingCredentials { opened, challenge, credentials: None }
                if !self.authorisation.may_execute_unseen() =>
            {
                let step = Approach::Embedded { challenge: challenge.clone() };
                self.verifying(opened, returned, Some(step), now)
            }
            Authorisation::AwaitingDecoupled { opened, message, app_start } => {
                let (message, app_start) = (message.clone(), app_start.clone());
                let step = Approach::Decoupled { message, app_start };
                self.verifying(opened, returned, Some(step), now)
            }
            Authorisation::VerifyingReturn { opened, returned: None, step, .. } => {
                self.verifying(opened, returned, step.clone(), now)
            }
            Authorisation::Opening { .. }
            | Authorisation::OpeningUncertain { .. }
            | Authorisation::VerifyingReturn { .. }
            | Authorisation::VerifyingCredentials { .. } => {
                if self.early_returns.len() >= EARLY_RETURNS_MAX {
                    return Verdict::Unexpected(CaseKind::TooManyReturns);
                }
                let mut kept = self.early_returns.to_vec();
                kept.push(returned.clone());
                self.silently(self.authorisation.clone(), kept)
            }
        }
    }

    /// The payer has another step to take. The same step again changes nothing. A return that
    /// arrived before the answer is verified at once.
    fn continues(&self, opened: Opened, approach: &Approach, now: Timestamp) -> Verdict {
        let step = match approach {
            Approach::Embedded { challenge } => {
                Approach::Embedded { challenge: challenge.clone().bounded() }
            }
            Approach::Redirect { .. } | Approach::Decoupled { .. } => approach.clone(),
        };
        let next = Authorisation::awaiting(opened.clone(), &step);
        if next.is_same_step(self.authorisation) {
            if next.app_start() == self.authorisation.app_start() {
                return Verdict::NoWord { case: None };
            }
            // The payer's page shows the new way into the app; nobody else has to know of it.
            let question = self.patience.next_question(&next, now);
            let job = Some((AuthorisationJob::AskApproval, question));
            let moved = self.moved_to(next, job);
            let early_returns = self.early_returns.to_vec();
            return Verdict::Continues(Box::new(Continued {
                early_returns,
                silent: true,
                ..moved
            }));
        }
        self.at_the_step(opened, &step, Notice::Nothing, now)
    }

    /// At the payer's step, or at the return that came early.
    pub(super) fn at_the_step(
        &self,
        opened: Opened,
        step: &Approach,
        notice: Notice,
        now: Timestamp,
    ) -> Verdict {
        if let Some((returned, kept)) = self.early_returns.split_first() {
            let mut verifying = self.verifying_with(&opened, returned, Some(step.clone()), now);
            verifying.early_returns = kept.to_vec();
            verifying.notice = notice;
            return Verdict::Continues(Box::new(verifying));
        }
        let asks = match step {
            Approach::Redirect { .. } => opened.may_execute(),
            Approach::Embedded { .. } => false,
            Approach::Decoupled { .. } => true,
        };
        let authorisation = Authorisation::awaiting(opened, step);
        let question = self.patience.first_question(&authorisation, now);
        let job = asks.then_some((AuthorisationJob::AskApproval, question));
        Verdict::Continues(Box::new(Continued { notice, ..self.moved_to(authorisation, job) }))
    }

    /// A return that led to nothing: the payer's step is open again. A return that came meanwhile
    /// is verified first. `asked`: the bank has just said that it still waits; else it is asked.
    pub(super) fn back_to_the_step(
        &self,
        now: Timestamp,
        asked: bool,
        case: Option<Case>,
    ) -> Verdict {
        let Authorisation::VerifyingReturn { opened, returned: Some(_), step, .. } =
            self.authorisation
        else {
            return Verdict::NoWord { case };
        };
        if let Some((returned, kept)) = self.early_returns.split_first() {
            let mut verifying = self.verifying_with(opened, returned, step.clone(), now);
            verifying.early_returns = kept.to_vec();
            verifying.cases.extend(case);
            return Verdict::Continues(Box::new(verifying));
        }
        let opened = opened.clone();
        let authorisation = match step {
            Some(step) => Authorisation::awaiting(opened, step),
            None => {
                Authorisation::VerifyingReturn { opened, returned: None, sent: false, step: None }
            }
        };
        let ask_at = if asked { self.patience.first_question(&authorisation, now) } else { now };
        let mut back = self.moved_to(authorisation, Some((AuthorisationJob::AskApproval, ask_at)));
        back.cases.extend(case);
        back.bank_still_waits = asked;
        Verdict::Continues(Box::new(back))
    }

    /// The payer's approval could not be verified at a bank that may have executed it: the bank is
    /// asked.
    pub(super) fn unproven_where_it_executes(&self, why: &str, now: Timestamp) -> Verdict {
        let text = format!("the payer's approval could not be verified: {why}");
        let case = Case { kind: CaseKind::ApprovalUnproven, text };
        self.back_to_the_step(now, false, Some(case))
    }

    /// A browser's return waits for verification; `step` is the payer's step before it.
    fn verifying(
        &self,
        opened: &Opened,
        returned: &Sealed,
        step: Option<Approach>,
        now: Timestamp,
    ) -> Verdict {
        Verdict::Continues(Box::new(self.verifying_with(opened, returned, step, now)))
    }

    fn verifying_with(
        &self,
        opened: &Opened,
        returned: &Sealed,
        step: Option<Approach>,
        now: Timestamp,
    ) -> Continued {
        let authorisation = Authorisation::VerifyingReturn {
            opened: opened.clone(),
            returned: Some(returned.clone()),
            sent: false,
            step,
        };
        self.moved_to(authorisation, Some((AuthorisationJob::CompleteAuthorisation, now)))
    }

    /// A new opening with the keys of `attempt`.
    pub(super) fn opening(&self, attempt: Attempt, now: Timestamp) -> Continued {
        let credentials = match self.authorisation {
            Authorisation::Opening { credentials, .. } => credentials.clone(),
            Authorisation::OpeningUncertain { .. }
            | Authorisation::AwaitingRedirect { .. }
            | Authorisation::AwaitingCredentials { .. }
            | Authorisation::AwaitingDecoupled { .. }
            | Authorisation::VerifyingReturn { .. }
            | Authorisation::VerifyingCredentials { .. } => None,
        };
        let opening = Authorisation::Opening { attempt, credentials, sent: false };
        Continued {
            early_returns: vec![],
            notice: Notice::ApproveAgain,
            ..self.moved_to(opening, Some((AuthorisationJob::OpenAtBank, now)))
        }
    }

    /// A question that is asked while the answer to something is open.
    pub(super) fn question(&self, now: Timestamp) -> (AuthorisationJob, Timestamp) {
        (AuthorisationJob::AskApproval, self.patience.next_question(self.authorisation, now))
    }

    /// The repetition of a creation is the question about it; nothing else can be asked.
    pub(super) fn repetition(
        &self,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Option<(AuthorisationJob, Timestamp)> {
        let repeats = attempt.repeated_creation() == RepeatedCreation::SameKeys;
        let due = self.patience.next_question(self.authorisation, now);
        repeats.then_some((AuthorisationJob::OpenAtBank, due))
    }

    pub(super) fn moved_to(
        &self,
        authorisation: Authorisation,
        job: Option<(AuthorisationJob, Timestamp)>,
    ) -> Continued {
        Continued {
            authorisation,
            early_returns: self.early_returns.to_vec(),
            job,
            notice: Notice::Unchanged,
            cases: vec![],
            silent: false,
            bank_still_waits: false,
        }
    }

    fn silently(&self, authorisation: Authorisation, early_returns: Vec<Sealed>) -> Verdict {
        let moved = self.moved_to(authorisation, None);
        Verdict::Continues(Box::new(Continued { early_returns, silent: true, ..moved }))
    }
}
