//! What the gateway asks of a bank, whatever its standard.
//!
//! [`Protocol`] has no default methods: a standard that forgets one does not compile. Nothing
//! here retries an order; the gateway decides that from the kind of [`BankError`].

use std::fmt;

use domain::bank::{ConsentProgress, OrderStatus, RefundAccount};
use domain::initiation::Initiation;
use domain::seams::{BoxFuture, Clock, Ids};
use jiff::Timestamp;

use crate::error::{AuthorisationError, BankError};
use crate::jose::SigningKey;
use crate::obie::Obie;
use crate::profile::{BankProfile, Standard};
use crate::psu_return::Returned;
use crate::wire::Wire;

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

/// What is known of the payer's browser while the payer is present.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PsuContext {
    /// IPv4 or IPv6 address.
    pub ip_address: Option<String>,
    /// The browser's `User-Agent`.
    pub user_agent: Option<String>,
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
}

/// An order as the bank gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentOrder {
    /// Travels to the payee; at most 35 characters (Faster Payments: 31), the same at each
    /// attempt.
    pub end_to_end_id: String,
    /// Between the bank and us; at most 35 characters, the same at each attempt.
    pub instruction_id: String,
    /// What the member asked for.
    pub initiation: Initiation,
}

/// A consent that waits for the payer.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The bank's id of the consent, at most 128 characters.
    pub consent_id: String,
    /// Where the payer's browser must go. It holds `state` and `nonce`: never log it.
    pub redirect_url: String,
}

/// The URL lets its reader act as the payer, so `Debug` leaves it out.
impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("consent_id", &self.consent_id).finish_non_exhaustive()
    }
}

/// What was stored when the payer was sent to the bank; the return must fit it.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingConsent {
    /// [`Opened::consent_id`].
    pub consent_id: String,
    /// As given to [`Protocol::open_payment`].
    pub nonce: String,
    /// As given to [`Protocol::open_payment`].
    pub state: String,
}

/// `state` and `nonce` guard the return against forgery.
impl fmt::Debug for PendingConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingConsent")
            .field("consent_id", &self.consent_id)
            .finish_non_exhaustive()
    }
}

/// The payer's approval in the form that the bank takes it: a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessGrant {
    /// Bearer token, bound to the consent.
    pub access_token: String,
    /// From then on the bank refuses the token.
    pub expires_at: Timestamp,
}

/// Tokens stay out of logs.
impl fmt::Debug for AccessGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessGrant").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// The bank's answer to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderAnswer {
    /// The bank's id of the order, at most 128 characters.
    pub bank_payment_id: String,
    /// Its status.
    pub status: OrderStatus,
    /// The payer's account, where it was asked for and the bank tells it.
    pub refund_account: Option<RefundAccount>,
}

/// One published standard.
pub trait Protocol: Send + Sync {
    /// Creates the consent and the signed authorisation URL. The caller has stored
    /// `idempotency_key` (1 to 40 visible ASCII characters) before the first attempt.
    ///
    /// # Errors
    /// `Refused` with status 0 where the order does not fit the bank's limits and nothing was
    /// sent; else see [`BankError`]. After `Unknown` the same key may be used again.
    fn open_payment<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        state: &'a str,
        nonce: &'a str,
        idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<Opened, BankError>>;

    /// Verifies what the browser brought back and exchanges the code for a token.
    ///
    /// # Errors
    /// `Invalid` where the return is not the bank's answer to this consent; `Bank` where the bank
    /// does not give the token.
    fn complete_authorisation<'a>(
        &'a self,
        call: &'a Call<'a>,
        pending: &'a PendingConsent,
        returned: &'a Returned,
    ) -> BoxFuture<'a, Result<AccessGrant, AuthorisationError>>;

    /// Whether the payer's account holds enough.
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn confirm_funds<'a>(
        &'a self,
        call: &'a Call<'a>,
        consent_id: &'a str,
        grant: &'a AccessGrant,
    ) -> BoxFuture<'a, Result<bool, BankError>>;

    /// Sends the order. The caller has stored that it does, and `idempotency_key` (1 to 40
    /// visible ASCII characters), before the first attempt.
    ///
    /// # Errors
    /// `Refused`: the bank has no order. `Unavailable`: the bank has not seen the order.
    /// `Unknown`: the order may exist. Never `Malformed`.
    fn submit_order<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        grant: &'a AccessGrant,
        idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<OrderAnswer, BankError>>;

    /// The status of an order that the bank has given an id.
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn ask_order_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        bank_payment_id: &'a str,
    ) -> BoxFuture<'a, Result<OrderStatus, BankError>>;

    /// The status of a consent: whether an order whose answer was lost has used it.
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn ask_consent_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        consent_id: &'a str,
    ) -> BoxFuture<'a, Result<ConsentProgress, BankError>>;
}

/// All standards, each with its caches. The process keeps one for its whole life.
#[derive(Default)]
pub struct Protocols {
    obie: Obie,
}

impl Protocols {
    /// With empty caches.
    #[must_use]
    pub fn new() -> Protocols {
        Protocols::default()
    }

    /// The standard that this bank speaks.
    #[must_use]
    pub fn protocol_for(&self, profile: &BankProfile) -> &dyn Protocol {
        match profile.standard {
            Standard::UkOpenBanking => &self.obie,
        }
    }
}
