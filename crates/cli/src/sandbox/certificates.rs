//! The sandbox's certificates: an authority of its own, and what it issued to the gateway (QWAC,
//! QSealC) and to the simulated banks. They are made at the first start and kept sealed in the
//! database.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use banks::call::EidasIdentity;
use banks::eidas::issue::pem_content;
use banks::eidas::{Certificate, DevelopmentAuthority, Issued, Purpose, Role, Subject};
use banks::jose::SigningKey;
use banks::wire::ClientCertificate;
use domain::seams::Ids;
use gateway::seal::Sealer;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Db, secrets, unit};

/// Under which the certificates are kept.
const SECRET: &str = "sandbox-certificates";
/// How long they last.
const DAYS: i64 = 5 * 365;
/// Certificates that end sooner than this are complained about.
const WARN_BEFORE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Who the sandbox is at the simulated banks.
pub const ORGANISATION_IDENTIFIER: &str = "PSDGB-FCA-999999";

#[derive(Serialize, Deserialize)]
struct Pair {
    certificate_pem: String,
    private_key_pem: String,
}

impl Pair {
    fn of(issued: &Issued) -> Pair {
        Pair {
            certificate_pem: issued.certificate_pem.clone(),
            private_key_pem: issued.private_key_pem.clone(),
        }
    }

    fn certificate_der(&self) -> anyhow::Result<Vec<u8>> {
        pem_content(&self.certificate_pem).map_err(|error| anyhow!("{error}"))
    }

    fn private_key_der(&self) -> anyhow::Result<Vec<u8>> {
        pem_content(&self.private_key_pem).map_err(|error| anyhow!("{error}"))
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    authority: Pair,
    web: Pair,
    seal: Pair,
    banks: Pair,
}

/// Everything that the sandbox needs.
pub struct Certificates {
    /// Who the gateway is.
    pub identity: EidasIdentity,
    /// The simulated banks' certificate, DER.
    pub banks_certificate_der: Vec<u8>,
    /// Its key, PKCS#8 DER.
    pub banks_key_der: Vec<u8>,
    /// The authority, DER: whom both sides trust.
    pub authority_der: Vec<u8>,
}

/// The certificates of this database; made where there are none.
pub async fn load_or_make(
    db: &Db,
    sealer: &Sealer,
    ids: &dyn Ids,
    now: Timestamp,
    api_url: &str,
) -> anyhow::Result<Certificates> {
    let found = stored(db, None, now).await?;
    let sealed = match found {
        Some(sealed) => sealed,
        None => {
            let plain = serde_json::to_vec(&make(ids, now)?)?;
            let candidate = sealer.seal("certificates", SECRET, &plain, ids)?.0;
            stored(db, Some(candidate), now).await?.context("the certificates were not stored")?
        }
    };
    let plain = sealer.unseal("certificates", SECRET, &domain::sealed::Sealed(sealed))?;
    let kept: Kept = serde_json::from_slice(&plain)?;
    for (name, pair) in [("QWAC", &kept.web), ("QSealC", &kept.seal), ("banks'", &kept.banks)] {
        let certificate = Certificate::parse(&pair.certificate_der()?)?;
        if certificate.not_after.duration_since(now) < WARN_BEFORE {
            tracing::warn!(name, until = %certificate.not_after, "a certificate ends soon");
        }
    }
    let seal_der = kept.seal.certificate_der()?;
    let fingerprint = Certificate::parse(&seal_der)?.fingerprint;
    let web_der = kept.web.certificate_der()?;
    Ok(Certificates {
        identity: EidasIdentity {
            organisation_identifier: ORGANISATION_IDENTIFIER.to_owned(),
            organisation_name: subject().organisation_name,
            transport: Arc::new(ClientCertificate {
                fingerprint: Certificate::parse(&web_der)?.fingerprint,
                chain_der: vec![web_der],
                private_key_pkcs8_der: kept.web.private_key_der()?,
            }),
            seal_key: SigningKey::from_pkcs8_der("qseal", &kept.seal.private_key_der()?)?,
            seal_certificate_der: seal_der,
            seal_certificate_url: format!("{api_url}/.well-known/qseal/{fingerprint}"),
        },
        banks_certificate_der: kept.banks.certificate_der()?,
        banks_key_der: kept.banks.private_key_der()?,
        authority_der: kept.authority.certificate_der()?,
    })
}

/// The authority of the sandbox that keeps its data in `db`: its simulated banks believe what it
/// issues and nothing else. None where the database is not a sandbox's.
///
/// # Errors
/// Where the database cannot be read, or the sealing key is another one.
pub async fn authority(
    db: &Db,
    sealer: &Sealer,
    now: Timestamp,
) -> anyhow::Result<Option<DevelopmentAuthority>> {
    let Some(sealed) = stored(db, None, now).await? else { return Ok(None) };
    let plain = sealer.unseal("certificates", SECRET, &domain::sealed::Sealed(sealed))?;
    let kept: Kept = serde_json::from_slice(&plain)?;
    let Pair { certificate_pem, private_key_pem } = &kept.authority;
    Ok(Some(DevelopmentAuthority::load(certificate_pem, private_key_pem)?))
}

async fn stored(
    db: &Db,
    candidate: Option<String>,
    now: Timestamp,
) -> anyhow::Result<Option<String>> {
    let stored = db
        .transact(candidate, move |candidate, tx| {
            unit(async move { secrets::get_or_insert(tx, SECRET, candidate.as_deref(), now).await })
        })
        .await?;
    Ok(stored)
}

fn subject() -> Subject {
    Subject {
        organisation_identifier: ORGANISATION_IDENTIFIER.to_owned(),
        organisation_name: "Bascule sandbox".to_owned(),
        common_name: "sandbox.bascule.example".to_owned(),
        country: "GB".to_owned(),
        roles: vec![Role::PaymentInitiation, Role::AccountInformation, Role::CardIssuing],
        authority_name: "Simulated authority".to_owned(),
    }
}

fn make(ids: &dyn Ids, now: Timestamp) -> anyhow::Result<Kept> {
    let serial = || {
        let mut serial = [0_u8; 16];
        ids.fill(&mut serial);
        serial
    };
    let validity = (now, DAYS);
    let authority = DevelopmentAuthority::create("Bascule sandbox CA", now, serial())?;
    let web = authority.issue(&subject(), Purpose::Qwac, validity, serial())?;
    let seal = authority.issue(&subject(), Purpose::QSealC, validity, serial())?;
    let banks = authority.issue_for_server(&["localhost", "127.0.0.1"], validity, serial())?;
    Ok(Kept {
        authority: Pair::of(&authority.issued),
        web: Pair::of(&web),
        seal: Pair::of(&seal),
        banks: Pair::of(&banks),
    })
}
