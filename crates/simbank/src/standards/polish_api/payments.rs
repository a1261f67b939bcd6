//! Domestic payments and standing orders in PLN, and confirmation of funds.

use serde_json::{Value, json};

use super::{Answer, ProviderRequest};
use crate::engine::approval;
use crate::engine::delivery::Delivery;
use crate::engine::grant::Grant;
use crate::engine::order::{Order, Product, Purpose, Stage, Status, minor_units};
use crate::engine::outcome::Fault;
use crate::engine::schedule::{Interval, Schedule, end_of, opening_of};
use crate::engine::state::State;
use crate::engine::tokens;

/// The books know accounts by their IBAN; a number of 26 digits is one without its country.
fn as_iban(account: String) -> String {
    let domestic = account.len() == 26 && account.bytes().all(|byte| byte.is_ascii_digit());
    if domestic { format!("PL{account}") } else { account }
}

/// Reads what is to be transferred.
pub(super) fn read_payment(
    incoming: &ProviderRequest<'_>,
    payment: &Value,
    order: &mut Order,
) -> Result<(), Answer> {
    let text = |pointer: &str| {
        payment.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let amount = text("/transferData/amount");
    let two_digits = amount.split_once('.').is_some_and(|(_, fraction)| fraction.len() == 2);
    order.minor = minor_units(&amount)
        .filter(|_| two_digits)
        .ok_or_else(|| Answer::wrong("transferData.amount is not an amount with two decimals"))?;
    if text("/transferData/currency") != incoming.bank.currency {
        return Err(Answer::wrong("transferData.currency is not PLN"));
    }
    order.currency = incoming.bank.currency.to_owned();
    order.creditor = as_iban(text("/recipient/accountNumber"));
    order.creditor_name = text("/recipient/nameAddress/value/0");
    order.reference = text("/transferData/description");
    let length = order.creditor.len();
    if !(26..=34).contains(&length) || order.creditor_name.is_empty() {
        return Err(Answer::wrong("recipient has no account number or no name"));
    }
    if order.reference.is_empty() || order.reference.chars().count() > 140 {
        return Err(Answer::wrong("transferData.description is not 1 to 140 characters"));
    }
    if !payment["sender"].is_object() {
        return Err(Answer::wrong("sender is missing"));
    }
    let debtor = text("/sender/accountNumber");
    if !debtor.is_empty() {
        if incoming.bank.owner(&debtor).is_none() {
            return Err(Answer::wrong("sender.accountNumber is not kept here"));
        }
        order.debtor = Some(debtor);
    }
    let day = text("/transferData/executionDate");
    if (text("/executionMode") == "FutureDated") == day.is_empty() {
        return Err(Answer::wrong("executionDate is there without FutureDated, or the reverse"));
    }
    let day = day.parse().ok().and_then(opening_of);
    order.schedule = day.map(Schedule::once);
    if order.schedule.is_some() {
        order.product = Product::ScheduledPayment;
    }
    Ok(())
}

/// The days of a standing order.
pub(super) fn repeat(incoming: &ProviderRequest<'_>, asked: &Value, order: &mut Order) {
    let recurrence = &asked["recurrence"];
    let every = recurrence["frequency"]["periodValue"].as_i64().unwrap_or(1);
    let interval = match recurrence["frequency"]["periodType"].as_str() {
        Some("day") => Some(Interval::Days(every)),
        Some("week") => Some(Interval::Days(every.saturating_mul(7))),
        Some("month") => Some(Interval::Months(every)),
        _ => None,
    };
    let day = |name: &str| recurrence[name].as_str().and_then(|text| text.parse().ok());
    let first = order.schedule.take().map(|schedule| schedule.first_at);
    let first = first.or(day("startDate").and_then(opening_of)).unwrap_or(incoming.now);
    order.schedule = Some(Schedule {
        interval,
        last_at: day("endDate").and_then(end_of),
        ..Schedule::once(first)
    });
}

/// The payment that a token is for.
fn of_token(incoming: &ProviderRequest<'_>, state: &State) -> Result<String, Answer> {
    grant_of(incoming, state)?.order_id.clone().ok_or_else(unknown_token)
}

fn unknown_token() -> Answer {
    Answer::refuse(401, "TOKEN", "the token is not known, or has expired")
}

/// The payer's consent behind the token of the request.
fn grant_of<'a>(incoming: &ProviderRequest<'_>, state: &'a State) -> Result<&'a Grant, Answer> {
    let token = incoming.header("authorization").and_then(|text| text.strip_prefix("Bearer "));
    let token = token.filter(|token| *token == incoming.text("/requestHeader/token"));
    let client = (incoming.bank.id, incoming.provider.organisation_identifier.as_str());
    let grant = token.and_then(|token| tokens::find(state, client, token, incoming.now));
    grant.ok_or_else(unknown_token)
}

/// Whether the payer has consented to `privilege`.
fn has_privilege(grant: &Grant, privilege: &str) -> bool {
    let details: Value = serde_json::from_str(&grant.scope).unwrap_or_default();
    details["privilegeList"][0][privilege].is_object()
}

fn find<'a>(state: &'a State, id: &str, service: Service) -> Result<&'a Order, Answer> {
    let found = state.orders.get(id).filter(|found| Service::of(found) == service);
    found.ok_or_else(|| Answer::refuse(403, "CONSENT", "the consent is for another operation"))
}

