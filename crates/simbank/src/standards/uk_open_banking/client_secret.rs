//! Client authentication by a secret, in the header or in the body (RFC 6749, section 2.3.1). All
//! clients have the same one.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::banks::CLIENT_SECRET;
use super::token::TokenError;
use crate::engine::shared::{Client, Shared};

/// `client_secret_basic`.
pub(crate) fn in_header<'shared>(
    shared: &'shared Shared,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Result<&'shared Client, TokenError> {
    if form.contains_key("client_secret") || form.contains_key("client_assertion") {
        return Err(TokenError::client("clients are known by the header Authorization here"));
    }
    let (client_id, secret) = headers
        .get(AUTHORIZATION)
        .and_then(|value| basic(value.to_str().ok()?))
        .ok_or_else(|| TokenError::client("the header Authorization has not the form of Basic"))?;
    known(shared, &client_id, &secret)
}

/// `client_secret_post`.
pub(crate) fn in_body<'shared>(
    shared: &'shared Shared,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Result<&'shared Client, TokenError> {
    if headers.contains_key(AUTHORIZATION) || form.contains_key("client_assertion") {
        return Err(TokenError::client("clients are known by client_secret here"));
    }
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    known(shared, field("client_id"), field("client_secret"))
}

fn known<'shared>(
    shared: &'shared Shared,
    client_id: &str,
    secret: &str,
) -> Result<&'shared Client, TokenError> {
    let client = shared.client(client_id).filter(|_| secret == CLIENT_SECRET);
    client.ok_or_else(|| TokenError::client("client id and secret do not fit"))
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
