//! The few commands of W3C WebDriver that the browser tests need, spoken to `chromedriver`.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use banks::wire::{Request, Wire};
use bascule::seams::SystemClock;
use bascule::wire::HttpWire;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::reach::Reach;
use domain::seams::Clock;
use serde_json::{Value, json};

use crate::support::free_port;

/// How often a page is looked at until it shows what it should: 20 seconds in all.
const LOOKS: usize = 200;
const LOOK_AGAIN_MS: u64 = 100;
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running `chromedriver`; killed when dropped.
pub struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    /// `None` if there is no driver or no browser on this machine.
    pub async fn start() -> Option<Driver> {
        browser()?;
        let port = free_port();
        let child = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let driver = Driver { child, url: format!("http://127.0.0.1:{port}") };
        for _ in 0..LOOKS {
            if call(http::Method::GET, &format!("{}/status", driver.url), None).await.is_ok() {
                return Some(driver);
            }
            SystemClock.sleep(LOOK_AGAIN_MS).await;
        }
        panic!("chromedriver does not answer");
    }

    /// A new window.
    pub async fn open(&self, javascript: bool) -> Page {
        self.open_on(javascript, None).await
    }

    /// A new window on a screen of so many pixels, where they matter.
    pub async fn open_on(&self, javascript: bool, screen: Option<(u32, u32)>) -> Page {
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=520,960",
        ];
        let mut options = json!({ "binary": browser(), "args": arguments });
        if !javascript {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        if let Some((width, height)) = screen {
            let screen = json!({ "width": width, "height": height, "pixelRatio": 2.0 });
            options["mobileEmulation"] = json!({ "deviceMetrics": screen });
        }
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
        }}});
        let url = format!("{}/session", self.url);
        let session = call(http::Method::POST, &url, Some(wanted)).await.unwrap();
        let id = session["sessionId"].as_str().unwrap();
        Page { url: format!("{url}/{id}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// One window.
pub struct Page {
    url: String,
}

impl Page {
    pub async fn go(&self, url: &str) {
        self.post("url", json!({ "url": url })).await.unwrap();
    }

    pub async fn close(&self) {
        call(http::Method::DELETE, &self.url, None).await.unwrap();
    }

    /// Waits until the page's visible text contains `text`.
    pub async fn shows(&self, text: &str) {
        let mut seen = String::new();
        for _ in 0..LOOKS {
            if let Ok(found) = self.text().await {
                if found.contains(text) {
                    return;
                }
                seen = found;
            }
            SystemClock.sleep(LOOK_AGAIN_MS).await;
        }
        self.photograph("failed", "page").await;
        panic!("the page never showed {text:?}; it shows:\n{seen}");
    }

    pub async fn shows_nowhere(&self, text: &str) {
        let seen = self.text().await.unwrap();
        assert!(!seen.contains(text), "the page shows {text:?}:\n{seen}");
    }

    /// Waits until no element of this selector can be seen.
    pub async fn waits_until_hidden(&self, selector: &str) {
        for _ in 0..LOOKS {
            let mut visible = false;
            for element in self.elements(selector).await {
                let path = format!("element/{element}/displayed");
                visible |= self.get(&path).await.is_ok_and(|shown| shown == true);
            }
            if !visible {
                return;
            }
            SystemClock.sleep(LOOK_AGAIN_MS).await;
        }
        panic!("{selector} stays visible");
    }

    pub async fn click(&self, selector: &str) {
        for _ in 0..LOOKS {
            if let Some(element) = self.elements(selector).await.first()
                && self.post(&format!("element/{element}/click"), json!({})).await.is_ok()
            {
                return;
            }
            SystemClock.sleep(LOOK_AGAIN_MS).await;
        }
        panic!("{selector} cannot be clicked; the page shows:\n{:?}", self.text().await);
    }

    pub async fn fill(&self, selector: &str, text: &str) {
        for _ in 0..LOOKS {
            if let Some(element) = self.elements(selector).await.first() {
                let _gone = self.post(&format!("element/{element}/clear"), json!({})).await;
                let path = format!("element/{element}/value");
                if self.post(&path, json!({ "text": text })).await.is_ok() {
                    return;
                }
            }
            SystemClock.sleep(LOOK_AGAIN_MS).await;
        }
        panic!("{selector} cannot be filled");
    }

    /// Runs a script in the page. Returns the script's result.
    #[allow(dead_code, reason = "each test file uses a part")]
    pub async fn runs(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.post("execute/sync", body).await.unwrap()
    }

    /// Waits until a script returns `true`.
    #[allow(dead_code, reason = "each test file uses a part")]
    pub async fn runs_until(&self, script: &str) {
        for _ in 0..LOOKS {
            let body = json!({ "script": script, "args": [] });
            if self.post("execute/sync", body).await.is_ok_and(|value| value == true) {
                return;
            }
            SystemClock.sleep(LOOK_AGAIN_MS).await;
        }
        panic!("{script}: never true; the page shows:\n{:?}", self.text().await);
    }

    /// Writes a picture of the window, for people to look at.
    pub async fn photograph(&self, way: &str, step: &str) {
        let Some(folder) = std::env::var_os("BASCULE_SCREENSHOTS").map(PathBuf::from) else {
            return;
        };
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.get("screenshot").await.unwrap();
        let picture = STANDARD.decode(picture.as_str().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{way}-{step}.png")), picture).unwrap();
    }

    async fn text(&self) -> Result<String, String> {
        let body = self.elements("body").await;
        let body = body.first().ok_or("no body")?;
        let text = self.get(&format!("element/{body}/text")).await?;
        Ok(text.as_str().unwrap_or("").to_owned())
    }

    async fn elements(&self, selector: &str) -> Vec<String> {
        let wanted = json!({ "using": "css selector", "value": selector });
        let Ok(found) = self.post("elements", wanted).await else { return vec![] };
        let ids = found.as_array().into_iter().flatten();
        ids.filter_map(|element| element[ELEMENT].as_str().map(str::to_owned)).collect()
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        call(http::Method::GET, &format!("{}/{path}", self.url), None).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        call(http::Method::POST, &format!("{}/{path}", self.url), Some(body)).await
    }
}

/// The `value` of the driver's answer.
async fn call(method: http::Method, url: &str, body: Option<Value>) -> Result<Value, String> {
    let request = Request {
        operation: "webdriver",
        method,
        url: url.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        timeout_ms: 60_000,
        client_certificate: None,
        tls_authorities: None,
    };
    let wire = HttpWire::new(Reach::PublicAndLoopback, None).map_err(|error| error.to_string())?;
    let response = wire.send(request).await.map_err(|error| error.to_string())?;
    let mut answer: Value =
        serde_json::from_slice(&response.body).map_err(|error| error.to_string())?;
    let value = answer["value"].take();
    if response.status == 200 { Ok(value) } else { Err(value.to_string()) }
}

/// The browser's path: `BASCULE_CHROMIUM`, or Debian's.
fn browser() -> Option<String> {
    let named = std::env::var("BASCULE_CHROMIUM").ok();
    let path = named.unwrap_or_else(|| "/usr/bin/chromium".to_owned());
    PathBuf::from(&path).exists().then_some(path)
}
