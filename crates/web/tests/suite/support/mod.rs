//! [`World`]: the whole product in process, on one database, with simulated banks behind it.
//!
//! The HTTP API is driven through `web::router`, banks and webhook endpoints sit behind
//! [`TestWire`], jobs run when the test says so ([`World::settle`]), and one clock that only the
//! test moves rules them all.

mod certificates;
pub mod fields;
mod judges;
mod mail;
mod member;
mod order;
mod pages;
pub mod payer;
mod payments;
pub mod structure;
mod v1;
pub mod visitor;
mod wire;

use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use axum::Router;
use axum::body::{Body, to_bytes};
use banks::call::Identity;
use banks::directory::Directory;
use banks::jose::SigningKey;
use banks::payee_verification::VerificationService;
use domain::ids::MemberId;
use domain::seams::{BoxFuture, Clock, Ids};
use gateway::app::Parts;
use gateway::seal::Sealer;
use gateway::signing::GatewayKey;
use gateway::{App, Settings};
use http::{HeaderMap, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::Db;
use testkit::{TestClock, TestDatabase, TestIds, databases};
use tower::ServiceExt;
use web::api::event::PublicEvents;
use web::receipt::PayersReceipts;

pub use certificates::{certificates_of, licensed_member};
use certificates::{eidas_identity, licensed_seal_url};
pub use mail::TestMailer;
pub use member::{HOST, Key, Member, Payload};
pub use order::{BANKS, full_order, hosted_order, order, order_of, with, without};
pub use payer::{BankReturn, Decision};
pub use payments::id;
pub use v1::INSTRUCTIONS;
pub use wire::{BANKS_TLS_URL, BANKS_URL, Endpoint, Fault, HOOKS_URL, TestWire};

pub const PUBLIC_URL: &str = "http://localhost:8000";
/// Where banks send payers back to whose member receives them itself.
pub const MEMBERS_RETURN_URL: &str = "https://shop.example/from-the-bank";
const CLIENT_ID: &str = "bascule-test";
const JWS_ISSUER: &str = "bascule/test";
/// Who a member is that has certificates of its own.
pub const LICENSED: &str = "PSDGB-FCA-888888";
/// The organisation of the gateway's own certificates.
pub const ORGANISATION: &str = "PSDGB-FCA-123456";
/// How long the simulated banks take to execute an order, in milliseconds.
const EXECUTION_DELAY_MS: u64 = 2_000;

/// An answer of the product.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Operations of payments v1 have text for errors unless the client prefers JSON, as tests do.
fn is_v1(path: &str) -> bool {
    ["/token-requests", "/transfers", "/tokens", "/standing-order-submissions"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// The header with which a client prefers JSON.
const JSON_ERROR: &str = "token-json-error";

/// The answer is this error, and has nothing in its body beside the trace id.
pub fn assert_error(answer: &Answer, status: u16, mut error: Value) {
    error["tokenTraceId"] = answer.header("token-trace-id").into();
    if answer.json()["error"]["error_origin"].is_string() {
        // The client prefers JSON, and gets the older members with it.
        error["code"] = status.into();
        error["error_origin"] = "token".into();
        error["token_trace_id"] = error["tokenTraceId"].clone();
    }
    assert_eq!(
        (answer.status, answer.json()),
        (status, serde_json::json!({ "error": error })),
        "{}",
        answer.text()
    );
}

/// See the module's head.
pub struct World {
    /// Which database, for messages of a failing test.
    pub name: &'static str,
    pub app: Arc<App>,
    pub clock: Arc<TestClock>,
    pub callbacks: Callbacks,
    pub wire: Arc<TestWire>,
    pub member: Member,
    pub other: Member,
    pub ids: Arc<TestIds>,
    pub mailer: Arc<TestMailer>,
    browser: pages::Cookies,
    router: Router,
    settings: Settings,
    gateway_member: MemberId,
    pub database: TestDatabase,
}

/// One world on each database.
pub async fn worlds() -> Vec<World> {
    worlds_with(|_| {}).await
}

/// One world on SQLite, where what is tested has nothing to do with the database.
pub async fn world() -> World {
    World::new(testkit::sqlite().await, usual_settings()).await
}

/// One world on each database, with other settings than a sandbox's.
pub async fn worlds_with(change: impl Fn(&mut Settings)) -> Vec<World> {
    let mut settings = usual_settings();
    change(&mut settings);
    let mut worlds = vec![];
    for database in databases().await {
        worlds.push(World::new(database, settings.clone()).await);
    }
    worlds
}

fn usual_settings() -> Settings {
    let payee_verification = Some(VerificationService {
        base_url: format!("{BANKS_TLS_URL}/vop/v1"),
        bic: "BASCGB2LXXX".to_owned(),
    });
    Settings { sandbox: true, unsigned_reads: true, payee_verification, ..Settings::default() }
}

/// The clock and the randomness as the simulated banks see them.
struct BankEnvironment {
    clock: Arc<TestClock>,
    ids: TestIds,
    callbacks: Callbacks,
}

/// The banks' callbacks, for tests to deliver to the gateway, once, twice or never.
pub type Callbacks = Arc<Mutex<Vec<simbank::Callback>>>;

impl simbank::Environment for BankEnvironment {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.ids.fill(bytes);
    }

    /// A bank's long silence is over at once.
    fn sleep(&self, _milliseconds: u64) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn call_back(&self, callback: simbank::Callback) -> BoxFuture<'static, ()> {
        self.callbacks.lock().unwrap().push(callback);
        Box::pin(std::future::ready(()))
    }

    fn published_certificate(&self, _fingerprint: &str) -> Option<Vec<u8>> {
        None
    }
}

fn signing_key() -> SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        SigningKey::from_pkcs8_der("test-1", der.as_ref()).unwrap()
    });
    key.clone()
}