/// The operations come in pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Domestic,
    Recurring,
}

impl Service {
    fn of(order: &Order) -> Service {
        match order.product {
            Product::Payment | Product::InternationalPayment | Product::ScheduledPayment => {
                Service::Domestic
            }
            Product::StandingOrder => Service::Recurring,
        }
    }

    /// Where a body names the order: by the bank's id and by the provider's.
    fn ids(self) -> (&'static str, &'static str) {
        match self {
            Service::Domestic => ("/paymentId", "/tppTransactionId"),
            Service::Recurring => ("/recurringPaymentId", "/tppRecurringPaymentId"),
        }
    }
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
pub(super) fn create(incoming: &ProviderRequest<'_>, service: Service) -> Result<Answer, Answer> {
    let delay_ms = incoming.shared.execution_delay_ms();
    let ours = incoming.text(service.ids().1);
    incoming.commit(|state| {
        let id = of_token(incoming, state)?;
        let found = find(state, &id, service)?;
        if !is_consented(&incoming.json, &found.body) {
            return Err(Answer::wrong("this is not the payment that the payer consented to"));
        }
        if ours.is_empty() || ours != found.end_to_end_id {
            return Err(Answer::wrong("the provider's id is not that of the consent"));
        }
        let (fault, stage, posts) = (found.scenario().fault, found.approval.stage, found.posts);
        state.orders.update(&id, &mut state.changes, |order| order.posts += 1);
        if stage != Stage::Unconfirmed {
            return Err(Answer::refuse(403, "CONSENT", "the consent was used, or never given"));
        }
        if let Some(refusal) = fault.and_then(|fault| before_effect(fault, posts)) {
            return Err(refusal);
        }
        approval::confirm(state, &id, Purpose::Payment, incoming.now, delay_ms);
        let answer = shown(&id, find(state, &id, service)?);
        Ok(match fault {
            Some(Fault::ErrorAfterEffect) => {
                Answer::refuse(500, "INTERNAL", "something went wrong")
            }
            Some(fault) if !fault.is_before_effect() => {
                Answer { delivery: Delivery::of(fault), ..Answer::body(answer) }
            }
            Some(_) | None => Answer::body(answer),
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
            Some(Answer { delivery: Delivery::Never, ..Answer::refuse(500, "SILENCE", "silence") })
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
fn shown(id: &str, order: &Order) -> Value {
    let set_up = order.status == Status::SetUp || order.runs > 0;
    let begun = order.product == Product::StandingOrder && set_up;
    let (general, recurring) = match order.iso_status() {
        "RJCT" => ("rejected", "cancelled"),
        "CANC" => ("cancelled", "cancelled"),
        "ACSC" => ("done", "inProgress"),
        "ACTC" if begun => ("done", "inProgress"),
        _ if order.status == Status::InProcess => ("pending", "submitted"),
        _ if order.is_for_later() => ("scheduled", "submitted"),
        _ if order.approval.stage == Stage::Done => ("pending", "submitted"),
        _ => ("submitted", "submitted"),
    };
    let detail = order.words.as_deref().unwrap_or(general);
    if Service::of(order) == Service::Recurring {
        return json!({
            "recurringPaymentId": id,
            "tppRecurringPaymentId": order.end_to_end_id,
            "recurringPaymentStatus": recurring,
            "recurringPaymentDetailedStatus": detail,
        });
    }
    let mode = if order.is_for_later() { "FutureDated" } else { "Immediate" };
    json!({
        "paymentId": id,
        "tppTransactionId": order.end_to_end_id,
        "generalStatus": general,
        "detailedStatus": detail,
        "executionMode": mode,
    })
}

/// `payments/getPayment` and `payments/getRecurringPayment`.
pub(super) fn read(incoming: &ProviderRequest<'_>, service: Service) -> Result<Answer, Answer> {
    let (by_id, by_ours) = service.ids();
    incoming.commit(|state| {
        let id = of_token(incoming, state)?;
        let order = find(state, &id, service)?;
        let (asked, ours) = (incoming.text(by_id), incoming.text(by_ours));
        let named = asked == id || (asked.is_empty() && ours == order.end_to_end_id);
        if !named || order.approval.stage != Stage::Done {
            return Err(Answer::wrong("there is no such payment"));
        }
        Ok(Answer::body(shown(&id, order)))
    })
}

/// `payments/cancelPayments` and `payments/cancelRecurringPayment`, with a token of the payer that has
/// the privilege for it. An order that cannot be cancelled any more returns in the list of what was not
/// cancelled.
pub(super) fn cancel(incoming: &ProviderRequest<'_>, service: Service) -> Result<Answer, Answer> {
    let (by_id, _) = service.ids();
    let privilege = match service {
        Service::Domestic => "pis:cancelPayment",
        Service::Recurring => "pis:cancelRecurringPayment",
    };
    incoming.commit(|state| {
        let id = of_token(incoming, state)?;
        if !has_privilege(grant_of(incoming, state)?, privilege) {
            let what = format!("the payer has not consented to {privilege}");
            return Err(Answer::refuse(403, "INSUFFICIENT_SCOPE", &what));
        }
        let order = find(state, &id, service)?;
        if incoming.text(by_id) != id || order.approval.stage != Stage::Done {
            return Err(Answer::wrong("there is no such payment"));
        }
        if !order.can_be_cancelled() {
            if service == Service::Recurring {
                return Err(Answer::wrong("the standing order has ended"));
            }
            return Ok(Answer::body(json!({ "payments": [shown(&id, order)] })));
        }
        approval::cancel(state, &id, incoming.now);
        Ok(Answer::body(match service {
            // A list of what was not cancelled.
            Service::Domestic => json!({}),
            Service::Recurring => shown(&id, find(state, &id, service)?),
        }))
    })
}

/// `confirmation/getConfirmationOfFunds`.
pub(super) fn funds(incoming: &ProviderRequest<'_>) -> Result<Answer, Answer> {
    let account = incoming.text("/accountNumber").to_owned();
    let minor = minor_units(incoming.text("/amount")).ok_or_else(|| Answer::wrong("no amount"))?;
    if incoming.bank.owner(&account).is_none()
        || incoming.text("/currency") != incoming.bank.currency
    {
        return Err(Answer::wrong("the account is not kept here"));
    }
    incoming.commit(|state| {
        let balance = state.accounts.get(&account).map_or(0, |account| account.balance_minor);
        Ok(Answer::body(json!({ "fundsAvailable": balance >= minor })))
    })
}
