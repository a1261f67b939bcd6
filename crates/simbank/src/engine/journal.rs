//! The journal: with it, a second start on the same directory continues where the first ended.
//!
//! One line of JSON per commit: `[[table, key, object or null], …]`, whole objects, null for a
//! removed one. All changes of a commit share a line, so a process killed while it writes loses a
//! commit whole and no money is made or lost. A line is written before the answer leaves, but not
//! synced: the journal survives the process, not the machine.
//!
//! At start the journal is replayed and rewritten with one line per living object. A last line
//! without its newline is a write that was cut off and is dropped; any other line that cannot be
//! read stops the start.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::StartError;

/// The journal is rewritten while running when it has grown by this much since the last time.
const REWRITE_AFTER_BYTES: u64 = 256 * 1024 * 1024;

/// One object that changed: table, key, and the object or null.
pub(crate) type Change = (String, String, Value);

/// A change could not be written; the state in memory is ahead of the journal from now on.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the simulated bank cannot write its journal")]
pub(crate) struct JournalFailed;

/// The file that changes are appended to.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    grown_bytes: u64,
    failed: bool,
}

/// Reads every change in the directory's journal, oldest first.
pub(crate) fn replay(
    path: &Path,
    mut apply: impl FnMut(Change) -> Result<(), String>,
) -> Result<(), StartError> {
    let unreadable = |error| StartError::DataDirectory { path: path.to_owned(), source: error };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        if line.last() != Some(&b'\n') {
            tracing::warn!(line = number, "the journal's last line was cut off and is dropped");
            break;
        }
        let damaged =
            |reason: String| StartError::Journal { path: path.to_owned(), line: number, reason };
        let changes: Vec<Change> =
            serde_json::from_slice(&line).map_err(|error| damaged(error.to_string()))?;
        for change in changes {
            apply(change).map_err(damaged)?;
        }
    }
    Ok(())
}

impl Journal {
    /// Rewrites the journal so that it holds exactly `rows`, and opens it for appending.
    pub(crate) fn rewrite(
        path: &Path,
        rows: impl Iterator<Item = Change>,
    ) -> std::io::Result<Self> {
        let fresh = path.with_extension("new");
        let mut writer = BufWriter::new(private_file(&fresh)?);
        for row in rows {
            serde_json::to_writer(&mut writer, &[row])?;
            writer.write_all(b"\n")?;
        }
        writer.flush()?;
        drop(writer);
        fs::rename(&fresh, path)?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self { path: path.to_owned(), file, grown_bytes: 0, failed: false })
    }

    /// Appends one commit. After a failure nothing more is written, so that a torn line stays last.
    pub(crate) fn append(&mut self, changes: &[Change]) -> Result<(), JournalFailed> {
        if self.failed {
            return Err(JournalFailed);
        }
        let result =
            serde_json::to_vec(changes).map_err(std::io::Error::from).and_then(|mut line| {
                line.push(b'\n');
                self.grown_bytes += line.len() as u64;
                self.file.write_all(&line)
            });
        result.map_err(|error| {
            tracing::error!(%error, "cannot append to the journal");
            self.failed = true;
            JournalFailed
        })
    }

    /// Whether the journal has grown enough to be rewritten.
    pub(crate) fn is_long(&self) -> bool {
        self.grown_bytes > REWRITE_AFTER_BYTES
    }

    /// Where the journal is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// A directory that only its owner can enter, with its parents.
pub(crate) fn private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A new, empty file that only its owner can read.
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
