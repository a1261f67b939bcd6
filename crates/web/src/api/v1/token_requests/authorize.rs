//! `POST /token-requests/{tokenRequestId}/authorization` (reference, section 2.9).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::authorisation::{Authorisation, Challenge, FieldKind};
use domain::ids::PaymentId;
use domain::initiation::Flow;
use domain::payment::{self as core, Stage};
use gateway::idempotency::IdempotencyKey;
use gateway::token_requests::{self, Authorising};
use gateway::{App, payments};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::errors::from_gateway;
use super::model::{StoreTokenRequest, asked_in};
use super::optional_fields;
use crate::api::auth::MemberRequest;
use crate::api::parts::credentials::credentials;
use crate::api::parts::places::Only;
use crate::api::path::Path;
use crate::api::{ApiError, idempotency, json};
use crate::language::Language;
use crate::pages::session_url;

/// The body of the request.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthorizationRequest {
    /// Whether the payer has already agreed in the member's own pages.
    #[serde(deserialize_with = "json::optional_truth")]
    consent_accepted: Option<bool>,
    /// Answers to the bank's questions, by field id.
    credentials: Option<BTreeMap<String, String>>,
    /// Whether the member's pages ask the bank's questions; needed where the bank has some.
    #[serde(deserialize_with = "json::optional_truth")]
    use_credential_flow: Option<bool>,
    /// Whether our hosted pages ask them. Also taken as `useWebAppCredentialsFlow`.
    #[serde(deserialize_with = "json::optional_truth", alias = "useWebAppCredentialsFlow")]
    use_webapp_credentials_flow: Option<bool>,
}

/// The kind of a field.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CredentialFieldType {
    /// Text.
    Field,
    /// Text that must not be seen while it is typed.
    Password,
    /// Something to read.
    PsuMessage,
    /// A picture to read or to scan.
    Image,
    /// Data for a flickering picture.
    Flicker,
    /// The payer confirms on another device; then the request is sent again.
    Decoupled,
}

optional_fields! {
    /// A question of the bank, or something to show beside one.
    AuthorizationField {
        /// Its kind.
        #[serde(rename = "type")]
        kind: CredentialFieldType,
        /// The key under which the answer comes back.
        id: String,
        /// The label that the payer reads.
        display_name: String,
        /// A further explanation.
        description: String,
        /// The options; the answer is one of these texts.
        options: Vec<String>,
        /// A picture, base64.
        image: String,
        /// Data for a flickering picture.
        flicker_code: String,
    }
}

/// The fields, in a field of the same name as published.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizationFields {
    /// The fields.
    fields: Vec<AuthorizationField>,
}

/// How an approval ended that led nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScaStatus {
    /// The payer has approved.
    Authenticated,
    /// The payer did not approve.
    AuthenticationFailed,
    /// The payer said no.
    DeclinedByPsu,
}

/// The next step: one of the three.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizationResponse {
    /// Where the payer's browser must go.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_url: Option<String>,
    /// The questions and messages for the payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<AuthorizationFields>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ScaStatus>,
    /// Our `state` towards the bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth_state: Option<String>,
}

/// Lead the payer to the approval
#[utoipa::path(
    post, path = "/token-requests/{tokenRequestId}/authorization",
    tag = "Token requests (payments v1)",
    operation_id = "GatewayService.InitiateBankAuthorization",
    description = "The first request makes the token request a payment and opens it at the bank. \
                   Further ones bring answers to the bank's questions, or ask what is next: also \
                   while the payer has to approve the cancellation of the token.",
    params(("tokenRequestId" = String, Path, description = "The token request's id"),
        ("request-timeout" = Option<i32>, Header,
            description = "Seconds to wait for the bank, 1 to 120")),
    request_body = AuthorizationRequest,
    responses((status = 200, description = "What is next", body = AuthorizationResponse),
        (status = 400, description = "The token request has expired, or a value is wrong"),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "No such token request of this member"),
        (status = 500, description = "Internal error"),
        (status = 504, description = "The bank has not answered yet: ask again"))
)]
pub async fn authorize_token_request(
    State(app): State<Arc<App>>,
    Path(token_request_id): Path<String>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    let run = |key| authorize(&app, &token_request_id, &incoming, key);
    idempotency::once_or(&app, &incoming, run, |payment| again(&app, &incoming, payment)).await
}

async fn authorize(
    app: &Arc<App>,
    id: &str,
    incoming: &MemberRequest,
    key: Option<IdempotencyKey>,
) -> Result<AuthorizationResponse, ApiError> {
    let given: AuthorizationRequest = match incoming.body.iter().all(u8::is_ascii_whitespace) {
        true => AuthorizationRequest::default(),
        false => json::read(&incoming.body)?,
    };
    let request = token_requests::get(app, &incoming.member, id)
        .await
        .map_err(|error| ApiError::from_gateway(error, id, &Only("")))?;
    let asked: StoreTokenRequest = asked_in(&request)?;
    let with = Authorising {
        consent_accepted: given.consent_accepted.unwrap_or(false),
        by_credentials: given.use_credential_flow.unwrap_or(false),
        on_our_pages: given.use_webapp_credentials_flow.unwrap_or(false),
        credentials: credentials("credentials", given.credentials.unwrap_or_default())?,
        psu: incoming.psu(),
        request_timeout_ms: incoming.request_timeout_ms(),
        idempotency: key,
    };
    let payment = token_requests::authorise(app, &incoming.member, id, with)
        .await
        .map_err(|error| from_gateway(error, id, &asked))?;
    AuthorizationResponse::of(&payment, &app.settings().public_url)
}

