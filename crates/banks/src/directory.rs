//! All banks that this installation knows, by id.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::profile::{
    BankProfile, ProfileError, SIMULATOR_HOST_PLACEHOLDER, SIMULATOR_PLACEHOLDER,
    SIMULATOR_TLS_PLACEHOLDER,
};
use crate::template::{ProfileFile, Templates};

/// The most profiles that one directory holds.
pub const BANKS_MAX: usize = 10_000;
/// The longest profile, in bytes.
pub const PROFILE_BYTES_MAX: u64 = 64 * 1024;

/// The most entries of one folder: as many banks as a directory holds, and as many files beside.
const FOLDER_ENTRIES_MAX: usize = 2 * BANKS_MAX;

/// The folder of the simulated banks' profiles: they are embedded in the program, and their URLs
/// are not known before the simulator's address is.
const SIMULATED_FOLDER: &str = "sim";

/// One embedded profile: its path in the repository, and its text.
macro_rules! embedded {
    ($($id:literal),+ $(,)?) => {
        [$((
            concat!("banks/sim/", $id, ".toml"),
            include_str!(concat!("../../../banks/sim/", $id, ".toml")),
        )),+]
    };
}

const SIMULATED: &[(&str, &str)] = &embedded![
    "bg-ahorn",
    "bg-birke",
    "bg-eiche",
    "bg-encina",
    "bg-linden",
    "bg-olmo",
    "bg-pino",
    "bg-tulp",
    "mock-redirect",
    "ob-iron",
    "ob-modelo",
    "ob-onyx",
    "ob-quartz",
    "ob-slate",
    "pl-brzoza",
    "pl-dab",
    "pl-sosna",
    "stet-chene",
    "stet-hetre",
    "stet-if",
    "stet-saule",
];

/// The known banks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directory {
    banks: BTreeMap<String, BankProfile>,
    unverified: BTreeMap<String, Vec<String>>,
}

impl Directory {
    /// Loads `path/<country>/<id>.toml`: whole banks, and banks that complete a
    /// [template](crate::template), which may be built in or in the same folder; of two templates
    /// with the same id, the folder's counts. Templates themselves are checked and left out, and so
    /// is the folder `sim`: see [`Directory::simulated`].
    ///
    /// # Errors
    /// The first file that cannot be read, does not load, is not named after its id, repeats an
    /// id, or completes no known template, or not the whole of it.
    pub fn load_dir(path: &Path) -> Result<Directory, ProfileError> {
        let built_in = Templates::built_in()?;
        let mut own = Templates::default();
        let mut directory = Directory::default();
        let mut completions = Vec::new();
        for file in profile_files(path)? {
            let name = file.display().to_string();
            match ProfileFile::parse(&name, &read(&file)?)? {
                ProfileFile::Bank(bank) => directory.add_own(&file, *bank)?,
                ProfileFile::Template(template) => {
                    named_after(&file, &template.facts().id)?;
                    own.add(&name, *template)?;
                }
                ProfileFile::Completion { template, table } => {
                    completions.push((file, template, table));
                }
            }
        }
        for (file, id, table) in completions {
            let template = own.get(&id).or_else(|| built_in.get(&id)).ok_or_else(|| {
                fail(&file, format!("`template` is `{id}`: there is no such template"))
            })?;
            let unverified = template.unverified_after(&table);
            let bank = template.complete(&file.display().to_string(), table)?;
            if !unverified.is_empty() {
                directory.unverified.insert(bank.id.clone(), unverified);
            }
            directory.add_own(&file, bank)?;
        }
        Ok(directory)
    }

