//! How often a member may call: headers `RateLimit-…` on each answer to a request that was counted,
//! and the refusal of one too many. Our addition (reference, section 1.10, has no limits).

use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use gateway::rate_limits::Allowance;
use gateway::{App, Member};

use super::ApiError;

/// The headers, with what each says.
pub(super) const HEADERS: [(&str, &str); 3] = [
    ("RateLimit-Limit", "Requests that may come at once, where the member has a limit"),
    ("RateLimit-Remaining", "Requests that may come now"),
    ("RateLimit-Reset", "Seconds until all of them may come again"),
];
const NAMES: [HeaderName; 3] = [
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
];

/// The result of counting one request, carried from authentication to the answer, whatever happens
/// of the request in between.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Arc<OnceLock<Allowance>>);

impl Meter {
    /// Writes the headers on the answer, where the request was counted.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let Some(allowance) = self.0.get() else { return };
        let values =
            [u64::from(allowance.limit), u64::from(allowance.remaining), allowance.reset_s];
        for (name, value) in NAMES.into_iter().zip(values) {
            headers.insert(name, HeaderValue::from(value));
        }
    }
}

/// Counts an authenticated request.
///
/// # Errors
/// [`ApiError::TooManyRequests`].
pub(super) fn count(app: &App, member: &Member, meter: Option<&Meter>) -> Result<(), ApiError> {
    let Some(allowance) = app.count_request(member) else { return Ok(()) };
    if let Some(meter) = meter {
        // A request is authenticated once, so nothing is there yet.
        let _first = meter.0.set(allowance);
    }
    match allowance.retry_after_s {
        None => Ok(()),
        Some(retry_after_s) => Err(ApiError::TooManyRequests { retry_after_s }),
    }
}
