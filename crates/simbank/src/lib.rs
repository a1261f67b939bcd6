//! Simulated banks that speak UK Open Banking, NextGenPSD2, STET and PolishAPI for real: one engine
//! (`engine/`: orders, approvals, execution, the books, the payer's pages) with a face for each standard
//! (`standards/`), and a view from outside (`simulation/`).
//!
//! The crate knows nothing of the gateway. It is written from the published standards, handles plain
//! JSON values and shares no type with other crates. So it checks a connector against a second,
//! independent reading of the standard.
//!
//! All banks (see `banks.rs` for the table) live on one port, each below its own first path
//! segment:
//!
//! | path | what |
//! |---|---|
//! | `/{bank}/authorize`, `/token`, `/par`, `/open-banking/…` | UK Open Banking, see `standards/uk_open_banking/` |
//! | `/{bank}/v1/…`, `/{bank}/oauth/…` | NextGenPSD2, see `standards/next_gen_psd2/` |
//! | `/{bank}/psd2/…` | STET, see `standards/stet/` |
//! | `/{bank}/v2_1_…/…` | PolishAPI, see `standards/polish_api/` |
//! | `/{bank}/authorisations/{id}/…`, `/{bank}/sca/{id}/…` | the payer's way, see `engine/visit.rs` |
//! | `/sim/app/{bank}/{username}` | the bank's app of a payer, see `engine/app.rs` |
//! | `/sim/`, `/sim/customers`, `/sim/accounts`, `/sim/orders`, `/sim/exchanges` | the simulation seen from outside |
//! | `/sim/balances`, `/sim/orders/{id}/status` | changes by an operator, see `simulation/operator.rs` |
//! | `/sim/faults` | planned faults, see `simulation/faults/` |
//!
//! Bounds: bodies 1 MiB (forms 16 KiB); 20 000 orders, 50 000 authorisation requests, codes and tokens
//! together, 50 000 idempotency keys and client assertions; the last 500 exchanges with bodies up to 64 KiB.
//! Above a bound the oldest finished objects are dropped first. At most 100 faults are planned at a time.

mod engine;
mod simulation;
mod standards;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Redirect;
use axum::routing::{get, post};
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use engine::shared::Shared;
use engine::view;
use simulation::{faults, operator, overview};

/// How often the banks execute due orders without being asked, in milliseconds.
const TICK_MS: u64 = 200;
/// Forms (sign-in, decision, token requests) are at most this long, in bytes.
const MAXIMUM_FORM_BYTES: usize = 16 * 1024;

/// How the simulated banks are set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Base URL as browsers and TPPs see it, for example `http://localhost:8001`. None: the
    /// address that is listened on.
    pub public_url: Option<String>,
    /// Base URL at which TPPs show their certificates, for example `https://localhost:8002`. None:
    /// `https://localhost` and the port of `tls`, or the same as for browsers, where nobody can
    /// show a certificate.
    pub tls_public_url: Option<String>,
    /// The port at which TPPs show their certificates; none where the banks have no such port.
    pub tls: Option<TlsOptions>,
    /// Directory for journal and key, made if absent; None keeps everything in memory.
    pub data_dir: Option<PathBuf>,
    /// The TPPs that the banks know.
    pub registrations: Vec<Registration>,
    /// How long an order is pending before it is executed, in milliseconds.
    pub execution_delay_ms: u64,
    /// Whether the tokens of a payer's approval expire as soon as at real banks, most of which then
    /// issue refresh tokens. Otherwise tokens outlive the payment, without refresh tokens.
    pub short_lived_tokens: bool,
}

/// A port with TLS.
#[derive(Debug, Clone)]
pub struct TlsOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The banks' certificate and the ones above it, DER.
    pub certificate_chain_der: Vec<Vec<u8>>,
    /// Its key, PKCS#8 DER.
    pub private_key_pkcs8_der: Vec<u8>,
    /// The authorities whose client certificates are accepted, DER.
    pub client_roots_der: Vec<Vec<u8>>,
}

