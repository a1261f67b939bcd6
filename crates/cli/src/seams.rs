//! The real clock and the real randomness.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use banks::wire::{Request, Wire};
use domain::seams::{BoxFuture, Clock, Ids};
use gateway::App;
use jiff::Timestamp;

/// How long a provider may take to accept a simulated bank's callback, in milliseconds.
const CALLBACK_TIMEOUT_MS: u64 = 10_000;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the real clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the real clock")]
    fn sleep(&self, duration_ms: u64) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(duration_ms)))
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the real randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            // Without randomness no id and no key is safe: nothing sensible can continue.
            std::process::abort();
        }
    }
}

/// Clock, randomness and network as the simulated banks want them.
#[derive(Clone)]
pub struct BankEnvironment {
    /// Delivers the callbacks of the app.
    pub wire: Arc<dyn Wire>,
    /// The gateway, once it runs: it publishes its seal certificates.
    pub gateway: Arc<OnceLock<Weak<App>>>,
}

impl simbank::Environment for BankEnvironment {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        SystemIds.fill(bytes);
    }

    fn sleep(&self, milliseconds: u64) -> BoxFuture<'static, ()> {
        SystemClock.sleep(milliseconds)
    }

    fn published_certificate(&self, fingerprint: &str) -> Option<Vec<u8>> {
        self.gateway.get()?.upgrade()?.seal_certificate(fingerprint)
    }

    fn call_back(&self, callback: simbank::Callback) -> BoxFuture<'static, ()> {
        let wire = Arc::clone(&self.wire);
        Box::pin(async move {
            let request = Request {
                operation: "bank-callback",
                method: http::Method::POST,
                url: callback.url,
                headers: vec![
                    ("content-type".to_owned(), "application/json".to_owned()),
                    ("apiKey".to_owned(), callback.api_key),
                ],
                body: callback.body.into_bytes(),
                timeout_ms: CALLBACK_TIMEOUT_MS,
                client_certificate: None,
                tls_authorities: None,
            };
            if let Err(error) = wire.send(request).await {
                tracing::warn!(%error, "a simulated bank's callback was not taken");
            }
        })
    }
}
