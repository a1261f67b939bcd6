//! The last API exchanges, so that a test can judge them against the published documents.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value, json};

/// At most this many exchanges are kept.
pub(crate) const MAXIMUM_EXCHANGES: usize = 500;
/// Longer bodies are cut off at this many bytes.
const MAXIMUM_BODY_BYTES: usize = 64 * 1024;

/// One exchange.
pub(crate) struct Exchange {
    pub(crate) bank: String,
    pub(crate) method: String,
    pub(crate) path_template: &'static str,
    pub(crate) path: String,
    pub(crate) request_headers: Value,
    pub(crate) request_body: String,
    /// None: the bank was silent.
    pub(crate) status: Option<u16>,
    pub(crate) response_headers: Value,
    pub(crate) response_body: String,
}

/// A ring of exchanges, newest last.
#[derive(Default)]
pub(crate) struct Exchanges(Mutex<VecDeque<Exchange>>);

impl Exchanges {
    /// Adds one, dropping the oldest.
    pub(crate) fn record(&self, exchange: Exchange) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() >= MAXIMUM_EXCHANGES {
            ring.pop_front();
        }
        ring.push_back(exchange);
    }

    /// The last `limit` exchanges, oldest first.
    pub(crate) fn last(&self, limit: usize) -> Value {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let skipped = ring.len().saturating_sub(limit);
        ring.iter()
            .skip(skipped)
            .map(|exchange| {
                json!({
                    "bank": exchange.bank,
                    "method": exchange.method,
                    "path_template": exchange.path_template,
                    "path": exchange.path,
                    "request_headers": exchange.request_headers,
                    "request_body": exchange.request_body,
                    "status": exchange.status,
                    "response_headers": exchange.response_headers,
                    "response_body": exchange.response_body,
                })
            })
            .collect()
    }
}

/// Headers as a JSON object; the access token is not shown.
pub(crate) fn headers_as_json(headers: &HeaderMap) -> Value {
    let mut map = Map::new();
    for (name, value) in headers {
        let text = if name == AUTHORIZATION {
            "Bearer (not recorded)"
        } else {
            value.to_str().unwrap_or("(not text)")
        };
        map.insert(name.as_str().to_owned(), Value::String(text.to_owned()));
    }
    Value::Object(map)
}

/// A body as text, cut off where it is too long to keep.
pub(crate) fn body_as_text(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(MAXIMUM_BODY_BYTES)]).into_owned()
}
