//! Job `AskStatus`: asks the bank what became of the order, until it gives its last word.
//!
//! Where the order's id is not known because the answer was lost, the consent is asked instead:
//! a consumed consent says that the order exists.

use std::sync::Arc;

use banks::error::BankError;
use banks::protocol::PsuContext;
use domain::payment::{Fact, State, StatusFact};
use store::jobs::Claim;

use super::{Held, Next, Observed, observed, payment_of};
use crate::{App, GatewayError};

pub(super) async fn run(app: &Arc<App>, claim: &Claim) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let again = Next::Repeat(payment.next_status_question(app.now()));
    let bank = payment.bank_id.as_deref().and_then(|id| app.directory().get(id));
    let Some(bank) = bank else {
        return Ok(again);
    };
    let (protocol, call) = app.call(bank, PsuContext::default());
    let answer: Result<StatusFact, BankError> = match &payment.state {
        State::Processing { bank_payment_id: Some(id), .. } => {
            protocol.ask_order_status(&call, id).await.map(StatusFact::Order)
        }
        State::Uncertain { order } => {
            protocol.ask_consent_status(&call, &order.consent_id).await.map(StatusFact::Consent)
        }
        State::AwaitingBankChoice
        | State::Opening { .. }
        | State::AwaitingRedirect { .. }
        | State::VerifyingReturn { .. }
        | State::Authorised { .. }
        | State::OrderSent { .. }
        | State::Processing { bank_payment_id: None, .. }
        | State::Final { .. } => return Ok(Next::Finish),
    };
    // A question that is not answered, or refused, changes nothing: it is asked again.
    let Ok(fact) = answer else {
        return Ok(again);
    };
    match observed(app, &claim.subject, Fact::Status(fact), Some(claim)).await? {
        Observed::Moved(Held::Job(next)) => Ok(Next::Job(next)),
        Observed::Moved(Held::Nothing) => Ok(Next::Done),
        Observed::Already(payment) => Ok(match payment.state.is_final() {
            true => Next::Finish,
            false => Next::Repeat(payment.next_status_question(app.now())),
        }),
        Observed::Unexpected => Ok(Next::Finish),
    }
}
