//! A test TPP: its way through a payment, and the judge of every exchange.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request};
use jiff::Timestamp;
use judge::Judge;
use serde_json::{Value, json};
use simbank::{Environment, Options, Registration};
use tower::ServiceExt;

use crate::certificate::{SEAL_URL, qseal};
pub use crate::keys::*;

pub const BASE: &str = "http://localhost:8001";
pub const CLIENT_ID: &str = "tpp-1";
/// The test TPP by its certificates.
pub const ORGANISATION: &str = "PSDGB-FCA-123456";
pub const REDIRECT_URI: &str = "https://tpp.example/callback";
pub const START_SECONDS: i64 = 1_709_200_800;

/// A clock that only the test moves, and randomness that only depends on the call.
pub struct TestEnvironment {
    pub milliseconds: AtomicI64,
    calls: AtomicU64,
}

impl TestEnvironment {
    pub fn advance(&self, milliseconds: i64) {
        self.milliseconds.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Environment for TestEnvironment {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.milliseconds.load(Ordering::SeqCst)).unwrap()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            chunk.copy_from_slice(&digest(&SHA256, &call.to_be_bytes()).as_ref()[..chunk.len()]);
        }
    }

    fn sleep(&self, milliseconds: u64) -> BoxFuture<'static, ()> {
        // The background tick never comes; a bank's long silence is over at once.
        if milliseconds < 10_000 {
            Box::pin(std::future::pending())
        } else {
            Box::pin(std::future::ready(()))
        }
    }

    fn call_back(&self, _callback: simbank::Callback) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn published_certificate(&self, _fingerprint: &str) -> Option<Vec<u8>> {
        None
    }
}

/// Whether the request itself is meant to fit the published document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    Good,
    Bad,
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The first `ErrorCode` without its prefix, or "".
    pub fn error_code(&self) -> String {
        let body = self.json();
        let code = body["Errors"][0]["ErrorCode"].as_str().unwrap_or_default();
        code.trim_start_matches("UK.OBIE.").to_owned()
    }

    /// The pairs behind `#` in `Location`.
    pub fn fragment(&self) -> HashMap<String, String> {
        let (_, fragment) = self.header("location").split_once('#').unwrap_or_default();
        url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect()
    }
}

/// One bank process with a TPP in front of it.
pub struct World {
    pub router: Router,
    pub environment: Arc<TestEnvironment>,
    counter: AtomicU64,
}

pub fn options(data_dir: Option<PathBuf>) -> Options {
    let registration = |client_id: &str| Registration {
        client_id: client_id.to_owned(),
        name: "Test Provider <b>".to_owned(),
        jwks: keys().jwks(),
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        jws_issuer: ISSUER.to_owned(),
        organisation_identifier: (client_id == CLIENT_ID).then(|| ORGANISATION.to_owned()),
        seal_certificate_der: Some(qseal(ORGANISATION)),
        seal_certificate_url: Some(SEAL_URL.to_owned()),
    };
    Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        public_url: Some(BASE.to_owned()),
        tls_public_url: None,
        tls: None,
        data_dir,
        registrations: vec![registration(CLIENT_ID), registration("tpp-2")],
        execution_delay_ms: 2_000,
        short_lived_tokens: false,
    }
}

pub fn environment() -> Arc<TestEnvironment> {
    Arc::new(TestEnvironment {
        milliseconds: AtomicI64::new(START_SECONDS * 1000),
        calls: AtomicU64::new(0),
    })
}

/// The document of the version that a bank speaks.
fn judge(bank: &str) -> Option<&'static Judge> {
    static V3_1: OnceLock<Option<Judge>> = OnceLock::new();
    static V4_0: OnceLock<Option<Judge>> = OnceLock::new();
    let (judge, name) =
        if version(bank) == "v4.0" { (&V4_0, "v4.0-update4") } else { (&V3_1, "v3.1.11") };
    let path = format!("banks/obie/{name}-payment-initiation-judge.json");
    judge.get_or_init(|| Judge::load(&path)).as_ref()
}

