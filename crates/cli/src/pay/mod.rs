//! `bascule pay`: one payment from creation to webhook, with the payer played at the bank's own
//! pages.

pub mod browser;
pub mod webhooks;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use domain::reach::Reach;
use domain::seams::Clock;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use self::browser::Browser;
use self::webhooks::WebhookListener;
use crate::args::{MAIL_FROM, PayFlow, PayOptions, SandboxOptions};
use crate::exit::Exit;
use crate::http_server;
use crate::merchant::Merchant;
use crate::sandbox::{self, Announcement};
use crate::seams::SystemClock;
use crate::terminal;
use crate::wire::HttpWire;

/// Between two looks at the payment, in milliseconds.
const LOOK_AGAIN_MS: u64 = 50;

/// How long each leg took, in milliseconds.
#[derive(Debug, Default, Serialize)]
struct Legs {
    create_ms: i64,
    hosted_pages_ms: i64,
    bank_ms: i64,
    return_ms: i64,
    final_status_ms: i64,
    webhook_ms: i64,
    total_ms: i64,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Outcome {
    payment_id: String,
    status: String,
    reason: Option<String>,
    statuses: Vec<String>,
    webhook_id: Option<String>,
    webhook_verified: bool,
    legs: Legs,
}

/// What the exit code says of it.
fn exit(outcome: &Outcome) -> Exit {
    match outcome.status.as_str() {
        _ if !outcome.webhook_verified || is_pending(&outcome.status) => Exit::NotKnown,
        "INITIATION_COMPLETED" => Exit::Done,
        NO_FINAL_STATUS => Exit::NotKnown,
        _ => Exit::NotPaid,
    }
}

/// Whether another status follows.
fn is_pending(status: &str) -> bool {
    status.starts_with("INITIATION_P")
}

/// The status of a payment of which the bank never said the last word.
const NO_FINAL_STATUS: &str = "INITIATION_NO_FINAL_STATUS_AVAILABLE";

/// Makes the payment; see [`Exit`] for what is returned.
///
/// # Errors
/// What went wrong on the way.
pub async fn run(options: PayOptions) -> anyhow::Result<ExitCode> {
    if let Some(announcement) = running_sandbox(&options).await {
        return pay(&options, &announcement).await;
    }
    let sandbox_options = SandboxOptions {
        port: 0,
        bank_port: None,
        data_dir: options.data_dir.clone(),
        ephemeral: true,
        database: None,
        accepted_host: vec![],
        browser_origin: vec![],
        execution_delay: 800,
        bank_timeout: 10_000,
        connections: None,
        idle_timeout: http_server::IDLE_MS,
        head_timeout: http_server::HEAD_MS,
        body_timeout: http_server::BODY_MS,
        rate_limit: None,
        member_rate_limit: vec![],
        smtp_url: None,
        mail_from: MAIL_FROM.to_owned(),
        json: true,
    };
    let sandbox = sandbox::start(&sandbox_options).await?;
    let announcement = sandbox.announcement().clone();
    if !options.json {
        terminal::say("No sandbox is running here: one was started for this payment.");
    }
    let (end, told) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(sandbox.serve(async {
        let _ended = told.await;
    }));
    let result = pay(&options, &announcement).await;
    drop(end);
    serving.await??;
    result
}

/// The sandbox whose announcement is in the data directory, if it answers.
async fn running_sandbox(options: &PayOptions) -> Option<Announcement> {
    let file = std::fs::read(options.data_dir.join("sandbox.json")).ok()?;
    let announcement: Announcement = serde_json::from_slice(&file).ok()?;
    let wire = Arc::new(HttpWire::new(Reach::PublicAndLoopback, None).ok()?);
    let merchant = merchant(&wire, &announcement).ok()?;
    merchant.gateway_public_key().await.ok()?;
    Some(announcement)
}

fn merchant(wire: &Arc<HttpWire>, announcement: &Announcement) -> anyhow::Result<Merchant> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let credentials = announcement.pay.clone();
    Merchant::new(Arc::clone(wire), clock, &announcement.api_url, credentials)
}

async fn pay(options: &PayOptions, announcement: &Announcement) -> anyhow::Result<ExitCode> {
    let journey = Journey::begin(options, announcement).await?;
    let outcome = journey.make().await?;
    if options.json {
        terminal::say(&serde_json::to_string(&outcome)?);
    } else {
        terminal::say(&for_people(&outcome));
    }
    Ok(exit(&outcome).into())
}

/// One payment on its way.
struct Journey<'a> {
    options: &'a PayOptions,
    announcement: &'a Announcement,
    merchant: Merchant,
    browser: Browser,
    webhooks: WebhookListener,
    begun: Timestamp,
}

