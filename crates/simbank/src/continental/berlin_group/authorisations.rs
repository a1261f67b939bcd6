//! Authorisations of a payment (section 7 of the guidelines): started, updated step by step, read.

use serde_json::{Value, json};

use super::super::ONE_TIME_PASSWORD;
use super::super::banks::Approach;
use super::super::transfer::{self, Approval, Transfer, WRONG_MAX};
use super::payments::{after_effect, find};
use super::{Answer, Call};
use crate::outcome::Fault;
use crate::state::State;

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

fn link(call: &Call<'_>, path: &str) -> Value {
    json!({ "href": format!("/{}/v1/{path}", call.bank.id) })
}

fn wrong_credentials() -> Answer {
    Answer::refuse(401, "PSU_CREDENTIALS_INVALID", "That is not right.")
}

/// Counts a wrong password or one-time password; the last one ends the approval.
fn count_wrong(state: &mut State, id: &str) -> Answer {
    state.transfers.update(id, &mut state.changes, |transfer| transfer.wrong += 1);
    let wrong = state.transfers.get(id).map_or(0, |transfer| transfer.wrong);
    if wrong >= WRONG_MAX {
        transfer::fail(state, id, "The payer could not be authenticated.");
    }
    wrong_credentials()
}

fn open(transfer: &Transfer) -> Result<(), Answer> {
    match transfer.approval {
        Approval::Open | Approval::Unconfirmed => Ok(()),
        Approval::Done | Approval::Failed => {
            Err(Answer::refuse(409, "STATUS_INVALID", "the authorisation has ended"))
        }
    }
}

/// `POST …/authorisations`.
pub(super) fn start(call: &Call<'_>, path: &str, id: &str) -> Result<Answer, Answer> {
    let body = call.json()?;
    let fresh = call.shared.uuid();
    call.commit(|state| {
        let transfer = find(call, state, id)?;
        open(transfer)?;
        let own = call.bank.berlin_group().approach;
        match own {
            Approach::RedirectWhenAsked => {
                let authorisation = transfer.authorisation_id.clone().unwrap_or(fresh);
                let own_path = format!("{path}/{authorisation}");
                let redirect = format!("{}/{}/sca/{id}", call.shared.base_url, call.bank.id);
                let answer = json!({
                    "scaStatus": "received",
                    "authorisationId": authorisation,
                    "_links": {
                        "scaRedirect": { "href": redirect },
                        "scaStatus": link(call, &own_path),
                    },
                });
                state.transfers.update(id, &mut state.changes, |transfer| {
                    transfer.authorisation_id = Some(authorisation);
                });
                Ok(Answer::body(201, answer).with("aspsp-sca-approach", "REDIRECT"))
            }
            Approach::EmbeddedManyMethods | Approach::EmbeddedOneMethod => {
                start_embedded(call, state, (path, id), &body, fresh)
            }
            Approach::RedirectAtOnce
            | Approach::OAuth
            | Approach::SignInBefore
            | Approach::Decoupled => {
                Err(Answer::refuse(409, "STATUS_INVALID", "an authorisation is there already"))
            }
        }
    })
}

fn start_embedded(
    call: &Call<'_>,
    state: &mut State,
    (path, id): (&str, &str),
    body: &Value,
    authorisation: String,
) -> Result<Answer, Answer> {
    let transfer = find(call, state, id)?;
    let username = transfer.username.clone().unwrap_or_default();
    let named = call.header("psu-id").unwrap_or(&username);
    let password = body["psuData"]["password"].as_str();
    let customer = call.bank.customer(named).filter(|customer| Some(customer.password) == password);
    let Some(customer) = customer else {
        return Err(count_wrong(state, id));
    };
    let named_debtor = transfer.debtor.clone();
    let own = customer
        .accounts
        .iter()
        .any(|account| named_debtor.as_deref().is_none_or(|iban| iban == account.identification));
    if !own {
        return Err(Answer::refuse(400, "PAYMENT_FAILED", "the account is not this customer's"));
    }
    let first = customer.accounts.first().map(|account| account.identification.to_owned());
    let own_path = format!("{path}/{authorisation}");
    let one = call.bank.berlin_group().approach == Approach::EmbeddedOneMethod;
    let chosen = one.then(|| "sms".to_owned());
    let sca_status = if one { "started" } else { "psuAuthenticated" };
    let mut answer = json!({ "scaStatus": sca_status, "authorisationId": authorisation });
    let mut links = json!({ "scaStatus": link(call, &own_path) });
    if one {
        answer["chosenScaMethod"] = method("sms").unwrap_or_default();
        answer["challengeData"] = challenge("sms");
        links["authoriseTransaction"] = link(call, &own_path);
    } else {
        let methods: Vec<Value> = METHODS.iter().filter_map(|(id, ..)| method(id)).collect();
        answer["scaMethods"] = json!(methods);
        links["selectAuthenticationMethod"] = link(call, &own_path);
    }
    answer["_links"] = links;
    state.transfers.update(id, &mut state.changes, |transfer| {
        transfer.authorisation_id = Some(authorisation);
        sca_status.clone_into(&mut transfer.sca_status);
        transfer.signed_in = true;
        transfer.method = chosen;
        transfer.debtor = transfer.debtor.take().or(first);
    });
    Ok(Answer::body(201, answer).with("aspsp-sca-approach", "EMBEDDED"))
}

