//! The JWS that signs one request: claims in the protected header, the body as detached payload
//! (public API, authentication; RFC 7515, appendix F).

use anyhow::{Context, anyhow, bail};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The key and the ids that a client signs with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// `m:…`.
    pub member_id: String,
    /// The id of the key below.
    pub key_id: String,
    /// base64url of the 32-byte seed of the Ed25519 key.
    pub key_seed: String,
}

/// The claims of a token about its request.
#[derive(Debug, Serialize, Deserialize)]
struct Claims<'a> {
    alg: &'a str,
    kid: &'a str,
    mid: &'a str,
    host: &'a str,
    method: &'a str,
    path: &'a str,
    /// Milliseconds since 1970.
    exp: i64,
}

/// The request that a token is about.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The header `Host`.
    pub host: &'a str,
    /// The method in capitals.
    pub method: &'a str,
    /// The path without query.
    pub path: &'a str,
    /// The body; may be empty.
    pub body: &'a [u8],
}

/// Signs requests.
pub struct Signer {
    credentials: Credentials,
    pair: Ed25519KeyPair,
}

impl Signer {
    /// A signer with these credentials.
    ///
    /// # Errors
    /// If the seed is not one of Ed25519.
    pub fn new(credentials: Credentials) -> anyhow::Result<Signer> {
        Ok(Signer { pair: key_pair(&credentials)?, credentials })
    }

    /// The token of one request.
    ///
    /// # Errors
    /// If the claims cannot be written.
    pub fn token(&self, request: Signed<'_>, expires_ms: i64) -> anyhow::Result<String> {
        let claims = Claims {
            alg: "EdDSA",
            kid: &self.credentials.key_id,
            mid: &self.credentials.member_id,
            host: request.host,
            method: request.method,
            path: request.path,
            exp: expires_ms,
        };
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims)?);
        let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(request.body));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(input.as_bytes()).as_ref());
        Ok(format!("{header}..{signature}"))
    }
}

/// The key pair of credentials.
///
/// # Errors
/// If the seed is not one of Ed25519.
pub fn key_pair(credentials: &Credentials) -> anyhow::Result<Ed25519KeyPair> {
    let seed = URL_SAFE_NO_PAD.decode(&credentials.key_seed).context("the key's seed")?;
    Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| anyhow!("not a seed of Ed25519"))
}

/// Checks the token of one request: claims, then signature.
///
/// # Errors
/// Why it does not fit the request.
pub fn verify(
    token: &str,
    key_id: &str,
    public_key: &[u8],
    request: Signed<'_>,
    now_ms: i64,
) -> anyhow::Result<()> {
    let (header, signature) = token.split_once("..").context("not a detached JWS")?;
    let decoded = URL_SAFE_NO_PAD.decode(header)?;
    let claims: Claims<'_> = serde_json::from_slice(&decoded)?;
    let fits = claims.alg == "EdDSA"
        && claims.kid == key_id
        && claims.host == request.host
        && claims.method == request.method
        && claims.path == request.path
        && claims.exp > now_ms;
    if !fits {
        bail!("the claims do not fit the request");
    }
    let mut input = String::with_capacity(header.len() + 1 + request.body.len() * 4 / 3 + 4);
    input.push_str(header);
    input.push('.');
    URL_SAFE_NO_PAD.encode_string(request.body, &mut input);
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(input.as_bytes(), &URL_SAFE_NO_PAD.decode(signature)?)
        .map_err(|_| anyhow!("the signature does not fit"))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::KeyPair;

    use super::*;

    #[test]
    fn a_token_fits_its_request_and_no_other() {
        let credentials = Credentials {
            member_id: "m:1:x".to_owned(),
            key_id: "key".to_owned(),
            key_seed: URL_SAFE_NO_PAD.encode([7; 32]),
        };
        let public = key_pair(&credentials).unwrap().public_key().as_ref().to_vec();
        let signer = Signer::new(credentials).unwrap();
        let request = Signed { host: "localhost:1", method: "POST", path: "/a", body: b"{}" };
        let token = signer.token(request, 1_000).unwrap();
        let check = |request, now_ms| verify(&token, "key", &public, request, now_ms);
        assert!(check(request, 999).is_ok());
        assert!(check(request, 1_000).is_err(), "expired");
        for other in [
            Signed { host: "localhost:2", ..request },
            Signed { method: "GET", ..request },
            Signed { path: "/b", ..request },
            Signed { body: b"[]", ..request },
        ] {
            assert!(check(other, 0).is_err(), "{other:?}");
        }
        assert!(verify(&token, "other", &public, request, 0).is_err());
        assert!(verify("a.b", "key", &public, request, 0).is_err());
    }
}
