//! The authorisation service: consent on the bank's pages, or in its app by a code that the app
//! shows, and the token.

use serde_json::{Value, json};

use super::super::banks::{Bank, Standard};
use super::super::berlin_group::oauth::key;
use super::super::transfer::{Approval, Grant, Transfer};
use super::{Answer, Call};
use crate::Callback;
use crate::shared::Shared;
use crate::state::after_seconds;

const REQUEST_SECONDS: i64 = 15 * 60;
const CODE_SECONDS: i64 = 10 * 60;
/// As long as a payment may take to reach its last status.
const TOKEN_SECONDS: i64 = 35 * 24 * 3600;

/// `auth/authorize`.
pub(super) fn authorize(call: &Call<'_>) -> Result<Answer, Answer> {
    check_request(call)?;
    let redirect_uri = call.text("/redirect_uri");
    let client = &call.provider.organisation_identifier;
    if !call.shared.provider_returns_to(client, redirect_uri) {
        return Err(Answer::wrong("redirect_uri is not registered"));
    }
    let transfer = read_consent(call)?;
    let id = call.shared.uuid();
    let request = call.shared.secret();
    let address = format!("{}/{}/sca/{request}", call.shared.base_url, call.bank.id);
    let grant = Grant {
        transfer_id: Some(id.clone()),
        redirect_uri: redirect_uri.to_owned(),
        state: call.text("/state").to_owned(),
        expires_at: after_seconds(call.now, REQUEST_SECONDS),
        ..grant(call)
    };
    call.commit(|state| {
        state.transfers.put(&id, transfer, call.now, &mut state.changes);
        state.grants.put(&key("request", &request), grant, call.now, &mut state.changes);
        Ok(Answer::body(json!({ "aspspRedirectUri": address })))
    })
}

/// `auth/authorizeExt`: the code says who the payer is; the app asks the payer.
pub(super) fn authorize_by_code(call: &Call<'_>) -> Result<Answer, Answer> {
    check_request(call)?;
    let callback_url = call.text("/callbackURL");
    let sound = url::Url::parse(callback_url).is_ok_and(|url| {
        let mut plain = url;
        plain.set_query(None);
        call.shared.provider_returns_to(&call.provider.organisation_identifier, plain.as_str())
    });
    if !sound {
        return Err(Answer::wrong("callbackURL is not registered"));
    }
    let code = call.text("/eatCode");
    let customer = call.bank.customers.iter().find(|one| app_code(call.bank, one.username) == code);
    let Some(customer) = customer else {
        return Err(Answer::refuse(422, "EAT_CODE_INVALID", "the code is not one of our app's"));
    };
    let mut transfer = read_consent(call)?;
    transfer.username = Some(customer.username.to_owned());
    "started".clone_into(&mut transfer.sca_status);
    let id = call.shared.uuid();
    let grant = Grant {
        transfer_id: Some(id.clone()),
        redirect_uri: callback_url.to_owned(),
        // What the callback has to show.
        code_challenge: call.text("/apiKey").to_owned(),
        state: call.text("/state").to_owned(),
        expires_at: after_seconds(call.now, REQUEST_SECONDS),
        ..grant(call)
    };
    call.commit(|state| {
        state.transfers.put(&id, transfer, call.now, &mut state.changes);
        state.grants.put(&key("callback", &id), grant, call.now, &mut state.changes);
        Ok(Answer { status: 204, body: None, fault: None })
    })
}

/// The code that the app of a customer shows.
pub(crate) fn app_code(bank: &Bank, username: &str) -> String {
    let place = bank.customers.iter().position(|customer| customer.username == username);
    format!("{}", 700_101 + place.unwrap_or_default() * 101)
}

