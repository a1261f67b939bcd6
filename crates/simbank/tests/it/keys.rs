//! The test TPP's keys and signatures, written independently of the bank's.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyUncompressedBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_SHA256, RsaPublicKeyComponents, RsaSignatureEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// `iss` of the test TPP's message signatures.
pub const ISSUER: &str = "0014H00001TPP00000/software-1";

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn from_base64url(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A JWT whose signature has one character changed, well before the end, where some bits of the last
/// character mean nothing.
pub fn tampered(jwt: &str) -> String {
    let (start, end) = jwt.split_at(jwt.len() - 20);
    let replacement = if end.starts_with('A') { 'B' } else { 'A' };
    format!("{start}{replacement}{}", &end[1..])
}

/// The TPP's keys: one RSA, one P-256.
pub struct Keys {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
}

pub fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| Keys {
        rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
    })
}

impl Keys {
    pub fn jwks(&self) -> Value {
        // RSAPublicKey of a 2048-bit key: fixed lengths, so fixed places.
        let rsa = self.rsa.public_key().as_ref();
        let (modulus, exponent) = (&rsa[9..265], &rsa[267..]);
        let point = self.ec.public_key();
        let point: EcPublicKeyUncompressedBin = point.as_be_bytes().unwrap();
        let point = point.as_ref();
        json!({ "keys": [
            { "kty": "RSA", "kid": "rsa-1", "use": "sig",
              "n": base64url(modulus), "e": base64url(exponent) },
            { "kty": "EC", "crv": "P-256", "kid": "ec-1", "use": "sig",
              "x": base64url(&point[1..33]), "y": base64url(&point[33..]) },
        ] })
    }

    pub fn ps256(&self, input: &str) -> String {
        let mut signature = vec![0; 256];
        let random = SystemRandom::new();
        self.rsa.sign(&RSA_PSS_SHA256, &random, input.as_bytes(), &mut signature).unwrap();
        base64url(signature)
    }

    /// The public key, PKCS#1 DER.
    pub fn rsa_public_der(&self) -> &[u8] {
        self.rsa.public_key().as_ref()
    }

    /// A signature as HTTP message signatures have it.
    pub fn rsa_pkcs1(&self, padding: &'static RsaSignatureEncoding, input: &str) -> Vec<u8> {
        let mut signature = vec![0; 256];
        self.rsa.sign(padding, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
        signature
    }

    pub fn jwt(&self, claims: &Value) -> String {
        let header = json!({ "alg": "PS256", "kid": "rsa-1" });
        let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        format!("{input}.{}", self.ps256(&input))
    }

    pub fn jwt_es256(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "kid": "ec-1" });
        let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        let signature = self.ec.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", base64url(signature))
    }
}

pub fn verify_ps256(jwks: &Value, input: &str, signature: &str) -> bool {
    let key = &jwks["keys"][0];
    let number = |name: &str| from_base64url(key[name].as_str().unwrap());
    RsaPublicKeyComponents { n: number("n"), e: number("e") }
        .verify(&RSA_PSS_2048_8192_SHA256, input.as_bytes(), &from_base64url(signature))
        .is_ok()
}

/// The header of a good message signature.
pub fn message_header(now: i64) -> Value {
    json!({
        "alg": "PS256", "kid": "rsa-1", "typ": "JOSE", "cty": "application/json",
        "http://openbanking.org.uk/iat": now,
        "http://openbanking.org.uk/iss": ISSUER,
        "http://openbanking.org.uk/tan": "openbanking.org.uk",
        "crit": ["http://openbanking.org.uk/iat", "http://openbanking.org.uk/iss",
                 "http://openbanking.org.uk/tan"],
    })
}

pub fn sign(header: &Value, body: &str) -> String {
    let header64 = base64url(header.to_string());
    let signature = keys().ps256(&format!("{header64}.{}", base64url(body)));
    format!("{header64}..{signature}")
}
