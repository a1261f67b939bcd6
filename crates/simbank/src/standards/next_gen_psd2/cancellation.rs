//! Cancellation of a payment (section 5.6 of the guidelines).
//!
//! | the payment | the bank's rule | answer to `DELETE` |
//! |---|---|---|
//! | waits for the payer's approval | any but `Never` | 204 |
//! | waits for its execution | `AtOnce` | 204 |
//! | | `StartedByProvider` | 202 with `startAuthorisation` or `startAuthorisationWithPsuAuthentication` |
//! | | `StartedByBank` | 202 with `scaStatus`, and `scaRedirect` or a message for the payer |
//! | was executed, rejected or cancelled | any | 405 `CANCELLATION_INVALID` |
//! | any | `Never` | 405 `CANCELLATION_INVALID` |
//!
//! Until the payer has approved, the payment continues: its day may come first.

use serde_json::{Value, json};

use super::authorisations::link;
use super::habits::{Approach, CancellationRule};
use super::payments::find;
use super::{Answer, ProviderRequest};
use crate::engine::approval;
use crate::engine::order::{Approval, Order, Stage};
use crate::engine::state::State;

/// The payment was executed, or ended otherwise.
pub(super) fn too_late() -> Answer {
    Answer::refuse(405, "CANCELLATION_INVALID", "the payment can no longer be cancelled")
}

/// `DELETE …/{paymentId}`.
pub(super) fn ask(incoming: &ProviderRequest<'_>, path: &str, id: &str) -> Result<Answer, Answer> {
    let own = incoming.bank.next_gen_psd2();
    let authorisation = incoming.shared.uuid();
    let code = own.confirms_by_code.then(|| incoming.shared.uuid());
    incoming.commit(|state| {
        let order = find(incoming, state, id)?;
        if own.keeps_instant_payments && path.contains("/instant-") {
            let what = "this bank does not cancel instant payments";
            return Err(Answer::refuse(405, "CANCELLATION_INVALID", what));
        }
        if own.cancellation == CancellationRule::Never {
            let what = "this bank does not cancel payments";
            return Err(Answer::refuse(405, "CANCELLATION_INVALID", what));
        }
        if !order.can_be_cancelled() {
            return Err(too_late());
        }
        let approved = order.approval.stage == Stage::Done;
        if !approved || own.cancellation == CancellationRule::AtOnce {
            approval::cancel(state, id, incoming.now);
            return Ok(Answer::empty(204));
        }
        let sub_resource = format!("{path}/cancellation-authorisations");
        let mut asked = new_approval(incoming, order, code);
        let mut answer = json!({ "transactionStatus": order.iso_status() });
        if own.cancellation == CancellationRule::StartedByProvider {
            let name = match own.approach {
                Approach::EmbeddedManyMethods | Approach::EmbeddedOneMethod => {
                    "startAuthorisationWithPsuAuthentication"
                }
                _ => "startAuthorisation",
            };
            answer["_links"] = json!({ name: link(incoming, &sub_resource) });
            approval::ask_cancellation(state, id, asked, incoming.now);
            return Ok(Answer::body(202, answer));
        }
        let mut links =
            json!({ "scaStatus": link(incoming, &format!("{sub_resource}/{authorisation}")) });
        let approach = started(incoming, &mut asked, &authorisation, (&mut answer, &mut links));
        answer["_links"] = links;
        asked.authorisation_id = Some(authorisation.clone());
        approval::ask_cancellation(state, id, asked, incoming.now);
        Ok(Answer::body(202, answer).with("aspsp-sca-approach", approach))
    })
}

/// How the bank asks the payer by itself, and what it says of that.
fn started(
    incoming: &ProviderRequest<'_>,
    asked: &mut Approval,
    authorisation: &str,
    (answer, links): (&mut Value, &mut Value),
) -> &'static str {
    if incoming.bank.next_gen_psd2().approach == Approach::Decoupled {
        "started".clone_into(&mut asked.sca_status);
        let words = "Please confirm the cancellation in the app of your bank.";
        answer["psuMessage"] = json!(words);
        answer["scaStatus"] = json!("started");
        return "DECOUPLED";
    }
    let href = format!("{}/{}/sca/{authorisation}", incoming.shared.base_url, incoming.bank.id);
    links["scaRedirect"] = json!({ "href": href });
    answer["scaStatus"] = json!("received");
    "REDIRECT"
}

/// An approval of a cancellation: the payer goes back to where the provider says now, or said for the
/// payment.
fn new_approval(incoming: &ProviderRequest<'_>, order: &Order, code: Option<String>) -> Approval {
    let header = |name: &str| incoming.header(name).filter(|text| !text.is_empty());
    let back = header("tpp-redirect-uri").unwrap_or(&order.approval.redirect_uri);
    let nok = header("tpp-nok-redirect-uri").or(header("tpp-redirect-uri"));
    Approval {
        username: order.approval.username.clone(),
        confirmation_code: code,
        redirect_uri: back.to_owned(),
        nok_redirect_uri: nok.unwrap_or(&order.approval.nok_redirect_uri).to_owned(),
        ..Approval::open(incoming.now)
    }
}

/// Opens the bank's pages for the approval of a cancellation that was asked for.
pub(super) fn open_visit(
    incoming: &ProviderRequest<'_>,
    state: &mut State,
    id: &str,
    authorisation: &str,
) {
    let asked = state.orders.get(id).and_then(|order| order.cancellation.clone());
    let Some(mut asked) = asked.filter(|asked| asked.authorisation_id.is_none()) else { return };
    asked.authorisation_id = Some(authorisation.to_owned());
    approval::ask_cancellation(state, id, asked, incoming.now);
}