/// The data of one TPP in a directory of TPPs.
#[derive(Debug, Clone)]
pub struct Registration {
    /// OAuth client id, the same at all banks.
    pub client_id: String,
    /// Name shown to the PSU.
    pub name: String,
    /// JSON Web Key Set with RSA and P-256 signing keys: client assertions, request objects and
    /// message signatures are verified with these.
    pub jwks: serde_json::Value,
    /// Where a PSU may be sent back to; compared exactly.
    pub redirect_uris: Vec<String>,
    /// `iss` of its message signatures, `{org-id}/{software-statement-id}`.
    pub jws_issuer: String,
    /// `organizationIdentifier` of its qualified certificates: the client id at banks where the
    /// certificate is the registration.
    pub organisation_identifier: Option<String>,
    /// Its QSealC, DER, as its own server would give it out.
    pub seal_certificate_der: Option<Vec<u8>>,
    /// Where its own server gives it out.
    pub seal_certificate_url: Option<String>,
}

/// The certificate that a client has shown on its connection, DER. The TLS listener puts it into
/// the request's extensions; who drives the router without a socket does so.
#[derive(Debug, Clone)]
pub struct PeerCertificate(pub Vec<u8>);

/// A bank's callback to a TPP (PolishAPI, `authorizeExt`).
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    /// Where, as the TPP asked for it.
    pub url: String,
    /// The key that the TPP expects in the callback.
    pub api_key: String,
    /// JSON.
    pub body: String,
}

/// The callback lets its reader act as the payer.
impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callback").finish_non_exhaustive()
    }
}

/// The outside world as the banks see it.
pub trait Environment: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> jiff::Timestamp;
    /// Fills the bytes with randomness fit for secrets.
    fn fill_random(&self, bytes: &mut [u8]);
    /// Ends after this many milliseconds.
    fn sleep(&self, milliseconds: u64) -> BoxFuture<'static, ()>;
    /// Sends a callback to a TPP, as a `POST` of JSON with the key in the header `apiKey`; ends
    /// when the TPP has it, or cannot be reached.
    fn call_back(&self, callback: Callback) -> BoxFuture<'static, ()>;
    /// The seal certificate (DER) that a TPP publishes under this fingerprint: SHA-256 of the DER,
    /// lower-case hexadecimal. It is looked for where the registration has another certificate.
    fn published_certificate(&self, fingerprint: &str) -> Option<Vec<u8>>;
}

/// Why the simulated banks did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Somebody else listens there.
    #[error("the simulated banks cannot listen on {0}: the port is in use")]
    PortInUse(SocketAddr),
    /// Listening failed for another reason.
    #[error("the simulated banks cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The public URL has no host, or more than an origin.
    #[error("the public URL of the simulated banks is not like http://localhost:8001: {0}")]
    PublicUrl(String),
    /// A registration cannot be used.
    #[error("the registration of TPP {client_id} cannot be used: its JSON Web Key Set: {reason}")]
    Registration {
        /// Which one.
        client_id: String,
        /// Why.
        reason: String,
    },
    /// Certificate, key or authorities cannot be used.
    #[error("the simulated banks cannot offer TLS: {0}")]
    Tls(String),
    /// The directory or a file in it cannot be read or written.
    #[error("the simulated banks cannot use {}: {source}", path.display())]
    DataDirectory {
        /// Directory or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of the journal is damaged.
    #[error("the journal of the simulated banks is damaged: {}, line {line}: {reason}", path.display())]
    Journal {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// Describes the error.
        reason: String,
    },
    /// The key file holds something else.
    #[error("the signing key of the simulated banks is damaged: {}", .0.display())]
    KeyFile(PathBuf),
    /// No key could be made.
    #[error("the simulated banks cannot make a signing key")]
    Key,
}

/// The banks as an HTTP service without a socket, for tests. Nothing runs in the background: due
/// orders are executed when something is asked. The base URL is `public_url`, or
/// `http://localhost` and the port of `listen`.
///
/// # Errors
/// See [`StartError`].
pub fn router(options: Options, environment: Arc<dyn Environment>) -> Result<Router, StartError> {
    let base_url = options
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://localhost:{}", options.listen.port()));
    let shared = Shared::open(options, &base_url, environment)?;
    Ok(routes(Arc::new(shared)))
}

