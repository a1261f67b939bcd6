//! Whole payments: created over the API, approved by a payer on the simulated bank's own pages,
//! returned to the gateway, and watched until they are completed.
//!
//! Each payer makes one payment after the other over its own connections, and posts the pages'
//! forms as a browser does. The simulated banks need neither scripts nor cookies.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::driver::{Outcome, Task};
use crate::http1::{self, ANSWER_BYTES_MAX};
use crate::route::{self, Route};
use crate::token::{Signed, Signer};
use crate::{measure, order};

/// Between two looks at a payment.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Looks at a payment before it has failed: 30 seconds.
const LOOKS_MAX: u32 = 1_500;
/// How far ahead a request's token expires, in milliseconds.
const TOKEN_LIFETIME_MS: i64 = 60_000;
/// Questions of one approval.
const ROUNDS_OF_QUESTIONS_MAX: u32 = 8;
/// Hidden fields of a page that posts the bank's answer back.
const FIELDS_MAX: usize = 20;
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\naccept: application/json";
/// At the bank's pages: without JSON, which they would answer with their data.
const BROWSER: &str = "content-type: application/x-www-form-urlencoded\r\naccept: text/html";

/// Makes `task.requests` payments, `task.connections` at the same time.
///
/// # Errors
/// Any payment that is not completed.
pub async fn pay_all(task: Task, route: Route) -> anyhow::Result<Outcome> {
    let left = Rc::new(Cell::new(task.requests));
    let mut payers = vec![];
    for _ in 0..task.connections {
        payers.push(Payer {
            api: Url::parse(&task.ready.api_url)?,
            signer: Signer::new(task.ready.credentials.clone())?,
            streams: BTreeMap::new(),
            answer: Vec::with_capacity(ANSWER_BYTES_MAX),
        });
    }
    let started = measure::now();
    let paying: Vec<_> = payers
        .into_iter()
        .map(|payer| tokio::task::spawn_local(pay_in_turn(payer, route, Rc::clone(&left))))
        .collect();
    let mut times_us = vec![];
    for payer in paying {
        times_us.extend(payer.await??);
    }
    let elapsed_us = measure::elapsed_us(started);
    ensure!(times_us.len() == task.requests as usize, "some payments were not made");
    Ok(Outcome::of(elapsed_us, &mut times_us, vec![]))
}

async fn pay_in_turn(
    mut payer: Payer,
    route: Route,
    left: Rc<Cell<u32>>,
) -> anyhow::Result<Vec<u64>> {
    let mut times_us = vec![];
    while left.get() > 0 {
        let number = left.get() - 1;
        left.set(number);
        let bank = route.bank(number);
        let started = measure::now();
        payer.pay(route, bank).await.with_context(|| format!("a payment at {bank}"))?;
        times_us.push(measure::elapsed_us(started));
    }
    Ok(times_us)
}

/// A merchant and its customer in one.
struct Payer {
    api: Url,
    signer: Signer,
    /// By `host:port`; kept open.
    streams: BTreeMap<String, TcpStream>,
    answer: Vec<u8>,
}

struct Page {
    url: Url,
    status: u16,
    location: Option<String>,
    text: String,
}

impl Payer {
    async fn pay(&mut self, route: Route, bank: &str) -> anyhow::Result<()> {
        let order = route.order(bank).to_string();
        let mut payment = self.call("POST", order::PATH, &order).await?;
        let id = payment["id"].as_str().context("a payment without an id")?.to_owned();
        let path = format!("{}/{id}", order::PATH);
        let opened = |payment: &Value| payment["authentication"].is_object();
        payment = self.look_until(payment, &path, opened).await?;
        if let Some(bank_url) = payment["authentication"]["redirectUrl"].as_str() {
            let form = self.visit_bank(Url::parse(bank_url)?).await?;
            let callback = self.api.join("/callback")?;
            self.fetch("POST", callback, FORM, &form).await?.expect(200)?;
        } else {
            self.answer_questions(payment, &path).await?;
        }
        let payment = self.call("GET", &path, "").await?;
        let completed = |payment: &Value| payment["status"] == "INITIATION_COMPLETED";
        self.look_until(payment, &path, completed).await?;
        Ok(())
    }

