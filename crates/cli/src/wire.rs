//! The real network: HTTPS with the system's trust and our client certificates, no redirects,
//! bounded bodies, and no address that [`Reach`] forbids.
//!
//! An address in a URL is judged before the request, the addresses of a name when the client
//! resolves it for a connection: it connects to no other ones, so a name that resolves to something
//! else a moment later gains nothing.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use banks::wire::{
    Authorities, BODY_BYTES_MAX, ClientCertificate, Request, Response, Wire, WireError,
};
use domain::reach::Reach;
use domain::seams::BoxFuture;
use pem::Pem;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// How long connecting may take, in milliseconds; without a connection the request was not sent.
const CONNECT_MS: u64 = 5_000;

/// The most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 64;
/// Client certificates and sets of authorities whose connections are kept; above it, all are forgotten.
const CLIENTS_MAX: usize = 64;

/// The fingerprints of our certificate and of the other end's authorities.
type Ends = (Option<String>, Option<String>);

/// The authorities that vouch for the other end of a connection.
enum Trust<'a> {
    /// Those of the system, and one more.
    System { and: Option<&'a [u8]> },
    /// These alone.
    Only(&'a Authorities),
}

/// The way to banks and to webhook endpoints.
pub struct HttpWire {
    plain: reqwest::Client,
    /// An authority that is trusted beside the system's, DER: a sandbox's own.
    extra_authority_der: Option<Vec<u8>>,
    /// One client, with its pool of connections, for each client certificate and each set of
    /// authorities of the other end.
    by_ends: Mutex<HashMap<Ends, reqwest::Client>>,
    /// Which addresses are called.
    reach: Reach,
    names: Arc<dyn Resolve>,
}

/// Resolves names with `inner` and lets only addresses within `reach` through.
struct Within {
    reach: Reach,
    inner: Arc<dyn Resolve>,
}

impl Resolve for Within {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, resolving) = (self.reach, self.inner.resolve(name));
        Box::pin(async move {
            let (mut within, mut refused) = (vec![], None);
            for address in resolving.await?.take(ADDRESSES_MAX) {
                match reach.check(address.ip()) {
                    Ok(()) => within.push(address),
                    Err(unreachable) => refused = Some(unreachable),
                }
            }
            match refused {
                Some(unreachable) if within.is_empty() => Err(unreachable.into()),
                _ => Ok(Box::new(within.into_iter()) as Addrs),
            }
        })
    }
}

/// The system's resolver.
struct SystemNames;

impl Resolve for SystemNames {
    #[expect(clippy::disallowed_methods, reason = "this is the real network")]
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The client puts the URL's port in place of 0.
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.take(ADDRESSES_MAX).collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl HttpWire {
    /// A client with its own pool of connections, which calls addresses within `reach`.
    ///
    /// # Errors
    /// If the system's trust store cannot be read, or the authority is no certificate.
    pub fn new(reach: Reach, extra_authority_der: Option<Vec<u8>>) -> anyhow::Result<HttpWire> {
        HttpWire::resolving(reach, extra_authority_der, Arc::new(SystemNames))
    }

    fn resolving(
        reach: Reach,
        extra_authority_der: Option<Vec<u8>>,
        inner: Arc<dyn Resolve>,
    ) -> anyhow::Result<HttpWire> {
        let names: Arc<dyn Resolve> = Arc::new(Within { reach, inner });
        let trust = Trust::System { and: extra_authority_der.as_deref() };
        let plain = client(Arc::clone(&names), trust, None)?;
        Ok(HttpWire { plain, extra_authority_der, by_ends: Mutex::default(), reach, names })
    }

    fn trust(&self) -> Trust<'_> {
        Trust::System { and: self.extra_authority_der.as_deref() }
    }

    /// Judges the host of a URL where it is an address: the client resolves no address.
    fn check_host(&self, url: &str) -> Result<(), WireError> {
        let url = url::Url::parse(url)
            .map_err(|error| WireError::NotSent(format!("the URL: {error}")))?;
        let address: IpAddr = match url.host() {
            Some(url::Host::Ipv4(address)) => address.into(),
            Some(url::Host::Ipv6(address)) => address.into(),
            Some(url::Host::Domain(_)) | None => return Ok(()),
        };
        self.reach.check(address).map_err(|error| WireError::NotSent(error.to_string()))
    }

    /// The client for a certificate; made at its first use.
    fn client_for(
        &self,
        certificate: Option<&ClientCertificate>,
        authorities: Option<&Authorities>,
    ) -> Result<reqwest::Client, WireError> {
        if certificate.is_none() && authorities.is_none() {
            return Ok(self.plain.clone());
        }
        let ends = (
            certificate.map(|own| own.fingerprint.clone()),
            authorities.map(|trusted| trusted.fingerprint().to_owned()),
        );
        let mut known = self.by_ends.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.get(&ends) {
            return Ok(client.clone());
        }
        let trust = authorities.map_or_else(|| self.trust(), Trust::Only);
        let made = client(Arc::clone(&self.names), trust, certificate).map_err(|error| {
            WireError::NotSent(format!(
                "our client certificate, or the bank's authorities: {error}"
            ))
        })?;
        if known.len() >= CLIENTS_MAX {
            known.clear();
        }
        known.insert(ends, made.clone());
        Ok(made)
    }

    /// Sends the request and waits for the head of the response. The timeout continues: it bounds
    /// the body, too.
    async fn head(&self, request: Request) -> Result<reqwest::Response, WireError> {
        self.check_host(&request.url)?;
        let (certificate, authorities) =
            (request.client_certificate.as_deref(), request.tls_authorities.as_deref());
        let client = self.client_for(certificate, authorities)?;
        let mut building = client
            .request(request.method, &request.url)
            .timeout(Duration::from_millis(request.timeout_ms))
            .body(request.body);
        for (name, value) in &request.headers {
            building = building.header(name, value);
        }
        building.send().await.map_err(|error| no_answer(&error))
    }

