//! PolishAPI 2.1: domestic payments in PLN, at once, on a day and as standing orders; approval on
//! the bank's pages, or in its app by a code that the app shows (External Authorisation Tool).
//!
//! The payer consents to one order before it exists (`auth/authorize`). The code of the payer's return,
//! or the bank's callback, becomes a token; with the token the order is sent. `wire` is the JSON of
//! requests, `answers` of answers, `exchange` head, signature and errors, `status` the table.

mod answers;
mod authorise;
mod exchange;
mod name_address;
pub(crate) mod status;
mod wire;

use domain::authorisation::BankRefusal;
use domain::field::{Field, PartyField};
use std::sync::Arc;

use domain::authorisation::Attempt;
use domain::bank::{ConsentProgress, OrderStatus};
use domain::seams::BoxFuture;

use self::answers::{FundsAnswer, OrderIn, Uncancelled};
use self::authorise::ask_for_code;
use self::exchange::{Ask, request_id};
use self::status::{payment_status, recurring_status};
use self::wire::{ById, Domestic, Funds, NewRecurring, OrderBody, amount, number, transaction_id};
use crate::approvals::{Approvable, Approval, Approvals, Credentials, Held, Pending};
use crate::cache::Cache;
use crate::call::Call;
use crate::error::{AuthorisationError, BankError};
use crate::exchange::{read, segment};
use crate::jose::KeySet;
use crate::misfit::{Misfit, unsupported};
use crate::payments::{LostOrder, OrderAnswer, PaymentOrder, Payments};
use crate::profile::{BankProfile, PolishApi as Settings, ScaMethod, Standard};
use crate::psu_return::Returned;
use crate::reachable::{Reachable, Trial, connection};
use crate::registration::{RegisteredClient, Registers};
use crate::token::{AccessToken, Proof, RefreshToken};

/// The field that asks for the code of the bank's app.
const CODE_FIELD: &str = "eatCode";

/// The standard, with the keys of banks that sign.
#[derive(Default)]
pub(crate) struct PolishApi {
    keys: Cache<Arc<KeySet>>,
}

/// The bank's settings within this standard.
fn settings(bank: &BankProfile) -> Result<&Settings, Misfit> {
    match &bank.standard {
        Standard::PolishApi(settings) => Ok(settings),
        Standard::UkOpenBanking(_) | Standard::NextGenPsd2(_) | Standard::Stet(_) => {
            Err(unsupported("PolishAPI does not have this bank"))
        }
    }
}

impl PolishApi {
    async fn send_order(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        grant: &AccessToken,
    ) -> Result<OrderAnswer, BankError> {
        let id = transaction_id(order)?;
        let token = Some(grant.access_token.as_str());
        let request_id = request_id(call);
        let asked = OrderBody::of(call.bank, order)?;
        let response = match &asked {
            OrderBody::Domestic(transfer) => {
                let content = Domestic { transfer, tpp_transaction_id: id };
                let (operation, method_name) = ("create-domestic-payment", "domestic");
                let service = "payments";
                let ask = Ask { operation, service, method_name, content, token, callback: None };
                self.send(call, &request_id, ask).await?
            }
            OrderBody::Recurring(recurring) => {
                let content = NewRecurring { recurring, tpp_recurring_payment_id: id };
                let (operation, method_name) = ("create-recurring-payment", "recurring");
                let service = "payments";
                let ask = Ask { operation, service, method_name, content, token, callback: None };
                self.send(call, &request_id, ask).await?
            }
        };
        read(&response.body)
            .and_then(|shown| answer(call, order, &asked, &shown))
            .map_err(BankError::after_order_was_sent)
    }

    /// The order as the bank has it, by the bank's id or by ours.
    async fn shown(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        bank_payment_id: Option<&str>,
        grant: Option<&AccessToken>,
    ) -> Result<OrderAnswer, BankError> {
        let Some(grant) = grant else {
            let text = "this standard reports on orders only with the payer's token";
            return Err(unsupported(text).into());
        };
        if let Some(id) = bank_payment_id {
            segment(id)?;
        }
        let ours = Some(transaction_id(order)?);
        let asked = OrderBody::of(call.bank, order)?;
        let (operation, method_name, content) = match &asked {
            OrderBody::Domestic(_) => {
                let by = ById {
                    payment_id: bank_payment_id,
                    tpp_transaction_id: ours,
                    ..ById::default()
                };
                ("get-payment", "getPayment", by)
            }
            OrderBody::Recurring(_) => {
                let by = ById {
                    recurring_payment_id: bank_payment_id,
                    tpp_recurring_payment_id: ours,
                    ..ById::default()
                };
                ("get-recurring-payment", "getRecurringPayment", by)
            }
        };
        let token = Some(grant.access_token.as_str());
        let service = "payments";
        let ask = Ask { operation, service, method_name, content, token, callback: None };
        let response = self.send(call, &request_id(call), ask).await?;
        answer(call, order, &asked, &read(&response.body)?)
    }

