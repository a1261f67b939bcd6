//! Payment requests (STET 1.4 and 1.5, PISP).

use serde_json::{Value, json};

use super::{Answer, ProviderRequest};
use crate::engine::approval;
use crate::engine::delivery::Delivery;
use crate::engine::order::{Approval, Order, Product, Purpose, Stage, Status, minor_units};
use crate::engine::outcome::Fault;
use crate::engine::schedule::{Interval, Schedule, opening_of};
use crate::engine::state::State;

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
pub(super) fn create(incoming: &ProviderRequest<'_>) -> Result<Answer, Answer> {
    let body: Value =
        serde_json::from_slice(incoming.body).map_err(|_| wrong("the body is not JSON"))?;
    let mut order = read_request(incoming, &body)?;
    order.planned = incoming.shared.plan_for(incoming.bank.id);
    // The standard's ids have 35 characters at most.
    let id = incoming.shared.uuid().replace('-', "");
    let kept = id.clone();
    let fault = order.scenario().fault.filter(|_| incoming.own.executes_at_approval);
    let attempt = format!("{}|{}|{}", incoming.bank.id, order.client, order.end_to_end_id);
    if let Some(refusal) = fault.and_then(before_effect) {
        return Err(refusal);
    }
    if fault == Some(Fault::TooManyAtFirst) && incoming.shared.is_first(&attempt) {
        return Err(Answer::refuse(429, "too many requests"));
    }
    let approach = if incoming.own.decoupled { "DECOUPLED" } else { "REDIRECT" };
    let mut answer = json!({ "appliedAuthenticationApproach": approach, "_links": {} });
    if !incoming.own.decoupled {
        let href = format!("{}/{}/sca/{id}", incoming.shared.base_url, incoming.bank.id);
        answer["_links"] = json!({ "consentApproval": { "href": href } });
    }
    incoming.commit(|state| {
        let known = state.orders.all().into_iter().any(|(_, other)| {
            other.bank == incoming.bank.id && other.end_to_end_id == order.end_to_end_id
        });
        if known && fault.is_none() {
            return Err(Answer::refuse(409, "this paymentInformationId was used before"));
        }
        state.orders.put(&kept, order, incoming.now, &mut state.changes);
        Ok(Answer::body(201, Value::Null))
    })?;
    let status = if incoming.own.executes_at_approval { 200 } else { 201 };
    let location = format!("/{}/psd2/payment-requests/{id}", incoming.bank.id);
    let answer = Answer { location: Some(location), ..Answer::body(status, answer) };
    Ok(after_effect(fault, answer))
}

fn read_request(incoming: &ProviderRequest<'_>, body: &Value) -> Result<Order, Answer> {
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
    let beneficiary = match incoming.own.beneficiary_in_transaction {
        true => &transaction["beneficiary"],
        false => &body["beneficiary"],
    };
    let creditor_iban = text(&beneficiary["creditorAccount"]["iban"]);
    let creditor_name = text(&beneficiary["creditor"]["name"]);
    if creditor_iban.len() < 15 || creditor_name.is_empty() {
        return Err(wrong("the beneficiary has no name or no IBAN where this version has them"));
    }
    let amount = &transaction["instructedAmount"];
    let as_wanted = amount["amount"].is_string() == incoming.own.amounts_are_texts;
    let minor = digits(&amount["amount"]).filter(|_| as_wanted).as_deref().and_then(minor_units);
    let minor =
        minor.ok_or_else(|| wrong("`instructedAmount` is not an amount in this bank's form"))?;
    if amount["currency"] != "EUR" {
        return Err(wrong("the currency is not EUR"));
    }
    let success = text(&body["supplementaryData"]["successfulReportUrl"]);
    let failure = text(&body["supplementaryData"]["unsuccessfulReportUrl"]);
    if success.is_empty() {
        return Err(wrong("`successfulReportUrl` is missing"));
    }
    let debtor = body["debtorAccount"]["iban"].as_str().map(str::to_owned);
    let owner = debtor.as_deref().map(|iban| incoming.bank.owner(iban));
    if owner.is_some_and(|owner| owner.is_none()) {
        return Err(wrong("the debtor's account is not kept here"));
    }
    if incoming.own.decoupled && owner.is_none() {
        return Err(wrong("this bank wants the debtor's account"));
    }
    let (product, schedule) = days(incoming, transaction)?;
    let username = owner.flatten().map(|customer| customer.username.to_owned());
    let approval = Approval {
        sca_status: if incoming.own.decoupled { "started" } else { "received" }.to_owned(),
        username: username.filter(|_| incoming.own.decoupled),
        confirmation_code: incoming.own.wants_factor.then(|| incoming.shared.uuid()),
        nok_redirect_uri: if failure.is_empty() { success.clone() } else { failure },
        redirect_uri: success,
        ..Approval::open(incoming.now)
    };
    Ok(Order {
        product,
        body: body.clone(),
        minor,
        creditor: creditor_iban,
        creditor_name,
        reference: words(&transaction["remittanceInformation"]["unstructured"]),
        end_to_end_id: id,
        schedule,
        debtor,
        approval,
        ..Order::received(incoming.bank, &incoming.provider.organisation_identifier, incoming.now)
    })
}

