//! `/callback`: where banks send payers' browsers back to.
//!
//! A bank may send its answer in the fragment (a page of ours posts it), as a form post, or, for
//! errors, in the query. The parameters are recorded and verified later by a job; the payer continues
//! at once, without a wait for the bank:
//!
//! | flow | the browser that left (`departure`) | any other browser |
//! |---|---|---|
//! | full hosted pages, link | our pages | a page that says nothing of the payment |
//! | embedded hosted pages | our pages | the member's page: the member may have sent the payer to the bank |
//! | the member's own pages | the member's page | the same |

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use banks::call::PsuContext;
use banks::psu_return::{PARAMETERS_MAX, parameters_of};
use bytes::Bytes;
use domain::initiation::Flow;
use domain::payment::Payment;
use gateway::App;
use gateway::payments::{PsuReturnOutcome, psu_returned};
use serde::Deserialize;
use serde_json::json;

use super::browser::Browser;
use super::departure;
use super::session::here;
use super::view::View;
use super::way_back::member_url_after;
use super::{Page, Says, page, problem};
use crate::api::query::Query;
use crate::language::Language;

#[derive(Template)]
#[template(path = "callback.html")]
struct FragmentPage {
    language: Language,
}

#[derive(Template)]
#[template(path = "arrived.html")]
struct ArrivedPage {
    language: Language,
}

/// The next address of a browser that did not leave from our pages.
const ARRIVED: &str = "/callback/arrived";

#[derive(Template)]
#[template(path = "leaving.html")]
struct LeavingPage<'a> {
    language: Language,
    target: &'a str,
}

impl Page for FragmentPage {
    fn view(&self) -> View {
        View::of("callback")
    }
}

impl Page for ArrivedPage {
    fn view(&self) -> View {
        View::of("arrived")
    }
}

impl Page for LeavingPage<'_> {
    fn view(&self) -> View {
        View::of("leaving").onward(self.target, true).link(self.target)
    }
}

/// The page from which a browser continues to the shop.
pub(super) fn to_the_shop(language: Language, target: &str) -> Response {
    page(StatusCode::OK, &LeavingPage { language, target })
}

/// `GET /callback`: an answer in the query, or a page that fetches it from the fragment. `HEAD`
/// changes nothing: a program that previews an address must not use up the bank's answer.
pub(crate) async fn from_query(
    State(app): State<Arc<App>>,
    language: Language,
    method: Method,
    headers: HeaderMap,
    Browser(psu): Browser,
    uri: Uri,
) -> Response {
    if method == Method::HEAD {
        return StatusCode::OK.into_response();
    }
    let parameters = parameters_of(uri.query().unwrap_or(""));
    let answered =
        parameters.iter().any(|(name, _)| name == "state" || name == "error" || name == "response");
    if !answered {
        return page(StatusCode::OK, &FragmentPage { language });
    }
    match record(&app, language, &parameters, psu).await {
        Ok(back) => Redirect::to(&next_url(&app, &back, &headers)).into_response(),
        Err(response) => response,
    }
}

/// `GET /callback/arrived`: the bank's answer is here, and this browser learns no more. With `at`, the
/// sealed id of a payment, the browser that left with it continues to that payment.
pub(crate) async fn arrived(
    State(app): State<Arc<App>>,
    language: Language,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let query = Query::read(uri.query()).unwrap_or_default();
    let id = query.text("at").and_then(|sealed| app.unseal_payment_id(sealed));
    match id.filter(|id| departure::is_known(&app, id, &headers)) {
        Some(id) => Redirect::to(&here(&id)).into_response(),
        None if query.text("at").is_some() => Redirect::to(ARRIVED).into_response(),
        None => page(StatusCode::OK, &ArrivedPage { language }),
    }
}

/// `POST /callback`: a form post of the bank, our own page's script, or, as JSON, the bank itself
/// after a decoupled approval (PolishAPI, `authorizeExt`).
pub(crate) async fn from_form(
    State(app): State<Arc<App>>,
    language: Language,
    headers: HeaderMap,
    Browser(psu): Browser,
    body: Bytes,
) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return from_bank(&app, language, &headers, &body).await;
    }
    let parameters = parameters(&body);
    let by_script = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.starts_with("application/json"));
    match record(&app, language, &parameters, psu).await {
        Ok(back) if by_script => {
            Json(json!({ "location": next_url(&app, &back, &headers) })).into_response()
        }
        // No cookie comes with a form that another site's page posts: it comes with the next request.
        Ok((payment, _))
            if is_hosted(&payment) && !departure::is_known(&app, &payment.id, &headers) =>
        {
            match app.seal_payment_id(&payment.id) {
                Ok(sealed) => Redirect::to(&format!("{ARRIVED}?at={sealed}")).into_response(),
                Err(_) => Redirect::to(ARRIVED).into_response(),
            }
        }
        Ok(back) => Redirect::to(&next_url(&app, &back, &headers)).into_response(),
        Err(response) => response,
    }
}

/// Whether the payer chose or confirmed the bank on our pages, and left from there.
fn is_hosted(payment: &Payment) -> bool {
    payment.initiation.visit.flow.begins_on_pages()
}

/// The bank has no use for our pages: only the status reports the result of its callback.
async fn from_bank(
    app: &Arc<App>,
    language: Language,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
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
    match record(app, language, &parameters, PsuContext::default()).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(response) => response.status().into_response(),
    }
}

/// The members of the callback's object.
#[derive(Deserialize)]
struct BankCallback(BTreeMap<String, serde_json::Value>);

async fn record(
    app: &Arc<App>,
    language: Language,
    parameters: &[(String, String)],
    psu: PsuContext,
) -> Result<(Payment, bool), Response> {
    match psu_returned(app, parameters, psu).await {
        Ok(PsuReturnOutcome::Payment { payment, says_error }) => Ok((*payment, says_error)),
        Ok(PsuReturnOutcome::NotOurs(why)) => {
            tracing::info!(why, "a callback that fits no payment");
            Err(problem(language, StatusCode::BAD_REQUEST, Says("problem-unknown-return")))
        }
        Err(error) => {
            tracing::error!(%error, "a callback could not be recorded");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Err(problem(language, status, Says("problem-return-not-stored")))
        }
    }
}

/// Where the payer continues; the module's table. `says_error`: the payer returned with an error, which
/// the member's page gets as a hint while the payment stays pending.
fn next_url(app: &App, (payment, says_error): &(Payment, bool), headers: &HeaderMap) -> String {
    let left_here = departure::is_known(app, &payment.id, headers);
    match payment.initiation.visit.flow {
        Flow::ApiOnly => member_url_after(app, payment, *says_error),
        Flow::EmbeddedHostedPages if !left_here => member_url_after(app, payment, *says_error),
        Flow::FullHostedPages | Flow::PayByLinkHostedPages if !left_here => ARRIVED.to_owned(),
        Flow::FullHostedPages | Flow::EmbeddedHostedPages | Flow::PayByLinkHostedPages => {
            here(&payment.id)
        }
    }
}

fn parameters(form: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form)
        .take(PARAMETERS_MAX + 1)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

#[cfg(test)]
pub(super) fn samples(language: Language) -> Vec<super::samples::Sample> {
    use super::samples::Sample;
    vec![
        Sample::of("callback", "answer in the fragment", &FragmentPage { language }),
        Sample::of("arrived", "another browser", &ArrivedPage { language }),
        Sample::of("leaving", "to the shop", &LeavingPage { language, target: "/shop" }),
    ]
}
