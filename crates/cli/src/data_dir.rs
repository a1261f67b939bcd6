//! The data directory: database, keys, and a lock so that one process uses it. Only its owner can
//! enter it (0700) and read its files (0600); whatever an earlier release left open is closed at
//! start.
//!
//! | file | holds |
//! |---|---|
//! | `bascule.db` (+ `-wal`, `-shm`) | the SQLite database |
//! | `sealing.key` | 32 random bytes: the key of sealed data in the database |
//! | `tpp-signing-key.p8` | the RSA key with which we sign towards banks (PKCS#8, DER) |
//! | `member-key.pem`, `member-key.pub.pem` | the Ed25519 pair of the sandbox's member |
//! | `sandbox.json` | the values that the running sandbox printed, for `bascule pay` |
//! | `receipts/` | the mails to payers, if no mail server is set |
//! | `simbank/` | journal and key of the simulated banks |
//! | `lock` | held while a process uses the directory |

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use gateway::seal::Sealer;
use store::Db;

use crate::args::DatabaseOptions;
use crate::seams::{SystemClock, SystemIds};

/// Connections to PostgreSQL of commands that look into a database.
const DATABASE_CONNECTIONS: usize = 2;

/// Mode of directories: nobody but the owner.
const OWNER_DIRECTORY: u32 = 0o700;
/// Mode of files: nobody but the owner.
const OWNER_FILE: u32 = 0o600;
/// The rights of group and others.
const OTHERS: u32 = 0o077;
/// Marks a directory that all users share, like `/tmp`.
const STICKY: u32 = 0o1000;
/// Files that are closed to others at start, whoever made them.
const OWN_FILES: [&str; 9] = [
    "bascule.db",
    "bascule.db-wal",
    "bascule.db-shm",
    "sealing.key",
    "tpp-signing-key.p8",
    "member-key.pem",
    "member-key.pub.pem",
    "sandbox.json",
    "lock",
];
/// Directories that are closed to others at start; their mode protects what is in them.
const OWN_DIRECTORIES: [&str; 2] = ["receipts", "simbank"];

/// A data directory that this process alone uses. Until [`DataDir::keep`] is called it is only tried:
/// a start that fails leaves nothing behind where there was nothing before.
pub struct DataDir {
    path: PathBuf,
    /// The files that a failed start removes.
    undo: Undo,
    /// Deleted with its content when dropped, for sandboxes that keep nothing.
    _temporary: Option<tempfile::TempDir>,
    /// Locked until dropped.
    _lock: File,
}

impl DataDir {
    /// Creates the directory if it is missing, closes it to other users, and locks it. A new directory
    /// is removed again unless [`DataDir::keep`] is called.
    ///
    /// # Errors
    /// If it cannot be written or closed to others, or another process uses it.
    pub fn open(path: &Path) -> anyhow::Result<DataDir> {
        let undo = Undo::of(path);
        let opened = make_private_directory(path)
            .with_context(|| {
                format!(
                    "cannot create the data directory {}: name another with --data-dir",
                    path.display()
                )
            })
            .and_then(|()| close_to_others(path))
            .and_then(|()| lock(path));
        match opened {
            Ok(lock) => Ok(DataDir { path: path.to_owned(), undo, _temporary: None, _lock: lock }),
            Err(error) => {
                undo.carry_out();
                Err(error)
            }
        }
    }

    /// The start succeeded, or something outside now depends on the directory's keys: from here on
    /// what was made stays.
    pub fn keep(&mut self) {
        self.undo = Undo::Nothing;
    }

    /// A directory that vanishes with the process.
    ///
    /// # Errors
    /// If the system's directory for temporary files cannot be written.
    pub fn ephemeral() -> anyhow::Result<DataDir> {
        let temporary = tempfile::Builder::new()
            .prefix("bascule-")
            .tempdir()
            .context("cannot create a temporary directory")?;
        close_to_others(temporary.path())?;
        let lock = lock(temporary.path())?;
        let path = temporary.path().to_owned();
        Ok(DataDir { path, undo: Undo::Nothing, _temporary: Some(temporary), _lock: lock })
    }

