//! One page of a list, with its `ETag`.

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::value::RawValue;

use super::index::Entry;
use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::query::Query;

/// Banks on one page by default.
const PER_PAGE_DEFAULT: usize = 200;
/// Banks on one page, at most: all that a directory can have.
pub(crate) const PER_PAGE_MAX: usize = 10_000;
/// The last page that can be asked for.
pub(crate) const PAGE_MAX: usize = 1_000_000;
/// How long an answer may be used without asking again. It depends on who asks only by the right
/// to ask, so a client may keep it, a shared cache may not.
const CACHE: &str = "private, max-age=300";

/// The wanted page and its size; impossible numbers are refused, 0 selects the default.
pub(super) struct PageWanted {
    page: usize,
    per_page: usize,
}

impl PageWanted {
    /// Reads `page` (from 1) and `perPage`.
    ///
    /// # Errors
    /// [`ApiError::Field`] if one is no number that can be.
    pub(super) fn read(query: &Query) -> Result<PageWanted, ApiError> {
        let number = |name: &'static str, most: usize| -> Result<usize, ApiError> {
            let asked = query.whole_number(name)?.unwrap_or(0);
            match usize::try_from(asked) {
                Ok(number) if number <= most => Ok(number),
                Ok(_) | Err(_) => {
                    let message = format!("`{name}` should be between 0 and {most}.");
                    Err(ApiError::field(FieldFault::Invalid, name, message))
                }
            }
        };
        let per_page = match number("perPage", PER_PAGE_MAX)? {
            0 => PER_PAGE_DEFAULT,
            asked => asked,
        };
        Ok(PageWanted { page: number("page", PAGE_MAX)?.max(1), per_page })
    }
}

/// The page of `found`, glued together from what is rendered.
pub(super) fn page<'a>(
    headers: &HeaderMap,
    wanted: &PageWanted,
    found: impl Iterator<Item = &'a Entry>,
    rendered: fn(&Entry) -> &RawValue,
) -> Response {
    let first = (wanted.page - 1).saturating_mul(wanted.per_page);
    let mut body = String::from("{\"banks\":[");
    let (mut total, mut shown) = (0_usize, 0_usize);
    for entry in found {
        if total >= first && shown < wanted.per_page {
            if shown > 0 {
                body.push(',');
            }
            body.push_str(rendered(entry).get());
            shown += 1;
        }
        total += 1;
    }
    let paging = serde_json::json!({
        "page": wanted.page,
        "perPage": wanted.per_page,
        "pageCount": total.div_ceil(wanted.per_page),
        "totalCount": total,
    });
    body.push_str("],\"paging\":");
    body.push_str(&paging.to_string());
    body.push('}');
    cacheable(headers, body)
}

/// A JSON body under its `ETag`, or 304 where the client has it.
pub(super) fn cacheable(headers: &HeaderMap, body: String) -> Response {
    let tag = format!("\"{}\"", hex::encode(&digest(&SHA256, body.as_bytes()).as_ref()[..16]));
    let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let tags = value.to_str().unwrap_or("");
        tags.split(',').any(|one| {
            let one = one.trim();
            one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
        })
    });
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}
