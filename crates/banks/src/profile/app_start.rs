//! How the payer opens a bank's app (BankID): the table `[standard.next-gen-psd2.app_start]`.

use serde::Deserialize;
use url::Url;

use super::{Check, ensure};

/// Placeholder for the bank's start token in `app_start.url`.
pub const START_TOKEN_PLACEHOLDER: &str = "{token}";
/// Schemes that lead to no app.
const FORBIDDEN_SCHEMES: [&str; 6] = ["http", "javascript", "data", "file", "blob", "about"];

/// Where a bank's answers about an approval say how the payer opens the app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppStartPlaces {
    /// JSON pointer (RFC 6901) to the start token.
    pub token: Option<String>,
    /// The address that opens the app on the payer's own device; [`START_TOKEN_PLACEHOLDER`] in it is
    /// the token.
    pub url: Option<String>,
    /// JSON pointer to the text of the QR code.
    pub qr_code: Option<String>,
    /// How long each of them works, in seconds, 5 to 600.
    #[serde(default = "half_a_minute")]
    pub lifetime_s: i64,
}

impl AppStartPlaces {
    pub(super) fn check(&self, simulated: bool) -> Check {
        ensure("app_start", "needs `token` with `url`, or `qr_code`, or all three", {
            self.token.is_some() == self.url.is_some()
                && (self.token.is_some() || self.qr_code.is_some())
        })?;
        let pointers = [("app_start.token", &self.token), ("app_start.qr_code", &self.qr_code)];
        for (key, pointer) in pointers {
            ensure(key, "must be a JSON pointer such as `/challengeData/token`", {
                pointer.as_ref().is_none_or(|text| text.starts_with('/') && text.len() <= 256)
            })?;
        }
        ensure(
            "app_start.url",
            "must be an address of an app, or an https URL, with `{token}`",
            self.url.as_ref().is_none_or(|text| {
                let opens = Url::parse(text).is_ok_and(|url| {
                    // A simulated bank on this machine.
                    let is_here = simulated || url.host_str() == Some("localhost");
                    !FORBIDDEN_SCHEMES.contains(&url.scheme())
                        || (is_here && url.scheme() == "http")
                });
                opens && text.contains(START_TOKEN_PLACEHOLDER) && text.len() <= 512
            }),
        )?;
        ensure("app_start.lifetime_s", "must be 5 to 600", (5..=600).contains(&self.lifetime_s))
    }
}

fn half_a_minute() -> i64 {
    30
}
