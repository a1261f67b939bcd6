//! The authorisation service: consent on the bank's pages, or in its app by a code that the app
//! shows, and the token.

use serde_json::{Value, json};

use super::{Answer, ProviderRequest};
use crate::Callback;
use crate::engine::banks::{Bank, Standard};
use crate::engine::delivery::Delivery;
use crate::engine::grant::{Grant, key};
use crate::engine::order::{Order, Product, Stage};
use crate::engine::shared::Shared;
use crate::engine::state::{State, after_seconds};
use crate::engine::tokens::{self, CODE_SECONDS, Issued};

const REQUEST_SECONDS: i64 = 15 * 60;

/// `auth/authorize`.
pub(super) fn authorize(incoming: &ProviderRequest<'_>) -> Result<Answer, Answer> {
    check_request(incoming)?;
    let redirect_uri = incoming.text("/redirect_uri");
    let client = &incoming.provider.organisation_identifier;
    if !incoming.shared.provider_returns_to(client, redirect_uri) {
        return Err(Answer::wrong("redirect_uri is not registered"));
    }
    let order = read_consent(incoming)?;
    let id = incoming.shared.uuid();
    let request = incoming.shared.secret();
    let address = format!("{}/{}/sca/{request}", incoming.shared.base_url, incoming.bank.id);
    let grant = Grant {
        order_id: Some(id.clone()),
        redirect_uri: redirect_uri.to_owned(),
        state: incoming.text("/state").to_owned(),
        expires_at: after_seconds(incoming.now, REQUEST_SECONDS),
        ..grant(incoming)
    };
    incoming.commit(|state| {
        state.orders.put(&id, order, incoming.now, &mut state.changes);
        state.grants.put(&key("request", &request), grant, incoming.now, &mut state.changes);
        Ok(Answer::body(json!({ "aspspRedirectUri": address })))
    })
}

/// `auth/authorizeExt`: the code says who the payer is; the app asks the payer.
pub(super) fn authorize_by_code(incoming: &ProviderRequest<'_>) -> Result<Answer, Answer> {
    check_request(incoming)?;
    let callback_url = incoming.text("/callbackURL");
    let sound = url::Url::parse(callback_url).is_ok_and(|url| {
        let mut plain = url;
        plain.set_query(None);
        incoming
            .shared
            .provider_returns_to(&incoming.provider.organisation_identifier, plain.as_str())
    });
    if !sound {
        return Err(Answer::wrong("callbackURL is not registered"));
    }
    let code = incoming.text("/eatCode");
    let customer =
        incoming.bank.customers.iter().find(|one| app_code(incoming.bank, one.username) == code);
    let Some(customer) = customer else {
        return Err(Answer::refuse(422, "EAT_CODE_INVALID", "the code is not one of our app's"));
    };
    let mut order = read_consent(incoming)?;
    order.approval.username = Some(customer.username.to_owned());
    "started".clone_into(&mut order.approval.sca_status);
    let id = incoming.shared.uuid();
    let grant = Grant {
        order_id: Some(id.clone()),
        redirect_uri: callback_url.to_owned(),
        // The key that the callback must show.
        code_challenge: incoming.text("/apiKey").to_owned(),
        state: incoming.text("/state").to_owned(),
        expires_at: after_seconds(incoming.now, REQUEST_SECONDS),
        ..grant(incoming)
    };
    incoming.commit(|state| {
        state.orders.put(&id, order, incoming.now, &mut state.changes);
        state.grants.put(&key("callback", &id), grant, incoming.now, &mut state.changes);
        Ok(Answer { status: 204, body: None, delivery: Delivery::Proper })
    })
}

/// The code that the app of a customer shows.
pub(crate) fn app_code(bank: &Bank, username: &str) -> String {
    let place = bank.customers.iter().position(|customer| customer.username == username);
    format!("{}", 700_101 + place.unwrap_or_default() * 101)
}

/// The callback for a decided payment; none where nobody waits for one.
pub(crate) fn call_back(shared: &Shared, bank: &Bank, order_id: &str) -> Option<Callback> {
    if !matches!(bank.standard, Standard::PolishApi(_)) {
        return None;
    }
    let (code, now) = (shared.secret(), shared.now());
    let made = shared.commit(|state| {
        let waiting = key("callback", order_id);
        let grant = state.grants.get(&waiting)?.clone();
        let stage = state.orders.get(order_id)?.approval.stage;
        state.grants.remove(&waiting, &mut state.changes);
        let mut body = json!({ "state": grant.state });
        match stage {
            Stage::Open => return None,
            Stage::Failed => body["error"] = json!("access_denied"),
            Stage::Unconfirmed | Stage::Done => {
                body["code"] = json!(code);
                let grant = Grant { expires_at: after_seconds(now, CODE_SECONDS), ..grant.clone() };
                state.grants.put(&key("code", &code), grant, now, &mut state.changes);
            }
        }
        let Grant { redirect_uri: url, code_challenge: api_key, .. } = grant;
        Some(Callback { url, api_key, body: body.to_string() })
    });
    made.ok().flatten()
}

