//! `/callback`: where banks send payers' browsers back to.
//!
//! A bank may bring its answer in the fragment (a page of ours posts it), as a form post, or, for
//! errors, in the query. What comes is recorded and verified later by a job; the payer is led on
//! at once: on the full hosted pages to our waiting page, otherwise to the member's page.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use domain::initiation::Flow;
use domain::payment::Payment;
use gateway::App;
use gateway::payments::{PsuReturnOutcome, psu_returned};
use serde::Deserialize;
use serde_json::json;

use super::way_back::member_url_after;
use super::{page, problem};

#[derive(Template)]
#[template(path = "callback.html")]
struct FragmentPage;

#[derive(Template)]
#[template(path = "leaving.html")]
struct LeavingPage<'a> {
    title: &'a str,
    target: &'a str,
    link: &'a str,
}

/// The page from which a browser goes on to the shop.
pub(super) fn to_the_shop(target: &str) -> Response {
    let title = "Taking you back to the shop…";
    page(StatusCode::OK, &LeavingPage { title, target, link: "Back to the shop" })
}

/// `GET /callback`: an answer in the query, or a page that fetches it from the fragment. `HEAD`
/// changes nothing: what only looks ahead at an address must not use up what the bank gave.
pub async fn from_query(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if method == Method::HEAD {
        return StatusCode::OK.into_response();
    }
    let parameters = parameters(uri.query().unwrap_or("").as_bytes());
    let answered =
        parameters.iter().any(|(name, _)| name == "state" || name == "error" || name == "response");
    if !answered {
        return page(StatusCode::OK, &FragmentPage);
    }
    match record(&app, &parameters, &headers).await {
        Ok(payment) => Redirect::to(&next_url(&app, &payment)).into_response(),
        Err(response) => response,
    }
}

/// `POST /callback`: a form post of the bank, our own page's script, or, as JSON, the bank itself
/// after a decoupled approval (PolishAPI, `authorizeExt`).
pub async fn from_form(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return from_bank(&app, &headers, &body).await;
    }
    let parameters = parameters(&body);
    let by_script = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.starts_with("application/json"));
    match record(&app, &parameters, &headers).await {
        Ok(payment) if by_script => {
            Json(json!({ "location": next_url(&app, &payment) })).into_response()
        }
        Ok(payment) => {
            let target = next_url(&app, &payment);
            if target.starts_with(&app.settings().public_url) {
                return Redirect::to(&target).into_response();
            }
            to_the_shop(&target)
        }
        Err(response) => response,
    }
}

/// The bank has no use for our pages: what became of its callback is in the status alone.
async fn from_bank(app: &Arc<App>, headers: &HeaderMap, body: &[u8]) -> Response {
    let Ok(BankCallback(told)) = serde_json::from_slice(body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut parameters: Vec<(String, String)> = told
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .collect();
    // The key that the bank was given shows that it is the bank.
    parameters.retain(|(name, _)| name != "apiKey");
    let key = headers.get("apikey").or_else(|| headers.get("x-api-key"));
    if let Some(key) = key.and_then(|key| key.to_str().ok()) {
        parameters.push(("apiKey".to_owned(), key.to_owned()));
    }
    match record(app, &parameters, headers).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(response) => response.status().into_response(),
    }
}

/// The members of the callback's object.
#[derive(Deserialize)]
struct BankCallback(BTreeMap<String, serde_json::Value>);

async fn record(
    app: &Arc<App>,
    parameters: &[(String, String)],
    headers: &HeaderMap,
) -> Result<(Payment, bool), Response> {
    match psu_returned(app, parameters, super::psu_of(headers)).await {
        Ok(PsuReturnOutcome::Payment { payment, says_error }) => Ok((*payment, says_error)),
        Ok(PsuReturnOutcome::NotOurs(why)) => {
            tracing::info!(why, "a callback that fits no payment");
            Err(problem(
                StatusCode::BAD_REQUEST,
                "This page cannot be opened on its own",
                "Your bank's answer is missing or belongs to no payment. Please go back to the \
                 shop and start again. Nothing was paid by opening this page.",
            ))
        }
        Err(error) => {
            tracing::error!(%error, "a callback could not be recorded");
            Err(problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "Please try again in a moment",
                "Your bank's answer could not be stored. Reload this page to try again.",
            ))
        }
    }
}

/// Where the payer goes on: our waiting page, or the member's page. `says_error`: the payer came
/// back with an error, which the member's page is told as a hint while the payment stays pending.
fn next_url(app: &App, (payment, says_error): &(Payment, bool)) -> String {
    match payment.initiation.flow {
        Flow::FullHostedPages | Flow::EmbeddedHostedPages | Flow::PayByLinkHostedPages => {
            crate::api::v2::payments::model::session_url(&app.settings().public_url, payment)
        }
        Flow::ApiOnly => member_url_after(app, payment, *says_error),
    }
}

fn parameters(form: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form)
        .take(100)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}
