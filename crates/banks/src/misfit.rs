//! The parts of an order that a bank does not accept, found before anything is sent.
//!
//! The functions that build the standards' requests find them, so each limit is written
//! once, where the text is put into the request. Nothing is ever shortened to fit.

use domain::field::Field;

use crate::error::BankError;

/// How something does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MisfitKind {
    /// Longer than the bank takes.
    TooLong,
    /// The standard needs it.
    Missing,
    /// Not of the form or not one of the words that the bank takes.
    NotTaken,
    /// The standard or the bank does not have this.
    Unsupported,
}

impl MisfitKind {
    /// The code under which it is kept with a payment.
    fn code(self) -> &'static str {
        match self {
            MisfitKind::TooLong => "field-limit",
            MisfitKind::Missing => "field-missing",
            MisfitKind::NotTaken => "field-invalid",
            MisfitKind::Unsupported => "unsupported",
        }
    }
}

/// Why an order does not fit a bank.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Misfit {
    /// How.
    pub kind: MisfitKind,
    /// What; none where it is the order as a whole.
    pub field: Option<Field>,
    /// In words, without the text that does not fit.
    pub text: String,
}

impl From<Misfit> for BankError {
    fn from(misfit: Misfit) -> BankError {
        BankError::before_sending(misfit.kind.code(), misfit.text)
    }
}

/// The text itself, if it has 1 to `most` characters.
pub(crate) fn within(field: Field, text: &str, most: usize) -> Result<&str, Misfit> {
    let length = text.chars().count();
    if length == 0 {
        return Err(missing(field));
    }
    if length > most {
        let text = format!("the {field} has {length} characters; this bank takes at most {most}");
        return Err(Misfit { kind: MisfitKind::TooLong, field: Some(field), text });
    }
    Ok(text)
}

/// The order lacks something that the standard needs.
pub(crate) fn missing(field: Field) -> Misfit {
    let text = format!("the {field} is missing");
    Misfit { kind: MisfitKind::Missing, field: Some(field), text }
}

/// A second text at a bank that takes a reference alone: the text would be lost.
pub(crate) fn second_text() -> Misfit {
    let field = Field::SecondaryText;
    not_taken(field, format!("the {field} should be absent: this bank takes a reference alone"))
}

/// A part is not one that the bank takes.
pub(crate) fn not_taken(field: Field, what: impl Into<String>) -> Misfit {
    Misfit { kind: MisfitKind::NotTaken, field: Some(field), text: what.into() }
}

/// The order wants something that the standard or the bank does not have.
pub(crate) fn unsupported(text: impl Into<String>) -> Misfit {
    Misfit { kind: MisfitKind::Unsupported, field: None, text: text.into() }
}
