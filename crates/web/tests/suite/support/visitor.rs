//! A payer who does what a bank's pages say, and takes every way back that they offer: one, two or
//! none.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::payer::{customer_of, local, text, unescaped};
use super::{BankReturn, PUBLIC_URL, World};

/// Banks in Britain, their ordinary customers and these customers' first accounts.
pub const BRITISH: [(&str, &str, &str); 4] = [
    ("ob-iron", "dave", "80000112345601"),
    ("ob-quartz", "nora", "60000112345601"),
    ("ob-slate", "quinn", "50000112345601"),
    ("ob-onyx", "sara", "40000112345601"),
];

/// The ordinary customer of a bank.
pub fn customer_at(bank: &str) -> &'static str {
    let british = BRITISH.iter().find(|(known, ..)| *known == bank);
    british.map_or_else(|| customer_of(bank), |(_, user, _)| *user)
}

/// Steps of one approval.
const STEPS_MAX: usize = 12;

/// A page of the bank that does not lead on by itself: the addresses of its links.
fn links(page: &str) -> Vec<String> {
    let links = page.split("<a href=\"").skip(1);
    links.map(|rest| unescaped(rest.split('"').next().unwrap())).collect()
}

impl World {
    /// The payer goes through the bank's pages and takes every way back that is there.
    pub async fn visit(&self, url: &str, user: &str) {
        let mut at = local(url);
        for _ in 0..STEPS_MAX {
            if at.starts_with(PUBLIC_URL) {
                return self.arrive(&at).await;
            }
            let page = self.bank_get(&at).await;
            if page.status == 303 {
                page.header("location").unwrap().clone_into(&mut at);
                continue;
            }
            let html = text(&page);
            if html.contains("<input type=\"hidden\" name=\"") {
                return self.post_back(&html).await;
            }
            let form = if html.contains("name=\"password\"") {
                vec![("username", user.to_owned()), ("password", format!("{user}-pass"))]
            } else {
                let account = html.split("name=\"account\" value=\"").nth(1).unwrap();
                let account = account.split('"').next().unwrap().to_owned();
                vec![("account", account), ("decision", "approve".to_owned())]
            };
            let fields: Vec<(&str, &str)> =
                form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let to = if html.contains("name=\"password\"") && !at.ends_with("/sign-in") {
                format!("{at}/sign-in")
            } else {
                at.clone()
            };
            let next = self.bank_post(&to, &fields).await;
            if next.status == 200 {
                for link in links(&text(&next)) {
                    self.follow(&link).await;
                }
                return;
            }
            next.header("location").unwrap().clone_into(&mut at);
        }
        panic!("{}: no end of pages at {at}", self.name);
    }

    /// The code that the bank's app shows a customer.
    async fn app_code(&self, bank: &str, user: &str) -> String {
        let page = text(&self.bank_get(&format!("/sim/app/{bank}/{user}")).await);
        let code = page.split("<strong>").nth(1).and_then(|rest| rest.split('<').next());
        code.unwrap().to_owned()
    }

    /// One of the links that a bank's page offers.
    async fn follow(&self, link: &str) {
        if link.starts_with(PUBLIC_URL) {
            return self.arrive(link).await;
        }
        let page = self.bank_get(link).await;
        self.post_back(&text(&page)).await;
    }

    /// The browser is back at the gateway.
    async fn arrive(&self, address: &str) {
        if let Some((_, fragment)) = address.split_once('#') {
            let fields = url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect();
            let answer = self.return_to_gateway(&BankReturn { fields, posted: false }).await;
            assert!(answer.status < 400, "{}", answer.text());
            return;
        }
        let answer = self.page(address.strip_prefix(PUBLIC_URL).unwrap()).await;
        assert!(answer.status < 400, "{address}: {}", answer.text());
    }

    /// The bank's page posts the browser's parameters.
    async fn post_back(&self, html: &str) {
        let fields = html.split("<input type=\"hidden\" name=\"").skip(1).map(|field| {
            let mut parts = field.split('"');
            let name = parts.next().unwrap().to_owned();
            (name, unescaped(parts.nth(1).unwrap()))
        });
        let back = BankReturn { fields: fields.collect(), posted: true };
        let answer = self.return_to_gateway(&back).await;
        assert!(answer.status < 400, "{}", answer.text());
    }

    /// Plays the ordinary customer of a bank once.
    pub async fn approve_once(&self, id: &str, bank: &str) {
        self.approve_once_as(id, bank, customer_at(bank)).await;
    }

    /// Plays a payer once, as far as the bank and the gateway let it.
    pub async fn approve_once_as(&self, id: &str, bank: &str, user: &str) {
        let (mut visited, mut pressed) = (vec![], false);
        for _ in 0..STEPS_MAX {
            self.settle().await;
            let payment = self.payment(id).await;
            match payment["status"].as_str().unwrap() {
                "INITIATION_PENDING_REDIRECT_AUTH" => {
                    let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
                    if visited.contains(&url.to_owned()) {
                        return;
                    }
                    visited.push(url.to_owned());
                    self.visit(url, user).await;
                }
                "INITIATION_PENDING_EMBEDDED_AUTH" => {
                    let mut answers = serde_json::Map::new();
                    for field in payment["authentication"]["fields"].as_array().unwrap() {
                        let name = field["id"].as_str().unwrap();
                        let answer = match name {
                            "psuId" => user.to_owned(),
                            "password" => format!("{user}-pass"),
                            "eatCode" => self.app_code(bank, user).await,
                            _ => self.answer_of(bank, name, field["options"][0].as_str()).await,
                        };
                        answers.insert(name.to_owned(), Value::String(answer));
                    }
                    let path = format!("/v2/payments/{id}/embedded-auth");
                    let answer = self.post(&path, &json!({ "embeddedAuth": answers })).await;
                    assert!(answer.status < 500, "{}", answer.text());
                }
                "INITIATION_PENDING_DECOUPLED_AUTH" if !pressed => {
                    pressed = true;
                    let path = format!("/sim/app/{bank}/{user}");
                    self.bank_post(&path, &[("decision", "approve")]).await;
                    self.bring_callbacks().await;
                    self.pass(SignedDuration::from_secs(2)).await;
                }
                "INITIATION_PENDING" | "INITIATION_PENDING_EMBEDDED_AUTH_VERIFICATION" => {
                    self.pass(SignedDuration::from_secs(5)).await;
                }
                _ => return,
            }
        }
    }
}