    /// The path of a file in the directory.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The path of the SQLite database. The file is made first, empty and closed to others: SQLite
    /// gives `-wal` and `-shm` the mode of the database.
    ///
    /// # Errors
    /// If it cannot be written, or vanished: a key beside it says that there was one.
    pub fn database(&self) -> anyhow::Result<PathBuf> {
        let path = self.file("bascule.db");
        self.check_not_lost(&path)?;
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(OWNER_FILE)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Refuses a database that is missing, empty or cut off where there was one: starting as new would
    /// forget orders that are under way.
    fn check_not_lost(&self, path: &Path) -> anyhow::Result<()> {
        let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let found = bytes(path);
        let advice = "restore it from a backup; name the database with --database if it is \
                      PostgreSQL's; or move the directory away to start empty";
        if found == 0 && bytes(&self.file("sealing.key")) > 0 {
            bail!(
                "{} is {}, but sealing.key beside it was made for one: {advice}",
                path.display(),
                if path.exists() { "empty" } else { "missing" },
            );
        }
        // With a write-ahead log the file may be shorter for a while, and SQLite completes it.
        let logged = bytes(&self.file("bascule.db-wal")) > 0;
        match expected_bytes(path)? {
            Some(expected) if found < expected && !logged => bail!(
                "{} has {found} bytes of {expected}: the rest is missing; {advice}",
                path.display()
            ),
            _ => Ok(()),
        }
    }

    /// The content of a secret file; made by `make` where it is missing yet. Only the owner can
    /// read it.
    ///
    /// # Errors
    /// If it cannot be read or written, or `make` fails.
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
    /// If it cannot be written.
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

impl Drop for DataDir {
    fn drop(&mut self) {
        self.undo.carry_out();
    }
}

/// The files that a start created and that a failure removes.
enum Undo {
    /// Nothing: files were there before, or the start succeeded.
    Nothing,
    /// The directory was empty: everything in it.
    Content(PathBuf),
    /// Directories that were not there, the innermost first: the first one with everything in it, its
    /// parents where they are empty.
    Directories(Vec<PathBuf>),
}

impl Undo {
    /// Looks at what is there before anything is made.
    fn of(path: &Path) -> Undo {
        match std::fs::read_dir(path) {
            Ok(mut entries) => match entries.next() {
                None => Undo::Content(path.to_owned()),
                Some(_) => Undo::Nothing,
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Undo::Directories(
                path.ancestors()
                    .take_while(|one| !one.as_os_str().is_empty() && !one.exists())
                    .map(Path::to_owned)
                    .collect(),
            ),
            Err(_) => Undo::Nothing,
        }
    }

    /// Removes the files. It ignores files that it cannot remove: the failed start has its own message.
    fn carry_out(&self) {
        match self {
            Undo::Nothing => {}
            Undo::Content(path) => {
                for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
                    let path = entry.path();
                    let _stays = match path.is_dir() {
                        true => std::fs::remove_dir_all(path),
                        false => std::fs::remove_file(path),
                    };
                }
            }
            Undo::Directories(made) => {
                let mut made = made.iter();
                let _stays = made.next().map(std::fs::remove_dir_all);
                for parent in made {
                    let _stays = std::fs::remove_dir(parent);
                }
            }
        }
    }
}

/// How long an SQLite database is, as its own head says (sqlite.org/fileformat2.html, section 1.3);
/// `None` if it has no such head.
fn expected_bytes(path: &Path) -> anyhow::Result<Option<u64>> {
    let mut head = [0_u8; 32];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    match read {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", path.display()));
        }
    }
    if !head.starts_with(b"SQLite format 3\0") {
        return Ok(None);
    }
    let page_bytes = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    let pages = u32::from_be_bytes([head[28], head[29], head[30], head[31]]);
    Ok(Some(page_bytes * u64::from(pages)))
}

/// Writes a file that must not be there yet: keys are never overwritten.
///
/// # Errors
/// If it is there, or cannot be written.
pub fn write_new(path: &Path, content: &[u8], mode: u32) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            anyhow!("{} exists and is never overwritten: move it away", path.display())
        }
        _ => anyhow!("cannot write {}: {error}", path.display()),
    })
}

