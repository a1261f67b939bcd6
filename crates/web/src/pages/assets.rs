//! The style sheet and the small scripts, out of the binary.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// Browsers keep them for an hour; a new release may change them.
const CACHE: &str = "public, max-age=3600";

/// `GET /assets/pages.css`.
pub async fn css() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../static/pages.css"))
}

/// `GET /assets/callback.js`: posts what the bank left in the URL's fragment.
pub async fn callback_js() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../../static/callback.js"))
}

/// `GET /assets/picker.js`: filters the banks while the payer types.
pub async fn picker_js() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../../static/picker.js"))
}

/// `GET /assets/onward.js`: takes the payer on as soon as the payment has moved.
pub async fn onward_js() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../../static/onward.js"))
}

/// `GET /assets/flicker.js`: shows a flicker code to a card reader.
pub async fn flicker_js() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../../static/flicker.js"))
}

fn asset(content_type: &'static str, content: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, CACHE)], content)
        .into_response()
}
