//! Token requests (payments v1) in a real headless browser: bank choice, the page on which the payer
//! accepts or declines, a shop that sends its account only then; on a desktop and on a
//! phone.
//!
//! The needs and the folder for screenshots are those of the other browser tests.

mod support;
#[allow(dead_code, reason = "each test file uses a part")]
mod webdriver;

use std::io::{Read, Write};
use std::net::TcpListener;

use banks::wire::{Request, Wire};
use bascule::wire::HttpWire;
use domain::reach::Reach;
use serde_json::{Value, json};
use support::{Sandbox, free_port};
use webdriver::{Driver, Page};

/// Screens in CSS pixels: a phone of the smaller kind, and a desktop.
const PHONE: Option<(u32, u32)> = Some((360, 740));
const DESKTOP: Option<(u32, u32)> = Some((1_280, 900));

struct Stage {
    driver: Driver,
    sandbox: Sandbox,
    wire: HttpWire,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn set(name: &str) -> Option<Stage> {
        let Some(driver) = Driver::start().await else {
            testkit::skipped(&format!("browser test {name} (no chromedriver)"));
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(folder.path(), &["--port", "0", "--execution-delay", "300"]);
        Some(Stage {
            driver,
            sandbox,
            wire: HttpWire::new(Reach::PublicAndLoopback, None).unwrap(),
            _folder: folder,
        })
    }

    async fn ask(&self, method: http::Method, path: &str, body: &Value) -> Value {
        let announced = &self.sandbox.announcement;
        let request = Request {
            operation: "test",
            method,
            url: format!("{}{path}", announced.api_url),
            headers: vec![
                ("authorization".to_owned(), announced.basic_header.clone()),
                ("content-type".to_owned(), "application/json".to_owned()),
            ],
            body: if body.is_null() { vec![] } else { body.to_string().into_bytes() },
            timeout_ms: 10_000,
            client_certificate: None,
            tls_authorities: None,
        };
        let answer = self.wire.send(request).await.unwrap();
        assert!(answer.status < 400, "{}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// A token request of £10.23 whose payer chooses the bank: its id.
    async fn request(&self, change: impl Fn(&mut Value)) -> String {
        let mut payload = json!({
            "to": { "id": self.sandbox.announcement.member_id },
            "refId": "ORDER-7", "redirectUrl": self.sandbox.announcement.demo_url, "description": "Order 7",
            "transferBody": {
                "lifetimeAmount": "10.23", "currency": "GBP", "remittanceReference": "Sweepco",
                "instructions": { "transferDestinations": [destination("12345678")] },
            },
        });
        change(&mut payload);
        let body = json!({ "requestPayload": payload });
        let made = self.ask(http::Method::POST, "/token-requests", &body).await;
        made["tokenRequest"]["id"].as_str().unwrap().to_owned()
    }

    async fn result(&self, request: &str) -> Value {
        let path = format!("/token-requests/{request}/result");
        self.ask(http::Method::GET, &path, &Value::Null).await
    }

    fn v1(&self, request: &str) -> String {
        format!("{}/app/request-token/{request}", self.sandbox.announcement.api_url)
    }

    fn v2(&self, request: &str) -> String {
        format!("{}/session/{request}", self.sandbox.announcement.api_url)
    }
}

fn destination(account: &str) -> Value {
    json!({
        "fasterPayments": { "sortCode": "123456", "accountNumber": account },
        "customerData": { "legalNames": ["Customer Inc."] },
    })
}

async fn approve_at_the_bank(page: &Page) {
    page.shows("Sign in to look at a payment").await;
    page.fill("#username", "alice").await;
    page.fill("#password", "alice-pass").await;
    page.click("button[type=submit]").await;
    page.click("button[value=approve]").await;
    page.shows("Payment successful").await;
}

async fn accepts(name: &str, screen: Option<(u32, u32)>) {
    let Some(stage) = Stage::set(name).await else { return };
    let request = stage.request(|_| {}).await;
    let page = stage.driver.open_on(true, screen).await;
    page.go(&stage.v1(&request)).await;
    page.shows("Choose your bank").await;
    page.photograph(name, "1-choose-bank").await;
    page.click("button[value='ob-iron']").await;
    page.shows("Do you agree to this payment?").await;
    page.shows("12-34-56 12345678").await;
    page.click("a[href$='change=1']").await;
    page.click("button[value='ob-modelo']").await;
    page.shows("Modelo").await;
    page.photograph(name, "2-consent").await;
    page.click("button[value=accept]").await;
    approve_at_the_bank(&page).await;
    page.photograph(name, "3-result").await;
    let result = stage.result(&request).await;
    assert_eq!(result["status"], "PROCESSED", "{result}");
    // The link leads to the same end, and to no second payment.
    page.go(&stage.v1(&request)).await;
    page.shows("Payment successful").await;
    assert_eq!(stage.result(&request).await, result);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_accepts_on_a_desktop() {
    accepts("v1-desktop", DESKTOP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_accepts_on_a_phone() {
    accepts("v1-phone", PHONE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_declines() {
    let Some(stage) = Stage::set("v1-decline").await else { return };
    let request = stage.request(|_| {}).await;
    // Without JavaScript as well.
    let page = stage.driver.open(false).await;
    page.go(&stage.v1(&request)).await;
    page.click("button[value='ob-modelo']").await;
    page.click("button[value=decline]").await;
    page.shows("A very good cup of coffee").await;
    // The link, opened again, says what has become of it.
    page.go(&stage.v1(&request)).await;
    page.shows("You have declined this payment").await;
    page.photograph("v1-decline", "1-declined").await;
    assert_eq!(stage.result(&request).await["status"], "REJECTED");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_on_the_pages_of_v2() {
    let Some(stage) = Stage::set("v2-request").await else { return };
    let request = stage.request(|_| {}).await;
    let page = stage.driver.open(true).await;
    page.go(&stage.v2(&request)).await;
    page.click("button[value='ob-modelo']").await;
    approve_at_the_bank(&page).await;
    assert_eq!(stage.result(&request).await["status"], "PROCESSED");
    page.close().await;
}

/// A shop's address that takes one question after the other with 204; the first line of each.
fn shop() -> (String, std::sync::mpsc::Receiver<String>) {
    let port = free_port();
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (told, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut read = [0; 4_096];
            let length = stream.read(&mut read).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
            let text = String::from_utf8_lossy(&read[..length]).into_owned();
            if told.send(text.lines().next().unwrap_or("").to_owned()).is_err() {
                return;
            }
        }
    });
    (format!("http://127.0.0.1:{port}/destinations"), asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_tells_its_account_once_the_bank_is_chosen() {
    let Some(stage) = Stage::set("v1-destinations").await else { return };
    let (url, asked) = shop();
    let request = stage
        .request(|payload| {
            payload["transferBody"]["setTransferDestinationsUrl"] = json!(url);
            payload["transferBody"]["instructions"] = json!({});
        })
        .await;
    let page = stage.driver.open_on(true, PHONE).await;
    page.go(&stage.v1(&request)).await;
    page.click("button[value='ob-modelo']").await;
    page.shows("We are waiting for account details from the shop").await;
    page.photograph("v1-destinations", "1-waiting").await;
    let question = asked.recv().unwrap();
    assert!(question.contains("supportedTransferDestinationTypes=FASTER_PAYMENTS"), "{question}");
    let path = format!("/token-requests/{request}/transfer-destinations");
    let body = json!({ "transferDestinations": [destination("87654321")] });
    stage.ask(http::Method::POST, &path, &body).await;
    // The page looks again by itself.
    page.shows("12-34-56 87654321").await;
    page.click("button[value=accept]").await;
    approve_at_the_bank(&page).await;
    assert_eq!(stage.result(&request).await["status"], "PROCESSED");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_cannot_be_asked() {
    let Some(stage) = Stage::set("v1-no-destinations").await else { return };
    let request = stage
        .request(|payload| {
            let url = format!("http://127.0.0.1:{}/", free_port());
            payload["transferBody"]["setTransferDestinationsUrl"] = json!(url);
        })
        .await;
    let page = stage.driver.open_on(true, PHONE).await;
    page.go(&stage.v1(&request)).await;
    page.click("button[value='ob-modelo']").await;
    page.shows("The shop does not answer").await;
    page.shows("Try again").await;
    page.photograph("v1-no-destinations", "1-no-answer").await;
    page.close().await;
}
