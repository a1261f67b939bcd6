//! `GET /initiatePayment/callback?redirect-url=…`: the address that guides give as the `redirectUrl` of
//! token requests at banks that want credentials first. It leads on to the member's own address, with
//! everything else that the browser brings (reference, section 2.13).
//!
//! It leads nowhere but to the address that the named token request has in its `redirectUrl`, so that
//! nobody can send payers elsewhere with a link of ours.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use domain::ids::TokenRequestId;
use gateway::{App, GatewayError, token_requests};
use url::Url;

use super::way_back::with_parameters;
use super::{Says, problem};
use crate::api::parts::callback_url;
use crate::language::Language;

/// The path of the address.
pub const PATH: &str = "/initiatePayment/callback";
/// The parameter with the member's own address.
const REDIRECT_URL: &str = "redirect-url";
/// Parameters that are passed on at most.
const PARAMETERS_MAX: usize = 64;

/// The member's own address in an address of this path; `None` for any other address.
#[must_use]
pub fn redirect_url_in(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| url.path() == PATH)?;
    let mut pairs = url.query_pairs();
    pairs.find(|(name, _)| name == REDIRECT_URL).map(|(_, value)| value.into_owned())
}

/// `GET /initiatePayment/callback`.
pub(crate) async fn callback(
    State(app): State<Arc<App>>,
    language: Language,
    uri: Uri,
) -> Response {
    let query = uri.query().unwrap_or("").as_bytes();
    let parameters: Vec<(String, String)> = url::form_urlencoded::parse(query)
        .take(PARAMETERS_MAX)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let value = |wanted: &str| {
        parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    let id = value("request-id").or_else(|| value("request_id"));
    let id: Option<TokenRequestId> = id.and_then(|id| id.parse().ok());
    let (Some(id), Some(target)) = (id, value(REDIRECT_URL)) else { return unknown(language) };
    let request = match token_requests::by_link(&app, &id).await {
        Ok(request) => request,
        Err(GatewayError::TokenRequestNotFound) => return unknown(language),
        Err(error) => {
            tracing::error!(%error, "a token request could not be read");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return problem(language, status, Says("problem-lookup-failed"));
        }
    };
    let its_own = redirect_url_in(&request.initiation.visit.callback_url);
    let is_its_own = its_own.is_some_and(|url| url == target);
    if !is_its_own || callback_url::check(target, app.settings().sandbox).is_err() {
        return unknown(language);
    }
    let onward: Vec<(&str, String)> = parameters
        .iter()
        .filter(|(name, _)| name != REDIRECT_URL)
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    Redirect::to(&with_parameters(target, &onward)).into_response()
}

fn unknown(language: Language) -> Response {
    problem(language, StatusCode::BAD_REQUEST, Says("problem-unknown-address"))
}
