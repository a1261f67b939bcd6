//! What a payer approves at a bank, whatever its standard.

use std::collections::BTreeMap;
use std::fmt;

use domain::authorisation::{Approach, Attempt};
use domain::seams::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::error::{AuthorisationError, BankError};
use crate::payments::{OrderAnswer, PaymentOrder};
use crate::psu_return::Returned;
use crate::token::{AccessToken, Proof, RefreshToken};

/// What the payer approves. Access to accounts and variable recurring payments are variants to come.
#[derive(Clone, Copy)]
pub enum Approvable<'a> {
    /// A payment, or a standing order.
    Payment(&'a PaymentOrder),
    /// That the bank does not execute a payment that it holds.
    Cancellation {
        /// The payment.
        order: &'a PaymentOrder,
        /// Where it is at the bank.
        held: Held<'a>,
    },
}

impl<'a> Approvable<'a> {
    /// The payment that it is about.
    #[must_use]
    pub fn order(self) -> &'a PaymentOrder {
        match self {
            Approvable::Payment(order) | Approvable::Cancellation { order, .. } => order,
        }
    }

    /// Whether a payment is cancelled.
    #[must_use]
    pub fn is_cancellation(self) -> bool {
        matches!(self, Approvable::Cancellation { .. })
    }
}

/// What a bank holds, and is asked not to execute.
#[derive(Clone, Copy)]
pub struct Held<'a> {
    /// The bank's id of the order, or of the payment that it would execute at the approval.
    pub bank_payment_id: &'a str,
    /// The token with which the order was sent, or that came with [`Approval::OrderTaken`]. It counts
    /// where the cancellation is opened.
    pub token: Option<&'a AccessToken>,
    /// [`Approval::Continue::context`] of the payment's own approval, while that is open. It counts where
    /// the cancellation is opened.
    pub context: Option<&'a str>,
}

/// What was stored when the payer was given a step to take; what comes back must fit it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pending<'a> {
    /// The keys of the attempt: `state`, `nonce`, PKCE and the idempotency key.
    pub attempt: &'a Attempt,
    /// [`Approval::Continue::consent_id`], the last that was told.
    pub consent_id: Option<&'a str>,
    /// [`Approval::Continue::context`], the last that was told.
    pub context: Option<&'a str>,
}

/// `state`, `nonce` and context are secrets.
impl fmt::Debug for Pending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("consent_id", &self.consent_id).finish_non_exhaustive()
    }
}

/// The payer's answers to a bank's questions, by field id: secrets.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials(pub BTreeMap<String, String>);

impl Credentials {
    /// The answer to that question, unless it is empty.
    #[must_use]
    pub fn get(&self, field_id: &str) -> Option<&str> {
        self.0.get(field_id).map(String::as_str).filter(|answer| !answer.is_empty())
    }
}

/// Not even the field ids are told.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Where an approval stands.
#[derive(Clone, PartialEq, Eq)]
pub enum Approval {
    /// The payer has a step to take.
    Continue {
        /// The bank's id of the consent, or of the payment where the bank executes at the
        /// approval; at most 128 characters. `None` as long as nothing exists at the bank, and
        /// where it is known already.
        consent_id: Option<String>,
        /// What the standard must remember until the step is taken: kept sealed, and given back
        /// as [`Pending::context`]. At most 16 KiB.
        context: Option<String>,
        /// The step.
        approach: Approach,
    },
    /// The bank has no word yet: to be asked again.
    Waiting,
    /// Approved; the order may be sent with this proof.
    Granted {
        /// The bank's id of the consent.
        consent_id: String,
        /// For the order.
        proof: Proof,
    },
    /// Approved, and with that the bank has the order ([`BankProfile::executes_at_approval`]).
    OrderTaken {
        /// The order.
        answer: OrderAnswer,
        /// For status questions, where the bank wants one.
        token: Option<AccessToken>,
    },
    /// The bank will not execute: the answer to [`Approvable::Cancellation`], or to the payer's
    /// approval of it.
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

/// The part of a standard in which a payer approves something.
///
/// An approval goes through `open`, then as many steps as the bank wants. Each ends in a call of
/// `complete`, `send_credentials` or `ask`, which answers where the approval stands then.
pub trait Approvals: Send + Sync {
    /// Creates what the payer approves, and starts the approval. The caller has stored `attempt`
    /// before the first call. Opening a cancellation twice has the effect of opening it once. `known` are answers that the member already has to the questions
    /// of [`BankProfile::credential_fields`]; what is missing is asked for first.
    ///
    /// # Errors
    /// `Refused` with status 0 where what is asked for does not fit the bank's limits and nothing was
    /// sent, and with code `unsupported` where the standard has no such approval; else see [`BankError`]. Whether the creation may be repeated after `Unknown` or
    /// `Malformed`, and with which keys, says [`BankProfile::repeated_creation`].
    fn open<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        attempt: &'a Attempt,
        known: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>>;

    /// Whether [`Approvals::complete`] sends something that works once: an
    /// authorisation code, or what creates the payment. The caller records that it leaves first.
    fn uses_up_return(&self, call: &Call<'_>, pending: Pending<'_>, returned: &Returned) -> bool;

    /// Verifies what the browser brought back. Nothing in it is believed without the bank's
    /// signature or the bank's own answer: where the return proves nothing, the bank is asked, and
    /// [`Approval::Waiting`] says that it still waits for the payer. Unless the return is used up,
    /// it may be verified again.
    ///
    /// # Errors
    /// See [`AuthorisationError`].
    fn complete<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
        returned: &'a Returned,
    ) -> BoxFuture<'a, Result<Approval, AuthorisationError>>;

    /// Brings the payer's answers to the bank. The caller has stored that it does.
    ///
    /// Wrong answers are [`Approval::Continue`] with a challenge that is a retry, not an error.
    ///
    /// # Errors
    /// `Unavailable`: the bank has not seen the answers. `Unknown` and `Malformed`: it may have,
    /// and with that may execute; only [`Approvals::ask`] may follow.
    fn send_credentials<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>>;

    /// Asks where the approval stands: decoupled, after answers were lost, and where a payer may
    /// have approved without coming back.
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn ask<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
    ) -> BoxFuture<'a, Result<Approval, BankError>>;

    /// Another access token for one that has ended or is about to. `refresh` is of [`AccessToken`].
    /// The caller has stored that it asks: a bank may take a refresh token once.
    ///
    /// # Errors
    /// `Refused`: the bank does not take it any more, or the standard has none (code `unsupported`,
    /// status 0). `Unavailable`: it was not used. `Unknown` and `Malformed`: it may be used up.
    fn refresh<'a>(
        &'a self,
        call: &'a Call<'a>,
        refresh: &'a RefreshToken,
    ) -> BoxFuture<'a, Result<AccessToken, BankError>>;
}
