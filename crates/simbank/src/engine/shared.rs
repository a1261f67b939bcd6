//! The objects that all request handlers share: the options, the keys, and the state behind its lock.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::engine::banks::Bank;
use crate::engine::jose::{KeySet, SigningKey, base64url, sha256};
use crate::engine::journal::{self, Journal, JournalFailed};
use crate::engine::registration::RegisteredClient;
use crate::engine::state::State;
use crate::engine::tokens::{Secrets, TokenTerms};
use crate::simulation::exchanges::Exchanges;
use crate::simulation::faults::Faults;
use crate::{Environment, Options, Registration, StartError};

/// The name of the journal in the data directory.
const JOURNAL_FILE: &str = "simbank-journal.jsonl";
/// The name of the signing key in the data directory.
const KEY_FILE: &str = "simbank-signing-key.p8";

/// One registered TPP.
pub(crate) struct Client {
    pub(crate) registration: Registration,
    pub(crate) keys: KeySet,
    /// The only bank that knows it; all banks if absent.
    pub(crate) bank: Option<String>,
    /// Its own secret; the one that everybody knows if absent.
    pub(crate) secret: Option<String>,
}

struct Kept {
    state: State,
    journal: Option<Journal>,
}

/// The process's banks.
pub(crate) struct Shared {
    pub(crate) environment: Arc<dyn Environment>,
    /// Without a trailing slash.
    pub(crate) base_url: String,
    tls_base_url: String,
    pub(crate) key: Arc<SigningKey>,
    pub(crate) exchanges: Exchanges,
    pub(crate) faults: Faults,
    /// True once the banks are to stop: nobody is kept waiting on purpose any more.
    pub(crate) stop: watch::Sender<bool>,
    execution_delay_ms: u64,
    short_lived_tokens: bool,
    clients: HashMap<String, Arc<Client>>,
    /// Clients that registered by themselves, by client id.
    registered: RwLock<HashMap<String, Arc<Client>>>,
    /// Whose certificates are trusted, DER; none where there is no port with TLS.
    authorities: Vec<Vec<u8>>,
    kept: Mutex<Kept>,
}

impl Shared {
    /// Reads keys and journal, or makes them.
    pub(crate) fn open(
        options: Options,
        base_url: &str,
        environment: Arc<dyn Environment>,
    ) -> Result<Self, StartError> {
        let base_url = base_url.trim_end_matches('/').to_owned();
        let tls_base_url = options.tls_public_url.clone().unwrap_or_else(|| base_url.clone());
        // Only an origin will do: the banks' own redirects are paths from the root.
        url::Url::parse(&base_url)
            .ok()
            .filter(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none())
            .filter(url::Url::has_host)
            .ok_or_else(|| StartError::PublicUrl(base_url.clone()))?;
        let mut clients = HashMap::new();
        for registration in options.registrations {
            let client_id = registration.client_id.clone();
            let keys = KeySet::parse(&registration.jwks).map_err(|reason| {
                StartError::Registration { client_id: client_id.clone(), reason }
            })?;
            let client = Client { registration, keys, bank: None, secret: None };
            clients.insert(client_id, Arc::new(client));
        }
        let now = environment.now();
        let mut state = State::default();
        let (key, journal) = match &options.data_dir {
            None => {
                state.complete(now);
                (key_of_this_process()?, None)
            }
            Some(directory) => {
                let unusable =
                    |source| StartError::DataDirectory { path: directory.clone(), source };
                journal::private_directory(directory).map_err(unusable)?;
                let key = Arc::new(load_or_make_key(directory)?);
                let path = directory.join(JOURNAL_FILE);
                journal::replay(&path, |change| state.restore(change))?;
                state.complete(now);
                state.drop_expired(now);
                let rows = state.dump().into_iter();
                (key, Some(Journal::rewrite(&path, rows).map_err(unusable)?))
            }
        };
        state.changes.clear();
        let registered = state
            .registered_clients
            .all()
            .into_iter()
            .filter_map(|(id, row)| Some((id.to_owned(), Arc::new(row.client(id).ok()?))));
        let registered = RwLock::new(registered.collect());
        Ok(Self {
            environment,
            base_url,
            tls_base_url,
            key,
            exchanges: Exchanges::default(),
            faults: Faults::default(),
            stop: watch::Sender::new(false),
            execution_delay_ms: options.execution_delay_ms,
            short_lived_tokens: options.short_lived_tokens,
            clients,
            registered,
            authorities: options.tls.map(|tls| tls.client_roots_der).unwrap_or_default(),
            kept: Mutex::new(Kept { state, journal }),
        })
    }

