//! The data between two steps of an approval, and the questions that a bank asks.

use domain::authorisation::{
    Approach, Challenge, ChallengeField, FieldKind, KnownQuestion, QuestionHint, QuestionLabel,
};
use serde::{Deserialize, Serialize};

use super::wire::{Answer, Resource};
use crate::approvals::{Approval, Pending};
use crate::error::{BankError, words};
use crate::profile::{BankProfile, PsuIdRule};
use crate::token::AccessToken;

/// The field of the payer's password.
pub(super) const PASSWORD: &str = "password";
/// The field of the method that the payer chooses.
pub(super) const METHOD: &str = "authenticationMethodId";
/// The field of the one-time password.
pub(super) const OTP: &str = "scaAuthenticationData";
/// The field of the id of the payer's company, as profiles name it.
pub(super) const PSU_CORPORATE_ID: &str = "psuCorporateId";
/// The field of the payer's id, as profiles name it.
pub(super) const PSU_ID: &str = "psuId";

/// The payer's last step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum PayerStep {
    /// Answer what the bank asks first; nothing exists at the bank.
    #[default]
    Identify,
    /// Sign in at the bank, so that it gives a token for everything that follows.
    SignIn,
    /// Approve on the bank's pages.
    Redirect,
    /// Approve at the bank's authorisation server.
    OAuth {
        /// Where it describes itself, where the bank has said so.
        metadata_url: Option<String>,
    },
    /// Say who the payer is: an authorisation waits for that, or for that to be started.
    Identification,
    /// Type the password. Without an authorisation yet, it starts one.
    Password,
    /// Choose a method.
    Method,
    /// Type the one-time password.
    Otp,
    /// Confirm on another device.
    Decoupled,
    /// Nothing yet: the payment exists, and the answer that would have said what the payer does
    /// was lost.
    Start {
        /// Where the authorisation server describes itself, where the bank has said so.
        metadata_url: Option<String>,
    },
}

/// The data.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Context {
    pub(super) step: PayerStep,
    pub(super) resource: Option<Resource>,
    pub(super) authorisation_id: Option<String>,
    pub(super) psu_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) psu_corporate_id: Option<String>,
    pub(super) token: Option<AccessToken>,
    /// Ids and names of the methods that were offered.
    pub(super) methods: Vec<(String, String)>,
    /// Whether the password starts an authorisation, instead of updating one.
    #[serde(default)]
    pub(super) password_starts: bool,
    /// The questions as they were asked last, for a retry.
    pub(super) challenge: Option<Challenge>,
    /// The bank's message about the confirmation in its app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
}

impl Context {
    pub(super) fn read(pending: &Pending<'_>) -> Result<Context, BankError> {
        Context::of_text(pending.context)
    }

    /// The data in `text`; the default without a text.
    pub(super) fn of_text(text: Option<&str>) -> Result<Context, BankError> {
        serde_json::from_str(text.unwrap_or("{\"step\":\"Identify\",\"methods\":[]}"))
            .map_err(|_| BankError::malformed("our own context cannot be read", b""))
    }

    pub(super) fn bearer(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.access_token.as_str())
    }

    /// The payer's next step, with this remembered.
    pub(super) fn continues(
        mut self,
        consent_id: Option<&str>,
        step: PayerStep,
        approach: Approach,
    ) -> Result<Approval, BankError> {
        self.step = step;
        self.challenge = match &approach {
            Approach::Embedded { challenge } => Some(challenge.clone()),
            Approach::Redirect { .. } | Approach::Decoupled { .. } => None,
        };
        self.message = match &approach {
            Approach::Decoupled { message, .. } => message.clone(),
            Approach::Redirect { .. } | Approach::Embedded { .. } => None,
        };
        let context = serde_json::to_string(&self)
            .map_err(|error| BankError::Unavailable { text: format!("our context: {error}") })?;
        let consent_id = consent_id.map(str::to_owned);
        Ok(Approval::Continue { consent_id, context: Some(context), approach })
    }

    /// The same questions again: the answers were wrong.
    pub(super) fn asks_again(
        self,
        consent_id: Option<&str>,
        text: &str,
    ) -> Result<Approval, BankError> {
        let mut challenge = self.challenge.clone().unwrap_or_default();
        challenge.is_retry = true;
        challenge.description = Some(words(text)).filter(|text| !text.is_empty());
        if self.step == PayerStep::Password && challenge.fields.is_empty() {
            challenge.fields = password(&Answer::default()).fields;
        }
        let step = self.step.clone();
        self.continues(consent_id, step, Approach::Embedded { challenge })
    }
}

