//! The data directory: database, keys, and a lock so that one process uses it.
//!
//! | file | holds |
//! |---|---|
//! | `bascule.db` (+ `-wal`, `-shm`) | the SQLite database |
//! | `sealing.key` | 32 random bytes: opens what is sealed in the database |
//! | `tpp-signing-key.p8` | the RSA key with which we sign towards banks (PKCS#8, DER) |
//! | `member-key.pem`, `member-key.pub.pem` | the Ed25519 pair of the sandbox's member |
//! | `sandbox.json` | what the running sandbox printed: for `bascule pay` |
//! | `receipts/` | the mails to payers, where no server for them is named |
//! | `simbank/` | journal and key of the simulated banks |
//! | `lock` | held while a process uses the directory |

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use store::Db;

use crate::args::DatabaseOptions;
use crate::seams::SystemClock;

/// Connections to PostgreSQL of commands that look into a database.
const DATABASE_CONNECTIONS: usize = 2;

/// A data directory that this process alone uses.
pub struct DataDir {
    path: PathBuf,
    /// Deleted with its content when dropped, for sandboxes that keep nothing.
    _temporary: Option<tempfile::TempDir>,
    /// Locked until dropped.
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it is not there, and locks it.
    ///
    /// # Errors
    /// Where it cannot be written, or another process uses it.
    pub fn open(path: &Path) -> anyhow::Result<DataDir> {
        std::fs::create_dir_all(path)
            .with_context(|| format!("cannot create the data directory {}", path.display()))?;
        let lock = lock(path)?;
        Ok(DataDir { path: path.to_owned(), _temporary: None, _lock: lock })
    }

    /// A directory that vanishes with the process.
    ///
    /// # Errors
    /// Where the system's directory for temporary files cannot be written.
    pub fn ephemeral() -> anyhow::Result<DataDir> {
        let temporary = tempfile::Builder::new()
            .prefix("bascule-")
            .tempdir()
            .context("cannot create a temporary directory")?;
        let lock = lock(temporary.path())?;
        let path = temporary.path().to_owned();
        Ok(DataDir { path, _temporary: Some(temporary), _lock: lock })
    }

    /// The path of a file in the directory.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The content of a secret file; made by `make` where it is not there yet. Only the owner can
    /// read it.
    ///
    /// # Errors
    /// Where it cannot be read or written, or `make` fails.
    pub fn secret(
        &self,
        name: &str,
        make: impl FnOnce() -> anyhow::Result<Vec<u8>>,
    ) -> anyhow::Result<Vec<u8>> {
        let path = self.file(name);
        match std::fs::read(&path) {
            Ok(content) if !content.is_empty() => return Ok(content),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        }
        let content = make()?;
        self.write(name, &content, 0o600)?;
        Ok(content)
    }

    /// Writes a file whole or not at all.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, name: &str, content: &[u8], mode: u32) -> anyhow::Result<()> {
        let path = self.file(name);
        let part = self.file(&format!("{name}.part"));
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(mode)
                .open(&part)?;
            file.write_all(content)?;
            file.sync_all()?;
            std::fs::rename(&part, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Writes a file that must not be there yet: keys are never overwritten.
///
/// # Errors
/// Where it is there, or cannot be written.
pub fn write_new(path: &Path, content: &[u8], mode: u32) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn lock(path: &Path) -> anyhow::Result<File> {
    let name = path.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&name)
        .with_context(|| format!("cannot write to the data directory {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!("another process uses the data directory {}", path.display())
        }
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock the data directory {}", path.display()))
        }
    }
}

/// The database of a gateway that exists, running or not: it is not disturbed.
///
/// # Errors
/// Where there is none, or it cannot be opened.
pub async fn open_existing(options: &DatabaseOptions) -> anyhow::Result<Db> {
    if let Some(url) = &options.database {
        let clock = Arc::new(SystemClock);
        return Db::open_postgres(url, DATABASE_CONNECTIONS, clock)
            .await
            .map_err(|error| anyhow!("{error}"));
    }
    let path = options.data_dir.join("bascule.db");
    if !path.exists() {
        bail!("{} is not there: name the right directory with --data-dir", path.display());
    }
    Db::open_sqlite(&path).await.map_err(|error| anyhow!("{error}"))
}
