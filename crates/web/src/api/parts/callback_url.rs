//! Addresses to which the payer's browser is sent back.

use domain::field::Fault;
use domain::text::within;
use url::Url;

/// Longest address to which a browser is sent back, in characters.
const CHARACTERS_MAX: usize = 2_048;

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
///
/// # Errors
/// The reason why it is not acceptable.
pub(crate) fn check(text: &str, sandbox: bool) -> Result<(), Fault> {
    within(text, 1, CHARACTERS_MAX)?;
    let url = Url::parse(text).map_err(|error| Fault::NotAUrl { why: error.to_string() })?;
    let scheme = url.scheme();
    let is_no_app = NO_APPS.contains(&scheme)
        || NO_APPS_BEGIN.iter().any(|beginning| scheme.starts_with(beginning));
    if is_no_app || (scheme == "http" && !sandbox) {
        return Err(Fault::Scheme(scheme.to_owned()));
    }
    match !url.username().is_empty() || url.password().is_some() {
        true => Err(Fault::UserInUrl),
        false => Ok(()),
    }
}
