//! A page of a bank as data, for programs that play the payer.
//!
//! A request with `Accept: application/json`, and without `text/html`, gets JSON in place of HTML, with
//! the same status: the details that the page shows, and the forms that it accepts. Redirects are the
//! same for both. A program fills a form and posts it URL-encoded, as a browser does.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use serde::Serialize;

/// The details that a page or a form shows, by name.
type Shown = BTreeMap<&'static str, String>;

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct View {
    /// Its name: `sign_in`, `consent`, `app`, `return`, `left`, `kept`, `problem`.
    pub(crate) page: &'static str,
    /// The details that it shows.
    pub(crate) shows: Shown,
    /// The forms that it accepts.
    pub(crate) forms: Vec<FormView>,
    /// The addresses that it links to.
    pub(crate) links: Vec<String>,
}

/// A form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct FormView {
    /// The address to post to; that of the page if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
    /// The details that it shows.
    pub(crate) shows: Shown,
    /// Its fields.
    pub(crate) fields: Vec<FieldView>,
    /// Its buttons, one of which is posted with the fields; empty if the fields are enough.
    pub(crate) buttons: Vec<ButtonView>,
}

/// A field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct FieldView {
    /// Its name.
    pub(crate) name: String,
    /// The value to post back unchanged; absent if the payer fills it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// The accepted values, the default first; empty for any text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) options: Vec<String>,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ButtonView {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its value.
    pub(crate) value: &'static str,
}

/// The buttons of every decision.
pub(crate) const DECISION: [ButtonView; 2] = [
    ButtonView { name: "decision", value: "approve" },
    ButtonView { name: "decision", value: "decline" },
];

impl FieldView {
    /// A field for any text.
    pub(crate) fn text(name: &str) -> FieldView {
        FieldView { name: name.to_owned(), ..FieldView::default() }
    }

    /// A field that is posted back unchanged.
    pub(crate) fn fixed(name: &str, value: &str) -> FieldView {
        FieldView { value: Some(value.to_owned()), ..FieldView::text(name) }
    }
}

/// Answers with the data of a page in place of its HTML if the client prefers JSON.
pub(crate) async fn as_data(request: Request, next: Next) -> Response {
    let wants_data = prefers_json(request.headers());
    let mut response = next.run(request).await;
    let Some(view) = response.extensions_mut().remove::<View>().filter(|_| wants_data) else {
        return response;
    };
    let Ok(body) = serde_json::to_vec(&view) else { return response };
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

fn prefers_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}
