//! Who we are at one bank, where that is not who the installation is: certificates of its own, and the
//! authorities of its TLS.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::{BankProfile, Check, ensure};
use crate::eidas::issue::pem_contents;
use crate::eidas::pair::{CertificatePair, text};
use crate::wire::Authorities;

/// The longest name of a key, in bytes.
const KEY_ID_BYTES_MAX: usize = 256;

/// The certificates that one bank knows us by: the table `[certificates]` of a profile. Folders are
/// relative to that of the bank's file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// The folder of the certificates in use: `qwac.pem`, `qseal.pem` and their keys.
    pub current: CertificateFolder,
    /// The folder of those that follow them.
    pub next: Option<CertificateFolder>,
    /// From when the next ones are used.
    pub next_from: Option<Timestamp>,
    /// The name (`kid`) of the QSealC's key at the bank, or in its directory.
    #[serde(default = "usual_key_id")]
    pub key_id: String,
}

fn usual_key_id() -> String {
    "qseal".to_owned()
}

impl Certificates {
    /// Those in use at that time; `None` if the profile was parsed and its folders were not read.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Option<&Arc<CertificatePair>> {
        let changed = self.next_from.is_some_and(|from| from <= now);
        self.next.as_ref().filter(|_| changed).unwrap_or(&self.current).pair.as_ref()
    }

    /// Those in use, and those that follow.
    pub fn pairs(&self) -> impl Iterator<Item = &Arc<CertificatePair>> {
        let next = self.next.iter().filter_map(|folder| folder.pair.as_ref());
        self.current.pair.iter().chain(next)
    }

    pub(super) fn check(&self) -> Check {
        let key = "certificates.next_from";
        ensure(key, "is needed with `certificates.next`, and only there", {
            self.next.is_some() == self.next_from.is_some()
        })?;
        ensure("certificates.key_id", "must be 1 to 256 visible ASCII characters", {
            (1..=KEY_ID_BYTES_MAX).contains(&self.key_id.len())
                && self.key_id.bytes().all(|byte| byte.is_ascii_graphic())
        })
    }

    /// Reads the certificates. The error has the key of the folder and the reason.
    pub(super) fn read(&mut self, base: &Path) -> Check {
        let next = self.next.as_mut().map(|folder| ("certificates.next", folder));
        for (key, folder) in [("certificates.current", &mut self.current)].into_iter().chain(next) {
            let read = CertificatePair::read_folder(&base.join(&folder.path), &self.key_id);
            let pair = read.map_err(|error| {
                (key, error.to_string().trim_start_matches("certificate: ").to_owned())
            })?;
            folder.pair = Some(Arc::new(pair));
        }
        Ok(())
    }
}

/// A folder of certificates, read when the bank's file is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFolder {
    path: String,
    pair: Option<Arc<CertificatePair>>,
}

impl CertificateFolder {
    /// The certificates; `None` if the profile was parsed and the folder was not read.
    #[must_use]
    pub fn pair(&self) -> Option<&Arc<CertificatePair>> {
        self.pair.as_ref()
    }
}

impl<'de> Deserialize<'de> for CertificateFolder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CertificateFolder, D::Error> {
        Ok(CertificateFolder { path: String::deserialize(deserializer)?, pair: None })
    }
}

/// A file of certification authorities, PEM, read when the bank's file is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityFile {
    path: String,
    authorities: Option<Arc<Authorities>>,
}

impl AuthorityFile {
    /// The authorities; `None` if the profile was parsed and the file was not read.
    #[must_use]
    pub fn authorities(&self) -> Option<&Arc<Authorities>> {
        self.authorities.as_ref()
    }

    /// `key` is that of the profile, for messages.
    pub(super) fn read(&mut self, key: &'static str, base: &Path) -> Check {
        let wrong = |error: crate::eidas::CertificateError| {
            (key, error.to_string().trim_start_matches("certificate: ").to_owned())
        };
        let pem = text(base, &self.path).map_err(wrong)?;
        let of_file = format!("{}: ", base.join(&self.path).display());
        let certificates_der = pem_contents(&pem).map_err(|error| {
            let (key, why) = wrong(error);
            (key, of_file.clone() + &why)
        })?;
        let authorities = Authorities::new(certificates_der);
        let none = || (key, of_file + "has no certificate that can be read");
        self.authorities = Some(Arc::new(authorities.ok_or_else(none)?));
        Ok(())
    }
}

impl<'de> Deserialize<'de> for AuthorityFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AuthorityFile, D::Error> {
        Ok(AuthorityFile { path: String::deserialize(deserializer)?, authorities: None })
    }
}

impl BankProfile {
    /// Who must have issued the certificates of the keys that the bank signs with; anybody if absent.
    #[must_use]
    pub fn signature_authorities(&self) -> Option<&Authorities> {
        self.signature_authorities.as_ref()?.authorities().map(Arc::as_ref)
    }

    /// The files with secrets of the profile that other users of the machine can read. `file` is the
    /// bank's file.
    #[must_use]
    pub fn files_open_to_others(&self, file: &Path) -> Vec<PathBuf> {
        let folder = file.parent().unwrap_or(Path::new("."));
        let keys = self.certificates.iter().flat_map(|own| {
            let folders = [Some(&own.current), own.next.as_ref()].into_iter().flatten();
            folders.flat_map(|one| ["qwac.key.pem", "qseal.key.pem"].map(|name| (one, name)))
        });
        let keys = keys.map(|(one, name)| folder.join(&one.path).join(name));
        let secrets = self.secret_files().into_iter().map(|path| folder.join(path));
        keys.chain(secrets).filter(|path| is_open_to_others(path)).collect()
    }

    /// Whom connections to the bank trust instead of the system's authorities.
    #[must_use]
    pub fn tls_authorities(&self) -> Option<Arc<Authorities>> {
        self.tls_authorities.as_ref().and_then(AuthorityFile::authorities).cloned()
    }
}

/// Whether the group or others may read or write a file.
fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}
