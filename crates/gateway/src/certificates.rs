//! Who we are at banks, by qualified certificates: the gateway's own, and those of members that are
//! licensed themselves. Keys are sealed in the database; of several certificates of one owner and
//! purpose the newest that is valid now is used.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use banks::call::{EidasIdentity, Identity};
use banks::eidas::issue::{pem_content, pem_contents};
use banks::eidas::pair::CertificatePair;
use banks::eidas::{Certificate, key_fits};
use banks::jose::SigningKey;
use banks::profile::{BankProfile, Certificates};
use banks::wire::ClientCertificate;
use domain::ids::MemberId;
use domain::sealed::Sealed;
use domain::seams::Ids;
use jiff::{SignedDuration, Timestamp};
use store::certificates::{self, HeldCertificate};
use store::{Db, unit};
use tracing::warn;

use crate::seal::Sealer;
use crate::{App, GatewayError};

/// The purpose under which keys are sealed.
const SEALED_FOR: &str = "certificate key";
/// Certificates that end sooner than this are complained about, once a day.
pub const WARN_BEFORE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The longest PEM text, in bytes.
pub const PEM_BYTES_MAX: usize = 64 * 1024;

/// The purpose of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificatePurpose {
    /// Connections (QWAC).
    Connections,
    /// Messages (QSealC).
    Messages,
}

impl CertificatePurpose {
    /// The word in the database and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CertificatePurpose::Connections => "qwac",
            CertificatePurpose::Messages => "qseal",
        }
    }
}

/// A certificate to be held.
pub struct NewCertificate {
    /// Whose it is; none for the gateway's own.
    pub owner: Option<MemberId>,
    /// The purpose.
    pub purpose: CertificatePurpose,
    /// The certificate, then the ones above it, PEM.
    pub chain_pem: String,
    /// Its private key, PKCS#8 PEM.
    pub private_key_pem: String,
}

/// Reads and seals a certificate, ready for the table.
///
/// # Errors
/// [`GatewayError::Invalid`] says what is wrong: no PEM, no PSD2 statement, expired, a key of
/// another certificate, or one of a kind that cannot sign messages.
pub fn prepare(
    new: &NewCertificate,
    sealer: &Sealer,
    ids: &dyn Ids,
    now: Timestamp,
) -> Result<HeldCertificate, GatewayError> {
    let wrong = |text: String| GatewayError::Invalid(format!("{}: {text}", new.purpose.word()));
    if new.chain_pem.len().max(new.private_key_pem.len()) > PEM_BYTES_MAX {
        return Err(wrong(format!("longer than {PEM_BYTES_MAX} bytes")));
    }
    let der = pem_content(&new.chain_pem).map_err(|error| wrong(error.to_string()))?;
    let certificate = Certificate::parse(&der).map_err(|error| wrong(error.to_string()))?;
    if certificate.psd2.is_none() || certificate.organisation_identifier.is_none() {
        return Err(wrong("it has no PSD2 statement or no organizationIdentifier".to_owned()));
    }
    if certificate.not_after <= now {
        return Err(wrong(format!("it ended on {}", certificate.not_after)));
    }
    let key =
        pem_content(&new.private_key_pem).map_err(|error| wrong(format!("the key: {error}")))?;
    if !key_fits(&der, &key) {
        let text = "the key is not the certificate's (PKCS#8 PEM is expected)";
        return Err(wrong(text.to_owned()));
    }
    if new.purpose == CertificatePurpose::Messages {
        SigningKey::from_pkcs8_der("qseal", &key)
            .map_err(|error| wrong(format!("the key cannot sign messages: {error}")))?;
    }
    let sealed = sealer.seal(SEALED_FOR, &certificate.fingerprint, &key, ids)?;
    Ok(HeldCertificate {
        fingerprint: certificate.fingerprint,
        owner: new.owner.clone(),
        purpose: new.purpose.word().to_owned(),
        chain_pem: new.chain_pem.clone(),
        sealed_key: sealed.0,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        created_at: now,
    })
}

