//! `/domestic-payments` (OBIE 3.1.11, Domestic Payments): the order itself and its status.
//!
//! The moment that matters is when the order leaves. Everything that can fail without the bank,
//! and everything that we need from it to read the answer, comes before.

use domain::bank::{OrderProgress, OrderStatus};
use domain::money::Amount;
use serde::{Deserialize, Serialize};

use super::Obie;
use super::exchange::{Ask, Post, request};
use super::initiation::{AccountIn, Initiation, InitiationEcho, initiation};
use super::risk::{Risk, risk};
use super::status::{Reason, order_status};
use crate::error::BankError;
use crate::exchange::body_of;
use crate::exchange::read;
use crate::exchange::segment;
use crate::profile::BankProfile;
use crate::protocol::{AccessGrant, Call, OrderAnswer, PaymentOrder};
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
    domestic_payment_id: String,
    consent_id: String,
    status: String,
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
    domestic_payment_id: String,
    status: String,
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
    let body = OrderRequest {
        data: DataOut { consent_id, initiation: initiation(bank, order)? },
        risk: risk(order.initiation.risk.as_ref())?,
    };
    Ok(Ask {
        operation: "create-domestic-payment",
        path: "/domestic-payments".to_owned(),
        post: Some(Post { body: body_of(&body)?, idempotency_key: idempotency_key.to_owned() }),
    })
}

fn answer(
    bank: &BankProfile,
    response: &Response,
    consent_id: &str,
    sent: Amount,
) -> Result<OrderAnswer, BankError> {
    let OrderResponse { data } = read(&response.body)?;
    let fail = |what: &str| Err(BankError::malformed(what, &response.body));
    if segment(&data.domestic_payment_id).is_err() {
        return fail("`Data.DomesticPaymentId` is not 1 to 128 bytes long");
    }
    if data.consent_id != consent_id {
        return fail("`Data.ConsentId` is another's");
    }
    if !data.initiation.has_amount(sent) {
        return fail("`Data.Initiation.InstructedAmount` is not what was sent");
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
        status: order_status(bank, &data.status, None),
        bank_payment_id: data.domestic_payment_id,
        refund_account,
    })
}

fn ask_status(bank_payment_id: &str) -> Result<Ask, BankError> {
    let path = format!("/domestic-payments/{}", segment(bank_payment_id)?);
    Ok(Ask::get("get-domestic-payment", path))
}

fn answer_status(
    bank: &BankProfile,
    response: &Response,
    bank_payment_id: &str,
) -> Result<OrderStatus, BankError> {
    let StatusResponse { data } = read(&response.body)?;
    if data.domestic_payment_id != bank_payment_id {
        return Err(BankError::malformed("`Data.DomesticPaymentId` is another's", &response.body));
    }
    Ok(order_status(bank, &data.status, None))
}

fn ask_details(bank_payment_id: &str) -> Result<Ask, BankError> {
    let path = format!("/domestic-payments/{}/payment-details", segment(bank_payment_id)?);
    Ok(Ask::get("get-domestic-payment-details", path))
}

/// The reason of the latest status that has one; of rejections only, unless the bank's words on
/// other statuses are wanted too.
fn answer_details(response: &Response, rejected: bool) -> Result<Option<Reason>, BankError> {
    let details: DetailsResponse = read(&response.body)?;
    let told = details.data.payment_status.into_iter().rev();
    Ok(told
        .filter(|detail| (detail.status == "Rejected") == rejected)
        .filter_map(|detail| detail.status_detail)
        .map(|detail| Reason {
            code: detail.status_reason,
            words: detail.status_reason_description,
        })
        .find(|reason| reason.code.is_some() || reason.words.is_some()))
}

impl Obie {
    pub(super) async fn create_order(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        consent_id: &str,
        grant: &AccessGrant,
        idempotency_key: &str,
    ) -> Result<OrderAnswer, BankError> {
        let ask = ask(call.bank, order, consent_id, idempotency_key)?;
        let keys = self.response_keys(call).await.map_err(|error| BankError::Unavailable {
            text: format!("before the order was sent: {error}"),
        })?;
        let request = request(call, &ask, &grant.access_token)?;
        let mut answered = self
            .send(call, &keys, request)
            .await
            .and_then(|response| answer(call.bank, &response, consent_id, order.initiation.amount))
            .map_err(BankError::after_order_was_sent)?;
        if answered.status.progress == OrderProgress::Rejected {
            // The order's fate is known; its reason is worth one question, not an error.
            let raw = answered.status.raw.clone();
            if let Ok(reason) = self.reason(call, &answered.bank_payment_id, true).await {
                answered.status = order_status(call.bank, &raw, reason.as_ref());
            }
        }
        Ok(answered)
    }

    pub(super) async fn read_order(
        &self,
        call: &Call<'_>,
        bank_payment_id: &str,
    ) -> Result<OrderStatus, BankError> {
        let response = self.send_as_client(call, &ask_status(bank_payment_id)?).await?;
        let status = answer_status(call.bank, &response, bank_payment_id)?;
        let rejected = status.progress == OrderProgress::Rejected;
        if !rejected && !call.bank.reasons.told_for_every_status {
            return Ok(status);
        }
        match self.reason(call, bank_payment_id, rejected).await {
            Ok(reason) => Ok(order_status(call.bank, &status.raw, reason.as_ref())),
            // Many banks have no details; the status stands without a reason.
            Err(BankError::Refused { .. } | BankError::Malformed { .. }) => Ok(status),
            // Asked again later: the reason decides what the member is told.
            Err(error) => Err(error),
        }
    }

    async fn reason(
        &self,
        call: &Call<'_>,
        bank_payment_id: &str,
        rejected: bool,
    ) -> Result<Option<Reason>, BankError> {
        let answer = self.send_as_client(call, &ask_details(bank_payment_id)?).await?;
        answer_details(&answer, rejected)
    }
}
