//! Consents of orders (OBIE 3.1.11 and 4.0) and the question whether the money is there.

use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::{Answer, ProviderRequest, date_time, dialect, fields, habits, international, shapes};
use crate::engine::idempotency::{self, Earlier};
use crate::engine::order::{Order, Product, Stage, minor_units};
use crate::engine::state::State;

/// `POST /domestic-payment-consents` and its like.
pub(crate) fn create(call: &ProviderRequest, product: Product) -> Result<Answer, Answer> {
    let version = call.bank.uk_open_banking().version;
    let body = call.parse_body(shapes::consent_request(version, product))?;
    let initiation = &body["Data"]["Initiation"];
    if product == Product::InternationalPayment && !call.bank.uk_open_banking().pays_abroad {
        return Err(Answer::status(404));
    }
    let problems = fields::check_meaning(product, initiation, call.now);
    if !problems.is_empty() {
        return Err(Answer::refuse(400, problems));
    }
    let id = call.shared.uuid();
    let key = call.idempotency_key(product.consents())?;
    let order = read_order(call, product, &body);
    call.commit(|state| match idempotency::find(state, &key, call.body, call.now) {
        Earlier::Same(id) => representation(call, product, state, &id, 201),
        Earlier::Changed(_) => Err(key_of_another_body()),
        Earlier::None => {
            let planned = call.shared.plan_for(call.bank.id);
            let order = Order { planned, ..order };
            state.orders.put(&id, order, call.now, &mut state.changes);
            idempotency::remember(state, &key, call.body, &id, call.now);
            representation(call, product, state, &id, 201)
        }
    })
}

/// The order that the PSU is to consent to.
fn read_order(call: &ProviderRequest, product: Product, body: &Value) -> Order {
    let initiation = &body["Data"]["Initiation"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let amount = initiation[product.amount_field()]["Amount"].as_str();
    let minor = amount.and_then(minor_units).unwrap_or_default();
    let currency = initiation[product.amount_field()]["Currency"].as_str();
    let currency = currency.unwrap_or(call.bank.currency).to_owned();
    Order {
        product,
        minor,
        debit_minor: international::debit_minor(minor, &currency),
        currency,
        creditor: dialect::account_number(&initiation["CreditorAccount"]).unwrap_or_default(),
        creditor_name: text(&initiation["CreditorAccount"]["Name"]),
        reference: dialect::reference(initiation),
        end_to_end_id: text(&initiation["EndToEndIdentification"]),
        debtor: dialect::account_number(&initiation["DebtorAccount"]),
        schedule: dialect::schedule(product, initiation),
        body: body.clone(),
        ..Order::received(call.bank, call.client_id(), call.now)
    }
}

/// The answer to an idempotency key that comes again with another body.
pub(super) fn key_of_another_body() -> Answer {
    let what = "the idempotency key was used before with another body";
    Answer::refuse(400, vec![Problem::at("Header.Invalid", "x-idempotency-key", what)])
}

/// `GET /domestic-payment-consents/{ConsentId}` and its like.
pub(crate) fn read(call: &ProviderRequest, product: Product, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| representation(call, product, state, id, 200))
}

/// `GET /domestic-payment-consents/{ConsentId}/funds-confirmation`.
pub(crate) fn confirm_funds(
    call: &ProviderRequest,
    product: Product,
    id: &str,
) -> Result<Answer, Answer> {
    if call.token.order_id.as_deref() != Some(id) {
        let what = "the access token was given for another consent";
        return Err(Answer::refuse(403, vec![Problem::new("Resource.ConsentMismatch", what)]));
    }
    call.commit(|state| {
        let consent = find(call, product, state, id)?;
        if consent.approval.stage != Stage::Unconfirmed {
            let what = "the consent is not authorised";
            let problem = Problem::new("Resource.InvalidConsentStatus", what);
            return Err(Answer::refuse(400, vec![problem]));
        }
        let account = consent.debtor.as_deref().and_then(|debtor| state.accounts.get(debtor));
        let available = account.is_some_and(|account| {
            account.balance_minor >= consent.debit_minor.unwrap_or(consent.minor)
        });
        let path = format!("{}/{id}/funds-confirmation", product.consents());
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
    call: &ProviderRequest,
    product: Product,
    state: &'state State,
    id: &str,
) -> Result<&'state Order, Answer> {
    state
        .orders
        .get(id)
        .filter(|consent| consent.bank == call.bank.id && consent.client == call.client_id())
        .filter(|consent| consent.product == product)
        .ok_or_else(|| Answer::not_found("consent"))
}

fn representation(
    call: &ProviderRequest,
    product: Product,
    state: &State,
    id: &str,
    status: u16,
) -> Result<Answer, Answer> {
    let consent = find(call, product, state, id)?;
    let version = call.bank.uk_open_banking().version;
    let status_word = version.consent_status(consent.approval.stage);
    let mut data = Map::new();
    data.insert("ConsentId".to_owned(), json!(id));
    data.insert("CreationDateTime".to_owned(), json!(date_time(consent.created_at)));
    data.insert("Status".to_owned(), json!(status_word));
    data.insert("StatusUpdateDateTime".to_owned(), json!(date_time(consent.approval.changed_at)));
    for name in ["Permission", "ReadRefundAccount", "Authorisation", "SCASupportData"] {
        if let Some(value) = consent.body["Data"].get(name) {
            data.insert(name.to_owned(), value.clone());
        }
    }
    let own = call.bank.uk_open_banking();
    data.insert("Initiation".to_owned(), habits::initiation(own, consent, None));
    if let Some(rate) = international::exchange_rate(&consent.currency) {
        data.insert("ExchangeRateInformation".to_owned(), rate);
    }
    let link = call.link(&format!("{}/{id}", product.consents()));
    Ok(Answer::body(
        status,
        json!({ "Data": Value::Object(data), "Risk": consent.body["Risk"],
            "Links": { "Self": link }, "Meta": {} }),
    ))
}
