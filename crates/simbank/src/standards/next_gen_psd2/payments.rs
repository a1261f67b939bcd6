//! Payments and periodic payments (sections 5.3 to 5.6 of the guidelines).

use serde_json::{Value, json};

use super::answers::{representation, word};
use super::habits::Approach;
use super::{Answer, Delivery, ProviderRequest, domestic};
use crate::engine::approval;
use crate::engine::idempotency::{self, Earlier};
use crate::engine::order::{Approval, Order, Product, Purpose, Stage, minor_units};
use crate::engine::outcome::Fault;
use crate::engine::schedule::{Interval, Schedule, end_of, opening_of};
use crate::engine::state::State;

/// Hours of the day do not matter here; days ahead do.
const DAYS_AHEAD_MAX: i64 = 366;

fn format_error(text: &str) -> Answer {
    Answer::refuse(400, "FORMAT_ERROR", text)
}

/// A text field of 1 to `most` characters.
pub(super) fn text<'a>(
    body: &'a Value,
    name: &str,
    most: usize,
) -> Result<Option<&'a str>, Answer> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if (1..=most).contains(&text.chars().count()) => Ok(Some(text)),
        Some(_) => Err(format_error(&format!("`{name}` is not a text of 1 to {most} characters"))),
    }
}

fn iban<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, Answer> {
    let Some(account) = body.get(name) else { return Ok(None) };
    let iban = account["iban"].as_str().filter(|iban| is_iban(iban));
    iban.map(Some).ok_or_else(|| format_error(&format!("`{name}.iban` is not an IBAN")))
}

/// ISO 13616: shape and check digits.
pub(super) fn is_iban(text: &str) -> bool {
    let shaped = (15..=34).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !shaped {
        return false;
    }
    let (head, tail) = text.split_at(4);
    remainder_97(&format!("{tail}{head}")) == 1
}

/// The remainder by 97 of a number in which letters count from 10 (ISO 7064).
pub(super) fn remainder_97(text: &str) -> u32 {
    text.chars().fold(0, |sum, character| {
        let digit = character.to_digit(36).unwrap_or(0);
        let shift = if digit >= 10 { 100 } else { 10 };
        (sum * shift + digit) % 97
    })
}

/// `POST /v1/{service}/{product}`.
pub(super) fn create(
    incoming: &ProviderRequest<'_>,
    service: &str,
    product: &str,
) -> Result<Answer, Answer> {
    let own = incoming.bank.next_gen_psd2();
    let known = match (own.domestic, product) {
        (Some(_), word) => domestic::product(incoming.bank, word).is_some(),
        (None, "sepa-credit-transfers") => true,
        (None, "instant-sepa-credit-transfers") => own.instant,
        (None, _) => false,
    };
    if !known {
        return Err(Answer::refuse(404, "PRODUCT_UNKNOWN", "this bank has no such product"));
    }
    if incoming.header("psu-ip-address").is_none() {
        return Err(format_error("PSU-IP-Address is missing"));
    }
    if let Some(answer) = replayed(incoming, service, product) {
        return Ok(answer);
    }
    let body = incoming.json()?;
    let mut order = read_order(incoming, service, product, &body)?;
    order.planned = incoming.shared.plan_for(incoming.bank.id);
    let fault = order.scenario().fault;
    let id = incoming.shared.uuid();
    let authorisation_id = incoming.shared.uuid();
    let attempt = format!("{}|{}|{}", incoming.bank.id, order.client, order.end_to_end_id);
    // At a bank that waits for the provider's word, faults strike that.
    let fault = fault.filter(|_| !own.releases);
    if let Some(refusal) = fault.and_then(before_effect) {
        return Err(refusal);
    }
    if fault == Some(Fault::TooManyAtFirst) && incoming.shared.is_first(&attempt) {
        let text = "too many requests";
        return Err(Answer::refuse(429, "ACCESS_EXCEEDED", text).with("retry-after", "1"));
    }
    if !matches!(
        own.approach,
        Approach::RedirectWhenAsked
            | Approach::RedirectWhenIdentified
            | Approach::EmbeddedManyMethods
            | Approach::EmbeddedOneMethod
    ) {
        order.approval.authorisation_id = Some(authorisation_id);
        let word = if own.approach == Approach::Decoupled { "started" } else { "received" };
        word.clone_into(&mut order.approval.sca_status);
    }
    let created = incoming.commit(|state| {
        let answer = representation(incoming, &id, &order, service, product);
        if let Some(key) = replay_key(incoming) {
            idempotency::remember(state, &key, incoming.body, &id, incoming.now);
        }
        state.orders.put(&id, order, incoming.now, &mut state.changes);
        Ok(answer)
    })?;
    // Faults that lose the answer strike where the payer approves on the bank's own pages; at the
    // other banks they strike the message with the one-time password.
    let embedded =
        matches!(own.approach, Approach::EmbeddedManyMethods | Approach::EmbeddedOneMethod);
    let fault = fault.filter(|_| !embedded);
    Ok(match fault {
        Some(fault) => after_effect(fault, created),
        None => created,
    })
}

