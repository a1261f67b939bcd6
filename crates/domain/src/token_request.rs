//! A token request (payments v1): a member's request for a payer's approval, before it is a payment.
//!
//! It becomes an ordinary [`crate::payment::Payment`] when its authorisation starts, or when
//! the payer has chosen a bank on our pages. From then on only that payment has the
//! state: the *token* and the *transfer* of v1 are the payment's approval and its order under names
//! of their own (reference, sections 2.1 and 1.13).

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::account::Party;
use crate::ids::{MemberId, PaymentId, TokenRequestId};
use crate::initiation::{Initiation, LocalInstrument};
use crate::mail::MailAddress;
use crate::payment::Payment;

/// How long a token request can be authorised: 20 minutes without activity (reference, section 2.10),
/// counted from its creation or from the payer's visit to our pages within that time. Its
/// authorisation makes a payment.
pub const TOKEN_REQUEST_WINDOW: SignedDuration = SignedDuration::from_mins(20);
/// How long a payer waits for the member's destinations after the choice of the bank. The
/// reference names no time (section 2.15).
pub const DESTINATIONS_WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// The request's own text, as its module spells it; this crate does not read it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestText(pub String);

/// Names and account numbers stay out of logs.
impl fmt::Debug for RequestText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestText(…)")
    }
}

/// One of the accounts that may be paid: the first one that the bank can pay to counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payee {
    /// The rail.
    pub local_instrument: LocalInstrument,
    /// The account and its holder.
    pub creditor: Party,
}

impl Payee {
    /// The payee of a payment.
    #[must_use]
    pub fn of(initiation: &Initiation) -> Payee {
        Payee {
            local_instrument: initiation.order.local_instrument,
            creditor: initiation.order.creditor.clone(),
        }
    }
}

/// The question to a member for the destinations at a bank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DestinationsQuestion {
    /// The bank that the payer chose.
    pub bank_id: String,
    /// When.
    pub asked_at: Timestamp,
    /// Whether the member could not be asked, or refused to listen.
    pub failed: bool,
}

/// Whether it is known whom to pay from a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destinations {
    /// It is.
    Known,
    /// The member has to be asked.
    NotAsked,
    /// The gateway asked the member, who can still answer.
    Awaited,
    /// The gateway could not ask the member, or the member did not answer in time.
    Missing,
}

/// Whether the approval of a token request may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// No: it has not failed, somebody said no, or an order may exist.
    No,
    /// It could have been, but the token request has expired.
    TooLate,
    /// Once the member has learned that it failed.
    OnceSeen,
    /// With the next request for the authorisation.
    Next,
}

/// A token request: the row of truth until its payment exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenRequest {
    /// Its id.
    pub id: TokenRequestId,
    /// Whose it is.
    pub member_id: MemberId,
    /// As it was asked for, to be shown again.
    pub asked: RequestText,
    /// The payment that it asks for, to the first of `payees`.
    pub initiation: Initiation,
    /// Where a receipt goes once the payment is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_to: Option<MailAddress>,
    /// The accounts that can be paid, in the member's order. Empty in requests whose only payee is
    /// that of `initiation`, and before the member has sent destinations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payees: Vec<Payee>,
    /// The address to ask for destinations after the choice of the bank (API
    /// `setTransferDestinationsUrl`). With it, our pages ignore the destinations of the request:
    /// the published schema requires some, so a member may send them only for the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destinations_url: Option<String>,
    /// Whether the member has sent destinations since the last question, or without a question.
    #[serde(default)]
    pub destinations_told: bool,
    /// The last such question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destinations_question: Option<DestinationsQuestion>,
    /// The time of the payer's first visit to our pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// When the payer said no on our pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined_at: Option<Timestamp>,
    /// The failed payment of whose end the member has learned: its approval is tried again when the
    /// member asks for it once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_seen: Option<PaymentId>,
    /// The payment that it became; the last one, where its approval was tried again.
    pub payment_id: Option<PaymentId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Counts the changes, from 1; a save expects the version that was read.
    pub version: i64,
}

