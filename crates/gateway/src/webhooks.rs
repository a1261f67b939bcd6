//! A member's webhook configuration: exactly one, replaced as a whole.

use domain::reach::{Reach, Unreachable};
use store::webhooks::{self, WebhookConfig};
use store::{jobs, unit};

use crate::{App, GatewayError, Member};

/// Longest endpoint URL, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;

/// Payments whose waiting events go out at once when their member sets a configuration; events of
/// further payments keep the moment of their next attempt.
pub const WOKEN_PAYMENTS_MAX: usize = 1_000;

/// Replaces the configuration, and makes events due that wait for an attempt: an endpoint that moved
/// or came back gets them now.
///
/// # Errors
/// [`GatewayError::Invalid`] where the URL is not one that we would post to.
pub async fn put(app: &App, member: &Member, config: WebhookConfig) -> Result<(), GatewayError> {
    check_url(&config.url, app.settings().sandbox)
        .map_err(|fault| GatewayError::Url { field: None, fault })?;
    let (member_id, now) = (member.id().clone(), app.now());
    app.db()
        .transact((member_id, config), move |(member_id, config), tx| {
            unit(async move {
                webhooks::put(tx, member_id, config, now).await?;
                jobs::wake_deliveries(tx, member_id, now, WOKEN_PAYMENTS_MAX).await
            })
        })
        .await?;
    app.jobs_may_be_due();
    Ok(())
}

/// The configuration, if there is one.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn get(app: &App, member: &Member) -> Result<Option<WebhookConfig>, GatewayError> {
    let member_id = member.id().clone();
    Ok(app.db().read(move |tx| unit(async move { webhooks::get(tx, &member_id).await })).await?)
}

/// Removes the configuration. Events that wait for delivery stay until they are 72 hours old: a new
/// configuration gets them.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn delete(app: &App, member: &Member) -> Result<bool, GatewayError> {
    let member_id = member.id().clone();
    let deleted = app
        .db()
        .transact(member_id, move |member_id, tx| {
            unit(async move { webhooks::delete(tx, member_id).await })
        })
        .await?;
    Ok(deleted)
}

/// Why a URL of a member's cannot be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// It is too long.
    #[error("should not be longer than {URL_BYTES_MAX} bytes")]
    TooLong,
    /// It is none.
    #[error("should be a URL such as https://example.com/webhooks: `{shown}`: {why}")]
    NotAUrl {
        /// Its first characters.
        shown: String,
        /// Why, in the parser's words.
        why: url::ParseError,
    },
    /// It is not called by https.
    #[error("should begin with https://, not `{0}://`")]
    Scheme(String),
    /// It has the name or the password of a user.
    #[error("should not contain a user name or password")]
    User,
    /// It has no host.
    #[error("should name a host")]
    NoHost,
    /// Its host is in a network of ours.
    #[error("should name a public address, not one that is {what}: `{shown}`")]
    NotPublic {
        /// What the host is.
        what: String,
        /// Its first characters.
        shown: String,
    },
}

/// https to a public name or address, so that a member cannot make us call into our own network; in
/// a sandbox also http, and the machine itself. What a name resolves to is judged by the wire, when
/// it connects.
pub(crate) fn check_url(text: &str, sandbox: bool) -> Result<(), UrlFault> {
    let shown: String = text.chars().take(100).collect();
    if text.len() > URL_BYTES_MAX {
        return Err(UrlFault::TooLong);
    }
    let url = match url::Url::parse(text) {
        Ok(url) => url,
        Err(why) => return Err(UrlFault::NotAUrl { shown, why }),
    };
    let scheme_fits = url.scheme() == "https" || (sandbox && url.scheme() == "http");
    if !scheme_fits {
        return Err(UrlFault::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlFault::User);
    }
    let reach = Reach::of(sandbox);
    let judged = match url.host() {
        Some(url::Host::Domain(name)) => reach.check_name(name),
        Some(url::Host::Ipv4(address)) => reach.check(address.into()),
        Some(url::Host::Ipv6(address)) => reach.check(address.into()),
        None => return Err(UrlFault::NoHost),
    };
    judged.map_err(|Unreachable(what)| UrlFault::NotPublic { what: what.to_string(), shown })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_inside_our_own_network_are_refused() {
        for url in [
            "http://example.com/",
            "https://localhost/",
            "https://localhost./",
            "https://[::1]/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
        ] {
            assert!(check_url(url, false).is_err(), "{url}");
            assert!(check_url(url, true).is_ok(), "{url}");
        }
        for url in ["https://10.0.0.1/", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/"] {
            assert!(check_url(url, false).is_err(), "{url}");
            assert!(check_url(url, true).is_err(), "{url}");
        }
        assert!(check_url("https://example.com/hook?x=1", false).is_ok());
        for url in ["", "example.com", "ftp://example.com", "https://user:pw@example.com/"] {
            assert!(check_url(url, true).is_err(), "{url}");
        }
        assert!(check_url(&format!("https://example.com/{}", "a".repeat(3000)), true).is_err());
    }
}
