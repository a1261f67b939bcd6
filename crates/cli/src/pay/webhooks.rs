//! A webhook endpoint on a free port of this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::merchant::webhook_is_genuine;

/// Webhooks that are remembered.
const KEPT_MAX: usize = 1_000;

struct Received {
    id: String,
    payment_id: String,
    status: String,
}

struct Endpoint {
    gateway_key: String,
    received: Mutex<Vec<Received>>,
}

/// Takes webhooks in until it is dropped.
pub struct WebhookListener {
    endpoint: Arc<Endpoint>,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl WebhookListener {
    /// Listens; only webhooks that `gateway_key` signed are taken.
    pub async fn start(gateway_key: String) -> anyhow::Result<WebhookListener> {
        let endpoint = Arc::new(Endpoint { gateway_key, received: Mutex::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/", post(take)).with_state(Arc::clone(&endpoint));
        let serving = tokio::spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        Ok(WebhookListener { endpoint, address, serving })
    }

    /// Where the gateway posts to.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The id of the event that reported `status` for the payment.
    pub fn verified(&self, payment_id: &str, status: &str) -> Option<String> {
        let received = self.endpoint.received.lock().unwrap_or_else(PoisonError::into_inner);
        let found =
            received.iter().find(|event| event.payment_id == payment_id && event.status == status);
        found.map(|event| event.id.clone())
    }
}

impl Drop for WebhookListener {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(
    State(endpoint): State<Arc<Endpoint>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> StatusCode {
    let signature = headers.get("token-signature").and_then(|value| value.to_str().ok());
    if !webhook_is_genuine(&endpoint.gateway_key, signature.unwrap_or(""), &body) {
        return StatusCode::UNAUTHORIZED;
    }
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    // The subject of the event, and the name of the field with its id.
    let (about, id) = [
        (&event["payment"], "id"),
        (&event["transferStatusChanged"], "transferId"),
        (&event["standingOrderStatusChanged"], "standingOrderSubmissionId"),
    ]
    .into_iter()
    .find(|(about, _)| about.is_object())
    .unwrap_or((&Value::Null, "id"));
    let mut received = endpoint.received.lock().unwrap_or_else(PoisonError::into_inner);
    if received.len() < KEPT_MAX {
        received.push(Received {
            id: text(&event["id"]),
            payment_id: text(&about[id]),
            status: text(&about["status"]),
        });
    }
    StatusCode::OK
}
