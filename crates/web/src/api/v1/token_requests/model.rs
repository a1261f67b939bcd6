//! A token request on the wire (reference, sections 2.2 and 2.3; 2.4 in `standing_order`).

use domain::alias::AliasKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::instructions::Instructions;
use super::optional_fields;
use super::standing_order::StandingOrderBody;
use crate::api::{ApiError, json};

optional_fields! {
    /// Another name of a member.
    Alias {
        /// The realm of the name.
        realm_id: String,
        /// The kind of name.
        #[serde(rename = "type", deserialize_with = "json::optional_word")]
        kind: AliasType,
        /// The name.
        value: String,
    }
}

/// The kinds of names of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum AliasType {
    Invalid,
    Unknown,
    Email,
    Phone,
    Domain,
    Bank,
    Custom,
    Eidas,
}

impl AliasType {
    /// The kind that a member's alias may have.
    pub(super) fn in_domain(self) -> Option<AliasKind> {
        match self {
            AliasType::Invalid | AliasType::Unknown => None,
            AliasType::Email => Some(AliasKind::Email),
            AliasType::Phone => Some(AliasKind::Phone),
            AliasType::Domain => Some(AliasKind::Domain),
            AliasType::Bank => Some(AliasKind::Bank),
            AliasType::Custom => Some(AliasKind::Custom),
            AliasType::Eidas => Some(AliasKind::Eidas),
        }
    }
}

optional_fields! {
    /// A member.
    TokenMember {
        /// Another name of it.
        #[serde(deserialize_with = "json::optional_object")]
        alias: Alias,
        /// Its id.
        id: String,
    }
}

optional_fields! {
    /// How a token request is carried out, on our pages.
    TokenInternal {
        /// Stored and shown; `redirectUrl` of the payload counts. The published example has both, and
        /// they differ.
        redirect_url: String,
        /// Whether our hosted pages, not the member's, ask the bank's questions.
        #[serde(deserialize_with = "json::optional_truth")]
        using_web_app: bool,
    }
}

optional_fields! {
    /// Options of a token request.
    RequestOptions {
        /// The bank; needed for `POST /token-requests/{tokenRequestId}/authorization`.
        bank_id: String,
        /// The payer as a member; kept, without effect.
        #[serde(deserialize_with = "json::optional_object")]
        from: TokenMember,
        /// The member's own stable id of the payer, at most 64 characters.
        psu_id: String,
        /// Whether the payer gets a receipt by mail, at `from.alias` of type EMAIL.
        #[serde(deserialize_with = "json::optional_truth")]
        receipt_requested: bool,
        /// Whether our pages take part.
        #[serde(deserialize_with = "json::optional_object")]
        token_internal: TokenInternal,
    }
}

optional_fields! {
    /// On whose behalf the member acts.
    ActingAs {
        /// Its name; needed.
        display_name: String,
        /// The id of the sub-TPP.
        #[serde(deserialize_with = "json::optional_text")]
        ref_id: String,
        /// Its domain or mail address.
        secondary_name: String,
        /// Kept, without effect: our pages show no pictures of others.
        logo_url: String,
    }
}

/// A payment to be approved.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransferBody {
    /// The amount: decimal, up to four places.
    pub(in crate::api::v1) lifetime_amount: String,
    /// ISO 4217.
    pub(in crate::api::v1) currency: String,
    /// Where to, where from, how.
    #[serde(deserialize_with = "json::object")]
    pub(in crate::api::v1) instructions: Instructions,
    /// The day on which the bank is to execute; at once where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::api::v1) execution_date: Option<String>,
    /// Whether the bank is asked for funds first.
    #[serde(
        default,
        deserialize_with = "json::optional_truth",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) confirm_funds: Option<bool>,
    /// Reference on the payee's statement; `refId` where it is absent.
    #[serde(
        default,
        deserialize_with = "json::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) remittance_reference: Option<String>,
    /// Whether the bank is asked for the payer's account, for refunds.
    #[serde(
        default,
        deserialize_with = "json::optional_truth",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) return_refund_account: Option<bool>,
    /// For the hosted pages: is asked for the destinations once the payer has chosen a bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::api::v1) set_transfer_destinations_url: Option<String>,
}

/// The order for the payer to approve.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestPayload {
    /// The member that calls.
    #[serde(deserialize_with = "json::object")]
    pub(in crate::api::v1) to: TokenMember,
    /// The member's reference, 1 to 35 characters, unique among its token requests.
    #[serde(deserialize_with = "json::text")]
    pub(in crate::api::v1) ref_id: String,
    /// Where the payer's browser returns to.
    pub(in crate::api::v1) redirect_url: String,
    /// For the payer to read, at most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::api::v1) description: Option<String>,
    /// Comes back with the browser as `state`, and is signed with the token's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::api::v1) callback_state: Option<String>,
    /// The countries of the banks that the hosted pages offer (ISO 3166-1 alpha-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::api::v1) countries: Option<Vec<String>>,
    /// Whether an immediate payment may not become a future-dated one.
    #[serde(
        default,
        deserialize_with = "json::optional_truth",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) disable_future_dated_payment_conversion: Option<bool>,
    /// On whose behalf the member acts.
    #[serde(
        default,
        deserialize_with = "json::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) acting_as: Option<ActingAs>,
    /// The payer under a name of the gateway's, the same for the same `psuId` of the member; made
    /// where it is absent and there is a `psuId`, kept where it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::api::v1) user_ref_id: Option<String>,
    /// When access to accounts ends, in seconds since 1970; kept, because payments end by themselves.
    #[serde(
        default,
        deserialize_with = "json::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) token_expiration: Option<String>,
    /// The member's own id of the exchange: kept and shown again.
    #[serde(
        default,
        rename = "traceID",
        alias = "traceId",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) trace_id: Option<String>,
    /// A single payment.
    #[serde(
        default,
        deserialize_with = "json::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) transfer_body: Option<TransferBody>,
    /// A standing order.
    #[serde(
        default,
        deserialize_with = "json::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) standing_order_body: Option<StandingOrderBody>,
    /// Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::api::v1) access_body: Option<Value>,
    /// Not supported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::api::v1) bulk_transfer_body: Option<Value>,
}

/// `POST /token-requests`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoreTokenRequest {
    /// Options.
    #[serde(
        default,
        deserialize_with = "json::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) request_options: Option<RequestOptions>,
    /// The order for the payer to approve.
    #[serde(deserialize_with = "json::object")]
    pub(in crate::api::v1) request_payload: RequestPayload,
}

/// A token request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    /// `rq:…`.
    id: String,
    /// As it was sent.
    #[serde(flatten)]
    asked: StoreTokenRequest,
}

/// A token request in its envelope.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequestResponse {
    /// The token request.
    token_request: TokenRequest,
}

/// The request as it was kept.
pub(in crate::api::v1) fn asked_in(
    request: &domain::token_request::TokenRequest,
) -> Result<StoreTokenRequest, ApiError> {
    serde_json::from_str(&request.asked.0)
        .map_err(|error| ApiError::Internal { detail: format!("a token request: {error}") })
}

impl TokenRequestResponse {
    pub(super) fn of(
        request: &domain::token_request::TokenRequest,
    ) -> Result<TokenRequestResponse, ApiError> {
        let mut asked = asked_in(request)?;
        // Clients read its fields without asking whether it is there.
        asked.request_options.get_or_insert_default();
        Ok(TokenRequestResponse {
            token_request: TokenRequest { id: request.id.to_string(), asked },
        })
    }
}
