//! The real network: HTTPS with the system's trust, no redirects, bounded bodies.

use std::time::Duration;

use banks::wire::{BODY_BYTES_MAX, Request, Response, Wire, WireError};
use domain::seams::BoxFuture;

/// How long a connection may take, in milliseconds; a request that has none was not sent.
const CONNECT_MS: u64 = 5_000;

/// The way to banks and to webhook endpoints.
pub struct HttpWire {
    client: reqwest::Client,
}

impl HttpWire {
    /// A client with its own pool of connections.
    ///
    /// # Errors
    /// Where the system's trust store cannot be read.
    #[expect(clippy::disallowed_methods, reason = "this is the real network")]
    pub fn new() -> anyhow::Result<HttpWire> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_millis(CONNECT_MS))
            .user_agent(concat!("bascule/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .build()?;
        Ok(HttpWire { client })
    }

    async fn exchange(&self, request: Request) -> Result<Response, WireError> {
        let mut building = self
            .client
            .request(request.method, &request.url)
            .timeout(Duration::from_millis(request.timeout_ms))
            .body(request.body);
        for (name, value) in &request.headers {
            building = building.header(name, value);
        }
        let mut answer = building.send().await.map_err(|error| no_answer(&error))?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| no_answer(&error))? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(WireError::NoAnswer("the body is larger than 1 MiB".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body })
    }
}

impl Wire for HttpWire {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, WireError>> {
        Box::pin(self.exchange(request))
    }
}

/// A connection that was never made, or a request that could not be built, sent nothing. Anything
/// later may have arrived.
fn no_answer(error: &reqwest::Error) -> WireError {
    // URLs hold ids and states, so only the cause is told.
    let mut text = String::from(if error.is_timeout() { "timed out" } else { "failed" });
    let mut cause = std::error::Error::source(error);
    for _ in 0..4 {
        let Some(inner) = cause else { break };
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    if error.is_connect() || error.is_builder() {
        WireError::NotSent(text)
    } else {
        WireError::NoAnswer(text)
    }
}
