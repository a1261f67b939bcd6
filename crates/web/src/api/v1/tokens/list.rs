//! `GET /tokens`: the member's tokens, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway::App;
use serde::{Deserialize, Serialize};
use store::payments::Role;
use utoipa::ToSchema;

use super::model::Token;
use crate::api::ApiError;
use crate::api::auth::MemberRequest;
use crate::api::query::{Query, word};
use crate::api::v1::page::{Wanted, page};

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokensResponse {
    /// Loads the next page; empty on the last page.
    offset: String,
    /// The tokens.
    tokens: Vec<Token>,
}

/// The purpose of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum TokenType {
    /// Anything.
    Invalid,
    /// Access to accounts; no token has it yet.
    Access,
    /// Payments.
    Transfer,
}

/// The member's part in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum TokenRole {
    /// Anything.
    Any,
    /// Who pays; no member is.
    From,
    /// Who may redeem it.
    To,
    /// Who keeps the account; no member does.
    Issuer,
}

/// List tokens
#[utoipa::path(
    get, path = "/tokens", tag = "Tokens (payments v1)",
    operation_id = "GatewayService.GetTokens",
    params(
        ("type" = Option<String>, Query, description = "INVALID, ACCESS or TRANSFER"),
        ("page.limit" = Option<i32>, Query, description = "1 to 200; anything else is 200"),
        ("page.offset" = Option<String>, Query, description = "`offset` of the page before"),
        ("filter.sourceAccountId" = Option<String>, Query,
            description = "Only those from this linked account; there are none"),
        ("filter.destinationAccountId" = Option<String>, Query,
            description = "Only those to this linked account; there are none"),
        ("filter.startTimeMs" = Option<String>, Query,
            description = "Only those of this moment or later, milliseconds since 1970"),
        ("filter.endTimeMs" = Option<String>, Query,
            description = "Only those of this moment or earlier, milliseconds since 1970"),
        ("filter.role" = Option<String>, Query, description = "ANY, FROM, TO or ISSUER"),
        ("filter.actingAsRefId" = Option<String>, Query,
            description = "Only those of this sub-TPP")),
    responses((status = 200, description = "One page", body = TokensResponse),
        (status = 400, description = "A parameter is wrong"),
        (status = 401, description = "Not authenticated"),
        (status = 500, description = "Internal error"))
)]
pub async fn list_tokens(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Json<TokensResponse>, ApiError> {
    let query = incoming.query().map_err(ApiError::bare)?;
    let wanted = wanted(&query).map_err(ApiError::bare)?;
    let (found, offset) = page(&app, &incoming.member, &query, Role::Token, wanted).await?;
    let tokens = found.iter().map(|one| Token::of(&app, one)).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(TokensResponse { offset, tokens }))
}

fn wanted(query: &Query) -> Result<Wanted, ApiError> {
    let kind: Option<TokenType> = query.text("type").map(|text| word("type", text)).transpose()?;
    let role: Option<TokenRole> =
        query.text("filter.role").map(|text| word("filter.role", text)).transpose()?;
    let linked = ["filter.sourceAccountId", "filter.destinationAccountId"];
    let nothing_fits = kind == Some(TokenType::Access)
        || matches!(role, Some(TokenRole::From | TokenRole::Issuer))
        || linked.into_iter().any(|parameter| query.text(parameter).is_some());
    Ok(Wanted { id: None, ref_id: None, statuses: vec![], none: nothing_fits })
}
