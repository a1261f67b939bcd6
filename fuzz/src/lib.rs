//! The whole API in process, for fuzzing: requests go through the router that members reach, on a
//! database of its own, with banks that refuse everything.
//!
//! Promises for any input: no panic, no 5xx, an error in the published shape.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use banks::directory::Directory;
use banks::jose::SigningKey;
use banks::protocol::Identity;
use banks::wire::{Request, Response, Wire, WireError};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::ids::MemberId;
use domain::seams::{BoxFuture, Clock};
use gateway::app::Parts;
use gateway::public_key::ed25519_pem;
use gateway::seal::Sealer;
use gateway::signing::{GatewayKey, key_id};
use gateway::{App, Settings};
use store::members::MemberKey;
use store::{Db, members, unit};
use testkit::{TestClock, TestIds};
use tower::ServiceExt;
use web::api::auth::basic;
use web::api::event::PublicEvents;

const PUBLIC_URL: &str = "http://localhost:8000";
const API_KEY: &str = "the secret of the fuzzed member";
/// Requests on one database: a full one would only slow the search down.
const REQUESTS_MAX: usize = 20_000;

/// Every bank says no. Banks that do not answer would soon take no payments at all.
struct Refusals;

impl Wire for Refusals {
    fn send(&self, _request: Request) -> BoxFuture<'_, Result<Response, WireError>> {
        let no = Response { status: 400, headers: vec![], body: b"{}".to_vec() };
        Box::pin(async move { Ok(no) })
    }
}

/// The product, and a member that may call it.
pub struct Target {
    runtime: tokio::runtime::Runtime,
    router: Router,
    member_id: MemberId,
    key_id: String,
    requests: usize,
    _folder: tempfile::TempDir,
}

impl Default for Target {
    fn default() -> Target {
        Target::new()
    }
}

impl Target {
    /// A fresh one.
    ///
    /// # Panics
    /// Where it cannot be built: then there is nothing to fuzz.
    pub fn new() -> Target {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at("2026-01-05T10:00:00Z"));
        let ids = Arc::new(TestIds::seeded(1));
        let now = clock.now();
        let member_id = MemberId::new(now, ids.as_ref());
        let seed = [7_u8; 32];
        let pair = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let public = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().to_vec();
        let key_id = key_id(&public);
        let (member, key) = (member_id.clone(), key_id.clone());
        let db = runtime.block_on(async {
            let db = Db::open_sqlite(&folder.path().join("fuzz.db")).await.unwrap();
            db.transact(move |tx| {
                let (member, key, pem) = (member.clone(), key.clone(), ed25519_pem(&public));
                unit(async move {
                    let key = MemberKey {
                        key_id: key,
                        algorithm: "ED25519".to_owned(),
                        public_key: pem,
                    };
                    members::insert(tx, &member, "Fuzz", now).await?;
                    members::insert_key(tx, &member, &key, now).await?;
                    let digest = basic::secret_sha256(API_KEY);
                    members::insert_api_key(tx, &member, &digest, now).await
                })
            })
            .await
            .unwrap();
            db
        });
        let app = App::new(Parts {
            db,
            clock,
            ids,
            wire: Arc::new(Refusals),
            directory: Directory::simulated("http://localhost:8001", "https://localhost:8002")
                .unwrap(),
            identity: Arc::new(Identity {
                client_id: "fuzz".to_owned(),
                redirect_uri: format!("{PUBLIC_URL}/callback"),
                jws_issuer: "fuzz/fuzz".to_owned(),
                signing_key: signing_key(),
                eidas: None,
            }),
            sealer: Sealer::new(&[7; 32]).unwrap(),
            gateway_key: GatewayKey::from_seed(&[9; 32], member_id.clone()).unwrap(),
            renderer: Box::new(PublicEvents),
            mailer: None,
            settings: Settings {
                public_url: PUBLIC_URL.to_owned(),
                sandbox: true,
                ..Settings::default()
            },
        });
        let router = web::router(app);
        Target { runtime, router, member_id, key_id, requests: 0, _folder: folder }
    }

    /// The id of the member.
    pub fn member_id(&self) -> &str {
        self.member_id.as_str()
    }

    /// `Authorization` of a request that needs no token.
    pub fn basic(&self) -> String {
        basic::header_value(&self.member_id, API_KEY)
    }

    /// A token whose claims fit the request, except where `claims` says otherwise, with a
    /// signature that does not fit: everything before the signature is reached.
    pub fn token(&self, method: &str, path: &str, claims: serde_json::Value) -> String {
        let mut header = serde_json::json!({
            "alg": "EdDSA", "kid": self.key_id, "mid": self.member_id, "host": "localhost:8000",
            "method": method, "path": path, "exp": 1_767_607_500_000_i64,
        });
        if let (Some(header), Some(claims)) = (header.as_object_mut(), claims.as_object()) {
            header.extend(claims.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let signature = URL_SAFE_NO_PAD.encode([0_u8; 64]);
        format!("{}..{signature}", URL_SAFE_NO_PAD.encode(header.to_string()))
    }

    /// Sends a request and judges the answer.
    ///
    /// # Panics
    /// Where the answer breaks a promise: that is what the fuzzer looks for.
    pub fn ask(&mut self, method: &str, path: &str, authorization: &str, body: &[u8]) {
        if self.requests >= REQUESTS_MAX {
            *self = Target::new();
        }
        self.requests += 1;
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:8000")
            .header("content-type", "application/json")
            .header("authorization", authorization)
            // Payments v1 have text for errors otherwise.
            .header("token-json-error", "true")
            .body(Body::from(body.to_vec()));
        // Invalid HTTP never reaches the router.
        let Ok(request) = request else { return };
        let router = self.router.clone();
        let (status, body) = self.runtime.block_on(async move {
            let Ok(response) = router.oneshot(request).await;
            let status = response.status().as_u16();
            (status, to_bytes(response.into_body(), usize::MAX).await.unwrap())
        });
        // Access to accounts is published, and does not exist yet.
        assert!(status < 500 || status == 501, "{method} {path}: {status} {}", String::from_utf8_lossy(&body));
        if status >= 400 {
            let error: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert!(error["error"].is_object() || error["errorCode"].is_string(), "{error}");
        }
    }
}

/// A key that costs nothing to make: nobody verifies its signatures.
fn signing_key() -> SigningKey {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    SigningKey::from_pkcs8_der("fuzz", der.as_ref()).unwrap()
}

/// Bytes as a header or an address can carry them; the rest becomes a question mark.
pub fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if (0x21..0x7f).contains(byte) { char::from(*byte) } else { '?' }).collect()
}

/// Bytes as standard base64, for what has to be base64 to be looked at.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
