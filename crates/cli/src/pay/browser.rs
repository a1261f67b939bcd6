//! The payer's browser, played: it opens pages as data, follows redirects, fills in forms and keeps
//! cookies, at the gateway's hosted pages and at the simulated banks' own pages and apps.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use banks::wire::{Request, Response, Wire};
use domain::seams::Clock;
use url::Url;

use super::payer::{Customers, Payer};
use super::view::{Form, View};
use crate::seams::SystemClock;
use crate::wire::HttpWire;

/// How long one page may take, in milliseconds.
const TIMEOUT_MS: u64 = 30_000;
/// The pause between two reads of a waiting page, in milliseconds.
const LOOK_AGAIN_MS: u64 = 100;
/// The most pages, redirects and repeated reads of one visit.
const PAGES_MAX: usize = 3_000;
/// How often a payer with the bank's answer reloads a page that no server answers: the bank gives
/// that answer only once.
const RELOADS_MAX: u32 = 40;
/// The pause between two reloads, in milliseconds.
const RELOAD_MS: u64 = 50;
/// The most cookies that are kept.
const COOKIES_MAX: usize = 100;

/// A browser without a screen.
pub struct Browser {
    wire: Arc<HttpWire>,
    api_url: String,
    banks_url: String,
    cookies: BTreeMap<String, String>,
}

/// Where a page leads.
enum Next {
    /// To another page.
    Go(String),
    /// To a page that is here already: its address and the answer.
    Show(String, Response),
    /// To the same page, later.
    Wait,
    /// Nowhere: the visit is over.
    End,
}

