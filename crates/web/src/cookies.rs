//! The cookies of a request.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// The most cookies of one request that are read.
const COOKIES_MAX: usize = 200;

/// The cookies that a browser sent: names and values.
pub(crate) fn sent(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .take(COOKIES_MAX)
        .filter_map(|cookie| cookie.trim().split_once('='))
}