    /// The time, after the environment's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.environment.now()
    }

    /// A secret of 256 bits, fit for an address.
    pub(crate) fn secret(&self) -> String {
        let mut bytes = [0; 32];
        self.environment.fill_random(&mut bytes);
        base64url(bytes)
    }

    /// Secrets for an access token and a refresh token.
    pub(crate) fn token_secrets(&self) -> Secrets {
        Secrets { access: self.secret(), refresh: self.secret() }
    }

    /// A random UUID (RFC 9562, version 4).
    pub(crate) fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        self.environment.fill_random(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (index, byte) in bytes.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }

    /// The scenario that was planned for a payment that is being created.
    pub(crate) fn plan_for(&self, bank: &str) -> Option<String> {
        self.faults.take_for_order(bank).map(|scenario| scenario.word.to_owned())
    }

    /// Whether nobody has tried this before.
    pub(crate) fn is_first(&self, attempt: &str) -> bool {
        self.faults.is_first(attempt)
    }

    /// How long an order waits for its execution, in milliseconds.
    pub(crate) fn execution_delay_ms(&self) -> i64 {
        i64::try_from(self.execution_delay_ms).unwrap_or(i64::MAX)
    }

    /// How long the tokens of a payer's approval work at a bank.
    pub(crate) fn token_terms(&self, bank: &Bank) -> TokenTerms {
        bank.token_terms(self.short_lived_tokens)
    }

    /// Where providers with certificates reach the banks, without a trailing slash.
    pub(crate) fn tls_base_url(&self) -> &str {
        &self.tls_base_url
    }

    /// The name of a provider by its client id or its organisation identifier.
    pub(crate) fn provider_name(&self, id: &str) -> String {
        let registered = || self.registered().get(id).cloned();
        let found = self.clients.get(id).cloned().or_else(registered);
        let found = found.or_else(|| self.provider(id));
        found.map_or_else(|| id.to_owned(), |client| client.registration.name.clone())
    }

    /// Whether a provider may have payers sent back to that address.
    pub(crate) fn provider_returns_to(&self, organisation_identifier: &str, uri: &str) -> bool {
        let found = self.provider(organisation_identifier);
        found.is_some_and(|client| client.registration.redirect_uris.iter().any(|one| one == uri))
    }

    /// Whose certificates are trusted, DER.
    pub(crate) fn authorities(&self) -> &[Vec<u8>] {
        &self.authorities
    }

    /// The seal certificate with this fingerprint (SHA-256 of its DER): the registered one of the
    /// provider, or one that it publishes.
    pub(crate) fn seal_certificate(
        &self,
        organisation_identifier: &str,
        fingerprint: &[u8],
    ) -> Option<Vec<u8>> {
        let registered = self
            .provider(organisation_identifier)
            .and_then(|client| client.registration.seal_certificate_der.clone())
            .filter(|der| sha256(der).as_slice() == fingerprint);
        let published = || {
            let hexadecimal: String =
                fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
            self.environment.published_certificate(&hexadecimal)
        };
        registered.or_else(published)
    }

    /// The registered TPP with this organisation identifier.
    pub(crate) fn provider(&self, organisation_identifier: &str) -> Option<Arc<Client>> {
        let found = self.clients.values().find(|client| {
            client.registration.organisation_identifier.as_deref() == Some(organisation_identifier)
        });
        found.cloned()
    }

    /// The TPP with this client id at a bank.
    pub(crate) fn client(&self, bank: &Bank, client_id: &str) -> Option<Arc<Client>> {
        let registered = || {
            let found = self.registered().get(client_id).cloned()?;
            (found.bank.as_deref() == Some(bank.id)).then_some(found)
        };
        self.clients.get(client_id).cloned().or_else(registered)
    }

    /// The seal certificates (DER) that a provider registered with at a bank by itself.
    pub(crate) fn registered_seals(&self, bank: &Bank, organisation: &str) -> Vec<Vec<u8>> {
        let registered = self.registered();
        let own = registered.values().filter(|client| {
            client.bank.as_deref() == Some(bank.id)
                && client.registration.organisation_identifier.as_deref() == Some(organisation)
        });
        own.filter_map(|client| client.registration.seal_certificate_der.clone()).collect()
    }

    fn registered(&self) -> RwLockReadGuard<'_, HashMap<String, Arc<Client>>> {
        self.registered.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a client that registered.
    ///
    /// # Errors
    /// The defect of its keys, or that the state cannot be kept.
    pub(crate) fn register(&self, client_id: &str, row: RegisteredClient) -> Result<(), String> {
        let client = Arc::new(row.client(client_id)?);
        let now = self.now();
        self.commit(|state| {
            state.registered_clients.put(client_id, row, now, &mut state.changes);
        })
        .map_err(|error| error.to_string())?;
        let mut registered = self.registered.write().unwrap_or_else(PoisonError::into_inner);
        registered.insert(client_id.to_owned(), client);
        Ok(())
    }

    /// Runs `work` on the state, after the orders whose time has come, and writes what changed to
    /// the journal before it returns. The lock is held meanwhile: `work` must be short.
    pub(crate) fn commit<R>(&self, work: impl FnOnce(&mut State) -> R) -> Result<R, JournalFailed> {
        let now = self.now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { state, journal } = &mut *kept;
        state.run_due(now);
        let result = work(state);
        let changes = std::mem::take(&mut state.changes);
        let Some(open) = journal.as_mut().filter(|_| !changes.is_empty()) else {
            return Ok(result);
        };
        open.append(&changes)?;
        if open.is_long() {
            let rows = state.dump().into_iter();
            match Journal::rewrite(open.path(), rows) {
                Ok(fresh) => *open = fresh,
                Err(error) => tracing::error!(%error, "cannot rewrite the journal"),
            }
        }
        Ok(result)
    }

    /// The banks' own work: execute due orders, forget expired objects.
    pub(crate) fn tick(&self) {
        let now = self.now();
        if let Err(error) = self.commit(|state| state.drop_expired(now)) {
            tracing::error!(%error, "the simulated banks cannot keep their state");
        }
    }
}

