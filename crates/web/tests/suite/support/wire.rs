//! The network of the tests: bank URLs go to the simulated banks' router, webhook URLs to a
//! recorder; nothing opens a socket. Faults are put in the way by operation. Every exchange with a
//! bank's API is judged against the published document of its standard and version.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use banks::wire::{Request, Response, Wire, WireError};
use domain::seams::BoxFuture;
use http::HeaderMap;
use judge::Judge;
use tokio::sync::watch;
use tower::ServiceExt;

use super::judges::{next_gen_psd2, obie, obie_4_0, polish_api, stet_1_4, stet_1_5};

pub const BANKS_URL: &str = "http://localhost:8001";
/// Where the banks want to see a certificate.
pub const BANKS_TLS_URL: &str = "https://localhost:8002";
/// Where the tests' members want their webhooks.
pub const HOOKS_URL: &str = "https://shop.example/hooks";

/// The order that the simulated banks answer with half a JSON text.
const CUT_OFF_AMOUNT: &str = "\"125.00\"";

/// The banks that speak STET 1.4; the others speak 1.5.
const STET_1_4_BANKS: [&str; 2] = ["/stet-chene", "/stet-if"];

/// The fault of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No connection: nothing left.
    NotSent,
    /// The request is lost on its way.
    LostBefore,
    /// The bank does what is asked; its answer is lost.
    LostAfter,
    /// The bank does nothing and answers with this status.
    Instead(u16),
    /// The bank does what is asked and answers with this status.
    After(u16),
    /// The bank does what is asked; half of its answer arrives.
    CutOff,
    /// The bank does what is asked; something that is not JSON arrives.
    Garbage,
    /// The bank does what is asked; this JSON arrives.
    Says(&'static str),
    /// The bank does what is asked; more arrives than anybody needs.
    Huge,
    /// The bank does what is asked; every address in its answer is on another host.
    OtherHost,
    /// The bank does what is asked; its answer is not signed.
    Unsigned,
    /// The bank does nothing and sends us elsewhere, again and again.
    Elsewhere,
    /// Nothing moves until the test calls [`TestWire::release`]; then the bank is asked.
    HeldBefore,
    /// The bank is asked; its answer is held until the test calls [`TestWire::release`].
    HeldAfter,
}

/// Drives the future on a stack of its own; it ends with whoever waits for it.
pub async fn in_a_task<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let mut task = tokio::task::JoinSet::new();
    task.spawn(future);
    task.join_next().await.unwrap().unwrap()
}

/// How a webhook endpoint takes a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    Answers(u16),
    /// It cannot be reached.
    Unreachable,
    /// It takes the webhook and never answers.
    Silent,
    /// It answers 200 with a body that cannot be read to its end.
    UnreadableBody,
}

/// A webhook, or a question for destinations, that reached the endpoint.
#[derive(Debug, Clone)]
pub struct Hook {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub taken: bool,
}

impl Hook {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

struct Planned {
    operation: &'static str,
    fault: Fault,
    times: usize,
}

#[derive(Default)]
struct Kept {
    faults: Vec<Planned>,
    asked: Vec<&'static str>,
    sent: HashMap<&'static str, Request>,
    violations: Vec<String>,
    hooks: Vec<Hook>,
    endpoint: VecDeque<Endpoint>,
}

pub struct TestWire {
    banks: Router,
    kept: Mutex<Kept>,
    held: watch::Sender<usize>,
    open: watch::Sender<bool>,
    /// The banks answer wrongly because a test has asked them to.
    broken: AtomicBool,
    /// Webhooks are accepted and never answered, until [`TestWire::release`].
    hooks_hang: AtomicBool,
}

impl TestWire {
    pub fn new(banks: Router) -> TestWire {
        TestWire {
            banks,
            kept: Mutex::default(),
            held: watch::Sender::new(0),
            open: watch::Sender::new(false),
            broken: AtomicBool::new(false),
            hooks_hang: AtomicBool::new(false),
        }
    }

    /// From now on the banks' answers are not judged; our requests are.
    pub fn expect_broken_answers(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }

    /// The next `times` exchanges of `operation` go wrong.
    pub fn plan(&self, operation: &'static str, fault: Fault, times: usize) {
        self.kept.lock().unwrap().faults.push(Planned { operation, fault, times });
    }

