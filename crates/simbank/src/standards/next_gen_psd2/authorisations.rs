//! Authorisations of a payment or of its cancellation (section 7 of the guidelines): started, updated step by step, read.

use serde_json::{Value, json};

use super::habits::{Approach, ReasonsIn};
use super::payments::{after_effect, find};
use super::{Answer, ProviderRequest, cancellation};
use crate::engine::app;
use crate::engine::approval;
use crate::engine::banks::ONE_TIME_PASSWORD;
use crate::engine::order::{Approval, Order, Purpose, Stage};
use crate::engine::outcome::Fault;
use crate::engine::state::State;

/// Id, type and name of the methods that a payer has.
const METHODS: [(&str, &str, &str); 3] = [
    ("sms", "SMS_OTP", "SMS to +49 *** 789"),
    ("chip", "CHIP_OTP", "chipTAN optical"),
    ("photo", "PHOTO_OTP", "photoTAN"),
];
/// A picture of 32 × 32 points, PNG; it holds no message.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgAQAAAABbAUdZAAAAXUlEQVR42mNgAAHj8rR3DOnHz/cx\
    hNat+sPA/J/9H4PZ7dxtDHlv7t5gqPj58ROD/tX4VQz1D/4fYIjO3XaLIXb2bjMGeTu7Goaq1V/D\
    GGrkf9gx5G67nUNNo0AAAAJMRZ2kow4nAAAAAElFTkSuQmCC";
/// A flicker code of HHD 1.3: start code 87654321, an account number and the amount 10,23.
const FLICKER: &str = "11048765432104002020511531302C323336";

fn method(id: &str) -> Option<Value> {
    METHODS.iter().find(|(known, ..)| *known == id).map(|(id, kind, name)| {
        json!({ "authenticationMethodId": id, "authenticationType": kind, "name": name })
    })
}

fn challenge(method: &str) -> Value {
    let mut data = json!({ "otpMaxLength": 6, "otpFormat": "integer" });
    match method {
        "chip" => data["data"] = json!([FLICKER]),
        "photo" => data["image"] = json!(PICTURE),
        _ => data["additionalInformation"] = json!("The password was sent to your telephone."),
    }
    data
}

pub(super) fn link(incoming: &ProviderRequest<'_>, path: &str) -> Value {
    json!({ "href": format!("/{}/v1/{path}", incoming.bank.id) })
}

fn wrong_credentials() -> Answer {
    Answer::refuse(401, "PSU_CREDENTIALS_INVALID", "That is not right.")
}

fn count_wrong(
    incoming: &ProviderRequest<'_>,
    state: &mut State,
    id: &str,
    purpose: Purpose,
) -> Answer {
    approval::count_wrong(state, id, purpose, incoming.now);
    wrong_credentials()
}

/// The approval of that kind, which must not have ended.
fn open(order: &Order, purpose: Purpose) -> Result<&Approval, Answer> {
    let refuse = |what: &str| Err(Answer::refuse(409, "STATUS_INVALID", what));
    match order.approval_of(purpose) {
        None => refuse("nobody has asked for a cancellation"),
        Some(approval) if approval.is_under_way() => Ok(approval),
        Some(_) => refuse("the authorisation has ended"),
    }
}

/// `POST …/authorisations` and `POST …/cancellation-authorisations`.
pub(super) fn start(
    incoming: &ProviderRequest<'_>,
    path: &str,
    id: &str,
    purpose: Purpose,
) -> Result<Answer, Answer> {
    let body = incoming.json()?;
    let fresh = incoming.shared.uuid();
    incoming.commit(|state| {
        let approval = open(find(incoming, state, id)?, purpose)?;
        match (incoming.bank.next_gen_psd2().approach, purpose) {
            (Approach::RedirectWhenAsked, Purpose::Payment) => {
                let authorisation = approval.authorisation_id.clone().unwrap_or(fresh);
                let answer = redirect_answer(incoming, (path, id), &authorisation);
                state.orders.update(id, &mut state.changes, |order| {
                    order.approval.authorisation_id = Some(authorisation);
                });
                Ok(answer)
            }
            (Approach::RedirectWhenIdentified, Purpose::Payment) => {
                let named = incoming.header("psu-id").unwrap_or_default();
                let Some(customer) = incoming.bank.customer(named) else {
                    return Err(wrong_credentials());
                };
                let authorisation = approval.authorisation_id.clone().unwrap_or(fresh);
                let answer = redirect_answer(incoming, (path, id), &authorisation);
                state.orders.update(id, &mut state.changes, |order| {
                    order.approval.authorisation_id = Some(authorisation);
                    order.approval.username = Some(customer.username.to_owned());
                });
                Ok(answer)
            }
            (Approach::EmbeddedManyMethods | Approach::EmbeddedOneMethod, _) => {
                start_embedded(incoming, state, (path, id, purpose), &body, fresh)
            }
            (approach, Purpose::Cancellation) if approach != Approach::Decoupled => {
                let known = approval.authorisation_id.clone();
                let authorisation = known.unwrap_or(fresh);
                cancellation::open_visit(incoming, state, id, &authorisation);
                Ok(redirect_answer(incoming, (path, &authorisation), &authorisation))
            }
            (_, Purpose::Payment | Purpose::Cancellation) => {
                Err(Answer::refuse(409, "STATUS_INVALID", "an authorisation is there already"))
            }
        }
    })
}

