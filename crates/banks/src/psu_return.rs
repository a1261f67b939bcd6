//! What the payer's browser brings back from the bank.
//!
//! OpenID Connect Core, sections 3.3.2.5 and 3.3.2.6: the parameters come in the fragment or in a
//! posted form. Nothing here is trusted: `Protocol::complete_authorisation` verifies it.

use std::fmt;

use crate::error::cut;

/// The most parameters that are read.
pub const PARAMETERS_MAX: usize = 64;
/// The longest value that is read, in bytes; an `id_token` is the longest.
pub const VALUE_BYTES_MAX: usize = 16 * 1024;

/// The payer approved, says the browser.
#[derive(Clone, PartialEq, Eq)]
pub struct Returned {
    /// The authorisation code.
    pub code: String,
    /// The bank's signed statement about it.
    pub id_token: String,
    /// What we gave the browser along.
    pub state: String,
}

/// Codes and tokens are secrets.
impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Returned").finish_non_exhaustive()
    }
}

/// How the payer came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PsuReturn {
    /// With a code, still to be verified.
    Authorised(Returned),
    /// With an error (RFC 6749, section 4.1.2.1), e.g. `access_denied`.
    Denied {
        /// The error's code.
        error: String,
        /// The bank's words, at most 256 characters.
        description: Option<String>,
        /// What we gave the browser along, where it came back.
        state: Option<String>,
    },
}

/// Why the parameters are no return from a bank.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PsuReturnError {
    /// More than [`PARAMETERS_MAX`] parameters.
    #[error("there are more than {PARAMETERS_MAX} parameters")]
    TooMany,
    /// A value of more than [`VALUE_BYTES_MAX`] bytes.
    #[error("the parameter `{0}` is too long")]
    TooLong(&'static str),
    /// Neither an error nor all of `code`, `id_token` and `state`.
    #[error("the parameter `{0}` is missing")]
    Missing(&'static str),
    /// One parameter with two different values.
    #[error("the parameter `{0}` is there twice with different values")]
    Ambiguous(&'static str),
}

/// Reads the parameters of a return. Unknown ones are ignored; a repeated one must repeat its
/// value.
///
/// # Errors
/// [`PsuReturnError`] names the parameter.
pub fn parse_return(parameters: &[(String, String)]) -> Result<PsuReturn, PsuReturnError> {
    if parameters.len() > PARAMETERS_MAX {
        return Err(PsuReturnError::TooMany);
    }
    let state = one(parameters, "state")?;
    if let Some(error) = one(parameters, "error")? {
        let description = one(parameters, "error_description")?.map(|text| cut(&text));
        return Ok(PsuReturn::Denied { error: cut(&error), description, state });
    }
    let required = |name| one(parameters, name)?.ok_or(PsuReturnError::Missing(name));
    Ok(PsuReturn::Authorised(Returned {
        code: required("code")?,
        id_token: required("id_token")?,
        state: state.ok_or(PsuReturnError::Missing("state"))?,
    }))
}

fn one(
    parameters: &[(String, String)],
    name: &'static str,
) -> Result<Option<String>, PsuReturnError> {
    let mut found: Option<&str> = None;
    for (_, value) in parameters.iter().filter(|(key, value)| key == name && !value.is_empty()) {
        if value.len() > VALUE_BYTES_MAX {
            return Err(PsuReturnError::TooLong(name));
        }
        if found.is_some_and(|earlier| earlier != value) {
            return Err(PsuReturnError::Ambiguous(name));
        }
        found = Some(value);
    }
    Ok(found.map(str::to_owned))
}
