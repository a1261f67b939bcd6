//! The OAuth 2.0 objects of an approval: a request for the payer's browser, a code for the
//! provider, an access token and a refresh token. One table holds them all, by kind and secret.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::jose::{base64url, sha256};
use super::order::Purpose;
use super::state::after_seconds;
use super::table::Row;

/// How long what has expired is kept.
const KEPT_SECONDS: i64 = 3600;

/// An authorisation request, a code or a token; keyed by [`key`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) bank: String,
    pub(crate) client: String,
    pub(crate) scope: String,
    /// The order that it is about; none for a client's own token and for a sign-in before any
    /// payment.
    #[serde(alias = "transfer_id")]
    pub(crate) order_id: Option<String>,
    /// The part of the order that the payer must approve.
    #[serde(default)]
    pub(crate) purpose: Purpose,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    /// The expected hash of the verifier (RFC 7636); empty without PKCE.
    pub(crate) code_challenge: String,
    #[serde(default)]
    pub(crate) nonce: String,
    /// How the answer reaches the provider (UK Open Banking).
    #[serde(default)]
    pub(crate) response_mode: String,
    /// The answer to the provider, once decided: names and values (UK Open Banking).
    #[serde(default)]
    pub(crate) answer: Option<Vec<(String, String)>>,
    /// The certificate with which alone a token works (RFC 8705, section 3).
    #[serde(default)]
    pub(crate) certificate: Option<String>,
    /// Key of the token that a code was exchanged for.
    #[serde(default)]
    pub(crate) used_for: Option<String>,
    /// The payer's approval from which tokens come: the key of their code.
    #[serde(default)]
    pub(crate) family: String,
    /// How often a refresh token was used.
    #[serde(default)]
    pub(crate) uses: u32,
    pub(crate) username: Option<String>,
    /// Wrong passwords.
    pub(crate) wrong: u32,
    pub(crate) expires_at: Timestamp,
}

impl Grant {
    /// A grant without an answer.
    pub(crate) fn of(bank: &str, client: &str, expires_at: Timestamp) -> Grant {
        Grant {
            bank: bank.to_owned(),
            client: client.to_owned(),
            scope: String::new(),
            order_id: None,
            purpose: Purpose::Payment,
            redirect_uri: String::new(),
            state: String::new(),
            code_challenge: String::new(),
            nonce: String::new(),
            response_mode: String::new(),
            answer: None,
            certificate: None,
            used_for: None,
            family: String::new(),
            uses: 0,
            username: None,
            wrong: 0,
            expires_at,
        }
    }
}

impl Row for Grant {
    const TABLE: &'static str = "grant";
    const CAPACITY: usize = 50_000;
    fn is_finished(&self, now: Timestamp) -> bool {
        self.is_expired(now)
    }
    // Kept for a while, so that an expired token is not taken for an unknown one.
    fn is_expired(&self, now: Timestamp) -> bool {
        after_seconds(self.expires_at, KEPT_SECONDS) <= now
    }
}

/// The key of a secret of one kind: `request`, `code`, `token`, `refresh` or `callback`. The secret
/// itself is not kept.
pub(crate) fn key(kind: &str, secret: &str) -> String {
    format!("{kind}:{}", base64url(sha256(secret.as_bytes())))
}
