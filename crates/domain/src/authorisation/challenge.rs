//! The payer's steps to approve a payment (strong customer authentication), in any standard: go to the
//! bank, answer the bank's questions, or confirm in the bank's app.
//!
//! Sources: PSD2 RTS on SCA; public API, object `authentication` (reference, section 3.6).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most fields of one challenge; the gateway does not believe a bank that asks for more.
pub const FIELDS_MAX: usize = 16;
/// The options that one field may offer.
pub const OPTIONS_MAX: usize = 32;
/// The longest image, in characters of base64.
pub const IMAGE_LENGTH_MAX: usize = 256 * 1024;
/// The longest text of a QR code, in characters.
pub const QR_LENGTH_MAX: usize = 1024;
/// The longest flicker code and the longest text, in characters.
pub const TEXT_LENGTH_MAX: usize = 2048;

/// The next step of the payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "approach")]
pub enum Approach {
    /// The browser goes to the bank and returns.
    Redirect {
        /// Where it goes. It may hold what lets its reader act as the payer: never log it.
        url: String,
    },
    /// The payer answers the bank's questions on our pages, or on the member's.
    Embedded {
        /// The questions.
        challenge: Challenge,
    },
    /// The payer confirms on another device; we ask the bank until it knows.
    Decoupled {
        /// The bank's message to the payer.
        message: Option<String>,
        /// How the payer opens the app, where the bank says that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_start: Option<AppStart>,
    },
}

impl Approach {
    /// A confirmation in the bank's app, about which the bank says nothing.
    pub const IN_APP: Approach = Approach::Decoupled { message: None, app_start: None };
}

/// How the payer opens the app for one confirmation (BankID). Both ways work for seconds only, and who
/// has one can act as the payer's app: never log them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppStart {
    /// The address that opens the app on the device that shows the page; at most [`TEXT_LENGTH_MAX`].
    pub url: Option<String>,
    /// The text of a QR code that the app on another device scans; at most [`QR_LENGTH_MAX`].
    pub qr_code: Option<String>,
    /// From then on neither works.
    pub ends_at: Timestamp,
}

impl AppStart {
    /// The same within the stated bounds; `None` if nothing is left, or its time is over.
    #[must_use]
    pub fn usable(&self, now: Timestamp) -> Option<AppStart> {
        let url = self.url.clone().filter(|url| url.chars().count() <= TEXT_LENGTH_MAX);
        let qr_code = self.qr_code.clone().filter(|text| text.chars().count() <= QR_LENGTH_MAX);
        let something = url.is_some() || qr_code.is_some();
        (something && now < self.ends_at).then_some(AppStart {
            url,
            qr_code,
            ends_at: self.ends_at,
        })
    }
}

/// The kind of answer that a field accepts (public API, `type` of a required field).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Text that may be seen.
    Text,
    /// Text that must not be seen while it is typed.
    Password,
    /// One of the options.
    Choice,
}

/// The label of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum QuestionLabel {
    /// A text of the bank, or of its profile. Releases up to 0.4 stored every label as a text.
    Text(String),
    /// A question of the standard, for which the bank has no text: the payer reads it in the language
    /// of the page.
    Known {
        /// The question.
        known: KnownQuestion,
    },
}

/// The questions of standards that have no text of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownQuestion {
    /// The payer's user name at the bank.
    UserName,
    /// The payer's password or PIN.
    Password,
    /// How the payer wants to confirm.
    Method,
    /// A one-time password.
    OneTimePassword,
    /// The code that the bank's app shows.
    AppCode,
}

impl From<KnownQuestion> for QuestionLabel {
    fn from(known: KnownQuestion) -> QuestionLabel {
        QuestionLabel::Known { known }
    }
}

/// The explanation of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum QuestionHint {
    /// A text of the bank, or of its profile.
    Text(String),
    /// The form of a one-time password.
    OneTimePassword {
        /// The most characters.
        characters_max: Option<i64>,
        /// Whether it has digits only.
        digits_only: bool,
        /// Another form, as the bank spells it.
        format: Option<String>,
    },
}

/// One question of a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeField {
    /// The name under which the answer returns.
    pub id: String,
    /// The kind of answer that it accepts.
    pub kind: FieldKind,
    /// The label that the payer reads.
    #[serde(rename = "display_name")]
    pub label: QuestionLabel,
    /// A further explanation.
    #[serde(rename = "additional_information", skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<QuestionHint>,
    /// The options, for [`FieldKind::Choice`]; the answer is one of these texts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub options: Vec<String>,
}

/// Questions that a bank asks together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Challenge {
    /// The questions, at most [`FIELDS_MAX`].
    pub fields: Vec<ChallengeField>,
    /// The bank's message to the payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A picture to scan or to read, base64 (photoTAN).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_base64: Option<String>,
    /// Data for a flickering picture, hexadecimal (chipTAN).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flicker_code: Option<String>,
    /// Whether the last answers were wrong and the questions are asked again.
    pub is_retry: bool,
}

impl Challenge {
    /// The same challenge within the stated bounds: the rest is left out or cut.
    #[must_use]
    pub fn bounded(mut self) -> Challenge {
        let cut = |text: String| text.chars().take(TEXT_LENGTH_MAX).collect::<String>();
        self.fields.truncate(FIELDS_MAX);
        for field in &mut self.fields {
            field.options.truncate(OPTIONS_MAX);
        }
        self.description = self.description.map(cut);
        self.image_base64 = self.image_base64.filter(|image| image.len() <= IMAGE_LENGTH_MAX);
        self.flicker_code = self.flicker_code.map(cut);
        self
    }

    /// The first question that `answers` leaves open, or answers with something that is not
    /// offered. `None` if all is well.
    pub fn open_question<'a>(
        &'a self,
        answer: impl Fn(&str) -> Option<&'a str>,
    ) -> Option<&'a ChallengeField> {
        self.fields.iter().find(|field| match answer(&field.id) {
            None | Some("") => true,
            Some(text) => match field.kind {
                FieldKind::Text | FieldKind::Password => false,
                FieldKind::Choice => !field.options.iter().any(|option| option == text),
            },
        })
    }
}
