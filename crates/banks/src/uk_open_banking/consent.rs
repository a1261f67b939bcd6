//! The consents (OBIE 3.1.11 and 4.0: Domestic Payment Consents, Domestic Scheduled Payment
//! Consents, Domestic Standing Order Consents).

use domain::bank::ConsentProgress;
use domain::initiation::Schedule;
use domain::money::Amount;
use serde::{Deserialize, Serialize};

use super::UkOpenBanking;
use super::exchange::{Ask, Post};
use super::initiation::{Initiation, InitiationEcho, initiation};
use super::resource::Resource;
use super::risk::{Risk, risk};
use super::settings;
use super::status::{consent_progress, first_of};
use crate::call::Call;
use crate::error::{BankError, words};
use crate::exchange::{body_of, read, segment};
use crate::misfit::{Misfit, unsupported};
use crate::payments::PaymentOrder;
use crate::profile::{BankProfile, Capability};
use crate::wire::Response;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ConsentRequest<'a> {
    data: DataOut<'a>,
    risk: Risk<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DataOut<'a> {
    /// Of everything that is not executed at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_refund_account: Option<&'static str>,
    initiation: Initiation<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConsentResponse {
    data: DataIn,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataIn {
    consent_id: String,
    status: String,
    /// 4.0 only; read by itself: an extra that cannot be read must not lose the consent.
    status_reason: Option<serde_json::Value>,
    initiation: InitiationEcho,
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
    consent_id: String,
    status: String,
}

/// Whether the order can be written as this standard's consent.
pub(super) fn fits(bank: &BankProfile, order: &PaymentOrder) -> Result<(), Misfit> {
    request(bank, order).map(|_| ())
}

fn request<'a>(bank: &BankProfile, order: &'a PaymentOrder) -> Result<ConsentRequest<'a>, Misfit> {
    let asked = &order.content;
    let at_once = asked.schedule == Schedule::Immediate;
    if asked.confirm_funds && !at_once {
        // The later question would fail when the payer has already approved.
        return Err(unsupported("the standard confirms funds of immediate payments only"));
    }
    let wants_refund = asked.return_refund_account;
    Ok(ConsentRequest {
        data: DataOut {
            permission: (!at_once).then_some("Create"),
            read_refund_account: (wants_refund && bank.can(Capability::RefundAccount))
                .then_some("Yes"),
            initiation: initiation(bank, order)?,
        },
        risk: risk(settings(bank)?, asked.risk.as_ref())?,
    })
}

fn ask(bank: &BankProfile, order: &PaymentOrder, idempotency_key: &str) -> Result<Ask, BankError> {
    let resource = Resource::of(bank, order);
    let consent = request(bank, order)?;
    Ok(Ask {
        operation: resource.create_consent(),
        path: resource.consents().to_owned(),
        post: Some(Post { body: body_of(&consent)?, idempotency_key: idempotency_key.to_owned() }),
    })
}

/// The id of a consent that has our amount and can still be authorised.
fn answer(bank: &BankProfile, response: &Response, sent: Amount) -> Result<String, BankError> {
    let consent: ConsentResponse = read(&response.body)?;
    let fail = |what: &str| Err(BankError::malformed(what, &response.body));
    if segment(&consent.data.consent_id).is_err() {
        return fail("`Data.ConsentId` is not 1 to 128 bytes long");
    }
    if !consent.data.initiation.has_amount(bank, sent) {
        return fail("`Data.Initiation` has not the amount that was sent");
    }
    match consent_progress(bank, &consent.data.status) {
        // A repeated request is answered with the consent's status of now.
        Some(
            ConsentProgress::AwaitingAuthorisation
            | ConsentProgress::Authorised
            | ConsentProgress::Consumed,
        ) => Ok(consent.data.consent_id),
        Some(ConsentProgress::Rejected) => {
            let reason = first_of(consent.data.status_reason).unwrap_or_default();
            let said = reason.text().map(|text| format!(": {text}")).unwrap_or_default();
            let text = words(&format!("the bank created the consent as rejected{said}"));
            let code = reason.code.as_deref().map(words);
            Err(BankError::refused(code, response.status, text))
        }
        None => fail("`Data.Status` is not a status of a payment consent"),
    }
}

fn ask_status(resource: Resource, consent_id: &str) -> Result<Ask, BankError> {
    let path = format!("{}/{}", resource.consents(), segment(consent_id)?);
    Ok(Ask::get(resource.get_consent(), path))
}

fn answer_status(
    bank: &BankProfile,
    response: &Response,
    consent_id: &str,
) -> Result<ConsentProgress, BankError> {
    let consent: StatusResponse = read(&response.body)?;
    if consent.data.consent_id != consent_id {
        return Err(BankError::malformed("`Data.ConsentId` is another's", &response.body));
    }
    consent_progress(bank, &consent.data.status).ok_or_else(|| {
        BankError::malformed("`Data.Status` is not a status of a payment consent", &response.body)
    })
}

impl UkOpenBanking {
    pub(super) async fn create_consent(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        idempotency_key: &str,
    ) -> Result<String, BankError> {
        let ask = ask(call.bank, order, idempotency_key)?;
        answer(call.bank, &self.send_as_client(call, &ask).await?, order.content.amount)
    }

    pub(super) async fn read_consent(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        consent_id: &str,
    ) -> Result<ConsentProgress, BankError> {
        let ask = ask_status(Resource::of(call.bank, order), consent_id)?;
        answer_status(call.bank, &self.send_as_client(call, &ask).await?, consent_id)
    }
}
