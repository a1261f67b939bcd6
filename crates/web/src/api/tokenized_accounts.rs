//! `/tokenized-accounts`: accounts on file (reference, section 5.2).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::field::{Field, PartyField};
use domain::ids::TokenizedAccountId;
use gateway::idempotency::IdempotencyKey;
use gateway::tokenized_accounts::{self, AccountOnFile};
use gateway::{App, GatewayError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::MemberRequest;
use super::error::FieldFault;
use super::keys::Empty;
use super::parts::party::{self, Debtor};
use super::parts::places::Places;
use super::path::Path;
use super::{ApiError, idempotency, json};
use crate::api::parts::places::Only;

/// An account to keep.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateTokenizedAccount {
    /// The account in exactly one of the published forms, and its holder.
    #[serde(deserialize_with = "json::object")]
    account_details: Debtor,
    /// The bank that holds it.
    #[serde(default)]
    bank_id: Option<String>,
}

/// The account's id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenizedAccount {
    /// `tai:…`: names the account in `debtor` of a payment.
    tokenized_account_id: String,
}

/// An account that is kept.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenizedAccountDetails {
    /// The account and its holder, in full.
    account_details: Debtor,
}

/// Keep an account
#[utoipa::path(
    post, path = "/tokenized-accounts", tag = "Account on File",
    operation_id = "CreateTokenizedAccount",
    request_body = CreateTokenizedAccount,
    responses((status = 200, description = "The account's id", body = TokenizedAccount),
        (status = 400, description = "A field is missing or wrong"),
        (status = 401, description = "Not authenticated"),
        (status = 500, description = "Internal error"))
)]
pub async fn create_tokenized_account(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    idempotency::once(&app, &incoming, |key| create(&app, &incoming, key)).await
}

async fn create(
    app: &Arc<App>,
    incoming: &MemberRequest,
    key: Option<IdempotencyKey>,
) -> Result<TokenizedAccount, ApiError> {
    let asked: CreateTokenizedAccount = json::read(&incoming.body)?;
    if asked.account_details.tokenized_account_id.is_some() {
        let path = Account.path(Field::Debtor(PartyField::AccountOnFile));
        let message = "`tokenizedAccountId` is the answer: send an account.";
        return Err(ApiError::field(FieldFault::Invalid, path, message));
    }
    let holder = asked.account_details.draft().on_file();
    let holder = holder.map_err(|error| ApiError::of_field(&error, &Account))?;
    let bank_id = asked.bank_id.filter(|id| !id.is_empty());
    let account = AccountOnFile { bank_id, holder };
    let id = tokenized_accounts::create(app, &incoming.member, &account, key)
        .await
        .map_err(|error| ApiError::from_gateway(error, "", &Account))?;
    Ok(TokenizedAccount { tokenized_account_id: id.to_string() })
}

/// Where the fields of the payer are in this request.
struct Account;

impl Places for Account {
    fn path(&self, field: Field) -> String {
        match field {
            Field::BankId => "bankId".to_owned(),
            Field::Debtor(part) => {
                format!("accountDetails.{}", party::place(part, "ultimateDebtorName"))
            }
            // No fields of an account on file.
            Field::Order
            | Field::RefId
            | Field::Reference
            | Field::SecondaryText
            | Field::BothTexts
            | Field::EndToEndId
            | Field::OwnId
            | Field::OnBehalfOf
            | Field::Amount
            | Field::Currency
            | Field::Rail
            | Field::ExecutionDate
            | Field::CallbackUrl
            | Field::CallbackState
            | Field::PayerReference
            | Field::DestinationsUrl
            | Field::CredentialFlow
            | Field::Credentials
            | Field::Creditor(_)
            | Field::Risk(_)
            | Field::Delivery(_) => "accountDetails".to_owned(),
        }
    }

    fn payer_chooses_bank(&self) -> &'static str {
        ""
    }
}

/// Read an account
#[utoipa::path(
    get, path = "/tokenized-accounts/{tokenizedAccountId}", tag = "Account on File",
    operation_id = "GetTokenizedAccount",
    params(("tokenizedAccountId" = String, Path, description = "The account's id")),
    responses((status = 200, description = "The account", body = TokenizedAccountDetails),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such account of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn get_tokenized_account(
    State(app): State<Arc<App>>,
    Path(tokenized_account_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Json<TokenizedAccountDetails>, ApiError> {
    let id = id_of(&tokenized_account_id)?;
    let account = tokenized_accounts::get(&app, &incoming.member, &id).await.map_err(failed)?;
    let account = account.ok_or_else(|| not_found(&tokenized_account_id))?;
    Ok(Json(TokenizedAccountDetails { account_details: Debtor::of(&account.holder) }))
}

/// Forget an account
#[utoipa::path(
    delete, path = "/tokenized-accounts/{tokenizedAccountId}", tag = "Account on File",
    operation_id = "DeleteTokenizedAccount",
    params(("tokenizedAccountId" = String, Path, description = "The account's id")),
    responses((status = 200, description = "It is forgotten", body = Empty),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such account of this member"),
        (status = 500, description = "Internal error"))
)]
pub async fn delete_tokenized_account(
    State(app): State<Arc<App>>,
    Path(tokenized_account_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Json<Empty>, ApiError> {
    let id = id_of(&tokenized_account_id)?;
    match tokenized_accounts::delete(&app, &incoming.member, &id).await.map_err(failed)? {
        true => Ok(Json(Empty {})),
        false => Err(not_found(&tokenized_account_id)),
    }
}

fn id_of(text: &str) -> Result<TokenizedAccountId, ApiError> {
    text.parse().map_err(|_| not_found(text))
}

fn not_found(id: &str) -> ApiError {
    let shown: String = id.chars().take(domain::ids::ID_LENGTH_MAX).collect();
    ApiError::NotFound { message: format!("Tokenized account {shown} not found."), id: shown }
}

fn failed(error: GatewayError) -> ApiError {
    ApiError::from_gateway(error, "", &Only(""))
}

/// An account on file named in a payment's `debtor`, which has nothing beside the id.
///
/// # Errors
/// [`ApiError::Field`] if it is not such an id, or another field is beside it.
pub(super) fn named_in(debtor: &Debtor) -> Result<Option<TokenizedAccountId>, ApiError> {
    let Some(text) = debtor.tokenized_account_id.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if !debtor.is_named_only() {
        let message = "`debtor` should be `tokenizedAccountId` alone, or an account.";
        return Err(ApiError::field(FieldFault::Invalid, "initiation.debtor", message));
    }
    let id = text.parse().map_err(|_| {
        let message = "`tokenizedAccountId` should be an id such as tai:4HoNx…:5zJAqBcE.";
        let path = "initiation.debtor.tokenizedAccountId";
        ApiError::field(FieldFault::InvalidFormat, path, message)
    })?;
    Ok(Some(id))
}
