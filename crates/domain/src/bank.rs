//! What a bank can tell about a payment, in our own words and beside the bank's.

use serde::{Deserialize, Serialize};

use crate::account::AccountIdentifier;

/// Our reading of the status of an order at a bank. Each standard maps its codes to one of these
/// in one exhaustive table; a code that is in no table is [`OrderProgress::Unrecognised`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderProgress {
    /// The bank has the order; its last word is still to come.
    InProcess,
    /// The bank's last word: it has executed the order.
    Completed,
    /// The bank's last word: it refuses the order.
    Rejected,
    /// The bank's last word: the payer's account does not hold enough.
    InsufficientFunds,
    /// The bank's last word: the payer, or the payer's mandate, does not allow the order.
    Declined,
    /// The bank's last word: the payer did not answer in time, and nothing was executed.
    Expired,
    /// A code that we do not know: nothing is concluded from it, and a person reads it.
    Unrecognised,
}

/// Why the payer's side does not allow an order, as far as the bank says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decline {
    /// It was taken back before it was executed.
    TakenBack,
    /// It is not permitted.
    NotPermitted,
}

/// The status of an order as one answer of the bank told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderStatus {
    /// Our reading.
    pub progress: OrderProgress,
    /// The bank's own code, untouched (`AcceptedSettlementCompleted`).
    pub raw: String,
    /// The bank's own words on it, at most 256 characters.
    pub reason: Option<String>,
    /// What they say of a decline; of [`OrderProgress::Declined`] only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline: Option<Decline>,
}

/// What a bank says of the consent of an order whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentProgress {
    /// Still waiting for the payer.
    AwaitingAuthorisation,
    /// Approved, and no order has used it.
    Authorised,
    /// An order has used it.
    Consumed,
    /// Refused or withdrawn.
    Rejected,
}

/// The payer's account as the bank returns it for refunds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundAccount {
    /// The account.
    pub account: AccountIdentifier,
    /// Its holder, where the bank tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}
