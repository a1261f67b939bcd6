//! Domestic payments and standing orders in PLN, and confirmation of funds.

use serde_json::{Value, json};

use super::super::berlin_group::oauth::key;
use super::super::transfer::{self, Approval, Transfer, minor_units};
use super::{Answer, Call};
use crate::outcome::Fault;
use crate::state::State;

/// Reads what is to be transferred.
pub(super) fn read_payment(
    call: &Call<'_>,
    payment: &Value,
    transfer: &mut Transfer,
) -> Result<(), Answer> {
    let text = |pointer: &str| {
        payment.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let amount = text("/transferData/amount");
    let two_digits = amount.split_once('.').is_some_and(|(_, fraction)| fraction.len() == 2);
    transfer.minor = minor_units(&amount)
        .filter(|_| two_digits)
        .ok_or_else(|| Answer::wrong("transferData.amount is no amount with two decimals"))?;
    if text("/transferData/currency") != call.bank.currency {
        return Err(Answer::wrong("transferData.currency is not PLN"));
    }
    transfer.currency = call.bank.currency.to_owned();
    transfer.creditor_iban = text("/recipient/accountNumber");
    transfer.creditor_name = text("/recipient/nameAddress/value/0");
    transfer.reference = text("/transferData/description");
    let length = transfer.creditor_iban.len();
    if !(26..=34).contains(&length) || transfer.creditor_name.is_empty() {
        return Err(Answer::wrong("recipient has no account number or no name"));
    }
    if transfer.reference.is_empty() || transfer.reference.chars().count() > 140 {
        return Err(Answer::wrong("transferData.description is not 1 to 140 characters"));
    }
    if !payment["sender"].is_object() {
        return Err(Answer::wrong("sender is missing"));
    }
    let debtor = text("/sender/accountNumber");
    if !debtor.is_empty() {
        if call.bank.owner(&debtor).is_none() {
            return Err(Answer::wrong("sender.accountNumber is not kept here"));
        }
        transfer.debtor = Some(debtor);
    }
    let day = text("/transferData/executionDate");
    if (text("/executionMode") == "FutureDated") == day.is_empty() {
        return Err(Answer::wrong("executionDate is there without FutureDated, or the reverse"));
    }
    transfer.execution_date = Some(day).filter(|day| !day.is_empty());
    Ok(())
}

/// The payment that a token is for.
fn of_token(call: &Call<'_>, state: &State) -> Result<String, Answer> {
    let refuse = || Answer::refuse(401, "TOKEN", "the token is not known");
    let token = call.header("authorization").and_then(|text| text.strip_prefix("Bearer "));
    let token = token.filter(|token| *token == call.text("/requestHeader/token"));
    let grant =
        token.and_then(|token| state.grants.get(&key("token", token))).ok_or_else(refuse)?;
    let good = grant.bank == call.bank.id
        && grant.client == call.provider.organisation_identifier
        && grant.expires_at > call.now;
    grant.transfer_id.clone().filter(|_| good).ok_or_else(refuse)
}

fn find<'a>(state: &'a State, id: &str, service: &str) -> Result<&'a Transfer, Answer> {
    let found = state.transfers.get(id).filter(|found| found.service == service);
    found.ok_or_else(|| Answer::refuse(403, "CONSENT", "the consent is for another operation"))
}

/// The same payment as in the consent.
fn is_consented(body: &Value, consented: &Value) -> bool {
    let parts = [
        "recipient",
        "sender",
        "transferData",
        "deliveryMode",
        "system",
        "executionMode",
        "recurrence",
        "typeOfPayment",
        "domesticPayment",
    ];
    parts.iter().all(|part| body[*part] == consented[*part])
}

/// `payments/domestic` and `payments/recurring`.
pub(super) fn create(call: &Call<'_>, service: &str) -> Result<Answer, Answer> {
    let delay_ms = call.shared.execution_delay_ms();
    let ours = match service {
        "recurring" => call.text("/tppRecurringPaymentId"),
        _ => call.text("/tppTransactionId"),
    };
    call.commit(|state| {
        let id = of_token(call, state)?;
        let found = find(state, &id, service)?;
        if !is_consented(&call.json, &found.body) {
            return Err(Answer::wrong("this is not the payment that the payer consented to"));
        }
        if ours.is_empty() || ours != found.end_to_end_id {
            return Err(Answer::wrong("the provider's id is not that of the consent"));
        }
        let (fault, approval, posts) = (found.scenario().fault, found.approval, found.posts);
        state.transfers.update(&id, &mut state.changes, |transfer| transfer.posts += 1);
        if approval != Approval::Unconfirmed {
            return Err(Answer::refuse(403, "CONSENT", "the consent was used, or never given"));
        }
        if let Some(refusal) = fault.and_then(|fault| before_effect(fault, posts)) {
            return Err(refusal);
        }
        transfer::finish(state, &id, call.now, delay_ms);
        let answer = shown(&id, find(state, &id, service)?);
        Ok(match fault {
            Some(Fault::ErrorAfterEffect) => {
                Answer::refuse(500, "INTERNAL", "something went wrong")
            }
            fault => Answer { fault, ..Answer::body(answer) },
        })
    })
}