    /// From now on webhook endpoints accept and never answer.
    pub fn hang_hooks(&self) {
        self.hooks_hang.store(true, Ordering::SeqCst);
    }

    /// How many exchanges are held now.
    pub fn held(&self) -> usize {
        *self.held.borrow()
    }

    /// Waits until an exchange is held.
    pub async fn until_held(&self) {
        let mut held = self.held.subscribe();
        held.wait_for(|held| *held > 0).await.unwrap();
    }

    /// Lets everything go that is held.
    pub fn release(&self) {
        self.open.send_replace(true);
    }

    /// How often `operation` was asked, whatever came of it.
    pub fn count(&self, operation: &str) -> usize {
        self.kept.lock().unwrap().asked.iter().filter(|asked| **asked == operation).count()
    }

    /// The last request of `operation`.
    pub fn sent_in(&self, operation: &str) -> Request {
        self.kept.lock().unwrap().sent[operation].clone()
    }

    /// The operations that were asked so far, each once, in the order of their first time.
    pub fn operations(&self) -> Vec<&'static str> {
        let mut seen = vec![];
        for operation in &self.kept.lock().unwrap().asked {
            if !seen.contains(operation) {
                seen.push(operation);
            }
        }
        seen
    }

    /// Forgets faults that were planned and have not come.
    pub fn forget_faults(&self) {
        self.kept.lock().unwrap().faults.clear();
    }

    /// The violations of the published documents so far.
    pub fn violations(&self) -> Vec<String> {
        self.kept.lock().unwrap().violations.clone()
    }

    /// How the endpoint takes the next webhooks; after these, it takes all.
    pub fn script_endpoint(&self, answers: impl IntoIterator<Item = Endpoint>) {
        self.kept.lock().unwrap().endpoint = answers.into_iter().collect();
    }

    /// Every webhook so far, taken or not.
    pub fn hooks(&self) -> Vec<Hook> {
        self.kept.lock().unwrap().hooks.clone()
    }

    /// Asks the simulated banks as a browser or a bank's operator would: not judged, never faulty.
    pub async fn bank(&self, request: http::Request<Body>) -> Result<Response, WireError> {
        // A task of its own: gateway and bank on one stack are too much for a test's thread.
        let response = in_a_task(self.banks.clone().oneshot(request)).await.unwrap();
        let (parts, body) = response.into_parts();
        // The simulated banks are silent by breaking off before the first byte.
        let body = to_bytes(body, banks::wire::BODY_BYTES_MAX)
            .await
            .map_err(|error| WireError::NoAnswer(error.to_string()))?;
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        Ok(Response { status: parts.status.as_u16(), headers, body: body.to_vec() })
    }

    fn next_fault(&self, operation: &'static str) -> Option<Fault> {
        let mut kept = self.kept.lock().unwrap();
        kept.asked.push(operation);
        let planned =
            kept.faults.iter_mut().find(|plan| plan.operation == operation && plan.times > 0)?;
        planned.times -= 1;
        Some(planned.fault)
    }

