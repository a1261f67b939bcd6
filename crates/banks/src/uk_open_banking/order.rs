//! The order itself and its status (OBIE 3.1.11 and 4.0: Domestic Payments, Domestic Scheduled
//! Payments, Domestic Standing Orders).
//!
//! The moment that matters is when the order leaves. Everything that can fail without the bank,
//! and everything that we need from it to read the answer, comes before.

use domain::bank::{OrderProgress, OrderStatus};
use domain::money::Amount;
use serde::{Deserialize, Serialize};

use super::UkOpenBanking;
use super::errors::success;
use super::exchange::{Ask, Post, request};
use super::initiation::{AccountIn, Initiation, InitiationEcho, initiation};
use super::resource::Resource;
use super::risk::{Risk, risk};
use super::settings;
use super::status::{first_of, has_reasons_in, in_supplementary_data, is_refusal, order_status};
use crate::call::Call;
use crate::error::BankError;
use crate::exchange::{body_of, no_response, read, segment};
use crate::payments::{OrderAnswer, PaymentOrder};
use crate::profile::{BankProfile, RejectionReasonPlace};
use crate::status_reason::StatusReason;
use crate::token::AccessToken;
use crate::wire::Response;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OrderRequest<'a> {
    data: DataOut<'a>,
    risk: Risk<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DataOut<'a> {
    consent_id: &'a str,
    initiation: Initiation<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OrderResponse {
    data: DataIn,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataIn {
    #[serde(
        alias = "DomesticScheduledPaymentId",
        alias = "DomesticStandingOrderId",
        alias = "InternationalPaymentId"
    )]
    domestic_payment_id: String,
    consent_id: String,
    status: String,
    /// 4.0 only; read by itself, as `refund`.
    status_reason: Option<serde_json::Value>,
    initiation: InitiationEcho,
    /// Read by itself: an extra that cannot be read must not leave the order open.
    refund: Option<serde_json::Value>,
}