    /// Answers what the bank asks, until it asks nothing more.
    async fn answer_questions(&mut self, mut payment: Value, path: &str) -> anyhow::Result<()> {
        let path = format!("{path}/embedded-auth");
        for _ in 0..ROUNDS_OF_QUESTIONS_MAX {
            let Some(fields) = payment["authentication"]["fields"].as_array() else {
                return Ok(());
            };
            let answers: serde_json::Map<String, Value> = fields
                .iter()
                .filter_map(|field| field["id"].as_str())
                .map(|id| (id.to_owned(), json!(route::answer(id))))
                .collect();
            let body = json!({ "embeddedAuth": answers }).to_string();
            payment = self.call("POST", &path, &body).await?;
        }
        bail!("the bank does not stop asking")
    }

    /// The payment once it is as `wanted`; it has failed where it ends otherwise.
    async fn look_until(
        &mut self,
        mut payment: Value,
        path: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        for _ in 0..LOOKS_MAX {
            if wanted(&payment) {
                return Ok(payment);
            }
            let status = payment["status"].as_str().unwrap_or("");
            ensure!(status.starts_with("INITIATION_P"), "it ended as `{status}`");
            pause(LOOK_AGAIN).await;
            payment = self.call("GET", path, "").await?;
        }
        bail!("it is still `{}`", payment["status"].as_str().unwrap_or(""))
    }

    /// Signs in as the first user whom the bank's page names, and approves with the first account.
    /// Returns what the bank sends back, as a form.
    async fn visit_bank(&mut self, url: Url) -> anyhow::Result<String> {
        let mut page = self.fetch("GET", url, BROWSER, "").await?;
        let mut sign_in = page.url.clone();
        if page.status == 200 {
            sign_in.set_path(&format!("{}/sign-in", page.url.path()));
        } else {
            sign_in = page.target()?;
            page = self.fetch("GET", sign_in.clone(), BROWSER, "").await?.expect(200)?;
        }
        let (user, password) = first_user(&page.text).context("the sign-in page names no user")?;
        let form = form_of(&[("username", &user), ("password", &password)]);
        let consent = self.fetch("POST", sign_in, BROWSER, &form).await?.target()?;
        let page = self.fetch("GET", consent.clone(), BROWSER, "").await?.expect(200)?;
        let account = value_after(&page.text, "name=\"account\"").context("no account")?;
        let form = form_of(&[("account", &account), ("decision", "approve")]);
        let back = self.fetch("POST", consent, BROWSER, &form).await?.target()?;
        if let Some(fragment) = back.fragment() {
            return Ok(fragment.to_owned());
        }
        if back.path().ends_with("/callback") {
            return Ok(back.query().unwrap_or("").to_owned());
        }
        let page = self.fetch("GET", back, BROWSER, "").await?.expect(200)?;
        Ok(form_of_hidden_fields(&page.text))
    }

