//! The authorisation endpoint of a bank without OpenID (RFC 6749, section 4.1.1; RFC 7636): the query
//! is all there is, packed into one parameter. The id of the consent is in `display`.

use std::collections::HashMap;

use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::answer::{self, BrowserReturn};
use super::authorize::{VISIT_SECONDS, open_visit};
use crate::engine::banks::Bank;
use crate::engine::form::parse_parameters;
use crate::engine::grant::Grant;
use crate::engine::pages;
use crate::engine::shared::{Client, Shared};
use crate::engine::state::after_seconds;

/// The parameters of a request, which are all in `data`: a query string in base64url.
pub(super) fn unpacked(query: &HashMap<String, String>) -> Option<HashMap<String, String>> {
    let packed = query.get("data").filter(|_| query.len() == 1)?;
    parse_parameters(&URL_SAFE_NO_PAD.decode(packed).ok()?).ok()
}

pub(super) fn authorize(
    shared: &Shared,
    bank: &'static Bank,
    client: &Client,
    query: &HashMap<String, String>,
) -> Response {
    let value = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let redirect_uri = value("redirect_uri");
    if !client.registration.redirect_uris.iter().any(|uri| uri == redirect_uri) {
        let text = "The provider asked to send you back to an address that is not registered.";
        return pages::problem(400, text);
    }
    let opened = check(query).and_then(|()| {
        let client_id = &client.registration.client_id;
        let visit = Grant {
            order_id: Some(value("display").to_owned()),
            redirect_uri: redirect_uri.to_owned(),
            state: value("state").to_owned(),
            scope: value("scope").to_owned(),
            response_mode: "query".to_owned(),
            code_challenge: value("code_challenge").to_owned(),
            ..Grant::of(bank.id, client_id, after_seconds(shared.now(), VISIT_SECONDS))
        };
        open_visit(shared, visit)
    });
    let (error, description) = match opened {
        Ok(id) => return pages::see_other(&format!("/{}/authorisations/{id}/sign-in", bank.id)),
        Err(refusal) => refusal,
    };
    let told = [
        ("error".to_owned(), error.to_owned()),
        ("error_description".to_owned(), description),
        ("state".to_owned(), value("state").to_owned()),
    ];
    let client_id = &client.registration.client_id;
    match answer::of(shared, bank, client_id, "query", redirect_uri, &told) {
        Some(BrowserReturn::Address(address)) => pages::see_other(&address),
        Some(BrowserReturn::Form(_)) | None => pages::problem(500, "The bank cannot answer."),
    }
}

fn check(query: &HashMap<String, String>) -> Result<(), (&'static str, String)> {
    let value = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let bad = |what: &str| Err(("invalid_request", what.to_owned()));
    if value("response_type") != "code" {
        return Err(("unsupported_response_type", "response_type must be code".to_owned()));
    }
    if value("scope") != "payments" {
        return Err(("invalid_scope", "the scope must be payments".to_owned()));
    }
    if ["request", "request_uri", "nonce"].iter().any(|name| query.contains_key(*name)) {
        return bad("this bank has no OpenID");
    }
    if value("code_challenge").len() != 43 || value("code_challenge_method") != "S256" {
        return bad("code_challenge with the method S256 is missing");
    }
    if value("state").is_empty() || value("display").is_empty() {
        return bad("state or display is missing");
    }
    Ok(())
}
