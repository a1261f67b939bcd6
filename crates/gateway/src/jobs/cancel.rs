//! Job `Cancel`: asks the bank not to execute what it holds.
//!
//! A cancellation has the same effect however often it is sent, so the job repeats a cancellation that
//! never reached the bank. It does not repeat a cancellation whose answer was lost: the payment's own
//! status shows the outcome.

use std::sync::Arc;

use banks::approvals::{Approvable, Approval, Credentials, Held};
use banks::call::PsuContext;
use banks::error::BankError;
use banks::token::Proof;
use domain::authorisation::Authorisation;
use domain::payment::{
    Cancellation, CancellationFact, CancellationState, Fact, OrderState, Payment, State,
};
use store::jobs::Claim;

use super::approval;
use super::token::{self, Access};
use super::{ATTEMPTS_MAX, Conclusion, Next, backoff, conclude, order_of, payment_of, postponed};
use crate::{App, GatewayError, at_bank};

pub(super) async fn run(
    app: &Arc<App>,
    claim: &Claim,
    psu: PsuContext,
) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let Some(Cancellation { state: CancellationState::Sending { attempt }, .. }) =
        &payment.cancellation
    else {
        return Ok(Next::Finish);
    };
    let told = |fact, calls| Conclusion { fact: Fact::Cancellation(fact), calls };
    let Some(id) = id_at_bank(&payment) else {
        let text = "the bank does not hold the payment any more".to_owned();
        return conclude(app, claim, told(CancellationFact::Refused { text }, vec![])).await;
    };
    let Some(mut at_bank) = app.at_bank(&payment, psu) else {
        let text = "the bank is no longer in the directory".to_owned();
        return conclude(app, claim, told(CancellationFact::Refused { text }, vec![])).await;
    };
    if !at_bank.enter().await {
        return Ok(postponed(app));
    }
    let proof = match token::of_order(app, claim, &payment, &at_bank).await? {
        Access::Known(proof) => proof,
        Access::Renewed(proof) => Some(proof),
        Access::Later(next) => return Ok(next),
    };
    let opened = payment.state.approving().and_then(Authorisation::opened);
    let context = match opened {
        Some(opened) => approval::unseal_context(app, &payment, opened)?,
        None => None,
    };
    let token = proof.as_ref().and_then(Proof::token);
    let held = Held { bank_payment_id: id, token, context: context.as_deref() };
    let order = order_of(at_bank.bank(), &payment);
    let what = Approvable::Cancellation { order: &order, held };
    let (protocol, call) = at_bank.call();
    let answer = protocol.open(&call, what, attempt, &Credentials::default()).await;
    let calls = at_bank.take_calls();
    let fact = match answer {
        Ok(approval) => fact_of(app, &payment, id, approval)?,
        Err(BankError::Refused(refusal)) => CancellationFact::Refused { text: refusal.text },
        Err(BankError::Unavailable { .. }) if claim.attempts < ATTEMPTS_MAX => {
            at_bank::keep(app, &claim.subject, calls).await;
            return Ok(Next::Repeat(backoff(app, claim.attempts)));
        }
        Err(BankError::Unavailable { text }) => CancellationFact::Refused { text },
        Err(BankError::Unknown { .. } | BankError::Malformed { .. }) => {
            CancellationFact::AnswerLost
        }
    };
    conclude(app, claim, told(fact, calls)).await
}

/// The bank's answer to the cancellation of the payment that it holds under that id.
fn fact_of(
    app: &App,
    payment: &Payment,
    id: &str,
    answer: Approval,
) -> Result<CancellationFact, GatewayError> {
    Ok(match answer {
        Approval::Cancelled => CancellationFact::Cancelled,
        Approval::Continue { consent_id, context, approach } => CancellationFact::NeedsApproval {
            consent_id: consent_id.unwrap_or_else(|| id.to_owned()),
            context: approval::seal_context(app, payment, context)?,
            approach,
        },
        Approval::OrderTaken { .. } => {
            CancellationFact::Refused { text: "the bank has executed or ended it".to_owned() }
        }
        Approval::Declined { reason } => CancellationFact::Refused {
            text: reason.unwrap_or_else(|| "the bank does not say why".to_owned()),
        },
        Approval::Waiting | Approval::Granted { .. } | Approval::Expired => {
            CancellationFact::AnswerLost
        }
    })
}

/// The id under which the bank holds the payment.
fn id_at_bank(payment: &Payment) -> Option<&str> {
    match &payment.state {
        State::Approving(authorisation) => authorisation.opened()?.consent_id.as_deref(),
        State::Ordered(
            OrderState::Processing { bank_payment_id, .. }
            | OrderState::SetUp { bank_payment_id, .. },
        ) => bank_payment_id.as_deref(),
        State::Ordered(_)
        | State::AwaitingBankChoice
        | State::AwaitingRedemption { .. }
        | State::Final { .. } => None,
    }
}
