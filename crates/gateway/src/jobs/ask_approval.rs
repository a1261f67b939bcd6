//! Job `AskApproval`: asks the bank whether the payer has approved: while the payer confirms on
//! another device, after answers were lost, and where a payer may approve without coming back.

use std::sync::Arc;

use banks::call::PsuContext;
use banks::error::BankError;
use domain::authorisation::{Authorisation, AuthorisationFact};
use domain::payment::{CancelledBy, Payment};
use store::jobs::Claim;

use super::{Conclusion, Kept, Next, Observed, approval, observed, payment_of, postponed};
use crate::payments::{Wish, cancel_at_bank};
use crate::{App, GatewayError, Member};

pub(super) async fn run(app: &Arc<App>, claim: &Claim) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let Some(opened) = payment.authorisation().and_then(Authorisation::opened) else {
        return Ok(Next::Finish);
    };
    let again = Next::Repeat(payment.next_approval_question(app.now()));
    let Some(mut at_bank) = app.at_bank(&payment, PsuContext::default()) else {
        return Ok(again);
    };
    if !at_bank.enter().await {
        return Ok(postponed(app));
    }
    let context = approval::unseal_context(app, &payment, opened)?;
    let pending = approval::pending(opened, context.as_deref());
    let order = super::order_of(at_bank.bank(), &payment);
    let (protocol, call) = at_bank.call();
    let what = approval::approvable(&payment, &order, pending);
    let answer = protocol.ask(&call, what, pending).await;
    let calls = at_bank.take_calls();
    let what = match answer {
        Ok(approval) => approval::of_approval(app, &payment, approval)?,
        Err(BankError::Unavailable { .. } | BankError::Unknown { .. }) => AuthorisationFact::NoWord,
        Err(error @ (BankError::Refused(_) | BankError::Malformed { .. })) => {
            AuthorisationFact::Unreadable { what: error.to_string() }
        }
    };
    let fact = approval::fact(&opened.attempt, what);
    match observed(app, claim, Conclusion { fact, calls }, Some(claim)).await? {
        Observed::Moved(Kept::Job(next)) => Ok(Next::Job(next)),
        Observed::Moved(Kept::Nothing) => Ok(Next::Done),
        Observed::Already(payment) => {
            if let Some(next) = cancel_overdue(app, claim, &payment).await? {
                return Ok(next);
            }
            Ok(match payment.authorisation().and_then(Authorisation::opened) {
                None => Next::Finish,
                Some(_) => Next::Repeat(payment.next_approval_question(app.now())),
            })
        }
        Observed::Unexpected => Ok(again),
    }
}

/// The payer's time is over, the bank was asked once more, still waits, and may still execute: it is
/// asked not to, where it cancels at all.
async fn cancel_overdue(
    app: &Arc<App>,
    claim: &Claim,
    payment: &Payment,
) -> Result<Option<Next>, GatewayError> {
    if !payment.is_overdue_at_bank(app.now()) {
        return Ok(None);
    }
    let bank = app.bank_of(payment);
    let Some(bank) = bank.filter(|bank| bank.cancels(&super::order_of(bank, payment))) else {
        return Ok(None);
    };
    let attempt = app.new_cancellation(&payment.id, &bank)?;
    let member = Member::authenticated(payment.member_id.clone());
    let wish = Wish { wanted_by: CancelledBy::Deadline, attempt };
    match cancel_at_bank(app, &member, &payment.id, wish).await {
        Ok(held) => {
            // This question continues meanwhile: the payer may be approving at this moment.
            super::repeat(app, claim, payment.next_approval_question(app.now())).await?;
            Ok(Some(held.map_or(Next::Done, Next::Job)))
        }
        // The payment has moved on.
        Err(GatewayError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
