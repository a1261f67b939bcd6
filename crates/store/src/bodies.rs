//! Bodies: what SQL never looks into is sealed on its way to a table and opened on its way back.
//!
//! A sealed body begins with [`MARK`]. A body without the mark is read as it is: earlier releases
//! wrote plain bodies, and such a row is sealed when it next changes. The cipher and its key come
//! from outside ([`BodySealer`]); without a sealer bodies are written plain, for tests.

use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// Begins every sealed body. JSON cannot begin like this.
const MARK: &str = "sealed1:";

/// Encrypts bodies. `kind` is authenticated: a body of one kind does not open as another.
pub trait BodySealer: Send + Sync + 'static {
    /// The sealed form of `plain`, without a mark.
    ///
    /// # Errors
    /// Why it cannot be sealed, without the text.
    fn seal(&self, kind: &'static str, plain: &str) -> Result<String, String>;

    /// The inverse of [`BodySealer::seal`].
    ///
    /// # Errors
    /// Why it does not open: another key, another kind, or changed since.
    fn unseal(&self, kind: &'static str, sealed: &str) -> Result<String, String>;
}

/// The sealer of a database, shared by its transactions; empty until it is set.
#[derive(Clone, Default)]
pub struct Bodies(Arc<OnceLock<Arc<dyn BodySealer>>>);

impl Bodies {
    /// Sets the sealer. The first one stays: a database has one key.
    pub(crate) fn seal_with(&self, sealer: Arc<dyn BodySealer>) {
        let _first_stays = self.0.set(sealer);
    }

    /// `value` as it is stored.
    pub(crate) fn write<T: Serialize>(
        &self,
        kind: &'static str,
        value: &T,
    ) -> Result<String, StoreError> {
        let plain = serde_json::to_string(value)
            .map_err(|error| StoreError::Corrupt(format!("the body of {kind}: {error}")))?;
        self.write_text(kind, plain)
    }

    /// `plain` as it is stored.
    pub(crate) fn write_text(
        &self,
        kind: &'static str,
        plain: String,
    ) -> Result<String, StoreError> {
        let Some(sealer) = self.0.get() else { return Ok(plain) };
        let sealed = sealer.seal(kind, &plain).map_err(|error| corrupt(kind, &error))?;
        Ok(format!("{MARK}{sealed}"))
    }

    /// The value of a stored body.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        stored: &str,
    ) -> Result<T, StoreError> {
        let parse = |plain: &str| {
            serde_json::from_str(plain).map_err(|error| corrupt(kind, &error.to_string()))
        };
        match stored.strip_prefix(MARK) {
            None => parse(stored),
            Some(sealed) => parse(&self.unseal(kind, sealed)?),
        }
    }

    /// The text of a stored body.
    pub(crate) fn read_text(&self, kind: &'static str, stored: &str) -> Result<String, StoreError> {
        match stored.strip_prefix(MARK) {
            None => Ok(stored.to_owned()),
            Some(sealed) => self.unseal(kind, sealed),
        }
    }

    fn unseal(&self, kind: &'static str, sealed: &str) -> Result<String, StoreError> {
        match self.0.get() {
            Some(sealer) => sealer.unseal(kind, sealed).map_err(|error| corrupt(kind, &error)),
            None => Err(corrupt(kind, "it is sealed, and the sealing key was not given")),
        }
    }
}

fn corrupt(kind: &'static str, why: &str) -> StoreError {
    StoreError::Corrupt(format!("the body of {kind}: {why}"))
}
