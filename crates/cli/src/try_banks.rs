//! `bascule banks try`: the harmless calls of each bank's standard, with the operator's certificates.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use banks::call::{Call, EidasIdentity, Identity, PsuContext};
use banks::eidas::issue::{pem_content, pem_contents};
use banks::eidas::{Certificate, key_fits};
use banks::jose::SigningKey;
use banks::profile::BankProfile;
use banks::protocol::Protocols;
use banks::reachable::Trial;
use banks::wire::ClientCertificate;
use banks::{Directory, Wire};
use domain::reach::Reach;

use crate::args::TryOptions;
use crate::exit::Exit;
use crate::held_certificates::read;
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
    let TryOptions { folder, bank, certificates, key_id } = options;
    let directory = Directory::load_dir(&folder)?;
    let wanted: Vec<&BankProfile> =
        directory.iter().filter(|known| bank.as_ref().is_none_or(|id| *id == known.id)).collect();
    if wanted.is_empty() {
        let what = bank.map_or_else(String::new, |id| format!("--bank {id}: "));
        let folder = folder.display();
        bail!("{what}{folder} has no such bank; `bascule banks check {folder}` lists its banks");
    }
    let identity = identity(&certificates, &key_id)?;
    let wire = HttpWire::new(Reach::PublicAndLoopback, authority(&certificates)?)?;
    let (mut made, mut failed) = (0, 0);
    for known in wanted {
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

async fn try_out(bank: &BankProfile, identity: &Identity, wire: &dyn Wire) -> Vec<Trial> {
    let call = Call {
        bank,
        identity,
        return_url: &identity.redirect_uri,
        wire,
        clock: &SystemClock,
        ids: &SystemIds,
        timeout_ms: EXCHANGE_MS,
        psu: PsuContext::default(),
        own_address: Ipv4Addr::LOCALHOST.into(),
    };
    Protocols::new().protocol_for(bank).try_out(&call).await
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

/// Who the certificates say that we are. The client id is the organisation identifier, unless the
/// bank's file has one.
fn identity(folder: &Path, key_id: &str) -> anyhow::Result<Identity> {
    let (transport_pem, transport_key) = pair(folder, "qwac")?;
    let (seal_pem, seal_key) = pair(folder, "qseal")?;
    let seal_certificate_der = pem_content(&seal_pem)?;
    let seal = Certificate::parse(&seal_certificate_der)?;
    let organisation_identifier = seal.organisation_identifier.with_context(|| {
        format!("{} has no organizationIdentifier", folder.join("qseal.pem").display())
    })?;
    let seal_key = SigningKey::from_pkcs8_der(key_id, &seal_key).map_err(|error| {
        anyhow!("{} cannot sign: {error}", folder.join("qseal.key.pem").display())
    })?;
    let transport = ClientCertificate {
        fingerprint: Certificate::parse(&pem_content(&transport_pem)?)?.fingerprint,
        chain_der: pem_contents(&transport_pem)?,
        private_key_pkcs8_der: transport_key,
    };
    Ok(Identity {
        client_id: organisation_identifier.clone(),
        // Nobody returns: no payer is asked.
        redirect_uri: "https://localhost/".to_owned(),
        jws_issuer: organisation_identifier.clone(),
        signing_key: seal_key.clone(),
        eidas: Some(EidasIdentity {
            organisation_identifier,
            organisation_name: seal.organisation_name.unwrap_or_default(),
            transport: Arc::new(transport),
            seal_certificate_der,
            seal_key,
            seal_certificate_url: String::new(),
        }),
    })
}

/// A certificate with those above it, PEM, and its key, PKCS#8 DER.
fn pair(folder: &Path, name: &str) -> anyhow::Result<(String, Vec<u8>)> {
    let (file, key_file) =
        (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key.pem")));
    let content = |file: &Path| {
        let text = read(file).with_context(|| {
            format!(
                "--certificates {}: expected are qwac.pem, qwac.key.pem, qseal.pem and \
                 qseal.key.pem, as `bascule certs` names them",
                folder.display()
            )
        })?;
        let der = pem_content(&text).map_err(|error| anyhow!("{}: {error}", file.display()))?;
        anyhow::Ok((text, der))
    };
    let ((chain_pem, certificate), (_, key)) = (content(&file)?, content(&key_file)?);
    if !key_fits(&certificate, &key) {
        bail!("{} is not the key of {}", key_file.display(), file.display());
    }
    Ok((chain_pem, key))
}

/// `ca.pem` of the folder, where it has one: an authority of banks that the system does not trust.
fn authority(folder: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let file = folder.join("ca.pem");
    if !file.exists() {
        return Ok(None);
    }
    let der = pem_content(&read(&file)?).map_err(|error| anyhow!("{}: {error}", file.display()))?;
    Ok(Some(der))
}