impl<'a> Journey<'a> {
    async fn begin(
        options: &'a PayOptions,
        announcement: &'a Announcement,
    ) -> anyhow::Result<Journey<'a>> {
        let wire = Arc::new(HttpWire::new(Reach::PublicAndLoopback, None)?);
        let merchant = merchant(&wire, announcement)?;
        let key = merchant.gateway_public_key().await?;
        let webhooks = WebhookListener::start(key).await?;
        let config = json!({ "config": {
            "type": ["PAYMENT_STATUS_CHANGED"], "url": webhooks.url(),
        }});
        merchant.call(http::Method::PUT, "/webhook/config", Some(&config)).await?;
        let browser = Browser::new(wire);
        let begun = SystemClock.now();
        Ok(Journey { options, announcement, merchant, browser, webhooks, begun })
    }

    async fn make(mut self) -> anyhow::Result<Outcome> {
        let mut legs = Legs::default();
        let mut statuses = vec![];
        let mut mark = self.begun;

        let payment = self.create().await?;
        let id = payment["id"].as_str().context("the payment has no id")?.to_owned();
        self.tell(&mut statuses, &payment);
        lap(&mut mark, &mut legs.create_ms);

        let mut bank_url = redirect_url(&payment);
        if self.options.flow == PayFlow::FullHostedPages {
            self.browser.choose_bank(&self.announcement.api_url, &id, &self.options.bank).await?;
            let payment = self.payment(&id).await?;
            self.tell(&mut statuses, &payment);
            bank_url = redirect_url(&payment);
            lap(&mut mark, &mut legs.hosted_pages_ms);
        }
        if let Some(url) = bank_url {
            let back = self.browser.visit_bank(&url, self.options.decline).await?;
            lap(&mut mark, &mut legs.bank_ms);
            self.browser.return_to_gateway(&self.announcement.api_url, &back).await?;
            lap(&mut mark, &mut legs.return_ms);
        }
        let payment = self.wait_for_final(&id, &mut statuses).await?;
        lap(&mut mark, &mut legs.final_status_ms);

        let status = text(&payment, "status").unwrap_or_default();
        let webhook = self.wait_for_webhook(&id, &status).await;
        lap(&mut mark, &mut legs.webhook_ms);
        legs.total_ms = mark.duration_since(self.begun).as_millis().try_into().unwrap_or(i64::MAX);
        Ok(Outcome {
            payment_id: id,
            status,
            reason: text(&payment, "statusReasonInformation"),
            statuses,
            webhook_verified: webhook.is_some(),
            webhook_id: webhook,
            legs,
        })
    }

    async fn create(&self) -> anyhow::Result<Value> {
        let (flow, bank_id) = match self.options.flow {
            PayFlow::ApiOnly => ("API_ONLY", Some(self.options.bank.as_str())),
            PayFlow::FullHostedPages => ("FULL_HOSTED_PAGES", None),
        };
        let body = json!({ "initiation": {
            "bankId": bank_id,
            "refId": "BASCULE-PAY",
            "remittanceInformationPrimary": "BASCULE-PAY",
            "amount": { "value": self.options.amount, "currency": "GBP" },
            "localInstrument": "FASTER_PAYMENTS",
            "creditor": {
                "sortCode": "123456", "accountNumber": "12345678", "name": "Customer Inc.",
            },
            "callbackUrl": format!("{}/demo", self.announcement.api_url),
            "callbackState": "bascule-pay",
            "flowType": flow,
        }});
        let mut answer =
            self.merchant.call(http::Method::POST, "/v2/payments", Some(&body)).await?;
        Ok(answer["payment"].take())
    }

    async fn payment(&self, id: &str) -> anyhow::Result<Value> {
        let path = format!("/v2/payments/{id}");
        let mut answer = self.merchant.call(http::Method::GET, &path, None).await?;
        Ok(answer["payment"].take())
    }

    /// The payment once it is final, or as it stands when patience ends.
    async fn wait_for_final(&self, id: &str, statuses: &mut Vec<String>) -> anyhow::Result<Value> {
        loop {
            let payment = self.payment(id).await?;
            self.tell(statuses, &payment);
            let status = text(&payment, "status").unwrap_or_default();
            if !is_pending(&status) || self.out_of_patience() {
                return Ok(payment);
            }
            SystemClock.sleep(LOOK_AGAIN_MS).await;
        }
    }

    /// The id of the verified webhook that brought `status`.
    async fn wait_for_webhook(&mut self, id: &str, status: &str) -> Option<String> {
        while !self.out_of_patience() {
            if let Some(found) = self.webhooks.verified(id, status) {
                return Some(found);
            }
            SystemClock.sleep(LOOK_AGAIN_MS).await;
        }
        self.webhooks.verified(id, status)
    }

    fn out_of_patience(&self) -> bool {
        let waited_s = SystemClock.now().duration_since(self.begun).as_secs();
        u64::try_from(waited_s).unwrap_or(0) >= self.options.patience
    }

    /// Shows a status when it is new.
    fn tell(&self, statuses: &mut Vec<String>, payment: &Value) {
        let Some(status) = text(payment, "status") else { return };
        if statuses.last() == Some(&status) {
            return;
        }
        if !self.options.json {
            let at_ms = SystemClock.now().duration_since(self.begun).as_millis();
            let reason = text(payment, "statusReasonInformation").unwrap_or_default();
            terminal::say(format!("{at_ms:>6} ms  {status}  {reason}").trim_end());
        }
        statuses.push(status);
    }
}

fn redirect_url(payment: &Value) -> Option<String> {
    payment["authentication"]["redirectUrl"].as_str().map(str::to_owned)
}

fn text(payment: &Value, field: &str) -> Option<String> {
    payment[field].as_str().map(str::to_owned)
}

fn lap(mark: &mut Timestamp, leg_ms: &mut i64) {
    let now = SystemClock.now();
    *leg_ms = now.duration_since(*mark).as_millis().try_into().unwrap_or(i64::MAX);
    *mark = now;
}

fn for_people(outcome: &Outcome) -> String {
    let legs = &outcome.legs;
    let webhook = match &outcome.webhook_id {
        Some(id) => format!("{id}, signature verified"),
        None => "none came for the last status".to_owned(),
    };
    format!(
        "\nPayment  {}\nStatus   {}{}\nWebhook  {webhook}\n\
         Time     create {} ms, hosted pages {} ms, bank {} ms, return {} ms, last status {} ms, \
         webhook {} ms; {} ms in all",
        outcome.payment_id,
        outcome.status,
        outcome.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default(),
        legs.create_ms,
        legs.hosted_pages_ms,
        legs.bank_ms,
        legs.return_ms,
        legs.final_status_ms,
        legs.webhook_ms,
        legs.total_ms,
    )
}
