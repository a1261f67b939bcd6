//! The hosted pages: what a payer sees between the shop and the bank.
//!
//! Server-rendered, complete without JavaScript; each POST answers with 303. What a payer reads is in
//! `locales` ([`Language`]): nothing of it is written in Rust or in a template. The content security
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
use banks::call::PsuContext;
use domain::payment::Payment;
use gateway::App;

use crate::api::BODY_BYTES_MAX;
use crate::language::Language;

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
    let language = Language::asked_for(request.uri(), request.headers());
    let refused = |status, says| problem(language, status, says);
    if crate::api::has_nul(request.uri()) {
        return Err(refused(StatusCode::BAD_REQUEST, Says("problem-address-damaged")));
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| refused(StatusCode::PAYLOAD_TOO_LARGE, Says("problem-too-much-sent")))?;
    let encoded = body.windows(3).any(|three| three == b"%00");
    if encoded || body.contains(&0) {
        return Err(refused(StatusCode::BAD_REQUEST, Says("problem-form-damaged")));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// Where the hosted pages of a payment begin.
#[must_use]
pub(crate) fn session_url(public_url: &str, payment: &Payment) -> String {
    format!("{public_url}/session/{}", payment.id)
}

/// The payer's browser, as far as it tells.
pub(crate) fn psu_of(headers: &HeaderMap) -> PsuContext {
    let user_agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    PsuContext { ip_address: None, user_agent: user_agent.map(str::to_owned) }
}

/// What a result or a problem says: the beginning of the ids of two messages, which end in `-title` and
/// `-text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Says(pub(crate) &'static str);

impl Says {
    fn title(self, language: Language) -> String {
        language.text(&format!("{}-title", self.0))
    }

    fn text(self, language: Language) -> String {
        language.text(&format!("{}-text", self.0))
    }
}

/// Something that cannot go on; what the payer can do about it.
#[derive(Template)]
#[template(path = "problem.html")]
struct Problem {
    language: Language,
    title: String,
    text: String,
    /// Where the same can be tried again.
    again_url: Option<String>,
    /// The shop, where it is known.
    back_url: Option<String>,
}

impl Problem {
    fn of(language: Language, says: Says) -> Problem {
        let (title, text) = (says.title(language), says.text(language));
        Problem { language, title, text, again_url: None, back_url: None }
    }
}

/// The field in which each form brings its page's visit token back.
pub(crate) const VISIT: &str = "bascule-visit";

/// The page for a form that does not come from the page of `id` at `path`; `None` where it does. Nothing was
/// done, and the page shows where the payment stands.
pub(crate) fn stale_visit(
    app: &App,
    language: Language,
    id: &str,
    path: String,
    visit: Option<&str>,
) -> Option<Response> {
    if visit.is_some_and(|visit| app.is_visit_token(id, visit)) {
        return None;
    }
    let stale =
        Problem { again_url: Some(path), ..Problem::of(language, Says("problem-stale-form")) };
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
pub(crate) fn problem(language: Language, status: StatusCode, says: Says) -> Response {
    page(status, &Problem::of(language, says))
}

/// The same with a way on and a way back to the shop.
pub(crate) fn problem_with_ways(
    language: Language,
    says: Says,
    again_url: String,
    back_url: String,
) -> Response {
    let (again_url, back_url) = (Some(again_url), Some(back_url));
    page(StatusCode::OK, &Problem { again_url, back_url, ..Problem::of(language, says) })
}

#[cfg(test)]
mod samples;