/// Adds certificates together: all or none.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn add(db: &Db, prepared: Vec<HeldCertificate>) -> Result<(), GatewayError> {
    let prepared = Arc::new(prepared);
    db.transact(prepared, move |prepared, tx| {
        unit(async move {
            for held in prepared.iter() {
                certificates::insert(tx, held).await?;
            }
            Ok(())
        })
    })
    .await?;
    Ok(())
}

/// Everybody's identities, as far as they differ from the process's own.
#[derive(Default)]
pub(crate) struct Identities {
    now: RwLock<Arc<Loaded>>,
}

#[derive(Default)]
struct Loaded {
    own: Option<Arc<Identity>>,
    members: HashMap<MemberId, Arc<Identity>>,
    /// Seal certificates by fingerprint, DER.
    seals: BTreeMap<String, Vec<u8>>,
}

impl Identities {
    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl App {
    /// Who we are at a bank for a member: by the member's certificates, else by those that only this
    /// bank knows us by, else by our own.
    #[must_use]
    pub fn identity_at(&self, bank: &BankProfile, member: &MemberId) -> Arc<Identity> {
        let loaded = self.identities.loaded();
        match loaded.members.get(member) {
            Some(identity) => Arc::clone(identity),
            None => self.own_identity_at(bank),
        }
    }

    /// The same where no member is concerned.
    pub(crate) fn own_identity_at(&self, bank: &BankProfile) -> Arc<Identity> {
        let pair = bank.certificates.as_ref().and_then(|own| own.at(self.now()));
        match pair {
            Some(pair) => Arc::new(self.identity_of(pair)),
            None => self.own_identity(),
        }
    }

    fn identity_of(&self, pair: &CertificatePair) -> Identity {
        let url = seal_certificate_url(self, &pair.seal_fingerprint);
        pair.identity(&self.parts.identity.redirect_uri, url)
    }

    /// Who we are where no member is concerned.
    pub(crate) fn own_identity(&self) -> Arc<Identity> {
        let loaded = self.identities.loaded();
        loaded.own.as_ref().map_or_else(|| Arc::clone(&self.parts.identity), Arc::clone)
    }

    /// The seal certificate with this fingerprint, DER: banks fetch it to verify our messages.
    #[must_use]
    pub fn seal_certificate(&self, fingerprint: &str) -> Option<Vec<u8>> {
        let own = self.parts.identity.eidas.as_ref().map(|eidas| &eidas.seal_certificate_der);
        let is_own = |der: &&Vec<u8>| {
            Certificate::parse(der).is_ok_and(|found| found.fingerprint == fingerprint)
        };
        let held = || self.identities.loaded().seals.get(fingerprint).cloned();
        own.filter(is_own).cloned().or_else(held).or_else(|| {
            let directory = self.directory();
            let pairs = directory.iter().filter_map(|bank| bank.certificates.as_ref());
            let found = pairs.flat_map(Certificates::pairs);
            let mut found = found.filter(|pair| pair.seal_fingerprint == fingerprint);
            found.next().map(|pair| pair.seal_certificate_der.clone())
        })
    }
}

/// Reads the certificates of the database again and warns about those that expire soon. A certificate
/// that cannot be used is logged and skipped: it must not keep the others from working.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn reload(app: &App) -> Result<(), GatewayError> {
    let held = app.db().read(|tx| unit(async move { certificates::all(tx).await })).await?;
    let now = app.now();
    let mut chosen: BTreeMap<(Option<MemberId>, String), &HeldCertificate> = BTreeMap::new();
    for one in held.iter().filter(|one| one.not_before <= now && now < one.not_after) {
        // The oldest come first, so the newest stays.
        chosen.insert((one.owner.clone(), one.purpose.clone()), one);
    }
    let mut loaded = Loaded::default();
    let owners: std::collections::BTreeSet<Option<MemberId>> =
        chosen.keys().map(|(owner, _)| owner.clone()).collect();
    for owner in owners {
        let of = |purpose: CertificatePurpose| {
            chosen.get(&(owner.clone(), purpose.word().to_owned())).copied()
        };
        let pair = (of(CertificatePurpose::Connections), of(CertificatePurpose::Messages));
        let (Some(web), Some(seal)) = pair else {
            let owner = owner.as_ref().map_or("the gateway", MemberId::as_str);
            warn!(owner, "a QWAC without a valid QSealC, or the reverse: neither is used");
            continue;
        };
        match identity(app, web, seal) {
            Ok((identity, seal_der)) => {
                loaded.seals.insert(seal.fingerprint.clone(), seal_der);
                match owner {
                    None => loaded.own = Some(Arc::new(identity)),
                    Some(member) => {
                        loaded.members.insert(member, Arc::new(identity));
                    }
                }
            }
            Err(error) => warn!(%error, web = web.fingerprint, "certificates cannot be used"),
        }
    }
    *app.identities.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
    Ok(())
}