/// Running banks. Dropping this leaves them running; call [`Running::shutdown`].
#[derive(Debug)]
pub struct Running {
    /// Where they listen.
    pub local_addr: SocketAddr,
    /// Base URL without a trailing slash; a bank's own is `{base_url}/{bank}`.
    pub base_url: String,
    /// The same for TPPs with certificates.
    pub tls_base_url: String,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
    ticker: JoinHandle<()>,
}

impl Running {
    /// Stops listening, lets open requests end and returns when they have. Requests that are being
    /// kept waiting on purpose (silent and slow banks) are cut off.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        for task in self.servers.into_iter().chain([self.ticker]) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the simulated banks ended badly");
            }
        }
    }
}

/// Starts the banks.
///
/// # Errors
/// See [`StartError`]: each has one clear line.
pub async fn start(
    options: Options,
    environment: Arc<dyn Environment>,
) -> Result<Running, StartError> {
    let (listener, local_addr) = bind(options.listen).await?;
    let base_url = options.public_url.clone().unwrap_or_else(|| format!("http://{local_addr}"));
    let mut options = options;
    let secure = match options.tls.take() {
        None => None,
        Some(tls) => {
            let config = tls::config(&tls).map_err(StartError::Tls)?;
            let (listener, address) = bind(tls.listen).await?;
            let own = format!("https://localhost:{}", address.port());
            options.tls_public_url = options.tls_public_url.take().or(Some(own));
            Some(tls::TlsListener::new(listener, address, config))
        }
    };
    let shared = Arc::new(Shared::open(options, &base_url, environment)?);
    let (base_url, tls_base_url) = (shared.base_url.clone(), shared.tls_base_url().to_owned());
    let stop = shared.stop.clone();
    let ticker = tokio::spawn(tick(shared.clone(), stop.subscribe()));
    let mut servers = vec![];
    if let Some(secure) = secure {
        let router = tls::with_certificates(routes(shared.clone()));
        servers.push(tokio::spawn(serve_tls(secure, router, stop.subscribe())));
    }
    servers.push(tokio::spawn(serve(listener, routes(shared), stop.subscribe())));
    Ok(Running { local_addr, base_url, tls_base_url, stop, servers, ticker })
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listener = TcpListener::bind(address).await.map_err(|source| {
        if source.kind() == std::io::ErrorKind::AddrInUse {
            StartError::PortInUse(address)
        } else {
            StartError::Listen { address, source }
        }
    })?;
    let local = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
    Ok((listener, local))
}

async fn serve_tls(listener: tls::TlsListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let signal = async move {
        stopped.wait_for(|stop| *stop).await.ok();
    };
    let service = router.into_make_service_with_connect_info::<tls::Peer>();
    let server = axum::serve(listener, service).with_graceful_shutdown(signal);
    if let Err(error) = server.await {
        tracing::error!(%error, "the simulated banks have stopped listening");
    }
}

async fn tick(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            () = shared.environment.sleep(TICK_MS) => shared.tick(),
        }
    }
}

async fn serve(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let signal = async move {
        // An error would mean that the sender is gone, which ends the banks as well.
        stopped.wait_for(|stop| *stop).await.ok();
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(signal);
    if let Err(error) = server.await {
        tracing::error!(%error, "the simulated banks have stopped listening");
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/sim/") }))
        .route("/sim", get(|| async { Redirect::to("/sim/") }))
        .route("/sim/", get(overview::page))
        .route("/sim/customers", get(simulation::customers))
        .route("/sim/accounts", get(simulation::accounts))
        .route("/sim/orders", get(simulation::orders))
        .route("/sim/exchanges", get(simulation::exchanges_seen))
        .route("/sim/balances", post(operator::set_balance))
        .route("/sim/orders/{id}/status", post(operator::move_order))
        .route(
            "/sim/faults",
            get(faults::api::list).post(faults::api::plan).delete(faults::api::forget),
        )
        .merge(standards::routes())
        .layer(from_fn_with_state(shared.clone(), faults::wire::strike))
        .layer(DefaultBodyLimit::max(MAXIMUM_FORM_BYTES))
        .layer(from_fn(view::as_data))
        .with_state(shared)
}