    /// The embedded simulated banks, at `base_url` for browsers and `tls_base_url` for us (no
    /// trailing slashes), e.g. `http://localhost:8001` and `https://localhost:8002`.
    ///
    /// # Errors
    /// If one is not an http(s) URL without a trailing slash.
    pub fn simulated(base_url: &str, tls_base_url: &str) -> Result<Directory, ProfileError> {
        let mut directory = Directory::default();
        let host = base_url.split_once("://").map_or(base_url, |(_, host)| host);
        for (file, text) in SIMULATED {
            let text = text
                .replace(SIMULATOR_HOST_PLACEHOLDER, host)
                .replace(SIMULATOR_PLACEHOLDER, base_url)
                .replace(SIMULATOR_TLS_PLACEHOLDER, tls_base_url);
            directory.add(file, BankProfile::parse(file, &text)?)?;
        }
        Ok(directory)
    }

    /// Adds all banks of `other`.
    ///
    /// # Errors
    /// If an id is in both.
    pub fn extend(&mut self, other: Directory) -> Result<(), ProfileError> {
        self.unverified.extend(other.unverified);
        other.banks.into_values().try_for_each(|bank| self.add(&bank.id.clone(), bank))
    }

    /// The bank with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&BankProfile> {
        self.banks.get(id)
    }

    /// The keys of this bank whose values come from its template, which names no source for them.
    #[must_use]
    pub fn unverified(&self, id: &str) -> &[String] {
        self.unverified.get(id).map_or(&[], Vec::as_slice)
    }

    /// All banks, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &BankProfile> {
        self.banks.values()
    }

    /// Adds a bank of the operator's.
    fn add_own(&mut self, file: &Path, bank: BankProfile) -> Result<(), ProfileError> {
        if bank.simulated {
            return Err(fail(
                file,
                "`simulated` banks are built in and cannot be loaded".to_owned(),
            ));
        }
        named_after(file, &bank.id)?;
        self.add(&file.display().to_string(), bank)
    }

    fn add(&mut self, file: &str, bank: BankProfile) -> Result<(), ProfileError> {
        let fail =
            |problem: &str| ProfileError { file: file.to_owned(), problem: problem.to_owned() };
        if self.banks.len() >= BANKS_MAX {
            return Err(fail("there are more banks than a directory holds"));
        }
        if self.banks.contains_key(&bank.id) {
            return Err(fail("`id` is already taken by another file"));
        }
        self.banks.insert(bank.id.clone(), bank);
        Ok(())
    }
}

fn fail(file: &Path, problem: String) -> ProfileError {
    ProfileError { file: file.display().to_string(), problem }
}

fn named_after(file: &Path, id: &str) -> Result<(), ProfileError> {
    if file.file_stem().and_then(|stem| stem.to_str()) == Some(id) {
        Ok(())
    } else {
        Err(fail(file, format!("`id` is `{id}`: the file must be named after it")))
    }
}

/// `path/<country>/<id>.toml` of all countries but the simulated one, by name.
fn profile_files(path: &Path) -> Result<Vec<PathBuf>, ProfileError> {
    let mut files = Vec::new();
    for country in entries(path)? {
        let folder = country.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if country.is_dir() && folder != SIMULATED_FOLDER {
            files.extend(
                entries(&country)?
                    .into_iter()
                    .filter(|file| file.extension().is_some_and(|extension| extension == "toml")),
            );
        }
    }
    Ok(files)
}

/// The contents of a folder, by name, so that messages do not depend on the file system's order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ProfileError> {
    let unreadable = |error: std::io::Error| fail(folder, format!("cannot be read: {error}"));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        if paths.len() >= FOLDER_ENTRIES_MAX {
            return Err(fail(folder, format!("has more than {FOLDER_ENTRIES_MAX} entries")));
        }
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn read(file: &Path) -> Result<String, ProfileError> {
    let unreadable = |error: std::io::Error| fail(file, format!("cannot be read: {error}"));
    if std::fs::metadata(file).map_err(unreadable)?.len() > PROFILE_BYTES_MAX {
        return Err(fail(file, format!("is longer than {PROFILE_BYTES_MAX} bytes")));
    }
    std::fs::read_to_string(file).map_err(unreadable)
}
