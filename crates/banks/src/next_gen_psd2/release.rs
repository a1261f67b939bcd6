//! Banks that execute an approved payment only when we say so: an extra call after the approval, which
//! is the order. The standard has no such call; each bank has its own.

use domain::bank::{ConsentProgress, OrderProgress, OrderStatus};
use domain::seams::Clock;
use serde::Deserialize;

use super::approve::PaymentAtBank;
use super::context::Context;
use super::exchange::{Ask, request_id_of, send};
use super::settings;
use super::status::order_status;
use crate::approvals::Approval;
use crate::cache::after;
use crate::error::BankError;
use crate::exchange::read;
use crate::misfit::unsupported;
use crate::payments::{LostOrder, OrderAnswer};
use crate::profile::{AcceptedStatus, ReleaseCall};
use crate::token::{Confirmation, Proof};

/// How long an approved payment can be released where the bank gave no token with an end, in seconds.
const RELEASE_LIFETIME_S: i64 = 24 * 3600;

/// The answer to the release: a status, or nothing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Released {
    transaction_status: Option<String>,
}

impl PaymentAtBank<'_> {
    /// The approval of a payment that the bank executes at our call; `None` at other banks, and for a
    /// payment that the bank has executed unasked.
    pub(super) fn awaiting_release(
        &self,
        context: &Context,
        status: &OrderStatus,
    ) -> Result<Option<Approval>, BankError> {
        if settings(self.call.bank)?.release_call.is_none() {
            return Ok(None);
        }
        Ok(match status.progress {
            OrderProgress::Completed => None,
            OrderProgress::InProcess | OrderProgress::Unrecognised => {
                let consent_id = self.id.to_owned();
                Some(Approval::Granted { consent_id, proof: proof(context, self.call.clock) })
            }
            OrderProgress::Rejected
            | OrderProgress::InsufficientFunds
            | OrderProgress::Declined
            | OrderProgress::Expired => Some(Approval::Declined { reason: status.reason.clone() }),
        })
    }

    /// Has the payment executed.
    pub(super) async fn release(
        &self,
        context: &Context,
        idempotency_key: &str,
    ) -> Result<OrderAnswer, BankError> {
        let path = self.path()?;
        let (method, path) = match settings(self.call.bank)?.release_call {
            Some(ReleaseCall::Put) => (http::Method::PUT, path),
            Some(ReleaseCall::PostConfirm) => (http::Method::POST, format!("{path}/confirm")),
            None => {
                return Err(unsupported("this bank has no order after the approval").into());
            }
        };
        let request_id = Some(request_id_of(idempotency_key));
        let ask = Ask { method, request_id, ..Ask::get("release-payment", path, context.bearer()) };
        let response = send(self.call, self.client_tokens, ask).await?;
        let word = match response.body.is_empty() {
            true => None,
            false => {
                let released: Result<Released, _> = read(&response.body);
                released.map_err(BankError::after_order_was_sent)?.transaction_status
            }
        };
        let last = self.last_status()?;
        let status = match word {
            Some(word) => order_status(self.call.bank, last, &word, None, false),
            None => OrderStatus {
                progress: OrderProgress::InProcess,
                raw: "released".to_owned(),
                reason: None,
                decline: None,
            },
        };
        let refund_account = self.wanted_refund_account(context).await;
        Ok(OrderAnswer { bank_payment_id: self.id.to_owned(), status, refund_account })
    }

    /// The fate of a release whose answer was lost. A status before the execution says only that
    /// nothing has happened yet.
    pub(super) async fn lost_release(&self, context: &Context) -> Result<LostOrder, BankError> {
        let (_, status) = self.status(context).await?;
        let executes = AcceptedStatus::of(&status.raw).is_some_and(|it| it >= AcceptedStatus::Acsp);
        if status.progress == OrderProgress::InProcess && !executes {
            return Ok(LostOrder::Consent(ConsentProgress::Authorised));
        }
        let refund_account = self.wanted_refund_account(context).await;
        let bank_payment_id = self.id.to_owned();
        Ok(LostOrder::Found(OrderAnswer { bank_payment_id, status, refund_account }))
    }
}

/// The proof that is kept until the order is wanted: the payer's token, or an empty confirmation.
fn proof(context: &Context, clock: &dyn Clock) -> Proof {
    match &context.token {
        Some(token) => Proof::Token(token.clone()),
        None => Proof::Confirmation(Confirmation {
            psu_authentication_factor: None,
            nonce: None,
            expires_at: after(clock.now(), RELEASE_LIFETIME_S),
        }),
    }
}
