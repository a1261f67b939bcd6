//! Puts a sandbox together.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use anyhow::anyhow;
use banks::Directory;
use banks::call::{EidasIdentity, Identity};
use banks::jose::SigningKey;
use banks::payee_verification::VerificationService;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::MemberId;
use domain::reach::Reach;
use domain::seams::Clock;
use gateway::app::Parts;
use gateway::bank_files;
use gateway::jobs::{Runner, recover};
use gateway::registrations::Registrations;
use gateway::seal::{KEY_BYTES, Sealer};
use gateway::signing::GatewayKey;
use gateway::{App, Mailer, Settings, housekeeping, readiness};
use store::{Db, unit};
use tokio::net::TcpListener;
use web::api::event::PublicEvents;
use web::receipt::PayersReceipts;

use super::announce::Announcement;
use super::certificates::{self, Certificates};
use super::members::{self, SandboxMember};
use super::own_banks::OwnBanks;
use super::ownership::Ownership;
use super::ports::{BankPorts, listen};
use crate::args::SandboxOptions;
use crate::data_dir::{DataDir, open_postgres};
use crate::demo;
use crate::http_server::{self, Limits, open_files};
use crate::mail::{FolderMailer, SmtpMailer};
use crate::merchant::Merchant;
use crate::rate_limit;
use crate::seams::{BankEnvironment, SystemClock, SystemIds};
use crate::terminal;
use crate::wire::HttpWire;

/// OAuth client id at the simulated banks.
const CLIENT_ID: &str = "bascule-sandbox";
/// `iss` of our message signatures there.
const JWS_ISSUER: &str = "bascule/sandbox";
/// BIC with which the sandbox has payees verified.
const SANDBOX_BIC: &str = "BASCGB2LXXX";
/// `kid` of the key that signs towards banks.
const TPP_KEY_ID: &str = "bascule-sandbox-1";
/// Connections to PostgreSQL.
const DATABASE_CONNECTIONS: usize = 16;
/// How long running requests may take after the process received a request to end.
const GRACE_MS: u64 = 5_000;

/// A sandbox that is ready to serve.
pub struct Sandbox {
    announcement: Announcement,
    listener: TcpListener,
    limits: Limits,
    router: axum::Router,
    app: Arc<App>,
    ownership: Ownership,
    banks: simbank::Running,
    folders: OwnBanks,
    data_dir: DataDir,
}