/// A status question needs no more than this, so no more can make its answer unreadable.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatusResponse {
    data: StatusData,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatusData {
    #[serde(
        alias = "DomesticScheduledPaymentId",
        alias = "DomesticStandingOrderId",
        alias = "InternationalPaymentId"
    )]
    domestic_payment_id: String,
    status: String,
    /// 4.0 only; read by itself: an extra that cannot be read must not hide the status.
    status_reason: Option<serde_json::Value>,
    /// For a reason in it; likewise.
    initiation: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refund {
    account: AccountIn,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DetailsResponse {
    data: DetailsData,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DetailsData {
    #[serde(default)]
    payment_status: Vec<PaymentDetail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentDetail {
    status: String,
    status_detail: Option<StatusDetail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatusDetail {
    status_reason: Option<String>,
    status_reason_description: Option<String>,
}

fn ask(
    bank: &BankProfile,
    order: &PaymentOrder,
    consent_id: &str,
    idempotency_key: &str,
) -> Result<Ask, BankError> {
    let resource = Resource::of(bank, order);
    let body = OrderRequest {
        data: DataOut { consent_id, initiation: initiation(bank, order)? },
        risk: risk(settings(bank)?, order.content.risk.as_ref())?,
    };
    Ok(Ask {
        operation: resource.create_order(),
        path: resource.orders().to_owned(),
        post: Some(Post { body: body_of(&body)?, idempotency_key: idempotency_key.to_owned() }),
    })
}

fn answer(
    bank: &BankProfile,
    resource: Resource,
    response: &Response,
    consent_id: &str,
    sent: Amount,
) -> Result<OrderAnswer, BankError> {
    let OrderResponse { data } = read(&response.body)?;
    let fail = |what: &str| Err(BankError::malformed(what, &response.body));
    if segment(&data.domestic_payment_id).is_err() {
        return fail(&format!("`Data.{}` is not 1 to 128 bytes long", resource.id_field()));
    }
    if data.consent_id != consent_id {
        return fail("`Data.ConsentId` is another's");
    }
    if !data.initiation.has_amount(bank, sent) {
        return fail("`Data.Initiation` has not the amount that was sent");
    }
    let named = data.refund.is_some();
    let refund_account = data
        .refund
        .and_then(|refund| serde_json::from_value::<Refund>(refund).ok())
        .and_then(|refund| refund.account.refund_account());
    if named && refund_account.is_none() {
        tracing::warn!(bank = bank.id, "refund account that cannot be read or paid to");
    }
    Ok(OrderAnswer {
        status: told(
            bank,
            resource,
            &data.status,
            data.status_reason,
            data.initiation.supplementary_data.as_ref(),
        ),
        bank_payment_id: data.domestic_payment_id,
        refund_account,
    })
}

/// The status with the reason that came with it, where it is a refusal or the bank's words are
/// wanted for every status. `supplementary` is the bank's own data about the order.
fn told(
    bank: &BankProfile,
    resource: Resource,
    word: &str,
    reasons: Option<serde_json::Value>,
    supplementary: Option<&serde_json::Value>,
) -> OrderStatus {
    let wanted = is_refusal(bank, word) || bank.reasons.told_for_every_status;
    let beside = has_reasons_in(bank, RejectionReasonPlace::StatusReason);
    let reason = first_of(reasons.filter(|_| wanted && beside))
        .or_else(|| in_supplementary_data(bank, supplementary.filter(|_| wanted)));
    order_status(bank, resource, word, reason.as_ref())
}

fn ask_status(resource: Resource, bank_payment_id: &str) -> Result<Ask, BankError> {
    let path = format!("{}/{}", resource.orders(), segment(bank_payment_id)?);
    Ok(Ask::get(resource.get_order(), path))
}

fn answer_status(
    bank: &BankProfile,
    resource: Resource,
    response: &Response,
    bank_payment_id: &str,
) -> Result<OrderStatus, BankError> {
    let StatusResponse { data } = read(&response.body)?;
    if data.domestic_payment_id != bank_payment_id {
        let what = format!("`Data.{}` is another's", resource.id_field());
        return Err(BankError::malformed(what, &response.body));
    }
    let supplementary = data.initiation.as_ref().and_then(|own| own.get("SupplementaryData"));
    Ok(told(bank, resource, &data.status, data.status_reason, supplementary))
}

fn ask_details(resource: Resource, bank_payment_id: &str) -> Result<Ask, BankError> {
    let path = format!("{}/{}/payment-details", resource.orders(), segment(bank_payment_id)?);
    Ok(Ask::get(resource.get_details(), path))
}

/// The reason of the latest status that has one; of refusals only, unless the bank's words on
/// other statuses are wanted too.
fn answer_details(
    bank: &BankProfile,
    response: &Response,
    rejected: bool,
) -> Result<Option<StatusReason>, BankError> {
    let details: DetailsResponse = read(&response.body)?;
    let told = details.data.payment_status.into_iter().rev();
    Ok(told
        .filter(|detail| is_refusal(bank, &detail.status) == rejected)
        .filter_map(|detail| detail.status_detail)
        .map(|detail| StatusReason {
            code: detail.status_reason,
            words: detail.status_reason_description,
        })
        .find(|reason| reason.code.is_some() || reason.words.is_some()))
}

impl UkOpenBanking {
    pub(super) async fn create_order(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        consent_id: &str,
        grant: &AccessToken,
        idempotency_key: &str,
    ) -> Result<OrderAnswer, BankError> {
        let ask = ask(call.bank, order, consent_id, idempotency_key)?;
        let resource = Resource::of(call.bank, order);
        let sent = order.content.amount;
        let keys = self.response_keys(call).await.map_err(|error| BankError::Unavailable {
            text: format!("before the order was sent: {error}"),
        })?;
        let request = request(call, &ask, &grant.access_token)?;
        let sending = call.wire.send(request).await.map_err(no_response).and_then(success);
        let response = sending.map_err(BankError::after_order_was_sent)?;
        let signed = match &keys {
            Some(keys) => self.verify(call, keys, &response).await,
            None => Ok(()),
        };
        let read = answer(call.bank, resource, &response, consent_id, sent);
        let mut answered = match signed {
            Ok(()) => read.map_err(BankError::after_order_was_sent)?,
            Err(why) => self.ask_for_signed(call, order, consent_id, read.ok(), &why).await?,
        };
        let status = &answered.status;
        if status.progress == OrderProgress::Rejected && status.reason.is_none() {
            // The order's fate is known; its reason is worth one question, not an error.
            let raw = status.raw.clone();
            if let Ok(reason) = self.reason(call, resource, &answered.bank_payment_id, true).await {
                answered.status = order_status(call.bank, resource, &raw, reason.as_ref());
            }
        }
        Ok(answered)
    }

    /// An answer that the bank did not sign is a hint: it names the order, and the bank's signed answer to
    /// our question about that order decides.
    async fn ask_for_signed(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        consent_id: &str,
        hint: Option<OrderAnswer>,
        why: &str,
    ) -> Result<OrderAnswer, BankError> {
        let unknown = |text: String| BankError::Unknown { text };
        let unsigned = format!("unreadable answer to an order: x-jws-signature: {why}");
        let Some(hint) = hint else { return Err(unknown(unsigned)) };
        let resource = Resource::of(call.bank, order);
        let ask = ask_status(resource, &hint.bank_payment_id)?;
        let asked = self.send_as_client(call, &ask).await;
        let read = asked.and_then(|response| {
            answer(call.bank, resource, &response, consent_id, order.content.amount)
        });
        match read {
            Ok(answered) if answered.bank_payment_id == hint.bank_payment_id => Ok(answered),
            Ok(_) | Err(_) => Err(unknown(unsigned)),
        }
    }

    pub(super) async fn read_order(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        bank_payment_id: &str,
    ) -> Result<OrderStatus, BankError> {
        let resource = Resource::of(call.bank, order);
        let response = self.send_as_client(call, &ask_status(resource, bank_payment_id)?).await?;
        let status = answer_status(call.bank, resource, &response, bank_payment_id)?;
        let rejected = status.progress == OrderProgress::Rejected;
        let wanted = rejected || call.bank.reasons.told_for_every_status;
        if !wanted || status.reason.is_some() {
            return Ok(status);
        }
        match self.reason(call, resource, bank_payment_id, rejected).await {
            Ok(reason) => Ok(order_status(call.bank, resource, &status.raw, reason.as_ref())),
            // Many banks have no details; then the status has no reason.
            Err(BankError::Refused(_) | BankError::Malformed { .. }) => Ok(status),
            // Asked again later: the reason decides the member's status.
            Err(error) => Err(error),
        }
    }

    async fn reason(
        &self,
        call: &Call<'_>,
        resource: Resource,
        bank_payment_id: &str,
        rejected: bool,
    ) -> Result<Option<StatusReason>, BankError> {
        if !has_reasons_in(call.bank, RejectionReasonPlace::PaymentDetails) {
            return Ok(None);
        }
        let ask = ask_details(resource, bank_payment_id)?;
        answer_details(call.bank, &self.send_as_client(call, &ask).await?, rejected)
    }
}
