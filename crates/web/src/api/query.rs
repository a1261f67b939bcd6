//! Reading query strings: parameters that are repeated, comma-separated or numbered in brackets,
//! with errors that name them.

use domain::text::unreadable_character;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{ApiError, FieldFault};
use super::parts::fault::no_unreadable;

/// Longest `externalPsuReference` and `onBehalfOfId`, in characters, as for payments.
pub(crate) const NAME_CHARACTERS_MAX: usize = 64;
/// Parameters that one query may have.
const PARAMETERS_MAX: usize = 2_000;

/// The decoded parameters of a query string, in order.
#[derive(Debug, Default)]
pub struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    /// Reads `?a=1&b=2` without its question mark.
    ///
    /// # Errors
    /// [`ApiError::Field`] beyond 2,000 parameters.
    pub fn read(raw: Option<&str>) -> Result<Query, ApiError> {
        let parameters: Vec<(String, String)> =
            url::form_urlencoded::parse(raw.unwrap_or("").as_bytes())
                .take(PARAMETERS_MAX + 1)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
        if parameters.len() > PARAMETERS_MAX {
            let message = format!("A query should not have more than {PARAMETERS_MAX} parameters.");
            return Err(ApiError::field(FieldFault::Invalid, "", message));
        }
        Ok(Query { parameters })
    }

    /// Names of parameters other than `name`.
    pub fn others<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.parameters.iter().map(|(other, _)| other.as_str()).filter(move |other| *other != name)
    }

    /// The last value of a parameter; an empty one counts as absent.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.written(name).filter(|value| !value.is_empty())
    }

    /// The last value of a parameter as it was written, an empty one with it.
    #[must_use]
    pub fn written(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().rev().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a parameter that may be repeated, or hold several separated by commas.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.parameters
            .iter()
            .filter(|(other, _)| without_brackets(other) == name)
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The values of a parameter that may be repeated, each as it is.
    #[must_use]
    pub fn whole_texts(&self, name: &str) -> Vec<String> {
        self.parameters
            .iter()
            .filter(|(other, value)| without_brackets(other) == name && !value.is_empty())
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`ApiError::Field`] for any other text.
    pub fn whole_number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.text(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    let message = format!("`{name}` should be a whole number.");
                    ApiError::field(FieldFault::InvalidFormat, name, message)
                })
            })
            .transpose()
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// [`ApiError::Field`] if it is neither, an empty one with it.
    pub fn truth(&self, name: &str) -> Result<Option<bool>, ApiError> {
        self.written(name)
            .map(|text| {
                truth_of(text).ok_or_else(|| {
                    let message = format!("`{name}` should be true or false.");
                    ApiError::field(FieldFault::InvalidFormat, name, message)
                })
            })
            .transpose()
    }

    /// A moment in ISO 8601 with an offset or `Z`.
    ///
    /// # Errors
    /// [`ApiError::Field`] for any other text.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        self.text(name)
            .map(|text| {
                // A `+` that was not percent-encoded arrives as a space.
                text.replace(' ', "+").parse().map_err(|_| {
                    let message = format!(
                        "`{name}` should be a moment in ISO 8601 such as 2026-04-05T17:02:11.954Z."
                    );
                    ApiError::field(FieldFault::InvalidFormat, name, message)
                })
            })
            .transpose()
    }
}

/// `true` or `false` in small or capital letters, as languages write them.
pub(super) fn truth_of(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") {
        Some(true)
    } else if is("false") {
        Some(false)
    } else {
        None
    }
}

/// `ids` of `ids[]` and `ids[3]`, as some clients name the elements of an array.
fn without_brackets(name: &str) -> &str {
    let inside = name.strip_suffix(']').and_then(|name| name.rsplit_once('['));
    match inside {
        Some((name, place)) if place.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    }
}

/// A text that payments have as it is.
pub(crate) fn name(query: &Query, parameter: &str) -> Result<Option<String>, ApiError> {
    let Some(text) = query.text(parameter) else { return Ok(None) };
    if text.chars().count() > NAME_CHARACTERS_MAX {
        let message =
            format!("`{parameter}` should not be longer than {NAME_CHARACTERS_MAX} characters.");
        return Err(ApiError::field(FieldFault::InvalidFormat, parameter, message));
    }
    if let Some(one) = unreadable_character(text) {
        let message = no_unreadable(parameter, one);
        return Err(ApiError::field(FieldFault::InvalidFormat, parameter, message));
    }
    Ok(Some(text.to_owned()))
}

/// A published word.
pub(crate) fn word<T: DeserializeOwned>(parameter: &str, name: &str) -> Result<T, ApiError> {
    serde_json::from_value(Value::String(name.to_owned())).map_err(|error| {
        let shown: String = name.chars().take(64).collect();
        // `unknown variant `X`, expected one of `A`, `B``: the message lists the accepted words.
        let text = error.to_string();
        let expected = text.split_once(", expected ").map_or("another one", |(_, words)| words);
        let message =
            format!("`{parameter}` has the unknown value `{shown}`, expected {expected}.");
        ApiError::field(FieldFault::Invalid, parameter, message)
    })
}
