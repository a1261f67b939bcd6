//! [`App`]: everything that use cases and jobs share. One per process.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::constant_time;
use banks::call::Identity;
use banks::directory::{Directory, ProfileErrors};
use banks::payee_verification::VerificationService;
use banks::profile::BankProfile;
use banks::protocol::Protocols;
use banks::wire::{ClientCertificate, Wire};
use domain::authorisation::{Attempt, RepeatedCreation};
use domain::ids::{MemberId, PaymentId};
use domain::mail::MailAddress;
use domain::payment::Payment;
use domain::sealed::Sealed;
use domain::seams::{BoxFuture, Clock, Ids};
use domain::step::Lane;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use store::Db;
use store::jobs::Lease;
use tokio::sync::{Notify, watch};

use crate::GatewayError;
use crate::certificates::Identities;
use crate::health::Health;
use crate::lanes::Lanes;
use crate::members::{KeyCache, SettingsCache};
use crate::rate_limits::{Allowance, Buckets, Failures, RateLimits};
use crate::readiness;
use crate::seal::Sealer;
use crate::signing::GatewayKey;

/// A job that is not finished by then is taken by another runner. A job makes at most eight
/// exchanges with a bank, each bounded by [`Settings::bank_timeout_ms`].
const LEASE: SignedDuration = SignedDuration::from_secs(180);

/// The operator's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where members and payers reach us, without a trailing slash: `http://localhost:8000`.
    pub public_url: String,
    /// Other hosts under which members reach us, beside that of `public_url`: `api.example`, with
    /// a port where it is not the scheme's own. Tokens may name any of them.
    pub accepted_hosts: Vec<String>,
    /// Whether this is a sandbox: Basic keys work, and errors say more.
    pub sandbox: bool,
    /// Whether everybody may read the whole directory of banks (`GET /v2/banks`, `GET
    /// /bank/countries`), and a token request with its result by its id, as published clients do.
    /// `GET /banks` and the gateway's own member with its keys are public always.
    pub unsigned_reads: bool,
    /// Origins of browser pages that may call the whole API: `https://shop.example`. Public data is
    /// for pages of every origin.
    pub browser_origins: Vec<String>,
    /// How long one exchange with a bank may take, in milliseconds (1 to 20,000).
    pub bank_timeout_ms: u64,
    /// How long a webhook endpoint may take to answer, in milliseconds.
    pub webhook_timeout_ms: u64,
    /// How long a request waits for a bank where the client does not say, in milliseconds.
    pub request_timeout_ms: u64,
    /// Jobs that run at the same time in each lane. One bank, one member at a bank and one endpoint
    /// have fewer places.
    pub jobs_at_once: usize,
    /// Where payees are verified; nowhere if absent.
    pub payee_verification: Option<VerificationService>,
    /// How long exchanges with banks are kept, in days (1 to 3,650).
    pub bank_calls_kept_days: u32,
    /// How long a request that has an idempotency key can be repeated, in days (1 to 3,650).
    pub idempotency_keys_kept_days: u32,
    /// How many requests members may send.
    pub rate_limits: RateLimits,
    /// Networks of the proxies in front of us: only their `X-Forwarded-For` names a payer's address.
    pub trusted_proxies: Vec<IpNet>,
    /// The address from which we call banks.
    pub own_address: IpAddr,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            public_url: "http://localhost:8000".to_owned(),
            accepted_hosts: vec![],
            sandbox: false,
            unsigned_reads: false,
            browser_origins: vec![],
            bank_timeout_ms: 10_000,
            webhook_timeout_ms: 10_000,
            request_timeout_ms: 25_000,
            jobs_at_once: 512,
            payee_verification: None,
            bank_calls_kept_days: 90,
            idempotency_keys_kept_days: 30,
            rate_limits: RateLimits::default(),
            trusted_proxies: vec![],
            own_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }
}

/// A mail to one payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same however often the mail is sent, so that mailboxes show it once: letters, digits and
    /// hyphens.
    pub id: String,
    /// To whom.
    pub to: MailAddress,
    /// The subject, one line.
    pub subject: String,
    /// The text, plain.
    pub text: String,
}

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may go later.
    #[error("not now: {0}")]
    Later(String),
    /// It will never go.
    #[error("refused: {0}")]
    Refused(String),
}