/// It was carried out and never answered: its payment says what is next now.
async fn again(
    app: &Arc<App>,
    incoming: &MemberRequest,
    payment: Option<PaymentId>,
) -> Result<AuthorizationResponse, ApiError> {
    let missing = || ApiError::Internal { detail: "an authorisation without payment".to_owned() };
    let id = payment.ok_or_else(missing)?;
    let payment = payments::get(app, &incoming.member, &id)
        .await
        .map_err(|error| ApiError::from_gateway(error, id.as_str(), &Only("")))?;
    AuthorizationResponse::of(&payment, &app.settings().public_url)
}

impl AuthorizationResponse {
    /// The next step of the payer of the payment.
    fn of(payment: &core::Payment, public_url: &str) -> Result<AuthorizationResponse, ApiError> {
        if payment.state == core::State::AwaitingBankChoice {
            return Err(slow());
        }
        let Some(authorisation) = payment.authorisation() else {
            let status = Some(ended(payment));
            return Ok(AuthorizationResponse { status, ..AuthorizationResponse::default() });
        };
        Ok(match authorisation {
            Authorisation::AwaitingRedirect { opened, redirect_url } => AuthorizationResponse {
                redirect_url: Some(redirect_url.clone()),
                oauth_state: Some(opened.attempt.oauth_state.clone()),
                ..AuthorizationResponse::default()
            },
            Authorisation::AwaitingCredentials { .. }
                if payment.initiation.visit.flow == Flow::EmbeddedHostedPages =>
            {
                AuthorizationResponse {
                    redirect_url: Some(session_url(public_url, payment)),
                    ..AuthorizationResponse::default()
                }
            }
            Authorisation::AwaitingCredentials { opened, challenge } => {
                let state = opened.attempt.oauth_state.clone();
                AuthorizationResponse::asking(fields(challenge), state)
            }
            Authorisation::AwaitingDecoupled { opened, message, .. } => {
                let text = message.clone();
                let ours = || Language::english().confirm_in_app(payment.is_cancelling());
                let text = text.unwrap_or_else(ours);
                let field = AuthorizationField {
                    kind: Some(CredentialFieldType::Decoupled),
                    id: Some("decoupled".to_owned()),
                    display_name: Some(text.clone()),
                    description: Some(text),
                    ..AuthorizationField::default()
                };
                let state = opened.attempt.oauth_state.clone();
                AuthorizationResponse::asking(vec![field], state)
            }
            Authorisation::Opening { .. }
            | Authorisation::OpeningUncertain { .. }
            | Authorisation::VerifyingReturn { .. }
            | Authorisation::VerifyingCredentials { .. } => return Err(slow()),
        })
    }

    fn asking(fields: Vec<AuthorizationField>, oauth_state: String) -> AuthorizationResponse {
        AuthorizationResponse {
            fields: Some(AuthorizationFields { fields }),
            oauth_state: Some(oauth_state),
            ..AuthorizationResponse::default()
        }
    }
}

fn slow() -> ApiError {
    let message = "The bank has not answered yet: send the request again without credentials.";
    ApiError::BankSlow { message: message.to_owned() }
}

fn ended(payment: &core::Payment) -> ScaStatus {
    if payment.approved_at.is_some() {
        ScaStatus::Authenticated
    } else if payment.stage() == Stage::Declined && payment.authentication_failed_at.is_none() {
        ScaStatus::DeclinedByPsu
    } else {
        ScaStatus::AuthenticationFailed
    }
}

/// Messages and pictures first, then the questions.
fn fields(challenge: &Challenge) -> Vec<AuthorizationField> {
    let shown = |kind, id: &str| AuthorizationField {
        kind: Some(kind),
        id: Some(id.to_owned()),
        ..AuthorizationField::default()
    };
    let mut fields = vec![];
    if let Some(text) = &challenge.description {
        fields.push(AuthorizationField {
            description: Some(text.clone()),
            ..shown(CredentialFieldType::PsuMessage, "psuMessage")
        });
    }
    if let Some(image) = &challenge.image_base64 {
        fields.push(AuthorizationField {
            image: Some(image.clone()),
            ..shown(CredentialFieldType::Image, "image")
        });
    }
    if let Some(code) = &challenge.flicker_code {
        fields.push(AuthorizationField {
            flicker_code: Some(code.clone()),
            ..shown(CredentialFieldType::Flicker, "flicker")
        });
    }
    let language = Language::english();
    fields.extend(challenge.fields.iter().map(|field| {
        let kind = match field.kind {
            FieldKind::Text | FieldKind::Choice => CredentialFieldType::Field,
            FieldKind::Password => CredentialFieldType::Password,
        };
        AuthorizationField {
            display_name: Some(language.question(&field.label)),
            description: field.hint.as_ref().map(|hint| language.hint(hint)),
            options: (!field.options.is_empty()).then(|| field.options.clone()),
            ..shown(kind, &field.id)
        }
    }));
    fields
}
