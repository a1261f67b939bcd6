//! Orders of payments at a bank, whatever its standard. Nothing here retries an order; the gateway
//! decides that from the kind of [`BankError`].

use domain::bank::{ConsentProgress, OrderStatus, RefundAccount};
use domain::field::Field;
use domain::initiation::Order;
use domain::rail::Rail;
use domain::seams::BoxFuture;

use crate::call::Call;
use crate::error::BankError;
use crate::misfit::{Misfit, within};
use crate::profile::BankProfile;
use crate::token::{AccessToken, Proof};

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
    /// What is to be paid, with the day on which this bank executes.
    pub content: Order,
}

impl PaymentOrder {
    /// The end-to-end reference, the member's `own` or ours, in at most `characters_max` characters.
    ///
    /// # Errors
    /// [`Misfit`] where it is longer: nothing is ever shortened to fit.
    pub(crate) fn end_to_end<'a>(
        &'a self,
        own: Option<&'a str>,
        characters_max: usize,
    ) -> Result<&'a str, Misfit> {
        match own {
            Some(own) => within(Field::EndToEndId, own, characters_max),
            None => within(Field::OwnId, &self.end_to_end_id, characters_max),
        }
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

/// What became of an order whose answer was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LostOrder {
    /// The bank has it.
    Found(OrderAnswer),
    /// The bank cannot say more than this of the consent.
    Consent(ConsentProgress),
}

/// The part of a standard in which payments are ordered.
///
/// Where the bank executes at the approval, no order follows and `submit` is never called.
pub trait Payments: Send + Sync {
    /// Whether the order can be written in the standard's words within the bank's limits. The same
    /// functions write it that [`Approvals::open`] uses; nothing is sent.
    ///
    /// # Errors
    /// [`Misfit`]: the first part that does not fit.
    fn fits(&self, bank: &BankProfile, order: &PaymentOrder) -> Result<(), Misfit>;

    /// Whether the payer's account holds enough.
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn confirm_funds<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        proof: &'a Proof,
    ) -> BoxFuture<'a, Result<bool, BankError>>;

    /// Sends the order. The caller has stored that it does, and `idempotency_key` (1 to 40
    /// visible ASCII characters), before the first attempt.
    ///
    /// # Errors
    /// `Refused`: the bank has no order. `Unavailable`: the bank has not seen the order.
    /// `Unknown`: the order may exist. Never `Malformed`.
    fn submit<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        proof: &'a Proof,
        idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<OrderAnswer, BankError>>;

    /// The status of an order that the bank has given an id. `token` is the one that the order
    /// was sent with, or that came with [`Approval::OrderTaken`].
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn ask_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        bank_payment_id: &'a str,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<OrderStatus, BankError>>;

    /// What became of an order whose answer was lost.
    ///
    /// # Errors
    /// See [`BankError`]; nothing ever happens by asking.
    fn ask_lost_order<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<LostOrder, BankError>>;
}
