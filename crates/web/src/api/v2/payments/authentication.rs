//! The object `authentication` on the wire: the payer's next step (reference, section 3.6).

use domain::authorisation::{Authorisation, Challenge, ChallengeField, FieldKind};
use domain::initiation::Flow;
use domain::payment::{Payment, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::language::Language;
use crate::pages::session_url;

/// The kind of value of a field.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RequiredFieldType {
    /// Text.
    Field,
    /// Text that must not be seen while it is typed.
    Password,
    /// One of the options.
    ChoiceField,
}

/// A value that the bank wants.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequiredField {
    /// The kind of value.
    #[serde(rename = "type")]
    kind: RequiredFieldType,
    /// The key under which the value comes back.
    id: String,
    /// The label that the payer reads.
    display_name: String,
    /// A further explanation.
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_information: Option<String>,
    /// The options; the answer is one of these texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
}

/// The payer's next step.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Authentication {
    /// Go somewhere.
    #[serde(rename_all = "camelCase")]
    Redirect {
        /// Where the payer's browser must go.
        redirect_url: String,
    },
    /// Answer the bank's questions.
    #[serde(rename_all = "camelCase")]
    Embedded {
        /// The questions.
        fields: Vec<RequiredField>,
        /// The bank's message to the payer.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// A picture, base64.
        #[serde(skip_serializing_if = "Option::is_none")]
        image: Option<String>,
        /// Data for a flickering picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        flicker_code: Option<String>,
        /// Whether the last answers were wrong.
        is_retry: bool,
    },
}

impl Authentication {
    /// The payer's next step now; `None` if nothing can be done through the API.
    pub(super) fn of(payment: &Payment, public_url: &str) -> Option<Authentication> {
        let redirect = |redirect_url| Some(Authentication::Redirect { redirect_url });
        if payment.state == State::AwaitingBankChoice {
            return redirect(session_url(public_url, payment));
        }
        match payment.authorisation()? {
            Authorisation::AwaitingRedirect { redirect_url, .. } => redirect(redirect_url.clone()),
            Authorisation::AwaitingCredentials { challenge, .. } => {
                match payment.initiation.visit.flow {
                    Flow::EmbeddedHostedPages => redirect(session_url(public_url, payment)),
                    Flow::ApiOnly | Flow::FullHostedPages | Flow::PayByLinkHostedPages => {
                        Some(of_challenge(challenge))
                    }
                }
            }
            Authorisation::Opening { .. }
            | Authorisation::OpeningUncertain { .. }
            | Authorisation::AwaitingDecoupled { .. }
            | Authorisation::VerifyingReturn { .. }
            | Authorisation::VerifyingCredentials { .. } => None,
        }
    }
}

fn of_challenge(challenge: &Challenge) -> Authentication {
    Authentication::Embedded {
        fields: challenge.fields.iter().map(RequiredField::of).collect(),
        description: challenge.description.clone(),
        image: challenge.image_base64.clone(),
        flicker_code: challenge.flicker_code.clone(),
        is_retry: challenge.is_retry,
    }
}

impl RequiredField {
    fn of(field: &ChallengeField) -> RequiredField {
        let language = Language::english();
        RequiredField {
            kind: match field.kind {
                FieldKind::Text => RequiredFieldType::Field,
                FieldKind::Password => RequiredFieldType::Password,
                FieldKind::Choice => RequiredFieldType::ChoiceField,
            },
            id: field.id.clone(),
            display_name: language.question(&field.label),
            additional_information: field.hint.as_ref().map(|hint| language.hint(hint)),
            options: field.options.clone(),
        }
    }
}
