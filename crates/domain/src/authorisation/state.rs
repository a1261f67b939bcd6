//! The states of an authorisation, with their data.

use serde::{Deserialize, Serialize};

use super::{AppStart, Approach, Attempt, Challenge, RepeatedCreation};
use crate::sealed::Sealed;
use crate::step::AuthorisationJob;

/// The opened authorisation at the bank: it waits for, or has, the payer's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The attempt that made it.
    pub attempt: Attempt,
    /// The bank's id of the consent, or of the payment where the bank executes at the approval.
    /// Unknown where the bank wants to know the payer first.
    pub consent_id: Option<String>,
    /// Data that the bank's standard must remember between two steps; only the standard can read it.
    #[serde(default)]
    pub context: Option<Sealed>,
}

impl Opened {
    /// Whether the bank holds something that it executes at the approval.
    #[must_use]
    pub fn may_execute(&self) -> bool {
        self.attempt.executes_at_approval && self.consent_id.is_some()
    }

    /// Whether it is yet to be created at a bank that may execute a creation whose answer is lost.
    pub(super) fn is_being_created(&self) -> bool {
        self.consent_id.is_none() && self.attempt.lost_creation_may_execute()
    }
}

/// The state of an authorisation. Each variant carries its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Authorisation {
    /// It is being created at the bank.
    Opening {
        /// The keys of this attempt.
        attempt: Attempt,
        /// The member's answers to the bank's first questions (API `initialEmbeddedAuth`).
        #[serde(default)]
        credentials: Option<Sealed>,
        /// Whether the creation may have left. Recorded before it leaves, where it cannot be
        /// repeated with the same keys.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sent: bool,
    },
    /// The creation left and its answer was lost: the bank may hold, and execute, something whose
    /// id nobody knows.
    OpeningUncertain {
        /// The keys of this attempt.
        attempt: Attempt,
        /// As in [`Authorisation::Opening`], for a creation that is repeated with the same keys.
        #[serde(default)]
        credentials: Option<Sealed>,
    },
    /// The payer has to approve at the bank.
    AwaitingRedirect {
        /// The authorisation that waits for approval.
        #[serde(rename = "authorisation")]
        opened: Opened,
        /// The bank's address. Empty in bodies of the first release: such an approval must start again.
        #[serde(default)]
        redirect_url: String,
    },
    /// The payer has to answer the bank's questions.
    AwaitingCredentials {
        /// The authorisation that waits for approval.
        #[serde(rename = "authorisation")]
        opened: Opened,
        /// The questions.
        challenge: Challenge,
    },
    /// The payer has to confirm on another device.
    AwaitingDecoupled {
        /// The authorisation that waits for approval.
        #[serde(rename = "authorisation")]
        opened: Opened,
        /// The bank's message to the payer.
        message: Option<String>,
        /// How the payer opens the app.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_start: Option<AppStart>,
    },
    /// The payer returned; the return is being verified.
    VerifyingReturn {
        /// The approved authorisation.
        #[serde(rename = "authorisation")]
        opened: Opened,
        /// The return's parameters; absent after they were used and the job only asks the bank.
        returned: Option<Sealed>,
        /// Whether the authorisation code may have left. Recorded before it leaves: a code works
        /// once.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sent: bool,
        /// The step that the payer was to take, to go back to where the return proves nothing.
        /// Absent in bodies of earlier releases.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Approach>,
    },
    /// The payer has answered; the bank verifies the answers.
    VerifyingCredentials {
        /// The authorisation that waits for approval.
        #[serde(rename = "authorisation")]
        opened: Opened,
        /// The questions that were answered.
        challenge: Challenge,
        /// The answers; absent once they may have left and the bank is only asked.
        credentials: Option<Sealed>,
    },
}

