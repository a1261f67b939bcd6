//! Job `CompleteAuthorisation`: verifies what the payer's browser brought back and goes on from it.

use std::sync::Arc;

use banks::error::AuthorisationError;
use banks::protocol::PsuContext;
use domain::payment::{AuthorisationFact, State};
use store::jobs::Claim;

use super::approval::{self, Heard};
use super::{Next, conclude, payment_of};
use crate::{App, GatewayError};

pub(super) async fn run(
    app: &Arc<App>,
    claim: &Claim,
    psu: PsuContext,
) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let State::VerifyingReturn { authorisation, returned: Some(returned) } = &payment.state else {
        return Ok(Next::Finish);
    };
    let attempt = &authorisation.attempt;
    let Some(at_bank) = app.at_bank(&payment, psu) else {
        return conclude(app, claim, approval::fact(attempt, approval::no_bank())).await;
    };
    let returned = approval::open_return(app, &payment, returned)?;
    let context = approval::open_context(app, &payment, authorisation)?;
    let pending = approval::pending(authorisation, context.as_deref());
    let order = super::order_of(&payment);
    let (protocol, call) = at_bank.call();
    let completed = protocol.complete_authorisation(&call, &order, pending, &returned).await;
    at_bank.keep().await;
    let answer = match completed {
        Ok(approval) => Ok(approval),
        Err(AuthorisationError::Bank(error)) => Err(error),
        Err(AuthorisationError::Invalid(text)) => {
            let what = AuthorisationFact::Invalid { text };
            return conclude(app, claim, approval::fact(attempt, what)).await;
        }
    };
    let what = match approval::heard(app, claim, &payment, answer)? {
        Heard::Fact(what) => *what,
        Heard::AskAgain(due) => return Ok(Next::Repeat(due)),
    };
    conclude(app, claim, approval::fact(attempt, what)).await
}