/// The kind of the order, and its execution days.
fn days(
    incoming: &ProviderRequest<'_>,
    transaction: &Value,
) -> Result<(Product, Option<Schedule>), Answer> {
    let text = transaction["requestedExecutionDate"].as_str().unwrap_or_default();
    let moment: Result<jiff::Timestamp, _> = text.parse();
    let moment = moment.map_err(|_| wrong("`requestedExecutionDate` is not a date and time"))?;
    let day = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
    let later = day > incoming.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = opening_of(day).filter(|_| later).map(Schedule::once);
    let repeats = transaction["standingOrderCharacteristics"].is_object()
        || transaction["frequency"].is_string();
    Ok(match (repeats, day) {
        (true, day) => {
            let first = day.unwrap_or(Schedule::once(incoming.now));
            (Product::StandingOrder, Some(repeated(transaction, first)))
        }
        (false, Some(day)) => (Product::ScheduledPayment, Some(day)),
        (false, None) => (Product::Payment, None),
    })
}

/// The days of a standing order, which 1.4 and 1.5 write in different places.
fn repeated(transaction: &Value, first: Schedule) -> Schedule {
    let own = match &transaction["standingOrderCharacteristics"] {
        Value::Null => transaction,
        own => own,
    };
    let interval = match own["frequency"].as_str() {
        Some("DAIL") => Some(Interval::Days(1)),
        Some("WEEK") => Some(Interval::Days(7)),
        Some("TOWK") => Some(Interval::Days(14)),
        Some("MNTH") => Some(Interval::Months(1)),
        Some("TOMN") => Some(Interval::Months(2)),
        Some("QUTR") => Some(Interval::Months(3)),
        Some("SEMI") => Some(Interval::Months(6)),
        Some("YEAR") => Some(Interval::Months(12)),
        _ => None,
    };
    let last_at = own["endDate"].as_str().and_then(|text| text.parse().ok());
    Schedule { interval, last_at, ..first }
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
            Some(Answer { delivery: Delivery::Never, ..Answer::refuse(500, "silence") })
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

/// The answer after a fault, for a message that had its effect. The standard signs no answers.
fn after_effect(fault: Option<Fault>, answer: Answer) -> Answer {
    match fault {
        Some(Fault::ErrorAfterEffect) => Answer::refuse(500, "something went wrong"),
        Some(fault) if !fault.is_before_effect() => {
            Answer { delivery: Delivery::of(fault), ..answer }
        }
        Some(_) | None => answer,
    }
}

fn find<'a>(
    incoming: &ProviderRequest<'_>,
    state: &'a State,
    id: &str,
) -> Result<&'a Order, Answer> {
    state
        .orders
        .get(id)
        .filter(|found| found.bank == incoming.bank.id)
        .filter(|found| found.client == incoming.provider.organisation_identifier)
        .ok_or_else(|| Answer::refuse(404, "there is no such payment request"))
}

/// The words of the outcome as a code of the standard, which has few.
fn reason(order: &Order) -> Option<&'static str> {
    let words = order.words.as_deref().filter(|_| order.status == Status::Rejected)?;
    Some(match words {
        "Payment initiation has been canceled." => "DS02",
        "failure" | "Insufficient funds" => "MS03",
        _ => "CUST",
    })
}

/// The request as the bank shows it.
fn shown(incoming: &ProviderRequest<'_>, id: &str, order: &Order) -> Value {
    let mut request = order.body.clone();
    request["resourceId"] = json!(id);
    request["paymentInformationStatus"] = json!(order.iso_status());
    if let Some(reason) = reason(order) {
        request["statusReasonInformation"] = json!(reason);
    }
    if order.lacks_funds() {
        request["fundsAvailability"] = json!(false);
    }
    if let Some(debtor) = &order.debtor {
        request["debtorAccount"] = json!({ "iban": debtor });
    }
    let own = format!("/{}/psd2/payment-requests/{id}", incoming.bank.id);
    let mut links = json!({ "request": { "href": own } });
    let unconfirmed = |approval: &Approval| approval.stage == Stage::Unconfirmed;
    if unconfirmed(&order.approval) || order.cancellation.as_ref().is_some_and(unconfirmed) {
        links["confirmation"] = json!({ "href": format!("{own}/confirmation") });
    }
    json!({ "paymentRequest": request, "_links": links })
}

/// `GET /payment-requests/{id}`.
pub(super) fn read(incoming: &ProviderRequest<'_>, id: &str) -> Result<Answer, Answer> {
    incoming.commit(|state| {
        approval::end_late_approval(state, id, incoming.now);
        let order = find(incoming, state, id)?;
        Ok(Answer::body(200, shown(incoming, id, order)))
    })
}

