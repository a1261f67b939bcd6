//! Browser pages of other origins (CORS, the Fetch standard): public data is for all of them, the
//! rest of the API for those that the operator names.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, header, request};
use gateway::App;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

/// Data that anybody may read without saying who it is.
const PUBLIC_PATHS: [&str; 5] =
    ["/banks", "/banks/countries", "/bank/countries", "/v2/banks", "/openapi.json"];
/// How long a browser may keep the answer to a preflight request, in seconds.
const PREFLIGHT_KEPT_S: u64 = 600;
/// Headers of ours that a page may read.
const EXPOSED: [&str; 9] = [
    "tokentraceid",
    "token-trace-id",
    "token-external-error",
    "idempotent-replayed",
    "retry-after",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "etag",
];

/// Answers browsers' questions and marks what a page may read. No cookie exists, so none is allowed.
pub fn layer(app: &Arc<App>) -> CorsLayer {
    let app = Arc::clone(app);
    let allowed = move |origin: &HeaderValue, parts: &request::Parts| {
        let known = |one: &String| origin.as_bytes() == one.trim_end_matches('/').as_bytes();
        app.settings().browser_origins.iter().any(known) || is_public(&app, parts)
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .max_age(Duration::from_secs(PREFLIGHT_KEPT_S))
}

/// Whether the request, or the one that a browser asks about, reads public data.
fn is_public(app: &App, parts: &request::Parts) -> bool {
    let asked = parts.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
    let method = asked.map_or(parts.method.as_str().as_bytes(), HeaderValue::as_bytes);
    let path = parts.uri.path();
    let gateway = || app.gateway_key().member_id();
    let gateways_keys = || format!("/member/{}/keys", gateway());
    let gateways_member = || format!("/members/{}", gateway());
    method == b"GET"
        && (PUBLIC_PATHS.contains(&path)
            || path.starts_with("/.well-known/")
            || path == "/resolve-alias"
            || path == gateways_member()
            || path.starts_with(&gateways_keys()))
}