    async fn hold(&self) {
        self.held.send_modify(|held| *held += 1);
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open).await.unwrap();
        self.held.send_modify(|held| *held -= 1);
    }

    async fn forward(&self, request: &Request) -> Result<Response, WireError> {
        let secure = request.url.strip_prefix(BANKS_TLS_URL);
        let Some(path) = secure.or_else(|| request.url.strip_prefix(BANKS_URL)) else {
            return Err(WireError::NotSent(format!("nobody is at {}", request.url)));
        };
        let host = BANKS_TLS_URL.trim_start_matches("https://");
        let asked = http::Request::builder().method(request.method.clone()).uri(path);
        let mut asked = asked.header("host", host);
        for (name, value) in &request.headers {
            asked = asked.header(name, value);
        }
        let mut asked = asked.body(Body::from(request.body.clone())).unwrap();
        if let (Some(_), Some(shown)) = (secure, &request.client_certificate) {
            let der = shown.chain_der.first().unwrap().clone();
            asked.extensions_mut().insert(simbank::PeerCertificate(der));
        }
        let headers = asked.headers().clone();
        let answered = self.bank(asked).await;
        if path.contains("/open-banking/v3.1/pisp/") {
            self.judge(obie(), request, path, &headers, answered.as_ref().ok());
        }
        if path.contains("/open-banking/v4.0/pisp/") {
            self.judge(obie_4_0(), request, path, &headers, answered.as_ref().ok());
        }
        if let Some((_, resource)) = path.split_once("/v1/").filter(|_| path.starts_with("/bg-")) {
            let path = format!("/psd2/v1/{}", with_documented_product(resource));
            self.judge(next_gen_psd2(), request, &path, &headers, answered.as_ref().ok());
        }
        if let Some((bank, resource)) = path.split_once("/psd2/payment-requests") {
            let path = format!("/payment-requests{resource}");
            let judge = if STET_1_4_BANKS.contains(&bank) { stet_1_4() } else { stet_1_5() };
            self.judge(judge, request, &path, &headers, answered.as_ref().ok());
        }
        if let Some(resource) = polish_path(path) {
            // 2.1.1 has the same messages under its own paths.
            let resource = resource.replace("v2_1_1.1", "v2_1_2.1");
            self.judge(polish_api(), request, &resource, &headers, answered.as_ref().ok());
        }
        answered
    }

    fn judge(
        &self,
        judge: Option<&Judge>,
        request: &Request,
        path: &str,
        headers: &HeaderMap,
        answer: Option<&Response>,
    ) {
        // No standard has this call.
        let Some(judge) = judge.filter(|_| request.operation != "release-payment") else { return };
        let method = request.method.as_str();
        let mut found = judge.request(method, path, headers, &request.body);
        let ours = String::from_utf8_lossy(&request.body);
        let order = request.operation == "create-domestic-payment";
        if let Some(answer) = answer {
            // 503 is not in the document, and amount 125 is answered with half a text on purpose.
            let asked_for = self.broken.load(Ordering::SeqCst);
            let cut_off = order && ours.contains(CUT_OFF_AMOUNT);
            // Its amounts are numbers.
            let own = request.operation == "get-payment" && request.url.contains("/bg-olmo/");
            let on_purpose = asked_for || cut_off || own || answer.status == 503;
            if !on_purpose {
                let mut map = HeaderMap::new();
                for (name, value) in &answer.headers {
                    let name: http::HeaderName = name.parse().unwrap();
                    map.append(name, value.parse().unwrap());
                }
                found.extend(judge.response(method, path, answer.status, &map, &answer.body));
            }
        }
        // The schema demands it; banks that let the payer choose the account do without.
        // And one STET bank answers 200 to a new request, as some real ones do.
        found.retain(|violation| {
            !violation.what.contains("\"debtorAccount\" is a required property")
                // The Polish document has one name with a comma where two names are meant.
                && !violation.what.contains("\"callbackURL, apiKey\" is a required property")
                && violation.what != "status 200 is not documented for POST /payment-requests"
                // Statuses of a bank's own (`banks/sim/bg-olmo.toml`).
                && !["\"OnHold\" is not one of", "\"Stopped\" is not one of"]
                    .iter()
                    .any(|own| violation.what.contains(own))
                // A request that comes again, which the documents forget.
                && violation.what != "status 409 is not documented for POST /payment-requests"
        });
        let mut kept = self.kept.lock().unwrap();
        kept.violations
            .extend(found.iter().map(|violation| format!("{method} {path} {violation}")));
    }

    fn take_hook(&self, request: Request) -> Result<Response, WireError> {
        let mut kept = self.kept.lock().unwrap();
        let endpoint = kept.endpoint.pop_front().unwrap_or(Endpoint::Answers(200));
        if endpoint == Endpoint::Unreachable {
            return Err(WireError::NotSent("connection refused".to_owned()));
        }
        let taken = match endpoint {
            Endpoint::Answers(status) => (200..300).contains(&status),
            Endpoint::UnreadableBody => true,
            Endpoint::Unreachable | Endpoint::Silent => false,
        };
        let Request { url, headers, body, .. } = request;
        kept.hooks.push(Hook { url, headers, body, taken });
        match endpoint {
            Endpoint::Answers(status) => Ok(Response { status, headers: vec![], body: vec![] }),
            Endpoint::Silent | Endpoint::Unreachable | Endpoint::UnreadableBody => {
                Err(WireError::NoAnswer("timed out".to_owned()))
            }
        }
    }
}

