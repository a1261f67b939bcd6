//! Client authentication by a secret, in the header or in the body (RFC 6749, section 2.3.1). A client
//! that registered has its own; all others have the same one.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::token::TokenError;
use crate::engine::banks::Bank;
use crate::engine::client_secret::{CLIENT_SECRET, basic_credentials};
use crate::engine::shared::{Client, Shared};

/// `client_secret_basic`.
pub(crate) fn in_header(
    shared: &Shared,
    bank: &Bank,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Result<Arc<Client>, TokenError> {
    if form.contains_key("client_secret") || form.contains_key("client_assertion") {
        return Err(TokenError::client("clients are known by the header Authorization here"));
    }
    let (client_id, secret) = basic_credentials(headers)
        .ok_or_else(|| TokenError::client("the header Authorization has not the form of Basic"))?;
    known(shared, bank, &client_id, &secret)
}

/// `client_secret_post`.
pub(crate) fn in_body(
    shared: &Shared,
    bank: &Bank,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Result<Arc<Client>, TokenError> {
    if headers.contains_key(AUTHORIZATION) || form.contains_key("client_assertion") {
        return Err(TokenError::client("clients are known by client_secret here"));
    }
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    known(shared, bank, field("client_id"), field("client_secret"))
}

fn known(
    shared: &Shared,
    bank: &Bank,
    client_id: &str,
    secret: &str,
) -> Result<Arc<Client>, TokenError> {
    let fits = |client: &Arc<Client>| secret == client.secret.as_deref().unwrap_or(CLIENT_SECRET);
    let client = shared.client(bank, client_id).filter(fits);
    client.ok_or_else(|| TokenError::client("client id and secret do not fit"))
}