/// The question who the payer is, as the profile asks it if it does.
pub(super) fn who(bank: &BankProfile, message: Option<&str>) -> Challenge {
    let named = questions(bank).into_iter().find(|field| field.id == PSU_ID);
    let field =
        named.unwrap_or_else(|| one_field(PSU_ID, FieldKind::Text, KnownQuestion::UserName));
    let description = message.map(words);
    Challenge { fields: vec![field], description, ..Challenge::default() }
}

/// The bank's first questions, from its profile.
pub(super) fn identification(bank: &BankProfile, rule: PsuIdRule) -> Challenge {
    let mut fields = questions(bank);
    fields.retain(|field| field.id != PSU_ID || rule == PsuIdRule::Required);
    Challenge { fields, ..Challenge::default() }
}

fn questions(bank: &BankProfile) -> Vec<ChallengeField> {
    bank.credential_fields
        .iter()
        .map(|field| ChallengeField {
            id: field.id.clone(),
            kind: if field.secret { FieldKind::Password } else { FieldKind::Text },
            label: QuestionLabel::Text(field.display_name.clone()),
            hint: field.additional_information.clone().map(QuestionHint::Text),
            options: vec![],
        })
        .collect()
}

fn one_field(id: &str, kind: FieldKind, question: KnownQuestion) -> ChallengeField {
    ChallengeField { id: id.to_owned(), kind, label: question.into(), hint: None, options: vec![] }
}

/// The question for the password.
pub(super) fn password(answer: &Answer) -> Challenge {
    Challenge {
        fields: vec![one_field(PASSWORD, FieldKind::Password, KnownQuestion::Password)],
        description: answer.psu_message.as_deref().map(words),
        ..Challenge::default()
    }
}

/// The names of the methods are what the payer chooses from; each is made to differ.
pub(super) fn methods(answer: &Answer) -> Vec<(String, String)> {
    let mut named: Vec<(String, String)> = vec![];
    for method in answer.sca_methods.iter().take(domain::authorisation::OPTIONS_MAX) {
        let id = &method.authentication_method_id;
        let name = method.name.as_ref().or(method.authentication_type.as_ref()).unwrap_or(id);
        let name = words(name);
        let taken = named.iter().any(|(_, other)| *other == name);
        let name = if taken { format!("{name} ({})", words(id)) } else { name };
        named.push((id.clone(), name));
    }
    named
}

/// The question for the method.
pub(super) fn method(methods: &[(String, String)], answer: &Answer) -> Challenge {
    let mut field = one_field(METHOD, FieldKind::Choice, KnownQuestion::Method);
    field.options = methods.iter().map(|(_, name)| name.clone()).collect();
    Challenge {
        fields: vec![field],
        description: answer.psu_message.as_deref().map(words),
        ..Challenge::default()
    }
}

/// The question for the one-time password, with what the bank shows for it.
pub(super) fn otp(answer: &Answer) -> Challenge {
    let mut field = one_field(OTP, FieldKind::Text, KnownQuestion::OneTimePassword);
    let data = answer.challenge_data.as_ref();
    let characters_max = data.and_then(|data| data.otp_max_length);
    let format = data.and_then(|data| data.otp_format.as_deref());
    let hint = QuestionHint::OneTimePassword {
        characters_max,
        digits_only: format == Some("integer"),
        format: format.filter(|format| *format != "integer").map(words),
    };
    field.hint = Some(hint).filter(|_| characters_max.is_some() || format.is_some());
    let flicker = answer
        .chosen_sca_method
        .as_ref()
        .is_some_and(|method| method.authentication_type.as_deref() == Some("CHIP_OTP"));
    let told = data.and_then(|data| data.additional_information.as_deref()).map(words);
    let first = data.and_then(|data| data.data.first().cloned());
    Challenge {
        fields: vec![field],
        description: told.or_else(|| answer.psu_message.as_deref().map(words)),
        image_base64: data.and_then(|data| data.image.clone()),
        flicker_code: first.filter(|_| flicker),
        is_retry: false,
    }
}
