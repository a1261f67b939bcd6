//! How the payer opens the bank's app for one confirmation, as the bank's answers say it (BankID). The
//! standard leaves the place to the bank, so the profile names it.

use domain::authorisation::{AppStart, QR_LENGTH_MAX};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::settings;
use crate::cache::after;
use crate::call::Call;
use crate::profile::START_TOKEN_PLACEHOLDER;

/// The longest start token, in characters.
const TOKEN_LENGTH_MAX: usize = 256;

/// The way into the app in an answer about an approval; `None` where the bank has none, or the answer
/// does not.
pub(super) fn app_start(call: &Call<'_>, body: &[u8]) -> Option<AppStart> {
    let own = settings(call.bank).ok()?.app_start.as_ref()?;
    let answer: Value = serde_json::from_slice(body).ok()?;
    let text = |pointer: &Option<String>, most: usize| {
        let text = answer.pointer(pointer.as_deref()?)?.as_str()?;
        let fits = (1..=most).contains(&text.len())
            && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        fits.then(|| text.to_owned())
    };
    let token = text(&own.token, TOKEN_LENGTH_MAX);
    let url = own.url.as_ref().zip(token).map(|(url, token)| {
        let token = utf8_percent_encode(&token, NON_ALPHANUMERIC).to_string();
        url.replace(START_TOKEN_PLACEHOLDER, &token)
    });
    let qr_code = text(&own.qr_code, QR_LENGTH_MAX);
    let something = url.is_some() || qr_code.is_some();
    let ends_at = after(call.clock.now(), own.lifetime_s);
    something.then_some(AppStart { url, qr_code, ends_at })
}
