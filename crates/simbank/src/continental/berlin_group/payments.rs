//! Payments and periodic payments (sections 5.3 to 5.6 of the guidelines).

use serde_json::{Value, json};

use super::super::banks::Approach;
use super::super::transfer::{self, Approval, Transfer, minor_units};
use super::{Answer, Call, Delivery};
use crate::outcome::Fault;
use crate::state::State;

/// Hours of the day do not matter here; days ahead do.
const DAYS_AHEAD_MAX: i64 = 366;

fn format_error(text: &str) -> Answer {
    Answer::refuse(400, "FORMAT_ERROR", text)
}

/// A text field of 1 to `most` characters.
fn text<'a>(body: &'a Value, name: &str, most: usize) -> Result<Option<&'a str>, Answer> {
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
fn is_iban(text: &str) -> bool {
    let shaped = (15..=34).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !shaped {
        return false;
    }
    let (head, tail) = text.split_at(4);
    let remainder = tail.chars().chain(head.chars()).fold(0_u32, |sum, character| {
        let digit = character.to_digit(36).unwrap_or(0);
        let shift = if digit >= 10 { 100 } else { 10 };
        (sum * shift + digit) % 97
    });
    remainder == 1
}

/// `POST /v1/{service}/{product}`.
pub(super) fn create(call: &Call<'_>, service: &str, product: &str) -> Result<Answer, Answer> {
    let own = call.bank.berlin_group();
    match product {
        "sepa-credit-transfers" => {}
        "instant-sepa-credit-transfers" if own.instant => {}
        _ => return Err(Answer::refuse(404, "PRODUCT_UNKNOWN", "this bank has no such product")),
    }
    if call.header("psu-ip-address").is_none() {
        return Err(format_error("PSU-IP-Address is missing"));
    }
    if own.replays_request_id
        && let Some(answer) = replayed(call, service, product)
    {
        return Ok(answer);
    }
    let body = call.json()?;
    let mut transfer = read_order(call, service, &body)?;
    transfer.planned = call.shared.plan_for(call.bank.id);
    let fault = transfer.scenario().fault;
    let id = call.shared.uuid();
    let authorisation_id = call.shared.uuid();
    let attempt = format!("{}|{}|{}", call.bank.id, transfer.client, transfer.end_to_end_id);
    let (id_kept, authorisation_kept) = (id.clone(), authorisation_id.clone());
    if let Some(refusal) = fault.and_then(before_effect) {
        return Err(refusal);
    }
    if fault == Some(Fault::TooManyAtFirst) && call.shared.is_first(&attempt) {
        let text = "too many requests";
        return Err(Answer::refuse(429, "ACCESS_EXCEEDED", text).with("retry-after", "1"));
    }
    let created = call.commit(|state| {
        let mut transfer = transfer;
        if matches!(
            own.approach,
            Approach::RedirectAtOnce
                | Approach::OAuth
                | Approach::SignInBefore
                | Approach::Decoupled
        ) {
            transfer.authorisation_id = Some(authorisation_kept);
            let word = if own.approach == Approach::Decoupled { "started" } else { "received" };
            word.clone_into(&mut transfer.sca_status);
        }
        let answer = representation(call, &id_kept, &transfer, service, product);
        state.transfers.put(&id_kept, transfer, call.now, &mut state.changes);
        Ok(answer)
    })?;
    // Faults that lose the answer strike where the payer approves on the bank's own pages; at the
    // other banks they strike the message with the one-time password.
    let embedded =
        matches!(own.approach, Approach::EmbeddedManyMethods | Approach::EmbeddedOneMethod);
    let fault = fault.filter(|_| !embedded);
    Ok(fault.map_or_else(|| created.clone(), |fault| after_effect(fault, created.clone())))
}

/// The answer to a creation that came before under the same `X-Request-ID`.
fn replayed(call: &Call<'_>, service: &str, product: &str) -> Option<Answer> {
    let request_id = call.header(super::REQUEST_ID)?;
    let found = call.commit(|state| {
        let known = state.transfers.all().into_iter().find(|(_, transfer)| {
            transfer.bank == call.bank.id
                && transfer.client == call.provider.organisation_identifier
                && transfer.request_id == request_id
        });
        let (id, transfer) = known.ok_or_else(|| Answer::empty(404))?;
        Ok(representation(call, id, transfer, service, product))
    });
    found.ok()
}

