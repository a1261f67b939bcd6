//! A hosted page as data, for programs that play the payer in a sandbox or in tests.
//!
//! A request with `Accept: application/json`, and without `text/html`, gets JSON in place of HTML, with
//! the same status, cookies and redirects: the page's name, the forms that it accepts, and where it leads.
//! The JSON has nothing that the HTML lacks, and no page of another origin can read either.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::Serialize;

use super::VISIT;
use super::summary::Summary;

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct View {
    /// The name of its template.
    page: &'static str,
    /// The title of a result or a problem, and its text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    texts: Vec<String>,
    /// The forms that it accepts.
    forms: Vec<Form>,
    /// The address to which the page leads by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    onward: Option<Onward>,
    /// The addresses that it links to, the main one first.
    links: Vec<String>,
}

/// A form. A program posts its fields, and one of its buttons if there are any, URL-encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Form {
    /// `main`, or `cancel` for the button that ends the payment.
    name: &'static str,
    /// The address to post to.
    action: String,
    fields: Vec<Field>,
    buttons: Vec<Button>,
}

/// A field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Field {
    name: String,
    /// The value to post back unchanged; absent if the payer fills it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// The accepted values; empty for any text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Button {
    name: &'static str,
    value: String,
}

/// Where a page leads by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Onward {
    url: String,
    /// Whether at once; otherwise the page waits, and the address shows it again or the next one.
    at_once: bool,
}

impl Form {
    /// The main form of a page, with its visit token.
    pub(super) fn at(action: String, payment: &Summary) -> Form {
        let form = Form { name: "main", action, fields: vec![], buttons: vec![] };
        form.fixed(VISIT, &payment.visit)
    }

    /// With a field that is posted back unchanged.
    pub(super) fn fixed(mut self, name: &str, value: &str) -> Form {
        let (name, value) = (name.to_owned(), Some(value.to_owned()));
        self.fields.push(Field { name, value, options: vec![] });
        self
    }

    /// With a field that the payer fills in.
    pub(super) fn asked(mut self, name: &str, options: &[String]) -> Form {
        let (name, options) = (name.to_owned(), options.to_vec());
        self.fields.push(Field { name, value: None, options });
        self
    }

    /// With a button.
    pub(super) fn button(mut self, name: &'static str, value: &str) -> Form {
        self.buttons.push(Button { name, value: value.to_owned() });
        self
    }
}

impl View {
    /// A page without forms and links.
    pub(super) fn of(page: &'static str) -> View {
        View { page, ..View::default() }
    }

    /// With the title and the text of a result or a problem.
    pub(super) fn texts(mut self, title: &str, text: &str) -> View {
        self.texts = vec![title.to_owned(), text.to_owned()];
        self
    }

    /// With a form.
    pub(super) fn form(mut self, form: Form) -> View {
        self.forms.push(form);
        self
    }

    /// With the form that ends the payment, if the payer can still cancel, and the link to the shop
    /// otherwise.
    pub(super) fn way_out(self, payment: &Summary, back_url: &str) -> View {
        if !payment.can_cancel {
            return self.link(back_url);
        }
        let form = Form::at(payment.path.clone(), payment).button("decision", "decline");
        self.form(Form { name: "cancel", ..form })
    }

    /// With a link.
    pub(super) fn link(mut self, url: &str) -> View {
        self.links.push(url.to_owned());
        self
    }

    /// With the address to which the page leads by itself.
    pub(super) fn onward(mut self, url: &str, at_once: bool) -> View {
        self.onward = Some(Onward { url: url.to_owned(), at_once });
        self
    }
}

/// Whether a client prefers data to HTML.
pub(super) fn prefers_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

/// The answer with the data of its page in place of HTML; unchanged if it is not a page.
pub(super) fn as_data(mut response: Response) -> Response {
    let Some(view) = response.extensions_mut().remove::<View>() else { return response };
    let Ok(body) = serde_json::to_vec(&view) else { return response };
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}
