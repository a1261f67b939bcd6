//! Job `OpenAtBank`: creates what the payer approves, and starts the approval.

use std::sync::Arc;

use banks::protocol::{Credentials, PsuContext};
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
    let State::Opening { attempt, credentials } = &payment.state else {
        return Ok(Next::Finish);
    };
    let known = match credentials {
        Some(sealed) => approval::open_credentials(app, &payment, sealed)?,
        None => Credentials::default(),
    };
    let Some(at_bank) = app.at_bank(&payment, psu) else {
        let fact = approval::fact(attempt, approval::no_bank());
        return conclude(app, claim, fact).await;
    };
    let order = super::order_of(&payment);
    let (protocol, call) = at_bank.call();
    let opened = protocol.open_payment(&call, &order, attempt, &known).await;
    at_bank.keep().await;
    // Without the payer nothing is executed and the same keys make no second consent, so asking
    // again is safe.
    let what = match approval::heard(app, claim, &payment, opened)? {
        Heard::Fact(what) if *what == AuthorisationFact::Waiting => AuthorisationFact::GivenUp {
            text: "the bank neither opened the payment nor refused it".to_owned(),
            malformed: true,
        },
        Heard::Fact(what) => *what,
        Heard::AskAgain(due) => return Ok(Next::Repeat(due)),
    };
    conclude(app, claim, approval::fact(attempt, what)).await
}
