//! The operator's folders of banks (`--banks`): loaded at the start, and again at each SIGHUP.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use banks::directory::{Directory, ProfileErrors};
use banks::registration::RegisteredClient;
use gateway::{App, bank_files};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, warn};

/// The clients that banks made of us, by bank.
type Clients = BTreeMap<String, Arc<RegisteredClient>>;

/// The folders.
pub struct OwnBanks {
    folders: Vec<PathBuf>,
    loaded: Directory,
    /// Watched from the start, because an unwatched SIGHUP ends the process.
    hangups: Signal,
}

impl OwnBanks {
    /// Loads the folders.
    ///
    /// # Errors
    /// A line for each file that does not load; or signals cannot be watched.
    pub fn load(folders: &[PathBuf]) -> anyhow::Result<OwnBanks> {
        let loaded = Directory::load_folders(folders)?;
        let hangups = signal(SignalKind::hangup()).context("SIGHUP cannot be watched")?;
        Ok(OwnBanks { folders: folders.to_vec(), loaded, hangups })
    }

    /// The simulated banks, and those that were loaded last, with the clients that banks made of us.
    ///
    /// # Errors
    /// Every id that is in both.
    pub fn beside(
        &mut self,
        simulated: &simbank::Running,
        clients: &Clients,
    ) -> Result<Directory, ProfileErrors> {
        let loaded = std::mem::take(&mut self.loaded);
        let together = together(&simulated.base_url, &simulated.tls_base_url, loaded)?;
        Ok(together.with_registered(clients))
    }

    /// Loads the folders again at each SIGHUP. If a file does not load, the banks stay as they are.
    pub async fn reload_at_hangup(mut self, app: Arc<App>, base_url: String, tls_base_url: String) {
        while self.hangups.recv().await.is_some() {
            let folders = self.folders.clone();
            let loading = tokio::task::spawn_blocking(move || Directory::load_folders(&folders));
            let Ok(loaded) = loading.await else { continue };
            let clients = match app.registrations().clients().await {
                Ok(clients) => clients,
                Err(error) => {
                    error!(%error, "registrations cannot be read: the banks stay as they are");
                    continue;
                }
            };
            let mut together = loaded.and_then(|loaded| together(&base_url, &tls_base_url, loaded));
            if let Ok(directory) = &mut together
                && let Err(error) = bank_files::remember(app.db(), directory, app.now()).await
            {
                error!(%error, "files of banks cannot be kept: the banks stay as they are");
                continue;
            }
            let replaced = together.and_then(|directory| {
                let directory = directory.with_registered(&clients);
                let banks = directory.iter().count();
                app.replace_directory(directory).map(|()| banks)
            });
            match replaced {
                Ok(banks) => warn!(banks, "the folders of banks were loaded again"),
                Err(errors) => {
                    errors.to_string().lines().for_each(|line| error!("{line}"));
                    error!("the folders of banks do not load: the banks stay as they are");
                }
            }
        }
    }
}

fn together(
    base_url: &str,
    tls_base_url: &str,
    own: Directory,
) -> Result<Directory, ProfileErrors> {
    let mut directory = Directory::simulated(base_url, tls_base_url)?;
    directory.extend(own)?;
    Ok(directory)
}