impl Wire for TestWire {
    fn send_for_status(&self, request: Request) -> BoxFuture<'_, Result<u16, WireError>> {
        if request.operation == "webhook" {
            let unreadable = Some(&Endpoint::UnreadableBody);
            let mut kept = self.kept.lock().unwrap();
            if kept.endpoint.front() == unreadable {
                kept.endpoint.pop_front();
                let Request { url, headers, body, .. } = request;
                kept.hooks.push(Hook { url, headers, body, taken: true });
                return Box::pin(async { Ok(200) });
            }
        }
        let answer = self.send(request);
        Box::pin(async move { answer.await.map(|response| response.status) })
    }

    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, WireError>> {
        Box::pin(async move {
            if ["webhook", "transfer-destinations"].contains(&request.operation) {
                if self.hooks_hang.load(Ordering::SeqCst) {
                    self.hold().await;
                }
                return self.take_hook(request);
            }
            let lost = || WireError::NoAnswer("the connection broke off".to_owned());
            self.kept.lock().unwrap().sent.insert(request.operation, request.clone());
            match self.next_fault(request.operation) {
                None => self.forward(&request).await,
                Some(Fault::NotSent) => Err(WireError::NotSent("connection refused".to_owned())),
                Some(Fault::LostBefore) => Err(lost()),
                Some(Fault::LostAfter) => {
                    drop(self.forward(&request).await);
                    Err(lost())
                }
                Some(Fault::Instead(status)) => Ok(plain(status, b"no")),
                Some(Fault::After(status)) => {
                    drop(self.forward(&request).await);
                    Ok(plain(status, b"no"))
                }
                Some(Fault::CutOff) => {
                    let mut answer = self.forward(&request).await?;
                    answer.body.truncate(answer.body.len() / 2);
                    Ok(answer)
                }
                Some(Fault::Garbage) => {
                    let answer = self.forward(&request).await?;
                    Ok(Response { body: b"<html>\xff".to_vec(), ..answer })
                }
                Some(Fault::Says(text)) => {
                    let answer = self.forward(&request).await?;
                    Ok(Response { body: text.as_bytes().to_vec(), ..answer })
                }
                Some(Fault::Huge) => {
                    let answer = self.forward(&request).await?;
                    Ok(Response { body: vec![b'7'; banks::wire::BODY_BYTES_MAX + 1], ..answer })
                }
                Some(Fault::OtherHost) => Ok(elsewhere(self.forward(&request).await?)),
                Some(Fault::Unsigned) => {
                    let mut answer = self.forward(&request).await?;
                    answer.headers.retain(|(name, _)| !name.ends_with("signature"));
                    Ok(answer)
                }
                Some(Fault::Elsewhere) => {
                    let location = ("location".to_owned(), request.url.clone());
                    Ok(Response { status: 302, headers: vec![location], body: vec![] })
                }
                Some(Fault::HeldBefore) => {
                    self.hold().await;
                    self.forward(&request).await
                }
                Some(Fault::HeldAfter) => {
                    let answer = self.forward(&request).await;
                    self.hold().await;
                    answer
                }
            }
        })
    }
}

/// The same answer, with a stranger's host in place of the banks'.
fn elsewhere(mut answer: Response) -> Response {
    let moved = |text: &str| {
        text.replace(BANKS_URL, "https://stranger.example")
            .replace(BANKS_TLS_URL, "https://stranger.example")
    };
    for (_, value) in &mut answer.headers {
        *value = moved(value);
    }
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    // Relative links become absolute ones.
    answer.body =
        moved(&text).replace("\"href\":\"/", "\"href\":\"//stranger.example/").into_bytes();
    answer
}

/// The resource under a product of the standard's document. It lists the words of the standard; banks
/// publish words of their own for other payments, which have the same messages.
fn with_documented_product(resource: &str) -> String {
    let mut segments: Vec<&str> = resource.split('/').collect();
    if let Some(product) = segments.get_mut(1).filter(|word| !word.contains("sepa-credit")) {
        *product = "sepa-credit-transfers";
    }
    segments.join("/")
}

/// The path within the Polish standard.
fn polish_path(path: &str) -> Option<&str> {
    let at = path.find("/v2_1_").filter(|_| path.starts_with("/pl-"))?;
    Some(&path[at..])
}

fn plain(status: u16, body: &[u8]) -> Response {
    let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
    Response { status, headers, body: body.to_vec() }
}