/// Under what a creation is remembered at a bank that answers a repetition as the first time.
fn replay_key(incoming: &ProviderRequest<'_>) -> Option<String> {
    let client = &incoming.provider.organisation_identifier;
    let request_id = incoming.header(super::REQUEST_ID)?;
    let replays = incoming.bank.next_gen_psd2().replays_request_id;
    replays.then(|| format!("{}|{client}|payments|{request_id}", incoming.bank.id))
}

/// The answer to a creation that came before under the same `X-Request-ID`, whatever its body.
fn replayed(incoming: &ProviderRequest<'_>, service: &str, product: &str) -> Option<Answer> {
    let key = replay_key(incoming)?;
    let found = incoming.commit(|state| {
        match idempotency::find(state, &key, incoming.body, incoming.now) {
            Earlier::None => Err(Answer::empty(404)),
            Earlier::Same(id) | Earlier::Changed(id) => {
                let order = find(incoming, state, &id)?;
                Ok(representation(incoming, &id, order, service, product))
            }
        }
    });
    found.ok()
}

fn read_order(
    incoming: &ProviderRequest<'_>,
    service: &str,
    product: &str,
    body: &Value,
) -> Result<Order, Answer> {
    let own = incoming.bank.next_gen_psd2();
    let amount = &body["instructedAmount"];
    let minor = amount["amount"].as_str().and_then(minor_units);
    let minor = minor.ok_or_else(|| format_error("`instructedAmount.amount` is not an amount"))?;
    if amount["currency"] != incoming.bank.currency {
        return Err(Answer::refuse(400, "PARAMETER_NOT_SUPPORTED", "not in this currency"));
    }
    let Parties { creditor, debtor, reference, name_max } = parties(incoming, product, body)?;
    let creditor = creditor.ok_or_else(|| format_error("`creditorAccount` is missing"))?;
    let name = text(body, "creditorName", name_max)?;
    let name = name.ok_or_else(|| format_error("`creditorName` is missing"))?;
    let end_to_end_id = text(body, "endToEndIdentification", 35)?.unwrap_or("NOTPROVIDED");
    if debtor.is_none() && own.wants_debtor_account {
        return Err(format_error("`debtorAccount` is missing"));
    }
    let owner = debtor.as_deref().map(|account| incoming.bank.owner(account));
    if owner.is_some_and(|owner| owner.is_none()) {
        let what = "the debtor's account is not kept here";
        return Err(Answer::refuse(400, "PAYMENT_FAILED", what));
    }
    let schedule = match service {
        "periodic-payments" => Some(standing_order(incoming, body)?),
        _ => {
            date(incoming, body, "requestedExecutionDate")?.and_then(opening_of).map(Schedule::once)
        }
    };
    let approval = approval_of(incoming)?;
    Ok(Order {
        product: match (service, &schedule) {
            ("periodic-payments", _) => Product::StandingOrder,
            (_, Some(_)) => Product::ScheduledPayment,
            (_, None) => Product::Payment,
        },
        body: body.clone(),
        minor,
        payment_product: product.to_owned(),
        creditor,
        creditor_name: name.to_owned(),
        reference,
        end_to_end_id: end_to_end_id.to_owned(),
        schedule,
        debtor,
        approval,
        ..Order::received(incoming.bank, &incoming.provider.organisation_identifier, incoming.now)
    })
}

