//! The port for providers with certificates: TLS with a client certificate that the handshake requests
//! but does not require, so that the bank can answer a missing one in its own words. A certificate
//! that the client sends must come from a trusted authority and be valid now, or the handshake fails.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::{PeerCertificate, TlsOptions};

/// Connections that have finished their handshake and wait to be served.
const CONNECTIONS_WAITING_MAX: usize = 256;

/// Who is at the other end.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    certificate: Option<Vec<u8>>,
}

/// Accepts connections and does their handshakes at the same time.
pub(crate) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, Peer)>,
}

/// The TLS configuration of the port.
pub(crate) fn config(options: &TlsOptions) -> Result<Arc<ServerConfig>, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for der in &options.client_roots_der {
        roots.add(CertificateDer::from(der.clone())).map_err(|error| error.to_string())?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|error| error.to_string())?;
    let chain = options.certificate_chain_der.iter().map(|der| CertificateDer::from(der.clone()));
    let key = PrivatePkcs8KeyDer::from(options.private_key_pkcs8_der.clone());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.collect(), key.into())
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(config))
}

impl TlsListener {
    pub(crate) fn new(
        listener: TcpListener,
        address: SocketAddr,
        config: Arc<ServerConfig>,
    ) -> Self {
        let (sender, ready) = mpsc::channel(CONNECTIONS_WAITING_MAX);
        let acceptor = TlsAcceptor::from(config);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                if sender.is_closed() {
                    return;
                }
                tokio::spawn(async move {
                    // A handshake that fails is the client's to notice.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let shown = stream.get_ref().1.peer_certificates();
                        let certificate = shown.and_then(|chain| chain.first());
                        let peer = Peer { certificate: certificate.map(|der| der.to_vec()) };
                        // Nobody serves any more: the connection is dropped.
                        drop(sender.send((stream, peer)).await);
                    }
                });
            }
        });
        TlsListener { address, ready }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The accepting task is gone with the runtime: nothing will come.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        let _listens_at = self.address;
        Ok(Peer { certificate: None })
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// The banks with the connection's certificate in each request.
pub(crate) fn with_certificates(router: Router) -> Router {
    router.layer(middleware::from_fn(|mut request: Request, next: Next| async move {
        let peer = request.extensions().get::<ConnectInfo<Peer>>().cloned();
        if let Some(der) = peer.and_then(|ConnectInfo(peer)| peer.certificate) {
            request.extensions_mut().insert(PeerCertificate(der));
        }
        let response: Response = next.run(request).await;
        response
    }))
}
