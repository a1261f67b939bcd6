//! The gateway's operations at a bank, in any standard.
//!
//! [`Protocol`] has no default methods: a standard that forgets one does not compile. Nothing
//! here retries an order; the gateway decides that from the kind of [`BankError`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use domain::authorisation::Approach;
use domain::authorisation::Attempt;
use domain::bank::{ConsentProgress, OrderStatus, RefundAccount};
use domain::initiation::Order;
use domain::rail::Rail;
use domain::seams::{BoxFuture, Clock, Ids};
use jiff::Timestamp;

use crate::error::{AuthorisationError, BankError};
use crate::jose::SigningKey;
use crate::misfit::{Misfit, Part, within};
use crate::next_gen_psd2::NextGenPsd2;
use crate::obie::Obie;
use crate::polish_api::PolishApi;
use crate::profile::{BankProfile, Standard};
use crate::psu_return::Returned;
use crate::stet::Stet;
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

/// The payer's browser, as far as it is known while the payer is present.
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
}

/// An order as the bank gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentOrder {
    /// Travels to the payee; at most 35 characters (Faster Payments: 31), the same at each
    /// attempt.
    pub end_to_end_id: String,
    /// Between the bank and us; at most 35 characters, the same at each attempt.
    pub instruction_id: String,
    /// The rail on which the bank is to send the money.
    pub rail: Rail,
    /// The order, with the day on which this bank executes.
    pub content: Order,
}

impl PaymentOrder {
    /// The end-to-end reference, the member's `own` or ours, in at most `characters_max` characters.
    ///
    /// # Errors
    /// [`Misfit`] if it is longer: nothing is ever shortened to fit.
    pub(crate) fn end_to_end<'a>(
        &'a self,
        own: Option<&'a str>,
        characters_max: usize,
    ) -> Result<&'a str, Misfit> {
        match own {
            Some(own) => within(Part::EndToEndId, own, characters_max),
            None => within(Part::OwnId, &self.end_to_end_id, characters_max),
        }
    }
}

/// The stored data of the payer's open step; a return must match it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pending<'a> {
    /// The keys of the attempt: `state`, `nonce`, PKCE and the idempotency key.
    pub attempt: &'a Attempt,
    /// The last [`Approval::Continue::consent_id`].
    pub consent_id: Option<&'a str>,
    /// The last [`Approval::Continue::context`].
    pub context: Option<&'a str>,
}

/// `state`, `nonce` and context are secrets.
impl fmt::Debug for Pending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("consent_id", &self.consent_id).finish_non_exhaustive()
    }
}

/// The payer's answers to a bank's questions, by field id: secrets.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Credentials(pub BTreeMap<String, String>);

impl Credentials {
    /// The answer to that question, unless it is empty.
    #[must_use]
    pub fn get(&self, field_id: &str) -> Option<&str> {
        self.0.get(field_id).map(String::as_str).filter(|answer| !answer.is_empty())
    }
}

/// The output contains not even the field ids.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The state of an approval.
#[derive(Clone, PartialEq, Eq)]
pub enum Approval {
    /// The payer has a step to take.
    Continue {
        /// The bank's id of the consent, or of the payment where the bank executes at the
        /// approval; at most 128 characters. `None` as long as nothing exists at the bank, and
        /// where it is known already.
        consent_id: Option<String>,
        /// Data that the standard must remember until the payer has taken the step: kept sealed, and
        /// returned as [`Pending::context`]. At most 16 KiB.
        context: Option<String>,
        /// The step.
        approach: Approach,
    },
    /// The bank has no word yet: to be asked again.
    Waiting,
    /// Approved; the order may be sent with this grant.
    Granted {
        /// The bank's id of the consent.
        consent_id: String,
        /// For the order.
        grant: AccessToken,
    },
    /// Approved, and with that the bank has the order ([`BankProfile::executes_at_approval`]).
    OrderTaken {
        /// The order.
        answer: OrderAnswer,
        /// For status questions, where the bank wants one.
        grant: Option<AccessToken>,
    },
    /// The bank will not execute: the answer to [`Protocol::cancel_payment`], or to the payer's
    /// approval of the cancellation.
    Cancelled,
    /// The payer said no, or failed the bank's check: nothing is executed.
    Declined {
        /// The bank's words, at most 256 characters.
        reason: Option<String>,
    },
    /// The bank's time for the approval is over: nothing is executed.
    Expired,
}

