//! `bascule banks try`: the harmless calls of each bank's standard, with the operator's certificates.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use banks::Directory;
use banks::call::{Call, Identity, PsuContext};
use banks::eidas::issue::pem_content;
use banks::eidas::pair::CertificatePair;
use banks::profile::{BankProfile, CertificateFolder};
use banks::protocol::Protocols;
use banks::reachable::Trial;
use banks::wire::{Authorities, Request, Response, Wire, WireError};
use domain::reach::Reach;
use domain::seams::{BoxFuture, Clock};

use crate::args::banks::TryOptions;
use crate::exit::Exit;
use crate::held_certificates::read;
use crate::registrations;
use crate::seams::{SystemClock, SystemIds};
use crate::terminal;
use crate::wire::HttpWire;

/// How long one exchange with a bank may take, in milliseconds.
const EXCHANGE_MS: u64 = 10_000;

/// Prints a line for each call.
///
/// # Errors
/// If the folder or a certificate cannot be used, there is no such bank, or a call failed.
pub async fn run(options: TryOptions) -> anyhow::Result<ExitCode> {
    let TryOptions { folder, bank, certificates, key_id, database, next } = options;
    let directory =
        registrations::with_registered(Directory::load_dir(&folder)?, &database).await?;
    let wanted: Vec<&BankProfile> =
        directory.iter().filter(|known| bank.as_ref().is_none_or(|id| *id == known.id)).collect();
    if wanted.is_empty() {
        let what = bank.map_or_else(String::new, |id| format!("--bank {id}: "));
        let folder = folder.display();
        bail!("{what}{folder} has no such bank; `bascule banks check {folder}` lists its banks");
    }
    let given = certificates.as_deref().map(|own| given(own, &key_id)).transpose()?;
    let extra = certificates.as_deref().map(authority).transpose()?.flatten();
    let wire = Arc::new(HttpWire::new(Reach::PublicAndLoopback, extra)?);
    let (mut made, mut failed) = (0, 0);
    for known in wanted {
        let identity = identity(known, given.as_ref(), next)?;
        let wire = Trusting { wire: Arc::clone(&wire), authorities: known.tls_authorities() };
        for trial in try_out(known, &identity, &wire).await {
            made += 1;
            failed += usize::from(!trial.succeeded());
            terminal::say(&line(known, &trial));
        }
    }
    if failed > 0 {
        bail!("{failed} of {made} calls failed");
    }
    Ok(Exit::Done.into())
}

/// The certificates of a folder of the command line.
///
/// # Errors
/// Names the file that cannot be used.
pub(crate) fn given(folder: &Path, key_id: &str) -> anyhow::Result<CertificatePair> {
    CertificatePair::read_folder(folder, key_id).with_context(|| {
        format!(
            "--certificates {}: expected are qwac.pem, qwac.key.pem, qseal.pem and qseal.key.pem, \
             as `bascule certs` names them",
            folder.display()
        )
    })
}

/// The network with the authorities of one bank.
pub(crate) struct Trusting {
    /// The network.
    pub(crate) wire: Arc<HttpWire>,
    /// The authorities of the bank's file.
    pub(crate) authorities: Option<Arc<Authorities>>,
}

impl Wire for Trusting {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, WireError>> {
        let tls_authorities = self.authorities.clone();
        self.wire.send(Request { tls_authorities, ..request })
    }
}

async fn try_out(bank: &BankProfile, identity: &Identity, wire: &dyn Wire) -> Vec<Trial> {
    Protocols::new().protocol_for(bank).try_out(&call(bank, identity, wire)).await
}

/// A call without a payer.
pub(crate) fn call<'a>(
    bank: &'a BankProfile,
    identity: &'a Identity,
    wire: &'a dyn Wire,
) -> Call<'a> {
    Call {
        bank,
        identity,
        return_url: &identity.redirect_uri,
        wire,
        clock: &SystemClock,
        ids: &SystemIds,
        timeout_ms: EXCHANGE_MS,
        psu: PsuContext::default(),
        own_address: Ipv4Addr::LOCALHOST.into(),
    }
}

/// `barclays: access token at https://…: ok: …`, or `…: error: …; what to do`.
fn line(bank: &BankProfile, trial: &Trial) -> String {
    let Trial { asked, result } = trial;
    let id = &bank.id;
    match result {
        Ok(came_back) => format!("{id}: {asked}: ok: {came_back}"),
        Err(failure) => format!("{id}: {asked}: error: {}; {}", failure.why, failure.advice),
    }
}

/// Who we are at the bank: by the certificates of `--certificates`, or by those of the bank's file.
///
/// # Errors
/// If both are missing.
pub(crate) fn identity(
    bank: &BankProfile,
    given: Option<&CertificatePair>,
    rehearses: bool,
) -> anyhow::Result<Identity> {
    let own = bank.certificates.as_ref();
    let of_file = match (own, rehearses) {
        (Some(own), true) => own.next.as_ref().and_then(CertificateFolder::pair),
        (Some(own), false) => own.at(SystemClock.now()),
        (None, _) => None,
    };
    if rehearses && of_file.is_none() {
        bail!("{}: --next: its file has no `certificates.next`", bank.id);
    }
    let pair = given.or(of_file.map(AsRef::as_ref)).with_context(|| {
        format!(
            "{}: its file has no [certificates]: give the folder of yours with --certificates, \
             as `bascule certs` writes it",
            bank.id
        )
    })?;
    // Nobody returns: no payer is asked. No bank fetches the QSealC: nothing is sent that it signs.
    Ok(pair.identity("https://localhost/", String::new()))
}

/// `ca.pem` of the folder, where it has one: an authority of banks that the system does not trust.
///
/// # Errors
/// If the file cannot be used.
pub(crate) fn authority(folder: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let file = folder.join("ca.pem");
    if !file.exists() {
        return Ok(None);
    }
    let der = pem_content(&read(&file)?).map_err(|error| anyhow!("{}: {error}", file.display()))?;
    Ok(Some(der))
}