/// The parts of a message that differ between products.
struct Parties {
    creditor: Option<String>,
    debtor: Option<String>,
    reference: String,
    /// The longest name of a payee, in characters.
    name_max: usize,
}

fn parties(incoming: &ProviderRequest<'_>, product: &str, body: &Value) -> Result<Parties, Answer> {
    let bank = incoming.bank;
    let own = bank.next_gen_psd2();
    let (Some(rules), Some(product)) = (own.domestic, domestic::product(bank, product)) else {
        let reference = text(body, "remittanceInformationUnstructured", 140)?.unwrap_or_default();
        return Ok(Parties {
            creditor: iban(body, "creditorAccount")?.map(str::to_owned),
            debtor: iban(body, "debtorAccount")?.map(str::to_owned),
            reference: reference.to_owned(),
            name_max: 70,
        });
    };
    domestic::check(rules, body)?;
    Ok(Parties {
        creditor: domestic::account(bank, product.creditor, body, "creditorAccount")?,
        debtor: domestic::account(bank, rules.debtor, body, "debtorAccount")?,
        reference: domestic::reference(rules, body)?,
        name_max: rules.creditor_name_max,
    })
}

/// The open approval of a new order: its payer, and where the payer's browser returns to.
fn approval_of(incoming: &ProviderRequest<'_>) -> Result<Approval, Answer> {
    let own = incoming.bank.next_gen_psd2();
    let named = incoming.header("psu-id").map(str::to_owned);
    if own.forbids_psu_id && named.is_some() {
        return Err(Answer::refuse(400, "PARAMETER_NOT_SUPPORTED", "PSU-ID is not taken here"));
    }
    let embedded_or_decoupled = matches!(
        own.approach,
        Approach::EmbeddedManyMethods | Approach::EmbeddedOneMethod | Approach::Decoupled
    );
    if embedded_or_decoupled {
        let known = named.as_deref().and_then(|username| incoming.bank.customer(username));
        if known.is_none() {
            return Err(Answer::refuse(401, "PSU_CREDENTIALS_INVALID", "PSU-ID is not known here"));
        }
    }
    let header = |name: &str| incoming.header(name).unwrap_or_default().to_owned();
    if !embedded_or_decoupled && header("tpp-redirect-uri").is_empty() {
        return Err(format_error("TPP-Redirect-URI is missing"));
    }
    let nok = header("tpp-nok-redirect-uri");
    Ok(Approval {
        username: named,
        confirmation_code: own.confirms_by_code.then(|| incoming.shared.uuid()),
        redirect_uri: header("tpp-redirect-uri"),
        nok_redirect_uri: if nok.is_empty() { header("tpp-redirect-uri") } else { nok },
        ..Approval::open(incoming.now)
    })
}

/// The days of a standing order. A frequency that these banks do not know is one payment.
fn standing_order(incoming: &ProviderRequest<'_>, body: &Value) -> Result<Schedule, Answer> {
    let frequency = body["frequency"].as_str();
    let frequency = frequency.ok_or_else(|| format_error("`frequency` is missing"))?;
    let first = date(incoming, body, "startDate")?.and_then(opening_of);
    let first = first.ok_or_else(|| format_error("`startDate` is missing"))?;
    let interval = match frequency {
        "Daily" => Some(Interval::Days(1)),
        "Weekly" => Some(Interval::Days(7)),
        "EveryTwoWeeks" => Some(Interval::Days(14)),
        "Monthly" | "MonthlyVariable" => Some(Interval::Months(1)),
        "EveryTwoMonths" => Some(Interval::Months(2)),
        "Quarterly" => Some(Interval::Months(3)),
        "SemiAnnual" => Some(Interval::Months(6)),
        "Annual" => Some(Interval::Months(12)),
        _ => None,
    };
    let last = body["endDate"].as_str().and_then(|text| text.parse().ok());
    Ok(Schedule { interval, last_at: last.and_then(end_of), ..Schedule::once(first) })
}

