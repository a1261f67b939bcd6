//! Which browser left for the bank.
//!
//! A page that leads to a bank sets a cookie in the browser. A return from any browser is recorded,
//! because the bank's answer is a fact; but only the browser that left sees the payment. A payer
//! who was persuaded to approve somebody else's payment, or who opened a forwarded address, sees a
//! page that says nothing of it.
//!
//! The cookie is `SameSite=Lax`: it comes with a bank's redirect, and not with a form that a bank's
//! page posts. Such a form is answered with a redirect of ours, and with that the cookie comes.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use domain::ids::PaymentId;
use gateway::App;

use crate::cookies;

/// How long a browser keeps the cookie, in seconds: longer than a payer has to approve.
const KEPT_S: u32 = 60 * 60;

/// The cookie's name: one for each payment, because a browser may have several at banks at once.
fn name(id: &PaymentId) -> String {
    format!("bascule-left-{}", id.core())
}

/// The response, which leaves the cookie with the browser that is about to leave.
pub(super) fn noted(app: &App, id: &PaymentId, mut response: Response) -> Response {
    let secure = if app.settings().public_url.starts_with("https:") { "; Secure" } else { "" };
    let cookie = format!(
        "{}={}; Path=/callback; Max-Age={KEPT_S}; HttpOnly; SameSite=Lax{secure}",
        name(id),
        app.departure_token(id)
    );
    // A name of letters and digits, and hexadecimal digits: always a valid header.
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

/// Whether the request comes from a browser that left our pages for the bank with that payment.
pub(super) fn is_known(app: &App, id: &PaymentId, headers: &HeaderMap) -> bool {
    let name = name(id);
    cookies::sent(headers).any(|(found, token)| found == name && app.is_departure_token(id, token))
}
