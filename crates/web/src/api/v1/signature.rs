//! The gateway's signatures for members of payments v1 (reference, sections 2.14 and 2.17).

use gateway::App;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A signature by the gateway's key; empty where there is nothing to sign yet.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// The gateway's own member.
    #[serde(skip_serializing_if = "Option::is_none")]
    member_id: Option<String>,
    /// Its key (`GET /member/{memberId}/keys`).
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    /// Ed25519, base64url without padding.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

impl Signature {
    /// Over a value as canonical JSON: keys in order and no spaces, so that it has one form only.
    #[must_use]
    pub fn over(app: &App, value: &Value) -> Signature {
        Signature::over_text(app, &value.to_string())
    }

    /// Over a text.
    #[must_use]
    pub fn over_text(app: &App, text: &str) -> Signature {
        let key = app.gateway_key();
        Signature {
            member_id: Some(key.member_id().to_string()),
            key_id: Some(key.key_id().to_owned()),
            signature: Some(key.sign(text.as_bytes())),
        }
    }
}
