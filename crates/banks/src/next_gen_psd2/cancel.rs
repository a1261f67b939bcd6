//! Taking a payment back (NextGenPSD2 1.3.12, section 5.6): at once, or once the payer has approved
//! that with an authorisation of its own, whose links are read like those of a payment.

use super::app_start::app_start;
use super::approve::{PaymentAtBank, Stands};
use super::context::{Context, PayerStep};
use super::exchange::{Ask, send};
use super::status::{Sca, Transaction};
use super::told::{Reached, Told};
use super::wire::{Resource, ScaStatusAnswer};
use crate::approvals::{Approval, Held};
use crate::cache::Cache;
use crate::call::Call;
use crate::error::{BankError, words};
use crate::exchange::read;
use crate::payments::{OrderAnswer, PaymentOrder};
use domain::authorisation::{Approach, Attempt};
use domain::bank::{OrderProgress, OrderStatus};

/// Asks the bank not to execute what it holds.
pub(super) async fn cancelled(
    call: &Call<'_>,
    client_tokens: &Cache<String>,
    order: &PaymentOrder,
    held: Held<'_>,
    attempt: &Attempt,
) -> Result<Approval, BankError> {
    let resource = Resource::of(call.bank, order)?;
    let before = Context::of_text(held.context)?;
    let context = Context {
        resource: Some(resource.clone()),
        psu_id: before.psu_id,
        token: held.token.cloned().or(before.token),
        ..Context::default()
    };
    let id = held.bank_payment_id;
    let held = PaymentAtBank { call, order, attempt, client_tokens, id, resource, cancels: true };
    held.cancel(context).await
}

impl PaymentAtBank<'_> {
    /// Asks the bank not to execute.
    pub(super) async fn cancel(&self, context: Context) -> Result<Approval, BankError> {
        let ask = Ask {
            method: http::Method::DELETE,
            headers: self.visit_headers(&context)?,
            ..Ask::get("cancel-payment", self.path()?, context.bearer())
        };
        let response = send(self.call, self.client_tokens, ask).await?;
        if response.status == 204 {
            return Ok(Approval::Cancelled);
        }
        let told = Told::read(self.call, &response)?;
        if told.transaction(self.call.bank) == Some(Transaction::Cancelled) {
            return Ok(Approval::Cancelled);
        }
        self.next(context, told).await
    }

    /// The payer has finished, or the bank requires no approval of the cancellation: the payment's status
    /// shows the outcome, now or at a later question.
    pub(super) async fn after_cancellation(&self, context: Context) -> Result<Approval, BankError> {
        match self.cancellation_stands(&context).await {
            Ok(Stands::Ended(approval)) => Ok(*approval),
            Ok(Stands::At(..)) | Err(_) => {
                let approach = Approach::IN_APP;
                context.continues(Some(self.id), PayerStep::Decoupled, approach)
            }
        }
    }

    /// The state of a cancellation, from the bank's own status of the payment.
    pub(super) async fn cancellation_stands(&self, context: &Context) -> Result<Stands, BankError> {
        let ended = |approval| Ok(Stands::Ended(Box::new(approval)));
        let (mut reached, mut app) = (Reached::Nothing, None);
        if let Some(authorisation_id) = &context.authorisation_id {
            let path = self.authorisation_path(authorisation_id)?;
            let ask = Ask::get("get-cancellation-sca-status", path, context.bearer());
            let response = send(self.call, self.client_tokens, ask).await?;
            let answer: ScaStatusAnswer = read(&response.body)?;
            app = app_start(self.call, &response.body);
            reached = match Sca::of(&answer.sca_status) {
                Some(Sca::Done) => Reached::Finalised,
                Some(Sca::Failed) => {
                    let reason = answer.psu_message.as_deref().map(words);
                    return ended(Approval::Declined { reason });
                }
                Some(Sca::Open | Sca::Unconfirmed) => Reached::of(&answer.sca_status),
                None => {
                    let what = format!("`scaStatus` is `{}`", words(&answer.sca_status));
                    return Err(BankError::malformed(what, &response.body));
                }
            };
        }
        let (word, status) = self.status(context).await?;
        match (Transaction::of(self.call.bank, &word), status.progress) {
            (Some(Transaction::Cancelled), _) => ended(Approval::Cancelled),
            (_, OrderProgress::InProcess | OrderProgress::Unrecognised) => {
                Ok(Stands::At(reached, app))
            }
            // The bank repeats it: that is what the cancellation is to end.
            (_, OrderProgress::Completed) if self.order.content.schedule.is_standing_order() => {
                Ok(Stands::At(reached, app))
            }
            (_, _) => ended(self.executed(status)),
        }
    }

    /// The payment has ended without the cancellation.
    fn executed(&self, status: OrderStatus) -> Approval {
        let bank_payment_id = self.id.to_owned();
        let answer = OrderAnswer { bank_payment_id, status, refund_account: None };
        Approval::OrderTaken { answer, token: None }
    }
}
