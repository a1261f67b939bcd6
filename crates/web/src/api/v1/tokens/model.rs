//! A token on the wire (reference, section 2.17).

use domain::payment::{End, State};
use gateway::App;
use gateway::transfers::Requested;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::ApiError;
use crate::api::v1::signature::Signature;
use crate::api::v1::token_requests::model::{ActingAs, TokenMember, TransferBody, asked_in};
use crate::api::v1::token_requests::standing_order::StandingOrderBody;
use crate::api::v1::transfers::model::written;

/// The approved order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenPayload {
    /// A single payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer: Option<TransferBody>,
    /// A standing order.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing_order: Option<StandingOrderBody>,
    /// On whose behalf the member acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    acting_as: Option<ActingAs>,
    /// For the payer to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// When it was approved, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_at_ms: Option<String>,
    /// Until when it can be redeemed, in milliseconds since 1970, as long as it waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<String>,
    /// The payer as a member, if the request named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<TokenMember>,
    /// The member that asked for it.
    initiator_id: String,
    /// Whether the payer gets a receipt.
    receipt_requested: bool,
    /// The member's reference.
    ref_id: String,
    /// The member that may redeem it.
    to: TokenMember,
    /// `rq:…`.
    token_request_id: String,
    /// Of the payload's form.
    version: String,
}

/// An action on a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum TokenAction {
    /// It was approved.
    Endorsed,
    /// It was taken back.
    Canceled,
}

impl TokenAction {
    /// The signed word behind the payload.
    fn signed_word(self) -> &'static str {
        match self {
            TokenAction::Endorsed => "endorsed",
            TokenAction::Canceled => "canceled",
        }
    }
}

/// An action on a token, signed.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenSignature {
    /// The action.
    action: TokenAction,
    /// The gateway's, over the payload as canonical JSON, a dot and the action in small letters.
    signature: Signature,
}

/// A payer's approval.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// `tt:…`.
    id: String,
    /// The approved order.
    payload: TokenPayload,
    /// The actions on it.
    payload_signatures: Vec<TokenSignature>,
    /// `rq:…`.
    token_request_id: String,
}

/// A token in its envelope.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenResponse {
    /// The token.
    pub(super) token: Token,
}

impl Token {
    /// The current token.
    ///
    /// # Errors
    /// [`ApiError::Internal`] where the request that was kept cannot be read.
    pub fn of(app: &App, requested: &Requested) -> Result<Token, ApiError> {
        let Requested { payment, request } = requested;
        let asked = asked_in(request)?;
        let (payload, options) = (asked.request_payload, asked.request_options.unwrap_or_default());
        let usable_until = match &payment.state {
            State::AwaitingRedemption { usable_until, .. } => Some(*usable_until),
            _ => None,
        };
        let ms = |moment: jiff::Timestamp| moment.as_millisecond().to_string();
        let payload = TokenPayload {
            transfer: payload.transfer_body,
            standing_order: payload.standing_order_body,
            acting_as: payload.acting_as,
            description: payload.description,
            effective_at_ms: payment.approved_at.map(ms),
            expires_at_ms: usable_until.map(ms),
            from: options.from,
            initiator_id: payment.member_id.to_string(),
            receipt_requested: options.receipt_requested.unwrap_or(false),
            ref_id: payload.ref_id,
            to: payload.to,
            token_request_id: request.id.to_string(),
            version: "1.0".to_owned(),
        };
        let mut actions = vec![TokenAction::Endorsed];
        if payment.state == (State::Final { end: End::Cancelled }) {
            actions.push(TokenAction::Canceled);
        }
        let text = written(&payload)?;
        let signed = |action: TokenAction| TokenSignature {
            action,
            signature: Signature::over_text(app, &format!("{text}.{}", action.signed_word())),
        };
        Ok(Token {
            id: payment.id.token_id().to_string(),
            payload_signatures: actions.into_iter().map(signed).collect(),
            payload,
            token_request_id: request.id.to_string(),
        })
    }
}