/// The key of banks that keep nothing: one for all of them in this process, because making one
/// takes longer than most payments do.
fn key_of_this_process() -> Result<Arc<SigningKey>, StartError> {
    static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
    if let Some(key) = KEY.get() {
        return Ok(Arc::clone(key));
    }
    let key = Arc::new(SigningKey::generate().map_err(|_| StartError::Key)?);
    Ok(Arc::clone(KEY.get_or_init(|| key)))
}

fn load_or_make_key(directory: &Path) -> Result<SigningKey, StartError> {
    let path = directory.join(KEY_FILE);
    let unusable = |source| StartError::DataDirectory { path: path.clone(), source };
    match std::fs::read(&path) {
        Ok(der) => SigningKey::from_pkcs8(&der).map_err(|_| StartError::KeyFile(path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = SigningKey::generate().map_err(|_| StartError::Key)?;
            let der = key.to_pkcs8().map_err(|_| StartError::Key)?;
            // Written aside and moved, so that a kill in between leaves no half key behind.
            let fresh = path.with_extension("new");
            let mut file = journal::private_file(&fresh).map_err(unusable)?;
            std::io::Write::write_all(&mut file, &der).map_err(unusable)?;
            std::fs::rename(&fresh, &path).map_err(unusable)?;
            Ok(key)
        }
        Err(error) => Err(unusable(error)),
    }
}
