//! Other names of members: an operator gives a member an alias, so that requests can name the member.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::names;
use crate::text::unreadable_character;

/// Longest value of an alias, in characters.
pub const VALUE_CHARACTERS_MAX: usize = 256;

/// The kind of an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasKind {
    /// A mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A domain.
    Domain,
    /// A bank.
    Bank,
    /// Anything else that was agreed.
    Custom,
    /// The authorisation number of a qualified certificate.
    Eidas,
}

names! { AliasKind: name, from_name;
    Email = "EMAIL",
    Phone = "PHONE",
    Domain = "DOMAIN",
    Bank = "BANK",
    Custom = "CUSTOM",
    Eidas = "EIDAS",
}

/// Another name of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The kind of the alias.
    pub kind: AliasKind,
    /// The name: 1 to [`VALUE_CHARACTERS_MAX`] characters.
    pub value: String,
}

impl Alias {
    /// Whether both name the same. Mail addresses and domains have no upper and lower case.
    #[must_use]
    pub fn is_same(&self, other: &Alias) -> bool {
        let same_value = match self.kind {
            AliasKind::Email | AliasKind::Domain => self.value.eq_ignore_ascii_case(&other.value),
            AliasKind::Phone | AliasKind::Bank | AliasKind::Custom | AliasKind::Eidas => {
                self.value == other.value
            }
        };
        self.kind == other.kind && same_value
    }
}

/// As operators write it: `EMAIL:shop@example.com`.
impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.value)
    }
}

/// Why a text is no alias.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AliasError {
    /// No kind before a colon.
    #[error(
        "its kind should be EMAIL, PHONE, DOMAIN, BANK, CUSTOM or EIDAS, as in EMAIL:shop@example.com"
    )]
    Kind,
    /// The value is empty, too long, or has characters that nobody sees.
    #[error("its value should have 1 to {VALUE_CHARACTERS_MAX} visible characters")]
    Value,
}

impl FromStr for Alias {
    type Err = AliasError;

    fn from_str(text: &str) -> Result<Alias, AliasError> {
        let (kind, value) = text.split_once(':').ok_or(AliasError::Kind)?;
        let kind = AliasKind::from_name(&kind.trim().to_ascii_uppercase());
        let kind = kind.ok_or(AliasError::Kind)?;
        let value = value.trim();
        let length = value.chars().count();
        if length == 0 || length > VALUE_CHARACTERS_MAX || unreadable_character(value).is_some() {
            return Err(AliasError::Value);
        }
        Ok(Alias { kind, value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_written_with_its_kind() {
        for text in ["EMAIL:shop@example.com", "email: shop@example.com ", "Email:shop@example.com"]
        {
            let alias: Alias = text.parse().unwrap();
            assert_eq!(alias.to_string(), "EMAIL:shop@example.com", "{text}");
        }
        let with_colon: Alias = "CUSTOM:a:b".parse().unwrap();
        assert_eq!(with_colon.value, "a:b");
        for kind in AliasKind::ALL {
            let alias: Alias = format!("{}:x", kind.name()).parse().unwrap();
            assert_eq!(alias.kind, kind);
        }
        for (text, error) in [
            ("", AliasError::Kind),
            ("shop@example.com", AliasError::Kind),
            ("USERNAME:shop", AliasError::Kind),
            ("EMAIL:", AliasError::Value),
            ("EMAIL:  ", AliasError::Value),
            ("EMAIL:a\u{202E}b", AliasError::Value),
        ] {
            assert_eq!(text.parse::<Alias>(), Err(error), "{text}");
        }
        assert_eq!(format!("EMAIL:{}", "x".repeat(257)).parse::<Alias>(), Err(AliasError::Value));
    }

    #[test]
    fn mail_addresses_and_domains_have_no_case() {
        let alias = |text: &str| text.parse::<Alias>().unwrap();
        assert!(alias("EMAIL:Shop@Example.com").is_same(&alias("EMAIL:shop@example.com")));
        assert!(alias("DOMAIN:Shop.example").is_same(&alias("DOMAIN:shop.example")));
        assert!(!alias("CUSTOM:Shop").is_same(&alias("CUSTOM:shop")));
        assert!(!alias("DOMAIN:shop.example").is_same(&alias("CUSTOM:shop.example")));
    }
}