fn grant(incoming: &ProviderRequest<'_>) -> Grant {
    let client = &incoming.provider.organisation_identifier;
    Grant {
        scope: incoming.json["scope_details"].to_string(),
        ..Grant::of(incoming.bank.id, client, incoming.now)
    }
}

fn check_request(incoming: &ProviderRequest<'_>) -> Result<(), Answer> {
    for (pointer, wanted) in [
        ("/response_type", "code"),
        ("/client_id", incoming.provider.organisation_identifier.as_str()),
        ("/scope", "pis"),
        ("/scope_details/scopeGroupType", "pis"),
        ("/scope_details/throttlingPolicy", "psd2Regulatory"),
    ] {
        if incoming.text(pointer) != wanted {
            return Err(Answer::wrong(&format!("{pointer} is not what it must be")));
        }
    }
    for pointer in ["/state", "/scope_details/consentId", "/scope_details/scopeTimeLimit"] {
        if incoming.text(pointer).is_empty() {
            return Err(Answer::wrong(&format!("{pointer} is missing")));
        }
    }
    Ok(())
}

/// The payment that the payer is to consent to.
fn read_consent(incoming: &ProviderRequest<'_>) -> Result<Order, Answer> {
    let privilege = &incoming.json["scope_details"]["privilegeList"][0];
    let (repeats, asked, payment) = match (&privilege["pis:domestic"], &privilege["pis:recurring"])
    {
        (asked, Value::Null) if asked.is_object() => (false, asked, asked),
        (Value::Null, asked) if asked["domesticPayment"].is_object() => {
            (true, asked, &asked["domesticPayment"])
        }
        _ => return Err(Answer::wrong("privilegeList does not hold one payment")),
    };
    let mut order =
        Order::received(incoming.bank, &incoming.provider.organisation_identifier, incoming.now);
    super::payments::read_payment(incoming, payment, &mut order)?;
    order.body = asked.clone();
    let asking = if repeats {
        super::payments::repeat(incoming, asked, &mut order);
        order.product = Product::StandingOrder;
        &privilege["pis:getRecurringPayment"]["tppRecurringPaymentId"]
    } else {
        &privilege["pis:getPayment"]["tppTransactionId"]
    };
    order.planned = incoming.shared.plan_for(incoming.bank.id);
    order.end_to_end_id = asking.as_str().unwrap_or_default().to_owned();
    Ok(order)
}

/// `auth/token`.
pub(super) fn token(incoming: &ProviderRequest<'_>) -> Result<Answer, Answer> {
    let terms = incoming.shared.token_terms(incoming.bank);
    let refreshes = incoming.text("/grant_type") == "refresh_token" && terms.refresh.is_some();
    if incoming.text("/grant_type") != "authorization_code" && !refreshes {
        return Err(Answer::wrong("grant_type is not authorization_code"));
    }
    let client = incoming.provider.organisation_identifier.as_str();
    if incoming.text("/client_id") != client {
        return refuse("client_id is not the certificate's organisation");
    }
    let secrets = incoming.shared.token_secrets();
    incoming.commit(|state| {
        if refreshes {
            let asked = incoming.text("/refresh_token");
            let owner = (incoming.bank.id, client);
            let made = tokens::refresh(state, owner, asked, &secrets, &terms, incoming.now);
            return match made {
                Ok((issued, grant)) => Ok(token_answer(&issued, &grant)),
                Err(reason) => refuse(reason),
            };
        }
        let code = key("code", incoming.text("/Code"));
        let grant = exchange(incoming, state, &code)?;
        let issued = tokens::issue(state, &code, &grant, &secrets, &terms, incoming.now);
        Ok(token_answer(&issued, &grant))
    })
}

fn refuse(message: &str) -> Result<Answer, Answer> {
    Err(Answer::refuse(401, "INVALID_GRANT", message))
}

/// The grant behind a code, which works once, for any caller.
fn exchange(
    incoming: &ProviderRequest<'_>,
    state: &mut State,
    code: &str,
) -> Result<Grant, Answer> {
    let unknown = || Answer::refuse(401, "INVALID_GRANT", "the code is not known");
    let found = state.grants.get(code).cloned().ok_or_else(unknown)?;
    state.grants.remove(code, &mut state.changes);
    let by_callback = incoming.own.by_code;
    let fits = found.bank == incoming.bank.id
        && found.client == incoming.provider.organisation_identifier
        && (by_callback || found.redirect_uri == incoming.text("/redirect_uri"))
        && found.expires_at > incoming.now;
    match fits {
        true => Ok(found),
        false => Err(Answer::refuse(401, "INVALID_GRANT", "the code is another's, or too old")),
    }
}

fn token_answer(issued: &Issued, grant: &Grant) -> Answer {
    let mut details: Value = serde_json::from_str(&grant.scope).unwrap_or_default();
    if let Some(details) = details.as_object_mut() {
        details.remove("scopeGroupType");
    }
    let mut body = json!({
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in.to_string(),
        "scope": "pis",
        "scope_details": details,
    });
    if let Some(refresh_token) = &issued.refresh_token {
        body["refresh_token"] = json!(refresh_token);
    }
    Answer::body(body)
}