/// `GET …/authorisations`.
pub(super) fn list(call: &Call<'_>, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| {
        let ids: Vec<String> =
            find(call, state, id)?.authorisation_id.clone().into_iter().collect();
        Ok(Answer::body(200, json!({ "authorisationIds": ids })))
    })
}

fn check_id(transfer: &Transfer, authorisation: &str) -> Result<(), Answer> {
    match transfer.authorisation_id.as_deref() == Some(authorisation) {
        true => Ok(()),
        false => Err(Answer::refuse(404, "RESOURCE_UNKNOWN", "there is no such authorisation")),
    }
}

/// `GET …/authorisations/{authorisationId}`.
pub(super) fn read(call: &Call<'_>, id: &str, authorisation: &str) -> Result<Answer, Answer> {
    call.commit(|state| {
        transfer::end_late_approval(state, id, call.now);
        let transfer = find(call, state, id)?;
        check_id(transfer, authorisation)?;
        let mut body = json!({ "scaStatus": transfer.sca_status });
        if let Some(words) =
            transfer.words.as_ref().filter(|_| transfer.approval == Approval::Failed)
        {
            body["psuMessage"] = json!(words);
        }
        Ok(Answer::body(200, body))
    })
}

/// `PUT …/authorisations/{authorisationId}`.
pub(super) fn update(
    call: &Call<'_>,
    path: &str,
    id: &str,
    authorisation: &str,
) -> Result<Answer, Answer> {
    let body = call.json()?;
    let delay_ms = call.shared.execution_delay_ms();
    call.commit(|state| {
        let transfer = find(call, state, id)?;
        check_id(transfer, authorisation)?;
        open(transfer)?;
        let fault = transfer.scenario().fault;
        if let Some(code) = body["confirmationCode"].as_str() {
            state.transfers.update(id, &mut state.changes, |transfer| transfer.posts += 1);
            let transfer = find(call, state, id)?;
            if transfer.confirmation_code.as_deref() != Some(code)
                || transfer.approval != Approval::Unconfirmed
            {
                transfer::fail(state, id, "The confirmation code is wrong.");
                return Err(Answer::refuse(400, "SCA_INVALID", "the confirmation code is wrong"));
            }
            transfer::finish(state, id, call.now, delay_ms);
            let answer = json!({
                "scaStatus": "finalised",
                "_links": { "scaStatus": link(call, path) },
            });
            return Ok(with_fault(fault, Answer::body(200, answer)));
        }
        if let Some(chosen) = body["authenticationMethodId"].as_str() {
            return choose_method(call, state, (path, id), chosen);
        }
        if let Some(password) = body["scaAuthenticationData"].as_str() {
            if transfer.method.is_none() {
                return Err(Answer::refuse(409, "STATUS_INVALID", "no method is chosen yet"));
            }
            if password != ONE_TIME_PASSWORD {
                return Err(count_wrong(state, id));
            }
            let debtor = transfer.debtor.clone().unwrap_or_default();
            transfer::approve(state, id, &debtor, call.now, delay_ms);
            return Ok(with_fault(fault, Answer::body(200, json!({ "scaStatus": "finalised" }))));
        }
        Err(Answer::refuse(400, "FORMAT_ERROR", "the body updates nothing"))
    })
}

/// The payment's scenario may want the answer to be lost.
fn with_fault(fault: Option<Fault>, answer: Answer) -> Answer {
    match fault {
        Some(fault) => after_effect(fault, answer),
        None => answer,
    }
}

fn choose_method(
    call: &Call<'_>,
    state: &mut State,
    (path, id): (&str, &str),
    chosen: &str,
) -> Result<Answer, Answer> {
    let Some(known) = method(chosen) else {
        return Err(Answer::refuse(400, "SCA_METHOD_UNKNOWN", "there is no such method"));
    };
    let answer = json!({
        "scaStatus": "scaMethodSelected",
        "chosenScaMethod": known,
        "challengeData": challenge(chosen),
        "_links": { "authoriseTransaction": link(call, path), "scaStatus": link(call, path) },
    });
    state.transfers.update(id, &mut state.changes, |transfer| {
        transfer.method = Some(chosen.to_owned());
        "scaMethodSelected".clone_into(&mut transfer.sca_status);
    });
    Ok(Answer::body(200, answer).with("aspsp-sca-approach", "EMBEDDED"))
}
