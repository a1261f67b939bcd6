//! Consents of domestic orders (OBIE 3.1.11 and 4.0) and the question whether the money is there.

use serde_json::{Map, Value, json};

use super::dialect::Product;
use super::idempotency::{self, Earlier};
use super::problem::Problem;
use super::{Answer, Call, date_time, fields, shapes};
use crate::state::{Consent, ConsentStatus, State};

/// `POST /domestic-payment-consents` and its like.
pub(crate) fn create(call: &Call, product: Product) -> Result<Answer, Answer> {
    let mut body = call.parse_body(shapes::consent_request(call.bank.version, product))?;
    let initiation = &body["Data"]["Initiation"];
    let problems = fields::check_meaning(product, initiation, call.now);
    if !problems.is_empty() {
        return Err(Answer::refuse(400, problems));
    }
    let amount = initiation[product.amount_field()]["Amount"].as_str();
    let pence = amount.and_then(fields::pence).unwrap_or_default();
    let id = call.shared.uuid();
    let key = call.idempotency_key(product.consents())?;
    let consent = Consent {
        product,
        bank: call.bank.id.to_owned(),
        client_id: call.client_id().to_owned(),
        status: ConsentStatus::AwaitingAuthorisation,
        created_at: call.now,
        updated_at: call.now,
        data: body["Data"].take(),
        risk: body["Risk"].take(),
        pence,
        planned: None,
        debtor: None,
        order_id: None,
        order_posts: 0,
        orders_accepted: 0,
    };
    call.commit(|state| match idempotency::find(state, &key, call) {
        Earlier::Same(id) => representation(call, product, state, &id, 201),
        Earlier::Changed => Err(idempotency::changed()),
        Earlier::None => {
            let planned = call.shared.plan_for(call.bank.id);
            let consent = Consent { planned, ..consent };
            state.consents.put(&id, consent, call.now, &mut state.changes);
            idempotency::remember(state, &key, &id, call);
            representation(call, product, state, &id, 201)
        }
    })
}

/// `GET /domestic-payment-consents/{ConsentId}` and its like.
pub(crate) fn read(call: &Call, product: Product, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| representation(call, product, state, id, 200))
}

/// `GET /domestic-payment-consents/{ConsentId}/funds-confirmation`.
pub(crate) fn confirm_funds(call: &Call, id: &str) -> Result<Answer, Answer> {
    if call.token.consent_id.as_deref() != Some(id) {
        let what = "the access token was given for another consent";
        return Err(Answer::refuse(403, vec![Problem::new("Resource.ConsentMismatch", what)]));
    }
    call.commit(|state| {
        let consent = find(call, Product::Payment, state, id)?;
        if consent.status != ConsentStatus::Authorised {
            let what = "the consent is not authorised";
            let problem = Problem::new("Resource.InvalidConsentStatus", what);
            return Err(Answer::refuse(400, vec![problem]));
        }
        let account = consent.debtor.as_deref().and_then(|debtor| state.accounts.get(debtor));
        let available = account.is_some_and(|account| account.balance_minor >= consent.pence);
        let path = format!("domestic-payment-consents/{id}/funds-confirmation");
        Ok(Answer::body(
            200,
            json!({
                "Data": { "FundsAvailableResult": {
                    "FundsAvailableDateTime": date_time(call.now),
                    "FundsAvailable": available } },
                "Links": { "Self": call.link(&path) },
                "Meta": {},
            }),
        ))
    })
}

/// The client's consent with this id.
pub(crate) fn find<'state>(
    call: &Call,
    product: Product,
    state: &'state State,
    id: &str,
) -> Result<&'state Consent, Answer> {
    state
        .consents
        .get(id)
        .filter(|consent| consent.bank == call.bank.id && consent.client_id == call.client_id())
        .filter(|consent| consent.product == product)
        .ok_or_else(|| Answer::not_found("consent"))
}

fn representation(
    call: &Call,
    product: Product,
    state: &State,
    id: &str,
    status: u16,
) -> Result<Answer, Answer> {
    let consent = find(call, product, state, id)?;
    let mut data = Map::new();
    data.insert("ConsentId".to_owned(), json!(id));
    data.insert("CreationDateTime".to_owned(), json!(date_time(consent.created_at)));
    data.insert("Status".to_owned(), json!(call.bank.version.consent_status(consent.status)));
    data.insert("StatusUpdateDateTime".to_owned(), json!(date_time(consent.updated_at)));
    for name in ["Permission", "ReadRefundAccount", "Initiation", "Authorisation", "SCASupportData"]
    {
        if let Some(value) = consent.data.get(name) {
            data.insert(name.to_owned(), value.clone());
        }
    }
    let link = call.link(&format!("{}/{id}", product.consents()));
    Ok(Answer::body(
        status,
        json!({ "Data": Value::Object(data), "Risk": consent.risk,
            "Links": { "Self": link }, "Meta": {} }),
    ))
}