/// The version in a bank's paths.
pub fn version(bank: &str) -> &'static str {
    if matches!(bank, "ob-quartz" | "ob-onyx" | "ob-agate") { "v4.0" } else { "v3.1" }
}

impl World {
    pub fn new() -> Self {
        Self::open(None, environment())
    }

    pub fn open(data_dir: Option<PathBuf>, environment: Arc<TestEnvironment>) -> Self {
        Self::start(options(data_dir), environment)
    }

    pub fn start(options: Options, environment: Arc<TestEnvironment>) -> Self {
        let router = simbank::router(options, environment.clone()).unwrap();
        Self { router, environment, counter: AtomicU64::new(0) }
    }

    pub fn now(&self) -> i64 {
        self.environment.now().as_second()
    }

    /// A text that no other call gives.
    pub fn unique(&self, prefix: &str) -> String {
        let now = self.now();
        format!("{prefix}-{now}-{}", self.counter.fetch_add(1, Ordering::SeqCst))
    }

    /// Sends a request; an answer that breaks off gives status 0.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        match axum::body::to_bytes(body, usize::MAX).await {
            Ok(bytes) => Reply {
                status: parts.status.as_u16(),
                headers: parts.headers,
                bytes: bytes.to_vec(),
            },
            Err(_) => Reply { status: 0, headers: HeaderMap::new(), bytes: Vec::new() },
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// Sends an API request and judges it and its answer.
    pub async fn api(&self, bank: &str, call: ApiCall) -> Reply {
        let path = format!("/{bank}/open-banking/{}/pisp{}", version(bank), call.path);
        let mut request = Request::builder().method(call.method).uri(&path);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(call.body.clone())).unwrap();
        let headers = request.headers().clone();
        let reply = self.send(request).await;
        if let Some(judge) = judge(bank) {
            if call.meant == Meant::Good {
                let violations = judge.request(call.method, &path, &headers, call.body.as_bytes());
                assert_eq!(violations, [], "{} {path} {}", call.method, call.body);
            }
            if !call.deliberately_broken {
                let violations =
                    judge.response(call.method, &path, reply.status, &reply.headers, &reply.bytes);
                assert_eq!(violations, [], "{} {path} {}", call.method, reply.text());
            }
        }
        if !call.deliberately_broken && !reply.bytes.is_empty() {
            assert!(self.signature_verifies(bank, &reply).await, "{} {path}", call.method);
        }
        reply
    }

    /// Verifies `x-jws-signature` of an answer with the bank's published key.
    pub async fn signature_verifies(&self, bank: &str, reply: &Reply) -> bool {
        let jwks = self.get(&format!("/{bank}/jwks")).await.json();
        let signature = reply.header("x-jws-signature");
        let (header64, signature64) = signature.split_once("..").unwrap();
        let header: Value = serde_json::from_slice(&from_base64url(header64)).unwrap();
        assert_eq!(header["alg"], "PS256");
        assert_eq!(header["kid"], jwks["keys"][0]["kid"]);
        assert_eq!(header["http://openbanking.org.uk/tan"], "openbanking.org.uk");
        assert!(header["http://openbanking.org.uk/iat"].as_i64().unwrap() <= self.now());
        let names = ["iat", "iss", "tan"].map(|name| format!("http://openbanking.org.uk/{name}"));
        assert_eq!(header["crit"], json!(names));
        assert!(header.get("b64").is_none());
        let input = format!("{header64}.{}", base64url(&reply.bytes));
        verify_ps256(&jwks, &input, signature64)
    }

    // The TPP's way through a payment.

    pub fn assertion(&self, bank: &str) -> Value {
        json!({ "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": format!("{BASE}/{bank}/token"),
            "iat": self.now(), "exp": self.now() + 60, "jti": self.unique("jti") })
    }

    pub async fn token(&self, bank: &str, assertion: &str, fields: &[(&str, &str)]) -> Reply {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let mut form = vec![("client_assertion_type", kind), ("client_assertion", assertion)];
        form.extend_from_slice(fields);
        self.post_form(&format!("/{bank}/token"), &form).await
    }

    pub async fn client_token(&self, bank: &str) -> String {
        let assertion = keys().jwt(&self.assertion(bank));
        let fields = [("grant_type", "client_credentials"), ("scope", "payments")];
        let reply = self.token(bank, &assertion, &fields).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn code_token(&self, bank: &str, code: &str) -> Reply {
        let assertion = keys().jwt(&self.assertion(bank));
        let fields =
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT_URI)];
        self.token(bank, &assertion, &fields).await
    }

    pub async fn create_consent(&self, bank: &str, body: &Value) -> String {
        let token = self.client_token(bank).await;
        let path = format!("/{}-consents", product(body));
        let call = self.signed(&path, &token, body);
        let reply = self.api(bank, call).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()["Data"]["ConsentId"].as_str().unwrap().to_owned()
    }

    /// A well-made POST.
    pub fn signed(&self, path: &str, token: &str, body: &Value) -> ApiCall {
        let body = body.to_string();
        let signature = sign(&message_header(self.now()), &body);
        ApiCall::new("POST", path, token)
            .header("content-type", "application/json")
            .header("x-idempotency-key", &self.unique("key"))
            .header("x-jws-signature", &signature)
            .body(body)
    }

    pub fn request_object(&self, bank: &str, consent_id: &str) -> Value {
        json!({
            "iss": CLIENT_ID, "aud": format!("{BASE}/{bank}"), "client_id": CLIENT_ID,
            "response_type": "code id_token", "redirect_uri": REDIRECT_URI,
            "scope": "openid payments", "state": "state-1 &<>", "nonce": "nonce-1",
            "nbf": self.now(), "exp": self.now() + 300,
            "claims": { "id_token": {
                "openbanking_intent_id": { "value": consent_id, "essential": true },
                "acr": { "value": "urn:openbanking:psd2:sca", "essential": true } } },
        })
    }

    pub async fn authorize(&self, bank: &str, request: &str, more: &[(&str, &str)]) -> Reply {
        let mut pairs = vec![("client_id", CLIENT_ID), ("request", request)];
        pairs.extend_from_slice(more);
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.get(&format!("/{bank}/authorize?{query}")).await
    }

    /// Opens a visit and signs in; returns the visit's path without its last segment.
    pub async fn sign_in(&self, bank: &str, consent_id: &str, more: &[(&str, &str)]) -> String {
        let request = keys().jwt(&self.request_object(bank, consent_id));
        let reply = self.authorize(bank, &request, more).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let visit = reply.header("location").strip_suffix("/sign-in").unwrap().to_owned();
        let (username, _) = psu(bank);
        let password = format!("{username}-pass");
        let fields = [("username", username), ("password", password.as_str())];
        let reply = self.post_form(&format!("{visit}/sign-in"), &fields).await;
        assert_eq!(reply.header("location"), format!("{visit}/consent"));
        visit
    }

    pub async fn approve(&self, bank: &str, consent_id: &str) -> Reply {
        if bank == "mock-redirect" {
            // It has no pages.
            let request = keys().jwt(&self.request_object(bank, consent_id));
            return self.authorize(bank, &request, &[]).await;
        }
        let visit = self.sign_in(bank, consent_id, &[]).await;
        let fields = [("account", psu(bank).1), ("decision", "approve")];
        self.post_form(&format!("{visit}/consent"), &fields).await
    }

    /// Consent, authorisation and code exchange; returns consent id and PSU token.
    pub async fn authorised(&self, bank: &str, body: &Value) -> (String, String) {
        let consent_id = self.create_consent(bank, body).await;
        let code = self.approve(bank, &consent_id).await.fragment()["code"].clone();
        let reply = self.code_token(bank, &code).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        (consent_id, reply.json()["access_token"].as_str().unwrap().to_owned())
    }

    /// A whole payment up to the answer to its order.
    pub async fn pay(&self, bank: &str, amount: &str) -> (String, Reply) {
        let body = consent_body(amount);
        let (consent_id, token) = self.authorised(bank, &body).await;
        let call = self.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
        (consent_id, self.api(bank, call).await)
    }

    pub async fn read(&self, bank: &str, path: &str) -> Reply {
        let token = self.client_token(bank).await;
        self.api(bank, ApiCall::new("GET", path, &token)).await
    }

    /// What `/sim/orders` says about a consent.
    pub async fn books(&self, consent_id: &str) -> Value {
        let orders = self.get("/sim/orders").await.json();
        let mut orders = orders.as_array().unwrap().iter();
        orders.find(|order| order["consent_id"] == consent_id).unwrap().clone()
    }

    pub async fn balance(&self, account: &str) -> i64 {
        let accounts = self.get("/sim/accounts").await.json();
        let mut accounts = accounts.as_array().unwrap().iter();
        accounts.find(|row| row["id"] == account).unwrap()["balance_minor"].as_i64().unwrap()
    }

    pub async fn all_money(&self) -> i64 {
        let accounts = self.get("/sim/accounts").await.json();
        let rows = accounts.as_array().unwrap();
        rows.iter().map(|row| row["balance_minor"].as_i64().unwrap()).sum()
    }
}