/// URLs and contexts let their reader act as the payer, so `Debug` leaves them out.
impl fmt::Debug for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Approval::Continue { approach: Approach::Redirect { .. }, .. } => "Continue(redirect)",
            Approval::Continue { approach: Approach::Embedded { .. }, .. } => "Continue(embedded)",
            Approval::Continue { approach: Approach::Decoupled { .. }, .. } => {
                "Continue(decoupled)"
            }
            Approval::Waiting => "Waiting",
            Approval::Granted { .. } => "Granted",
            Approval::OrderTaken { .. } => "OrderTaken",
            Approval::Cancelled => "Cancelled",
            Approval::Declined { .. } => "Declined",
            Approval::Expired => "Expired",
        })
    }
}

/// The grant for a new access token without the payer.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RefreshToken {
    /// The token: a secret. It may work once.
    pub token: String,
    /// The metadata URL of the bank's authorisation server, if the bank sent one for this
    /// payment (RFC 8414).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_url: Option<String>,
}

/// The payer's approval in the form that the bank takes it: a secret.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AccessToken {
    /// Bearer token, bound to the consent; or what the standard needs in its place.
    pub access_token: String,
    /// From then on the bank refuses it.
    pub expires_at: Timestamp,
    /// For the next one, where the bank gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<RefreshToken>,
}

/// Tokens stay out of logs.
impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// The bank's answer to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderAnswer {
    /// The bank's id of the order, at most 128 characters.
    pub bank_payment_id: String,
    /// Its status.
    pub status: OrderStatus,
    /// The payer's account, if it was requested and the bank returns it.
    pub refund_account: Option<RefundAccount>,
}

/// The fate of an order whose answer was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LostOrder {
    /// The bank has it.
    Found(OrderAnswer),
    /// The bank cannot say more than this of the consent.
    Consent(ConsentProgress),
}

/// A payment at the bank that the bank is asked not to execute.
#[derive(Clone, Copy)]
pub struct Held<'a> {
    /// The bank's id of the order, or of the payment that it would execute at the approval.
    pub bank_payment_id: &'a str,
    /// The token with which the order was sent, or that came with [`Approval::OrderTaken`].
    pub grant: Option<&'a AccessToken>,
    /// [`Approval::Continue::context`] of the payment's own approval, while that is open.
    pub context: Option<&'a str>,
}

/// One published standard.
///
/// The calls of a payment, in order:
///
/// 1. `open_payment`
/// 2. `complete_authorisation`, `send_credentials` or `ask_approval` for each step that the bank
///    requires; each returns the current [`Approval`]
/// 3. `submit_order`, unless the bank executes at the approval
///
/// Account information and variable recurring payments will get traits of their own beside this one.
pub trait Protocol: Send + Sync {
    /// Whether the order can be written in the standard's words within the bank's limits. The same
    /// functions write it that [`Protocol::open_payment`] uses; nothing is sent.
    ///
    /// # Errors
    /// [`Misfit`]: the first part that does not fit.
    fn fits(&self, bank: &BankProfile, order: &PaymentOrder) -> Result<(), Misfit>;

    /// Creates what the payer approves, and starts the approval. The caller has stored `attempt`
    /// before the first call. `known` are answers that the member already has to the questions
    /// of [`BankProfile::credential_fields`]; what is missing is asked for first.
    ///
    /// # Errors
    /// `Refused` with status 0 where the order does not fit the bank's limits and nothing was
    /// sent; else see [`BankError`]. Whether the creation may be repeated after `Unknown` or
    /// `Malformed`, and with which keys, says [`BankProfile::repeated_creation`].
    fn open_payment<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        attempt: &'a Attempt,
        known: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>>;

