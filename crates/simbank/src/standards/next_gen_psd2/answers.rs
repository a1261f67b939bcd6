//! A payment as a bank shows it: after its creation, when it is read, and its status.

use jiff::SignedDuration;
use serde_json::json;

use super::habits::{Approach, ReasonsIn};
use super::payments::find;
use super::{Answer, ProviderRequest};
use crate::engine::app;
use crate::engine::approval;
use crate::engine::order::{Order, Stage};

/// The answer to a new payment: its links say how it is approved.
pub(super) fn representation(
    incoming: &ProviderRequest<'_>,
    id: &str,
    order: &Order,
    service: &str,
    product: &str,
) -> Answer {
    let own = incoming.bank.next_gen_psd2();
    let path = format!("/{}/v1/{service}/{product}/{id}", incoming.bank.id);
    let mut links = json!({
        "self": { "href": path },
        "status": { "href": format!("{path}/status") },
    });
    if let Some(authorisation) = &order.approval.authorisation_id {
        links["scaStatus"] = json!({ "href": format!("{path}/authorisations/{authorisation}") });
    }
    let redirect = format!("{}/{}/sca/{id}", incoming.shared.base_url, incoming.bank.id);
    let mut body = json!({ "transactionStatus": word(incoming, order), "paymentId": id });
    let approach = match own.approach {
        Approach::RedirectAtOnce | Approach::SignInBefore => {
            links["scaRedirect"] = json!({ "href": redirect });
            Some("REDIRECT")
        }
        Approach::RedirectWhenAsked => {
            links["startAuthorisation"] = json!({ "href": format!("{path}/authorisations") });
            None
        }
        Approach::RedirectWhenIdentified => {
            links["startAuthorisationWithPsuIdentification"] =
                json!({ "href": format!("{path}/authorisations") });
            None
        }
        Approach::OAuth => {
            let tls = incoming.shared.tls_base_url();
            let bank = incoming.bank.id;
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
            let started = order.approval.authorisation_id.as_deref().unwrap_or(id);
            if let Some(start) = app::start_data(incoming.shared, incoming.bank, started) {
                body["challengeData"] = start;
            }
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

/// `GET …/{paymentId}`.
pub(super) fn read(incoming: &ProviderRequest<'_>, id: &str) -> Result<Answer, Answer> {
    incoming.commit(|state| {
        let order = find(incoming, state, id)?;
        let mut body = order.body.clone();
        if incoming.bank.next_gen_psd2().amounts_are_numbers {
            let amount = &mut body["instructedAmount"]["amount"];
            *amount = amount
                .as_str()
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default();
        }
        body["transactionStatus"] = json!(word(incoming, order));
        let debtor = order.debtor.as_deref();
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
pub(super) fn status(incoming: &ProviderRequest<'_>, id: &str) -> Result<Answer, Answer> {
    incoming.commit(|state| {
        approval::end_late_approval(state, id, incoming.now);
        if asked_too_soon(incoming, find(incoming, state, id)?) {
            // The standard's document has no body for this status.
            return Err(Answer::empty(429));
        }
        state.orders.update(id, &mut state.changes, |order| order.asked_at = Some(incoming.now));
        let order = find(incoming, state, id)?;
        let mut body = json!({ "transactionStatus": word(incoming, order) });
        match (incoming.bank.next_gen_psd2().reasons_in, &order.words) {
            (ReasonsIn::TppMessages, Some(words)) => {
                let code =
                    if order.lacks_funds() { "FUNDS_NOT_AVAILABLE" } else { "PAYMENT_FAILED" };
                body["psuMessage"] = json!("Contact the bank.");
                body["tppMessages"] = json!([{ "category": "ERROR", "code": code, "text": words }]);
            }
            (ReasonsIn::Return, _) if order.approval.stage == Stage::Failed => {}
            (_, words) => {
                if order.lacks_funds() {
                    body["fundsAvailable"] = json!(false);
                }
                if let Some(words) = words {
                    body["psuMessage"] = json!(words);
                }
            }
        }
        Ok(Answer::body(200, body))
    })
}

/// The status of an order as this bank spells it.
pub(super) fn word(incoming: &ProviderRequest<'_>, order: &Order) -> &'static str {
    let usual = order.iso_status();
    let own = incoming.bank.next_gen_psd2().own_statuses;
    own.iter().find(|(standard, _)| *standard == usual).map_or(usual, |(_, own)| own)
}

/// Whether a question comes sooner after the last than the bank wants. During a cancellation it wants
/// nothing.
fn asked_too_soon(incoming: &ProviderRequest<'_>, order: &Order) -> bool {
    let interval = SignedDuration::from_secs(incoming.bank.next_gen_psd2().status_interval_s);
    order.cancellation.is_none()
        && order.asked_at.is_some_and(|asked_at| incoming.now.duration_since(asked_at) < interval)
}