/// Makes a directory, with its parents, that only its owner can enter.
///
/// # Errors
/// If it cannot be made.
pub fn make_private_directory(path: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(OWNER_DIRECTORY).create(path)
}

/// Takes the rights of group and others from the data directory and from the files in it that are
/// ours.
fn close_to_others(directory: &Path) -> anyhow::Result<()> {
    let mode = std::fs::metadata(directory)
        .with_context(|| format!("cannot look at the data directory {}", directory.display()))?
        .permissions()
        .mode();
    if mode & STICKY != 0 {
        bail!(
            "the data directory {} is shared by all users of this machine: name a directory of \
             its own with --data-dir",
            directory.display()
        );
    }
    close(directory, OWNER_DIRECTORY)?;
    for name in OWN_FILES {
        close(&directory.join(name), OWNER_FILE)?;
    }
    for name in OWN_DIRECTORIES {
        close(&directory.join(name), OWNER_DIRECTORY)?;
    }
    Ok(())
}

/// Sets the mode of `path` where others have rights on it. It may be missing.
fn close(path: &Path, mode: u32) -> anyhow::Result<()> {
    let others_have_rights = || match std::fs::metadata(path) {
        Ok(found) => Ok(found.permissions().mode() & OTHERS != 0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
    let change = || -> std::io::Result<bool> {
        if others_have_rights()? {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
        others_have_rights()
    };
    let wanted = || {
        format!(
            "{} can be read by other users, and its mode cannot be changed to {mode:o}: start as \
             its owner, or name a directory on a file system that keeps modes with --data-dir",
            path.display()
        )
    };
    match change() {
        Ok(false) => Ok(()),
        Ok(true) => bail!(wanted()),
        Err(error) => Err(error).with_context(wanted),
    }
}

fn lock(path: &Path) -> anyhow::Result<File> {
    let name = path.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .mode(OWNER_FILE)
        .truncate(false)
        .open(&name)
        .with_context(|| format!("cannot write to the data directory {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            // For the message below; the lock holds even if the file cannot be written.
            let _unknown = file.set_len(0).and_then(|()| write!(&file, "{}", std::process::id()));
            Ok(file)
        }
        Err(std::fs::TryLockError::WouldBlock) => {
            let holder = std::fs::read_to_string(&name).unwrap_or_default();
            bail!(
                "another process uses the data directory {} (process {holder}): stop it, or name \
                 another directory with --data-dir",
                path.display()
            )
        }
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock the data directory {}", path.display()))
        }
    }
}

/// The PostgreSQL database at `url`, which may hold a password and is not repeated.
///
/// # Errors
/// If the URL is malformed, or the server does not answer.
pub async fn open_postgres(url: &str, connections: usize) -> anyhow::Result<Db> {
    Db::open_postgres(url, connections, Arc::new(SystemClock)).await.map_err(|error| {
        anyhow!(
            "--database cannot be used: {error}. Expected is the URL of a PostgreSQL database that \
             answers, such as postgres://user:password@host:5432/name"
        )
    })
}

/// The database of an existing gateway, which may be running and is not disturbed.
///
/// # Errors
/// If there is no database, or it cannot be opened.
pub async fn open_existing(options: &DatabaseOptions) -> anyhow::Result<Db> {
    let db = match &options.database {
        Some(url) => open_postgres(url, DATABASE_CONNECTIONS).await?,
        None => {
            let path = options.data_dir.join("bascule.db");
            if !path.exists() {
                bail!(
                    "{} does not exist: name the gateway's data directory with --data-dir, or its \
                     PostgreSQL database with --database",
                    path.display()
                );
            }
            Db::open_sqlite(&path).await.map_err(|error| anyhow!("{error}"))?
        }
    };
    let key = options.data_dir.join("sealing.key");
    match std::fs::read(&key) {
        Ok(bytes) => {
            let sealer = Sealer::new(&bytes)
                .map_err(|error| anyhow!("{} cannot be used: {error}", key.display()))?;
            db.seal_bodies_with(Arc::new(sealer.bodies(Arc::new(SystemIds))));
        }
        // Commands that read no sealed body work without the key; the others name it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", key.display()));
        }
    }
    Ok(db)
}