    async fn cancel(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        held: Held<'_>,
    ) -> Result<Approval, BankError> {
        let Some(token) = held.token else {
            return Err(unsupported("this standard cancels with the payer's token only").into());
        };
        let id = Some(held.bank_payment_id);
        let asked = OrderBody::of(call.bank, order)?;
        let (operation, method_name, content) = match asked {
            OrderBody::Domestic(_) => {
                let by = ById { payment_id: id, ..ById::default() };
                ("cancel-payments", "cancelPayments", by)
            }
            OrderBody::Recurring(_) => {
                let by = ById { recurring_payment_id: id, ..ById::default() };
                ("cancel-recurring-payment", "cancelRecurringPayment", by)
            }
        };
        let token = Some(token.access_token.as_str());
        let service = "payments";
        let ask = Ask { operation, service, method_name, content, token, callback: None };
        let response = self.send(call, &request_id(call), ask).await?;
        if response.status == 200 && !read::<Uncancelled>(&response.body)?.payments.is_empty() {
            let text = "the bank did not cancel the payment".to_owned();
            return Err(BankError::refused(Some("not-cancelled".to_owned()), 200, text));
        }
        Ok(Approval::Cancelled)
    }

    async fn funds(&self, call: &Call<'_>, order: &PaymentOrder) -> Result<bool, BankError> {
        let debtor = order.content.debtor.as_ref().and_then(|debtor| debtor.account.as_ref());
        let Some(debtor) = debtor else {
            return Err(unsupported("this standard confirms funds of a named account only").into());
        };
        let content = Funds {
            account_number: number(Field::Debtor(PartyField::Account), debtor)?,
            amount: amount(order)?,
            currency: "PLN",
        };
        let ask = Ask {
            operation: "confirm-funds",
            service: "confirmation",
            method_name: "getConfirmationOfFunds",
            content,
            token: None,
            callback: None,
        };
        let response = self.send(call, &request_id(call), ask).await?;
        Ok(read::<FundsAnswer>(&response.body)?.funds_available)
    }
}

/// Reads an order that must be ours.
fn answer(
    call: &Call<'_>,
    order: &PaymentOrder,
    asked: &OrderBody<'_>,
    shown: &OrderIn,
) -> Result<OrderAnswer, BankError> {
    let fail = |what: &str| Err(BankError::malformed(what, b""));
    let (id, ours, status) = match asked {
        OrderBody::Domestic(_) => {
            let Some(word) = &shown.general_status else {
                return fail("`generalStatus` is missing");
            };
            let status = payment_status(call.bank, word, shown.detailed_status.as_deref());
            (&shown.payment_id, &shown.tpp_transaction_id, status)
        }
        OrderBody::Recurring(_) => {
            // The document lets a new standing order be without status.
            let word = shown.recurring_payment_status.as_deref().unwrap_or("submitted");
            let detail = shown.recurring_payment_detailed_status.as_deref();
            let status = recurring_status(call.bank, word, detail);
            (&shown.recurring_payment_id, &shown.tpp_recurring_payment_id, status)
        }
    };
    if ours.as_deref().is_some_and(|ours| ours != order.instruction_id) {
        return fail("the bank speaks of another's order");
    }
    match id {
        Some(id) if segment(id).is_ok() => {
            Ok(OrderAnswer { bank_payment_id: id.clone(), status, refund_account: None })
        }
        Some(_) | None => fail("`paymentId` is missing or no id"),
    }
}

