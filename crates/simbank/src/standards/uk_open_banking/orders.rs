//! Orders (OBIE 3.1.11 and 4.0) and the details of their execution.
//!
//! The fault of a scenario (see `scenario.rs`) strikes the request that has the
//! effect; the same request repeated with its idempotency key gets an ordinary answer. Faults
//! before the effect strike every time, but 429 only the first POST for the consent.

use serde_json::{Value, json};

use super::consents::{self, key_of_another_body};
use super::dialect::Version;
use super::problem::Problem;
use super::{Answer, ProviderRequest, date_time, habits, international, shapes};
use crate::engine::approval;
use crate::engine::delivery::Delivery;
use crate::engine::idempotency::{self, Earlier};
use crate::engine::order::{Order, OrderId, Product, Purpose, Stage, Status};
use crate::engine::outcome::Fault;
use crate::engine::state::State;

/// `POST /domestic-payments` and its like.
pub(crate) fn create(call: &ProviderRequest, product: Product) -> Result<Answer, Answer> {
    let version = call.bank.uk_open_banking().version;
    let body = call.parse_body(shapes::order_request(version, product))?;
    let key = call.idempotency_key(product.orders())?;
    let consent_id = body["Data"]["ConsentId"].as_str().unwrap_or_default();
    if call.token.order_id.as_deref() != Some(consent_id) {
        let what = "the access token was given for another consent";
        let problem = Problem::at("Resource.ConsentMismatch", "Data.ConsentId", what);
        return Err(Answer::refuse(400, vec![problem]));
    }
    let order_id = call.shared.uuid();
    let delay_ms = call.shared.execution_delay_ms();
    call.commit(|state| {
        consents::find(call, product, state, consent_id)?;
        state.orders.update(consent_id, &mut state.changes, |order| {
            order.posts = order.posts.saturating_add(1);
        });
        match idempotency::find(state, &key, call.body, call.now) {
            Earlier::Same(id) => return representation(call, product, state, &id, 201),
            Earlier::Changed(_) => return Err(key_of_another_body()),
            Earlier::None => {}
        }
        let order = consents::find(call, product, state, consent_id)?;
        check_against_consent(order, &body)?;
        let fault = order.scenario().fault;
        if let Some(answer) = fault.and_then(|fault| before_effect(fault, order.posts)) {
            return Err(answer);
        }
        state.orders.update(consent_id, &mut state.changes, |order| {
            order.order_id = Some(order_id.clone());
        });
        let row = OrderId { consent_id: consent_id.to_owned() };
        state.order_ids.put(&order_id, row, call.now, &mut state.changes);
        approval::confirm(state, consent_id, Purpose::Payment, call.now, delay_ms);
        idempotency::remember(state, &key, call.body, &order_id, call.now);
        let answer = representation(call, product, state, &order_id, 201)?;
        Ok(match fault {
            Some(fault) => after_effect(fault, answer),
            None => answer,
        })
    })
}

/// An order must say what the PSU authorised.
fn check_against_consent(consent: &Order, body: &Value) -> Result<(), Answer> {
    if consent.approval.stage != Stage::Unconfirmed {
        let what = match consent.approval.stage {
            Stage::Done => "the consent was used for an order before",
            _ => "the consent is not authorised",
        };
        let problem = Problem::at("Resource.InvalidConsentStatus", "Data.ConsentId", what);
        return Err(Answer::refuse(400, vec![problem]));
    }
    let pairs = [
        ("Data.Initiation", &body["Data"]["Initiation"], &consent.body["Data"]["Initiation"]),
        ("Risk", &body["Risk"], &consent.body["Risk"]),
    ];
    for (path, given, agreed) in pairs {
        if given != agreed {
            let what = "it is not what the PSU has consented to";
            let problem = Problem::at("Resource.ConsentMismatch", path, what);
            return Err(Answer::refuse(400, vec![problem]));
        }
    }
    Ok(())
}

/// The answer of a fault that keeps the order from being taken.
fn before_effect(fault: Fault, posts: u32) -> Option<Answer> {
    let unexpected =
        |status, what: &str| Answer::refuse(status, vec![Problem::new("UnexpectedError", what)]);
    match fault {
        Fault::Forbidden => Some(unexpected(403, "this payment is not permitted")),
        Fault::SilentBeforeEffect => Some(Answer::status(500).delivered(Delivery::Never)),
        Fault::UnavailableBeforeEffect => Some(unexpected(503, "try again later")),
        Fault::TooManyAtFirst if posts <= 1 => Some(Answer::status(429)),
        _ => None,
    }
}

/// The answer after a fault, for an order that was accepted. Providers show no certificate here,
/// so none can have expired.
fn after_effect(fault: Fault, answer: Answer) -> Answer {
    if fault == Fault::ErrorAfterEffect {
        return Answer::refuse(500, vec![Problem::new("UnexpectedError", "something went wrong")]);
    }
    let delivery = if fault.is_before_effect() { Delivery::Proper } else { Delivery::of(fault) };
    answer.delivered(delivery)
}