fn read_order(call: &Call<'_>, service: &str, body: &Value) -> Result<Transfer, Answer> {
    let own = call.bank.berlin_group();
    let amount = &body["instructedAmount"];
    let minor = amount["amount"].as_str().and_then(minor_units);
    let minor = minor.ok_or_else(|| format_error("`instructedAmount.amount` is no amount"))?;
    if amount["currency"] != call.bank.currency {
        return Err(Answer::refuse(400, "PARAMETER_NOT_SUPPORTED", "not in this currency"));
    }
    let creditor = iban(body, "creditorAccount")?;
    let creditor = creditor.ok_or_else(|| format_error("`creditorAccount` is missing"))?;
    let name = text(body, "creditorName", 70)?;
    let name = name.ok_or_else(|| format_error("`creditorName` is missing"))?;
    let end_to_end_id = text(body, "endToEndIdentification", 35)?.unwrap_or("NOTPROVIDED");
    let reference = text(body, "remittanceInformationUnstructured", 140)?.unwrap_or_default();
    let debtor = iban(body, "debtorAccount")?;
    if debtor.is_none() && own.wants_debtor_account {
        return Err(format_error("`debtorAccount` is missing"));
    }
    let owner = debtor.map(|iban| call.bank.owner(iban));
    if owner.is_some_and(|owner| owner.is_none()) {
        let what = "the debtor's account is not kept here";
        return Err(Answer::refuse(400, "PAYMENT_FAILED", what));
    }
    let execution_date = match service {
        "periodic-payments" => {
            if body["frequency"].as_str().is_none() {
                return Err(format_error("`frequency` is missing"));
            }
            Some(
                date(call, body, "startDate")?
                    .ok_or_else(|| format_error("`startDate` is missing"))?,
            )
        }
        _ => date(call, body, "requestedExecutionDate")?,
    };
    let named = call.header("psu-id").map(str::to_owned);
    let embedded_or_decoupled = matches!(
        own.approach,
        Approach::EmbeddedManyMethods | Approach::EmbeddedOneMethod | Approach::Decoupled
    );
    if embedded_or_decoupled {
        let known = named.as_deref().and_then(|username| call.bank.customer(username));
        if known.is_none() {
            return Err(Answer::refuse(401, "PSU_CREDENTIALS_INVALID", "PSU-ID is not known here"));
        }
    }
    let header = |name: &str| call.header(name).unwrap_or_default().to_owned();
    if !embedded_or_decoupled && header("tpp-redirect-uri").is_empty() {
        return Err(format_error("TPP-Redirect-URI is missing"));
    }
    let nok = header("tpp-nok-redirect-uri");
    Ok(Transfer {
        service: service.to_owned(),
        body: body.clone(),
        minor,
        currency: call.bank.currency.to_owned(),
        creditor_iban: creditor.to_owned(),
        creditor_name: name.to_owned(),
        reference: reference.to_owned(),
        end_to_end_id: end_to_end_id.to_owned(),
        execution_date,
        debtor: debtor.map(str::to_owned),
        username: named,
        confirmation_code: own.confirms_by_code.then(|| call.shared.uuid()),
        request_id: call.header(super::REQUEST_ID).unwrap_or_default().to_owned(),
        redirect_uri: header("tpp-redirect-uri"),
        nok_redirect_uri: if nok.is_empty() { header("tpp-redirect-uri") } else { nok },
        ..Transfer::received(call.bank.id, &call.provider.organisation_identifier, call.now)
    })
}

fn date(call: &Call<'_>, body: &Value, name: &str) -> Result<Option<String>, Answer> {
    let Some(text) = body.get(name) else { return Ok(None) };
    let wrong =
        || Answer::refuse(400, "EXECUTION_DATE_INVALID", &format!("`{name}` is no such day"));
    let date: jiff::civil::Date =
        text.as_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    let today = call.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = today.duration_until(date).as_hours() / 24;
    if (0..=DAYS_AHEAD_MAX).contains(&days) { Ok(Some(date.to_string())) } else { Err(wrong()) }
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

/// What a fault makes of the answer to a message that had its effect.
pub(super) fn after_effect(fault: Fault, answer: Answer) -> Answer {
    match fault {
        Fault::SilentAfterEffect => answer.delivered(Delivery::Never),
        Fault::MalformedAnswer => answer.delivered(Delivery::CutOff),
        Fault::Slow => answer.delivered(Delivery::Late),
        Fault::ErrorAfterEffect => {
            Answer::refuse(500, "INTERNAL_SERVER_ERROR", "something went wrong")
        }
        // The standard signs no answers.
        Fault::WrongSignature
        | Fault::Forbidden
        | Fault::SilentBeforeEffect
        | Fault::UnavailableBeforeEffect
        | Fault::TooManyAtFirst
        | Fault::ExpiredCertificate => answer,
    }
}

/// The answer to a new payment: its links say how it is approved.
fn representation(
    call: &Call<'_>,
    id: &str,
    transfer: &Transfer,
    service: &str,
    product: &str,
) -> Answer {
    let own = call.bank.berlin_group();
    let path = format!("/{}/v1/{service}/{product}/{id}", call.bank.id);
    let mut links = json!({
        "self": { "href": path },
        "status": { "href": format!("{path}/status") },
    });
    if let Some(authorisation) = &transfer.authorisation_id {
        links["scaStatus"] = json!({ "href": format!("{path}/authorisations/{authorisation}") });
    }
    let redirect = format!("{}/{}/sca/{id}", call.shared.base_url, call.bank.id);
    let mut body = json!({ "transactionStatus": transfer.status, "paymentId": id });
    let approach = match own.approach {
        Approach::RedirectAtOnce | Approach::SignInBefore => {
            links["scaRedirect"] = json!({ "href": redirect });
            Some("REDIRECT")
        }
        Approach::RedirectWhenAsked => {
            links["startAuthorisation"] = json!({ "href": format!("{path}/authorisations") });
            None
        }
        Approach::OAuth => {
            let tls = call.shared.tls_base_url();
            let bank = call.bank.id;
            let href = format!("{tls}/{bank}/.well-known/oauth-authorization-server");
            links["scaOAuth"] = json!({ "href": href });
            Some("REDIRECT")
        }
        Approach::EmbeddedManyMethods | Approach::EmbeddedOneMethod => {
            links["startAuthorisationWithPsuAuthentication"] =
                json!({ "href": format!("{path}/authorisations") });
            Some("EMBEDDED")
        }
        Approach::Decoupled => {
            body["psuMessage"] = json!("Please confirm the payment in the app of your bank.");
            Some("DECOUPLED")
        }
    };
    body["_links"] = links;
    let answer = Answer::body(201, body).with("location", path);
    match approach {
        Some(approach) => answer.with("aspsp-sca-approach", approach),
        None => answer,
    }
}

/// The payment of that id, of this bank and this provider.
pub(super) fn find<'a>(
    call: &Call<'_>,
    state: &'a State,
    id: &str,
) -> Result<&'a Transfer, Answer> {
    state
        .transfers
        .get(id)
        .filter(|found| found.bank == call.bank.id)
        .filter(|found| found.client == call.provider.organisation_identifier)
        .ok_or_else(|| Answer::refuse(404, "RESOURCE_UNKNOWN", "there is no such payment"))
}