    /// Whether [`Protocol::complete_authorisation`] sends something that works once: an
    /// authorisation code, or what creates the payment. The caller records that it leaves first.
    fn uses_up_return(&self, call: &Call<'_>, pending: Pending<'_>, returned: &Returned) -> bool;

    /// Verifies the payer's return. The gateway believes nothing in it without the bank's
    /// signature or the bank's own answer: where the return proves nothing, the bank is asked, and
    /// [`Approval::Waiting`] says that it still waits for the payer. Unless the return is used up,
    /// it may be verified again.
    ///
    /// # Errors
    /// See [`AuthorisationError`].
    fn complete_authorisation<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        pending: Pending<'a>,
        returned: &'a Returned,
    ) -> BoxFuture<'a, Result<Approval, AuthorisationError>>;

    /// Sends the payer's answers to the bank. The caller has recorded the sending.
    ///
    /// Wrong answers are [`Approval::Continue`] with a challenge that is a retry, not an error.
    ///
    /// # Errors
    /// `Unavailable`: the bank has not seen the answers. `Unknown` and `Malformed`: it may have,
    /// and with that may execute; only [`Protocol::ask_approval`] may follow.
    fn send_credentials<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        pending: Pending<'a>,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>>;

    /// Asks for the state of the approval: decoupled, after answers were lost, and if a payer may
    /// have approved without returning.
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn ask_approval<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        pending: Pending<'a>,
    ) -> BoxFuture<'a, Result<Approval, BankError>>;

    /// Whether the payer's account holds enough.
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn confirm_funds<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        grant: &'a AccessToken,
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
        grant: &'a AccessToken,
        idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<OrderAnswer, BankError>>;

    /// The status of an order that the bank has given an id. `grant` is the one that the order
    /// was sent with, or that came with [`Approval::OrderTaken`].
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn ask_order_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        bank_payment_id: &'a str,
        grant: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<OrderStatus, BankError>>;

    /// The fate of an order whose answer was lost.
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn ask_lost_order<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        grant: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<LostOrder, BankError>>;

    /// Another access token for one that has ended or is about to. `refresh` is of [`AccessToken`].
    /// The caller has stored that it asks: a bank may take a refresh token once.
    ///
    /// # Errors
    /// `Refused`: the bank does not take it any more, or the standard has none (code `unsupported`,
    /// status 0). `Unavailable`: it was not used. `Unknown` and `Malformed`: it may be used up.
    fn refresh_token<'a>(
        &'a self,
        call: &'a Call<'a>,
        refresh: &'a RefreshToken,
    ) -> BoxFuture<'a, Result<AccessToken, BankError>>;

    /// Asks the bank not to execute what it holds. `attempt` are the keys with which the payer
    /// approves the cancellation, where the bank wants that: then the answer is
    /// [`Approval::Continue`], and the methods that carry an approval on carry on this one. Asking
    /// twice has the effect of asking once.
    ///
    /// # Errors
    /// `Refused` with code `unsupported` and status 0 where the standard or the bank has no
    /// cancellation; else see [`BankError`].
    fn cancel_payment<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        held: Held<'a>,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Approval, BankError>>;
}

/// All standards, each with its caches. The process keeps one for its whole life.
#[derive(Default)]
pub struct Protocols {
    obie: Obie,
    next_gen_psd2: NextGenPsd2,
    stet: Stet,
    polish_api: PolishApi,
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
        match &profile.standard {
            Standard::UkOpenBanking(_) => &self.obie,
            Standard::NextGenPsd2(_) => &self.next_gen_psd2,
            Standard::Stet(_) => &self.stet,
            Standard::PolishApi(_) => &self.polish_api,
        }
    }
}