impl Authorisation {
    /// Where the payer's next step is this one.
    #[must_use]
    pub fn awaiting(opened: Opened, step: &Approach) -> Authorisation {
        match step {
            Approach::Redirect { url } => {
                Authorisation::AwaitingRedirect { opened, redirect_url: url.clone() }
            }
            Approach::Embedded { challenge } => {
                Authorisation::AwaitingCredentials { opened, challenge: challenge.clone() }
            }
            Approach::Decoupled { message, app_start } => Authorisation::AwaitingDecoupled {
                opened,
                message: message.clone(),
                app_start: app_start.clone(),
            },
        }
    }

    /// The keys of the opening.
    #[must_use]
    pub fn attempt(&self) -> &Attempt {
        match self {
            Authorisation::Opening { attempt, .. }
            | Authorisation::OpeningUncertain { attempt, .. } => attempt,
            Authorisation::AwaitingRedirect { opened, .. }
            | Authorisation::AwaitingCredentials { opened, .. }
            | Authorisation::AwaitingDecoupled { opened, .. }
            | Authorisation::VerifyingReturn { opened, .. }
            | Authorisation::VerifyingCredentials { opened, .. } => &opened.attempt,
        }
    }

    /// The opened authorisation that waits for approval or verification; `None` before the opening.
    #[must_use]
    pub fn opened(&self) -> Option<&Opened> {
        match self {
            Authorisation::Opening { .. } | Authorisation::OpeningUncertain { .. } => None,
            Authorisation::AwaitingRedirect { opened, .. }
            | Authorisation::AwaitingCredentials { opened, .. }
            | Authorisation::AwaitingDecoupled { opened, .. }
            | Authorisation::VerifyingReturn { opened, .. }
            | Authorisation::VerifyingCredentials { opened, .. } => Some(opened),
        }
    }

    /// Whether the payer has done something that the bank has still to judge.
    #[must_use]
    pub fn is_verifying(&self) -> bool {
        match self {
            Authorisation::VerifyingReturn { .. } | Authorisation::VerifyingCredentials { .. } => {
                true
            }
            Authorisation::Opening { .. }
            | Authorisation::OpeningUncertain { .. }
            | Authorisation::AwaitingRedirect { .. }
            | Authorisation::AwaitingCredentials { .. }
            | Authorisation::AwaitingDecoupled { .. } => false,
        }
    }

    /// Whether the bank may execute without a further word of ours, so that only its own word
    /// can end what is authorised.
    #[must_use]
    pub fn may_execute_unseen(&self) -> bool {
        match self {
            Authorisation::Opening { attempt, sent, .. } => {
                *sent && attempt.lost_creation_may_execute()
            }
            Authorisation::OpeningUncertain { .. } => true,
            Authorisation::AwaitingRedirect { opened, .. }
            | Authorisation::AwaitingDecoupled { opened, .. } => opened.may_execute(),
            Authorisation::VerifyingReturn { opened, sent, .. } => {
                opened.may_execute() || (*sent && opened.is_being_created())
            }
            // The answers may be what creates it.
            Authorisation::VerifyingCredentials { opened, .. } => {
                opened.may_execute() || opened.is_being_created()
            }
            Authorisation::AwaitingCredentials { .. } => false,
        }
    }

    /// Whether nothing exists at the bank that could be executed: the creation has not left.
    #[must_use]
    pub fn nothing_is_created(&self) -> bool {
        let Authorisation::Opening { attempt, sent, .. } = self else { return false };
        match attempt.repeated_creation() {
            // It leaves without a mark.
            RepeatedCreation::SameKeys => !attempt.executes_at_approval,
            RepeatedCreation::NewKeys => true,
            RepeatedCreation::Never => !sent,
        }
    }

