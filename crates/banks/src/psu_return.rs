//! The parameters of the payer's return from the bank.
//!
//! The parameters are in the query, in the fragment or in a posted form (OpenID Connect Core,
//! sections 3.3.2.5 and 3.3.2.6; JARM), or only our own `state` is in the URL that the
//! bank returns to (NextGenPSD2, STET). Nothing here is trusted: `Protocol::complete_authorisation` verifies it.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::cut;

/// The most parameters that are read.
pub const PARAMETERS_MAX: usize = 64;
/// The longest value that is read, in bytes; an `id_token` is the longest.
pub const VALUE_BYTES_MAX: usize = 16 * 1024;
/// The longest name of a parameter, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// The parameters of a return, to be verified by the bank's standard.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Returned {
    /// The state that we gave to the browser.
    pub state: String,
    /// Everything, by name; parameters that came twice with one value are one.
    pub parameters: BTreeMap<String, String>,
}

impl Returned {
    /// The value of a parameter, unless it is empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl Returned {
    /// Whether the browser says that the payer returned with an error. It is a hint for the
    /// browser's own way on: nothing about the payment follows from it.
    #[must_use]
    pub fn says_error(&self) -> bool {
        let wrapped = || self.get("response").and_then(claims_unverified);
        self.get("error").is_some() || wrapped().is_some_and(|claims| claims.contains_key("error"))
    }
}

/// Codes and tokens are secrets.
impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Returned").finish_non_exhaustive()
    }
}

/// Why the parameters are no return from a bank.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PsuReturnError {
    /// More than [`PARAMETERS_MAX`] parameters.
    #[error("there are more than {PARAMETERS_MAX} parameters")]
    TooMany,
    /// A value of more than [`VALUE_BYTES_MAX`] bytes.
    #[error("the parameter `{0}` is too long")]
    TooLong(String),
    /// Without it no payment can be found.
    #[error("the parameter `{0}` is missing")]
    Missing(&'static str),
    /// One parameter with two different values.
    #[error("the parameter `{0}` is there twice with different values")]
    Ambiguous(String),
}

/// The parameters of a return, decoded, from the query, the fragment or the whole address that the
/// browser had; one more than [`PARAMETERS_MAX`] where there are more.
///
/// Some banks append to the address that they were given what belongs there, whatever it ends with:
/// `…?state=1?code=2`, or `…/callback&code=2`. So `?`, `#` and `&` all separate parameters.
#[must_use]
pub fn parameters_of(text: &str) -> Vec<(String, String)> {
    // An address before the parameters: no name of a parameter has a slash or a colon.
    let begins_with_address = text
        .split(['?', '#', '&'])
        .next()
        .is_some_and(|first| first.split('=').next().unwrap_or(first).contains(['/', ':']));
    let text = match begins_with_address {
        true => text.split_once(['?', '#', '&']).map_or("", |(_, rest)| rest),
        false => text,
    };
    let separated = text.replace(['?', '#'], "&");
    url::form_urlencoded::parse(separated.as_bytes())
        .take(PARAMETERS_MAX + 1)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// Reads the parameters of a return. Where the bank wraps them in a signed `response` (JARM),
/// `state` is read from there, unverified: it only says which payment to look at.
///
/// # Errors
/// [`PsuReturnError`] names the parameter.
pub fn parse_return(parameters: &[(String, String)]) -> Result<Returned, PsuReturnError> {
    if parameters.len() > PARAMETERS_MAX {
        return Err(PsuReturnError::TooMany);
    }
    let mut all = BTreeMap::new();
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        if value.len() > VALUE_BYTES_MAX || name.len() > NAME_BYTES_MAX {
            return Err(PsuReturnError::TooLong(cut(name)));
        }
        match all.insert(name.clone(), value.clone()) {
            Some(earlier) if earlier != *value => {
                return Err(PsuReturnError::Ambiguous(cut(name)));
            }
            Some(_) | None => {}
        }
    }
    let wrapped: BTreeMap<String, serde_json::Value> =
        all.get("response").and_then(|token| claims_unverified(token)).unwrap_or_default();
    let inside = || wrapped.get("state").and_then(|value| value.as_str()).map(str::to_owned);
    let state = all.get("state").cloned().or_else(inside);
    let state = state.ok_or(PsuReturnError::Missing("state"))?;
    Ok(Returned { state, parameters: all })
}

/// The claims of a signed token, not verified.
fn claims_unverified(token: &str) -> Option<BTreeMap<String, serde_json::Value>> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&crate::jose::decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_in_every_form_of_a_return() {
        let pairs: Vec<(String, String)> =
            [("code", "2 3"), ("state", "1")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        for text in [
            "code=2%203&state=1",
            "?code=2+3&state=1",
            "#code=2+3&state=1",
            "?code=2+3?state=1",
            "https://shop.example/return?code=2+3&state=1",
            "https://shop.example/return&code=2+3&state=1",
            "https://shop.example/return?code=2+3#state=1",
            "/from=the/bank?code=2+3&state=1",
            "shop-app:back?code=2+3&state=1",
        ] {
            assert_eq!(parameters_of(text), pairs, "{text}");
        }
        for text in ["", "?", "https://shop.example/", "https://shop.example/?"] {
            assert_eq!(parameters_of(text), [], "{text}");
        }
        // An encoded separator is part of its value.
        let encoded = vec![("code".to_owned(), "a?b#c&d".to_owned())];
        assert_eq!(parameters_of("?code=a%3Fb%23c%26d"), encoded);
        assert_eq!(parameters_of(&"a=1&".repeat(100_000)).len(), PARAMETERS_MAX + 1);
    }
}
