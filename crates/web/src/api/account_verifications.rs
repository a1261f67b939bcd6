//! `POST /account-verifications`: verification of payee (reference, section 5.3).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use banks::payee_verification::NameMatch;
use domain::account::AccountIdentifier;
use domain::text::unreadable_character;
use gateway::App;
use gateway::account_verifications::{self, AccountVerification};
use gateway::idempotency::IdempotencyKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::MemberRequest;
use super::error::FieldFault;
use super::parts::fault::no_unreadable;
use super::{ApiError, idempotency, json};
use crate::api::parts::places::Only;

/// The longest name, in characters (ISO 20022 `Max140Text`).
const NAME_CHARACTERS_MAX: usize = 140;

/// Whose account it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountToVerify {
    /// The holder's name, 1 to 140 characters.
    #[serde(default)]
    name: Option<String>,
    /// `EUR`.
    #[serde(default)]
    currency: Option<String>,
    /// The account.
    #[serde(default)]
    iban: Option<String>,
}

/// The account and the name to verify.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountVerificationRequest {
    /// The account.
    account: AccountToVerify,
    /// The settlement account that will pay; none exist yet.
    #[serde(default)]
    virtual_account_id: Option<String>,
}

/// The answer of the payee's bank.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the published names; each is documented at `NameMatch`")]
pub enum VerificationStatus {
    Match,
    NoMatch,
    CloseMatch,
    VerificationNotPossible,
}

/// Why it is no full match.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the published names say it")]
pub enum VerificationReason {
    Unknown,
    ExactMatch,
    NameMismatch,
    AccountMismatch,
}

/// The holder as the bank knows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Matched {
    /// The holder's name.
    name: String,
}

/// The outcome.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerificationResult {
    /// The answer of the payee's bank.
    status: VerificationStatus,
    /// Why.
    reasons: Vec<VerificationReason>,
    /// In words.
    details: &'static str,
    /// Only for a close match, if the bank returns the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<Matched>,
}

/// A verification that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountVerificationResponse {
    /// `avr-…`: names the verification when the account is paid.
    id: String,
    /// The outcome.
    result: VerificationResult,
}

impl AccountVerificationResponse {
    fn of(made: AccountVerification) -> AccountVerificationResponse {
        use VerificationReason as Reason;
        use VerificationStatus as Status;
        let (status, reasons, details, matched) = match made.result {
            NameMatch::Match => {
                (Status::Match, vec![Reason::ExactMatch], "The account details match.", None)
            }
            NameMatch::CloseMatch { name } => (
                Status::CloseMatch,
                vec![Reason::NameMismatch],
                "The name provided is a close match.",
                name,
            ),
            NameMatch::NoMatch => (
                Status::NoMatch,
                vec![Reason::AccountMismatch, Reason::NameMismatch],
                "The account and name do not match.",
                None,
            ),
            NameMatch::NotPossible => (
                Status::VerificationNotPossible,
                vec![Reason::Unknown],
                "The check cannot be completed.",
                None,
            ),
        };
        let matched = matched.map(|name| Matched { name });
        let result = VerificationResult { status, reasons, details, matched };
        AccountVerificationResponse { id: made.id, result }
    }
}

/// Ask whether a name is the holder of an account
#[utoipa::path(
    post, path = "/account-verifications", tag = "Verification",
    operation_id = "post-verification",
    request_body = AccountVerificationRequest,
    responses((status = 200, description = "The outcome", body = AccountVerificationResponse),
        (status = 400, description = "A field is missing or wrong"),
        (status = 401, description = "Not authenticated"),
        (status = 500, description = "Internal error"))
)]
pub async fn verify_account(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    idempotency::once(&app, &incoming, |key| verify(&app, &incoming, key)).await
}

async fn verify(
    app: &Arc<App>,
    incoming: &MemberRequest,
    key: Option<IdempotencyKey>,
) -> Result<AccountVerificationResponse, ApiError> {
    let asked: AccountVerificationRequest = json::read(&incoming.body)?;
    let expected = |field: &str| {
        let message = format!("`{field}` is required.");
        ApiError::field(FieldFault::Expected, format!("account.{field}"), message)
    };
    let invalid = |field: &str, message: &str| {
        ApiError::field(FieldFault::Invalid, format!("account.{field}"), message)
    };
    let account = asked.account;
    let name = account.name.ok_or_else(|| expected("name"))?;
    let length = name.trim().chars().count();
    if !(1..=NAME_CHARACTERS_MAX).contains(&length) {
        let message = format!("`name` should be 1 to {NAME_CHARACTERS_MAX} characters.");
        return Err(invalid("name", &message));
    }
    if let Some(one) = unreadable_character(&name) {
        return Err(invalid("name", &no_unreadable("name", one)));
    }
    let currency = account.currency.ok_or_else(|| expected("currency"))?;
    if currency != "EUR" {
        return Err(invalid("currency", "`currency` should be EUR: no other can be verified."));
    }
    let iban = account.iban.ok_or_else(|| expected("iban"))?;
    let checked = AccountIdentifier::Iban { iban, bic: None }
        .checked()
        .map_err(|error| invalid("iban", &format!("`iban` {}", error.rule)))?;
    let AccountIdentifier::Iban { iban, .. } = checked else {
        return Err(expected("iban"));
    };
    if asked.virtual_account_id.is_some() {
        let message = "`virtualAccountId` names no settlement account of this member.";
        return Err(ApiError::field(FieldFault::Invalid, "virtualAccountId", message));
    }
    let made = account_verifications::verify(app, &incoming.member, &iban, name.trim(), key)
        .await
        .map_err(|error| ApiError::from_gateway(error, "", &Only("account")))?;
    Ok(AccountVerificationResponse::of(made))
}