    async fn exchange(&self, request: Request) -> Result<Response, WireError> {
        let mut answer = self.head(request).await?;
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
    names: Arc<dyn Resolve>,
    trust: Trust<'_>,
    certificate: Option<&ClientCertificate>,
) -> anyhow::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(names)
        .connect_timeout(Duration::from_millis(CONNECT_MS))
        .user_agent(concat!("bascule/", env!("CARGO_PKG_VERSION")))
        .no_proxy();
    match trust {
        Trust::System { and: None } => {}
        Trust::System { and: Some(der) } => {
            builder = builder.tls_certs_merge([reqwest::Certificate::from_der(der)?]);
        }
        Trust::Only(authorities) => {
            let only: Result<Vec<_>, _> = authorities
                .certificates_der()
                .iter()
                .map(|der| reqwest::Certificate::from_der(der))
                .collect();
            builder = builder.tls_certs_only(only?);
        }
    }
    if let Some(certificate) = certificate {
        let key = Pem::new("PRIVATE KEY", certificate.private_key_pkcs8_der.as_slice());
        let chain = certificate.chain_der.iter().map(|der| Pem::new("CERTIFICATE", der.as_slice()));
        let pem = pem::encode_many(&std::iter::once(key).chain(chain).collect::<Vec<_>>());
        builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes())?);
    }
    Ok(builder.build()?)
}

impl Wire for HttpWire {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, WireError>> {
        Box::pin(self.exchange(request))
    }

    fn send_for_status(&self, request: Request) -> BoxFuture<'_, Result<u16, WireError>> {
        // A dropped answer closes its connection unless the whole body has arrived.
        Box::pin(async move { Ok(self.head(request).await?.status().as_u16()) })
    }
}

/// A connection that was never made, or a request that could not be built, sent nothing. Anything
/// later may have arrived.
fn no_answer(error: &reqwest::Error) -> WireError {
    // URLs contain ids and states, so the message has only the cause.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Resolves every name to the machine itself.
    struct Inward;

    impl Resolve for Inward {
        fn resolve(&self, _name: Name) -> Resolving {
            let addresses: [SocketAddr; 1] = [([127, 0, 0, 1], 0).into()];
            Box::pin(async move { Ok(Box::new(addresses.into_iter()) as Addrs) })
        }
    }

    fn request(url: String) -> Request {
        Request {
            operation: "test",
            method: http::Method::GET,
            url,
            headers: vec![],
            body: vec![],
            timeout_ms: 10_000,
            client_certificate: None,
            tls_authorities: None,
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_inward_is_refused_when_the_client_connects() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = axum::Router::new().fallback(|| async { "reached" });
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let hosts = ["inward.example", "127.0.0.1", "127.1", "[::ffff:127.0.0.1]"];
        for host in hosts {
            let request = request(format!("http://{host}:{port}/"));
            let wire = HttpWire::resolving(Reach::Public, None, Arc::new(Inward)).unwrap();
            let refused = wire.send(request.clone()).await.unwrap_err();
            assert!(matches!(refused, WireError::NotSent(_)), "{host}: {refused}");
            assert!(refused.to_string().contains("not public: loopback"), "{host}: {refused}");
            let sandbox = HttpWire::resolving(Reach::PublicAndLoopback, None, Arc::new(Inward));
            let answer = sandbox.unwrap().send(request).await.unwrap();
            assert_eq!(answer.body, b"reached", "{host}");
        }
        let system = HttpWire::new(Reach::Public, None).unwrap();
        let refused = system.send(request(format!("http://localhost:{port}/"))).await.unwrap_err();
        assert!(refused.to_string().contains("not public"), "{refused}");
        server.abort();
    }

    /// A server that reads what comes and answers each connection with `head`, then `more` so often.
    async fn answering(head: &'static str, more: &'static [u8], times: usize) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                drop(tokio::spawn(async move {
                    let _request = stream.read(&mut [0; 4096]).await;
                    let mut sent = stream.write_all(head.as_bytes()).await;
                    for _ in 0..times {
                        if sent.is_err() {
                            return;
                        }
                        sent = stream.write_all(more).await;
                    }
                    if times == 0 {
                        return;
                    }
                    // The client waits for more as long as it likes.
                    let _gone = stream.read(&mut [0; 4096]).await;
                }));
            }
        }));
        url
    }

    #[tokio::test]
    async fn a_status_counts_whatever_the_body_does() {
        const HEAD: &str = "HTTP/1.1 200 OK\r\n";
        let chunk = b"400\r\n".as_slice();
        let cases: [(&str, String); 6] = [
            ("small", answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", b"ok", 1).await),
            (
                "huge",
                answering("HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n", &[7; 4096], 2_441)
                    .await,
            ),
            ("endless", answering("HTTP/1.1 200 OK\r\n\r\n", &[7; 4096], usize::MAX).await),
            (
                "cut off",
                answering("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", b"half", 1).await,
            ),
            (
                "no chunks",
                answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", chunk, 1).await,
            ),
            (
                "no gzip",
                answering(
                    "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n",
                    b"none",
                    1,
                )
                .await,
            ),
        ];
        let wire = HttpWire::new(Reach::PublicAndLoopback, None).unwrap();
        for (name, url) in cases {
            let status = wire.send_for_status(request(url)).await;
            assert_eq!(status, Ok(200), "{name}");
        }
        let url = answering(HEAD, b"", 0).await;
        let status = wire.send_for_status(request(url)).await;
        assert!(matches!(status, Err(WireError::NoAnswer(_))), "half a head: {status:?}");
    }
}