/// The answer that leads the payer to the bank's pages.
fn redirect_answer(
    incoming: &ProviderRequest<'_>,
    (path, visit): (&str, &str),
    authorisation: &str,
) -> Answer {
    let redirect = format!("{}/{}/sca/{visit}", incoming.shared.base_url, incoming.bank.id);
    let answer = json!({
        "scaStatus": "received",
        "authorisationId": authorisation,
        "_links": {
            "scaRedirect": { "href": redirect },
            "scaStatus": link(incoming, &format!("{path}/{authorisation}")),
        },
    });
    Answer::body(201, answer).with("aspsp-sca-approach", "REDIRECT")
}

fn start_embedded(
    incoming: &ProviderRequest<'_>,
    state: &mut State,
    (path, id, purpose): (&str, &str, Purpose),
    body: &Value,
    authorisation: String,
) -> Result<Answer, Answer> {
    let order = find(incoming, state, id)?;
    let username = order.approval.username.clone().unwrap_or_default();
    let named = incoming.header("psu-id").unwrap_or(&username);
    let password = body["psuData"]["password"].as_str();
    let customer =
        incoming.bank.customer(named).filter(|customer| Some(customer.password) == password);
    let Some(customer) = customer else {
        return Err(count_wrong(incoming, state, id, purpose));
    };
    let named_debtor = order.debtor.clone();
    let own = customer
        .accounts
        .iter()
        .any(|account| named_debtor.as_deref().is_none_or(|iban| iban == account.identification));
    if !own {
        return Err(Answer::refuse(400, "PAYMENT_FAILED", "the account is not this customer's"));
    }
    let first = customer.accounts.first().map(|account| account.identification.to_owned());
    let own_path = format!("{path}/{authorisation}");
    let one = incoming.bank.next_gen_psd2().approach == Approach::EmbeddedOneMethod;
    let chosen = one.then(|| "sms".to_owned());
    let sca_status = if one { "started" } else { "psuAuthenticated" };
    let mut answer = json!({ "scaStatus": sca_status, "authorisationId": authorisation });
    let mut links = json!({ "scaStatus": link(incoming, &own_path) });
    if one {
        answer["chosenScaMethod"] = method("sms").unwrap_or_default();
        answer["challengeData"] = challenge("sms");
        links["authoriseTransaction"] = link(incoming, &own_path);
    } else {
        let methods: Vec<Value> = METHODS.iter().filter_map(|(id, ..)| method(id)).collect();
        answer["scaMethods"] = json!(methods);
        links["selectAuthenticationMethod"] = link(incoming, &own_path);
    }
    answer["_links"] = links;
    state.orders.update(id, &mut state.changes, |order| {
        order.debtor = order.debtor.take().or(first);
        if let Some(approval) = order.approval_mut(purpose) {
            approval.authorisation_id = Some(authorisation);
            sca_status.clone_into(&mut approval.sca_status);
            approval.signed_in = true;
            approval.method = chosen;
        }
    });
    Ok(Answer::body(201, answer).with("aspsp-sca-approach", "EMBEDDED"))
}

/// `GET …/authorisations` and `GET …/cancellation-authorisations`.
pub(super) fn list(
    incoming: &ProviderRequest<'_>,
    id: &str,
    purpose: Purpose,
) -> Result<Answer, Answer> {
    incoming.commit(|state| {
        let approval = find(incoming, state, id)?.approval_of(purpose);
        let own = approval.and_then(|approval| approval.authorisation_id.clone());
        let ids: Vec<String> = own.into_iter().collect();
        Ok(Answer::body(200, json!({ "authorisationIds": ids })))
    })
}

/// The approval of that kind, whose authorisation must have that id.
fn named<'order>(
    order: &'order Order,
    authorisation: &str,
    purpose: Purpose,
) -> Result<&'order Approval, Answer> {
    order
        .approval_of(purpose)
        .filter(|approval| approval.authorisation_id.as_deref() == Some(authorisation))
        .ok_or_else(|| Answer::refuse(404, "RESOURCE_UNKNOWN", "there is no such authorisation"))
}

/// `GET …/authorisations/{authorisationId}` and `GET …/cancellation-authorisations/{authorisationId}`.
pub(super) fn read(
    incoming: &ProviderRequest<'_>,
    id: &str,
    authorisation: &str,
    purpose: Purpose,
) -> Result<Answer, Answer> {
    incoming.commit(|state| {
        approval::end_late_approval(state, id, incoming.now);
        let approval = named(find(incoming, state, id)?, authorisation, purpose)?;
        let mut body = json!({ "scaStatus": approval.sca_status });
        let elsewhere = incoming.bank.next_gen_psd2().reasons_in == ReasonsIn::Return;
        let words = approval.words.as_ref();
        let words = words.filter(|_| approval.stage == Stage::Failed && !elsewhere);
        if let Some(words) = words {
            body["psuMessage"] = json!(words);
        }
        if approval.sca_status == "started"
            && let Some(start) = app::start_data(incoming.shared, incoming.bank, authorisation)
        {
            body["challengeData"] = start;
        }
        Ok(Answer::body(200, body))
    })
}

