//! `kill -9` at any moment: no acknowledged payment is lost, no order is sent twice, and each
//! webhook is delivered at least once, always with the same id.
//!
//! The test drives payers and takes webhooks in while it kills and restarts the real binary.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bascule::args::DatabaseOptions;
use bascule::data_dir::open_existing;
use bascule::merchant::{Merchant, webhook_is_genuine};
use bascule::pay::browser::Browser;
use bascule::pay::payer::Payer;
use bascule::sandbox::Announcement;
use bascule::seams::SystemClock;
use bascule::wire::HttpWire;
use domain::ids::PaymentId;
use domain::reach::Reach;
use domain::seams::Clock;
use serde_json::{Value, json};
use support::{Sandbox, free_port};

/// When the process is killed, counted from its start: early, late and in between.
const KILLS_AFTER_MS: [u64; 10] = [420, 900, 333, 1250, 610, 777, 505, 1010, 390, 1500];
/// Payers that pay one payment after the other.
const PAYERS: usize = 4;

#[derive(Default)]
struct Webhooks {
    key: Mutex<String>,
    /// Event id → (payment, status), as first seen.
    seen: Mutex<BTreeMap<String, (String, String)>>,
    wrong: Mutex<Vec<String>>,
}

async fn take(
    State(webhooks): State<Arc<Webhooks>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> StatusCode {
    let key = webhooks.key.lock().unwrap().clone();
    let signature = headers.get("token-signature").and_then(|v| v.to_str().ok()).unwrap_or("");
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let id = text(&event["id"]);
    let what = (text(&event["payment"]["id"]), text(&event["payment"]["status"]));
    if !webhook_is_genuine(&key, signature, &body) {
        webhooks.wrong.lock().unwrap().push(format!("{id}: wrong signature"));
    }
    let mut seen = webhooks.seen.lock().unwrap();
    if let Some(first) = seen.get(&id)
        && *first != what
    {
        webhooks.wrong.lock().unwrap().push(format!("{id}: {first:?}, then {what:?}"));
    }
    seen.insert(id, what);
    StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_however_often_the_process_is_killed() {
    for database in testkit::databases().await {
        let more = database.url().map_or(vec![], |url| vec!["--database", url]);
        kill_and_check(&more).await;
    }
}

async fn kill_and_check(more: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let (port, bank_port) = (free_port().to_string(), free_port().to_string());
    let mut arguments = vec![
        "--port",
        &port,
        "--bank-port",
        &bank_port,
        "--execution-delay",
        "100",
        "--bank-timeout",
        "2000",
    ];
    arguments.extend(more);
    let webhooks = Arc::new(Webhooks::default());
    let webhook_url = serve(Arc::clone(&webhooks)).await;
    let start = || Sandbox::start(folder.path(), &arguments);

    let mut sandbox = start();
    let announcement = sandbox.announcement.clone();
    let merchant = Arc::new(merchant(&announcement));
    *webhooks.key.lock().unwrap() = merchant.gateway_public_key().await.unwrap();
    let config = json!({ "config": { "type": ["PAYMENT_STATUS_CHANGED"], "url": webhook_url } });
    merchant.call(http::Method::PUT, "/webhook/config", Some(&config)).await.unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let payers: Vec<_> = (0..PAYERS)
        .map(|number| {
            let (merchant, announcement) = (Arc::clone(&merchant), announcement.clone());
            let (stop, acknowledged) = (Arc::clone(&stop), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let paid = pay(number, &merchant, &announcement, &acknowledged).await;
                    if paid.is_err() {
                        SystemClock.sleep(20).await;
                    }
                }
            })
        })
        .collect();
    for kill_after_ms in KILLS_AFTER_MS {
        SystemClock.sleep(kill_after_ms).await;
        tokio::task::block_in_place(|| sandbox.kill());
        sandbox = tokio::task::block_in_place(start);
    }
    // The last process lives for long enough that the payers complete as many payments as there were kills.
    SystemClock.sleep(3_000).await;
    stop.store(true, Ordering::Relaxed);
    for payer in payers {
        payer.await.unwrap();
    }

    let acknowledged = acknowledged.lock().unwrap().clone();
    let ends = settle(&merchant, &acknowledged).await;
    let database = DatabaseOptions {
        data_dir: folder.path().to_owned(),
        database: more.get(1).map(|url| (*url).to_owned()),
    };
    check_orders(&announcement, &database, &ends).await;
    check_webhooks(&webhooks, &ends).await;
    let count = |wanted: &str| ends.values().filter(|status| *status == wanted).count();
    let completed = count("INITIATION_COMPLETED");
    assert!(completed >= KILLS_AFTER_MS.len(), "only {completed} of {} completed", ends.len());
    drop(sandbox);
}

