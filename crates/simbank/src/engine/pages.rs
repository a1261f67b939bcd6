//! The banks' own pages: plain HTML rendered here, complete without JavaScript.
//!
//! The content security policy allows nothing but the one style sheet and, on the page that posts
//! the answer to the TPP, the one line of script, both named by their hash. It has no `form-action`
//! because browsers apply that to every redirect after a form was sent, and the redirects lead to
//! the TPP and on to the merchant; all text on the pages is escaped, so nobody can add a form.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};

use crate::engine::banks::Customer;
use crate::engine::jose::sha256;
use crate::engine::outcome::ReturnDelivery;
use crate::engine::texts::Texts;
use crate::engine::view::{DECISION, FieldView, FormView, View};

pub(crate) const STYLE: &str = include_str!("../../templates/style.css");
pub(crate) const SCRIPT: &str = "document.forms[0].submit()";

/// A page that a program can also read as data.
pub(crate) trait Page: Template {
    /// The page as data.
    fn view(&self) -> View;
}

/// An account to pay from.
pub(crate) struct AccountChoice {
    pub(crate) id: &'static str,
    pub(crate) label: String,
    pub(crate) name: String,
    pub(crate) balance: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    pub(crate) texts: &'static Texts,
    pub(crate) bank: &'static str,
    pub(crate) client: String,
    /// Set after a wrong password.
    pub(crate) attempts_left: Option<u32>,
    pub(crate) customers: &'static [Customer],
}

#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage {
    pub(crate) texts: &'static Texts,
    /// Whether the bank executes at certain hours only.
    pub(crate) closes: bool,
    /// Whether the order is executed more than once.
    pub(crate) is_standing_order: bool,
    /// Whether the payer is asked to take the payment back.
    pub(crate) is_cancellation: bool,
    pub(crate) bank: &'static str,
    pub(crate) client: String,
    pub(crate) payee: String,
    pub(crate) payee_account: String,
    pub(crate) amount: String,
    pub(crate) reference: String,
    pub(crate) accounts: Vec<AccountChoice>,
}

#[derive(Template)]
#[template(path = "left.html")]
struct LeftPage<'page> {
    texts: &'static Texts,
    bank: &'static str,
    /// Where the payer can go, twice; none: nowhere.
    address: Option<&'page str>,
}

#[derive(Template)]
#[template(path = "kept.html")]
struct KeptPage<'page> {
    texts: &'static Texts,
    bank: &'static str,
    /// Where the payer can go.
    address: &'page str,
}

#[derive(Template)]
#[template(path = "return.html")]
struct ReturnPage<'page> {
    bank: &'static str,
    action: &'page str,
    fields: &'page [(String, String)],
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'page> {
    bank: &'static str,
    text: &'page str,
}

impl Page for SignInPage {
    fn view(&self) -> View {
        let fields = vec![FieldView::text("username"), FieldView::text("password")];
        let mut shows = [("client", self.client.clone())].into();
        if let Some(left) = self.attempts_left {
            BTreeMap::insert(&mut shows, "attempts_left", left.to_string());
        }
        let forms = vec![FormView { fields, ..FormView::default() }];
        View { page: "sign_in", shows, forms, ..View::default() }
    }
}

impl Page for ConsentPage {
    fn view(&self) -> View {
        let purpose = if self.is_cancellation { "cancellation" } else { "payment" };
        let product = if self.is_standing_order { "standing_order" } else { "single_payment" };
        let shows = [
            ("amount", self.amount.as_str()),
            ("client", &self.client),
            ("payee", &self.payee),
            ("payee_account", &self.payee_account),
            ("product", product),
            ("purpose", purpose),
            ("reference", &self.reference),
        ];
        let options: Vec<String> =
            self.accounts.iter().map(|account| account.id.to_owned()).collect();
        // Without an account of the payer the page only declines.
        let (fields, buttons) = match (options.is_empty(), self.is_cancellation) {
            (true, _) => (vec![], DECISION[1..].to_vec()),
            (false, true) => (vec![], DECISION.to_vec()),
            (false, false) => {
                (vec![FieldView { options, ..FieldView::text("account") }], DECISION.to_vec())
            }
        };
        View {
            page: "consent",
            shows: shows.map(|(name, text)| (name, text.to_owned())).into(),
            forms: vec![FormView { fields, buttons, ..FormView::default() }],
            ..View::default()
        }
    }
}

impl Page for LeftPage<'_> {
    fn view(&self) -> View {
        let links =
            self.address.iter().flat_map(|address| [(*address).to_owned(), (*address).to_owned()]);
        View { page: "left", links: links.collect(), ..View::default() }
    }
}

