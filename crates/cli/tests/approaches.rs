//! Each way to approve a payment, in a real browser without a screen and with the real binary, whose
//! simulated banks want mutual TLS: pages of the bank once and twice, questions with a choice and a
//! flickering picture, the bank's app, and a code of the app with the bank's callback.
//!
//! Needs what the other browser tests need; screenshots go to the same folder.

mod support;
#[allow(dead_code, reason = "each test file uses a part")]
mod webdriver;

use banks::wire::{Request, Wire};
use bascule::wire::HttpWire;
use domain::reach::Reach;
use serde_json::{Value, json};
use support::Sandbox;
use webdriver::{Driver, Page};

struct Stage {
    driver: Driver,
    sandbox: Sandbox,
    wire: HttpWire,
    _folder: tempfile::TempDir,
}

/// A way of one test: its pictures' name, the bank and its customer.
struct Way<'a> {
    stage: &'a Stage,
    page: Page,
    name: &'static str,
    bank: &'static str,
    user: &'static str,
    id: String,
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

    async fn ask(&self, method: http::Method, url: String, kind: &str, body: &str) -> String {
        let basic = self.sandbox.announcement.basic_header.clone();
        let headers =
            vec![("authorization".to_owned(), basic), ("content-type".to_owned(), kind.to_owned())];
        let request = Request {
            operation: "test",
            method,
            url,
            headers,
            body: body.as_bytes().to_vec(),
            timeout_ms: 10_000,
            client_certificate: None,
            tls_authorities: None,
        };
        let answer = self.wire.send(request).await.unwrap();
        assert!(answer.status < 400, "{}", String::from_utf8_lossy(&answer.body));
        String::from_utf8(answer.body).unwrap()
    }

    /// Creates a payment on our pages and opens the first of them.
    async fn way<'a>(
        &'a self,
        (name, bank, user): (&'static str, &'static str, &'static str),
        debtor: Option<&str>,
    ) -> Way<'a> {
        let (rail, currency, iban) = match bank.starts_with("pl-") {
            true => ("ELIXIR", "PLN", "PL61109010140000071219812874"),
            false => ("SEPA", "EUR", "DE02120300000000202051"),
        };
        let mut initiation = json!({
            "bankId": bank, "refId": "ORDER-7", "remittanceInformationPrimary": "ORDER-7",
            "amount": { "value": "10.23", "currency": currency }, "localInstrument": rail,
            "creditor": { "iban": iban, "name": "Customer Inc." },
            "callbackUrl": "https://shop.example/", "flowType": "FULL_HOSTED_PAGES",
        });
        if let Some(iban) = debtor {
            initiation["debtor"] = json!({ "iban": iban, "name": "Payer" });
        }
        let url = format!("{}/v2/payments", self.sandbox.announcement.api_url);
        let body = json!({ "initiation": initiation }).to_string();
        let answer = self.ask(http::Method::POST, url, "application/json", &body).await;
        let payment = serde_json::from_str::<Value>(&answer).unwrap()["payment"].take();
        let page = self.driver.open(true).await;
        page.go(payment["authentication"]["redirectUrl"].as_str().unwrap()).await;
        page.shows("Pay with").await;
        page.photograph(name, "1-continue").await;
        let id = payment["id"].as_str().unwrap().to_owned();
        Way { stage: self, page, name, bank, user, id }
    }
}