/// `POST /payment-requests/{id}/confirmation`: of the payment, or of its cancellation where the payer
/// has approved one.
pub(super) fn confirm(incoming: &ProviderRequest<'_>, id: &str) -> Result<Answer, Answer> {
    let body: Value = match incoming.body.is_empty() {
        true => json!({}),
        false => {
            serde_json::from_slice(incoming.body).map_err(|_| wrong("the body is not JSON"))?
        }
    };
    let given = body["psuAuthenticationFactor"].as_str();
    let delay_ms = incoming.shared.execution_delay_ms();
    incoming.commit(|state| {
        let order = find(incoming, state, id)?;
        let unconfirmed = |approval: &&Approval| approval.stage == Stage::Unconfirmed;
        if let Some(asked) = order.cancellation.as_ref().filter(unconfirmed) {
            check_factor(asked, given)?;
            if !order.can_be_cancelled() {
                return Err(too_late());
            }
            approval::confirm(state, id, Purpose::Cancellation, incoming.now, delay_ms);
            return Ok(Answer::body(200, shown(incoming, id, find(incoming, state, id)?)));
        }
        let (fault, asked) = (order.scenario().fault, order.approval.clone());
        let posts = order.posts;
        state.orders.update(id, &mut state.changes, |order| order.posts += 1);
        if asked.stage != Stage::Unconfirmed {
            return Err(Answer::refuse(403, "the payer has not approved, or it was confirmed"));
        }
        check_factor(&asked, given)?;
        if fault == Some(Fault::TooManyAtFirst) && posts == 0 {
            return Err(Answer::refuse(429, "too many requests"));
        }
        if let Some(refusal) = fault.and_then(before_effect) {
            return Err(refusal);
        }
        approval::confirm(state, id, Purpose::Payment, incoming.now, delay_ms);
        let order = find(incoming, state, id)?;
        Ok(after_effect(fault, Answer::body(200, shown(incoming, id, order))))
    })
}

/// The factor that came with the payer's browser must return, where the bank has given one.
fn check_factor(asked: &Approval, given: Option<&str>) -> Result<(), Answer> {
    match asked.confirmation_code.as_deref() {
        Some(factor) if given != Some(factor) => {
            Err(Answer::refuse(403, "the authentication factor is wrong"))
        }
        Some(_) | None => Ok(()),
    }
}

fn too_late() -> Answer {
    Answer::refuse(409, "the payment can no longer be cancelled")
}

/// `PUT /payment-requests/{id}`: a cancellation. The body is the whole request with another status
/// and a reason. Where the payer has approved the payment, the payer approves the cancellation too,
/// on the bank's pages or in its app, and the provider confirms it like a payment.
pub(super) fn cancel(incoming: &ProviderRequest<'_>, id: &str) -> Result<Answer, Answer> {
    let body: Value =
        serde_json::from_slice(incoming.body).map_err(|_| wrong("the body is not JSON"))?;
    if body["paymentInformationStatus"] != "CANC" {
        return Err(wrong("only `paymentInformationStatus` CANC can be asked for"));
    }
    let reason = body["statusReasonInformation"].as_str();
    if !matches!(reason, Some("DS02" | "DUPL" | "FRAD" | "TECH")) {
        return Err(wrong("`statusReasonInformation` is not DS02, DUPL, FRAD or TECH"));
    }
    let authorisation = incoming.shared.uuid();
    let factor = incoming.own.wants_factor.then(|| incoming.shared.uuid());
    incoming.commit(|state| {
        let order = find(incoming, state, id)?;
        if body["paymentInformationId"] != order.body["paymentInformationId"] {
            return Err(wrong("`paymentInformationId` is not that of the payment request"));
        }
        if !order.can_be_cancelled() {
            return Err(too_late());
        }
        if order.approval.stage != Stage::Done {
            approval::cancel(state, id, incoming.now);
            // No approach: the payer has nothing more to do.
            return Ok(Answer::body(200, json!({ "_links": {} })));
        }
        let text = |name: &str| body["supplementaryData"][name].as_str().map(str::to_owned);
        let success = text("successfulReportUrl");
        let success = success.unwrap_or_else(|| order.approval.redirect_uri.clone());
        let asked = Approval {
            authorisation_id: Some(authorisation.clone()),
            confirmation_code: factor,
            nok_redirect_uri: text("unsuccessfulReportUrl").unwrap_or_else(|| success.clone()),
            redirect_uri: success,
            ..Approval::open(incoming.now)
        };
        if incoming.own.decoupled {
            let (username, sca_status) = (order.approval.username.clone(), "started".to_owned());
            let asked = Approval { username, sca_status, ..asked };
            approval::ask_cancellation(state, id, asked, incoming.now);
            let answer = json!({ "appliedAuthenticationApproach": "DECOUPLED", "_links": {} });
            return Ok(Answer::body(200, answer));
        }
        approval::ask_cancellation(state, id, asked, incoming.now);
        let href = format!("{}/{}/sca/{authorisation}", incoming.shared.base_url, incoming.bank.id);
        let links = json!({ "consentApproval": { "href": href } });
        let answer = json!({ "appliedAuthenticationApproach": "REDIRECT", "_links": links });
        Ok(Answer::body(200, answer))
    })
}
