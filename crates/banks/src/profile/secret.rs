//! Secrets of a profile: the file names the place of a secret and never holds it.
//!
//! | written | the secret is |
//! |---|---|
//! | `file:PATH` | the text of that file, relative to the folder of the bank's own file |
//! | `env:NAME` | the value of that environment variable |
//! | `simulated:TEXT` | `TEXT`; only a simulated bank has one, and everybody knows it |

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The longest secret, in bytes.
pub const SECRET_BYTES_MAX: usize = 16 * 1024;

const FORMS: &str = "must be `file:PATH` or `env:NAME`: a profile names the place of a secret, \
                     never the secret itself";

/// Looks an environment variable up.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A secret of ours at a bank. It is read once, when the bank's file is loaded.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    place: Place,
    text: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    File(String),
    Variable(String),
    Simulated,
}

impl Secret {
    /// Whether a text has the form of a secret's place.
    pub(super) fn is_place(text: &str) -> bool {
        ["file:", "env:", "simulated:"].iter().any(|form| text.starts_with(form))
    }

    fn parse(text: &str) -> Option<Secret> {
        let (form, rest) = text.split_once(':').filter(|(_, rest)| !rest.is_empty())?;
        let (place, text) = match form {
            "file" => (Place::File(rest.to_owned()), None),
            "env" => (Place::Variable(rest.to_owned()), None),
            "simulated" => (Place::Simulated, Some(Arc::from(rest))),
            _ => return None,
        };
        Some(Secret { place, text })
    }

    /// The file that holds the secret, relative to the folder of the bank's own file.
    pub(super) fn file(&self) -> Option<&str> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Variable(_) | Place::Simulated => None,
        }
    }

    /// Whether the secret is in the profile itself, which only a simulated bank may have.
    pub(super) fn is_simulated(&self) -> bool {
        self.place == Place::Simulated
    }

    /// The secret; `None` if the profile was parsed and its secrets were not read.
    #[must_use]
    pub fn reveal(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Reads the secret: 1 to [`SECRET_BYTES_MAX`] visible ASCII characters, spaces between them
    /// allowed. Line breaks and spaces at the end of a file do not count.
    ///
    /// # Errors
    /// Which place holds no such text, and what to do.
    pub(super) fn read(
        &mut self,
        folder: &Path,
        environment: Environment<'_>,
    ) -> Result<(), String> {
        let (named, text) = match &self.place {
            Place::Simulated => return Ok(()),
            Place::Variable(name) => {
                let named = format!("the environment variable {name}");
                let text =
                    environment(name).ok_or_else(|| format!("{named} is not set; set it"))?;
                (named, text)
            }
            Place::File(path) => {
                let path = folder.join(path);
                let named = format!("the file {}", path.display());
                let unreadable = |error: std::io::Error| format!("{named} cannot be read: {error}");
                let length = std::fs::metadata(&path).map_err(unreadable)?.len();
                if length > SECRET_BYTES_MAX as u64 {
                    return Err(format!("{named} is longer than {SECRET_BYTES_MAX} bytes"));
                }
                let text = std::fs::read_to_string(&path).map_err(unreadable)?;
                (named, text)
            }
        };
        let text = text.trim_end();
        let visible = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !visible || !(1..=SECRET_BYTES_MAX).contains(&text.len()) {
            return Err(format!(
                "{named} must hold 1 to {SECRET_BYTES_MAX} visible ASCII characters"
            ));
        }
        self.text = Some(Arc::from(text));
        Ok(())
    }
}

/// The place; never the secret.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secret").field(&self.place).finish()
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// An error never shows the value: it may be the secret.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        let value = toml::Value::deserialize(deserializer).map_err(|_| D::Error::custom(FORMS))?;
        value.as_str().and_then(Secret::parse).ok_or_else(|| D::Error::custom(FORMS))
    }
}

/// The value of a header that a bank wants in every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderText {
    /// A public value, such as a number of an application.
    Plain(String),
    /// A value that nobody else may know.
    Secret(Secret),
}

impl HeaderText {
    /// The value; `None` as for [`Secret::reveal`].
    #[must_use]
    pub fn reveal(&self) -> Option<&str> {
        match self {
            HeaderText::Plain(text) => Some(text),
            HeaderText::Secret(secret) => secret.reveal(),
        }
    }
}

impl<'de> Deserialize<'de> for HeaderText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HeaderText, D::Error> {
        let wrong = || D::Error::custom("must be a text, `file:PATH` or `env:NAME`");
        let value = toml::Value::deserialize(deserializer).map_err(|_| wrong())?;
        let text = value.as_str().ok_or_else(wrong)?;
        if Secret::is_place(text) {
            return Secret::parse(text).map(HeaderText::Secret).ok_or_else(wrong);
        }
        let visible = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        let fits = visible && text.trim() == text && (1..=SECRET_BYTES_MAX).contains(&text.len());
        if fits { Ok(HeaderText::Plain(text.to_owned())) } else { Err(wrong()) }
    }
}
