//! Logos of banks: an address, or a file beside the bank's own that the gateway gives out.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{BankProfile, Check, ensure};

/// The longest file of a logo, in bytes.
pub const LOGO_BYTES_MAX: u64 = 64 * 1024;

const FILE: &str = "file:";

/// A logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logo {
    /// An address.
    Url(String),
    /// `file:PATH`, relative to the folder of the bank's file: SVG or PNG.
    File {
        /// The path.
        path: String,
        /// The content, once it was read.
        image: Option<Arc<LogoImage>>,
    },
}

/// The content of a logo's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoImage {
    /// `image/svg+xml` or `image/png`.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
    /// The first 16 hexadecimal digits of its SHA-256: another content has another name.
    pub version: String,
}

impl Logo {
    /// The content of the file, where there is one.
    #[must_use]
    pub fn image(&self) -> Option<&Arc<LogoImage>> {
        match self {
            Logo::Url(_) => None,
            Logo::File { image, .. } => image.as_ref(),
        }
    }

    /// Reads the file. The error has the key and the reason.
    pub(super) fn read(&mut self, key: &'static str, folder: &Path) -> Check {
        let Logo::File { path, image } = self else { return Ok(()) };
        let file = folder.join(&*path);
        let named = file.display();
        let unreadable = |error: std::io::Error| (key, format!("{named} cannot be read: {error}"));
        if std::fs::metadata(&file).map_err(unreadable)?.len() > LOGO_BYTES_MAX {
            return Err((key, format!("{named} is longer than {LOGO_BYTES_MAX} bytes")));
        }
        let bytes = std::fs::read(&file).map_err(unreadable)?;
        let extension = file.extension().and_then(|extension| extension.to_str());
        let is_svg = || std::str::from_utf8(&bytes).is_ok_and(|text| text.contains("<svg"));
        let media_type = match extension {
            Some("svg") if is_svg() => "image/svg+xml",
            Some("png") if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => "image/png",
            _ => return Err((key, format!("{named} must be an SVG (.svg) or a PNG (.png)"))),
        };
        let version = hex::encode(&digest(&SHA256, &bytes).as_ref()[..8]);
        *image = Some(Arc::new(LogoImage { media_type, bytes, version }));
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Logo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Logo, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Some(path) = text.strip_prefix(FILE).filter(|path| !path.is_empty()) {
            return Ok(Logo::File { path: path.to_owned(), image: None });
        }
        match text.starts_with("https://") {
            true => Ok(Logo::Url(text)),
            false => Err(D::Error::custom("must be an https URL or `file:PATH`")),
        }
    }
}

impl BankProfile {
    pub(super) fn check_logos(&self) -> Check {
        let from_file = [&self.logo, &self.full_logo]
            .into_iter()
            .flatten()
            .any(|logo| matches!(logo, Logo::File { .. }));
        ensure(
            "logo_source",
            "is needed with a logo in a file: where it comes from, and its terms",
            {
                !from_file
                    || self.logo_source.as_ref().is_some_and(|source| !source.trim().is_empty())
            },
        )
    }
}
