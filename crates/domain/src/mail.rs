//! Mail addresses.

use std::fmt;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};

/// Longest address, in characters (RFC 5321, section 4.5.3.1.3, without its brackets).
const CHARACTERS_MAX: usize = 254;

/// A mail address of the usual form. Those with quotes, comments or addresses in brackets exist in
/// the standard only. A stored one was checked when it came, and is not checked again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
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
        let plain = Options::default().without_display_text().without_domain_literal();
        let found = EmailAddress::parse_with_options(text, plain).map_err(|_| NoMailAddress)?;
        let of_host = |one: char| one.is_alphanumeric() || one == '.' || one == '-';
        let is_usual = text.chars().count() <= CHARACTERS_MAX
            && found.email() == text
            && !found.local_part().starts_with('"')
            && found.domain().chars().all(of_host);
        if is_usual { Ok(MailAddress(text.to_owned())) } else { Err(NoMailAddress) }
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
            " <a@b.example>",
            "A <a@b.example>",
            "\"a b\"@c.example",
            "a@[192.0.2.1]",
            "a@b_c.example",
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
