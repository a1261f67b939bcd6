//! The repository's rules as tests: `cargo test -p tidy`.
//!
//! A rule is a function from the [`Tree`] of files to a list of problems, each of which says what
//! to do. `tests/repository.rs` runs all of them on this repository; beside each rule, tests show
//! that it finds what it should.
//!
//! | module | rules |
//! |---|---|
//! | [`dependencies`] | which crate may depend on which; what a manifest must say |
//! | [`sizes`] | long files and long functions |
//! | [`sql`] | where SQL may be written, and which words both databases understand |
//! | [`public_words`] | names of the API's fields and statuses in `web` alone, each version's in that version |
//! | [`words`] | what no source file may contain, and what each must begin with |
//! | [`limits`] | `docs/limits.md`, made of the code |
//! | [`links`] | links in Markdown, and files that nothing uses |

pub mod dependencies;
pub mod limits;
pub mod links;
pub mod public_words;
pub mod sizes;
pub mod source;
pub mod sql;
pub mod words;

use std::io;
use std::path::{Path, PathBuf};

/// Folders that are not ours to judge: results of builds and the history.
const PASSED_OVER: &[&str] = &["target", ".git", "bascule-data", "node_modules"];
/// More files than this are not a source tree.
const FILES_MAX: usize = 20_000;

/// One text file.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// What it holds; empty where it is not text.
    pub text: String,
}

impl File {
    /// Its name without the folders.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder that holds it, without a trailing `/`; empty for the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The crate that it belongs to, if any.
    #[must_use]
    pub fn crate_name(&self) -> Option<&str> {
        let (name, rest) = self.path.strip_prefix("crates/")?.split_once('/')?;
        (!rest.is_empty()).then_some(name)
    }

    /// Whether it is Rust source.
    #[must_use]
    pub fn is_rust(&self) -> bool {
        self.has_ending(&["rs"])
    }

    /// Whether its name ends with a dot and one of `endings`.
    #[must_use]
    pub fn has_ending(&self, endings: &[&str]) -> bool {
        self.name().rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
    }
}

/// Every file of the repository, in the order of their paths.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The files.
    pub files: Vec<File>,
}

impl Tree {
    /// Reads everything below `root`.
    ///
    /// # Errors
    /// That of reading a folder or a file; a tree of more than 20,000 files.
    pub fn read(root: &Path) -> io::Result<Tree> {
        let mut files = vec![];
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let kind = entry.file_type()?;
                if kind.is_dir() && !PASSED_OVER.contains(&name.as_str()) {
                    folders.push(entry.path());
                } else if kind.is_file() && name != ".git" {
                    files.push(read(root, entry.path())?);
                }
                if files.len() > FILES_MAX {
                    return Err(io::Error::other(format!("more than {FILES_MAX} files")));
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Tree { files })
    }

    /// A tree of these paths and texts, for tests of the rules.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Tree {
        let files = files
            .iter()
            .map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        Tree { files }
    }

    /// The file at `path`.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Rust sources.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }
}

fn read(root: &Path, path: PathBuf) -> io::Result<File> {
    let relative = path.strip_prefix(root).unwrap_or(&path);
    let relative: Vec<_> =
        relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let text = String::from_utf8(std::fs::read(&path)?).unwrap_or_default();
    Ok(File { path: relative.join("/"), text })
}
