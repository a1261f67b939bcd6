//! Job `CompleteAuthorisation`: verifies the return of the payer's browser and continues from it.
//!
//! An authorisation code works once, so the job records the sending first. If this job then runs a
//! second time, the process that sent the code died before the bank's answer was recorded: the
//! code is not sent again.

use std::sync::Arc;

use banks::approvals::Approval;
use banks::call::PsuContext;
use banks::error::{AuthorisationError, BankError};
use domain::authorisation::{Authorisation, AuthorisationFact};
use store::jobs::Claim;

use super::{Conclusion, Next, approval, backoff, conclude, observed, payment_of, postponed};
use crate::{App, GatewayError, at_bank};

pub(super) async fn run(
    app: &Arc<App>,
    claim: &Claim,
    psu: PsuContext,
) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let Some(Authorisation::VerifyingReturn { opened, returned: Some(returned), sent, .. }) =
        payment.authorisation()
    else {
        return Ok(Next::Finish);
    };
    let attempt = &opened.attempt;
    if *sent {
        let text = "the process ended before an answer was recorded".to_owned();
        let what = approval::answer_lost(app, &payment, text)?;
        return conclude(app, claim, Conclusion::of(approval::fact(attempt, what))).await;
    }
    let Some(mut at_bank) = app.at_bank(&payment, psu) else {
        let what = approval::no_bank();
        return conclude(app, claim, Conclusion::of(approval::fact(attempt, what))).await;
    };
    if !at_bank.enter().await {
        return Ok(postponed(app));
    }
    let returned = approval::unseal_return(app, &payment, returned)?;
    let context = approval::unseal_context(app, &payment, opened)?;
    let pending = approval::pending(opened, context.as_deref());
    let order = super::order_of(at_bank.bank(), &payment);
    let (protocol, call) = at_bank.call();
    let once = protocol.uses_up_return(&call, pending, &returned);
    if once && approval::record_sending(app, claim, &payment).await?.is_none() {
        return Ok(Next::Finish);
    }
    let what = approval::approvable(&payment, &order, pending);
    let completed = protocol.complete(&call, what, pending, &returned).await;
    let calls = at_bank.take_calls();
    let what = match completed {
        Ok(Approval::Waiting) => AuthorisationFact::StillOpen,
        Ok(told) => approval::of_approval(app, &payment, told)?,
        Err(AuthorisationError::Unproven(text)) => AuthorisationFact::Unproven { text },
        Err(AuthorisationError::GrantLost(text)) => approval::grant_lost(app, &payment, text)?,
        Err(AuthorisationError::Bank(BankError::Refused(refusal))) => {
            AuthorisationFact::Refused(refusal)
        }
        Err(AuthorisationError::Bank(BankError::Unavailable { .. })) if once => {
            let fact = approval::fact(attempt, AuthorisationFact::NotSent);
            observed(app, claim, Conclusion { fact, calls }, None).await?;
            return Ok(Next::Repeat(backoff(app, claim.attempts)));
        }
        Err(AuthorisationError::Bank(error)) if once => {
            approval::answer_lost(app, &payment, error.to_string())?
        }
        // Verifying again changes nothing at the bank, so it is tried until the time is over.
        Err(AuthorisationError::Bank(
            BankError::Unavailable { .. } | BankError::Unknown { .. } | BankError::Malformed { .. },
        )) => {
            at_bank::keep(app, &claim.subject, calls).await;
            return Ok(Next::Repeat(backoff(app, claim.attempts)));
        }
    };
    conclude(app, claim, Conclusion { fact: approval::fact(attempt, what), calls }).await
}
