//! The demo shop: a merchant with one product, in the sandbox only.
//!
//! It is a client of the public API like any other: it signs its requests, asks for a payment,
//! sends the payer to `authentication.redirectUrl`, takes webhooks in, verifies them, and shows
//! what came. It knows nothing of the gateway's inside.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::merchant::{Merchant, Refusal, webhook_is_genuine};

/// Webhooks that the shop remembers; older ones are forgotten.
const WEBHOOKS_KEPT: usize = 200;
/// The shop's goods, and the outcome of each price at a simulated bank.
const PRICES: [(&str, &str); 6] = [
    ("10.23", "an ordinary payment"),
    ("108.00", "not enough money in the account"),
    ("103.00", "rejected by the bank"),
    ("112.00", "declined at the bank"),
    ("105.00", "stays in process"),
    ("120.00", "the bank stays silent after the order"),
];
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// One webhook as the shop took it in.
#[derive(Debug, Clone, Serialize)]
struct Received {
    id: String,
    payment_id: String,
    kind: String,
    status: String,
    reason: String,
    genuine: bool,
}

struct Shop {
    merchant: Merchant,
    /// The merchant of the sandbox's `curl` command: its payers return to this shop, too.
    developer: Merchant,
    api_url: String,
    banks_url: String,
    webhooks: Mutex<VecDeque<Received>>,
    /// The gateway's public key, once the webhook configuration is set.
    gateway_key: OnceCell<String>,
}

/// The shop's pages.
///
/// `developer` is the member of the sandbox's `curl` line, whose payers are shown their result here.
pub fn router(merchant: Merchant, developer: Merchant, api_url: &str, banks_url: &str) -> Router {
    let shop = Arc::new(Shop {
        merchant,
        developer,
        api_url: api_url.to_owned(),
        banks_url: banks_url.to_owned(),
        webhooks: Mutex::default(),
        gateway_key: OnceCell::new(),
    });
    Router::new()
        .route("/demo", get(show))
        .route("/demo/pay", post(pay))
        .route("/demo/status", get(status))
        .route("/demo/webhook", post(webhook))
        .route("/demo/demo.css", get(css))
        .route("/demo/demo.js", get(js))
        .with_state(shop)
}

#[derive(Template)]
#[template(path = "demo.html")]
struct DemoPage {
    prices: [(&'static str, &'static str); 6],
    banks_url: String,
    payment_id: Option<String>,
    status: String,
    reason: String,
    is_final: bool,
    webhooks: Vec<Received>,
    problem: Option<String>,
}

async fn show(State(shop): State<Arc<Shop>>, uri: Uri) -> Response {
    let payment_id = parameter(uri.query().unwrap_or("").as_bytes(), "payment-id");
    let mut page = shop.page();
    if let Some(id) = payment_id {
        match shop.payment(&id).await {
            Ok(payment) => {
                page.status = text(&payment["status"]);
                page.reason = text(&payment["statusReasonInformation"]);
                page.is_final = is_final(&page.status);
                page.webhooks = shop.received(&id);
                page.payment_id = Some(id);
            }
            Err(error) if is_not_found(&error) => {
                page.problem = Some("There is no such payment in this sandbox.".to_owned());
                return render(StatusCode::NOT_FOUND, &page);
            }
            Err(error) => page.problem = Some(format!("{error:#}")),
        }
    }
    render(StatusCode::OK, &page)
}

async fn pay(State(shop): State<Arc<Shop>>, body: axum::body::Bytes) -> Response {
    let price = parameter(&body, "price").unwrap_or_else(|| PRICES[0].0.to_owned());
    match shop.new_payment(&price).await {
        Ok(redirect_url) => Redirect::to(&redirect_url).into_response(),
        Err(error) => {
            let mut page = shop.page();
            page.problem = Some(format!("{error:#}"));
            render(StatusCode::BAD_GATEWAY, &page)
        }
    }
}

/// The status for the script of an open page.
async fn status(State(shop): State<Arc<Shop>>, uri: Uri) -> Response {
    let Some(id) = parameter(uri.query().unwrap_or("").as_bytes(), "payment-id") else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match shop.payment(&id).await {
        Ok(payment) => {
            let status = text(&payment["status"]);
            let body = json!({
                "final": is_final(&status), "status": status,
                "reason": text(&payment["statusReasonInformation"]),
                "webhooks": shop.received(&id),
            });
            ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, Json(json!({ "problem": format!("{error:#}") })))
            .into_response(),
    }
}

