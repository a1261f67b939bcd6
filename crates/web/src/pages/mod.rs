//! The hosted pages: the payer's pages between the shop and the bank.
//!
//! Server-rendered, complete without JavaScript; each POST answers with 303. The payer's texts are in
//! `locales` ([`Language`]), never in Rust or in a template. The content security
//! policy allows nothing but our own style sheet and scripts. A browser leaves for a bank or a
//! shop through a page of ours that says so, because a form's redirect to another origin would
//! be blocked by `form-action`.

mod account_text;
pub mod approval;
pub mod assets;
mod bank_choice;
pub mod browser;
pub mod callback;
mod cancellation;
mod departure;
pub mod initiate_payment;
mod picture;
mod result;
pub mod session;
mod standing_order;
mod summary;
pub mod token_request;
mod view;
mod way_back;

use askama::Template;
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use domain::payment::Payment;
use gateway::App;

use crate::api::BODY_BYTES_MAX;
use crate::language::Language;
pub(crate) use summary::lines as summary_lines;
use view::View;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: https:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Security headers of every page.
pub async fn headers(request: Request, next: Next) -> Response {
    let prefers_json = view::prefers_json(request.headers());
    let language = Language::cookie_of(request.uri());
    let mut response = match without_nul(request).await {
        Ok(request) => next.run(request).await,
        Err(refused) => refused,
    };
    if prefers_json {
        response = view::as_data(response);
    }
    let headers = response.headers_mut();
    if let Some(cookie) = language {
        headers.append(header::SET_COOKIE, cookie);
    }
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

/// The address at which the hosted pages of a payment begin.
#[must_use]
pub(crate) fn session_url(public_url: &str, payment: &Payment) -> String {
    format!("{public_url}/session/{}", payment.id)
}

/// The text of a result or a problem: the beginning of the ids of two messages, which end in `-title` and
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

/// Something that cannot continue; what the payer can do about it.
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

/// A page that a program can also read as data.
pub(crate) trait Page: Template {
    /// The page as data.
    fn view(&self) -> View;
}

impl Page for Problem {
    fn view(&self) -> View {
        let view = View::of("problem").texts(&self.title, &self.text);
        self.again_url.iter().chain(&self.back_url).fold(view, |view, url| view.link(url))
    }
}

/// The field in which each form returns its page's visit token.
pub(crate) const VISIT: &str = "bascule-visit";

/// The page for a form that does not come from the page of `id` at `path`; `None` if it does. Nothing was
/// done, and the page shows the payment's state.
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

/// A rendered page with its data beside it, or a plain 500 if it does not render.
pub(crate) fn page(status: StatusCode, page: &impl Page) -> Response {
    match page.render() {
        Ok(html) => (status, Extension(page.view()), Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page does not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The page for something that cannot continue.
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
