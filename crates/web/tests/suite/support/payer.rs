//! The payer's browser, played through the routers: the bank's pages and the way back.

use axum::body::Body;
use banks::wire::Response;

use super::{Answer, World};
use crate::support::wire::BANKS_URL;

/// What the payer does at the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Approve,
    Decline,
}

/// What the bank gives the browser to bring back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    pub fields: Vec<(String, String)>,
    /// Whether the bank's page posts it; otherwise it is in the fragment.
    pub posted: bool,
}

impl WayBack {
    pub fn get(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The same with another value in one place.
    pub fn with(&self, name: &str, value: &str) -> WayBack {
        let mut changed = self.clone();
        for (other, text) in &mut changed.fields {
            if other == name {
                value.clone_into(text);
            }
        }
        changed
    }

    pub fn form(&self) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(&self.fields).finish()
    }
}

impl World {
    /// Signs in at the bank and decides.
    pub async fn visit_bank(&self, redirect_url: &str, decision: Decision) -> WayBack {
        let path = redirect_url.strip_prefix(BANKS_URL).unwrap();
        let sign_in = self.location(self.bank_get(path).await);
        let page = text(&self.bank_get(&sign_in).await);
        let mut codes = page.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap());
        let (user, password) = (codes.next().unwrap(), codes.next().unwrap());
        let form = [("username", user), ("password", password)];
        let consent = self.location(self.bank_post(&sign_in, &form).await);
        let page = text(&self.bank_get(&consent).await);
        let account = page.split("name=\"account\" value=\"").nth(1).unwrap();
        let account = account.split('"').next().unwrap();
        let decision = if decision == Decision::Approve { "approve" } else { "decline" };
        let form = [("account", account), ("decision", decision)];
        let back = self.location(self.bank_post(&consent, &form).await);
        if let Some((_, fragment)) = back.split_once('#') {
            let fields = url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect();
            return WayBack { fields, posted: false };
        }
        let page = text(&self.bank_get(&back).await);
        let fields = page.split("<input type=\"hidden\" name=\"").skip(1).map(|field| {
            let mut parts = field.split('"');
            let name = parts.next().unwrap().to_owned();
            (name, unescaped(parts.nth(1).unwrap()))
        });
        WayBack { fields: fields.collect(), posted: true }
    }

    /// Brings the bank's answer to the gateway, as the bank's page or our page's script does.
    pub async fn return_to_gateway(&self, back: &WayBack) -> Answer {
        let mut request = http::Request::post("/callback")
            .header("content-type", "application/x-www-form-urlencoded");
        if !back.posted {
            request = request.header("accept", "application/json");
        }
        self.send(request.body(Body::from(back.form())).unwrap()).await
    }

    async fn bank_get(&self, path: &str) -> Response {
        self.wire.bank(http::Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn bank_post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = http::Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        self.wire.bank(request).await.unwrap()
    }

    fn location(&self, response: Response) -> String {
        assert_eq!(response.status, 303, "{}: {}", self.name, text(&response));
        response.header("location").unwrap().to_owned()
    }
}

fn text(response: &Response) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}

pub fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&amp;", "&")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
}