impl Page for KeptPage<'_> {
    fn view(&self) -> View {
        View { page: "kept", links: vec![self.address.to_owned()], ..View::default() }
    }
}

impl Page for ReturnPage<'_> {
    fn view(&self) -> View {
        let fields =
            self.fields.iter().map(|(name, value)| FieldView::fixed(name, value)).collect();
        let action = Some(self.action.to_owned());
        let forms = vec![FormView { action, fields, ..FormView::default() }];
        View { page: "return", forms, ..View::default() }
    }
}

impl Page for ProblemPage<'_> {
    fn view(&self) -> View {
        let shows = [("text", self.text.to_owned())].into();
        View { page: "problem", shows, ..View::default() }
    }
}

/// The sign-in page.
pub(crate) fn sign_in(page: SignInPage) -> Response {
    render(200, &page)
}

/// The page that shows the payment.
pub(crate) fn consent(page: ConsentPage) -> Response {
    render(200, &page)
}

/// The way back as a scenario has it: as it is, nowhere, or twice.
pub(crate) fn way_back(
    scenario: ReturnDelivery,
    bank: &'static str,
    texts: &'static Texts,
    usual: impl FnOnce() -> Response,
) -> Response {
    match scenario {
        ReturnDelivery::Usual => usual(),
        ReturnDelivery::Missing => render(200, &LeftPage { texts, bank, address: None }),
        ReturnDelivery::Twice => {
            let usual = usual();
            let address = usual.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            match address {
                None => usual,
                address => render(200, &LeftPage { texts, bank, address }),
            }
        }
    }
}

/// The page after a cancellation that was declined or came too late.
pub(crate) fn kept(bank: &'static str, texts: &'static Texts, address: &str) -> Response {
    render(200, &KeptPage { texts, bank, address })
}

/// A page that says what went wrong.
pub(crate) fn problem(status: u16, text: &str) -> Response {
    render(status, &ProblemPage { bank: "Simulated bank", text })
}

/// The page that posts an answer to the TPP (OAuth 2.0 Form Post Response Mode).
pub(crate) fn form_post(bank: &'static str, action: &str, fields: &[(String, String)]) -> Response {
    render(200, &ReturnPage { bank, action, fields })
}

/// Renders a page, with its data beside it for [`as_data`](super::view::as_data).
pub(crate) fn render(status: u16, page: &impl Page) -> Response {
    let mut response = html(status, page);
    response.extensions_mut().insert(page.view());
    response
}

/// Renders a page with its headers.
pub(crate) fn html(status: u16, page: &impl Template) -> Response {
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let hash = |text: &str| STANDARD.encode(sha256(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy.as_str()),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, headers.map(|(name, value)| (name, value.to_owned())), html).into_response()
}

/// 303 to an address.
pub(crate) fn see_other(address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location), (CACHE_CONTROL, NO_STORE)])
            .into_response(),
        Err(_) => problem(400, "The address to send you back to cannot be used."),
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// An address with an answer behind `#`, URL-encoded as OAuth 2.0 Multiple Response Types says.
pub(crate) fn fragment_address(redirect_uri: &str, answer: &[(String, String)]) -> String {
    let encoded =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
    format!("{redirect_uri}#{encoded}")
}

/// An address with an answer in its query.
pub(crate) fn query_address(redirect_uri: &str, answer: &[(String, String)]) -> String {
    let encoded =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    format!("{redirect_uri}{separator}{encoded}")
}

/// An amount for people, for example `1,234.50`.
pub(crate) fn pounds(pence: i64) -> String {
    let sign = if pence < 0 { "-" } else { "" };
    let pence = pence.unsigned_abs();
    let digits = (pence / 100).to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{:02}", pence % 100)
}

/// An amount with its currency, for people.
pub(crate) fn money(minor: i64, currency: &str) -> String {
    let sign = match currency {
        "GBP" => "£",
        "EUR" => "€",
        "PLN" => "zł ",
        other => return format!("{} {other}", pounds(minor)),
    };
    format!("{sign}{}", pounds(minor))
}

/// Sort code and account number for people; anything else stays as it is.
pub(crate) fn spaced(identification: &str) -> String {
    if identification.len() == 14 && identification.bytes().all(|byte| byte.is_ascii_digit()) {
        let (code, number) = identification.split_at(6);
        format!("{}-{}-{} {number}", &code[..2], &code[2..4], &code[4..])
    } else {
        identification.to_owned()
    }
}