/// Opens everything that a sandbox needs. After this function returns, the sockets queue connections.
///
/// # Errors
/// The obstacle to the start, in one line; of folders of banks, one line for each error.
pub async fn start(options: &SandboxOptions) -> anyhow::Result<Sandbox> {
    let mut folders = OwnBanks::load(&options.banks)?;
    let mut data_dir =
        if options.ephemeral { DataDir::ephemeral()? } else { DataDir::open(&options.data_dir)? };
    let limits = limits(options)?;
    let listener = listen(options.port, "--port").await?;
    let bank_ports = BankPorts::of(options)?;
    bank_ports.are_free().await?;
    let api_url = format!("http://localhost:{}", listener.local_addr()?.port());
    let db = open_database(options, &data_dir).await?;
    check_not_lost(&db, &data_dir).await?;
    let ownership = Ownership::take(&db, &SystemClock).await?;
    let signing_key = tpp_signing_key(&data_dir)?;
    let sealer = sealer(&data_dir)?;
    if options.database.is_some() {
        // From here on that database holds what only this directory's key opens.
        data_dir.keep();
    }
    let now = SystemClock.now();
    let certificates = certificates::load_or_make(&db, &sealer, &SystemIds, now, &api_url).await?;
    let wire = Arc::new(HttpWire::new(Reach::of(true), Some(certificates.authority_der.clone()))?);
    let to_members = Arc::<HttpWire>::clone(&wire) as Arc<dyn banks::wire::Wire>;
    let return_urls = return_urls(&db, &api_url).await?;
    let gateway = Arc::new(OnceLock::new());
    let environment = BankEnvironment { wire: to_members, gateway: Arc::clone(&gateway) };
    let banks = start_banks(
        (options, bank_ports),
        &data_dir,
        return_urls,
        &signing_key,
        &certificates,
        environment,
    )
    .await?;
    let own = members::gateway_seed(&db, &sealer, &SystemIds, now).await?;
    let developer = members::member(&db, &sealer, &SystemIds, "developer", now).await?;
    let shop = members::member(&db, &sealer, &SystemIds, "shop", now).await?;
    let payer = members::member(&db, &sealer, &SystemIds, "pay", now).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let gateway_key =
        GatewayKey::from_seed(&URL_SAFE_NO_PAD.decode(&own.credentials.key_seed)?, own.id()?)?;
    let directory = own_banks(&mut folders, &banks, &db, &sealer).await?;
    let parts = Parts {
        db,
        clock: Arc::clone(&clock),
        ids: Arc::new(SystemIds),
        wire: Arc::<HttpWire>::clone(&wire) as Arc<dyn banks::wire::Wire>,
        identity: Arc::new(identity(&api_url, signing_key, certificates.identity)),
        sealer,
        gateway_key,
        renderer: Box::new(PublicEvents),
        receipts: Box::new(PayersReceipts),
        mailer: Some(mailer(options, &data_dir)?),
        settings: settings(options, &api_url, &banks.tls_base_url, &[&developer, &shop, &payer])?,
    };
    let app = App::new(parts, directory);
    // The banks were started before their gateway, and this is the one place that sets it.
    let _set_once = gateway.set(Arc::downgrade(&app));
    let of_shop = Merchant::new(Arc::clone(&wire), Arc::clone(&clock), &api_url, shop.credentials)?;
    let of_developer = Merchant::new(wire, clock, &api_url, developer.credentials.clone())?;
    let demo = demo::router(of_shop, of_developer, &api_url, &banks.base_url);
    let router = web::router(Arc::clone(&app)).merge(demo);
    let announcement = announcement(&app, &data_dir, &api_url, &banks.base_url, developer, payer)?;
    data_dir.keep();
    Ok(Sandbox { announcement, listener, limits, router, app, ownership, banks, folders, data_dir })
}

impl Sandbox {
    /// The values to print for the developer.
    pub fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    /// Serves until Ctrl-C or SIGTERM.
    ///
    /// # Errors
    /// If the database cannot be asked what an earlier process left behind, or another process took
    /// it over.
    pub async fn serve_until_told(self) -> anyhow::Result<()> {
        self.serve(told_to_end()).await
    }

    /// Serves until `end`, then lets running requests finish for a moment.
    ///
    /// # Errors
    /// If the database cannot be asked what an earlier process left behind.
    pub async fn serve(self, end: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        recover(&self.app).await?;
        let runner = tokio::spawn(Runner::new(Arc::clone(&self.app)).run());
        let housekeeping = tokio::spawn(housekeeping::run(Arc::clone(&self.app)));
        let watching = tokio::spawn(readiness::watch(Arc::clone(&self.app)));
        let (base_url, tls_base_url) =
            (self.banks.base_url.clone(), self.banks.tls_base_url.clone());
        let reloading =
            self.folders.reload_at_hangup(Arc::clone(&self.app), base_url, tls_base_url);
        let reloading = tokio::spawn(reloading);
        let db = self.app.db().clone();
        let taken_over = self.ownership.until_lost(&db, &SystemClock);
        let (ending, ended) = tokio::sync::watch::channel(false);
        let mut told = ended.clone();
        let graceful = async move {
            end.await;
            let _nobody_waits = ending.send(true);
        };
        let clock = Arc::new(SystemClock);
        let serving = http_server::serve(self.listener, self.router, clock, self.limits, graceful);
        let patience = async move {
            drop(told.wait_for(|told| *told).await);
            SystemClock.sleep(GRACE_MS).await;
        };
        let ended = tokio::select! {
            () = serving => Ok(()),
            () = patience => Ok(()),
            lost = taken_over => Err(lost),
        };
        runner.abort();
        housekeeping.abort();
        watching.abort();
        reloading.abort();
        self.banks.shutdown().await;
        // The directory goes last: an ephemeral one is deleted here.
        drop(self.data_dir);
        ended
    }
}