impl Browser {
    /// A new one, of a payer whose gateway and banks have these base URLs.
    #[must_use]
    pub fn new(wire: Arc<HttpWire>, api_url: &str, banks_url: &str) -> Browser {
        Browser {
            wire,
            api_url: api_url.to_owned(),
            banks_url: banks_url.to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    /// Opens `url` and continues until a page shows a result, or leads away from gateway and bank.
    /// Returns the last page of these two.
    ///
    /// # Errors
    /// If a page cannot be opened or used.
    pub async fn walk(
        &mut self,
        url: &str,
        payer: &Payer,
        until: impl Fn() -> bool,
    ) -> anyhow::Result<View> {
        let mut last = View::default();
        let mut url = url.to_owned();
        let mut shown: Option<Response> = None;
        let (mut decided, mut confirmed) = (false, false);
        for _ in 0..PAGES_MAX {
            if let Some(next) = self.answer_in_fragment(&url).await? {
                url = next;
                continue;
            }
            if !self.is_known(&url) || until() {
                break;
            }
            let page = match shown.take() {
                Some(page) => page,
                None => self.get(&url).await?,
            };
            if let Some(target) = target(&page, &url)? {
                url = target;
                continue;
            }
            let view = view_of(&page, &url)?;
            last.clone_from(&view);
            if page.status >= 400 {
                bail!("{url} answered HTTP {}: {}", page.status, view.summary());
            }
            match self.use_page(&url, &view, payer, (&mut decided, &mut confirmed)).await? {
                Next::Go(next) => url = next,
                Next::Show(next, page) => {
                    url = next;
                    shown = Some(page);
                }
                Next::Wait => SystemClock.sleep(LOOK_AGAIN_MS).await,
                Next::End => break,
            }
        }
        if payer.declines && !decided {
            bail!("{} approves by itself: choose another bank with --bank", payer.bank);
        }
        Ok(last)
    }

    /// Whether a page is the gateway's or the bank's, and not the shop's.
    fn is_known(&self, url: &str) -> bool {
        let path = url.strip_prefix(&self.api_url);
        path.is_some_and(|path| !path.starts_with("/demo")) || url.starts_with(&self.banks_url)
    }

    async fn use_page(
        &mut self,
        url: &str,
        page: &View,
        payer: &Payer,
        (decided, confirmed): (&mut bool, &mut bool),
    ) -> anyhow::Result<Next> {
        let at_bank = url.starts_with(&self.banks_url);
        if let Some(form) = page.forms.iter().find(|form| form.name != "cancel") {
            *decided |= at_bank && form.has_button("decision", "decline");
            let filled = self.filled(form, payer).await?;
            let action = Url::parse(url)?.join(form.action.as_deref().unwrap_or(url))?;
            let answer = self.post(action.as_str(), &filled).await?;
            return Ok(Next::Show(action.into(), answer));
        }
        match &page.onward {
            Some(onward) if onward.at_once => {
                Ok(Next::Go(Url::parse(url)?.join(&onward.url)?.into()))
            }
            Some(_) => {
                if !*confirmed {
                    *confirmed = self.decide_in_app(payer).await?;
                    *decided |= *confirmed;
                }
                Ok(Next::Wait)
            }
            None => match page.links.first() {
                Some(link) if link.starts_with(&self.banks_url) => Ok(Next::Go(link.clone())),
                _ => Ok(Next::End),
            },
        }
    }

    /// The payer's values for a form.
    async fn filled(
        &mut self,
        form: &Form,
        payer: &Payer,
    ) -> anyhow::Result<Vec<(String, String)>> {
        let mut filled: Vec<(String, String)> = vec![];
        for field in &form.fields {
            let value = match (&field.value, field.name.as_str()) {
                (Some(value), _) => value.clone(),
                (None, "username") => payer.user.clone(),
                (None, "password") if form.asks_for("username") => payer.password.clone(),
                (None, "account") if !field.options.is_empty() => {
                    field.options.first().cloned().unwrap_or_default()
                }
                (None, name) => payer.answer(self, name, &field.options).await?,
            };
            filled.push((field.name.clone(), value));
        }
        let decision = if payer.declines { "decline" } else { "approve" };
        let wanted =
            [("bank-id", payer.bank.as_str()), ("decision", "accept"), ("decision", decision)];
        let pressed = wanted.iter().find(|(name, value)| form.has_button(name, value));
        match pressed {
            Some((name, value)) => filled.push(((*name).to_owned(), (*value).to_owned())),
            None if form.buttons.iter().any(|button| button.name == "bank-id") => {
                bail!("the hosted pages do not offer {} for this payment", payer.bank)
            }
            None => {}
        }
        Ok(filled)
    }

    /// Sends an answer behind the `#` to the gateway, as the script of its page does. Returns the next
    /// address of the browser.
    async fn answer_in_fragment(&mut self, url: &str) -> anyhow::Result<Option<String>> {
        let parsed = Url::parse(url)?;
        let Some(fragment) = parsed.fragment().filter(|_| parsed.path() == "/callback") else {
            return Ok(None);
        };
        let headers = vec![("content-type".to_owned(), FORM.to_owned()), json()];
        let address = format!("{}/callback", self.api_url);
        let body = fragment.as_bytes().to_vec();
        let answer = self.send(http::Method::POST, &address, headers, body).await?;
        let next: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let next = next["location"].as_str().with_context(|| {
            format!("the gateway's callback answered HTTP {}: {}", answer.status, text(&answer))
        })?;
        Ok(Some(Url::parse(&address)?.join(next)?.into()))
    }

    /// Opens any page, also the shop's, as people see it: its HTTP status and its text.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn open(&mut self, url: &str) -> anyhow::Result<(u16, String)> {
        let page = self.send(http::Method::GET, url, vec![], vec![]).await?;
        Ok((page.status, text(&page)))
    }

    /// The customers of all simulated banks.
    ///
    /// # Errors
    /// If the banks do not answer with them.
    pub async fn customers(&mut self) -> anyhow::Result<Customers> {
        let url = format!("{}/sim/customers", self.banks_url);
        let answer = self.get(&url).await?;
        if answer.status != 200 {
            bail!("{url} answered HTTP {}", answer.status);
        }
        serde_json::from_slice(&answer.body).with_context(|| format!("reading {url}"))
    }

    /// The code that the bank's app shows.
    ///
    /// # Errors
    /// If it shows none.
    pub async fn app_code(&mut self, bank: &str, user: &str) -> anyhow::Result<String> {
        let url = format!("{}/sim/app/{bank}/{user}", self.banks_url);
        let page = view_of(&self.get(&url).await?, &url)?;
        page.shows.code.with_context(|| format!("{url} shows no code"))
    }

    /// Presses a button in the bank's app. Returns whether a payment waited there.
    ///
    /// # Errors
    /// If the app does not accept the decision.
    pub async fn decide_in_app(&mut self, payer: &Payer) -> anyhow::Result<bool> {
        let url = format!("{}/sim/app/{}/{}", self.banks_url, payer.bank, payer.user);
        let page = self.get(&url).await?;
        // A bank without an app has no such page.
        if page.status != 200 {
            return Ok(false);
        }
        // The newest payment is the last one of the page.
        let page = view_of(&page, &url)?;
        let Some(form) = page.forms.last() else { return Ok(false) };
        let filled = self.filled(form, payer).await?;
        let answer = self.post(&url, &filled).await?;
        // Somebody else may have decided in the meantime.
        Ok(answer.status == 303)
    }

    /// Whether the gateway receives a bank's answer at this address.
    fn is_callback(&self, url: &str) -> bool {
        url.strip_prefix(&self.api_url).is_some_and(|path| path.starts_with("/callback"))
    }

    async fn get(&mut self, url: &str) -> anyhow::Result<Response> {
        self.send(http::Method::GET, url, vec![json()], vec![]).await
    }

    async fn post(&mut self, url: &str, form: &[(String, String)]) -> anyhow::Result<Response> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut headers = vec![("content-type".to_owned(), FORM.to_owned())];
        // The gateway's callback redirects a browser, and answers JSON to the script of its own page.
        if !self.is_callback(url) {
            headers.push(json());
        }
        self.send(http::Method::POST, url, headers, body.into_bytes()).await
    }