impl TokenRequest {
    /// A new token request to the payee of `initiation`.
    #[must_use]
    pub fn create(
        id: TokenRequestId,
        member_id: MemberId,
        asked: RequestText,
        initiation: Initiation,
        now: Timestamp,
    ) -> TokenRequest {
        TokenRequest {
            id,
            member_id,
            asked,
            initiation,
            receipt_to: None,
            payees: vec![],
            destinations_url: None,
            destinations_told: false,
            destinations_question: None,
            opened_at: None,
            declined_at: None,
            failure_seen: None,
            payment_id: None,
            created_at: now,
            version: 1,
        }
    }

    /// Whether nobody has asked for its authorisation in time.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.payment_id.is_none() && self.declined_at.is_none() && self.window_is_over(now)
    }

    fn window_is_over(&self, now: Timestamp) -> bool {
        let start = self.opened_at.unwrap_or(self.created_at);
        let until = start.checked_add(TOKEN_REQUEST_WINDOW).unwrap_or(Timestamp::MAX);
        now >= until
    }

    /// How the member may continue with `payment`, which the token request became: whether its approval may
    /// be retried. Payers who choose the bank on our pages start again there with a new request.
    #[must_use]
    pub fn retry_of(&self, payment: &Payment, now: Timestamp) -> Retry {
        let is_its = self.payment_id.as_ref() == Some(&payment.id);
        if !is_its || self.initiation.visit.bank_id.is_none() || !payment.may_be_tried_again() {
            Retry::No
        } else if self.window_is_over(now) {
            Retry::TooLate
        } else if self.failure_seen.as_ref() == Some(&payment.id) {
            Retry::Next
        } else {
            Retry::OnceSeen
        }
    }

    /// The member learned how the payment ended. `None` if that was known, or nothing follows.
    #[must_use]
    pub fn see_failure(mut self, failed: &Payment, now: Timestamp) -> Option<TokenRequest> {
        if self.retry_of(failed, now) != Retry::OnceSeen {
            return None;
        }
        self.failure_seen = Some(failed.id.clone());
        self.version += 1;
        Some(self)
    }

    /// The approval is tried again: it is another payment from now on.
    ///
    /// # Errors
    /// [`Refusal::TokenRequestExpired`] if that comes too late; [`Refusal::TokenRequestUsed`] where
    /// `failed` is not its payment, or cannot be tried again.
    pub fn become_another_payment(
        mut self,
        failed: &Payment,
        payment_id: PaymentId,
        now: Timestamp,
    ) -> Result<TokenRequest, Refusal> {
        match self.retry_of(failed, now) {
            Retry::No | Retry::OnceSeen => Err(Refusal::TokenRequestUsed),
            Retry::TooLate => Err(Refusal::TokenRequestExpired),
            Retry::Next => {
                self.payment_id = Some(payment_id);
                self.version += 1;
                Ok(self)
            }
        }
    }

    /// The payments that are possible, one to each payee, in the member's order; none while nobody
    /// knows whom to pay.
    #[must_use]
    pub fn payments(&self) -> Vec<Initiation> {
        if self.payees.is_empty() && self.destinations_url.is_none() {
            return vec![self.initiation.clone()];
        }
        let to = |payee: &Payee| {
            let mut initiation = self.initiation.clone();
            initiation.order.local_instrument = payee.local_instrument;
            initiation.order.creditor = payee.creditor.clone();
            initiation
        };
        self.payees.iter().map(to).collect()
    }

    /// Whether it is known whom to pay from that bank.
    #[must_use]
    pub fn destinations_for(&self, bank_id: &str, now: Timestamp) -> Destinations {
        let question = self.destinations_question.as_ref();
        let told = self.destinations_told;
        match (&self.destinations_url, question) {
            (None, _) => Destinations::Known,
            (Some(_), None) if told => Destinations::Known,
            (Some(_), None) => Destinations::NotAsked,
            // Destinations for another bank need not be right for this one.
            (Some(_), Some(question)) if question.bank_id != bank_id => Destinations::NotAsked,
            (Some(_), Some(_)) if told => Destinations::Known,
            (Some(_), Some(question)) => {
                let until = question.asked_at.checked_add(DESTINATIONS_WINDOW);
                let late = until.is_ok_and(|until| now >= until);
                if question.failed || late { Destinations::Missing } else { Destinations::Awaited }
            }
        }
    }

    /// The payer opened our pages; `None` if that was known.
    ///
    /// # Errors
    /// Those of [`TokenRequest::become_payment`] but for the payee.
    pub fn visited(mut self, now: Timestamp) -> Result<Option<TokenRequest>, Refusal> {
        self.check_open(now)?;
        if self.opened_at.is_some() {
            return Ok(None);
        }
        self.opened_at = Some(now);
        self.version += 1;
        Ok(Some(self))
    }

    /// The payer says no. `None` if that was said before.
    ///
    /// # Errors
    /// As [`TokenRequest::visited`].
    pub fn decline(mut self, now: Timestamp) -> Result<Option<TokenRequest>, Refusal> {
        if self.declined_at.is_some() {
            return Ok(None);
        }
        self.check_open(now)?;
        self.declined_at = Some(now);
        self.version += 1;
        Ok(Some(self))
    }

    /// The gateway is about to ask the member whom to pay from that bank. Earlier destinations were for
    /// another bank.
    ///
    /// # Errors
    /// As [`TokenRequest::visited`].
    pub fn ask_destinations(
        mut self,
        bank_id: &str,
        now: Timestamp,
    ) -> Result<TokenRequest, Refusal> {
        self.check_open(now)?;
        self.destinations_told = false;
        self.destinations_question = Some(DestinationsQuestion {
            bank_id: bank_id.to_owned(),
            asked_at: now,
            failed: false,
        });
        self.version += 1;
        Ok(self)
    }

    /// The member could not be asked. `None` if that no longer matters.
    #[must_use]
    pub fn destinations_not_asked(mut self, bank_id: &str) -> Option<TokenRequest> {
        let awaited = !self.destinations_told && self.payment_id.is_none();
        let question = self.destinations_question.as_mut().filter(|_| awaited)?;
        if question.bank_id != bank_id || question.failed {
            return None;
        }
        question.failed = true;
        self.version += 1;
        Some(self)
    }

    /// The member sends destinations, which replace the earlier ones: one payment for each
    /// account, at least one; `asked` is the request with these accounts.
    ///
    /// # Errors
    /// As [`TokenRequest::visited`]; [`Refusal::TokenRequestWithoutPayee`] for an empty list.
    pub fn tell_destinations(
        mut self,
        asked: RequestText,
        payments: &[Initiation],
        now: Timestamp,
    ) -> Result<TokenRequest, Refusal> {
        self.check_open(now)?;
        let first = payments.first().ok_or(Refusal::TokenRequestWithoutPayee)?;
        self.initiation = first.clone();
        self.payees = payments.iter().map(Payee::of).collect();
        self.destinations_told = true;
        self.asked = asked;
        self.version += 1;
        Ok(self)
    }

    /// Its authorisation was asked for: it is that payment from now on.
    ///
    /// # Errors
    /// [`Refusal::TokenRequestExpired`] if that comes too late, [`Refusal::TokenRequestUsed`]
    /// where it is a payment already, [`Refusal::TokenRequestDeclined`] if the payer said no, and
    /// [`Refusal::TokenRequestWithoutPayee`] if nobody knows whom to pay.
    pub fn become_payment(
        mut self,
        payment_id: PaymentId,
        now: Timestamp,
    ) -> Result<TokenRequest, Refusal> {
        self.check_open(now)?;
        if self.destinations_url.is_some() && self.payees.is_empty() {
            return Err(Refusal::TokenRequestWithoutPayee);
        }
        self.payment_id = Some(payment_id);
        self.version += 1;
        Ok(self)
    }

    /// Whether it may still become a payment.
    fn check_open(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.payment_id.is_some() {
            return Err(Refusal::TokenRequestUsed);
        }
        if self.declined_at.is_some() {
            return Err(Refusal::TokenRequestDeclined);
        }
        if self.is_expired(now) {
            return Err(Refusal::TokenRequestExpired);
        }
        Ok(())
    }
}
