//! The effects of a lost answer on an authorisation, after a request that could not be repeated:
//! the creation at the bank, the payer's answers, an authorisation code.

use jiff::Timestamp;

use super::{
    ANSWERS_NOT_RECEIVED, Approach, Attempt, Authorisation, Challenge, Continued, Notice,
    OPENINGS_MAX, Opened, RepeatedCreation, UnderWay, Verdict,
};
use crate::case::CaseKind;
use crate::sealed::Sealed;
use crate::step::Case;

impl UnderWay<'_> {
    /// The bank may have got what we sent.
    pub(super) fn answer_lost(&self, text: &str, renewed: &Attempt, now: Timestamp) -> Verdict {
        match self.authorisation {
            Authorisation::Opening { attempt, credentials, .. } => {
                match attempt.repeated_creation() {
                    RepeatedCreation::NewKeys => self.opened_again(attempt, renewed, text, now),
                    _ if attempt.lost_creation_may_execute() => {
                        self.opening_uncertain(attempt, credentials.clone(), text, now)
                    }
                    RepeatedCreation::SameKeys | RepeatedCreation::Never => given_up(text),
                }
            }
            Authorisation::VerifyingCredentials { opened, challenge, credentials: Some(_) } => {
                self.credentials_lost(opened, challenge, renewed, text, now)
            }
            Authorisation::VerifyingReturn { opened, sent: true, .. } => {
                if opened.is_being_created() {
                    return self.opening_uncertain(&opened.attempt, None, text, now);
                }
                self.grant_lost(text, renewed, now)
            }
            Authorisation::OpeningUncertain { .. } => Verdict::NoWord { case: None },
            Authorisation::AwaitingRedirect { .. }
            | Authorisation::AwaitingCredentials { .. }
            | Authorisation::AwaitingDecoupled { .. }
            | Authorisation::VerifyingReturn { .. }
            | Authorisation::VerifyingCredentials { .. } => Verdict::Already,
        }
    }

    /// The code is spent and the access token is lost. Where the bank executes at the approval, it
    /// is asked; elsewhere no order exists, and the payer may approve again.
    pub(super) fn grant_lost(&self, text: &str, renewed: &Attempt, now: Timestamp) -> Verdict {
        let Authorisation::VerifyingReturn { opened, returned: Some(_), .. } = self.authorisation
        else {
            return Verdict::Already;
        };
        if opened.may_execute() {
            return self.unproven_where_it_executes(text, now);
        }
        self.opened_again(&opened.attempt, renewed, text, now)
    }

    /// Opens the authorisation at its bank with new keys: the bank can never execute the old creation.
    fn opened_again(
        &self,
        lost: &Attempt,
        renewed: &Attempt,
        text: &str,
        now: Timestamp,
    ) -> Verdict {
        if lost.opening >= OPENINGS_MAX || self.patience.approval_is_late(now) {
            return given_up(text);
        }
        let attempt = Attempt { opening: lost.opening + 1, ..renewed.clone() };
        Verdict::Continues(Box::new(self.opening(attempt, now)))
    }

    /// The bank may hold something whose id nobody knows, and may execute it. Where the creation
    /// can be repeated with the same keys, that is the question; elsewhere nothing can be asked.
    fn opening_uncertain(
        &self,
        attempt: &Attempt,
        credentials: Option<Sealed>,
        text: &str,
        now: Timestamp,
    ) -> Verdict {
        let uncertain = Authorisation::OpeningUncertain { attempt: attempt.clone(), credentials };
        Verdict::Continues(Box::new(Continued {
            notice: Notice::OpeningLost,
            cases: vec![lost_case(text)],
            ..self.moved_to(uncertain, self.repetition(attempt, now))
        }))
    }

    /// The bank may have got the payer's answers. It is asked where it knows what was opened; where
    /// the answers were to create it, that decides.
    fn credentials_lost(
        &self,
        opened: &Opened,
        challenge: &Challenge,
        renewed: &Attempt,
        text: &str,
        now: Timestamp,
    ) -> Verdict {
        if opened.is_being_created() {
            return self.opening_uncertain(&opened.attempt, None, text, now);
        }
        if opened.consent_id.is_none() {
            return self.questions_again(opened, challenge, renewed, text, now);
        }
        let asked = Authorisation::VerifyingCredentials {
            opened: opened.clone(),
            challenge: challenge.clone(),
            credentials: None,
        };
        let cases = asked.may_execute_unseen().then(|| Case {
            kind: CaseKind::ApprovalAnswerLost,
            text: format!("no readable answer to the payer's approval: {text}"),
        });
        Verdict::Continues(Box::new(Continued {
            notice: Notice::AnswersLost,
            cases: cases.into_iter().collect(),
            ..self.moved_to(asked, Some(self.question(now)))
        }))
    }

    /// Nothing that exists at the bank can be executed: the payer is asked again.
    fn questions_again(
        &self,
        opened: &Opened,
        challenge: &Challenge,
        renewed: &Attempt,
        text: &str,
        now: Timestamp,
    ) -> Verdict {
        let attempt = match opened.attempt.repeated_creation() {
            RepeatedCreation::NewKeys => {
                Attempt { opening: opened.attempt.opening + 1, ..renewed.clone() }
            }
            RepeatedCreation::SameKeys | RepeatedCreation::Never => opened.attempt.clone(),
        };
        if attempt.opening > OPENINGS_MAX {
            return given_up(text);
        }
        if self.patience.is_over(now) {
            return Verdict::NoWord { case: None };
        }
        let opened = Opened { attempt, consent_id: None, context: opened.context.clone() };
        let description = Some(ANSWERS_NOT_RECEIVED.to_owned());
        let challenge = Challenge { is_retry: true, description, ..challenge.clone() };
        let step = Approach::Embedded { challenge };
        self.at_the_step(opened, &step, Notice::AnswersNotReceived, now)
    }
}

fn given_up(text: &str) -> Verdict {
    Verdict::GivenUp { text: text.to_owned(), malformed: false }
}

/// The case of something that a bank may hold without an id that we know.
pub(super) fn lost_case(text: &str) -> Case {
    Case {
        kind: CaseKind::OpeningAnswerLost,
        text: format!("the bank may hold a payment whose id is not known: {text}"),
    }
}
