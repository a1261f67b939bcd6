//! `bascule certs`: look-alikes of qualified certificates for development, requests for real ones,
//! and what is in a certificate.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use banks::eidas::{Certificate, DevelopmentAuthority, Purpose, Subject, request};
use domain::seams::{Clock, Ids};
use serde_json::json;

use crate::args::{CertsCommand, CertsOptions, SubjectOptions};
use crate::data_dir::write_new;
use crate::held_certificates::{self, Files};
use crate::sandbox::certificates::ORGANISATION_IDENTIFIER;
use crate::seams::{SystemClock, SystemIds};
use crate::terminal;

/// How long before its end a certificate causes a warning, in days.
const WARN_BEFORE_DAYS: i64 = 30;
/// What [`issue_pair`] writes.
const PAIR_FILES: [&str; 4] = ["qwac.pem", "qwac.key.pem", "qseal.pem", "qseal.key.pem"];
/// What [`request_real`] writes.
const REQUEST_FILES: [&str; 4] = ["qwac.csr.pem", "qwac.key.pem", "qseal.csr.pem", "qseal.key.pem"];

/// Makes, requests, shows or holds certificates.
///
/// # Errors
/// If a file cannot be read or written, or an identifier does not fit.
pub async fn run(options: CertsOptions) -> anyhow::Result<ExitCode> {
    match options.command {
        CertsCommand::Develop { subject, days, out, sandbox: None } => {
            develop(&subject_of(&subject)?, days, &out)?;
        }
        CertsCommand::Develop { subject, days, out, sandbox: Some(data_dir) } => {
            let subject = Subject {
                organisation_identifier: ORGANISATION_IDENTIFIER.to_owned(),
                ..subject_of(&subject)?
            };
            let authority = held_certificates::sandbox_authority(&data_dir).await?;
            let certificate = out.join("ca.pem");
            not_there_yet(&out, &["ca.pem"])?;
            make_directory(&out)?;
            issue_pair(&authority, &subject, days, &out)?;
            write_new(&certificate, authority.issued.certificate_pem.as_bytes(), 0o644)?;
            terminal::say(&format!(
                "{}: ca.pem, qwac and qseal with their keys. The simulated banks of {} trust them.",
                out.display(),
                data_dir.display()
            ));
        }
        CertsCommand::Request { subject, out } => request_real(&subject, &out)?,
        CertsCommand::Show { file } => show(&file)?,
        CertsCommand::Add { database, member, qwac, qwac_key, qseal, qseal_key } => {
            let files =
                Files { qwac: &qwac, qwac_key: &qwac_key, qseal: &qseal, qseal_key: &qseal_key };
            held_certificates::add_pair(&database, member, &files).await?;
        }
        CertsCommand::List { database } => held_certificates::list(&database).await?,
        CertsCommand::Remove { database, fingerprint } => {
            held_certificates::remove(&database, &fingerprint).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn subject_of(options: &SubjectOptions) -> anyhow::Result<Subject> {
    let subject = Subject {
        organisation_identifier: options.organisation_id.clone(),
        organisation_name: options.organisation.clone(),
        common_name: options.name.clone(),
        country: options.country.clone(),
        roles: options.roles.clone(),
        authority_name: options.authority.clone(),
    };
    subject
        .authority_id()
        .map_err(|error| anyhow!("--organisation-id and --country cannot be used: {error}"))?;
    Ok(subject)
}

fn serial() -> [u8; 16] {
    let mut serial = [0_u8; 16];
    SystemIds.fill(&mut serial);
    serial
}

fn make_directory(out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))
}

/// Looks for files that a command would overwrite, before it writes the first one.
///
/// # Errors
/// Names the first file that exists.
fn not_there_yet(out: &Path, names: &[&str]) -> anyhow::Result<()> {
    match names.iter().map(|name| out.join(name)).find(|path| path.exists()) {
        None => Ok(()),
        Some(path) => bail!(
            "{} exists, and keys and certificates are never overwritten: name another folder with \
             --out, or move the file away",
            path.display()
        ),
    }
}

/// Writes a QWAC and a QSealC of `authority`, each with its key.
fn issue_pair(
    authority: &DevelopmentAuthority,
    subject: &Subject,
    days: i64,
    out: &Path,
) -> anyhow::Result<()> {
    not_there_yet(out, &PAIR_FILES)?;
    let now = SystemClock.now();
    for (name, purpose) in [("qwac", Purpose::Qwac), ("qseal", Purpose::QSealC)] {
        let issued = authority.issue(subject, purpose, (now, days), serial())?;
        write_new(&out.join(format!("{name}.pem")), issued.certificate_pem.as_bytes(), 0o644)?;
        write_new(&out.join(format!("{name}.key.pem")), issued.private_key_pem.as_bytes(), 0o600)?;
    }
    Ok(())
}

fn develop(subject: &Subject, days: i64, out: &Path) -> anyhow::Result<()> {
    let (certificate, key) = (out.join("ca.pem"), out.join("ca.key.pem"));
    not_there_yet(out, &PAIR_FILES)?;
    make_directory(out)?;
    let authority = if certificate.exists() {
        let read = |path: &Path| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        DevelopmentAuthority::load(&read(&certificate)?, &read(&key)?)?
    } else {
        let now = SystemClock.now();
        let authority = DevelopmentAuthority::create("Bascule development CA", now, serial())?;
        write_new(&certificate, authority.issued.certificate_pem.as_bytes(), 0o644)?;
        write_new(&key, authority.issued.private_key_pem.as_bytes(), 0o600)?;
        authority
    };
    issue_pair(&authority, subject, days, out)?;
    terminal::say(&format!(
        "{}: ca, qwac and qseal, each with its key. Only who trusts ca.pem believes them.",
        out.display()
    ));
    Ok(())
}

fn request_real(options: &SubjectOptions, out: &Path) -> anyhow::Result<()> {
    let subject = subject_of(options)?;
    not_there_yet(out, &REQUEST_FILES)?;
    make_directory(out)?;
    for (name, purpose) in [("qwac", Purpose::Qwac), ("qseal", Purpose::QSealC)] {
        let requested = request::request(&subject, purpose)?;
        write_new(&out.join(format!("{name}.csr.pem")), requested.request_pem.as_bytes(), 0o644)?;
        let key = out.join(format!("{name}.key.pem"));
        write_new(&key, requested.private_key_pem.as_bytes(), 0o600)?;
    }
    terminal::say(&format!(
        "{}: send the two .csr.pem to a qualified trust service provider, keep the keys.",
        out.display()
    ));
    Ok(())
}

fn show(file: &Path) -> anyhow::Result<()> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let certificate = Certificate::parse_pem(&text).map_err(|error| {
        anyhow!("{}: {error}; expected is a PEM file with a certificate", file.display())
    })?;
    let now = SystemClock.now();
    let statement = certificate.psd2.as_ref();
    let shown = json!({
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial_hex,
        "organisationIdentifier": certificate.organisation_identifier,
        "roles": statement.map(|found| {
            found.roles.iter().map(|role| role.name()).collect::<Vec<_>>()
        }),
        "authority": statement.map(|found| found.authority_name.as_str()),
        "authorityId": statement.map(|found| found.authority_id.as_str()),
        "validFrom": certificate.not_before.to_string(),
        "validUntil": certificate.not_after.to_string(),
        "sha256": certificate.fingerprint,
    });
    terminal::say(&serde_json::to_string_pretty(&shown)?);
    let left = certificate.not_after.duration_since(now).as_hours() / 24;
    if certificate.not_after <= now {
        bail!("{}: the certificate has expired", file.display());
    }
    if left < WARN_BEFORE_DAYS {
        terminal::complain(&format!("the certificate ends in {left} days"));
    }
    Ok(())
}