async fn webhook(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> StatusCode {
    let named = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let Some(key) = shop.gateway_key.get() else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    let genuine = webhook_is_genuine(key, &named("token-signature"), &body);
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let received = Received {
        id: text(&event["id"]),
        payment_id: text(&event["payment"]["id"]),
        kind: named("token-event"),
        status: text(&event["payment"]["status"]),
        reason: text(&event["payment"]["statusReasonInformation"]),
        genuine,
    };
    let mut webhooks = shop.webhooks.lock().unwrap_or_else(PoisonError::into_inner);
    // The same event may come twice; its id says so.
    if !webhooks.iter().any(|known| known.id == received.id) {
        if webhooks.len() >= WEBHOOKS_KEPT {
            webhooks.pop_front();
        }
        webhooks.push_back(received);
    }
    if genuine { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

impl Shop {
    fn page(&self) -> DemoPage {
        DemoPage {
            prices: PRICES,
            banks_url: self.banks_url.clone(),
            payment_id: None,
            status: String::new(),
            reason: String::new(),
            is_final: false,
            webhooks: vec![],
            problem: None,
        }
    }

    /// Registers this shop's webhook URL at the gateway, once, and fetches the gateway's public key.
    async fn prepare(&self) -> anyhow::Result<()> {
        self.gateway_key
            .get_or_try_init(|| async {
                let config = json!({ "config": {
                    "type": ["PAYMENT_STATUS_CHANGED"],
                    "url": format!("{}/demo/webhook", self.api_url),
                }});
                self.merchant.call(http::Method::PUT, "/webhook/config", Some(&config)).await?;
                self.merchant.gateway_public_key().await
            })
            .await
            .map(|_| ())
    }

    /// Creates a payment; where the payer must go.
    async fn new_payment(&self, price: &str) -> anyhow::Result<String> {
        self.prepare().await?;
        let body = json!({ "initiation": {
            "refId": "DEMO-ORDER",
            "remittanceInformationPrimary": "DEMO-ORDER",
            "amount": { "value": price, "currency": "GBP" },
            "localInstrument": "FASTER_PAYMENTS",
            "creditor": {
                "sortCode": "123456", "accountNumber": "12345678", "name": "Customer Inc.",
            },
            "callbackUrl": format!("{}/demo", self.api_url),
            "callbackState": "demo",
            "flowType": "FULL_HOSTED_PAGES",
        }});
        let answer = self.merchant.call(http::Method::POST, "/v2/payments", Some(&body)).await?;
        let url = text(&answer["payment"]["authentication"]["redirectUrl"]);
        anyhow::ensure!(!url.is_empty(), "the payment has no redirectUrl");
        Ok(url)
    }

    async fn payment(&self, id: &str) -> anyhow::Result<Value> {
        self.prepare().await?;
        anyhow::ensure!(
            id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':'),
            "`payment-id` is not an id"
        );
        let path = format!("/v2/payments/{id}");
        let mut answer = match self.merchant.call(http::Method::GET, &path, None).await {
            Err(error) if is_not_found(&error) => {
                self.developer.call(http::Method::GET, &path, None).await?
            }
            answer => answer?,
        };
        Ok(answer["payment"].take())
    }

    fn received(&self, payment_id: &str) -> Vec<Received> {
        let webhooks = self.webhooks.lock().unwrap_or_else(PoisonError::into_inner);
        webhooks.iter().filter(|known| known.payment_id == payment_id).cloned().collect()
    }
}

/// Whether the payment does not belong to this member.
fn is_not_found(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refusal>().is_some_and(|refusal| refusal.status == 404)
}

/// A shop decides by the status, never by the callback's parameters.
fn is_final(status: &str) -> bool {
    !status.is_empty() && !status.starts_with("INITIATION_P")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

fn parameter(form: &[u8], name: &str) -> Option<String> {
    url::form_urlencoded::parse(form)
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.is_empty())
}

fn render(code: StatusCode, page: &DemoPage) -> Response {
    let Ok(html) = page.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (code, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn css() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../static/demo.css"))
        .into_response()
}

async fn js() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("../../static/demo.js")).into_response()
}
