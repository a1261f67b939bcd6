//! `/webhook/config`: where a member's events go (reference, section 7.1).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::event::EventKind;
use gateway::{App, GatewayError, webhooks};
use serde::{Deserialize, Serialize};
use store::webhooks::WebhookConfig;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};

use super::auth::MemberRequest;
use super::keys::Empty;
use super::{ApiError, json};
use crate::api::parts::places::Only;

/// The one configuration of a member.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Config {
    /// Which events are posted.
    #[schema(schema_with = event_types)]
    r#type: Vec<String>,
    /// Where they are posted.
    #[schema(format = "uri", min_length = 1)]
    url: String,
}

/// The types of events that may be asked for: at least one.
fn event_types() -> Array {
    let names = EventKind::ALL.map(EventKind::name);
    let one = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    ArrayBuilder::new().items(one).min_items(Some(1)).build()
}

/// The configuration in its envelope.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WebhookConfigBody {
    /// The configuration.
    #[serde(deserialize_with = "json::object")]
    config: Config,
}

/// Set the webhook configuration
#[utoipa::path(
    put, path = "/webhook/config", tag = "Webhooks",
    operation_id = "GatewayService.SetWebhookConfig",
    request_body = WebhookConfigBody,
    responses((status = 200, description = "Set; it replaces an earlier one", body = Empty),
        (status = 400, description = "An unknown type or an unusable URL"),
        (status = 401, description = "Not authenticated"))
)]
pub async fn put_webhook_config(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Json<Empty>, ApiError> {
    let WebhookConfigBody { config } = json::read(&incoming.body)?;
    let mut kinds = vec![];
    for name in &config.r#type {
        let kind = EventKind::from_name(name).ok_or_else(|| unknown_type(name))?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() {
        let message = "`config.type` should name at least one type of event.".to_owned();
        return Err(ApiError::BadRequest { message });
    }
    webhooks::put(&app, &incoming.member, WebhookConfig { url: config.url, kinds })
        .await
        .map_err(failed)?;
    Ok(Json(Empty {}))
}

/// Read the webhook configuration
#[utoipa::path(
    get, path = "/webhook/config", tag = "Webhooks",
    operation_id = "GatewayService.GetWebhookConfig",
    responses((status = 200, description = "The configuration", body = WebhookConfigBody),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "There is none"))
)]
pub async fn get_webhook_config(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Json<WebhookConfigBody>, ApiError> {
    let found = webhooks::get(&app, &incoming.member).await.map_err(failed)?;
    let config = found.ok_or_else(none)?;
    let r#type = config.kinds.iter().map(|kind| kind.name().to_owned()).collect();
    Ok(Json(WebhookConfigBody { config: Config { r#type, url: config.url } }))
}

/// Remove the webhook configuration
#[utoipa::path(
    delete, path = "/webhook/config", tag = "Webhooks",
    operation_id = "GatewayService.DeleteWebhookConfig",
    responses((status = 200, description = "Removed", body = Empty),
        (status = 401, description = "Not authenticated"),
        (status = 404, description = "There is none"))
)]
pub async fn delete_webhook_config(
    State(app): State<Arc<App>>,
    incoming: MemberRequest,
) -> Result<Json<Empty>, ApiError> {
    let deleted = webhooks::delete(&app, &incoming.member).await.map_err(failed)?;
    if deleted { Ok(Json(Empty {})) } else { Err(none()) }
}

fn failed(error: GatewayError) -> ApiError {
    ApiError::from_gateway(error, "", &Only(""))
}

fn none() -> ApiError {
    ApiError::NotFound {
        message: "The member has no webhook configuration.".to_owned(),
        id: String::new(),
    }
}

fn unknown_type(name: &str) -> ApiError {
    let shown: String = name.chars().take(64).collect();
    let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
    let message =
        format!("`config.type` has the unknown value `{shown}`; known are {}.", known.join(", "));
    ApiError::BadRequest { message }
}
