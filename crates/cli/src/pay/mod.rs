//! `bascule pay`: one payment from creation to webhook, with the payer played on hosted pages, at the
//! bank's own pages, in its app or by answers to its questions.

pub mod browser;
pub mod journey;
mod order;
pub mod payer;
pub mod view;
pub mod webhooks;

use std::process::ExitCode;
use std::sync::Arc;

use domain::reach::Reach;
use domain::seams::Clock;

use self::journey::{Journey, Outcome};
use crate::args::{MAIL_FROM, PayOptions, SandboxOptions};
use crate::exit::Exit;
use crate::http_server;
use crate::merchant::Merchant;
use crate::sandbox::{self, Announcement};
use crate::seams::SystemClock;
use crate::terminal;
use crate::wire::HttpWire;

/// The exit code of an outcome.
fn exit(outcome: &Outcome) -> Exit {
    match outcome.status.as_str() {
        _ if !outcome.webhook_verified || is_pending(&outcome.status) => Exit::NotKnown,
        "INITIATION_COMPLETED" | "SUCCESS" => Exit::Done,
        status if NO_FINAL_STATUS.contains(&status) => Exit::NotKnown,
        _ => Exit::NotPaid,
    }
}

/// Whether another status follows, by its name in v2 or v1.
fn is_pending(status: &str) -> bool {
    status.starts_with("INITIATION_P") || status.starts_with("PENDING") || status == "PROCESSING"
}

/// The status of a payment of which the bank never said the last word.
const NO_FINAL_STATUS: [&str; 2] = ["INITIATION_NO_FINAL_STATUS_AVAILABLE", "INITIATED"];

/// Makes the payment. Returns its [`Exit`].
///
/// # Errors
/// The step that failed, and why.
pub async fn run(options: PayOptions) -> anyhow::Result<ExitCode> {
    if let Some(announcement) = running_sandbox(&options).await {
        return pay(&options, &announcement).await;
    }
    let sandbox_options = SandboxOptions {
        port: 0,
        bank_port: None,
        data_dir: options.data_dir.clone(),
        banks: vec![],
        ephemeral: true,
        database: None,
        accepted_host: vec![],
        browser_origin: vec![],
        trusted_proxy: vec![],
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
    let wire = Arc::new(HttpWire::new(Reach::PublicAndLoopback, None)?);
    let merchant = merchant(&wire, announcement)?;
    let journey = Journey::begin(options, announcement, (wire, merchant)).await?;
    let outcome = journey.make().await?;
    if options.json {
        terminal::say(&serde_json::to_string(&outcome)?);
    } else {
        terminal::say(&for_people(&outcome));
    }
    Ok(exit(&outcome).into())
}

fn for_people(outcome: &Outcome) -> String {
    let legs = &outcome.legs;
    let webhook = match &outcome.webhook_id {
        Some(id) => format!("{id}, signature verified"),
        None => "none came for the last status".to_owned(),
    };
    format!(
        "\nPayment  {}\nApproval {}\nStatus   {}{}\nWebhook  {webhook}\n\
         Time     create {} ms, approval {} ms, last status {} ms, webhook {} ms; {} ms in all",
        outcome.payment_id,
        outcome.approaches.join(", "),
        outcome.status,
        outcome.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default(),
        legs.create_ms,
        legs.approval_ms,
        legs.final_status_ms,
        legs.webhook_ms,
        legs.total_ms,
    )
}