fn simulated_banks(clock: &Arc<TestClock>, callbacks: &Callbacks) -> Router {
    let options = simbank::Options {
        listen: "127.0.0.1:8001".parse().unwrap(),
        public_url: Some(BANKS_URL.to_owned()),
        tls_public_url: Some(BANKS_TLS_URL.to_owned()),
        tls: None,
        data_dir: None,
        registrations: vec![
            simbank::Registration {
                client_id: CLIENT_ID.to_owned(),
                name: "Bascule test".to_owned(),
                jwks: serde_json::json!({ "keys": [signing_key().public_jwk().unwrap()] }),
                redirect_uris: vec![
                    format!("{PUBLIC_URL}/callback"),
                    MEMBERS_RETURN_URL.to_owned(),
                ],
                jws_issuer: JWS_ISSUER.to_owned(),
                organisation_identifier: Some(ORGANISATION.to_owned()),
                seal_certificate_der: Some(eidas_identity().seal_certificate_der),
                seal_certificate_url: Some(eidas_identity().seal_certificate_url),
            },
            simbank::Registration {
                client_id: "licensed-member".to_owned(),
                name: "Licensed member".to_owned(),
                jwks: serde_json::json!({ "keys": [signing_key().public_jwk().unwrap()] }),
                redirect_uris: vec![format!("{PUBLIC_URL}/callback")],
                jws_issuer: JWS_ISSUER.to_owned(),
                organisation_identifier: Some(LICENSED.to_owned()),
                seal_certificate_der: Some(licensed_member().1.certificate_der.clone()),
                seal_certificate_url: Some(licensed_seal_url()),
            },
        ],
        execution_delay_ms: EXECUTION_DELAY_MS,
        short_lived_tokens: true,
    };
    let environment = BankEnvironment {
        clock: Arc::clone(clock),
        ids: TestIds::seeded(2),
        callbacks: Arc::clone(callbacks),
    };
    simbank::router(options, Arc::new(environment)).unwrap()
}

impl World {
    async fn new(database: TestDatabase, settings: Settings) -> World {
        let clock = Arc::new(TestClock::at("2026-01-05T10:00:00Z"));
        let ids = Arc::new(TestIds::seeded(1));
        let callbacks = Callbacks::default();
        let wire = Arc::new(TestWire::new(simulated_banks(&clock, &callbacks)));
        let gateway_member = MemberId::new(clock.now(), ids.as_ref());
        let mailer = Arc::<TestMailer>::default();
        let member = Member::register(&database.db, ids.as_ref(), clock.now()).await;
        let other = Member::register(&database.db, ids.as_ref(), clock.now()).await;
        let app = new_app(&database.db, &clock, &ids, &wire, &settings, &gateway_member, &mailer);
        World {
            name: database.name,
            router: web::router(Arc::clone(&app)),
            app,
            clock,
            wire,
            callbacks,
            member,
            other,
            ids,
            mailer,
            browser: pages::Cookies::default(),
            settings,
            gateway_member,
            database,
        }
    }

    /// A new process on the same database. The old one's work never ends; its leases do.
    pub async fn restart(&mut self) {
        self.restart_at_once().await;
        self.clock.advance(SignedDuration::from_secs(200));
    }

    /// The same, and no time passes.
    pub async fn restart_at_once(&mut self) {
        let db = self.database.open_again().await.unwrap();
        let (ids, wire) = (&self.ids, &self.wire);
        self.app = new_app(
            &db,
            &self.clock,
            ids,
            wire,
            &self.settings,
            &self.gateway_member,
            &self.mailer,
        );
        self.router = web::router(Arc::clone(&self.app));
        gateway::jobs::recover(&self.app).await.unwrap();
    }

    /// The OAuth `state` of the payment's opening: the bank's redirect carries it.
    pub async fn oauth_state_of(&self, id: &str) -> String {
        let id = id.parse().unwrap();
        let payment = gateway::payments::open_by_link(&self.app, &id).await.unwrap();
        payment.state.approving().unwrap().attempt().oauth_state.clone()
    }

