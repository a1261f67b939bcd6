//! The floor: the least program behind axum that does what `POST /v2/payments` and
//! `GET /v2/payments/{id}` cannot do without.
//!
//! Both verify the Ed25519 signature of the request and its claims. POST reads about 3 KB of JSON
//! into types, checks every field, and commits three rows durably before it answers ([`writer`]).
//! GET reads one row of 3 KB by its id.

mod writer;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use aws_lc_rs::signature::KeyPair;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri, header};

use self::writer::{NewPayment, Store};
use crate::servers::Ready;
use crate::token::{self, Credentials, Signed};
use crate::{measure, order};

struct Floor {
    credentials: Credentials,
    public_key: Vec<u8>,
    store: Store,
    counter: AtomicU64,
}

/// Serves until the process is ended; says where and for whom in one line of JSON.
///
/// # Errors
/// If it cannot start.
pub fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let credentials = Credentials {
            member_id: "m:floor:x".to_owned(),
            key_id: "floor-key".to_owned(),
            key_seed: URL_SAFE_NO_PAD.encode([0x42; 32]),
        };
        let floor = Arc::new(Floor {
            public_key: token::key_pair(&credentials)?.public_key().as_ref().to_vec(),
            credentials: credentials.clone(),
            store: Store::open(&folder.path().join("floor.db"))?,
            counter: AtomicU64::new(0),
        });
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let api_url = format!("http://localhost:{}", listener.local_addr()?.port());
        let (banks_url, basic_header) = (String::new(), String::new());
        let ready = Ready { api_url, credentials, banks_url, basic_header };
        crate::say(&serde_json::to_string(&ready)?);
        let router = axum::Router::new()
            .route(order::PATH, post(create))
            .route(&format!("{}/{{id}}", order::PATH), get(read))
            .with_state(floor);
        let listener = listener.tap_io(|stream| {
            let _slower_then = stream.set_nodelay(true);
        });
        axum::serve(listener, router).with_graceful_shutdown(told_to_end()).await?;
        Ok(())
    })
}

/// Standard input ends with the process that started this one.
async fn told_to_end() {
    let waiting = tokio::task::spawn_blocking(|| std::io::stdin().lines().for_each(drop));
    let _ended = waiting.await;
}

async fn create(State(floor): State<Arc<Floor>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(floor.create(&headers, &body).await)
}

async fn read(
    State(floor): State<Arc<Floor>>,
    uri: Uri,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(floor.read(&headers, uri.path(), &id))
}

fn answer(result: anyhow::Result<String>) -> Response {
    match result {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error:#}")).into_response(),
    }
}

impl Floor {
    fn authenticate(&self, headers: &HeaderMap, request: Signed<'_>) -> anyhow::Result<i64> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let token = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let request = Signed { host: text(header::HOST).context("no host")?, ..request };
        let now_ms = measure::unix_ms();
        let key_id = &self.credentials.key_id;
        token::verify(token.context("no token")?, key_id, &self.public_key, request, now_ms)?;
        Ok(now_ms)
    }

    async fn create(&self, headers: &HeaderMap, body: &Bytes) -> anyhow::Result<String> {
        let request = Signed { host: "", method: "POST", path: order::PATH, body };
        let now_ms = self.authenticate(headers, request)?;
        let ref_id = order::check(body)?.to_owned();
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        // Ordered by time; the counter replaces random digits.
        let id = format!("pm2:{now_ms:013}{number:09}:floor");
        let answer = format!("{{\"payment\":{{\"id\":\"{id}\",\"status\":\"INITIATED\"}}}}");
        let body = String::from_utf8(body.to_vec())?;
        let member_id = self.credentials.member_id.clone();
        self.store.insert(NewPayment { id, member_id, ref_id, created_ms: now_ms, body }).await?;
        Ok(answer)
    }

    fn read(&self, headers: &HeaderMap, path: &str, id: &str) -> anyhow::Result<String> {
        self.authenticate(headers, Signed { host: "", method: "GET", path, body: b"" })?;
        let found = self.store.get(id, &self.credentials.member_id)?;
        Ok(format!("{{\"payment\":{}}}", found.context("no such payment")?))
    }
}
