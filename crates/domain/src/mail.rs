//! Mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest address, in characters (RFC 5321, section 4.5.3.1.3, without its brackets).
const CHARACTERS_MAX: usize = 254;
/// Longest part in front of the `@` (section 4.5.3.1.1).
const LOCAL_MAX: usize = 64;

/// A mail address of the usual form. Those with quotes, comments or addresses in brackets exist in
/// the standard only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(String);

/// The text is no mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("should be a mail address such as payer@example.com")]
pub struct NoMailAddress;

impl MailAddress {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for MailAddress {
    type Err = NoMailAddress;

    fn from_str(text: &str) -> Result<MailAddress, NoMailAddress> {
        let (local, host) = text.rsplit_once('@').ok_or(NoMailAddress)?;
        let plain = |one: char| one.is_alphanumeric() || one == '.' || one == '-';
        let of_local = |one: char| plain(one) || "!#$%&'*+/=?^_`{|}~".contains(one);
        let dotted = |text: &str| text.split('.').all(|part| !part.is_empty());
        let fits = text.chars().count() <= CHARACTERS_MAX
            && local.len() <= LOCAL_MAX
            && local.chars().all(of_local)
            && host.chars().all(plain)
            && dotted(local)
            && dotted(host);
        if fits { Ok(MailAddress(text.to_owned())) } else { Err(NoMailAddress) }
    }
}

impl TryFrom<String> for MailAddress {
    type Error = NoMailAddress;

    fn try_from(text: String) -> Result<MailAddress, NoMailAddress> {
        text.parse()
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> String {
        address.0
    }
}

/// Whose address it is stays out of logs.
impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_usual_form_are_taken() {
        for text in
            ["a@b.example", "first.last+tag@mail.b.example", "ä@müller.example", "a@localhost"]
        {
            assert_eq!(text.parse::<MailAddress>().unwrap().as_str(), text);
        }
        let long = format!("{}@b.example", "a".repeat(65));
        for text in [
            "",
            "a",
            "@b.example",
            "a@",
            "a b@c.example",
            "a@b@c.example",
            "a..b@c.example",
            "a@.example",
            "<a@b.example>",
            "a@b.example\r\nBcc: c@d.example",
            &long,
        ] {
            assert_eq!(text.parse::<MailAddress>(), Err(NoMailAddress), "{text}");
        }
        assert_eq!(
            format!("{:?}", "a@b.example".parse::<MailAddress>().unwrap()),
            "MailAddress(…)"
        );
    }
}
