//! One payment in any flow: created by the public API, approved by the played payer, awaited with its
//! webhook.

use std::sync::Arc;

use anyhow::{Context, bail};
use domain::seams::Clock;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::browser::Browser;
use super::order::Bank;
use super::payer::Payer;
use super::webhooks::WebhookListener;
use crate::args::{PayFlow, PayOptions};
use crate::merchant::{Merchant, Refusal};
use crate::sandbox::Announcement;
use crate::seams::SystemClock;
use crate::terminal;
use crate::wire::HttpWire;

/// The pause between two reads of the payment, in milliseconds.
const LOOK_AGAIN_MS: u64 = 50;

/// Types of fields that are answered; the others, such as a picture, are only shown.
const ANSWERED: [&str; 3] = ["FIELD", "PASSWORD", "CHOICE_FIELD"];

/// How long each leg took, in milliseconds.
#[derive(Debug, Default, Serialize)]
pub struct Legs {
    /// From the first call to the created payment.
    pub create_ms: i64,
    /// The payer's way through hosted pages, questions, the bank's pages and its app.
    pub approval_ms: i64,
    /// From then to the last status.
    pub final_status_ms: i64,
    /// From then to the webhook.
    pub webhook_ms: i64,
    /// All of it.
    pub total_ms: i64,
}

/// The outcome of a payment.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// `pm2:…`, `t:…` or `so:…`; the token request's id where nothing was approved.
    pub payment_id: String,
    /// The last status that was seen.
    pub status: String,
    /// Why, in the bank's words.
    pub reason: Option<String>,
    /// Every status that was seen.
    pub statuses: Vec<String>,
    /// How the payer approved: `redirect`, `embedded`, `decoupled`, `hosted pages`, in order.
    pub approaches: Vec<String>,
    /// The event that reported the last status.
    pub webhook_id: Option<String>,
    /// Whether it came and its signature fits.
    pub webhook_verified: bool,
    /// How long it took.
    pub legs: Legs,
}

/// The next step of a payment.
enum PayerAction {
    /// The payer opens this page.
    Open(String),
    /// The payer answers these questions: ids and options.
    Answer(Vec<(String, Vec<String>)>),
    /// The payer decides in the bank's app.
    App,
    /// Something is under way.
    Wait,
    /// Nothing: the approval is over, whatever came of it.
    Over,
}

/// One payment on its way.
pub struct Journey<'a> {
    options: &'a PayOptions,
    shop_url: String,
    api_url: String,
    merchant: Merchant,
    member: String,
    browser: Browser,
    webhooks: WebhookListener,
    bank: Bank,
    payer: Payer,
    begun: Timestamp,
    statuses: Vec<String>,
    approaches: Vec<String>,
}

