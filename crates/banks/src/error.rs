//! The errors of a bank, by their meaning for the money.
//!
//! Four kinds, because the gateway has four different reactions: report to the member, retry, ask
//! for the status, or show a person. The bank's own words are kept, with long runs of digits
//! masked, so that an account number that a bank repeats does not travel further.

use domain::authorisation::{BankRefusal, RefusalKind};

use crate::misfit::Misfit;
use crate::redact::shape;

/// The most characters of a bank's words that are kept.
pub const TEXT_CHARACTERS_MAX: usize = 256;
/// The most bytes of a malformed answer that are kept.
pub const RAW_BYTES_MAX: usize = 2048;

/// Why a bank did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BankError {
    /// The bank, or our own check before sending (then `http_status` is 0), says no. Final for this
    /// request.
    ///
    /// Its code is the standard's (`UK.OBIE.Field.Missing`), or one of ours when nothing was sent:
    /// `field-limit`, `field-missing`, `field-invalid`, `unsupported`. Its text has at most
    /// [`TEXT_CHARACTERS_MAX`] characters.
    #[error("refused with HTTP status {}, code {:?}: {}", .0.http_status, .0.code, .0.text)]
    Refused(BankRefusal),
    /// Nothing happened; the same request may be sent again later.
    #[error("unavailable, nothing happened: {text}")]
    Unavailable {
        /// Why.
        text: String,
    },
    /// It may have happened. Only questions may follow, or the same request with the same
    /// idempotency key where the standard allows that.
    #[error("outcome unknown: {text}")]
    Unknown {
        /// Why.
        text: String,
    },
    /// The bank answered something that the standard does not have, or that it did not sign.
    #[error("malformed answer: {what}")]
    Malformed {
        /// The defect, with the field's path if it has one.
        what: String,
        /// The answer's shape, at most [`RAW_BYTES_MAX`] bytes: JSON with all texts masked except
        /// codes, dates and amounts.
        raw: String,
    },
}

impl BankError {
    /// A refusal of ours before anything is sent.
    pub(crate) fn before_sending(code: &str, text: impl Into<String>) -> BankError {
        BankError::refused(Some(code.to_owned()), 0, text.into())
    }

    /// The bank's "no" with that HTTP status, which says what it is about. Where OAuth has a word for
    /// it, the word decides: banks send it with 400 and with 401 (RFC 6749, section 5.2).
    pub(crate) fn refused(code: Option<String>, http_status: u16, text: String) -> BankError {
        let kind = match (code.as_deref(), http_status) {
            (Some("invalid_client" | "unauthorized_client" | "invalid_scope"), _) | (_, 401) => {
                RefusalKind::NotAuthenticated
            }
            (_, 403) => RefusalKind::NotPermitted,
            _ => RefusalKind::Content,
        };
        BankError::Refused(BankRefusal { kind, http_status, code, text })
    }

    pub(crate) fn malformed(what: impl Into<String>, body: &[u8]) -> BankError {
        BankError::Malformed { what: what.into(), raw: shape(body, RAW_BYTES_MAX) }
    }

    /// The same trouble with a request that has no effect, or one that nobody can use: asking again
    /// is harmless.
    pub(crate) fn without_effect(self) -> BankError {
        match self {
            BankError::Unknown { text } | BankError::Malformed { what: text, .. } => {
                BankError::Unavailable { text }
            }
            error @ (BankError::Refused(_) | BankError::Unavailable { .. }) => error,
        }
    }

    /// The same error after an order was sent: with an unreadable answer, it is open whether
    /// the order exists.
    pub(crate) fn after_order_was_sent(self) -> BankError {
        match self {
            BankError::Malformed { what, .. } => {
                BankError::Unknown { text: format!("unreadable answer to an order: {what}") }
            }
            other => other,
        }
    }
}

/// Why the payer's return did not give us access.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorisationError {
    /// The bank did not sign the browser's parameters, or they belong to another payment. The error ends
    /// nothing: the payer may still approve.
    #[error("a return that proves nothing: {0}")]
    Unproven(String),
    /// The authorisation code is spent, and the access token that it was to give is lost. Nothing
    /// else was asked of the bank.
    #[error("the code was used and the access token is lost: {0}")]
    GrantLost(String),
    /// The bank said no, or did not answer.
    #[error(transparent)]
    Bank(#[from] BankError),
}

impl AuthorisationError {
    /// The meaning of an error in the exchange of a code: a lost answer is a lost token, and so is a
    /// code that the bank had signed and takes no more, because it has expired or was used.
    /// `signed`: whether the bank had signed the code, so that its refusal is an answer about the
    /// payment; a forger of a return can send a code that the bank refuses.
    pub(crate) fn of_exchange(error: BankError, signed: bool) -> AuthorisationError {
        match error {
            BankError::Unknown { text } | BankError::Malformed { what: text, .. } => {
                AuthorisationError::GrantLost(text)
            }
            BankError::Refused(BankRefusal { http_status: 400 | 401 | 422, text, .. })
                if !signed =>
            {
                AuthorisationError::Unproven(format!("the bank does not take the code: {text}"))
            }
            BankError::Refused(BankRefusal { code: Some(code), text, .. })
                if code == "invalid_grant" =>
            {
                AuthorisationError::GrantLost(format!("the bank takes the code no more: {text}"))
            }
            error @ (BankError::Refused(_) | BankError::Unavailable { .. }) => {
                AuthorisationError::Bank(error)
            }
        }
    }
}

impl From<Misfit> for AuthorisationError {
    fn from(misfit: Misfit) -> AuthorisationError {
        AuthorisationError::Bank(misfit.into())
    }
}

/// The first [`TEXT_CHARACTERS_MAX`] characters, without invisible ones.
pub(crate) fn cut(text: &str) -> String {
    text.chars().filter(|c| !domain::text::is_unreadable(*c)).take(TEXT_CHARACTERS_MAX).collect()
}

/// [`cut`], with every run of six digits or more masked.
pub(crate) fn words(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for character in cut(text).chars().chain(std::iter::once('\0')) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        out.push_str(if digits.len() >= 6 { "••••" } else { &digits });
        digits.clear();
        if character != '\0' {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_names_and_tokens_do_not_survive() {
        let body = br#"{"Data":{"Status":"Odd","Identification":"08080021325698","Name":"D Jones",
            "n":12345678},"access_token":"secret"}"#;
        let text = shape(body, RAW_BYTES_MAX);
        assert!(text.contains("Odd"), "{text}");
        for secret in ["0808", "Jones", "secret", "1234"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert_eq!(shape(b"<html>Jones</html>", RAW_BYTES_MAX), "(18 bytes that are not JSON)");
        let long = serde_json::to_vec(&vec!["é"; 4000]).unwrap();
        assert!(shape(&long, RAW_BYTES_MAX).len() <= RAW_BYTES_MAX);
    }

    #[test]
    fn words_keep_codes_and_lose_long_numbers() {
        assert_eq!(words("AM04: Insufficient funds"), "AM04: Insufficient funds");
        assert_eq!(words("account 12345678"), "account ••••");
        assert_eq!(words("a\nb\u{202e}c\u{200b}d\u{2028}e"), "abcde");
        assert_eq!(words(&"x".repeat(1000)).len(), TEXT_CHARACTERS_MAX);
    }
}
