//! Payment requests (STET 1.4 and 1.5, PISP).

use serde_json::{Value, json};

use super::super::transfer::{self, Approval, Transfer, minor_units};
use super::{Answer, Call};
use crate::outcome::Fault;
use crate::state::State;

fn wrong(what: &str) -> Answer {
    Answer::refuse(400, what)
}

/// The text or number at a place, as text.
fn digits(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `POST /payment-requests`.
pub(super) fn create(call: &Call<'_>) -> Result<Answer, Answer> {
    let body: Value =
        serde_json::from_slice(call.body).map_err(|_| wrong("the body is not JSON"))?;
    let mut transfer = read_request(call, &body)?;
    transfer.planned = call.shared.plan_for(call.bank.id);
    // The standard's ids have 35 characters at most.
    let id = call.shared.uuid().replace('-', "");
    let kept = id.clone();
    let fault = transfer.scenario().fault.filter(|_| call.own.executes_at_approval);
    let attempt = format!("{}|{}|{}", call.bank.id, transfer.client, transfer.end_to_end_id);
    if let Some(refusal) = fault.and_then(before_effect) {
        return Err(refusal);
    }
    if fault == Some(Fault::TooManyAtFirst) && call.shared.is_first(&attempt) {
        return Err(Answer::refuse(429, "too many requests"));
    }
    let approach = if call.own.decoupled { "DECOUPLED" } else { "REDIRECT" };
    let mut answer = json!({ "appliedAuthenticationApproach": approach, "_links": {} });
    if !call.own.decoupled {
        let href = format!("{}/{}/sca/{id}", call.shared.base_url, call.bank.id);
        answer["_links"] = json!({ "consentApproval": { "href": href } });
    }
    call.commit(|state| {
        let known = state.transfers.all().into_iter().any(|(_, other)| {
            other.bank == call.bank.id && other.end_to_end_id == transfer.end_to_end_id
        });
        if known && fault.is_none() {
            return Err(Answer::refuse(409, "this paymentInformationId was used before"));
        }
        state.transfers.put(&kept, transfer, call.now, &mut state.changes);
        Ok(Answer::body(201, Value::Null))
    })?;
    let status = if call.own.executes_at_approval { 200 } else { 201 };
    let location = format!("/{}/psd2/payment-requests/{id}", call.bank.id);
    let answer = Answer { location: Some(location), ..Answer::body(status, answer) };
    Ok(after_effect(fault, answer))
}

fn read_request(call: &Call<'_>, body: &Value) -> Result<Transfer, Answer> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let transactions = body["creditTransferTransaction"].as_array();
    let transaction = match transactions.map(Vec::as_slice) {
        Some([transaction]) => transaction,
        _ => return Err(wrong("`creditTransferTransaction` is not one transaction")),
    };
    let id = text(&body["paymentInformationId"]);
    if id.is_empty() || id.len() > 36 {
        return Err(wrong("`paymentInformationId` is not 1 to 36 characters"));
    }
    let beneficiary = match call.own.beneficiary_in_transaction {
        true => &transaction["beneficiary"],
        false => &body["beneficiary"],
    };
    let creditor_iban = text(&beneficiary["creditorAccount"]["iban"]);
    let creditor_name = text(&beneficiary["creditor"]["name"]);
    if creditor_iban.len() < 15 || creditor_name.is_empty() {
        return Err(wrong("the beneficiary has no name or no IBAN where this version has them"));
    }
    let amount = &transaction["instructedAmount"];
    let as_wanted = amount["amount"].is_string() == call.own.amounts_are_texts;
    let minor = digits(&amount["amount"]).filter(|_| as_wanted).as_deref().and_then(minor_units);
    let minor =
        minor.ok_or_else(|| wrong("`instructedAmount` is no amount of this bank's kind"))?;
    if amount["currency"] != "EUR" {
        return Err(wrong("the currency is not EUR"));
    }
    let success = text(&body["supplementaryData"]["successfulReportUrl"]);
    let failure = text(&body["supplementaryData"]["unsuccessfulReportUrl"]);
    if success.is_empty() {
        return Err(wrong("`successfulReportUrl` is missing"));
    }
    let debtor = body["debtorAccount"]["iban"].as_str().map(str::to_owned);
    let owner = debtor.as_deref().map(|iban| call.bank.owner(iban));
    if owner.is_some_and(|owner| owner.is_none()) {
        return Err(wrong("the debtor's account is not kept here"));
    }
    if call.own.decoupled && owner.is_none() {
        return Err(wrong("this bank wants the debtor's account"));
    }
    let moment: Result<jiff::Timestamp, _> = text(&transaction["requestedExecutionDate"]).parse();
    let moment = moment.map_err(|_| wrong("`requestedExecutionDate` is not a date and time"))?;
    let day = moment.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let today = call.now.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let repeats = transaction["standingOrderCharacteristics"].is_object()
        || transaction["frequency"].is_string();
    let service = if repeats { "periodic-payments" } else { "payments" };
    let username = owner.flatten().map(|customer| customer.username.to_owned());
    Ok(Transfer {
        service: service.to_owned(),
        body: body.clone(),
        minor,
        currency: "EUR".to_owned(),
        creditor_iban,
        creditor_name,
        reference: words(&transaction["remittanceInformation"]["unstructured"]),
        end_to_end_id: id,
        execution_date: Some(day).filter(|day| *day > today),
        debtor,
        sca_status: if call.own.decoupled { "started" } else { "received" }.to_owned(),
        username: username.filter(|_| call.own.decoupled),
        confirmation_code: call.own.wants_factor.then(|| call.shared.uuid()),
        nok_redirect_uri: if failure.is_empty() { success.clone() } else { failure },
        redirect_uri: success,
        ..Transfer::received(call.bank.id, &call.provider.organisation_identifier, call.now)
    })
}

/// The texts of a list as one.
fn words(texts: &Value) -> String {
    let texts = texts.as_array().map(Vec::as_slice).unwrap_or_default();
    texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

/// The answer of a fault that keeps the message from having its effect.
fn before_effect(fault: Fault) -> Option<Answer> {
    match fault {
        Fault::Forbidden => Some(Answer::refuse(403, "this payment is not permitted")),
        Fault::UnavailableBeforeEffect => Some(Answer::refuse(503, "try again later")),
        Fault::SilentBeforeEffect => {
            Some(Answer { fault: Some(fault), ..Answer::refuse(500, "silence") })
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

fn after_effect(fault: Option<Fault>, answer: Answer) -> Answer {
    match fault {
        Some(Fault::ErrorAfterEffect) => Answer::refuse(500, "something went wrong"),
        fault => Answer { fault, ..answer },
    }
}

fn find<'a>(call: &Call<'_>, state: &'a State, id: &str) -> Result<&'a Transfer, Answer> {
    state
        .transfers
        .get(id)
        .filter(|found| found.bank == call.bank.id)
        .filter(|found| found.client == call.provider.organisation_identifier)
        .ok_or_else(|| Answer::refuse(404, "there is no such payment request"))
}

/// The words of the outcome as a code of the standard, which has few.
fn reason(transfer: &Transfer) -> Option<&'static str> {
    let words = transfer.words.as_deref().filter(|_| transfer.status == "RJCT")?;
    Some(match words {
        "Payment initiation has been canceled." => "DS02",
        "failure" | "Insufficient funds" => "MS03",
        _ => "CUST",
    })
}

/// The request as the bank shows it.
fn shown(call: &Call<'_>, id: &str, transfer: &Transfer) -> Value {
    let mut request = transfer.body.clone();
    request["resourceId"] = json!(id);
    request["paymentInformationStatus"] = json!(transfer.status);
    if let Some(reason) = reason(transfer) {
        request["statusReasonInformation"] = json!(reason);
    }
    if transfer.no_funds {
        request["fundsAvailability"] = json!(false);
    }
    if let Some(debtor) = &transfer.debtor {
        request["debtorAccount"] = json!({ "iban": debtor });
    }
    let own = format!("/{}/psd2/payment-requests/{id}", call.bank.id);
    let mut links = json!({ "request": { "href": own } });
    if transfer.approval == Approval::Unconfirmed {
        links["confirmation"] = json!({ "href": format!("{own}/confirmation") });
    }
    json!({ "paymentRequest": request, "_links": links })
}

/// `GET /payment-requests/{id}`.
pub(super) fn read(call: &Call<'_>, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| {
        transfer::end_late_approval(state, id, call.now);
        let transfer = find(call, state, id)?;
        Ok(Answer::body(200, shown(call, id, transfer)))
    })
}

/// `POST /payment-requests/{id}/confirmation`.
pub(super) fn confirm(call: &Call<'_>, id: &str) -> Result<Answer, Answer> {
    let body: Value = match call.body.is_empty() {
        true => json!({}),
        false => serde_json::from_slice(call.body).map_err(|_| wrong("the body is not JSON"))?,
    };
    let delay_ms = call.shared.execution_delay_ms();
    call.commit(|state| {
        let transfer = find(call, state, id)?;
        let (fault, approval) = (transfer.scenario().fault, transfer.approval);
        let posts = transfer.posts;
        let factor = transfer.confirmation_code.clone();
        state.transfers.update(id, &mut state.changes, |transfer| transfer.posts += 1);
        if approval != Approval::Unconfirmed {
            return Err(Answer::refuse(403, "the payer has not approved, or it was confirmed"));
        }
        if factor.is_some() && body["psuAuthenticationFactor"].as_str() != factor.as_deref() {
            return Err(Answer::refuse(403, "the authentication factor is wrong"));
        }
        if fault == Some(Fault::TooManyAtFirst) && posts == 0 {
            return Err(Answer::refuse(429, "too many requests"));
        }
        if let Some(refusal) = fault.and_then(before_effect) {
            return Err(refusal);
        }
        transfer::finish(state, id, call.now, delay_ms);
        let transfer = find(call, state, id)?;
        Ok(after_effect(fault, Answer::body(200, shown(call, id, transfer))))
    })
}

/// `PUT /payment-requests/{id}`: a cancellation; here the payer's approval of it is taken for
/// granted.
pub(super) fn cancel(call: &Call<'_>, id: &str) -> Result<Answer, Answer> {
    let body: Value =
        serde_json::from_slice(call.body).map_err(|_| wrong("the body is not JSON"))?;
    if body["paymentInformationStatus"] != "CANC" {
        return Err(wrong("only `paymentInformationStatus` CANC can be asked for"));
    }
    call.commit(|state| {
        let transfer = find(call, state, id)?;
        if transfer.executed {
            return Err(Answer::refuse(409, "the payment was executed"));
        }
        state.transfers.update(id, &mut state.changes, |transfer| {
            "CANC".clone_into(&mut transfer.status);
            transfer.executed = true;
        });
        // No approach: the payer has nothing more to do.
        Ok(Answer::body(200, json!({ "_links": {} })))
    })
}
