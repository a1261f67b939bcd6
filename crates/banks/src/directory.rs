//! All banks that this installation knows, by id.

mod earlier;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Table;

use crate::profile::{
    BankProfile, ProfileError, SIMULATOR_HOST_PLACEHOLDER, SIMULATOR_PLACEHOLDER,
    SIMULATOR_TLS_PLACEHOLDER,
};
use crate::registration::RegisteredClient;
use crate::template::{ProfileFile, Templates};

pub use self::earlier::OwnFile;
use self::earlier::Replaced;

/// The most profiles that one directory holds.
pub const BANKS_MAX: usize = 10_000;
/// The longest profile, in bytes.
pub const PROFILE_BYTES_MAX: u64 = 64 * 1024;
/// The most errors that are shown of folders that do not load.
pub const ERRORS_SHOWN_MAX: usize = 100;

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
    "bg-bjork",
    "bg-boeg",
    "bg-eiche",
    "bg-encina",
    "bg-fuz",
    "bg-gran",
    "bg-linden",
    "bg-lipa",
    "bg-olmo",
    "bg-pino",
    "bg-stejar",
    "bg-tulp",
    "mock-redirect",
    "ob-agate",
    "ob-basalt",
    "ob-chalk",
    "ob-flint",
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
    banks: BTreeMap<String, Known>,
    /// Banks of an earlier directory that are not in this one: payments to them may be under way.
    retired: BTreeMap<String, Arc<BankProfile>>,
    /// Earlier profiles of banks whose standard or version changed, the oldest first.
    replaced: BTreeMap<String, Vec<Replaced>>,
}

/// One bank.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    bank: Arc<BankProfile>,
    /// The file that it comes from, for messages.
    file: String,
    /// See [`Directory::unverified`].
    unverified: Vec<String>,
    /// Its keys as they are used, TOML; empty for simulated banks.
    text: String,
}

/// Why folders do not load: an error for each file that is wrong, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileErrors(Vec<ProfileError>);

/// One line for each error; after [`ERRORS_SHOWN_MAX`], how many more there are.
impl fmt::Display for ProfileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> =
            self.0.iter().take(ERRORS_SHOWN_MAX).map(ToString::to_string).collect();
        f.write_str(&shown.join("\n"))?;
        match self.0.len() - shown.len() {
            0 => Ok(()),
            more => write!(f, "\nand {more} more errors"),
        }
    }
}

impl std::error::Error for ProfileErrors {}

impl From<ProfileError> for ProfileErrors {
    fn from(error: ProfileError) -> ProfileErrors {
        ProfileErrors(vec![error])
    }
}

/// `Ok` if there are no errors.
fn none_of(errors: Vec<ProfileError>) -> Result<(), ProfileErrors> {
    if errors.is_empty() { Ok(()) } else { Err(ProfileErrors(errors)) }
}

/// Folders that are being loaded: the rest of their files is read after an error, so that the operator
/// sees all errors at once.
#[derive(Default)]
struct Loading {
    directory: Directory,
    templates: Templates,
    completions: Vec<(PathBuf, String, Table)>,
    errors: Vec<ProfileError>,
}

impl Loading {
    fn note(&mut self, loaded: Result<(), ProfileError>) {
        self.errors.extend(loaded.err());
    }

    fn take_folder(&mut self, folder: &Path) -> Result<(), ProfileError> {
        for file in profile_files(folder)? {
            if file.parent() == Some(folder) {
                let problem = "must be in the folder of its country, such as `gb/`".to_owned();
                self.errors.push(fail(&file, problem));
                continue;
            }
            let taken = self.take_file(&file);
            self.note(taken);
        }
        Ok(())
    }

    fn take_file(&mut self, file: &Path) -> Result<(), ProfileError> {
        let name = file.display().to_string();
        let text = read(file)?;
        match ProfileFile::parse(&name, &text)? {
            ProfileFile::Bank(mut bank) => {
                bank.read_files(file, &environment)?;
                self.directory.add_own(file, *bank, vec![], text)
            }
            ProfileFile::Template(template) => {
                named_after(file, &template.facts().id)?;
                self.templates.add(&name, *template)
            }
            ProfileFile::Completion { template, table } => {
                self.completions.push((file.to_owned(), template, table));
                Ok(())
            }
        }
    }

    fn complete(
        &mut self,
        built_in: &Templates,
        (file, id, table): (PathBuf, String, Table),
    ) -> Result<(), ProfileError> {
        let template = self.templates.get(&id).or_else(|| built_in.get(&id)).ok_or_else(|| {
            fail(&file, format!("`template` is `{id}`: there is no such template"))
        })?;
        let unverified = template.unverified_after(&table);
        let text = template.completed(table.clone()).to_string();
        let mut bank = template.complete(&file.display().to_string(), table)?;
        bank.read_files(&file, &environment)?;
        self.directory.add_own(&file, bank, unverified, text)
    }
}

