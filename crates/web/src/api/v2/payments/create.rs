//! `POST /v2/payments`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use gateway::App;
use gateway::idempotency::IdempotencyKey;
use gateway::payments::{self, NewPayment};
use serde::Deserialize;
use utoipa::ToSchema;

use super::initiation::Initiation;
use super::model::PaymentResponse;
use super::paths;
use crate::api::auth::MemberRequest;
use crate::api::parts::credentials::credentials;
use crate::api::{ApiError, idempotency, json};

/// The body of the request.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatePayment {
    /// The payment.
    #[serde(deserialize_with = "json::object")]
    initiation: Initiation,
    /// Whether the payer has already agreed in the member's own pages.
    #[serde(default, deserialize_with = "json::optional_truth")]
    pisp_consent_accepted: Option<bool>,
    /// Values for the bank's `initialEmbeddedAuthFields`, by id; what is missing is asked for.
    #[serde(default)]
    initial_embedded_auth: Option<BTreeMap<String, String>>,
}

/// Initiate a payment
#[utoipa::path(
    post, path = "/v2/payments", tag = "Payments v2",
    operation_id = "GatewayService.InitiatePayment",
    params(("request-timeout" = Option<i32>, Header,
        description = "Seconds to wait for the bank, 1 to 120")),
    request_body = CreatePayment,
    responses((status = 200, description = "The payment", body = PaymentResponse),
        (status = 400, description = "A field is missing or wrong, or the bank cannot do this"),
        (status = 401, description = "Not authenticated"),
        (status = 403, description = "Not permitted"),
        (status = 413, description = "The body is larger than 1 MiB"),
        (status = 500, description = "Internal error"),
        (status = 503, description = "Nothing can be stored now"))
)]
pub async fn create_payment(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Response, ApiError> {
    idempotency::once(&app, &incoming, |key| create(&app, &incoming, key)).await
}

async fn create(
    app: &Arc<App>,
    incoming: &MemberRequest,
    idempotency: Option<IdempotencyKey>,
) -> Result<PaymentResponse, ApiError> {
    let asked: CreatePayment = json::read(&incoming.body)?;
    let sandbox = app.settings().sandbox;
    let mut initiation = asked.initiation.into_domain(sandbox, app.now())?;
    initiation.visit.pisp_consent_accepted = asked.pisp_consent_accepted.unwrap_or(false);
    let known = asked.initial_embedded_auth.unwrap_or_default();
    let new = NewPayment {
        initiation,
        credentials: credentials("initialEmbeddedAuth", known)?,
        psu: incoming.psu(),
        request_timeout_ms: incoming.request_timeout_ms(),
        idempotency,
        token_request_id: None,
        receipt_to: None,
    };
    let payment = payments::create(app, &incoming.member, new)
        .await
        .map_err(|error| ApiError::from_gateway(error, "", &paths::Payment))?;
    Ok(PaymentResponse::of(&payment, &app.settings().public_url))
}