/// One payment; `Err` where the process was away for a moment.
async fn pay(
    number: usize,
    merchant: &Merchant,
    announcement: &Announcement,
    acknowledged: &Mutex<BTreeSet<String>>,
) -> anyhow::Result<()> {
    let bank = ["ob-modelo", "ob-iron", "mock-redirect"][number % 3];
    let body = json!({ "initiation": {
        "bankId": bank, "refId": "CRASH", "remittanceInformationPrimary": "CRASH",
        "amount": { "value": "1.00", "currency": "GBP" }, "localInstrument": "FASTER_PAYMENTS",
        "creditor": { "sortCode": "123456", "accountNumber": "12345678", "name": "Customer Inc." },
        "callbackUrl": "https://shop.example/", "flowType": "API_ONLY",
    }});
    let answer = merchant.call(http::Method::POST, "/v2/payments", Some(&body)).await?;
    let id = answer["payment"]["id"].as_str().unwrap().to_owned();
    acknowledged.lock().unwrap().insert(id.clone());
    let wire = Arc::new(HttpWire::new(Reach::PublicAndLoopback, None)?);
    let mut browser = Browser::new(wire, &announcement.api_url, &announcement.banks_url);
    let payer = Payer::of_bank(&mut browser, bank, false, None).await?;
    // The bank may be away when the payment is opened; the merchant then asks again.
    for _ in 0..40 {
        let path = format!("/v2/payments/{id}");
        let payment = merchant.call(http::Method::GET, &path, None).await?;
        let Some(url) = payment["payment"]["authentication"]["redirectUrl"].as_str() else {
            SystemClock.sleep(50).await;
            continue;
        };
        browser.walk(url, &payer, || false).await?;
        return Ok(());
    }
    Ok(())
}

fn merchant(announcement: &Announcement) -> Merchant {
    let wire = Arc::new(HttpWire::new(Reach::PublicAndLoopback, None).unwrap());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Merchant::new(wire, clock, &announcement.api_url, announcement.pay.clone()).unwrap()
}

async fn serve(webhooks: Arc<Webhooks>) -> String {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(take)).with_state(webhooks);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Every acknowledged payment's status, once those that can move by themselves have ended.
async fn settle(merchant: &Merchant, acknowledged: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut ends = BTreeMap::new();
    for id in acknowledged {
        let path = format!("/v2/payments/{id}");
        let mut status = String::new();
        for _ in 0..200 {
            let payment = merchant.call(http::Method::GET, &path, None).await.unwrap();
            status = payment["payment"]["status"].as_str().unwrap().to_owned();
            let waits_for_the_payer = status == "INITIATION_PENDING_REDIRECT_AUTH";
            // The answer to an order was lost: only the bank knows the outcome.
            let uncertain = status == "INITIATION_PENDING_REDEMPTION_VERIFICATION"
                || payment["payment"]["statusReasonInformation"]
                    .as_str()
                    .is_some_and(|reason| reason.contains("its answer was lost"));
            if waits_for_the_payer || uncertain || !status.starts_with("INITIATION_P") {
                break;
            }
            SystemClock.sleep(50).await;
        }
        ends.insert(id.clone(), status);
    }
    ends
}

/// The id under which the bank knows the payment.
async fn end_to_end_id(database: &DatabaseOptions, id: &str) -> String {
    let db = open_existing(database).await.unwrap();
    let id: PaymentId = id.parse().unwrap();
    let payment = db
        .read(move |tx| store::unit(async move { store::payments::get_any(tx, &id).await }))
        .await
        .unwrap();
    payment.unwrap().end_to_end_id().to_owned()
}

/// No consent ever got two orders, and nothing was executed for a payment that says "failed".
async fn check_orders(
    announcement: &Announcement,
    database: &DatabaseOptions,
    ends: &BTreeMap<String, String>,
) {
    let url = format!("{}/sim/orders", announcement.banks_url);
    let output = tokio::process::Command::new("curl").args(["-s", &url]).output().await.unwrap();
    let orders: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let mut executed_for: BTreeMap<&str, u64> = BTreeMap::new();
    for order in &orders {
        assert!(order["posts"].as_u64().unwrap() <= 1, "an order was sent twice: {order}");
        let payment = order["end_to_end_identification"].as_str().unwrap();
        *executed_for.entry(payment).or_default() += order["executed"].as_u64().unwrap();
    }
    for (id, status) in ends {
        let known_to_the_bank = end_to_end_id(database, id).await;
        let executed = executed_for.get(known_to_the_bank.as_str()).copied().unwrap_or(0);
        assert!(executed <= 1, "{id} was executed {executed} times");
        if executed == 1 {
            // The last is the gateway's word for an answer that was lost and is being asked for.
            let fits = [
                "INITIATION_COMPLETED",
                "INITIATION_PROCESSING",
                "INITIATION_PENDING_REDEMPTION_VERIFICATION",
            ];
            let fits = fits.contains(&&**status);
            assert!(fits, "{id} was executed and says {status}");
        }
        if status == "INITIATION_COMPLETED" {
            assert_eq!(executed, 1, "{id} says completed");
        }
    }
}

/// Each payment's last status reached the member, under one id per event.
async fn check_webhooks(webhooks: &Webhooks, ends: &BTreeMap<String, String>) {
    let missing = || {
        let seen = webhooks.seen.lock().unwrap();
        let told: BTreeSet<&(String, String)> = seen.values().collect();
        let wanted = ends.iter().map(|(id, status)| (id.clone(), status.clone()));
        wanted.filter(|pair| !told.contains(pair)).collect::<Vec<_>>()
    };
    for _ in 0..200 {
        if missing().is_empty() {
            break;
        }
        SystemClock.sleep(50).await;
    }
    assert_eq!(missing(), vec![], "statuses that no webhook brought");
    assert_eq!(*webhooks.wrong.lock().unwrap(), Vec::<String>::new());
}
