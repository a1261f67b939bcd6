//! Banks of before: payments under way end with the standard and version with which they began, although
//! the bank's file changed or vanished.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::{BANKS_MAX, Directory, ProfileErrors, environment};
use crate::profile::{BankProfile, ProfileError, Standard};

/// The file of one bank of the operator's, with its template's values. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFile {
    /// The bank's id.
    pub bank_id: String,
    /// Standard and version: `stet 1.5`.
    pub version: String,
    /// The path: files that it names are relative to its folder.
    pub file: String,
    /// TOML.
    pub text: String,
}

/// A profile that payments under way continue with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replaced {
    /// From when the bank had it.
    from: Timestamp,
    /// When the bank got its next profile.
    at: Timestamp,
    bank: Arc<BankProfile>,
}

impl Directory {
    /// The files of the operator's banks, as another process may need them.
    pub fn own_files(&self) -> impl Iterator<Item = OwnFile> {
        self.banks.iter().filter(|(_, known)| !known.text.is_empty()).map(|(id, known)| {
            let (standard, version) = spoken(&known.bank.standard);
            OwnFile {
                bank_id: id.clone(),
                version: format!("{standard} {version}"),
                file: known.file.clone(),
                text: known.text.clone(),
            }
        })
    }

    /// Remembers a bank's file from before this process, for the payments that were created from the
    /// first to the second time: a bank that is no longer there, or had another standard or version.
    ///
    /// # Errors
    /// If the file, or a file that it names, cannot be used any more.
    pub fn remember(
        &mut self,
        own: &OwnFile,
        (from, at): (Timestamp, Timestamp),
    ) -> Result<(), ProfileError> {
        let file = Path::new(&own.file);
        let mut bank = BankProfile::parse(&own.file, &own.text)?;
        bank.read_files(file, &environment)?;
        let bank = Arc::new(bank);
        match self.banks.get(&own.bank_id) {
            None => {
                self.retired.insert(own.bank_id.clone(), bank);
            }
            Some(now) if spoken(&now.bank.standard) != spoken(&bank.standard) => {
                let replaced = self.replaced.entry(own.bank_id.clone()).or_default();
                replaced.push(Replaced { from, at, bank });
                replaced.sort_by_key(|one| one.at);
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// Remembers the banks of `earlier` that are not in this directory, or are in it with another
    /// standard or version: no list has them, and payments that were created before `now` find them
    /// with [`Directory::known_to`].
    ///
    /// # Errors
    /// If more than [`BANKS_MAX`] would be remembered.
    pub fn retire(&mut self, earlier: &Directory, now: Timestamp) -> Result<(), ProfileErrors> {
        self.replaced.clone_from(&earlier.replaced);
        for (id, known) in &earlier.banks {
            let next = self.banks.get(id).map(|next| &next.bank.standard);
            let (next, last) = (next.map(spoken), spoken(&known.bank.standard));
            if next.is_some_and(|next| next != last) {
                let replaced =
                    Replaced { from: Timestamp::MIN, at: now, bank: Arc::clone(&known.bank) };
                self.replaced.entry(id.clone()).or_default().push(replaced);
            }
        }
        let offered = earlier.banks.iter().map(|(id, known)| (id, &known.bank));
        for (id, bank) in earlier.retired.iter().chain(offered) {
            if !self.banks.contains_key(id) {
                self.retired.insert(id.clone(), Arc::clone(bank));
            }
        }
        let replaced: usize = self.replaced.values().map(Vec::len).sum();
        if self.retired.len() > BANKS_MAX || replaced > BANKS_MAX {
            let problem = format!(
                "more than {BANKS_MAX} banks were removed or got another version since the start; \
                 restart to forget them"
            );
            return Err(ProfileError { file: "of removed banks".to_owned(), problem }.into());
        }
        Ok(())
    }

    /// The same, or a bank that [`Directory::retire`] remembers.
    #[must_use]
    pub fn known(&self, id: &str) -> Option<Arc<BankProfile>> {
        self.offered(id).or_else(|| self.retired.get(id).map(Arc::clone))
    }

    /// The same for what was created at `created_at`: with the standard and version that the bank had
    /// then, as far as [`Directory::retire`] remembers.
    #[must_use]
    pub fn known_to(&self, id: &str, created_at: Timestamp) -> Option<Arc<BankProfile>> {
        let mut replaced = self.replaced.get(id).into_iter().flatten();
        let then = replaced.find(|one| one.from <= created_at && created_at < one.at);
        then.map(|then| Arc::clone(&then.bank)).or_else(|| self.known(id))
    }
}

/// Standard and version.
fn spoken(standard: &Standard) -> (&'static str, &'static str) {
    (standard.name(), standard.version())
}