fn date(
    incoming: &ProviderRequest<'_>,
    body: &Value,
    name: &str,
) -> Result<Option<jiff::civil::Date>, Answer> {
    let Some(text) = body.get(name) else { return Ok(None) };
    let wrong =
        || Answer::refuse(400, "EXECUTION_DATE_INVALID", &format!("`{name}` is no such day"));
    let date: jiff::civil::Date =
        text.as_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    let today = incoming.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = today.duration_until(date).as_hours() / 24;
    if (0..=DAYS_AHEAD_MAX).contains(&days) { Ok(Some(date)) } else { Err(wrong()) }
}

/// The answer of a fault that keeps the payment from being created.
fn before_effect(fault: Fault) -> Option<Answer> {
    match fault {
        Fault::SilentBeforeEffect => Some(Answer::empty(500).delivered(Delivery::Never)),
        Fault::UnavailableBeforeEffect => {
            Some(Answer::refuse(503, "SERVICE_UNAVAILABLE", "try again later"))
        }
        Fault::Forbidden => {
            Some(Answer::refuse(403, "PRODUCT_INVALID", "this payment is not permitted"))
        }
        Fault::ExpiredCertificate => Some(super::expired()),
        Fault::TooManyAtFirst
        | Fault::SilentAfterEffect
        | Fault::ErrorAfterEffect
        | Fault::MalformedAnswer
        | Fault::WrongSignature
        | Fault::Slow => None,
    }
}

/// The answer after a fault, for a message that had its effect. The standard signs no answers.
pub(super) fn after_effect(fault: Fault, answer: Answer) -> Answer {
    if fault == Fault::ErrorAfterEffect {
        return Answer::refuse(500, "INTERNAL_SERVER_ERROR", "something went wrong");
    }
    let delivery = if fault.is_before_effect() { Delivery::Proper } else { Delivery::of(fault) };
    answer.delivered(delivery)
}

/// `PUT …/{paymentId}`: the approved payment is to be executed.
pub(super) fn release(incoming: &ProviderRequest<'_>, id: &str) -> Result<Answer, Answer> {
    incoming.commit(|state| {
        state.orders.update(id, &mut state.changes, |order| order.posts += 1);
        let order = find(incoming, state, id)?;
        if order.approval.stage != Stage::Unconfirmed {
            let what = "the payment does not wait to be executed";
            return Err(Answer::refuse(409, "STATUS_INVALID", what));
        }
        let (fault, posts) = (order.scenario().fault, order.posts);
        if let Some(refusal) = fault.and_then(before_effect) {
            return Err(refusal);
        }
        if fault == Some(Fault::TooManyAtFirst) && posts == 1 {
            let text = "too many requests";
            return Err(Answer::refuse(429, "ACCESS_EXCEEDED", text).with("retry-after", "1"));
        }
        let delay_ms = incoming.shared.execution_delay_ms();
        approval::confirm(state, id, Purpose::Payment, incoming.now, delay_ms);
        let order = find(incoming, state, id)?;
        let answer = Answer::body(200, json!({ "transactionStatus": word(incoming, order) }));
        Ok(match fault {
            Some(fault) => after_effect(fault, answer),
            None => answer,
        })
    })
}

/// The payment of that id, of this bank and this provider.
pub(super) fn find<'a>(
    incoming: &ProviderRequest<'_>,
    state: &'a State,
    id: &str,
) -> Result<&'a Order, Answer> {
    state
        .orders
        .get(id)
        .filter(|found| found.bank == incoming.bank.id)
        .filter(|found| found.client == incoming.provider.organisation_identifier)
        .ok_or_else(|| Answer::refuse(404, "RESOURCE_UNKNOWN", "there is no such payment"))
}
