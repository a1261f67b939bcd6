//! The real network: HTTPS with the system's trust and our client certificates, no redirects,
//! bounded bodies.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use banks::wire::{BODY_BYTES_MAX, ClientCertificate, Request, Response, Wire, WireError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::seams::BoxFuture;

/// How long a connection may take, in milliseconds; a request that has none was not sent.
const CONNECT_MS: u64 = 5_000;

/// Client certificates whose connections are kept; above it, all are forgotten.
const CERTIFICATES_MAX: usize = 64;

/// The way to banks and to webhook endpoints.
pub struct HttpWire {
    plain: reqwest::Client,
    /// An authority that is trusted beside the system's, DER: a sandbox's own.
    extra_authority_der: Option<Vec<u8>>,
    /// One client, with its pool of connections, per client certificate.
    by_certificate: Mutex<HashMap<String, reqwest::Client>>,
}

impl HttpWire {
    /// A client with its own pool of connections.
    ///
    /// # Errors
    /// Where the system's trust store cannot be read, or the authority is no certificate.
    pub fn new(extra_authority_der: Option<Vec<u8>>) -> anyhow::Result<HttpWire> {
        let plain = client(extra_authority_der.as_deref(), None)?;
        Ok(HttpWire { plain, extra_authority_der, by_certificate: Mutex::default() })
    }

    /// The client for a certificate; made at its first use.
    fn client_for(
        &self,
        certificate: Option<&ClientCertificate>,
    ) -> Result<reqwest::Client, WireError> {
        let Some(certificate) = certificate else {
            return Ok(self.plain.clone());
        };
        let mut known = self.by_certificate.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.get(&certificate.fingerprint) {
            return Ok(client.clone());
        }
        let made = client(self.extra_authority_der.as_deref(), Some(certificate))
            .map_err(|error| WireError::NotSent(format!("our client certificate: {error}")))?;
        if known.len() >= CERTIFICATES_MAX {
            known.clear();
        }
        known.insert(certificate.fingerprint.clone(), made.clone());
        Ok(made)
    }

    async fn exchange(&self, request: Request) -> Result<Response, WireError> {
        let client = self.client_for(request.client_certificate.as_deref())?;
        let mut building = client
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

#[expect(clippy::disallowed_methods, reason = "this is the real network")]
fn client(
    extra_authority_der: Option<&[u8]>,
    certificate: Option<&ClientCertificate>,
) -> anyhow::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_millis(CONNECT_MS))
        .user_agent(concat!("bascule/", env!("CARGO_PKG_VERSION")))
        .no_proxy();
    if let Some(der) = extra_authority_der {
        builder = builder.tls_certs_merge([reqwest::Certificate::from_der(der)?]);
    }
    if let Some(certificate) = certificate {
        let mut pem = pem("PRIVATE KEY", &certificate.private_key_pkcs8_der);
        for der in &certificate.chain_der {
            pem.push_str(&self::pem("CERTIFICATE", der));
        }
        builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes())?);
    }
    Ok(builder.build()?)
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
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
