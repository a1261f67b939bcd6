//! A member: its keys, and the JWS that it signs each request with (written from the reference,
//! independently of the code that verifies it).

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::ids::MemberId;
use domain::seams::Ids;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::members::{self, MemberKey, MemberSettings};
use store::{Db, unit};

/// The host that [`Member::claims`] names.
pub const HOST: &str = "localhost:8000";

pub enum Key {
    Ed25519(Ed25519KeyPair),
    /// Signatures as r ‖ s.
    P256(EcdsaKeyPair),
    /// Signatures in DER.
    P256Der(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// Where the token carries the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    Attached,
    Detached,
}

pub struct Member {
    pub id: MemberId,
    pub key_id: String,
    pub key: Key,
    /// The whole `Authorization` header of its Basic key.
    pub basic: String,
}

impl Key {
    pub fn ed25519(ids: &dyn Ids) -> Key {
        let mut seed = [0_u8; 32];
        ids.fill(&mut seed);
        Key::Ed25519(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap())
    }

    pub fn p256() -> Key {
        Key::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub fn p256_der() -> Key {
        Key::P256Der(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    pub fn rsa() -> Key {
        Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// `alg` of its tokens, and the published name of the algorithm.
    pub fn names(&self) -> (&'static str, &'static str) {
        match self {
            Key::Ed25519(_) => ("EdDSA", "ED25519"),
            Key::P256(_) | Key::P256Der(_) => ("ES256", "ECDSA_SHA256"),
            Key::Rsa(_) => ("RS256", "RS256"),
        }
    }

    pub fn pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = match self {
            Key::Ed25519(pair) => pair.public_key().as_der().unwrap(),
            Key::P256(pair) | Key::P256Der(pair) => pair.public_key().as_der().unwrap(),
            Key::Rsa(pair) => pair.public_key().as_der().unwrap(),
        };
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Key::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Key::P256(pair) | Key::P256Der(pair) => {
                pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
            }
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }
}

impl Member {
    /// A new member in the database, with an Ed25519 key and a Basic key.
    pub async fn register(db: &Db, ids: &dyn Ids, now: Timestamp) -> Member {
        let id = MemberId::new(now, ids);
        let key = Key::ed25519(ids);
        let Key::Ed25519(pair) = &key else { unreachable!() };
        let key_id = gateway::signing::key_id(pair.public_key().as_ref());
        let secret = domain::ids::random_uuid(ids);
        let stored = MemberKey {
            key_id: key_id.clone(),
            algorithm: "ED25519".to_owned(),
            public_key: key.pem(),
        };
        let digest = web::api::auth::basic::secret_sha256(&secret);
        let member_id = id.clone();
        db.transact((member_id, stored, digest), move |(id, stored, digest), tx| {
            unit(async move {
                members::insert(tx, id, "Test", now).await?;
                let settings = MemberSettings { acts_on_behalf: true, ..Default::default() };
                members::set_settings(tx, id, &settings).await?;
                members::insert_key(tx, id, stored, now).await?;
                members::insert_api_key(tx, id, digest, now).await
            })
        })
        .await
        .unwrap();
        let plain = format!("{}:{secret}", id.as_str().replace(':', "-"));
        Member { id, key_id, key, basic: format!("Basic {}", STANDARD.encode(plain)) }
    }

    /// The claims of a well-made token.
    pub fn claims(&self, now: Timestamp, method: &str, path: &str) -> Value {
        json!({
            "alg": self.key.names().0, "kid": self.key_id, "mid": self.id.as_str(),
            "host": HOST, "method": method, "path": path,
            "exp": now.as_millisecond() + 300_000,
        })
    }

    /// The compact JWS with `claims` in its protected header, signed over `body`.
    pub fn token(&self, claims: &Value, body: &[u8], payload: Payload) -> String {
        let header = URL_SAFE_NO_PAD.encode(claims.to_string());
        let body = URL_SAFE_NO_PAD.encode(body);
        let signature = self.key.sign(format!("{header}.{body}").as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let carried = if payload == Payload::Attached { body.as_str() } else { "" };
        format!("{header}.{carried}.{signature}")
    }

    /// The `Authorization` header of a well-made request.
    pub fn bearer(&self, now: Timestamp, method: &str, path: &str, body: &[u8]) -> String {
        let claims = self.claims(now, method, path.split('?').next().unwrap());
        format!("Bearer {}", self.token(&claims, body, Payload::Detached))
    }
}