/// `PUT …/authorisations/{authorisationId}` and `PUT …/cancellation-authorisations/{authorisationId}`.
pub(super) fn update(
    incoming: &ProviderRequest<'_>,
    path: &str,
    (id, authorisation): (&str, &str),
    purpose: Purpose,
) -> Result<Answer, Answer> {
    let body = incoming.json()?;
    incoming.commit(|state| {
        let order = find(incoming, state, id)?;
        named(order, authorisation, purpose)?;
        open(order, purpose)?;
        if purpose == Purpose::Cancellation && !order.can_be_cancelled() {
            let words = "The payment can no longer be cancelled.";
            approval::fail(state, id, purpose, words, incoming.now);
            return Err(cancellation::too_late());
        }
        // Faults of the payment strike the payment alone.
        let fault = order.scenario().fault.filter(|_| purpose == Purpose::Payment);
        if let Some(code) = body["confirmationCode"].as_str() {
            return take_code(incoming, state, (path, id, purpose), code)
                .map(|answer| with_fault(fault, answer));
        }
        if let Some(chosen) = body["authenticationMethodId"].as_str() {
            return choose_method(incoming, state, (path, id, purpose), chosen);
        }
        if let Some(password) = body["scaAuthenticationData"].as_str() {
            return take_password(incoming, state, (id, purpose), password)
                .map(|answer| with_fault(fault, answer));
        }
        Err(Answer::refuse(400, "FORMAT_ERROR", "the body updates nothing"))
    })
}

/// The code that came with the payer's browser.
fn take_code(
    incoming: &ProviderRequest<'_>,
    state: &mut State,
    (path, id, purpose): (&str, &str, Purpose),
    code: &str,
) -> Result<Answer, Answer> {
    if purpose == Purpose::Payment {
        state.orders.update(id, &mut state.changes, |order| order.posts += 1);
    }
    let fits = open(find(incoming, state, id)?, purpose).is_ok_and(|approval| {
        approval.confirmation_code.as_deref() == Some(code) && approval.stage == Stage::Unconfirmed
    });
    if !fits {
        approval::fail(state, id, purpose, "The confirmation code is wrong.", incoming.now);
        return Err(Answer::refuse(400, "SCA_INVALID", "the confirmation code is wrong"));
    }
    approval::confirm(state, id, purpose, incoming.now, incoming.shared.execution_delay_ms());
    let answer = json!({
        "scaStatus": "finalised",
        "_links": { "scaStatus": link(incoming, path) },
    });
    Ok(Answer::body(200, answer))
}

/// The one-time password of the chosen method.
fn take_password(
    incoming: &ProviderRequest<'_>,
    state: &mut State,
    (id, purpose): (&str, Purpose),
    password: &str,
) -> Result<Answer, Answer> {
    let order = find(incoming, state, id)?;
    if open(order, purpose)?.method.is_none() {
        return Err(Answer::refuse(409, "STATUS_INVALID", "no method is chosen yet"));
    }
    if password != ONE_TIME_PASSWORD {
        return Err(count_wrong(incoming, state, id, purpose));
    }
    let debtor = order.debtor.clone().unwrap_or_default();
    let delay_ms = incoming.shared.execution_delay_ms();
    if !approval::approve(state, id, purpose, Some(&debtor), incoming.now, delay_ms) {
        return Err(Answer::refuse(409, "STATUS_INVALID", "the authorisation has ended"));
    }
    Ok(Answer::body(200, json!({ "scaStatus": "finalised" })))
}

/// The payment's scenario may want the answer to be lost.
fn with_fault(fault: Option<Fault>, answer: Answer) -> Answer {
    match fault {
        Some(fault) => after_effect(fault, answer),
        None => answer,
    }
}

fn choose_method(
    incoming: &ProviderRequest<'_>,
    state: &mut State,
    (path, id, purpose): (&str, &str, Purpose),
    chosen: &str,
) -> Result<Answer, Answer> {
    let Some(known) = method(chosen) else {
        return Err(Answer::refuse(400, "SCA_METHOD_UNKNOWN", "there is no such method"));
    };
    let answer = json!({
        "scaStatus": "scaMethodSelected",
        "chosenScaMethod": known,
        "challengeData": challenge(chosen),
        "_links": { "authoriseTransaction": link(incoming, path), "scaStatus": link(incoming, path) },
    });
    state.orders.update(id, &mut state.changes, |order| {
        if let Some(approval) = order.approval_mut(purpose) {
            approval.method = Some(chosen.to_owned());
            "scaMethodSelected".clone_into(&mut approval.sca_status);
        }
    });
    Ok(Answer::body(200, answer).with("aspsp-sca-approach", "EMBEDDED"))
}
