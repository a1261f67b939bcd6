//! A bank that answers by the standard until a test changes that. It signs with
//! aws-lc-rs directly and shares nothing with the code under test but the `Wire`.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PSS_SHA256;
use banks::{BankProfile, Request, Response, SigningKey, Wire, WireError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::seams::BoxFuture;
use serde_json::{Value, json};

use super::START_S;

fn new_key() -> Vec<u8> {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    der.as_ref().to_vec()
}

pub static CLIENT_KEY: LazyLock<Vec<u8>> = LazyLock::new(new_key);
pub static BANK_KEY: LazyLock<Vec<u8>> = LazyLock::new(new_key);
pub static OTHER_KEY: LazyLock<Vec<u8>> = LazyLock::new(new_key);

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A PS256 signature.
pub fn ps256(key: &[u8], message: &str) -> String {
    let pair = aws_lc_rs::signature::RsaKeyPair::from_pkcs8(key).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    encode(signature)
}

pub fn jws(key: &[u8], header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    format!("{message}.{}", ps256(key, &message))
}

/// The header of a response's signature, for tests to spoil.
pub fn detached_header() -> Value {
    json!({
        "alg": "PS256", "kid": "bank-key",
        "http://openbanking.org.uk/iat": START_S,
        "http://openbanking.org.uk/iss": "00158000016i44IAAQ",
        "http://openbanking.org.uk/tan": "openbanking.org.uk",
        "crit": ["http://openbanking.org.uk/iat", "http://openbanking.org.uk/iss",
                 "http://openbanking.org.uk/tan"],
    })
}

pub fn detached(key: &[u8], header: &Value, body: &[u8]) -> String {
    let header = encode(header.to_string());
    let signature = ps256(key, &format!("{header}.{}", encode(body)));
    format!("{header}..{signature}")
}

pub fn signed(status: u16, body: &Value) -> Response {
    let bytes = body.to_string().into_bytes();
    let signature = detached(&BANK_KEY, &detached_header(), &bytes);
    Response { status, headers: vec![("X-JWS-Signature".to_owned(), signature)], body: bytes }
}

/// A response whose signature's header has only these claims.
pub fn signed_with(claims: &[&str], status: u16, body: &Value) -> Response {
    let bytes = body.to_string().into_bytes();
    let mut header = json!({ "alg": "PS256", "kid": "bank-key" });
    let name = |claim: &&str| format!("http://openbanking.org.uk/{claim}");
    for claim in claims {
        header[name(claim)] = match *claim {
            "iat" => json!(START_S),
            "tan" => json!("openbanking.org.uk"),
            _ => json!("0015800001FLINT000"),
        };
    }
    header["crit"] = json!(claims.iter().map(name).collect::<Vec<_>>());
    let signature = detached(&BANK_KEY, &header, &bytes);
    Response { status, headers: vec![("x-jws-signature".to_owned(), signature)], body: bytes }
}

pub fn unsigned(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response { status, headers: Vec::new(), body: body.into() }
}

/// The key set with one key.
pub fn key_set(kid: &str, key: &[u8]) -> Value {
    json!({ "keys": [SigningKey::from_pkcs8_der(kid, key).unwrap().public_jwk().unwrap()] })
}

type Script = Box<dyn FnMut(&Request) -> Result<Response, WireError> + Send>;

/// The bank.
pub struct FakeBank {
    issuer: String,
    scripts: Mutex<HashMap<&'static str, Script>>,
    seen: Mutex<Vec<Request>>,
}

impl FakeBank {
    pub fn new(profile: &BankProfile) -> FakeBank {
        FakeBank {
            issuer: super::issuer(profile),
            scripts: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// From now on this operation is answered by `script`.
    pub fn on(
        &self,
        operation: &'static str,
        script: impl FnMut(&Request) -> Result<Response, WireError> + Send + 'static,
    ) {
        self.scripts.lock().unwrap().insert(operation, Box::new(script));
    }

    /// From now on this operation is always answered so.
    pub fn always(&self, operation: &'static str, answer: Result<Response, WireError>) {
        self.on(operation, move |_| answer.clone());
    }

    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub fn count(&self, operation: &str) -> usize {
        self.seen().iter().filter(|request| request.operation == operation).count()
    }

    pub fn last(&self, operation: &str) -> Request {
        self.seen().into_iter().rfind(|request| request.operation == operation).unwrap()
    }

    /// The answer of a bank without faults.
    pub fn answer(&self, request: &Request) -> Response {
        match request.operation {
            "discover" => unsigned(200, self.discovery().to_string()),
            "get-keys" => unsigned(200, key_set("bank-key", &BANK_KEY).to_string()),
            "get-client-token" | "exchange-code" => unsigned(200, token().to_string()),
            "create-domestic-payment-consent" => signed(201, &consent_of(&request.body)),
            "create-domestic-payment" => signed(201, &order_of(&request.body)),
            "confirm-funds" => signed(200, &funds(true)),
            other => panic!("the test must say what the bank answers to {other}"),
        }
    }

    pub fn discovery(&self) -> Value {
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": format!("{}/authorize", self.issuer),
            "token_endpoint": format!("{}/token", self.issuer),
            "jwks_uri": format!("{}/jwks", self.issuer),
            "response_types_supported": ["code id_token"],
            "response_modes_supported": ["fragment", "form_post"],
        })
    }
}

impl Wire for FakeBank {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, WireError>> {
        self.seen.lock().unwrap().push(request.clone());
        let answer = match self.scripts.lock().unwrap().get_mut(request.operation) {
            Some(script) => script(&request),
            None => Ok(self.answer(&request)),
        };
        Box::pin(std::future::ready(answer))
    }
}

pub fn token() -> Value {
    json!({ "access_token": "token-1", "token_type": "Bearer", "expires_in": 300 })
}

pub fn funds(available: bool) -> Value {
    json!({ "Data": { "FundsAvailableResult": {
        "FundsAvailableDateTime": "2026-01-02T03:04:05+00:00", "FundsAvailable": available } },
        "Links": { "Self": "http://bank.test:8001/funds" }, "Meta": {} })
}

/// The consent that a bank makes of a request.
pub fn consent_of(body: &[u8]) -> Value {
    consent_with("AwaitingAuthorisation", body)
}

/// The same with the status as a version spells it.
pub fn consent_with(status: &str, body: &[u8]) -> Value {
    let asked: Value = serde_json::from_slice(body).unwrap();
    json!({
        "Data": {
            "ConsentId": "58923", "Status": status,
            "CreationDateTime": "2026-01-02T03:04:05+00:00",
            "StatusUpdateDateTime": "2026-01-02T03:04:05+00:00",
            "Initiation": asked["Data"]["Initiation"],
        },
        "Risk": asked["Risk"],
        "Links": { "Self": "http://bank.test:8001/domestic-payment-consents/58923" },
        "Meta": {},
    })
}

/// The order that a bank makes of a request.
pub fn order_of(body: &[u8]) -> Value {
    order_named("DomesticPaymentId", "AcceptedSettlementInProcess", body)
}

/// The same with another resource's name of the id, and the status as a version spells it.
pub fn order_named(id_field: &str, status: &str, body: &[u8]) -> Value {
    let asked: Value = serde_json::from_slice(body).unwrap();
    json!({
        "Data": {
            id_field: "58923-001", "ConsentId": asked["Data"]["ConsentId"],
            "Status": status,
            "CreationDateTime": "2026-01-02T03:04:05+00:00",
            "StatusUpdateDateTime": "2026-01-02T03:04:05+00:00",
            "Initiation": asked["Data"]["Initiation"],
            "Refund": { "Account": {
                "SchemeName": "UK.OBIE.SortCodeAccountNumber",
                "Identification": "08080012345678", "Name": "D Jones" } },
        },
        "Links": { "Self": "http://bank.test:8001/domestic-payments/58923-001" },
        "Meta": {},
    })
}
