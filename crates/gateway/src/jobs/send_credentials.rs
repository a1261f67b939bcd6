//! Job `SendCredentials`: sends the payer's answers to the bank, once.
//!
//! The answers are recorded before they leave. If this job runs a second time, the process that
//! sent them died before the bank's answer was recorded: the bank may have executed, so it is only
//! asked from then on. Where nothing left, the payer is asked again.

use std::sync::Arc;

use banks::call::PsuContext;
use banks::error::BankError;
use domain::authorisation::{Approach, Authorisation, AuthorisationFact};
use store::jobs::Claim;

use super::{Conclusion, Next, approval, conclude, payment_of, postponed};
use crate::{App, GatewayError};

pub(super) async fn run(
    app: &Arc<App>,
    claim: &Claim,
    psu: PsuContext,
) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let Some(Authorisation::VerifyingCredentials {
        opened,
        challenge,
        credentials: Some(credentials),
    }) = payment.authorisation()
    else {
        return Ok(Next::Finish);
    };
    let attempt = &opened.attempt;
    if claim.attempts > 1 {
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
    let credentials = approval::unseal_credentials(app, &payment, credentials)?;
    let context = approval::unseal_context(app, &payment, opened)?;
    let pending = approval::pending(opened, context.as_deref());
    let order = super::order_of(at_bank.bank(), &payment);
    let (protocol, call) = at_bank.call();
    let what = approval::approvable(&payment, &order, pending);
    let answer = protocol.send_credentials(&call, what, pending, &credentials).await;
    let calls = at_bank.take_calls();
    let what = match answer {
        Ok(approval) => approval::of_approval(app, &payment, approval)?,
        Err(BankError::Refused(refusal)) => AuthorisationFact::Refused(refusal),
        Err(BankError::Unavailable { .. }) => {
            let mut challenge = challenge.clone();
            challenge.description =
                Some("The bank could not be reached. Please try again.".to_owned());
            AuthorisationFact::Continues {
                consent_id: None,
                context: opened.context.clone(),
                approach: Approach::Embedded { challenge },
            }
        }
        Err(BankError::Unknown { text } | BankError::Malformed { what: text, .. }) => {
            approval::answer_lost(app, &payment, text)?
        }
    };
    conclude(app, claim, Conclusion { fact: approval::fact(attempt, what), calls }).await
}