impl Way<'_> {
    async fn answer(&self, field: &str, text: &str) {
        self.page.fill(&format!("#{field}"), text).await;
        self.page.click("button.primary").await;
    }

    async fn sign_in_and_approve(&self) {
        self.page.fill("#username", self.user).await;
        self.page.fill("#password", &format!("{}-pass", self.user)).await;
        self.page.click("button[type=submit]").await;
        self.page.click("button[value=approve]").await;
    }

    fn app(&self) -> String {
        let banks = &self.stage.sandbox.announcement.banks_url;
        format!("{banks}/sim/app/{}/{}", self.bank, self.user)
    }

    async fn confirm_in_the_app(&self) {
        self.page.shows("Confirm in your bank's app").await;
        self.page.photograph(self.name, "5-waiting").await;
        let form = "application/x-www-form-urlencoded";
        let post = http::Method::POST;
        self.stage.ask(post, self.app(), form, "decision=approve").await;
    }

    async fn ends_well(&self) {
        self.page.shows("Payment successful").await;
        self.page.photograph(self.name, "9-result").await;
        let url = format!("{}/v2/payments/{}", self.stage.sandbox.announcement.api_url, self.id);
        let answer = self.stage.ask(http::Method::GET, url, "application/json", "").await;
        assert!(answer.contains("INITIATION_COMPLETED"), "{answer}");
        self.page.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_the_bank_after_the_account_was_asked_for() {
    let Some(stage) = Stage::set("redirect").await else { return };
    let way = stage.way(("redirect", "bg-linden", "lena"), None).await;
    way.page.shows("you sign in at your bank").await;
    way.page.click("button.primary").await;
    way.answer("account", "DE00 1234").await;
    way.page.shows("not a valid IBAN").await;
    way.page.photograph(way.name, "2-account").await;
    way.answer("account", "DE65 7002 0270 0000 0010 08").await;
    way.sign_in_and_approve().await;
    way.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_the_bank_twice() {
    let Some(stage) = Stage::set("multi-redirect").await else { return };
    let account = Some("ES3420385778980000001204");
    let way = stage.way(("multi-redirect", "bg-encina", "elena"), account).await;
    way.page.click("button.primary").await;
    way.page.fill("#username", way.user).await;
    way.page.fill("#password", "elena-pass").await;
    way.page.click("button[type=submit]").await;
    // Back at ours for a moment, then the second visit.
    way.sign_in_and_approve().await;
    way.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_with_a_choice_and_a_flickering_picture() {
    let Some(stage) = Stage::set("embedded").await else { return };
    let account = Some("DE32370400440000001036");
    let way = stage.way(("embedded", "bg-ahorn", "anna"), account).await;
    way.page.shows("asks you some questions on this page").await;
    way.page.shows_nowhere("sign in at your own bank only").await;
    way.page.click("button.primary").await;
    way.answer("psuId", "anna").await;
    way.answer("password", "wrong").await;
    way.page.shows("again").await;
    way.page.photograph(way.name, "2-wrong").await;
    way.answer("password", "anna-pass").await;
    way.page.shows("How do you want to confirm?").await;
    way.page.photograph(way.name, "3-choice").await;
    way.page.click("input[value^='chipTAN']").await;
    way.page.click("button.primary").await;
    way.page.shows("Pause").await;
    way.page.photograph(way.name, "4-flicker").await;
    let canvas = "document.querySelector('.flicker canvas')";
    let picture = format!("return {canvas}.toDataURL()");
    let first = way.page.runs(&picture).await;
    way.page
        .runs_until(&format!("return {canvas}.toDataURL() !== '{}'", first.as_str().unwrap()))
        .await;
    way.page.click("[data-do=larger]").await;
    assert_eq!(way.page.runs(&format!("return {canvas}.width")).await, 225);
    way.page.click("[data-do=slower]").await;
    way.page.click("[data-do=pause]").await;
    way.page.shows("Start").await;
    let paused = way.page.runs(&picture).await;
    assert_eq!(way.page.runs(&picture).await, paused);
    way.page.click("summary").await;
    way.page.shows("87654321").await;
    way.answer("scaAuthenticationData", "123456").await;
    way.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_a_browser_can_show() {
    let Some(stage) = Stage::set("picture").await else { return };
    let account = Some("DE32370400440000001036");
    let way = stage.way(("picture", "bg-ahorn", "anna"), account).await;
    way.page.click("button.primary").await;
    way.answer("psuId", "anna").await;
    way.answer("password", "anna-pass").await;
    way.page.click("input[value^='photoTAN']").await;
    way.page.click("button.primary").await;
    way.page
        .runs_until("return document.querySelector('img.challenge')?.naturalWidth === 32")
        .await;
    way.page.photograph(way.name, "4-picture").await;
    way.answer("scaAuthenticationData", "123456").await;
    way.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_of_the_bank() {
    let Some(stage) = Stage::set("decoupled").await else { return };
    let way = stage.way(("decoupled", "stet-saule", "sophie"), None).await;
    way.page.shows("in your bank's app").await;
    way.page.click("button.primary").await;
    way.answer("account", "FR76 1020 7000 0100 0000 0209 972").await;
    way.confirm_in_the_app().await;
    way.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_the_app_and_the_banks_callback() {
    let Some(stage) = Stage::set("code").await else { return };
    let way = stage.way(("code", "pl-sosna", "sylwia"), None).await;
    way.page.click("button.primary").await;
    way.answer("eatCode", "000000").await;
    way.page.shows("again").await;
    let app = stage.ask(http::Method::GET, way.app(), "text/plain", "").await;
    let code = app.split("<strong>").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    way.answer("eatCode", code).await;
    way.confirm_in_the_app().await;
    way.ends_well().await;
}