    /// Calls the API with a signed request; the payment of the answer.
    async fn call(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<Value> {
        let url = self.api.join(path)?;
        let host = host(&url)?;
        let signed = Signed { host: &host, method, path, body: body.as_bytes() };
        let token = self.signer.token(signed, measure::unix_ms() + TOKEN_LIFETIME_MS)?;
        let fields = format!("authorization: Bearer {token}\r\ncontent-type: application/json");
        let page = self.fetch(method, url, &fields, body).await?.expect(200)?;
        Ok(serde_json::from_str::<Value>(&page.text)?["payment"].take())
    }

    /// Sends one request; `fields` are more header fields.
    async fn fetch(
        &mut self,
        method: &str,
        url: Url,
        fields: &str,
        body: &str,
    ) -> anyhow::Result<Page> {
        let host = host(&url)?;
        let mut stream = match self.streams.remove(&host) {
            Some(open) => open,
            None => http1::connect(&host).await?,
        };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let request = format!(
            "{method} {}{query} HTTP/1.1\r\nhost: {host}\r\n{fields}\r\ncontent-length: {}\r\n\r\n\
             {body}",
            url.path(),
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let body_at = http1::read_answer(&mut stream, &mut self.answer).await?;
        let (head, body) = self.answer.split_at(body_at);
        let status = std::str::from_utf8(head)?.get(9..12).context("no status")?.parse()?;
        let location = http1::header(head, "location").map(str::to_owned);
        let text = String::from_utf8_lossy(body).into_owned();
        if http1::header(head, "connection") != Some("close") {
            self.streams.insert(host, stream);
        }
        Ok(Page { url, status, location, text })
    }
}

impl Page {
    fn expect(self, status: u16) -> anyhow::Result<Page> {
        if self.status == status {
            return Ok(self);
        }
        let text: String = self.text.chars().take(300).collect();
        bail!("{} answered HTTP {}: {text}", self.url.path(), self.status)
    }

    /// Where the page redirects to.
    fn target(self) -> anyhow::Result<Url> {
        match &self.location {
            Some(location) => Ok(self.url.join(location)?),
            None => bail!("{} does not redirect (HTTP {})", self.url.path(), self.status),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the load waits in real time, as a client does")]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// `host:port`, as connections and the header want it.
fn host(url: &Url) -> anyhow::Result<String> {
    let port = url.port().context("a URL without a port")?;
    Ok(format!("{}:{port}", url.host_str().context("a URL without a host")?))
}

fn form_of(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The sign-in page shows each user as `<code>user</code>` and `<code>password</code>`.
fn first_user(html: &str) -> Option<(String, String)> {
    let mut codes = html.split("<code>").skip(1).filter_map(|rest| rest.split("</code>").next());
    Some((unescaped(codes.next()?), unescaped(codes.next()?)))
}

/// The first `value="…"` after `marker`.
fn value_after(html: &str, marker: &str) -> Option<String> {
    let (_, after) = html.split_once(marker)?;
    let (_, value) = after.split_once("value=\"")?;
    Some(unescaped(value.split('"').next()?))
}

/// The body that a browser posts for a page of hidden fields.
fn form_of_hidden_fields(html: &str) -> String {
    let mut form = Serializer::new(String::new());
    for field in html.split("<input type=\"hidden\" name=\"").skip(1).take(FIELDS_MAX) {
        let name = field.split('"').next().unwrap_or("");
        form.append_pair(name, &value_after(field, "\"").unwrap_or_default());
    }
    form.finish()
}

fn unescaped(text: &str) -> String {
    // The ampersand comes last, so that an escaped escape stays one.
    [("#34", "\""), ("quot", "\""), ("#39", "'"), ("#60", "<"), ("lt", "<"), ("#62", ">")]
        .into_iter()
        .chain([("gt", ">"), ("#38", "&"), ("amp", "&")])
        .fold(text.to_owned(), |text, (name, sign)| text.replace(&format!("&{name};"), sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_filled_in_from_the_pages() {
        let html = "<code>ann</code> <code>a&#38;b</code><input name=\"account\" value=\"1&lt;\">";
        assert_eq!(first_user(html), Some(("ann".to_owned(), "a&b".to_owned())));
        assert_eq!(value_after(html, "name=\"account\""), Some("1<".to_owned()));
        assert_eq!(value_after(html, "name=\"other\""), None);
        assert_eq!(unescaped("&amp;lt;"), "&lt;");
        let hidden = "<input type=\"hidden\" name=\"code\" value=\"a b\">\
                      <input type=\"hidden\" name=\"state\" value=\"1&amp;2\">";
        assert_eq!(form_of_hidden_fields(hidden), "code=a+b&state=1%262");
    }
}