/// `GET /domestic-payments/{DomesticPaymentId}` and its like.
pub(crate) fn read(call: &ProviderRequest, product: Product, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| representation(call, product, state, id, 200))
}

fn find<'state>(
    call: &ProviderRequest,
    product: Product,
    state: &'state State,
    id: &str,
) -> Result<&'state Order, Answer> {
    state
        .order_ids
        .get(id)
        .and_then(|found| state.orders.get(&found.consent_id))
        .filter(|order| order.bank == call.bank.id && order.client == call.client_id())
        .filter(|order| order.product == product)
        .ok_or_else(|| Answer::not_found("payment"))
}

fn consent_id<'state>(state: &'state State, id: &str) -> &'state str {
    state.order_ids.get(id).map_or("", |found| found.consent_id.as_str())
}

/// The bank's description of an order's status.
fn description(order: &Order) -> &str {
    let usual = match order.status {
        Status::Received | Status::Accepted => "pending",
        Status::InProcess => "processing",
        Status::SetUp | Status::Completed => "success",
        Status::Rejected => "failure",
        Status::Cancelled => "cancelled",
    };
    order.words.as_deref().unwrap_or(usual)
}

fn representation(
    call: &ProviderRequest,
    product: Product,
    state: &State,
    id: &str,
    status: u16,
) -> Result<Answer, Answer> {
    let order = find(call, product, state, id)?;
    let own = call.bank.uk_open_banking();
    let version = own.version;
    let rejected = matches!(order.status, Status::Rejected | Status::Cancelled);
    let mut data = json!({
        product.id_field(): id,
        "ConsentId": consent_id(state, id),
        "CreationDateTime": date_time(order.accepted_at.unwrap_or(order.created_at)),
        "Status": habits::status(own, order, version.order_status(order)),
        "StatusUpdateDateTime": date_time(order.changed_at),
        "Initiation": habits::initiation(own, order, rejected.then(|| description(order))),
    });
    if product != Product::StandingOrder {
        let expected = date_time(order.executes_at.unwrap_or(order.created_at));
        data["ExpectedExecutionDateTime"] = json!(expected);
        data["ExpectedSettlementDateTime"] = json!(expected);
    }
    if version == Version::V4_0 {
        let mut reason = json!({ "StatusReasonDescription": description(order) });
        if let Some(code) = order.reason.as_deref().and_then(|reason| version.reason(reason)) {
            reason["StatusReasonCode"] = json!(code);
        }
        data["StatusReason"] = json!([reason]);
    }
    if let Some(rate) = international::exchange_rate(&order.currency) {
        data["ExchangeRateInformation"] = rate;
    }
    if order.body["Data"]["ReadRefundAccount"] == "Yes" {
        let debtor = order.debtor.as_deref().unwrap_or_default();
        let name = state.accounts.get(debtor).map_or("", |account| account.name.as_str());
        data["Refund"] = json!({ "Account": {
            "SchemeName": "UK.OBIE.SortCodeAccountNumber",
            "Identification": debtor,
            "Name": name,
        } });
    }
    let link = call.link(&format!("{}/{id}", product.orders()));
    Ok(Answer::body(status, json!({ "Data": data, "Links": { "Self": link }, "Meta": {} })))
}

/// `GET /domestic-payments/{DomesticPaymentId}/payment-details` and its like.
pub(crate) fn details(
    call: &ProviderRequest,
    product: Product,
    id: &str,
) -> Result<Answer, Answer> {
    if call.bank.uk_open_banking().reasons_in_supplementary_data {
        return Err(Answer::status(404));
    }
    call.commit(|state| {
        let order = find(call, product, state, id)?;
        let version = call.bank.uk_open_banking().version;
        let instrument =
            order.body["Data"]["Initiation"]["LocalInstrument"].as_str().unwrap_or("UK.OBIE.FPS");
        let status = version.payment_status(order);
        let mut detail = json!({
            "LocalInstrument": instrument,
            "Status": status,
            "StatusReasonDescription": description(order),
        });
        if let Some(reason) = order.reason.as_deref().and_then(|reason| version.reason(reason)) {
            detail["StatusReason"] = json!(reason);
        }
        let link = call.link(&format!("{}/{id}/payment-details", product.orders()));
        Ok(Answer::body(
            200,
            json!({
                "Data": { "PaymentStatus": [{
                    "PaymentTransactionId": id,
                    "Status": status,
                    "StatusUpdateDateTime": date_time(order.changed_at),
                    "StatusDetail": detail,
                }] },
                "Links": { "Self": link },
                "Meta": {},
            }),
        ))
    })
}
