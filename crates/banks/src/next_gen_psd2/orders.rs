//! Orders of payments: at most banks the approval is the order, and the questions about it remain.

use domain::authorisation::Attempt;
use domain::bank::OrderStatus;
use domain::seams::BoxFuture;

use super::approve::PaymentAtBank;
use super::context::Context;
use super::wire::{Resource, payment};
use super::{NextGenPsd2, settings};
use crate::call::Call;
use crate::error::BankError;
use crate::misfit::{Misfit, unsupported};
use crate::payments::{LostOrder, OrderAnswer, PaymentOrder, Payments};
use crate::profile::BankProfile;
use crate::token::{AccessToken, Proof};

impl NextGenPsd2 {
    /// An order that the bank has, without a step of the payer.
    async fn status_of(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        id: &str,
        token: Option<&AccessToken>,
    ) -> Result<OrderStatus, BankError> {
        let (context, attempt) = (of_token(token), no_attempt());
        self.ordered(call, order, &attempt, id)?.order_status(&context).await
    }

    /// The payment of an order.
    fn ordered<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        attempt: &'a Attempt,
        id: &'a str,
    ) -> Result<PaymentAtBank<'a>, BankError> {
        let (resource, client_tokens) = (Resource::of(call.bank, order)?, &self.client_tokens);
        Ok(PaymentAtBank { call, order, attempt, client_tokens, id, resource, cancels: false })
    }
}

/// The part of an approval that requests about its order need.
fn of_token(token: Option<&AccessToken>) -> Context {
    Context { token: token.cloned(), ..Context::default() }
}

/// Questions about an order need no keys of an attempt.
fn no_attempt() -> Attempt {
    Attempt {
        idempotency_key: String::new(),
        oauth_state: String::new(),
        nonce: String::new(),
        code_verifier: String::new(),
        executes_at_approval: true,
        repeated_creation: None,
        opening: 1,
    }
}

impl Payments for NextGenPsd2 {
    fn fits(&self, bank: &BankProfile, order: &PaymentOrder) -> Result<(), Misfit> {
        Resource::of(bank, order)?;
        payment(bank, order).map(|_| ())
    }

    /// The standard reports on funds only in the status of a payment.
    fn confirm_funds<'a>(
        &'a self,
        _call: &'a Call<'a>,
        _order: &'a PaymentOrder,
        _consent_id: &'a str,
        _proof: &'a Proof,
    ) -> BoxFuture<'a, Result<bool, BankError>> {
        Box::pin(async {
            Err(unsupported("NextGenPSD2 confirms no funds before a payment").into())
        })
    }

    /// The release call, at banks that do not execute at the approval.
    fn submit<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        proof: &'a Proof,
        idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<OrderAnswer, BankError>> {
        Box::pin(async move {
            let (context, attempt) = (of_token(proof.token()), no_attempt());
            let payment = self.ordered(call, order, &attempt, consent_id)?;
            payment.release(&context, idempotency_key).await
        })
    }

    fn ask_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        bank_payment_id: &'a str,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<OrderStatus, BankError>> {
        Box::pin(self.status_of(call, order, bank_payment_id, token))
    }

    fn ask_lost_order<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<LostOrder, BankError>> {
        Box::pin(async move {
            if settings(call.bank)?.release_call.is_some() {
                let (context, attempt) = (of_token(token), no_attempt());
                let payment = self.ordered(call, order, &attempt, consent_id)?;
                return payment.lost_release(&context).await;
            }
            let status = self.status_of(call, order, consent_id, token).await?;
            let bank_payment_id = consent_id.to_owned();
            Ok(LostOrder::Found(OrderAnswer { bank_payment_id, status, refund_account: None }))
        })
    }
}