/// The certificates in use that end within [`WARN_BEFORE`]: what, whose, when.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn ending_soon(app: &App) -> Result<Vec<HeldCertificate>, GatewayError> {
    let held = app.db().read(|tx| unit(async move { certificates::all(tx).await })).await?;
    let now = app.now();
    let soon = |one: &HeldCertificate| one.not_after.duration_since(now) < WARN_BEFORE;
    let replaced = |one: &HeldCertificate| {
        held.iter()
            .any(|other| other.owner == one.owner && other.purpose == one.purpose && !soon(other))
    };
    Ok(held.iter().filter(|one| soon(one) && !replaced(one)).cloned().collect())
}

fn identity(
    app: &App,
    web: &HeldCertificate,
    seal: &HeldCertificate,
) -> Result<(Identity, Vec<u8>), GatewayError> {
    let invalid = |error: banks::eidas::CertificateError| GatewayError::Invalid(error.to_string());
    let key = |held: &HeldCertificate| {
        let sealed = Sealed(held.sealed_key.clone());
        app.parts.sealer.unseal(SEALED_FOR, &held.fingerprint, &sealed)
    };
    let chain_der = pem_contents(&web.chain_pem).map_err(invalid)?;
    let seal_der = pem_content(&seal.chain_pem).map_err(invalid)?;
    let certificate = Certificate::parse(&seal_der).map_err(invalid)?;
    let organisation_identifier = certificate.organisation_identifier.unwrap_or_default();
    let of_web = pem_content(&web.chain_pem)
        .and_then(|der| Certificate::parse(&der))
        .map_err(invalid)?
        .organisation_identifier;
    if of_web.as_deref() != Some(organisation_identifier.as_str()) {
        let text = "QWAC and QSealC are of different organisations";
        return Err(GatewayError::Invalid(text.to_owned()));
    }
    let seal_key = SigningKey::from_pkcs8_der("qseal", &key(seal)?)
        .map_err(|error| GatewayError::Invalid(error.to_string()))?;
    let eidas = EidasIdentity {
        organisation_identifier,
        organisation_name: certificate.organisation_name.unwrap_or_default(),
        transport: Arc::new(ClientCertificate {
            fingerprint: web.fingerprint.clone(),
            chain_der,
            private_key_pkcs8_der: key(web)?,
        }),
        seal_certificate_der: seal_der.clone(),
        seal_key,
        seal_certificate_url: seal_certificate_url(app, &seal.fingerprint),
    };
    Ok((Identity { eidas: Some(eidas), ..(*app.parts.identity).clone() }, seal_der))
}

/// Where banks find a seal certificate.
fn seal_certificate_url(app: &App, fingerprint: &str) -> String {
    format!("{}/.well-known/qseal/{fingerprint}", app.settings().public_url)
}

/// Certificates of single banks that end within [`WARN_BEFORE`], and have no successor that is valid
/// longer: the bank, and the end.
#[must_use]
pub fn of_banks_ending_soon(app: &App) -> Vec<(String, Timestamp)> {
    let now = app.now();
    let last = |own: &Certificates| own.pairs().map(|pair| pair.not_after).max();
    app.directory()
        .iter()
        .filter_map(|bank| Some((bank.id.clone(), bank.certificates.as_ref().and_then(last)?)))
        .filter(|(_, end)| end.duration_since(now) < WARN_BEFORE)
        .collect()
}
