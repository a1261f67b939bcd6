//! The surroundings of a call to a bank: which bank, who we are there, who pays, network and time.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use domain::seams::{Clock, Ids};

use crate::jose::SigningKey;
use crate::profile::BankProfile;
use crate::wire::{ClientCertificate, Wire};

/// Who we are at one bank.
#[derive(Clone)]
pub struct Identity {
    /// The client id that the bank gave at registration.
    pub client_id: String,
    /// Where the bank sends browsers back to, as registered.
    pub redirect_uri: String,
    /// Header `iss` of our message signatures: `{organisation id}/{software statement id}`.
    pub jws_issuer: String,
    /// Signs messages, request objects and client assertions.
    pub signing_key: SigningKey,
    /// The qualified certificates, where we have them: most standards need them.
    pub eidas: Option<EidasIdentity>,
}

/// Who we are by our qualified certificates (ETSI TS 119 495).
#[derive(Clone)]
pub struct EidasIdentity {
    /// `organizationIdentifier` of the certificates, e.g. `PSDGB-FCA-123456`; the client id at
    /// banks where the certificate is the registration.
    pub organisation_identifier: String,
    /// The name in the certificates, shown to payers by some banks.
    pub organisation_name: String,
    /// QWAC: the client certificate of TLS connections.
    pub transport: Arc<ClientCertificate>,
    /// QSealC: the certificate of message signatures, DER.
    pub seal_certificate_der: Vec<u8>,
    /// Its key, RSA.
    pub seal_key: SigningKey,
    /// Where banks can fetch the QSealC (STET, header `Signature`, `keyId`).
    pub seal_certificate_url: String,
}

/// Only the organisation, which is public.
impl fmt::Debug for EidasIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EidasIdentity")
            .field("organisation_identifier", &self.organisation_identifier)
            .finish_non_exhaustive()
    }
}

/// Only the ids; the key's own `Debug` hides the key.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("client_id", &self.client_id)
            .field("signing_key", &self.signing_key)
            .finish_non_exhaustive()
    }
}

/// The payer's browser, as far as it is known while the payer is present. Banks get each text only if it
/// is allowed in a header.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PsuContext {
    /// The address from which the payer calls us, or the member.
    pub ip_address: Option<IpAddr>,
    /// The port of that address.
    pub ip_port: Option<u16>,
    /// The browser's `User-Agent`.
    pub user_agent: Option<String>,
    /// The browser's `Accept`.
    pub accept: Option<String>,
    /// The browser's `Accept-Charset`.
    pub accept_charset: Option<String>,
    /// The browser's `Accept-Encoding`.
    pub accept_encoding: Option<String>,
    /// The browser's `Accept-Language`.
    pub accept_language: Option<String>,
    /// The payer's place: `GEO:52.506931;13.144558`.
    pub geo_location: Option<String>,
}

impl PsuContext {
    /// Whether the payer is there now.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.ip_address.is_some()
    }
}

/// Addresses of payers stay out of logs.
impl fmt::Debug for PsuContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PsuContext").finish_non_exhaustive()
    }
}

/// The surroundings of one call.
#[derive(Clone)]
pub struct Call<'a> {
    /// The bank.
    pub bank: &'a BankProfile,
    /// Who we are there.
    pub identity: &'a Identity,
    /// Where the bank sends the payer's browser back to, one of our registered addresses there.
    pub return_url: &'a str,
    /// The network.
    pub wire: &'a dyn Wire,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub ids: &'a dyn Ids,
    /// How long each single exchange may take, in milliseconds. One call makes at most a
    /// dozen, two to four as a rule.
    pub timeout_ms: u64,
    /// The payer's browser.
    pub psu: PsuContext,
    /// The address from which we call banks, for standards that want an address though no payer is
    /// present.
    pub own_address: IpAddr,
}
