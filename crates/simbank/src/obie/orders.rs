//! Domestic orders (OBIE 3.1.11 and 4.0) and the details of their execution.
//!
//! The fault of a scenario (see `scenario.rs`) strikes the request that has the
//! effect; the same request repeated with its idempotency key gets an ordinary answer. Faults
//! before the effect strike every time, but 429 only the first POST for the consent.

use serde_json::{Value, json};

use super::consents;
use super::dialect::{Product, Version};
use super::idempotency::{self, Earlier};
use super::problem::Problem;
use super::{Answer, Call, Delivery, date_time, shapes};
use crate::outcome::Fault;
use crate::scenario::Scenario;
use crate::state::{Consent, ConsentStatus, Order, OrderStatus, State};

/// `POST /domestic-payments` and its like.
pub(crate) fn create(call: &Call, product: Product) -> Result<Answer, Answer> {
    let body = call.parse_body(shapes::order_request(call.bank.version, product))?;
    let key = call.idempotency_key(product.orders())?;
    let consent_id = body["Data"]["ConsentId"].as_str().unwrap_or_default();
    if call.token.consent_id.as_deref() != Some(consent_id) {
        let what = "the access token was given for another consent";
        let problem = Problem::at("Resource.ConsentMismatch", "Data.ConsentId", what);
        return Err(Answer::refuse(400, vec![problem]));
    }
    let order_id = call.shared.uuid();
    call.commit(|state| {
        consents::find(call, product, state, consent_id)?;
        state.consents.update(consent_id, &mut state.changes, |consent| {
            consent.order_posts = consent.order_posts.saturating_add(1);
        });
        match idempotency::find(state, &key, call) {
            Earlier::Same(id) => return representation(call, product, state, &id, 201),
            Earlier::Changed => return Err(idempotency::changed()),
            Earlier::None => {}
        }
        let consent = consents::find(call, product, state, consent_id)?;
        check_against_consent(consent, &body)?;
        let scenario = consent.scenario();
        let fault = scenario.fault;
        if let Some(answer) = fault.and_then(|fault| before_effect(fault, consent.order_posts)) {
            return Err(answer);
        }
        let order = new_order(call, consent_id, consent, scenario);
        state.accept_order(&order_id, order, call.now);
        state.consents.update(consent_id, &mut state.changes, |consent| {
            consent.status = ConsentStatus::Consumed;
            consent.updated_at = call.now;
            consent.order_id = Some(order_id.clone());
            consent.orders_accepted += 1;
        });
        idempotency::remember(state, &key, &order_id, call);
        let answer = representation(call, product, state, &order_id, 201)?;
        Ok(fault.map_or_else(|| answer.clone(), |fault| after_effect(fault, answer.clone())))
    })
}

