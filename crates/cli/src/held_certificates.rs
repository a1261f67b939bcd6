//! `bascule certs add`, `list` and `remove`: the certificates that a gateway holds. A running gateway
//! takes them up by itself within a quarter of a minute.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use banks::eidas::issue::pem_content;
use banks::eidas::{Certificate, DevelopmentAuthority, issued_by};
use domain::ids::MemberId;
use domain::seams::Clock;
use gateway::certificates::{
    CertificatePurpose, NewCertificate, PEM_BYTES_MAX, WARN_BEFORE, add, prepare,
};
use gateway::seal::Sealer;
use store::certificates::HeldCertificate;
use store::{Db, certificates, members, unit};

use crate::args::DatabaseOptions;
use crate::data_dir::open_existing;
use crate::sandbox::certificates::{ORGANISATION_IDENTIFIER, authority};
use crate::seams::{SystemClock, SystemIds};
use crate::terminal;

/// A QWAC and a QSealC, each with its key: files.
pub struct Files<'a> {
    /// The QWAC.
    pub qwac: &'a Path,
    /// Its key.
    pub qwac_key: &'a Path,
    /// The QSealC.
    pub qseal: &'a Path,
    /// Its key.
    pub qseal_key: &'a Path,
}

/// Adds a pair.
///
/// # Errors
/// If a file cannot be read or used, or the member is not known.
pub async fn add_pair(
    options: &DatabaseOptions,
    owner: Option<MemberId>,
    files: &Files<'_>,
) -> anyhow::Result<()> {
    let db = open_existing(options).await?;
    if let Some(owner) = &owner {
        known(&db, owner).await?;
    }
    let sealer = sealer(options)?;
    let now = SystemClock.now();
    if let Some(authority) = authority(&db, &sealer, now).await? {
        for file in [files.qwac, files.qseal] {
            usable_in_sandbox(&authority, file, options)?;
        }
    }
    let mut prepared: Vec<HeldCertificate> = vec![];
    for (purpose, certificate, key) in [
        (CertificatePurpose::Connections, files.qwac, files.qwac_key),
        (CertificatePurpose::Messages, files.qseal, files.qseal_key),
    ] {
        let new = NewCertificate {
            owner: owner.clone(),
            purpose,
            chain_pem: read(certificate)?,
            private_key_pem: read(key)?,
        };
        prepared.push(
            prepare(&new, &sealer, &SystemIds, now)
                .map_err(|error| anyhow!("{}: {error}", certificate.display()))?,
        );
    }
    let lines: Vec<String> = prepared.iter().map(|held| line(held, now)).collect();
    add(&db, prepared).await?;
    terminal::say(&lines.join("\n"));
    Ok(())
}

/// The sealing key of a data directory.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn sealer(options: &DatabaseOptions) -> anyhow::Result<Sealer> {
    let path = options.data_dir.join("sealing.key");
    let key = std::fs::read(&path)
        .with_context(|| format!("cannot read the sealing key {}", path.display()))?;
    Sealer::new(&key).map_err(|error| anyhow!("{}: {error}", path.display()))
}

/// The authority of the sandbox in a data directory, running or not.
///
/// # Errors
/// If there is no sandbox, or its data cannot be read.
pub async fn sandbox_authority(data_dir: &Path) -> anyhow::Result<DevelopmentAuthority> {
    let options = DatabaseOptions { data_dir: data_dir.to_owned(), database: None };
    let db = open_existing(&options).await?;
    let found = authority(&db, &sealer(&options)?, SystemClock.now()).await?;
    found.with_context(|| {
        format!("{} is not the data directory of a sandbox that has started", data_dir.display())
    })
}

/// Refuses a certificate that the simulated banks would not believe: they would end every connection
/// with `UnknownCA`.
fn usable_in_sandbox(
    authority: &DevelopmentAuthority,
    file: &Path,
    options: &DatabaseOptions,
) -> anyhow::Result<()> {
    let der = pem_content(&read(file)?).map_err(|error| anyhow!("{}: {error}", file.display()))?;
    let (shown, data_dir) = (file.display(), options.data_dir.display());
    if !issued_by(&der, &authority.issued.certificate_der) {
        bail!(
            "{shown}: the simulated banks of this sandbox do not trust its issuer and would refuse \
             every connection (UnknownCA). Make certificates that they trust with `bascule certs \
             develop --sandbox {data_dir} --out DIRECTORY`"
        );
    }
    let known = Certificate::parse(&der).map_err(|error| anyhow!("{shown}: {error}"))?;
    if known.organisation_identifier.as_deref() != Some(ORGANISATION_IDENTIFIER) {
        terminal::complain(&format!(
            "{shown}: the simulated banks know {ORGANISATION_IDENTIFIER} only. Payers of another \
             organisation cannot return from banks that check the redirect address"
        ));
    }
    Ok(())
}

async fn known(db: &Db, owner: &MemberId) -> anyhow::Result<()> {
    let id = owner.clone();
    let name = db
        .read(move |tx| unit(async move { members::name(tx, &id).await }))
        .await
        .map_err(|error| anyhow!("{error}"))?;
    match name {
        Some(_) => Ok(()),
        None => bail!("there is no member {owner} in this database: see `bascule members list`"),
    }
}

/// A text file, at most [`PEM_BYTES_MAX`] long.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
    if usize::try_from(size).is_ok_and(|size| size > PEM_BYTES_MAX) {
        bail!("{shown} is longer than {PEM_BYTES_MAX} bytes");
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read {shown} as PEM"))
}

/// Lists what is held.
///
/// # Errors
/// If the database cannot be read.
pub async fn list(options: &DatabaseOptions) -> anyhow::Result<()> {
    let db = open_existing(options).await?;
    let held = db
        .read(|tx| unit(async move { certificates::all(tx).await }))
        .await
        .map_err(|error| anyhow!("{error}"))?;
    if held.is_empty() {
        terminal::say("no certificates were added; a sandbox has its own");
        return Ok(());
    }
    let now = SystemClock.now();
    let lines: Vec<String> = held.iter().map(|held| line(held, now)).collect();
    terminal::say(&lines.join("\n"));
    Ok(())
}

/// Removes a certificate.
///
/// # Errors
/// If no certificate has that fingerprint, or the database cannot be written.
pub async fn remove(options: &DatabaseOptions, fingerprint: &str) -> anyhow::Result<()> {
    let db = open_existing(options).await?;
    let wanted = fingerprint.to_ascii_lowercase();
    let removed = db
        .transact(wanted, move |wanted, tx| {
            unit(async move { certificates::delete(tx, wanted).await })
        })
        .await
        .map_err(|error| anyhow!("{error}"))?;
    if !removed {
        bail!("no certificate has the fingerprint {fingerprint}: see `bascule certs list`");
    }
    Ok(())
}

/// One certificate for people.
fn line(held: &HeldCertificate, now: jiff::Timestamp) -> String {
    let organisation = Certificate::parse_pem(&held.chain_pem)
        .ok()
        .and_then(|certificate| certificate.organisation_identifier)
        .unwrap_or_default();
    let owner = held.owner.as_ref().map_or("(gateway)", MemberId::as_str);
    let left = held.not_after.duration_since(now);
    let state = match () {
        () if left.is_negative() => "ENDED",
        () if left < WARN_BEFORE => "ENDS SOON",
        () => "valid",
    };
    let until = held.not_after.strftime("%Y-%m-%d");
    let (purpose, fingerprint) = (&held.purpose, &held.fingerprint);
    format!("{purpose:<5} {organisation} {owner} until {until} {state} {fingerprint}")
}