/// The callback for a decided payment; none where nobody waits for one.
pub(crate) fn call_back(shared: &Shared, bank: &Bank, transfer_id: &str) -> Option<Callback> {
    if !matches!(bank.standard, Standard::PolishApi(_)) {
        return None;
    }
    let (code, now) = (shared.secret(), shared.now());
    let made = shared.commit(|state| {
        let waiting = key("callback", transfer_id);
        let grant = state.grants.get(&waiting)?.clone();
        let approval = state.transfers.get(transfer_id)?.approval;
        state.grants.remove(&waiting, &mut state.changes);
        let mut body = json!({ "state": grant.state });
        match approval {
            Approval::Open => return None,
            Approval::Failed => body["error"] = json!("access_denied"),
            Approval::Unconfirmed | Approval::Done => {
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

fn grant(call: &Call<'_>) -> Grant {
    Grant {
        bank: call.bank.id.to_owned(),
        client: call.provider.organisation_identifier.clone(),
        scope: call.json["scope_details"].to_string(),
        transfer_id: None,
        redirect_uri: String::new(),
        state: String::new(),
        code_challenge: String::new(),
        username: None,
        wrong: 0,
        expires_at: call.now,
    }
}

fn check_request(call: &Call<'_>) -> Result<(), Answer> {
    for (pointer, wanted) in [
        ("/response_type", "code"),
        ("/client_id", call.provider.organisation_identifier.as_str()),
        ("/scope", "pis"),
        ("/scope_details/scopeGroupType", "pis"),
        ("/scope_details/throttlingPolicy", "psd2Regulatory"),
    ] {
        if call.text(pointer) != wanted {
            return Err(Answer::wrong(&format!("{pointer} is not what it must be")));
        }
    }
    for pointer in ["/state", "/scope_details/consentId", "/scope_details/scopeTimeLimit"] {
        if call.text(pointer).is_empty() {
            return Err(Answer::wrong(&format!("{pointer} is missing")));
        }
    }
    Ok(())
}

/// The payment that the payer is to consent to.
fn read_consent(call: &Call<'_>) -> Result<Transfer, Answer> {
    let privilege = &call.json["scope_details"]["privilegeList"][0];
    let (service, asked, payment) = match (&privilege["pis:domestic"], &privilege["pis:recurring"])
    {
        (asked, Value::Null) if asked.is_object() => ("domestic", asked, asked),
        (Value::Null, asked) if asked["domesticPayment"].is_object() => {
            ("recurring", asked, &asked["domesticPayment"])
        }
        _ => return Err(Answer::wrong("privilegeList does not hold one payment")),
    };
    let mut transfer =
        Transfer::received(call.bank.id, &call.provider.organisation_identifier, call.now);
    super::payments::read_payment(call, payment, &mut transfer)?;
    service.clone_into(&mut transfer.service);
    transfer.body = asked.clone();
    let asking = match service {
        "recurring" => &privilege["pis:getRecurringPayment"]["tppRecurringPaymentId"],
        _ => &privilege["pis:getPayment"]["tppTransactionId"],
    };
    transfer.planned = call.shared.plan_for(call.bank.id);
    transfer.end_to_end_id = asking.as_str().unwrap_or_default().to_owned();
    Ok(transfer)
}

/// `auth/token`.
pub(super) fn token(call: &Call<'_>) -> Result<Answer, Answer> {
    let refuse = |message: &str| Err(Answer::refuse(401, "INVALID_GRANT", message));
    if call.text("/grant_type") != "authorization_code" {
        return Err(Answer::wrong("grant_type is not authorization_code"));
    }
    if call.text("/client_id") != call.provider.organisation_identifier {
        return refuse("client_id is not the certificate's organisation");
    }
    let code = key("code", call.text("/Code"));
    let token = call.shared.secret();
    call.commit(|state| {
        let Some(found) = state.grants.get(&code).cloned() else {
            return refuse("the code is not known");
        };
        // A code works once, whoever tries it.
        state.grants.remove(&code, &mut state.changes);
        let by_callback = call.own.by_code;
        let fits = found.bank == call.bank.id
            && found.client == call.provider.organisation_identifier
            && (by_callback || found.redirect_uri == call.text("/redirect_uri"))
            && found.expires_at > call.now;
        if !fits {
            return refuse("the code is another's, or too old");
        }
        let mut details: Value = serde_json::from_str(&found.scope).unwrap_or_default();
        if let Some(details) = details.as_object_mut() {
            details.remove("scopeGroupType");
        }
        let grant = Grant { expires_at: after_seconds(call.now, TOKEN_SECONDS), ..found };
        state.grants.put(&key("token", &token), grant, call.now, &mut state.changes);
        Ok(Answer::body(json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS.to_string(),
            "scope": "pis",
            "scope_details": details,
        })))
    })
}
