//! The network as a parameter: one request out, one response back.
//!
//! [`Wire`] is the only way to a bank. The real one (TLS, client certificate, recording of every
//! exchange) is in the binary; a simulation has its own. Implementations never follow
//! redirects, never retry, and stop reading a body at [`BODY_BYTES_MAX`].

use std::fmt;
use std::sync::Arc;

use domain::seams::BoxFuture;

use crate::eidas::Certificate;

/// The longest body that is read from a bank, in bytes; a longer one is [`WireError::NoAnswer`].
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// One HTTP request to a bank.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The operation, for records and metrics, e.g. `create-domestic-payment`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: http::Method,
    /// The absolute URL.
    pub url: String,
    /// Header names in lower case, and their values.
    pub headers: Vec<(String, String)>,
    /// The exact bytes to send: signatures cover them.
    pub body: Vec<u8>,
    /// How long the whole exchange may take, in milliseconds.
    pub timeout_ms: u64,
    /// The client certificate to show, where the bank wants mutual TLS.
    pub client_certificate: Option<Arc<ClientCertificate>>,
    /// The authorities that the connection trusts instead of the system's.
    pub tls_authorities: Option<Arc<Authorities>>,
}

/// Certification authorities: of TLS connections, or of the keys of signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorities {
    certificates_der: Vec<Vec<u8>>,
    fingerprint: String,
}

impl Authorities {
    /// Of certificates in DER; `None` without a certificate, or if one cannot be read.
    #[must_use]
    pub fn new(certificates_der: Vec<Vec<u8>>) -> Option<Authorities> {
        let fingerprints: Result<Vec<String>, _> = certificates_der
            .iter()
            .map(|der| Certificate::parse(der).map(|parsed| parsed.fingerprint))
            .collect();
        let fingerprint = fingerprints.ok()?.join("+");
        (!fingerprint.is_empty()).then_some(Authorities { certificates_der, fingerprint })
    }

    /// The certificates, DER.
    #[must_use]
    pub fn certificates_der(&self) -> &[Vec<u8>] {
        &self.certificates_der
    }

    /// Identifies them: connections of other authorities are kept apart.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// A client certificate with its key, for mutual TLS.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate and the ones above it, without the root, DER.
    pub chain_der: Vec<Vec<u8>>,
    /// The private key, PKCS#8 DER.
    pub private_key_pkcs8_der: Vec<u8>,
    /// SHA-256 of the certificate, lower-case hexadecimal: the key under which connections are kept.
    pub fingerprint: String,
}

/// The key stays out of logs.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// Headers and bodies hold tokens and account numbers, so `Debug` leaves them out.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .field("timeout_ms", &self.timeout_ms)
            .finish_non_exhaustive()
    }
}

/// One HTTP response of a bank.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status code.
    pub status: u16,
    /// Header names in any case, and their values.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`BODY_BYTES_MAX`] bytes.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of the first header of this name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// How many headers have this name, whatever its case.
    #[must_use]
    pub fn header_count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name)).count()
    }
}

/// Headers and bodies hold tokens and account numbers, so `Debug` leaves them out.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Nothing left this machine, so nothing happened at the bank.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The request left, or part of it; no complete answer came. It may have happened.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

/// The way to the banks.
pub trait Wire: Send + Sync + 'static {
    /// Sends one request once and waits for the whole response.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, WireError>>;

    /// Sends one request once and returns the status as soon as the head of the response is there.
    /// The body is not read: its size, its encoding and its end change nothing.
    fn send_for_status(&self, request: Request) -> BoxFuture<'_, Result<u16, WireError>> {
        let answer = self.send(request);
        Box::pin(async move { answer.await.map(|response| response.status) })
    }
}
