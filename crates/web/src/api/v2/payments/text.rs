//! What every text of a request must be.

use domain::text::unreadable_character;
use jiff::civil::Date;

use crate::api::ApiError;
use crate::api::error::FieldFault;

/// Longest reference of a payment or a transfer, in characters.
pub(crate) const REF_ID_CHARACTERS_MAX: usize = 35;
/// Longest state that comes back with the browser, in characters.
pub(crate) const CALLBACK_STATE_CHARACTERS_MAX: usize = 2_048;
/// Longest name or part of an address, in characters.
pub(super) const TEXT_CHARACTERS_MAX: usize = 140;

pub(super) fn invalid(path: &str, message: impl Into<String>) -> ApiError {
    ApiError::field(FieldFault::Invalid, path, message)
}

pub(crate) fn length(path: &str, text: &str, least: usize, most: usize) -> Result<(), ApiError> {
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
    if let Some(one) = unreadable_character(text) {
        return Err(invalid(path, no_unreadable(name, one)));
    }
    Ok(())
}

/// The same for a field below `initiation` that may be absent.
pub(super) fn optional(name: &str, text: &Option<String>, most: usize) -> Result<(), ApiError> {
    text.as_ref().map_or(Ok(()), |text| length(&format!("initiation.{name}"), text, 0, most))
}

/// The same for a text that no person reads: it comes back percent-encoded as it is, so that format
/// characters do no harm. Control characters are mistakes all the same, and U+0000 is not stored.
pub(super) fn opaque(name: &str, text: &Option<String>, most: usize) -> Result<(), ApiError> {
    let Some(text) = text else { return Ok(()) };
    let path = format!("initiation.{name}");
    if text.chars().count() > most {
        let message = format!("`{name}` should not be longer than {most} symbols.");
        return Err(ApiError::field(FieldFault::InvalidFormat, path, message));
    }
    match text.chars().find(|one| one.is_control()) {
        None => Ok(()),
        Some(one) => {
            let code = u32::from(one);
            let message =
                format!("`{name}` should not contain control characters: U+{code:04X} is one.");
            Err(invalid(&path, message))
        }
    }
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

/// What to say of a field whose text has a character that nobody sees.
pub(crate) fn no_unreadable(name: &str, one: char) -> String {
    let code = u32::from(one);
    format!("`{name}` should not contain invisible characters: U+{code:04X} is one.")
}

/// Schemes that are no app of the member's: they run in the page, open something of the device's, or
/// write a mail or a call.
const NO_APPS: &[&str] = &[
    "about",
    "android-app",
    "blob",
    "bluetooth",
    "callto",
    "chrome",
    "chrome-extension",
    "cid",
    "content",
    "data",
    "dav",
    "edge",
    "facetime",
    "facetime-audio",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "geo",
    "git",
    "gopher",
    "imap",
    "intent",
    "irc",
    "ircs",
    "itms",
    "itms-apps",
    "itms-services",
    "jar",
    "javascript",
    "ldap",
    "ldaps",
    "livescript",
    "magnet",
    "mailto",
    "maps",
    "market",
    "mhtml",
    "mid",
    "mms",
    "mmsto",
    "mocha",
    "moz-extension",
    "nfs",
    "news",
    "nntp",
    "opera",
    "pop",
    "res",
    "resource",
    "rtsp",
    "search",
    "search-ms",
    "sftp",
    "shell",
    "sip",
    "sips",
    "smb",
    "sms",
    "smsto",
    "ssh",
    "svn",
    "tag",
    "tel",
    "telnet",
    "urn",
    "vbscript",
    "view-source",
    "vnc",
    "wais",
    "webcal",
    "wifi",
    "ws",
    "wss",
    "wyciwyg",
    "xmpp",
];
/// Beginnings of schemes that open settings and programs of a system.
const NO_APPS_BEGIN: &[&str] = &["app-settings", "ms-", "microsoft-", "windows-", "x-apple"];

/// https, an app's own scheme, and in a sandbox http. Nothing that runs in the page or opens a
/// program of the payer's device, and no name or password of a user.
pub(crate) fn check_callback_url(text: &str, sandbox: bool) -> Result<(), ApiError> {
    const PATH: &str = "initiation.callbackUrl";
    length(PATH, text, 1, 2_048)?;
    let url = url::Url::parse(text).map_err(|error| {
        ApiError::field(
            FieldFault::InvalidFormat,
            PATH,
            format!("`callbackUrl` should be a URL such as https://example.com/return: {error}."),
        )
    })?;
    let scheme = url.scheme();
    let is_no_app = NO_APPS.contains(&scheme)
        || NO_APPS_BEGIN.iter().any(|beginning| scheme.starts_with(beginning));
    if is_no_app || (scheme == "http" && !sandbox) {
        let message = format!(
            "`callbackUrl` should not begin with {scheme}:. Send a URL with https or with your \
             app's own scheme."
        );
        return Err(invalid(PATH, message));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = "`callbackUrl` should not contain the name or password of a user.";
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