/// User name and first account of a PSU with money.
pub fn psu(bank: &str) -> (&'static str, &'static str) {
    match bank {
        "ob-modelo" => ("alice", "70000112345601"),
        "ob-iron" => ("dave", "80000112345601"),
        "ob-quartz" => ("nora", "60000112345601"),
        "ob-onyx" => ("sara", "40000112345601"),
        _ => ("grace", "90000112345601"),
    }
}

/// The singular of the resource that a consent's body is for.
pub fn product(body: &Value) -> &'static str {
    let initiation = &body["Data"]["Initiation"];
    if !initiation["FirstPaymentAmount"].is_null() {
        "domestic-standing-order"
    } else if !initiation["RequestedExecutionDateTime"].is_null() {
        "domestic-scheduled-payment"
    } else {
        "domestic-payment"
    }
}

pub const BANKS: [&str; 3] = ["ob-modelo", "ob-iron", "mock-redirect"];

/// An API request.
#[derive(Clone)]
pub struct ApiCall {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub meant: Meant,
    pub deliberately_broken: bool,
}

impl ApiCall {
    pub fn new(method: &'static str, path: &str, token: &str) -> Self {
        let authorization = ("authorization".to_owned(), format!("Bearer {token}"));
        Self {
            method,
            path: path.to_owned(),
            headers: vec![authorization],
            body: String::new(),
            meant: Meant::Good,
            deliberately_broken: false,
        }
    }

    /// Sets a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub fn body(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    /// The request is wrong on purpose.
    pub fn bad(mut self) -> Self {
        self.meant = Meant::Bad;
        self
    }

    /// Makes the bank answer against the standard.
    pub fn broken(mut self) -> Self {
        self.deliberately_broken = true;
        self
    }
}

pub fn consent_body(amount: &str) -> Value {
    json!({
        "Data": {
            "ReadRefundAccount": "Yes",
            "Initiation": {
                "InstructionIdentification": "instruction-1",
                "EndToEndIdentification": "end-to-end-1",
                "InstructedAmount": { "Amount": amount, "Currency": "GBP" },
                "CreditorAccount": {
                    "SchemeName": "UK.OBIE.SortCodeAccountNumber",
                    "Identification": "12345612345678",
                    "Name": "Customer Inc."
                },
                "RemittanceInformation": { "Reference": "REF <1>" }
            }
        },
        "Risk": { "PaymentContextCode": "PartyToParty" }
    })
}

pub fn order_body(consent_id: &str, consent: &Value) -> Value {
    json!({
        "Data": { "ConsentId": consent_id, "Initiation": consent["Data"]["Initiation"] },
        "Risk": consent["Risk"]
    })
}