/// `GET …/{paymentId}`.
pub(super) fn read(call: &Call<'_>, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| {
        let transfer = find(call, state, id)?;
        let mut body = transfer.body.clone();
        body["transactionStatus"] = json!(transfer.status);
        let debtor = transfer.debtor.as_deref();
        if let Some((iban, account)) =
            debtor.and_then(|iban| Some((iban, state.accounts.get(iban)?)))
        {
            body["debtorAccount"] = json!({ "iban": iban });
            body["debtorName"] = json!(account.name);
        }
        Ok(Answer::body(200, body))
    })
}

/// `GET …/{paymentId}/status`.
pub(super) fn status(call: &Call<'_>, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| {
        transfer::end_late_approval(state, id, call.now);
        let transfer = find(call, state, id)?;
        let mut body = json!({ "transactionStatus": transfer.status });
        if transfer.no_funds {
            body["fundsAvailable"] = json!(false);
        }
        if let Some(words) = &transfer.words {
            body["psuMessage"] = json!(words);
        }
        Ok(Answer::body(200, body))
    })
}

/// `DELETE …/{paymentId}`.
pub(super) fn cancel(call: &Call<'_>, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| {
        let transfer = find(call, state, id)?;
        let over = transfer.executed || matches!(transfer.status.as_str(), "RJCT" | "CANC");
        if over {
            let what = "the payment can no longer be cancelled";
            return Err(Answer::refuse(405, "CANCELLATION_INVALID", what));
        }
        if call.bank.berlin_group().cancels_with_approval && transfer.approval == Approval::Done {
            let service = &transfer.service;
            let product = "sepa-credit-transfers";
            let href = format!(
                "/{}/v1/{service}/{product}/{id}/cancellation-authorisations",
                call.bank.id
            );
            let links = json!({ "startAuthorisation": { "href": href } });
            return Ok(Answer::body(
                202,
                json!({ "transactionStatus": transfer.status, "_links": links }),
            ));
        }
        cancelled(state, id);
        Ok(Answer::empty(204))
    })
}

fn cancelled(state: &mut State, id: &str) {
    state.transfers.update(id, &mut state.changes, |transfer| {
        "CANC".clone_into(&mut transfer.status);
        transfer.words = Some("Payment initiation has been canceled.".to_owned());
        transfer.executed = true;
    });
}

/// `POST …/cancellation-authorisations`: the payer approves the cancellation with the next look at
/// its page; here that is taken for granted, so it is done at once.
pub(super) fn start_cancellation(call: &Call<'_>, path: &str, id: &str) -> Result<Answer, Answer> {
    let authorisation = call.shared.uuid();
    call.commit(|state| {
        find(call, state, id)?;
        cancelled(state, id);
        let own = format!("/{}/v1/{path}/{authorisation}", call.bank.id);
        let redirect = format!("{}/{}/sca/{id}", call.shared.base_url, call.bank.id);
        let links = json!({ "scaRedirect": { "href": redirect }, "scaStatus": { "href": own } });
        Ok(Answer::body(
            201,
            json!({ "scaStatus": "received", "authorisationId": authorisation, "_links": links }),
        )
        .with("aspsp-sca-approach", "REDIRECT"))
    })
}

/// `GET …/cancellation-authorisations/{id}`.
pub(super) fn read_cancellation(call: &Call<'_>, id: &str) -> Result<Answer, Answer> {
    call.commit(|state| {
        let cancelled = find(call, state, id)?.status == "CANC";
        let word = if cancelled { "finalised" } else { "received" };
        Ok(Answer::body(200, json!({ "scaStatus": word })))
    })
}
