//! The secret by which banks know their clients, in the header `Authorization` (RFC 6749, section
//! 2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The secret of every client at the banks that know clients by one; it protects nothing.
pub(crate) const CLIENT_SECRET: &str = "open+secret/1";

/// Client id and secret of `client_secret_basic`.
pub(crate) fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    basic(headers.get(AUTHORIZATION)?.to_str().ok()?)
}

/// Client id and secret, which are encoded as in a form before they are joined.
fn basic(value: &str) -> Option<(String, String)> {
    let joined = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let joined = String::from_utf8(joined).ok()?;
    let (client_id, secret) = joined.split_once(':')?;
    let decoded = |text: &str| {
        let pair = format!("x={text}");
        let (_, value) = url::form_urlencoded::parse(pair.as_bytes()).next()?;
        Some(value.into_owned())
    };
    Some((decoded(client_id)?, decoded(secret)?))
}
