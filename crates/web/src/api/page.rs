//! Pages of a list (reference, section 1.11).
//!
//! An offset names a payment, not a count of payments, so pages neither repeat nor lose payments
//! while new ones arrive.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use store::payments::Position;
use utoipa::ToSchema;

use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::query::Query;

/// Payments on one page, at most and by default.
const LIMIT_MAX: usize = 200;
/// Longest id that an offset holds.
const ID_LENGTH_MAX: usize = domain::ids::ID_LENGTH_MAX + AFTER.len();
/// Put behind an id it makes a text that lies between that id and all that come after it.
const AFTER: &str = " ";

/// The place of a page in its list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageInfo {
    /// Payments on a page, at most.
    limit: usize,
    /// Loads this page again.
    offset: String,
    /// Loads the next page; empty on the last page.
    pub(crate) next_offset: String,
    /// Whether there is a next page.
    pub(crate) have_more: bool,
}

/// The page that a request asks for.
#[derive(Debug)]
pub(crate) struct PageWanted {
    /// Payments on it, at most.
    pub(crate) limit: usize,
    /// As it came; empty for the first page.
    offset: String,
}

impl PageWanted {
    /// Missing, zero and above the maximum are the maximum. The parameters have different names in
    /// v1.
    pub(crate) fn read(query: &Query, limit: &str, offset: &str) -> Result<PageWanted, ApiError> {
        let asked = query.whole_number(limit)?.unwrap_or(0);
        let limit = usize::try_from(asked).ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
        Ok(PageWanted {
            limit: limit.unwrap_or(LIMIT_MAX),
            offset: query.text(offset).unwrap_or_default().to_owned(),
        })
    }

    /// How many are looked for: one more than the page has, to know whether there is a next page.
    pub(crate) fn with_one_more(&self) -> usize {
        self.limit + 1
    }

    /// Cuts `found` to the page, and returns its place in the list.
    pub(crate) fn cut<T>(self, found: &mut Vec<T>, position: impl Fn(&T) -> Position) -> PageInfo {
        let have_more = found.len() > self.limit;
        found.truncate(self.limit);
        let offset = match found.first().map(&position) {
            // Only what is no newer than the page's first payment.
            Some(Position { created_ms, id }) if self.offset.is_empty() => {
                token(&Position { created_ms, id: id + AFTER })
            }
            Some(_) | None => self.offset,
        };
        let next_offset = match found.last().map(&position) {
            Some(last) if have_more => token(&last),
            Some(_) => String::new(),
            None => offset.clone(),
        };
        PageInfo { limit: self.limit, offset, next_offset, have_more }
    }
}

fn token(position: &Position) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", position.created_ms, position.id))
}

/// The place that the offset in `parameter` names.
pub(crate) fn position(parameter: &str, offset: &str) -> Result<Position, ApiError> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(offset).ok()?).ok()?;
        let (created_ms, id) = text.split_once(' ')?;
        let plain = id.strip_suffix(AFTER).unwrap_or(id);
        let sound = plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':')
            && id.len() <= ID_LENGTH_MAX;
        let created_ms = created_ms.parse().ok()?;
        sound.then(|| Position { created_ms, id: id.to_owned() })
    };
    read().ok_or_else(|| {
        let message = format!("`{parameter}` should be the offset that an earlier page gave.");
        ApiError::field(FieldFault::Invalid, parameter, message)
    })
}
