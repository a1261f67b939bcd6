//! Taking a payment request back: the request is sent again with its status changed, and the bank
//! may want the payer's approval of that.

use domain::authorisation::Attempt;
use domain::bank::OrderProgress;

use super::exchange::Ask;
use super::status::PaymentInformationStatus;
use super::wire::{ConfirmationOut, Created};
use super::{Stet, answer, confirmation, report_urls, settings};
use crate::approvals::Approval;
use crate::call::Call;
use crate::error::BankError;
use crate::exchange::{body_of, read, segment};
use crate::payments::{OrderAnswer, PaymentOrder};

impl Stet {
    /// Asks the bank not to execute. The standard takes the whole request back with the status
    /// changed, so it is read first.
    pub(super) async fn cancel(
        &self,
        call: &Call<'_>,
        id: &str,
        attempt: &Attempt,
    ) -> Result<Approval, BankError> {
        let path = format!("/payment-requests/{}", segment(id)?);
        let operation = "get-payment-request";
        let ask = Ask { operation, method: http::Method::GET, path: path.clone(), body: None };
        let shown: serde_json::Value = read(&self.send(call, &ask).await?.body)?;
        let mut request = shown["paymentRequest"].clone();
        if !request.is_object() {
            return Err(BankError::malformed("`paymentRequest` is missing", b""));
        }
        request["paymentInformationStatus"] = "CANC".into();
        request["statusReasonInformation"] = "DS02".into();
        let reports = report_urls(call, attempt)?;
        request["supplementaryData"]["successfulReportUrl"] = reports.successful.into();
        request["supplementaryData"]["unsuccessfulReportUrl"] = reports.unsuccessful.into();
        let ask = Ask {
            operation: "cancel-payment-request",
            method: http::Method::PUT,
            path,
            body: Some(body_of(&request)?),
        };
        let response = self.send(call, &ask).await?;
        let changed: Created = read(&response.body)?;
        let approved_elsewhere =
            changed.applied_authentication_approach.as_deref() == Some("DECOUPLED");
        if !changed.links.contains_key("consentApproval") && !approved_elsewhere {
            return Ok(Approval::Cancelled);
        }
        changed.approval(call, id, None, &response.body)
    }

    /// The state of a cancellation that the payer must approve. The bank may require our confirmation
    /// then, like for a payment; a refused confirmation is not an answer about the cancellation.
    pub(super) async fn cancellation(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        id: &str,
        factor: Option<&str>,
    ) -> Result<Approval, BankError> {
        let shown = self.shown(call, id).await?;
        let told = stands(order, answer(call, order, id, &shown.payment_request)?);
        let wants_factor = settings(call.bank)?.confirmation_needs_factor && factor.is_none();
        let wants_confirmation = shown.links.contains_key("confirmation") && !wants_factor;
        if told != Approval::Waiting || !wants_confirmation {
            return Ok(told);
        }
        let body = ConfirmationOut { psu_authentication_factor: factor, nonce: None };
        let operation = "confirm-cancellation-request";
        match self.send(call, &confirmation(operation, id, &body)?).await {
            Ok(_) | Err(BankError::Refused(_)) => {
                let shown = self.shown(call, id).await?;
                Ok(stands(order, answer(call, order, id, &shown.payment_request)?))
            }
            Err(error) => Err(error),
        }
    }
}

/// The state of a cancellation, from the bank's own status of the payment.
fn stands(order: &PaymentOrder, answer: OrderAnswer) -> Approval {
    match (PaymentInformationStatus::of(&answer.status.raw), answer.status.progress) {
        (Some(PaymentInformationStatus::Cancelled), _) => Approval::Cancelled,
        (_, OrderProgress::InProcess | OrderProgress::Unrecognised) => Approval::Waiting,
        // The bank repeats it: that is what the cancellation is to end.
        (_, OrderProgress::Completed) if order.content.schedule.is_standing_order() => {
            Approval::Waiting
        }
        (_, _) => Approval::OrderTaken { answer, token: None },
    }
}