/// Sends mail.
pub trait Mailer: Send + Sync + 'static {
    /// Sends a mail, or says why it did not. The texts of errors go to logs: no addresses.
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), MailError>>;
}

/// Proof that a request comes from a member. Use cases take it, so that no row can be loaded
/// without its owner; only authentication makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    id: MemberId,
}

impl Member {
    /// For the authentication of requests only.
    #[must_use]
    pub fn authenticated(id: MemberId) -> Member {
        Member { id }
    }

    /// Who it is.
    #[must_use]
    pub fn id(&self) -> &MemberId {
        &self.id
    }
}

/// The parts of the process that never change; see [`App::new`].
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn Ids>,
    /// The network.
    pub wire: Arc<dyn Wire>,
    /// Who we are at the banks.
    pub identity: Arc<Identity>,
    /// Keeps secrets in the database unreadable.
    pub sealer: Sealer,
    /// Signs webhooks.
    pub gateway_key: GatewayKey,
    /// Makes webhook bodies.
    pub renderer: Box<dyn crate::events::EventRenderer>,
    /// Writes receipts.
    pub receipts: Box<dyn crate::receipts::ReceiptWriter>,
    /// Sends receipts to payers; without it no receipts are sent.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// The operator's choices.
    pub settings: Settings,
}

/// The banks as they are loaded. The caches of the protocols belong to the profiles: a bank that moves
/// is not asked at its old address.
#[derive(Clone)]
struct Banks {
    directory: Arc<Directory>,
    protocols: Arc<Protocols>,
}

impl Banks {
    fn of(directory: Directory) -> RwLock<Banks> {
        let protocols = Arc::new(Protocols::new());
        RwLock::new(Banks { directory: Arc::new(directory), protocols })
    }
}

/// Everything that use cases and jobs share.
pub struct App {
    pub(crate) parts: Parts,
    banks: RwLock<Banks>,
    pub(crate) keys: KeyCache,
    pub(crate) member_settings: SettingsCache,
    pub(crate) health: Health,
    pub(crate) identities: Identities,
    request_buckets: Buckets,
    failures: Failures,
    pub(crate) lanes: Lanes,
    pub(crate) readiness: readiness::Memory,
    /// One for each of [`Lane::ALL`].
    pub(crate) jobs_due: [Notify; Lane::ALL.len()],
    pub(crate) jobs_running: watch::Sender<usize>,
    /// How many facts wait for a database that does not take them.
    pub(crate) facts_waiting: watch::Sender<usize>,
    /// The latest moment at which jobs were claimed, in milliseconds since 1970.
    pub(crate) claimed_until_ms: AtomicI64,
}

/// Purpose and subject of the seal on an OAuth state.
const OAUTH_STATE: (&str, &str) = ("payment", "oauth state");

impl App {
    /// How many facts wait for a database that does not take them, as it changes.
    #[must_use]
    pub fn facts_waiting(&self) -> watch::Receiver<usize> {
        self.facts_waiting.subscribe()
    }

    /// Puts the parts together, with the banks, which [`App::replace_directory`] replaces. From now on
    /// the database seals what it stores as bodies.
    #[must_use]
    pub fn new(parts: Parts, directory: Directory) -> Arc<App> {
        let bodies = parts.sealer.bodies(Arc::clone(&parts.ids));
        parts.db.seal_bodies_with(Arc::new(bodies));
        Arc::new(App {
            parts,
            banks: Banks::of(directory),
            keys: KeyCache::default(),
            member_settings: SettingsCache::default(),
            health: Health::default(),
            identities: Identities::default(),
            request_buckets: Buckets::default(),
            failures: Failures::default(),
            lanes: Lanes::default(),
            readiness: readiness::Memory::default(),
            jobs_due: Lane::ALL.map(|_| Notify::new()),
            jobs_running: watch::Sender::new(0),
            facts_waiting: watch::Sender::new(0),
            claimed_until_ms: AtomicI64::new(i64::MIN),
        })
    }