/// The banks of the operator's folders beside the simulated ones, with the clients that they made of us and
/// their files of before.
async fn own_banks(
    folders: &mut OwnBanks,
    simulated: &simbank::Running,
    db: &Db,
    sealer: &Sealer,
) -> anyhow::Result<Directory> {
    let registrations = Registrations { db, sealer, ids: &SystemIds };
    let clients = registrations.clients().await.map_err(|error| anyhow!("{error}"))?;
    let mut directory = folders.beside(simulated, &clients)?;
    let kept = bank_files::remember(db, &mut directory, SystemClock.now()).await;
    kept.map_err(|error| anyhow!("{error}"))?;
    Ok(directory)
}

/// Where banks may send payers back: our own address and those of members.
async fn return_urls(db: &Db, api_url: &str) -> anyhow::Result<Vec<String>> {
    let members = crate::members::all(db).await?;
    let own = members.into_iter().filter_map(|member| member.settings.return_url);
    Ok(std::iter::once(format!("{api_url}/callback")).chain(own).collect())
}

/// The key that seals what the database keeps secret.
fn sealer(data_dir: &DataDir) -> anyhow::Result<Sealer> {
    let key = data_dir.secret("sealing.key", || {
        let mut key = vec![0_u8; KEY_BYTES];
        domain::seams::Ids::fill(&SystemIds, &mut key);
        Ok(key)
    })?;
    Sealer::new(&key).map_err(|error| {
        anyhow!("{} cannot be used: {error}", data_dir.file("sealing.key").display())
    })
}

fn mailer(options: &SandboxOptions, data_dir: &DataDir) -> anyhow::Result<Arc<dyn Mailer>> {
    Ok(match &options.smtp_url {
        Some(url) => Arc::new(SmtpMailer::new(url, &options.mail_from)?),
        None => Arc::new(FolderMailer::new(data_dir.file("receipts"), &options.mail_from)?),
    })
}

fn settings(
    options: &SandboxOptions,
    api_url: &str,
    banks_tls_url: &str,
    members: &[&SandboxMember],
) -> anyhow::Result<Settings> {
    let members = members.iter().map(|member| member.id()).collect::<Result<Vec<_>, _>>()?;
    let rate_limits = rate_limit::all(options.rate_limit, &options.member_rate_limit, &members)?;
    Ok(Settings {
        public_url: api_url.to_owned(),
        sandbox: true,
        unsigned_reads: true,
        browser_origins: options.browser_origin.clone(),
        trusted_proxies: options.trusted_proxy.clone(),
        accepted_hosts: options.accepted_host.clone(),
        bank_timeout_ms: options.bank_timeout,
        rate_limits,
        payee_verification: Some(VerificationService {
            base_url: format!("{banks_tls_url}/vop/v1"),
            bic: SANDBOX_BIC.to_owned(),
        }),
        ..Settings::default()
    })
}

fn limits(options: &SandboxOptions) -> anyhow::Result<Limits> {
    Ok(Limits {
        connections: open_files::connections(options.connections)?,
        idle_ms: options.idle_timeout,
        head_ms: options.head_timeout,
        body_ms: options.body_timeout,
        answer_ms: http_server::ANSWER_MS,
    })
}

async fn open_database(options: &SandboxOptions, data_dir: &DataDir) -> anyhow::Result<Db> {
    match &options.database {
        None => Db::open_sqlite(&data_dir.database()?).await.map_err(|error| anyhow!("{error}")),
        Some(url) => open_postgres(url, DATABASE_CONNECTIONS).await,
    }
}

/// Refuses a PostgreSQL database that is not the one which the data directory was used with last:
/// starting as new would forget orders that are under way. A lost SQLite database is found before.
async fn check_not_lost(db: &Db, data_dir: &DataDir) -> anyhow::Result<()> {
    let file = data_dir.file("sandbox.json");
    let Ok(text) = std::fs::read(&file) else { return Ok(()) };
    let last: Announcement = serde_json::from_slice(&text)
        .map_err(|error| anyhow!("{} cannot be read: {error}", file.display()))?;
    if db.kind() == "sqlite" || last.database != db.kind() {
        return Ok(());
    }
    let id: MemberId = last.member_id.parse().map_err(|_| {
        anyhow!("{} names `{}`, which is not a member id", file.display(), last.member_id)
    })?;
    let known = db.read(move |tx| unit(async move { store::members::name(tx, &id).await })).await?;
    if known.is_some() {
        return Ok(());
    }
    Err(anyhow!(
        "the database of --database does not know the member {} of {}: it is empty or another one; name \
         the right one, restore it from a backup, or choose another --data-dir to start empty",
        last.member_id,
        file.display()
    ))
}

