//! The payer's browser, played through the routers: the bank's pages and the way back.

use axum::body::Body;
use banks::wire::Response;
use serde_json::Value;
pub use testkit::unescaped;

use super::{Answer, World};
use crate::support::wire::BANKS_URL;

/// The payer's decision at the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Approve,
    Decline,
}

impl Decision {
    pub fn word(self) -> &'static str {
        match self {
            Decision::Approve => "approve",
            Decision::Decline => "decline",
        }
    }
}

/// Steps and pages of one approval.
const STEPS_MAX: usize = 12;

/// The customer of a simulated bank who has money.
pub fn customer_of(bank: &str) -> &'static str {
    match bank {
        "bg-linden" => "lena",
        "bg-ahorn" => "anna",
        "bg-birke" => "bernd",
        "bg-eiche" => "elfi",
        "bg-tulp" => "tess",
        "bg-pino" => "paola",
        "bg-olmo" => "olga",
        "bg-encina" => "elena",
        "bg-bjork" => "birgitta",
        "bg-boeg" => "karen",
        "bg-gran" => "guro",
        "bg-lipa" => "ludmila",
        "bg-fuz" => "flora",
        "bg-stejar" => "stela",
        "ob-chalk" => "chloe",
        "ob-modelo" => "alice",
        "ob-onyx" => "sara",
        "pl-dab" => "dorota",
        "pl-brzoza" => "beata",
        "pl-sosna" => "sylwia",
        "stet-chene" => "camille",
        "stet-hetre" => "helene",
        "stet-saule" => "sophie",
        "stet-if" => "iris",
        other => panic!("nobody is known at {other}"),
    }
}

/// The account that pays where the customer may choose: the first.
pub fn account_of(bank: &str) -> &'static str {
    match bank {
        "bg-linden" => "DE65700202700000001008",
        "bg-ahorn" => "DE32370400440000001036",
        "bg-birke" => "DE11500105170000001064",
        "bg-eiche" => "AT672011100000001092",
        "bg-tulp" => "NL17TULP0000001120",
        "bg-pino" => "IT11X0542811101000000001148",
        "bg-olmo" => "ES9521000418450000001176",
        "bg-encina" => "ES3420385778980000001204",
        "bg-stejar" => "RO29STEJ0000000000001001",
        "pl-dab" => "PL61101000000000000000001001",
        "pl-brzoza" => "PL31102000000000000000001005",
        "pl-sosna" => "PL98103000000000000000001009",
        "stet-chene" => "FR7610007000010000000201194",
        "stet-hetre" => "FR7610107000010000000205583",
        "stet-saule" => "FR7610207000010000000209972",
        "stet-if" => "FR7610307000010000000214361",
        other => panic!("nobody is known at {other}"),
    }
}

/// The path at the simulated banks, or a foreign address.
pub fn local(url: &str) -> String {
    url.strip_prefix(BANKS_URL).unwrap_or(url).to_owned()
}

/// The parameters that the bank gives to the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankReturn {
    pub fields: Vec<(String, String)>,
    /// Whether the bank's page posts it; otherwise it is in the fragment.
    pub posted: bool,
}

