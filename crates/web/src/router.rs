//! Every URL of the product. The API's part is the OpenAPI document, too.

use std::sync::{Arc, LazyLock};

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use axum::{Extension, Router};
use gateway::App;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::banks::index::BankLists;
use crate::api::security::SecuritySchemes;
use crate::api::v2::payments::list_filter::{PaymentType, RefundStatus};
use crate::api::{self, BODY_BYTES_MAX, error_schema, query_schema};
use crate::{api::v2, pages};

/// The OpenAPI document without its paths. The schemas are those of parameters, which the
/// library does not collect.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bascule",
        description = "Open-banking gateway: one API towards many banks, compatible on the wire \
                       with the published Token.io TPP API."
    ),
    components(schemas(PaymentType, RefundStatus)),
    modifiers(&SecuritySchemes),
    security(("Bearer" = []), ("BasicAuth" = []))
)]
struct Document;

/// The API that members call.
fn api_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(v2::payments::create::create_payment, v2::payments::list::list_payments))
        .routes(routes!(v2::payments::get::get_payment, v2::payments::cancel::cancel_payment))
        .routes(routes!(v2::payments::redeem::redeem_payment))
        .routes(routes!(api::v1::token_requests::store::store_token_request))
        .routes(routes!(api::v1::token_requests::get::get_token_request))
        .routes(routes!(api::v1::token_requests::authorize::authorize_token_request))
        .routes(routes!(api::v1::token_requests::result::get_token_request_result))
        .routes(routes!(api::v1::token_requests::transfer_destinations::set_transfer_destinations))
        .routes(routes!(
            api::v1::transfers::create::create_transfer,
            api::v1::transfers::list::list_transfers
        ))
        .routes(routes!(api::v1::transfers::get::get_transfer))
        .routes(routes!(api::v1::tokens::list::list_tokens))
        .routes(routes!(api::v1::tokens::get::get_token))
        .routes(routes!(api::v1::tokens::cancel::cancel_token))
        .routes(routes!(
            api::v1::standing_orders::create::create_standing_order_submission,
            api::v1::standing_orders::list::list_standing_order_submissions
        ))
        .routes(routes!(api::v1::standing_orders::get::get_standing_order_submission))
        .routes(routes!(api::callback::initiation_callback))
        .routes(routes!(v2::payments::embedded_auth::provide_embedded_auth))
        .routes(routes!(api::account_verifications::verify_account))
        .routes(routes!(api::tokenized_accounts::create_tokenized_account))
        .routes(routes!(
            api::tokenized_accounts::get_tokenized_account,
            api::tokenized_accounts::delete_tokenized_account
        ))
        .routes(routes!(api::qr_code::get_qr_code))
        .routes(routes!(api::banks::v1::list_banks))
        .routes(routes!(api::banks::v1::list_countries))
        .routes(routes!(api::banks::v2::list_banks_v2))
        .routes(routes!(api::banks::reports::report_all_banks))
        .routes(routes!(api::banks::reports::report_bank))
        .routes(routes!(
            api::webhook_config::put_webhook_config,
            api::webhook_config::get_webhook_config,
            api::webhook_config::delete_webhook_config
        ))
        .routes(routes!(api::keys::add_key, api::keys::list_keys))
        .routes(routes!(api::keys::get_key, api::keys::delete_key))
        .routes(routes!(api::members::get_member))
        .routes(routes!(api::members::resolve_alias))
}

/// The pages that payers see.
fn page_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/session/{payment_id}", get(pages::session::show).post(pages::session::choose))
        .route(
            "/app/request-token/{token_request_id}",
            get(pages::token_request::show).post(pages::token_request::choose),
        )
        .route("/session/{payment_id}/leave", get(pages::session::leave))
        .route("/session/{payment_id}/answers", post(pages::approval::answer))
        .route("/callback", get(pages::callback::from_query).post(pages::callback::from_form))
        .route(pages::initiate_payment::PATH, get(pages::initiate_payment::callback))
        .route("/callback/arrived", get(pages::callback::arrived))
        .route("/assets/pages.css", get(pages::assets::css))
        .route("/assets/callback.js", get(pages::assets::callback_js))
        .route("/assets/picker.js", get(pages::assets::picker_js))
        .route("/assets/onward.js", get(pages::assets::onward_js))
        .route("/assets/flicker.js", get(pages::assets::flicker_js))
        .layer(middleware::from_fn(pages::headers))
}

/// Other spellings of published paths that clients use.
fn alias_routes() -> Router<Arc<App>> {
    use api::v1::token_requests::result::get_token_request_result;
    Router::new()
        // The description of the operation, and a published client, say `banks`.
        .route("/banks/countries", get(api::banks::v1::list_countries))
        // Older clients ask for the result under these names.
        .route(
            "/token-requests/{tokenRequestId}/token-request-result",
            get(get_token_request_result),
        )
        .route(
            "/token-requests/{tokenRequestId}/token_request_result",
            get(get_token_request_result),
        )
}

/// The routes for operators and machines.
fn service_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/openapi.json", get(api::openapi::document))
        .route("/.well-known/jwks.json", get(api::keys::jwks))
        .route("/.well-known/qseal/{fingerprint}", get(api::keys::seal_certificate))
        .route(api::banks::logos::PATH, get(api::banks::logos::show))
        .route("/healthz", get(api::health::alive))
        .route("/readyz", get(api::health::ready))
}

/// The whole product.
pub fn router(app: Arc<App>) -> Router {
    // A second router of the process, as tests make hundreds, need not describe every schema again.
    static API_ROUTES: LazyLock<Router<Arc<App>>> =
        LazyLock::new(|| api_routes().split_for_parts().0);
    let index = Arc::new(BankLists::of(app.directory(), &app.settings().public_url));
    let api_router = Router::clone(&API_ROUTES)
        .merge(alias_routes())
        .merge(api::not_built::routes())
        .merge(service_routes())
        .layer(Extension(index))
        .fallback(api::not_found)
        .method_not_allowed_fallback(api::method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), api::envelope))
        .layer(api::cross_origin::layer(&app));
    page_routes().merge(api_router).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(app)
}

/// The OpenAPI document of [`router`].
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = api_routes().into_openapi();
    error_schema::describe(&mut document);
    query_schema::describe(&mut document);
    document
}