impl<'a> Journey<'a> {
    /// Finds the bank and its payer, and registers the webhook URL at the gateway.
    ///
    /// # Errors
    /// If the gateway does not answer, or the bank does not fit.
    pub async fn begin(
        options: &'a PayOptions,
        announcement: &Announcement,
        (wire, merchant): (Arc<HttpWire>, Merchant),
    ) -> anyhow::Result<Journey<'a>> {
        let begun = SystemClock.now();
        let bank = Bank::find(&merchant, &options.bank, options.flow).await?;
        let mut browser = Browser::new(wire, &announcement.api_url, &announcement.banks_url);
        let method = options.method.as_deref();
        let payer = Payer::of_bank(&mut browser, &options.bank, options.decline, method).await?;
        let key = merchant.gateway_public_key().await?;
        let webhooks = WebhookListener::start(key).await?;
        let config = json!({ "config": {
            "type": [
                "PAYMENT_STATUS_CHANGED",
                "TRANSFER_STATUS_CHANGED",
                "STANDING_ORDER_STATUS_CHANGED",
            ],
            "url": webhooks.url(),
        }});
        merchant.call(http::Method::PUT, "/webhook/config", Some(&config)).await?;
        Ok(Journey {
            options,
            shop_url: announcement.demo_url.clone(),
            api_url: announcement.api_url.clone(),
            merchant,
            member: announcement.pay.member_id.clone(),
            browser,
            webhooks,
            bank,
            payer,
            begun,
            statuses: vec![],
            approaches: vec![],
        })
    }

    /// Makes the payment.
    ///
    /// # Errors
    /// The step that failed, and why.
    pub async fn make(mut self) -> anyhow::Result<Outcome> {
        let mut legs = Legs::default();
        let mut mark = self.begun;
        let id = self.create().await?;
        lap(&mut mark, &mut legs.create_ms);
        self.approve(&id).await?;
        lap(&mut mark, &mut legs.approval_ms);
        let id = self.ordered(id).await?;
        let (status, reason) = self.wait_for_final(&id).await?;
        lap(&mut mark, &mut legs.final_status_ms);
        let webhook_id = self.wait_for_webhook(&id, &status).await;
        lap(&mut mark, &mut legs.webhook_ms);
        legs.total_ms = mark.duration_since(self.begun).as_millis().try_into().unwrap_or(i64::MAX);
        Ok(Outcome {
            payment_id: id,
            status,
            reason,
            statuses: self.statuses,
            approaches: self.approaches,
            webhook_verified: webhook_id.is_some(),
            webhook_id,
            legs,
        })
    }

    /// Creates the payment or the token request: its id.
    async fn create(&self) -> anyhow::Result<String> {
        let PayOptions { amount, flow, .. } = self.options;
        let (path, body, place) = match flow.type_on_the_wire() {
            Some(name) => {
                let body = self.bank.payment(amount, &self.payer, (name, *flow), &self.shop_url)?;
                ("/v2/payments", body, "payment")
            }
            None => {
                let member = (self.member.as_str(), self.shop_url.as_str());
                let body = self.bank.token_request(amount, &self.payer, *flow, member)?;
                ("/token-requests", body, "tokenRequest")
            }
        };
        let answer = self.merchant.call(http::Method::POST, path, Some(&body)).await?;
        let id = answer[place]["id"].as_str().context("the answer has no id")?;
        Ok(id.to_owned())
    }

    /// Plays the payer until the approval is over.
    async fn approve(&mut self, id: &str) -> anyhow::Result<()> {
        let mut opened: Vec<String> = vec![];
        loop {
            let step = self.next_step(id).await?;
            match step {
                PayerAction::Over => return Ok(()),
                PayerAction::Open(url) if !opened.contains(&url) => {
                    self.note(if url.starts_with(&self.api_url) {
                        "hosted pages"
                    } else {
                        "redirect"
                    });
                    opened.push(url.clone());
                    let (begun, patience_s) = (self.begun, self.options.patience);
                    self.browser
                        .walk(&url, &self.payer, || waited_too_long(begun, patience_s))
                        .await?;
                }
                PayerAction::Answer(questions) => {
                    self.note("embedded");
                    self.answer(id, questions).await?;
                }
                PayerAction::App => {
                    if self.browser.decide_in_app(&self.payer).await? {
                        self.note("decoupled");
                    }
                    SystemClock.sleep(LOOK_AGAIN_MS).await;
                }
                // A payer who was there has answered, and the gateway looks.
                PayerAction::Open(_) | PayerAction::Wait => SystemClock.sleep(LOOK_AGAIN_MS).await,
            }
            if waited_too_long(self.begun, self.options.patience) {
                return Ok(());
            }
        }
    }

    /// Remembers how the payer approved.
    fn note(&mut self, approach: &str) {
        if self.approaches.last().is_none_or(|last| last != approach) {
            self.approaches.push(approach.to_owned());
        }
    }

    async fn next_step(&mut self, id: &str) -> anyhow::Result<PayerAction> {
        match self.options.flow {
            PayFlow::Transfer | PayFlow::StandingOrder => self.step_of_authorization(id).await,
            PayFlow::TransferHostedPages => self.step_on_pages(id).await,
            PayFlow::ApiOnly
            | PayFlow::FullHostedPages
            | PayFlow::EmbeddedHostedPages
            | PayFlow::Link => self.step_of_payment(id).await,
        }
    }

    async fn step_of_payment(&mut self, id: &str) -> anyhow::Result<PayerAction> {
        let path = format!("/v2/payments/{id}");
        let answer = self.merchant.call(http::Method::GET, &path, None).await?;
        let payment = &answer["payment"];
        let status = text(payment, "status");
        self.tell(&status, &text(payment, "statusReasonInformation"));
        let authentication = &payment["authentication"];
        Ok(match status.as_str() {
            "INITIATION_PENDING_REDIRECT_AUTH"
            | "INITIATION_PENDING_REDIRECT_HP"
            | "INITIATION_PENDING_REDIRECT_PBL" => match authentication["redirectUrl"].as_str() {
                Some(url) => PayerAction::Open(url.to_owned()),
                None => PayerAction::Wait,
            },
            "INITIATION_PENDING_EMBEDDED_AUTH" => questions(&authentication["fields"]),
            "INITIATION_PENDING_DECOUPLED_AUTH" => PayerAction::App,
            "INITIATION_PENDING"
            | "INITIATION_PENDING_REDIRECT_AUTH_VERIFICATION"
            | "INITIATION_PENDING_EMBEDDED_AUTH_VERIFICATION" => PayerAction::Wait,
            _ => PayerAction::Over,
        })
    }

    /// Payments v1 on the member's own pages: the gateway says what the payer has to do.
    async fn step_of_authorization(&mut self, id: &str) -> anyhow::Result<PayerAction> {
        let path = format!("/token-requests/{id}/authorization");
        let body = json!({ "useCredentialFlow": true });
        let answer = self.merchant.call(http::Method::POST, &path, Some(&body)).await;
        let next = match answer {
            Ok(next) => next,
            Err(error) if is_under_way(&error) => return Ok(PayerAction::Wait),
            Err(error) => return Err(error),
        };
        if let Some(url) = next["redirectUrl"].as_str() {
            return Ok(PayerAction::Open(url.to_owned()));
        }
        let fields = &next["fields"]["fields"];
        match fields[0]["type"].as_str() {
            Some("DECOUPLED") => Ok(PayerAction::App),
            Some(_) => Ok(questions(fields)),
            None if next["status"].is_string() => self.step_of_result(id).await,
            None => bail!("POST {path} says nothing that the payer could do: {next}"),
        }
    }

    /// Payments v1 on the hosted pages: one visit, then the result.
    async fn step_on_pages(&mut self, id: &str) -> anyhow::Result<PayerAction> {
        if self.approaches.is_empty() {
            return Ok(PayerAction::Open(format!("{}/app/request-token/{id}", self.api_url)));
        }
        self.step_of_result(id).await
    }

    async fn step_of_result(&mut self, id: &str) -> anyhow::Result<PayerAction> {
        let result = self.result(id).await?;
        let status = text(&result, "status");
        self.tell(&status, &text(&result, "statusReasonInformation"));
        Ok(if status == "PENDING" { PayerAction::Wait } else { PayerAction::Over })
    }

    async fn result(&self, id: &str) -> anyhow::Result<Value> {
        let path = format!("/token-requests/{id}/result");
        self.merchant.call(http::Method::GET, &path, None).await
    }

    async fn answer(
        &mut self,
        id: &str,
        questions: Vec<(String, Vec<String>)>,
    ) -> anyhow::Result<()> {
        let mut answers = serde_json::Map::new();
        for (question, options) in questions {
            let answer = self.payer.answer(&mut self.browser, &question, &options).await?;
            answers.insert(question, Value::String(answer));
        }
        let (path, body) = match self.options.flow.type_on_the_wire() {
            Some(_) => {
                (format!("/v2/payments/{id}/embedded-auth"), json!({ "embeddedAuth": answers }))
            }
            None => (
                format!("/token-requests/{id}/authorization"),
                json!({ "useCredentialFlow": true, "credentials": answers }),
            ),
        };
        self.merchant.call(http::Method::POST, &path, Some(&body)).await.map(|_| ())
    }

    /// The order of an approved token request; asked for twice it answers as it is. A payment is its
    /// own order.
    async fn ordered(&self, id: String) -> anyhow::Result<String> {
        if self.options.flow.type_on_the_wire().is_some() {
            return Ok(id);
        }
        let result = self.result(&id).await?;
        let Some(token) = result["tokenId"].as_str() else { return Ok(id) };
        let (path, body, place) = match self.options.flow {
            PayFlow::StandingOrder => {
                ("/standing-order-submissions", json!({ "tokenId": token }), "submission")
            }
            _ => ("/transfers", json!({ "payload": { "tokenId": token } }), "transfer"),
        };
        let answer = self.merchant.call(http::Method::POST, path, Some(&body)).await?;
        let order = answer[place]["id"].as_str();
        Ok(order
            .with_context(|| format!("POST {path} answered without an id: {answer}"))?
            .to_owned())
    }

    /// The last status and its reason, or those of the moment when patience ends.
    async fn wait_for_final(&mut self, id: &str) -> anyhow::Result<(String, Option<String>)> {
        let kind = id.split(':').next().unwrap_or_default();
        let (path, place) = match kind {
            "pm2" => (format!("/v2/payments/{id}"), "payment"),
            "t" => (format!("/transfers/{id}"), "transfer"),
            "so" => (format!("/standing-order-submissions/{id}"), "submission"),
            _ => (format!("/token-requests/{id}/result"), ""),
        };
        loop {
            let answer = self.merchant.call(http::Method::GET, &path, None).await?;
            let order = if place.is_empty() { &answer } else { &answer[place] };
            let status = text(order, "status");
            let reason = Some(text(order, "statusReasonInformation"));
            let reason = reason.filter(|reason| !reason.is_empty());
            self.tell(&status, reason.as_deref().unwrap_or_default());
            let late = waited_too_long(self.begun, self.options.patience);
            if late || !super::is_pending(&status) {
                return Ok((status, reason));
            }
            SystemClock.sleep(LOOK_AGAIN_MS).await;
        }
    }

    /// The id of the verified webhook that reported `status`.
    async fn wait_for_webhook(&mut self, id: &str, status: &str) -> Option<String> {
        while !waited_too_long(self.begun, self.options.patience) {
            if let Some(found) = self.webhooks.verified(id, status) {
                return Some(found);
            }
            SystemClock.sleep(LOOK_AGAIN_MS).await;
        }
        self.webhooks.verified(id, status)
    }

    /// Shows a status when it is new.
    fn tell(&mut self, status: &str, reason: &str) {
        if self.statuses.last().is_some_and(|last| last == status) {
            return;
        }
        if !self.options.json {
            let at_ms = SystemClock.now().duration_since(self.begun).as_millis();
            terminal::say(format!("{at_ms:>6} ms  {status}  {reason}").trim_end());
        }
        self.statuses.push(status.to_owned());
    }
}

fn waited_too_long(begun: Timestamp, patience_s: u64) -> bool {
    let waited_s = SystemClock.now().duration_since(begun).as_secs();
    u64::try_from(waited_s).unwrap_or(0) >= patience_s
}

/// Whether the gateway is still asking the bank: the same request is sent again.
fn is_under_way(error: &anyhow::Error) -> bool {
    let gateway_timeout = |refusal: &Refusal| refusal.status == 504;
    error.downcast_ref::<Refusal>().is_some_and(gateway_timeout)
}

/// The questions that the payer must answer; fields that are only shown, such as a picture, are not included.
fn questions(fields: &Value) -> PayerAction {
    let asked = fields
        .as_array()
        .into_iter()
        .flatten()
        .filter(|field| field["type"].as_str().is_none_or(|kind| ANSWERED.contains(&kind)));
    let options = |field: &Value| {
        let options = field["options"].as_array().into_iter().flatten();
        options.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    PayerAction::Answer(asked.map(|field| (text(field, "id"), options(field))).collect())
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

fn lap(mark: &mut Timestamp, leg_ms: &mut i64) {
    let now = SystemClock.now();
    *leg_ms = now.duration_since(*mark).as_millis().try_into().unwrap_or(i64::MAX);
    *mark = now;
}
