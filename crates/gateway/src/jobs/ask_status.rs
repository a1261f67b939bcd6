//! Job `AskStatus`: asks the bank for the status of the order, until it gives its final status.
//!
//! Where the order's id is not known because the answer was lost, the bank is asked for it as far
//! as its standard can find an order without an id.

use std::sync::Arc;

use banks::call::PsuContext;
use banks::error::BankError;
use banks::payments::LostOrder;
use banks::token::Proof;
use domain::payment::{Fact, OrderState, State, StatusFact};
use store::jobs::Claim;

use super::token::{self, Access};
use super::{Conclusion, Kept, Next, Observed, observed, order_of, payment_of, postponed};
use crate::{App, GatewayError};

pub(super) async fn run(app: &Arc<App>, claim: &Claim) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let again = Next::Repeat(payment.next_status_question(app.now()));
    let State::Ordered(
        OrderState::Processing { order: sent, .. }
        | OrderState::Uncertain { order: sent }
        | OrderState::SetUp { order: sent, .. },
    ) = &payment.state
    else {
        return Ok(Next::Finish);
    };
    let Some(mut at_bank) = app.at_bank(&payment, PsuContext::default()) else {
        return Ok(again);
    };
    if !at_bank.enter().await {
        return Ok(postponed(app));
    }
    let proof = match token::of_order(app, claim, &payment, &at_bank).await? {
        Access::Known(proof) => proof,
        Access::Renewed(proof) => Some(proof),
        Access::Later(next) => return Ok(next),
    };
    let token = proof.as_ref().and_then(Proof::token);
    let order = order_of(at_bank.bank(), &payment);
    let (protocol, call) = at_bank.call();
    let answer = match &payment.bank.payment_id {
        Some(id) => {
            let asked = protocol.ask_status(&call, &order, id, token).await;
            asked.map(StatusFact::Order)
        }
        None => {
            let consent_id = &sent.consent_id;
            let asked = protocol.ask_lost_order(&call, &order, consent_id, token).await;
            asked.map(of_lost_order)
        }
    };
    let calls = at_bank.take_calls();
    let fact = match answer {
        Ok(fact) => fact,
        // Asking changes nothing, so what is not answered is asked again.
        Err(BankError::Unavailable { .. } | BankError::Unknown { .. } | BankError::Refused(_)) => {
            StatusFact::NoWord
        }
        Err(BankError::Malformed { what, .. }) => StatusFact::Unreadable { what },
    };
    let conclusion = Conclusion { fact: Fact::Status(fact), calls };
    match observed(app, claim, conclusion, Some(claim)).await? {
        Observed::Moved(Kept::Job(next)) => Ok(Next::Job(next)),
        Observed::Moved(Kept::Nothing) => Ok(Next::Done),
        Observed::Already(payment) => Ok(match payment.waits_for_status() {
            true => Next::Repeat(payment.next_status_question(app.now())),
            false => Next::Finish,
        }),
        Observed::Unexpected if payment.waits_for_status() => Ok(again),
        Observed::Unexpected => Ok(Next::Finish),
    }
}

fn of_lost_order(found: LostOrder) -> StatusFact {
    match found {
        LostOrder::Consent(progress) => StatusFact::Consent(progress),
        LostOrder::Found(answer) => StatusFact::Found {
            bank_payment_id: answer.bank_payment_id,
            status: answer.status,
            refund_account: answer.refund_account,
        },
    }
}