    async fn send(
        &mut self,
        method: http::Method,
        url: &str,
        mut headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> anyhow::Result<Response> {
        let of_gateway = url.starts_with(&self.api_url);
        if of_gateway && !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.push(("cookie".to_owned(), cookies.join("; ")));
        }
        let request = Request {
            operation: "browser",
            method,
            url: url.split('#').next().unwrap_or(url).to_owned(),
            headers,
            body,
            timeout_ms: TIMEOUT_MS,
            client_certificate: None,
            tls_authorities: None,
        };
        let mut reloads = if self.is_callback(url) { RELOADS_MAX } else { 0 };
        let answer = loop {
            match self.wire.send(request.clone()).await {
                Ok(answer) if answer.status < 500 || reloads == 0 => break answer,
                Err(error) if reloads == 0 => {
                    return Err(error).with_context(|| format!("opening {url}"));
                }
                Ok(_) | Err(_) => {
                    reloads -= 1;
                    SystemClock.sleep(RELOAD_MS).await;
                }
            }
        };
        let set = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for (_, cookie) in set.filter(|_| of_gateway) {
            let pair = cookie.split(';').next().unwrap_or("");
            if let Some((name, value)) = pair.split_once('=')
                && self.cookies.len() < COOKIES_MAX
            {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        Ok(answer)
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn json() -> (String, String) {
    ("accept".to_owned(), "application/json".to_owned())
}

/// The page in an answer.
fn view_of(answer: &Response, url: &str) -> anyhow::Result<View> {
    serde_json::from_slice(&answer.body)
        .with_context(|| format!("{url} answered HTTP {} without a page's data", answer.status))
}

/// Where an answer redirects to.
fn target(answer: &Response, base: &str) -> anyhow::Result<Option<String>> {
    match (answer.status, answer.header("location")) {
        (300..=399, Some(location)) => Ok(Some(Url::parse(base)?.join(location)?.into())),
        _ => Ok(None),
    }
}

fn text(answer: &Response) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}
