//! What every text of a request must be.

use jiff::civil::Date;

use crate::api::ApiError;
use crate::api::error::FieldFault;

/// Longest name or part of an address, in characters.
pub(super) const TEXT_CHARACTERS_MAX: usize = 140;

pub(super) fn invalid(path: &str, message: impl Into<String>) -> ApiError {
    ApiError::field(FieldFault::Invalid, path, message)
}

pub(super) fn length(path: &str, text: &str, least: usize, most: usize) -> Result<(), ApiError> {
    let name = path.rsplit('.').next().unwrap_or(path);
    let found = text.chars().count();
    if found < least || (least > 0 && text.trim().is_empty()) {
        let message = format!("`{name}` should not be empty.");
        return Err(ApiError::field(FieldFault::InvalidFormat, path, message));
    }
    if found > most {
        let message = format!("`{name}` should not be longer than {most} symbols.");
        return Err(ApiError::field(FieldFault::InvalidFormat, path, message));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(path, format!("`{name}` should not contain control characters.")));
    }
    Ok(())
}

/// The same for a field below `initiation` that may be absent.
pub(super) fn optional(name: &str, text: &Option<String>, most: usize) -> Result<(), ApiError> {
    text.as_ref().map_or(Ok(()), |text| length(&format!("initiation.{name}"), text, 0, most))
}

/// One of the published words, for a field below `initiation` that may be absent.
pub(super) fn known(path: &str, word: &Option<String>, words: &[&str]) -> Result<(), ApiError> {
    if word.as_deref().is_none_or(|word| words.contains(&word)) {
        return Ok(());
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    let message = format!("`{name}` should be one of {}.", words.join(", "));
    Err(invalid(&format!("initiation.{path}"), message))
}

/// https, an app's own scheme, and in a sandbox http; never a scheme that runs in the page.
pub(super) fn check_callback_url(text: &str, sandbox: bool) -> Result<(), ApiError> {
    const PATH: &str = "initiation.callbackUrl";
    length(PATH, text, 1, 2_048)?;
    let url = url::Url::parse(text).map_err(|error| {
        ApiError::field(
            FieldFault::InvalidFormat,
            PATH,
            format!("`callbackUrl` should be a URL such as https://example.com/return: {error}."),
        )
    })?;
    let forbidden =
        ["javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source"];
    if forbidden.contains(&url.scheme()) || (url.scheme() == "http" && !sandbox) {
        let message = format!("`callbackUrl` should not begin with {}:.", url.scheme());
        return Err(invalid(PATH, message));
    }
    Ok(())
}

/// A day in one of its two published forms, `2026-04-29` or `20260429`, and nothing more: what a
/// time or a zone behind it would mean for the day is not defined.
pub(crate) fn plain_day(text: &str) -> Option<Date> {
    let digits: String = match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _] => text.replace('-', ""),
        _ => text.to_owned(),
    };
    let sound = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| Date::strptime("%Y%m%d", &digits).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_two_forms() {
        let day = Date::constant(2026, 4, 29);
        for text in ["2026-04-29", "20260429"] {
            assert_eq!(plain_day(text), Some(day), "{text}");
        }
        for text in
            ["", "2026-4-29", "202604290", "2026-04-31", "20261301", "2026-04-2é", "-260429", "x"]
        {
            assert_eq!(plain_day(text), None, "{text}");
        }
    }
}
