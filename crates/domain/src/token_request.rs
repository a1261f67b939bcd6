//! A token request (payments v1): what a member asks a payer to approve, before it is a payment.
//!
//! It becomes an ordinary [`crate::payment::Payment`] when its authorisation is asked for, and from
//! then on that payment alone says where it stands: the *token* and the *transfer* of v1 are the
//! payment's approval and its order under names of their own (reference, sections 2.1 and 1.13).

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::ids::{MemberId, PaymentId, TokenRequestId};
use crate::initiation::Initiation;
use crate::mail::MailAddress;

/// How long a token request can be authorised, counted from its creation: 20 minutes (reference,
/// section 2.10). Nothing but its authorisation is an activity on it, and that makes a payment.
pub const TOKEN_REQUEST_WINDOW: SignedDuration = SignedDuration::from_mins(20);

/// The request's own text, in the words of whoever took it; this crate does not look into it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked(pub String);

/// Names and account numbers stay out of logs.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked(…)")
    }
}

/// A token request: the row of truth until its payment exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenRequest {
    /// Its id.
    pub id: TokenRequestId,
    /// Whose it is.
    pub member_id: MemberId,
    /// As it was asked for, to be shown again.
    pub asked: Asked,
    /// The payment that it asks for.
    pub initiation: Initiation,
    /// Where a receipt goes once the payment is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_to: Option<MailAddress>,
    /// The payment that it became.
    pub payment_id: Option<PaymentId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Counts the changes, from 1; a save expects the version that was read.
    pub version: i64,
}

impl TokenRequest {
    /// A new token request.
    #[must_use]
    pub fn create(
        id: TokenRequestId,
        member_id: MemberId,
        asked: Asked,
        initiation: Initiation,
        now: Timestamp,
    ) -> TokenRequest {
        TokenRequest {
            id,
            member_id,
            asked,
            initiation,
            receipt_to: None,
            payment_id: None,
            created_at: now,
            version: 1,
        }
    }

    /// The same, with a receipt for the payer.
    #[must_use]
    pub fn with_receipt(self, receipt_to: Option<MailAddress>) -> TokenRequest {
        TokenRequest { receipt_to, ..self }
    }

    /// Whether nobody has asked for its authorisation in time.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        let until = self.created_at.checked_add(TOKEN_REQUEST_WINDOW).unwrap_or(Timestamp::MAX);
        self.payment_id.is_none() && now >= until
    }

    /// Its authorisation was asked for: it is that payment from now on.
    ///
    /// # Errors
    /// [`Refusal::TokenRequestExpired`] where that comes too late, and
    /// [`Refusal::TokenRequestUsed`] where it is a payment already.
    pub fn become_payment(
        mut self,
        payment_id: PaymentId,
        now: Timestamp,
    ) -> Result<TokenRequest, Refusal> {
        if self.payment_id.is_some() {
            return Err(Refusal::TokenRequestUsed);
        }
        if self.is_expired(now) {
            return Err(Refusal::TokenRequestExpired);
        }
        self.payment_id = Some(payment_id);
        self.version += 1;
        Ok(self)
    }
}