/// Who the gateway is at the simulated banks.
fn identity(api_url: &str, signing_key: SigningKey, eidas: EidasIdentity) -> Identity {
    Identity {
        client_id: CLIENT_ID.to_owned(),
        redirect_uri: format!("{api_url}/callback"),
        jws_issuer: JWS_ISSUER.to_owned(),
        signing_key,
        eidas: Some(eidas),
    }
}

fn tpp_signing_key(data_dir: &DataDir) -> anyhow::Result<SigningKey> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    let der = data_dir.secret("tpp-signing-key.p8", || {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no RSA key"))?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| anyhow!("no RSA key"))?;
        Ok(der.as_ref().to_vec())
    })?;
    SigningKey::from_pkcs8_der(TPP_KEY_ID, &der).map_err(|error| {
        anyhow!("{} cannot be used: {error}", data_dir.file("tpp-signing-key.p8").display())
    })
}

async fn start_banks(
    (options, ports): (&SandboxOptions, BankPorts),
    data_dir: &DataDir,
    return_urls: Vec<String>,
    signing_key: &SigningKey,
    certificates: &Certificates,
    environment: BankEnvironment,
) -> anyhow::Result<simbank::Running> {
    let BankPorts { plain: port, tls: tls_port } = ports;
    let public_url = (port != 0).then(|| format!("http://localhost:{port}"));
    let jwk = signing_key.public_jwk()?;
    let banks = simbank::Options {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        public_url,
        tls_public_url: None,
        tls: Some(simbank::TlsOptions {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, tls_port)),
            certificate_chain_der: vec![certificates.banks_certificate_der.clone()],
            private_key_pkcs8_der: certificates.banks_key_der.clone(),
            client_roots_der: vec![certificates.authority_der.clone()],
        }),
        data_dir: (!options.ephemeral).then(|| data_dir.file("simbank")),
        registrations: vec![simbank::Registration {
            client_id: CLIENT_ID.to_owned(),
            name: "Bascule sandbox".to_owned(),
            jwks: serde_json::json!({ "keys": [jwk] }),
            redirect_uris: return_urls,
            jws_issuer: JWS_ISSUER.to_owned(),
            organisation_identifier: Some(certificates::ORGANISATION_IDENTIFIER.to_owned()),
            seal_certificate_der: Some(certificates.identity.seal_certificate_der.clone()),
            seal_certificate_url: Some(certificates.identity.seal_certificate_url.clone()),
        }],
        execution_delay_ms: options.execution_delay,
        short_lived_tokens: true,
    };
    simbank::start(banks, Arc::new(environment)).await.map_err(|error| anyhow!("{error}"))
}

fn announcement(
    app: &App,
    data_dir: &DataDir,
    api_url: &str,
    banks_url: &str,
    developer: SandboxMember,
    payer: SandboxMember,
) -> anyhow::Result<Announcement> {
    let (private, public) = developer.pem()?;
    data_dir.write("member-key.pem", private.as_bytes(), 0o600)?;
    data_dir.write("member-key.pub.pem", public.as_bytes(), 0o600)?;
    let private_key_path = data_dir.file("member-key.pem");
    let private_key_path = std::path::absolute(&private_key_path).unwrap_or(private_key_path);
    let announcement = Announcement {
        api_url: api_url.to_owned(),
        banks_url: banks_url.to_owned(),
        demo_url: format!("{api_url}/demo"),
        basic_header: developer.basic_header()?,
        member_id: developer.credentials.member_id,
        key_id: developer.credentials.key_id,
        private_key_path: private_key_path.display().to_string(),
        database: app.db().kind().to_owned(),
        pay: payer.credentials,
        process_id: std::process::id(),
    };
    data_dir.write("sandbox.json", &serde_json::to_vec(&announcement)?, 0o600)?;
    Ok(announcement)
}

async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        terminal::complain("SIGTERM cannot be watched: stop with Ctrl-C");
        let _no_signal = tokio::signal::ctrl_c().await;
        return;
    };
    let interrupt = Box::pin(tokio::signal::ctrl_c());
    futures_util::future::select(interrupt, Box::pin(terminate.recv())).await;
}