/// The answer of a fault that keeps the order from being taken.
fn before_effect(fault: Fault, posts: u32) -> Option<Answer> {
    match fault {
        Fault::Forbidden => Some(Answer::refuse(403, "FORBIDDEN", "this payment is not permitted")),
        Fault::UnavailableBeforeEffect => {
            Some(Answer::refuse(503, "UNAVAILABLE", "try again later"))
        }
        Fault::SilentBeforeEffect => {
            Some(Answer { fault: Some(fault), ..Answer::refuse(500, "SILENCE", "silence") })
        }
        Fault::TooManyAtFirst if posts == 0 => {
            Some(Answer::refuse(429, "TOO_MANY", "too many requests"))
        }
        Fault::ExpiredCertificate => Some(super::no_certificate()),
        Fault::TooManyAtFirst
        | Fault::SilentAfterEffect
        | Fault::ErrorAfterEffect
        | Fault::MalformedAnswer
        | Fault::WrongSignature
        | Fault::Slow => None,
    }
}

/// The order as the bank shows it.
fn shown(id: &str, transfer: &Transfer) -> Value {
    let (general, recurring) = match transfer.status.as_str() {
        "RJCT" => ("rejected", "cancelled"),
        "CANC" => ("cancelled", "cancelled"),
        "ACSC" => ("done", "inProgress"),
        "ACTC" if transfer.executed => ("done", "inProgress"),
        _ if transfer.execution_date.is_some() => ("scheduled", "submitted"),
        _ if transfer.approval == Approval::Done => ("pending", "submitted"),
        _ => ("submitted", "submitted"),
    };
    let detail = transfer.words.as_deref().unwrap_or(general);
    if transfer.service == "recurring" {
        return json!({
            "recurringPaymentId": id,
            "tppRecurringPaymentId": transfer.end_to_end_id,
            "recurringPaymentStatus": recurring,
            "recurringPaymentDetailedStatus": detail,
        });
    }
    let mode = if transfer.execution_date.is_some() { "FutureDated" } else { "Immediate" };
    json!({
        "paymentId": id,
        "tppTransactionId": transfer.end_to_end_id,
        "generalStatus": general,
        "detailedStatus": detail,
        "executionMode": mode,
    })
}

/// `payments/getPayment` and `payments/getRecurringPayment`.
pub(super) fn read(call: &Call<'_>, service: &str) -> Result<Answer, Answer> {
    let (by_id, by_ours) = match service {
        "recurring" => ("/recurringPaymentId", "/tppRecurringPaymentId"),
        _ => ("/paymentId", "/tppTransactionId"),
    };
    call.commit(|state| {
        let id = of_token(call, state)?;
        let transfer = find(state, &id, service)?;
        let (asked, ours) = (call.text(by_id), call.text(by_ours));
        let named = asked == id || (asked.is_empty() && ours == transfer.end_to_end_id);
        if !named || transfer.approval != Approval::Done {
            return Err(Answer::wrong("there is no such payment"));
        }
        Ok(Answer::body(shown(&id, transfer)))
    })
}

/// `payments/cancelPayments` and `payments/cancelRecurringPayment`.
pub(super) fn cancel(call: &Call<'_>, service: &str) -> Result<Answer, Answer> {
    let by_id = if service == "recurring" { "/recurringPaymentId" } else { "/paymentId" };
    call.commit(|state| {
        let id = of_token(call, state)?;
        let transfer = find(state, &id, service)?;
        if call.text(by_id) != id {
            return Err(Answer::wrong("there is no such payment"));
        }
        if transfer.executed && service == "domestic" {
            return Ok(Answer::body(json!({ "payments": [shown(&id, transfer)] })));
        }
        state.transfers.update(&id, &mut state.changes, |transfer| {
            "CANC".clone_into(&mut transfer.status);
            transfer.executed = true;
        });
        Ok(Answer::body(json!({})))
    })
}

/// `confirmation/getConfirmationOfFunds`.
pub(super) fn funds(call: &Call<'_>) -> Result<Answer, Answer> {
    let account = call.text("/accountNumber").to_owned();
    let minor = minor_units(call.text("/amount")).ok_or_else(|| Answer::wrong("no amount"))?;
    if call.bank.owner(&account).is_none() || call.text("/currency") != call.bank.currency {
        return Err(Answer::wrong("the account is not kept here"));
    }
    call.commit(|state| {
        let balance = state.accounts.get(&account).map_or(0, |account| account.balance_minor);
        Ok(Answer::body(json!({ "fundsAvailable": balance >= minor })))
    })
}
