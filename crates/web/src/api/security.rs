//! The two ways to authenticate, for the OpenAPI document.

use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

/// Adds the schemes `Bearer` and `BasicAuth`.
pub struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "A JWS per request, claims in its protected header: alg, kid, mid, host, method, \
                 path, exp (milliseconds).",
            ))
            .build();
        components.add_security_scheme("Bearer", SecurityScheme::Http(bearer));
        let basic = ApiKeyValue::with_description(
            "Authorization",
            "Sandbox only: the word Basic and the key that the sandbox prints.",
        );
        components.add_security_scheme("BasicAuth", SecurityScheme::ApiKey(ApiKey::Header(basic)));
    }
}