    /// The current moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.parts.clock
    }

    /// Randomness.
    #[must_use]
    pub fn ids(&self) -> &dyn Ids {
        self.parts.ids.as_ref()
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.parts.db
    }

    fn banks(&self) -> Banks {
        self.banks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The banks, as they are now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.banks().directory
    }

    /// The standards, with their caches.
    pub(crate) fn protocols(&self) -> Arc<Protocols> {
        self.banks().protocols
    }

    /// The bank with this id, for new payments.
    #[must_use]
    pub fn bank(&self, id: &str) -> Option<Arc<BankProfile>> {
        self.directory().offered(id)
    }

    /// The bank of the payment, also if it is no longer offered, with the standard's version that it
    /// had when the payment was created; none if the payment has no bank yet, or its bank was removed
    /// before the start.
    #[must_use]
    pub fn bank_of(&self, payment: &Payment) -> Option<Arc<BankProfile>> {
        self.directory().known_to(payment.bank_id.as_deref()?, payment.created_at)
    }

    /// The same, and the standards with the caches of that profile.
    pub(crate) fn bank_and_protocols(
        &self,
        payment: &Payment,
    ) -> Option<(Arc<BankProfile>, Arc<Protocols>)> {
        let Banks { directory, protocols } = self.banks();
        let bank = directory.known_to(payment.bank_id.as_deref()?, payment.created_at)?;
        Some((bank, protocols))
    }

    /// Replaces the banks. Payments under way continue, also at banks that are no longer there; calls
    /// that have begun end with the profile with which they began.
    ///
    /// # Errors
    /// See [`Directory::retire`]; nothing changed.
    pub fn replace_directory(&self, mut directory: Directory) -> Result<(), ProfileErrors> {
        let mut banks = self.banks.write().unwrap_or_else(PoisonError::into_inner);
        directory.retire(&banks.directory, self.now())?;
        *banks = Banks { directory: Arc::new(directory), protocols: Arc::new(Protocols::new()) };
        Ok(())
    }

    /// The operator's choices.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.parts.settings
    }

    /// The key that signs webhooks.
    #[must_use]
    pub fn gateway_key(&self) -> &GatewayKey {
        &self.parts.gateway_key
    }

    /// A lease for a job that is about to be run by this process.
    pub(crate) fn new_lease(&self) -> Lease {
        let until = self.now().checked_add(LEASE).unwrap_or(Timestamp::MAX);
        Lease { token: domain::ids::random_hex(8, self.ids()), until }
    }

    /// Fresh keys for one opening at a bank. The OAuth state is the payment's id, sealed: the browser's
    /// return finds its payment without another table, and whoever reads the bank's address does not
    /// learn that of the payment's page.
    ///
    /// # Errors
    /// [`GatewayError::Sealing`].
    pub(crate) fn new_attempt(
        &self,
        payment_id: &PaymentId,
        bank: Option<&BankProfile>,
    ) -> Result<Attempt, GatewayError> {
        let core = payment_id.core();
        let (purpose, subject) = OAUTH_STATE;
        let state = self.parts.sealer.seal(purpose, subject, core.as_bytes(), self.ids())?;
        Ok(Attempt {
            idempotency_key: format!("c{core}{}", domain::ids::random_hex(4, self.ids())),
            oauth_state: state.0,
            nonce: domain::ids::random_hex(16, self.ids()),
            code_verifier: domain::ids::random_hex(32, self.ids()),
            executes_at_approval: bank.is_some_and(|bank| bank.executes_at_approval),
            repeated_creation: bank.map(BankProfile::repeated_creation),
            opening: 1,
        })
    }

    /// Keys with which the payer approves a cancellation: nothing is executed by that.
    ///
    /// # Errors
    /// [`GatewayError::Sealing`].
    pub(crate) fn new_cancellation(
        &self,
        payment_id: &PaymentId,
        bank: &BankProfile,
    ) -> Result<Attempt, GatewayError> {
        let repeated_creation = Some(RepeatedCreation::NewKeys);
        let attempt = self.new_attempt(payment_id, Some(bank))?;
        Ok(Attempt { executes_at_approval: false, repeated_creation, ..attempt })
    }

    /// The payment of an OAuth state; `None` if the state is not ours.
    pub(crate) fn payment_of_state(&self, state: &str) -> Option<PaymentId> {
        let (purpose, subject) = OAUTH_STATE;
        let opened = self.parts.sealer.unseal(purpose, subject, &Sealed(state.to_owned())).ok();
        let core = match &opened {
            Some(core) => std::str::from_utf8(core).ok()?,
            // Payers of release 0.3 are at their banks with the id, a dot and random digits.
            None => state.split_once('.')?.0,
        };
        format!("{}:{core}:{}", PaymentId::PREFIX, domain::ids::SUFFIX).parse().ok()
    }

    /// A new id under which a bank knows an order: 24 hexadecimal digits.
    pub(crate) fn new_end_to_end_id(&self) -> String {
        domain::ids::random_hex(12, self.ids())
    }

    /// The visit token of a form on the hosted page of `id`: proof that the page was shown to the sender
    /// of the form. It follows from the id and the sealing key, so it needs no table.
    #[must_use]
    pub fn visit_token(&self, id: &str) -> String {
        self.parts.sealer.keyed_hash(&format!("visit {id}"))
    }

    /// A member's payer under a name of ours: the same for the same `psu_id` of the same member, and
    /// nothing else can be learned from it without the sealing key (API `userRefId`).
    #[must_use]
    pub fn user_ref_id(&self, member_id: &MemberId, psu_id: &str) -> String {
        self.parts.sealer.keyed_hash(&format!("user {member_id} {psu_id}"))
    }

    /// Whether `token` is the [`App::visit_token`] of `id`, compared in constant time.
    #[must_use]
    pub fn is_visit_token(&self, id: &str, token: &str) -> bool {
        is_equal(&self.visit_token(id), token)
    }

    /// The cookie of a browser that our pages sent to the bank: the browser that returns with it is
    /// the browser that left. It follows from the id and the sealing key, so it needs no table.
    #[must_use]
    pub fn departure_token(&self, id: &PaymentId) -> String {
        self.parts.sealer.keyed_hash(&format!("departure {id}"))
    }

    /// Whether `token` is the [`App::departure_token`] of `id`, compared in constant time.
    #[must_use]
    pub fn is_departure_token(&self, id: &PaymentId, token: &str) -> bool {
        is_equal(&self.departure_token(id), token)
    }

    /// The payment's id for an address that must not show it.
    ///
    /// # Errors
    /// [`GatewayError::Sealing`].
    pub fn seal_payment_id(&self, id: &PaymentId) -> Result<String, GatewayError> {
        let plain = id.to_string();
        Ok(self.parts.sealer.seal("payment", "address", plain.as_bytes(), self.ids())?.0)
    }

    /// The id that [`App::seal_payment_id`] sealed; `None` if `sealed` is anything else.
    #[must_use]
    pub fn unseal_payment_id(&self, sealed: &str) -> Option<PaymentId> {
        let sealed = Sealed(sealed.to_owned());
        let plain = self.parts.sealer.unseal("payment", "address", &sealed).ok()?;
        std::str::from_utf8(&plain).ok()?.parse().ok()
    }

    /// The client certificate of calls to banks, where we have one.
    pub(crate) fn transport_certificate(&self) -> Option<Arc<ClientCertificate>> {
        let identity = self.own_identity();
        identity.eidas.as_ref().map(|eidas| Arc::clone(&eidas.transport))
    }

    /// How the banks are.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Counts a request of the member; `None` if the member has no limit.
    pub fn count_request(&self, member: &Member) -> Option<Allowance> {
        self.request_buckets.take(&self.settings().rate_limits, member.id(), self.now())
    }

    /// Whether credentials may be looked up: `name` is a key's id, or what is kept of a secret.
    ///
    /// # Errors
    /// After many failed ones: in how many seconds, from 1.
    pub fn may_authenticate(&self, member_id: &MemberId, name: &str) -> Result<(), u64> {
        self.failures.check(&(member_id.clone(), name.to_owned()), self.now())
    }

    /// Counts an authentication that succeeded or failed.
    pub fn authenticated(&self, member_id: &MemberId, name: &str, succeeded: bool) {
        if succeeded {
            self.failures.succeeded((member_id.clone(), name.to_owned()));
        } else {
            self.failures.failed(self.now());
        }
    }

    /// Wakes the runner because a job may be due.
    pub(crate) fn jobs_may_be_due(&self) {
        for due in &self.jobs_due {
            due.notify_one();
        }
    }
}

/// Compares in constant time.
fn is_equal(expected: &str, found: &str) -> bool {
    constant_time::verify_slices_are_equal(expected.as_bytes(), found.as_bytes()).is_ok()
}
