//! `GET /bank-logos/{bank}/{version}`: logos that lie beside the banks' files. The version is the
//! content's, so browsers may keep a logo without an end.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use banks::profile::{BankProfile, Logo};
use gateway::App;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

/// The route.
pub(crate) const PATH: &str = "/bank-logos/{bank_id}/{version}";
/// An SVG is a document: opened by itself, it must not run or fetch anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// Where a logo is.
pub(super) fn address(bank: &BankProfile, logo: Option<&Logo>, public_url: &str) -> Option<String> {
    match logo? {
        Logo::Url(url) => Some(url.clone()),
        Logo::File { image, .. } => {
            let version = &image.as_ref()?.version;
            Some(format!("{public_url}/bank-logos/{}/{version}", bank.id))
        }
    }
}

/// The image.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path((bank_id, version)): Path<(String, String)>,
) -> Response {
    let bank = app.bank(&bank_id);
    let image = bank.as_ref().and_then(|bank| {
        let logos = [&bank.logo, &bank.full_logo].into_iter().flatten();
        logos.filter_map(Logo::image).find(|image| image.version == version).cloned()
    });
    let Some(image) = image else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (CONTENT_TYPE, image.media_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, image.bytes.clone()).into_response()
}
