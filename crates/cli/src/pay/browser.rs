//! The payer's browser, played: it fetches pages, fills in their forms and follows them, at the
//! gateway's hosted pages and at the bank's own pages.

use std::sync::Arc;

use anyhow::{Context, bail};
use banks::wire::{Request, Response, Wire};
use url::Url;

use crate::wire::HttpWire;

/// How long one page may take, in milliseconds.
const TIMEOUT_MS: u64 = 30_000;

/// What the bank sends back through the browser: a form in the standards' encoding.
pub struct WayBack {
    form: String,
}

/// A browser without a screen.
pub struct Browser {
    wire: Arc<HttpWire>,
}

impl Browser {
    /// A new one.
    pub fn new(wire: Arc<HttpWire>) -> Browser {
        Browser { wire }
    }

    /// Opens the hosted pages and chooses the bank.
    pub async fn choose_bank(&self, api_url: &str, id: &str, bank: &str) -> anyhow::Result<()> {
        let url = format!("{api_url}/session/{id}");
        let page = self.get(&url).await?;
        expect(&page, 200, "the bank picker")?;
        let visit = attribute_after(&html(&page), "name=\"bascule-visit\"", "value=\"")
            .context("the bank picker's form has no visit token")?;
        let form = [("bascule-visit", visit.as_str()), ("bank-id", bank)];
        let answer = self.post(&url, &form).await?;
        if answer.status != 303 {
            bail!("the hosted pages did not take bank `{bank}` (HTTP {})", answer.status);
        }
        Ok(())
    }

    /// Signs in at the bank with the first user that its page names, chooses the first account
    /// and approves or declines.
    pub async fn visit_bank(&self, url: &str, decline: bool) -> anyhow::Result<WayBack> {
        let sign_in = self.follow(url).await?;
        if Url::parse(&sign_in).is_ok_and(|url| url.path().ends_with("/callback")) {
            if decline {
                bail!("this bank approves by itself: choose another one with --bank to decline");
            }
            return self.way_back(&sign_in).await;
        }
        let page = self.get(&sign_in).await?;
        expect(&page, 200, "the bank's sign-in page")?;
        let (user, password) = first_user(&html(&page))
            .context("the bank's sign-in page names no user and password")?;
        let form = [("username", user.as_str()), ("password", password.as_str())];
        let answer = self.post(&sign_in, &form).await?;
        let consent = location(&answer, &sign_in).context("the bank's sign-in")?;
        let page = self.get(&consent).await?;
        expect(&page, 200, "the bank's consent page")?;
        let account = attribute_after(&html(&page), "name=\"account\"", "value=\"")
            .context("the bank's consent page offers no account")?;
        let decision = if decline { "decline" } else { "approve" };
        let answer = self.post(&consent, &[("account", &account), ("decision", decision)]).await?;
        let next = location(&answer, &consent).context("the bank's consent")?;
        self.way_back(&next).await
    }

    /// Brings the bank's answer to the gateway as a browser would.
    pub async fn return_to_gateway(&self, api_url: &str, back: &WayBack) -> anyhow::Result<()> {
        let url = format!("{api_url}/callback");
        let headers = vec![
            ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ("accept".to_owned(), "application/json".to_owned()),
        ];
        let body = back.form.clone().into_bytes();
        let answer = self.send(http::Method::POST, &url, headers, body).await?;
        expect(&answer, 200, "the gateway's callback")
    }

    /// A fragment or a query of the way back, or the form of a page that posts it.
    async fn way_back(&self, next: &str) -> anyhow::Result<WayBack> {
        let url = Url::parse(next)?;
        if let Some(fragment) = url.fragment() {
            return Ok(WayBack { form: fragment.to_owned() });
        }
        if url.path().ends_with("/callback") {
            return Ok(WayBack { form: url.query().unwrap_or("").to_owned() });
        }
        let page = self.get(next).await?;
        expect(&page, 200, "the bank's page back")?;
        let html = html(&page);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for field in html.split("<input type=\"hidden\" name=\"").skip(1).take(20) {
            let (name, rest) = field.split_once('"').context("a field without a name")?;
            let value = attribute_after(rest, "", "value=\"").unwrap_or_default();
            form.append_pair(name, &value);
        }
        Ok(WayBack { form: form.finish() })
    }

    /// Where a URL that redirects leads to.
    async fn follow(&self, url: &str) -> anyhow::Result<String> {
        let answer = self.get(url).await?;
        location(&answer, url).context("the bank's authorisation endpoint")
    }

    async fn get(&self, url: &str) -> anyhow::Result<Response> {
        self.send(http::Method::GET, url, vec![], vec![]).await
    }

    async fn post(&self, url: &str, form: &[(&str, &str)]) -> anyhow::Result<Response> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish()
            .into_bytes();
        let kind = "application/x-www-form-urlencoded".to_owned();
        self.send(http::Method::POST, url, vec![("content-type".to_owned(), kind)], body).await
    }

    async fn send(
        &self,
        method: http::Method,
        url: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> anyhow::Result<Response> {
        let request = Request {
            operation: "browser",
            method,
            url: url.to_owned(),
            headers,
            body,
            timeout_ms: TIMEOUT_MS,
            client_certificate: None,
        };
        Ok(self.wire.send(request).await?)
    }
}

fn expect(answer: &Response, status: u16, what: &str) -> anyhow::Result<()> {
    if answer.status == status {
        return Ok(());
    }
    let text: String = html(answer).chars().take(300).collect();
    bail!("{what} answered HTTP {}: {text}", answer.status)
}

fn html(answer: &Response) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn location(answer: &Response, base: &str) -> anyhow::Result<String> {
    let target = answer.header("location").with_context(|| {
        let text: String = html(answer).chars().take(300).collect();
        format!("no redirect but HTTP {}: {text}", answer.status)
    })?;
    Ok(Url::parse(base)?.join(target)?.into())
}

/// The simulated banks show their users on the sign-in page, each as `<code>user</code>` and
/// `<code>password</code>`.
fn first_user(html: &str) -> Option<(String, String)> {
    let mut codes = html.split("<code>").skip(1).filter_map(|rest| rest.split("</code>").next());
    Some((unescaped(codes.next()?), unescaped(codes.next()?)))
}

/// The value of the attribute `attribute` (`value="`) that follows `marker`.
fn attribute_after(html: &str, marker: &str, attribute: &str) -> Option<String> {
    let after = &html[html.find(marker)? + marker.len()..];
    let value = &after[after.find(attribute)? + attribute.len()..];
    Some(unescaped(value.split('"').next()?))
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&amp;", "&")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
}