/// An order must say what the PSU authorised.
fn check_against_consent(consent: &Consent, body: &Value) -> Result<(), Answer> {
    if consent.status != ConsentStatus::Authorised {
        let what = match consent.status {
            ConsentStatus::Consumed => "the consent was used for an order before",
            _ => "the consent is not authorised",
        };
        let problem = Problem::at("Resource.InvalidConsentStatus", "Data.ConsentId", what);
        return Err(Answer::refuse(400, vec![problem]));
    }
    let pairs = [
        ("Data.Initiation", &body["Data"]["Initiation"], &consent.data["Initiation"]),
        ("Risk", &body["Risk"], &consent.risk),
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

/// What a fault makes of the answer to an order that was taken.
fn after_effect(fault: Fault, answer: Answer) -> Answer {
    match fault {
        Fault::SilentAfterEffect => answer.delivered(Delivery::Never),
        Fault::MalformedAnswer => answer.delivered(Delivery::CutOff),
        Fault::WrongSignature => answer.delivered(Delivery::WronglySigned),
        Fault::Slow => answer.delivered(Delivery::Late),
        Fault::ErrorAfterEffect => {
            Answer::refuse(500, vec![Problem::new("UnexpectedError", "something went wrong")])
        }
        Fault::Forbidden
        | Fault::SilentBeforeEffect
        | Fault::UnavailableBeforeEffect
        | Fault::TooManyAtFirst
        // No provider shows a certificate here.
        | Fault::ExpiredCertificate => answer,
    }
}

fn new_order(call: &Call, consent_id: &str, consent: &Consent, scenario: &Scenario) -> Order {
    Order {
        product: consent.product,
        bank: call.bank.id.to_owned(),
        client_id: call.client_id().to_owned(),
        consent_id: consent_id.to_owned(),
        initiation: consent.data["Initiation"].clone(),
        pence: consent.pence,
        scenario: Some(scenario.word.to_owned()),
        debtor: consent.debtor.clone().unwrap_or_default(),
        tells_debtor: consent.data["ReadRefundAccount"] == "Yes",
        status: OrderStatus::Pending,
        reason: None,
        description: "pending".to_owned(),
        created_at: call.now,
        updated_at: call.now,
        executes_at: call.shared.execution_time(call.now, scenario.late_ms),
        set_up: false,
        runs: 0,
        executed: false,
    }
}

/// `GET /domestic-payments/{DomesticPaymentId}` and its like.
pub(crate) fn read(call: &Call, product: Product, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| representation(call, product, state, id, 200))
}

fn find<'state>(
    call: &Call,
    product: Product,
    state: &'state State,
    id: &str,
) -> Result<&'state Order, Answer> {
    state
        .orders
        .get(id)
        .filter(|order| order.bank == call.bank.id && order.client_id == call.client_id())
        .filter(|order| order.product == product)
        .ok_or_else(|| Answer::not_found("payment"))
}

fn representation(
    call: &Call,
    product: Product,
    state: &State,
    id: &str,
    status: u16,
) -> Result<Answer, Answer> {
    let order = find(call, product, state, id)?;
    let version = call.bank.version;
    let mut data = json!({
        product.id_field(): id,
        "ConsentId": order.consent_id,
        "CreationDateTime": date_time(order.created_at),
        "Status": version.order_status(order),
        "StatusUpdateDateTime": date_time(order.updated_at),
        "Initiation": order.initiation,
    });
    if product != Product::StandingOrder {
        data["ExpectedExecutionDateTime"] = json!(date_time(order.executes_at));
        data["ExpectedSettlementDateTime"] = json!(date_time(order.executes_at));
    }
    if version == Version::V4_0 {
        let mut reason = json!({ "StatusReasonDescription": order.description });
        if let Some(code) = order.reason.as_deref().and_then(|reason| version.reason(reason)) {
            reason["StatusReasonCode"] = json!(code);
        }
        data["StatusReason"] = json!([reason]);
    }
    if order.tells_debtor {
        let name = state.accounts.get(&order.debtor).map_or("", |account| account.name.as_str());
        data["Refund"] = json!({ "Account": {
            "SchemeName": "UK.OBIE.SortCodeAccountNumber",
            "Identification": order.debtor,
            "Name": name,
        } });
    }
    let link = call.link(&format!("{}/{id}", product.orders()));
    Ok(Answer::body(status, json!({ "Data": data, "Links": { "Self": link }, "Meta": {} })))
}

/// `GET /domestic-payments/{DomesticPaymentId}/payment-details` and its like.
pub(crate) fn details(call: &Call, product: Product, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| {
        let order = find(call, product, state, id)?;
        let version = call.bank.version;
        let instrument = order.initiation["LocalInstrument"].as_str().unwrap_or("UK.OBIE.FPS");
        let status = version.payment_status(order.status);
        let mut detail = json!({
            "LocalInstrument": instrument,
            "Status": status,
            "StatusReasonDescription": order.description,
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
                    "StatusUpdateDateTime": date_time(order.updated_at),
                    "StatusDetail": detail,
                }] },
                "Links": { "Self": link },
                "Meta": {},
            }),
        ))
    })
}
