//! What a bank gives for an approval.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::BankError;

/// What a new access token is had for, without the payer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    /// The token: a secret. It may work once.
    pub token: String,
    /// Where the bank's authorisation server describes itself, where the bank told it for this
    /// payment (RFC 8414).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_url: Option<String>,
}

/// An OAuth 2 access token of the payer (RFC 6749): a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// Bearer token, bound to the consent.
    pub access_token: String,
    /// From then on the bank refuses it.
    pub expires_at: Timestamp,
    /// For the next one, where the bank gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<RefreshToken>,
}

/// Tokens stay out of logs.
impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What confirms an approved payment request (STET, `POST …/confirmation`): a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// `psuAuthenticationFactor`, which the payer's browser brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psu_authentication_factor: Option<String>,
    /// `nonce`, which the bank gave with the payment request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// From then on we confirm no more.
    pub expires_at: Timestamp,
}

/// What shows the bank that the payer has approved, in the form that its standard has: a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A confirmation.
    Confirmation(Confirmation),
    /// An access token.
    #[serde(untagged)]
    Token(AccessToken),
}

impl Proof {
    /// The access token, where the standard has one.
    #[must_use]
    pub fn token(&self) -> Option<&AccessToken> {
        match self {
            Proof::Token(token) => Some(token),
            Proof::Confirmation(_) => None,
        }
    }

    /// The access token of a standard that orders with one.
    ///
    /// # Errors
    /// [`BankError::Unavailable`] where the proof is another standard's: nothing was sent.
    pub(crate) fn access_token(&self) -> Result<&AccessToken, BankError> {
        let text = "the approval gave no access token".to_owned();
        self.token().ok_or(BankError::Unavailable { text })
    }

    /// Until when an order can be sent with it: for ever where a token can be refreshed.
    #[must_use]
    pub fn usable_until(&self) -> Timestamp {
        match self {
            Proof::Token(AccessToken { refresh: Some(_), .. }) => Timestamp::MAX,
            Proof::Token(AccessToken { expires_at, .. })
            | Proof::Confirmation(Confirmation { expires_at, .. }) => *expires_at,
        }
    }
}

/// Secrets stay out of logs.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Proof::Token(_) => "Token(…)",
            Proof::Confirmation(_) => "Confirmation(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Releases up to 0.4 sealed an access token without a word of what it is.
    #[test]
    fn what_an_earlier_release_kept_is_an_access_token() {
        let kept = r#"{"access_token":"t","expires_at":"2026-01-05T10:00:00Z"}"#;
        let proof: Proof = serde_json::from_str(kept).unwrap();
        assert_eq!(proof.token().unwrap().access_token, "t");
        assert_eq!(serde_json::to_string(&proof).unwrap(), kept);
        assert_eq!(proof.usable_until(), "2026-01-05T10:00:00Z".parse().unwrap());
    }

    #[test]
    fn a_confirmation_is_kept_as_one_and_is_no_access_token() {
        let expires_at = "2026-01-05T10:00:00Z".parse().unwrap();
        let nonce = Some("n".to_owned());
        let proof = Proof::Confirmation(Confirmation {
            psu_authentication_factor: None,
            nonce,
            expires_at,
        });
        let kept = serde_json::to_string(&proof).unwrap();
        assert_eq!(kept, r#"{"confirmation":{"nonce":"n","expires_at":"2026-01-05T10:00:00Z"}}"#);
        assert!(serde_json::from_str::<Proof>(&kept).unwrap() == proof);
        assert!(proof.access_token().is_err());
        assert_eq!(format!("{proof:?}"), "Confirmation(…)");
    }

    #[test]
    fn a_token_that_can_be_refreshed_stays_usable() {
        let refresh = Some(RefreshToken { token: "r".to_owned(), metadata_url: None });
        let access_token = "t".to_owned();
        let expires_at = "2026-01-05T10:00:00Z".parse().unwrap();
        let proof = Proof::Token(AccessToken { access_token, expires_at, refresh });
        assert_eq!(proof.usable_until(), Timestamp::MAX);
    }
}