impl BankReturn {
    pub fn get(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The same with another value in one place.
    pub fn with(&self, name: &str, value: &str) -> BankReturn {
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
    pub async fn visit_bank(&self, redirect_url: &str, decision: Decision) -> BankReturn {
        let path = redirect_url.strip_prefix(BANKS_URL).unwrap();
        let sign_in = self.location(self.bank_get(path).await);
        if let Some((_, fragment)) = sign_in.split_once('#') {
            assert_eq!(decision, Decision::Approve, "this bank approves by itself");
            let fields = url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect();
            return BankReturn { fields, posted: false };
        }
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
            return BankReturn { fields, posted: false };
        }
        let page = text(&self.bank_get(&back).await);
        let fields = page.split("<input type=\"hidden\" name=\"").skip(1).map(|field| {
            let mut parts = field.split('"');
            let name = parts.next().unwrap().to_owned();
            (name, unescaped(parts.nth(1).unwrap()))
        });
        BankReturn { fields: fields.collect(), posted: true }
    }

    /// Sends the bank's answer to the gateway, as the bank's page or our page's script does.
    pub async fn return_to_gateway(&self, back: &BankReturn) -> Answer {
        let mut request = http::Request::post("/callback")
            .header("content-type", "application/x-www-form-urlencoded");
        if !back.posted {
            // A script of ours sends cookies; a form of the bank's page does not.
            request = request.header("accept", "application/json");
            request = request.header("cookie", self.cookies_for("/callback"));
        }
        self.send(request.body(Body::from(back.form())).unwrap()).await
    }

    /// Plays the payer to the end of the approval, whatever the bank wants: pages, questions, app.
    pub async fn play_payer(&self, payment: &Value, decision: Decision) {
        let id = payment["id"].as_str().unwrap().to_owned();
        let mut left_for = String::new();
        for _ in 0..STEPS_MAX {
            self.settle().await;
            let payment = self.payment(&id).await;
            match payment["status"].as_str().unwrap() {
                "INITIATION_PENDING_REDIRECT_AUTH" => {
                    let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
                    // A payer who has declined there does not go there again.
                    if decision == Decision::Decline && url == left_for {
                        return;
                    }
                    url.clone_into(&mut left_for);
                    self.play_redirect(url, decision).await;
                }
                "INITIATION_PENDING_EMBEDDED_AUTH" => {
                    if !self.play_questions(&payment, decision).await {
                        return;
                    }
                }
                "INITIATION_PENDING_DECOUPLED_AUTH" => {
                    let bank = payment["initiation"]["bankId"].as_str().unwrap();
                    self.decide_in_app(bank, decision).await;
                    self.bring_callbacks().await;
                    self.pass(jiff::SignedDuration::from_secs(2)).await;
                }
                _ => return,
            }
        }
        panic!("{}: {id}: no end of steps", self.name);
    }

    /// Plays the payer until nothing moves any more: with banks that do not behave.
    pub async fn play_payer_as_far_as_possible(&self, payment: &Value, decision: Decision) {
        let id = payment["id"].as_str().unwrap().to_owned();
        let mut seen: Vec<String> = vec![];
        for _ in 0..STEPS_MAX {
            self.settle().await;
            let payment = self.payment(&id).await;
            let step = payment["authentication"].to_string();
            if seen.contains(&step) {
                return;
            }
            seen.push(step);
            match payment["status"].as_str().unwrap() {
                "INITIATION_PENDING_REDIRECT_AUTH" => {
                    let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
                    self.play_redirect(url, decision).await;
                }
                "INITIATION_PENDING_EMBEDDED_AUTH" => {
                    self.play_questions(&payment, decision).await;
                }
                "INITIATION_PENDING_DECOUPLED_AUTH" => {
                    let bank = payment["initiation"]["bankId"].as_str().unwrap();
                    let path = format!("/sim/app/{bank}/{}", customer_of(bank));
                    // Where the bank has nothing to decide, nothing is decided.
                    self.bank_post(&path, &[("decision", decision.word())]).await;
                    self.bring_callbacks().await;
                    self.pass(jiff::SignedDuration::from_secs(2)).await;
                }
                _ => return,
            }
        }
    }

    /// Approves at the bank and never returns.
    pub async fn approve_and_vanish(&self, url: &str) {
        let at = local(url);
        let user = customer_of(at.split('/').nth(1).unwrap());
        let password = format!("{user}-pass");
        let form = [("username", user), ("password", password.as_str())];
        let consent = self.location(self.bank_post(&format!("{at}/sign-in"), &form).await);
        let html = text(&self.bank_get(&consent).await);
        let account = html.split("name=\"account\" value=\"").nth(1).unwrap();
        let account = account.split('"').next().unwrap();
        let form = [("account", account), ("decision", "approve")];
        self.location(self.bank_post(&consent, &form).await);
    }

    pub async fn play_redirect(&self, url: &str, decision: Decision) {
        // The bank whose answer is in the query is played as those of the other standards are.
        let in_query = url.contains("/ob-onyx");
        if !in_query && (url.contains("/ob-") || url.contains("/mock-redirect")) {
            let back = self.visit_bank(url, decision).await;
            self.return_to_gateway(&back).await;
            return;
        }
        let callback = self.walk_pages(url, decision).await;
        let answer = self.page(&callback).await;
        assert_eq!(answer.status, 303, "{callback}: {}", answer.text());
    }

    /// Goes through the pages of a bank outside Britain; where they end: the path at the gateway,
    /// or the member's address.
    pub async fn walk_pages(&self, url: &str, decision: Decision) -> String {
        let mut at = local(url);
        for _ in 0..STEPS_MAX {
            if let Some(callback) = at.strip_prefix(super::PUBLIC_URL) {
                return callback.to_owned();
            }
            if at.starts_with(super::MEMBERS_RETURN_URL) {
                return at;
            }
            let page = self.bank_get(&at).await;
            if page.status == 303 {
                at = self.location(page);
                continue;
            }
            let html = text(&page);
            let bank = at.split('/').nth(1).unwrap().to_owned();
            let user = customer_of(&bank);
            let form = if html.contains("name=\"password\"") {
                let password = format!("{user}-pass");
                // The form has no address of its own: a browser posts to where it is.
                (at.clone(), vec![("username", user.to_owned()), ("password", password)])
            } else {
                // A payer who approves a cancellation chooses no account.
                let account = html.split("name=\"account\" value=\"").nth(1);
                let account = account.and_then(|rest| rest.split('"').next()).map(str::to_owned);
                let account = account.map(|account| ("account", account));
                let decision = ("decision", decision.word().to_owned());
                (at.clone(), account.into_iter().chain([decision]).collect())
            };
            let fields: Vec<(&str, &str)> =
                form.1.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = self.bank_post(&form.0, &fields).await;
            at = match answer.status {
                303 => self.location(answer),
                // The bank has something to say first; the way back is a link.
                _ => {
                    let html = text(&answer);
                    let link = html.split("href=\"http").nth(1).unwrap_or_else(|| panic!("{html}"));
                    unescaped(&format!("http{}", link.split('"').next().unwrap()))
                }
            };
        }
        panic!("no end of pages at {at}");
    }

    /// Answers the bank's questions; a payer who declines leaves instead.
    pub async fn play_questions(&self, payment: &Value, decision: Decision) -> bool {
        let bank = payment["initiation"]["bankId"].as_str().unwrap();
        let fields = payment["authentication"]["fields"].as_array().unwrap();
        let first = fields[0]["id"].as_str().unwrap();
        if decision == Decision::Decline && !["psuId", "eatCode"].contains(&first) {
            return false;
        }
        let mut answers = serde_json::Map::new();
        for field in fields {
            let id = field["id"].as_str().unwrap();
            let answer = self.answer_of(bank, id, field["options"][0].as_str()).await;
            answers.insert(id.to_owned(), Value::String(answer));
        }
        let path = format!("/v2/payments/{}/embedded-auth", payment["id"].as_str().unwrap());
        let answer = self.post(&path, &serde_json::json!({ "embeddedAuth": answers })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        true
    }

    /// Presses a button in the bank's app.
    pub async fn decide_in_app(&self, bank: &str, decision: Decision) {
        let path = format!("/sim/app/{bank}/{}", customer_of(bank));
        let answer = self.bank_post(&path, &[("decision", decision.word())]).await;
        assert_eq!(answer.status, 303, "{bank}: {}", text(&answer));
    }

    /// Delivers the banks' callbacks to the gateway, as the banks would.
    pub async fn bring_callbacks(&self) {
        let waiting = std::mem::take(&mut *self.callbacks.lock().unwrap());
        for callback in waiting {
            let answer = self.bring(&callback).await;
            assert_eq!(answer.status, 204, "{}", answer.text());
        }
    }

    /// Delivers one callback.
    pub async fn bring(&self, callback: &simbank::Callback) -> Answer {
        let path = callback.url.strip_prefix(super::PUBLIC_URL).unwrap();
        let request = http::Request::post(path)
            .header("content-type", "application/json")
            .header("apiKey", &callback.api_key)
            .body(Body::from(callback.body.clone()))
            .unwrap();
        self.send(request).await
    }

    /// The right answer to a bank's question; to a choice, its first option.
    pub async fn answer_of(&self, bank: &str, field_id: &str, option: Option<&str>) -> String {
        match (field_id, option) {
            (_, Some(option)) => option.to_owned(),
            ("psuId", None) => customer_of(bank).to_owned(),
            ("password", None) => format!("{}-pass", customer_of(bank)),
            ("eatCode", None) => self.code_of_app(bank).await,
            (_, None) => "123456".to_owned(),
        }
    }

    /// The code that the bank's app shows.
    pub async fn code_of_app(&self, bank: &str) -> String {
        let page = self.bank_get(&format!("/sim/app/{bank}/{}", customer_of(bank))).await;
        let html = text(&page);
        let code = html.split("<strong>").nth(1).and_then(|rest| rest.split('<').next());
        code.unwrap_or_else(|| panic!("{html}")).to_owned()
    }

    pub async fn bank_get(&self, path: &str) -> Response {
        self.wire.bank(http::Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
    }

    pub async fn bank_post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
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

pub fn text(response: &Response) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}