impl Directory {
    /// Loads `<country>/<id>.toml` of all `folders`: whole banks, and banks that complete a
    /// [template](crate::template), which may be built in or in one of the folders; of two templates
    /// with the same id, the folders' counts. Templates themselves are checked and left out, and so
    /// are folders `sim`: see [`Directory::simulated`].
    ///
    /// # Errors
    /// Every file that cannot be read, does not load, is not named after its id, repeats an
    /// id, or completes no known template, or not the whole of it.
    pub fn load_folders(folders: &[PathBuf]) -> Result<Directory, ProfileErrors> {
        let built_in = Templates::built_in()?;
        let mut loading = Loading::default();
        for folder in folders {
            let taken = loading.take_folder(folder);
            loading.note(taken);
        }
        for completion in std::mem::take(&mut loading.completions) {
            let completed = loading.complete(&built_in, completion);
            loading.note(completed);
        }
        none_of(loading.errors)?;
        Ok(loading.directory)
    }

    /// The same of one folder.
    ///
    /// # Errors
    /// See [`Directory::load_folders`].
    pub fn load_dir(folder: &Path) -> Result<Directory, ProfileErrors> {
        Directory::load_folders(&[folder.to_owned()])
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
            let bank = Arc::new(BankProfile::parse(file, &text)?);
            let (file, text) = ((*file).to_owned(), String::new());
            directory.add(Known { bank, file, unverified: vec![], text })?;
        }
        Ok(directory)
    }

    /// Adds all banks of `other`.
    ///
    /// # Errors
    /// Every id that is in both.
    pub fn extend(&mut self, other: Directory) -> Result<(), ProfileErrors> {
        none_of(other.banks.into_values().filter_map(|known| self.add(known).err()).collect())
    }

    /// With the clients that banks made of us, by the bank's id. A bank whose file has no registration
    /// is left as it is.
    #[must_use]
    pub fn with_registered(
        mut self,
        clients: &BTreeMap<String, Arc<RegisteredClient>>,
    ) -> Directory {
        for (id, client) in clients {
            if let Some(known) = self.banks.get_mut(id) {
                let bank = BankProfile::clone(&known.bank).with_registered(Arc::clone(client));
                known.bank = Arc::new(bank);
            }
        }
        self
    }

    /// The bank with this id, to be kept while the directory may be replaced.
    #[must_use]
    pub fn offered(&self, id: &str) -> Option<Arc<BankProfile>> {
        self.banks.get(id).map(|known| Arc::clone(&known.bank))
    }

    /// The bank with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&BankProfile> {
        self.banks.get(id).map(|known| known.bank.as_ref())
    }

    /// The keys of an operator's bank as they are used, TOML: those of its file over those of its
    /// template. Secrets are places, as the file has them.
    #[must_use]
    pub fn keys(&self, id: &str) -> Option<&str> {
        self.banks.get(id).map(|known| known.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The file that this bank comes from.
    #[must_use]
    pub fn file(&self, id: &str) -> Option<&str> {
        self.banks.get(id).map(|known| known.file.as_str())
    }

    /// The keys of this bank whose values come from its template, which names no source for them.
    #[must_use]
    pub fn unverified(&self, id: &str) -> &[String] {
        self.banks.get(id).map_or(&[], |known| known.unverified.as_slice())
    }

    /// All banks, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &BankProfile> {
        self.banks.values().map(|known| known.bank.as_ref())
    }

    /// Adds a bank of the operator's.
    fn add_own(
        &mut self,
        file: &Path,
        bank: BankProfile,
        unverified: Vec<String>,
        text: String,
    ) -> Result<(), ProfileError> {
        if bank.simulated {
            return Err(fail(
                file,
                "`simulated` banks are built in and cannot be loaded".to_owned(),
            ));
        }
        named_after(file, &bank.id)?;
        let file = file.display().to_string();
        self.add(Known { bank: Arc::new(bank), file, unverified, text })
    }

    fn add(&mut self, known: Known) -> Result<(), ProfileError> {
        let fail = |problem: String| ProfileError { file: known.file.clone(), problem };
        if self.banks.len() >= BANKS_MAX {
            return Err(fail("there are more banks than a directory holds".to_owned()));
        }
        let id = &known.bank.id;
        if let Some(other) = self.banks.get(id) {
            return Err(fail(format!("`id` is `{id}`, which is already taken by {}", other.file)));
        }
        self.banks.insert(id.clone(), known);
        Ok(())
    }
}

/// The operator's environment: a profile may name a variable that holds a secret.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
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
    let is_profile = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "toml");
    let mut files = Vec::new();
    for country in entries(path)? {
        let folder = country.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if country.is_dir() && folder != SIMULATED_FOLDER {
            files.extend(entries(&country)?.into_iter().filter(is_profile));
        } else if country.is_file() && is_profile(&country) {
            files.push(country);
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
