//! The hosted pages: what a payer sees between the shop and the bank.
//!
//! Server-rendered, complete without JavaScript; each POST answers with 303. The content security
//! policy allows nothing but our own style sheet and scripts. A browser leaves for a bank or a
//! shop through a page of ours that says so, because a form's redirect to another origin would
//! be blocked by `form-action`.

mod account_text;
pub mod approval;
pub mod assets;
mod bank_choice;
pub mod callback;
mod departure;
pub mod initiate_payment;
mod picture;
pub mod session;
mod standing_order;
mod summary;
pub mod token_request;
mod way_back;

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use banks::protocol::PsuContext;
use gateway::App;

use crate::api::BODY_BYTES_MAX;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: https:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Security headers of every page.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = match without_nul(request).await {
        Ok(request) => next.run(request).await,
        Err(refused) => refused,
    };
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The request, if neither its address nor its form holds U+0000: no browser sends it for what a payer
/// types, and PostgreSQL stores no text with it.
async fn without_nul(request: Request) -> Result<Request, Response> {
    let damaged = |what: &str| {
        let text = format!("{what} is damaged: go back to the shop and start the payment again.");
        problem(StatusCode::BAD_REQUEST, "This page cannot be shown", &text)
    };
    if crate::api::has_nul(request.uri()) {
        return Err(damaged("This address"));
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
        let text = "Too much was sent. Go back and try again.";
        problem(StatusCode::PAYLOAD_TOO_LARGE, "This page cannot be shown", text)
    })?;
    let encoded = body.windows(3).any(|three| three == b"%00");
    if encoded || body.contains(&0) {
        return Err(damaged("This form"));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The payer's browser, as far as it tells.
pub(crate) fn psu_of(headers: &HeaderMap) -> PsuContext {
    let user_agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    PsuContext { ip_address: None, user_agent: user_agent.map(str::to_owned) }
}

/// Something that cannot go on; what the payer can do about it.
#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    title: &'a str,
    text: &'a str,
    /// Where the same can be tried again.
    again_url: Option<String>,
    /// The shop, where it is known.
    back_url: Option<String>,
}

/// The field in which each form brings its page's visit token back.
pub(crate) const VISIT: &str = "bascule-visit";

/// The page for a form that does not come from the page of `id` at `path`; `None` where it does. Nothing was
/// done, and the page shows where the payment stands.
pub(crate) fn stale_visit(
    app: &App,
    id: &str,
    path: String,
    visit: Option<&str>,
) -> Option<Response> {
    if visit.is_some_and(|visit| app.is_visit_token(id, visit)) {
        return None;
    }
    let stale = Problem {
        title: "Please try again",
        text: "This form is out of date or did not come from this page, and changed nothing. Go on \
               to see where your payment stands.",
        again_url: Some(path),
        back_url: None,
    };
    Some(page(StatusCode::FORBIDDEN, &stale))
}

/// A rendered template, or a plain 500 where it does not render.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page does not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The page for something that cannot go on.
pub(crate) fn problem(status: StatusCode, title: &str, text: &str) -> Response {
    page(status, &Problem { title, text, again_url: None, back_url: None })
}

/// The same with a way on and a way back to the shop.
pub(crate) fn problem_with_ways(
    title: &str,
    text: &str,
    again_url: String,
    back_url: String,
) -> Response {
    let (again_url, back_url) = (Some(again_url), Some(back_url));
    page(StatusCode::OK, &Problem { title, text, again_url, back_url })
}