impl Approvals for PolishApi {
    fn open<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        attempt: &'a Attempt,
        known: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async move {
            let order = match what {
                Approvable::Payment(order) => order,
                Approvable::Cancellation { order, held } => {
                    return self.cancel(call, order, held).await;
                }
            };
            if call.bank.sca_methods != [ScaMethod::Decoupled] {
                return self.authorize(call, order, attempt).await;
            }
            OrderBody::of(call.bank, order)?;
            match known.get(CODE_FIELD) {
                Some(code) => self.authorize_by_code(call, order, attempt, code).await,
                None => Ok(ask_for_code(false)),
            }
        })
    }

    fn uses_up_return(&self, call: &Call<'_>, pending: Pending<'_>, returned: &Returned) -> bool {
        let by_bank = call.bank.sca_methods == [ScaMethod::Decoupled];
        let believed = !by_bank || returned.get("apiKey") == Some(pending.attempt.nonce.as_str());
        believed && returned.get("code").is_some() && returned.get("error").is_none()
    }

    fn complete<'a>(
        &'a self,
        call: &'a Call<'a>,
        _what: Approvable<'a>,
        pending: Pending<'a>,
        returned: &'a Returned,
    ) -> BoxFuture<'a, Result<Approval, AuthorisationError>> {
        Box::pin(async move {
            let attempt = pending.attempt;
            let consent_id = pending.consent_id.unwrap_or(&attempt.idempotency_key);
            // The bank alone has the key that it was given, so its callback is its own word.
            let by_bank = call.bank.sca_methods == [ScaMethod::Decoupled];
            if by_bank && returned.get("apiKey") != Some(attempt.nonce.as_str()) {
                let text = "the callback does not show the key that it was given";
                return Err(AuthorisationError::Unproven(text.to_owned()));
            }
            match (returned.get("error"), returned.get("code")) {
                (Some(_), _) if by_bank => Ok(Approval::Declined { reason: None }),
                // The standard has no question that could confirm it.
                (Some(_), _) => Ok(Approval::Waiting),
                (None, None) => Err(AuthorisationError::Unproven("`code` is missing".to_owned())),
                (None, Some(code)) => self
                    .token(call, consent_id, code)
                    .await
                    .map_err(|error| AuthorisationError::of_exchange(error, by_bank)),
            }
        })
    }

    fn send_credentials<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async move {
            match credentials.get(CODE_FIELD) {
                Some(code) => {
                    self.authorize_by_code(call, what.order(), pending.attempt, code).await
                }
                None => Ok(ask_for_code(true)),
            }
        })
    }

    /// The standard has no such question: the browser's return or the bank's callback reports the result.
    fn ask<'a>(
        &'a self,
        _call: &'a Call<'a>,
        _what: Approvable<'a>,
        _pending: Pending<'a>,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async { Ok(Approval::Waiting) })
    }

    fn refresh<'a>(
        &'a self,
        call: &'a Call<'a>,
        refresh: &'a RefreshToken,
    ) -> BoxFuture<'a, Result<AccessToken, BankError>> {
        Box::pin(self.refreshed(call, refresh))
    }
}

/// The standard has no call without a payer.
/// The certificate is the registration.
impl Registers for PolishApi {
    fn register<'a>(
        &'a self,
        _call: &'a Call<'a>,
    ) -> BoxFuture<'a, Result<RegisteredClient, BankError>> {
        Box::pin(async { Err(unsupported("PolishAPI has no registration").into()) })
    }
}

impl Reachable for PolishApi {
    fn try_out<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Vec<Trial>> {
        Box::pin(async move { vec![connection(call).await] })
    }
}

impl Payments for PolishApi {
    fn fits(&self, bank: &BankProfile, order: &PaymentOrder) -> Result<(), Misfit> {
        OrderBody::of(bank, order).map(|_| ())
    }

    fn confirm_funds<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        _consent_id: &'a str,
        _proof: &'a Proof,
    ) -> BoxFuture<'a, Result<bool, BankError>> {
        Box::pin(self.funds(call, order))
    }

    fn submit<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        _consent_id: &'a str,
        proof: &'a Proof,
        _idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<OrderAnswer, BankError>> {
        Box::pin(async move { self.send_order(call, order, proof.access_token()?).await })
    }

    fn ask_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        bank_payment_id: &'a str,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<OrderStatus, BankError>> {
        Box::pin(async move {
            let answer = self.shown(call, order, Some(bank_payment_id), token).await?;
            if answer.bank_payment_id != bank_payment_id {
                return Err(BankError::malformed("`paymentId` is another's", b""));
            }
            Ok(answer.status)
        })
    }

    /// Our own id finds it. That the bank does not find it proves nothing: it may be on its way.
    fn ask_lost_order<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        _consent_id: &'a str,
        token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<LostOrder, BankError>> {
        Box::pin(async move {
            match self.shown(call, order, None, token).await {
                Ok(answer) => Ok(LostOrder::Found(answer)),
                Err(BankError::Refused(BankRefusal { http_status: 404 | 422, .. })) => {
                    Ok(LostOrder::Consent(ConsentProgress::Authorised))
                }
                Err(error) => Err(error),
            }
        })
    }
}
