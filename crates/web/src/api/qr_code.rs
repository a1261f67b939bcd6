//! `GET /qr-code`: a URL as a QR code in SVG (reference, section 3.10), so that a payer can continue
//! with a telephone.

use std::fmt::Write;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use qrcode::{Color, EcLevel, QrCode};
use url::Url;

use super::ApiError;
use super::auth::MemberRequest;
use super::query::Query;

/// The only parameter.
const DATA: &str = "data";
/// The longest URL, in bytes, like that of a payment's callback; ISO/IEC 18004 ends at 2,331 with
/// this level of correction.
pub const BYTES_MAX: usize = 2_048;
/// Light modules around the code that ISO/IEC 18004 wants on each side.
const QUIET_MODULES: usize = 4;
/// Schemes that a telephone should not open.
const FORBIDDEN_SCHEMES: [&str; 5] = ["javascript", "data", "vbscript", "file", "blob"];

/// Generate a QR code
#[utoipa::path(
    get, path = "/qr-code", tag = "Payments v2",
    operation_id = "GatewayService.GetQrCode",
    params(("data" = String, Query,
        description = "The URL, percent-encoded, at most 2,048 bytes before that")),
    responses(
        (status = 200, description = "The code as SVG, 240 by 240", body = String,
            content_type = "image/svg+xml"),
        (status = 400, description = "`data` is not a URL, or not percent-encoded"),
        (status = 401, description = "Not authenticated"),
        (status = 500, description = "Internal error"))
)]
pub async fn get_qr_code(incoming: MemberRequest) -> Result<Response, ApiError> {
    let query = incoming.query()?;
    let url = url(&query).map_err(|message| ApiError::BadRequest { message })?;
    let code = QrCode::with_error_correction_level(url, EcLevel::M)
        .map_err(|error| ApiError::Internal { detail: format!("a QR code: {error}") })?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg(&code)).into_response())
}

/// The URL as it was written.
fn url(query: &Query) -> Result<&str, String> {
    // The code would lack the text after an unencoded `&`.
    if let Some(other) = query.others(DATA).next() {
        let shown: String = other.chars().take(64).collect();
        return Err(format!(
            "`{DATA}` should be the only parameter, but there is `{shown}`: percent-encode the URL, \
             with %26 for each &."
        ));
    }
    let text = query.text(DATA).ok_or_else(|| format!("`{DATA}` is required."))?;
    if text.len() > BYTES_MAX {
        return Err(format!("`{DATA}` should not be longer than {BYTES_MAX} bytes."));
    }
    if text.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err(format!(
            "`{DATA}` should be a URL without spaces and control characters: percent-encode it, \
             with %2B for each +."
        ));
    }
    let url = Url::parse(text).map_err(|error| {
        format!("`{DATA}` should be a URL such as https://example.com/pay: {error}.")
    })?;
    if FORBIDDEN_SCHEMES.contains(&url.scheme()) {
        return Err(format!("`{DATA}` should not begin with {}:.", url.scheme()));
    }
    Ok(text)
}

/// The QR code of a text, as SVG; `None` if the text is too long for one.
pub(crate) fn picture(text: &str) -> Option<String> {
    QrCode::new(text).ok().map(|code| svg(&code))
}

/// The code and the light modules around it, one row of dark modules after the other. The inner
/// picture counts modules, so nothing has to be divided.
fn svg(code: &QrCode) -> String {
    let (width, colors) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET_MODULES;
    let mut path = String::new();
    for (row, modules) in (QUIET_MODULES..).zip(colors.chunks(width)) {
        let mut column = QUIET_MODULES;
        for run in modules.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                let length = run.len();
                let _infallible = write!(path, "M{column} {row}h{length}v1h-{length}z");
            }
            column += run.len();
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"240\" height=\"240\" \
         viewBox=\"0 0 240 240\"><svg width=\"240\" height=\"240\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
         <path d=\"{path}\"/></svg></svg>\n"
    )
}