    /// The same database behind a gateway with other settings.
    pub fn change_settings(&mut self, change: impl Fn(&mut Settings)) {
        change(&mut self.settings);
        let (db, ids, wire) = (&self.database.db, &self.ids, &self.wire);
        self.app =
            new_app(db, &self.clock, ids, wire, &self.settings, &self.gateway_member, &self.mailer);
        self.router = web::router(Arc::clone(&self.app));
    }

    /// The product's router.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Performs every job that is due now.
    pub async fn settle(&self) -> usize {
        gateway::jobs::run_due(&self.app).await.unwrap()
    }

    /// Lets time pass and performs what becomes due at its end.
    pub async fn pass(&self, duration: SignedDuration) {
        self.clock.advance(duration);
        self.settle().await;
    }

    /// Sends a request unchanged. Our documents must allow the answer.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let method = request.method().to_string();
        let path = request.uri().path().to_owned();
        let answer = self.send_unjudged(request).await;
        self.check_answer(&method, &path, &answer);
        answer
    }

    /// The same where the answer is in a form that no document has.
    pub async fn send_unjudged(&self, request: Request<Body>) -> Answer {
        // As in the product, a request has a stack of its own.
        let response = wire::in_a_task(self.router.clone().oneshot(request)).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// A signed request of the world's member with further headers.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", HOST)
            .header("authorization", self.member.bearer(self.now(), method, path, body));
        if is_v1(path) && !headers.iter().any(|(name, _)| *name == JSON_ERROR) {
            request = request.header(JSON_ERROR, "true");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body.to_vec())).unwrap()
    }

    fn check_answer(&self, method: &str, path: &str, answer: &Answer) {
        let text = answer.text();
        // The one 5xx that is meant: the bank, not the gateway, takes no calls.
        let bank_is_down =
            answer.status == 503 && text.contains("is unavailable; its status is at");
        // Features that this release lacks, and a slow bank where no status shows that.
        let told = [501, 504].contains(&answer.status) && is_v1(path);
        assert!(
            answer.status < 500 || bank_is_down || told,
            "{}: {method} {path} {} {text}",
            self.name,
            answer.status
        );
        let page = path == "/callback"
            || [
                "/callback/arrived",
                "/session/",
                "/app/request-token/",
                "/assets/",
                "/initiatePayment/",
            ]
            .iter()
            .any(|start| path.starts_with(start));
        if page {
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none';"), "{method} {path}: {policy}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}");
            return;
        }
        let trace_id = answer.header("tokentraceid");
        assert_eq!(trace_id.len(), 16, "{method} {path} {text}");
        assert_eq!(answer.header("token-trace-id"), trace_id, "{method} {path}");
        if answer.status >= 400 {
            let body = answer.json();
            let told = &body["error"]["tokenTraceId"];
            assert_eq!(told, trace_id, "{method} {path} {} {text}", answer.status);
        }
        // 304 has no body that a document could describe.
        if answer.status != 304 {
            judges::judge(method, path, answer);
        }
    }

    /// A signed request of `member`.
    pub async fn call(&self, member: &Member, method: &str, path: &str, body: &[u8]) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", HOST)
            .header("content-type", "application/json")
            .header("authorization", member.bearer(self.now(), method, path, body));
        if is_v1(path) {
            request = request.header(JSON_ERROR, "true");
        }
        self.send(request.body(Body::from(body.to_vec())).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(&self.member, "GET", path, b"").await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(&self.member, "DELETE", path, b"").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(&self.member, "POST", path, body.to_string().as_bytes()).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(&self.member, "PUT", path, body.to_string().as_bytes()).await
    }
}

/// Who the gateway is at the banks.
pub fn identity() -> Identity {
    Identity {
        client_id: CLIENT_ID.to_owned(),
        redirect_uri: format!("{PUBLIC_URL}/callback"),
        jws_issuer: JWS_ISSUER.to_owned(),
        signing_key: signing_key(),
        eidas: Some(eidas_identity()),
    }
}

fn new_app(
    db: &Db,
    clock: &Arc<TestClock>,
    ids: &Arc<TestIds>,
    wire: &Arc<TestWire>,
    settings: &Settings,
    gateway_member: &MemberId,
    mailer: &Arc<TestMailer>,
) -> Arc<App> {
    let parts = Parts {
        db: db.clone(),
        clock: Arc::<TestClock>::clone(clock),
        ids: Arc::<TestIds>::clone(ids),
        wire: Arc::<TestWire>::clone(wire),
        identity: Arc::new(identity()),
        sealer: Sealer::new(&[7; 32]).unwrap(),
        gateway_key: GatewayKey::from_seed(&[9; 32], gateway_member.clone()).unwrap(),
        renderer: Box::new(PublicEvents),
        receipts: Box::new(PayersReceipts),
        mailer: Some(Arc::<TestMailer>::clone(mailer)),
        settings: settings.clone(),
    };
    App::new(parts, Directory::simulated(BANKS_URL, BANKS_TLS_URL).unwrap())
}

/// The published documents judge every exchange with a bank.
impl Drop for World {
    fn drop(&mut self) {
        let violations = self.wire.violations();
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "{}: {violations:#?}", self.name);
        }
    }
}
