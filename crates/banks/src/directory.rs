//! All banks that this installation knows, by id.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::profile::{
    BankProfile, ProfileError, SIMULATOR_HOST_PLACEHOLDER, SIMULATOR_PLACEHOLDER,
    SIMULATOR_TLS_PLACEHOLDER,
};

/// The most profiles that one directory holds.
pub const BANKS_MAX: usize = 10_000;
/// The longest profile, in bytes.
pub const PROFILE_BYTES_MAX: u64 = 64 * 1024;

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
    "stet-chene",
    "stet-hetre",
    "stet-if",
    "stet-saule",
];

/// The known banks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directory {
    banks: BTreeMap<String, BankProfile>,
}

impl Directory {
    /// Loads `path/<country>/<id>.toml`. The folder `sim` is left out: see
    /// [`Directory::simulated`].
    ///
    /// # Errors
    /// The first file that cannot be read, does not load, is not named after its id, or repeats
    /// an id.
    pub fn load_dir(path: &Path) -> Result<Directory, ProfileError> {
        let mut directory = Directory::default();
        for country in entries(path)? {
            let folder = country.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if !country.is_dir() || folder == SIMULATED_FOLDER {
                continue;
            }
            for file in entries(&country)? {
                if file.extension().is_some_and(|extension| extension == "toml") {
                    directory.add(&file.display().to_string(), load(&file)?)?;
                }
            }
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
        other.banks.into_values().try_for_each(|bank| self.add(&bank.id.clone(), bank))
    }

    /// The bank with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&BankProfile> {
        self.banks.get(id)
    }

    /// All banks, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &BankProfile> {
        self.banks.values()
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

/// What a folder contains, by name, so that messages do not depend on the file system's order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ProfileError> {
    let fail = |error: std::io::Error| ProfileError {
        file: folder.display().to_string(),
        problem: format!("cannot be read: {error}"),
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)?.take(BANKS_MAX) {
        paths.push(entry.map_err(fail)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn load(file: &Path) -> Result<BankProfile, ProfileError> {
    let name = file.display().to_string();
    let fail = |problem: String| ProfileError { file: name.clone(), problem };
    let unreadable = |error: std::io::Error| fail(format!("cannot be read: {error}"));
    if std::fs::metadata(file).map_err(unreadable)?.len() > PROFILE_BYTES_MAX {
        return Err(fail(format!("is longer than {PROFILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let profile = BankProfile::parse(&name, &text)?;
    if profile.simulated {
        return Err(fail("`simulated` banks are built in and cannot be loaded".to_owned()));
    }
    if file.file_stem().and_then(|stem| stem.to_str()) != Some(profile.id.as_str()) {
        return Err(fail(format!("`id` is `{}`: the file must be named after it", profile.id)));
    }
    Ok(profile)
}