    /// The question that is asked once more when the time is over; `None` if the bank has no
    /// word on it, or cannot be asked.
    #[must_use]
    pub fn last_question(&self) -> Option<AuthorisationJob> {
        match self {
            Authorisation::Opening { .. } => None,
            Authorisation::OpeningUncertain { attempt, .. } => {
                let repeats = attempt.repeated_creation() == RepeatedCreation::SameKeys;
                repeats.then_some(AuthorisationJob::OpenAtBank)
            }
            Authorisation::AwaitingRedirect { opened, .. }
            | Authorisation::AwaitingCredentials { opened, .. }
            | Authorisation::AwaitingDecoupled { opened, .. }
            | Authorisation::VerifyingReturn { opened, .. }
            | Authorisation::VerifyingCredentials { opened, .. } => {
                opened.consent_id.is_some().then_some(AuthorisationJob::AskApproval)
            }
        }
    }

    /// Whether the payer's answers are on their way: the bank's "no" to them is a clear one.
    pub(super) fn is_answering(&self) -> bool {
        matches!(self, Authorisation::VerifyingCredentials { credentials: Some(_), .. })
    }

    /// How the payer opens the bank's app, if the payer is to confirm there.
    #[must_use]
    pub fn app_start(&self) -> Option<&AppStart> {
        match self {
            Authorisation::AwaitingDecoupled { app_start, .. } => app_start.as_ref(),
            Authorisation::Opening { .. }
            | Authorisation::OpeningUncertain { .. }
            | Authorisation::AwaitingRedirect { .. }
            | Authorisation::AwaitingCredentials { .. }
            | Authorisation::VerifyingReturn { .. }
            | Authorisation::VerifyingCredentials { .. } => None,
        }
    }

    /// Whether both wait for the same step of the payer. Another way to open the same app is the same
    /// step.
    pub(super) fn is_same_step(&self, other: &Authorisation) -> bool {
        use Authorisation as A;
        match (self, other) {
            (
                A::AwaitingRedirect { redirect_url: one, .. },
                A::AwaitingRedirect { redirect_url: two, .. },
            ) => one == two,
            (
                A::AwaitingDecoupled { message: one, .. },
                A::AwaitingDecoupled { message: two, .. },
            ) => one == two,
            (
                A::AwaitingCredentials { challenge: one, .. },
                A::AwaitingCredentials { challenge: two, .. },
            ) => one == two,
            _ => false,
        }
    }

    /// The same, with what cannot be repeated recorded as sent: the creation, or the authorisation
    /// code. `None` if nothing of the kind is to be sent, or it has left before.
    #[must_use]
    pub fn recorded_as_sent(&self) -> Option<Authorisation> {
        self.with_sent(true)
    }

    /// The same, with what was recorded as sent and never left. `None` if nothing was.
    pub(super) fn recorded_as_not_sent(&self) -> Option<Authorisation> {
        self.with_sent(false)
    }

    fn with_sent(&self, leaves: bool) -> Option<Authorisation> {
        let mut changed = self.clone();
        match &mut changed {
            // Only a return is sent; without it the job only asks the bank.
            Authorisation::VerifyingReturn { returned: None, .. } if leaves => None,
            Authorisation::Opening { sent, .. } | Authorisation::VerifyingReturn { sent, .. }
                if *sent != leaves =>
            {
                *sent = leaves;
                Some(changed)
            }
            Authorisation::Opening { .. }
            | Authorisation::OpeningUncertain { .. }
            | Authorisation::AwaitingRedirect { .. }
            | Authorisation::AwaitingCredentials { .. }
            | Authorisation::AwaitingDecoupled { .. }
            | Authorisation::VerifyingReturn { .. }
            | Authorisation::VerifyingCredentials { .. } => None,
        }
    }

    /// The payer answers the bank's questions. `None` unless the bank waits for answers.
    #[must_use]
    pub fn answered(&self, credentials: Sealed) -> Option<Authorisation> {
        let Authorisation::AwaitingCredentials { opened, challenge } = self else { return None };
        Some(Authorisation::VerifyingCredentials {
            opened: opened.clone(),
            challenge: challenge.clone(),
            credentials: Some(credentials),
        })
    }
}
